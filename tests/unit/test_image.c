#include "image.h"

#include "tests/support/test.h"

static enum sidetok_error render(struct call *call, const char *url, struct stream *stream)
{
    struct chunk chunk = {.kind = CHUNK_IMAGE_URL, .text = str_from(url)};
    stream_init(stream, call);
    return image_render(call, &image_config_m1, &chunk, stream);
}

/* The caller fetches images; an address or a file of this machine is never opened. */
TEST(image_addresses_are_refused_or_fail_as_in_the_reference)
{
    static const struct {
        const char *url;
        enum sidetok_error error;
        const char *message; /* NULL: our own */
    } table[] = {
        {"http://localhost/a.png", SIDETOK_E_NOT_SUPPORTED, NULL},
        {"https://localhost/a.png", SIDETOK_E_NOT_SUPPORTED, NULL},
        {"http", SIDETOK_E_MISSING_SCHEMA,
         "Invalid URL 'http': No scheme supplied. Perhaps you meant https://http?"},
        {"https_a:1/'x", SIDETOK_E_MISSING_SCHEMA,
         "Invalid URL \"https_a:1/'x\": No scheme supplied. Perhaps you meant https://https_a:1/'x?"},
        {"http://a..b", SIDETOK_E_IMAGE_DECODE,
         "Error converting to PIL image: Failed to parse: 'a..b', label empty or too long"},
        {"https_a/'x", SIDETOK_E_MISSING_SCHEMA,
         "Invalid URL \"https_a/'x\": No scheme supplied. Perhaps you meant https://https_a/'x?"},
        {"http:", SIDETOK_E_INVALID_URL, "Invalid URL 'http:': No host supplied"},
        {"http:/a", SIDETOK_E_INVALID_URL, "Invalid URL 'http:/a': No host supplied"},
        {"https://?a", SIDETOK_E_INVALID_URL, "Invalid URL 'https://?a': No host supplied"},
        {"file:///proc/self/exe", SIDETOK_E_NOT_SUPPORTED, NULL},
        {"file:///dev/null", SIDETOK_E_UNIDENTIFIED_IMAGE,
         "cannot identify image file <_io.BufferedReader name='/dev/null'>"},
        {"file:///dev/null/", SIDETOK_E_NOT_A_DIRECTORY, "[Errno 20] Not a directory: '/dev/null/'"},
        {"file:///dev/null/a", SIDETOK_E_NOT_A_DIRECTORY, "[Errno 20] Not a directory: '/dev/null/a'"},
        {"file:///no/such/file", SIDETOK_E_FILE_NOT_FOUND,
         "[Errno 2] No such file or directory: '/no/such/file'"},
        {"file://", SIDETOK_E_FILE_NOT_FOUND, "[Errno 2] No such file or directory: ''"},
        {"file:///", SIDETOK_E_IS_A_DIRECTORY, "[Errno 21] Is a directory: '/'"},
        {"ftp://localhost/a.png", SIDETOK_E_VALUE, "Unsupported image url scheme ftp://localhost/a.png"},
        {"sidetok:image/0x4", SIDETOK_E_BAD_REQUEST, NULL},
        {"sidetok:image/4x4x", SIDETOK_E_BAD_REQUEST, NULL},
    };
    struct call call;
    struct stream stream;
    call_init(&call);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        printf("# %s\n", table[i].url);
        CHECK_INT(render(&call, table[i].url, &stream), table[i].error);
        if (table[i].message)
            CHECK_STR(call.failure.message, str_from(table[i].message));
        call_reset(&call);
    }
    call_done(&call);
}

/* 1540 x 776 is scaled to 1024 x 516, then laid out in whole tokens of 16 pixels. Rule:
 * ImageEncoder.__call__. */
TEST(image_size_handed_over_is_laid_out_like_the_image)
{
    struct call call;
    struct stream stream;
    call_init(&call);
    CHECK_INT(render(&call, "sidetok:image/1540x776", &stream), SIDETOK_OK);
    CHECK_INT(stream.n_images, 1);
    CHECK_INT(stream.images[0].height, 33 * 16);
    CHECK_INT(stream.images[0].width, 64 * 16);
    CHECK_INT(stream.n_items, 2 * 33);
    CHECK_INT(stream.items[0].count, 64);
    call_done(&call);
}

/* A format of which Pillow knows the name only has no pixels, thus no tokens: the reference asserts some,
 * without a message, before it decodes. */
TEST(image_without_pixels_is_an_assertion)
{
    struct call call;
    struct stream stream;
    call_init(&call);
    CHECK_INT(render(&call, "data:image/x;base64,QlVGUi4uLi4=", &stream), SIDETOK_E_ASSERTION);
    CHECK_STR(call.failure.message, STR(""));
    call_done(&call);
}

TEST(image_section_faults_in_the_references_words)
{
    static const struct {
        const char *section, *message;
        enum sidetok_error error;
    } table[] = {
        {"[[]]",
         "mistral_common.tokens.tokenizers.image.ImageConfig() argument after ** must be a mapping, not list",
         SIDETOK_E_TYPE},
        {"{\"image_patch_size\": 16}",
         "ImageConfig.__init__() missing 1 required positional argument: 'max_image_size'", SIDETOK_E_TYPE},
        {"{\"image_patch_size\": \"\", \"max_image_size\": 0}",
         "'>' not supported between instances of 'str' and 'int'", SIDETOK_E_TYPE},
        {"{\"image_patch_size\": false, \"max_image_size\": 0}", "image_patch_size must be > 0, got False",
         SIDETOK_E_ASSERTION},
        {"{\"image_patch_size\": 1, \"max_image_size\": NaN}", "max_image_size must be > 0, got nan",
         SIDETOK_E_ASSERTION},
        {"{\"image_patch_size\": 1, \"max_image_size\": 2, \"spatial_merge_size\": null}",
         "'>' not supported between instances of 'NoneType' and 'int'", SIDETOK_E_TYPE},
        {"{\"image_patch_size\": true, \"max_image_size\": 64.5, \"spatial_merge_size\": 1.0}", "",
         SIDETOK_OK},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct json section;
        struct image_config config;
        CHECK_INT(json_read(&call, str_from(table[i].section), &section), SIDETOK_OK);
        CHECK_INT(image_config_read(&call, &section, &config), table[i].error);
        CHECK_STR(call.failure.message, str_from(table[i].message));
        call_reset(&call);
    }
    call_done(&call);
}

/* `{}` passes for a configuration until an image comes. Rule: `elif image := untyped.get("image")`. */
TEST(image_section_that_is_empty_fails_at_the_first_image)
{
    static const char *const sections[] = {"{}", "[]", "0"}, *const types[] = {"dict", "list", "int"};
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < 3; i++) {
        struct json section;
        struct image_config config;
        struct stream stream;
        struct chunk chunk = {.kind = CHUNK_IMAGE_URL, .text = STR("sidetok:image/4x4")};
        char message[80];
        snprintf(message, sizeof message, "'%s' object has no attribute 'max_image_size'", types[i]);
        CHECK_INT(json_read(&call, str_from(sections[i]), &section), SIDETOK_OK);
        CHECK_INT(image_config_read(&call, &section, &config), SIDETOK_OK);
        stream_init(&stream, &call);
        CHECK_INT(image_render(&call, &config, &chunk, &stream), SIDETOK_E_ATTRIBUTE);
        CHECK_STR(call.failure.message, str_from(message));
        call_reset(&call);
    }
    call_done(&call);
}

/* A WebP of 34 bytes may be 178 million pixels: what a request's images decode to is bounded together. */
TEST(images_of_one_call_have_a_bound_on_their_pixels)
{
    static const char gif[] = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==";
    struct call call;
    struct stream stream;
    call_init(&call);
    call.work = CALL_MAX_WORK - 2;
    CHECK_INT(render(&call, gif, &stream), SIDETOK_OK);
    CHECK_INT(render(&call, gif, &stream), SIDETOK_OK);
    CHECK_INT(render(&call, gif, &stream), SIDETOK_E_TOO_LARGE);
    CHECK_STR(
        call.failure.message,
        STR("the images and sounds of one request may decode to 715827880 pixels, or half as many samples"));
    call_reset(&call);
    CHECK_INT(render(&call, gif, &stream), SIDETOK_OK);
    CHECK_INT(call_spend(&call, UINT64_MAX), SIDETOK_E_TOO_LARGE);
    call_done(&call);
}

TEST_MAIN(RUN(image_without_pixels_is_an_assertion), RUN(images_of_one_call_have_a_bound_on_their_pixels),
          RUN(image_section_faults_in_the_references_words),
          RUN(image_section_that_is_empty_fails_at_the_first_image),
          RUN(image_addresses_are_refused_or_fail_as_in_the_reference),
          RUN(image_size_handed_over_is_laid_out_like_the_image))
