#include "image_file.h"

#include "base64.h"
#include "tests/support/test.h"

/* Written by Pillow, or by hand from its source, and cut to the least that Pillow decodes. */
static const struct {
    const char *name;
    int width, height;
    const char *base64;
} pictures[] = {
    {"TGA", 5, 3, "AAACAAAAAAAAAAAABQADABgAAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAHAAAH"},
    {"TGA in runs", 5, 3, "AAAKAAAAAAAAAAAABQADABgAhAAACYQAAAmEAAAJ"},
    {"PCX", 5, 3,
     "CgUBCAAAAAAEAAIAZABkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP///////////////////////////////wADBgAB"
     "AAUAAwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADFAADFAADFAADF"
     "AADFAADFAADFAADFAADFAAA="},
    {"ICO of a bitmap", 5, 3,
     "AAABAAEABQMAAAAAGABbAAAAFgAAACgAAAAFAAAABgAAAAEAGAAAAAAAMAAAAMQOAADEDgAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    {"ICO of a PNG", 5, 3,
     "AAABAAEABQMAAAAAIABFAAAAFgAAAIlQTkcNChoKAAAADUlIRFIAAAAFAAAAAwgCAAAA1FRSrwAAAAxJREFUeJxjYCAN"
     "AAA="},
    {"QOI", 5, 3, "cW9pZgAAAAUAAAADAwH+VjQSzQ=="},
    {"DDS", 3, 1,
     "RERTIHwAAAAPEAAAAQAAAAMAAAAJAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAACAAAABAAAAAAAAAABgAAAAAAP8AAP8AAP8AAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    {"DDS in blocks", 5, 3,
     "RERTIHwAAAAHEAgAAwAAAAUAAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAACAAAAAEAAAARFhUMSAAAAAAAAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA////zwAA"
     "AAD////P"},
    {"MSP", 5, 3, "RGFuTQUAAwABAAEAAQABAAUAAwAAAAAAKiwAAAAAAAAAAAA="},
    {"XBM", 9, 2,
     "I2RlZmluZSBpbV93aWR0aCA5CiNkZWZpbmUgaW1faGVpZ2h0IDIKc3RhdGljIGNoYXIgaW1fYml0c1tdID0gewoweDAw"
     "LDB4MDAsMHgwMCwweDAw"},
    {"DIB", 5, 3,
     "KAAAAAUAAAADAAAAAQAYAAAAAAAwAAAAxA4AAMQOAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAA"},
    {"PFM", 5, 3,
     "UGYKNSAzCi0xLjAKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAA"},
    {"BMP of two grays", 5, 3,
     "Qk0AAAAAAAAAAD4AAAAoAAAABQAAAAMAAAABAAgAAAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAAAAAP///wAAAAAAAAAA"
     "AAAAAAAAAAAAAA=="},
    {"DIB of black and white in runs", 5, 3,
     "KAAAAAUAAAADAAAAAQABAAEAAAAEAAAA6A4AAP8OAAACAAAAAgAAAAAAAAD///8ABQAAAAUBAAAFAA=="},
    {"GIF that ends in an empty block", 5, 3, "R0lGODdhBQADAIAAAAAAAAAAACwAAAAABQADAAAICAABCBxIsGBA"},
    {"TIFF turned", 3, 5,
     "SUkqAAgAAAAKAAABBAABAAAABQAAAAEBBAABAAAAAwAAAAIBAwABAAAACAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAA"
     "ABEBBAABAAAAhgAAABIBAwABAAAABgAAABYBBAABAAAAAwAAABcBBAABAAAADwAAABwBAwABAAAAAQAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAA="},
    {"TIFF of deflate", 5, 3,
     "SUkqABQAAAB4nGNgQAEAAA8AAQAJAAABAwABAAAABQAAAAEBAwABAAAAAwAAAAIBAwABAAAACAAAAAMBAwABAAAACAAA"
     "AAYBAwABAAAAAQAAABEBBAABAAAACAAAABYBAwABAAAAAwAAABcBBAABAAAACwAAABwBAwABAAAAAQAAAA=="},
    {"PSD", 1, 1, "OEJQUwABAAAAAAAAAAEAAAABAAAAAQAIAAEAAAAAAAAAAAAAAAQAAAAAAADC"},
    {"SUN", 16, 4, "WaZqlQAAABAAAAAEAAAAAQAAAAgAAAADAAAAAAAAAACHjZcvmkUdoQ=="},
    {"XPM", 3, 4,
     "LyogWFBNICovCnN0YXRpYyBjaGFyICp4W10gPSB7CiIzIDQgMiAyIiwKIjAwIGMgIzBkNzYxMyIsCiIwMSBjICM4ZjZi"
     "NDQiLAoiMDAwMDAxIiwKIjAwMDEwMSIsCiIwMDAxMDAiLAoiMDAwMDAwIg=="},
    {"FLI", 3, 3,
     "gAAAABGvAQADAAMACAADAAUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAfAAAA+vEBAAAA"
     "AAAAAAAADwAAABAAbzcDAacq7M5Z"},
    {"DCX", 5, 3,
     "sWjeOgwAAAAAAAAACgIBAQAAAAAEAAIAZABkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP//////////////////////"
     "/////////wABAgABAAUAAwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAA="},
    {"CUR", 5, 3,
     "AAACAAEACAMAAAAAAABIAAAAFgAAACgAAAAFAAAABgAAAAEAAQAAAAAAGAAAAMQOAADEDgAAAgAAAAIAAAAAAAAA////"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="},
    {"IPTC", 5, 3, "HAMUAAIABRwDHgACAAMcAzwAAgEAHAN4AAEBHAgKAA9utNL27aTd91HCjSWlrR4="},
    {"IMT", 5, 3, "KiBjb21tZW50CndpZHRoIDUKaGVpZ2h0IDMKcGl4ZWwgbjgKDKVqKHGUUL+V+WuphQBAIQ=="},
    {"GBR", 5, 3,
     "AAAAHgAAAAIAAAAFAAAAAwAAAARHSU1QAAAACWEAf6hAIhKXhNmMH3ZVPqxQmxfZMsvNRoy7EpTHs2eHVK6O2ThRsBU8"
     "mIw1GCMilE4FBfXOW5qdd8dPKpUs"},
    {"FTEX", 5, 3, "RlRFWAEAAAAFAAAAAwAAAAEAAAABAAAAAAAAACAAAAAtAAAAIS8qPJC+arGhIjh/RI2qlw=="},
    {"XVTHUMB", 5, 3, "UDcgMzMyCiNYVlZFUlNJT04KI0VORAo1IDMgMjU1Cu5tl5B/fe3+35GMJJ2DNQ=="},
#if SIDETOK_RARE_IMAGES
    {"JPEG 2000", 5, 3,
     "/0//UQApAAAAAAAFAAAAAwAAAAAAAAAAAAAABQAAAAMAAAAAAAAAAAABBwEB/1IADAAAAAEAAQQEAAH/XAAHQEBISFD/"
     "ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjT/kAAKAAAAAAAVAAH/k9+AGAiOD4D/2Q=="},
    {"AVIF", 5, 3,
     "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAA"
     "AAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAIgAAAChpaW5mAAAAAAABAAAA"
     "GmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAABQAAAAMAAAAQcGl4aQAA"
     "AAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAAKm1kYXQS"
     "AAoIGAhk0QENBoQyFBTHh4ZlAgggnkEAAJBL1zDBZye0"},
#endif
};

/* In memory of exactly its size, so that a step beyond it is found. */
static struct str cut_bytes(struct call *call, struct str bytes, size_t size)
{
    char *cut = call_alloc(call, size);
    memcpy(cut, bytes.data, size);
    return (struct str){cut, size};
}

TEST(image_of_a_rare_format_decodes_from_as_much_data_as_pillow_needs)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        struct image_file image = {0};
        struct str bytes = {"", 0};
        printf("# %s\n", pictures[i].name);
        CHECK_INT(base64_decode(&call, str_from(pictures[i].base64), &bytes), BASE64_OK);
        CHECK(image_file_open(&call, cut_bytes(&call, bytes, bytes.size), &image));
        CHECK_INT(image.width, pictures[i].width);
        CHECK_INT(image.height, pictures[i].height);
        CHECK_INT(image_file_load(&call, &image), SIDETOK_OK);
        /* OpenJPEG is content with less than a whole tile */
        bool may_lack_data = strcmp(pictures[i].name, "JPEG 2000") == 0;
        for (size_t size = may_lack_data ? bytes.size / 2 : bytes.size; size-- > 0;) {
            bool opened = image_file_open(&call, cut_bytes(&call, bytes, size), &image);
            CHECK(!opened || image_file_load(&call, &image) != SIDETOK_OK);
            failure_clear(&call);
        }
        call_reset(&call);
    }
    call_done(&call);
}

/* The error of a file that opens, SIDETOK_E_KEY for one that does not. */
static enum sidetok_error load(struct call *call, struct str bytes, const char **ret_format)
{
    struct image_file image;
    *ret_format = "";
    if (!image_file_open(call, bytes, &image))
        return SIDETOK_E_KEY;
    *ret_format = image.format->name;
    return image_file_load(call, &image);
}

/* Formats without a magic see what the others refuse in the one way, not what they refuse in the other. */
TEST(image_that_one_format_leaves_is_asked_of_the_next)
{
    static const struct {
        const char *why, *format;
        struct str bytes;
    } cases[] = {
        {"an icon without entries is a Targa of kind 1",
         "TGA",
         {"\0\0\1\0\0\0\0\0\0\0\0\0\4\0\4\0\x08\0", 18}},
        {"a cursor without entries is a Targa of kind 2",
         "TGA",
         {"\0\0\2\0\0\0\0\0\0\0\0\0\4\0\4\0\x18\0", 18}},
        {"an icon whose bitmap is none ends the search",
         "",
         {"\0\0\1\0\1\0\4\4\0\0\1\0\x08\0\4\0\0\0\0\0\0\0\0\0\0", 25}},
        {"text with a line feed may be IM, but is not", "", {"Hello: world\nand more", 21}},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *format;
        printf("# %s\n", cases[i].why);
        load(&call, cases[i].bytes, &format);
        CHECK_STR(str_from(format), str_from(cases[i].format));
        call_reset(&call);
    }
    call_done(&call);
}

/* Pillow knows their names only. */
TEST(image_of_a_format_without_a_decoder_opens_and_fails)
{
    struct call call;
    struct image_file image;
    call_init(&call);
    CHECK(image_file_open(&call, STR("BUFR...."), &image));
    CHECK_INT(image.width, 0);
    CHECK_INT(image_file_load(&call, &image), SIDETOK_E_OS);
    CHECK_STR(call.failure.message, STR("cannot find loader for this BUFR file"));
    call_reset(&call);
    CHECK(image_file_open(&call, STR("%!PS-Adobe-3.0\n%%BoundingBox: 0 0 5 3\n%%EndComments\n\n"), &image));
    CHECK_INT(image.width, 5);
    CHECK_INT(image_file_load(&call, &image), SIDETOK_E_OS);
    call_done(&call);
}

/* Rule: BlpImagePlugin, IptcImagePlugin. */
TEST(image_exceptions_of_iptc_and_blp_bear_their_names)
{
    static const char iptc[] = "\x1c\3\x14\0\2\0\5\x1c\3\x1e\0\2\0\3\x1c\3\x3c\0\2\1\0\x1c\3\x78\0\1\5"
                               "\x1c\x08\x0a\0\3abc";
    static const char blp[] = "BLP2\7\0\0\0\1\0\0\0\4\0\0\0\4\0\0\0";
    struct call call;
    const char *format;
    call_init(&call);
    CHECK_INT(load(&call, (struct str){iptc, sizeof iptc - 1}, &format), SIDETOK_E_UNIDENTIFIED_IMAGE);
    call_reset(&call);
    char *whole = call_alloc_array(&call, 1, 2000);
    memcpy(whole, blp, sizeof blp - 1);
    CHECK_INT(load(&call, (struct str){whole, 2000}, &format), SIDETOK_E_BLP_FORMAT);
    call_done(&call);
}

/* docs/parity.md, Deviations. 11000 x 11000 pixels. */
TEST(image_whose_decoding_takes_more_than_a_gibibyte_is_not_decoded)
{
    static const char head[] =
        "\xff\x4f\xff\x51\0\x29\0\0\0\0\x2a\xf8\0\0\x2a\xf8\0\0\0\0\0\0\0\0\0\0\x2a\xf8\0\0\x2a\xf8"
        "\0\0\0\0\0\0\0\0\0\1\7\1\1";
    struct call call;
    const char *format;
    call_init(&call);
    CHECK_INT(load(&call, (struct str){head, sizeof head - 1}, &format), SIDETOK_E_NOT_SUPPORTED);
    CHECK_STR(str_from(format), STR("JPEG2000"));
    call_done(&call);
}

TEST_MAIN(RUN(image_of_a_rare_format_decodes_from_as_much_data_as_pillow_needs),
          RUN(image_that_one_format_leaves_is_asked_of_the_next),
          RUN(image_of_a_format_without_a_decoder_opens_and_fails),
          RUN(image_exceptions_of_iptc_and_blp_bear_their_names),
          RUN(image_whose_decoding_takes_more_than_a_gibibyte_is_not_decoded))
