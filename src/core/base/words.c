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
static const char *const actions[] = {"", "failed", "delayed", "delivered", "relayed", "expanded"};
static const char *const trusts[] = {"none", "inferred", "plain", "mailing", "signed", "local"};
static const char *const statuses[] = {"active", "quarantined", "bounced", "complained", "unsubscribed"};

static bool find(const char *const *words, size_t n, bb_str word, size_t *at)
{
    for (size_t i = 0; i < n; i++)
        if (word.n && bb_ieq(word, bb_cstr(words[i]))) {
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

/* Levenshtein's distance, ASCII case folded. */
static size_t distance(bb_str a, bb_str b)
{
    size_t row[NEAREST_MAX + 1];
    for (size_t j = 0; j <= b.n; j++) row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t replace = diagonal + (bb_lower(a.p[i - 1]) != bb_lower(b.p[j - 1]));
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replace < other ? replace : other;
        }
    }
    return row[b.n];
}

const char *bb_nearest(bb_str typed, const char *const *words)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    if (!typed.n || typed.n > NEAREST_MAX) return NULL;
    for (; *words; words++) {
        bb_str word = bb_cstr(*words);
        if (word.n > NEAREST_MAX) continue;
        size_t d = distance(typed, word), longer = typed.n > word.n ? typed.n : word.n;
        if (d * 3 > longer + 2 || d >= least) continue;
        least = d;
        best = *words;
    }
    return best;
}
