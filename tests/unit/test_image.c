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
    } table[] = {
        {"http://localhost/a.png", SIDETOK_E_NOT_SUPPORTED},
        {"https://localhost/a.png", SIDETOK_E_NOT_SUPPORTED},
        {"file:///dev/null", SIDETOK_E_NOT_SUPPORTED},
        {"file:///no/such/file", SIDETOK_E_FILE_NOT_FOUND},
        {"file:///", SIDETOK_E_IS_A_DIRECTORY},
        {"ftp://localhost/a.png", SIDETOK_E_VALUE},
        {"sidetok:image/0x4", SIDETOK_E_BAD_REQUEST},
        {"sidetok:image/4x4x", SIDETOK_E_BAD_REQUEST},
    };
    struct call call;
    struct stream stream;
    call_init(&call);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        printf("# %s\n", table[i].url);
        CHECK_INT(render(&call, table[i].url, &stream), table[i].error);
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

TEST_MAIN(RUN(image_addresses_are_refused_or_fail_as_in_the_reference),
          RUN(image_size_handed_over_is_laid_out_like_the_image))
