#include "tool_schema.h"

#include "buf.h"
#include "map.h"
#include "python_repr.h"
#include "tool_schema_regex.h"

#include <math.h>

/* The draft 7 metaschema by hand. The reference stops at the first error of a walk in the metaschema's order,
 * so the keywords stand here in that order, each with what its value must be. */

enum rule {
    RULE_STRING,
    RULE_BOOLEAN,
    RULE_ARRAY,
    RULE_NUMBER,
    RULE_POSITIVE, /* a number above 0 */
    RULE_COUNT,    /* a whole number, 0 or more; 2.0 is one */
    RULE_REGEX,
    RULE_SCHEMA,
    RULE_SCHEMA_LIST,
    RULE_ITEMS,           /* a schema or a list of them */
    RULE_SCHEMAS,         /* an object of schemas */
    RULE_PATTERN_SCHEMAS, /* an object of schemas whose names are regexes */
    RULE_DEPENDENCIES,    /* an object of schemas or lists of names */
    RULE_STRINGS,
    RULE_TYPE,
};

/* clang-format off */
enum keyword {
    KEY_ID, KEY_SCHEMA, KEY_REF, KEY_COMMENT, KEY_TITLE, KEY_DESCRIPTION, KEY_READ_ONLY, KEY_EXAMPLES,
    KEY_MULTIPLE_OF, KEY_MAXIMUM, KEY_EXCLUSIVE_MAXIMUM, KEY_MINIMUM, KEY_EXCLUSIVE_MINIMUM, KEY_MAX_LENGTH,
    KEY_MIN_LENGTH, KEY_PATTERN, KEY_ADDITIONAL_ITEMS, KEY_ITEMS, KEY_MAX_ITEMS, KEY_MIN_ITEMS, KEY_UNIQUE_ITEMS,
    KEY_CONTAINS, KEY_MAX_PROPERTIES, KEY_MIN_PROPERTIES, KEY_REQUIRED, KEY_ADDITIONAL_PROPERTIES,
    KEY_DEFINITIONS, KEY_PROPERTIES, KEY_PATTERN_PROPERTIES, KEY_DEPENDENCIES, KEY_PROPERTY_NAMES, KEY_ENUM,
    KEY_TYPE, KEY_FORMAT, KEY_CONTENT_MEDIA_TYPE, KEY_CONTENT_ENCODING, KEY_IF, KEY_THEN, KEY_ELSE, KEY_ALL_OF,
    KEY_ANY_OF, KEY_ONE_OF, KEY_NOT, KEY_COUNT,
};

#define NAME(literal) {literal, sizeof(literal) - 1}
static const struct { struct str name; enum rule rule; } keywords[] = {
    [KEY_ID] = {NAME("$id"), RULE_STRING},
    [KEY_SCHEMA] = {NAME("$schema"), RULE_STRING},
    [KEY_REF] = {NAME("$ref"), RULE_STRING},
    [KEY_COMMENT] = {NAME("$comment"), RULE_STRING},
    [KEY_TITLE] = {NAME("title"), RULE_STRING},
    [KEY_DESCRIPTION] = {NAME("description"), RULE_STRING},
    [KEY_READ_ONLY] = {NAME("readOnly"), RULE_BOOLEAN},
    [KEY_EXAMPLES] = {NAME("examples"), RULE_ARRAY},
    [KEY_MULTIPLE_OF] = {NAME("multipleOf"), RULE_POSITIVE},
    [KEY_MAXIMUM] = {NAME("maximum"), RULE_NUMBER},
    [KEY_EXCLUSIVE_MAXIMUM] = {NAME("exclusiveMaximum"), RULE_NUMBER},
    [KEY_MINIMUM] = {NAME("minimum"), RULE_NUMBER},
    [KEY_EXCLUSIVE_MINIMUM] = {NAME("exclusiveMinimum"), RULE_NUMBER},
    [KEY_MAX_LENGTH] = {NAME("maxLength"), RULE_COUNT},
    [KEY_MIN_LENGTH] = {NAME("minLength"), RULE_COUNT},
    [KEY_PATTERN] = {NAME("pattern"), RULE_REGEX},
    [KEY_ADDITIONAL_ITEMS] = {NAME("additionalItems"), RULE_SCHEMA},
    [KEY_ITEMS] = {NAME("items"), RULE_ITEMS},
    [KEY_MAX_ITEMS] = {NAME("maxItems"), RULE_COUNT},
    [KEY_MIN_ITEMS] = {NAME("minItems"), RULE_COUNT},
    [KEY_UNIQUE_ITEMS] = {NAME("uniqueItems"), RULE_BOOLEAN},
    [KEY_CONTAINS] = {NAME("contains"), RULE_SCHEMA},
    [KEY_MAX_PROPERTIES] = {NAME("maxProperties"), RULE_COUNT},
    [KEY_MIN_PROPERTIES] = {NAME("minProperties"), RULE_COUNT},
    [KEY_REQUIRED] = {NAME("required"), RULE_STRINGS},
    [KEY_ADDITIONAL_PROPERTIES] = {NAME("additionalProperties"), RULE_SCHEMA},
    [KEY_DEFINITIONS] = {NAME("definitions"), RULE_SCHEMAS},
    [KEY_PROPERTIES] = {NAME("properties"), RULE_SCHEMAS},
    [KEY_PATTERN_PROPERTIES] = {NAME("patternProperties"), RULE_PATTERN_SCHEMAS},
    [KEY_DEPENDENCIES] = {NAME("dependencies"), RULE_DEPENDENCIES},
    [KEY_PROPERTY_NAMES] = {NAME("propertyNames"), RULE_SCHEMA},
    [KEY_ENUM] = {NAME("enum"), RULE_ARRAY},
    [KEY_TYPE] = {NAME("type"), RULE_TYPE},
    [KEY_FORMAT] = {NAME("format"), RULE_STRING},
    [KEY_CONTENT_MEDIA_TYPE] = {NAME("contentMediaType"), RULE_STRING},
    [KEY_CONTENT_ENCODING] = {NAME("contentEncoding"), RULE_STRING},
    [KEY_IF] = {NAME("if"), RULE_SCHEMA},
    [KEY_THEN] = {NAME("then"), RULE_SCHEMA},
    [KEY_ELSE] = {NAME("else"), RULE_SCHEMA},
    [KEY_ALL_OF] = {NAME("allOf"), RULE_SCHEMA_LIST},
    [KEY_ANY_OF] = {NAME("anyOf"), RULE_SCHEMA_LIST},
    [KEY_ONE_OF] = {NAME("oneOf"), RULE_SCHEMA_LIST},
    [KEY_NOT] = {NAME("not"), RULE_SCHEMA},
};

/* The keywords of each length, unused places 0 ("$id" stands first where it belongs). */
enum { KEY_MAX_SIZE = 20, KEY_MOST_OF_SIZE = 7 };
static const uint8_t keywords_of_size[KEY_MAX_SIZE + 1][KEY_MOST_OF_SIZE] = {
    [2] = {KEY_IF},
    [3] = {KEY_ID, KEY_NOT},
    [4] = {KEY_TYPE, KEY_ENUM, KEY_REF, KEY_THEN, KEY_ELSE},
    [5] = {KEY_ITEMS, KEY_TITLE, KEY_ANY_OF, KEY_ALL_OF, KEY_ONE_OF},
    [6] = {KEY_FORMAT},
    [7] = {KEY_MINIMUM, KEY_MAXIMUM, KEY_PATTERN, KEY_SCHEMA},
    [8] = {KEY_REQUIRED, KEY_MIN_ITEMS, KEY_MAX_ITEMS, KEY_EXAMPLES, KEY_CONTAINS, KEY_COMMENT, KEY_READ_ONLY},
    [9] = {KEY_MAX_LENGTH, KEY_MIN_LENGTH},
    [10] = {KEY_PROPERTIES, KEY_MULTIPLE_OF},
    [11] = {KEY_DESCRIPTION, KEY_UNIQUE_ITEMS, KEY_DEFINITIONS},
    [12] = {KEY_DEPENDENCIES},
    [13] = {KEY_MAX_PROPERTIES, KEY_MIN_PROPERTIES, KEY_PROPERTY_NAMES},
    [15] = {KEY_ADDITIONAL_ITEMS, KEY_CONTENT_ENCODING},
    [16] = {KEY_EXCLUSIVE_MAXIMUM, KEY_EXCLUSIVE_MINIMUM, KEY_CONTENT_MEDIA_TYPE},
    [17] = {KEY_PATTERN_PROPERTIES},
    [20] = {KEY_ADDITIONAL_PROPERTIES},
};
/* clang-format on */

/* What a walk has found. Inside of an alternative (quiet > 0) an error only means that the alternative fails:
 * the walk goes on, as the reference collects all errors there, and so meets every exception. Otherwise the
 * first error ends it. */
struct checker {
    struct call *call;
    struct str message; /* of the error, or of a ValueError that ends the walk wherever it is raised */
    bool found, stop;
    unsigned quiet;
    unsigned frames; /* Python's stack, as deep as the reference's is here */
};

/* Python frames that the reference has left for a walk when a server calls it: recursion limit 1000. */
enum { MAX_FRAMES = 980 };

static enum sidetok_error check_schema(struct checker *checker, const struct json *value);

/* Descends by as many Python frames as the reference does on the way; that bounds our own recursion too. */
static enum sidetok_error descend(struct checker *checker, const struct json *value, unsigned frames,
                                  enum sidetok_error (*check)(struct checker *, const struct json *))
{
    checker->frames += frames;
    if (checker->frames > MAX_FRAMES)
        return failure_set(checker->call, SIDETOK_E_RECURSION,
                           "maximum recursion depth exceeded in comparison");
    TRY(check(checker, value));
    checker->frames -= frames;
    return SIDETOK_OK;
}

/* An error "<repr of value><text>". */
static enum sidetok_error fault(struct checker *checker, const struct json *value, struct str text)
{
    checker->found = true;
    if (checker->quiet > 0)
        return SIDETOK_OK;
    struct buf message;
    buf_init(&message, checker->call);
    python_repr(&message, value);
    buf_append(&message, text);
    checker->stop = true;
    return buf_finish(&message, &checker->message);
}

static enum sidetok_error check_kind(struct checker *checker, const struct json *value, enum json_kind kind,
                                     struct str text)
{
    return value->kind == kind ? SIDETOK_OK : fault(checker, value, text);
}

static bool is_number(const struct json *value)
{
    return value->kind == JSON_INT || value->kind == JSON_FLOAT;
}

static bool is_negative(const struct json *value)
{
    return value->kind == JSON_INT ? value->text.data[0] == '-' : value->number < 0;
}

static bool is_zero(const struct json *value)
{
    return value->kind == JSON_INT ? str_equal(value->text, STR("0")) : value->number == 0;
}

static enum sidetok_error check_number(struct checker *checker, const struct json *value)
{
    return is_number(value) ? SIDETOK_OK : fault(checker, value, STR(" is not of type 'number'"));
}

static enum sidetok_error check_positive(struct checker *checker, const struct json *value)
{
    if (!is_number(value))
        return check_number(checker, value);
    if (is_negative(value) || is_zero(value))
        return fault(checker, value, STR(" is less than or equal to the minimum of 0"));
    return SIDETOK_OK;
}

static bool is_whole(const struct json *value)
{
    return value->kind == JSON_INT ||
           (value->kind == JSON_FLOAT && isfinite(value->number) && floor(value->number) == value->number);
}

/* A number that is not whole may be negative too: two errors, of which the first is told. */
static enum sidetok_error check_count(struct checker *checker, const struct json *value)
{
    if (!is_whole(value))
        return fault(checker, value, STR(" is not of type 'integer'"));
    return is_negative(value) ? fault(checker, value, STR(" is less than the minimum of 0")) : SIDETOK_OK;
}

/* Rule: the format checker's "regex". A ValueError ends the walk with its own message. */
static enum sidetok_error check_regex(struct checker *checker, const struct json *value)
{
    if (value->kind != JSON_STRING)
        return SIDETOK_OK;
    bool is_valid;
    struct str raised;
    TRY(tool_schema_regex(checker->call, value->text, &is_valid, &raised));
    if (raised.data) {
        checker->message = raised;
        checker->stop = true;
        return SIDETOK_OK;
    }
    return is_valid ? SIDETOK_OK : fault(checker, value, STR(" is not a 'regex'"));
}

static bool has_equal_before(const struct json *strings, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (str_equal(strings[j].text, strings[i].text))
            return true;
    return false;
}

/* Whether two of n strings are equal. */
static enum sidetok_error find_repeated(struct call *call, const struct json *strings, size_t n,
                                        bool *ret_repeated)
{
    *ret_repeated = false;
    if (n <= 16) {
        for (size_t i = 1; i < n && !*ret_repeated; i++)
            *ret_repeated = has_equal_before(strings, i);
        return SIDETOK_OK;
    }
    struct map map;
    TRY(map_init(call, &map, n));
    for (size_t i = 0; i < n && !*ret_repeated; i++) {
        uint32_t first = (uint32_t)i;
        TRY(map_add(call, &map, strings[i].text, first, &first));
        *ret_repeated = first != (uint32_t)i;
    }
    return SIDETOK_OK;
}

/* A list of strings, each once; what is wrong first: the list, a member, a repetition. */
static enum sidetok_error check_strings(struct checker *checker, const struct json *value)
{
    if (value->kind != JSON_ARRAY)
        return fault(checker, value, STR(" is not of type 'array'"));
    for (size_t i = 0; i < value->array.n; i++)
        if (value->array.items[i].kind != JSON_STRING)
            return fault(checker, &value->array.items[i], STR(" is not of type 'string'"));
    bool is_repeated;
    TRY(find_repeated(checker->call, value->array.items, value->array.n, &is_repeated));
    return is_repeated ? fault(checker, value, STR(" has non-unique elements")) : SIDETOK_OK;
}

static bool is_type_name(const struct json *value)
{
    static const struct str names[] = {NAME("string"),  NAME("object"), NAME("array"), NAME("integer"),
                                       NAME("boolean"), NAME("number"), NAME("null")};
    for (size_t i = 0; value->kind == JSON_STRING && i < sizeof names / sizeof names[0]; i++)
        if (str_equal(value->text, names[i]))
            return true;
    return false;
}

/* One to seven names, each once: more cannot differ. */
static bool is_type_list(const struct json *value)
{
    if (value->kind != JSON_ARRAY || value->array.n < 1 || value->array.n > 7)
        return false;
    for (size_t i = 0; i < value->array.n; i++)
        if (!is_type_name(&value->array.items[i]) || has_equal_before(value->array.items, i))
            return false;
    return true;
}

static enum sidetok_error check_type(struct checker *checker, const struct json *value)
{
    if (is_type_name(value) || is_type_list(value))
        return SIDETOK_OK;
    return fault(checker, value, STR(" is not valid under any of the given schemas"));
}

static enum sidetok_error check_schema_list(struct checker *checker, const struct json *value)
{
    if (value->kind != JSON_ARRAY)
        return fault(checker, value, STR(" is not of type 'array'"));
    if (value->array.n == 0)
        return fault(checker, value, STR(" should be non-empty"));
    for (size_t i = 0; i < value->array.n && !checker->stop; i++)
        TRY(descend(checker, &value->array.items[i], 4, check_schema));
    return SIDETOK_OK;
}

/* A schema or something else: both are tried to their ends. */
static enum sidetok_error check_either(struct checker *checker, const struct json *value,
                                       enum sidetok_error (*other)(struct checker *, const struct json *))
{
    bool found = checker->found;
    checker->quiet++;
    checker->found = false;
    TRY(descend(checker, value, 6, check_schema));
    if (checker->found && !checker->stop) {
        checker->found = false;
        TRY(descend(checker, value, 6, other));
    }
    bool is_neither = checker->found;
    checker->quiet--;
    checker->found = found;
    if (!is_neither || checker->stop)
        return SIDETOK_OK;
    return fault(checker, value, STR(" is not valid under any of the given schemas"));
}

static enum sidetok_error check_items(struct checker *checker, const struct json *value)
{
    return check_either(checker, value, check_schema_list);
}

static enum sidetok_error check_dependency(struct checker *checker, const struct json *value)
{
    return check_either(checker, value, check_strings);
}

/* Each member's value. The reference visits them in the order of a set; any order is right. */
static enum sidetok_error check_members(struct checker *checker, const struct json *value, unsigned frames,
                                        enum sidetok_error (*check)(struct checker *, const struct json *))
{
    if (value->kind != JSON_OBJECT)
        return fault(checker, value, STR(" is not of type 'object'"));
    for (size_t i = 0; i < value->object.n && !checker->stop; i++)
        TRY(descend(checker, &value->object.members[i].value, frames, check));
    return SIDETOK_OK;
}

static enum sidetok_error check_pattern_schemas(struct checker *checker, const struct json *value)
{
    TRY(check_members(checker, value, 6, check_schema));
    for (size_t i = 0; value->kind == JSON_OBJECT && i < value->object.n && !checker->stop; i++) {
        struct json name = {.kind = JSON_STRING, .text = value->object.members[i].key};
        TRY(check_regex(checker, &name));
    }
    return SIDETOK_OK;
}

static enum sidetok_error check_pattern(struct checker *checker, const struct json *value)
{
    TRY(check_kind(checker, value, JSON_STRING, STR(" is not of type 'string'")));
    return checker->stop ? SIDETOK_OK : check_regex(checker, value);
}

static enum sidetok_error check_keyword(struct checker *checker, enum rule rule, const struct json *value)
{
    switch (rule) {
    case RULE_STRING:
        return check_kind(checker, value, JSON_STRING, STR(" is not of type 'string'"));
    case RULE_BOOLEAN:
        return check_kind(checker, value, JSON_BOOL, STR(" is not of type 'boolean'"));
    case RULE_ARRAY:
        return check_kind(checker, value, JSON_ARRAY, STR(" is not of type 'array'"));
    case RULE_NUMBER:
        return check_number(checker, value);
    case RULE_POSITIVE:
        return check_positive(checker, value);
    case RULE_COUNT:
        return check_count(checker, value);
    case RULE_REGEX:
        return check_pattern(checker, value);
    case RULE_SCHEMA:
        return descend(checker, value, 4, check_schema);
    case RULE_SCHEMA_LIST:
        return descend(checker, value, 4, check_schema_list);
    case RULE_ITEMS:
        return check_items(checker, value);
    case RULE_SCHEMAS:
        return check_members(checker, value, 6, check_schema);
    case RULE_PATTERN_SCHEMAS:
        return check_pattern_schemas(checker, value);
    case RULE_DEPENDENCIES:
        return check_members(checker, value, 2, check_dependency);
    case RULE_STRINGS:
        return check_strings(checker, value);
    case RULE_TYPE:
        return check_type(checker, value);
    }
    return SIDETOK_OK;
}

/* The keyword so named, KEY_COUNT when there is none. */
static enum keyword keyword_find(struct str name)
{
    if (name.size < 2 || name.size > KEY_MAX_SIZE)
        return KEY_COUNT;
    const uint8_t *keys = keywords_of_size[name.size];
    for (size_t i = 0; i < KEY_MOST_OF_SIZE; i++) {
        struct str keyword = keywords[keys[i]].name;
        if (keyword.data[1] == name.data[1] && str_equal(keyword, name))
            return (enum keyword)keys[i];
    }
    return KEY_COUNT;
}

/* An object's keywords are gathered first, then looked at in the metaschema's order. */
static enum sidetok_error check_schema(struct checker *checker, const struct json *value)
{
    if (value->kind == JSON_BOOL)
        return SIDETOK_OK;
    if (value->kind != JSON_OBJECT)
        return fault(checker, value, STR(" is not of type 'object', 'boolean'"));
    const struct json *values[KEY_COUNT];
    uint64_t present = 0;
    for (size_t i = 0; i < value->object.n; i++) {
        enum keyword key = keyword_find(value->object.members[i].key);
        if (key != KEY_COUNT) {
            values[key] = &value->object.members[i].value;
            present |= UINT64_C(1) << key;
        }
    }
    for (; present && !checker->stop; present &= present - 1) {
        int key = __builtin_ctzll(present);
        TRY(check_keyword(checker, keywords[key].rule, values[key]));
    }
    return SIDETOK_OK;
}

enum sidetok_error tool_schema_check(struct call *call, const struct json *schema, struct str *ret_message)
{
    struct checker checker = {.call = call};
    TRY(check_schema(&checker, schema));
    *ret_message = checker.message;
    return SIDETOK_OK;
}
