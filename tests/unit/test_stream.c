#include "tests/support/test.h"

#include "stream.h"

TEST(items_keep_their_order_and_members)
{
    struct call call;
    struct stream stream;
    call_init(&call);
    stream_init(&stream, &call);
    stream_control(&stream, CONTROL_IMG, 3);
    stream_message(&stream, STREAM_ROLE_TOOL);
    stream_text(&stream, STR("a"));
    stream_text_skip(&stream, STR("b"), 2);
    CHECK(stream_finish(&stream) == SIDETOK_OK);
    CHECK_INT(stream.n_items, 4);
    CHECK(stream.items[0].kind == STREAM_CONTROL && stream.items[0].control == CONTROL_IMG);
    CHECK_INT(stream.items[0].count, 3);
    CHECK(stream.items[1].kind == STREAM_MESSAGE && stream.items[1].count == STREAM_ROLE_TOOL);
    CHECK(stream.items[2].kind == STREAM_TEXT);
    CHECK_STR(stream.items[2].text, STR("a"));
    CHECK(stream.items[3].kind == STREAM_TEXT_SKIP && stream.items[3].count == 2);
    CHECK(stream.last_user == SIZE_MAX);
    call_done(&call);
}

TEST(controls_are_spelled_as_the_reference_spells_them)
{
    CHECK_STR(control_text(CONTROL_UNK), STR("<unk>"));
    CHECK_STR(control_text(CONTROL_BEGIN_TOOL_CONTENT), STR("[TOOL_CONTENT]"));
    CHECK_STR(control_text(CONTROL_END_MODEL_SETTINGS), STR("[/MODEL_SETTINGS]"));
}

/* Other allocations lie between them, as the decoded images do in a request. */
TEST(many_images_and_sounds_cost_linear_memory)
{
    enum { N = 20000 };
    struct call call;
    struct stream stream;
    call_init(&call);
    stream_init(&stream, &call);
    for (uint32_t i = 0; i < N; i++) {
        stream_image(&stream, (struct stream_size){i, 2});
        stream_sound(&stream, (struct stream_sound){i, 3});
    }
    CHECK(stream_finish(&stream) == SIDETOK_OK);
    CHECK_INT(stream.n_images, N);
    CHECK_INT(stream.n_sounds, N);
    for (uint32_t i = 0; i < N; i += 1111)
        CHECK(stream.images[i].height == i && stream.sounds[i].n_samples == i);
    CHECK(call.arena.used_bytes < 5 * N * (sizeof(struct stream_size) + sizeof(struct stream_sound)));
    call_done(&call);
}

TEST(failed_append_is_remembered)
{
    for (size_t n = 1; n <= 4; n++) {
        struct call call;
        struct stream stream;
        call_init(&call);
        stream_init(&stream, &call);
        call.arena.fail_after = n;
        stream_text(&stream, STR("a"));
        stream_image(&stream, (struct stream_size){1, 1});
        stream_sound(&stream, (struct stream_sound){1, 1});
        stream_text(&stream, STR("b"));
        CHECK_INT(stream_finish(&stream), n <= 3 ? SIDETOK_E_NO_MEMORY : SIDETOK_OK);
        call_done(&call);
    }
}

TEST_MAIN(RUN(items_keep_their_order_and_members), RUN(controls_are_spelled_as_the_reference_spells_them),
          RUN(many_images_and_sounds_cost_linear_memory), RUN(failed_append_is_remembered))
