#ifndef SIDETOK_TEMPLATE_AUDIO_URL_H
#define SIDETOK_TEMPLATE_AUDIO_URL_H

#include "call.h"
#include "str.h"

/**
 * SIDETOK_OK for an audio_url that the reference takes for base64 text; else the error of a sidecar that
 * fetches and opens nothing: the reference's words for a download that failed and for a file that is missing
 * or a directory, SIDETOK_E_NOT_SUPPORTED for a file that is there. Rule: AudioURLChunk.get_url_type,
 * Audio.from_url, Audio.from_file.
 */
enum sidetok_error audio_url_check(struct call *call, struct str url);

#endif
