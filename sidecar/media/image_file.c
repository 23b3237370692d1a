#include "image_file.h"

/* Formats that Pillow decodes and this sidecar does not; recognized so that the answer says so. */
static bool accept_jpeg2000(struct str bytes)
{
    return str_starts_with(bytes, STR("\xff\x4f\xff\x51")) ||
           str_starts_with(bytes, STR("\0\0\0\x0cjP  \x0d\x0a\x87\x0a"));
}

static bool accept_avif(struct str bytes)
{
    return bytes.size >= 12 && memcmp(bytes.data + 4, "ftypavi", 7) == 0;
}

static bool accept_ico(struct str bytes)
{
    return str_starts_with(bytes, STR("\0\0\1\0")) || str_starts_with(bytes, STR("\0\0\2\0"));
}

static bool accept_icns(struct str bytes)
{
    return str_starts_with(bytes, STR("icns"));
}

static bool accept_psd(struct str bytes)
{
    return str_starts_with(bytes, STR("8BPS"));
}

static bool accept_qoi(struct str bytes)
{
    return str_starts_with(bytes, STR("qoif"));
}

static bool accept_dds(struct str bytes)
{
    return str_starts_with(bytes, STR("DDS "));
}

/* In Pillow's order: its five preloaded formats first. */
static const struct image_format *const image_formats[] = {
    &image_format_bmp,
    &image_format_gif,
    &image_format_jpeg,
    &image_format_pnm,
    &image_format_png,
    &(const struct image_format){.name = "AVIF", .accept = accept_avif},
    &(const struct image_format){.name = "DDS", .accept = accept_dds},
    &image_format_dib,
    &(const struct image_format){.name = "ICNS", .accept = accept_icns},
    &(const struct image_format){.name = "ICO", .accept = accept_ico},
    &(const struct image_format){.name = "JPEG 2000", .accept = accept_jpeg2000},
    &(const struct image_format){.name = "PSD", .accept = accept_psd},
    &(const struct image_format){.name = "QOI", .accept = accept_qoi},
    &image_format_tiff,
    &image_format_webp,
};

bool image_file_open(struct str bytes, struct image_file *ret_image)
{
    for (size_t i = 0; i < sizeof image_formats / sizeof image_formats[0]; i++) {
        const struct image_format *format = image_formats[i];
        if (!format->accept(bytes))
            continue;
        *ret_image = (struct image_file){.format = format, .bytes = bytes};
        if (!format->open)
            return true;
        if (!format->open(ret_image))
            continue;
        uint64_t n_pixels = (uint64_t)ret_image->width * ret_image->height;
        return n_pixels > 0 && n_pixels <= IMAGE_MAX_PIXELS;
    }
    return false;
}

enum sidetok_error image_file_load(struct call *call, struct image_file *image)
{
    if (!image->format->load)
        return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                           "images of format %s are not decoded here: hand the size over instead, as "
                           "\"sidetok:image/WIDTHxHEIGHT\"",
                           image->format->name);
    return image->format->load(call, image);
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
