#ifndef SIDETOK_SUPPORT_STREAM_H
#define SIDETOK_SUPPORT_STREAM_H

#include "call.h"
#include "str.h"

#include <stdint.h>

/** Control tokens by name: CONTROL_BEGIN_INST is "[INST]". Rule: mistral_common SpecialTokens. */
enum control {
#define X(name, text) CONTROL_##name,
#include "control.def"
    CONTROL_COUNT
};

/** The token's spelling, such as "[INST]"; static. */
struct str control_text(enum control control);

/** One step of a rendered request. Text never becomes a control token; each text is encoded by itself. */
struct stream_item {
    enum stream_kind {
        STREAM_CONTROL, /* control, repeated count times */
        STREAM_TEXT,    /* text, encoded alone, as the reference calls encode() */
        STREAM_TEXT_SKIP, /* text, encoded alone, of whose ids the first count are dropped (FIM's suffix) */
        STREAM_MESSAGE, /* a message begins here: for truncation and prefix ids */
    } kind;
    enum control control;
    uint32_t count;
    struct str text; /* borrowed: the request body or the call's arena */
};

/** What a message is to truncation: system messages and the last user message are never dropped. */
enum stream_role { STREAM_ROLE_SYSTEM, STREAM_ROLE_USER, STREAM_ROLE_ASSISTANT, STREAM_ROLE_TOOL };

struct stream_size { uint32_t height, width; };          /* a resized image, pixels */
struct stream_sound { uint64_t n_samples; uint32_t rate; }; /* a sound after resampling and padding */

/** All that template and tokenizer share. Memory: the call's arena. */
struct stream {
    struct call *call;
    struct stream_item *items;
    size_t n_items, capacity;
    struct stream_size *images;
    size_t n_images;
    struct stream_sound *sounds;
    size_t n_sounds;
    bool has_prefix;   /* the last message is to be continued: its ids are the reply's prefix_ids */
    bool has_limit;    /* truncate to max_tokens, BOS left out, as the reference's _truncate_for_max_tokens */
    int64_t max_tokens; /* may be negative, as the reference's int */
    size_t last_user;  /* number of the last user message, counted in STREAM_MESSAGE items; SIZE_MAX: none */
    bool out_of_memory; /* remembered until stream_finish() */
};

void stream_init(struct stream *stream, struct call *call);

/** Appends a control token, count times. */
void stream_control(struct stream *stream, enum control control, uint32_t count);

/** Appends text to be encoded by itself; an empty text is kept (SentencePiece may give it no ids). Borrowed. */
void stream_text(struct stream *stream, struct str text);

/** Appends text of whose ids the first n_skip are dropped. */
void stream_text_skip(struct stream *stream, struct str text, uint32_t n_skip);

/** Marks the start of the next message. The role is kept in count. */
void stream_message(struct stream *stream, enum stream_role role);

void stream_image(struct stream *stream, struct stream_size size);
void stream_sound(struct stream *stream, struct stream_sound sound);

/** SIDETOK_OK, or SIDETOK_E_NO_MEMORY when an append failed. */
enum sidetok_error stream_finish(struct stream *stream);

#endif
