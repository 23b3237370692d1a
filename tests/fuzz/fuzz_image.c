/* Bytes as an image file, through opening and decoding. What opens has a size within Pillow's limit; an error
 * has a message. */

#include "fuzz.h"

#include "image_file.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    struct image_file image;
    call_init(&call);
    if (image_file_open(&call, (struct str){(const char *)data, size}, &image)) {
        FUZZ_CHECK(image.width >= 0 && image.height >= 0);
        FUZZ_CHECK(!image_is_bomb(image.width, image.height));
        enum sidetok_error error = image_file_load(&call, &image);
        FUZZ_CHECK(call.failure.code == error);
        FUZZ_CHECK(error == SIDETOK_OK || utf8_is_valid(call.failure.message, true));
    }
    call_done(&call);
    return 0;
}
