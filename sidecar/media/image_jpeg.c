#include "image_file.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

/* Rule: PIL.JpegImagePlugin and libImaging/JpegDecode.c of Pillow 13.0.0. EXIF orientation is not applied:
 * the reference does not apply it either. The rows are decoded by libjpeg and forgotten. */

static bool jpeg_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\xff\xd8\xff"));
}

/* Start of frame: 8 bits, 1, 3 or 4 layers. False where Pillow raises. */
static bool jpeg_read_frame(struct image_file *image, struct str segment)
{
    if (segment.size < 6 || segment.data[0] != 8)
        return false;
    uint8_t layers = (uint8_t)segment.data[5];
    image->height = image_be16(segment.data + 1);
    image->width = image_be16(segment.data + 3);
    image->raw.kind = layers;
    return layers == 1 || layers == 3 || layers == 4;
}

/* Baseline, progressive and their lossless and arithmetic kin; C4, C8 and CC are no frames. */
static bool jpeg_is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool jpeg_has_no_segment(uint8_t marker)
{
    return marker == 0x01 || marker == 0xc8 || (marker >= 0xd0 && marker <= 0xd9) ||
           (marker >= 0xf0 && marker <= 0xfd);
}

/* Finds the size: walks markers to the start of scan, skipping what lies between them as Pillow does. */
static bool jpeg_open(struct image_file *image)
{
    struct str bytes = image->bytes;
    size_t at = 2;
    while (at + 1 < bytes.size) {
        uint8_t first = (uint8_t)bytes.data[at], marker = (uint8_t)bytes.data[at + 1];
        if (first != 0xff || marker == 0x00) {
            at += first == 0xff ? 2 : 1;
            continue;
        }
        if (marker == 0xff) {
            at++;
            continue;
        }
        if (marker < 0xc0 && marker != 0x01)
            return false;
        at += 2;
        if (jpeg_has_no_segment(marker))
            continue;
        if (at + 2 > bytes.size)
            return false;
        size_t size = image_be16(bytes.data + at);
        if (size < 2 || size > bytes.size - at)
            return false;
        if (jpeg_is_frame(marker) && !jpeg_read_frame(image, (struct str){bytes.data + at + 2, size - 2}))
            return false;
        if (marker == 0xda)
            return image->raw.kind != 0;
        at += size;
    }
    return false;
}

/* libjpeg ends a call by error_exit; we come back here. Its messages go nowhere. */
struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    jmp_buf escape;
};

static void jpeg_on_error(j_common_ptr jpeg)
{
    struct jpeg_reader *reader = jpeg->client_data;
    longjmp(reader->escape, 1);
}

static void jpeg_on_message(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void jpeg_source_nothing(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

/* The whole file was there from the start: more means that it is truncated, and decoding stops where it
 * stands. */
static boolean jpeg_source_fill(j_decompress_ptr jpeg)
{
    (void)jpeg;
    return FALSE;
}

static void jpeg_source_skip(j_decompress_ptr jpeg, long n)
{
    if (n <= 0)
        return;
    size_t skip = (size_t)n < jpeg->src->bytes_in_buffer ? (size_t)n : jpeg->src->bytes_in_buffer;
    jpeg->src->next_input_byte += skip;
    jpeg->src->bytes_in_buffer -= skip;
}

/* True when every row came out. */
static bool jpeg_read_rows(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (jpeg_read_header(jpeg, TRUE) != JPEG_HEADER_OK || !jpeg_start_decompress(jpeg))
        return false;
    JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE,
                                             jpeg->output_width * (JDIMENSION)jpeg->output_components, 1);
    while (jpeg->output_scanline < jpeg->output_height)
        if (jpeg_read_scanlines(jpeg, row, 1) != 1)
            return false;
    return true;
}

/* Prepares a reader over the whole file; false when libjpeg itself gives up, as it does when memory is out.
 */
static bool jpeg_reader_init(struct jpeg_reader *reader, struct str bytes)
{
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = jpeg_on_error;
    reader->errors.output_message = jpeg_on_message;
    if (setjmp(reader->escape))
        return false;
    reader->jpeg.client_data = reader;
    jpeg_create_decompress(&reader->jpeg);
    reader->jpeg.mem->max_memory_to_use = 512L << 20; /* a progressive image keeps its coefficients */
    reader->source =
        (struct jpeg_source_mgr){(const JOCTET *)bytes.data, bytes.size,       jpeg_source_nothing,
                                 jpeg_source_fill,           jpeg_source_skip, jpeg_resync_to_restart,
                                 jpeg_source_nothing};
    reader->jpeg.src = &reader->source;
    return true;
}

enum jpeg_outcome { JPEG_WHOLE, JPEG_CUT, JPEG_BROKEN };

static enum jpeg_outcome jpeg_read(struct jpeg_reader *reader)
{
    if (setjmp(reader->escape))
        return JPEG_BROKEN;
    return jpeg_read_rows(reader) ? JPEG_WHOLE : JPEG_CUT;
}

static enum sidetok_error jpeg_load(struct call *call, struct image_file *image)
{
    struct jpeg_reader *reader = call_alloc_array(call, 1, sizeof *reader);
    if (!reader)
        return SIDETOK_E_NO_MEMORY;
    enum jpeg_outcome outcome = jpeg_reader_init(reader, image->bytes) ? jpeg_read(reader) : JPEG_BROKEN;
    size_t n_left = reader->source.bytes_in_buffer;
    jpeg_destroy_decompress(&reader->jpeg);
    if (outcome == JPEG_BROKEN)
        return image_broken_stream(call);
    return outcome == JPEG_WHOLE ? SIDETOK_OK : image_truncated_at(call, n_left);
}

const struct image_format image_format_jpeg = {"JPEG", jpeg_accept, jpeg_open, jpeg_load};
