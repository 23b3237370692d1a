/* The image readers behind fuzz_images.py.
 *
 * In: frames of a 32-bit little-endian size and that many bytes of an image file. Out, a line for each:
 * "unidentified"; or the format, width and height, and "ok" or the error's name and message. */

#include "image_file.h"

#include <stdio.h>
#include <stdlib.h>

static void put_answer(struct call *call, struct str bytes)
{
    struct image_file image;
    if (!image_file_open(call, bytes, &image)) {
        puts("unidentified");
        return;
    }
    enum sidetok_error error = image_file_load(call, &image);
    printf("%s %lld %lld ", image.format->name, (long long)image.width, (long long)image.height);
    if (error == SIDETOK_OK)
        puts("ok");
    else
        printf("%s: %.*s\n", error_name(error), STR_ARG(call->failure.message));
}

/* The image in memory of its own, so that the address sanitizer sees a step beyond it. */
static int answer(struct call *call, uint32_t size)
{
    char *bytes = malloc(size ? size : 1);
    bool whole = bytes && fread(bytes, 1, size, stdin) == size;
    call_reset(call);
    if (whole)
        put_answer(call, (struct str){bytes, size});
    fflush(stdout);
    free(bytes);
    return whole ? 0 : 1;
}

int main(void)
{
    struct call call;
    uint32_t size;
    int status = 0;
    call_init(&call);
    while (status == 0 && fread(&size, sizeof size, 1, stdin) == 1)
        status = answer(&call, size);
    call_done(&call);
    return status;
}
