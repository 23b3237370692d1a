#include "validate.h"

#include "buf.h"
#include "settings.h"
#include "tool_schema.h"

enum sidetok_error validate_fail(const struct validation *validation, enum sidetok_error code,
                                 struct str before, struct str value, struct str after)
{
    struct buf text;
    buf_init(&text, validation->call);
    buf_append(&text, before);
    buf_append(&text, value.data ? value : STR("None"));
    buf_append(&text, after);
    struct str message;
    TRY(buf_finish(&text, &message));
    return failure_set_str(validation->call, code, message);
}

struct str role_name(enum role role)
{
    static const struct str names[] = {
        [ROLE_SYSTEM] = {"system", 6},
        [ROLE_USER] = {"user", 4},
        [ROLE_ASSISTANT] = {"assistant", 9},
        [ROLE_TOOL] = {"tool", 4},
    };
    return names[role];
}

/* A loop and not a table: the compiler makes ranges of it, and names are short. */
static bool is_name(struct str name)
{
    if (name.size > 0 && name.data[name.size - 1] == '\n')
        name.size--;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i], lower = (char)(c | 0x20);
        if (!((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return name.size >= 1 && name.size <= 64;
}

enum sidetok_error validate_name(const struct validation *validation, enum sidetok_error code,
                                 struct str name)
{
    if (is_name(name))
        return SIDETOK_OK;
    return validate_fail(validation, code, STR("Function name was "), name,
                         STR(" but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum "
                             "length of 64."));
}

/* Rule: _validate_function. */
static enum sidetok_error validate_tool(const struct validation *validation, const struct tool *tool)
{
    struct str message;
    TRY(tool_schema_check(validation->call, &tool->parameters, &message));
    if (message.data)
        return validate_fail(validation, SIDETOK_E_INVALID_TOOL_SCHEMA, STR("Invalid tool schema: "), message,
                             STR(""));
    return validate_name(validation, SIDETOK_E_INVALID_TOOL, tool->name);
}

/* Rule: _validate_model_settings; the request holds the enum's value, so its repr is that of a plain str. */
static enum sidetok_error validate_settings(const struct validation *validation, enum reasoning_effort effort)
{
    if (effort == EFFORT_UNSET || validation->rules->has_settings)
        return SIDETOK_OK;
    return failure_set(validation->call, SIDETOK_E_INVALID_REQUEST,
                       "reasoning_effort='%.*s' is not supported for this model",
                       STR_ARG(settings_effort_text(effort)));
}

enum sidetok_error request_validate(struct call *call, const struct rules *rules, enum validation_mode mode,
                                    const struct request *request)
{
    const struct validation validation = {.call = call, .rules = rules, .mode = mode};
    if (mode == MODE_SERVING && !request->model.data)
        return failure_set_str(call, SIDETOK_E_INVALID_REQUEST,
                               STR("Model name parameter is required for serving mode"));
    TRY(validate_structure(&validation, request->messages, request->n_messages));
    TRY(validate_contents(&validation, request->messages, request->n_messages));
    for (size_t i = 0; i < request->n_tools; i++)
        TRY(validate_tool(&validation, &request->tools[i]));
    return validate_settings(&validation, request->reasoning_effort);
}
