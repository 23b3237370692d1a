#include "image_file.h"

#include <tiffio.h>

/* Rule: PIL.TiffImagePlugin of Pillow 13.0.0: the first page. libtiff reads it from memory, strip by strip.
 */

static bool tiff_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("II*\0")) || str_starts_with(bytes, STR("MM\0*")) ||
           str_starts_with(bytes, STR("II+\0")) || str_starts_with(bytes, STR("MM\0+"));
}

/* The file in memory, as libtiff's client reads it. */
struct tiff_source {
    struct str bytes;
    toff_t at;
};

static tmsize_t tiff_source_read(thandle_t handle, void *data, tmsize_t size)
{
    struct tiff_source *source = handle;
    if (size <= 0 || source->at >= source->bytes.size)
        return 0;
    size_t rest = source->bytes.size - (size_t)source->at;
    size_t n = (size_t)size < rest ? (size_t)size : rest;
    memcpy(data, source->bytes.data + source->at, n);
    source->at += n;
    return (tmsize_t)n;
}

static tmsize_t tiff_source_write(thandle_t handle, void *data, tmsize_t size)
{
    (void)handle, (void)data, (void)size;
    return 0;
}

static toff_t tiff_source_seek(thandle_t handle, toff_t offset, int whence)
{
    struct tiff_source *source = handle;
    toff_t base = whence == SEEK_CUR ? source->at : whence == SEEK_END ? source->bytes.size : 0;
    source->at = base + offset;
    return source->at;
}

static int tiff_source_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t tiff_source_size(thandle_t handle)
{
    return ((struct tiff_source *)handle)->bytes.size;
}

static TIFF *tiff_source_open(struct tiff_source *source)
{
    TIFFSetErrorHandler(
        NULL); /* libtiff prints by default; the handlers are process wide, setting them is idempotent */
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen("memory", "rm", source, tiff_source_read, tiff_source_write, tiff_source_seek,
                          tiff_source_close, tiff_source_size, NULL, NULL);
}

static enum image_verdict tiff_open(struct image_file *image)
{
    struct tiff_source source = {image->bytes, 0};
    TIFF *tiff = tiff_source_open(&source);
    if (!tiff)
        return IMAGE_NEXT;
    uint32_t width, height;
    bool has_size =
        TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) && TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    TIFFClose(tiff);
    image->mode = "RGB";
    image->width = has_size ? width : 0;
    image->height = has_size ? height : 0;
    return IMAGE_OPENED;
}

/* Reads every strip or tile into one buffer; false when one of them is cut or broken. */
static bool tiff_read_all(TIFF *tiff, struct call *call)
{
    bool tiled = TIFFIsTiled(tiff);
    tmsize_t size = tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
    uint32_t n = tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
    if (size <= 0 || (uint64_t)size > (uint64_t)IMAGE_MAX_PIXELS * 8)
        return false;
    void *data = call_alloc(call, (size_t)size);
    if (!data)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        tmsize_t got =
            tiled ? TIFFReadEncodedTile(tiff, i, data, size) : TIFFReadEncodedStrip(tiff, i, data, size);
        if (got < 0)
            return false;
    }
    return true;
}

static enum sidetok_error tiff_load(struct call *call, struct image_file *image)
{
    struct tiff_source source = {image->bytes, 0};
    TIFF *tiff = tiff_source_open(&source);
    bool is_whole = tiff && tiff_read_all(tiff, call);
    if (tiff)
        TIFFClose(tiff);
    if (call->failure.code != SIDETOK_OK)
        return call->failure.code;
    return is_whole ? SIDETOK_OK : image_truncated_at(call, 0);
}

const struct image_format image_format_tiff = {"TIFF", tiff_accept, tiff_open, tiff_load};
