#include "stream.h"

static const struct str control_texts[CONTROL_COUNT] = {
#define X(name, text) [CONTROL_##name] = {text, sizeof(text) - 1},
#include "control.def"
};

struct str control_text(enum control control)
{
    return control_texts[control];
}

void stream_init(struct stream *stream, struct call *call)
{
    *stream = (struct stream){.call = call, .last_user = (size_t)-1};
}

static void stream_push(struct stream *stream, struct stream_item item)
{
    if (stream->n_items == stream->capacity) {
        size_t capacity = stream->capacity ? stream->capacity * 2 : 64;
        struct stream_item *items = arena_grow(&stream->call->arena, stream->items,
                                               stream->capacity * sizeof *items, capacity * sizeof *items);
        if (!items) {
            stream->out_of_memory = true;
            return;
        }
        stream->items = items;
        stream->capacity = capacity;
    }
    stream->items[stream->n_items++] = item;
}

void stream_control(struct stream *stream, enum control control, uint32_t count)
{
    stream_push(stream, (struct stream_item){.kind = STREAM_CONTROL, .control = control, .count = count});
}

void stream_text(struct stream *stream, struct str text)
{
    stream_push(stream, (struct stream_item){.kind = STREAM_TEXT, .text = text});
}

void stream_text_skip(struct stream *stream, struct str text, uint32_t n_skip)
{
    stream_push(stream, (struct stream_item){.kind = STREAM_TEXT_SKIP, .text = text, .count = n_skip});
}

void stream_message(struct stream *stream, enum stream_role role)
{
    stream_push(stream, (struct stream_item){.kind = STREAM_MESSAGE, .count = (uint32_t)role});
}

/* Room for one more after n entries of that size: twice as much whenever n is a power of two, so that many
 * small images cost linear memory. NULL when memory is out. */
static void *grow_list(struct stream *stream, void *list, size_t n, size_t size)
{
    if ((n & (n - 1)) != 0)
        return list;
    void *grown = arena_grow(&stream->call->arena, list, n * size, (n ? 2 * n : 1) * size);
    stream->out_of_memory |= !grown;
    return grown;
}

void stream_image(struct stream *stream, struct stream_size size)
{
    struct stream_size *images = grow_list(stream, stream->images, stream->n_images, sizeof *images);
    if (!images)
        return;
    stream->images = images;
    images[stream->n_images++] = size;
}

void stream_sound(struct stream *stream, struct stream_sound sound)
{
    struct stream_sound *sounds = grow_list(stream, stream->sounds, stream->n_sounds, sizeof *sounds);
    if (!sounds)
        return;
    stream->sounds = sounds;
    sounds[stream->n_sounds++] = sound;
}

enum sidetok_error stream_finish(struct stream *stream)
{
    return stream->out_of_memory ? failure_no_memory(stream->call) : SIDETOK_OK;
}
