/* SPDX-License-Identifier: MIT
 *
 * What passes between one that runs the daemon and the daemon: sockets that somebody else opened, systemd (LISTEN_FDS,
 * sd_listen_fds(3)) or the daemon that was here before, and what is told of our state (NOTIFY_SOCKET, sd_notify(3)).
 *
 * Upgrade  the process becomes the program that now lies at its own path and keeps its id, and its sockets stay open: who
 *          connects meanwhile waits in their backlog, and nobody is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/daemon/daemon.h"

#define FIRST       3   /* what sd_listen_fds(3) says: the first that is handed over */
#define ABOVE       100 /* none of those that are handed over lies here */
#define TRY_SECONDS 10

/* ---- sockets that come ---------------------------------------------------------------------------------- */

/* A number from the environment; 0 where there is none. */
static uint64_t number_of(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t n = 0;
    return text && bb_u64(bb_cstr(text), &n) ? n : 0;
}

void handover_take(handover *h)
{
    uint64_t n = number_of("LISTEN_FDS");
    *h = (handover){0};
    if (number_of("LISTEN_PID") == (uint64_t)getpid())
        for (uint64_t i = 0; i < n && h->n < LISTENERS_MAX; i++) {
            int fd = FIRST + (int)i;
            if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0) h->fds[h->n++] = fd;
        }
    /* They are ours, and none of whatever we start. */
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr *b)
{
    if (a->ss_family != b->sa_family) return false;
    switch (b->sa_family) {
    case AF_UNIX: {
        const struct sockaddr_un *x = (const void *)a, *y = (const void *)b;
        return strncmp(x->sun_path, y->sun_path, sizeof x->sun_path) == 0;
    }
    case AF_INET: {
        const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    case AF_INET6: {
        const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;
        return x->sin6_port == y->sin6_port && memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
    }
    }
    return false;
}

int handover_find(handover *h, const struct sockaddr *address)
{
    for (size_t i = 0; i < h->n; i++) {
        struct sockaddr_storage bound = {0};
        socklen_t n = sizeof bound;
        if (getsockname(h->fds[i], (struct sockaddr *)&bound, &n) < 0 || !same_address(&bound, address)) continue;
        int fd = h->fds[i];
        h->fds[i] = h->fds[--h->n];
        return fd;
    }
    return -1;
}

size_t handover_drop(handover *h)
{
    size_t n = h->n;
    while (h->n) close(h->fds[--h->n]);
    return n;
}

/* ---- becoming the program that now lies at our path ------------------------------------------------------ */

bool handover_self(char path[HANDOVER_PATH])
{
    ssize_t n = readlink("/proc/self/exe", path, HANDOVER_PATH - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0;
}

bool handover_try(const char *program, bb_err *err)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGALRM, SIG_DFL);
        dup2(null, 0), dup2(null, 1), dup2(null, 2);
        alarm(TRY_SECONDS);
        execl(program, program, "--version", (char *)NULL);
        _exit(127);
    }
    if (child < 0) return bb_fail(err, BB_EIO, "%s: cannot be tried: %s", program, strerror(errno));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return bb_fail(err, BB_ENOINPUT, "%s: does not run (--version ends with %s %d)", program,
                   WIFSIGNALED(status) ? "signal" : "exit code",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

bool handover_become(const char *program, char *const *argv, const listener *all, size_t n, bb_err *err)
{
    char text[32];
    int moved[LISTENERS_MAX];
    /* First away from where they must lie, since they may lie there in another order. */
    for (size_t i = 0; i < n; i++) {
        moved[i] = fcntl(all[i].fd, F_DUPFD_CLOEXEC, ABOVE);
        if (moved[i] < 0) return bb_fail(err, BB_EIO, "cannot hand over %s: %s", all[i].name, strerror(errno));
    }
    for (size_t i = 0; i < n; i++)
        if (dup2(moved[i], FIRST + (int)i) < 0)
            return bb_fail(err, BB_EIO, "cannot hand over %s: %s", all[i].name, strerror(errno));
    snprintf(text, sizeof text, "%zu", n);
    bool good = setenv("LISTEN_FDS", text, 1) == 0;
    snprintf(text, sizeof text, "%ld", (long)getpid());
    good &= setenv("LISTEN_PID", text, 1) == 0;
    if (good) execv(program, argv);
    return bb_fail(err, BB_EIO, "%s: cannot be run: %s", program, strerror(errno));
}

/* ---- what is told -------------------------------------------------------------------------------------- */

void handover_tell(const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@') to.sun_path[0] = '\0'; /* an abstract one (unix(7)) */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    /* Nobody needs the answer: who listens finds out by himself when nothing comes. */
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
        errno = 0;
    close(fd);
}

bool handover_watched(void)
{
    uint64_t pid = number_of("WATCHDOG_PID");
    return number_of("WATCHDOG_USEC") > 0 && (!pid || pid == (uint64_t)getpid());
}
