/* SPDX-License-Identifier: MIT
 *
 * Waiting until there may be new mail: inotify on folders, and on the folder of a file, since mailboxes are replaced as
 * well as written. What the kernel cannot tell (network file systems, more folders than it watches) is met by looking
 * again after a while, which the caller does anyhow.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/os/os.h"

/* link(2) into new, as virtual(8) delivers, is a creation; rename is a move; an mbox is closed after writing. */
#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define SETTLE_MS     30 /* more often comes at once: let it come */
#define MOST_FOLDERS  4096

struct bb_watch {
    int fd;
    bool stale; /* a folder came or went */
    size_t folders;
    const char *const *paths;
    size_t n;
};

static void watch_folder(bb_watch *w, const char *folder)
{
    if (w->folders < MOST_FOLDERS && inotify_add_watch(w->fd, folder, FOLDER_EVENTS) >= 0) w->folders++;
}

/* The folder and those below it, as far as gathering goes. */
static void watch_below(bb_watch *w, bb_arena *a, const char *top)
{
    const char **waiting = NULL;
    size_t n = 0, cap = 0;
    const char **first = BB_PUSH(a, waiting, n, cap);
    if (first) *first = top;
    while (n && w->folders < MOST_FOLDERS) {
        const char *folder = waiting[--n];
        watch_folder(w, folder);
        DIR *d = opendir(folder);
        for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
            struct stat st;
            if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
            if (!S_ISDIR(st.st_mode)) continue;
            const char **slot = BB_PUSH(a, waiting, n, cap);
            if (slot) *slot = bb_sprintf(a, "%s/%s", folder, e->d_name).p;
            if (slot && !*slot) n--;
        }
        if (d) closedir(d);
    }
}

static const char *folder_of(bb_arena *a, const char *path)
{
    bb_str s = bb_cstr(path);
    size_t slash = bb_rchr(s, '/');
    if (slash == BB_NPOS) return ".";
    return slash ? bb_dup(a, bb_sub(s, 0, slash)).p : "/";
}

static bool watch_all(bb_watch *w, bb_err *err)
{
    bb_arena a;
    if (w->fd >= 0) close(w->fd);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    w->folders = 0;
    w->stale = false;
    if (w->fd < 0) return bb_os_fail(err, BB_EIO, "inotify", "watch for mail");
    bb_arena_init(&a, &bb_os_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < w->n; i++) {
        struct stat st;
        bool folder = stat(w->paths[i], &st) == 0 && S_ISDIR(st.st_mode);
        const char *parent = folder ? NULL : folder_of(&a, w->paths[i]);
        if (folder) watch_below(w, &a, w->paths[i]);
        else if (parent) watch_folder(w, parent);
    }
    bb_arena_free(&a);
    return true;
}

bool bb_watch_open(const char *const *paths, size_t n, bb_watch **out, bb_err *err)
{
    bb_watch *w = malloc(sizeof *w);
    if (!w) return bb_fail(err, BB_ENOMEM, "no memory to watch for mail");
    *w = (bb_watch){.fd = -1, .paths = paths, .n = n};
    if (watch_all(w, err)) {
        *out = w;
        return true;
    }
    bb_watch_close(&w);
    return false;
}

static void drain(bb_watch *w)
{
    _Alignas(struct inotify_event) char bytes[16384];
    for (ssize_t got; (got = read(w->fd, bytes, sizeof bytes)) > 0;)
        for (char *p = bytes; p < bytes + got;) {
            const struct inotify_event *e = (const struct inotify_event *)(const void *)p;
            if (e->mask & (IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_Q_OVERFLOW)) w->stale = true;
            p += sizeof *e + e->len;
        }
}

bool bb_watch_wait(bb_watch *w, int milliseconds, bb_err *err)
{
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    if (poll(&p, 1, milliseconds) > 0) {
        poll(NULL, 0, SETTLE_MS);
        drain(w);
    }
    return !w->stale || watch_all(w, err);
}

void bb_watch_close(bb_watch **w)
{
    if (!*w) return;
    if ((*w)->fd >= 0) close((*w)->fd);
    free(*w);
    *w = NULL;
}
