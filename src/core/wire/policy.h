/* SPDX-License-Identifier: MIT
 *
 * policy: the server's side of Postfix's policy delegation protocol (SMTPD_POLICY_README), without the connection.
 *
 * A request is lines of name=value, ended by an empty line; the reply is "action=...", and an empty line. One connection
 * carries many requests, one after the other. What is asked and answered is the driver's business: core/policy is about
 * subscribers, this is about bytes.
 * Sans I/O  as lmtp.h: bytes and the time in, events and output out; the same however the bytes are cut.
 * Takes     attributes in any order; unknown ones are passed over; of one that comes twice the last counts; values hold
 *           any byte but LF. Postfix adds attributes with its versions, so none has to be there.
 * Limits    options, below. A request beyond them, a line without '=', or an empty request ends the connection without a
 *           reply: Postfix then asks once more on a new one and answers smtpd_policy_service_default_action (451 4.3.5),
 *           so nobody's mail is refused for good by a mistake.
 * Ownership a request is borrowed: good until it is answered.
 * Errors    out of memory ends the connection likewise; NULL from bb_policyd_new().
 * Threads   no state but the machine's; one thread at a time.
 */
#ifndef BB_CORE_WIRE_POLICY_H
#define BB_CORE_WIRE_POLICY_H

#include "core/base/base.h"

typedef struct {
    size_t line_max;    /* octets of a line with its LF: 8192 (512 to 64 Ki) */
    size_t request_max; /* octets of a request: 64 Ki (line_max to 64 Mi) */
    int64_t timeout;    /* seconds in which a request is to come whole, or a reply to be taken: 100, as Postfix waits */
    int64_t idle;       /* seconds between requests: 1200, more than Postfix keeps a connection
                           (smtpd_policy_service_max_idle 300s, max_ttl 1000s), so that it is Postfix who closes */
} bb_policyd_options;
extern const bb_policyd_options bb_policyd_defaults;

/* Empty: not said. Numbers that are none are 0. */
typedef struct {
    bb_str request; /* "smtpd_access_policy" */
    bb_str protocol_state, protocol_name;
    bb_str client_address, client_name, helo_name;
    bb_str sender, recipient; /* without <>; an empty sender is the null sender (or none was said yet) */
    bb_str queue_id, instance;
    bb_str sasl_username, policy_context;
    bb_str server_address;
    uint64_t recipient_count, size, server_port;
} bb_policyd_request;

typedef enum {
    BB_POLICYD_MORE,    /* all bytes are taken: bring more */
    BB_POLICYD_WAIT,    /* the request is not answered; bytes not taken stay with the driver, as with FULL */
    BB_POLICYD_FULL,    /* too much output waits: send it first */
    BB_POLICYD_REQUEST, /* bb_policyd_answer() it */
    BB_POLICYD_CLOSE,   /* send the output and close. Comes again however often it is asked */
} bb_policyd_event_type;

typedef enum {
    BB_POLICYD_EOF,     /* the client is gone */
    BB_POLICYD_BROKEN,  /* not the protocol, or beyond a limit */
    BB_POLICYD_TIMEOUT, /* the client is silent, or does not take our output */
    BB_POLICYD_STOPPED, /* bb_policyd_stop() */
} bb_policyd_end;

typedef struct {
    bb_policyd_event_type type;
    const bb_policyd_request *request; /* REQUEST */
    bb_policyd_end end;                /* CLOSE */
    const char *why;                   /* CLOSE because BROKEN: for the log */
} bb_policyd_event;

typedef struct bb_policyd bb_policyd;

/* Options out of their range are moved into it. NULL: no memory. */
bb_policyd *bb_policyd_new(const bb_alloc *alloc, const bb_policyd_options *options, bb_time now) BB_MUST_USE;
void bb_policyd_free(bb_policyd *p); /* at any time; NULL is fine */

/* The next event; answers how many of the bytes were taken. Until MORE, WAIT, FULL or CLOSE the driver comes again with
 * the rest. */
size_t bb_policyd_step(bb_policyd *p, bb_str in, bb_time now, bb_policyd_event *out) BB_MUST_USE;
/* No bytes will come behind those that the driver still holds. */
void bb_policyd_eof(bb_policyd *p);

/* The answer, as access(5) has it: "DUNNO", "REJECT text", "550 5.7.1 text", "DEFER_IF_PERMIT text". Control bytes and
 * non-ASCII are written as \xHH, the line has at most 512 octets; an empty action is DUNNO. After CLOSE it is ignored. */
void bb_policyd_answer(bb_policyd *p, bb_str action, bb_time now);

bb_str bb_policyd_output(const bb_policyd *p);
void bb_policyd_sent(bb_policyd *p, size_t n, bb_time now);

/* When bb_policyd_tick() is to be called; BB_NO_TIME: we, not the client, are awaited. */
bb_time bb_policyd_deadline(const bb_policyd *p);
void bb_policyd_tick(bb_policyd *p, bb_time now); /* at the deadline: the end; after CLOSE: output is given up */

/* The daemon wants to end: the connection closes as soon as no request is begun; Postfix asks again on a new one. */
void bb_policyd_stop(bb_policyd *p);

#endif
