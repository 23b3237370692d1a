/* A whole request, from JSON to ids: the first byte chooses the tokenizer (every version, small
 * vocabularies), mode, vLLM's steps and the operation; the rest is the body. Ids must be those of the same
 * stream of control tokens and texts, encoded naively; where the handler refuses, it says why. */

#include "fuzz.h"
#include "grow.h"

#include "encode.h"
#include "handler.h"
#include "tests/support/naive.h"
#include "tests/support/small_models.h"
#include "utf8.h"
#include "vllm_steps.h"

enum { BYTE_IDS = 3 + CONTROL_COUNT - CONTROL_BEGIN_INST + 2, PIECE_IDS = BYTE_IDS + 256 };

static const struct str words[] = {STR("[R]"), STR("[R]a")};

static struct small {
    struct small_vocab vocab;
    struct naive_piece items[SMALL_MAX_PIECES + 2];
    struct naive_pieces pieces;
    struct model_entry entry;
} smalls[N_SMALL_MODELS];

static void make_pieces(struct small *small, bool is_tekken)
{
    const uint32_t n = small->vocab.n, first = is_tekken ? SMALL_SPECIALS : PIECE_IDS;
    for (uint32_t i = 0; i < n; i++)
        small->items[i] =
            (struct naive_piece){small->vocab.pieces[i], first + i, is_tekken ? i : -(double)small_score(i)};
    for (uint32_t i = 0; i < 2; i++)
        small->items[n + i] = (struct naive_piece){words[i], BYTE_IDS - 2 + i, 0};
    small->pieces = (struct naive_pieces){small->items, n + (is_tekken ? 0 : 2)};
    naive_sort(&small->pieces);
}

static void load(struct small *small, int number)
{
    struct small_file file;
    struct call call;
    call_init(&call);
    FUZZ_CHECK(small_file_write(&call, number, &small->vocab, &file));
    FUZZ_CHECK(model_open(&call, str_from(file.path), 1 << 20, &small->entry.model) == SIDETOK_OK);
    small->entry.name = STR("m");
    make_pieces(small, small_models[number].version != NULL);
    small_file_remove(&file);
    call_done(&call);
}

/* Control tokens by number, texts naively. False where the stream holds what this cannot do. */
static bool encode_naively(const struct small *small, bool is_tekken, const struct stream *stream,
                           struct ids *ids)
{
    static uint32_t text_ids[3 * NAIVE_MAX_BYTES + 3];
    for (size_t i = 0; i < stream->n_items; i++) {
        const struct stream_item *item = &stream->items[i];
        if (item->kind == STREAM_CONTROL)
            for (uint32_t times = 0; times < item->count; times++)
                FUZZ_CHECK(encode_append(stream->call, ids,
                                         (uint32_t)small->entry.model->control_ids[item->control]) == 0);
        if (item->kind != STREAM_TEXT && item->kind != STREAM_TEXT_SKIP)
            continue;
        if (item->text.size > NAIVE_MAX_BYTES || utf8_has_surrogate(item->text))
            return false;
        size_t n = is_tekken ? naive_tekken(&small->pieces, item->text, text_ids)
                             : naive_spm(&small->pieces, words, 2, BYTE_IDS, item->text, text_ids);
        for (size_t k = item->kind == STREAM_TEXT_SKIP ? item->count : 0; k < n; k++)
            FUZZ_CHECK(encode_append(stream->call, ids, text_ids[k]) == 0);
    }
    return true;
}

/* The stream of a chat that the handler has taken. */
static void render_chat(struct call *call, struct model *model, const struct message_request *envelope,
                        struct stream *ret)
{
    struct json read, body;
    struct request request;
    FUZZ_CHECK(json_read(call, (struct str){envelope->body.data, envelope->body.size}, &read) == SIDETOK_OK);
    body = read;
    if (envelope->options & MESSAGE_OPTION_VLLM)
        FUZZ_CHECK(vllm_prepare(call, &read, model->rules->version, &body) == SIDETOK_OK);
    FUZZ_CHECK(request_decode(call, &body, &request) == SIDETOK_OK);
    FUZZ_CHECK(request_validate(call, model->rules, (enum validation_mode)envelope->mode, &request) ==
               SIDETOK_OK);
    FUZZ_CHECK(request_normalize(call, model->rules, model->env.settings, &request) == SIDETOK_OK);
    FUZZ_CHECK(template_render(call, &model->env, &request, ret) == SIDETOK_OK);
}

static void render_fim(struct call *call, struct model *model, const struct message_request *envelope,
                       struct stream *ret)
{
    struct json body;
    struct str prompt, suffix;
    FUZZ_CHECK(json_read(call, (struct str){envelope->body.data, envelope->body.size}, &body) == SIDETOK_OK);
    FUZZ_CHECK(request_decode_fim(call, &body, &prompt, &suffix) == SIDETOK_OK);
    FUZZ_CHECK(template_render_fim(call, &model->env, prompt, suffix, ret) == SIDETOK_OK);
}

static void compare(struct small *small, bool is_tekken, const struct message_request *envelope,
                    struct view got)
{
    struct call call;
    struct stream stream;
    struct ids ids = {0};
    call_init(&call);
    if (envelope->op == MESSAGE_OP_FIM)
        render_fim(&call, small->entry.model, envelope, &stream);
    else
        render_chat(&call, small->entry.model, envelope, &stream);
    if (!stream.has_limit && encode_naively(small, is_tekken, &stream, &ids))
        FUZZ_CHECK(got.size == ids.n * sizeof *ids.data &&
                   (ids.n == 0 || memcmp(got.data, ids.data, got.size) == 0));
    call_done(&call);
}

static void answer(struct small *small, bool is_tekken, const struct message_request *request)
{
    struct model_set set = {.entries = &small->entry, .n = 1};
    struct call call, own;
    struct buf packed, answered;
    struct message_reply reply;
    call_init(&call);
    call_init(&own);
    buf_init(&packed, &own);
    buf_init(&answered, &own);
    struct msgpack_writer bytes = msgpack_writer_growing(fuzz_grow, &packed),
                          out = msgpack_writer_growing(fuzz_grow, &answered);
    FUZZ_CHECK(message_pack_request(&bytes, request) == SIDETOK_OK);
    enum sidetok_error error = handler_answer(&call, &set, msgpack_writer_view(&bytes), &out);
    FUZZ_CHECK(message_unpack_reply(msgpack_writer_view(&out), &reply) == SIDETOK_OK &&
               reply.code == (uint32_t)error);
    if (error == SIDETOK_OK)
        compare(small, is_tekken, request, reply.ids);
    else
        FUZZ_CHECK(error != SIDETOK_E_NO_MEMORY && reply.message.data && reply.type.size > 0);
    call_done(&own);
    call_done(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || !utf8_is_valid((struct str){(const char *)data + 1, size - 1}, true))
        return 0;
    unsigned choice = data[0] % N_SMALL_MODELS, rest = data[0] / N_SMALL_MODELS; /* 0 to 28 */
    struct small *small = &smalls[choice];
    if (!small->entry.model)
        load(small, (int)choice);
    struct message_request request = {
        .op = rest & 1 ? MESSAGE_OP_FIM : MESSAGE_OP_CHAT,
        .options = rest & 2 ? MESSAGE_OPTION_VLLM : 0,
        .mode = (enum message_mode)(rest >> 2 & 3),
        .want = MESSAGE_WANT_IDS | MESSAGE_WANT_TEXT | MESSAGE_WANT_COUNT | MESSAGE_WANT_IMAGES |
                MESSAGE_WANT_AUDIOS,
        .body_kind = MESSAGE_BODY_JSON,
        .body = {(const char *)data + 1, size - 1},
    };
    answer(small, small_models[choice].version != NULL, &request);
    return 0;
}
