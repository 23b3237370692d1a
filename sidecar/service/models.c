#include "service.h"

#include "log.h"

#include <stdlib.h>

static enum sidetok_error load_entry(struct model_set *set, struct model_entry *entry, struct str place)
{
    struct call call;
    struct model *model;
    call_init(&call);
    uint64_t begin = service_now_ns();
    enum sidetok_error error = model_set_get(&call, set, entry, &model);
    if (!error) {
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
    return error;
}

/* Memory that is out is no fault of a file, and may be there at the next start. */
static enum service_status worse(enum service_status status, enum sidetok_error error)
{
    if (!error || status == SERVICE_SYSTEM)
        return status;
    return error == SIDETOK_E_NO_MEMORY ? SERVICE_SYSTEM : SERVICE_NO_TOKENIZER;
}

struct models *models_load(const struct options *options, enum service_status *ret_status)
{
    struct models *models = calloc(1, sizeof *models);
    *ret_status = models ? SERVICE_OK : SERVICE_SYSTEM;
    if (models) {
        call_init(&models->home);
        models->n_users = 1;
        *ret_status =
            worse(SERVICE_OK, model_set_init(&models->home, options->tokenizers.items, options->tokenizers.n,
                                             (size_t)options->cache_bytes, 0, &models->set));
    }
    if (*ret_status != SERVICE_OK)
        log_line(LOG_LEVEL_ERROR, "out of memory");
    for (size_t i = 0; models && i < models->set.n; i++) /* all: --check tells every mistake */
        *ret_status = worse(*ret_status,
                            load_entry(&models->set, &models->set.entries[i], options->tokenizers.places[i]));
    if (*ret_status == SERVICE_OK)
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
