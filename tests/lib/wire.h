/* SPDX-License-Identifier: MIT
 *
 * wire: a driver for the machines of core/wire that answers by what it is asked, and writes down what it saw. The same
 * for unit tests, laws and fuzz targets.
 *
 * LMTP: a recipient whose local part begins with "unknown" is refused, with "later" deferred, with "odd" answered with a
 * code that is none. For a message, "full" gets 452, "hostile" a text of control bytes, everybody else 250.
 */
#ifndef BB_TESTS_WIRE_H
#define BB_TESTS_WIRE_H

#include "core/wire/lmtp.h"
#include "core/wire/policy.h"

typedef struct {
    const bb_lmtp_options *lmtp;      /* NULL: the defaults */
    const bb_policyd_options *policy; /* NULL: the defaults */
    const bb_alloc *alloc;            /* NULL: tap_alloc */
    size_t step;                      /* octets at a time; 0: all at once */
    uint64_t *random;                 /* or: pieces of random size, answers in random order */
    bool backwards;                   /* answers for a message from the last recipient to the first */
    bool late;                        /* output is sent only when the machine asks for it, and at the end */
    bool stays;                       /* the client does not hang up behind its last byte */
    size_t stop_at;                   /* bb_lmtp_stop() or bb_policyd_stop() when so many octets were taken; 0: never */
} wire_way;

typedef struct {
    bb_str output; /* all of it */
    bb_str events; /* one line each: see wire.c */
    size_t waited; /* the most output that ever waited */
    bool closed, made;
} wire_talk;

/* Results in the arena. */
wire_talk wire_lmtp(bb_arena *a, bb_str input, const wire_way *way);
wire_talk wire_policy(bb_arena *a, bb_str input, const wire_way *way);

/* Every line of output has at most 512 octets with its end and holds nothing but printable ASCII. */
bool wire_is_neutral(bb_str output, const char *line_end);

#endif
