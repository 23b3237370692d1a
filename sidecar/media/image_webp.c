#include "image_file.h"

#include <webp/decode.h>
#include <webp/demux.h>

/* Rule: PIL.WebPImagePlugin of Pillow 13.0.0, which decodes the first frame by libwebp's animation decoder.
 */

static bool webp_accept(struct str bytes)
{
    return bytes.size >= 16 && memcmp(bytes.data, "RIFF", 4) == 0 &&
           memcmp(bytes.data + 8, "WEBPVP8", 7) == 0;
}

static enum image_verdict webp_open(struct image_file *image)
{
    WebPData data = {(const uint8_t *)image->bytes.data, image->bytes.size};
    WebPDemuxer *demux = WebPDemux(&data);
    if (!demux)
        return IMAGE_REFUSED;
    image->mode = "RGBA";
    image->width = WebPDemuxGetI(demux, WEBP_FF_CANVAS_WIDTH);
    image->height = WebPDemuxGetI(demux, WEBP_FF_CANVAS_HEIGHT);
    WebPDemuxDelete(demux);
    return IMAGE_OPENED;
}

/* Decodes the first frame; its pixels are freed at once. At most 16,383 pixels a side. */
static enum sidetok_error webp_load(struct call *call, struct image_file *image)
{
    WebPData data = {(const uint8_t *)image->bytes.data, image->bytes.size};
    WebPDemuxer *demux = WebPDemux(&data);
    WebPIterator frame;
    if (!demux)
        return failure_no_memory(call);
    bool found = WebPDemuxGetFrame(demux, 1, &frame);
    int width, height;
    uint8_t *pixels =
        found ? WebPDecodeRGBA(frame.fragment.bytes, frame.fragment.size, &width, &height) : NULL;
    if (found)
        WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demux);
    if (!pixels)
        return failure_set_str(call, SIDETOK_E_OS, STR("failed to read next frame"));
    WebPFree(pixels);
    return SIDETOK_OK;
}

const struct image_format image_format_webp = {"WebP", webp_accept, webp_open, webp_load};
