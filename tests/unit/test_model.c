#include "handler.h"
#include "tests/support/test.h"

#include <stdlib.h>

enum { N_MODELS = 3, CACHE_BYTES = 1 << 20 };

static const char *const files[N_MODELS] = {"tekken_tiny_v7.json", "tekken_tiny_v11.json",
                                            "tekken_tiny_v13.json"};

/** A set of three small tokenizers under the names "0" to "2". False when the tests have no tokenizer files.
 */
static bool open_set(struct call *home, size_t max_bytes, struct model_set *set)
{
    const char *folder = getenv("SIDETOK_VARIANTS");
    if (!folder) {
        printf("# SKIP SIDETOK_VARIANTS is not set\n");
        return false;
    }
    static char texts[N_MODELS][4096];
    static struct str items[N_MODELS];
    for (int i = 0; i < N_MODELS; i++) {
        int n = snprintf(texts[i], sizeof texts[i], "%d=%s/%s", i, folder, files[i]);
        items[i] = (struct str){texts[i], (size_t)n};
    }
    call_init(home);
    CHECK_INT(model_set_init(home, items, N_MODELS, CACHE_BYTES, max_bytes, set), SIDETOK_OK);
    return true;
}

static void get(struct call *call, struct model_set *set, size_t i)
{
    struct model *model = NULL;
    CHECK_INT(model_set_get(call, set, &set->entries[i], &model), SIDETOK_OK);
    CHECK(model && model == set->entries[i].model);
    call_reset(call);
}

TEST(the_least_recently_used_model_makes_room)
{
    struct call home, call;
    struct model_set set;
    if (!open_set(&home, 3 * CACHE_BYTES, &set)) /* three caches, or two with their words */
        return;
    call_init(&call);
    get(&call, &set, 0);
    get(&call, &set, 1);
    get(&call, &set, 0);
    get(&call, &set, 2);
    CHECK(set.entries[0].model && !set.entries[1].model && set.entries[2].model);
    get(&call, &set, 1);
    CHECK(!set.entries[0].model && set.entries[1].model && set.entries[2].model);
    model_set_done(&set);
    call_done(&call);
    call_done(&home);
}

TEST(a_model_that_is_too_large_for_the_bound_is_open_alone)
{
    struct call home, call;
    struct model_set set;
    if (!open_set(&home, 1, &set))
        return;
    call_init(&call);
    get(&call, &set, 0);
    get(&call, &set, 2);
    get(&call, &set, 2);
    CHECK(!set.entries[0].model && !set.entries[1].model && set.entries[2].model);
    model_set_done(&set);
    call_done(&call);
    call_done(&home);
}

TEST(without_a_bound_all_stay_open)
{
    struct call home, call;
    struct model_set set;
    if (!open_set(&home, 0, &set))
        return;
    call_init(&call);
    for (size_t i = 0; i < N_MODELS; i++)
        get(&call, &set, i);
    CHECK(set.entries[0].model && set.entries[1].model && set.entries[2].model);
    model_set_done(&set);
    call_done(&call);
    call_done(&home);
}

TEST_MAIN(RUN(the_least_recently_used_model_makes_room),
          RUN(a_model_that_is_too_large_for_the_bound_is_open_alone), RUN(without_a_bound_all_stay_open))
