#include "sound_file.h"

#include <sndfile.h>
#include <stdio.h>

/* The file in memory, as libsndfile's virtual I/O reads it. */
struct sound_source {
    struct str bytes;
    sf_count_t at;
};

static sf_count_t sound_source_size(void *user)
{
    return (sf_count_t)((struct sound_source *)user)->bytes.size;
}

static sf_count_t sound_source_seek(sf_count_t offset, int whence, void *user)
{
    struct sound_source *source = user;
    sf_count_t base = whence == SEEK_CUR ? source->at : whence == SEEK_END ? sound_source_size(user) : 0;
    source->at = base + offset;
    return source->at;
}

static sf_count_t sound_source_read(void *data, sf_count_t size, void *user)
{
    struct sound_source *source = user;
    sf_count_t whole = sound_source_size(user);
    if (source->at < 0 || source->at >= whole || size <= 0)
        return 0;
    sf_count_t n = size < whole - source->at ? size : whole - source->at;
    memcpy(data, source->bytes.data + source->at, (size_t)n);
    source->at += n;
    return n;
}

static sf_count_t sound_source_write(const void *data, sf_count_t size, void *user)
{
    (void)data, (void)size, (void)user;
    return 0;
}

static sf_count_t sound_source_tell(void *user)
{
    return ((struct sound_source *)user)->at;
}

/* soundfile asks for all the frames that the header announces, in one read. */
static uint64_t sound_count_frames(SNDFILE *file, const SF_INFO *info, float *block, sf_count_t block_frames)
{
    sf_count_t n = 0;
    while (n < info->frames) {
        sf_count_t want = info->frames - n < block_frames ? info->frames - n : block_frames;
        sf_count_t got = sf_readf_float(file, block, want);
        n += got;
        if (got < want)
            break;
    }
    return (uint64_t)n;
}

enum sidetok_error sound_file_read(struct call *call, struct str bytes, struct sound_file *ret_sound)
{
    static SF_VIRTUAL_IO io = {sound_source_size, sound_source_seek, sound_source_read, sound_source_write,
                               sound_source_tell};
    struct sound_source source = {bytes, 0};
    SF_INFO info = {0};
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, &source);
    if (!file)
        return failure_set(call, SIDETOK_E_LIBSNDFILE, "Error opening <_io.BytesIO object at 0x0>: %s",
                           sf_strerror(NULL));
    sf_count_t block_frames = 65536 / (info.channels > 0 ? info.channels : 1) + 1;
    float *block = call_alloc_array(call, (size_t)block_frames * (size_t)info.channels, sizeof *block);
    if (!block) {
        sf_close(file);
        return SIDETOK_E_NO_MEMORY;
    }
    *ret_sound = (struct sound_file){.n_frames = sound_count_frames(file, &info, block, block_frames),
                                     .n_channels = (uint32_t)info.channels,
                                     .rate = (uint32_t)info.samplerate};
    sf_close(file);
    return SIDETOK_OK;
}
