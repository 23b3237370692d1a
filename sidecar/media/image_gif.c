#include "image_file.h"

/* Rule: PIL.GifImagePlugin and libImaging/GifDecode.c of Pillow 13.0.0: the first frame only. The canvas
 * grows to the frame where the frame is larger. */

enum { GIF_MAX_CODE_BITS = 12, GIF_TABLE = 1 << GIF_MAX_CODE_BITS };

static bool gif_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("GIF87a")) || str_starts_with(bytes, STR("GIF89a"));
}

/* Skips sub-blocks; returns where the empty one ends, or the end of the file. */
static size_t gif_skip_blocks(struct str bytes, size_t at)
{
    while (at < bytes.size && bytes.data[at] != 0)
        at += 1 + (size_t)(uint8_t)bytes.data[at];
    return at + 1;
}

static size_t gif_palette_bytes(uint8_t flags)
{
    return flags & 128 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* The image descriptor at offset: canvas, frame size, and where the LZW data begins. */
static bool gif_read_descriptor(struct image_file *image, size_t at)
{
    struct str bytes = image->bytes;
    if (at > bytes.size || bytes.size - at < 9)
        return false;
    const char *p = bytes.data + at;
    uint32_t width = image_le16(p + 4), height = image_le16(p + 6);
    uint32_t right = image_le16(p) + width, bottom = image_le16(p + 2) + height;
    image->width = right > image->width ? right : image->width;
    image->height = bottom > image->height ? bottom : image->height;
    image->mode = "P";
    image->raw.bits = width;
    image->raw.stride = height;
    at += 9 + gif_palette_bytes((uint8_t)p[8]);
    if (at >= bytes.size)
        return false;
    image->raw.kind = (uint8_t)bytes.data[at];
    image->data_offset = at + 1;
    return true;
}

static enum image_verdict gif_open(struct image_file *image)
{
    struct str bytes = image->bytes;
    if (bytes.size < 13)
        return IMAGE_NEXT;
    image->width = image_le16(bytes.data + 6);
    image->height = image_le16(bytes.data + 8);
    size_t at = 13 + gif_palette_bytes((uint8_t)bytes.data[10]);
    while (at < bytes.size && bytes.data[at] != ';') {
        if (bytes.data[at] == ',')
            return gif_read_descriptor(image, at + 1) ? IMAGE_OPENED : IMAGE_NEXT;
        if (bytes.data[at] != '!') {
            at++;
            continue;
        }
        if (at + 1 >= bytes.size)
            return IMAGE_NEXT;
        at = gif_skip_blocks(bytes, at + 2);
    }
    return IMAGE_NEXT;
}

/* LZW with sub-blocks beneath; counts pixels instead of writing them. */
struct gif_reader {
    struct str bytes;
    size_t at;         /* the next byte */
    size_t block_left; /* bytes of the sub-block */
    uint32_t bits, n_bits;
    uint16_t length[GIF_TABLE]; /* pixels of each code */
};

/* The next code; -1 at the end of the file or of the blocks. */
static int gif_next_code(struct gif_reader *reader, unsigned code_bits)
{
    while (reader->n_bits < code_bits) {
        if (reader->at >= reader->bytes.size)
            return -1;
        uint8_t byte = (uint8_t)reader->bytes.data[reader->at++];
        if (reader->block_left == 0) {
            if (byte > reader->bytes.size - reader->at) { /* Pillow waits for whole blocks */
                reader->at--;
                return -1;
            }
            if (byte == 0)
                return -1;
            reader->block_left = byte;
            continue;
        }
        reader->bits |= (uint32_t)byte << reader->n_bits;
        reader->n_bits += 8;
        reader->block_left--;
    }
    int code = (int)(reader->bits & ((1u << code_bits) - 1));
    reader->bits >>= code_bits;
    reader->n_bits -= code_bits;
    return code;
}

static enum sidetok_error gif_count_pixels(struct call *call, struct gif_reader *reader, unsigned min_bits,
                                           uint64_t n_pixels)
{
    unsigned clear = 1u << min_bits, next = clear + 2, code_bits = min_bits + 1, before = GIF_TABLE;
    for (unsigned i = 0; i < clear; i++)
        reader->length[i] = 1;
    for (uint64_t n = 0; n < n_pixels;) {
        int code = gif_next_code(reader, code_bits);
        if (code < 0)
            return image_truncated_at(call, reader->bytes.size - reader->at);
        if ((unsigned)code == clear) {
            next = clear + 2;
            code_bits = min_bits + 1;
            before = GIF_TABLE;
            continue;
        }
        if ((unsigned)code == clear + 1)
            return image_truncated_at(call, reader->bytes.size -
                                                reader->at); /* Pillow reads on, to the file's end */
        if ((unsigned)code > next || (before == GIF_TABLE && (unsigned)code >= clear))
            return image_broken_stream(call);
        if (before != GIF_TABLE && next < GIF_TABLE) {
            reader->length[next] = (uint16_t)(reader->length[before] + 1);
            if (++next == 1u << code_bits && code_bits < GIF_MAX_CODE_BITS)
                code_bits++;
        } else if ((unsigned)code >= next) {
            return image_broken_stream(call);
        }
        n += reader->length[code];
        before = (unsigned)code;
    }
    return SIDETOK_OK;
}

static enum sidetok_error gif_load(struct call *call, struct image_file *image)
{
    if (image->raw.bits == 0 || image->raw.stride == 0)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("tile cannot extend outside image"));
    if (image->raw.kind > GIF_MAX_CODE_BITS)
        return failure_set_str(call, SIDETOK_E_OS, STR("codec configuration error when reading image file"));
    struct gif_reader *reader = call_alloc(call, sizeof *reader);
    if (!reader)
        return SIDETOK_E_NO_MEMORY;
    memset(reader, 0, sizeof *reader);
    reader->bytes = image->bytes;
    reader->at = image->data_offset;
    return gif_count_pixels(call, reader, image->raw.kind, (uint64_t)image->raw.bits * image->raw.stride);
}

const struct image_format image_format_gif = {"GIF", gif_accept, gif_open, gif_load};
