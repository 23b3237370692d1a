#include "image_jpeg2000.h"
#include "image_reader.h"
#include "map.h"

/* Rule: PIL.Jpeg2KImagePlugin of Pillow 13.0.0: what it reads of the headers itself. */

static bool jpeg2000_is_stream(struct str bytes)
{
    return str_starts_with(bytes, STR("\xff\x4f\xff\x51"));
}

static bool jpeg2000_accept(struct str bytes)
{
    return jpeg2000_is_stream(bytes) || str_starts_with(bytes, STR("\0\0\0\x0cjP  \x0d\x0a\x87\x0a"));
}

const char *image_jpeg2000_mode(uint32_t n_components, bool is_deep)
{
    switch (n_components) {
    case 1:
        return is_deep ? "I;16" : "L";
    case 2:
        return "LA";
    case 3:
        return "RGB";
    case 4:
        return "RGBA";
    default:
        return "";
    }
}

/* A ValueError, as against what is missing. */
static enum image_verdict jpeg2000_refuse(struct image_file *image)
{
    image->refusal = SIDETOK_E_VALUE;
    return IMAGE_REFUSED;
}

/* The marker SIZ, behind its two bytes. Rule: _parse_codestream. */
static enum image_verdict jpeg2000_read_size(struct image_file *image, struct image_reader *file)
{
    struct image_reader start = *file;
    if (!image_has(file, 2))
        return IMAGE_NEXT;
    uint32_t length = image_be16(image_read(&start, 2).data);
    if (length < 38)
        return jpeg2000_refuse(image);
    struct str siz = image_read(file, length);
    if (siz.size < 38)
        return IMAGE_NEXT;
    uint32_t n = image_be16(siz.data + 36);
    if (n == 1 && siz.size < 39)
        return IMAGE_NEXT;
    image->width = (int64_t)image_be32(siz.data + 4) - image_be32(siz.data + 12);
    image->height = (int64_t)image_be32(siz.data + 8) - image_be32(siz.data + 16);
    image->mode = image_jpeg2000_mode(n, n == 1 && (siz.data[38] & 0x7f) + 1 > 8);
    return image->mode[0] ? IMAGE_OPENED : IMAGE_NEXT;
}

/* The markers up to the first tile. Rule: _parse_comment. */
static enum image_verdict jpeg2000_skip_markers(struct image_file *image, struct image_reader *file)
{
    for (;;) {
        struct str marker = image_read(file, 2);
        if (marker.size == 0)
            return IMAGE_OPENED;
        if (marker.size < 2)
            return IMAGE_NEXT;
        uint8_t type = (uint8_t)marker.data[1];
        if (type == 0x90 || type == 0xd9)
            return IMAGE_OPENED;
        struct str length = image_read(file, 2);
        if (length.size < 2)
            return IMAGE_NEXT;
        if (image_be16(length.data) < 2)
            return jpeg2000_refuse(image);
        if (type == 0x64)
            return IMAGE_OPENED;
        file->at += image_be16(length.data) - 2u;
    }
}

/* Boxes in the file, or within a box. Rule: BoxReader. */
struct jpeg2000_boxes {
    struct image_reader file;
    bool is_inner;     /* the end is the box's */
    int64_t remaining; /* of the box whose type was read; -1 before the first */
};

static bool jpeg2000_can_read(const struct jpeg2000_boxes *boxes, uint64_t size)
{
    if (boxes->is_inner && boxes->file.at + size > boxes->file.bytes.size)
        return false;
    return boxes->remaining < 0 || size <= (uint64_t)boxes->remaining;
}

/* Exactly size bytes. IMAGE_NEXT beyond the box, IMAGE_REFUSED beyond the file. */
static enum image_verdict jpeg2000_read(struct jpeg2000_boxes *boxes, uint64_t size, struct str *ret)
{
    if (!jpeg2000_can_read(boxes, size) || boxes->file.at + size >= (uint64_t)1 << 63)
        return IMAGE_NEXT;
    *ret = image_read(&boxes->file, size);
    if (ret->size < size)
        return IMAGE_REFUSED;
    if (boxes->remaining > 0)
        boxes->remaining -= (int64_t)size;
    return IMAGE_OPENED;
}

static bool jpeg2000_has_next(const struct jpeg2000_boxes *boxes)
{
    return !boxes->is_inner || (int64_t)boxes->file.at + boxes->remaining < (int64_t)boxes->file.bytes.size;
}

static enum image_verdict jpeg2000_next(struct jpeg2000_boxes *boxes, struct str *ret_type)
{
    struct str head, long_size;
    if (boxes->remaining > 0) {
        if (boxes->file.at + (uint64_t)boxes->remaining >= (uint64_t)1 << 63)
            return IMAGE_NEXT;
        boxes->file.at += (uint64_t)boxes->remaining;
    }
    boxes->remaining = -1;
    enum image_verdict verdict = jpeg2000_read(boxes, 8, &head);
    if (verdict != IMAGE_OPENED)
        return verdict;
    uint64_t size = image_be32(head.data), n_head = 8;
    if (size == 1) {
        verdict = jpeg2000_read(boxes, 8, &long_size);
        if (verdict != IMAGE_OPENED)
            return verdict;
        size = (uint64_t)image_be32(long_size.data) << 32 | image_be32(long_size.data + 4);
        n_head = 16;
    }
    if (size < n_head || size - n_head > INT64_MAX || !jpeg2000_can_read(boxes, size - n_head))
        return IMAGE_NEXT;
    boxes->remaining = (int64_t)(size - n_head);
    *ret_type = (struct str){head.data + 4, 4};
    return IMAGE_OPENED;
}

/* What the header's boxes say. */
struct jpeg2000_header {
    uint32_t n_components;
    int color_space; /* of the box colr: 0 none, or its number plus 1 */
    bool has_size, has_colr;
};

static enum image_verdict jpeg2000_read_ihdr(struct image_file *image, struct jpeg2000_boxes *boxes,
                                             struct jpeg2000_header *header)
{
    struct str box;
    enum image_verdict verdict = jpeg2000_read(boxes, 11, &box);
    if (verdict != IMAGE_OPENED)
        return verdict;
    image->height = image_be32(box.data);
    image->width = image_be32(box.data + 4);
    header->n_components = image_be16(box.data + 8);
    header->has_size = true;
    const char *mode = image_jpeg2000_mode(header->n_components, (box.data[10] & 0x7f) > 8);
    image->mode = mode[0] ? mode : image->mode;
    return IMAGE_OPENED;
}

static enum image_verdict jpeg2000_read_colr(struct image_file *image, struct jpeg2000_boxes *boxes,
                                             struct jpeg2000_header *header)
{
    struct str box;
    enum image_verdict verdict = jpeg2000_read(boxes, 7, &box);
    if (verdict != IMAGE_OPENED)
        return verdict;
    uint32_t space = image_be32(box.data + 3);
    if (!header->has_colr && (box.data[0] == 1 || box.data[0] == 2)) {
        header->has_colr = true; /* the one that OpenJPEG goes by */
        image->raw.bits = box.data[0] == 1 ? space : 0;
    }
    if (box.data[0] != 1)
        return IMAGE_OPENED;
    if (space == 0 || space == 15 || space == 12 || space == 17)
        header->color_space = (int)space + 1;
    if (space == 12 && header->n_components == 4)
        image->mode = "CMYK";
    return IMAGE_OPENED;
}

/* Colours, of which the palette has 256 at most. The next one's place is a third of the palette's bytes, so
 * that those of one band or two stay at the first place, and those of six take two. Where bands and places do
 * not agree, the palette forgets all colours but the last. Rule: ImagePalette.getcolor. */
static enum image_verdict jpeg2000_read_colors(struct image_file *image, struct jpeg2000_boxes *boxes,
                                               uint32_t n, uint32_t n_bands)
{
    struct map colors;
    struct str last = {NULL, 0};
    uint32_t n_places = 0, step = n_bands == 4 ? 1 : n_bands / 3;
    bool forgets = n_bands != 4 && n_bands % 3 != 0;
    if (map_init(image->call, &colors, 256) != SIDETOK_OK)
        return IMAGE_REFUSED;
    for (uint32_t i = 0; i < n; i++) {
        struct str color;
        size_t n_known = colors.n;
        enum image_verdict verdict = jpeg2000_read(boxes, n_bands, &color);
        if (verdict != IMAGE_OPENED)
            return verdict;
        if (map_add(image->call, &colors, color, 0, NULL) != SIDETOK_OK)
            return IMAGE_REFUSED;
        bool is_new = forgets ? !last.data || !str_equal(color, last) : colors.n > n_known;
        if (is_new && n_places >= 256)
            return jpeg2000_refuse(image);
        n_places += is_new ? step : 0;
        last = color;
    }
    return IMAGE_OPENED;
}

/* A palette, where its bands have no more than eight bits. */
static enum image_verdict jpeg2000_read_pclr(struct image_file *image, struct jpeg2000_boxes *boxes)
{
    struct str box, depths;
    enum image_verdict verdict = jpeg2000_read(boxes, 3, &box);
    if (verdict != IMAGE_OPENED)
        return verdict;
    uint32_t n_colors = image_be16(box.data), n_bands = (uint8_t)box.data[2], deepest = 0;
    verdict = jpeg2000_read(boxes, n_bands, &depths);
    for (uint32_t i = 0; verdict == IMAGE_OPENED && i < n_bands; i++)
        deepest = (uint8_t)depths.data[i] > deepest ? (uint8_t)depths.data[i] : deepest;
    if (verdict != IMAGE_OPENED || deepest > 8)
        return verdict;
    image->mode = image_mode_is(image, "L") ? "P" : "PA";
    return jpeg2000_read_colors(image, boxes, n_colors, n_bands);
}

/* A resolution is not used, but its boxes are read up to it. */
static enum image_verdict jpeg2000_read_res(struct jpeg2000_boxes *boxes)
{
    struct str bytes, type, numbers;
    enum image_verdict verdict = jpeg2000_read(boxes, (uint64_t)boxes->remaining, &bytes);
    struct jpeg2000_boxes inner = {{bytes, 0}, true, -1};
    while (verdict == IMAGE_OPENED && jpeg2000_has_next(&inner)) {
        verdict = jpeg2000_next(&inner, &type);
        if (verdict == IMAGE_OPENED && str_equal(type, STR("resc")))
            return jpeg2000_read(&inner, 10, &numbers);
    }
    return verdict;
}

/* The boxes within jp2h. */
static enum image_verdict jpeg2000_read_header(struct image_file *image, struct str bytes)
{
    struct jpeg2000_boxes boxes = {{bytes, 0}, true, -1};
    struct jpeg2000_header header = {0};
    while (jpeg2000_has_next(&boxes)) {
        struct str type;
        enum image_verdict verdict = jpeg2000_next(&boxes, &type);
        if (verdict != IMAGE_OPENED)
            return verdict;
        bool is_gray = image_mode_is(image, "L") || image_mode_is(image, "LA");
        bool takes_palette = header.color_space != 1 && header.color_space != 16 && header.color_space != 18;
        if (str_equal(type, STR("ihdr")))
            verdict = jpeg2000_read_ihdr(image, &boxes, &header);
        else if (str_equal(type, STR("colr")))
            verdict = jpeg2000_read_colr(image, &boxes, &header);
        else if (str_equal(type, STR("pclr")) && is_gray && takes_palette)
            verdict = jpeg2000_read_pclr(image, &boxes);
        else if (str_equal(type, STR("res ")))
            verdict = jpeg2000_read_res(&boxes);
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
    return header.has_size && image->mode[0] ? IMAGE_OPENED : IMAGE_NEXT;
}

/* The boxes up to jp2h, that one, and where the codestream begins right behind it. */
static enum image_verdict jpeg2000_open_boxes(struct image_file *image)
{
    struct jpeg2000_boxes boxes = {{image->bytes, 12}, false, -1};
    struct str type, header, brand;
    do {
        enum image_verdict verdict = jpeg2000_next(&boxes, &type);
        if (verdict == IMAGE_OPENED && str_equal(type, STR("ftyp")))
            verdict = jpeg2000_read(&boxes, 4, &brand);
        if (verdict != IMAGE_OPENED)
            return verdict;
    } while (!str_equal(type, STR("jp2h")));
    enum image_verdict verdict = jpeg2000_read(&boxes, (uint64_t)boxes.remaining, &header);
    if (verdict == IMAGE_OPENED)
        verdict = jpeg2000_read_header(image, header);
    if (verdict != IMAGE_OPENED)
        return verdict;
    struct str next = image_read(&boxes.file, 12);
    if (!str_ends_with(next, STR("jp2c\xff\x4f\xff\x51")))
        return IMAGE_OPENED;
    struct image_file ignored = *image;
    verdict = jpeg2000_read_size(&ignored, &boxes.file);
    image->refusal = ignored.refusal;
    return verdict == IMAGE_OPENED ? jpeg2000_skip_markers(image, &boxes.file) : verdict;
}

static enum image_verdict jpeg2000_open(struct image_file *image)
{
    image->raw.kind = !jpeg2000_is_stream(image->bytes);
    if (image->raw.kind)
        return jpeg2000_open_boxes(image);
    struct image_reader file = {image->bytes, 4};
    enum image_verdict verdict = jpeg2000_read_size(image, &file);
    return verdict == IMAGE_OPENED ? jpeg2000_skip_markers(image, &file) : verdict;
}

static enum sidetok_error jpeg2000_load(struct call *call, struct image_file *image)
{
    return image_jpeg2000_decode(call, image);
}

const struct image_format image_format_jpeg2000 = {"JPEG2000", jpeg2000_accept, jpeg2000_open, jpeg2000_load};
