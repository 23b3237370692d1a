#include "error.h"

#include <stddef.h>
#include <string.h>

static const struct error_entry {
    enum sidetok_error code;
    const char *name;
    const char *family;
} error_table[] = {
#define X(code, value, wire_name, family) {SIDETOK_##code, wire_name, family},
#include "error.def"
};

static const struct error_entry *error_find(enum sidetok_error error)
{
    for (size_t i = 0; i < sizeof error_table / sizeof error_table[0]; i++)
        if (error_table[i].code == error)
            return &error_table[i];
    return NULL;
}

const char *error_name(enum sidetok_error error)
{
    const struct error_entry *entry = error_find(error);
    return entry ? entry->name : "unknown";
}

const char *error_family(enum sidetok_error error)
{
    const struct error_entry *entry = error_find(error);
    return entry ? entry->family : "service";
}

enum sidetok_error error_from_name(const char *name)
{
    for (size_t i = 0; i < sizeof error_table / sizeof error_table[0]; i++)
        if (strcmp(error_table[i].name, name) == 0)
            return error_table[i].code;
    return SIDETOK_E_BAD_REPLY;
}
