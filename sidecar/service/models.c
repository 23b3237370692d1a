#include "service.h"

#include "log.h"

#include <stdlib.h>

static bool load_entry(struct model_set *set, struct model_entry *entry, struct str place)
{
    struct call call;
    struct model *model;
    call_init(&call);
    uint64_t begin = service_now_ns();
    bool ok = model_set_get(&call, set, entry, &model) == SIDETOK_OK;
    if (ok) {
        const struct tokenizer_info *info = tokenizer_info(model->tokenizer);
        log_line(LOG_LEVEL_INFO, "tokenizer %.*s: v%d, %u tokens, %.*s, loaded in %llu ms",
                 STR_ARG(entry->name), (int)info->version, (unsigned)info->n_words, STR_ARG(info->path),
                 (unsigned long long)(service_now_ns() - begin) / 1000000);
    } else {
        log_line(LOG_LEVEL_ERROR, "%.*s: tokenizer %.*s: %.*s: %s: %.*s", STR_ARG(place),
                 STR_ARG(entry->name), STR_ARG(entry->path), error_name(call.failure.code),
                 STR_ARG(call.failure.message));
    }
    call_done(&call);
    return ok;
}

struct models *models_load(const struct options *options)
{
    struct models *models = calloc(1, sizeof *models);
    bool ok = models != NULL;
    if (ok) {
        call_init(&models->home);
        models->n_users = 1;
        ok = model_set_init(&models->home, options->tokenizers.items, options->tokenizers.n,
                            (size_t)options->cache_bytes, 0, &models->set) == SIDETOK_OK;
    }
    if (!ok)
        log_line(LOG_LEVEL_ERROR, "out of memory");
    for (size_t i = 0; models && i < models->set.n; i++)
        ok &= load_entry(&models->set, &models->set.entries[i], /* all: --check tells every mistake */
                         options->tokenizers.places[i]);
    if (ok)
        return models;
    models_free(models);
    return NULL;
}

void models_free(struct models *models)
{
    if (!models)
        return;
    model_set_done(&models->set);
    call_done(&models->home);
    free(models);
}
