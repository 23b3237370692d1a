#include "json_build.h"

enum { FIRST_CAPACITY = 64 };

enum sidetok_error json_build_push(struct json_builder *builder, const struct json_member *element)
{
    if (builder->n == builder->capacity) {
        size_t capacity = builder->capacity ? builder->capacity * 2 : FIRST_CAPACITY;
        void *stack = arena_grow(&builder->call->arena, builder->stack, builder->capacity * sizeof *element,
                                 capacity * sizeof *element);
        if (!stack)
            return failure_no_memory(builder->call);
        builder->stack = stack;
        builder->capacity = capacity;
    }
    builder->stack[builder->n++] = *element;
    return SIDETOK_OK;
}

enum sidetok_error json_build_array(struct json_builder *builder, size_t first, struct json *ret_value)
{
    size_t n = builder->n - first;
    struct json *items = call_alloc(builder->call, n * sizeof *items);
    if (!items)
        return SIDETOK_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        items[i] = builder->stack[first + i].value;
    *ret_value = (struct json){.kind = JSON_ARRAY, .array = {items, n}};
    builder->n = first;
    return SIDETOK_OK;
}

enum sidetok_error json_build_object(struct json_builder *builder, size_t first, struct json *ret_value)
{
    size_t n = builder->n - first;
    if (n)
        TRY(json_unique(builder->call, builder->stack + first, &n));
    struct json_member *members = call_alloc(builder->call, n * sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    if (n)
        memcpy(members, builder->stack + first, n * sizeof *members);
    *ret_value = (struct json){.kind = JSON_OBJECT, .object = {members, n}};
    builder->n = first;
    return SIDETOK_OK;
}
