#include "pydantic.h"

#include "buf.h"
#include "python_repr.h"

/** One entry of e.errors(). */
struct pydantic_fault {
    struct pydantic_fault *older;
    struct pydantic_loc *path; /* outermost first */
    size_t n_path;
    struct str type;
    struct str message;
    const struct json *input;
    struct str input_repr, input_type; /* when input is NULL */
};

enum {
    INPUT_LIMIT = 50, /* bytes of an input's repr that a message shows */
    FAULT_LIMIT =
        100000 /* a fault takes 600 bytes, the six bytes of `"":0,` can make one: 100 times the body */
};

void pydantic_init(struct pydantic *errors, struct call *call, struct str title)
{
    *errors = (struct pydantic){.call = call, .title = title};
}

static bool path_copy(struct call *call, const struct pydantic_loc *loc, struct pydantic_fault *fault)
{
    for (const struct pydantic_loc *at = loc; at; at = at->outer)
        fault->n_path++;
    fault->path = call_alloc_array(call, fault->n_path, sizeof *fault->path);
    if (!fault->path)
        return false;
    size_t left = fault->n_path;
    for (const struct pydantic_loc *at = loc; at; at = at->outer)
        fault->path[--left] = *at;
    return true;
}

static struct pydantic_fault *fault_add(struct pydantic *errors, const struct pydantic_loc *loc)
{
    errors->n++; /* counted even if it cannot be kept: pydantic_finish() then reports the call's failure */
    if (errors->n > FAULT_LIMIT) {
        failure_set(errors->call, SIDETOK_E_TOO_LARGE, "more than %d faults in one value", FAULT_LIMIT);
        return NULL;
    }
    struct pydantic_fault *fault = call_alloc_array(errors->call, 1, sizeof *fault);
    if (!fault || !path_copy(errors->call, loc, fault))
        return NULL;
    fault->older = errors->newest;
    errors->newest = fault;
    return fault;
}

bool pydantic_fault(struct pydantic *errors, const struct pydantic_loc *loc, struct str type,
                    struct str message, const struct json *input)
{
    struct pydantic_fault *fault = fault_add(errors, loc);
    if (!fault)
        return false;
    fault->type = type;
    fault->message = message;
    fault->input = input;
    return false;
}

void pydantic_fault_repr(struct pydantic *errors, const struct pydantic_loc *loc, struct str type,
                         struct str message, struct str input_repr, struct str input_type)
{
    struct pydantic_fault *fault = fault_add(errors, loc);
    if (!fault)
        return;
    fault->type = type;
    fault->message = message;
    fault->input_repr = input_repr;
    fault->input_type = input_type;
}

void pydantic_value_error(struct pydantic *errors, const struct pydantic_loc *loc, struct str message,
                          const struct json *input)
{
    struct buf text;
    struct str full;
    buf_init(&text, errors->call);
    buf_append(&text, STR("Value error, "));
    buf_append(&text, message);
    if (buf_finish(&text, &full) == SIDETOK_OK)
        pydantic_fault(errors, loc, STR("value_error"), full, input);
    else
        errors->n++;
}

void pydantic_rollback(struct pydantic *errors, size_t n)
{
    while (errors->n > n && errors->newest) {
        errors->newest = errors->newest->older;
        errors->n--;
    }
}

/* Rule: pydantic_core LocItem and Location, Display. */
static void write_path(struct buf *out, const struct pydantic_fault *fault)
{
    for (size_t i = 0; i < fault->n_path; i++) {
        const struct pydantic_loc *item = &fault->path[i];
        if (i > 0)
            buf_append_char(out, '.');
        bool quoted = item->key.data && memchr(item->key.data, '.', item->key.size);
        if (quoted)
            buf_append_char(out, '`');
        if (item->key.data)
            buf_append(out, item->key);
        else
            buf_printf(out, "%zu", item->index);
        if (quoted)
            buf_append_char(out, '`');
    }
    if (fault->n_path > 0)
        buf_append_char(out, '\n');
}

static bool inside_char(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Rule: pydantic_core write_truncated_to_limited_bytes: 25 bytes, three dots, 24 bytes, whole characters. */
static void write_truncated(struct buf *out, struct str text)
{
    if (text.size <= INPUT_LIMIT) {
        buf_append(out, text);
        return;
    }
    size_t head = INPUT_LIMIT / 2, tail = text.size - (INPUT_LIMIT / 2 - 1);
    while (head > 0 && inside_char(text.data[head]))
        head--;
    while (tail < text.size && inside_char(text.data[tail]))
        tail++;
    buf_append(out, (struct str){text.data, head});
    buf_append(out, STR("..."));
    buf_append(out, str_from_offset(text, tail));
}

static void write_input(struct call *call, struct buf *out, const struct pydantic_fault *fault)
{
    struct str repr = fault->input_repr;
    if (fault->input) {
        struct buf text;
        buf_init(&text, call);
        python_repr(&text, fault->input);
        out->out_of_memory |= text.out_of_memory;
        repr = buf_str(&text);
    }
    buf_append(out, STR(", input_value="));
    write_truncated(out, repr);
    buf_append(out, STR(", input_type="));
    buf_append(out, fault->input ? pydantic_type_name(fault->input) : fault->input_type);
}

/* Rule: pydantic_core PyLineError.pretty, without the link. */
static void write_fault(struct call *call, struct buf *out, const struct pydantic_fault *fault)
{
    buf_append_char(out, '\n');
    write_path(out, fault);
    buf_append(out, STR("  "));
    buf_append(out, fault->message);
    buf_append(out, STR(" [type="));
    buf_append(out, fault->type);
    write_input(call, out, fault);
    buf_append_char(out, ']');
}

static enum sidetok_error path_details(struct call *call, const struct pydantic_fault *fault,
                                       struct json *ret_value)
{
    struct json *items = call_alloc_array(call, fault->n_path, sizeof *items);
    if (!items)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < fault->n_path; i++) {
        struct buf digits;
        items[i] = (struct json){.kind = JSON_STRING, .text = fault->path[i].key};
        if (fault->path[i].key.data)
            continue;
        buf_init(&digits, call);
        buf_printf(&digits, "%zu", fault->path[i].index);
        items[i].kind = JSON_INT;
        TRY(buf_finish(&digits, &items[i].text));
    }
    *ret_value = (struct json){.kind = JSON_ARRAY, .array = {items, fault->n_path}};
    return SIDETOK_OK;
}

static enum sidetok_error fault_details(struct call *call, const struct pydantic_fault *fault,
                                        struct json *ret_value)
{
    struct json_member *members = call_alloc_array(call, 3, sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    members[0] = (struct json_member){STR("type"), {.kind = JSON_STRING, .text = fault->type}};
    members[1].key = STR("loc");
    TRY(path_details(call, fault, &members[1].value));
    members[2] = (struct json_member){STR("msg"), {.kind = JSON_STRING, .text = fault->message}};
    *ret_value = (struct json){.kind = JSON_OBJECT, .object = {members, 3}};
    return SIDETOK_OK;
}

/* The faults are chained newest first; an array in the order found. */
static const struct pydantic_fault **faults_in_order(struct pydantic *errors)
{
    const struct pydantic_fault **list = call_alloc_array(errors->call, errors->n, sizeof *list);
    const struct pydantic_fault *at = errors->newest;
    for (size_t i = errors->n; list && i > 0; i--, at = at ? at->older : NULL) {
        if (!at)
            return NULL;
        list[i - 1] = at;
    }
    return list;
}

static enum sidetok_error write_message(struct pydantic *errors, const struct pydantic_fault **list,
                                        struct str *ret_text)
{
    struct buf text;
    buf_init(&text, errors->call);
    buf_printf(&text, "%zu validation error%s for ", errors->n, errors->n == 1 ? "" : "s");
    buf_append(&text, errors->title);
    for (size_t i = 0; i < errors->n; i++)
        write_fault(errors->call, &text, list[i]);
    return buf_finish(&text, ret_text);
}

enum sidetok_error pydantic_finish(struct pydantic *errors)
{
    struct str message;
    if (errors->n == 0)
        return SIDETOK_OK;
    const struct pydantic_fault **list = faults_in_order(errors);
    struct json *items = call_alloc_array(errors->call, errors->n, sizeof *items);
    struct json *details = call_alloc_array(errors->call, 1, sizeof *details);
    if (!list || !items || !details)
        return failure_no_memory(errors->call);
    for (size_t i = 0; i < errors->n; i++)
        TRY(fault_details(errors->call, list[i], &items[i]));
    TRY(write_message(errors, list, &message));
    *details = (struct json){.kind = JSON_ARRAY, .array = {items, errors->n}};
    enum sidetok_error error = failure_set_str(errors->call, SIDETOK_E_VALIDATION, message);
    if (error == SIDETOK_E_VALIDATION)
        errors->call->failure.details = details;
    return error;
}

struct str pydantic_type_name(const struct json *value)
{
    static const char *const names[] = {
        [JSON_NULL] = "NoneType", [JSON_BOOL] = "bool",  [JSON_INT] = "int",     [JSON_FLOAT] = "float",
        [JSON_STRING] = "str",    [JSON_ARRAY] = "list", [JSON_OBJECT] = "dict", [JSON_BYTES] = "bytes",
    };
    return str_from(names[value->kind]);
}
