#ifndef SIDETOK_TEMPLATE_TEMPLATE_H
#define SIDETOK_TEMPLATE_TEMPLATE_H

#include "request.h"
#include "stream.h"

struct template;
struct image_config; /* image.h; NULL where the tokenizer has no images */
struct audio_config; /* audio.h; NULL where the tokenizer has no audio */

/** What a template needs to know of the loaded tokenizer, no more. Filled once per loaded tokenizer. */
struct template_env {
    const struct template *template;   /* the version's table */
    bool is_tekken;
    bool has_think;                    /* [THINK] and [/THINK] are defined */
    const struct image_config *image;
    const struct audio_config *audio;
    const struct settings_builder *settings; /* v15; NULL when the file has none */
};

/** The table of a version (1, 2, 3, 7, 11, 13, 15), NULL for no such version. */
const struct template *template_find(int version);

/**
 * Control tokens and text of a normalized request, BOS first. On an error the stream holds what came before
 * it: an encoding error in that part is the one the reference would have raised, so the handler looks there first.
 * Rule: InstructTokenizerV*.encode_instruct.
 */
enum sidetok_error template_render(struct call *call, const struct template_env *env, const struct request *request,
                                   struct stream *ret_stream);

/** Fill in the middle. prompt and suffix; suffix.data NULL when None. Rule: InstructTokenizerV*.encode_fim. */
enum sidetok_error template_render_fim(struct call *call, const struct template_env *env, struct str prompt,
                                       struct str suffix, struct stream *ret_stream);

#endif
