/* SPDX-License-Identifier: MIT
 *
 * New clients: from a socket that listens to a connection, as many at once as each service may have.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "app/daemon/daemon.h"

static void name_client(const struct sockaddr_storage *a, int fd, char out[64])
{
    char host[INET6_ADDRSTRLEN] = "";
    struct ucred peer;
    socklen_t n = sizeof peer;
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(out, 64, "%s:%d", host, ntohs(in->sin_port));
    } else if (a->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)a;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
        snprintf(out, 64, "[%s]:%d", host, ntohs(in->sin6_port));
    } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0) {
        snprintf(out, 64, "unix:pid-%ld,uid-%ld", (long)peer.pid, (long)peer.uid);
    } else {
        snprintf(out, 64, "unix");
    }
}

static bool is_guarded(const server *s, int listening)
{
    for (size_t i = 0; i < s->n_listeners; i++)
        if (s->listeners[i].fd == listening) return s->listeners[i].guarded;
    return false;
}

static void on_client(evutil_socket_t fd, short what, void *ctx)
{
    service *by = ctx;
    server *s = by->of;
    static const int on = 1;
    struct sockaddr_storage from = {0};
    socklen_t n = sizeof from;
    char client[64];
    (void)what;
    int got = accept4(fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (got < 0) {
        if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
        log_trouble(&s->log, "accept", strerror(errno));
        s->accept_again = server_clock() + 1;
    } else {
        if (from.ss_family != AF_UNIX) setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        name_client(&from, got, client);
        connection_open(by, got, is_guarded(s, fd), client);
    }
    server_accept(s);
}

bool accept_begin(server *s)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        listener *l = &s->listeners[i];
        s->accepting[i] = event_new(s->base, l->fd, EV_READ | EV_PERSIST, on_client, &s->services[l->service]);
        if (!s->accepting[i]) return false;
    }
    return true;
}

void accept_forget(server *s)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (s->accepting[i]) event_free(s->accepting[i]);
        s->accepting[i] = NULL;
    }
}

void accept_end(server *s)
{
    accept_forget(s);
    for (size_t i = 0; i < s->n_listeners; i++) listen_close(&s->listeners[i]);
    s->n_listeners = 0;
}

static void accept_for(server *s, service *by)
{
    bool room = by->n_connections < s->most_connections;
    bool accepts = !s->stopping && room && server_clock() >= s->accept_again;
    if (accepts == by->accepts) return;
    by->accepts = accepts;
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (&s->services[s->listeners[i].service] != by) continue;
        if (accepts) event_add(s->accepting[i], NULL);
        else event_del(s->accepting[i]);
    }
    if (room || s->stopping) return;
    log_begin(&s->log, "warning", "connections");
    log_str(&s->log, "service", bb_cstr(by->name));
    log_int(&s->log, "count", (int64_t)by->n_connections);
    log_str(&s->log, "text", BB_S("as many clients as may be: others wait"));
    log_end(&s->log);
}

void server_accept(server *s)
{
    for (size_t i = 0; i < SERVICES; i++) accept_for(s, &s->services[i]);
}
