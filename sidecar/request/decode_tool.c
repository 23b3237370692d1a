#include "decode.h"

#include "buf.h"
#include "python_object.h"
#include "python_repr.h"

static const struct json json_null = {.kind = JSON_NULL};
static const struct json json_empty_object = {.kind = JSON_OBJECT};

/* type: ToolTypes = "function" */
static void check_type(struct pydantic *errors, const struct json *raw)
{
    const struct str names[] = {STR("function")};
    const struct json *type = json_get(raw, STR("type"));
    size_t index;
    if (type)
        pydantic_enum(errors, LOC(NULL, "type"), type, names, 1, &index);
}

/* Rule: FunctionCall.validate_arguments: json.dumps of a dict. */
static enum sidetok_error write_arguments(struct call *call, const struct json *value, struct str *ret_text)
{
    struct buf text;
    if (json_has_bytes(value))
        return failure_set(call, SIDETOK_E_TYPE, "Object of type bytes is not JSON serializable");
    buf_init(&text, call);
    json_write(&text, value, (struct json_style){.ensure_ascii = true});
    return buf_finish(&text, ret_text);
}

/* Rule: FunctionCall. Returns an error where the validator raises one that pydantic lets through. */
static enum sidetok_error read_function_call(struct pydantic *errors, const struct pydantic_loc *loc,
                                             const struct json *raw, struct tool_call *call)
{
    if (!pydantic_model(errors, loc, raw, STR("FunctionCall")))
        return SIDETOK_OK;
    const struct json *name = pydantic_required(errors, LOC(loc, "name"), raw);
    if (name)
        pydantic_str(errors, LOC(loc, "name"), name, &call->name);
    const struct json *arguments = pydantic_required(errors, LOC(loc, "arguments"), raw);
    if (!arguments)
        return SIDETOK_OK;
    if (arguments->kind == JSON_OBJECT)
        return write_arguments(errors->call, arguments, &call->arguments);
    if (arguments->kind == JSON_NULL)
        call->arguments = STR("{}");
    else
        pydantic_str(errors, LOC(loc, "arguments"), arguments, &call->arguments);
    return SIDETOK_OK;
}

enum sidetok_error decode_tool_call(struct call *call, const struct json *raw, struct tool_call *ret_call)
{
    struct pydantic errors;
    const struct pydantic_loc *loc = LOC(NULL, "function");
    pydantic_init(&errors, call, STR("ToolCall"));
    if (!pydantic_model(&errors, NULL, raw, STR("ToolCall")))
        return pydantic_finish(&errors);
    const struct json *id = json_get(raw, STR("id"));
    ret_call->id = STR("null");
    if (id)
        pydantic_str(&errors, LOC(NULL, "id"), id, &ret_call->id);
    check_type(&errors, raw);
    const struct json *function = pydantic_required(&errors, loc, raw);
    if (function)
        TRY(read_function_call(&errors, loc, function, ret_call));
    return pydantic_finish(&errors);
}

/* A function definition as the dict that Function.from_openai makes of it, its defaults filled in. */
struct definition {
    struct python_item *items; /* room for two more */
    size_t n;
};

static struct python_item *definition_find(const struct definition *dict, struct str key)
{
    for (size_t i = 0; i < dict->n; i++)
        if (dict->items[i].key.kind == JSON_STRING && str_equal(dict->items[i].key.text, key))
            return &dict->items[i];
    return NULL;
}

static const struct json *definition_get(const struct definition *dict, struct str key)
{
    const struct python_item *item = definition_find(dict, key);
    return item ? &item->value : NULL;
}

/* dict[key] = value where dict.get(key) is None. */
static void definition_default(struct definition *dict, struct str key, struct json value)
{
    struct python_item *item = definition_find(dict, key);
    if (item && item->value.kind != JSON_NULL)
        return;
    if (!item) {
        item = &dict->items[dict->n++];
        item->key = (struct json){.kind = JSON_STRING, .text = key};
    }
    item->value = value;
}

static void definition_drop_null(struct definition *dict, struct str key)
{
    struct python_item *item = definition_find(dict, key);
    if (!item || item->value.kind != JSON_NULL)
        return;
    size_t at = (size_t)(item - dict->items);
    memmove(item, item + 1, (dict->n - at - 1) * sizeof *item);
    dict->n--;
}

static enum sidetok_error definition_read(struct call *call, const struct json *raw,
                                          struct definition *ret_dict)
{
    struct python_item *items;
    size_t n;
    TRY(python_dict(call, raw, &items, &n));
    ret_dict->items = call_alloc_array(call, n + 2, sizeof *items);
    if (!ret_dict->items)
        return SIDETOK_E_NO_MEMORY;
    if (n > 0)
        memcpy(ret_dict->items, items, n * sizeof *items);
    ret_dict->n = n;
    definition_default(ret_dict, STR("parameters"), json_empty_object);
    definition_default(ret_dict, STR("description"), (struct json){.kind = JSON_STRING, .text = STR("")});
    definition_drop_null(ret_dict, STR("strict"));
    return SIDETOK_OK;
}

static enum sidetok_error fault_no_name(struct pydantic *errors, const struct definition *dict)
{
    struct buf text;
    struct str repr;
    buf_init(&text, errors->call);
    for (size_t i = 0; i < dict->n; i++) {
        buf_append(&text, i > 0 ? STR(", ") : STR("{"));
        python_repr(&text, &dict->items[i].key);
        buf_append(&text, STR(": "));
        python_repr(&text, &dict->items[i].value);
    }
    buf_append_char(&text, '}');
    TRY(buf_finish(&text, &repr));
    pydantic_fault_repr(errors, LOC(NULL, "name"), STR("missing"), STR("Field required"), repr, STR("dict"));
    return SIDETOK_OK;
}

/* Rule: Function.from_openai. */
static enum sidetok_error decode_function(struct call *call, const struct json *raw, struct tool *tool)
{
    struct definition dict;
    struct pydantic errors;
    TRY(definition_read(call, raw, &dict));
    const struct json *name = definition_get(&dict, STR("name"));
    const struct json *parameters = definition_get(&dict, STR("parameters"));
    const struct json *strict = definition_get(&dict, STR("strict"));
    pydantic_init(&errors, call, STR("Function"));
    if (name)
        pydantic_str(&errors, LOC(NULL, "name"), name, &tool->name);
    else
        TRY(fault_no_name(&errors, &dict));
    pydantic_str(&errors, LOC(NULL, "description"), definition_get(&dict, STR("description")),
                 &tool->description);
    if (pydantic_dict(&errors, LOC(NULL, "parameters"), parameters))
        tool->parameters = *parameters;
    if (strict)
        pydantic_bool(&errors, LOC(NULL, "strict"), strict, &tool->strict);
    return pydantic_finish(&errors);
}

/* A function that is not true is left to the model Tool, which finds it missing or wrong. */
static void fault_function(struct pydantic *errors, const struct json *raw)
{
    const struct pydantic_loc *loc = LOC(NULL, "function");
    const struct json *function = pydantic_required(errors, loc, raw);
    if (!function || !pydantic_model(errors, loc, function, STR("Function")))
        return;
    pydantic_required(errors, LOC(loc, "name"), function);
    pydantic_required(errors, LOC(loc, "parameters"), function);
}

enum sidetok_error decode_tool(struct call *call, const struct json *raw, struct tool *ret_tool)
{
    struct pydantic errors;
    if (raw->kind != JSON_OBJECT && raw->kind != JSON_ARRAY)
        return python_no_attribute(call, pydantic_type_name(raw), "copy");
    if (raw->kind == JSON_ARRAY)
        return python_no_attribute(call, STR("list"), "get");
    const struct json *function = json_get(raw, STR("function"));
    bool given = python_is_true(function ? function : &json_null);
    if (given)
        TRY(decode_function(call, function, ret_tool));
    pydantic_init(&errors, call, STR("Tool"));
    check_type(&errors, raw);
    if (!given)
        fault_function(&errors, raw);
    return pydantic_finish(&errors);
}
