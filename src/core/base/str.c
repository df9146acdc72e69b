/* SPDX-License-Identifier: MIT
 *
 * Slices: comparing, searching and cutting borrowed bytes.
 */
#include "core/base/base.h"

#include <string.h>

bool bb_same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bb_lower(a[i]) != bb_lower(b[i])) return false;
    return true;
}

int bb_cmp(bb_str a, bb_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* How often signs stand in the texts of mail, roughly: letters in the order of their frequency, digits before them. */
static const unsigned char often[256] = {
    [' '] = 28, ['0'] = 1,  ['1'] = 1,  ['2'] = 1,  ['3'] = 1,  ['4'] = 1,  ['5'] = 1,  ['6'] = 1,  ['7'] = 1,
    ['8'] = 1,  ['9'] = 1,  ['q'] = 2,  ['Q'] = 2,  ['z'] = 3,  ['Z'] = 3,  ['x'] = 4,  ['X'] = 4,  ['j'] = 5,
    ['J'] = 5,  ['k'] = 6,  ['K'] = 6,  ['v'] = 7,  ['V'] = 7,  ['b'] = 8,  ['B'] = 8,  ['p'] = 9,  ['P'] = 9,
    ['y'] = 10, ['Y'] = 10, ['g'] = 11, ['G'] = 11, ['f'] = 12, ['F'] = 12, ['w'] = 13, ['W'] = 13, ['m'] = 14,
    ['M'] = 14, ['u'] = 15, ['U'] = 15, ['c'] = 16, ['C'] = 16, ['l'] = 17, ['L'] = 17, ['d'] = 18, ['D'] = 18,
    ['r'] = 19, ['R'] = 19, ['h'] = 20, ['H'] = 20, ['s'] = 21, ['S'] = 21, ['n'] = 22, ['N'] = 22, ['i'] = 23,
    ['I'] = 23, ['o'] = 24, ['O'] = 24, ['a'] = 25, ['A'] = 25, ['t'] = 26, ['T'] = 26, ['e'] = 27, ['E'] = 27};

/* Where the sign stands in `what` that is the rarest in texts: by it a word is found. */
static size_t rarest(bb_str what)
{
    size_t best = 0;
    for (size_t i = 1; i < what.n && often[(unsigned char)what.p[best]]; i++)
        if (often[(unsigned char)what.p[i]] < often[(unsigned char)what.p[best]]) best = i;
    return best;
}

size_t bb_find(bb_str s, bb_str what)
{
    if (!what.n) return 0;
    if (s.n < what.n) return BB_NPOS;
    size_t pivot = rarest(what);
    const char *end = s.p + s.n - what.n + pivot + 1;
    for (const char *p = s.p + pivot; p < end && (p = memchr(p, what.p[pivot], (size_t)(end - p))); p++)
        if (memcmp(p - pivot, what.p, what.n) == 0) return (size_t)(p - s.p) - pivot;
    return BB_NPOS;
}

static const char *next(const char *p, const char *end, char c)
{
    const char *hit = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
    return hit ? hit : end;
}

size_t bb_ifind(bb_str s, bb_str what)
{
    if (!what.n) return 0;
    if (s.n < what.n) return BB_NPOS;
    size_t pivot = rarest(what);
    const char *p = s.p + pivot, *end = s.p + s.n - what.n + pivot + 1;
    char small = bb_lower(what.p[pivot]), capital = small >= 'a' && small <= 'z' ? (char)(small - ('a' - 'A')) : small;
    const char *as_small = next(p, end, small), *as_capital = capital == small ? end : next(p, end, capital);
    while ((p = as_small < as_capital ? as_small : as_capital) < end) {
        if (bb_same_letters(p - pivot, what.p, what.n)) return (size_t)(p - s.p) - pivot;
        if (p == as_small) as_small = next(p + 1, end, small);
        else as_capital = next(p + 1, end, capital);
    }
    return BB_NPOS;
}

size_t bb_rchr(bb_str s, char c)
{
    const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : BB_NPOS;
}

/* Where the first line ends. Looks at one window after the other, so that text with ends of one kind only is not
 * searched to its end for the other kind at every line. */
static size_t line_end(bb_str s)
{
    for (size_t from = 0; from < s.n; from += 256) {
        bb_str window = bb_sub(s, from, 256);
        size_t lf = bb_chr(window, '\n');
        size_t cr = bb_chr(bb_sub(window, 0, lf), '\r');
        size_t first = cr != BB_NPOS ? cr : lf;
        if (first != BB_NPOS) return from + first;
    }
    return s.n;
}

bool bb_line(bb_str *rest, bb_str *line)
{
    if (!rest->n) return false;
    size_t end = line_end(*rest);
    size_t behind = end + (end < rest->n);
    bb_str more = bb_sub(*rest, behind, 2);
    if (end < rest->n && rest->p[end] == '\r')
        behind += bb_starts(more, BB_S("\n")) ? 1 : bb_eq(more, BB_S("\r\n")) ? 2 : 0;
    *line = (bb_str){rest->p, end};
    *rest = (bb_str){rest->p + behind, rest->n - behind};
    return true;
}

bool bb_split(bb_str *rest, char sep, bb_str *item)
{
    if (!rest->n) return false;
    size_t at = bb_chr(*rest, sep);
    *item = bb_sub(*rest, 0, at);
    *rest = at == BB_NPOS ? (bb_str){0} : bb_sub(*rest, at + 1, BB_NPOS);
    return true;
}

bool bb_u64(bb_str s, uint64_t *out)
{
    uint64_t v = 0;
    if (!s.n) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!bb_is_digit(s.p[i])) return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}
