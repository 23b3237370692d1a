#include "image_png.h"

#include "python_repr.h"

#include <zlib.h>

/* Rule: PIL.PngImagePlugin and libImaging/ZipDecode.c of Pillow 13.0.0. The rows are inflated, counted and
 * forgotten. */

enum { PNG_BLOCK = 65536 }; /* PIL.ImageFile.MAXBLOCK */

static const struct str png_magic = {"\x89PNG\r\n\x1a\n", 8};

static bool png_accept(struct str bytes)
{
    return str_starts_with(bytes, png_magic);
}

static bool png_crc_is_right(struct str bytes, const struct png_chunk *chunk)
{
    if (bytes.size - chunk->offset < (size_t)chunk->size + 4)
        return false;
    const Bytef *begin = (const Bytef *)bytes.data + chunk->offset - 4;
    unsigned long crc = crc32_z(0, begin, (size_t)chunk->size + 4);
    return crc == image_be32(bytes.data + chunk->offset + chunk->size);
}

/* The chunks up to the image's data: IDAT, or that of a frame where no other comes first. */
static enum image_verdict png_open(struct image_file *image)
{
    struct str bytes = image->bytes;
    struct png_chunk chunk;
    struct png_info *info = call_alloc_array(image->call, 1, sizeof *info);
    if (!info)
        return IMAGE_REFUSED;
    image->raw.state = info;
    for (size_t offset = png_magic.size;; offset = chunk.offset + chunk.size + 4) {
        if (!png_chunk_at(bytes, offset, &chunk))
            return IMAGE_NEXT;
        bool has_mode = image->mode[0] != '\0'; /* without one, data is a chunk like any other */
        bool is_end = png_is_type(&chunk, "IEND"), is_data = has_mode && png_is_type(&chunk, "IDAT");
        enum sidetok_error error = is_end || is_data ? SIDETOK_OK : png_take_chunk(image, info, &chunk);
        if (error == SIDETOK_E_NO_MEMORY)
            failure_no_memory(image->call);
        image->refusal = error;
        if (error != SIDETOK_OK)
            return error == SIDETOK_E_SYNTAX || error == SIDETOK_E_INDEX ? IMAGE_NEXT : IMAGE_REFUSED;
        if (is_end || is_data || (has_mode && png_is_type(&chunk, "fdAT")))
            break;
        if (png_is_type(&chunk, "fdAT")) /* four bytes of it have been read, so that nothing fits */
            return bytes.size - chunk.offset < (size_t)chunk.size + 4 ? IMAGE_REFUSED : IMAGE_NEXT;
        info->has_default =
            info->has_default || (png_is_type(&chunk, "IDAT") && info->has_frames && !info->has_box);
        if (!png_crc_is_right(bytes, &chunk))
            return IMAGE_NEXT;
    }
    image->raw.kind = !png_is_type(&chunk, "IEND");
    image->data_offset = chunk.offset - 8;
    bool is_extra = !info->has_box && png_is_type(&chunk, "IDAT"); /* an image that is none of the frames */
    info->n_frames = info->has_frames ? info->n_frames + (is_extra || info->has_default) : 1;
    return IMAGE_OPENED;
}

/* Counts rows as they come out of the inflater. */
struct png_rows {
    const struct png_info *info;
    uint32_t width, height;
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
    uint32_t width = rows->width, height = rows->height, pass = rows->pass;
    *ret_columns = width;
    *ret_rows = height;
    if (!rows->info->is_interlaced)
        return;
    *ret_columns = width <= png_start_x[pass] ? 0 : (width - png_start_x[pass] - 1) / png_step_x[pass] + 1;
    *ret_rows = height <= png_start_y[pass] ? 0 : (height - png_start_y[pass] - 1) / png_step_y[pass] + 1;
}

/* Goes to the next row that has bytes; done when there is none. */
static void png_next_row(struct png_rows *rows)
{
    uint32_t last_pass = rows->info->is_interlaced ? 6 : 0, columns, n_rows;
    for (png_pass_size(rows, &columns, &n_rows); columns == 0 || rows->row >= n_rows;
         png_pass_size(rows, &columns, &n_rows)) {
        if (rows->pass == last_pass) {
            rows->done = true;
            return;
        }
        rows->pass++;
        rows->row = 0;
    }
    rows->left = 1 + (size_t)(((uint64_t)columns * rows->info->bits + 7) / 8);
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

static enum sidetok_error png_fail(struct call *call, enum sidetok_error error)
{
    if (error == SIDETOK_OK)
        return SIDETOK_OK;
    return failure_set_str(call, error,
                           error == SIDETOK_E_OS ? STR("Truncated File Read") : STR("broken PNG file"));
}

/* Rule: PngImageFile.load_end. The chunks behind the image are read, up to IEND, the next frame or what is no
 * chunk; before an error of the decoder is raised, too. */
static enum sidetok_error png_load_end(struct call *call, struct image_file *image, size_t offset)
{
    struct png_info *info = image->raw.state;
    struct png_chunk chunk;
    for (; png_chunk_at(image->bytes, offset, &chunk); offset = chunk.offset + chunk.size + 4) {
        if (png_is_type(&chunk, "IEND") || (png_is_type(&chunk, "fcTL") && info->n_frames > 1))
            break;
        TRY(png_fail(call, png_take_chunk(image, info, &chunk)));
        if (image->bytes.size - chunk.offset < chunk.size)
            return png_fail(call, SIDETOK_E_OS);
    }
    return SIDETOK_OK;
}

/* How the decoder ended. */
static enum sidetok_error png_end(struct call *call, const struct png_rows *rows, int result)
{
    if (rows->unknown_filter)
        return image_unrecognized(call);
    return result == Z_STREAM_END ? SIDETOK_OK : image_broken_stream(call);
}

/* The data of one chunk, as far as the file goes; a frame's begins with its number. */
static enum sidetok_error png_chunk_data(struct call *call, struct image_file *image,
                                         const struct png_chunk *chunk, bool is_first, struct str *ret_data)
{
    bool is_frame = png_is_type(chunk, "fdAT");
    size_t rest = image->bytes.size - chunk->offset, skip = is_frame ? 4 : 0;
    if (is_frame && !is_first)
        TRY(png_fail(call, png_take_chunk(image, image->raw.state, chunk)));
    skip = skip < rest ? skip : rest;
    size_t size = chunk->size > skip ? chunk->size - skip : 0;
    *ret_data =
        (struct str){image->bytes.data + chunk->offset + skip, size < rest - skip ? size : rest - skip};
    return SIDETOK_OK;
}

/* Walks the run of data chunks. */
static enum sidetok_error png_load_chunks(struct call *call, struct image_file *image, struct png_rows *rows,
                                          z_stream *zip)
{
    size_t offset = image->data_offset;
    png_next_row(rows);
    for (bool is_first = true;; is_first = false) {
        struct png_chunk chunk;
        struct str data;
        TRY(png_next_chunk(call, image->bytes, offset, &chunk));
        if (!png_is_type(&chunk, "IDAT") && !png_is_type(&chunk, "DDAT") && !png_is_type(&chunk, "fdAT"))
            return image_truncated_at(call, 0);
        TRY(png_chunk_data(call, image, &chunk, is_first, &data));
        int result = png_inflate(zip, rows, data);
        offset = chunk.offset + chunk.size + 4;
        if (result == Z_MEM_ERROR)
            return failure_no_memory(call);
        if (rows->unknown_filter || result != Z_OK) {
            TRY(png_load_end(call, image, offset));
            return png_end(call, rows, result);
        }
        size_t declared = chunk.size - (png_is_type(&chunk, "fdAT") ? 4 : 0);
        if (data.size < declared)
            return png_cut(call, declared, data.size);
    }
}

static enum sidetok_error png_load(struct call *call, struct image_file *image)
{
    struct png_info *info = image->raw.state;
    struct png_rows rows = {.info = info, .width = (uint32_t)image->width, .height = (uint32_t)image->height};
    z_stream zip = {0};
    if (!image->raw.kind)
        return image_cannot_load(call);
    if (info->has_box) {
        rows.width = info->x1 - info->x0;
        rows.height = info->y1 - info->y0;
    }
    if (rows.width == 0 || rows.height == 0)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("tile cannot extend outside image"));
    if (inflateInit(&zip) != Z_OK)
        return failure_no_memory(call);
    enum sidetok_error error = png_load_chunks(call, image, &rows, &zip);
    inflateEnd(&zip);
    if (error == SIDETOK_OK && image_mode_is(image, "P") && info->n_alphas > 256)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("index out of palette range"));
    return error;
}

const struct image_format image_format_png = {"PNG", png_accept, png_open, png_load};
