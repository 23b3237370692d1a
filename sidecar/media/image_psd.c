#include "image_file.h"
#include "image_reader.h"

/* Rule: PIL.PsdImagePlugin of Pillow 13.0.0: the merged picture, not its layers. */

static bool psd_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("8BPS"));
}

/* Photoshop's mode and bits, Pillow's mode and its channels. */
static const struct {
    uint8_t mode, bits, channels;
    char name[5];
} psd_modes[] = {{0, 1, 1, "1"}, {0, 8, 1, "L"}, {1, 8, 1, "L"},    {2, 8, 1, "P"},  {3, 8, 3, "RGB"},
                 {7, 8, 1, "L"}, {8, 8, 1, "L"}, {4, 8, 4, "CMYK"}, {9, 8, 3, "LAB"}};

static enum image_verdict psd_read_mode(struct image_file *image, const char *head, uint32_t *ret_channels)
{
    uint32_t n_channels = image_be16(head + 12), bits = image_be16(head + 22), mode = image_be16(head + 24);
    for (size_t i = 0; i < sizeof psd_modes / sizeof psd_modes[0]; i++) {
        if (psd_modes[i].mode != mode || psd_modes[i].bits != bits)
            continue;
        bool has_alpha = mode == 3 && n_channels == 4;
        image->mode = has_alpha ? "RGBA" : psd_modes[i].name;
        *ret_channels = has_alpha ? 4 : psd_modes[i].channels;
        return psd_modes[i].channels > n_channels ? IMAGE_REFUSED : IMAGE_OPENED;
    }
    return IMAGE_NEXT;
}

/* The length in front of a section; false at the end of the file. */
static bool psd_read_length(struct image_reader *file, uint32_t *ret_length)
{
    struct str length = image_read(file, 4);
    *ret_length = length.size == 4 ? image_be32(length.data) : 0;
    return length.size == 4;
}

/* A signature, a number, a name and data, both padded to even lengths. */
static bool psd_skip_resource(struct image_reader *file)
{
    uint32_t length;
    image_read(file, 4);
    if (image_read(file, 2).size < 2)
        return false;
    struct str name_length = image_read(file, 1);
    if (name_length.size == 0)
        return false;
    if (image_read(file, (uint8_t)name_length.data[0]).size % 2 == 0)
        image_read(file, 1);
    if (!psd_read_length(file, &length))
        return false;
    if (image_read(file, length).size % 2)
        image_read(file, 1);
    return true;
}

/* Palette, resources, layers: what stands before the picture. */
static bool psd_skip_sections(struct image_file *image, struct image_reader *file)
{
    uint32_t length;
    if (!psd_read_length(file, &length))
        return false;
    struct str palette = image_read(file, length);
    if (image_mode_is(image, "P") && length == 768) {
        image->palette.given = true;
        image->palette.bits = 24;
        image->palette.size = palette.size;
    }
    if (!psd_read_length(file, &length))
        return false;
    for (uint64_t end = file->at + length; file->at < end;)
        if (!psd_skip_resource(file))
            return false;
    if (!psd_read_length(file, &length))
        return false;
    if (length == 0)
        return true;
    uint64_t end = file->at + length;
    if (!psd_read_length(file, &length))
        return false;
    file->at = end;
    return true;
}

/* One tile a channel: plain rows, or packed ones, whose lengths stand in front. */
static enum image_verdict psd_add_tiles(struct image_file *image, struct image_reader *file,
                                        uint32_t channels)
{
    struct str kind = image_read(file, 2);
    if (kind.size < 2)
        return IMAGE_NEXT;
    uint32_t compression = image_be16(kind.data);
    uint64_t n_rows = (uint64_t)image->height, map_size = 2 * n_rows * channels;
    if (compression == 1 && !image_has(file, map_size))
        return IMAGE_REFUSED;
    struct str map = image_read(file, compression == 1 ? map_size : 0);
    int64_t offset = (int64_t)file->at;
    if (image_is_bomb(image->width, image->height))
        return IMAGE_REFUSED;
    for (uint32_t channel = 0; compression <= 1 && channel < channels; channel++) {
        struct image_tile *tile = image_add_tile(image, compression ? image_codec_packbits : image_codec_raw,
                                                 offset, image_mode_is(image, "1") ? 1 : 8);
        if (!tile)
            return IMAGE_REFUSED;
        tile->arg = channel;
        offset += compression ? 0 : image->width * image->height;
        for (uint64_t y = 0; compression && y < n_rows; y++)
            offset += image_be16(map.data + 2 * (channel * n_rows + y));
    }
    return IMAGE_OPENED;
}

static enum image_verdict psd_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 26};
    uint32_t channels;
    if (image->bytes.size < 26 || image_be16(image->bytes.data + 4) != 1)
        return IMAGE_NEXT;
    image->height = image_be32(image->bytes.data + 14);
    image->width = image_be32(image->bytes.data + 18);
    enum image_verdict verdict = psd_read_mode(image, image->bytes.data, &channels);
    if (verdict != IMAGE_OPENED)
        return verdict;
    return psd_skip_sections(image, &file) ? psd_add_tiles(image, &file, channels) : IMAGE_NEXT;
}

const struct image_format image_format_psd = {"PSD", psd_accept, psd_open, NULL};
