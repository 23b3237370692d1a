#include "image_file.h"

#include "python_repr.h"

#include <zlib.h>

/* Rule: PIL.PngImagePlugin and libImaging/ZipDecode.c of Pillow 13.0.0. The rows are inflated, counted and
 * forgotten. */

enum { PNG_BLOCK = 65536 }; /* PIL.ImageFile.MAXBLOCK */

static const struct str png_magic = {"\x89PNG\r\n\x1a\n", 8};

/* A chunk: its type, and its data of size bytes at offset. */
struct png_chunk {
    char type[4];
    uint32_t size;
    size_t offset;
};

static bool png_is_type(const struct png_chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* Pillow's is_cid: four characters of \w in ASCII. */
static bool png_type_is_valid(const char *type)
{
    for (int i = 0; i < 4; i++) {
        char c = type[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'))
            return false;
    }
    return true;
}

/* The chunk head at offset; false where the file ends or the type is none. */
static bool png_chunk_at(struct str bytes, size_t offset, struct png_chunk *ret_chunk)
{
    if (offset > bytes.size || bytes.size - offset < 8)
        return false;
    ret_chunk->size = image_be32(bytes.data + offset);
    memcpy(ret_chunk->type, bytes.data + offset + 4, 4);
    ret_chunk->offset = offset + 8;
    return png_type_is_valid(ret_chunk->type);
}

static bool png_crc_is_right(struct str bytes, const struct png_chunk *chunk)
{
    if (bytes.size - chunk->offset < (size_t)chunk->size + 4)
        return false;
    const Bytef *begin = (const Bytef *)bytes.data + chunk->offset - 4;
    unsigned long crc = crc32_z(0, begin, (size_t)chunk->size + 4);
    return crc == image_be32(bytes.data + chunk->offset + chunk->size);
}

/* Bits of a pixel for the pairs of depth and colour type that the format has; 0 for any other. */
static uint32_t png_pixel_bits(uint8_t depth, uint8_t color)
{
    switch (color) {
    case 0:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16 ? depth : 0;
    case 2:
        return depth == 8 || depth == 16 ? depth * 3u : 0;
    case 3:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8 ? depth : 0;
    case 4:
        return depth == 8 || depth == 16 ? depth * 2u : 0;
    case 6:
        return depth == 8 || depth == 16 ? depth * 4u : 0;
    default:
        return 0;
    }
}

/* Pillow's mode of such a pixel. */
static const char *png_mode(uint8_t depth, uint8_t color)
{
    static const char *const modes[] = {"L", "", "RGB", "P", "LA", "", "RGBA"};
    if (color == 0)
        return depth == 1 ? "1" : depth == 16 ? "I;16" : "L";
    return color == 4 && depth == 16 ? "RGBA" : modes[color];
}

/* False where Pillow refuses the header chunk; an unknown mode leaves bits 0, which is refused at the end. */
static bool png_read_header(struct image_file *image, const struct png_chunk *chunk)
{
    const char *head = image->bytes.data + chunk->offset;
    if (chunk->size < 13 || head[11] != 0)
        return false;
    image->width = image_be32(head);
    image->height = image_be32(head + 4);
    image->raw.bits = png_pixel_bits((uint8_t)head[8], (uint8_t)head[9]);
    image->mode = image->raw.bits ? png_mode((uint8_t)head[8], (uint8_t)head[9]) : image->mode;
    image->raw.kind = head[12] != 0; /* interlaced */
    return true;
}

/* The shortest data that Pillow accepts for the chunks whose fields it reads. */
static bool png_is_too_short(const struct png_chunk *chunk)
{
    static const struct {
        const char *type;
        uint32_t size;
    } shortest[] = {{"gAMA", 4}, {"cHRM", 32}, {"sRGB", 1}, {"pHYs", 9}, {"acTL", 8}, {"fcTL", 26}};
    for (size_t i = 0; i < sizeof shortest / sizeof shortest[0]; i++)
        if (png_is_type(chunk, shortest[i].type))
            return chunk->size < shortest[i].size;
    return false;
}

static bool png_accept(struct str bytes)
{
    return str_starts_with(bytes, png_magic);
}

static enum image_verdict png_open(struct image_file *image)
{
    struct str bytes = image->bytes;
    struct png_chunk chunk;
    for (size_t offset = png_magic.size;; offset = chunk.offset + chunk.size + 4) {
        if (!png_chunk_at(bytes, offset, &chunk))
            return IMAGE_NEXT;
        if (png_is_type(&chunk, "IDAT") || png_is_type(&chunk, "IEND"))
            break;
        if (!png_crc_is_right(bytes, &chunk) || png_is_too_short(&chunk))
            return IMAGE_NEXT;
        if (png_is_type(&chunk, "IHDR") && !png_read_header(image, &chunk))
            return IMAGE_NEXT;
    }
    image->data_offset = chunk.offset - 8;
    return IMAGE_OPENED;
}

/* Counts rows as they come out of the inflater. */
struct png_rows {
    const struct image_file *image;
    uint32_t pass;  /* Adam7, 0 to 6; 0 when not interlaced */
    uint32_t row;   /* of the pass, from 0 */
    size_t left;    /* bytes of the row still to come, its filter byte included; 0 between rows */
    uint8_t filter; /* of the row */
    bool at_filter; /* the next byte is the row's filter */
    bool done, unknown_filter;
};

static const uint8_t png_start_x[] = {0, 4, 0, 2, 0, 1, 0}, png_start_y[] = {0, 0, 4, 0, 2, 0, 1};
static const uint8_t png_step_x[] = {8, 8, 4, 4, 2, 2, 1}, png_step_y[] = {8, 8, 8, 4, 4, 2, 2};

/* Columns and rows of the pass. */
static void png_pass_size(const struct png_rows *rows, uint32_t *ret_columns, uint32_t *ret_rows)
{
    const struct image_file *image = rows->image;
    uint32_t width = (uint32_t)image->width, height = (uint32_t)image->height, pass = rows->pass;
    *ret_columns = width;
    *ret_rows = height;
    if (!image->raw.kind)
        return;
    *ret_columns = width <= png_start_x[pass] ? 0 : (width - png_start_x[pass] - 1) / png_step_x[pass] + 1;
    *ret_rows = height <= png_start_y[pass] ? 0 : (height - png_start_y[pass] - 1) / png_step_y[pass] + 1;
}

/* Goes to the next row that has bytes; done when there is none. */
static void png_next_row(struct png_rows *rows)
{
    uint32_t last_pass = rows->image->raw.kind ? 6 : 0, columns, n_rows;
    for (png_pass_size(rows, &columns, &n_rows); columns == 0 || rows->row >= n_rows;
         png_pass_size(rows, &columns, &n_rows)) {
        if (rows->pass == last_pass) {
            rows->done = true;
            return;
        }
        rows->pass++;
        rows->row = 0;
    }
    rows->left = 1 + (size_t)(((uint64_t)columns * rows->image->raw.bits + 7) / 8);
    rows->row++;
    rows->at_filter = true;
}

/* The rest of a row, as far as the data goes: Z_OK, Z_STREAM_END, or what is wrong with the data. */
static int png_inflate_row(z_stream *zip, struct png_rows *rows)
{
    uint8_t out[16384];
    int result;
    do {
        uInt want = rows->left < sizeof out ? (uInt)rows->left : (uInt)sizeof out;
        zip->next_out = out;
        zip->avail_out = want;
        result = inflate(zip, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
            return result;
        uInt got = want - zip->avail_out;
        if (got > 0 && rows->at_filter) {
            rows->filter = out[0];
            rows->at_filter = false;
        }
        rows->left -= got;
    } while (rows->left > 0 && zip->avail_out == 0);
    return result == Z_BUF_ERROR ? Z_OK : result;
}

/*
 * Inflates one chunk's data row by row, while there is data: that is what decides whether the checksum behind
 * the last row is looked at, and that rows still inside the inflater wait for another chunk. Z_OK: more is
 * needed; Z_STREAM_END: Pillow stops here, content with what it has, which is never half a row.
 */
static int png_inflate(z_stream *zip, struct png_rows *rows, struct str data)
{
    zip->next_in = (Bytef *)(uintptr_t)data.data;
    zip->avail_in = (uInt)data.size;
    while (zip->avail_in > 0) {
        int result = png_inflate_row(zip, rows);
        if (result != Z_OK && result != Z_STREAM_END)
            return result;
        rows->unknown_filter = rows->left == 0 && rows->filter > 4;
        if (rows->unknown_filter || rows->left > 0)
            return Z_OK;
        png_next_row(rows);
        if (rows->done || result == Z_STREAM_END)
            return Z_STREAM_END;
    }
    return Z_OK;
}

/* The file ends inside a chunk. Pillow reads it in blocks: a block that is cut passes unseen, and the missing
 * chunk behind it is what fails; an empty one says so itself. */
static enum sidetok_error png_cut(struct call *call, size_t declared, size_t available)
{
    size_t last_block = available / PNG_BLOCK * PNG_BLOCK;
    bool finds_nothing = available == last_block || declared - last_block > PNG_BLOCK;
    return finds_nothing ? image_truncated_at(call, 0) : image_truncated(call);
}

/* Rule: PngStream.read. A head of 4 to 7 bytes has a short type, which is none. */
static enum sidetok_error png_next_chunk(struct call *call, struct str bytes, size_t offset,
                                         struct png_chunk *ret_chunk)
{
    size_t left = offset < bytes.size ? bytes.size - offset : 0;
    struct buf text;
    struct str message;
    if (left < 4)
        return image_truncated(call);
    if (png_chunk_at(bytes, offset, ret_chunk))
        return SIDETOK_OK;
    buf_init(&text, call);
    buf_append(&text, STR("broken PNG file (chunk "));
    python_repr_bytes(&text, (struct str){bytes.data + offset + 4, left < 8 ? left - 4 : 4});
    buf_append_char(&text, ')');
    TRY(buf_finish(&text, &message));
    return failure_set_str(call, SIDETOK_E_SYNTAX, message);
}

/* Rule: PngImageFile.load_end. The chunks behind the image are read, up to IEND or what is no chunk; before
 * an error of the decoder is raised, too. */
static enum sidetok_error png_load_end(struct call *call, struct str bytes, size_t offset)
{
    struct png_chunk chunk;
    for (; png_chunk_at(bytes, offset, &chunk) && !png_is_type(&chunk, "IEND");
         offset = chunk.offset + chunk.size + 4)
        if (bytes.size - chunk.offset < chunk.size)
            return failure_set_str(call, SIDETOK_E_OS, STR("Truncated File Read"));
    return SIDETOK_OK;
}

/* How the decoder ended. */
static enum sidetok_error png_end(struct call *call, const struct png_rows *rows, int result)
{
    if (rows->unknown_filter)
        return image_unrecognized(call);
    return result == Z_STREAM_END ? SIDETOK_OK : image_broken_stream(call);
}

/* Walks the run of IDAT chunks. */
static enum sidetok_error png_load_chunks(struct call *call, struct image_file *image, z_stream *zip)
{
    struct png_rows rows = {.image = image};
    struct str bytes = image->bytes;
    size_t offset = image->data_offset;
    png_next_row(&rows);
    for (;;) {
        struct png_chunk chunk;
        TRY(png_next_chunk(call, bytes, offset, &chunk));
        if (!png_is_type(&chunk, "IDAT"))
            return image_truncated_at(call, 0);
        size_t rest = bytes.size - chunk.offset;
        struct str data = {bytes.data + chunk.offset, chunk.size < rest ? chunk.size : rest};
        int result = png_inflate(zip, &rows, data);
        offset = chunk.offset + chunk.size + 4;
        if (result == Z_MEM_ERROR)
            return failure_no_memory(call);
        if (rows.unknown_filter || result != Z_OK) {
            TRY(png_load_end(call, bytes, offset));
            return png_end(call, &rows, result);
        }
        if (data.size < chunk.size)
            return png_cut(call, chunk.size, data.size);
    }
}

static enum sidetok_error png_load(struct call *call, struct image_file *image)
{
    z_stream zip = {0};
    if (inflateInit(&zip) != Z_OK)
        return failure_no_memory(call);
    enum sidetok_error error = png_load_chunks(call, image, &zip);
    inflateEnd(&zip);
    return error;
}

const struct image_format image_format_png = {"PNG", png_accept, png_open, png_load};
