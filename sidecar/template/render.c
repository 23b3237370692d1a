#include "render.h"

#include "audio.h"
#include "image.h"
#include "json.h"
#include "message_repr.h"

bool render_has_content(const struct content *content)
{
    switch (content->kind) {
    case CONTENT_TEXT:
        return content->text.size > 0;
    case CONTENT_CHUNKS:
        return content->n_chunks > 0;
    case CONTENT_NONE:
        break;
    }
    return false;
}

bool render_has_id(const struct tool_call *call)
{
    return call->id.size > 0 && !str_equal(call->id, STR("null"));
}

struct str render_strip_right(struct str text)
{
    while (text.size > 0 && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

enum sidetok_error render_buf(struct render *r, struct buf *buf)
{
    struct str text;
    TRY(buf_finish(buf, &text));
    stream_text(r->stream, text);
    return SIDETOK_OK;
}

void render_json_text(struct buf *out, struct str text)
{
    struct json value = {.kind = text.data ? JSON_STRING : JSON_NULL, .text = text};
    json_write(out, &value, (struct json_style){.ensure_ascii = false});
}

enum sidetok_error render_json_value(struct render *r, struct buf *out, const struct json *value)
{
    if (json_has_bytes(value))
        return failure_set(r->call, SIDETOK_E_TYPE, "Object of type bytes is not JSON serializable");
    json_write(out, value, (struct json_style){.ensure_ascii = false});
    return SIDETOK_OK;
}

void render_json(struct buf *out, struct str text, bool is_json)
{
    if (is_json)
        buf_append(out, text);
    else
        render_json_text(out, text);
}

enum sidetok_error render_call_list(struct render *r, const struct message *message, render_call *write_call)
{
    struct buf text;
    buf_init(&text, r->call);
    for (size_t i = 0; i < message->n_tool_calls; i++) {
        buf_append(&text, i ? STR(", ") : STR("["));
        write_call(&text, &message->tool_calls[i]);
    }
    buf_append_char(&text, ']');
    stream_control(r->stream, CONTROL_TOOL_CALLS, 1);
    return render_buf(r, &text);
}

enum sidetok_error render_arguments(struct render *r, const struct tool_call *call)
{
    struct buf text;
    if (call->arguments_is_json) {
        stream_text(r->stream, call->arguments);
        return SIDETOK_OK;
    }
    buf_init(&text, r->call);
    render_json_text(&text, call->arguments);
    return render_buf(r, &text);
}

enum sidetok_error render_chunk(struct render *r, const struct chunk *chunk)
{
    switch (chunk->kind) {
    case CHUNK_TEXT:
        stream_text(r->stream, chunk->text);
        return SIDETOK_OK;
    case CHUNK_THINKING:
        return r->env->template->think(r, chunk);
    case CHUNK_IMAGE:
    case CHUNK_IMAGE_URL:
        if (!r->env->image)
            return failure_set(r->call, SIDETOK_E_ASSERTION, "Make sure to define a image encoder at init");
        return image_render(r->call, r->env->image, chunk, r->stream);
    case CHUNK_INPUT_AUDIO:
    case CHUNK_AUDIO_URL:
        break;
    }
    if (!r->env->audio)
        return failure_set(r->call, SIDETOK_E_ASSERTION, "Make sure to define a audio encoder at init");
    return audio_render(r->call, r->env->audio, chunk, r->stream);
}

enum sidetok_error render_chunks(struct render *r, const struct content *content)
{
    for (size_t i = 0; i < content->n_chunks; i++)
        TRY(render_chunk(r, &content->chunks[i]));
    return SIDETOK_OK;
}

enum sidetok_error render_content(struct render *r, const struct content *content)
{
    if (content->kind == CONTENT_CHUNKS)
        return render_chunks(r, content);
    stream_text(r->stream, content->text);
    return SIDETOK_OK;
}

static bool is_image(const struct chunk *chunk)
{
    return chunk->kind == CHUNK_IMAGE || chunk->kind == CHUNK_IMAGE_URL;
}

static bool image_moves(const struct content *content)
{
    if (content->n_chunks < 2 || !is_image(&content->chunks[content->n_chunks - 1]))
        return false;
    for (size_t i = 0; i + 1 < content->n_chunks; i++)
        if (content->chunks[i].kind != CHUNK_TEXT)
            return false;
    return true;
}

enum sidetok_error render_user_chunks(struct render *r, const struct content *content)
{
    struct content texts = *content;
    if (image_moves(content))
        TRY(render_chunk(r, &content->chunks[--texts.n_chunks]));
    return render_chunks(r, &texts);
}

enum sidetok_error render_fail_message(struct render *r, enum sidetok_error code, struct str before,
                                       const struct message *message)
{
    struct buf text;
    struct str words;
    buf_init(&text, r->call);
    buf_append(&text, before);
    message_str(&text, message);
    TRY(buf_finish(&text, &words));
    return failure_set_str(r->call, code, words);
}
