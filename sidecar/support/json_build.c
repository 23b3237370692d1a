#include "json_build.h"

enum { FIRST_CAPACITY = 64 };

static enum sidetok_error grow(struct json_builder *builder)
{
    size_t capacity = builder->capacity ? builder->capacity * 2 : FIRST_CAPACITY;
    void *stack = arena_grow(&builder->call->arena, builder->stack,
                             builder->capacity * sizeof *builder->stack, capacity * sizeof *builder->stack);
    if (!stack)
        return failure_no_memory(builder->call);
    builder->stack = stack;
    builder->capacity = capacity;
    return SIDETOK_OK;
}

enum sidetok_error json_build_push(struct json_builder *builder, const struct json *element)
{
    if (builder->n == builder->capacity)
        TRY(grow(builder));
    builder->stack[builder->n++] = *element;
    return SIDETOK_OK;
}

/* A large array that has the whole stack to itself keeps it; the next container begins another one. */
static struct json *take_stack(struct json_builder *builder)
{
    struct json *items = builder->stack;
    builder->stack = NULL;
    builder->capacity = 0;
    return items;
}

enum sidetok_error json_build_array(struct json_builder *builder, size_t first, struct json *ret_value)
{
    enum { LARGE = 4096 };
    size_t n = builder->n - first;
    bool is_all = first == 0 && n >= LARGE;
    struct json *items = is_all ? take_stack(builder) : call_alloc(builder->call, n * sizeof *items);
    if (!items)
        return SIDETOK_E_NO_MEMORY;
    if (n && !is_all)
        memcpy(items, builder->stack + first, n * sizeof *items);
    *ret_value = (struct json){.kind = JSON_ARRAY, .array = {items, n}};
    builder->n = first;
    return SIDETOK_OK;
}

enum sidetok_error json_build_object(struct json_builder *builder, size_t first, struct json *ret_value)
{
    size_t n = (builder->n - first) / 2;
    struct json_member *members = call_alloc(builder->call, n * sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        members[i] =
            (struct json_member){builder->stack[first + 2 * i].text, builder->stack[first + 2 * i + 1]};
    if (n > 1)
        TRY(json_unique(builder->call, members, &n));
    *ret_value = (struct json){.kind = JSON_OBJECT, .object = {members, n}};
    builder->n = first;
    return SIDETOK_OK;
}
