#include "health.h"
#include "options.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static const char *some_environment(const char *name)
{
    if (strcmp(name, "SIDETOKD_QUEUE_REQUESTS") == 0)
        return "7";
    if (strcmp(name, "SIDETOKD_LISTEN") == 0)
        return "ipc:///env1,ipc:///env2";
    return NULL;
}

struct reading {
    struct call call;
    struct buf mistakes;
    struct options options;
    enum sidetok_error error;
};

/* The program's name is put in front. */
static void read_options(struct reading *r, option_environment *environment, const char *const *args,
                         size_t n_args)
{
    const char *argv[16] = {"sidetokd"};
    int argc = 1;
    for (size_t i = 0; i < n_args && argc < 16; i++)
        argv[argc++] = args[i];
    call_init(&r->call);
    buf_init(&r->mistakes, &r->call);
    r->error = options_read(&r->call, argc, argv, environment, &r->mistakes, &r->options);
}

#define READ(reading, environment, ...)                                                                      \
    read_options(reading, environment, (const char *[]){__VA_ARGS__},                                        \
                 sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *))

TEST(defaults_are_those_of_the_help)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x");
    CHECK_INT(r.error, SIDETOK_OK);
    CHECK_INT(r.options.queue_requests, 1024);
    CHECK_INT(r.options.queue_bytes, 256 << 20);
    CHECK_INT(r.options.max_request_bytes, 0);
    CHECK_INT(r.options.mode, 0660);
    CHECK_INT(r.options.listen.n, 1);
    CHECK_STR(r.options.listen.items[0], STR("ipc:///run/sidetok/sidetokd.sock"));
    call_done(&r.call);
}

TEST(a_size_has_a_unit_or_none)
{
    static const struct {
        const char *text;
        bool ok;
        uint64_t size;
    } cases[] = {
        {"0", true, 0},
        {"512", true, 512},
        {"64K", true, 64 << 10},
        {"3M", true, 3 << 20},
        {"2G", true, UINT64_C(2) << 30},
        {"", false, 0},
        {"K", false, 0},
        {"-1", false, 0},
        {"1k", false, 0},
        {"1 M", false, 0},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"99999999999999G", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t size = 0;
        bool ok = option_size(str_from(cases[i].text), &size);
        if (ok != cases[i].ok || (ok && size != cases[i].size))
            printf("# %s\n", cases[i].text);
        CHECK(ok == cases[i].ok);
        CHECK(!ok || size == cases[i].size);
    }
}

TEST(flags_take_values_in_both_spellings)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer=a=/x=y", "--tokenizer", "b=/z", "--queue-bytes", "1K", "--check");
    CHECK_INT(r.error, SIDETOK_OK);
    CHECK_INT(r.options.tokenizers.n, 2);
    struct str name, path;
    option_tokenizer(r.options.tokenizers.items[0], &name, &path);
    CHECK_STR(name, STR("a"));
    CHECK_STR(path, STR("/x=y"));
    CHECK_INT(r.options.queue_bytes, 1024);
    CHECK(r.options.check);
    call_done(&r.call);
}

TEST(command_line_comes_before_environment_before_file)
{
    char path[] = "options-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    static const char text[] =
        "# comment\n\n tokenizer = a=/file \nqueue-requests = 5\ndrain-seconds=9\nlisten = ipc:///file\r\n";
    CHECK(write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(fd);
    struct reading r;
    READ(&r, some_environment, "--config", path, "--drain-seconds", "3");
    CHECK_INT(r.error, SIDETOK_OK);
    CHECK_STR(buf_str(&r.mistakes), STR(""));
    CHECK_INT(r.options.drain_seconds, 3);  /* flag over file */
    CHECK_INT(r.options.queue_requests, 7); /* environment over file */
    CHECK_INT(r.options.listen.n, 2);       /* a list is taken whole from one source */
    CHECK_STR(r.options.listen.items[1], STR("ipc:///env2"));
    CHECK_STR(r.options.tokenizers.items[0], STR("a=/file"));
    call_done(&r.call);
    unlink(path);
}

TEST(every_mistake_is_told_with_its_place)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "noequals", "--queue-requests", "0", "--listen", "ftp://x",
         "--nope", "stray", "--socket-mode", "9", "--max-request-bytes");
    CHECK_INT(r.error, SIDETOK_E_INVALID_ARGUMENT);
    CHECK_STR(buf_str(&r.mistakes),
              STR("--tokenizer: 'noequals' is not NAME=PATH\n"
                  "--queue-requests: '0' must be 1 or more\n"
                  "--listen: 'ftp://x' is no URL to listen on: ipc:///path, abstract://name or "
                  "tcp://host:port\n"
                  "--nope: unknown option; --help lists them all\n"
                  "stray: unexpected argument 'stray'\n"
                  "--socket-mode: '9' is not an octal mode such as 0660\n"
                  "--max-request-bytes: needs a value\n"));
    call_done(&r.call);
}

/* An address that no file's mode protects is listened on only when it was said whom it serves. */
TEST(addresses_without_a_mode_need_a_word_more)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x", "--listen", "tcp://127.0.0.1:1", "--listen",
         "abstract://s");
    CHECK_STR(
        buf_str(&r.mistakes),
        STR("--listen: 'tcp://127.0.0.1:1' serves whoever reaches the port, unencrypted: say insecure-tcp "
            "yes, too\n"
            "--listen: 'abstract://s' has no mode and no group: say whom it serves by allow-uid or "
            "allow-gid\n"));
    call_done(&r.call);
    READ(&r, no_environment, "--tokenizer", "a=/x", "--listen", "tcp://127.0.0.1:1", "--listen",
         "abstract://s", "--insecure-tcp", "yes", "--allow-gid", "0");
    CHECK_INT(r.error, SIDETOK_OK);
    call_done(&r.call);
}

TEST(peers_are_named_by_name_or_number)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x", "--allow-uid", "root", "--allow-uid", "4294967294",
         "--allow-uid", "4294967295", "--allow-uid", "nobody-has-this-name", "--allow-gid", "-1",
         "--insecure-tcp", "true");
    CHECK_STR(buf_str(&r.mistakes), STR("--allow-uid: there is no user '4294967295'\n"
                                        "--allow-uid: there is no user 'nobody-has-this-name'\n"
                                        "--allow-gid: there is no group '-1'\n"
                                        "--insecure-tcp: 'true' is neither yes nor no\n"));
    uint64_t id = 1;
    CHECK_INT(option_owner(&r.call, STR("root"), false, &id), SIDETOK_OK);
    CHECK_INT(id, 0);
    CHECK_INT(option_owner(&r.call, STR("root"), true, &id), SIDETOK_OK);
    call_done(&r.call);
}

TEST(names_are_unique_and_single_keys_single)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x", "--tokenizer", "a=/y", "--queue-bytes", "1",
         "--queue-bytes", "2");
    CHECK_STR(buf_str(&r.mistakes), STR("--tokenizer: tokenizer 'a' is named twice\n"
                                        "--queue-bytes: queue-bytes is set twice\n"));
    call_done(&r.call);
}

TEST(an_address_is_named_once_and_has_a_port)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x", "--listen", "ipc:///a", "--listen", "ipc:///a",
         "--listen", "tcp://127.0.0.1", "--listen", "tcp://127.0.0.1:65536");
    CHECK_STR(buf_str(&r.mistakes),
              STR("--listen: 'ipc:///a' is named twice\n"
                  "--listen: 'tcp://127.0.0.1' names no host and port: tcp://host:port\n"
                  "--listen: 'tcp://127.0.0.1:65536' names no host and port: tcp://host:port\n"));
    call_done(&r.call);
}

TEST(numbers_stay_within_what_is_counted)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x", "--drain-seconds", "4294967296", "--queue-requests",
         "4294967295", "--check=no");
    CHECK_STR(buf_str(&r.mistakes), STR("--drain-seconds: '4294967296' is more than 4294967295\n"
                                        "--check: takes no value\n"));
    CHECK_INT(r.options.queue_requests, UINT32_MAX);
    call_done(&r.call);
}

TEST(a_request_is_no_larger_than_the_queue)
{
    struct reading r;
    READ(&r, no_environment, "--tokenizer", "a=/x", "--queue-bytes", "1M", "--max-request-bytes", "1M");
    CHECK_INT(r.error, SIDETOK_OK);
    call_done(&r.call);
    READ(&r, no_environment, "--tokenizer", "a=/x", "--queue-bytes", "1M", "--max-request-bytes", "1048577");
    CHECK_STR(buf_str(&r.mistakes),
              STR("--max-request-bytes: max-request-bytes is larger than queue-bytes: no "
                  "request that large could wait\n"));
    call_done(&r.call);
}

TEST(variables_that_are_no_key_are_told)
{
    static const char *const variables[] = {"SIDETOKD_QUEUE_BYTE=1",
                                            "SIDETOKD_QUEUE_BYTES=1",
                                            "SIDETOKD_CONFIG=x",
                                            "SIDETOK_URL=y",
                                            "SIDETOKD_=",
                                            "PATH=/bin",
                                            NULL};
    struct call call;
    struct buf mistakes;
    call_init(&call);
    buf_init(&mistakes, &call);
    CHECK_INT(options_check_names(&call, variables, &mistakes), SIDETOK_OK);
    CHECK_STR(buf_str(&mistakes), STR("SIDETOKD_QUEUE_BYTE: no key has this name\n"
                                      "SIDETOKD_: no key has this name\n"));
    call_done(&call);
}

TEST(a_missing_file_and_no_tokenizer_are_mistakes)
{
    struct reading r;
    READ(&r, no_environment, "--config", "/nonexistent");
    CHECK_STR(buf_str(&r.mistakes),
              STR("/nonexistent: [Errno 2] No such file or directory: '/nonexistent'\n"));
    call_done(&r.call);
    READ(&r, no_environment, "--queue-bytes", "1");
    CHECK_STR(buf_str(&r.mistakes), STR("sidetokd: no tokenizer: give --tokenizer NAME=PATH\n"));
    call_done(&r.call);
}

/* Writes text into a new file, whose name replaces the X of path. */
static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

TEST(what_a_stronger_source_overrules_is_checked_too)
{
    char path[] = "options-XXXXXX", expected[512];
    write_file(path, "tokenizer = b=/y\ntokenizer = b=/z\nqueue-requests = many\nqueue-requests = 8\n"
                     "socket-group = nobody-has-this-name\nlisten = ftp://x\n");
    struct reading r;
    READ(&r, some_environment, "--config", path, "--tokenizer", "b=/x", "--socket-group", "0");
    snprintf(expected, sizeof expected,
             "%s:2: tokenizer 'b' is named twice\n%s:3: 'many' is not a number\n"
             "%s:4: queue-requests is set twice\n%s:5: there is no group 'nobody-has-this-name'\n"
             "%s:6: 'ftp://x' is no URL to listen on: ipc:///path, abstract://name or tcp://host:port\n",
             path, path, path, path, path);
    CHECK_STR(buf_str(&r.mistakes), str_from(expected));
    CHECK_INT(r.options.tokenizers.n, 1);
    CHECK_STR(r.options.tokenizers.items[0], STR("b=/x"));
    CHECK_INT(r.options.queue_requests, 7);
    call_done(&r.call);
    unlink(path);
}

TEST(each_element_of_a_list_knows_where_it_was_said)
{
    char path[] = "options-XXXXXX", expected[64];
    write_file(path, "\ntokenizer = a=/x\n# comment\ntokenizer = b=/y\n");
    struct reading r;
    READ(&r, some_environment, "--config", path);
    snprintf(expected, sizeof expected, "%s:4", path);
    CHECK_INT(r.options.tokenizers.n, 2);
    CHECK_STR(r.options.tokenizers.places[1], str_from(expected));
    CHECK_STR(r.options.listen.places[0], STR("SIDETOKD_LISTEN"));
    call_done(&r.call);
    READ(&r, no_environment, "--tokenizer=a=/x", "--tokenizer", "b=/y");
    CHECK_STR(r.options.tokenizers.places[0], STR("--tokenizer"));
    CHECK_STR(r.options.tokenizers.places[1], STR("--tokenizer"));
    call_done(&r.call);
    unlink(path);
}

static const char *service_manager(const char *name)
{
    return strcmp(name, "RUNTIME_DIRECTORY") == 0 ? "/run/own:/run/other" : NULL;
}

TEST(the_default_address_is_in_the_folder_of_the_service)
{
    struct reading r;
    READ(&r, service_manager, "--tokenizer", "a=/x");
    CHECK_INT(r.options.listen.n, 1);
    CHECK_STR(r.options.listen.items[0], STR("ipc:///run/own/sidetokd.sock"));
    call_done(&r.call);
    READ(&r, service_manager, "--tokenizer", "a=/x", "--listen", "ipc:///z");
    CHECK_INT(r.options.listen.n, 1);
    CHECK_STR(r.options.listen.items[0], STR("ipc:///z"));
    call_done(&r.call);
}

TEST(health_is_a_host_and_a_port)
{
    static const struct {
        const char *url, *host, *port; /* host NULL: refused */
    } cases[] = {
        {"tcp://127.0.0.1:8080", "127.0.0.1", "8080"},
        {"tcp://*:1", "", "1"},
        {"tcp://:65535", "", "65535"},
        {"tcp://[::1]:0", "::1", "0"},
        {"tcp://x:65536", NULL, NULL},
        {"tcp://x:99999999999999999999", NULL, NULL},
        {"tcp://x:-1", NULL, NULL},
        {"tcp://x:", NULL, NULL},
        {"tcp://x", NULL, NULL},
        {"tcp://", NULL, NULL},
        {"http://x:1", NULL, NULL},
        {"ipc:///x", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct reading r;
        struct str host, port;
        READ(&r, no_environment, "--tokenizer", "a=/x", "--health", cases[i].url);
        CHECK(r.error == (cases[i].host ? SIDETOK_OK : SIDETOK_E_INVALID_ARGUMENT));
        if (cases[i].host && health_url(r.options.health, &host, &port)) {
            CHECK_STR(host, str_from(cases[i].host));
            CHECK_STR(port, str_from(cases[i].port));
        }
        call_done(&r.call);
    }
}

TEST(each_allocation_fails_once_and_is_told)
{
    for (size_t n = 1; n < 40; n++) {
        struct reading r;
        const char *argv[] = {"sidetokd", "--tokenizer", "a=/x",           "--listen",
                              "ipc:///y", "--nope",      "--socket-group", "0"};
        call_init(&r.call);
        buf_init(&r.mistakes, &r.call);
        r.call.arena.fail_after = n;
        enum sidetok_error error = options_read(&r.call, 8, argv, some_environment, &r.mistakes, &r.options);
        CHECK(error == SIDETOK_E_NO_MEMORY || error == SIDETOK_E_INVALID_ARGUMENT);
        call_done(&r.call);
    }
}

TEST_MAIN(RUN(defaults_are_those_of_the_help), RUN(a_size_has_a_unit_or_none),
          RUN(flags_take_values_in_both_spellings), RUN(command_line_comes_before_environment_before_file),
          RUN(every_mistake_is_told_with_its_place), RUN(addresses_without_a_mode_need_a_word_more),
          RUN(peers_are_named_by_name_or_number), RUN(names_are_unique_and_single_keys_single),
          RUN(an_address_is_named_once_and_has_a_port), RUN(numbers_stay_within_what_is_counted),
          RUN(a_request_is_no_larger_than_the_queue), RUN(variables_that_are_no_key_are_told),
          RUN(a_missing_file_and_no_tokenizer_are_mistakes),
          RUN(what_a_stronger_source_overrules_is_checked_too),
          RUN(each_element_of_a_list_knows_where_it_was_said),
          RUN(the_default_address_is_in_the_folder_of_the_service), RUN(health_is_a_host_and_a_port),
          RUN(each_allocation_fails_once_and_is_told))
