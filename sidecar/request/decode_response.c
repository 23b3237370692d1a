#include "decode.h"

#include "tool_schema.h"

/* The schema under its alias or its own name; loc's key is the one found. */
static const struct json *find_schema(struct pydantic *errors, struct pydantic_loc *loc,
                                      const struct json *raw)
{
    const struct json *schema = json_get(raw, STR("schema"));
    if (schema)
        return schema;
    schema = json_get(raw, STR("custom_schema"));
    if (schema)
        loc->key = STR("custom_schema");
    else
        pydantic_required(errors, loc, raw);
    return schema;
}

/* Rule: JsonSchema.validate_custom_schema. */
static enum sidetok_error read_schema(struct pydantic *errors, const struct pydantic_loc *outer,
                                      const struct json *raw, struct request *request)
{
    struct pydantic_loc loc = {outer, STR("schema"), 0};
    struct str fault;
    const struct json *schema = find_schema(errors, &loc, raw);
    if (!schema || !pydantic_dict(errors, &loc, schema))
        return SIDETOK_OK;
    TRY(tool_schema_check(errors->call, schema, &fault));
    if (fault.data)
        pydantic_value_error(errors, &loc, fault, schema);
    request->schema = *schema;
    return SIDETOK_OK;
}

/* Rule: JsonSchema. */
static enum sidetok_error read_json_schema(struct pydantic *errors, const struct pydantic_loc *loc,
                                           const struct json *raw, struct request *request)
{
    if (!pydantic_model(errors, loc, raw, STR("JsonSchema")))
        return SIDETOK_OK;
    const struct json *name = pydantic_required(errors, LOC(loc, "name"), raw);
    const struct json *description = json_get(raw, STR("description"));
    const struct json *strict = json_get(raw, STR("strict"));
    if (name)
        pydantic_str(errors, LOC(loc, "name"), name, &request->schema_name);
    if (description)
        pydantic_str_or_none(errors, LOC(loc, "description"), description, &request->schema_description);
    TRY(read_schema(errors, loc, raw, request));
    if (strict)
        pydantic_bool(errors, LOC(loc, "strict"), strict, &request->schema_strict);
    return SIDETOK_OK;
}

enum sidetok_error decode_response_format(struct pydantic *errors, const struct json *raw,
                                          struct request *request)
{
    const struct str names[] = {STR("text"), STR("json_object"), STR("json_schema")};
    const struct pydantic_loc *loc = LOC(NULL, "response_format");
    size_t n_before = errors->n, format = FORMAT_TEXT;
    if (!pydantic_model(errors, loc, raw, STR("ResponseFormat")))
        return SIDETOK_OK;
    const struct json *type = json_get(raw, STR("type"));
    const struct json *json_schema = json_get(raw, STR("json_schema"));
    if (type)
        pydantic_enum(errors, LOC(loc, "type"), type, names, 3, &format);
    request->response_format = (enum response_format)format;
    request->has_json_schema = json_schema && json_schema->kind != JSON_NULL;
    if (request->has_json_schema)
        TRY(read_json_schema(errors, LOC(loc, "json_schema"), json_schema, request));
    if (errors->n == n_before && format == FORMAT_JSON_SCHEMA && !request->has_json_schema)
        pydantic_value_error(errors, loc, STR("Response format `json_schema` must define the schema"), raw);
    return SIDETOK_OK;
}
