#include "settings.h"

#include "pydantic.h"

/* The "model_settings_builder" section of a tokenizer file, read as pydantic reads it. */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct str type_names[] = {{"enum", 4}, {"json_schema", 11}};

/* Literal[True] and Literal[False] take what equals them: 1 and 1.0, 0 and 0.0; never NaN. */
static void read_literal(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *value,
                         bool expected)
{
    bool equal = false;
    if (!value)
        return;
    if (value->kind == JSON_BOOL)
        equal = value->boolean == expected;
    else if (value->kind == JSON_INT)
        equal = str_equal(value->text, expected ? STR("1") : STR("0"));
    else if (value->kind == JSON_FLOAT)
        equal =
            expected ? value->number >= 1 && value->number <= 1 : value->number >= 0 && value->number <= 0;
    if (!equal)
        pydantic_fault(errors, loc, STR("literal_error"),
                       expected ? STR("Input should be True") : STR("Input should be False"), value);
}

static void read_effort(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *value,
                        enum reasoning_effort *ret_effort)
{
    struct str names[EFFORT_COUNT];
    size_t index = 0;
    for (size_t i = 0; i < EFFORT_COUNT; i++)
        names[i] = settings_effort_text((enum reasoning_effort)(i + 1));
    if (pydantic_enum(errors, loc, value, names, EFFORT_COUNT, &index))
        *ret_effort = (enum reasoning_effort)(index + 1);
}

/** The values as written, which may repeat until they are checked. */
struct efforts {
    enum reasoning_effort *items;
    size_t n;
};

static void read_values(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *value,
                        struct efforts *ret)
{
    if (!value)
        return;
    if (value->kind != JSON_ARRAY) {
        pydantic_fault(errors, loc, STR("list_type"), STR("Input should be a valid list"), value);
        return;
    }
    ret->items = call_alloc_array(errors->call, value->array.n, sizeof *ret->items);
    if (!ret->items)
        return;
    ret->n = value->array.n;
    for (size_t i = 0; i < ret->n; i++)
        read_effort(errors, LOC_INDEX(loc, i), &value->array.items[i], &ret->items[i]);
}

static bool repeats(const struct efforts *values)
{
    unsigned seen = 0;
    for (size_t i = 0; i < values->n; i++) {
        if (seen & 1u << values->items[i])
            return true;
        seen |= 1u << values->items[i];
    }
    return false;
}

/* Rule: the model validators of EnumBuilder, then of ReasoningEffortEnumBuilder. */
static void check_values(struct pydantic *errors, const struct pydantic_loc *loc, const struct json *input,
                         const struct efforts *values, struct settings_builder *builder)
{
    enum reasoning_effort effort = builder->default_effort;
    struct buf text;
    struct str message;
    buf_init(&text, errors->call);
    if (repeats(values)) {
        buf_append(&text, STR("Duplicate values in self.values="));
        settings_efforts_write(&text, values->items, values->n);
    } else if (effort == EFFORT_UNSET) {
        buf_append(&text, STR("The reasoning effort builder must declare a default."));
    } else if (!settings_effort_among(effort, values->items, values->n)) {
        buf_printf(&text, "Default value self.default='%s' is not in self.values=",
                   settings_effort_text(effort).data);
        settings_efforts_write(&text, values->items, values->n);
        buf_append_char(&text, '.');
    } else {
        builder->has_effort = true;
        builder->n_efforts = values->n;
        memcpy(builder->efforts, values->items, values->n * sizeof *values->items);
        return;
    }
    if (buf_finish(&text, &message) == SIDETOK_OK)
        pydantic_value_error(errors, loc, message, input);
}

/* Rule: ReasoningEffortEnumBuilder. */
static void read_effort_builder(struct pydantic *errors, const struct pydantic_loc *loc,
                                const struct json *input, struct settings_builder *builder)
{
    static const struct str keys[] = {{"type", 4}, {"accepts_none", 12}, {"default", 7}, {"values", 6}};
    struct efforts values = {NULL, 0};
    size_t n_before = errors->n, type_index = 0;
    const struct json *field = NULL;
    if (!pydantic_model(errors, loc, input, STR("ReasoningEffortEnumBuilder")))
        return;
    if ((field = json_get(input, STR("type"))))
        pydantic_enum(errors, LOC(loc, "type"), field, type_names, COUNT(type_names), &type_index);
    read_literal(errors, LOC(loc, "accepts_none"), json_get(input, STR("accepts_none")), true);
    field = pydantic_required(errors, LOC(loc, "default"), input);
    if (field && field->kind != JSON_NULL)
        read_effort(errors, LOC(loc, "default"), field, &builder->default_effort);
    read_values(errors, LOC(loc, "values"), pydantic_required(errors, LOC(loc, "values"), input), &values);
    pydantic_no_extra(errors, loc, input, keys, COUNT(keys), n_before);
    if (errors->n == n_before && values.items)
        check_values(errors, loc, input, &values, builder);
}

/* Rule: JSONSchemaBuilder. */
static void read_schema_builder(struct pydantic *errors, const struct pydantic_loc *loc,
                                const struct json *input, struct settings_builder *builder)
{
    static const struct str keys[] = {{"type", 4}, {"accepts_none", 12}, {"default", 7}};
    size_t n_before = errors->n, type_index = 0;
    const struct json *field = NULL;
    if (!pydantic_model(errors, loc, input, STR("JSONSchemaBuilder")))
        return;
    if ((field = json_get(input, STR("type"))))
        pydantic_enum(errors, LOC(loc, "type"), field, type_names, COUNT(type_names), &type_index);
    read_literal(errors, LOC(loc, "accepts_none"), json_get(input, STR("accepts_none")), false);
    if ((field = json_get(input, STR("default"))) && field->kind != JSON_NULL)
        pydantic_fault(errors, LOC(loc, "default"), STR("none_required"), STR("Input should be None"), field);
    pydantic_no_extra(errors, loc, input, keys, COUNT(keys), n_before);
    builder->has_schema = errors->n == n_before;
}

enum sidetok_error settings_builder_read(struct call *call, const struct json *value,
                                         struct settings_builder *ret_builder)
{
    static const struct str keys[] = {{"reasoning_effort", 16}, {"json_schema", 11}};
    const struct str title = STR("ModelSettingsBuilder");
    const struct json *field = NULL;
    struct pydantic errors;
    *ret_builder = (struct settings_builder){.has_effort = false};
    pydantic_init(&errors, call, title);
    if (pydantic_model(&errors, NULL, value, title)) {
        if ((field = json_get(value, keys[0])) && field->kind != JSON_NULL)
            read_effort_builder(&errors, LOC(NULL, "reasoning_effort"), field, ret_builder);
        if ((field = json_get(value, keys[1])) && field->kind != JSON_NULL)
            read_schema_builder(&errors, LOC(NULL, "json_schema"), field, ret_builder);
        pydantic_no_extra(&errors, NULL, value, keys, COUNT(keys), 0);
    }
    TRY(pydantic_finish(&errors));
    return call->failure.code; /* memory may have run out where no fault was found */
}
