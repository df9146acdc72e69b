/* SPDX-License-Identifier: MIT
 *
 * The vocabulary's spellings, and the nearest word to one that is none.
 */
#include "core/base/words.h"

#include <string.h>

static const char *const kinds[] = {
    [BB_KIND_OTHER] = "other",         [BB_KIND_HARD] = "hard",           [BB_KIND_SOFT] = "soft",
    [BB_KIND_BLOCK] = "block",         [BB_KIND_DELAYED] = "delayed",     [BB_KIND_DELIVERED] = "delivered",
    [BB_KIND_COMPLAINT] = "complaint", [BB_KIND_AUTOREPLY] = "autoreply",
};
static const char *const reasons[] = {
#define REASON_WORD(word) #word,
    BB_REASONS(REASON_WORD)
#undef REASON_WORD
};
static const char *const reason_texts[BB_REASON_COUNT] = {
    [BB_REASON_undefined] = "no reason was given",
    [BB_REASON_authfailure] = "authentication failed",
    [BB_REASON_badreputation] = "the sender's reputation is bad",
    [BB_REASON_blocked] = "the sender is blocked",
    [BB_REASON_contenterror] = "the content was refused",
    [BB_REASON_delivered] = "it was delivered",
    [BB_REASON_exceedlimit] = "a limit was passed",
    [BB_REASON_expired] = "it could not be delivered in time",
    [BB_REASON_feedback] = "the recipient complained",
    [BB_REASON_filtered] = "the recipient's filter refused it",
    [BB_REASON_hasmoved] = "the recipient has moved",
    [BB_REASON_hostunknown] = "the domain does not exist",
    [BB_REASON_mailboxfull] = "the mailbox is full",
    [BB_REASON_mailererror] = "the receiving program failed",
    [BB_REASON_mesgtoobig] = "the message was too large",
    [BB_REASON_networkerror] = "the server could not be reached",
    [BB_REASON_norelaying] = "relaying was refused",
    [BB_REASON_notaccept] = "the domain takes no mail",
    [BB_REASON_notcompliantrfc] = "the message breaks a standard",
    [BB_REASON_onhold] = "it was put on hold",
    [BB_REASON_policyviolation] = "a policy was violated",
    [BB_REASON_rejected] = "the sender was refused",
    [BB_REASON_requireptr] = "the sending host has no name",
    [BB_REASON_securityerror] = "a security check failed",
    [BB_REASON_spamdetected] = "it was taken for spam",
    [BB_REASON_speeding] = "it was sent too fast",
    [BB_REASON_suspend] = "the mailbox is disabled",
    [BB_REASON_syntaxerror] = "a command was not understood",
    [BB_REASON_systemerror] = "the receiving system failed",
    [BB_REASON_systemfull] = "the receiving system's disk is full",
    [BB_REASON_toomanyconn] = "there were too many connections",
    [BB_REASON_userunknown] = "there is no such user",
    [BB_REASON_vacation] = "the recipient is away",
    [BB_REASON_virusdetected] = "a virus was found",
    [BB_REASON_greylisted] = "it was greylisted",
    [BB_REASON_challenge] = "a confirmation was asked for",
    [BB_REASON_backscatter] = "it answers a message that was never sent",
};
static const char *const actions[] = {"", "failed", "delayed", "delivered", "relayed", "expanded"};
static const char *const trusts[] = {"none", "inferred", "plain", "mailing", "signed", "local"};
static const char *const statuses[] = {"active", "quarantined", "bounced", "complained", "unsubscribed"};
static const char *const refusals[] = {"", "wrong MAC", "expired", "unknown key", "sender", "suppressed"};

static bool find(const char *const *words, size_t n, bb_str word, size_t *at)
{
    for (size_t i = 0; i < n; i++)
        if (word.n && bb_is(word, words[i])) {
            *at = i;
            return true;
        }
    return false;
}

#define WORD_FUNCTIONS(name, type, words)                           \
    const char *bb_##name##_word(type v)                            \
    {                                                               \
        return (size_t)v < BB_COUNT(words) ? words[v] : "";         \
    }                                                               \
    bool bb_##name##_from(bb_str word, type *out)                   \
    {                                                               \
        size_t at;                                                  \
        if (!find(words, BB_COUNT(words), word, &at)) return false; \
        *out = (type)at;                                            \
        return true;                                                \
    }
WORD_FUNCTIONS(kind, bb_kind, kinds)
WORD_FUNCTIONS(reason, bb_reason, reasons)
WORD_FUNCTIONS(action, bb_action, actions)
WORD_FUNCTIONS(trust, bb_trust, trusts)
WORD_FUNCTIONS(status, bb_status, statuses)
WORD_FUNCTIONS(refusal, bb_refusal, refusals)

const char *bb_reason_text(bb_reason r)
{
    return (size_t)r < BB_COUNT(reason_texts) ? reason_texts[r] : "";
}

bool bb_reason_is_host_soft(bb_reason r)
{
    static const bb_reason host[] = {BB_REASON_networkerror, BB_REASON_systemerror, BB_REASON_systemfull,
                                     BB_REASON_toomanyconn,  BB_REASON_speeding,    BB_REASON_mailererror,
                                     BB_REASON_expired};
    for (size_t i = 0; i < BB_COUNT(host); i++)
        if (host[i] == r) return true;
    return false;
}

#define NEAREST_MAX 40 /* letters; longer words are near to nothing */

static size_t least(size_t x, size_t y)
{
    return x < y ? x : y;
}

static bool same(bb_str a, size_t i, bb_str b, size_t j)
{
    return bb_lower(a.p[i - 1]) == bb_lower(b.p[j - 1]);
}

/* Letters to insert, drop, replace or swap with their neighbour to make b of a, ASCII case folded. */
static size_t distance(bb_str a, bb_str b)
{
    size_t rows[3][NEAREST_MAX + 1];
    for (size_t i = 0; i <= a.n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
        for (size_t j = 0; j <= b.n; j++) {
            row[j] = i ? i : j;
            if (!i || !j) continue;
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same(a, i, b, j));
            if (i > 1 && j > 1 && same(a, i, b, j - 1) && same(a, i - 1, b, j))
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

const char *bb_nearest(bb_str typed, const char *const *words)
{
    const char *best = NULL;
    size_t nearest = SIZE_MAX;
    if (!typed.n || typed.n > NEAREST_MAX) return NULL;
    for (; *words; words++) {
        bb_str word = bb_cstr(*words);
        if (word.n > NEAREST_MAX) continue;
        size_t d = distance(typed, word), longer = typed.n > word.n ? typed.n : word.n;
        if (d * 3 > longer || d >= nearest) continue;
        nearest = d;
        best = *words;
    }
    return best;
}

bool bb_list_name_ok(bb_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!bb_is_alnum(name.p[i]) && name.p[i] != '.' && name.p[i] != '_' && name.p[i] != '-') return false;
    return name.n && name.n <= BB_LIST_NAME_MAX;
}
