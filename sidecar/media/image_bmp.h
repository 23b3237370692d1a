#ifndef SIDETOK_MEDIA_IMAGE_BMP_H
#define SIDETOK_MEDIA_IMAGE_BMP_H

#include "image_file.h"

/**
 * Reads the bitmap header at offset `at` and adds the one tile. pixels: where the pixels are said to begin, 0
 * where the file has no head that says so. Rule: BmpImageFile._bitmap.
 */
enum image_verdict image_bmp_read(struct image_file *image, uint64_t at, uint64_t pixels);

#endif
