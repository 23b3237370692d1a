#include "request.h"
#include "rules.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* A conversation in short. Each word is a message: the role (s u a t), then in any order
 *   [TIUSVK]   chunks: text, image, image_url, input_audio, audio_url, thinking; otherwise the content is "x"
 *   -          no content
 *   ~          empty text
 *   !          prefix
 *   =a,b       ids of calls, or of the call that a tool message answers ("=" alone: the empty id)
 *   @name      the name of the calls, or of the tool message; "f" and none otherwise
 * An assistant message with calls has no content unless it says "+". */
struct conversation {
    struct message messages[16];
    struct tool_call calls[32];
    struct chunk chunks[32];
    size_t n_messages, n_calls, n_chunks;
};

static size_t until(const char *text, const char *ends)
{
    return strcspn(text, ends);
}

static const char *read_chunks(struct conversation *conversation, struct message *message, const char *text)
{
    static const char letters[] = "TIUSVK";
    static const enum chunk_kind kinds[] = {CHUNK_TEXT,        CHUNK_IMAGE,     CHUNK_IMAGE_URL,
                                            CHUNK_INPUT_AUDIO, CHUNK_AUDIO_URL, CHUNK_THINKING};
    message->content =
        (struct content){.kind = CONTENT_CHUNKS, .chunks = &conversation->chunks[conversation->n_chunks]};
    for (; *text && *text != ']'; text++, message->content.n_chunks++)
        conversation->chunks[conversation->n_chunks++].kind = kinds[strchr(letters, *text) - letters];
    return text + 1;
}

static const char *read_ids(struct conversation *conversation, struct message *message, const char *text)
{
    if (message->role == ROLE_TOOL) {
        message->tool_call_id = (struct str){text, until(text, " @")};
        return text + message->tool_call_id.size;
    }
    message->content = (struct content){.kind = CONTENT_NONE};
    message->tool_calls = &conversation->calls[conversation->n_calls];
    message->has_tool_calls = true;
    for (;; text++) {
        struct str id = {text, until(text, " ,@+!")};
        conversation->calls[conversation->n_calls++] = (struct tool_call){.id = id, .name = STR("f")};
        message->n_tool_calls++;
        text += id.size;
        if (*text != ',')
            return text;
    }
}

static const char *read_name(struct message *message, const char *text)
{
    struct str name = {text, until(text, " ")};
    for (size_t i = 0; i < message->n_tool_calls; i++)
        message->tool_calls[i].name = name;
    if (message->role == ROLE_TOOL)
        message->name = name;
    return text + name.size;
}

static const char *read_message(struct conversation *conversation, struct message *message, const char *text)
{
    static const char roles[] = "suat";
    message->role = (enum role)(strchr(roles, *text++) - roles);
    message->content = (struct content){.kind = CONTENT_TEXT, .text = STR("x")};
    while (*text && *text != ' ') {
        switch (*text++) {
        case '[':
            text = read_chunks(conversation, message, text);
            break;
        case '=':
            text = read_ids(conversation, message, text);
            break;
        case '@':
            text = read_name(message, text);
            break;
        case '!':
            message->prefix = true;
            break;
        case '~':
            message->content.text.size = 0;
            break;
        case '-':
            message->content = (struct content){.kind = CONTENT_NONE};
            break;
        case '+':
            message->content = (struct content){.kind = CONTENT_TEXT, .text = STR("x")};
            break;
        default:
            abort();
        }
    }
    return text;
}

static void read_conversation(struct conversation *conversation, const char *text)
{
    *conversation = (struct conversation){0};
    while (*text) {
        text = read_message(conversation, &conversation->messages[conversation->n_messages++], text);
        text += *text == ' ';
    }
}

#define ANY 0x7f
enum { V1 = 1, V2 = 2, V3 = 4, V7 = 8, V11 = 16, V13 = 32, V15 = 64, TO_V3 = 7, TO_V7 = 15, FROM_V11 = 112 };
enum { TEST_MODE = 1, SERVING = 2, FINETUNING = 4, AGNOSTIC = 8 };

struct row {
    unsigned versions, modes;
    const char *conversation;
    const char *message; /* NULL: valid */
    enum sidetok_error code;
};

static void check_one(const struct row *row, int version, enum validation_mode mode)
{
    struct conversation conversation;
    struct call call;
    call_init(&call);
    read_conversation(&conversation, row->conversation);
    struct request request = {
        .model = STR("m"), .messages = conversation.messages, .n_messages = conversation.n_messages};
    enum sidetok_error code = request_validate(&call, rules_find(version), mode, &request);
    struct str message = code ? call.failure.message : STR("valid");
    if (code != row->code || !str_equal(message, row->message ? str_from(row->message) : STR("valid")))
        printf("# v%d, mode %d: %s\n", version, (int)mode, row->conversation);
    CHECK_INT(code, row->code);
    CHECK_STR(message, row->message ? str_from(row->message) : STR("valid"));
    call_done(&call);
}

static void check_rows(const struct row *rows, size_t n)
{
    static const int versions[] = {1, 2, 3, 7, 11, 13, 15};
    for (size_t i = 0; i < n; i++)
        for (unsigned v = 0; v < 7; v++)
            for (unsigned mode = 0; mode < 4; mode++)
                if (rows[i].versions & 1u << v && rows[i].modes & 1u << mode)
                    check_one(&rows[i], versions[v], (enum validation_mode)mode);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof rows / sizeof rows[0])

TEST(validate_empty_and_single_messages)
{
    static const struct row rows[] = {
        {ANY, 15, "", "Conversation must have at least one message", SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, 15, "a", "Conversation must start with a user message or system message",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, 15, "t=abcdefghi", "Conversation must start with a user message or system message",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, TEST_MODE | SERVING | AGNOSTIC, "u", NULL, SIDETOK_OK},
        {ANY, TEST_MODE | SERVING | AGNOSTIC, "s", NULL, SIDETOK_OK},
        {ANY, FINETUNING, "s", "Expected last role Assistant for finetuning but got system",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_last_message_by_mode)
{
    static const struct row rows[] = {
        {ANY, AGNOSTIC | FINETUNING, "u a", NULL, SIDETOK_OK},
        {ANY, TEST_MODE | SERVING, "u a",
         "Expected last role User or Tool (or Assistant with prefix) for serving but got assistant",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, TEST_MODE | SERVING | AGNOSTIC, "u a!", NULL, SIDETOK_OK},
        {ANY, TEST_MODE | SERVING | AGNOSTIC, "u s", NULL, SIDETOK_OK},
        {ANY, FINETUNING, "u a!", "Cannot continue final message in finetuning mode",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, FINETUNING, "u u", "Expected last role Assistant for finetuning but got user",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_order_of_roles)
{
    static const struct row rows[] = {
        {ANY, AGNOSTIC, "s s u u a a u s a", NULL, SIDETOK_OK},
        {ANY, AGNOSTIC, "u a s", "Unexpected role 'system' after role 'assistant'",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, AGNOSTIC, "t=abcdefghi s", "Unexpected role 'system' after role 'tool'",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, AGNOSTIC, "s t=abcdefghi", "Unexpected role 'tool' after role 'system'",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {ANY, AGNOSTIC, "u t=abcdefghi", "Unexpected role 'tool' after role 'user'",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_last_message_comes_before_order)
{
    static const struct row rows[] = {
        {ANY, TEST_MODE, "u t=abcdefghi a",
         "Expected last role User or Tool (or Assistant with prefix) for serving but got assistant",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {V3 | V7 | V11, FINETUNING, "u t=abcdefghi a=short",
         "Tool call id was short but must be a-z, A-Z, 0-9, with a length of 9.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V1 | V2, FINETUNING, "u t=abcdefghi a=short", "Unexpected role 'tool' after role 'user'",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_pairs_by_number_up_to_v7)
{
    static const char unequal[] = "Not the same number of function calls and responses";
    static const struct row rows[] = {
        {TO_V7, SERVING, "u a=aaaaaaaaa,bbbbbbbbb t=aaaaaaaaa t=zzzzzzzzz", NULL, SIDETOK_OK},
        {TO_V7, TEST_MODE | AGNOSTIC, "u a=aaaaaaaaa,bbbbbbbbb t=aaaaaaaaa", NULL, SIDETOK_OK},
        {TO_V7, SERVING, "u a=aaaaaaaaa,bbbbbbbbb t=aaaaaaaaa", unequal, SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {TO_V7, TEST_MODE | AGNOSTIC, "u a t=aaaaaaaaa", NULL, SIDETOK_OK},
        {TO_V7, SERVING, "u a t=aaaaaaaaa", unequal, SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {TO_V7, AGNOSTIC, "t=aaaaaaaaa u", NULL, SIDETOK_OK},
        {TO_V7, SERVING, "a=aaaaaaaaa u", NULL, SIDETOK_OK},
        {TO_V7, TEST_MODE | SERVING | AGNOSTIC, "u a=aaaaaaaaa u a u", unequal,
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {TO_V7, FINETUNING, "u a=aaaaaaaaa u a", unequal, SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {TO_V7, FINETUNING, "u a t=aaaaaaaaa a", unequal, SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_pairs_by_id_from_v11)
{
    static const char unequal[] = "Not the same number of function calls and responses";
    static const struct row rows[] = {
        {FROM_V11, SERVING, "u a=aaaaaaaaa,bbbbbbbbb t=bbbbbbbbb t=aaaaaaaaa", NULL, SIDETOK_OK},
        {FROM_V11, SERVING,
         "u a=eeeeeeeee,ccccccccc,aaaaaaaaa,ddddddddd,bbbbbbbbb t=aaaaaaaaa t=bbbbbbbbb t=ccccccccc "
         "t=ddddddddd "
         "t=eeeeeeeee",
         NULL, SIDETOK_OK},
        {FROM_V11, TEST_MODE | AGNOSTIC, "u a=aaaaaaaaa,bbbbbbbbb t=bbbbbbbbb", NULL, SIDETOK_OK},
        {FROM_V11, SERVING, "u a=aaaaaaaaa,bbbbbbbbb t=bbbbbbbbb", unequal,
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {FROM_V11, AGNOSTIC | SERVING, "u a=aaaaaaaaa u a u", unequal, SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {FROM_V11, AGNOSTIC, "u a=aaaaaaaaa t=ccccccccc", "Unexpected tool call id ccccccccc in tool results",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {FROM_V11, AGNOSTIC, "u a=aaaaaaaaa t", "Unexpected tool call id None in tool results",
         SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {FROM_V11, AGNOSTIC, "u a=aaaaaaaaa t=aaaaaaaaa t=aaaaaaaaa",
         "Duplicate tool call id aaaaaaaaa in tool results", SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {FROM_V11, AGNOSTIC, "u a=ccccccccc,bbbbbbbbb,aaaaaaaaa,bbbbbbbbb,aaaaaaaaa",
         "Duplicate tool call id bbbbbbbbb in assistant message", SIDETOK_E_INVALID_MESSAGE_STRUCTURE},
        {FROM_V11, AGNOSTIC, "t=aaaaaaaaa u a=aaaaaaaaa t=aaaaaaaaa a", NULL, SIDETOK_OK},
    };
    CHECK_ROWS(rows);
}

TEST(validate_system_and_sounds_exclude_each_other_in_v7)
{
    static const struct row rows[] = {
        {V7, AGNOSTIC, "s u[TS] s u u[V]",
         "Found system messages at indexes [0, 2] and audio chunks in messages at indexes [1, 4]. This is "
         "not "
         "allowed prior to the tokenizer version 13.",
         SIDETOK_E_VALUE},
        {V7, AGNOSTIC, "u[TS]", NULL, SIDETOK_OK},
        {V7, AGNOSTIC, "s[TS] u", NULL, SIDETOK_OK},
        {FROM_V11, AGNOSTIC, "s u[TS]", NULL, SIDETOK_OK},
    };
    CHECK_ROWS(rows);
}

TEST(validate_chunk_kinds_by_version)
{
    static const struct row rows[] = {
        {V1 | V2, AGNOSTIC, "u[VSTUI]",
         "Unexpected content chunk types in user message: ['AudioChunk', 'AudioURLChunk', 'ImageChunk', "
         "'ImageURLChunk']",
         SIDETOK_E_INVALID_USER_MESSAGE},
        {V3, AGNOSTIC, "u[IUS]", "Unexpected content chunk types in user message: ['AudioChunk']",
         SIDETOK_E_INVALID_USER_MESSAGE},
        {V7 | FROM_V11, AGNOSTIC, "u[TIUSV]", NULL, SIDETOK_OK},
        {TO_V7, AGNOSTIC, "u a[TK]", "Unexpected content chunk types in assistant message: ['ThinkChunk']",
         SIDETOK_E_INVALID_ASSISTANT_MESSAGE},
        {FROM_V11, AGNOSTIC, "u a[TK]", NULL, SIDETOK_OK},
        {TO_V3, AGNOSTIC, "s[KST]",
         "Unexpected content chunk types in system message: ['AudioChunk', 'ThinkChunk']",
         SIDETOK_E_INVALID_SYSTEM_PROMPT},
        {V7 | V11 | V13, AGNOSTIC, "s[KST]", NULL, SIDETOK_OK},
        {V15, AGNOSTIC, "s[KST]", "Unexpected content chunk types in system message: ['ThinkChunk']",
         SIDETOK_E_INVALID_SYSTEM_PROMPT},
        {TO_V7 | V11 | V13, AGNOSTIC, "u a=aaaaaaaaa t[TU]=aaaaaaaaa",
         "Unexpected content chunk types in tool message: ['ImageURLChunk']", SIDETOK_E_INVALID_TOOL_MESSAGE},
        {V15, AGNOSTIC, "u a=aaaaaaaaa t[TUISV]=aaaaaaaaa", NULL, SIDETOK_OK},
    };
    CHECK_ROWS(rows);
}

TEST(validate_content_or_calls_up_to_v3)
{
    static const char message[] = "Assistant message must have either content or tool_calls, but not both.";
    static const struct row rows[] = {
        {TO_V3, AGNOSTIC, "u a-", message, SIDETOK_E_INVALID_ASSISTANT_MESSAGE},
        {TO_V3, AGNOSTIC, "u a~", message, SIDETOK_E_INVALID_ASSISTANT_MESSAGE},
        {TO_V3, AGNOSTIC, "u a[]", message, SIDETOK_E_INVALID_ASSISTANT_MESSAGE},
        {TO_V3, AGNOSTIC, "u a=aaaaaaaaa+", message, SIDETOK_E_INVALID_ASSISTANT_MESSAGE},
        {V7 | FROM_V11, AGNOSTIC, "u a-", NULL, SIDETOK_OK},
        {V7 | FROM_V11, AGNOSTIC, "u a=aaaaaaaaa+", NULL, SIDETOK_OK},
    };
    CHECK_ROWS(rows);
}

TEST(validate_call_ids)
{
    static const char given[] =
        "Tool call id must be a non-empty string other than 'null' for tokenizer version 13 or newer.";
    static const struct row rows[] = {
        {V1 | V2, AGNOSTIC, "u a=? t=?", NULL, SIDETOK_OK},
        {V1 | V2 | V3 | V7 | V11, AGNOSTIC, "u a=aB3456789\n t=aB3456789\n", NULL, SIDETOK_OK},
        {V3 | V7 | V11, AGNOSTIC, "u a=aB3456789\n\n",
         "Tool call id was aB3456789\n\n but must be a-z, A-Z, 0-9, with a length of 9.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V3 | V7 | V11, AGNOSTIC, "u a=abcdefgh\n",
         "Tool call id was abcdefgh\n but must be a-z, A-Z, 0-9, with a length of 9.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V3 | V7 | V11, AGNOSTIC, "u a=abcdefgh\xc3\xa9",
         "Tool call id was abcdefgh\xc3\xa9 but must be a-z, A-Z, 0-9, with a length of 9.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V3 | V7, AGNOSTIC, "u a=aaaaaaaaa t=b",
         "Tool call id was b but must be a-z, A-Z, 0-9, with a length of 9.", SIDETOK_E_INVALID_TOOL_MESSAGE},
        {V3 | V7, AGNOSTIC, "u a=aaaaaaaaa t", "Tool call id has to be defined.", SIDETOK_E_INVALID_REQUEST},
        {V13 | V15, AGNOSTIC, "u a=?? t=??", NULL, SIDETOK_OK},
        {V13 | V15, AGNOSTIC, "u a=", given, SIDETOK_E_INVALID_FUNCTION_CALL},
        {V13 | V15, FINETUNING | AGNOSTIC, "u a=null", given, SIDETOK_E_INVALID_FUNCTION_CALL},
        {V13 | V15, AGNOSTIC, "t=null u", given, SIDETOK_E_INVALID_TOOL_MESSAGE},
        {V13 | V15, AGNOSTIC, "t u", given, SIDETOK_E_INVALID_TOOL_MESSAGE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_null_id_by_mode)
{
    static const struct row rows[] = {
        {V3 | V7 | V11, FINETUNING | AGNOSTIC, "u a=null", NULL, SIDETOK_OK},
        {V3 | V7 | V11, AGNOSTIC, "u a=null u",
         "Tool call id of assistant message that is not last has to be defined in agnostic mode.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V3 | V7, FINETUNING, "u a=null t=aaaaaaaaa a",
         "Tool call id of assistant message that is not last has to be defined in finetuning mode.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V3 | V7, SERVING, "u a=null t=aaaaaaaaa", "Tool call id has to be defined in serving mode.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {V3 | V7, TEST_MODE, "u a=null u",
         "Tool call id 'null' is only allowed for the last assistant message in finetuning mode.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
    };
    CHECK_ROWS(rows);
}

#define NAME_MESSAGE(name)                                                                                   \
    "Function name was " name                                                                                \
    " but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64."
#define LETTERS_16 "abcdefghABCDEF09"
#define LETTERS_64 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16

TEST(validate_names)
{
    static const struct row rows[] = {
        {ANY, AGNOSTIC, "u a=aaaaaaaaa@" LETTERS_64 " t=aaaaaaaaa@_-", NULL, SIDETOK_OK},
        {ANY, AGNOSTIC, "u a=aaaaaaaaa@" LETTERS_64 "\n", NULL, SIDETOK_OK},
        {ANY, AGNOSTIC, "u a=aaaaaaaaa@" LETTERS_64 "x", NAME_MESSAGE(LETTERS_64 "x"),
         SIDETOK_E_INVALID_FUNCTION_CALL},
        {ANY, AGNOSTIC, "u a=aaaaaaaaa@\n", NAME_MESSAGE("\n"), SIDETOK_E_INVALID_FUNCTION_CALL},
        {ANY, AGNOSTIC, "u a=aaaaaaaaa@\xc3\xa9", NAME_MESSAGE("\xc3\xa9"), SIDETOK_E_INVALID_FUNCTION_CALL},
        {ANY, AGNOSTIC, "u a=aaaaaaaaa t=aaaaaaaaa@", NAME_MESSAGE(""), SIDETOK_E_INVALID_TOOL_MESSAGE},
        {ANY, AGNOSTIC, "u a=aaaaaaaaa t=aaaaaaaaa@a.b", NAME_MESSAGE("a.b"), SIDETOK_E_INVALID_TOOL_MESSAGE},
        {V3 | V7 | V11, AGNOSTIC, "u a=x@!",
         "Tool call id was x but must be a-z, A-Z, 0-9, with a length of 9.",
         SIDETOK_E_INVALID_FUNCTION_CALL},
    };
    CHECK_ROWS(rows);
}

TEST(validate_prefix_only_in_the_last_message)
{
    static const struct row rows[] = {
        {ANY, TEST_MODE, "u a! u", "Assistant message with prefix True must be last message",
         SIDETOK_E_INVALID_ASSISTANT_MESSAGE},
    };
    CHECK_ROWS(rows);
}

TEST(validate_model_is_asked_for_in_serving_mode_first)
{
    struct call call;
    call_init(&call);
    struct request request = {0};
    CHECK_INT(request_validate(&call, rules_find(3), MODE_SERVING, &request), SIDETOK_E_INVALID_REQUEST);
    CHECK_STR(call.failure.message, STR("Model name parameter is required for serving mode"));
    call_done(&call);
}

TEST(validate_effort_before_v15_comes_last)
{
    struct message user = {.role = ROLE_USER, .content = {.kind = CONTENT_TEXT, .text = STR("x")}};
    struct request request = {.messages = &user, .n_messages = 1, .reasoning_effort = EFFORT_XHIGH};
    struct call call;
    call_init(&call);
    CHECK_INT(request_validate(&call, rules_find(13), MODE_TEST, &request), SIDETOK_E_INVALID_REQUEST);
    CHECK_STR(call.failure.message, STR("reasoning_effort='xhigh' is not supported for this model"));
    call_reset(&call);
    CHECK_INT(request_validate(&call, rules_find(15), MODE_TEST, &request), SIDETOK_OK);
    call_done(&call);
}

TEST(validate_message_keeps_bytes_after_nul)
{
    struct tool_call tool_call = {.id = STR("aaaaaaaaa"), .name = STR("a\0b")};
    struct message messages[] = {
        {.role = ROLE_USER, .content = {.kind = CONTENT_TEXT, .text = STR("x")}},
        {.role = ROLE_ASSISTANT, .tool_calls = &tool_call, .n_tool_calls = 1, .has_tool_calls = true},
    };
    struct request request = {.messages = messages, .n_messages = 2};
    struct call call;
    call_init(&call);
    CHECK_INT(request_validate(&call, rules_find(3), MODE_AGNOSTIC, &request),
              SIDETOK_E_INVALID_FUNCTION_CALL);
    CHECK_STR(call.failure.message, STR(NAME_MESSAGE("a\0b")));
    call_done(&call);
}

TEST(validate_out_of_memory_is_an_ordinary_error)
{
    struct conversation conversation;
    for (size_t fail_after = 1; fail_after < 4; fail_after++) {
        struct call call;
        call_init(&call);
        call.arena.fail_after = fail_after;
        read_conversation(&conversation, "u a=aaaaaaaaa,bbbbbbbbb@? t=aaaaaaaaa t=bbbbbbbbb");
        struct request request = {.messages = conversation.messages, .n_messages = conversation.n_messages};
        enum sidetok_error code = request_validate(&call, rules_find(13), MODE_TEST, &request);
        CHECK(code == SIDETOK_E_NO_MEMORY || (code == SIDETOK_E_INVALID_FUNCTION_CALL && fail_after > 2));
        call_done(&call);
    }
}

TEST_MAIN(RUN(validate_empty_and_single_messages), RUN(validate_last_message_by_mode),
          RUN(validate_order_of_roles), RUN(validate_last_message_comes_before_order),
          RUN(validate_pairs_by_number_up_to_v7), RUN(validate_pairs_by_id_from_v11),
          RUN(validate_system_and_sounds_exclude_each_other_in_v7), RUN(validate_chunk_kinds_by_version),
          RUN(validate_content_or_calls_up_to_v3), RUN(validate_call_ids), RUN(validate_null_id_by_mode),
          RUN(validate_names), RUN(validate_prefix_only_in_the_last_message),
          RUN(validate_model_is_asked_for_in_serving_mode_first), RUN(validate_effort_before_v15_comes_last),
          RUN(validate_message_keeps_bytes_after_nul), RUN(validate_out_of_memory_is_an_ordinary_error))
