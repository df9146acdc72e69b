/* SPDX-License-Identifier: MIT
 *
 * words: the vocabulary of docs/design.md section 2 as enums with their spelling, each list once.
 *
 * Every bb_*_word() answers a string that is never NULL; every bb_*_from() answers false for a word
 * that is not in the list. The numbers are stored in databases: append, never renumber.
 */
#ifndef BB_CORE_WORDS_H
#define BB_CORE_WORDS_H

#include "core/base/base.h"

/* What a report says about one recipient. */
typedef enum {
    BB_KIND_OTHER,
    BB_KIND_HARD,
    BB_KIND_SOFT,
    BB_KIND_BLOCK,
    BB_KIND_DELAYED,
    BB_KIND_DELIVERED,
    BB_KIND_COMPLAINT,
    BB_KIND_AUTOREPLY,
} bb_kind;

/* Why: the 34 words that Sisimai 5 made common, and three of ours. */
/* clang-format off */
#define BB_REASONS(X) \
    X(undefined) X(authfailure) X(badreputation) X(blocked) X(contenterror) X(delivered) X(exceedlimit) \
    X(expired) X(feedback) X(filtered) X(hasmoved) X(hostunknown) X(mailboxfull) X(mailererror) \
    X(mesgtoobig) X(networkerror) X(norelaying) X(notaccept) X(notcompliantrfc) X(onhold) X(policyviolation) \
    X(rejected) X(requireptr) X(securityerror) X(spamdetected) X(speeding) X(suspend) X(syntaxerror) \
    X(systemerror) X(systemfull) X(toomanyconn) X(userunknown) X(vacation) X(virusdetected) X(greylisted) \
    X(challenge) X(backscatter)
/* clang-format on */
typedef enum {
#define BB_REASON_ENUM(word) BB_REASON_##word,
    BB_REASONS(BB_REASON_ENUM)
#undef BB_REASON_ENUM
        BB_REASON_COUNT
} bb_reason;

/* RFC 3464 section 2.3.3. */
typedef enum {
    BB_ACTION_NONE,
    BB_ACTION_FAILED,
    BB_ACTION_DELAYED,
    BB_ACTION_DELIVERED,
    BB_ACTION_RELAYED,
    BB_ACTION_EXPANDED,
} bb_action;

/* Who vouches that a report is about this subscriber. */
typedef enum {
    BB_TRUST_NONE,
    BB_TRUST_INFERRED,
    BB_TRUST_PLAIN,
    BB_TRUST_MAILING,
    BB_TRUST_SIGNED,
    BB_TRUST_LOCAL,
} bb_trust;

typedef enum {
    BB_STATUS_ACTIVE,
    BB_STATUS_QUARANTINED,
    BB_STATUS_BOUNCED,
    BB_STATUS_COMPLAINED,
    BB_STATUS_UNSUBSCRIBED,
} bb_status;

/* Why a recipient was refused in the SMTP session (core/gate). */
typedef enum {
    BB_REFUSAL_NONE,
    BB_REFUSAL_WRONG_MAC,
    BB_REFUSAL_EXPIRED,
    BB_REFUSAL_UNKNOWN_KEY,
    BB_REFUSAL_SENDER,     /* not the null sender, to a return path */
    BB_REFUSAL_SUPPRESSED, /* mail to an address that bounced */
    BB_REFUSAL_COUNT
} bb_refusal;

const char *bb_kind_word(bb_kind k);
bool bb_kind_from(bb_str word, bb_kind *out);
const char *bb_reason_word(bb_reason r);
bool bb_reason_from(bb_str word, bb_reason *out);
const char *bb_action_word(bb_action a); /* "" for none */
bool bb_action_from(bb_str word, bb_action *out);
const char *bb_trust_word(bb_trust t);
bool bb_trust_from(bb_str word, bb_trust *out);
const char *bb_status_word(bb_status s);
bool bb_status_from(bb_str word, bb_status *out);
const char *bb_refusal_word(bb_refusal r); /* "wrong MAC", ...; "" for none */
bool bb_refusal_from(bb_str word, bb_refusal *out);
/* The reason as a person would say it: "the mailbox is full". */
const char *bb_reason_text(bb_reason r);

/* A soft about the receiving host or the way to it (docs/design.md section 2, "host soft"). */
bool bb_reason_is_host_soft(bb_reason r);

/* The word of `words` (NULL-terminated) that is nearest to what was typed, or NULL when none is near
 * (more than a third of the letters differ). For "did you mean". */
const char *bb_nearest(bb_str typed, const char *const *words);

/* What a list may be called: it stands in section headings, file names and command lines. */
#define BB_LIST_NAME_MAX 64
bool bb_list_name_ok(bb_str name); /* 1 to 64 of a-z A-Z 0-9 . _ - */

#endif
