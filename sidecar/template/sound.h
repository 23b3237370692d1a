#ifndef SIDETOK_TEMPLATE_SOUND_H
#define SIDETOK_TEMPLATE_SOUND_H

#include "sound_request.h"
#include "template.h"

/** Control tokens, pads and the language of a transcription. Rule: InstructTokenizerV*.encode_transcription.
 */
enum sidetok_error template_render_transcription(struct call *call, const struct template_env *env,
                                                 const struct transcription_request *request,
                                                 struct stream *ret_stream);

/** Reference sound or voice, and the text to speak. Rule: InstructTokenizerV*.encode_speech_request. */
enum sidetok_error template_render_speech(struct call *call, const struct template_env *env,
                                          const struct speech_request *request, struct stream *ret_stream);

#endif
