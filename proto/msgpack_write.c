#include "msgpack_write.h"

#include <msgpack/pack.h>
#include <string.h>

struct msgpack_writer msgpack_writer_fixed(void *data, size_t capacity)
{
    return (struct msgpack_writer){.data = data, .capacity = capacity};
}

struct msgpack_writer msgpack_writer_growing(msgpack_grow *grow, void *context)
{
    return (struct msgpack_writer){.grow = grow, .context = context};
}

enum sidetok_error msgpack_writer_error(const struct msgpack_writer *writer)
{
    return writer->failed ? SIDETOK_E_NO_MEMORY : SIDETOK_OK;
}

struct view msgpack_writer_view(const struct msgpack_writer *writer)
{
    return (struct view){(const char *)writer->data, writer->size};
}

static bool writer_grow(struct msgpack_writer *writer, size_t needed)
{
    if (!writer->grow)
        return false;
    size_t capacity = writer->capacity < 256 ? 256 : writer->capacity;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    uint8_t *data = writer->grow(writer->context, writer->size, capacity, &capacity);
    if (!data)
        return false;
    writer->data = data;
    writer->capacity = capacity;
    return true;
}

uint8_t *msgpack_write_room(struct msgpack_writer *writer, size_t n)
{
    if (writer->failed)
        return NULL;
    bool fits = n <= writer->capacity - writer->size;
    if (!fits && (n > SIZE_MAX - writer->size || !writer_grow(writer, writer->size + n))) {
        writer->failed = true;
        return NULL;
    }
    return writer->data + writer->size;
}

void msgpack_write_advance(struct msgpack_writer *writer, size_t n)
{
    if (!writer->failed)
        writer->size += n;
}

/** What msgpack-c calls with each piece it has packed. */
static int write_bytes(void *context, const char *bytes, size_t size)
{
    struct msgpack_writer *writer = context;
    uint8_t *room = msgpack_write_room(writer, size);
    if (!room)
        return -1;
    if (size > 0)
        memcpy(room, bytes, size);
    msgpack_write_advance(writer, size);
    return 0;
}

static msgpack_packer packer_of(struct msgpack_writer *writer)
{
    return (msgpack_packer){.data = writer, .callback = write_bytes};
}

void msgpack_write_nil(struct msgpack_writer *writer)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_nil(&packer);
}

void msgpack_write_bool(struct msgpack_writer *writer, bool value)
{
    msgpack_packer packer = packer_of(writer);
    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

void msgpack_write_int(struct msgpack_writer *writer, int64_t value)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_int64(&packer, value);
}

void msgpack_write_uint(struct msgpack_writer *writer, uint64_t value)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_uint64(&packer, value);
}

void msgpack_write_float(struct msgpack_writer *writer, double value)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_double(&packer, value);
}

void msgpack_write_array(struct msgpack_writer *writer, uint32_t n)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_array(&packer, n);
}

void msgpack_write_map(struct msgpack_writer *writer, uint32_t n)
{
    msgpack_packer packer = packer_of(writer);
    msgpack_pack_map(&packer, n);
}

/** msgpack-c cuts a longer size to 32 bits without a word. */
static bool size_fits(struct msgpack_writer *writer, struct view bytes)
{
    if (bytes.size > UINT32_MAX)
        writer->failed = true;
    return !writer->failed;
}

void msgpack_write_str(struct msgpack_writer *writer, struct view bytes)
{
    msgpack_packer packer = packer_of(writer);
    if (!size_fits(writer, bytes))
        return;
    msgpack_pack_str(&packer, bytes.size);
    msgpack_write_raw(writer, bytes);
}

void msgpack_write_bin(struct msgpack_writer *writer, struct view bytes)
{
    msgpack_packer packer = packer_of(writer);
    if (!size_fits(writer, bytes))
        return;
    msgpack_pack_bin(&packer, bytes.size);
    msgpack_write_raw(writer, bytes);
}

/** A surrogate is the byte ED followed by A0 or above; ED with 80 to 9F is U+D000 to U+D7FF. */
static bool has_lone_surrogate(struct view text)
{
    if (text.size == 0) /* its data may be NULL */
        return false;
    const char *at = text.data, *end = text.data + text.size;
    while (at < end && (at = memchr(at, 0xed, (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && (uint8_t)*at >= 0xa0)
            return true;
    }
    return false;
}

void msgpack_write_text(struct msgpack_writer *writer, struct view text)
{
    if (has_lone_surrogate(text))
        msgpack_write_bin(writer, text);
    else
        msgpack_write_str(writer, text);
}

void msgpack_write_raw(struct msgpack_writer *writer, struct view value)
{
    write_bytes(writer, value.data, value.size);
}
