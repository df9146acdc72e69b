/* SPDX-License-Identifier: MIT
 *
 * gate: what Postfix is to answer a RCPT, for its policy service (SMTPD_POLICY_README; wire/policy.h has the protocol).
 *
 * To a return path at a domain of ours  what its token is worth: wrong MAC and expired are refused for good, a key that is
 *     not known for now. Unsigned forms, and what is no return path, pass: nothing can be told from them here.
 * To anybody else  whether he bounced, for the senders and networks that want it (suppression); whoever is asked about
 *     is then looked up by the caller, and bb_gate_suppress() decides.
 * Everything else passes, and so does everything that the caller could not find out: no trouble of ours stops mail.
 * Expiry is judged at the time of asking, since nothing of the report is here yet. A bounce may be late through nobody's
 * fault (mail servers keep for 5 days what they cannot hand over, and may have been down), so BB_GATE_GRACE goes by
 * before one is refused; what comes in these days is stored, and judged by its own time.
 * Pure. Results live in the arena; out of memory: false. Threads: no state; call sodium_init() once before.
 */
#ifndef BB_CORE_GATE_H
#define BB_CORE_GATE_H

#include "core/base/words.h"
#include "core/verp/verp.h"

#define BB_GATE_GRACE (5 * BB_DAY)

/* ---- who is meant (whom.c) ----------------------------------------------------------------------- */

/* Addresses with the same first `bits`; of IPv4 4 octets count. */
typedef struct {
    bool v6;
    unsigned char octets[16];
    unsigned bits;
} bb_network;

/* "127.0.0.0/8 [::1]/128 2001:db8::/32 192.0.2.7", with blanks or commas between, as Postfix writes mynetworks. False
 * with err: one is none, or has bits behind its mask. */
bool bb_networks_read(bb_arena *a, bb_str text, bb_network **out, size_t *n, bb_err *err) BB_MUST_USE;
/* "192.0.2.7", "2001:db8::1"; anything else is in none. */
bool bb_networks_have(const bb_network *networks, size_t n, bb_str address);

/* "news@example.com @bounces.example.com shop": an address, everybody at a domain, a SASL login. Lower case, addresses as
 * they are compared. False with err: one is none of these. */
bool bb_senders_read(bb_arena *a, bb_str text, bb_str **out, size_t *n, bb_err *err) BB_MUST_USE;
bool bb_senders_have(bb_arena *a, const bb_str *senders, size_t n, bb_str sender, bb_str login);

/* ---- the judgement (judge.c) ---------------------------------------------------------------------- */

typedef struct {
    bb_keyring keys;
    int64_t token_lifetime; /* seconds, 0: for ever */
    const bb_str *domains;  /* of return paths: lower-case A-labels */
    size_t n_domains;
    bool null_only; /* return paths take mail from the null sender only */
    /* whose mail to addresses that bounced is refused */
    const bb_network *networks;
    size_t n_networks;
    const bb_str *senders;
    size_t n_senders;
} bb_gate;

/* As Postfix says it: without <>, the null sender empty. */
typedef struct {
    bb_str sender, recipient, client_address, login;
    bb_time now;
} bb_gate_request;

typedef enum {
    BB_GATE_PASS,   /* DUNNO */
    BB_GATE_REFUSE, /* with `action` */
    BB_GATE_LOOK,   /* look up who has the address `key`, then bb_gate_suppress(); who cannot: DUNNO */
} bb_gate_verdict;

typedef struct {
    bb_gate_verdict verdict;
    bb_refusal cause; /* of REFUSE */
    bb_str action;    /* of REFUSE: as access(5) has it */
    bb_str key;       /* of LOOK */
} bb_gate_answer;

bool bb_gate_judge(bb_arena *a, const bb_gate *g, const bb_gate_request *r, bb_gate_answer *out) BB_MUST_USE;

/* How the address stands on one list. */
typedef struct {
    bb_str list;
    bb_status status; /* now */
    bb_time since;    /* on the list */
    bool mailed;      /* subscribed, not only tracked */
    /* of one who is bounced: since when, and why */
    bb_time bounced;
    bool by_hand;
    bb_reason reason;
} bb_gate_standing;

/* An address is suppressed where it bounced on some list, unless somebody has subscribed it elsewhere since then and may
 * mail it there. Who left, or complained, left that list: other mail is no business of it. */
bool bb_gate_suppress(bb_arena *a, const bb_gate_standing *standings, size_t n, bb_gate_answer *out) BB_MUST_USE;

#endif
