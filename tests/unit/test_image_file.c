#include "image_file.h"

#include "base64.h"
#include "tests/support/test.h"

/* The same picture, 5 pixels wide and 3 high, as the reference's image library writes it. */
static const struct {
    const char *name, *base64;
} pictures[] = {
    {"png", "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAIAAADUVFKvAAAAGklEQVR4nGM8wSXHgASYGBgYLL4+gvMZ0eQBcS8D9F"
            "Oy/NIAAAAASUVORK5CYII="},
    {"interlaced png by palette",
     "iVBORw0KGgoAAAANSUhEUgAAAAUAAAADCAMAAABs6DXKAAACplBMVEUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAzAABmAACZAADMAAD/AAAAMwAzMwBmMwCZMwDMMwD/MwAAZgAzZgBmZgCZZgDMZgD/ZgAAmQAzmQBmmQCZ"
     "mQDMmQD/mQAAzAAzzABmzACZzADMzAD/zAAA/wAz/wBm/wCZ/wDM/wD//wAAADMzADNmADOZADPMADP/ADMAMzMzMz"
     "NmMzOZMzPMMzP/MzMAZjMzZjNmZjOZZjPMZjP/ZjMAmTMzmTNmmTOZmTPMmTP/mTMAzDMzzDNmzDOZzDPMzDP/zDMA"
     "/zMz/zNm/zOZ/zPM/zP//zMAAGYzAGZmAGaZAGbMAGb/AGYAM2YzM2ZmM2aZM2bMM2b/M2YAZmYzZmZmZmaZZmbMZm"
     "b/ZmYAmWYzmWZmmWaZmWbMmWb/mWYAzGYzzGZmzGaZzGbMzGb/zGYA/2Yz/2Zm/2aZ/2bM/2b//2YAAJkzAJlmAJmZ"
     "AJnMAJn/AJkAM5kzM5lmM5mZM5nMM5n/M5kAZpkzZplmZpmZZpnMZpn/ZpkAmZkzmZlmmZmZmZnMmZn/mZkAzJkzzJ"
     "lmzJmZzJnMzJn/zJkA/5kz/5lm/5mZ/5nM/5n//5kAAMwzAMxmAMyZAMzMAMz/AMwAM8wzM8xmM8yZM8zMM8z/M8wA"
     "ZswzZsxmZsyZZszMZsz/ZswAmcwzmcxmmcyZmczMmcz/mcwAzMwzzMxmzMyZzMzMzMz/zMwA/8wz/8xm/8yZ/8zM/8"
     "z//8wAAP8zAP9mAP+ZAP/MAP//AP8AM/8zM/9mM/+ZM//MM///M/8AZv8zZv9mZv+ZZv/MZv//Zv8Amf8zmf9mmf+Z"
     "mf/Mmf//mf8AzP8zzP9mzP+ZzP/MzP//zP8A//8z//9m//+Z///M//////91g91EAAAAFklEQVR4nGMw4gNCBiMNEM"
     "lnJGLEBwATggITauiiAQAAAABJRU5ErkJggg=="},
    {"gif", "R0lGODdhBQADAIEAAMwAAMwzAAD/AMwAMywAAAAABQADAAAIDgAHABA4YIAAggMDCAwIADs="},
    {"bmp", "Qk1mAAAAAAAAADYAAAAoAAAABQAAAAMAAAABABgAAAAAADAAAADEDgAAxA4AAAAAAAAAAAAAHgrIHgrIHgrIHgrIHg"
            "rIAB4KyAD/AB4KyB4KyB4KyAAeCsgeCsgeCsgeCsgeCsgA"},
    {"ppm", "UDYKNSAzCjI1NQrICh7ICh7ICh7ICh7ICh7ICh4A/wDICh7ICh7ICh7ICh7ICh7ICh7ICh7ICh4="},
    {"webp lossless", "UklGRiIAAABXRUJQVlA4TBUAAAAvBIAAAA/whf9BHo/5jzS84yOi/1EA"},
    {"webp", "UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoFAAMACQCsJbACdAFAAAD+5Qqg+Ll/tT8rPd+eAAA="},
    {"jpeg", "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////"
             "//////////////////////////////2wBDAf//////////////////////////////////////////////////////"
             "////////////////////////////////wAARCAADAAUDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAw"
             "QFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkK"
             "FhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmq"
             "KjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEB"
             "AQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRob"
             "HBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOE"
             "hYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+P"
             "n6/9oADAMBAAIRAxEAPwBtFFFIs//Z"},
    {"progressive jpeg",
     "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////"
     "//////////////////////////////2wBDAf//////////////////////////////////////////////////////"
     "////////////////////////////////wgARCAADAAUDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAH/xA"
     "AUAQEAAAAAAAAAAAAAAAAAAAAB/9oADAMBAAIQAxAAAAGAf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAQUC"
     "f//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Bf/"
     "/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEABj8Cf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8hf//a"
     "AAwDAQACAAMAAAAQD//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Qf//EABQRAQAAAAAAAAAAAAAAAAAAAA"
     "D/2gAIAQIBAT8Qf//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAT8Qf//Z"},
    {"tiff", "SUkqAB4AAACAMgFB6BQSBwWEQMAP8AQmDQ+HQ6AgCgAAAQMAAQAAAAUAAAABAQMAAQAAAAMAAAACAQMAAwAAAJwAAA"
             "ADAQMAAQAAAAUAAAAGAQMAAQAAAAIAAAARAQQAAQAAAAgAAAAVAQMAAQAAAAMAAAAWAQMAAQAAAAMAAAAXAQQAAQAA"
             "ABYAAAAcAQMAAQAAAAEAAAAAAAAACAAIAAgA"},
};

enum { N_PICTURES = sizeof pictures / sizeof pictures[0] };

static struct str picture_bytes(struct call *call, size_t i)
{
    struct str bytes = {"", 0};
    CHECK_INT(base64_decode(call, str_from(pictures[i].base64), &bytes), BASE64_OK);
    return bytes;
}

TEST(image_size_is_found_in_every_format)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < N_PICTURES; i++) {
        struct image_file image = {0};
        printf("# %s\n", pictures[i].name);
        CHECK(image_file_open(&call, picture_bytes(&call, i), &image));
        CHECK_INT(image.width, 5);
        CHECK_INT(image.height, 3);
        CHECK_INT(image_file_load(&call, &image), SIDETOK_OK);
        call_reset(&call);
    }
    call_done(&call);
}

/* The first half of a file never holds the whole picture: opening or loading it fails. */
TEST(image_cut_is_an_error_at_every_length)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < N_PICTURES; i++) {
        size_t whole = picture_bytes(&call, i).size;
        call_reset(&call);
        for (size_t size = 0; size <= whole / 2; size++) {
            struct str bytes = picture_bytes(&call, i);
            char *cut = call_alloc(&call, size); /* of its own, so that reading past it is found */
            struct image_file image;
            memcpy(cut, bytes.data, size);
            bool opened = image_file_open(&call, (struct str){cut, size}, &image);
            CHECK(!opened || image_file_load(&call, &image) != SIDETOK_OK);
            call_reset(&call);
        }
    }
    call_done(&call);
}

TEST(image_of_too_many_pixels_is_refused_before_decoding)
{
    struct call call;
    call_init(&call);
    struct str png = picture_bytes(&call, 0);
    char *bomb = call_alloc(&call, png.size);
    struct image_file image;
    memcpy(bomb, png.data, png.size);
    memcpy(bomb + 16, "\x00\x00\x40\x00\x00\x00\x40\x00",
           8); /* 16384 x 16384, with the checksum of the old size */
    CHECK(!image_file_open(&call, (struct str){bomb, png.size}, &image));
    struct str bmp = picture_bytes(&call, 3);
    bomb = call_alloc(&call, bmp.size);
    memcpy(bomb, bmp.data, bmp.size);
    memcpy(bomb + 18, "\xff\xff\xff\x7f", 4);
    CHECK(!image_file_open(&call, (struct str){bomb, bmp.size}, &image));
    call_done(&call);
}

TEST(image_of_no_known_format_is_unidentified)
{
    static const char *const texts[] = {"",   "hello",        "GIF89", "RIFF....WEBP", "\x89PNG\r\n\x1a\n",
                                        "BM", "\xff\xd8\xff", "P6 5"};
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct image_file image;
        CHECK(!image_file_open(&call, str_from(texts[i]), &image));
    }
    call_done(&call);
}

/* Pictures of 33 x 3; the messages are Pillow's. */
TEST(image_png_ends_where_pillow_ends_it)
{
    static const struct {
        const char *name, *base64, *message;
    } cases[] = {
        {"rows are whole, the checksum is not",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAACElEQVR4nGNgoAcAAObjztMAAAAASUVORK5CYII=", ""},
        {"half a row",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAADElEQVR4nGNgIBUAAAAyAAFBPJwWAAAAAElFTkSuQmCC",
         "image file is truncated (0 bytes not processed)"},
        {"rows inside the inflater, and no more data",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAAB0lEQVR4nGNgoAcA", "image file is truncated"},
        {"rows in two chunks",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAAB0lEQVR4nGNgoAcAj/"
         "iiaQAAAAVJREFUAABmAAF30d7NAAAAAElFTkSuQmCC",
         ""},
        {"a chunk head of five bytes",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAABUlEQVR4nGNgoIsCEe0AAAAFSQ==",
         "broken PNG file (chunk b'I')"},
        {"a type that is none",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAABUlEQVR4nGNgoIsCEe0AAAAFSS1BVA==",
         "broken PNG file (chunk b'I-AT')"},
        {"a chunk behind the image is cut",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAADElEQVR4nGNgoAcAAABmAAGJ8xJHAAAACXRFWHRhYg==",
         "Truncated File Read"},
        {"an unknown filter, and a cut chunk",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAADElEQVR4nOPkpAcAALkTA5fQBIrmAAAACXRFWHRhYg==",
         "Truncated File Read"},
        {"an unknown filter",
         "iVBORw0KGgoAAAANSUhEUgAAACEAAAADCAAAAAA46zmOAAAADElEQVR4nOPkpAcAALkTA5fQBIrmAAAAAElFTkSuQmCC",
         "unrecognized data stream contents when reading image file"},
    };
    struct call call;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str bytes = {"", 0};
        struct image_file image;
        call_init(&call);
        printf("# %s\n", cases[i].name);
        CHECK_INT(base64_decode(&call, str_from(cases[i].base64), &bytes), BASE64_OK);
        CHECK(image_file_open(&call, bytes, &image));
        enum sidetok_error error = image_file_load(&call, &image);
        CHECK((error == SIDETOK_OK) == (cases[i].message[0] == '\0'));
        CHECK_STR(error ? call.failure.message : STR(""), str_from(cases[i].message));
        call_done(&call);
    }
}

TEST_MAIN(RUN(image_size_is_found_in_every_format), RUN(image_cut_is_an_error_at_every_length),
          RUN(image_png_ends_where_pillow_ends_it), RUN(image_of_too_many_pixels_is_refused_before_decoding),
          RUN(image_of_no_known_format_is_unidentified))
