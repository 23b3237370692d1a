#include "settings.h"

#include "buf.h"

static const struct str effort_texts[] = {
    [EFFORT_UNSET] = {"", 0},      [EFFORT_NONE] = {"none", 4},     [EFFORT_MINIMAL] = {"minimal", 7},
    [EFFORT_LOW] = {"low", 3},     [EFFORT_MEDIUM] = {"medium", 6}, [EFFORT_HIGH] = {"high", 4},
    [EFFORT_XHIGH] = {"xhigh", 5}, [EFFORT_MAX] = {"max", 3},
};

struct str settings_effort_text(enum reasoning_effort effort)
{
    return effort_texts[effort];
}

enum reasoning_effort settings_effort_find(struct str text)
{
    for (enum reasoning_effort effort = EFFORT_NONE; effort <= EFFORT_MAX; effort++)
        if (str_equal(effort_texts[effort], text))
            return effort;
    return EFFORT_UNSET;
}

bool settings_effort_among(enum reasoning_effort effort, const enum reasoning_effort *efforts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (efforts[i] == effort)
            return true;
    return false;
}

void settings_efforts_write(struct buf *out, const enum reasoning_effort *efforts, size_t n)
{
    buf_append_char(out, '[');
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s'%s'", i ? ", " : "", effort_texts[efforts[i]].data);
    buf_append_char(out, ']');
}

/* Rule: EnumBuilder._validate_built_value. */
static enum sidetok_error check_effort(struct call *call, const struct settings_builder *builder,
                                       enum reasoning_effort effort)
{
    struct buf values;
    struct str text;
    if (settings_effort_among(effort, builder->efforts, builder->n_efforts))
        return SIDETOK_OK;
    buf_init(&values, call);
    settings_efforts_write(&values, builder->efforts, builder->n_efforts);
    TRY(buf_finish(&values, &text));
    return failure_set(call, SIDETOK_E_INVALID_REQUEST, "reasoning_effort should be one of %.*s, got %s.",
                       STR_ARG(text), effort_texts[effort].data);
}

/* Rule: ResponseFormat.get_schema(purpose=SchemaRenderingMode.model_settings). */
static const struct json *response_schema(const struct request *request)
{
    static const struct json_member object = {{"type", 4}, {JSON_STRING, .text = {"object", 6}}};
    static const struct json_member array = {{"type", 4}, {JSON_STRING, .text = {"array", 5}}};
    static const struct json kinds[] = {{JSON_OBJECT, .object = {&object, 1}},
                                        {JSON_OBJECT, .object = {&array, 1}}};
    static const struct json_member any_of = {{"anyOf", 5}, {JSON_ARRAY, .array = {kinds, 2}}};
    static const struct json object_or_array = {JSON_OBJECT, .object = {&any_of, 1}};
    switch (request->response_format) {
    case FORMAT_JSON_SCHEMA:
        return &request->schema;
    case FORMAT_JSON_OBJECT:
        return &object_or_array;
    case FORMAT_TEXT:
        break;
    }
    return NULL;
}

/* The schema needs no second check against draft 7: request_decode() made it. */
enum sidetok_error settings_build(struct call *call, const struct settings_builder *builder,
                                  struct request *request)
{
    request->settings_effort = EFFORT_UNSET;
    request->settings_schema = NULL;
    if (builder->has_effort) {
        enum reasoning_effort effort = request->reasoning_effort;
        if (effort == EFFORT_UNSET)
            effort = builder->default_effort;
        TRY(check_effort(call, builder, effort));
        request->settings_effort = effort;
    }
    if (builder->has_schema)
        request->settings_schema = response_schema(request);
    return SIDETOK_OK;
}

static enum sidetok_error validate_effort(struct call *call, const struct settings_builder *builder,
                                          enum reasoning_effort effort)
{
    if (!builder->has_effort && effort != EFFORT_UNSET)
        return failure_set(call, SIDETOK_E_INVALID_REQUEST, "reasoning_effort not supported for this model");
    if (!builder->has_effort)
        return SIDETOK_OK;
    if (effort == EFFORT_UNSET) /* a builder has a default always, so that None is never what was built */
        return failure_set(call, SIDETOK_E_INVALID_REQUEST, "reasoning_effort should be set for this model.");
    return check_effort(call, builder, effort);
}

enum sidetok_error settings_validate(struct call *call, const struct settings_builder *builder,
                                     enum reasoning_effort effort, const struct json *schema)
{
    TRY(validate_effort(call, builder, effort));
    if (!builder->has_schema && schema)
        return failure_set(call, SIDETOK_E_INVALID_REQUEST, "json_schema not supported for this model");
    return SIDETOK_OK;
}
