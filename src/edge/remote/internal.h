/* SPDX-License-Identifier: MIT
 *
 * What the files of remote share: the connection, and what IMAP and POP3 each have to be.
 */
#ifndef BB_EDGE_REMOTE_INTERNAL_H
#define BB_EDGE_REMOTE_INTERNAL_H

#include "edge/remote/remote.h"

#define REMOTE_MESSAGES_MAX 5000000u

/* ---- connection.c: bytes to and fro --------------------------------------------------------------- */

/* What came stands in `in`; of it what stands before `at` was looked at. */
typedef struct {
    void *curl;
    int fd;
    const bb_remote_options *o;
    char *in;
    size_t at, n, cap;
    bool keeps;      /* somebody holds offsets: nothing of it moves, until he clears this */
    double deadline; /* of the answer that is awaited */
    bool gone;       /* nothing can be said any more */
    bool stopped;    /* since we were asked to end */
    char last[256];  /* the last line while logging in */
} remote_connection;

/* Connected, over TLS as the options say, and logged in. */
bool remote_connect(remote_connection *c, const bb_remote_options *o, bb_err *err) BB_MUST_USE;
/* Says it. The answer has half an hour from here. */
bool remote_say(remote_connection *c, bb_str line, bb_err *err) BB_MUST_USE;
/* Waits for more, until at least `want` octets are there that nobody has looked at. */
bool remote_wait(remote_connection *c, size_t want, bb_err *err) BB_MUST_USE;
static inline bb_str remote_came(const remote_connection *c)
{
    return (bb_str){c->in + c->at, c->n - c->at};
}
static inline void remote_pass(remote_connection *c, size_t n) /* they were looked at */
{
    c->at += n;
}
/* It does not keep to the protocol: nothing more is said to it. */
bool remote_confused(remote_connection *c, bb_err *err, const char *what);
void remote_hang_up(remote_connection *c);

/* ---- remote.c ---------------------------------------------------------------------------------------- */

/* A message of the mailbox. */
typedef enum { REMOTE_WAITING, REMOTE_GIVEN, REMOTE_MISSING, REMOTE_FAILED } remote_state;
typedef struct {
    uint32_t id; /* UID, or number */
    uint32_t size;
    uint32_t state; /* remote_state */
} remote_entry;

typedef struct {
    remote_entry *items;
    size_t n, cap;
} remote_entries;
/* False: no memory, or too many. */
bool remote_add(remote_entries *e, remote_entry entry, bb_err *err) BB_MUST_USE;

/* One way to read a mailbox. */
typedef struct {
    bool (*open)(bb_remote *r, bb_err *err);
    int (*next)(bb_remote *r, bb_mailbox_message *out, bb_err *err);
    bool (*put_away)(bb_remote *r, const uint64_t *ids, size_t n, bb_err *err);
    bool (*leave)(bb_remote *r, bb_err *err);
    void (*end)(bb_remote *r); /* frees what `own` holds; NULL: nothing */
} remote_ops;
extern const remote_ops remote_imap, remote_pop3;

struct bb_remote {
    bb_remote_options o;
    const remote_ops *ops;
    bb_arena arena;   /* lives as long as it */
    bb_arena names;   /* the source of this message */
    bb_arena scratch; /* one command's */
    remote_connection connection;
    const char *where; /* "imaps://user@host/INBOX" */
    remote_entries entries;
    size_t at;            /* entry to be given next */
    uint64_t done, total; /* octets */
    bool told;            /* that the connection is gone */
    void *own;            /* the protocol's */
};

/* Which mailbox it is, whatever way leads to it: the start of a hash that `more` ends. */
bb_hash remote_identity(const bb_remote *r, bb_str more);
/* The message of the entry, without its bytes. */
bb_mailbox_message remote_message(bb_remote *r, const remote_entry *e, const char *named, bb_str name);
uint16_t remote_default_port(const char *scheme);

#endif
