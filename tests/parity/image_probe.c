/* The image readers behind fuzz_images.py.
 *
 * In: frames of a 32-bit little-endian size and that many bytes of an image file. Out, a line for each:
 * "unidentified"; or the format, width and height, and "ok" or the error's name and message.
 *
 * With the argument --memory each of the readers' own allocations fails once, in turn, before that: the
 * answer is the same, or that there is no memory. */

#include "image_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What a reader said: an error, or none and the size. */
struct verdict {
    bool is_image;
    long long width, height;
    enum sidetok_error error;
};

static struct verdict look(struct call *call, struct str bytes, size_t fail_after)
{
    struct image_file image;
    struct verdict verdict = {0};
    call_reset(call);
    call->arena.fail_after = fail_after;
    verdict.is_image = image_file_open(call, bytes, &image);
    if (verdict.is_image) {
        verdict.width = image.width;
        verdict.height = image.height;
        verdict.error = image_file_load(call, &image);
    } else if (call->failure.code == SIDETOK_E_NO_MEMORY) {
        verdict.error = SIDETOK_E_NO_MEMORY;
    }
    return verdict;
}

static void sweep(struct call *call, struct str bytes)
{
    struct verdict right = look(call, bytes, 0), got;
    size_t n = 0;
    do {
        got = look(call, bytes, ++n);
        bool is_same = got.is_image == right.is_image && got.error == right.error &&
                       got.width == right.width && got.height == right.height;
        if (!is_same && got.error != SIDETOK_E_NO_MEMORY) {
            printf("allocation %zu: error %d instead of %d\n", n, (int)got.error, (int)right.error);
            return;
        }
    } while (call->arena.fail_after == 0 && n < 10000);
    call->arena.fail_after = 0;
}

/* The image in memory of its own, so that the address sanitizer sees a step beyond it. */
static int answer(struct call *call, uint32_t size, bool must_sweep)
{
    char *bytes = malloc(size ? size : 1);
    bool whole = bytes && fread(bytes, 1, size, stdin) == size;
    if (whole && must_sweep)
        sweep(call, (struct str){bytes, size});
    call_reset(call);
    if (whole)
        put_answer(call, (struct str){bytes, size});
    fflush(stdout);
    free(bytes);
    return whole ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct call call;
    uint32_t size;
    int status = 0;
    call_init(&call);
    while (status == 0 && fread(&size, sizeof size, 1, stdin) == 1)
        status = answer(&call, size, argc > 1 && strcmp(argv[1], "--memory") == 0);
    call_done(&call);
    return status;
}
