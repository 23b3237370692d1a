#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.ImageFile.ImageFile.load and the decoders of libImaging that more than one format uses:
 * RawDecode.c, PackDecode.c, BcnDecode.c. */

struct image_tile *image_add_tile(struct image_file *image, image_codec *codec, int64_t offset, int64_t bits)
{
    /* room is doubled whenever the count is a power of two */
    if ((image->n_tiles & (image->n_tiles - 1)) == 0) {
        struct image_tile *grown =
            call_alloc_array(image->call, image->n_tiles ? 2 * image->n_tiles : 1, sizeof *grown);
        if (!grown)
            return NULL;
        if (image->n_tiles)
            memcpy(grown, image->tiles, image->n_tiles * sizeof *grown);
        image->tiles = grown;
    }
    struct image_tile *tile = &image->tiles[image->n_tiles++];
    *tile = (struct image_tile){
        .codec = codec, .x1 = image->width, .y1 = image->height, .offset = offset, .bits = bits};
    return tile;
}

enum image_verdict image_one_tile(struct image_file *image, image_codec *codec, int64_t offset, int64_t bits)
{
    return image_add_tile(image, codec, offset, bits) ? IMAGE_OPENED : IMAGE_REFUSED;
}

static bool image_tiles_are_sorted(const struct image_file *image)
{
    for (size_t i = 1; i < image->n_tiles; i++)
        if (image->tiles[i].offset < image->tiles[i - 1].offset)
            return false;
    return true;
}

/* Stable, bottom up; scratch holds as many tiles as there are. */
static void image_tiles_sort(struct image_tile *tiles, struct image_tile *scratch, size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n;
            size_t end = middle + width < n ? middle + width : n;
            size_t left = begin, right = middle;
            for (size_t i = begin; i < end; i++) {
                bool take_left = left < middle && (right == end || tiles[left].offset <= tiles[right].offset);
                scratch[i] = take_left ? tiles[left++] : tiles[right++];
            }
        }
        memcpy(tiles, scratch, n * sizeof *tiles);
    }
}

/* Tiles that differ by their offset only are one, the last. */
static bool image_tile_is_repeated(const struct image_file *image, size_t i)
{
    if (i + 1 == image->n_tiles)
        return false;
    const struct image_tile *a = &image->tiles[i], *b = a + 1;
    return a->codec == b->codec && a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1 &&
           a->bits == b->bits && a->stride == b->stride && a->arg == b->arg;
}

static enum sidetok_error image_tile_load(struct call *call, const struct image_file *image,
                                          const struct image_tile *tile, int *ret_status)
{
    if (tile->offset == INT64_MAX || tile->offset == INT64_MIN)
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("Python int too large to convert to C ssize_t"));
    if (tile->offset < 0)
        return failure_set(call, SIDETOK_E_VALUE, "negative seek value %lld", (long long)tile->offset);
    if (tile->bits == 0)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("unknown raw mode for given image mode"));
    if (tile->x0 < 0 || tile->y0 < 0 || tile->x1 <= tile->x0 || tile->y1 <= tile->y0 ||
        tile->x1 > image->width || tile->y1 > image->height)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("tile cannot extend outside image"));
    return tile->codec(call, image, tile, image_rest(image->bytes, (uint64_t)tile->offset), ret_status);
}

static enum sidetok_error image_status_fail(struct call *call, int status)
{
    const char *text = status == IMAGE_OVERRUN   ? "buffer overrun"
                       : status == IMAGE_BROKEN  ? "broken data stream"
                       : status == IMAGE_UNKNOWN ? "unrecognized data stream contents"
                       : status == IMAGE_CONFIG  ? "codec configuration error"
                                                 : "out of memory";
    return failure_set(call, SIDETOK_E_OS, "%s when reading image file", text);
}

enum sidetok_error image_tiles_load(struct call *call, struct image_file *image)
{
    int status = 0;
    if (image->n_tiles == 0)
        return image_cannot_load(call);
    if (!image_tiles_are_sorted(image)) {
        struct image_tile *scratch = call_alloc_array(call, image->n_tiles, sizeof *scratch);
        if (!scratch)
            return SIDETOK_E_NO_MEMORY;
        image_tiles_sort(image->tiles, scratch, image->n_tiles);
    }
    for (size_t i = 0; i < image->n_tiles; i++) {
        if (image_tile_is_repeated(image, i))
            continue;
        status = 0;
        TRY(image_tile_load(call, image, &image->tiles[i], &status));
    }
    return status < 0 ? image_status_fail(call, status) : SIDETOK_OK;
}

static uint64_t tile_row_bytes(const struct image_tile *tile)
{
    return ((uint64_t)(tile->x1 - tile->x0) * (uint64_t)tile->bits + 7) / 8;
}

/* Rows, each with its padding, which the last one may lack. */
enum sidetok_error image_codec_raw(struct call *call, const struct image_file *image,
                                   const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image;
    uint64_t row = tile_row_bytes(tile), n_rows = (uint64_t)(tile->y1 - tile->y0);
    if (tile->stride > INT32_MAX)
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("signed integer is greater than maximum"));
    if (tile->stride && tile->stride < (int64_t)row) {
        *ret_status = IMAGE_CONFIG;
        return SIDETOK_OK;
    }
    uint64_t stride = tile->stride ? (uint64_t)tile->stride : row;
    if (data.size / stride >= n_rows || data.size >= stride * (n_rows - 1) + row)
        return SIDETOK_OK;
    uint64_t left = data.size % stride;
    return image_truncated_at(call, (size_t)(left >= row ? left - row : left));
}

/* Data that a decoder of Pillow's written in Python takes: cut data is a ValueError. */
enum sidetok_error image_codec_data(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    return data.size / tile_row_bytes(tile) >= (uint64_t)(tile->y1 - tile->y0) ? SIDETOK_OK
                                                                               : image_not_enough(call);
}

enum sidetok_error image_codec_packbits(struct call *call, const struct image_file *image,
                                        const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t row = tile_row_bytes(tile), x = 0;
    int64_t y = tile->y0;
    size_t at = 0;
    while (at < data.size) {
        uint8_t code = (uint8_t)data.data[at];
        size_t n_bytes = code == 0x80 ? 1 : code & 0x80 ? 2 : (size_t)code + 2;
        if (data.size - at < n_bytes)
            break;
        at += n_bytes;
        if (code != 0x80)
            x += code & 0x80 ? 257u - code : code + 1u;
        if (code == 0x80 || x < row) /* what goes beyond the row is dropped */
            continue;
        x = 0;
        if (++y >= tile->y1)
            return SIDETOK_OK;
    }
    return image_truncated_at(call, data.size - at);
}

/* Blocks of 4 x 4 pixels; arg: the bytes of a block. */
enum sidetok_error image_codec_bcn(struct call *call, const struct image_file *image,
                                   const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    uint64_t across = (uint64_t)(tile->x1 - tile->x0 + 3) / 4, down = (uint64_t)(tile->y1 - tile->y0 + 3) / 4;
    if (data.size / (uint64_t)tile->arg >= across * down)
        return SIDETOK_OK;
    return image_truncated_at(call, data.size % (size_t)tile->arg);
}
