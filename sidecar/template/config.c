#include "config.h"

#include "pydantic.h"
#include "python_repr.h"

#include <math.h>
#include <stdlib.h>

static const int64_t config_far = INT64_C(1) << 62;

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

enum sidetok_error config_check_mapping(struct call *call, struct str path, const struct json *section)
{
    if (section->kind == JSON_OBJECT)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_TYPE, "%.*s() argument after ** must be a mapping, not %.*s",
                       STR_ARG(path), STR_ARG(pydantic_type_name(section)));
}

enum sidetok_error config_check_names(struct call *call, struct str path, struct str class_name,
                                      const struct json *section, const struct str *names, size_t n_required,
                                      size_t n)
{
    TRY(config_check_mapping(call, path, section));
    for (size_t i = 0; i < section->object.n; i++) {
        struct str name = section->object.members[i].key;
        if (config_knows(name, names, n))
            continue;
        struct buf before;
        struct str text;
        buf_init(&before, call);
        buf_printf(&before, "%.*s.__init__() got an unexpected keyword argument '", STR_ARG(class_name));
        TRY(buf_finish(&before, &text));
        return failure_set_text(call, SIDETOK_E_TYPE, text, name, STR("'"));
    }
    return config_check_missing(call, class_name, section, names, n_required);
}

bool config_has(const struct json *section, struct str name)
{
    const struct json *value = json_get(section, name);
    return value && value->kind != JSON_NULL;
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

struct str config_str(struct call *call, const struct json *section, struct str name)
{
    const struct json *value = json_get(section, name);
    return value && value->kind == JSON_STRING ? value->text : config_repr(call, section, name);
}

static int64_t config_cut(double real)
{
    if (isnan(real))
        return 0;
    return real >= (double)config_far    ? config_far
           : real <= -(double)config_far ? -config_far
                                         : (int64_t)real;
}

/* Digits beyond the 62nd bit saturate; the float is the nearest one, as Python's. */
static struct config_number config_int(struct str digits)
{
    char *end, text[400];
    size_t n = digits.size < sizeof text ? digits.size : sizeof text - 1;
    memcpy(text, digits.data, n);
    text[n] = '\0';
    double real = strtod(text, &end);
    if (digits.size >= sizeof text)
        real = digits.data[0] == '-' ? -INFINITY : INFINITY;
    int64_t whole = strtoll(text, &end, 10);
    whole = whole > config_far ? config_far : whole < -config_far ? -config_far : whole;
    return (struct config_number){.real = real, .whole = whole};
}

bool config_number(const struct json *section, struct str name, struct config_number *ret)
{
    const struct json *value = json_get(section, name);
    if (!value)
        return false;
    if (value->kind == JSON_BOOL)
        *ret = (struct config_number){.real = value->boolean, .whole = value->boolean};
    else if (value->kind == JSON_FLOAT)
        *ret = (struct config_number){true, value->number, config_cut(value->number)};
    else if (value->kind == JSON_INT)
        *ret = config_int(value->text);
    else
        return false;
    return true;
}

enum sidetok_error config_positive(struct call *call, const struct json *section, struct str name,
                                   struct str before, struct config_number *ret_number)
{
    static const struct json none = {.kind = JSON_NULL};
    const struct json *value = json_get(section, name);
    if (!config_number(section, name, ret_number))
        return failure_set(call, SIDETOK_E_TYPE, "'>' not supported between instances of '%.*s' and 'int'",
                           STR_ARG(pydantic_type_name(value ? value : &none)));
    if (ret_number->real > 0)
        return SIDETOK_OK;
    return failure_set_text(call, SIDETOK_E_ASSERTION, before, config_str(call, section, name), STR(""));
}

enum sidetok_error config_check_float(struct call *call, struct config_number number)
{
    if (number.is_float || isfinite(number.real))
        return SIDETOK_OK;
    return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("int too large to convert to float"));
}

/* `int(real)`; what it gives is an int. */
static enum sidetok_error config_to_int(struct call *call, double real, struct config_number *ret)
{
    if (isnan(real))
        return failure_set_str(call, SIDETOK_E_VALUE, STR("cannot convert float NaN to integer"));
    if (isinf(real))
        return failure_set_str(call, SIDETOK_E_OVERFLOW, STR("cannot convert float infinity to integer"));
    *ret = (struct config_number){.real = trunc(real), .whole = config_cut(real)};
    return SIDETOK_OK;
}

static bool config_is_far(struct config_number number)
{
    return number.whole == config_far || number.whole == -config_far;
}

enum sidetok_error config_product(struct call *call, struct config_number a, struct config_number b,
                                  struct config_number *ret)
{
    int64_t whole;
    if (!a.is_float && !b.is_float) {
        if (__builtin_mul_overflow(a.whole, b.whole, &whole))
            whole = (a.whole < 0) != (b.whole < 0) ? -config_far : config_far;
        *ret = (struct config_number){.real = a.real * b.real, .whole = whole};
        return SIDETOK_OK;
    }
    TRY(config_check_float(call, a));
    TRY(config_check_float(call, b));
    return config_to_int(call, a.real * b.real, ret);
}

/* Rule: float_floor_div of CPython's floatobject.c. */
static double config_float_floor(double a, double b)
{
    double mod = fmod(a, b), div = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0))
        div -= 1.0;
    if (div == 0)
        return copysign(0.0, a / b);
    double whole = floor(div);
    return div - whole > 0.5 ? whole + 1.0 : whole;
}

enum sidetok_error config_floor_divide(struct call *call, struct config_number a, struct config_number b,
                                       struct config_number *ret)
{
    if (!a.is_float && !b.is_float && !config_is_far(a) && !config_is_far(b)) {
        int64_t whole = a.whole / b.whole - (a.whole % b.whole != 0 && (a.whole < 0) != (b.whole < 0));
        *ret = (struct config_number){.real = (double)whole, .whole = whole};
        return SIDETOK_OK;
    }
    if (!a.is_float && !b.is_float) { /* far out only the size matters */
        double real = isinf(b.real) ? 0.0 : floor(a.real / b.real);
        *ret = (struct config_number){.real = real, .whole = config_cut(real)};
        return SIDETOK_OK;
    }
    TRY(config_check_float(call, a));
    TRY(config_check_float(call, b));
    return config_to_int(call, config_float_floor(a.real, b.real), ret);
}

enum sidetok_error config_divide(struct call *call, struct config_number a, struct config_number b,
                                 struct config_number *ret)
{
    TRY(config_check_float(call, a));
    TRY(config_check_float(call, b));
    return config_to_int(call, a.real / b.real, ret);
}

enum sidetok_error config_check_repeat(struct call *call, struct config_number number)
{
    if (!number.is_float)
        return SIDETOK_OK;
    return failure_set_str(call, SIDETOK_E_TYPE, STR("can't multiply sequence by non-int of type 'float'"));
}
