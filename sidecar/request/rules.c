#include "rules.h"

enum {
    TEXT = CHUNK_BIT(CHUNK_TEXT),
    IMAGES = CHUNK_BIT(CHUNK_IMAGE) | CHUNK_BIT(CHUNK_IMAGE_URL),
    SOUND = CHUNK_BIT(CHUNK_INPUT_AUDIO),
    SOUNDS = SOUND | CHUNK_BIT(CHUNK_AUDIO_URL),
    THINKING = CHUNK_BIT(CHUNK_THINKING),
};

static const struct rules all_rules[] = {
    {
        .version = 1,
        .user_chunks = TEXT,
        .assistant_chunks = TEXT,
        .system_chunks = TEXT,
        .tool_chunks = TEXT,
        .results_as_json = true,
        .chunk_join = {"\n\n", 2},
    },
    {
        .version = 2,
        .user_chunks = TEXT,
        .assistant_chunks = TEXT,
        .system_chunks = TEXT,
        .tool_chunks = TEXT,
        .results_as_json = true,
        .chunk_join = {"\n\n", 2},
    },
    {
        .version = 3,
        .user_chunks = TEXT | IMAGES,
        .assistant_chunks = TEXT,
        .system_chunks = TEXT,
        .tool_chunks = TEXT,
        .call_id = CALL_ID_NINE,
        .results_as_json = true,
        .chunk_join = {"\n\n", 2},
    },
    {
        .version = 7,
        .user_chunks = TEXT | IMAGES | SOUNDS,
        .assistant_chunks = TEXT,
        .system_chunks = TEXT | SOUND | THINKING,
        .tool_chunks = TEXT,
        .call_id = CALL_ID_NINE,
        .calls_with_content = true,
        .system_bars_audio = true,
        .system_in_place = true,
        .chunk_join = {"\n\n", 2},
    },
    {
        .version = 11,
        .user_chunks = TEXT | IMAGES | SOUNDS,
        .assistant_chunks = TEXT | THINKING,
        .system_chunks = TEXT | SOUND | THINKING,
        .tool_chunks = TEXT,
        .call_id = CALL_ID_NINE,
        .calls_with_content = true,
        .pairs_by_id = true,
        .system_in_place = true,
        .results_by_call = true,
        .chunk_join = {"\n\n", 2},
    },
    {
        .version = 13,
        .user_chunks = TEXT | IMAGES | SOUNDS,
        .assistant_chunks = TEXT | THINKING,
        .system_chunks = TEXT | SOUND | THINKING,
        .tool_chunks = TEXT,
        .call_id = CALL_ID_GIVEN,
        .calls_with_content = true,
        .pairs_by_id = true,
        .system_in_place = true,
        .results_by_call = true,
        .chunk_join = {"\n\n", 2},
    },
    {
        .version = 15,
        .user_chunks = TEXT | IMAGES | SOUNDS,
        .assistant_chunks = TEXT | THINKING,
        .system_chunks = TEXT | SOUND,
        .tool_chunks = TEXT | IMAGES | SOUNDS | THINKING,
        .call_id = CALL_ID_GIVEN,
        .calls_with_content = true,
        .pairs_by_id = true,
        .has_settings = true,
        .system_in_place = true,
        .results_by_call = true,
        .results_keep_chunks = true,
        .chunk_join = {"", 0},
    },
};

const struct rules *rules_find(int version)
{
    for (size_t i = 0; i < sizeof all_rules / sizeof all_rules[0]; i++)
        if (all_rules[i].version == version)
            return &all_rules[i];
    return NULL;
}
