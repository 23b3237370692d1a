#include "base64.h"
#include "tests/support/test.h"

/* Expected values are those of Python 3.11's base64.b64decode(text). */
TEST(base64_decodes_as_python_does)
{
    static const struct {
        const char *text, *bytes, *why;
        enum base64_result result;
    } table[] = {
        {"", "", "nothing", BASE64_OK},
        {"aGVsbG8=", "hello", "one pad", BASE64_OK},
        {"aGVsbG8", "", "no padding", BASE64_BAD_PADDING},
        {"aGVs\nbG8=", "hello", "line feed skipped", BASE64_OK},
        {"aGV$sbG8=", "hello", "foreign character skipped", BASE64_OK},
        {"YQ==YQ==", "a", "ends at the first complete padding", BASE64_OK},
        {"YQ=Y=", "a\x06", "a pad forgotten by the next character", BASE64_OK},
        {"=YQ==", "a", "leading pad skipped", BASE64_OK},
        {"YQ=\n=", "a", "pads apart", BASE64_OK},
        {"abcde", "i\xb7\x1d", "one character too many", BASE64_ONE_MORE},
        {"a", "", "a single character", BASE64_ONE_MORE},
        {"a-_b", "", "urlsafe characters are foreign", BASE64_BAD_PADDING},
        {"YQ\xc3\xa9==", "", "not ASCII", BASE64_NOT_ASCII},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct str bytes = {0};
        enum base64_result result = base64_decode(&call, str_from(table[i].text), &bytes);
        if (result != table[i].result)
            printf("# %s: %s\n", table[i].text, table[i].why);
        CHECK_INT(result, table[i].result);
        if (result == BASE64_OK || result == BASE64_ONE_MORE)
            CHECK_STR(bytes, str_from(table[i].bytes));
    }
    call_done(&call);
}

TEST_MAIN(RUN(base64_decodes_as_python_does))
