#include "address.h"

#include "tests/support/test.h"

struct row {
    const char *url;
    enum address_verdict verdict;
    const char *message;
};

static void check_rows(const struct row *rows, size_t n)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < n; i++) {
        enum address_verdict verdict;
        struct str message;
        printf("# %s\n", rows[i].url);
        CHECK_INT(address_check(&call, str_from(rows[i].url), &verdict, &message), SIDETOK_OK);
        CHECK_INT(verdict, rows[i].verdict);
        CHECK_STR(message, str_from(rows[i].message));
        call_reset(&call);
    }
    call_done(&call);
}

/* Every message was written by requests 2.34 and urllib3 2.8. */
TEST(address_fails_before_anything_is_fetched)
{
    static const struct row rows[] = {
        {"http", ADDRESS_MISSING_SCHEMA,
         "Invalid URL 'http': No scheme supplied. Perhaps you meant https://http?"},
        {"http.a:80/'x", ADDRESS_MISSING_SCHEMA,
         "Invalid URL \"http.a:80/'x\": No scheme supplied. Perhaps you meant https://http.a:80/'x?"},
        {"http.a:x/", ADDRESS_INVALID_URL, "Failed to parse: 'http.a:x' is not a valid host or port"},
        {"http.a:65536", ADDRESS_INVALID_URL, "Failed to parse: //http.a:65536"},
        {"http:", ADDRESS_INVALID_URL, "Invalid URL 'http:': No host supplied"},
        {"http:\\\\a", ADDRESS_INVALID_URL, "Invalid URL 'http:\\\\\\\\a': No host supplied"},
        {"https://u@?a", ADDRESS_INVALID_URL, "Invalid URL 'https://u@?a': No host supplied"},
        {"http://a:65536/", ADDRESS_INVALID_URL, "Failed to parse: http://a:65536/"},
        {"http://a:999999/", ADDRESS_INVALID_URL, "Failed to parse: 'a:999999' is not a valid host or port"},
        {"http://a:8x", ADDRESS_INVALID_URL, "Failed to parse: 'a:8x' is not a valid host or port"},
        {"http://u@a%zz", ADDRESS_INVALID_URL, "Failed to parse: 'a%zz' is not a valid host or port"},
        {"http://[::1", ADDRESS_INVALID_URL, "Failed to parse: '[::1' is not a valid host or port"},
        {"http://[1::2::3]", ADDRESS_INVALID_URL, "Failed to parse: '[1::2::3]' is not a valid host or port"},
        {"http://a b/", ADDRESS_INVALID_URL, "Failed to parse: Host 'a b' contains invalid character ' '"},
        {"http://a b:x", ADDRESS_INVALID_URL, "Failed to parse: Host 'a b:x' contains invalid character ' '"},
        {"http://a%0ab%00", ADDRESS_INVALID_URL,
         "Failed to parse: Host 'a%0ab%00' contains invalid percent-encoded control character '%0a'"},
        {"http://*.a", ADDRESS_INVALID_URL, "URL has an invalid label."},
        {"http://%2ea", ADDRESS_INVALID_URL, "URL has an invalid label."},
        {"http://A..b", ADDRESS_BROKEN, "Failed to parse: 'a..b', label empty or too long"},
        {"http://u@a%2E.b\\", ADDRESS_BROKEN, "Failed to parse: 'a..b', label empty or too long"},
        {"http://[::256.1.1.1]", ADDRESS_BROKEN,
         "'::256.1.1.1' does not appear to be an IPv4 or IPv6 address"},
        {"http://a:%E2%82%AC@b", ADDRESS_BROKEN,
         "'latin-1' codec can't encode character '\\u20ac' in position 0: ordinal not in range(256)"},
        {"http://\xc3\xa9\xf0\x9f\x98\x80:a@b", ADDRESS_BROKEN,
         "'latin-1' codec can't encode character '\\U0001f600' in position 1: ordinal not in range(256)"},
        {"http://a:%ff%ffx%ff@b..c", ADDRESS_BROKEN,
         "'latin-1' codec can't encode characters in position 0-1: ordinal not in range(256)"},
    };
    check_rows(rows, sizeof rows / sizeof *rows);
}

TEST(address_that_the_network_would_be_asked_for_has_no_fault)
{
    static const struct row rows[] = {
        {"http://a", ADDRESS_FETCHED, ""},
        {" HTTPS://A.:00080/%zz?\xed\xa0\x80#", ADDRESS_FETCHED, ""},
        {"http://a%20b:", ADDRESS_FETCHED, ""},
        {"http://[1:2:3:4:5:6:7::]:1", ADDRESS_FETCHED, ""},
        {"http://[1::1.2.3.4]", ADDRESS_FETCHED, ""},
        {"http://1.0x2.3", ADDRESS_FETCHED, ""},
        {"http://\xe2\x82\xac@a", ADDRESS_FETCHED, ""}, /* a name without a password is no authentication */
        {"http://%E2%zz:\xc3\xa9@a", ADDRESS_FETCHED, ""}, /* not all escapes are whole: none is undone */
        {"http://\xc3\xa9..a", ADDRESS_FETCHED,
         ""}, /* not ASCII: left to the network, as are other schemes */
        {"httpx://a..b", ADDRESS_FETCHED, ""},
        {"ftp://a..b", ADDRESS_FETCHED, ""},
    };
    check_rows(rows, sizeof rows / sizeof *rows);
}

TEST(address_has_labels_of_63_bytes_at_most)
{
    char url[80] = "http://";
    memset(url + 7, 'a', 64);
    struct row row = {url, ADDRESS_BROKEN, ""};
    char message[128];
    snprintf(message, sizeof message, "Failed to parse: '%s', label empty or too long", url + 7);
    row.message = message;
    check_rows(&row, 1);
    url[70] = '\0';
    check_rows(&(struct row){url, ADDRESS_FETCHED, ""}, 1);
}

TEST_MAIN(RUN(address_fails_before_anything_is_fetched),
          RUN(address_that_the_network_would_be_asked_for_has_no_fault),
          RUN(address_has_labels_of_63_bytes_at_most))
