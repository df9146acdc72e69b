/* SPDX-License-Identifier: MIT
 *
 * Fixed words looked for in texts, many at once. A word begins, in ASCII, behind what is no letter or digit; many scripts
 * put no spaces between words, so that any letter of theirs may begin one.
 */
#include "core/report/internal.h"

#include <string.h>

bb_phrase_scan bb_phrases(bb_str text, bb_words list)
{
    return (bb_phrase_scan){.text = text, .list = list};
}

/* The byte at i, of a small letter where it is of a capital of Latin-1, Greek or Cyrillic, which lie in two bytes. */
static unsigned char small(bb_str t, size_t i)
{
    unsigned char c = (unsigned char)t.p[i];
    bool lead = c >= 0xC0;
    unsigned char first = lead ? c : i ? (unsigned char)t.p[i - 1] : 0;
    unsigned char second = !lead ? c : i + 1 < t.n ? (unsigned char)t.p[i + 1] : 0;
    bool same_lead = (first == 0xC3 && second >= 0x80 && second <= 0x9E && second != 0x97) ||
                     (first == 0xCE && second >= 0x91 && second <= 0x9F) ||
                     (first == 0xD0 && second >= 0x90 && second <= 0x9F);
    bool next_lead =
        (first == 0xCE && second >= 0xA0 && second <= 0xA9) || (first == 0xD0 && second >= 0xA0 && second <= 0xAF);
    if (same_lead) second += 0x20;
    else if (next_lead) first++, second -= 0x20;
    else if (first == 0xD0 && second >= 0x80 && second <= 0x8F) first++, second += 0x10;
    return lead ? first : second;
}

/* The sign at *at as phrases spell it: lower case, one space for all white space, a plain apostrophe. Moves *at behind it;
 * *at lies within the text. */
static unsigned char take_sign(bb_str t, size_t *at)
{
    unsigned char c = (unsigned char)bb_lower(t.p[*at]);
    size_t left = t.n - *at;
    if (c == 0xE2 && left > 2 && memcmp(t.p + *at, "\xE2\x80\x99", 3) == 0) {
        *at += 3;
        return '\'';
    }
    bool space = bb_is_space((char)c);
    if (!space && !(c == 0xC2 && left > 1 && t.p[*at + 1] == '\xA0')) {
        ++*at;
        return c < 0x80 ? c : small(t, *at - 1);
    }
    for (; *at < t.n; *at += space ? 1 : 2) {
        space = bb_is_space(t.p[*at]);
        if (!space && !(*at + 1 < t.n && memcmp(t.p + *at, "\xC2\xA0", 2) == 0)) break;
    }
    return ' ';
}

static size_t place_of(unsigned char first, unsigned char second)
{
    return (first * 37U + second) % BB_WORD_PLACES;
}

static const bb_word_start *start_of(unsigned char first, unsigned char second)
{
    for (size_t k = bb_word_heads[place_of(first, second)]; k; k = bb_word_starts[k].next)
        if (bb_word_starts[k].first == first && bb_word_starts[k].second == second) return &bb_word_starts[k];
    return NULL;
}

static const bb_word_node *child_of(const bb_word_node *node, unsigned char byte)
{
    const bb_word_node *child = bb_word_nodes + node->child, *end = child + node->children;
    while (child < end && child->byte != byte) child++;
    return child < end ? child : NULL;
}

/* The longest phrase of the list that begins at i. */
static bool longest_at(const bb_phrase_scan *s, size_t i, bb_phrase_hit *hit)
{
    size_t at = i;
    unsigned char first = take_sign(s->text, &at);
    if (at >= s->text.n) return false;
    const bb_word_start *start = start_of(first, take_sign(s->text, &at));
    const bb_word_node *node = start ? &bb_word_nodes[start->node] : NULL;
    unsigned wanted = 1U << s->list;
    bool found = false;
    while (node && node->lists & wanted) {
        for (size_t e = node->end; e; e = bb_word_ends[e].more ? e + 1 : 0) {
            if (bb_word_ends[e].list != s->list) continue;
            *hit = (bb_phrase_hit){i, at - i, bb_word_ends[e].sense};
            found = true;
        }
        if (at >= s->text.n) break;
        node = child_of(node, take_sign(s->text, &at));
    }
    return found;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80;
}

/* May a phrase of the list begin with these bytes? Nearly always not, and four of them tell. */
static bool may_begin(const unsigned char *p, size_t n, bb_words list)
{
    if (n < 4 || !is_plain(p[0]) || !is_plain(p[1]) || !is_plain(p[2]) || !is_plain(p[3])) return true;
    uint32_t key = (p[0] & 31U) << 15 | (p[1] & 31U) << 10 | (p[2] & 31U) << 5 | (p[3] & 31U);
    uint32_t four = (uint32_t)(key * 0x9E3779B1U) >> 16; /* Fibonacci hashing */
    return bb_word_fours[list][four / 8] >> four % 8 & 1;
}

bool bb_phrase_next(bb_phrase_scan *s, bb_phrase_hit *hit)
{
    const unsigned char *p = (const unsigned char *)s->text.p;
    unsigned wanted = 1U << s->list;
    bool within = s->at && bb_is_alnum(s->text.p[s->at - 1]);
    for (size_t i = s->at; i + 1 < s->text.n; i++) {
        unsigned first = bb_word_first[p[i]];
        bool goes_on = within && first & BB_WORD_ALNUM;
        within = first & BB_WORD_ALNUM;
        if (goes_on || !(first & wanted)) continue;
        if (!may_begin(p + i, s->text.n - i, s->list)) continue;
        if (!longest_at(s, i, hit)) continue;
        s->at = i + 1;
        return true;
    }
    s->at = s->text.n;
    return false;
}

unsigned bb_phrases_in(bb_str text, bb_words list)
{
    bb_phrase_scan s = bb_phrases(text, list);
    unsigned senses = 0;
    for (bb_phrase_hit hit; bb_phrase_next(&s, &hit);) senses |= (unsigned)hit.sense;
    return senses;
}
