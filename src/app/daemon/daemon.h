/* SPDX-License-Identifier: MIT
 *
 * daemon: bouncebox serve, which takes mail by LMTP and answers 250 for what is stored durably, and says at RCPT what
 * Postfix asks its policy service.
 *
 * Threads  the loop (main thread) owns sockets, connections and transactions; readers parse and classify; one writer owns
 *          the store and commits all that waits as one transaction. A delivery (one recipient of one message) goes
 *          loop -> readers -> writer -> loop, and belongs to whoever has it: queues hand it over. A question of the policy
 *          service goes loop -> judge -> loop; the judge reads the store and waits for nobody.
 * Promises 250 only after the commit that holds the message. Trouble of ours is 451 4.3.0; there is no 5xx for what a
 *          message says or for whom it is: a report that is refused is gone for ever, since its sender is null.
 * Store    it is opened when mail comes and closed when none has come for a while, and in between every few seconds, so
 *          that other commands can write. Opened again, configuration, lists, keys and policies are read again, too.
 */
#ifndef BB_APP_DAEMON_H
#define BB_APP_DAEMON_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/cli/cli.h"
#include "core/gate/gate.h"
#include "core/wire/lmtp.h"

struct sockaddr;
struct event_base;
struct event;

/* ---- log.c: one line an event on standard error ------------------------------------------------------ */

/* Each thread has its own; a line is written at once, so lines of several do not mix. */
typedef struct {
    bb_arena arena;
    bb_buf line;
    bb_json json;
    bool as_json;
} server_log;

void log_init(server_log *l, bool as_json);
void log_free(server_log *l);
void log_begin(server_log *l, const char *level, const char *event); /* "info", "warning", "error" */
void log_str(server_log *l, const char *key, bb_str value);          /* hostile bytes are escaped; empty: left out */
void log_int(server_log *l, const char *key, int64_t value);
void log_end(server_log *l);
void log_trouble(server_log *l, const char *event, const char *text); /* a whole line, level error */
/* The same, where it is not what was told last; "" once all is well again. */
#define LOG_TOLD 512
void log_once(server_log *l, char told[LOG_TOLD], const char *event, const char *text);

/* ---- what is handed on ------------------------------------------------------------------------------- */

/* What queues hold begins with this. */
typedef struct queued {
    struct queued *next;
    size_t weight; /* octets that it holds */
} queued;

/* The rules that mail is read with; the last who lets go frees them. */
typedef struct {
    bb_rules *rules;
    atomic_uint holders;
} shared_rules;
shared_rules *rules_share(bb_rules *rules); /* held once; NULL: no memory */
shared_rules *rules_hold(shared_rules *r);
void rules_release(shared_rules *r);

typedef struct transaction transaction;
typedef struct connection connection;
typedef struct server server;

/* What became of it, for the log and the answer. */
typedef struct {
    bool stored; /* durably: now, or known from before */
    bb_result result;
    char error[512]; /* where it is not stored */
    /* of the first verdict */
    bool report;       /* else other mail, */
    bool unsubscribes; /* of which this is not the least */
    bb_token_result token;
    bb_kind kind;
    bb_reason reason;
    bb_trust trust;
    uint64_t subscriber;
    char list[65], rule[65];
} outcome;

/* A message for one recipient. */
typedef struct delivery {
    queued in;
    transaction *of;
    size_t i; /* which of its recipients */
    bb_str rcpt_to, orcpt;
    shared_rules *rules;
    bb_arena arena;
    bb_message message;
    bb_claims claims;
    bool read; /* else there was no memory for it */
    outcome out;
} delivery;

/* A message of a connection; its bytes stay where they are until all recipients are answered. */
struct transaction {
    connection *from; /* NULL: it is gone; nobody but the loop looks */
    bool guarded;     /* as the connection */
    bb_arena arena;   /* the envelope */
    bb_str sender;
    char *bytes;
    size_t n, room;
    uint64_t size;
    bool cut;
    bb_time received;
    double whole; /* when the last byte was here */
    delivery *deliveries;
    size_t n_deliveries, given, under_way;
};

static inline delivery *delivery_of(queued *q)
{
    return (delivery *)(void *)q;
}
static inline delivery *delivery_next(const delivery *d)
{
    return delivery_of(d->in.next);
}

/* What the policy service is asked. */
typedef struct {
    queued in;
    connection *from; /* NULL: nobody waits for the answer; nobody but the loop looks */
    bb_arena arena;
    bb_gate_request ask;
    bb_gate_answer answer;
} question;

static inline question *question_of(queued *q)
{
    return (question *)(void *)q;
}

/* ---- queue.c ------------------------------------------------------------------------------------------- */

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    queued *first, **last;
    size_t n, most;             /* more than `most` are not put in: whoever puts waits */
    size_t weight, most_weight; /* likewise, but one is always let in */
    bool closed;
} queue;

bool queue_init(queue *q, size_t most, size_t most_weight);
void queue_free(queue *q);
void queue_put(queue *q, queued *first); /* one, or several that hang together */
/* Up to n, and no heavier than `weight` if there are several, as one chain; waits for the first. NULL: closed and empty, or
 * nothing came in time (seconds; below 0: for ever). */
queued *queue_take(queue *q, size_t n, size_t weight, double seconds, bool *closed);
#define NO_LIMIT ((size_t)-1)
void queue_close(queue *q); /* what is in it is still taken out */

/* ---- settings.c ------------------------------------------------------------------------------------------ */

typedef struct {
    bb_conf *conf; /* the last one that was right */
    char told[LOG_TOLD];
} settings;

cli settings_cli(const cli *c); /* of a thread's own */
/* The configuration into c->conf, which borrows it: as it is now, or where that is wrong (told once, *right is false) the
 * last one that was right. False: there was none, c->err says why. */
bool settings_read(settings *s, cli *c, server_log *log, bool *right);

/* ---- tally.c --------------------------------------------------------------------------------------------- */

#define TALLY_HOURS 48
#define TALLY_ROWS  ((size_t)TALLY_HOURS * BB_REFUSAL_COUNT)

typedef struct {
    bb_time hour;
    int64_t n[BB_REFUSAL_COUNT], stored[BB_REFUSAL_COUNT];
} tally_hour;
typedef struct {
    pthread_mutex_t lock;
    bb_hash writer; /* this run */
    tally_hour hours[TALLY_HOURS];
} tally;

bool tally_init(tally *t);
void tally_add(tally *t, bb_refusal cause, bb_time now);
/* What is not stored as it is now; how many. */
size_t tally_rows(tally *t, bb_refused rows[TALLY_ROWS]);
void tally_stored(tally *t, const bb_refused *rows, size_t n);

/* ---- pool.c: readers; writer.c ------------------------------------------------------------------------ */

typedef struct {
    queue to_read, to_store, done;
    int wake; /* an eventfd: something is done */
    const cli *c;
    pthread_t readers[64], writer;
    size_t n_readers;
    bool as_json;
    atomic_bool stale; /* what was read of the configuration is out of date */
    tally refused;     /* by the policy service */
    bool counts;       /* there is one */
} pool;

bool thread_start(pthread_t *t, void *(*run)(void *), void *ctx); /* without signals: they are the loop's */
bool pool_start(pool *p, const cli *c, size_t readers, bb_err *err);
/* Everything given to it comes out at `done` before this returns. */
void pool_stop(pool *p);
void *writer_run(void *ctx); /* of a pool */
/* Whether there is all that storing takes; a store that somebody else holds is there. */
bool writer_try(const cli *c, bb_err *err);

/* ---- judge.c ---------------------------------------------------------------------------------------------- */

typedef struct {
    queue asked, answered;
    int wake; /* an eventfd: something is answered */
    const cli *c;
    pthread_t thread;
    bool runs, as_json;
    atomic_bool stale; /* what was read of the configuration is out of date */
} judge;

bool judge_start(judge *j, const cli *c, bb_err *err);
void judge_stop(judge *j); /* what was asked is answered before this returns */
void question_free(question *q);

/* ---- listen.c ------------------------------------------------------------------------------------------ */

#define LISTENERS_MAX 16

typedef struct {
    int fd;
    char *path; /* of a unix socket, else NULL */
    uint64_t device, inode;
    bool guarded; /* not everybody on this machine can connect: it is a unix socket with a mode that says so */
    char *name;   /* as configured */
    unsigned service;
} listener;

/* ---- handover.c: with one that runs us, and with the daemon that comes after us ----------------------- */

#define HANDOVER_PATH 4096

typedef struct {
    int fds[LISTENERS_MAX]; /* handed to us, not yet found */
    size_t n;
} handover;

void handover_take(handover *h);                                /* once, at the start */
int handover_find(handover *h, const struct sockaddr *address); /* the one bound there, now the caller's; -1: none is */
size_t handover_drop(handover *h);                              /* those that nobody wants; answers how many */
bool handover_self(char path[HANDOVER_PATH]);                   /* where our program lies */
bool handover_try(const char *program, bb_err *err);            /* whether it can be run */
/* Does not come back unless it fails. The listeners must be open, and nothing else is needed any more. */
bool handover_become(const char *program, char *const *argv, const listener *all, size_t n, bb_err *err);
void handover_tell(const char *state); /* "READY=1": to who runs us, if he listens */
bool handover_watched(void);           /* he wants to hear "WATCHDOG=1" again and again */

/* ---- listen.c, again ----------------------------------------------------------------------------------- */

/* Opens what the text names, "unix:PATH inet:HOST:PORT ...", for that service, behind those that are open; relative paths
 * are from the home. What is open already, and in `from`, is taken from there. */
bool listen_on(listener *all, size_t *n, unsigned which, const char *text, const char *home, const bb_conf_serve *conf,
               handover *from, bb_err *err);
void listen_close(listener *l); /* and removes a socket that we made and that is still ours */

/* ---- connection.c -------------------------------------------------------------------------------------- */

typedef struct service service;
typedef enum {
    STEP_ON,   /* and again */
    STEP_MORE, /* all bytes are taken */
    STEP_WAIT, /* for an answer of ours */
    STEP_FULL, /* output first */
    STEP_CLOSE /* when what waits is sent */
} step;
typedef enum { TICK_NOTHING, TICK_GO_ON, TICK_CLOSE } after_tick;

/* What is spoken: a machine of core/wire, and what to do with its events. */
typedef struct {
    const char *no_memory;        /* what a client hears for whom there is none */
    bool (*open)(connection *c);  /* false: no memory */
    void (*close)(connection *c); /* tells the log of it, and gives back what open took */
    step (*step)(connection *c);  /* one event, taking bytes off c->in */
    bb_str (*output)(const connection *c);
    void (*sent)(connection *c, size_t n);
    void (*eof)(connection *c);
    bool (*may_read)(connection *c); /* now? NULL: always */
    after_tick (*tick)(connection *c, bb_time now);
    void (*stop)(connection *c); /* the daemon ends: so should the client, soon */
} protocol;
extern const protocol speaks_lmtp, speaks_policy;

struct connection {
    server *of;
    service *by;
    const protocol *speaks;
    void *talk; /* the protocol's own */
    connection *next, *prev;
    int fd;
    uint64_t number;
    bool guarded; /* as the listener that it came by */
    char client[64];
    struct event *readable, *writable;
    bool reads, writes; /* which of them are on */
    bool paused;        /* not read, for want of memory */
    bool closing;       /* when what waits is sent */
    bool waits;         /* for answers */
    bb_str in;          /* bytes that the machine has not taken yet, */
    char *kept;         /* in here, or in the room that was read into */
    bb_time resumed;    /* when we last began to read again */
    bb_time begun;
};

void connection_open(service *by, int fd, bool guarded, const char *client);
void connection_close(connection *c);
void connection_drive(connection *c); /* goes on as far as it can; may close it */
void connection_tick(connection *c);  /* time passed */
void connection_stop(connection *c);

/* ---- lmtp.c ---------------------------------------------------------------------------------------------- */

void delivery_done(server *s, delivery *d);
void transaction_free(server *s, transaction *t);

/* ---- policy.c -------------------------------------------------------------------------------------------- */

void question_done(server *s, question *q);

/* ---- accept.c -------------------------------------------------------------------------------------------- */

struct service {
    server *of;
    const char *name;
    const protocol *speaks;
    size_t n_connections;
    bool accepts; /* the events of its listeners are on */
};
enum { LMTP, POLICY, SERVICES };

bool accept_begin(server *s);
void accept_forget(server *s); /* sockets stay open, and who connects waits */
void accept_end(server *s);    /* nobody listens any more */
void server_accept(server *s); /* or not, as is right now */

/* ---- serve.c --------------------------------------------------------------------------------------------- */

#define READ_ROOM ((size_t)64 << 10)

struct server {
    cli *c;
    server_log log;
    struct event_base *base;
    listener listeners[LISTENERS_MAX];
    struct event *accepting[LISTENERS_MAX];
    size_t n_listeners;
    service services[SERVICES];
    bb_time accept_again;
    struct event *woken, *answered, *tick, *on_end, *on_interrupt, *on_reload, *on_upgrade;
    pool pool;
    judge judge;
    shared_rules *rules;
    bb_lmtp_options options;
    bb_time data_timeout;
    size_t most_connections, most_held;
    connection *first;
    uint64_t numbers;
    size_t held;          /* octets of messages */
    connection *favoured; /* may go on although too much is held */
    size_t under_way;     /* deliveries that are not done */
    size_t questions;     /* the judge's */
    bool stopping, failed;
    bool upgrading; /* stopping, to become `program` */
    bool watched;
    char program[HANDOVER_PATH];
    bb_time stop_at;
    char hostname[256];
    char room[READ_ROOM];
};

bb_time server_clock(void);              /* seconds that go forward */
bool server_has_memory(const server *s); /* for more messages */
void server_hold(server *s, size_t more);
void server_let_go(server *s, size_t less);

#endif
