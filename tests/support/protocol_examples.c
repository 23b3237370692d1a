#include "protocol_examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append_hex(struct protocol_example *example, const char *line)
{
    char *end;
    for (const char *at = line; *at && *at != '#' && *at != '\n'; at = end) {
        unsigned long byte = strtoul(at, &end, 16);
        if (end == at)
            return;
        if (example->size < sizeof example->bytes)
            example->bytes[example->size++] = (uint8_t)byte;
    }
}

size_t protocol_examples_read(const char *path, struct protocol_example *ret_examples)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    char line[512];
    size_t n = 0;
    bool inside = false;
    while (fgets(line, sizeof line, file)) {
        struct protocol_example next = {0};
        if (sscanf(line, "```hex %15s %31s", next.kind, next.name) == 2 && n < PROTOCOL_EXAMPLES_MAX) {
            ret_examples[n++] = next;
            inside = true;
        } else if (strncmp(line, "```", 3) == 0) {
            inside = false;
        } else if (inside) {
            append_hex(&ret_examples[n - 1], line);
        }
    }
    fclose(file);
    return n;
}

const struct protocol_example *protocol_example_find(const struct protocol_example *examples, size_t n,
                                                     const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(examples[i].name, name) == 0)
            return &examples[i];
    return NULL;
}
