#include "buf.h"
#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.BlpImagePlugin of Pillow 13.0.0. */

enum { BLP_JPEG = 0, BLP_DIRECT = 1, BLP_PALETTE_BYTES = 1024, BLP_TABLES = 128 };

static image_codec blp_codec_1, blp_codec_2;

static bool blp_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("BLP1")) || str_starts_with(bytes, STR("BLP2"));
}

/* What the decoders ask the header for. */
struct blp_header {
    uint32_t compression, encoding, alpha_encoding;
    bool has_alpha;
};

static enum image_verdict blp_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    bool is_first = p[3] == '1';
    struct blp_header *header = call_alloc_array(image->call, 1, sizeof *header);
    if (!header)
        return IMAGE_REFUSED;
    if (image->bytes.size < (is_first ? 24u : 20u))
        return IMAGE_NEXT;
    header->compression = image_le32(p + 4);
    header->has_alpha = is_first ? image_le32(p + 8) != 0 : p[9] != 0;
    header->encoding = is_first ? image_le32(p + 20) : (uint8_t)p[8];
    header->alpha_encoding = is_first ? 0 : (uint8_t)p[10];
    image->width = image_le32(p + 12);
    image->height = image_le32(p + 16);
    image->mode = header->has_alpha ? "RGBA" : "RGB";
    image->raw.state = header;
    return is_first ? image_one_tile(image, blp_codec_1, 28, 8) : image_one_tile(image, blp_codec_2, 20, 8);
}

static enum sidetok_error blp_cut(struct call *call)
{
    return failure_set_str(call, SIDETOK_E_OS, STR("Truncated File Read"));
}

static enum sidetok_error blp_unknown(struct call *call, const char *what, uint32_t value)
{
    return failure_set(call, SIDETOK_E_BLP_FORMAT, "Unsupported BLP %s %d", what, (int)value);
}

/* Indices into the palette, as many as the first length says. */
static enum sidetok_error blp_indices(struct call *call, const struct image_tile *tile,
                                      struct image_reader *file, uint32_t length)
{
    if (!image_has(file, length) && length > 0)
        return blp_cut(call);
    return length >= (uint64_t)tile->x1 * (uint64_t)tile->y1 ? SIDETOK_OK : image_not_enough(call);
}

/* A JPEG whose head stands apart from its data. */
static enum sidetok_error blp_jpeg(struct call *call, const struct image_tile *tile,
                                   struct image_reader *file, uint32_t offset, uint32_t length)
{
    struct image_file jpeg;
    struct buf whole;
    struct str bytes, size = image_read(file, 4);
    if (size.size < 4 || !image_has(file, image_le32(size.data)))
        return blp_cut(call);
    struct str head = image_read(file, image_le32(size.data));
    if (offset > file->at && !image_has(file, offset - file->at))
        return blp_cut(call);
    file->at = offset > file->at ? offset : file->at;
    if (length > 0 && !image_has(file, length))
        return blp_cut(call);
    buf_init(&whole, call);
    buf_append(&whole, head);
    buf_append(&whole, image_read(file, length));
    TRY(buf_finish(&whole, &bytes));
    enum image_verdict verdict = image_format_jpeg.accept(bytes)
                                     ? image_open_as(call, &image_format_jpeg, bytes, 0, &jpeg)
                                     : IMAGE_NEXT;
    if (verdict != IMAGE_OPENED)
        return failure_set_str(call, verdict == IMAGE_NEXT ? SIDETOK_E_SYNTAX : SIDETOK_E_OS,
                               STR("not a JPEG file"));
    TRY(image_file_load(call, &jpeg));
    return jpeg.width * jpeg.height >= tile->x1 * tile->y1 ? SIDETOK_OK : image_not_enough(call);
}

static enum sidetok_error blp_codec_1(struct call *call, const struct image_file *image,
                                      const struct image_tile *tile, struct str data, int *ret_status)
{
    const struct blp_header *header = image->raw.state;
    struct image_reader file = {image->bytes, (uint64_t)tile->offset + BLP_TABLES};
    (void)ret_status;
    if (data.size < BLP_TABLES)
        return blp_cut(call);
    uint32_t offset = image_le32(data.data), length = image_le32(data.data + BLP_TABLES / 2);
    if (header->compression == BLP_JPEG)
        return blp_jpeg(call, tile, &file, offset, length);
    if (header->compression != BLP_DIRECT)
        return blp_unknown(call, "compression", header->encoding);
    if (header->encoding != 4 && header->encoding != 5)
        return blp_unknown(call, "encoding", header->encoding);
    if (image_read(&file, BLP_PALETTE_BYTES).size < BLP_PALETTE_BYTES)
        return blp_cut(call);
    return blp_indices(call, tile, &file, length);
}

static enum sidetok_error blp_codec_2(struct call *call, const struct image_file *image,
                                      const struct image_tile *tile, struct str data, int *ret_status)
{
    const struct blp_header *header = image->raw.state;
    (void)ret_status;
    if (data.size < BLP_TABLES + BLP_PALETTE_BYTES)
        return blp_cut(call);
    struct image_reader file = {image->bytes, image_le32(data.data)};
    if (header->compression != BLP_DIRECT)
        return blp_unknown(call, "compression", header->compression);
    if (header->encoding == 1)
        return blp_indices(call, tile, &file, image_le32(data.data + BLP_TABLES / 2));
    if (header->encoding != 2)
        return blp_unknown(call, "encoding", header->encoding);
    uint32_t kind = header->alpha_encoding;
    if (kind != 0 && kind != 1 && kind != 7)
        return blp_unknown(call, "alpha encoding", kind);
    uint64_t blocks = (uint64_t)((tile->x1 + 3) / 4) * (uint64_t)((tile->y1 + 3) / 4);
    return image_has(&file, blocks * (kind == 0 ? 8 : 16)) ? SIDETOK_OK : blp_cut(call);
}

const struct image_format image_format_blp = {"BLP", blp_accept, blp_open, NULL};
