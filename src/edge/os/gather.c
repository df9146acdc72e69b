/* SPDX-License-Identifier: MIT
 *
 * Which files a path stands for: itself, the messages of a Maildir, or every regular file below a folder.
 * Links to folders are not followed, so there are no loops; folders wait in a list, so nothing recurses. A link to a
 * file that is named itself stands for that file; one below a folder is read, and stays a link.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/os/internal.h"

typedef struct {
    const char **paths;
    size_t n, cap;
} folders;

static bb_str folder_of(const char *path, bb_str *name)
{
    bb_str s = bb_cstr(path);
    size_t slash = bb_rchr(s, '/');
    *name = slash == BB_NPOS ? s : bb_sub(s, slash + 1, BB_NPOS);
    return slash == BB_NPOS ? (bb_str){0} : bb_sub(s, 0, slash);
}

bool bb_os_in_maildir(const char *path)
{
    bb_str name, folder = folder_of(path, &name);
    return bb_iends(folder, BB_S("/new")) || bb_iends(folder, BB_S("/cur"));
}

bb_hash bb_os_file_id(const struct stat *st, const char *path)
{
    uint64_t id[2] = {st->st_dev, st->st_ino};
    bb_str name;
    bb_hasher h;
    folder_of(path, &name);
    bb_hash_init(&h);
    bb_hash_field(&h, (bb_str){(const char *)id, sizeof id});
    if (bb_os_in_maildir(path)) bb_hash_field(&h, bb_sub(name, 0, bb_chr(name, ':'))); /* flags come and go */
    return bb_hash_end(&h);
}

int64_t bb_os_changed(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

int64_t bb_os_touched(const struct stat *st)
{
    return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

static bool add(bb_os_entries *e, bb_os_entry entry)
{
    bb_os_entry *slot = BB_PUSH(e->arena, e->items, e->n, e->cap);
    if (slot) *slot = entry;
    return slot;
}

static bb_os_entry entry_of(const char *path, const char *real, const struct stat *st)
{
    return (bb_os_entry){.path = path,
                         .real = real,
                         .size = (uint64_t)st->st_size,
                         .changed = bb_os_changed(st),
                         .touched = bb_os_touched(st),
                         .file = bb_os_file_id(st, real),
                         .whole = bb_os_in_maildir(real)};
}

static const char *join(bb_arena *a, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/') n--;
    return bb_sprintf(a, "%.*s%s%s", (int)n, folder, n == 1 && folder[0] == '/' ? "" : "/", name).p;
}

static bool is_folder(int within, const char *name)
{
    struct stat st;
    return fstatat(within, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* Of a Maildir only cur and new hold messages; tmp holds half-written ones. */
static bool wanted(const char *name, bool maildir)
{
    if (name[0] == '.') return false;
    return !maildir || strcmp(name, "cur") == 0 || strcmp(name, "new") == 0;
}

static void visit(bb_os_entries *e, folders *later, const char *folder, int fd, const char *name)
{
    struct stat st;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return; /* gone since it was listed: a mailbox is alive */
    if (S_ISLNK(st.st_mode) && (fstatat(fd, name, &st, 0) < 0 || !S_ISREG(st.st_mode))) return;
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        const char *path = join(e->arena, folder, name);
        bb_os_entry *slot = path ? BB_PUSH(e->arena, e->items, e->n, e->cap) : NULL;
        if (slot) *slot = entry_of(path, path, &st);
        if (slot) slot->below = true;
    } else if (S_ISDIR(st.st_mode)) {
        const char **slot = BB_PUSH(e->arena, later->paths, later->n, later->cap);
        if (slot) *slot = join(e->arena, folder, name);
    }
}

static void list(bb_os_entries *e, folders *later, const char *folder)
{
    DIR *d = opendir(folder);
    if (!d) {
        add(e, (bb_os_entry){.path = folder, .real = folder, .error = errno, .below = true});
        return;
    }
    bool maildir = is_folder(dirfd(d), "cur") && is_folder(dirfd(d), "new");
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) break;
        if (wanted(entry->d_name, maildir)) visit(e, later, folder, dirfd(d), entry->d_name);
    }
    if (errno) add(e, (bb_os_entry){.path = folder, .real = folder, .error = errno, .below = true});
    closedir(d);
}

static int by_path(const void *x, const void *y)
{
    const bb_os_entry *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* Where a link leads; anything else is there itself. */
static const char *led_to(bb_arena *a, const char *path)
{
    struct stat st;
    char *real = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;
    bb_str kept = real ? bb_sprintf(a, "%s", real) : (bb_str){0};
    free(real);
    return kept.n ? kept.p : path;
}

bool bb_os_gather(bb_os_entries *e, const char *path, bb_err *err)
{
    struct stat st = {0};
    bool standard_input = strcmp(path, "-") == 0;
    if (!standard_input && stat(path, &st) < 0) return bb_os_fail(err, BB_ENOINPUT, path, "find it");
    if (standard_input || !S_ISDIR(st.st_mode)) {
        bool regular = !standard_input && S_ISREG(st.st_mode);
        bb_os_entry *slot = BB_PUSH(e->arena, e->items, e->n, e->cap);
        if (slot)
            *slot = regular ? entry_of(path, led_to(e->arena, path), &st)
                            : (bb_os_entry){.path = path, .real = path, .stream = true};
    } else {
        folders later = {0};
        size_t first = e->n;
        list(e, &later, path);
        while (later.n && !e->arena->failed) list(e, &later, later.paths[--later.n]);
        if (!e->arena->failed && e->n > first) qsort(e->items + first, e->n - first, sizeof *e->items, by_path);
    }
    return !e->arena->failed || bb_fail(err, BB_ENOMEM, "%s: more files than memory holds the names of", path);
}
