#ifndef SIDETOK_TEMPLATE_TEMPLATE_H
#define SIDETOK_TEMPLATE_TEMPLATE_H

#include "request.h"
#include "stream.h"

struct template;         /* what differs from version to version: render.h */
struct image_config;     /* image.h; NULL where the tokenizer has no images */
struct audio_config;     /* audio.h; NULL where the tokenizer has no audio */
struct settings_builder; /* settings.h */

/** What a template needs to know of the loaded tokenizer, no more. Filled once per loaded tokenizer. */
struct template_env {
    const struct template *template; /* the version's table */
    bool has_think;                  /* [THINK] and [/THINK] are both defined */
    const struct image_config *image;
    const struct audio_config *audio;
    const struct settings_builder *settings; /* v15; NULL when the file has none */
};

/** The table of a version (1, 2, 3, 7, 11, 13, 15), NULL for no such version. */
const struct template *template_find(int version);

/**
 * The control tokens that a version looks up when it is loaded, in the reference's order. One that Tekken
 * does not know is the load error (ValueError "Unknown control token ..."); SentencePiece takes id 0.
 * CONTROL_TRANSCRIBE in the list is looked up only by a tokenizer whose audio section is there and is not for
 * streaming. Rule: InstructTokenizerV*.__init__.
 */
const enum control *template_controls(const struct template *template, size_t *ret_n);

/**
 * The AssertionError of a version that takes Tekken only (v13 and later). Rule:
 * InstructTokenizerV13.__init__, after the control tokens.
 */
enum sidetok_error template_check_kind(struct call *call, const struct template *template, bool is_tekken);

/**
 * Control tokens and text of a normalized request, BOS first. On an error the stream holds what came before
 * it: an encoding error in that part is the one the reference would have raised, so the handler looks there
 * first. A control token unknown to the tokenizer is the reference's error where it stands; an unknown BOS
 * only after all else. From v7 on request->max_tokens is handed to the stream; before, the reference never
 * truncates. Rule: InstructTokenizerV*.encode_instruct.
 */
enum sidetok_error template_render(struct call *call, const struct template_env *env,
                                   const struct request *request, struct stream *ret_stream);

/** Fill in the middle. prompt and suffix; suffix.data NULL when None. Rule: InstructTokenizerV*.encode_fim.
 */
enum sidetok_error template_render_fim(struct call *call, const struct template_env *env, struct str prompt,
                                       struct str suffix, struct stream *ret_stream);

#endif
