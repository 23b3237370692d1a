#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.GifImagePlugin and libImaging/GifDecode.c of Pillow 13.0.0: the first frame only. The canvas
 * grows to the frame where the frame is larger. */

enum { GIF_MAX_CODE_BITS = 12, GIF_TABLE = 1 << GIF_MAX_CODE_BITS, GIF_NONE = 1 << 16, GIF_BLOCK = 65536 };

static bool gif_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("GIF87a")) || str_starts_with(bytes, STR("GIF89a"));
}

/* A sub-block; empty at the end of the blocks, or of the file. */
static struct str gif_read_block(struct image_reader *file)
{
    struct str size = image_read(file, 1);
    return image_read(file, size.size ? (uint8_t)size.data[0] : 0);
}

/* Reads a palette, where the flags say so. False for a cut one that looks like the ramp of grays until it
 * ends in the middle of an entry. Rule: _is_palette_needed. */
static bool gif_read_palette(struct image_reader *file, uint8_t flags)
{
    struct str palette = image_read(file, flags & 128 ? (uint64_t)3 << ((flags & 7) + 1) : 0);
    size_t i = 0;
    while (i < palette.size && (uint8_t)palette.data[i] == i / 3)
        i++;
    return i < palette.size || palette.size % 3 == 0;
}

/* The image descriptor behind its comma: canvas, frame size, and where the LZW data begins. */
static enum image_verdict gif_read_descriptor(struct image_file *image, struct image_reader *file)
{
    struct str head = image_read(file, 9);
    if (head.size < 9)
        return IMAGE_NEXT;
    const char *p = head.data;
    uint32_t width = image_le16(p + 4), height = image_le16(p + 6);
    uint32_t right = image_le16(p) + width, bottom = image_le16(p + 2) + height;
    image->width = right > image->width ? right : image->width;
    image->height = bottom > image->height ? bottom : image->height;
    if (image_is_bomb(image->width, image->height))
        return IMAGE_REFUSED;
    if (!gif_read_palette(file, (uint8_t)p[8]))
        return IMAGE_NEXT;
    struct str bits = image_read(file, 1);
    if (bits.size == 0)
        return IMAGE_NEXT;
    image->mode = "P";
    image->raw.bits = width;
    image->raw.stride = height;
    image->raw.kind = (uint8_t)bits.data[0];
    image->data_offset = (size_t)file->at;
    return IMAGE_OPENED;
}

/* An extension behind its mark. Blocks are read on where the first one is missing already, but for comments.
 */
static bool gif_skip_extension(struct image_reader *file)
{
    struct str label = image_read(file, 1), block = gif_read_block(file);
    if (label.size == 0)
        return false;
    uint8_t kind = (uint8_t)label.data[0];
    if (kind == 0xf9 && block.size > 0 && block.size < (block.data[0] & 1 ? 4u : 3u))
        return false;
    if (kind == 0xfe && block.size == 0)
        return true;
    if (kind == 0xff && str_starts_with(block, STR("NETSCAPE2.0")))
        gif_read_block(file);
    while (gif_read_block(file).size > 0)
        continue;
    return true;
}

static enum image_verdict gif_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 0};
    struct str head = image_read(&file, 13);
    if (head.size < 13)
        return IMAGE_NEXT;
    image->width = image_le16(head.data + 6);
    image->height = image_le16(head.data + 8);
    if (!gif_read_palette(&file, (uint8_t)head.data[10]))
        return IMAGE_NEXT;
    for (;;) {
        struct str mark = image_read(&file, 1);
        if (mark.size == 0 || mark.data[0] == ';')
            return IMAGE_NEXT;
        if (mark.data[0] == ',')
            return gif_read_descriptor(image, &file);
        if (mark.data[0] == '!' && !gif_skip_extension(&file))
            return IMAGE_NEXT;
    }
}

/* LZW with sub-blocks beneath; counts pixels instead of writing them. */
struct gif_reader {
    struct str bytes;  /* behind the descriptor */
    size_t at;         /* the next byte */
    size_t block_left; /* bytes of the sub-block */
    size_t window;     /* bytes that Pillow has read so far, block by block */
    uint32_t bits, n_bits;
    uint16_t length[GIF_TABLE]; /* pixels of each code */
};

/* The next code; -1 where no whole sub-block follows. */
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
            reader->block_left = byte; /* an empty one is passed over */
            while (reader->window < reader->at + byte)
                reader->window += GIF_BLOCK;
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

/* The code that ends the data makes the decoder stop, until Pillow hands it another block of the file. */
static bool gif_goes_on(struct gif_reader *reader)
{
    bool more = reader->window < reader->bytes.size;
    reader->window += GIF_BLOCK;
    return more;
}

/* The codes: the table as far as lengths go. */
struct gif_codes {
    unsigned clear, next, bits, before; /* before: GIF_NONE behind a clear code */
};

static void gif_clear(struct gif_codes *codes, unsigned min_bits)
{
    *codes = (struct gif_codes){1u << min_bits, (1u << min_bits) + 2, min_bits + 1, GIF_NONE};
}

/* Pixels of a code that is neither clear nor end; 0 for one that cannot be. */
static uint32_t gif_take(struct gif_reader *reader, struct gif_codes *codes, unsigned code)
{
    if (code > codes->next || (codes->before == GIF_NONE && code >= codes->clear))
        return 0;
    if (code == codes->next && codes->before >= GIF_TABLE)
        return 0;
    uint32_t n = code == codes->next ? reader->length[codes->before] + 1u
                 : code < GIF_TABLE  ? reader->length[code]
                                     : 0;
    if (codes->before != GIF_NONE && codes->next < GIF_TABLE) {
        reader->length[codes->next] = (uint16_t)(reader->length[codes->before] + 1);
        if (++codes->next == 1u << codes->bits && codes->bits < GIF_MAX_CODE_BITS)
            codes->bits++;
    }
    codes->before = code;
    return n;
}

static enum sidetok_error gif_count_pixels(struct call *call, struct gif_reader *reader, unsigned min_bits,
                                           uint64_t n_pixels)
{
    struct gif_codes codes;
    gif_clear(&codes, min_bits);
    for (unsigned i = 0; i < codes.clear; i++)
        reader->length[i] = 1;
    for (uint64_t n = 0; n < n_pixels;) {
        int code = gif_next_code(reader, codes.bits);
        if (code < 0)
            return image_truncated_at(call, reader->bytes.size - reader->at);
        if ((unsigned)code == codes.clear) {
            gif_clear(&codes, min_bits);
            continue;
        }
        if ((unsigned)code == codes.clear + 1) {
            if (!gif_goes_on(reader))
                return image_truncated_at(call, reader->bytes.size - reader->at);
            continue;
        }
        uint32_t taken = gif_take(reader, &codes, (unsigned)code);
        if (taken == 0)
            return image_broken_stream(call);
        n += taken;
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
    reader->bytes = image_rest(image->bytes, image->data_offset);
    return gif_count_pixels(call, reader, image->raw.kind, (uint64_t)image->raw.bits * image->raw.stride);
}

const struct image_format image_format_gif = {"GIF", gif_accept, gif_open, gif_load};
