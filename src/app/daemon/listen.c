/* SPDX-License-Identifier: MIT
 *
 * Where clients connect: unix sockets and TCP ports, opened before root becomes somebody else.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/daemon/daemon.h"

#define BACKLOG 1024

/* ---- unix sockets ------------------------------------------------------------------------------------ */

/* What a daemon left that is gone is taken away; where one still answers, or something else lies there, it stays. */
static bool make_room(const char *path, const struct sockaddr_un *address, bb_err *err)
{
    struct stat st;
    if (lstat(path, &st) < 0) return errno == ENOENT || bb_os_fail(err, BB_ECREATE, path, "look for a socket");
    if (!S_ISSOCK(st.st_mode))
        return bb_fail(err, BB_ECREATE, "%s: there is something that is no socket: move it away, or listen elsewhere",
                       path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return bb_os_fail(err, BB_EIO, path, "try the socket");
    int rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
    int why = errno;
    close(fd);
    if (rc == 0 || why == EAGAIN)
        return bb_fail(err, BB_EBUSY, "%s: another program listens there: stop it first, or listen elsewhere", path);
    errno = why;
    if (why != ECONNREFUSED) return bb_os_fail(err, BB_EDENIED, path, "try the socket");
    return unlink(path) == 0 || bb_os_fail(err, BB_EDENIED, path, "replace the socket of a daemon that is gone");
}

/* Whose it shall be: only root can give it away. */
static bool give_socket(const char *path, const char *home, const char *user, bb_err *err)
{
    struct stat st;
    if (geteuid() != 0) return true;
    const struct passwd *to = user[0] ? getpwnam(user) : NULL;
    if (user[0] && !to) return bb_fail(err, BB_ECONFIG, "socket_user: there is no user \"%s\"", user);
    if (!to && stat(home, &st) < 0) return bb_os_fail(err, BB_ENOINPUT, home, "find it");
    uid_t uid = to ? to->pw_uid : st.st_uid;
    gid_t gid = to ? to->pw_gid : st.st_gid;
    return lchown(path, uid, gid) == 0 || bb_os_fail(err, BB_ECREATE, path, "give it to its user");
}

static bool bind_unix(listener *l, const struct sockaddr_un *address, const bb_conf_serve *conf, bb_err *err)
{
    struct stat st;
    mode_t before = umask(0777 & ~(mode_t)bb_conf_socket_mode(conf)); /* never open wider, not for a moment */
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = l->fd < 0 ? -1 : bind(l->fd, (const struct sockaddr *)address, sizeof *address);
    umask(before);
    if (rc < 0 && errno == ENOENT)
        return bb_fail(err, BB_ECREATE, "%s: cannot make the socket: there is no such folder", l->path);
    if (rc < 0 || lstat(l->path, &st) < 0) return bb_os_fail(err, BB_ECREATE, l->path, "make the socket");
    l->device = st.st_dev;
    l->inode = st.st_ino;
    return true;
}

static bool open_unix(listener *l, bb_str path, const char *home, const bb_conf_serve *conf, handover *from,
                      bb_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    bool relative = path.n && path.p[0] != '/';
    if (asprintf(&l->path, "%s%s" BB_FMT, relative ? home : "", relative ? "/" : "", BB_ARG(path)) < 0) {
        l->path = NULL;
        return bb_fail(err, BB_ENOMEM, "no memory to listen");
    }
    if (!path.n || strlen(l->path) >= sizeof address.sun_path)
        return bb_fail(err, BB_ECONFIG, "listen: unix:%s: a path has 1 to %zu octets, with that of the home", l->path,
                       sizeof address.sun_path - 1);
    memcpy(address.sun_path, l->path, strlen(l->path) + 1);
    l->fd = handover_find(from, (const struct sockaddr *)&address);
    bool ours = l->fd < 0;
    if (ours && (!make_room(l->path, &address, err) || !bind_unix(l, &address, conf, err))) return false;
    if (ours && !give_socket(l->path, home, conf->socket_user, err)) return false;
    l->guarded = lstat(l->path, &st) == 0 && !(st.st_mode & S_IWOTH);
    if (!ours) return true;
    return listen(l->fd, BACKLOG) == 0 || bb_os_fail(err, BB_EIO, l->path, "listen");
}

/* ---- TCP ---------------------------------------------------------------------------------------------- */

/* "HOST:PORT" or "[HOST]:PORT" */
static bool divide(bb_str text, char host[256], char port[8])
{
    size_t colon = bb_rchr(text, ':');
    uint64_t number;
    if (colon == BB_NPOS) return false;
    bb_str name = bb_sub(text, 0, colon), digits = bb_sub(text, colon + 1, BB_NPOS);
    if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']') name = bb_sub(name, 1, name.n - 2);
    else if (bb_chr(name, ':') != BB_NPOS) return false; /* an address without [] could be read in several ways */
    if (!name.n || name.n > 255 || !bb_u64(digits, &number) || number < 1 || number > 65535) return false;
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    snprintf(port, 8, "%u", (unsigned)number);
    return true;
}

static bool open_one(listener *l, const struct addrinfo *a, handover *from, bb_err *err)
{
    static const int on = 1;
    l->fd = handover_find(from, a->ai_addr);
    if (l->fd >= 0) return true;
    l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) return bb_os_fail(err, BB_EIO, l->name, "make the socket");
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6) setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(l->fd, a->ai_addr, a->ai_addrlen) == 0 && listen(l->fd, BACKLOG) == 0) return true;
    if (errno == EADDRINUSE)
        return bb_fail(err, BB_EBUSY, "%s: another program listens there: stop it first, or listen elsewhere", l->name);
    return bb_os_fail(err, BB_EIO, l->name, "listen");
}

static bool open_tcp(listener *l, bb_str text, handover *from, bb_err *err)
{
    char host[256], port[8];
    struct addrinfo *found = NULL;
    const struct addrinfo how = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    if (!divide(text, host, port))
        return bb_fail(err, BB_ECONFIG, "listen: \"%s\" is not inet:HOST:PORT; write inet:[::1]:2424 for IPv6",
                       l->name);
    int rc = getaddrinfo(host, port, &how, &found);
    if (rc != 0) return bb_fail(err, BB_ECONFIG, "listen: %s: %s", l->name, gai_strerror(rc));
    bool good =
        open_one(l, found, from, err); /* the first: a name of several addresses is written as several addresses */
    freeaddrinfo(found);
    return good;
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static bool open_named(listener *l, bb_str word, const char *home, const bb_conf_serve *conf, handover *from,
                       bb_err *err)
{
    *l = (listener){.fd = -1, .name = strndup(word.p, word.n)};
    if (!l->name) return bb_fail(err, BB_ENOMEM, "no memory to listen");
    if (bb_starts(word, BB_S("unix:"))) return open_unix(l, bb_sub(word, 5, BB_NPOS), home, conf, from, err);
    if (bb_starts(word, BB_S("inet:"))) return open_tcp(l, bb_sub(word, 5, BB_NPOS), from, err);
    return bb_fail(err, BB_ECONFIG, "listen: \"%s\" is neither unix:PATH nor inet:HOST:PORT", l->name);
}

bool listen_on(listener *all, size_t *n, unsigned which, const char *text, const char *home, const bb_conf_serve *conf,
               handover *from, bb_err *err)
{
    bb_str rest = bb_cstr(text), word;
    while (bb_split(&rest, ' ', &word)) {
        word = bb_trim(word);
        if (bb_empty(word)) continue;
        if (*n == LISTENERS_MAX) return bb_fail(err, BB_ECONFIG, "listen: at most %d sockets", LISTENERS_MAX);
        listener *l = &all[*n];
        if (!open_named(l, word, home, conf, from, err)) {
            listen_close(l);
            return false;
        }
        l->service = which;
        (*n)++;
    }
    return true;
}

void listen_close(listener *l)
{
    struct stat st;
    if (l->fd >= 0) close(l->fd);
    /* Where we no longer may, it stays, and the next daemon replaces it. */
    if (l->path && l->inode && lstat(l->path, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode)
        unlink(l->path);
    free(l->path);
    free(l->name);
    *l = (listener){.fd = -1};
}
