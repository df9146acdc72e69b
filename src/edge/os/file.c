/* SPDX-License-Identifier: MIT
 *
 * Small files, whole: read, replaced without a moment in which they are half there, appended to.
 */
#include "edge/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool bb_os_fail(bb_err *err, bb_code otherwise, const char *path, const char *doing)
{
    int e = errno;
    bb_code code = e == EACCES || e == EPERM || e == EROFS ? BB_EDENIED
                   : e == ENOENT || e == ENOTDIR           ? BB_ENOINPUT
                   : e == ENOMEM                           ? BB_ENOMEM
                                                           : otherwise;
    return bb_fail(err, code, "%s: cannot %s: %s", path, doing, strerror(e));
}

#define SECRET_MAX ((size_t)64 << 10)

static bool read_all(int fd, char *into, size_t room, size_t *n)
{
    *n = 0;
    while (*n < room) {
        ssize_t got = read(fd, into + *n, room - *n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        *n += (size_t)got;
    }
    return true;
}

bool bb_os_read_file(bb_arena *a, const char *path, size_t max, bb_str *out, bb_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return bb_os_fail(err, BB_EIO, path, "open it");
    struct stat st;
    size_t room = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size < max ? (size_t)st.st_size : max;
    char *bytes = bb_get(a, room + 1); /* one more than may be there, to notice that there is more */
    size_t n = 0;
    bool read = bytes && read_all(fd, bytes, room + 1, &n);
    if (!bytes) bb_fail(err, BB_ENOMEM, "%s: no memory to read it", path);
    else if (!read) bb_os_fail(err, BB_EIO, path, "read it");
    close(fd);
    if (!read) return false;
    if (n > room) return bb_fail(err, BB_EDATA, "%s: larger than the %zu bytes that it may have", path, room);
    bytes[n] = '\0';
    *out = (bb_str){bytes, n};
    return true;
}

static bool is_private(const char *path, bb_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0) return bb_os_fail(err, BB_EIO, path, "find it");
    /* how systemd hands over credentials: to one user, by an access list that shows as the group's bits */
    bool handed_over = st.st_uid == 0 && (st.st_mode & 0777) == 0440;
    return !S_ISREG(st.st_mode) || !(st.st_mode & 077) || handed_over ||
           bb_fail(err, BB_ECONFIG, "%s: others may read or write it (mode %03o): chmod 600 it", path,
                   st.st_mode & 0777U);
}

bool bb_os_read_secret(bb_arena *a, const char *path, bb_str *out, bb_err *err)
{
    return is_private(path, err) && bb_os_read_file(a, path, SECRET_MAX, out, err);
}

bool bb_os_read_stream(int fd, size_t max, char **bytes, size_t *n, bool *cut, bb_err *err)
{
    *bytes = NULL;
    *n = 0;
    for (size_t room = 64 << 10;; room = room < max / 2 ? room * 2 : max + 1) { /* one more, to notice that there is */
        size_t got;
        char *grown = realloc(*bytes, room);
        if (!grown) return bb_fail(err, BB_ENOMEM, "no memory to read the message");
        *bytes = grown;
        if (!read_all(fd, *bytes + *n, room - *n, &got)) return bb_os_fail(err, BB_EIO, "standard input", "read it");
        *n += got;
        if (*n < room || room > max) break;
    }
    *cut = *n > max;
    if (*cut) *n = max;
    return true;
}

static bool write_all(int fd, bb_str bytes)
{
    while (bytes.n) {
        ssize_t done = write(fd, bytes.p, bytes.n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes = bb_sub(bytes, (size_t)done, BB_NPOS);
    }
    return true;
}

/* A rename is durable once the folder is synced. */
static bool sync_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    size_t n = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (n >= sizeof folder) return false;
    memcpy(folder, slash ? path : ".", n);
    folder[n] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

/* Of the file that is there, or of one that is new. */
typedef struct {
    mode_t mode;
    uid_t uid;
    gid_t gid;
} owned;

static bool write_beside(const char *path, bb_str bytes, const owned *as, bb_err *err)
{
    char beside[4096];
    if ((size_t)snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= sizeof beside)
        return bb_fail(err, BB_EUSAGE, "%.200s...: the path is too long", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) return bb_os_fail(err, BB_ECREATE, path, "make a new file beside it");
    bool written =
        write_all(fd, bytes) && fchown(fd, as->uid, as->gid) == 0 && fchmod(fd, as->mode) == 0 && fsync(fd) == 0;
    if (close(fd) < 0 || !written || rename(beside, path) < 0) {
        bb_os_fail(err, BB_EIO, path, "write it");
        unlink(beside);
        return false;
    }
    if (!sync_folder_of(path)) return bb_os_fail(err, BB_EIO, path, "sync its folder");
    return true;
}

bool bb_os_write_file(const char *path, bb_str bytes, int mode, bb_err *err)
{
    return write_beside(path, bytes, &(owned){(mode_t)mode, (uid_t)-1, (gid_t)-1}, err);
}

bool bb_os_replace_file(const char *path, bb_str bytes, bb_err *err)
{
    struct stat st;
    char *whole = realpath(path, NULL); /* a link stays one */
    bool good = whole && stat(whole, &st) == 0;
    if (!good) bb_os_fail(err, BB_ENOINPUT, path, "find it");
    good = good && write_beside(whole, bytes, &(owned){st.st_mode & 07777, st.st_uid, st.st_gid}, err);
    free(whole);
    return good;
}

bool bb_os_copy_file(const char *from, const char *to, int mode, bb_err *err)
{
    char bytes[65536];
    ssize_t got = 0;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
    if (in < 0) return bb_os_fail(err, BB_EIO, from, "open it");
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool good = out >= 0 && fchmod(out, (mode_t)mode) == 0;
    while (good && (got = read(in, bytes, sizeof bytes)) > 0) good = write_all(out, (bb_str){bytes, (size_t)got});
    good = good && got == 0 && fsync(out) == 0;
    if (!good) bb_os_fail(err, out < 0 ? BB_ECREATE : BB_EIO, to, "copy a file there");
    close(in);
    if (out >= 0) close(out);
    return good && (sync_folder_of(to) || bb_os_fail(err, BB_EIO, to, "sync its folder"));
}

bool bb_os_rename(const char *from, const char *to, bb_err *err)
{
    if (rename(from, to) < 0) return bb_os_fail(err, BB_ECREATE, to, "put it there");
    return sync_folder_of(to) || bb_os_fail(err, BB_EIO, to, "sync its folder");
}

bool bb_os_append_file(const char *path, bb_str bytes, bb_err *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return bb_os_fail(err, BB_EIO, path, "open it for writing");
    bool written = write_all(fd, bytes) && fsync(fd) == 0;
    if (close(fd) < 0 || !written) return bb_os_fail(err, BB_EIO, path, "write to it");
    return true;
}

bb_time bb_os_modified(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (bb_time)st.st_mtime : BB_NO_TIME;
}

bool bb_os_make_folder(const char *path, int mode, bool *made, bb_err *err)
{
    struct stat st;
    *made = mkdir(path, (mode_t)mode) == 0;
    if (*made) return chmod(path, (mode_t)mode) == 0 || bb_os_fail(err, BB_ECREATE, path, "set its mode"); /* umask */
    if (errno != EEXIST) {
        if (errno == ENOENT || errno == ENOTDIR)
            return bb_fail(err, BB_ECREATE, "%s: cannot make the folder: %s", path, strerror(errno));
        return bb_os_fail(err, BB_ECREATE, path, "make the folder");
    }
    if (stat(path, &st) < 0) return bb_os_fail(err, BB_ECREATE, path, "look at it");
    return S_ISDIR(st.st_mode) || bb_fail(err, BB_ECREATE, "%s: is no folder", path);
}

bool bb_os_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}
