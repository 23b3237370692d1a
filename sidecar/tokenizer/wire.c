#include "wire.h"

void wire_init(struct wire *wire, struct str bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    *wire = (struct wire){.at = at, .end = at + bytes.size, .depth = WIRE_MAX_DEPTH};
}

bool wire_ended(const struct wire *wire)
{
    return !wire->failed && wire->at == wire->end;
}

static bool fail(struct wire *wire)
{
    wire->failed = true;
    return false;
}

/* At most max_bytes bytes; bits beyond 64 are dropped. */
static bool read_varint(struct wire *wire, int max_bytes, uint64_t *ret)
{
    uint64_t value = 0;
    for (int i = 0; i < max_bytes && wire->at < wire->end; i++) {
        uint8_t byte = *wire->at++;
        value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return fail(wire);
}

bool wire_varint(struct wire *wire, uint64_t *ret)
{
    return read_varint(wire, 10, ret);
}

bool wire_next(struct wire *wire, struct wire_field *ret)
{
    uint64_t tag;
    if (wire->failed || wire->at == wire->end)
        return false;
    if (!read_varint(wire, 5, &tag))
        return false;
    ret->number = (uint32_t)tag >> 3;
    ret->type = (enum wire_type)(tag & 7);
    return ret->number != 0 || fail(wire);
}

bool wire_bytes(struct wire *wire, struct str *ret)
{
    uint64_t size;
    if (!read_varint(wire, 5, &size))
        return false;
    if (size > (uint64_t)(wire->end - wire->at))
        return fail(wire);
    *ret = (struct str){(const char *)wire->at, (size_t)size};
    wire->at += size;
    return true;
}

static bool skip_bytes(struct wire *wire, size_t size)
{
    if (size > (size_t)(wire->end - wire->at))
        return fail(wire);
    wire->at += size;
    return true;
}

bool wire_float(struct wire *wire, float *ret)
{
    const uint8_t *at = wire->at;
    if (!skip_bytes(wire, 4))
        return false;
    uint32_t bits = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    memcpy(ret, &bits, sizeof *ret);
    return true;
}

bool wire_message(struct wire *wire, struct wire *ret_inner)
{
    struct str bytes;
    if (wire->depth == 0)
        return fail(wire);
    if (!wire_bytes(wire, &bytes))
        return false;
    wire_init(ret_inner, bytes);
    ret_inner->depth = wire->depth - 1;
    return true;
}

/* The numbers of the groups that are open stand on a stack of its own: no recursion on input. */
static bool skip_group(struct wire *wire, uint32_t number)
{
    uint32_t open[WIRE_MAX_DEPTH];
    int n_open = 0;
    if (wire->depth == 0)
        return fail(wire);
    open[n_open++] = number;
    while (n_open > 0) {
        struct wire_field field;
        if (!wire_next(wire, &field))
            return fail(wire);
        if (field.type == WIRE_GROUP_END) {
            if (field.number != open[--n_open])
                return fail(wire);
        } else if (field.type == WIRE_GROUP) {
            if (n_open == wire->depth)
                return fail(wire);
            open[n_open++] = field.number;
        } else if (!wire_skip(wire, &field)) {
            return false;
        }
    }
    return true;
}

bool wire_skip(struct wire *wire, const struct wire_field *field)
{
    uint64_t number;
    struct str bytes;
    switch (field->type) {
    case WIRE_VARINT:
        return read_varint(wire, 10, &number);
    case WIRE_FIXED64:
        return skip_bytes(wire, 8);
    case WIRE_BYTES:
        return wire_bytes(wire, &bytes);
    case WIRE_GROUP:
        return skip_group(wire, field->number);
    case WIRE_FIXED32:
        return skip_bytes(wire, 4);
    default:
        return fail(wire);
    }
}
