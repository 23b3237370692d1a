#include "pydantic.h"
#include "request.h"

enum sidetok_error request_decode_fim(struct call *call, const struct json *body, struct str *ret_prompt,
                                      struct str *ret_suffix)
{
    static const struct str fields[] = {{"temperature", 11}, {"top_p", 5},  {"max_tokens", 10},
                                        {"random_seed", 11}, {"prompt", 6}, {"suffix", 6}};
    struct pydantic errors;
    *ret_suffix = (struct str){NULL, 0};
    if (body->kind != JSON_OBJECT)
        return failure_set(
            call, SIDETOK_E_TYPE,
            "mistral_common.protocol.fim.request.FIMRequest() argument after ** must be a mapping, "
            "not %.*s",
            STR_ARG(pydantic_type_name(body)));
    pydantic_init(&errors, call, STR("FIMRequest"));
    pydantic_completion_fields(&errors, body, json_get(body, STR("random_seed")));
    const struct json *prompt = pydantic_required(&errors, LOC(NULL, "prompt"), body);
    if (prompt)
        pydantic_str(&errors, LOC(NULL, "prompt"), prompt, ret_prompt);
    const struct json *suffix = json_get(body, STR("suffix"));
    if (suffix)
        pydantic_str_or_none(&errors, LOC(NULL, "suffix"), suffix, ret_suffix);
    pydantic_no_extra(&errors, NULL, body, fields, sizeof fields / sizeof fields[0], 0);
    return pydantic_finish(&errors);
}
