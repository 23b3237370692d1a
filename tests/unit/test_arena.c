#include "arena.h"
#include "buf.h"
#include "tests/support/test.h"

#include <stdint.h>

TEST(arena_allocations_are_aligned_and_distinct)
{
    struct arena arena;
    arena_init(&arena);
    unsigned char *before = NULL;
    for (size_t size = 0; size < 5000; size += 7) {
        unsigned char *memory = arena_alloc(&arena, size);
        CHECK(memory != NULL && memory != before);
        CHECK_INT((uintptr_t)memory % 16, 0);
        memset(memory, 0xa5, size);
        before = size ? memory : before;
    }
    arena_done(&arena);
}

TEST(arena_grow_keeps_the_bytes)
{
    struct arena arena;
    arena_init(&arena);
    char *text = arena_alloc(&arena, 4);
    memcpy(text, "abcd", 4);
    CHECK(arena_grow(&arena, text, 4, 40) == text);
    arena_alloc(&arena, 1);
    char *moved = arena_grow(&arena, text, 40, 200000);
    CHECK(moved != NULL && moved != text);
    CHECK(memcmp(moved, "abcd", 4) == 0);
    arena_done(&arena);
}

TEST(arena_reset_gives_large_blocks_back)
{
    struct arena arena;
    arena_init(&arena);
    CHECK(arena_alloc(&arena, (size_t)32 << 20) != NULL);
    CHECK(arena_alloc(&arena, 100) != NULL);
    arena_reset(&arena);
    CHECK_INT(arena.used_bytes, 0);
    CHECK(arena_alloc(&arena, 100) != NULL);
    arena_done(&arena);
}

/* The block of the next call is the one that was there: its pages need no fault. */
TEST(arena_reset_keeps_the_largest_block_that_it_may)
{
    struct arena arena;
    arena_init(&arena);
    arena_alloc(&arena, 100);
    char *large = arena_alloc(&arena, (size_t)4 << 20);
    arena_alloc(&arena, (size_t)32 << 20);
    arena_reset(&arena);
    CHECK(arena_alloc(&arena, (size_t)4 << 20) == large);
    arena_done(&arena);
}

TEST(arena_refuses_sizes_that_overflow)
{
    struct arena arena;
    arena_init(&arena);
    CHECK(arena_alloc(&arena, SIZE_MAX) == NULL);
    CHECK(arena_alloc(&arena, SIZE_MAX - 8) == NULL);
    arena_done(&arena);
}

TEST(buf_remembers_out_of_memory)
{
    struct call call;
    call_init(&call);
    struct buf buf;
    buf_init(&buf, &call);
    buf_append(&buf, STR("kept"));
    call.arena.fail_after = 1;
    for (int i = 0; i < 100; i++)
        buf_append(&buf, STR("more text than the first block of the buffer holds"));
    struct str text;
    CHECK_INT(buf_finish(&buf, &text), SIDETOK_E_NO_MEMORY);
    CHECK_INT(call.failure.code, SIDETOK_E_NO_MEMORY);
    call_done(&call);
}

TEST(failure_first_wins)
{
    struct call call;
    call_init(&call);
    CHECK_INT(failure_set(&call, SIDETOK_E_VALUE, "first %d", 1), SIDETOK_E_VALUE);
    CHECK_INT(failure_set(&call, SIDETOK_E_TYPE, "second"), SIDETOK_E_VALUE);
    CHECK_STR(call.failure.message, STR("first 1"));
    call_done(&call);
}

TEST_MAIN(RUN(arena_allocations_are_aligned_and_distinct), RUN(arena_grow_keeps_the_bytes),
          RUN(arena_reset_gives_large_blocks_back), RUN(arena_reset_keeps_the_largest_block_that_it_may),
          RUN(arena_refuses_sizes_that_overflow), RUN(buf_remembers_out_of_memory), RUN(failure_first_wins))
