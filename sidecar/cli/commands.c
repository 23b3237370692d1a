#include "cli.h"

#include "print.h"

#include <ctype.h>

/* Commands that send one request and print one reply. */

static struct view view_of(struct str text)
{
    return (struct view){text.data, text.size};
}

static void prepare(const struct cli *cli, enum message_op op, struct message_request *request)
{
    *request = (struct message_request){
        .op = op,
        .mode = cli->mode,
        .timeout_ms = cli->wait_ms,
        .has_max_model_input_len = cli->has_limit,
        .max_model_input_len = cli->limit,
        .want = MESSAGE_WANT_IDS | MESSAGE_WANT_PREFIX_IDS | MESSAGE_WANT_IMAGES | MESSAGE_WANT_AUDIOS,
    };
    if (cli->name)
        request->tokenizer = view_of(str_from(cli->name));
    if (cli->text)
        request->want |= MESSAGE_WANT_TEXT;
}

static int print_answer(struct call *call, const struct cli *cli, enum message_op op,
                        const struct message_reply *reply, uint64_t took_ns)
{
    struct buf out;
    struct str text;
    buf_init(&out, call);
    buf_append_char(&out, '{');
    print_reply(&out, reply, op, false);
    if (cli->time)
        buf_printf(&out, "%s\"time_ms\": %.3f", out.size > 1 ? ", " : "", (double)took_ns / 1e6);
    buf_append(&out, STR("}\n"));
    if (buf_finish(&out, &text) != SIDETOK_OK)
        return cli_fail(call);
    int status = cli_write(text);
    return status != CLI_OK ? status : reply->code == SIDETOK_OK ? CLI_OK : CLI_ERROR;
}

/* Sends the request and prints the reply. With --time in process the tokenizer is loaded first, unmeasured.
 */
static int ask(struct call *call, const struct cli *cli, struct message_request *request)
{
    struct transport *transport;
    struct message_reply reply;
    int status = cli_open(call, cli, &transport);
    if (status != CLI_OK)
        return status;
    struct message_request load = {.op = MESSAGE_OP_LOAD, .tokenizer = request->tokenizer};
    enum sidetok_error error = cli->time ? transport_call(call, transport, &load, &reply) : SIDETOK_OK;
    uint64_t begin = cli_now_ns();
    if (error == SIDETOK_OK)
        error = transport_call(call, transport, request, &reply);
    uint64_t took_ns = cli_now_ns() - begin;
    status = error == SIDETOK_OK ? print_answer(call, cli, request->op, &reply, took_ns) : cli_fail(call);
    transport_close(transport);
    return status;
}

static enum sidetok_error read_input(struct call *call, const struct cli *cli, struct str *ret_text)
{
    if (cli->n_files > 1)
        return failure_set(call, SIDETOK_E_INVALID_ARGUMENT, "one FILE at most");
    return cli_read(call, cli->n_files == 1 ? cli->files[0] : "-", ret_text);
}

static int ask_with_json(struct call *call, const struct cli *cli, enum message_op op)
{
    struct message_request request;
    struct str text;
    if (read_input(call, cli, &text) != SIDETOK_OK)
        return cli_fail(call);
    prepare(cli, op, &request);
    request.body_kind = MESSAGE_BODY_JSON;
    request.body = view_of(text);
    return ask(call, cli, &request);
}

int cli_chat(struct call *call, const struct cli *cli)
{
    return ask_with_json(call, cli, MESSAGE_OP_CHAT);
}

int cli_apply(struct call *call, const struct cli *cli)
{
    return ask_with_json(call, cli, MESSAGE_OP_APPLY);
}

int cli_fim(struct call *call, const struct cli *cli)
{
    return ask_with_json(call, cli, MESSAGE_OP_FIM);
}

static uint8_t *grow_in_call(void *context, size_t size, size_t capacity, size_t *ret_capacity)
{
    struct buf *bytes = context;
    bytes->size = size;
    char *room = buf_reserve(bytes, capacity - size);
    *ret_capacity = capacity;
    return room ? (uint8_t *)room - size : NULL;
}

static void write_key(struct msgpack_writer *out, const char *key)
{
    msgpack_write_str(out, view_of(str_from(key)));
}

static int ask_with_msgpack(struct call *call, const struct cli *cli, enum message_op op,
                            const struct msgpack_writer *body)
{
    struct message_request request;
    if (msgpack_writer_error(body) != SIDETOK_OK) {
        failure_no_memory(call);
        return cli_fail(call);
    }
    prepare(cli, op, &request);
    request.body_kind = MESSAGE_BODY_MSGPACK;
    request.body = msgpack_writer_view(body);
    return ask(call, cli, &request);
}

int cli_encode(struct call *call, const struct cli *cli)
{
    struct str text;
    struct buf bytes;
    if (read_input(call, cli, &text) != SIDETOK_OK)
        return cli_fail(call);
    buf_init(&bytes, call);
    struct msgpack_writer body = msgpack_writer_growing(grow_in_call, &bytes);
    msgpack_write_map(&body, 3);
    write_key(&body, "text");
    msgpack_write_str(&body, view_of(text));
    write_key(&body, "bos");
    msgpack_write_bool(&body, cli->bos);
    write_key(&body, "eos");
    msgpack_write_bool(&body, cli->eos);
    return ask_with_msgpack(call, cli, MESSAGE_OP_ENCODE, &body);
}

/* Ids as "[1, 2]" or "1 2": a JSON list of what lies between brackets, commas and white space. */
static void write_id_list(struct buf *out, struct str text)
{
    bool is_first = true;
    buf_append(out, STR("{\"tokens\": ["));
    for (size_t i = 0; i < text.size;) {
        size_t begin = i;
        while (i < text.size && !isspace((unsigned char)text.data[i]) && !strchr(",[]", text.data[i]))
            i++;
        if (i > begin) {
            buf_append(out, is_first ? STR("") : STR(", "));
            buf_append(out, (struct str){text.data + begin, i - begin});
            is_first = false;
        } else {
            i++;
        }
    }
    buf_append(out, STR("]"));
}

int cli_decode(struct call *call, const struct cli *cli)
{
    struct message_request request;
    struct str text, whole;
    struct buf body;
    if (read_input(call, cli, &text) != SIDETOK_OK)
        return cli_fail(call);
    buf_init(&body, call);
    write_id_list(&body, text);
    buf_append(&body, STR(", \"policy\": "));
    print_string(&body, str_from(cli->policy ? cli->policy : "IGNORE"));
    buf_append_char(&body, '}');
    if (buf_finish(&body, &whole) != SIDETOK_OK)
        return cli_fail(call);
    prepare(cli, MESSAGE_OP_DECODE, &request);
    request.body_kind = MESSAGE_BODY_JSON;
    request.body = view_of(whole);
    return ask(call, cli, &request);
}

int cli_info(struct call *call, const struct cli *cli)
{
    struct message_request request;
    prepare(cli, MESSAGE_OP_INFO, &request);
    return ask(call, cli, &request);
}

/* A flag in the map of a ping; what a sidecar does not tell is taken as fallback. */
static bool ping_flag(struct view value, struct str name, bool fallback)
{
    struct msgpack_reader reader = msgpack_reader_of(value);
    struct msgpack_token token, key;
    struct view skipped;
    if (!value.data || msgpack_read_token(&reader, &token) != SIDETOK_OK || token.kind != MSGPACK_READ_MAP)
        return false;
    for (uint32_t i = 0; i < token.n; i++) {
        struct msgpack_token flag;
        if (msgpack_read_token(&reader, &key) != SIDETOK_OK || key.kind != MSGPACK_READ_STR)
            return false;
        if (str_equal((struct str){key.bytes.data, key.bytes.size}, name))
            return msgpack_read_token(&reader, &flag) == SIDETOK_OK && flag.kind == MSGPACK_READ_BOOL &&
                   flag.boolean;
        if (msgpack_read_value(&reader, &skipped) != SIDETOK_OK)
            return false;
    }
    return fallback;
}

/* --live asks whether it should be left running, else whether it should be given requests. */
static bool is_well(const struct cli *cli, struct view value)
{
    return cli->live ? ping_flag(value, STR("live"), true) : ping_flag(value, STR("ready"), false);
}

int cli_ping(struct call *call, const struct cli *cli)
{
    struct transport *transport;
    struct message_request request;
    struct message_reply reply;
    int status = cli_open(call, cli, &transport);
    if (status != CLI_OK)
        return status;
    prepare(cli, MESSAGE_OP_PING, &request);
    uint64_t begin = cli_now_ns();
    if (transport_call(call, transport, &request, &reply) != SIDETOK_OK) {
        status = cli_fail(call);
    } else {
        status = print_answer(call, cli, MESSAGE_OP_PING, &reply, cli_now_ns() - begin);
        if (status == CLI_OK && !is_well(cli, reply.value))
            status = CLI_ERROR;
    }
    transport_close(transport);
    return status;
}
