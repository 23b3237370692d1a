#include "image_file.h"

#include <math.h>

/* Rule: PIL.SpiderImagePlugin of Pillow 13.0.0. The header is a row of floating point numbers, of either byte
 * order, without any magic. */

enum { SPIDER_NUMBERS = 27 };

static void spider_read(struct str bytes, bool big_endian, double ret_h[SPIDER_NUMBERS + 1])
{
    ret_h[0] = 99;
    for (int i = 0; i < SPIDER_NUMBERS; i++) {
        uint32_t word = big_endian ? image_be32(bytes.data + 4 * i) : image_le32(bytes.data + 4 * i);
        float number;
        memcpy(&number, &word, sizeof number);
        ret_h[i + 1] = (double)number;
    }
}

/* Bytes of the header; 0 when it is none. Rule: isSpiderHeader. */
static double spider_header_bytes(const double h[SPIDER_NUMBERS + 1])
{
    static const int integers[] = {1, 2, 5, 12, 13, 22, 23};
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        if (!isfinite(h[integers[i]]) || trunc(h[integers[i]]) != h[integers[i]])
            return 0;
    double kind = h[5];
    if (kind != 1 && kind != 3 && kind != -11 && kind != -12 && kind != -21 && kind != -22)
        return 0;
    return h[22] == h[13] * h[23] ? h[22] : 0;
}

static int64_t spider_integer(double number)
{
    double limit = (double)((int64_t)1 << 40);
    return (int64_t)(number > limit ? limit : number < -limit ? -limit : number);
}

static enum image_verdict spider_open(struct image_file *image)
{
    double h[SPIDER_NUMBERS + 1];
    if (image->bytes.size < 4 * SPIDER_NUMBERS)
        return IMAGE_NEXT;
    spider_read(image->bytes, true, h);
    double head = spider_header_bytes(h);
    if (head == 0) {
        spider_read(image->bytes, false, h);
        head = spider_header_bytes(h);
    }
    if (head == 0 || h[5] != 1)
        return IMAGE_NEXT;
    image->width = spider_integer(h[12]);
    image->height = spider_integer(h[2]);
    if (!isfinite(h[24]) || !isfinite(h[27]))
        return IMAGE_REFUSED;
    double stack = trunc(h[24]), number = trunc(h[27]);
    if (stack == 0 && number > 0)
        return IMAGE_REFUSED; /* an attribute that only seek() sets */
    if (stack < 0 || number != 0)
        return IMAGE_NEXT;
    if (stack > 0 && !isfinite(h[26]))
        return IMAGE_REFUSED;
    image->mode = "F";
    return image_one_tile(image, image_codec_raw, spider_integer(stack > 0 ? 2 * head : head), 32);
}

const struct image_format image_format_spider = {"SPIDER", NULL, spider_open, NULL};
