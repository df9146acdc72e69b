/* SPDX-License-Identifier: MIT
 *
 * imap: what a server of IMAP says to a client (RFC 3501, RFC 9051), read; and how mailboxes and sets of messages are
 * written to it.
 *
 * The server is a stranger: nothing that it says is believed beyond its grammar and the limits, and where one response
 * ends is decided once, so that no message can pass for a response.
 * Ownership  what is read is borrowed from the bytes given. Errors: malformed is told by the answer. Threads: no state.
 */
#ifndef BB_CORE_WIRE_IMAP_H
#define BB_CORE_WIRE_IMAP_H

#include "core/base/base.h"

/* ---- responses ------------------------------------------------------------------------------------------------ */

typedef struct {
    size_t line_max;    /* octets of a response outside of its literals */
    size_t literal_max; /* octets of all literals of a response */
} bb_imap_limits;

typedef enum {
    BB_IMAP_MORE,  /* not all of it is there */
    BB_IMAP_WHOLE, /* a response stands at the start */
    BB_IMAP_BROKEN /* it is beyond a limit: nothing behind it can be trusted */
} bb_imap_extent;

/* How far the response at the start of `in` goes: *n octets, its line end included; with MORE, so many at least must be
 * there before asking again is of use. */
bb_imap_extent bb_imap_whole(bb_str in, const bb_imap_limits *limits, size_t *n);

typedef enum {
    BB_IMAP_OK,
    BB_IMAP_NO,
    BB_IMAP_BAD,
    BB_IMAP_BYE,
    BB_IMAP_PREAUTH,
    BB_IMAP_DATA,   /* EXISTS, FETCH, LIST... */
    BB_IMAP_GO_ON,  /* "+": it waits for more */
    BB_IMAP_NOTHING /* no response at all */
} bb_imap_type;

typedef struct {
    bb_imap_type type;
    bb_str tag;      /* "*" where it answers no command */
    uint64_t number; /* DATA: before the word; 0: none */
    bb_str word;     /* DATA: "FETCH" */
    bb_str code;     /* what stands in [ ] before the text of OK, NO, BAD, BYE */
    bb_str rest;     /* text; of DATA what stands behind the word */
} bb_imap_response;

bb_imap_response bb_imap_read(bb_str whole);
/* The number of a code: of "UIDVALIDITY 7" with the word UIDVALIDITY. False: it is another code. */
bool bb_imap_code(bb_str code, bb_str word, uint32_t *number);
/* Does the rest of a CAPABILITY response, or its code, name it? */
bool bb_imap_can(bb_str list, bb_str capability);

/* What a FETCH response says of a message. */
typedef struct {
    uint32_t uid; /* 0: not said */
    bool has_size, has_flags, has_body;
    uint64_t size;
    bool seen, deleted; /* of the flags */
    bb_time arrived;    /* INTERNALDATE; BB_NO_TIME: not said */
    bb_str body;        /* BODY[], or the start of it */
} bb_imap_message;

/* Reads the rest of a FETCH response. False: malformed. */
bool bb_imap_fetched(bb_str rest, bb_imap_message *out);
/* The name in the rest of a LIST response, as the server writes it; empty: malformed, or no mailbox to open. */
bb_str bb_imap_listed(bb_str rest);

/* ---- commands ------------------------------------------------------------------------------------------------- */

/* A mailbox's name in UTF-8 as it is written in a command: quoted, in modified UTF-7 (RFC 3501 section 5.1.3). Empty: it
 * is no UTF-8, or holds control characters. */
bb_str bb_imap_mailbox(bb_arena *a, bb_str name);
/* Rising numbers as a set, "5,7:20". It ends where max octets are reached; answers how many of them it holds. */
size_t bb_imap_set(bb_buf *out, const uint32_t *uids, size_t n, size_t max);

#endif
