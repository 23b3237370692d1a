#include "config.h"

#include "python_repr.h"

static bool config_knows(struct str name, const struct str *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_equal(names[i], name))
            return true;
    return false;
}

/* 'a', or 'a' and 'b', or 'a', 'b', and 'c': the missing names as CPython lists them. */
static void config_append_missing(struct buf *out, const struct str *missing, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_append(out, n == 2 ? STR(" and ") : i + 1 == n ? STR(", and ") : STR(", "));
        buf_printf(out, "'%.*s'", STR_ARG(missing[i]));
    }
}

static enum sidetok_error config_check_missing(struct call *call, struct str class_name,
                                               const struct json *section, const struct str *names,
                                               size_t n_required)
{
    struct str missing[8], text;
    size_t n_missing = 0;
    for (size_t i = 0; i < n_required; i++)
        if (!json_get(section, names[i]))
            missing[n_missing++] = names[i];
    if (n_missing == 0)
        return SIDETOK_OK;
    struct buf out;
    buf_init(&out, call);
    buf_printf(&out, "%.*s.__init__() missing %zu required positional argument%s: ", STR_ARG(class_name),
               n_missing, n_missing > 1 ? "s" : "");
    config_append_missing(&out, missing, n_missing);
    TRY(buf_finish(&out, &text));
    return failure_set_str(call, SIDETOK_E_TYPE, text);
}

enum sidetok_error config_check_names(struct call *call, struct str class_name, const struct json *section,
                                      const struct str *names, size_t n_required, size_t n)
{
    for (size_t i = 0; i < section->object.n; i++) {
        struct str name = section->object.members[i].key;
        if (!config_knows(name, names, n))
            return failure_set(call, SIDETOK_E_TYPE,
                               "%.*s.__init__() got an unexpected keyword argument '%.*s'",
                               STR_ARG(class_name), STR_ARG(name));
    }
    return config_check_missing(call, class_name, section, names, n_required);
}

bool config_has(const struct json *section, struct str name)
{
    const struct json *value = json_get(section, name);
    return value && value->kind != JSON_NULL;
}

bool config_number(const struct json *section, struct str name, double fallback, double *ret)
{
    const struct json *value = json_get(section, name);
    int64_t integer;
    *ret = fallback;
    if (!value || value->kind == JSON_NULL)
        return true;
    if (value->kind == JSON_FLOAT)
        *ret = value->number;
    else if (json_int64(value, &integer))
        *ret = (double)integer;
    else
        return false;
    return true;
}

struct str config_repr(struct call *call, const struct json *section, struct str name)
{
    const struct json *value = json_get(section, name);
    struct buf out;
    if (!value)
        return STR("None");
    buf_init(&out, call);
    python_repr(&out, value);
    return buf_str(&out);
}

enum sidetok_error config_integer(struct call *call, const struct json *section, struct str name,
                                  int64_t fallback, int64_t *ret)
{
    const struct json *value = json_get(section, name);
    *ret = fallback;
    if (!value || json_int64(value, ret))
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED, "%.*s must be an integer, got %.*s", STR_ARG(name),
                       STR_ARG(config_repr(call, section, name)));
}
