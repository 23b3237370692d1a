#include "image_tiff.h"

#include <stdlib.h>
#include <tiffio.h>

/* Rule: libImaging/TiffDecode.c of Pillow 13.0.0, whose checks stand before libtiff's own. The pixels are
 * forgotten. */

enum { LIBTIFF_MAX_BYTES = 1 << 30, LIBTIFF_WEBP = 50001 };

/* The file in memory, as libtiff's client reads it. */
struct libtiff_source {
    struct str bytes;
    toff_t at;
};

static tmsize_t libtiff_read(thandle_t handle, void *data, tmsize_t size)
{
    struct libtiff_source *source = handle;
    if (size <= 0 || source->at >= source->bytes.size)
        return 0;
    size_t rest = source->bytes.size - (size_t)source->at;
    size_t n = (size_t)size < rest ? (size_t)size : rest;
    memcpy(data, source->bytes.data + source->at, n);
    source->at += n;
    return (tmsize_t)n;
}

static tmsize_t libtiff_write(thandle_t handle, void *data, tmsize_t size)
{
    (void)handle, (void)data, (void)size;
    return 0;
}

static toff_t libtiff_seek(thandle_t handle, toff_t offset, int whence)
{
    struct libtiff_source *source = handle;
    toff_t base = whence == SEEK_CUR ? source->at : whence == SEEK_END ? source->bytes.size : 0;
    source->at = base + offset;
    return source->at;
}

static int libtiff_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t libtiff_size(thandle_t handle)
{
    return ((struct libtiff_source *)handle)->bytes.size;
}

static int libtiff_map(thandle_t handle, void **base, toff_t *size)
{
    struct libtiff_source *source = handle;
    *base = (void *)(uintptr_t)source->bytes.data; /* libtiff copies before it changes anything */
    *size = source->bytes.size;
    return 1;
}

static void libtiff_unmap(thandle_t handle, void *base, toff_t size)
{
    (void)handle, (void)base, (void)size;
}

static TIFF *libtiff_open(struct libtiff_source *source)
{
    TIFFSetErrorHandler(
        NULL); /* libtiff prints by default; the handlers are process wide, setting them is idempotent */
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen("memory", "rC", source, libtiff_read, libtiff_write, libtiff_seek, libtiff_close,
                          libtiff_size, libtiff_map, libtiff_unmap);
}

/* Room for one strip, tile or block; NULL beyond what is allowed, too. */
static void *libtiff_alloc(uint64_t size)
{
    return size > 0 && size <= LIBTIFF_MAX_BYTES ? malloc((size_t)size) : NULL;
}

/* YCbCr that libtiff turns into RGBA itself, a block of rows at a time. Rule: _decodeAsRGBA. */
static bool libtiff_decode_rgba(TIFF *tiff, const struct tiff_plan *plan)
{
    TIFFRGBAImage picture;
    char message[1024];
    uint32_t rows = 0;
    int found =
        TIFFGetFieldDefaulted(tiff, TIFFIsTiled(tiff) ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &rows);
    if (found != 1 || rows == UINT32_MAX)
        rows = (uint32_t)plan->height;
    if (!TIFFRGBAImageOK(tiff, message) || !TIFFRGBAImageBegin(&picture, tiff, 0, message))
        return false;
    picture.orientation = picture.req_orientation = ORIENTATION_TOPLEFT;
    picture.col_offset = 0;
    uint64_t row = (uint64_t)picture.width * 4;
    uint32_t *block = row * rows <= INT32_MAX ? libtiff_alloc(row * rows) : NULL;
    bool done = block != NULL;
    for (int64_t y = 0; done && y < plan->height; y += rows) {
        picture.row_offset = (int)y;
        uint32_t left = picture.height - (uint32_t)y;
        done = TIFFRGBAImageGet(&picture, block, picture.width, rows < left ? rows : left) != 0;
    }
    free(block);
    TIFFRGBAImageEnd(&picture);
    return done;
}

/* Rule: _decodeTile. */
static bool libtiff_decode_tiles(TIFF *tiff, const struct tiff_plan *plan, uint32_t planes)
{
    uint32_t width = 0, length = 0;
    tmsize_t size = TIFFTileSize(tiff), row = TIFFTileRowSize(tiff);
    if (size <= 0 || row <= 0 || row > size || !TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width) ||
        !TIFFGetField(tiff, TIFFTAG_TILELENGTH, &length) || width == 0 || length == 0)
        return false;
    if (width > INT32_MAX || length > INT32_MAX ||
        (uint64_t)size > (((uint64_t)length * (uint64_t)plan->bits / planes + 7) / 8) * width)
        return false;
    void *data = libtiff_alloc((uint64_t)size);
    bool done = data != NULL;
    for (int64_t y = 0; done && y < plan->height; y += length)
        for (uint32_t plane = 0; done && plane < planes; plane++)
            for (int64_t x = 0; done && x < plan->width; x += width)
                done = TIFFReadTile(tiff, data, (uint32_t)x, (uint32_t)y, 0, (uint16_t)plane) != -1;
    free(data);
    return done;
}

/* Rule: _decodeStrip. */
static bool libtiff_decode_strips(TIFF *tiff, const struct tiff_plan *plan, uint32_t planes)
{
    uint32_t rows = 0;
    if (TIFFGetField(tiff, TIFFTAG_ROWSPERSTRIP, &rows) != 1 || rows == UINT32_MAX)
        rows = (uint32_t)plan->height;
    tmsize_t size = TIFFStripSize(tiff), row = TIFFScanlineSize(tiff);
    uint64_t expected_row = ((uint64_t)plan->width * (uint64_t)plan->bits / planes + 7) / 8;
    if (rows == 0 || rows > INT32_MAX || size < 0 || (uint64_t)size > expected_row * rows || row <= 0 ||
        expected_row > (uint64_t)row)
        return false;
    void *data = libtiff_alloc((uint64_t)size);
    bool done = data != NULL;
    for (int64_t y = 0; done && y < plan->height; y += rows)
        for (uint32_t plane = 0; done && plane < planes; plane++)
            done = TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, (uint32_t)y, (uint16_t)plane), data,
                                        size) != -1;
    free(data);
    return done;
}

/* Planes that lie apart; 0 where Pillow knows no way to unpack them. Rule: _pickUnpackers. */
static uint32_t libtiff_planes(TIFF *tiff, const struct tiff_plan *plan, uint16_t planar)
{
    uint16_t bits = 8;
    if (planar != PLANARCONFIG_SEPARATE || plan->bands == 1)
        return 1;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    return bits == 8 || bits == 16 ? plan->bands : 0;
}

/* False for what is a broken stream. A directory that libtiff refuses is not: Pillow is content with nothing.
 */
static bool libtiff_decode(TIFF *tiff, const struct tiff_plan *plan)
{
    uint32_t width = 0, height = 0;
    uint16_t photometric = 0, compression = 0, planar = 0;
    if ((uint32_t)plan->offset && !TIFFSetSubDirectory(tiff, (uint32_t)plan->offset))
        return true;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    if (width != plan->width || height != plan->height)
        return false;
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    TIFFGetField(tiff, TIFFTAG_COMPRESSION, &compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    if (photometric == PHOTOMETRIC_YCBCR &&
        (compression != COMPRESSION_JPEG || planar != PLANARCONFIG_CONTIG))
        return libtiff_decode_rgba(tiff, plan);
    if (photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    uint32_t planes = libtiff_planes(tiff, plan, planar);
    if (planes == 0)
        return false;
    return TIFFIsTiled(tiff) ? libtiff_decode_tiles(tiff, plan, planes)
                             : libtiff_decode_strips(tiff, plan, planes);
}

enum sidetok_error image_libtiff_decode(struct call *call, const struct image_file *image,
                                        const struct tiff_plan *plan)
{
    struct libtiff_source source = {image->bytes, 0};
    /* the reference's libtiff is built without WebP, Debian's is not */
    TIFF *tiff = plan->compression == LIBTIFF_WEBP ? NULL : libtiff_open(&source);
    bool done = tiff && libtiff_decode(tiff, plan);
    if (tiff)
        TIFFClose(tiff);
    return done ? SIDETOK_OK : failure_set_str(call, SIDETOK_E_OS, STR("decoder error -2"));
}
