#include "tool_schema.h"

enum sidetok_error tool_schema_check(struct call *call, const struct json *schema, struct str *ret_message)
{
    (void)schema;
    *ret_message = (struct str){NULL, 0};
    return failure_set(call, SIDETOK_E_NOT_SUPPORTED, "tool schemas are not supported yet");
}
