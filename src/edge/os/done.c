/* SPDX-License-Identifier: MIT
 *
 * What becomes of a file whose messages are stored. Nothing is done to one that is no longer what was read: then there is
 * new mail in it, and the next reading meets it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "edge/os/internal.h"

#define STALE_SECONDS 500 /* after that a lock file was left by somebody who died: Postfix's stale_lock_time */
#define TRIES         50
#define STEP_NS       100000000L

static void wait_a_bit(void)
{
    nanosleep(&(struct timespec){.tv_nsec = STEP_NS}, NULL);
}

static bool is_as_read(const char *path, const struct stat *st, const bb_progress *p)
{
    bb_hash file = bb_os_file_id(st, path);
    return bb_hash_eq(&file, &p->file) && (uint64_t)st->st_size == p->size && p->behind == p->size &&
           bb_os_changed(st) == p->changed;
}

static bb_str name_of(const char *path)
{
    bb_str s = bb_cstr(path);
    size_t slash = bb_rchr(s, '/');
    return slash == BB_NPOS ? s : bb_sub(s, slash + 1, BB_NPOS);
}

static bool left_a_link(const char *path, bb_err *err)
{
    return bb_fail(err, BB_EUSAGE, "%s: its mail is stored, and it stays, since it is a link: name what it leads to",
                   path);
}

/* ---- mailboxes: locked as local(8) and virtual(8) lock them -------------------------------------------------- */

/* A lock file beside the mailbox. Where the folder lets us make none, the lock on the file itself must do. */
static bool make_lock_file(const char *name, bool *made)
{
    for (int tries = 0; tries < TRIES; tries++) {
        struct stat st;
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
        *made = fd >= 0;
        if (*made) close(fd);
        if (*made || errno == EACCES || errno == EPERM || errno == EROFS) return true;
        if (errno != EEXIST) return false;
        if (stat(name, &st) == 0 && time(NULL) - st.st_mtime > STALE_SECONDS) unlink(name);
        else wait_a_bit();
    }
    errno = EAGAIN;
    return false;
}

static bool lock_file(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    for (int tries = 0; fcntl(fd, F_SETLK, &lock) < 0; tries++) {
        if (errno == ENOLCK || errno == EINVAL) return true; /* a file system without locks */
        if (tries == TRIES) return false;
        wait_a_bit();
    }
    return true;
}

static bool empty_locked(const char *path, const bb_progress *read, bb_err *err)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ELOOP) return left_a_link(path, err);
    if (fd < 0) return bb_os_fail(err, BB_EIO, path, "empty it");
    bool good = lock_file(fd) && fstat(fd, &st) == 0 && (!is_as_read(path, &st, read) || ftruncate(fd, 0) == 0);
    if (!good) bb_os_fail(err, errno == EAGAIN || errno == EACCES ? BB_EBUSY : BB_EIO, path, "empty it");
    close(fd); /* and with it the lock */
    return good;
}

bool bb_os_empty_mbox(const char *path, const bb_progress *read, bb_err *err)
{
    char name[4096];
    bool made;
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return bb_fail(err, BB_EUSAGE, "%s: the path is too long", path);
    if (!make_lock_file(name, &made)) return bb_os_fail(err, BB_EBUSY, name, "lock the mailbox");
    bool good = empty_locked(path, read, err);
    if (made) unlink(name);
    return good;
}

bool bb_os_mbox_is_locked(const char *path)
{
    char name[4096];
    struct stat st;
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name) return false;
    return stat(name, &st) == 0 && time(NULL) - st.st_mtime <= STALE_SECONDS;
}

/* ---- files that hold one message -------------------------------------------------------------------------------- */

/* Gone, or another file by now: somebody else moves mail about here too, which is no trouble. False: it is a link. */
static bool still_there(const char *path, const bb_progress *read, bool *there, bb_err *err)
{
    struct stat st;
    *there = lstat(path, &st) == 0;
    if (*there && S_ISLNK(st.st_mode)) return left_a_link(path, err);
    *there = *there && is_as_read(path, &st, read);
    return true;
}

bool bb_os_remove_read(const char *path, const bb_progress *read, bb_err *err)
{
    bool there;
    if (!still_there(path, read, &there, err)) return false;
    if (!there || unlink(path) == 0 || errno == ENOENT) return true;
    return bb_os_fail(err, BB_EIO, path, "delete it");
}

static bool rename_to(const char *path, const char *to, bb_err *err)
{
    /* link and unlink, so that nothing is ever overwritten */
    if (link(path, to) == 0) return unlink(path) == 0 || bb_os_fail(err, BB_EIO, path, "delete it behind its copy");
    if (errno == ENOENT && access(path, F_OK) < 0)
        return true; /* taken away by somebody else, and not the folder missing */
    return bb_os_fail(err, BB_EIO, to, "move mail there");
}

#define NAMES 1000

/* A name that is taken there gets a number. */
static bool move_to(const char *path, const char *folder, bb_err *err)
{
    char to[4096];
    bb_str name = name_of(path);
    for (int i = 0; i < NAMES; i++) {
        char number[16] = "";
        if (i) snprintf(number, sizeof number, ".%d", i);
        if (snprintf(to, sizeof to, "%s/" BB_FMT "%s", folder, BB_ARG(name), number) >= (int)sizeof to)
            return bb_fail(err, BB_EUSAGE, "%s: the path is too long", path);
        if (access(to, F_OK) < 0) break;
    }
    return rename_to(path, to, err);
}

bool bb_os_move_read(const char *path, const char *folder, const bb_progress *read, bb_err *err)
{
    bool there;
    return still_there(path, read, &there, err) && (!there || move_to(path, folder, err));
}

/* new/NAME becomes cur/NAME:2,S; in cur the flag S is added in the order of the letters. */
bool bb_os_mark_seen(const char *path, const bb_progress *read, bb_err *err)
{
    char to[4096];
    bool there;
    bb_str all = bb_cstr(path), name = name_of(path), folder = bb_sub(all, 0, all.n - name.n), flags = {0};
    bool is_new = bb_iends(folder, BB_S("/new/"));
    if (!is_new && !bb_iends(folder, BB_S("/cur/"))) return true; /* no Maildir */
    size_t info = bb_find(name, BB_S(":2,"));
    if (info != BB_NPOS) flags = bb_sub(name, info + 3, BB_NPOS);
    if (bb_chr(flags, 'S') != BB_NPOS) return true;
    size_t before = 0;
    while (before < flags.n && flags.p[before] < 'S') before++;
    bb_str parent = bb_sub(folder, 0, folder.n - 4), bare = bb_sub(name, 0, info);
    if (snprintf(to, sizeof to, BB_FMT "cur/" BB_FMT ":2," BB_FMT "S" BB_FMT, BB_ARG(parent), BB_ARG(bare),
                 BB_ARG(bb_sub(flags, 0, before)), BB_ARG(bb_sub(flags, before, BB_NPOS))) >= (int)sizeof to)
        return bb_fail(err, BB_EUSAGE, "%s: the path is too long", path);
    return still_there(path, read, &there, err) && (!there || rename_to(path, to, err));
}
