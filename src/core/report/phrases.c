/* SPDX-License-Identifier: MIT
 *
 * Fixed words looked for in texts, many at once. A word begins, in ASCII, behind what is no letter or digit; many scripts
 * put no spaces between words, so that any letter of theirs may begin one.
 *
 * A report's own words are read once for all lists (bb_phrases_read), where they are asked: that pass goes from the
 * beginning of one word to the next, and looks up by its first bytes whether a phrase may begin so, which rules out nearly
 * all; one trie holds the phrases of all lists. What it found answers every question about that text or a piece of it;
 * other texts are looked through for one list.
 */
#include "core/report/internal.h"

#include <string.h>

/* ---- the letters of a phrase ------------------------------------------------------------------------------ */

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

/* Bytes of the white space at i: a no-break space has two. */
static inline size_t space_at(bb_str t, size_t i)
{
    if (i >= t.n) return 0;
    if (bb_is_space(t.p[i])) return 1;
    return t.p[i] == '\xC2' && i + 1 < t.n && t.p[i + 1] == '\xA0' ? 2 : 0;
}

/* take_sign() for what is no plain sign of ASCII. */
static unsigned char take_rare(bb_str t, size_t *at)
{
    unsigned char c = (unsigned char)t.p[*at];
    size_t left = t.n - *at;
    if (c == 0xE2 && left > 2 && memcmp(t.p + *at, "\xE2\x80\x99", 3) == 0) {
        *at += 3;
        return '\'';
    }
    if (!space_at(t, *at)) return ++*at, c < 0x80 ? c : small(t, *at - 1);
    for (size_t n; (n = space_at(t, *at));) *at += n;
    return ' ';
}

static inline bool is_plain(char c)
{
    return c > ' ' && (unsigned char)c < 0x80;
}

/* The sign at *at as phrases spell it: lower case, one space for all white space, a plain apostrophe. Moves *at behind it;
 * *at lies within the text. */
static inline unsigned char take_sign(bb_str t, size_t *at)
{
    char c = t.p[*at];
    if (is_plain(c)) return ++*at, (unsigned char)bb_lower(c);
    if (c == ' ' && *at + 1 < t.n && is_plain(t.p[*at + 1])) return ++*at, ' ';
    return take_rare(t, at);
}

static inline uint32_t four_at(const void *text)
{
    const unsigned char *p = text;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A hash of four bytes, of so many bits (Fibonacci hashing). */
static inline uint32_t hash_of(uint32_t four, int bits)
{
    return (uint32_t)(four * 0x9E3779B1U) >> (32 - bits);
}

/* Takes the next four signs as one number where they are plain ASCII, each white space a single space: nearly always. */
static inline bool take_four(bb_str t, size_t *at, uint32_t *four)
{
    const uint32_t each = 0x01010101U, top = 0x80U * each;
    if (t.n - *at < 4) return false;
    uint32_t word = four_at(t.p + *at);
    if (word & top || (((word & 0x60 * each) + 0x60 * each) & top) != top) return false; /* some byte is < ' ' */
    uint32_t no_space = (word ^ ' ' * each) + 0x7F * each;
    if (~no_space & ~no_space << 8 & top) return false; /* two spaces */
    uint32_t capital = (word + (0x80 - 'A') * each) & ~(word + (0x80 - 'Z' - 1) * each) & top;
    *four = word | capital >> 2;
    *at += 3;
    (void)take_sign(t, at); /* a space may be the first of several */
    return true;
}

/* ---- the trie ------------------------------------------------------------------------------------------------ */

static const bb_word_four *four_of(uint32_t four)
{
    size_t at = hash_of(four, BB_WORD_FOUR_BITS);
    for (; bb_word_fours[at].four; at = (at + 1) % BB_WORD_FOURS)
        if (bb_word_fours[at].four == four) return &bb_word_fours[at];
    return NULL;
}

static const bb_word_node *start_of(unsigned char first, unsigned char second)
{
    size_t place = (first * 37U + second) % BB_WORD_PLACES;
    for (size_t k = bb_word_heads[place]; k; k = bb_word_starts[k].next)
        if (bb_word_starts[k].first == first && bb_word_starts[k].second == second)
            return &bb_word_nodes[bb_word_starts[k].node];
    return NULL;
}

static const bb_word_node *child_of(const bb_word_node *node, unsigned char byte)
{
    const bb_word_node *child = bb_word_nodes + node->child, *end = child + node->children;
    while (child < end && child->byte != byte) child++;
    return child < end ? child : NULL;
}

/* The node behind the first two signs at *at, which it moves behind them. Of several spaces the last one begins a phrase,
 * and the second byte of one none, so that no other is passed twice. */
static const bb_word_node *enter_slowly(bb_str text, size_t *at)
{
    size_t space = space_at(text, *at);
    if (space && space_at(text, *at + space)) return NULL;
    if (((unsigned char)text.p[*at] & 0xC0) == 0x80) return NULL;
    unsigned char first = take_sign(text, at);
    return *at < text.n ? start_of(first, take_sign(text, at)) : NULL;
}

/* Do the signs at *at go on as the node says? Moves *at behind them. */
static inline bool take_tail(bb_str text, size_t *at, const bb_word_node *node)
{
    const uint8_t *tail = bb_word_tails + node->tail, *end = tail + node->n;
    for (uint32_t four; end - tail >= 4 && take_four(text, at, &four); tail += 4)
        if (four != four_at(tail)) return false;
    for (; tail < end; tail++)
        if (*at >= text.n || take_sign(text, at) != *tail) return false;
    return true;
}

/* Where the signs at *at lead to, which it moves behind: four of them, or two. NULL: no phrase begins so, as nearly
 * everywhere. */
static inline const bb_word_node *enter(bb_str text, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text.p + *at;
    size_t behind = *at;
    uint32_t four;
    if (!take_four(text, &behind, &four)) return enter_slowly(text, at);
    const bb_word_four *found = four_of(four);
    bool shorter = found ? found->shorter : bb_word_twos[(p[0] & 31) * 4 + (p[1] & 31) / 8] >> (p[1] & 7) & 1;
    if (shorter) return enter_slowly(text, at);
    *at = behind;
    return found ? &bb_word_nodes[found->node] : NULL;
}

/* The longest phrase of each of the wanted lists (a bit each) that begins at i, and whose first signs, up to `at`, lead to
 * the node. Answers of which there is one. */
static unsigned longest_of(bb_str text, size_t i, size_t at, const bb_word_node *node, unsigned wanted,
                           bb_phrase_hit longest[BB_WORDS_LISTS])
{
    unsigned found = 0;
    while (node && node->lists & wanted && take_tail(text, &at, node)) {
        for (size_t e = node->end; e; e = bb_word_ends[e].more ? e + 1 : 0) {
            const bb_word_end *end = &bb_word_ends[e];
            longest[end->list] = (bb_phrase_hit){i, at - i, end->sense};
            found |= 1U << end->list;
        }
        node = at < text.n ? child_of(node, take_sign(text, &at)) : NULL;
    }
    return found & wanted;
}

static inline unsigned longest_at(bb_str text, size_t i, unsigned wanted, bb_phrase_hit longest[BB_WORDS_LISTS])
{
    size_t behind = i;
    const bb_word_node *node = enter(text, &behind);
    return node ? longest_of(text, i, behind, node, wanted, longest) : 0;
}

/* ---- where a phrase may begin -------------------------------------------------------------------------------- */

#define AT_ONCE 32

static inline uint64_t four_kinds(const uint64_t *kinds, const unsigned char *p)
{
    return kinds[p[0]] + 2 * (kinds[p[1]] + 2 * (kinds[p[2]] + 2 * kinds[p[3]]));
}

/* Goes on to the next bytes of the text, and answers which of them are places where a phrase may begin, the first in the
 * lowest bit: bytes that phrases begin with, but not within a word; and before signs beyond ASCII what may be a space.
 * Branches would be guessed wrong at every word's end. */
static uint32_t go_on(bb_phrase_scan *s)
{
    const uint64_t *kinds = s->set->kinds;
    const unsigned char *p = (const unsigned char *)s->text.p + s->to;
    size_t left = s->text.n - s->to, n = left < AT_ONCE ? left : AT_ONCE, i = 0;
    uint64_t both = 0; /* kinds of the bytes, the last one at the top of each half */
    for (; i + 8 <= n; i += 8) both = both >> 8 | four_kinds(kinds, p + i) | four_kinds(kinds, p + i + 4) << 4;
    for (; i < n; i++) both = both >> 1 | kinds[p[i]] << 7;
    uint32_t alnum = (uint32_t)(both >> 32) >> (AT_ONCE - n), begins = (uint32_t)both >> (AT_ONCE - n);
    uint32_t starts = begins & ~(alnum & (alnum << 1 | s->within));
    if (s->set->spaces) starts |= ((begins & ~alnum) >> 1 | 1U << (n - 1)) & ~alnum;
    s->within = alnum >> (n - 1) & 1;
    s->from = s->to;
    s->to += n;
    return starts;
}

/* Does a phrase perhaps begin so? Five bits of each byte are the same for small letters and capitals. */
static inline bool may_begin(const bb_word_set *set, bb_str text, size_t at)
{
    if (text.n - at < 4) return true;
    uint32_t hash = hash_of(four_at(text.p + at) & 0x1F1F1F1FU, BB_WORD_FIRST_BITS);
    return set->firsts[hash / 32] >> hash % 32 & 1;
}

/* The next place where a phrase may begin; BB_NPOS: there is none. */
static size_t next_start(bb_phrase_scan *s)
{
    const bb_word_set *set = s->set;
    for (uint32_t starts = s->starts;; starts = go_on(s)) {
        for (; starts; starts &= starts - 1) {
            size_t at = s->from + (size_t)__builtin_ctz(starts);
            if (!may_begin(set, s->text, at)) continue;
            s->starts = starts & (starts - 1);
            return at;
        }
        s->starts = 0;
        if (s->to == s->text.n) return BB_NPOS;
    }
}

/* The longest phrases at the next place where some begin. Answers of which lists; none at the end. */
static unsigned next_longest(bb_phrase_scan *s, bb_phrase_hit longest[BB_WORDS_LISTS])
{
    unsigned found = 0;
    for (size_t at; !found && (at = next_start(s)) != BB_NPOS;) found = longest_at(s->text, at, s->set->lists, longest);
    return found;
}

/* ---- a text read for all lists --------------------------------------------------------------------------------- */

bb_phrases_found bb_phrases_read(bb_arena *a, bb_str text)
{
    bb_phrase_hit longest[BB_WORDS_LISTS];
    bb_phrases_found f = {.text = text};
    bb_phrase_scan s = {.text = text, .set = &bb_word_sets[BB_WORDS_ALL]};
    for (unsigned found; (found = next_longest(&s, longest)) != 0;) {
        for (bb_words list = 0; found; list++, found >>= 1) {
            bb_phrase_found *new = found & 1 ? BB_PUSH(a, f.items, f.n, f.cap) : NULL;
            bb_phrase_hit *hit = &longest[list];
            if (new)
                *new = (bb_phrase_found){(uint32_t)hit->at, (uint32_t)hit->len, (int16_t)hit->sense, (uint8_t)list};
        }
    }
    return f;
}

/* The first of what was found that begins at `at` or behind it. */
static size_t first_from(const bb_phrases_found *f, size_t at)
{
    size_t low = 0, high = f->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->items[middle].at < at) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

bb_phrase_scan bb_phrases(const bb_phrases_found *read, bb_str text, bb_words list)
{
    bb_phrase_scan s = {.text = text, .list = list, .set = &bb_word_sets[list]};
    size_t offset = read ? bb_offset_in(read->text, text) : BB_NPOS;
    if (offset == BB_NPOS) return s;
    s.read = read;
    s.offset = offset;
    s.next = first_from(read, offset);
    s.cut = text.n && offset && bb_is_alnum(text.p[-1]) && bb_is_alnum(text.p[0]);
    return s;
}

/* The next phrase of a piece of what was read. Where it was cut out, a word may begin that is none in the whole, and a
 * phrase may end that goes on there: such places are looked at anew. */
static bool next_found(bb_phrase_scan *s, bb_phrase_hit *hit)
{
    bb_phrase_hit longest[BB_WORDS_LISTS];
    if (s->cut) {
        s->cut = false;
        if (longest_at(s->text, 0, s->set->lists, longest)) return *hit = longest[s->list], true;
    }
    while (s->next < s->read->n) {
        const bb_phrase_found *f = &s->read->items[s->next++];
        size_t at = f->at - s->offset;
        if (at >= s->text.n) break;
        if (f->list != s->list) continue;
        *hit = (bb_phrase_hit){at, f->len, f->sense};
        if (hit->len <= s->text.n - at) return true;
        if (longest_at(s->text, at, s->set->lists, longest)) return *hit = longest[s->list], true;
    }
    return false;
}

bool bb_phrase_next(bb_phrase_scan *s, bb_phrase_hit *hit)
{
    bb_phrase_hit longest[BB_WORDS_LISTS];
    if (s->read) return next_found(s, hit);
    bool found = next_longest(s, longest) != 0;
    if (found) *hit = longest[s->list];
    return found;
}

unsigned bb_phrases_in(const bb_phrases_found *read, bb_str text, bb_words list)
{
    bb_phrase_scan s = bb_phrases(read, text, list);
    unsigned senses = 0;
    for (bb_phrase_hit hit; bb_phrase_next(&s, &hit);) senses |= (unsigned)hit.sense;
    return senses;
}
