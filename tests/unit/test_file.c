#include "file.h"
#include "tests/support/test.h"

TEST(path_is_normalized_as_pathlib_does)
{
    static const struct {
        struct str path, normalized, name;
    } cases[] = {
        {STR(""), STR("."), STR("")},       {STR("."), STR("."), STR("")},
        {STR("./a"), STR("a"), STR("a")},   {STR("a//b/./c/"), STR("a/b/c"), STR("c")},
        {STR("/"), STR("/"), STR("")},      {STR("//a"), STR("//a"), STR("a")},
        {STR("///a"), STR("/a"), STR("a")}, {STR("../x/.."), STR("../x/.."), STR("..")},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str normalized = file_path_normalize(&call, cases[i].path);
        CHECK_STR(normalized, cases[i].normalized);
        CHECK_STR(file_path_name(normalized), cases[i].name);
    }
    call_done(&call);
}

TEST(file_errors_read_like_python)
{
    struct call call;
    call_init(&call);
    bool regular = true;
    CHECK_INT(file_is_regular(&call, STR("/nonexistent/x"), &regular), SIDETOK_OK);
    CHECK(!regular);
    CHECK_INT(file_is_regular(&call, STR("/"), &regular), SIDETOK_OK);
    CHECK(!regular);
    CHECK_INT(file_is_regular(&call, STR("/a\0b"), &regular), SIDETOK_OK);
    CHECK(!regular);
    struct str bytes;
    CHECK_INT(file_read(&call, STR("/nonexistent/x"), &bytes), SIDETOK_E_FILE_NOT_FOUND);
    CHECK_STR(call.failure.message, STR("[Errno 2] No such file or directory: '/nonexistent/x'"));
    call_reset(&call);
    CHECK_INT(file_read(&call, STR("/nonexistent/it's \n"), &bytes), SIDETOK_E_FILE_NOT_FOUND);
    CHECK_STR(call.failure.message, STR("[Errno 2] No such file or directory: \"/nonexistent/it's \\n\""));
    call_reset(&call);
    CHECK_INT(file_read(&call, STR("/"), &bytes), SIDETOK_E_IS_A_DIRECTORY);
    CHECK_STR(call.failure.message, STR("[Errno 21] Is a directory: '/'"));
    call_done(&call);
}

TEST_MAIN(RUN(path_is_normalized_as_pathlib_does), RUN(file_errors_read_like_python))
