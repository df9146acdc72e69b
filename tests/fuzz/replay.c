/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target over files: the corpus as a test in every build, a single crash under a debugger.
 *
 * usage: fuzz-NAME FOLDER|FILE...
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* The target gets memory of exactly the input's size, so that the address sanitizer sees one byte too far. */
static bool replay(const char *path, const char *name)
{
    FILE *f = fopen(path, "rb");
    long size = -1;
    if (f && fseek(f, 0, SEEK_END) == 0) size = ftell(f);
    uint8_t *bytes = size >= 0 ? malloc((size_t)size + !size) : NULL;
    bool read = bytes && fseek(f, 0, SEEK_SET) == 0 && fread(bytes, 1, (size_t)size, f) == (size_t)size;
    if (f) fclose(f);
    if (read) tap_note("%s", path); /* before the run: after a crash it is the last line */
    bool holds = ok(read && LLVMFuzzerTestOneInput(bytes, (size_t)size) == 0, "%s", name);
    if (!read) tap_note("%s: %s", path, strerror(errno));
    free(bytes);
    return holds;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* False: no folder. */
static bool replay_folder(const char *folder)
{
    struct dirent **names;
    int n = scandir(folder, &names, visible, alphasort);
    if (n < 0 && errno == ENOTDIR) return false;
    ok(n > 0, "%s has a corpus", folder);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        replay(path, names[i]->d_name);
        free(names[i]);
    }
    if (n >= 0) free(names);
    return true;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!replay_folder(argv[i])) replay(argv[i], argv[i]);
    }
    return tap_done();
}
