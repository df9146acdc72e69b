/* SPDX-License-Identifier: MIT
 *
 * bouncebox serve: starts, listens, rereads its configuration, and ends in order.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "app/daemon/daemon.h"

#define STOP_SECONDS 20 /* for clients to end what they began */
#define SPARE_FILES  64 /* beside connections: listeners, the store, rules */
#define MIB          ((size_t)1 << 20)

bb_time server_clock(void)
{
    return (bb_time)bb_os_monotonic();
}

/* ---- memory -------------------------------------------------------------------------------------------- */

void server_hold(server *s, size_t more)
{
    s->held += more;
}

void server_let_go(server *s, size_t less)
{
    s->held -= less;
}

bool server_has_memory(const server *s)
{
    return s->held < s->most_held;
}

/* Those that were not read for want of memory may go on. */
static void resume(server *s)
{
    for (connection *c = s->first, *next; c; c = next) {
        next = c->next;
        if (c->paused) connection_drive(c);
    }
}

/* ---- events ---------------------------------------------------------------------------------------------- */

static void maybe_end(server *s)
{
    if (s->stopping && !s->first && !s->under_way) event_base_loopbreak(s->base);
}

static void on_done(evutil_socket_t fd, short what, void *ctx)
{
    server *s = ctx;
    uint64_t count;
    bool closed;
    (void)what;
    if (read(fd, &count, sizeof count) < 0) errno = 0; /* woken for nothing: there is nothing */
    for (queued *q = queue_take(&s->pool.done, NO_LIMIT, NO_LIMIT, 0, &closed), *next; q; q = next) {
        next = q->next;
        delivery_done(s, delivery_of(q));
    }
    if (server_has_memory(s) || !s->favoured) resume(s);
    maybe_end(s);
}

static void on_answered(evutil_socket_t fd, short what, void *ctx)
{
    server *s = ctx;
    uint64_t count;
    bool closed;
    (void)what;
    if (read(fd, &count, sizeof count) < 0) errno = 0;
    for (queued *q = queue_take(&s->judge.answered, NO_LIMIT, NO_LIMIT, 0, &closed), *next; q; q = next) {
        next = q->next;
        question_done(s, question_of(q));
    }
    maybe_end(s);
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    server *s = ctx;
    (void)fd, (void)what;
    for (connection *c = s->first, *next; c; c = next) {
        next = c->next;
        connection_tick(c);
    }
    resume(s);
    server_accept(s);
    if (s->watched) handover_tell("WATCHDOG=1");
    if (s->stopping && server_clock() >= s->stop_at) event_base_loopbreak(s->base);
    maybe_end(s);
}

/* Who has nothing under way goes, the others are answered. */
static void begin_stop(server *s, const char *event, const char *signal)
{
    log_begin(&s->log, "info", event);
    log_str(&s->log, "signal", bb_cstr(signal));
    log_int(&s->log, "connections", (int64_t)s->services[LMTP].n_connections);
    if (s->judge.runs) log_int(&s->log, "policy", (int64_t)s->services[POLICY].n_connections);
    log_end(&s->log);
    s->stopping = true;
    s->stop_at = server_clock() + STOP_SECONDS;
    server_accept(s);
    for (connection *c = s->first, *next; c; c = next) {
        next = c->next;
        connection_stop(c);
    }
    maybe_end(s);
}

static void on_stop(evutil_socket_t number, short what, void *ctx)
{
    server *s = ctx;
    (void)what;
    bool asked_before = s->stopping && !s->upgrading;
    s->upgrading = false;
    if (asked_before) { /* now */
        event_base_loopbreak(s->base);
        return;
    }
    handover_tell("STOPPING=1");
    accept_end(s);
    begin_stop(s, "stop", number == SIGINT ? "SIGINT" : "SIGTERM");
}

/* Who connects from now on waits until the new program takes him in. */
static void on_upgrade(evutil_socket_t number, short what, void *ctx)
{
    server *s = ctx;
    bb_err err = {0};
    (void)number, (void)what;
    if (s->stopping) return;
    if (!handover_try(s->program, &err)) {
        log_trouble(&s->log, "upgrade", err.text);
        return;
    }
    handover_tell("RELOADING=1");
    s->upgrading = true;
    begin_stop(s, "upgrade", "SIGUSR2");
}

/* ---- configuration ----------------------------------------------------------------------------------------- */

static void set_limits(server *s, const bb_conf_serve *conf)
{
    s->options = bb_lmtp_defaults;
    s->options.size_max = (uint64_t)conf->message_size << 20;
    s->options.errors_max = (unsigned)conf->errors;
    s->options.timeout = conf->timeout;
    s->data_timeout = conf->data_timeout;
    s->most_connections = (size_t)conf->connections;
    s->most_held = (size_t)conf->memory * MIB;
}

static shared_rules *read_rules(cli *c, const bb_conf *conf, bb_err *err)
{
    const char *path = bb_conf_home_of(conf)->rules;
    bb_rule_source own = {0};
    bb_arena a;
    bb_arena_init(&a, &bb_os_alloc, (size_t)32 << 20);
    bb_rules *rules = NULL;
    own.name = path[0] ? cli_path(c, path) : NULL;
    if (!own.name || bb_os_read_file(&a, own.name, (size_t)16 << 20, &own.text, err))
        rules = bb_rules_open(&bb_os_alloc, own.name ? &own : NULL, err);
    bb_arena_free(&a);
    shared_rules *shared = rules ? rules_share(rules) : NULL;
    if (rules && !shared) {
        bb_rules_free(&rules);
        bb_fail(err, BB_ENOMEM, "no memory for the rules");
    }
    return shared;
}

/* Sockets stay as they are. What is wrong changes nothing. */
static void reload(server *s)
{
    cli *c = s->c;
    bb_conf *fresh = NULL;
    bb_err err = {0};
    shared_rules *rules = bb_conf_read(cli_conf_path(c), &fresh, &err) ? read_rules(c, fresh, &err) : NULL;
    if (!rules) {
        bb_conf_free(&fresh);
        log_begin(&s->log, "error", "reload");
        log_str(&s->log, "text", bb_cstr(err.text));
        log_str(&s->log, "result", BB_S("nothing is changed"));
        log_end(&s->log);
        return;
    }
    if (strcmp(bb_conf_serve_of(fresh)->listen, bb_conf_serve_of(c->conf)->listen) != 0 ||
        strcmp(bb_conf_serve_of(fresh)->policy, bb_conf_serve_of(c->conf)->policy) != 0)
        log_trouble(&s->log, "reload", "listen or policy is another now: that takes a restart");
    bb_conf_free(&c->conf);
    c->conf = fresh;
    rules_release(s->rules);
    s->rules = rules;
    set_limits(s, bb_conf_serve_of(fresh));
    s->options.hostname = bb_cstr(s->hostname);
    atomic_store(&s->pool.stale, true);
    atomic_store(&s->judge.stale, true);
    log_begin(&s->log, "info", "reload");
    log_str(&s->log, "result", BB_S("done"));
    log_end(&s->log);
    server_accept(s);
}

static void on_reload(evutil_socket_t number, short what, void *ctx)
{
    (void)number, (void)what;
    handover_tell("RELOADING=1");
    reload(ctx);
    handover_tell("READY=1");
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

/* With the eyes of the owner of the home: what root may read is none of his business. */
static bool read_conf(cli *c)
{
    bool became;
    bb_err err = {0};
    if (!bb_os_act_as_owner(c->home, &became, &c->err)) return false;
    bool good = bb_conf_read(cli_conf_path(c), &c->conf, &c->err);
    if (bb_os_act_as_root(&err)) return good;
    c->err = err;
    return false;
}

/* As root as long as it takes to open the sockets, which may lie where nobody else can make them. */
static bool open_sockets(server *s)
{
    cli *c = s->c;
    size_t cursor = 0;
    const char *given = cli_value_after(c, "listen", &cursor);
    if (!cli_home_path(c)) return false;
    if (!read_conf(c)) {
        if (c->err.code != BB_ENOINPUT) return false;
        return bb_fail(&c->err, BB_ECONFIG, "%s: there is no home; \"bouncebox init\" makes one", c->home);
    }
    const bb_conf_serve *conf = bb_conf_serve_of(c->conf);
    handover from;
    handover_take(&from);
    if (!given && !listen_on(s->listeners, &s->n_listeners, LMTP, conf->listen, c->home, conf, &from, &c->err))
        return false;
    for (; given; given = cli_value_after(c, "listen", &cursor))
        if (!listen_on(s->listeners, &s->n_listeners, LMTP, given, c->home, conf, &from, &c->err)) return false;
    if (!listen_on(s->listeners, &s->n_listeners, POLICY, conf->policy, c->home, conf, &from, &c->err)) return false;
    if (handover_drop(&from))
        log_trouble(&s->log, "listen",
                    "sockets were handed to us that the configuration does not name: they are closed");
    if (!s->n_listeners) return bb_fail(&c->err, BB_ECONFIG, "listen: nothing to listen on");
    return bb_os_become_owner(c->home, &c->became, &c->err);
}

static struct event *signal_event(server *s, int number, event_callback_fn fn)
{
    struct event *e = evsignal_new(s->base, number, fn, s);
    if (e && event_add(e, NULL) == 0) return e;
    s->failed = true;
    return e;
}

/* Until somebody hears these, and while we become another program, they wait: what they do by themselves is to kill. */
static void hold_signals(int how)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGUSR2);
    sigprocmask(how, &ours, NULL);
}

static bool make_events(server *s)
{
    static const struct timeval second = {.tv_sec = 1};
    s->base = event_base_new();
    if (!s->base) return bb_fail(&s->c->err, BB_ENOMEM, "no memory for the event loop");
    s->on_end = signal_event(s, SIGTERM, on_stop);
    s->on_interrupt = signal_event(s, SIGINT, on_stop);
    s->on_reload = signal_event(s, SIGHUP, on_reload);
    s->on_upgrade = signal_event(s, SIGUSR2, on_upgrade);
    s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
    s->woken = event_new(s->base, s->pool.wake, EV_READ | EV_PERSIST, on_done, s);
    s->failed |= !s->tick || !s->woken || event_add(s->tick, &second) != 0 || event_add(s->woken, NULL) != 0;
    s->failed |= !accept_begin(s);
    if (s->judge.runs) {
        s->answered = event_new(s->base, s->judge.wake, EV_READ | EV_PERSIST, on_answered, s);
        s->failed |= !s->answered || event_add(s->answered, NULL) != 0;
    }
    if (s->failed) return bb_fail(&s->c->err, BB_ENOMEM, "the event loop cannot be started");
    hold_signals(SIG_UNBLOCK);
    return true;
}

/* As many files as connections take, as far as the system lets us. */
static void allow_files(size_t connections)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return;
    rlim_t want = (rlim_t)connections + SPARE_FILES;
    if (r.rlim_cur >= want) return;
    r.rlim_cur = r.rlim_max < want ? r.rlim_max : want;
    if (setrlimit(RLIMIT_NOFILE, &r) < 0) errno = 0;
}

static void tell_begin(server *s)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        log_begin(&s->log, "info", "listening");
        log_str(&s->log, "service", bb_cstr(s->services[s->listeners[i].service].name));
        log_str(&s->log, "on", bb_cstr(s->listeners[i].name));
        log_str(&s->log, "path", bb_cstr(s->listeners[i].path));
        log_str(&s->log, "version", BB_S(BB_VERSION));
        log_int(&s->log, "pid", (int64_t)getpid());
        log_end(&s->log);
    }
}

/* What nobody will be answered for is given back; the clients come again. */
static void drop_all(server *s)
{
    bool closed;
    while (s->first) connection_close(s->first);
    for (queued *q = queue_take(&s->pool.done, NO_LIMIT, NO_LIMIT, 0, &closed), *next; q; q = next) {
        next = q->next;
        delivery_done(s, delivery_of(q));
    }
    if (!s->pool.counts) return;
    for (queued *q = queue_take(&s->judge.answered, NO_LIMIT, NO_LIMIT, 0, &closed), *next; q; q = next) {
        next = q->next;
        question_done(s, question_of(q));
    }
}

static void run(server *s)
{
    tell_begin(s);
    server_accept(s);
    handover_tell("READY=1");
    event_base_dispatch(s->base);
    if (s->first || s->under_way) log_trouble(&s->log, "stop", "time is up: who was not answered comes again");
    while (s->first) connection_close(s->first);
    judge_stop(&s->judge);
    pool_stop(&s->pool);
    drop_all(s);
    log_begin(&s->log, "info", "stopped");
    log_end(&s->log);
}

static void free_events(server *s)
{
    struct event *const all[] = {s->on_end, s->on_interrupt, s->on_reload, s->on_upgrade,
                                 s->tick,   s->woken,        s->answered};
    for (size_t i = 0; i < BB_COUNT(all); i++)
        if (all[i]) event_free(all[i]);
    accept_forget(s);
    if (s->base) event_base_free(s->base);
}

static bool serve(server *s)
{
    cli *c = s->c;
    if (!handover_self(s->program)) return bb_os_fail(&c->err, BB_EIO, "/proc/self/exe", "find our own program");
    if (!open_sockets(s)) return false;
    set_limits(s, bb_conf_serve_of(c->conf));
    if (gethostname(s->hostname, sizeof s->hostname - 1) < 0 || !s->hostname[0]) strcpy(s->hostname, "localhost");
    s->options.hostname = bb_cstr(s->hostname);
    for (size_t i = 0; i < s->n_listeners; i++) s->pool.counts |= s->listeners[i].service == POLICY;
    allow_files(s->pool.counts ? 2 * s->most_connections : s->most_connections);
    s->rules = read_rules(c, c->conf, &c->err);
    if (!s->rules || !writer_try(c, &c->err)) return false;
    if (!pool_start(&s->pool, c, (size_t)bb_conf_serve_of(c->conf)->threads, &c->err)) return false;
    bool good = (!s->pool.counts || judge_start(&s->judge, c, &c->err)) && make_events(s);
    if (good) {
        run(s);
    } else {
        judge_stop(&s->judge);
        pool_stop(&s->pool);
    }
    return good;
}

int cmd_serve(cli *c)
{
    server *s = calloc(1, sizeof *s);
    if (!s) return cli_exit_of(BB_ENOMEM);
    s->c = c;
    s->watched = handover_watched();
    s->services[LMTP] = (service){.of = s, .name = "lmtp", .speaks = &speaks_lmtp};
    s->services[POLICY] = (service){.of = s, .name = "policy", .speaks = &speaks_policy};
    log_init(&s->log, c->json);
    hold_signals(SIG_BLOCK);
    bool good = serve(s);
    hold_signals(SIG_BLOCK);
    free_events(s);
    if (good && s->upgrading) good = handover_become(s->program, c->argv, s->listeners, s->n_listeners, &c->err);
    int code = good ? cli_ok(c) : cli_fail(c);
    accept_end(s);
    rules_release(s->rules);
    log_free(&s->log);
    free(s);
    return code;
}
