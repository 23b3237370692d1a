#include "buf.h"
#include "json.h"
#include "tests/support/test.h"
#include "tool_schema.h"

struct row {
    const char *schema;
    const char *message; /* NULL: valid */
};

static void check_rows(const struct row *rows, size_t n)
{
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < n; i++) {
        struct json schema;
        struct str message = STR("untouched");
        call_reset(&call);
        CHECK_INT(json_read(&call, str_from(rows[i].schema), &schema), SIDETOK_OK);
        CHECK_INT(tool_schema_check(&call, &schema, &message), SIDETOK_OK);
        struct str expected = rows[i].message ? str_from(rows[i].message) : STR("valid");
        if (!str_equal(message.data ? message : STR("valid"), expected))
            printf("# schema %s\n", rows[i].schema);
        CHECK_STR(message.data ? message : STR("valid"), expected);
    }
    call_done(&call);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof rows[0])

TEST(schema_every_keyword_has_its_rule)
{
    static const struct row rows[] = {
        {"{\"$id\": null}", "None is not of type 'string'"},
        {"{\"$schema\": null}", "None is not of type 'string'"},
        {"{\"$ref\": null}", "None is not of type 'string'"},
        {"{\"$comment\": null}", "None is not of type 'string'"},
        {"{\"title\": null}", "None is not of type 'string'"},
        {"{\"description\": null}", "None is not of type 'string'"},
        {"{\"default\": null}", NULL},
        {"{\"readOnly\": null}", "None is not of type 'boolean'"},
        {"{\"examples\": null}", "None is not of type 'array'"},
        {"{\"multipleOf\": null}", "None is not of type 'number'"},
        {"{\"maximum\": null}", "None is not of type 'number'"},
        {"{\"exclusiveMaximum\": null}", "None is not of type 'number'"},
        {"{\"minimum\": null}", "None is not of type 'number'"},
        {"{\"exclusiveMinimum\": null}", "None is not of type 'number'"},
        {"{\"maxLength\": null}", "None is not of type 'integer'"},
        {"{\"minLength\": null}", "None is not of type 'integer'"},
        {"{\"pattern\": null}", "None is not of type 'string'"},
        {"{\"additionalItems\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"items\": null}", "None is not valid under any of the given schemas"},
        {"{\"maxItems\": null}", "None is not of type 'integer'"},
        {"{\"minItems\": null}", "None is not of type 'integer'"},
        {"{\"uniqueItems\": null}", "None is not of type 'boolean'"},
        {"{\"contains\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"maxProperties\": null}", "None is not of type 'integer'"},
        {"{\"minProperties\": null}", "None is not of type 'integer'"},
        {"{\"required\": null}", "None is not of type 'array'"},
        {"{\"additionalProperties\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"definitions\": null}", "None is not of type 'object'"},
        {"{\"properties\": null}", "None is not of type 'object'"},
        {"{\"patternProperties\": null}", "None is not of type 'object'"},
        {"{\"dependencies\": null}", "None is not of type 'object'"},
        {"{\"propertyNames\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"const\": null}", NULL},
        {"{\"enum\": null}", "None is not of type 'array'"},
        {"{\"type\": null}", "None is not valid under any of the given schemas"},
        {"{\"format\": null}", "None is not of type 'string'"},
        {"{\"contentMediaType\": null}", "None is not of type 'string'"},
        {"{\"contentEncoding\": null}", "None is not of type 'string'"},
        {"{\"if\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"then\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"else\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"allOf\": null}", "None is not of type 'array'"},
        {"{\"anyOf\": null}", "None is not of type 'array'"},
        {"{\"oneOf\": null}", "None is not of type 'array'"},
        {"{\"not\": null}", "None is not of type 'object', 'boolean'"},
        {"{\"minContains\": null, \"\": null, \"$defs\": null, \"nullable\": null}", NULL},
    };
    CHECK_ROWS(rows);
}

TEST(schema_first_error_is_the_first_in_the_metaschema)
{
    static const struct row rows[] = {
        {"{\"not\": 1, \"type\": \"x\", \"title\": 2}", "2 is not of type 'string'"},
        {"{\"not\": 1, \"type\": \"x\"}", "'x' is not valid under any of the given schemas"},
        {"{\"type\": \"x\", \"properties\": {\"b\": 3, \"a\": 4}}", "3 is not of type 'object', 'boolean'"},
        {"{\"patternProperties\": {\"(\": {}, \"a\": 5}}", "5 is not of type 'object', 'boolean'"},
        {"{\"required\": [\"a\", \"a\", 1]}", "1 is not of type 'string'"},
        {"{\"allOf\": [{}, {\"title\": 6}, 7]}", "6 is not of type 'string'"},
    };
    CHECK_ROWS(rows);
}

TEST(schema_values_by_rule)
{
    static const struct row rows[] = {
        {"true", NULL},
        {"[]", "[] is not of type 'object', 'boolean'"},
        {"{\"maxLength\": 2.0}", NULL},
        {"{\"maxLength\": true}", "True is not of type 'integer'"},
        {"{\"maxLength\": -1}", "-1 is less than the minimum of 0"},
        {"{\"minItems\": 1e999}", "inf is not of type 'integer'"},
        {"{\"maximum\": false}", "False is not of type 'number'"},
        {"{\"maximum\": NaN}", NULL},
        {"{\"multipleOf\": 0}", "0 is less than or equal to the minimum of 0"},
        {"{\"multipleOf\": NaN}", NULL},
        {"{\"multipleOf\": -3}", "-3 is less than or equal to the minimum of 0"},
        {"{\"type\": [\"string\", \"null\"]}", NULL},
        {"{\"type\": [\"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\", \"string\"]}",
         NULL},
        {"{\"additionalPropertiesX\": 1, \"tupe\": 1, \"i\": 1}", NULL},
        {"{\"type\": []}", "[] is not valid under any of the given schemas"},
        {"{\"type\": [\"null\", \"null\"]}", "['null', 'null'] is not valid under any of the given schemas"},
        {"{\"required\": []}", NULL},
        {"{\"required\": [\"a\", \"b\", \"a\"]}", "['a', 'b', 'a'] has non-unique elements"},
        {"{\"anyOf\": []}", "[] should be non-empty"},
        {"{\"items\": [{}, true]}", NULL},
        {"{\"items\": []}", "[] is not valid under any of the given schemas"},
        {"{\"items\": {\"title\": 1}}", "{'title': 1} is not valid under any of the given schemas"},
        {"{\"dependencies\": {\"a\": [\"b\"], \"c\": {}, \"d\": false}}", NULL},
        {"{\"dependencies\": {\"a\": [\"b\", \"b\"]}}",
         "['b', 'b'] is not valid under any of the given schemas"},
        {"{\"pattern\": \"a(\"}", "'a(' is not a 'regex'"},
        {"{\"patternProperties\": {\"^x\": true, \"[\": true}}", "'[' is not a 'regex'"},
        {"{\"format\": \"no such\", \"$ref\": \" \", \"$id\": \"::\"}", NULL},
    };
    CHECK_ROWS(rows);
}

TEST(schema_value_error_of_a_regex_passes_through_alternatives)
{
    static const struct row rows[] = {
        {"{\"items\": {\"title\": 1, \"pattern\": \"(?a)(?u)\"}}",
         "ASCII and UNICODE flags are incompatible"},
        {"{\"items\": {\"pattern\": \"(\"}}", "{'pattern': '('} is not valid under any of the given schemas"},
    };
    CHECK_ROWS(rows);
}

TEST(schema_large_repetition_is_an_overflow_error)
{
    struct call call;
    struct json schema;
    struct str message;
    call_init(&call);
    json_read(&call, STR("{\"items\": {\"title\": 1, \"pattern\": \"a{4294967295}\"}}"), &schema);
    CHECK_INT(tool_schema_check(&call, &schema, &message), SIDETOK_E_OVERFLOW);
    CHECK_STR(call.failure.message, STR("the repetition number is too large"));
    call_done(&call);
}

/* depth times before, the middle, depth times after. */
static enum sidetok_error check_nested(struct call *call, const char *before, const char *after, size_t depth)
{
    struct buf text;
    struct str ready, message;
    struct json schema;
    call_reset(call);
    buf_init(&text, call);
    for (size_t i = 0; i < depth; i++)
        buf_append(&text, str_from(before));
    buf_append(&text, STR("{}"));
    for (size_t i = 0; i < depth; i++)
        buf_append(&text, str_from(after));
    CHECK_INT(buf_finish(&text, &ready), SIDETOK_OK);
    CHECK_INT(json_read(call, ready, &schema), SIDETOK_OK);
    return tool_schema_check(call, &schema, &message);
}

TEST(schema_depth_is_that_of_the_reference)
{
    static const struct {
        const char *before, *after;
        size_t deepest;
    } rows[] = {
        {"{\"properties\": {\"a\": ", "}}", 163},
        {"{\"items\": ", "}", 163},
        {"{\"items\": [", "]}", 98},
        {"{\"not\": ", "}", 245},
        {"{\"allOf\": [", "]}", 122},
        {"{\"dependencies\": {\"a\": ", "}}", 122},
        {"{\"patternProperties\": {\"a\": ", "}}", 163},
    };
    struct call call;
    call_init(&call);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_INT(check_nested(&call, rows[i].before, rows[i].after, rows[i].deepest), SIDETOK_OK);
        CHECK_INT(check_nested(&call, rows[i].before, rows[i].after, rows[i].deepest + 1),
                  SIDETOK_E_RECURSION);
    }
    call_done(&call);
}

TEST(schema_finds_a_repetition_in_a_long_list)
{
    struct call call;
    call_init(&call);
    struct json names[1000];
    struct json_member member = {STR("required"), {.kind = JSON_ARRAY, .array = {names, 1000}}};
    struct json schema = {.kind = JSON_OBJECT, .object = {&member, 1}};
    struct str message;
    char texts[1000][8];
    for (size_t i = 0; i < 1000; i++)
        names[i] = (struct json){.kind = JSON_STRING,
                                 .text = {texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "n%zu", i)}};
    CHECK_INT(tool_schema_check(&call, &schema, &message), SIDETOK_OK);
    CHECK(message.data == NULL);
    names[999] = names[0];
    CHECK_INT(tool_schema_check(&call, &schema, &message), SIDETOK_OK);
    CHECK(message.data && str_ends_with(message, STR(" has non-unique elements")));
    call_done(&call);
}

TEST(schema_out_of_memory_is_an_ordinary_error)
{
    for (size_t fail_after = 1; fail_after < 3; fail_after++) {
        struct call call;
        struct json schema;
        struct str message;
        call_init(&call);
        json_read(&call, STR("{\"patternProperties\": {\"(?P<n>a)\": 5}}"), &schema);
        call.arena.fail_after = fail_after;
        enum sidetok_error error = tool_schema_check(&call, &schema, &message);
        CHECK(error == SIDETOK_E_NO_MEMORY || fail_after > 1);
        call_done(&call);
    }
}

TEST_MAIN(RUN(schema_every_keyword_has_its_rule), RUN(schema_first_error_is_the_first_in_the_metaschema),
          RUN(schema_values_by_rule), RUN(schema_value_error_of_a_regex_passes_through_alternatives),
          RUN(schema_large_repetition_is_an_overflow_error), RUN(schema_depth_is_that_of_the_reference),
          RUN(schema_finds_a_repetition_in_a_long_list), RUN(schema_out_of_memory_is_an_ordinary_error))
