#include "decode.h"
#include "python_object.h"
#include "python_text.h"

/* Rule: TextChunk. */
static enum sidetok_error decode_text(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    struct pydantic errors;
    pydantic_init(&errors, call, STR("TextChunk"));
    const struct json *text = pydantic_required(&errors, LOC(NULL, "text"), raw);
    if (text)
        pydantic_str(&errors, LOC(NULL, "text"), text, &ret_chunk->text);
    return pydantic_finish(&errors);
}

/* Rule: ThinkChunk. */
static enum sidetok_error decode_thinking(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    struct pydantic errors;
    pydantic_init(&errors, call, STR("ThinkChunk"));
    const struct json *thinking = pydantic_required(&errors, LOC(NULL, "thinking"), raw);
    const struct json *closed = json_get(raw, STR("closed"));
    if (thinking)
        pydantic_str(&errors, LOC(NULL, "thinking"), thinking, &ret_chunk->text);
    ret_chunk->closed = true;
    if (closed)
        pydantic_bool(&errors, LOC(NULL, "closed"), closed, &ret_chunk->closed);
    return pydantic_finish(&errors);
}

/* Rule: ImageURL, extra="forbid". */
static void read_image_url(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *raw,
                           struct chunk *chunk)
{
    const struct str known[] = {STR("url"), STR("detail")};
    size_t n_before = errors->n;
    if (!pydantic_model(errors, loc, raw, STR("ImageURL")))
        return;
    const struct json *url = pydantic_required(errors, LOC(loc, "url"), raw);
    const struct json *detail = json_get(raw, STR("detail"));
    if (url)
        pydantic_str(errors, LOC(loc, "url"), url, &chunk->text);
    if (detail)
        pydantic_str_or_none(errors, LOC(loc, "detail"), detail, &chunk->detail);
    pydantic_no_extra(errors, loc, raw, known, 2, n_before);
}

/* Rule: ImageURLChunk.from_openai; the union tries ImageURL, then str. */
static enum sidetok_error decode_image_url(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    const struct json *image_url = json_get(raw, STR("image_url"));
    struct pydantic errors;
    if (!image_url)
        return python_key_error(call, "image_url");
    const struct pydantic_loc *loc = LOC(NULL, "image_url");
    pydantic_init(&errors, call, STR("ImageURLChunk"));
    read_image_url(&errors, LOC(loc, "ImageURL"), image_url, ret_chunk);
    ret_chunk->is_object = errors.n == 0;
    if (errors.n > 0 && pydantic_str(&errors, LOC(loc, "str"), image_url, &ret_chunk->text))
        pydantic_rollback(&errors, 0);
    return pydantic_finish(&errors);
}

/* Rule: AudioURLChunk; the union tries str, then AudioURL, whose extra members are ignored here. */
static enum sidetok_error decode_audio_url(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    struct pydantic errors;
    const struct pydantic_loc *loc = LOC(NULL, "audio_url"), *object = LOC(loc, "AudioURL");
    pydantic_init(&errors, call, STR("AudioURLChunk"));
    const struct json *audio_url = pydantic_required(&errors, loc, raw);
    if (!audio_url || pydantic_str(&errors, LOC(loc, "str"), audio_url, &ret_chunk->text))
        return pydantic_finish(&errors);
    if (!pydantic_model(&errors, object, audio_url, STR("AudioURL")))
        return pydantic_finish(&errors);
    const struct json *url = pydantic_required(&errors, LOC(object, "url"), audio_url);
    ret_chunk->is_object = url && pydantic_str(&errors, LOC(object, "url"), url, &ret_chunk->text);
    if (ret_chunk->is_object)
        pydantic_rollback(&errors, 0);
    return pydantic_finish(&errors);
}

/* Rule: AudioChunk, _flatten_audio_dict and should_not_be_empty. */
enum sidetok_error decode_input_audio(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    struct pydantic errors;
    const struct pydantic_loc *loc = LOC(NULL, "input_audio");
    pydantic_init(&errors, call, STR("AudioChunk"));
    const struct json *audio = pydantic_required(&errors, loc, raw);
    const struct json *data = audio ? json_get(audio, STR("data")) : NULL;
    if (data)
        audio = data;
    if (!audio || !pydantic_str_or_bytes(&errors, loc, audio, &ret_chunk->text, &ret_chunk->is_bytes))
        return pydantic_finish(&errors);
    struct str bare = ret_chunk->is_bytes ? ret_chunk->text : python_strip(ret_chunk->text);
    if (bare.size == 0)
        pydantic_value_error(&errors, loc, STR("`input_audio` should not be empty."), audio);
    return pydantic_finish(&errors);
}

/* Rule: ImageChunk.from_openai asserts a type that its own chunks never have. */
static enum sidetok_error decode_image(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    (void)ret_chunk;
    return python_error_repr(call, SIDETOK_E_ASSERTION, STR(""), raw, STR(""));
}

static const struct chunk_reader {
    const char *type;
    enum chunk_kind kind;
    enum sidetok_error (*read)(struct call *call, const struct json *raw, struct chunk *ret_chunk);
} chunk_readers[] = {
    {"text", CHUNK_TEXT, decode_text},
    {"image_url", CHUNK_IMAGE_URL, decode_image_url},
    {"thinking", CHUNK_THINKING, decode_thinking},
    {"input_audio", CHUNK_INPUT_AUDIO, decode_input_audio},
    {"audio_url", CHUNK_AUDIO_URL, decode_audio_url},
    {"image", CHUNK_IMAGE, decode_image},
};

/* Rule: _convert_openai_content_chunks. */
static enum sidetok_error decode_chunk(struct call *call, const struct json *raw, struct chunk *ret_chunk)
{
    if (raw->kind != JSON_OBJECT)
        return python_no_attribute(call, pydantic_type_name(raw), "get");
    const struct json *type = json_get(raw, STR("type"));
    if (!type || type->kind == JSON_NULL)
        return failure_set(call, SIDETOK_E_VALUE, "Content chunk must have a type field.");
    for (size_t i = 0; type->kind == JSON_STRING && i < sizeof chunk_readers / sizeof chunk_readers[0]; i++)
        if (str_equal(type->text, str_from(chunk_readers[i].type))) {
            ret_chunk->kind = chunk_readers[i].kind;
            return chunk_readers[i].read(call, raw, ret_chunk);
        }
    return python_error_repr(call, SIDETOK_E_VALUE, STR(""), type, STR(" is not a valid ChunkTypes"));
}

static enum sidetok_error decode_chunks(struct call *call, const struct json *raw,
                                        struct content *ret_content)
{
    size_t n = raw->array.n;
    struct chunk *chunks = call_alloc_array(call, n, sizeof *chunks);
    if (!chunks)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        TRY(decode_chunk(call, &raw->array.items[i], &chunks[i]));
    *ret_content = (struct content){.kind = CONTENT_CHUNKS, .chunks = chunks, .n_chunks = n};
    return SIDETOK_OK;
}

enum sidetok_error decode_content(struct call *call, const struct json *raw, struct content *ret_content)
{
    *ret_content = (struct content){.kind = CONTENT_NONE};
    if (!raw || raw->kind == JSON_NULL)
        return SIDETOK_OK;
    if (raw->kind == JSON_ARRAY)
        return decode_chunks(call, raw, ret_content);
    if (raw->kind != JSON_STRING)
        return failure_set(call, SIDETOK_E_VALUE, "Unknown content type: <class '%.*s'>",
                           STR_ARG(pydantic_type_name(raw)));
    *ret_content = (struct content){.kind = CONTENT_TEXT, .text = raw->text};
    return SIDETOK_OK;
}
