#ifndef SIDETOK_TESTS_FUZZ_TEXT_H
#define SIDETOK_TESTS_FUZZ_TEXT_H

#include "call.h"
#include "fuzz.h"
#include "sidecar/tokenizer/engine.h"
#include "tests/support/naive.h"
#include "utf8.h"

/** Checks one text with the tokenizer of that number, any byte. */
typedef void fuzz_text_check(struct call *call, uint8_t number, struct str text);

/** An input as a number and a text: its first byte, and the rest with what is no UTF-8 replaced. Texts that
 * are too long for the naive way are passed over. */
static inline void fuzz_text(const uint8_t *data, size_t size, fuzz_text_check *check)
{
    struct call call;
    struct buf text;
    if (size == 0)
        return;
    call_init(&call);
    buf_init(&text, &call);
    utf8_append_replaced(&text, (struct str){(const char *)data + 1, size - 1});
    FUZZ_CHECK(!text.out_of_memory);
    if (text.size <= NAIVE_MAX_BYTES)
        check(&call, data[0], buf_str(&text));
    call_done(&call);
}

/** That the engine's ids are the naive way's. */
static inline void fuzz_text_same(const struct ids *ids, const uint32_t *expected, size_t n)
{
    FUZZ_CHECK(ids->n == n && (n == 0 || memcmp(ids->data, expected, n * sizeof *expected) == 0));
}

#endif
