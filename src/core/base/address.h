/* SPDX-License-Identifier: MIT
 *
 * address: one mail address, taken apart and brought into the form in which addresses are compared.
 *
 * An address is its domain as a lower-case A-label and its local part compared without case; the
 * spelling is kept beside it (docs/design.md section 6). Limits: local part 64 octets, domain 255, all 320;
 * what is longer, or has controls or white space outside quotes, is no address.
 * Pure; results live in the arena or borrow from the input. Threads: no state.
 */
#ifndef BB_CORE_ADDRESS_H
#define BB_CORE_ADDRESS_H

#include "core/base/base.h"

#define BB_ADDRESS_MAX 320

typedef struct {
    bb_str spelled; /* as given, without <> and comments: what is shown and mailed to */
    bb_str local;   /* local part as given, without needless quotes */
    bb_str domain;  /* lower-case A-label, no trailing dot */
    bb_str key;     /* folded local part "@" domain: equal keys are the same address */
} bb_address;

/* Reads one whole address: "user@example.com", "<user@example.com>", "\"a b\"@example.com", an IDN
 * or UTF-8 local part. False: not an address (err says what is wrong; may be NULL). */
bool bb_address_read(bb_arena *a, bb_str s, bb_address *out, bb_err *err) BB_MUST_USE;

/* The two halves of an address as they stand there, without <>, whatever their length and characters: the last @
 * outside quotes divides. False: no @, or nothing on one side of it. */
bool bb_address_split(bb_str s, bb_str *local, bb_str *domain) BB_MUST_USE;

/* A local part without its quotes and backslashes ("a b" in quotes gives a b); one without quotes as it is. */
bb_str bb_local_unquoted(bb_arena *a, bb_str local);

/* The first thing in free text that has the form of an address (in <> first where both are there),
 * as a span of the text; empty when there is none. *rest (may be NULL) is moved behind it. */
bb_str bb_address_find(bb_str text, bb_str *rest);

/* The same for a local part of any length, up to some hundred octets: return paths that others wrapped are longer than
 * RFC 5321 section 4.5.3.1.1 lets an address be. */
bb_str bb_address_find_long(bb_str text, bb_str *rest);

/* Same address after folding? Cheap for the plain ASCII case; false when either is no address. */
bool bb_address_same(bb_arena *a, bb_str x, bb_str y);

#endif
