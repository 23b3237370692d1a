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

/* libsndfile's number for it is in no header of its own. file may be NULL. */
static bool sound_has_no_memory(SNDFILE *file)
{
    return strstr(sf_strerror(file), "malloc") != NULL;
}

/* soundfile asks for all the frames that the header announces, in one read, and then seeks to where it ended.
 */
static enum sidetok_error sound_read_frames(struct call *call, SNDFILE *file, const SF_INFO *info,
                                            float *block, sf_count_t block_frames, uint64_t *ret_n)
{
    sf_count_t n = 0, got = 0, want = 0;
    while (n < info->frames && got == want) {
        want = info->frames - n < block_frames ? info->frames - n : block_frames;
        got = sf_readf_float(file, block, want);
        n += got;
        TRY(call_spend(call, 2 * (uint64_t)got * (uint64_t)info->channels));
    }
    *ret_n = (uint64_t)n;
    if (sf_error(file) == SF_ERR_NO_ERROR && sf_seek(file, n, SEEK_SET) >= 0)
        return SIDETOK_OK;
    return sound_has_no_memory(file) ? failure_no_memory(call)
                                     : failure_set(call, SIDETOK_E_LIBSNDFILE, "%s", sf_strerror(file));
}

/* libsndfile 1.2.0 gives a cut Ogg file no length, where 1.2.2 finds the last whole page: reading to the end
 * does too. */
static bool sound_length_is_unknown(const SF_INFO *info)
{
    return info->frames == SF_COUNT_MAX && (info->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG;
}

/* What soundfile and numpy refuse before they read. */
static enum sidetok_error sound_check_info(struct call *call, const SF_INFO *info)
{
    size_t bytes;
    if (!info->seekable)
        return failure_set_str(call, SIDETOK_E_VALUE, STR("frames must be specified for non-seekable files"));
    if (sound_length_is_unknown(info))
        return SIDETOK_OK;
    if (info->frames < 0 ||
        __builtin_mul_overflow((size_t)info->frames, (size_t)info->channels * sizeof(float), &bytes) ||
        bytes > PTRDIFF_MAX)
        return failure_set_str(
            call, SIDETOK_E_VALUE,
            STR("array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum "
                "possible size."));
    return SIDETOK_OK;
}

static enum sidetok_error sound_read(struct call *call, SNDFILE *file, const SF_INFO *info,
                                     struct sound_file *ret_sound)
{
    TRY(sound_check_info(call, info));
    sf_count_t block_frames = 65536 / (info->channels > 0 ? info->channels : 1) + 1;
    float *block = call_alloc_array(call, (size_t)block_frames * (size_t)info->channels, sizeof *block);
    if (!block)
        return SIDETOK_E_NO_MEMORY;
    ret_sound->n_channels = (uint32_t)info->channels;
    ret_sound->rate = (uint32_t)info->samplerate;
    return sound_read_frames(call, file, info, block, block_frames, &ret_sound->n_frames);
}

enum sidetok_error sound_file_read(struct call *call, struct str bytes, struct sound_file *ret_sound)
{
    static SF_VIRTUAL_IO io = {sound_source_size, sound_source_seek, sound_source_read, sound_source_write,
                               sound_source_tell};
    struct sound_source source = {bytes, 0};
    SF_INFO info = {0};
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, &source);
    if (!file && sound_has_no_memory(file))
        return failure_no_memory(call);
    if (!file)
        return failure_set(call, SIDETOK_E_LIBSNDFILE, "Error opening <_io.BytesIO object at 0x0>: %s",
                           sf_strerror(NULL));
    enum sidetok_error error = sound_read(call, file, &info, ret_sound);
    sf_close(file);
    return error;
}
