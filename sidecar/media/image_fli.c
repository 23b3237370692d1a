#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.FliImagePlugin and libImaging/FliDecode.c of Pillow 13.0.0: the first frame. */

enum { FLI_HEAD = 128, FLI_PREFIX = 0xf100, FLI_FRAME = 0xf1fa };

static image_codec fli_codec;

static bool fli_accept(struct str bytes)
{
    if (bytes.size < 16)
        return false;
    uint32_t magic = image_le16(bytes.data + 4), flags = image_le16(bytes.data + 14);
    return (magic == 0xaf11 || magic == 0xaf12) && (flags == 0 || flags == 3);
}

static bool fli_is_zero(const char *p, size_t size)
{
    while (size && *p == 0)
        p++, size--;
    return size == 0;
}

/* A palette's packets: colours to leave out, a count, the colours. Rule: FliImageFile._palette. */
static enum image_verdict fli_read_palette(struct image_reader *file, uint32_t shift)
{
    struct str count = image_read(file, 2);
    if (count.size < 2)
        return IMAGE_NEXT;
    uint32_t n_packets = image_le16(count.data), i = 0;
    for (; n_packets > 0; n_packets--) {
        struct str head = image_read(file, 2);
        if (head.size < 2)
            return IMAGE_NEXT;
        uint32_t n = (uint8_t)head.data[1] ? (uint8_t)head.data[1] : 256;
        i += (uint8_t)head.data[0];
        if (i + n > 256)
            return IMAGE_REFUSED;
        struct str colors = image_read(file, 3 * n);
        for (size_t at = 0; at < colors.size; at++)
            if ((uint32_t)(uint8_t)colors.data[at] << shift > 255 && at / 3 * 3 + 3 <= colors.size)
                return IMAGE_REFUSED;
        if (colors.size % 3)
            return IMAGE_NEXT;
        i += n;
    }
    return IMAGE_OPENED;
}

/* The frame's parts up to its palette. */
static enum image_verdict fli_find_palette(struct image_reader *file, uint32_t n_parts)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < n_parts; i++) {
        if (i > 0)
            file->at = file->at + size < 6 ? 0 : file->at + size - 6;
        struct str head = image_read(file, 6);
        if (head.size < 6)
            return IMAGE_NEXT;
        uint32_t kind = image_le16(head.data + 4);
        if (kind == 4 || kind == 11)
            return fli_read_palette(file, kind == 11 ? 2 : 0);
        size = image_le32(head.data);
        if (!size)
            break;
    }
    return IMAGE_OPENED;
}

static enum image_verdict fli_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, FLI_HEAD};
    const char *p = image->bytes.data;
    if (image->bytes.size < FLI_HEAD || !fli_is_zero(p + 20, 2) || !fli_is_zero(p + 42, 38) ||
        !fli_is_zero(p + 88, 40))
        return IMAGE_NEXT;
    image->mode = "P";
    image->width = image_le16(p + 8);
    image->height = image_le16(p + 10);
    struct str head = image_read(&file, 16);
    if (head.size >= 6 && image_le16(head.data + 4) == FLI_PREFIX) {
        file.at = FLI_HEAD + (uint64_t)image_le32(head.data);
        head = image_read(&file, 16);
    }
    if (head.size < 6)
        return IMAGE_NEXT;
    if (image_le16(head.data + 4) == FLI_FRAME) {
        if (head.size < 8)
            return IMAGE_NEXT;
        enum image_verdict verdict = fli_find_palette(&file, image_le16(head.data + 6));
        if (verdict != IMAGE_OPENED)
            return verdict;
    }
    bool has_frame = image_le16(p + 6) > 0 && image->bytes.size >= FLI_HEAD + 4;
    return has_frame ? image_one_tile(image, fli_codec, FLI_HEAD, 8) : IMAGE_NEXT;
}

/* What a part of a frame does to the decoding. */
enum fli_part { FLI_DONE, FLI_OVERRUN, FLI_UNKNOWN, FLI_BROKEN, FLI_WAIT };

/* Where a part is read: the frame's bytes, and the picture's size. */
struct fli_reader {
    struct str frame;
    size_t at;
    int64_t width, height;
};

static bool fli_has(const struct fli_reader *reader, size_t size)
{
    return reader->at <= reader->frame.size && size <= reader->frame.size - reader->at;
}

static uint32_t fli_byte(const struct fli_reader *reader, size_t offset)
{
    return (uint8_t)reader->frame.data[reader->at + offset];
}

/* The packets of one row of words; false beyond the data, done is false where the row's width is left. */
static bool fli_row_of_words(struct fli_reader *reader, uint32_t n_packets, bool *ret_done)
{
    int64_t x = 0;
    *ret_done = false;
    for (uint32_t i = 0; i < n_packets; i++) {
        if (!fli_has(reader, 2))
            return false;
        uint32_t code = fli_byte(reader, 1);
        bool is_run = code >= 128;
        int64_t n = 2 * (is_run ? 256 - code : code);
        x += fli_byte(reader, 0);
        if (is_run && !fli_has(reader, 4))
            return false;
        if (x + n > reader->width)
            return true;
        size_t n_bytes = 2 + (is_run ? 2 : (size_t)n);
        if (!fli_has(reader, n_bytes))
            return false;
        reader->at += n_bytes;
        x += n;
    }
    *ret_done = true;
    return true;
}

/* Differences in words. */
static enum fli_part fli_words(struct fli_reader *reader)
{
    uint32_t n_lines = image_le16(reader->frame.data + reader->at), line = 0;
    bool done = true;
    reader->at += 2;
    for (int64_t y = 0; done && line < n_lines && y < reader->height; y++) {
        uint32_t packets;
        for (;;) {
            if (!fli_has(reader, 2))
                return FLI_OVERRUN;
            packets = image_le16(reader->frame.data + reader->at);
            reader->at += 2;
            if (!(packets & 0x8000))
                break;
            y += packets & 0x4000 ? 65536 - (int64_t)packets : 0;
            if (y >= reader->height)
                return FLI_OVERRUN;
        }
        if (!fli_row_of_words(reader, packets, &done))
            return FLI_OVERRUN;
        line += done;
    }
    return line < n_lines ? FLI_OVERRUN : FLI_DONE;
}

/* The packets of one row of bytes; false beyond the data or the width. */
static bool fli_row_of_bytes(struct fli_reader *reader)
{
    if (!fli_has(reader, 1))
        return false;
    uint32_t n_packets = fli_byte(reader, 0);
    int64_t x = 0;
    reader->at++;
    for (; n_packets > 0; n_packets--) {
        if (!fli_has(reader, 2))
            return false;
        uint32_t code = fli_byte(reader, 1);
        int64_t n = code & 0x80 ? 256 - code : code;
        x += fli_byte(reader, 0);
        size_t n_bytes = code & 0x80 ? 3 : 2 + (size_t)n;
        if (x + n > reader->width || !fli_has(reader, n_bytes))
            return false;
        reader->at += n_bytes;
        x += n;
    }
    return true;
}

/* Differences in bytes. */
static enum fli_part fli_bytes(struct fli_reader *reader)
{
    int64_t y = image_le16(reader->frame.data + reader->at);
    int64_t end = y + image_le16(reader->frame.data + reader->at + 2);
    reader->at += 4;
    for (; y < end; y++)
        if (y >= reader->height || !fli_row_of_bytes(reader))
            return FLI_OVERRUN;
    return FLI_DONE;
}

/* A whole picture in runs. */
static enum fli_part fli_runs(struct fli_reader *reader)
{
    for (int64_t y = 0; y < reader->height; y++) {
        reader->at++; /* a count of packets that nobody needs */
        for (int64_t x = 0, n; x < reader->width; x += n) {
            if (!fli_has(reader, 2))
                return FLI_OVERRUN;
            uint32_t code = fli_byte(reader, 0);
            n = code & 0x80 ? 256 - code : code;
            size_t n_bytes = code & 0x80 ? (size_t)n + 1 : 2;
            if (x + n > reader->width || !fli_has(reader, n_bytes))
                return FLI_OVERRUN;
            reader->at += n_bytes;
        }
    }
    return FLI_DONE;
}

static enum fli_part fli_part(struct fli_reader *reader, uint32_t kind)
{
    switch (kind) {
    case 4:
    case 11:
    case 13:
    case 18:
        return FLI_DONE;
    case 7:
        return fli_words(reader);
    case 12:
        return fli_bytes(reader);
    case 15:
        return fli_runs(reader);
    case 16:
        return fli_has(reader, (size_t)(reader->width * reader->height)) ? FLI_DONE : FLI_WAIT;
    default:
        return FLI_UNKNOWN;
    }
}

/* The parts of the frame that begins at `at`; FLI_WAIT: *ret_at is where the decoder asks for more. */
static enum fli_part fli_frame(const struct image_tile *tile, struct str data, size_t at, size_t *ret_at)
{
    uint32_t n_parts = image_le16(data.data + at + 6);
    at += 16;
    for (uint32_t i = 0; i < n_parts; i++) {
        struct fli_reader reader = {data, at + 6, tile->x1, tile->y1};
        if (at > data.size || data.size - at < 10)
            return FLI_OVERRUN;
        *ret_at = at;
        enum fli_part part = fli_part(&reader, image_le16(data.data + at + 4));
        if (part != FLI_DONE)
            return part;
        uint32_t advance = image_le32(data.data + at);
        if (advance == 0 || advance > data.size - at)
            return advance ? FLI_OVERRUN : FLI_BROKEN;
        at += advance;
    }
    return FLI_DONE;
}

/* The data comes in pieces as long as the frame says; a frame that lacks pixels waits for another piece,
 * which is then taken for a frame. */
static enum sidetok_error fli_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    static const int statuses[] = {0, IMAGE_OVERRUN, IMAGE_UNKNOWN, IMAGE_BROKEN};
    (void)image;
    uint64_t piece = image_le32(data.data); /* which was there at open */
    size_t begin = 0, end = 0;
    for (;;) {
        if (end == data.size || piece == 0)
            return image_truncated_at(call, end - begin);
        end = data.size - end < piece ? data.size : end + (size_t)piece;
        size_t held = end - begin;
        struct str seen = {data.data, end};
        if (held < 4 || held + held % 2 < image_le32(data.data + begin))
            continue;
        enum fli_part part = held < 8 ? FLI_OVERRUN
                             : image_le16(data.data + begin + 4) != FLI_FRAME
                                 ? FLI_UNKNOWN
                                 : fli_frame(tile, seen, begin, &begin);
        if (part == FLI_WAIT)
            continue;
        *ret_status = statuses[part];
        return SIDETOK_OK;
    }
}

const struct image_format image_format_fli = {"FLI", fli_accept, fli_open, NULL};
