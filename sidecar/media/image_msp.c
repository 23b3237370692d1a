#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.MspImagePlugin of Pillow 13.0.0. */

static image_codec msp_codec;

static bool msp_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("DanM")) || str_starts_with(bytes, STR("LinS"));
}

static enum image_verdict msp_open(struct image_file *image)
{
    const char *p = image->bytes.data;
    uint32_t checksum = 0;
    if (image->bytes.size < 32)
        return IMAGE_NEXT;
    for (int i = 0; i < 32; i += 2)
        checksum ^= image_le16(p + i);
    if (checksum)
        return IMAGE_NEXT;
    image->mode = "1";
    image->width = image_le16(p + 4);
    image->height = image_le16(p + 6);
    return image_one_tile(image, p[0] == 'D' ? image_codec_raw : msp_codec, 32, 1);
}

/* Bytes that a row's runs unpack to; -1 for a run without its count and value. A row holds as many bytes as
 * the picture has columns at most: Pillow counts pixels there. */
static int64_t msp_unpack(struct str row, int64_t width)
{
    int64_t n = 0;
    size_t at = 0;
    while (at < row.size) {
        uint8_t kind = (uint8_t)row.data[at++];
        if (kind == 0 && row.size - at < 2)
            return -1;
        int64_t count = kind ? kind : (uint8_t)row.data[at];
        count = count < width - n ? count : width - n;
        size_t left = row.size - at;
        n += kind && (uint64_t)count > left ? (int64_t)left : count;
        at += kind ? (size_t)count : 2;
    }
    return n;
}

/* A map of the rows' lengths, then the rows; one of length 0 is blank. */
static enum sidetok_error msp_codec(struct call *call, const struct image_file *image,
                                    const struct image_tile *tile, struct str data, int *ret_status)
{
    (void)image, (void)ret_status;
    int64_t line = (tile->x1 + 7) / 8, n = 0;
    struct image_reader file = {data, 0};
    struct str map = image_read(&file, 2 * (uint64_t)tile->y1);
    if (map.size < 2 * (uint64_t)tile->y1)
        return failure_set_str(call, SIDETOK_E_OS, STR("Truncated MSP file in row map"));
    for (int64_t y = 0; y < tile->y1; y++) {
        uint32_t length = image_le16(map.data + 2 * y);
        struct str row = image_read(&file, length);
        if (row.size < length)
            return failure_set(call, SIDETOK_E_OS, "Truncated MSP file, expected %u bytes on row %lld",
                               length, (long long)y);
        int64_t unpacked = length ? msp_unpack(row, tile->x1) : line;
        if (unpacked < 0)
            return failure_set(call, SIDETOK_E_OS, "Corrupted MSP file in row %lld", (long long)y);
        n += unpacked;
    }
    return n >= line * tile->y1 ? SIDETOK_OK : image_not_enough(call);
}

const struct image_format image_format_msp = {"MSP", msp_accept, msp_open, NULL};
