#include "decode.h"

#include "buf.h"
#include "python_object.h"
#include "python_repr.h"

static const struct json json_empty_object = {.kind = JSON_OBJECT};
static const struct json json_empty_text = {.kind = JSON_STRING, .text = {"", 0}};

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

/* dict(raw) as an object, for looking fields up: keys that are no strings name none. */
static enum sidetok_error function_object(struct call *call, const struct json *raw, struct json *ret_object)
{
    struct python_item *items;
    size_t n, kept = 0;
    *ret_object = *raw;
    if (raw->kind == JSON_OBJECT)
        return SIDETOK_OK;
    TRY(python_dict(call, raw, &items, &n));
    struct json_member *members = call_alloc_array(call, n, sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (items[i].key.kind == JSON_STRING)
            members[kept++] = (struct json_member){items[i].key.text, items[i].value};
    *ret_object = (struct json){.kind = JSON_OBJECT, .object = {members, kept}};
    return SIDETOK_OK;
}

static bool is_key(const struct python_item *item, struct str key)
{
    return item->key.kind == JSON_STRING && str_equal(item->key.text, key);
}

/* dict[key] = value where dict.get(key) is None. */
static void set_default(struct python_item *items, size_t *n, struct str key, struct json value)
{
    size_t at = 0;
    while (at < *n && !is_key(&items[at], key))
        at++;
    if (at < *n && items[at].value.kind != JSON_NULL)
        return;
    if (at == *n)
        items[(*n)++].key = (struct json){.kind = JSON_STRING, .text = key};
    items[at].value = value;
}

static void write_item(struct buf *out, const struct python_item *item)
{
    buf_append(out, out->size > 1 ? STR(", ") : STR(""));
    python_repr(out, &item->key);
    buf_append(out, STR(": "));
    python_repr(out, &item->value);
}

/* The repr of the dict that Function.from_openai makes: defaults filled in, strict left out where it is None.
 */
static enum sidetok_error function_repr(struct call *call, const struct json *raw, struct str *ret_repr)
{
    struct python_item *items, *all;
    struct buf text;
    size_t n;
    TRY(python_dict(call, raw, &items, &n));
    all = call_alloc_array(call, n + 2, sizeof *all);
    if (!all)
        return SIDETOK_E_NO_MEMORY;
    if (n > 0)
        memcpy(all, items, n * sizeof *all);
    set_default(all, &n, STR("parameters"), json_empty_object);
    set_default(all, &n, STR("description"), json_empty_text);
    buf_init(&text, call);
    buf_append_char(&text, '{');
    for (size_t i = 0; i < n; i++)
        if (!is_key(&all[i], STR("strict")) || all[i].value.kind != JSON_NULL)
            write_item(&text, &all[i]);
    buf_append_char(&text, '}');
    return buf_finish(&text, ret_repr);
}

static enum sidetok_error fault_no_name(struct pydantic *errors, const struct json *raw)
{
    struct str repr;
    TRY(function_repr(errors->call, raw, &repr));
    pydantic_fault_repr(errors, LOC(NULL, "name"), STR("missing"), STR("Field required"), repr, STR("dict"));
    return SIDETOK_OK;
}

/* object.get(key), or what stands for None. */
static const struct json *get_or(const struct json *object, struct str key, const struct json *otherwise)
{
    const struct json *value = json_get(object, key);
    return value && value->kind != JSON_NULL ? value : otherwise;
}

/* Rule: Function.from_openai. */
static enum sidetok_error decode_function(struct call *call, const struct json *raw, struct tool *tool)
{
    struct json object;
    struct pydantic errors;
    TRY(function_object(call, raw, &object));
    const struct json *name = json_get(&object, STR("name"));
    const struct json *description = get_or(&object, STR("description"), &json_empty_text);
    const struct json *parameters = get_or(&object, STR("parameters"), &json_empty_object);
    const struct json *strict = get_or(&object, STR("strict"), NULL);
    pydantic_init(&errors, call, STR("Function"));
    if (name)
        pydantic_str(&errors, LOC(NULL, "name"), name, &tool->name);
    else
        TRY(fault_no_name(&errors, raw));
    pydantic_str(&errors, LOC(NULL, "description"), description, &tool->description);
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
    bool given = function && python_is_true(function);
    if (given)
        TRY(decode_function(call, function, ret_tool));
    pydantic_init(&errors, call, STR("Tool"));
    check_type(&errors, raw);
    if (!given)
        fault_function(&errors, raw);
    return pydantic_finish(&errors);
}
