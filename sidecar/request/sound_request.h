#ifndef SIDETOK_REQUEST_SOUND_REQUEST_H
#define SIDETOK_REQUEST_SOUND_REQUEST_H

#include "call.h"
#include "json.h"

enum streaming_mode { STREAMING_DISABLED, STREAMING_ONLINE, STREAMING_OFFLINE };

/** Rule: mistral_common.protocol.transcription.request.TranscriptionRequest. Absent texts have data == NULL.
 */
struct transcription_request {
    struct str audio; /* base64 text, or raw bytes */
    bool audio_is_bytes;
    struct str language; /* two lower-case letters, or absent */
    enum streaming_mode streaming;
    bool has_delay;
    double delay_ms; /* target_streaming_delay_ms */
};

/** Rule: mistral_common.protocol.speech.request.SpeechRequest. */
struct speech_request {
    struct str input;
    struct str voice;     /* absent when None */
    struct str ref_audio; /* base64 text, or raw bytes; absent when None */
    bool ref_audio_is_bytes;
};

/** TranscriptionRequest(**body): the fields above, or the reference's ValidationError. */
enum sidetok_error request_decode_transcription(struct call *call, const struct json *body,
                                                struct transcription_request *ret_request);

/** SpeechRequest(**body). */
enum sidetok_error request_decode_speech(struct call *call, const struct json *body,
                                         struct speech_request *ret_request);

#endif
