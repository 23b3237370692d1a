#include "image_file.h"
#include "image_reader.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

/* Rule: PIL.JpegImagePlugin and libImaging/JpegDecode.c of Pillow 13.0.0. EXIF orientation is not applied:
 * the reference does not apply it either. The rows are decoded by libjpeg and forgotten. */

static bool jpeg_accept(struct str bytes)
{
    return str_starts_with(bytes, STR("\xff\xd8\xff"));
}

/* Start of frame: 8 bits, 1, 3 or 4 layers, three bytes for each. */
static bool jpeg_read_frame(struct image_file *image, struct str segment)
{
    if (segment.size < 6 || segment.data[0] != 8 || segment.size % 3 != 0)
        return false;
    uint8_t layers = (uint8_t)segment.data[5];
    image->height = image_be16(segment.data + 1);
    image->width = image_be16(segment.data + 3);
    image->mode = layers == 1 ? "L" : layers == 3 ? "RGB" : "CMYK";
    return layers == 1 || layers == 3 || layers == 4;
}

/* Baseline, progressive and their lossless and arithmetic kin, and DHP; C4, C8 and CC are no frames. */
static bool jpeg_is_frame(uint8_t marker)
{
    return (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) ||
           marker == 0xde;
}

static bool jpeg_has_no_segment(uint8_t marker)
{
    return marker == 0xc8 || (marker >= 0xd0 && marker <= 0xd9) || (marker >= 0xf0 && marker <= 0xfd);
}

/* Tables of 64 numbers of one byte or two, each behind a byte that says which. */
static bool jpeg_check_quantization(struct str segment)
{
    while (segment.size) {
        size_t size = 1 + ((uint8_t)segment.data[0] < 16 ? 64 : 128);
        if (segment.size < size)
            return false;
        segment = str_from_offset(segment, size);
    }
    return true;
}

/* Photoshop's blocks: a cut one passes, but for the length of its name. Rule: APP. */
static bool jpeg_check_photoshop(struct str segment)
{
    size_t at = 14;
    while (at + 4 <= segment.size && memcmp(segment.data + at, "8BIM", 4) == 0) {
        at += 4;
        if (segment.size - at < 2)
            return true;
        at += 2;
        if (at >= segment.size)
            return false;
        at += 1 + (size_t)(uint8_t)segment.data[at];
        at += at & 1;
        if (at + 4 > segment.size)
            return true;
        uint64_t next = at + 4 + (uint64_t)image_be32(segment.data + at);
        next += next & 1;
        if (next >= segment.size)
            return true;
        at = (size_t)next;
    }
    return true;
}

/* The fields of application segments that Pillow reads. ret_icc: the least profile part so far. */
static bool jpeg_check_application(uint8_t marker, struct str segment, struct str *ret_icc)
{
    if (marker == 0xe0 && str_starts_with(segment, STR("JFIF")))
        return segment.size >= 7;
    if (marker == 0xee && str_starts_with(segment, STR("Adobe")))
        return segment.size >= 7;
    if (marker == 0xed && str_starts_with(segment, STR("Photoshop 3.0\0")))
        return jpeg_check_photoshop(segment);
    bool is_icc = marker == 0xe2 && str_starts_with(segment, STR("ICC_PROFILE\0"));
    if (is_icc && (!ret_icc->data || str_compare(segment, *ret_icc) < 0))
        *ret_icc = segment;
    return true;
}

/* One segment behind its marker. A length below two is a segment without data. */
static enum image_verdict jpeg_read_segment(struct image_file *image, struct image_reader *file,
                                            uint8_t marker, struct str *icc)
{
    if (!image_has(file, 2))
        return IMAGE_NEXT;
    uint32_t size = image_be16(image_read(file, 2).data);
    size = size > 2 ? size - 2 : 0;
    if (!image_has(file, size))
        return IMAGE_REFUSED;
    struct str segment = image_read(file, size);
    bool is_right = true;
    if (jpeg_is_frame(marker)) {
        is_right = jpeg_read_frame(image, segment) && (!icc->data || icc->size >= 14);
        *icc = (struct str){NULL, 0};
    } else if (marker == 0xdb) {
        is_right = jpeg_check_quantization(segment);
    } else if (marker >= 0xe0 && marker <= 0xef) {
        is_right = jpeg_check_application(marker, segment, icc);
    }
    return is_right ? IMAGE_OPENED : IMAGE_NEXT;
}

/* Finds the size: walks markers to the start of scan, skipping what lies between them as Pillow does. A file
 * that ends before is an image all the same, which cannot be loaded. */
static enum image_verdict jpeg_open(struct image_file *image)
{
    struct image_reader file = {image->bytes, 2};
    struct str icc = {NULL, 0};
    for (;;) {
        struct str pair = image_rest(image->bytes, file.at);
        if (pair.size < 2)
            return IMAGE_OPENED;
        uint8_t first = (uint8_t)pair.data[0], marker = (uint8_t)pair.data[1];
        bool is_marker = first == 0xff && marker >= 0xc0 && marker != 0xff;
        if (first == 0xff && marker > 0 && marker < 0xc0)
            return IMAGE_NEXT;
        file.at += is_marker || (first == 0xff && marker == 0) ? 2 : 1;
        if (first == 0xff && marker == 0) /* Pillow reads one more, and then looks for 0xff */
            continue;
        if (!is_marker || jpeg_has_no_segment(marker))
            continue;
        enum image_verdict verdict = jpeg_read_segment(image, &file, marker, &icc);
        image->raw.kind = verdict == IMAGE_OPENED && marker == 0xda;
        if (verdict != IMAGE_OPENED || image->raw.kind)
            return verdict;
    }
}

enum { JPEG_BLOCK = 65536 }; /* PIL.ImageFile.MAXBLOCK */

/* libjpeg ends a call by error_exit; we come back here. Its messages go nowhere. */
struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    size_t skip;     /* bytes that libjpeg wants to leave out, beyond what it has */
    size_t n_unread; /* bytes of the file behind what it has */
    JDIMENSION n_rows;
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

/* Pillow hands the file over in blocks: what libjpeg has is all there is, until it has come to a halt. */
static boolean jpeg_source_fill(j_decompress_ptr jpeg)
{
    (void)jpeg;
    return FALSE;
}

static void jpeg_source_skip(j_decompress_ptr jpeg, long n)
{
    struct jpeg_reader *reader = jpeg->client_data;
    if (n <= 0)
        return;
    size_t skip = (size_t)n < jpeg->src->bytes_in_buffer ? (size_t)n : jpeg->src->bytes_in_buffer;
    jpeg->src->next_input_byte += skip;
    jpeg->src->bytes_in_buffer -= skip;
    reader->skip = (size_t)n - skip;
}

/* The next block; false at the end of the file. */
static bool jpeg_source_grow(struct jpeg_reader *reader)
{
    size_t size = reader->n_unread < JPEG_BLOCK ? reader->n_unread : JPEG_BLOCK;
    reader->source.bytes_in_buffer += size;
    reader->n_unread -= size;
    if (reader->skip)
        jpeg_source_skip(&reader->jpeg, (long)reader->skip);
    return size > 0;
}

enum jpeg_step { JPEG_HEADER, JPEG_START, JPEG_ROWS };

/* Goes on as far as the data does; true when every row came out. What fails behind the last row fails the
 * image, what is missing there does not. */
static bool jpeg_advance(struct jpeg_reader *reader, enum jpeg_step *step, JSAMPARRAY *row)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (*step == JPEG_HEADER) {
        int result;
        while ((result = jpeg_read_header(jpeg, FALSE)) == JPEG_HEADER_TABLES_ONLY)
            continue;
        if (result == JPEG_SUSPENDED)
            return false;
        *step = JPEG_START;
    }
    if (*step == JPEG_START) {
        if (!jpeg_start_decompress(jpeg))
            return false;
        *row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE,
                                       jpeg->output_width * (JDIMENSION)jpeg->output_components, 1);
        *step = JPEG_ROWS;
    }
    while (*step == JPEG_ROWS && jpeg->output_scanline < reader->n_rows)
        if (jpeg_read_scanlines(jpeg, *row, 1) != 1)
            return false;
    jpeg_finish_decompress(jpeg);
    return true;
}

/* True when the image is whole. */
static bool jpeg_read_rows(struct jpeg_reader *reader)
{
    enum jpeg_step step = JPEG_HEADER;
    JSAMPARRAY row = NULL;
    while (jpeg_source_grow(reader))
        if (reader->skip == 0 && jpeg_advance(reader, &step, &row))
            return true;
    return false;
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
    reader->source = (struct jpeg_source_mgr){.next_input_byte = (const JOCTET *)bytes.data,
                                              .init_source = jpeg_source_nothing,
                                              .fill_input_buffer = jpeg_source_fill,
                                              .skip_input_data = jpeg_source_skip,
                                              .resync_to_restart = jpeg_resync_to_restart,
                                              .term_source = jpeg_source_nothing};
    reader->n_unread = bytes.size;
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
    if (!image->raw.kind)
        return image_cannot_load(call);
    struct jpeg_reader *reader = call_alloc_array(call, 1, sizeof *reader);
    if (!reader)
        return SIDETOK_E_NO_MEMORY;
    reader->n_rows = (JDIMENSION)image->height;
    enum jpeg_outcome outcome = jpeg_reader_init(reader, image->bytes) ? jpeg_read(reader) : JPEG_BROKEN;
    size_t n_left = reader->source.bytes_in_buffer;
    jpeg_destroy_decompress(&reader->jpeg);
    if (outcome == JPEG_BROKEN)
        return image_broken_stream(call);
    return outcome == JPEG_WHOLE ? SIDETOK_OK : image_truncated_at(call, n_left);
}

const struct image_format image_format_jpeg = {"JPEG", jpeg_accept, jpeg_open, jpeg_load};
