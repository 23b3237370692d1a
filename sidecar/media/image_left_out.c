#include "image_jpeg2000.h"
#include "image_reader.h"

/* In the place of image_avif.c and image_openjpeg.c when built with -Drare_images=false: an image of these
 * formats is recognized, and refused by a service error. */

static enum sidetok_error left_out(struct call *call, const struct image_file *image)
{
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                       "this build does not decode %s images: hand the size over instead, as "
                       "\"sidetok:image/WIDTHxHEIGHT\"",
                       image->format->name);
}

enum sidetok_error image_jpeg2000_decode(struct call *call, const struct image_file *image)
{
    return left_out(call, image);
}

static bool avif_accept(struct str bytes)
{
    struct str brand = image_rest(bytes, 4);
    return str_starts_with(brand, STR("ftypavif")) || str_starts_with(brand, STR("ftypavis")) ||
           str_starts_with(brand, STR("ftypmif1")) || str_starts_with(brand, STR("ftypmsf1"));
}

/* Its size is not read, either. */
static enum image_verdict avif_open(struct image_file *image)
{
    image->mode = "RGB";
    image->width = image->height = 1;
    return IMAGE_OPENED;
}

static enum sidetok_error avif_load(struct call *call, struct image_file *image)
{
    return left_out(call, image);
}

const struct image_format image_format_avif = {"AVIF", avif_accept, avif_open, avif_load};
