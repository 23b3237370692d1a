#ifndef SIDETOK_TEMPLATE_RENDER_H
#define SIDETOK_TEMPLATE_RENDER_H

#include "buf.h"
#include "template.h"

#define RENDER_NONE ((size_t)-1)

/** One request being rendered. */
struct render {
    struct call *call;
    const struct template_env *env;
    const struct request *request;
    struct stream *stream;
    size_t first_user, last_user; /* message numbers, RENDER_NONE where there is no user message */
};

/** Renders the message with that number. */
typedef enum sidetok_error render_message(struct render *r, const struct message *message, size_t number);

/**
 * What differs from version to version. A version that changes one rule writes one function; every other
 * entry names the version it comes from, as the reference's classes inherit. Rule:
 * mistral_common.tokens.tokenizers.instruct.InstructTokenizerV1 to V15.
 */
struct template
{
    int version;
    bool needs_tekken; /* SentencePiece is refused */
    bool truncates;    /* max_tokens is honoured */
    bool tools_first;  /* tools and settings stand at the first user message, not at the last */
    size_t n_controls; /* looked up when the tokenizer is loaded: so many of template.c's list */

    enum sidetok_error (*check)(struct render * r); /* before the first message; NULL: nothing to check */
    render_message *system, *user, *assistant, *tool;

    /* parts of the above */
    enum sidetok_error (*settings)(struct render * r);
    enum sidetok_error (*user_content)(struct render * r, const struct content *content, bool is_last);
    enum sidetok_error (*tool_calls)(struct render * r, const struct message *message);
    enum sidetok_error (*think)(struct render * r, const struct chunk *chunk);

    enum sidetok_error (*fim)(struct call * call, struct str prompt, struct str suffix,
                              struct stream * stream);
};

extern const struct template template_v1, template_v2, template_v3, template_v7, template_v11, template_v13,
    template_v15;

/* Inherited rules, each in the file of the version that brought it. */

render_message v1_system, v1_user, v1_assistant, v1_tool;
enum sidetok_error v1_user_content(struct render *r, const struct content *content, bool is_last);
enum sidetok_error v1_think(struct render *r, const struct chunk *chunk);

render_message v2_user;
enum sidetok_error v2_settings(struct render *r);
enum sidetok_error v2_turn(struct render *r, const struct message *message, bool is_past);
enum sidetok_error v2_fim(struct call *call, struct str prompt, struct str suffix, struct stream *stream);

enum sidetok_error v3_tool_calls(struct render *r, const struct message *message);

render_message v7_system, v7_assistant, v7_tool;
enum sidetok_error v7_check(struct render *r);
enum sidetok_error v7_user_content(struct render *r, const struct content *content, bool is_last);

render_message v13_tool;
enum sidetok_error v13_tool_calls(struct render *r, const struct message *message);
enum sidetok_error v13_think(struct render *r, const struct chunk *chunk);

/* What several versions share. */

/** Whether the message stands before the last user message; false where there is no user message. */
static inline bool render_is_past(const struct render *r, size_t number)
{
    return r->last_user != RENDER_NONE && number < r->last_user;
}

/** Whether a Python content is true: not None, not "" and no empty list. */
bool render_has_content(const struct content *content);

/** Whether a call has an id of its own. */
bool render_has_id(const struct tool_call *call);

/** text without spaces at its end. Rule: str.rstrip(" "). */
struct str render_strip_right(struct str text);

/** Appends the text that buf holds; an append that failed is SIDETOK_E_NO_MEMORY. */
enum sidetok_error render_buf(struct render *r, struct buf *buf);

/** Appends text as a JSON string, quoted; a NULL text is null. */
void render_json_text(struct buf *out, struct str text);

/** A tool's parameters or a schema. Errors: TypeError (bytes, which msgpack can hold). Rule: json.dumps. */
enum sidetok_error render_json_value(struct render *r, struct buf *out, const struct json *value);

/** Appends JSON as it stands, or as a string where it did not parse. Rule: _parse_json_content, then
 * json.dumps. */
void render_json(struct buf *out, struct str text, bool is_json);

/** Writes one call as a JSON object. */
typedef void render_call(struct buf *out, const struct tool_call *call);

/** All calls of a message as one JSON list after [TOOL_CALLS]. Rule: _encode_tool_calls_in_assistant_message.
 */
enum sidetok_error render_call_list(struct render *r, const struct message *message, render_call *write_call);

/** The arguments of a call as one text. Rule: json.dumps(prepared["arguments"], ensure_ascii=False). */
enum sidetok_error render_arguments(struct render *r, const struct tool_call *call);

/** A text chunk, think chunk, image or sound. Rule: InstructTokenizerV3._encode_content_chunk. */
enum sidetok_error render_chunk(struct render *r, const struct chunk *chunk);

/** All chunks, in order. Rule: InstructTokenizerV3._encode_content_chunks. */
enum sidetok_error render_chunks(struct render *r, const struct content *content);

/** A plain text, or all chunks. */
enum sidetok_error render_content(struct render *r, const struct content *content);

/** All chunks of a user message: an image that stands last after texts only comes first. Rule:
 * _maybe_put_image_first. */
enum sidetok_error render_user_chunks(struct render *r, const struct content *content);

/** The error whose words are before and then the message as Python's str() writes it. */
enum sidetok_error render_fail_message(struct render *r, enum sidetok_error code, struct str before,
                                       const struct message *message);

#endif
