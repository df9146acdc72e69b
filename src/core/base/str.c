/* SPDX-License-Identifier: MIT
 *
 * Slices: comparing, searching and cutting borrowed bytes.
 */
#include "core/base/base.h"

#include <string.h>

/* Nearly always the cases are the same, too: eight bytes at once, as long as they are. */
bool bb_same_letters(const char *a, const char *b, size_t n)
{
    size_t i = 0;
    for (uint64_t x, y; n - i >= sizeof x; i += sizeof x) {
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        if (x != y) break;
    }
    while (i < n && (a[i] == b[i] || bb_lower(a[i]) == bb_lower(b[i]))) i++;
    return i == n;
}

int bb_cmp(bb_str a, bb_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* How often signs stand in mail, roughly: small letters in the order of their frequency, of which capitals have half; and
 * what markup, encodings and addresses are full of. */
static const unsigned char often[256] = {
    [' '] = 60, ['\n'] = 30, ['-'] = 30, ['.'] = 30, ['='] = 40, ['<'] = 30, ['>'] = 30, ['/'] = 20, [':'] = 20,
    ['"'] = 20, ['0'] = 20,  ['1'] = 20, ['2'] = 20, ['3'] = 15, ['4'] = 15, ['5'] = 15, ['6'] = 15, ['7'] = 15,
    ['8'] = 15, ['9'] = 15,  ['q'] = 2,  ['Q'] = 2,  ['z'] = 4,  ['Z'] = 3,  ['x'] = 6,  ['X'] = 4,  ['j'] = 8,
    ['J'] = 5,  ['k'] = 10,  ['K'] = 6,  ['v'] = 12, ['V'] = 7,  ['b'] = 14, ['B'] = 8,  ['p'] = 16, ['P'] = 9,
    ['y'] = 18, ['Y'] = 10,  ['g'] = 20, ['G'] = 11, ['f'] = 22, ['F'] = 12, ['w'] = 24, ['W'] = 13, ['m'] = 26,
    ['M'] = 14, ['u'] = 28,  ['U'] = 15, ['c'] = 30, ['C'] = 16, ['l'] = 32, ['L'] = 17, ['d'] = 34, ['D'] = 18,
    ['r'] = 36, ['R'] = 19,  ['h'] = 38, ['H'] = 20, ['s'] = 40, ['S'] = 21, ['n'] = 42, ['N'] = 22, ['i'] = 44,
    ['I'] = 23, ['o'] = 46,  ['O'] = 24, ['a'] = 48, ['A'] = 25, ['t'] = 50, ['T'] = 26, ['e'] = 52, ['E'] = 27};

#define RARE 10 /* and that is good enough */

/* Where the sign stands in `what` that is the rarest in texts: by it a word is found. */
static size_t rarest(bb_str what)
{
    size_t best = 0;
    for (size_t i = 1, least = often[(unsigned char)what.p[0]]; i < what.n && least > RARE; i++) {
        size_t weight = often[(unsigned char)what.p[i]];
        if (weight >= least) continue;
        least = weight;
        best = i;
    }
    return best;
}

/* Does `what` stand at p? Where it does not, its ends seldom do. */
static bool is_at(const char *p, bb_str what)
{
    return p[0] == what.p[0] && p[what.n - 1] == what.p[what.n - 1] && memcmp(p, what.p, what.n) == 0;
}

size_t bb_find(bb_str s, bb_str what)
{
    if (!what.n) return 0;
    if (s.n < what.n) return BB_NPOS;
    size_t pivot = rarest(what);
    const char *end = s.p + s.n - what.n + pivot + 1;
    for (const char *p = s.p + pivot; p < end && (p = memchr(p, what.p[pivot], (size_t)(end - p))); p++)
        if (is_at(p - pivot, what)) return (size_t)(p - s.p) - pivot;
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
#define WINDOW 256
static size_t line_end(bb_str s)
{
    for (size_t from = 0; from < s.n; from += WINDOW) {
        bb_str window = bb_sub(s, from, WINDOW);
        size_t lf = bb_chr(window, '\n');
        size_t cr = bb_chr(bb_sub(window, 0, lf), '\r');
        size_t first = cr != BB_NPOS ? cr : lf;
        if (first != BB_NPOS) return from + first;
    }
    return s.n;
}

/* A line that ends with anything but a mere LF nearby. */
BB_SELDOM static void take_line(bb_str *rest, bb_str *line)
{
    size_t end = line_end(*rest);
    size_t behind = end + (end < rest->n);
    bb_str more = bb_sub(*rest, behind, 2);
    if (end < rest->n && rest->p[end] == '\r')
        behind += bb_starts(more, BB_S("\n")) ? 1 : bb_eq(more, BB_S("\r\n")) ? 2 : 0;
    *line = (bb_str){rest->p, end};
    *rest = (bb_str){rest->p + behind, rest->n - behind};
}

bool bb_line(bb_str *rest, bb_str *line)
{
    if (!rest->n) return false;
    const char *lf = memchr(rest->p, '\n', rest->n < WINDOW ? rest->n : WINDOW);
    size_t n = lf ? (size_t)(lf - rest->p) : 0;
    if (!lf || memchr(rest->p, '\r', n)) {
        take_line(rest, line);
        return true;
    }
    *line = (bb_str){rest->p, n};
    *rest = (bb_str){lf + 1, rest->n - n - 1};
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
