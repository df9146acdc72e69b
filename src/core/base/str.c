/* SPDX-License-Identifier: MIT
 *
 * Slices: comparing, searching and cutting borrowed bytes.
 */
#include "core/base/base.h"

#include <string.h>

bool bb_ieq(bb_str a, bb_str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (bb_lower(a.p[i]) != bb_lower(b.p[i])) return false;
    return true;
}

int bb_cmp(bb_str a, bb_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool bb_istarts(bb_str s, bb_str with)
{
    return s.n >= with.n && bb_ieq(bb_sub(s, 0, with.n), with);
}

bool bb_iends(bb_str s, bb_str with)
{
    return s.n >= with.n && bb_ieq(bb_sub(s, s.n - with.n, with.n), with);
}

#define SHORT 8 /* bytes of a word that is found by its first one: memmem looks at every byte for such */

static const char *find_short(bb_str s, bb_str what)
{
    const char *last = s.p + s.n - what.n;
    for (const char *p = s.p; p <= last; p++) {
        p = memchr(p, what.p[0], (size_t)(last - p) + 1);
        if (!p || memcmp(p, what.p, what.n) == 0) return p;
    }
    return NULL;
}

size_t bb_find(bb_str s, bb_str what)
{
    if (!what.n) return 0;
    if (s.n < what.n) return BB_NPOS;
    const char *hit = what.n <= SHORT ? find_short(s, what) : memmem(s.p, s.n, what.p, what.n);
    return hit ? (size_t)(hit - s.p) : BB_NPOS;
}

size_t bb_ifind(bb_str s, bb_str what)
{
    if (!what.n) return 0;
    if (s.n < what.n) return BB_NPOS;
    char first = bb_lower(what.p[0]), last = bb_lower(what.p[what.n - 1]);
    for (size_t i = 0, end = s.n - what.n; i <= end; i++)
        if (bb_lower(s.p[i + what.n - 1]) == last && bb_lower(s.p[i]) == first &&
            bb_ieq((bb_str){s.p + i, what.n}, what))
            return i;
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
