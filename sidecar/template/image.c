#include "image.h"

#include "address.h"
#include "base64.h"
#include "config.h"
#include "data_url.h"
#include "image_file.h"
#include "pydantic.h"
#include "python_object.h"

#include <math.h>

const struct image_config image_config_m1 = {.patch_size = {.real = 16, .whole = 16},
                                             .max_size = {.real = 1024, .whole = 1024},
                                             .merge_size = {.real = 1, .whole = 1}};

enum sidetok_error image_config_read(struct call *call, const struct json *section,
                                     struct image_config *ret_config)
{
    static const struct str names[] = {
        {"image_patch_size", 16}, {"max_image_size", 14}, {"spatial_merge_size", 18}};
    *ret_config = (struct image_config){.section = section, .is_empty = !python_is_true(section)};
    if (ret_config->is_empty)
        return SIDETOK_OK;
    ret_config->merge_size = image_config_m1.merge_size;
    TRY(config_check_names(call, STR("mistral_common.tokens.tokenizers.image.ImageConfig"),
                           STR("ImageConfig"), section, names, 2, 3));
    TRY(config_positive(call, section, names[0], STR("image_patch_size must be > 0, got "),
                        &ret_config->patch_size));
    TRY(config_positive(call, section, names[1], STR("max_image_size must be > 0, got "),
                        &ret_config->max_size));
    if (!json_get(section, names[2]))
        return SIDETOK_OK;
    return config_positive(call, section, names[2], STR("spatial_merge_size must be > 0, got "),
                           &ret_config->merge_size);
}

/* Rule: image_from_chunk for a data URL, then transform_image, which decodes. */
static enum sidetok_error image_read_data(struct call *call, struct str url, struct stream_size *ret_size)
{
    struct str payload, bytes;
    struct image_file image;
    TRY(data_url_payload(call, url, &payload));
    enum base64_result result = base64_decode(call, payload, &bytes);
    if (result == BASE64_NO_MEMORY)
        return SIDETOK_E_NO_MEMORY;
    if (result != BASE64_OK)
        return failure_set_text(call, SIDETOK_E_VALUE, STR("Invalid image data URL "), data_url_head(url, 64),
                                STR(": payload is not valid base64."));
    bool opened = image_file_open(call, bytes, &image);
    if (!opened && call->failure.code != SIDETOK_OK)
        return call->failure.code;
    if (!opened)
        return failure_set_text(call, SIDETOK_E_VALUE, STR("Invalid image data URL "), data_url_head(url, 64),
                                STR(": payload is not a decodable image."));
    if (image.width == 0 || image.height == 0)
        return failure_set_str(call, SIDETOK_E_ASSERTION,
                               STR("")); /* no tokens, which comes before decoding */
    *ret_size = (struct stream_size){(uint32_t)image.height, (uint32_t)image.width};
    TRY(image_file_load(call, &image));
    return SIDETOK_OK;
}

/* A missing file and one that is empty are the reference's errors; one that holds something is not opened. */
static enum sidetok_error image_refuse_file(struct call *call, struct str path)
{
    TRY(data_url_check_path(call, path));
    enum path_kind kind = data_url_path_kind(call, path);
    if (kind == PATH_OTHER || kind == PATH_DEVICE)
        return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                           "files are not opened here: send the image %.*s as a data URL", STR_ARG(path));
    if (kind == PATH_TOO_LONG)
        return data_url_fail_repr(call, SIDETOK_E_OS, STR("[Errno 36] File name too long: "), path, STR(""));
    if (kind == PATH_LOOP)
        return data_url_fail_repr(call, SIDETOK_E_OS, STR("[Errno 40] Too many levels of symbolic links: "),
                                  path, STR(""));
    if (kind == PATH_EMPTY || kind == PATH_NULL_DEVICE)
        return data_url_fail_repr(call, SIDETOK_E_UNIDENTIFIED_IMAGE,
                                  STR("cannot identify image file <_io.BufferedReader name="), path,
                                  STR(">"));
    if (kind == PATH_NO_DIRECTORY)
        return data_url_fail_repr(call, SIDETOK_E_NOT_A_DIRECTORY, STR("[Errno 20] Not a directory: "), path,
                                  STR(""));
    bool is_missing = kind == PATH_MISSING || path.size == 0;
    return data_url_fail_repr(call, is_missing ? SIDETOK_E_FILE_NOT_FOUND : SIDETOK_E_IS_A_DIRECTORY,
                              is_missing ? STR("[Errno 2] No such file or directory: ")
                                         : STR("[Errno 21] Is a directory: "),
                              path, STR(""));
}

/* Digits up to 99,999,999; moves at past them. */
static bool image_read_number(struct str text, size_t *at, uint32_t *ret)
{
    size_t begin = *at;
    for (*ret = 0; *at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9' && *at - begin < 8;
         (*at)++)
        *ret = *ret * 10 + (uint32_t)(text.data[*at] - '0');
    return *at > begin && *ret > 0;
}

/* "sidetok:image/640x480": width and height in pixels, as the caller knows them. */
static enum sidetok_error image_read_handed(struct call *call, struct str url, struct stream_size *ret_size)
{
    size_t at = sizeof "sidetok:image/" - 1;
    if (image_read_number(url, &at, &ret_size->width) && at < url.size && url.data[at] == 'x') {
        at++;
        if (image_read_number(url, &at, &ret_size->height) && at == url.size &&
            (uint64_t)ret_size->width * ret_size->height <= IMAGE_MAX_PIXELS)
            return SIDETOK_OK;
    }
    return failure_set(call, SIDETOK_E_BAD_REQUEST,
                       "expected sidetok:image/WIDTHxHEIGHT, in pixels, got %.*s",
                       STR_ARG(data_url_head(url, 64)));
}

/* What is no address fails before anything is fetched; what is one is not fetched here. Rule: download_image.
 */
static enum sidetok_error image_refuse_address(struct call *call, struct str url)
{
    enum address_verdict verdict;
    struct str message;
    TRY(address_check(call, url, &verdict, &message));
    switch (verdict) {
    case ADDRESS_MISSING_SCHEMA:
        return failure_set_str(call, SIDETOK_E_MISSING_SCHEMA, message);
    case ADDRESS_INVALID_URL:
        return failure_set_str(call, SIDETOK_E_INVALID_URL, message);
    case ADDRESS_BROKEN:
        return failure_set_text(call, SIDETOK_E_IMAGE_DECODE, STR("Error converting to PIL image: "), message,
                                STR(""));
    case ADDRESS_FETCHED:
        break;
    }
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED,
                       "images are not downloaded here: send %.*s as a data URL, or its size as "
                       "sidetok:image/WIDTHxHEIGHT",
                       STR_ARG(data_url_head(url, 256)));
}

static enum sidetok_error image_read_size(struct call *call, struct str url, struct stream_size *ret_size)
{
    if (str_starts_with(url, STR("data:")))
        return image_read_data(call, url, ret_size);
    if (str_starts_with(url, STR("file://")))
        return image_refuse_file(call, str_from_offset(url, sizeof "file://" - 1));
    if (str_starts_with(url, STR("http")))
        return image_refuse_address(call, url);
    if (str_starts_with(url, STR("sidetok:image/")))
        return image_read_handed(call, url, ret_size);
    return failure_set_text(call, SIDETOK_E_VALUE, STR("Unsupported image url scheme "), url, STR(""));
}

/* A side after scaling, rounded half to even as Python's round() does, at least 1; in tokens. */
static int64_t image_side_tokens(uint32_t side, double ratio, int64_t token_size)
{
    int64_t pixels = side;
    if (ratio > 1) {
        pixels = (int64_t)rint((double)side / ratio);
        pixels = pixels > 1 ? pixels : 1;
    }
    return (pixels - 1) / token_size + 1;
}

enum sidetok_error image_render(struct call *call, const struct image_config *config,
                                const struct chunk *chunk, struct stream *stream)
{
    struct stream_size size = {0};
    TRY(image_read_size(call, chunk->text, &size));
    if (config->is_empty)
        return python_no_attribute(call, pydantic_type_name(config->section), "max_image_size");
    double by_height = (double)size.height / config->max_size.real;
    double by_width = (double)size.width / config->max_size.real;
    double ratio = by_height > by_width ? by_height : by_width;
    struct config_number token;
    TRY(config_check_repeat(call, config->patch_size));
    TRY(config_check_repeat(call, config->merge_size));
    TRY(config_product(call, config->patch_size, config->merge_size, &token));
    int64_t token_size = token.whole;
    int64_t width = image_side_tokens(size.width, ratio, token_size);
    int64_t height = image_side_tokens(size.height, ratio, token_size);
    if (token_size > INT32_MAX / (width > height ? width : height)) /* OpenCV's own error, of its own words */
        return failure_set_str(call, SIDETOK_E_TOO_LARGE,
                               STR("the tokenizer's image section asks for an image of more than 2**31 - 1 "
                                   "pixels a side"));
    for (int64_t row = 0; row < height; row++) {
        stream_control(stream, CONTROL_IMG, (uint32_t)width);
        stream_control(stream, row + 1 < height ? CONTROL_IMG_BREAK : CONTROL_IMG_END, 1);
    }
    stream_image(stream,
                 (struct stream_size){(uint32_t)(height * token_size), (uint32_t)(width * token_size)});
    return SIDETOK_OK;
}
