/* SPDX-License-Identifier: MIT
 *
 * Another program, run to its end: what it is given, what it says and how it ends. No shell is in between.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/os/os.h"

enum { INPUT, OUTPUT, COMPLAINTS, FILES };

/* Files in memory, so that neither side ever waits for the other. */
static bool open_files(int fds[FILES], bb_str input)
{
    bool good = true;
    for (int i = 0; i < FILES; i++) {
        fds[i] = memfd_create("run", MFD_CLOEXEC);
        good = good && fds[i] >= 0;
    }
    while (good && input.n) {
        ssize_t n = write(fds[INPUT], input.p, input.n);
        good = n > 0 || (n < 0 && errno == EINTR);
        if (n > 0) input = bb_sub(input, (size_t)n, BB_NPOS);
    }
    return good && lseek(fds[INPUT], 0, SEEK_SET) == 0;
}

/* It has so long; then it is killed, and that is how it ended. Without pidfd_open(2) it has for ever. */
static bool wait_for(pid_t child, double seconds, int *status)
{
    struct pollfd p = {.fd = pidfd_open(child, 0), .events = POLLIN};
    double end = bb_os_monotonic() + seconds, left;
    int ready = p.fd < 0;
    while (!ready && (left = end - bb_os_monotonic()) > 0) ready = poll(&p, 1, (int)(left * 1000) + 1) > 0;
    if (p.fd >= 0) close(p.fd);
    if (!ready) kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR) return false;
    return true;
}

static _Noreturn void become(const char *const *argv, const int fds[FILES])
{
    char *const *words = (char *const *)(uintptr_t)argv; /* execvp(3) writes to none of them */
    signal(SIGPIPE, SIG_DFL);
    if (dup2(fds[INPUT], 0) == 0 && dup2(fds[OUTPUT], 1) == 1 && dup2(fds[COMPLAINTS], 2) == 2) execvp(words[0], words);
    _exit(errno == ENOENT ? 127 : 126);
}

static bool take(bb_arena *a, int fd, bb_str *out)
{
    char *bytes;
    size_t n;
    bool cut;
    bb_err ignored;
    bool good = lseek(fd, 0, SEEK_SET) == 0 && bb_os_read_stream(fd, BB_RUN_MAX, &bytes, &n, &cut, &ignored);
    if (!good) return false;
    *out = bb_dup(a, (bb_str){bytes, n});
    free(bytes);
    return !a->failed && !cut;
}

bool bb_os_run(bb_arena *a, const char *const *argv, bb_str input, bb_run *out, bb_err *err)
{
    return bb_os_run_for(a, argv, input, BB_RUN_SECONDS, out, err);
}

bool bb_os_run_for(bb_arena *a, const char *const *argv, bb_str input, double seconds, bb_run *out, bb_err *err)
{
    int fds[FILES] = {-1, -1, -1}, status = 0;
    bool good = open_files(fds, input);
    pid_t child = good ? fork() : -1;
    if (child == 0) become(argv, fds);
    good = child > 0;
    if (!good) bb_os_fail(err, BB_EIO, argv[0], "run it");
    if (good && !wait_for(child, seconds, &status)) good = bb_os_fail(err, BB_EIO, argv[0], "wait for it");
    if (good) {
        *out = (bb_run){.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
        good = take(a, fds[OUTPUT], &out->output) && take(a, fds[COMPLAINTS], &out->complaints);
        if (!good) bb_fail(err, BB_EIO, "%s: what it says cannot be read", argv[0]);
    }
    for (int i = 0; i < FILES; i++)
        if (fds[i] >= 0) close(fds[i]);
    if (good && out->status == 127) return bb_fail(err, BB_ENOINPUT, "%s: there is no such program", argv[0]);
    return good;
}
