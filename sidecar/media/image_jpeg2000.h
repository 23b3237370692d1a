#ifndef SIDETOK_MEDIA_IMAGE_JPEG2000_H
#define SIDETOK_MEDIA_IMAGE_JPEG2000_H

#include "image_file.h"

/** How Pillow names the pixels of a picture of as many components; "" for a number it does not know. */
const char *image_jpeg2000_mode(uint32_t n_components, bool is_deep);

/** Decodes by OpenJPEG. SIDETOK_E_NOT_SUPPORTED where this was built without it, or it would take more than a
 * gibibyte. */
enum sidetok_error image_jpeg2000_decode(struct call *call, const struct image_file *image);

#endif
