/* Bytes as the JSON body of a chat request, through conversion, as it is and after vLLM's steps. An error has
 * a message, and a ValidationError its entries; what converts can be quoted. */

#include "fuzz.h"

#include "message_repr.h"
#include "request.h"
#include "utf8.h"
#include "vllm_steps.h"

static void check_failure(const struct call *call, enum sidetok_error error)
{
    const struct failure *failure = &call->failure;
    FUZZ_CHECK(failure->code == error);
    FUZZ_CHECK(utf8_is_valid(failure->message, true));
    FUZZ_CHECK((failure->details != NULL) == (error == SIDETOK_E_VALIDATION));
    FUZZ_CHECK(!failure->details || failure->details->array.n > 0);
}

static void quote(struct call *call, const struct request *request)
{
    struct buf text;
    struct str ignored;
    buf_init(&text, call);
    for (size_t i = 0; i < request->n_messages; i++)
        message_repr(&text, &request->messages[i]);
    for (size_t i = 0; i < request->n_tools; i++)
        tool_repr(&text, &request->tools[i]);
    FUZZ_CHECK(buf_finish(&text, &ignored) == SIDETOK_OK);
}

static void decode(struct call *call, const struct json *body)
{
    struct request request;
    enum sidetok_error error = request_decode(call, body, &request);
    if (error == SIDETOK_OK)
        quote(call, &request);
    else
        check_failure(call, error);
    failure_clear(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct call call;
    struct json body, prepared;
    if (!utf8_is_valid(text, true))
        return 0;
    call_init(&call);
    if (json_read(&call, text, &body) == SIDETOK_OK) {
        decode(&call, &body);
        if (vllm_prepare(&call, &body, 15, &prepared) == SIDETOK_OK)
            decode(&call, &prepared);
    }
    call_done(&call);
    return 0;
}
