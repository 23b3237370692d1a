/* Runs a fuzz target over the files and folders named: its corpus, in the ordinary test run; one input, under
 * a debugger or AFL++.
 */

#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 1;
    /* grown to the exact size, so that the address sanitizer sees a step beyond it */
    uint8_t *data = NULL;
    size_t size = 0, got = 1;
    while (got > 0) {
        uint8_t part[4096];
        got = fread(part, 1, sizeof part, file);
        uint8_t *grown = realloc(data, size + got + (size + got == 0));
        if (!grown)
            break;
        data = grown;
        memcpy(data + size, part, got);
        size += got;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    int failed = dir == NULL;
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        failed |= replay_file(path);
    }
    if (dir)
        closedir(dir);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    struct stat status = {0}; /* clang 14's memory sanitizer does not see stat() write */
    for (int i = 1; i < argc; i++) {
        bool is_file = stat(argv[i], &status) == 0 && S_ISREG(status.st_mode);
        failed |= is_file ? replay_file(argv[i]) : replay_folder(argv[i]);
    }
    return failed;
}
