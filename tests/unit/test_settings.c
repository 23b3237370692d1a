#include "tests/support/test.h"

#include "settings.h"

/* ---- reading the section of the tokenizer file ---- */

/* input is JSON with ' for "; so is what is expected: the builder in words, or the message of the
 * ValidationError. */
struct read_case {
    const char *why, *input, *expected;
};

static const struct read_case read_cases[] = {
    {"no dictionary", "[]",
     "1 validation error for ModelSettingsBuilder\n"
     "  Input should be a valid dictionary or instance of ModelSettingsBuilder [type=model_type, "
     "input_value=[], input_type=list]"},
    {"a word", "'x'",
     "1 validation error for ModelSettingsBuilder\n"
     "  Input should be a valid dictionary or instance of ModelSettingsBuilder [type=model_type, "
     "input_value='x', input_type=str]"},
    {"nothing supported", "{}", "ok"},
    {"null fields are absent", "{'reasoning_effort': null, 'json_schema': null}", "ok"},
    {"efforts and a default", "{'reasoning_effort': {'values': ['none', 'high'], 'default': 'none'}}",
     "ok none of ['none', 'high']"},
    {"a schema", "{'json_schema': {}}", "ok schema"},
    {"both, everything said",
     "{'reasoning_effort': {'type': 'enum', 'accepts_none': true, 'default': 'high', 'values': ['high', "
     "'max', 'xhigh']}, 'json_schema': {'type': 'json_schema', 'accepts_none': false, 'default': null}}",
     "ok high of ['high', 'max', 'xhigh'] schema"},
    {"1 equals True, 0.0 equals False",
     "{'reasoning_effort': {'accepts_none': 1, 'default': 'low', 'values': ['low']}, 'json_schema': "
     "{'accepts_none': 0.0}}",
     "ok low of ['low'] schema"},
    {"1.0 equals True, 0 equals False",
     "{'reasoning_effort': {'accepts_none': 1.0, 'default': 'low', 'values': ['low']}, 'json_schema': "
     "{'accepts_none': 0}}",
     "ok low of ['low'] schema"},
    {"0.5 is not True, 2 is not False",
     "{'reasoning_effort': {'accepts_none': 0.5, 'default': 'low', 'values': ['low']}, 'json_schema': "
     "{'accepts_none': 2}}",
     "2 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort.accepts_none\n"
     "  Input should be True [type=literal_error, input_value=0.5, input_type=float]\n"
     "json_schema.accepts_none\n"
     "  Input should be False [type=literal_error, input_value=2, input_type=int]"},
    {"0 is not True, 1.5 is not False",
     "{'reasoning_effort': {'accepts_none': 0, 'default': 'low', 'values': ['low']}, 'json_schema': "
     "{'accepts_none': 1.5}}",
     "2 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort.accepts_none\n"
     "  Input should be True [type=literal_error, input_value=0, input_type=int]\n"
     "json_schema.accepts_none\n"
     "  Input should be False [type=literal_error, input_value=1.5, input_type=float]"},
    {"NaN equals neither",
     "{'reasoning_effort': {'accepts_none': NaN, 'default': 'low', 'values': ['low']}, 'json_schema': "
     "{'accepts_none': NaN}}",
     "2 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort.accepts_none\n"
     "  Input should be True [type=literal_error, input_value=nan, input_type=float]\n"
     "json_schema.accepts_none\n"
     "  Input should be False [type=literal_error, input_value=nan, input_type=float]"},
    {"the type is not looked at further", "{'json_schema': {'type': 'enum'}}", "ok schema"},
    {"unknown field", "{'a': 1}",
     "1 validation error for ModelSettingsBuilder\n"
     "a\n"
     "  Extra inputs are not permitted [type=extra_forbidden, input_value=1, input_type=int]"},
    {"no dictionary inside", "{'reasoning_effort': [], 'json_schema': 3}",
     "2 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort\n"
     "  Input should be a valid dictionary or instance of ReasoningEffortEnumBuilder [type=model_type, "
     "input_value=[], input_type=list]\n"
     "json_schema\n"
     "  Input should be a valid dictionary or instance of JSONSchemaBuilder [type=model_type, input_value=3, "
     "input_type=int]"},
    {"both fields missing", "{'reasoning_effort': {}}",
     "2 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort.default\n"
     "  Field required [type=missing, input_value={}, input_type=dict]\n"
     "reasoning_effort.values\n"
     "  Field required [type=missing, input_value={}, input_type=dict]"},
    {"faults in the order of the class, extra ones last",
     "{'reasoning_effort': {'zz': 1, 'values': ['none', 'bad', 5], 'default': 'zip', 'accepts_none': false, "
     "'type': 'x'}}",
     "6 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort.type\n"
     "  Input should be 'enum' or 'json_schema' [type=enum, input_value='x', input_type=str]\n"
     "reasoning_effort.accepts_none\n"
     "  Input should be True [type=literal_error, input_value=False, input_type=bool]\n"
     "reasoning_effort.default\n"
     "  Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max' [type=enum, "
     "input_value='zip', input_type=str]\n"
     "reasoning_effort.values.1\n"
     "  Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max' [type=enum, "
     "input_value='bad', input_type=str]\n"
     "reasoning_effort.values.2\n"
     "  Input should be 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max' [type=enum, "
     "input_value=5, input_type=int]\n"
     "reasoning_effort.zz\n"
     "  Extra inputs are not permitted [type=extra_forbidden, input_value=1, input_type=int]"},
    {"no list", "{'reasoning_effort': {'values': 'none', 'default': 'none'}}",
     "1 validation error for ModelSettingsBuilder\n"
     "reasoning_effort.values\n"
     "  Input should be a valid list [type=list_type, input_value='none', input_type=str]"},
    {"repeated values come first", "{'reasoning_effort': {'values': ['none', 'none'], 'default': null}}",
     "1 validation error for ModelSettingsBuilder\n"
     "reasoning_effort\n"
     "  Value error, Duplicate values in self.values=['none', 'none'] [type=value_error, "
     "input_value={'values': ['none', 'none'], 'default': None}, input_type=dict]"},
    {"no default", "{'reasoning_effort': {'values': ['none'], 'default': null}}",
     "1 validation error for ModelSettingsBuilder\n"
     "reasoning_effort\n"
     "  Value error, The reasoning effort builder must declare a default. [type=value_error, "
     "input_value={'values': ['none'], 'default': None}, input_type=dict]"},
    {"a default that is not taken", "{'reasoning_effort': {'values': ['none', 'max'], 'default': 'high'}}",
     "1 validation error for ModelSettingsBuilder\n"
     "reasoning_effort\n"
     "  Value error, Default value self.default='high' is not in self.values=['none', 'max']. "
     "[type=value_error, input_value={'values': ['none', 'max'], 'default': 'high'}, input_type=dict]"},
    {"no values at all", "{'reasoning_effort': {'values': [], 'default': 'high'}}",
     "1 validation error for ModelSettingsBuilder\n"
     "reasoning_effort\n"
     "  Value error, Default value self.default='high' is not in self.values=[]. [type=value_error, "
     "input_value={'values': [], 'default': 'high'}, input_type=dict]"},
    {"a faulty field hides what is wrong with the values",
     "{'reasoning_effort': {'values': ['none', 'none'], 'default': 'none', 'accepts_none': null}}",
     "1 validation error for ModelSettingsBuilder\n"
     "reasoning_effort.accepts_none\n"
     "  Input should be True [type=literal_error, input_value=None, input_type=NoneType]"},
    {"schema: all at once", "{'json_schema': {'type': 'x', 'accepts_none': true, 'default': 1, 'q': []}}",
     "4 validation errors for ModelSettingsBuilder\n"
     "json_schema.type\n"
     "  Input should be 'enum' or 'json_schema' [type=enum, input_value='x', input_type=str]\n"
     "json_schema.accepts_none\n"
     "  Input should be False [type=literal_error, input_value=True, input_type=bool]\n"
     "json_schema.default\n"
     "  Input should be None [type=none_required, input_value=1, input_type=int]\n"
     "json_schema.q\n"
     "  Extra inputs are not permitted [type=extra_forbidden, input_value=[], input_type=list]"},
    {"extra fields of the whole last",
     "{'zz': 3, 'json_schema': {'x': 1}, 'reasoning_effort': {'values': ['none'], 'x': 1}}",
     "4 validation errors for ModelSettingsBuilder\n"
     "reasoning_effort.default\n"
     "  Field required [type=missing, input_value={'values': ['none'], 'x': 1}, input_type=dict]\n"
     "reasoning_effort.x\n"
     "  Extra inputs are not permitted [type=extra_forbidden, input_value=1, input_type=int]\n"
     "json_schema.x\n"
     "  Extra inputs are not permitted [type=extra_forbidden, input_value=1, input_type=int]\n"
     "zz\n"
     "  Extra inputs are not permitted [type=extra_forbidden, input_value=3, input_type=int]"},
};

static struct str requoted(struct call *call, const char *text)
{
    struct buf out;
    buf_init(&out, call);
    for (; *text; text++)
        buf_append_char(&out, *text == '\'' ? '"' : *text);
    return buf_str(&out);
}

static struct str single_quoted(struct call *call, struct str text)
{
    struct buf out;
    buf_init(&out, call);
    for (size_t i = 0; i < text.size; i++)
        buf_append_char(&out, text.data[i] == '"' ? '\'' : text.data[i]);
    return buf_str(&out);
}

static struct str builder_in_words(struct call *call, const struct settings_builder *builder)
{
    struct buf out;
    buf_init(&out, call);
    buf_append(&out, STR("ok"));
    if (builder->has_effort) {
        buf_printf(&out, " %s of ", settings_effort_text(builder->default_effort).data);
        settings_efforts_write(&out, builder->efforts, builder->n_efforts);
    }
    if (builder->has_schema)
        buf_append(&out, STR(" schema"));
    return buf_str(&out);
}

static enum sidetok_error read_builder(struct call *call, struct str input,
                                       struct settings_builder *ret_builder)
{
    struct json value;
    TRY(json_read(call, input, &value));
    return settings_builder_read(call, &value, ret_builder);
}

TEST(builder_is_read_as_pydantic_reads_it)
{
    for (size_t i = 0; i < sizeof read_cases / sizeof *read_cases; i++) {
        const struct read_case *row = &read_cases[i];
        struct settings_builder builder;
        struct call call;
        call_init(&call);
        enum sidetok_error error = read_builder(&call, requoted(&call, row->input), &builder);
        struct str got = error == SIDETOK_OK ? builder_in_words(&call, &builder) : call.failure.message;
        CHECK(error == SIDETOK_OK || error == SIDETOK_E_VALIDATION);
        CHECK_STR(single_quoted(&call, got), str_from(row->expected));
        if (test_failures)
            printf("# where %s\n", row->why);
        call_done(&call);
    }
}

TEST(builder_reading_survives_every_failed_allocation)
{
    const struct str input = STR("{\"reasoning_effort\": {\"values\": [\"none\", \"bad\"], \"x\": 1}}");
    enum sidetok_error error = SIDETOK_E_NO_MEMORY;
    for (size_t n = 1; error == SIDETOK_E_NO_MEMORY; n++) {
        struct settings_builder builder;
        struct call call;
        call_init(&call);
        call.arena.fail_after = n;
        error = read_builder(&call, input, &builder);
        CHECK(error == SIDETOK_E_NO_MEMORY || error == SIDETOK_E_VALIDATION);
        call_done(&call);
    }
}

/* ---- building and validating settings ---- */

static const struct settings_builder both = {true, 2, {EFFORT_NONE, EFFORT_HIGH}, EFFORT_NONE, true};
static const struct settings_builder neither = {.has_effort = false};

TEST(effort_not_given_is_the_default)
{
    struct request request = {.reasoning_effort = EFFORT_UNSET};
    struct call call;
    call_init(&call);
    CHECK(settings_build(&call, &both, &request) == SIDETOK_OK);
    CHECK_INT(request.settings_effort, EFFORT_NONE);
    CHECK(!request.settings_schema);
    call_done(&call);
}

TEST(effort_not_taken_is_refused_with_the_list)
{
    struct request request = {.reasoning_effort = EFFORT_LOW};
    struct call call;
    call_init(&call);
    CHECK(settings_build(&call, &both, &request) == SIDETOK_E_INVALID_REQUEST);
    CHECK_STR(call.failure.message, STR("reasoning_effort should be one of ['none', 'high'], got low."));
    call_done(&call);
}

TEST(builder_without_a_field_ignores_what_was_asked)
{
    struct request request = {.reasoning_effort = EFFORT_LOW, .response_format = FORMAT_JSON_OBJECT};
    struct call call;
    request.settings_effort = EFFORT_HIGH; /* of an earlier build */
    request.settings_schema = &request.schema;
    call_init(&call);
    CHECK(settings_build(&call, &neither, &request) == SIDETOK_OK);
    CHECK_INT(request.settings_effort, EFFORT_UNSET);
    CHECK(!request.settings_schema);
    call_done(&call);
}

TEST(schema_follows_the_response_format)
{
    struct request request = {.response_format = FORMAT_JSON_SCHEMA, .schema = {.kind = JSON_OBJECT}};
    struct call call;
    call_init(&call);
    CHECK(settings_build(&call, &both, &request) == SIDETOK_OK);
    CHECK(request.settings_schema == &request.schema);
    request.response_format = FORMAT_TEXT;
    CHECK(settings_build(&call, &both, &request) == SIDETOK_OK);
    CHECK(!request.settings_schema);
    request.response_format = FORMAT_JSON_OBJECT;
    CHECK(settings_build(&call, &both, &request) == SIDETOK_OK);
    CHECK(request.settings_schema && json_get(request.settings_schema, STR("anyOf")));
    call_done(&call);
}

TEST(settings_are_validated_field_by_field)
{
    static const struct json schema = {.kind = JSON_OBJECT};
    static const struct {
        const struct settings_builder *builder;
        enum reasoning_effort effort;
        const struct json *schema;
        const char *message; /* empty: valid */
    } rows[] = {
        {&both, EFFORT_HIGH, &schema, ""},
        {&both, EFFORT_HIGH, NULL, ""},
        {&both, EFFORT_UNSET, NULL, "reasoning_effort should be set for this model."},
        {&both, EFFORT_MAX, NULL, "reasoning_effort should be one of ['none', 'high'], got max."},
        {&neither, EFFORT_UNSET, NULL, ""},
        {&neither, EFFORT_HIGH, &schema, "reasoning_effort not supported for this model"},
        {&neither, EFFORT_UNSET, &schema, "json_schema not supported for this model"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call call;
        call_init(&call);
        enum sidetok_error error = settings_validate(&call, rows[i].builder, rows[i].effort, rows[i].schema);
        CHECK_INT(error, *rows[i].message ? SIDETOK_E_INVALID_REQUEST : SIDETOK_OK);
        CHECK_STR(call.failure.message, str_from(rows[i].message));
        call_done(&call);
    }
}

TEST(effort_words_go_both_ways)
{
    for (enum reasoning_effort effort = EFFORT_NONE; effort <= EFFORT_MAX; effort++)
        CHECK_INT(settings_effort_find(settings_effort_text(effort)), effort);
    CHECK_INT(settings_effort_find(STR("High")), EFFORT_UNSET);
    CHECK_INT(settings_effort_find(STR("")), EFFORT_UNSET);
}

TEST_MAIN(RUN(builder_is_read_as_pydantic_reads_it), RUN(builder_reading_survives_every_failed_allocation),
          RUN(effort_not_given_is_the_default), RUN(effort_not_taken_is_refused_with_the_list),
          RUN(builder_without_a_field_ignores_what_was_asked), RUN(schema_follows_the_response_format),
          RUN(settings_are_validated_field_by_field), RUN(effort_words_go_both_ways))
