#ifndef SIDETOK_REQUEST_TOOL_SCHEMA_H
#define SIDETOK_REQUEST_TOOL_SCHEMA_H

#include "call.h"
#include "json.h"
#include "str.h"

/**
 * Checks that a value is a JSON Schema of draft 7.
 *
 * schema        Any value; borrowed for the call.
 * ret_message   On success with data NULL when the schema is valid, else what is wrong with it, in the words
 * of the reference ("-1 is less than the minimum of 0"), in call->arena. The caller wraps it into its error.
 *
 * Returns SIDETOK_OK, SIDETOK_E_RECURSION (in the call) for a schema nested deeper than the reference can
 * take, or SIDETOK_E_NO_MEMORY. Where several entries of one object are faulty, the reference names one by
 * the order of a Python set; here it is the one written first.
 *
 * Rule: mistral_common.utils.json_utils.validate_json_schema_by_draft7, that is
 * jsonschema.Draft7Validator.check_schema and the message of jsonschema.exceptions.best_match.
 */
enum sidetok_error tool_schema_check(struct call *call, const struct json *schema, struct str *ret_message);

#endif
