/* SPDX-License-Identifier: MIT
 *
 * lmtp: the server's side of one LMTP connection (RFC 2033), without the connection.
 *
 * Sans I/O  the driver brings bytes and the time, asks for the next event, writes out what bb_lmtp_output() holds. The
 *           machine opens nothing, waits for nothing and knows no clock. However the bytes are cut, events and output
 *           are the same.
 * Speaks    PIPELINING (RFC 2920), ENHANCEDSTATUSCODES (RFC 2034), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), DSN
 *           (RFC 3461), SIZE (RFC 1870). Not STARTTLS, AUTH, XCLIENT, XFORWARD: the client is our own Postfix.
 * Promises  nobody's mail is lost by us. What we cannot do now is answered 4xx, never 5xx; every accepted recipient gets
 *           one reply after the data, in the order of RCPT; that reply is the driver's, so it can wait for the disk.
 * Takes     addresses of any form and length that a line holds, ORCPT and ENVID with broken xtext (kept as they stand).
 * Data      ends at CRLF . CRLF and nowhere else: bare LF and bare CR stay bytes of the message, before and behind a dot
 *           too, so no message smuggles in a second one. Command lines end with CRLF; a bare LF is taken for it.
 * Limits    options, below. Memory is bounded by them: line_max, 16 KiB of output, and one transaction's envelope. While
 *           16 KiB wait unsent, nothing more is read.
 * Ownership what an event and an envelope hold is borrowed: good until the next call, the envelope until its end.
 * Errors    of the client are answered by the machine. Out of memory is 4xx to the client, NULL from bb_lmtp_new().
 *           A driver that answers what it was not asked is a bug and ends at an assert.
 * Threads   no state but the machine's; one thread at a time.
 */
#ifndef BB_CORE_WIRE_LMTP_H
#define BB_CORE_WIRE_LMTP_H

#include "core/base/base.h"

/* A message beyond size_max. What Postfix makes of it: 552 is final, so it returns the mail, and a bounce, whose sender
 * is null, is thrown away; likewise when the size announced in LHLO is below the message's, and then without asking us.
 * 452 is tried again until bounce_queue_lifetime (5 days), whole each time, and then thrown away, too. A report stands
 * before what it returns, so its first size_max octets tell what there is to tell: CUT loses nothing. */
typedef enum {
    BB_LMTP_CUT,    /* the first size_max octets are the message, and `cut` says so; LHLO announces no limit */
    BB_LMTP_REFUSE, /* 552 5.3.4, to MAIL where SIZE= tells, else after the data; LHLO announces the limit */
    BB_LMTP_DEFER,  /* 452 4.3.1 at the same places; LHLO announces no limit */
} bb_lmtp_oversize;

typedef struct {
    bb_str hostname;         /* in the greeting and to LHLO; copied */
    size_t line_max;         /* octets of a command with its CRLF: 8192 (512 to 64 Ki), which bounds addresses; a longer
                                one is skipped and answered 500 5.5.2 */
    size_t recipients_max;   /* accepted ones a transaction: 1000 (at least 100, RFC 5321 4.5.3.1.8); then 452 4.5.3 */
    uint64_t size_max;       /* octets of a message: 64 Mi */
    bb_lmtp_oversize beyond; /* ... and what is done beyond: BB_LMTP_CUT */
    unsigned errors_max;     /* mistakes of the client in a row without a message: 20; then 421 4.7.0 */
    unsigned commands_max;   /* commands in a row without a message or an accepted recipient: 500; then 421 4.7.0 */
    int64_t timeout;         /* seconds for the client to finish a command, send more data or take output: 300
                                (RFC 5321 4.5.3.2.7); none while it waits for us */
} bb_lmtp_options;
extern const bb_lmtp_options bb_lmtp_defaults; /* hostname "localhost" */

/* ---- the envelope ------------------------------------------------------------------------------- */

typedef enum { BB_LMTP_RET_UNSAID, BB_LMTP_RET_FULL, BB_LMTP_RET_HDRS } bb_lmtp_ret;

#define BB_LMTP_NOTIFY_NEVER   1u
#define BB_LMTP_NOTIFY_SUCCESS 2u
#define BB_LMTP_NOTIFY_FAILURE 4u
#define BB_LMTP_NOTIFY_DELAY   8u

typedef struct {
    bb_str address;    /* as given: without <> and source route, with its quotes; never empty */
    bb_str orcpt;      /* xtext undone (RFC 3461 4.2, RFC 6533 3), without the type; as it stood where that is broken */
    bb_str orcpt_type; /* "rfc822", "utf-8", as spelled */
    unsigned notify;   /* BB_LMTP_NOTIFY_*; 0: not said */
} bb_lmtp_recipient;

typedef struct {
    bb_str sender; /* like address, but empty for the null sender */
    bb_str envid;  /* xtext undone, as it stood where that is broken */
    uint64_t size; /* as declared; 0: not */
    bool eightbit; /* BODY=8BITMIME */
    bool smtputf8;
    bb_lmtp_ret ret;
    const bb_lmtp_recipient *recipients; /* the accepted ones */
    size_t n;
} bb_lmtp_envelope;

/* ---- events ------------------------------------------------------------------------------------- */

typedef enum {
    BB_LMTP_MORE,    /* all bytes are taken: bring more */
    BB_LMTP_WAIT,    /* an answer of the driver's is missing; bytes not taken stay with the driver, as with FULL */
    BB_LMTP_FULL,    /* too much output waits: send it first */
    BB_LMTP_HELLO,   /* a client said LHLO; text: its name. Within a transaction, FORGOTTEN follows */
    BB_LMTP_OFFER,   /* `offer` wants to be a recipient: bb_lmtp_take() */
    BB_LMTP_CHUNK,   /* text: the next bytes of the message, dots undone; borrowed from the input */
    BB_LMTP_MESSAGE, /* the message is whole and the driver's: bb_lmtp_answer() for each of the envelope's recipients */
    BB_LMTP_FORGOTTEN, /* the transaction ended without a message: forget its recipients and chunks */
    BB_LMTP_CLOSE,     /* send the output, then close; `end` says why. Comes again however often it is asked. Answers
                          that still wait then never reach the client, who will bring the message again */
} bb_lmtp_event_type;

typedef enum {
    BB_LMTP_QUIT,    /* the client said it */
    BB_LMTP_EOF,     /* the client is gone */
    BB_LMTP_ABUSE,   /* too many mistakes, or too many commands without mail */
    BB_LMTP_TIMEOUT, /* the client is silent, or does not take our output */
    BB_LMTP_STOPPED, /* bb_lmtp_stop() */
} bb_lmtp_end;

typedef struct {
    bb_lmtp_event_type type;
    bb_str text;                    /* HELLO, CHUNK */
    const bb_lmtp_recipient *offer; /* OFFER */
    uint64_t size;                  /* MESSAGE: octets the client sent, dots undone */
    bool cut;                       /* MESSAGE: the chunks were the first size_max octets of them */
    bb_lmtp_end end;                /* CLOSE */
} bb_lmtp_event;

/* ---- the machine -------------------------------------------------------------------------------- */

typedef struct bb_lmtp bb_lmtp;

/* A connection that was just made; the greeting waits in the output. Options out of their range are moved into it. NULL:
 * no memory. */
bb_lmtp *bb_lmtp_new(const bb_alloc *alloc, const bb_lmtp_options *options, bb_time now) BB_MUST_USE;
void bb_lmtp_free(bb_lmtp *m); /* at any time; NULL is fine */

/* The next event. Answers how many of the bytes were taken; the driver comes again with the rest until it hears MORE,
 * WAIT, FULL or CLOSE. Times are seconds of any clock that does not run backwards. */
size_t bb_lmtp_step(bb_lmtp *m, bb_str in, bb_time now, bb_lmtp_event *out) BB_MUST_USE;
/* No bytes will come behind those that the driver still holds. A message that is whole is still answered. */
void bb_lmtp_eof(bb_lmtp *m);

/* The envelope of the transaction, from the first OFFER to the last answer or FORGOTTEN. */
const bb_lmtp_envelope *bb_lmtp_mail(const bb_lmtp *m);

/* One line of reply. code: 250, or any 4xx or 5xx but 421 (another becomes 451, since that loses nothing). status: the
 * enhanced code (RFC 3463), or empty; one of another class than the code becomes N.0.0. text: for a person; control
 * bytes and non-ASCII are written as \xHH, a line has at most 512 octets. */
typedef struct {
    int code;
    bb_str status, text;
} bb_lmtp_reply;

/* The answer to OFFER: a 250 makes it a recipient. */
void bb_lmtp_take(bb_lmtp *m, bb_lmtp_reply reply, bb_time now);
/* The answer for the i-th recipient of the envelope after MESSAGE; in any order, each once. A reply goes out when those
 * before it are there. After CLOSE answers are ignored. */
void bb_lmtp_answer(bb_lmtp *m, size_t i, bb_lmtp_reply reply, bb_time now);

/* What is to be sent, and that so much of it was. */
bb_str bb_lmtp_output(const bb_lmtp *m);
void bb_lmtp_sent(bb_lmtp *m, size_t n, bb_time now);

/* When bb_lmtp_tick() is to be called; BB_NO_TIME: we, not the client, are awaited. */
bb_time bb_lmtp_deadline(const bb_lmtp *m);
void bb_lmtp_tick(bb_lmtp *m, bb_time now); /* at the deadline: 421 4.4.2; after CLOSE: output is given up */

/* The daemon wants to end: 421 4.3.2 as soon as no transaction is open; one that is open goes on to its end. */
void bb_lmtp_stop(bb_lmtp *m);

#endif
