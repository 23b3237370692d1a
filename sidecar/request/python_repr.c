#include "python_repr.h"

void python_repr_str(struct buf *out, struct str text)
{
    buf_append_char(out, '\'');
    buf_append(out, text);
    buf_append_char(out, '\'');
}

static void object_repr(struct buf *out, const struct json *value)
{
    buf_append_char(out, '{');
    for (size_t i = 0; i < value->object.n; i++) {
        buf_append(out, i > 0 ? STR(", ") : STR(""));
        python_repr_str(out, value->object.members[i].key);
        buf_append(out, STR(": "));
        python_repr(out, &value->object.members[i].value);
    }
    buf_append_char(out, '}');
}

static void array_repr(struct buf *out, const struct json *value)
{
    buf_append_char(out, '[');
    for (size_t i = 0; i < value->array.n; i++) {
        buf_append(out, i > 0 ? STR(", ") : STR(""));
        python_repr(out, &value->array.items[i]);
    }
    buf_append_char(out, ']');
}

void python_repr(struct buf *out, const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        buf_append(out, STR("None"));
        break;
    case JSON_BOOL:
        buf_append(out, value->boolean ? STR("True") : STR("False"));
        break;
    case JSON_INT:
        buf_append(out, value->text);
        break;
    case JSON_FLOAT:
        buf_printf(out, "%.17g", value->number);
        break;
    case JSON_ARRAY:
        array_repr(out, value);
        break;
    case JSON_OBJECT:
        object_repr(out, value);
        break;
    default:
        python_repr_str(out, value->text);
    }
}
