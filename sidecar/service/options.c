#include "options.h"

#include "file.h"
#include "health.h"

#include <stddef.h>
#include <stdlib.h>

enum option_kind {
    OPTION_TOKENIZER, /* list of NAME=PATH */
    OPTION_URL,       /* list of URLs */
    OPTION_MODE,      /* octal */
    OPTION_HEALTH,    /* tcp://host:port */
    OPTION_GROUP,     /* name or number */
    OPTION_USERS,     /* list of names or numbers */
    OPTION_GROUPS,    /* the same */
    OPTION_SWITCH,    /* yes or no */
    OPTION_COUNT,     /* 1 or more */
    OPTION_SIZE,      /* 1 or more */
    OPTION_SIZE_OR_ZERO,
};

struct option_key {
    struct str name;
    enum option_kind kind;
    size_t offset; /* of the field in struct options */
    const char *fallback;
};

static const struct option_key option_keys[] = {
#define KEY(name, kind, field, fallback)                                                                     \
    {{"" name, sizeof(name) - 1}, kind, offsetof(struct options, field), fallback},
#include "options.def"
};
enum { N_KEYS = sizeof option_keys / sizeof option_keys[0] };

static bool is_list(size_t key)
{
    enum option_kind kind = option_keys[key].kind;
    return kind == OPTION_TOKENIZER || kind == OPTION_URL || kind == OPTION_USERS || kind == OPTION_GROUPS;
}

/* Sources, the strongest first; a key set by a stronger one is left alone by a weaker one. */
enum option_source { SOURCE_UNSET, SOURCE_FLAG, SOURCE_ENVIRONMENT, SOURCE_FILE, SOURCE_DEFAULT };

struct reader {
    struct call *call;
    struct options *options;
    struct options overruled; /* where a weaker source's values are checked */
    enum option_source overruled_source;
    option_environment *environment;
    struct buf *mistakes;
    enum option_source set_by[N_KEYS];
    unsigned seen_in[N_KEYS];  /* a bit for each source */
    struct str place;          /* "FILE:7" or "--flag", for mistakes */
    struct str places[N_KEYS]; /* where each key got its value */
};

/* For a mistake that repeats nothing of what was said. */
#define NOTHING ((struct str){"", 0})

static void mistake(struct reader *reader, const char *format, struct str value)
{
    buf_append(reader->mistakes, reader->place);
    buf_append(reader->mistakes, STR(": "));
    buf_printf(reader->mistakes, format, STR_ARG(value));
    buf_append_char(reader->mistakes, '\n');
}

static bool tokenizer_ok(struct reader *reader, const struct option_list *list, struct str value)
{
    struct str name, path, other, other_path;
    option_tokenizer(value, &name, &path);
    if (name.size == 0 || path.size == 0) {
        mistake(reader, "'%.*s' is not NAME=PATH", value);
        return false;
    }
    for (size_t i = 0; i < list->n; i++) {
        option_tokenizer(list->items[i], &other, &other_path);
        if (str_equal(name, other)) {
            mistake(reader, "tokenizer '%.*s' is named twice", name);
            return false;
        }
    }
    return true;
}

static bool url_ok(struct reader *reader, const struct option_list *list, struct str value)
{
    const char *fault = option_url_fault(value);
    for (size_t i = 0; !fault && i < list->n; i++) {
        if (str_equal(list->items[i], value))
            fault = "'%.*s' is named twice";
    }
    if (fault)
        mistake(reader, fault, value);
    return !fault;
}

static bool health_ok(struct reader *reader, struct str value)
{
    struct str host, port;
    if (health_url(value, &host, &port))
        return true;
    mistake(reader, "'%.*s' is no address for health: tcp://host:port", value);
    return false;
}

static enum sidetok_error check_owner(struct reader *reader, struct str value, bool is_group)
{
    uint64_t id;
    enum sidetok_error error = option_owner(reader->call, value, is_group, &id);
    if (error == SIDETOK_E_INVALID_ARGUMENT)
        mistake(reader, is_group ? "there is no group '%.*s'" : "there is no user '%.*s'", value);
    return error == SIDETOK_E_NO_MEMORY ? error : SIDETOK_OK;
}

static void set_switch(struct reader *reader, bool *field, struct str value)
{
    *field = str_equal(value, STR("yes"));
    if (!*field && !str_equal(value, STR("no")))
        mistake(reader, "'%.*s' is neither yes nor no", value);
}

/* text after the other n elements. */
static struct str *grow(struct call *call, struct str *items, size_t n, struct str text)
{
    struct str *grown = arena_grow(&call->arena, items, n * sizeof *items, (n + 1) * sizeof *items);
    if (grown)
        grown[n] = text;
    return grown;
}

static enum sidetok_error list_add(struct reader *reader, struct option_list *list, struct str value)
{
    struct str *items = grow(reader->call, list->items, list->n, value);
    struct str *places = grow(reader->call, list->places, list->n, reader->place);
    if (!items || !places)
        return failure_no_memory(reader->call);
    *list = (struct option_list){items, places, list->n + 1};
    return SIDETOK_OK;
}

static void set_number(struct reader *reader, const struct option_key *key, struct str value, uint64_t *field)
{
    enum { LARGEST_COUNT = UINT32_MAX }; /* requests, or seconds that are still milliseconds in 64 bits */
    uint64_t number;
    bool is_count = key->kind == OPTION_COUNT;
    if (!(is_count ? option_number(value, 10, &number) : option_size(value, &number)))
        mistake(reader, is_count ? "'%.*s' is not a number" : "'%.*s' is not a size such as 512, 64K or 256M",
                value);
    else if (number == 0 && key->kind != OPTION_SIZE_OR_ZERO)
        mistake(reader, "'%.*s' must be 1 or more", value);
    else if (is_count && number > LARGEST_COUNT)
        mistake(reader, "'%.*s' is more than 4294967295", value);
    else
        *field = number;
}

static enum sidetok_error set_value(struct reader *reader, const struct option_key *key, struct str value)
{
    void *field = (char *)reader->options + key->offset;
    switch (key->kind) {
    case OPTION_TOKENIZER:
        return tokenizer_ok(reader, field, value) ? list_add(reader, field, value) : SIDETOK_OK;
    case OPTION_URL:
        return url_ok(reader, field, value) ? list_add(reader, field, value) : SIDETOK_OK;
    case OPTION_MODE:
        if (!option_number(value, 8, &reader->options->mode) || reader->options->mode > 0777)
            mistake(reader, "'%.*s' is not an octal mode such as 0660", value);
        return SIDETOK_OK;
    case OPTION_HEALTH:
        if (!health_ok(reader, value))
            return SIDETOK_OK;
        *(struct str *)field = value;
        return SIDETOK_OK;
    case OPTION_GROUP:
        *(struct str *)field = value;
        return check_owner(reader, value, true);
    case OPTION_USERS:
    case OPTION_GROUPS:
        TRY(check_owner(reader, value, key->kind == OPTION_GROUPS));
        return list_add(reader, field, value);
    case OPTION_SWITCH:
        set_switch(reader, field, value);
        return SIDETOK_OK;
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_SIZE_OR_ZERO:
        set_number(reader, key, value, field);
        return SIDETOK_OK;
    }
    return SIDETOK_OK;
}

/* A value that a stronger source overrules may still be a mistake. */
static enum sidetok_error check_overruled(struct reader *reader, enum option_source source,
                                          const struct option_key *key, struct str value)
{
    struct options *options = reader->options;
    if (reader->overruled_source != source)
        reader->overruled = (struct options){0};
    reader->overruled_source = source;
    reader->options = &reader->overruled;
    enum sidetok_error error = set_value(reader, key, value);
    reader->options = options;
    return error;
}

/* Sets a key unless a stronger source has. */
static enum sidetok_error set_key(struct reader *reader, enum option_source source, size_t key,
                                  struct str value)
{
    if (reader->seen_in[key] & 1u << source && !is_list(key))
        mistake(reader, "%.*s is set twice", option_keys[key].name);
    reader->seen_in[key] |= 1u << source;
    if (reader->set_by[key] != SOURCE_UNSET && reader->set_by[key] != source)
        return check_overruled(reader, source, &option_keys[key], value);
    reader->set_by[key] = source;
    reader->places[key] = reader->place;
    return set_value(reader, &option_keys[key], value);
}

/* N_KEYS when there is no such key. */
static size_t find_key(struct str name)
{
    size_t key = 0;
    while (key < N_KEYS && !str_equal(option_keys[key].name, name))
        key++;
    return key;
}

static bool *find_switch(struct options *options, struct str name)
{
    return str_equal(name, STR("check"))     ? &options->check
           : str_equal(name, STR("version")) ? &options->version
           : str_equal(name, STR("help"))    ? &options->help
                                             : NULL;
}

/* --name VALUE or --name=VALUE. Returns how many arguments were used up. */
static enum sidetok_error read_flag(struct reader *reader, int argc, const char *const *argv, int *index)
{
    struct str argument = str_from(argv[*index]);
    reader->place = argument;
    if (!str_starts_with(argument, STR("--"))) {
        mistake(reader, "unexpected argument '%.*s'", argument);
        return SIDETOK_OK;
    }
    struct str name, value;
    option_tokenizer(str_from_offset(argument, 2), &name, &value);
    reader->place.size = name.size + 2;
    bool has_value = name.size + 2 < argument.size;
    bool *flag = find_switch(reader->options, name);
    if (flag && has_value)
        mistake(reader, "takes no value%.*s", NOTHING);
    if (flag) {
        *flag = true;
        return SIDETOK_OK;
    }
    size_t key = find_key(name);
    if (key == N_KEYS && !str_equal(name, STR("config"))) {
        mistake(reader, "unknown option%.*s; --help lists them all", NOTHING);
        return SIDETOK_OK;
    }
    if (!has_value && *index + 1 == argc) {
        mistake(reader, "needs a value%.*s", NOTHING);
        return SIDETOK_OK;
    }
    if (!has_value)
        value = str_from(argv[++*index]);
    if (key != N_KEYS)
        return set_key(reader, SOURCE_FLAG, key, value);
    reader->options->config = value;
    return SIDETOK_OK;
}

/* "queue-bytes" as "SIDETOKD_QUEUE_BYTES". */
static void environment_name(struct str key, char out[64])
{
    size_t n = 0;
    for (const char *prefix = "SIDETOKD_"; *prefix; prefix++)
        out[n++] = *prefix;
    for (size_t i = 0; i < key.size && n < 63; i++) {
        char c = key.data[i];
        out[n++] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[n] = '\0';
}

enum sidetok_error options_check_names(struct call *call, const char *const *environment,
                                       struct buf *mistakes)
{
    char name[64];
    for (; *environment; environment++) {
        struct str variable, value;
        option_tokenizer(str_from(*environment), &variable, &value);
        if (!str_starts_with(variable, STR("SIDETOKD_")) || str_equal(variable, STR("SIDETOKD_CONFIG")))
            continue;
        size_t key = 0;
        for (; key < N_KEYS; key++) {
            environment_name(option_keys[key].name, name);
            if (str_equal(variable, str_from(name)))
                break;
        }
        if (key == N_KEYS)
            buf_printf(mistakes, "%.*s: no key has this name\n", STR_ARG(variable));
    }
    return mistakes->out_of_memory ? failure_no_memory(call) : SIDETOK_OK;
}

static enum sidetok_error place_of_variable(struct reader *reader, const char *name)
{
    struct buf place;
    buf_init(&place, reader->call);
    buf_append(&place, str_from(name));
    return buf_finish(&place, &reader->place);
}

static enum sidetok_error read_environment(struct reader *reader)
{
    char name[64];
    for (size_t key = 0; key < N_KEYS; key++) {
        environment_name(option_keys[key].name, name);
        struct str rest = str_from(reader->environment(name));
        if (rest.size == 0)
            continue;
        TRY(place_of_variable(reader, name));
        while (rest.size > 0) {
            const char *comma = is_list(key) ? memchr(rest.data, ',', rest.size) : NULL;
            size_t n = comma ? (size_t)(comma - rest.data) : rest.size;
            TRY(set_key(reader, SOURCE_ENVIRONMENT, key, (struct str){rest.data, n}));
            rest = str_from_offset(rest, comma ? n + 1 : n);
        }
    }
    if (reader->options->config.size == 0)
        reader->options->config = str_from(reader->environment("SIDETOKD_CONFIG"));
    return SIDETOK_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str trim(struct str text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = str_from_offset(text, 1);
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

static enum sidetok_error read_line(struct reader *reader, struct str line)
{
    line = trim(line);
    if (line.size == 0 || line.data[0] == '#')
        return SIDETOK_OK;
    struct str name, value;
    option_tokenizer(line, &name, &value);
    name = trim(name);
    size_t key = find_key(name);
    if (name.size == line.size)
        mistake(reader, "'%.*s' is not \"key = value\"", line);
    else if (key == N_KEYS)
        mistake(reader, "unknown key '%.*s'", name);
    else
        return set_key(reader, SOURCE_FILE, key, trim(value));
    return SIDETOK_OK;
}

static enum sidetok_error read_file(struct reader *reader)
{
    struct str path = reader->options->config, text;
    reader->place = path;
    if (file_read(reader->call, path, &text) != SIDETOK_OK) {
        mistake(reader, "%.*s", reader->call->failure.message);
        failure_clear(reader->call);
        return SIDETOK_OK;
    }
    for (size_t number = 1; text.size > 0; number++) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t n = end ? (size_t)(end - text.data) : text.size;
        struct buf place;
        buf_init(&place, reader->call);
        buf_printf(&place, "%.*s:%zu", STR_ARG(path), number);
        TRY(buf_finish(&place, &reader->place));
        TRY(read_line(reader, (struct str){text.data, n}));
        text = str_from_offset(text, end ? n + 1 : n);
    }
    return SIDETOK_OK;
}

/* The folder that a service manager has made for this service holds its socket: systemd.exec(5). */
static enum sidetok_error default_listen(struct reader *reader, size_t key)
{
    struct str folder = str_from(reader->environment("RUNTIME_DIRECTORY")), url;
    struct buf buf;
    const char *colon = memchr(folder.data, ':', folder.size);
    if (colon)
        folder.size = (size_t)(colon - folder.data);
    if (folder.size == 0)
        return set_key(reader, SOURCE_DEFAULT, key, str_from(option_keys[key].fallback));
    buf_init(&buf, reader->call);
    buf_printf(&buf, "ipc://%.*s/sidetokd.sock", STR_ARG(folder));
    TRY(buf_finish(&buf, &url));
    return set_key(reader, SOURCE_DEFAULT, key, url);
}

static enum sidetok_error set_defaults(struct reader *reader)
{
    reader->place = STR("default");
    for (size_t key = 0; key < N_KEYS; key++) {
        if (!option_keys[key].fallback || reader->set_by[key] != SOURCE_UNSET)
            continue;
        if (option_keys[key].kind == OPTION_URL)
            TRY(default_listen(reader, key));
        else
            TRY(set_key(reader, SOURCE_DEFAULT, key, str_from(option_keys[key].fallback)));
    }
    return SIDETOK_OK;
}

/* Addresses that no file's mode protects need a word more: docs/security.md. */
static void check_listen(struct reader *reader)
{
    const struct options *options = reader->options;
    bool has_allowed = options->allow_uid.n + options->allow_gid.n > 0;
    for (size_t i = 0; i < options->listen.n; i++) {
        struct str url = options->listen.items[i];
        reader->place = options->listen.places[i];
        if (str_starts_with(url, STR("tcp://")) && !options->insecure_tcp)
            mistake(reader, "'%.*s' serves whoever reaches the port, unencrypted: say insecure-tcp yes, too",
                    url);
        if (str_starts_with(url, STR("abstract://")) && !has_allowed)
            mistake(reader, "'%.*s' has no mode and no group: say whom it serves by allow-uid or allow-gid",
                    url);
    }
}

/* What the queue cannot hold would be "busy" for ever. */
static void check_limits(struct reader *reader)
{
    const struct options *options = reader->options;
    if (options->max_request_bytes <= options->queue_bytes)
        return;
    reader->place = reader->places[find_key(STR("max-request-bytes"))];
    mistake(reader, "max-request-bytes is larger than queue-bytes: no request that large could wait%.*s",
            NOTHING);
}

enum sidetok_error options_read(struct call *call, int argc, const char *const *argv,
                                option_environment *environment, struct buf *mistakes,
                                struct options *ret_options)
{
    *ret_options = (struct options){0};
    struct reader reader = {
        .call = call, .options = ret_options, .environment = environment, .mistakes = mistakes};
    for (int i = 1; i < argc; i++)
        TRY(read_flag(&reader, argc, argv, &i));
    if (ret_options->help || ret_options->version)
        return SIDETOK_OK;
    TRY(read_environment(&reader));
    if (ret_options->config.size > 0)
        TRY(read_file(&reader));
    TRY(set_defaults(&reader));
    check_listen(&reader);
    check_limits(&reader);
    reader.place = STR("sidetokd");
    if (ret_options->tokenizers.n == 0 && buf_str(mistakes).size == 0)
        mistake(&reader, "no tokenizer: give --tokenizer NAME=PATH%.*s", NOTHING);
    if (mistakes->out_of_memory)
        return failure_no_memory(call);
    return buf_str(mistakes).size == 0 ? SIDETOK_OK : SIDETOK_E_INVALID_ARGUMENT;
}
