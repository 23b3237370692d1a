#include "apply_adapt.h"

#include "data_url.h"
#include "pydantic.h"
#include "python_object.h"
#include "utf8.h"

#include <limits.h>
#include <unistd.h>

static bool is_true(const struct json *value)
{
    return value && python_is_true(value);
}

static bool is_text(const struct json *value, struct str text)
{
    return value && value->kind == JSON_STRING && str_equal(value->text, text);
}

/* {key: value} in the arena; false when memory is out. */
static bool make_object(struct call *call, struct str key, struct json value, struct json *ret_object)
{
    struct json_member *member = call_alloc_array(call, 1, sizeof *member);
    if (!member)
        return false;
    *member = (struct json_member){.key = key, .value = value};
    *ret_object = (struct json){.kind = JSON_OBJECT, .object = {.members = member, .n = 1}};
    return true;
}

/* {"type": type, type: {"url": url}} */
static enum sidetok_error make_url_chunk(struct call *call, struct str type, struct json url,
                                         struct json *ret_chunk)
{
    struct json_member *members = call_alloc_array(call, 2, sizeof *members);
    struct json inner;
    if (!members || !make_object(call, STR("url"), url, &inner))
        return failure_no_memory(call);
    members[0] = (struct json_member){STR("type"), {.kind = JSON_STRING, .text = type}};
    members[1] = (struct json_member){type, inner};
    *ret_chunk = (struct json){.kind = JSON_OBJECT, .object = {.members = members, .n = 2}};
    return SIDETOK_OK;
}

/* `value` with prefix in front, unless it has one of these beginnings already; Python's error where it is no
 * str. */
static enum sidetok_error prefixed(struct call *call, const struct json *value, struct str beginning,
                                   struct str prefix, struct json *ret_text)
{
    if (value->kind == JSON_BYTES)
        return failure_set(call, SIDETOK_E_TYPE,
                           "startswith first arg must be bytes or a tuple of bytes, not str");
    if (value->kind != JSON_STRING)
        return python_no_attribute(call, pydantic_type_name(value), "startswith");
    *ret_text = *value;
    if (str_starts_with(value->text, beginning))
        return SIDETOK_OK;
    struct buf text;
    buf_init(&text, call);
    buf_append(&text, prefix);
    buf_append(&text, value->text);
    return buf_finish(&text, &ret_text->text);
}

/* `path` as pathlib resolves it: one slash between parts, no "." and, since nothing is opened, ".." by its
 * spelling. */
static void append_resolved(struct buf *out, struct str path)
{
    for (size_t at = 0, end; at < path.size; at = end + 1) {
        const char *slash = memchr(path.data + at, '/', path.size - at);
        end = slash ? (size_t)(slash - path.data) : path.size;
        struct str part = {path.data + at, end - at};
        if (part.size == 0 || str_equal(part, STR(".")))
            continue;
        if (str_equal(part, STR(".."))) {
            while (out->size > 0 && out->data[--out->size] != '/')
                ;
            continue;
        }
        buf_append_char(out, '/');
        buf_append(out, part);
    }
    if (out->size == 0)
        buf_append_char(out, '/');
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr("/_.-~", c, 5) != NULL;
}

/* os.fsencode() and quote_from_bytes(): U+DC80 to U+DCFF stand for bytes. */
static void append_quoted(struct buf *out, struct str path)
{
    for (size_t at = 0; at < path.size;) {
        uint32_t c;
        size_t size = (size_t)utf8_read(path, at, &c);
        bool is_byte = c >= 0xdc80 && c <= 0xdcff;
        for (size_t i = 0; i < (is_byte ? 1 : size); i++) {
            unsigned char byte = is_byte ? (unsigned char)c : (unsigned char)path.data[at + i];
            buf_printf(out, is_unreserved(byte) ? "%c" : "%%%02X", byte);
        }
        at += size;
    }
}

/* A relative path begins in this program's folder, as in the reference's: the server's, where they are the
 * same. */
static enum sidetok_error path_from_root(struct call *call, struct str path, struct str *ret_whole)
{
    struct buf whole;
    char folder[PATH_MAX];
    *ret_whole = path;
    if (path.data[0] == '/' || !getcwd(folder, sizeof folder))
        return SIDETOK_OK;
    buf_init(&whole, call);
    buf_append(&whole, str_from(folder));
    buf_append_char(&whole, '/');
    buf_append(&whole, path);
    return buf_finish(&whole, ret_whole);
}

/* `Path(path).resolve().as_uri()` */
static enum sidetok_error path_url(struct call *call, struct str path, struct json *ret_url)
{
    struct buf resolved, url;
    struct str text;
    TRY(data_url_check_path(call, path));
    TRY(path_from_root(call, path, &text));
    buf_init(&resolved, call);
    buf_init(&url, call);
    append_resolved(&resolved, text);
    TRY(buf_finish(&resolved, &text));
    buf_append(&url, STR("file://"));
    append_quoted(&url, text);
    ret_url->kind = JSON_STRING;
    return buf_finish(&url, &ret_url->text);
}

static enum sidetok_error adapt_path(struct call *call, const struct json *path, struct json *ret_url)
{
    TRY(prefixed(call, path, STR(""), STR(""), ret_url));
    return str_starts_with(path->text, STR("file://")) ? SIDETOK_OK : path_url(call, path->text, ret_url);
}

static enum sidetok_error adapt_image(struct call *call, const struct json *chunk, struct json *ret_chunk)
{
    const struct json *url = json_get(chunk, STR("url")), *path = json_get(chunk, STR("path"));
    const struct json *base64 = json_get(chunk, STR("base64"));
    struct json image;
    if (is_true(url))
        image = *url;
    else if (is_true(path))
        TRY(adapt_path(call, path, &image));
    else if (is_true(base64))
        TRY(prefixed(call, base64, STR("data:image"), STR("data:image/unk;base64,"), &image));
    else
        return failure_set(call, SIDETOK_E_VALUE, "Image content must be specified.");
    return make_url_chunk(call, STR("image_url"), image, ret_chunk);
}

/* A file or an address, which the reference loads: what is no file, or empty, is its error. Rule:
 * load_audio_as.
 */
static enum sidetok_error refuse_sound(struct call *call, const struct json *source)
{
    if (source->kind == JSON_BYTES)
        return failure_set_str(call, SIDETOK_E_VALUE,
                               STR("Error loading audio: a bytes-like object is required, not 'str'"));
    if (source->kind != JSON_STRING)
        return failure_set(call, SIDETOK_E_VALUE,
                           "Error loading audio: '%.*s' object has no attribute 'startswith'",
                           STR_ARG(pydantic_type_name(source)));
    bool is_address =
        str_starts_with(source->text, STR("http://")) || str_starts_with(source->text, STR("https://"));
    enum path_kind kind = is_address ? PATH_OTHER : data_url_path_kind(call, source->text);
    if (kind == PATH_EMPTY)
        return failure_set_str(
            call, SIDETOK_E_VALUE,
            STR("Error loading audio: Error opening <_io.BytesIO object at 0x0>: Format not "
                "recognised."));
    if (kind != PATH_OTHER)
        return failure_set_text(call, SIDETOK_E_VALUE, STR("Error loading audio: File not found: "),
                                source->text, STR(""));
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED, "sounds are not fetched: send their bytes as base64");
}

static enum sidetok_error adapt_audio(struct call *call, const struct json *chunk, struct json *ret_chunk)
{
    const struct json *base64 = json_get(chunk, STR("base64"));
    const struct json *url = json_get(chunk, STR("url")), *path = json_get(chunk, STR("path"));
    if (is_true(url) || is_true(path))
        return refuse_sound(call, is_true(url) ? url : path);
    if (!is_true(base64))
        return failure_set(call, SIDETOK_E_VALUE, "Audio content must be specified.");
    return make_url_chunk(call, STR("audio_url"), *base64, ret_chunk);
}

/* One chunk; *ret_kept is false for those without a type, which are left out. */
static enum sidetok_error adapt_chunk(struct call *call, const struct json *chunk, struct json *ret_chunk,
                                      bool *ret_kept)
{
    if (chunk->kind != JSON_OBJECT)
        return python_no_attribute(call, pydantic_type_name(chunk), "get");
    const struct json *type = json_get(chunk, STR("type"));
    *ret_kept = is_true(type);
    *ret_chunk = *chunk;
    if (is_text(type, STR("image")))
        return adapt_image(call, chunk, ret_chunk);
    if (is_text(type, STR("audio")))
        return adapt_audio(call, chunk, ret_chunk);
    return SIDETOK_OK;
}

static enum sidetok_error adapt_chunks(struct call *call, const struct json *content,
                                       struct json *ret_content)
{
    if (content->kind == JSON_OBJECT) /* iterating gives its keys */
        return python_no_attribute(call, STR("str"), "get");
    if (content->kind == JSON_BYTES)
        return python_no_attribute(call, STR("int"), "get");
    if (content->kind != JSON_ARRAY)
        return python_not_iterable(call, content);
    struct json *chunks = call_alloc_array(call, content->array.n, sizeof *chunks);
    if (!chunks)
        return SIDETOK_E_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < content->array.n; i++) {
        bool kept = false;
        TRY(adapt_chunk(call, &content->array.items[i], &chunks[n], &kept));
        n += kept;
    }
    *ret_content = (struct json){.kind = JSON_ARRAY, .array = {.items = chunks, .n = n}};
    return SIDETOK_OK;
}

enum sidetok_error apply_adapt_message(struct call *call, const struct json *message,
                                       struct json *ret_message)
{
    const struct json *content = json_get(message, STR("content")); /* NULL where message is no object */
    *ret_message = *message;
    if (!is_true(content) || content->kind == JSON_STRING)
        return SIDETOK_OK;
    size_t n = message->object.n;
    struct json_member *members = call_alloc_array(call, n, sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    memcpy(members, message->object.members, n * sizeof *members);
    ret_message->object.members = members;
    size_t i = 0;
    while (&message->object.members[i].value != content)
        i++;
    return adapt_chunks(call, content, &members[i].value);
}
