#ifndef SIDETOK_MEDIA_SOUND_FILE_H
#define SIDETOK_MEDIA_SOUND_FILE_H

#include "call.h"
#include "str.h"

#include <stdint.h>

/** A decoded sound file: what its tokens depend on. The samples themselves are forgotten. */
struct sound_file {
    uint64_t n_frames; /* that could be read: a cut file has fewer than its header says */
    uint32_t n_channels;
    uint32_t rate; /* samples a second */
};

/**
 * Reads a whole sound file from memory by libsndfile. SIDETOK_E_LIBSNDFILE (a RuntimeError in Python) where
 * it cannot be opened or read, with soundfile's message, in which the buffer's address is written 0x0. Rule:
 * soundfile.SoundFile(BytesIO(bytes)).read(dtype="float32").
 */
enum sidetok_error sound_file_read(struct call *call, struct str bytes, struct sound_file *ret_sound);

#endif
