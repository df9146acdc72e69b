/* SPDX-License-Identifier: MIT
 *
 * One writer at a time, for as long as it has the database open: a lock on a file of its own beside it. (A lock on the
 * database file itself would be lost with SQLite's own ones.) The file stays; only the lock on it means anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "edge/os/os.h"
#include "edge/store/sqlite.h"

#define STEP_MS 20

/* Who holds it: the process id written there, and the name the system knows it by. */
static bool tell_holder(int fd, const char *path, bb_err *err)
{
    char text[32] = "", proc[64], name[64] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    uint64_t pid = 0;
    bool known = n > 0 && bb_u64(bb_trim((bb_str){text, (size_t)n}), &pid);
    if (!known) return bb_fail(err, BB_EBUSY, "%s: another process writes to it: wait for it to end, or stop it", path);
    snprintf(proc, sizeof proc, "/proc/%llu/comm", (unsigned long long)pid);
    FILE *f = fopen(proc, "re");
    if (f && fgets(name, sizeof name, f)) name[strcspn(name, "\n")] = '\0';
    if (f) fclose(f);
    return bb_fail(err, BB_EBUSY,
                   "%s: process %llu%s%s writes to it (a serve, ingest or deliver): wait for it to end, or stop it",
                   path, (unsigned long long)pid, *name ? ", " : "", name);
}

static bool wait_for(int fd)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= SQ_WAIT_MS) return false;
        nanosleep(&step, NULL);
    }
    return true;
}

bool sq_lock(const char *path, int *fd, bb_err *err)
{
    char name[4096];
    if (snprintf(name, sizeof name, "%s-lock", path) >= (int)sizeof name)
        return bb_fail(err, BB_EUSAGE, "%s: the path is too long", path);
    int got = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (got < 0) return bb_os_fail(err, BB_EDENIED, name, "make the writer's lock");
    if (!wait_for(got)) {
        if (errno == EWOULDBLOCK) tell_holder(got, path, err);
        else bb_os_fail(err, BB_EIO, name, "lock it");
        close(got);
        return false;
    }
    char pid[32];
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    /* only for the words above: a lock without a name is a lock too */
    if (ftruncate(got, 0) < 0 || pwrite(got, pid, (size_t)n, 0) < 0) errno = 0;
    *fd = got;
    return true;
}

void sq_give_way(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * STEP_MS * 1000000L}, NULL);
}

void sq_unlock(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}
