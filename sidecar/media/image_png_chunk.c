#include "image_png.h"
#include "image_reader.h"

#include <zlib.h>

/* Rule: PngStream of PIL.PngImagePlugin of Pillow 13.0.0: what its chunks can have wrong. */

enum {
    PNG_MAX_TEXT = 1024 * 1024,
    PNG_MAX_TEXT_MEMORY = 64 * PNG_MAX_TEXT
}; /* MAX_TEXT_CHUNK, MAX_TEXT_MEMORY */

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

bool png_chunk_at(struct str bytes, size_t offset, struct png_chunk *ret_chunk)
{
    if (offset > bytes.size || bytes.size - offset < 8)
        return false;
    ret_chunk->size = image_be32(bytes.data + offset);
    memcpy(ret_chunk->type, bytes.data + offset + 4, 4);
    ret_chunk->offset = offset + 8;
    return png_type_is_valid(ret_chunk->type);
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

/* An unknown mode leaves the image without one, which is refused at the end. */
static enum sidetok_error png_take_header(struct image_file *image, struct png_info *info, struct str data)
{
    if (data.size < 13)
        return SIDETOK_E_VALUE;
    const char *head = data.data;
    uint32_t bits = png_pixel_bits((uint8_t)head[8], (uint8_t)head[9]);
    image->width = image_be32(head);
    image->height = image_be32(head + 4);
    if (bits) {
        info->bits = bits;
        image->mode = png_mode((uint8_t)head[8], (uint8_t)head[9]);
    }
    info->is_interlaced = info->is_interlaced || head[12] != 0;
    return head[11] ? SIDETOK_E_SYNTAX : SIDETOK_OK;
}

/* One index that is transparent, or an alpha for each entry. */
static enum sidetok_error png_take_transparency(const struct image_file *image, struct png_info *info,
                                                struct str data)
{
    bool is_rgb = image_mode_is(image, "RGB");
    if (is_rgb || image_mode_is(image, "1") || image_mode_is(image, "L") || image_mode_is(image, "I;16"))
        return data.size < (is_rgb ? 6 : 2) ? SIDETOK_E_VALUE : SIDETOK_OK;
    if (!image_mode_is(image, "P"))
        return SIDETOK_OK;
    size_t n_zero = 0, first_zero = 0, n_full = 0;
    for (size_t i = data.size; i-- > 0;) {
        n_full += (uint8_t)data.data[i] == 255;
        n_zero += data.data[i] == 0;
        first_zero = data.data[i] == 0 ? i : first_zero;
    }
    bool is_simple = n_zero == 1 && n_full + 1 == data.size;
    info->n_alphas = is_simple ? first_zero + 1 : data.size;
    return SIDETOK_OK;
}

static enum sidetok_error png_take_frames(struct png_info *info, struct str data)
{
    if (data.size < 8)
        return SIDETOK_E_VALUE;
    uint32_t n = image_be32(data.data);
    if (info->has_frames)
        info->has_frames = false;
    else if (n > 0 && n <= 0x80000000)
        info->has_frames = true;
    info->n_frames = info->has_frames ? n : 1;
    return SIDETOK_OK;
}

/* Frames are numbered, and lie within the image. */
static enum sidetok_error png_take_frame(const struct image_file *image, struct png_info *info,
                                         struct str data)
{
    if (data.size < 26)
        return SIDETOK_E_VALUE;
    const char *p = data.data;
    uint32_t sequence = image_be32(p);
    if (sequence != (info->has_sequence ? info->sequence + 1 : 0) || (info->has_sequence && sequence == 0))
        return SIDETOK_E_SYNTAX;
    info->has_sequence = true;
    info->sequence = sequence;
    uint64_t x0 = image_be32(p + 12), y0 = image_be32(p + 16);
    uint64_t x1 = x0 + image_be32(p + 4), y1 = y0 + image_be32(p + 8);
    if (x1 > (uint64_t)image->width || y1 > (uint64_t)image->height)
        return SIDETOK_E_SYNTAX;
    info->has_box = true;
    info->x0 = (uint32_t)x0;
    info->y0 = (uint32_t)y0;
    info->x1 = (uint32_t)x1;
    info->y1 = (uint32_t)y1;
    return SIDETOK_OK;
}

static enum sidetok_error png_take_frame_data(struct png_info *info, struct str data)
{
    if (data.size < 4)
        return SIDETOK_E_VALUE;
    uint32_t sequence = image_be32(data.data);
    if (!info->has_sequence || sequence == 0 || info->sequence != sequence - 1)
        return SIDETOK_E_SYNTAX;
    info->sequence = sequence;
    return SIDETOK_OK;
}

/* Up to a mebibyte of inflated text may be asked for; *ret_size: of what came out. Rule:
 * _safe_zlib_decompress. */
static enum sidetok_error png_inflate_text(struct str data, size_t *ret_size)
{
    z_stream zip = {.next_in = (Bytef *)(uintptr_t)data.data, .avail_in = (uInt)data.size};
    char out[16384];
    int result = Z_OK;
    *ret_size = 0;
    if (inflateInit(&zip) != Z_OK)
        return SIDETOK_E_NO_MEMORY;
    while (result == Z_OK && *ret_size < PNG_MAX_TEXT) {
        size_t room = PNG_MAX_TEXT - *ret_size;
        zip.next_out = (Bytef *)out;
        zip.avail_out = (uInt)(room < sizeof out ? room : sizeof out);
        size_t asked = zip.avail_out;
        result = inflate(&zip, Z_SYNC_FLUSH);
        *ret_size += asked - zip.avail_out;
    }
    bool is_over = result == Z_OK && zip.avail_in > 0;
    bool is_broken = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    inflateEnd(&zip);
    *ret_size = is_broken ? 0 : *ret_size;
    return is_over ? SIDETOK_E_VALUE : SIDETOK_OK;
}

/* What stands behind the n-th zero byte; false where there are fewer. */
static bool png_behind_zero(struct str data, int n, struct str *ret_rest)
{
    for (; n > 0; n--) {
        const char *zero = data.size ? memchr(data.data, '\0', data.size) : NULL;
        if (!zero)
            return false;
        data = str_from_offset(data, (size_t)(zero - data.data) + 1);
    }
    *ret_rest = data;
    return true;
}

static enum sidetok_error png_take_profile(struct str data)
{
    struct str rest = data;
    size_t ignored;
    png_behind_zero(data, 1, &rest);
    if (rest.size == 0)
        return SIDETOK_E_INDEX;
    return rest.data[0] ? SIDETOK_E_SYNTAX : png_inflate_text(str_from_offset(rest, 1), &ignored);
}

static enum sidetok_error png_count_text(struct png_info *info, size_t size)
{
    info->text_bytes += size;
    return info->text_bytes > PNG_MAX_TEXT_MEMORY ? SIDETOK_E_VALUE : SIDETOK_OK;
}

/* tEXt, or zTXt. Text without a key is not kept. */
static enum sidetok_error png_take_text(struct png_info *info, struct str data, bool is_packed)
{
    struct str text = {"", 0};
    bool has_key = data.size > 0 && data.data[0] != '\0';
    png_behind_zero(data, 1, &text);
    size_t size = text.size;
    if (is_packed && size > 0 && text.data[0])
        return SIDETOK_E_SYNTAX;
    if (is_packed) {
        enum sidetok_error error = png_inflate_text(size ? str_from_offset(text, 1) : text, &size);
        if (error != SIDETOK_OK)
            return error;
    }
    return has_key ? png_count_text(info, size) : SIDETOK_OK;
}

/* iTXt: a key, whether it is packed and how, a language, a translated key, the text in UTF-8. */
static enum sidetok_error png_take_utf8_text(struct png_info *info, struct str data)
{
    struct str rest, text;
    if (!png_behind_zero(data, 1, &rest) || rest.size < 2 ||
        !png_behind_zero(str_from_offset(rest, 2), 2, &text) || (rest.data[0] && rest.data[1]))
        return SIDETOK_OK;
    size_t size = text.size;
    if (rest.data[0]) {
        enum sidetok_error error = png_inflate_text(text, &size);
        if (error != SIDETOK_OK)
            return error;
    }
    return png_count_text(info, size);
}

/* The shortest data that Pillow accepts for the chunks of which it reads no more than fields. */
static uint32_t png_shortest(const struct png_chunk *chunk)
{
    static const struct {
        const char *type;
        uint32_t size;
    } shortest[] = {{"gAMA", 4}, {"cHRM", 32}, {"sRGB", 1}, {"pHYs", 9}};
    for (size_t i = 0; i < sizeof shortest / sizeof shortest[0]; i++)
        if (png_is_type(chunk, shortest[i].type))
            return shortest[i].size;
    return 0;
}

enum sidetok_error png_take_chunk(struct image_file *image, struct png_info *info,
                                  const struct png_chunk *chunk)
{
    struct str data = {image->bytes.data + chunk->offset, chunk->size};
    if (png_is_type(chunk, "fdAT") && image->bytes.size - chunk->offset >= 4)
        return png_take_frame_data(info, data);
    if (image->bytes.size - chunk->offset < chunk->size)
        return SIDETOK_E_OS;
    if (png_is_type(chunk, "IHDR"))
        return png_take_header(image, info, data);
    if (png_is_type(chunk, "tRNS"))
        return png_take_transparency(image, info, data);
    if (png_is_type(chunk, "acTL"))
        return png_take_frames(info, data);
    if (png_is_type(chunk, "fcTL"))
        return png_take_frame(image, info, data);
    if (png_is_type(chunk, "iCCP"))
        return png_take_profile(data);
    if (png_is_type(chunk, "tEXt") || png_is_type(chunk, "zTXt"))
        return png_take_text(info, data, chunk->type[0] == 'z');
    if (png_is_type(chunk, "iTXt"))
        return png_take_utf8_text(info, data);
    if (png_is_type(chunk, "PLTE") && image_mode_is(image, "P")) {
        image->palette.given = true;
        image->palette.bits = 24;
        image->palette.size = data.size;
    }
    return chunk->size < png_shortest(chunk) ? SIDETOK_E_VALUE : SIDETOK_OK;
}
