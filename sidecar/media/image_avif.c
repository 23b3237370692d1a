#include "image_file.h"

#include <avif/avif.h>
#include <stdlib.h>

/* Rule: PIL.AvifImagePlugin and _avif.c of Pillow 13.0.0: the first frame, by libavif. */

enum {
    AVIF_MAX_BYTES = 1 << 30
}; /* at 16 a pixel: planes of up to 12 bits, decoded and kept for reference, and RGBA */

static bool avif_accept(struct str bytes)
{
    static const char *const brands[] = {"avif", "avis", "mif1", "msf1"};
    if (bytes.size < 12 || memcmp(bytes.data + 4, "ftyp", 4) != 0)
        return false;
    for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++)
        if (memcmp(bytes.data + 8, brands[i], 4) == 0)
            return true;
    return false;
}

static avifDecoder *avif_start(const struct image_file *image, avifResult *ret_result)
{
    avifDecoder *decoder = avifDecoderCreate();
    if (!decoder)
        return NULL;
    decoder->maxThreads = 1;
    decoder->strictFlags &= ~(avifStrictFlags)(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);
    *ret_result = avifDecoderSetIOMemory(decoder, (const uint8_t *)image->bytes.data, image->bytes.size);
    if (*ret_result == AVIF_RESULT_OK)
        *ret_result = avifDecoderParse(decoder);
    return decoder;
}

/* Rule: exc_type_for_avif_result. */
static enum sidetok_error avif_exception(avifResult result)
{
    switch (result) {
    case AVIF_RESULT_INVALID_EXIF_PAYLOAD:
    case AVIF_RESULT_INVALID_CODEC_SPECIFIC_OPTION:
        return SIDETOK_E_VALUE;
    case AVIF_RESULT_INVALID_FTYP:
    case AVIF_RESULT_BMFF_PARSE_FAILED:
    case AVIF_RESULT_TRUNCATED_DATA:
    case AVIF_RESULT_NO_CONTENT:
        return SIDETOK_E_SYNTAX;
    default:
        return SIDETOK_E_RUNTIME;
    }
}

static enum image_verdict avif_open(struct image_file *image)
{
    avifResult result = AVIF_RESULT_OK;
    avifDecoder *decoder = avif_start(image, &result);
    if (!decoder)
        return IMAGE_REFUSED;
    if (result == AVIF_RESULT_OK) {
        image->width = decoder->image->width;
        image->height = decoder->image->height;
        image->mode = decoder->alphaPresent ? "RGBA" : "RGB";
    }
    avifDecoderDestroy(decoder);
    if (result == AVIF_RESULT_OK)
        return IMAGE_OPENED;
    return avif_exception(result) == SIDETOK_E_SYNTAX ? IMAGE_NEXT : IMAGE_REFUSED;
}

/* The conversion may fail where the decoding did not. */
static avifResult avif_convert(const avifDecoder *decoder)
{
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, decoder->image);
    rgb.depth = 8;
    rgb.format = decoder->alphaPresent ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.rowBytes = rgb.width * (decoder->alphaPresent ? 4 : 3);
    rgb.pixels = malloc((size_t)rgb.rowBytes * rgb.height);
    if (!rgb.pixels)
        return AVIF_RESULT_OUT_OF_MEMORY;
    avifResult result = avifImageYUVToRGB(decoder->image, &rgb);
    free(rgb.pixels);
    return result;
}

static enum sidetok_error avif_load(struct call *call, struct image_file *image)
{
    avifResult result = AVIF_RESULT_OK;
    if (image->width * image->height * 16 > AVIF_MAX_BYTES)
        return failure_set_str(call, SIDETOK_E_NOT_SUPPORTED,
                               STR("this AVIF image would take too much memory to decode: hand its size over "
                                   "instead, as \"sidetok:image/WIDTHxHEIGHT\""));
    avifDecoder *decoder = avif_start(image, &result);
    if (!decoder)
        return failure_no_memory(call);
    const char *step = "Failed to decode frame 0";
    if (result == AVIF_RESULT_OK)
        result = avifDecoderNthImage(decoder, 0);
    if (result == AVIF_RESULT_OK) {
        step = "Conversion from YUV failed";
        result = avif_convert(decoder);
    }
    avifDecoderDestroy(decoder);
    if (result == AVIF_RESULT_OUT_OF_MEMORY)
        return failure_no_memory(call);
    return result == AVIF_RESULT_OK
               ? SIDETOK_OK
               : failure_set(call, avif_exception(result), "%s: %s", step, avifResultToString(result));
}

const struct image_format image_format_avif = {"AVIF", avif_accept, avif_open, avif_load};
