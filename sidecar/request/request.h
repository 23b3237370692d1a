#ifndef SIDETOK_REQUEST_REQUEST_H
#define SIDETOK_REQUEST_REQUEST_H

#include "call.h"
#include "json.h"
#include "str.h"

#include <stdint.h>

/* The reference's pydantic models as structs. An absent string (Python None) has data == NULL. All memory is the
 * call's arena or the request body; the structs are rewritten in place by request_normalize(). */

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

enum chunk_kind { CHUNK_TEXT, CHUNK_IMAGE, CHUNK_IMAGE_URL, CHUNK_INPUT_AUDIO, CHUNK_AUDIO_URL, CHUNK_THINKING };

/** Rule: mistral_common.protocol.instruct.chunk. */
struct chunk {
    enum chunk_kind kind;
    struct str text;      /* text, thinking, url, base64 data */
    struct str detail;    /* image_url: detail, NULL when none */
    bool is_object;       /* image_url, audio_url: given as an object with "url" rather than a string */
    bool is_bytes;        /* input_audio: raw bytes (msgpack bin) rather than base64 */
    bool closed;          /* thinking */
    uint32_t width, height; /* image_url: size handed over by the caller instead of bytes; 0 when not */
    const void *image;    /* CHUNK_IMAGE: the decoded image (the reference decodes at conversion); see image.h */
};

/** None, a str, or a list of chunks. */
struct content {
    enum content_kind { CONTENT_NONE, CONTENT_TEXT, CONTENT_CHUNKS } kind;
    struct str text;
    struct chunk *chunks;
    size_t n_chunks;
};

/** Rule: mistral_common.protocol.instruct.tool_calls.ToolCall. */
struct tool_call {
    struct str id;        /* "null" when not given */
    struct str name;
    struct str arguments; /* JSON text */
    bool arguments_is_json; /* set by request_normalize(): arguments parsed and were rewritten */
};

/** One message. Rule: mistral_common.protocol.instruct.messages. */
struct message {
    enum role role;
    struct content content;
    struct tool_call *tool_calls; /* assistant */
    size_t n_tool_calls;
    bool has_tool_calls;   /* the list was given (an empty list is not None) */
    bool prefix;           /* assistant */
    struct str tool_call_id; /* tool; NULL when None */
    struct str name;         /* tool; NULL when None */
    bool content_is_json;    /* tool, v1 to v3; set by request_normalize(): content parsed and was rewritten */
};

/** Rule: mistral_common.protocol.instruct.tool_calls.Tool. */
struct tool {
    struct str name;
    struct str description;
    struct json parameters; /* always an object */
    bool strict;
};

enum reasoning_effort { EFFORT_UNSET, EFFORT_NONE, EFFORT_MINIMAL, EFFORT_LOW, EFFORT_MEDIUM, EFFORT_HIGH, EFFORT_XHIGH, EFFORT_MAX };
enum response_format { FORMAT_TEXT, FORMAT_JSON_OBJECT, FORMAT_JSON_SCHEMA };

/** A chat request. Rule: ChatCompletionRequest, and after request_normalize() InstructRequest. */
struct request {
    struct str model; /* NULL when None */
    struct message *messages;
    size_t n_messages;
    struct tool *tools;
    size_t n_tools;
    bool has_tools;               /* the list was given */
    bool truncate_for_context_length;
    enum reasoning_effort reasoning_effort;
    enum response_format response_format;
    bool has_json_schema;         /* response_format.json_schema was given */
    struct str schema_name, schema_description; /* of response_format.json_schema */
    bool schema_strict;
    struct json schema;           /* response_format.json_schema.schema */

    /* set by request_normalize() */
    struct str system_prompt;     /* v1 to v3; NULL when None */
    enum reasoning_effort settings_effort; /* v15: ModelSettings.reasoning_effort */
    const struct json *settings_schema;    /* v15: ModelSettings.json_schema, NULL when None */

    /* set by the handler after request_normalize(): InstructRequest.truncate_at_max_tokens */
    bool has_max_tokens;
    int64_t max_tokens; /* may be negative, as the reference's int */
};

enum validation_mode { MODE_TEST, MODE_SERVING, MODE_FINETUNING, MODE_AGNOSTIC };

struct rules; /* what differs from version to version: rules.h */
struct settings_builder; /* what model settings a v15 tokenizer takes: settings.h */

/** Body (a JSON object in any spelling) into structs: ChatCompletionRequest.from_openai. Stage "convert". */
enum sidetok_error request_decode(struct call *call, const struct json *body, struct request *ret_request);

/**
 * Body into a fill-in-the-middle request. ret_suffix->data is NULL for None. Stage "convert".
 * Rule: mistral_common.protocol.fim.request.FIMRequest(**body).
 */
enum sidetok_error request_decode_fim(struct call *call, const struct json *body, struct str *ret_prompt,
                                      struct str *ret_suffix);

/** The reference's checks in its order: get_validator(version, mode).validate_request. Stage "encode". */
enum sidetok_error request_validate(struct call *call, const struct rules *rules, enum validation_mode mode,
                                    const struct request *request);

/**
 * Merges turns, rewrites JSON as Python's json does, sorts tool results, builds settings. In place: messages is a new
 * list, system messages of v1 to v3 are gone into system_prompt. request must have passed request_validate().
 *
 * settings  v15: the tokenizer's builder, NULL when it has none (an error of the reference's); else ignored.
 *
 * Errors: ValueError (an integer of more than 4,300 digits in arguments or results), RecursionError,
 * InvalidRequestException (settings). Linear in the request, but for sorting.
 * Rule: get_normalizer(version, builder).from_chat_completion_request.
 */
enum sidetok_error request_normalize(struct call *call, const struct rules *rules,
                                     const struct settings_builder *settings, struct request *request);

#endif
