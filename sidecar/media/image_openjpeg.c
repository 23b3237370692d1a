#include "image_jpeg2000.h"

#include <openjpeg.h>
#include <stdlib.h>

/* Rule: libImaging/Jpeg2KDecode.c of Pillow 13.0.0: tile by tile, the pixels forgotten. */

enum { OPENJPEG_MAX_BYTES = 1 << 30 }; /* for the components of a picture, four bytes a sample */

/* The file in memory, as OpenJPEG's stream reads it. */
struct openjpeg_source {
    struct str bytes;
    uint64_t at;
};

static OPJ_SIZE_T openjpeg_read(void *buffer, OPJ_SIZE_T size, void *user)
{
    struct openjpeg_source *source = user;
    size_t left = source->at < source->bytes.size ? source->bytes.size - (size_t)source->at : 0;
    size_t n = size < left ? size : left;
    if (n == 0)
        return (OPJ_SIZE_T)-1;
    memcpy(buffer, source->bytes.data + source->at, n);
    source->at += n;
    return n;
}

static OPJ_OFF_T openjpeg_skip(OPJ_OFF_T size, void *user)
{
    struct openjpeg_source *source = user;
    int64_t at = (int64_t)source->at + size;
    source->at = at < 0 ? 0 : (uint64_t)at;
    return source->at ? (OPJ_OFF_T)source->at : -1; /* the position, as Pillow has it */
}

static void openjpeg_be_silent(const char *message, void *user)
{
    (void)message, (void)user;
}

/* The first component that has fewer samples than pixels; -1 for none. */
static int openjpeg_subsampled(const opj_image_t *picture)
{
    for (OPJ_UINT32 i = 0; i < picture->numcomps; i++)
        if (picture->comps[i].dx != 1 || picture->comps[i].dy != 1)
            return (int)i;
    return -1;
}

/* OpenJPEG 2.5.0 tells the space of the box colr after the decoding only; Pillow's 2.5.4 with the header. */
static OPJ_COLOR_SPACE openjpeg_color_space(const struct image_file *image, const opj_image_t *picture,
                                            int subsampled)
{
    static const struct {
        uint32_t number;
        OPJ_COLOR_SPACE space;
    } spaces[] = {{12, OPJ_CLRSPC_CMYK},
                  {16, OPJ_CLRSPC_SRGB},
                  {17, OPJ_CLRSPC_GRAY},
                  {18, OPJ_CLRSPC_SYCC},
                  {24, OPJ_CLRSPC_EYCC}};
    if (picture->color_space != OPJ_CLRSPC_UNKNOWN && picture->color_space != OPJ_CLRSPC_UNSPECIFIED)
        return picture->color_space;
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        if (spaces[i].number == image->raw.bits)
            return spaces[i].space;
    if (picture->numcomps <= 2)
        return OPJ_CLRSPC_GRAY;
    return subsampled == 1 || subsampled == 2 ? OPJ_CLRSPC_SYCC : OPJ_CLRSPC_SRGB;
}

/* Whether Pillow unpacks such a picture into its mode. */
static bool openjpeg_is_known(const struct image_file *image, const opj_image_t *picture)
{
    static const struct {
        char mode[5];
        OPJ_COLOR_SPACE space;
        uint8_t n_components;
        bool may_be_subsampled;
    } known[] = {
        {"L", OPJ_CLRSPC_GRAY, 1, false},    {"P", OPJ_CLRSPC_SRGB, 1, false},
        {"P", OPJ_CLRSPC_CMYK, 1, false},    {"PA", OPJ_CLRSPC_SRGB, 2, false},
        {"I;16", OPJ_CLRSPC_GRAY, 1, false}, {"LA", OPJ_CLRSPC_GRAY, 2, false},
        {"RGB", OPJ_CLRSPC_GRAY, 1, false},  {"RGB", OPJ_CLRSPC_GRAY, 2, false},
        {"RGB", OPJ_CLRSPC_SRGB, 3, true},   {"RGB", OPJ_CLRSPC_SYCC, 3, true},
        {"RGB", OPJ_CLRSPC_SRGB, 4, true},   {"RGB", OPJ_CLRSPC_SYCC, 4, true},
        {"RGBA", OPJ_CLRSPC_GRAY, 1, false}, {"RGBA", OPJ_CLRSPC_GRAY, 2, false},
        {"RGBA", OPJ_CLRSPC_SRGB, 3, true},  {"RGBA", OPJ_CLRSPC_SYCC, 3, true},
        {"RGBA", OPJ_CLRSPC_GRAY, 4, true},  {"RGBA", OPJ_CLRSPC_SRGB, 4, true},
        {"RGBA", OPJ_CLRSPC_SYCC, 4, true},  {"CMYK", OPJ_CLRSPC_CMYK, 4, true},
    };
    int subsampled = openjpeg_subsampled(picture);
    OPJ_COLOR_SPACE space = openjpeg_color_space(image, picture, subsampled);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].space == space && known[i].n_components == picture->numcomps &&
            (known[i].may_be_subsampled || subsampled < 0) && image_mode_is(image, known[i].mode))
            return true;
    return false;
}

/* A tile as OpenJPEG announces it. */
struct openjpeg_tile {
    OPJ_UINT32 index, size, n_components;
    OPJ_INT32 x0, y0, x1, y1;
};

/* Bytes of the tile's samples as Pillow counts them; 0 where it refuses the tile. */
static uint64_t openjpeg_tile_bytes(const struct image_file *image, const opj_image_t *picture,
                                    const struct openjpeg_tile *tile)
{
    if (tile->x0 >= tile->x1 || tile->y0 >= tile->y1 || tile->x0 < 0 || tile->y0 < 0 ||
        (OPJ_UINT32)tile->x0 < picture->x0 || (OPJ_UINT32)tile->y0 < picture->y0 ||
        (int64_t)tile->x1 - picture->x0 > image->width || (int64_t)tile->y1 - picture->y0 > image->height ||
        tile->n_components != picture->numcomps)
        return 0;
    uint64_t pixel = 0;
    for (OPJ_UINT32 i = 0; i < picture->numcomps; i++) {
        uint64_t sample = (picture->comps[i].prec + 7) >> 3;
        pixel += sample == 3 ? 4 : sample;
    }
    uint64_t bytes = (uint64_t)(tile->x1 - tile->x0) * (uint64_t)(tile->y1 - tile->y0) * pixel;
    bytes = bytes > tile->size ? bytes : tile->size;
    return bytes <= UINT32_MAX ? bytes : 0;
}

static bool openjpeg_decode_tiles(const struct image_file *image, opj_codec_t *codec, opj_stream_t *stream,
                                  const opj_image_t *picture)
{
    for (;;) {
        struct openjpeg_tile tile;
        OPJ_BOOL more;
        if (!opj_read_tile_header(codec, stream, &tile.index, &tile.size, &tile.x0, &tile.y0, &tile.x1,
                                  &tile.y1, &tile.n_components, &more))
            return false;
        if (!more)
            return opj_end_decompress(codec, stream);
        uint64_t bytes = openjpeg_tile_bytes(image, picture, &tile);
        OPJ_BYTE *samples = bytes ? calloc(1, bytes) : NULL;
        bool done = samples && opj_decode_tile_data(codec, tile.index, samples, (OPJ_UINT32)bytes, stream);
        free(samples);
        if (!done)
            return false;
    }
}

static bool openjpeg_decode(const struct image_file *image, opj_codec_t *codec, opj_stream_t *stream)
{
    opj_dparameters_t parameters;
    opj_image_t *picture = NULL;
    opj_set_default_decoder_parameters(&parameters);
    opj_set_error_handler(codec, openjpeg_be_silent, NULL);
    bool done = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &picture) &&
                picture->numcomps >= 1 && picture->numcomps <= 4 && openjpeg_is_known(image, picture) &&
                openjpeg_decode_tiles(image, codec, stream, picture);
    if (picture)
        opj_image_destroy(picture);
    return done;
}

enum sidetok_error image_jpeg2000_decode(struct call *call, const struct image_file *image)
{
    struct openjpeg_source source = {image->bytes, 0};
    if (image->width * image->height * 4 * 4 > OPENJPEG_MAX_BYTES)
        return failure_set_str(
            call, SIDETOK_E_NOT_SUPPORTED,
            STR("this JPEG 2000 image would take too much memory to decode: hand its size over "
                "instead, as \"sidetok:image/WIDTHxHEIGHT\""));
    opj_stream_t *stream = opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE);
    opj_codec_t *codec = opj_create_decompress(image->raw.kind ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    bool done = false;
    if (stream && codec) {
        opj_stream_set_read_function(stream, openjpeg_read);
        opj_stream_set_skip_function(stream, openjpeg_skip);
        opj_stream_set_user_data(stream, &source, NULL);
        opj_stream_set_user_data_length(stream, image->bytes.size);
        done = openjpeg_decode(image, codec, stream);
    }
    if (codec)
        opj_destroy_codec(codec);
    if (stream)
        opj_stream_destroy(stream);
    return done ? SIDETOK_OK : image_broken_stream(call);
}
