#include "message_repr.h"

#include "python_repr.h"

static const struct chunk_class {
    const char *name;
    const char *type;
    const char *field; /* the member that chunk.text is */
} chunk_classes[] = {
    [CHUNK_TEXT] = {"TextChunk", "text", "text"},
    [CHUNK_IMAGE] = {"ImageChunk", "image", "image"},
    [CHUNK_IMAGE_URL] = {"ImageURLChunk", "image_url", "image_url"},
    [CHUNK_INPUT_AUDIO] = {"AudioChunk", "input_audio", "input_audio"},
    [CHUNK_AUDIO_URL] = {"AudioURLChunk", "audio_url", "audio_url"},
    [CHUNK_THINKING] = {"ThinkChunk", "thinking", "thinking"},
};

static const struct message_class {
    const char *name;
    const char *role;
} message_classes[] = {
    [ROLE_SYSTEM] = {"SystemMessage", "system"},
    [ROLE_USER] = {"UserMessage", "user"},
    [ROLE_ASSISTANT] = {"AssistantMessage", "assistant"},
    [ROLE_TOOL] = {"ToolMessage", "tool"},
};

const char *chunk_class_name(enum chunk_kind kind)
{
    return chunk_classes[kind].name;
}

static void text_or_none(struct buf *out, struct str text)
{
    if (text.data)
        python_repr_str(out, text);
    else
        buf_append(out, STR("None"));
}

static void image_url_repr(struct buf *out, const struct chunk *chunk)
{
    buf_append(out, STR("ImageURL(url="));
    python_repr_str(out, chunk->text);
    buf_append(out, STR(", detail="));
    text_or_none(out, chunk->detail);
    buf_append_char(out, ')');
}

static void chunk_value_repr(struct buf *out, const struct chunk *chunk)
{
    if (chunk->is_object && chunk->kind == CHUNK_IMAGE_URL) {
        image_url_repr(out, chunk);
    } else if (chunk->is_object && chunk->kind == CHUNK_AUDIO_URL) {
        buf_append(out, STR("AudioURL(url="));
        python_repr_str(out, chunk->text);
        buf_append_char(out, ')');
    } else if (chunk->kind == CHUNK_IMAGE) {
        buf_append(out, STR("<PIL.Image.Image image at 0x0>"));
    } else if (chunk->is_bytes) {
        python_repr(out, &(const struct json){.kind = JSON_BYTES, .text = chunk->text});
    } else {
        python_repr_str(out, chunk->text);
    }
}

void chunk_repr(struct buf *out, const struct chunk *chunk)
{
    const struct chunk_class *class = &chunk_classes[chunk->kind];
    buf_printf(out, "%s(type='%s', %s=", class->name, class->type, class->field);
    chunk_value_repr(out, chunk);
    if (chunk->kind == CHUNK_THINKING)
        buf_append(out, chunk->closed ? STR(", closed=True") : STR(", closed=False"));
    buf_append_char(out, ')');
}

void content_repr(struct buf *out, const struct content *content)
{
    if (content->kind != CONTENT_CHUNKS) {
        text_or_none(out, content->kind == CONTENT_TEXT ? content->text : (struct str){NULL, 0});
        return;
    }
    buf_append_char(out, '[');
    for (size_t i = 0; i < content->n_chunks; i++) {
        buf_append(out, i > 0 ? STR(", ") : STR(""));
        chunk_repr(out, &content->chunks[i]);
    }
    buf_append_char(out, ']');
}

static void tool_call_fields(struct buf *out, const struct tool_call *call, const char *separator)
{
    buf_append(out, STR("id="));
    python_repr_str(out, call->id);
    buf_printf(out, "%stype='function'%sfunction=FunctionCall(name=", separator, separator);
    python_repr_str(out, call->name);
    buf_append(out, STR(", arguments="));
    python_repr_str(out, call->arguments);
    buf_append_char(out, ')');
}

void tool_call_str(struct buf *out, const struct tool_call *call)
{
    tool_call_fields(out, call, " ");
}

void tool_call_repr(struct buf *out, const struct tool_call *call)
{
    buf_append(out, STR("ToolCall("));
    tool_call_fields(out, call, ", ");
    buf_append_char(out, ')');
}

void tool_calls_repr(struct buf *out, const struct message *message)
{
    if (!message->has_tool_calls) {
        buf_append(out, STR("None"));
        return;
    }
    buf_append_char(out, '[');
    for (size_t i = 0; i < message->n_tool_calls; i++) {
        buf_append(out, i > 0 ? STR(", ") : STR(""));
        tool_call_repr(out, &message->tool_calls[i]);
    }
    buf_append_char(out, ']');
}

/* The fields in the order of the classes; ToolMessage has its content first, but role stays first in the
 * base. */
static void message_fields(struct buf *out, const struct message *message, const char *separator)
{
    buf_printf(out, "role='%s'%scontent=", message_classes[message->role].role, separator);
    content_repr(out, &message->content);
    if (message->role == ROLE_ASSISTANT) {
        buf_printf(out, "%stool_calls=", separator);
        tool_calls_repr(out, message);
        buf_printf(out, "%sprefix=%s", separator, message->prefix ? "True" : "False");
    }
    if (message->role == ROLE_TOOL) {
        buf_printf(out, "%stool_call_id=", separator);
        text_or_none(out, message->tool_call_id);
        buf_printf(out, "%sname=", separator);
        text_or_none(out, message->name);
    }
}

void message_str(struct buf *out, const struct message *message)
{
    message_fields(out, message, " ");
}

void message_repr(struct buf *out, const struct message *message)
{
    buf_printf(out, "%s(", message_classes[message->role].name);
    message_fields(out, message, ", ");
    buf_append_char(out, ')');
}

void tool_repr(struct buf *out, const struct tool *tool)
{
    buf_append(out, STR("Tool(type='function', function=Function(name="));
    python_repr_str(out, tool->name);
    buf_append(out, STR(", description="));
    python_repr_str(out, tool->description);
    buf_append(out, STR(", parameters="));
    python_repr(out, &tool->parameters);
    buf_append(out, tool->strict ? STR(", strict=True))") : STR(", strict=False))"));
}
