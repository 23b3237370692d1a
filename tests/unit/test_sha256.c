#include "sha256.h"
#include "tests/support/test.h"

static void hex(const uint8_t digest[32], char text[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* The examples of FIPS 180-4 and one whose padding needs a block of its own. */
TEST(sha256_gives_the_published_digests)
{
    static char million[1000000];
    memset(million, 'a', sizeof million);
    const struct {
        struct str data;
        const char *digest;
    } cases[] = {
        {STR(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {{million, sizeof million}, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t digest[32];
        char text[65];
        sha256(cases[i].data, digest);
        hex(digest, text);
        CHECK_STR(str_from(text), str_from(cases[i].digest));
        sha256_plain(cases[i].data, digest);
        hex(digest, text);
        CHECK_STR(str_from(text), str_from(cases[i].digest));
    }
}

/* Every length around the ends of the first three blocks. */
TEST(sha256_is_the_same_with_and_without_the_processor_s_instructions)
{
    char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37 + i * i);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        uint8_t digest[32], plain[32];
        sha256((struct str){bytes, n}, digest);
        sha256_plain((struct str){bytes, n}, plain);
        CHECK(memcmp(digest, plain, sizeof digest) == 0);
    }
}

TEST_MAIN(RUN(sha256_gives_the_published_digests),
          RUN(sha256_is_the_same_with_and_without_the_processor_s_instructions))
