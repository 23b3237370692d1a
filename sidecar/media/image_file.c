#include "image_file.h"

/* In Pillow's order: its preloaded formats first, then the rest as its plug-ins register themselves. */
static const struct image_format *const image_formats[] = {
    &image_format_bmp,      &image_format_dib,  &image_format_gif,     &image_format_jpeg,
    &image_format_ppm,      &image_format_png,  &image_format_avif,    &image_format_blp,
    &image_format_bufr,     &image_format_cur,  &image_format_pcx,     &image_format_dcx,
    &image_format_dds,      &image_format_eps,  &image_format_fits,    &image_format_fli,
    &image_format_ftex,     &image_format_gbr,  &image_format_grib,    &image_format_hdf5,
    &image_format_jpeg2000, &image_format_icns, &image_format_ico,     &image_format_im,
    &image_format_imt,      &image_format_iptc, &image_format_mcidas,  &image_format_mpeg,
    &image_format_tiff,     &image_format_msp,  &image_format_pcd,     &image_format_pixar,
    &image_format_psd,      &image_format_qoi,  &image_format_sgi,     &image_format_spider,
    &image_format_sun,      &image_format_tga,  &image_format_webp,    &image_format_wmf,
    &image_format_xbm,      &image_format_xpm,  &image_format_xvthumb,
};

bool image_is_bomb(int64_t width, int64_t height)
{
    int64_t w = width > 1 ? width : 1, h = height > 1 ? height : 1;
    return w > IMAGE_MAX_PIXELS || h > IMAGE_MAX_PIXELS || w * h > IMAGE_MAX_PIXELS;
}

bool image_mode_is(const struct image_file *image, const char *mode)
{
    return strcmp(image->mode, mode) == 0;
}

/* Formats of which Pillow knows the name only have no size. */
static bool image_may_be_empty(const struct image_format *format)
{
    return format == &image_format_bufr || format == &image_format_grib || format == &image_format_hdf5 ||
           format == &image_format_wmf;
}

enum image_verdict image_open_as(struct call *call, const struct image_format *format, struct str bytes,
                                 size_t base, struct image_file *ret_image)
{
    *ret_image =
        (struct image_file){.call = call, .format = format, .bytes = bytes, .base = base, .mode = ""};
    enum image_verdict verdict = format->open(ret_image);
    if (verdict != IMAGE_OPENED)
        return verdict;
    bool is_part = ret_image->sides == IMAGE_SIDES_REAL && format == &image_format_im;
    int64_t least = image_may_be_empty(format) || is_part ? 0 : 1; /* a part of a pixel is one, too */
    if (ret_image->mode[0] == '\0' || ret_image->width < least || ret_image->height < least)
        return IMAGE_NEXT;
    return image_is_bomb(ret_image->width, ret_image->height) ? IMAGE_REFUSED : IMAGE_OPENED;
}

enum image_verdict image_file_find(struct call *call, struct str bytes, struct image_file *ret_image)
{
    for (size_t i = 0; i < sizeof image_formats / sizeof image_formats[0]; i++) {
        const struct image_format *format = image_formats[i];
        if (format->accept && !format->accept(bytes))
            continue;
        enum image_verdict verdict = image_open_as(call, format, bytes, 0, ret_image);
        if (verdict != IMAGE_NEXT)
            return verdict;
    }
    return IMAGE_NEXT;
}

bool image_file_open(struct call *call, struct str bytes, struct image_file *ret_image)
{
    return image_file_find(call, bytes, ret_image) == IMAGE_OPENED;
}

static enum sidetok_error image_no_integer(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_TYPE, STR("'float' object cannot be interpreted as an integer"));
}

/* Rule: ImagingCore.putpalette, which Image.load calls. */
static enum sidetok_error image_put_palette(struct call *call, const struct image_file *image)
{
    if (!image->palette.given)
        return SIDETOK_OK;
    if (image->palette.error == SIDETOK_E_TYPE)
        return image_no_integer(call);
    if (image->palette.error != SIDETOK_OK)
        return failure_set_str(call, image->palette.error,
                               STR("unsigned byte integer is greater than maximum"));
    bool fits = image_mode_is(image, "L") || image_mode_is(image, "LA") || image_mode_is(image, "P") ||
                image_mode_is(image, "PA");
    if (!fits)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("unrecognized image mode"));
    if (image->palette.size * 8 / image->palette.bits > 256)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("invalid palette size"));
    return SIDETOK_OK;
}

enum sidetok_error image_file_load(struct call *call, struct image_file *image)
{
    TRY(call_spend(call, (uint64_t)image->width * (uint64_t)image->height));
    if (!image->format->load && image->n_tiles == 0)
        return image_cannot_load(call);
    if (image->sides == IMAGE_SIDES_MANY)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("too many values to unpack (expected 2)"));
    if (image->sides == IMAGE_SIDES_REAL)
        return image_no_integer(call);
    if (image_mode_is(image, "P"))
        TRY(image_put_palette(call, image));
    TRY(image->format->load ? image->format->load(call, image) : image_tiles_load(call, image));
    TRY(image_put_palette(call, image));
    if (image_mode_is(image, "La"))
        return failure_set_str(call, SIDETOK_E_VALUE, STR("conversion from La to L not supported"));
    return SIDETOK_OK;
}

enum sidetok_error image_truncated(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_OS, STR("image file is truncated"));
}

enum sidetok_error image_truncated_at(struct call *call, size_t n_unprocessed)
{
    return failure_set(call, SIDETOK_E_OS, "image file is truncated (%zu bytes not processed)",
                       n_unprocessed);
}

enum sidetok_error image_broken_stream(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_OS, STR("broken data stream when reading image file"));
}

enum sidetok_error image_unrecognized(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_OS,
                           STR("unrecognized data stream contents when reading image file"));
}

enum sidetok_error image_cannot_load(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_OS, STR("cannot load this image"));
}

enum sidetok_error image_not_enough(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_VALUE, STR("not enough image data"));
}
