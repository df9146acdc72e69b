/* SPDX-License-Identifier: MIT
 *
 * A dialogue of lines. The socket does not block; every wait ends when the dialogue does.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "edge/net/net.h"
#include "edge/os/os.h"

#define LINE_MAX_OCTETS 2000
#define REPLY_LINES     512

static bool wait_for(const bb_dial *d, short events, bb_err *err)
{
    for (;;) {
        double left = d->end - bb_os_monotonic();
        struct pollfd p = {.fd = d->fd, .events = events};
        if (left <= 0) return bb_fail(err, BB_EIO, "no answer in time");
        int n = poll(&p, 1, (int)(left * 1000) + 1);
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return bb_fail(err, BB_EIO, "poll: %s", strerror(errno));
    }
}

static bool connect_to(bb_dial *d, int family, const struct sockaddr *to, socklen_t n, bb_err *err)
{
    int error = 0;
    socklen_t size = sizeof error;
    d->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->fd < 0) return bb_fail(err, BB_EIO, "no socket: %s", strerror(errno));
    if (connect(d->fd, to, n) == 0) return true;
    error = errno;
    if (error == EINPROGRESS) {
        if (!wait_for(d, POLLOUT, err)) return false;
        if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
    }
    return error == 0 || bb_fail(err, error == EACCES || error == EPERM ? BB_EDENIED : BB_EIO, "%s", strerror(error));
}

static void begin(bb_dial *d, double seconds)
{
    d->fd = -1;
    d->from = d->to = 0;
    d->end = bb_os_monotonic() + seconds;
}

bool bb_dial_unix(const char *path, double seconds, bb_dial *out, bb_err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    begin(out, seconds);
    if (strlen(path) >= sizeof to.sun_path) return bb_fail(err, BB_EUSAGE, "%s: too long for a socket", path);
    memcpy(to.sun_path, path, strlen(path));
    if (connect_to(out, AF_UNIX, (const struct sockaddr *)&to, sizeof to, err)) return true;
    bb_dial_end(out);
    return bb_fail_in(err, "%s", path);
}

bool bb_dial_inet(const char *host, const char *port, double seconds, bb_dial *out, bb_err *err)
{
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
    begin(out, seconds);
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed) return bb_fail(err, BB_EIO, "%s:%s: %s", host, port, gai_strerror(failed));
    bool good = false;
    for (const struct addrinfo *at = found; at && !good; at = at->ai_next) {
        bb_dial_end(out);
        good = connect_to(out, at->ai_family, at->ai_addr, at->ai_addrlen, err);
    }
    freeaddrinfo(found);
    if (good) return true;
    bb_dial_end(out);
    return bb_fail_in(err, "%s:%s", host, port);
}

static bool send_line(bb_dial *d, const char *line, bb_err *err)
{
    char out[LINE_MAX_OCTETS + 3];
    int n = snprintf(out, sizeof out, "%s\r\n", line);
    if (n < 0 || (size_t)n >= sizeof out) return bb_fail(err, BB_EUSAGE, "too long for a line");
    for (size_t sent = 0; sent < (size_t)n;) {
        if (!wait_for(d, POLLOUT, err)) return false;
        ssize_t now = send(d->fd, out + sent, (size_t)n - sent, MSG_NOSIGNAL);
        if (now > 0) sent += (size_t)now;
        else if (now < 0 && errno != EAGAIN && errno != EINTR) return bb_fail(err, BB_EIO, "%s", strerror(errno));
    }
    return true;
}

/* More of what it says, behind what is there; *line may point into it only until then. */
static bool fill(bb_dial *d, bb_err *err)
{
    memmove(d->in, d->in + d->from, d->to - d->from);
    d->to -= d->from;
    d->from = 0;
    if (d->to == sizeof d->in) return bb_fail(err, BB_EDATA, "a line that does not end");
    while (true) {
        if (!wait_for(d, POLLIN, err)) return false;
        ssize_t n = recv(d->fd, d->in + d->to, sizeof d->in - d->to, 0);
        if (n == 0) return bb_fail(err, BB_EIO, "the other side hung up");
        if (n < 0 && errno != EAGAIN && errno != EINTR) return bb_fail(err, BB_EIO, "%s", strerror(errno));
        if (n < 0) continue;
        d->to += (size_t)n;
        return true;
    }
}

static bool take_line(bb_dial *d, bb_str *line, bb_err *err)
{
    size_t end;
    while ((end = bb_chr((bb_str){d->in + d->from, d->to - d->from}, '\n')) == BB_NPOS)
        if (!fill(d, err)) return false;
    *line = bb_trim((bb_str){d->in + d->from, end});
    d->from += end + 1;
    return true;
}

bool bb_dial_ask(bb_dial *d, bb_arena *a, const char *line, int *code, bb_str *text, bb_err *err)
{
    bb_buf all = bb_buf_in(a, (size_t)64 << 10);
    if (line && !send_line(d, line, err)) return false;
    for (int i = 0; i < REPLY_LINES; i++) {
        bb_str got;
        uint64_t number;
        if (!take_line(d, &got, err)) return false;
        if (!bb_u64(bb_sub(got, 0, 3), &number) || number < 200 || number > 599)
            return bb_fail(err, BB_EDATA, "no reply of a mail server");
        if (i) bb_putc(&all, '\n');
        bb_put(&all, bb_sub(got, 4, BB_NPOS));
        *code = (int)number;
        if (got.n > 3 && got.p[3] == '-') continue;
        *text = bb_buf_str(&all);
        return !a->failed || bb_fail(err, BB_ENOMEM, "no memory for a reply");
    }
    return bb_fail(err, BB_EDATA, "a reply that does not end");
}

void bb_dial_end(bb_dial *d)
{
    if (d->fd >= 0) close(d->fd);
    d->fd = -1;
}
