/* SPDX-License-Identifier: MIT
 *
 * The growing buffer, with a ceiling.
 */
#include "core/base/base.h"

#include <stdio.h>
#include <string.h>

bb_buf bb_buf_in(bb_arena *a, size_t max)
{
    return (bb_buf){.arena = a, .max = max};
}

bb_buf bb_buf_of(bb_arena *a, size_t n)
{
    char *p = bb_regrow(a, NULL, 0, n);
    return (bb_buf){.arena = a, .p = p, .cap = p ? n : 0, .max = n, .truncated = !p};
}

/* Nothing more is kept: there is no room left, so that nobody has to ask. */
static bool cut(bb_buf *b)
{
    b->truncated = true;
    b->cap = b->n;
    return false;
}

bool bb_buf_grow(bb_buf *b, size_t n)
{
    if (b->truncated || n > b->max - b->n) return cut(b);
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap ? b->cap * 2 : 128;
    if (cap < b->n + n) cap = b->n + n;
    if (cap > b->max) cap = b->max;
    char *p = bb_regrow(b->arena, b->p, b->cap, cap);
    if (!p) return cut(b);
    b->p = p;
    b->cap = cap;
    return true;
}

void bb_put_to_end(bb_buf *b, bb_str s)
{
    size_t fits = b->max - b->n;
    bool over = s.n > fits;
    if (over) s.n = fits;
    if (s.n && bb_buf_room(b, s.n)) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
    if (over) cut(b);
}

void bb_put_u64(bb_buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + v % 10);
    while (v /= 10);
    bb_put(b, (bb_str){digits + at, sizeof digits - at});
}

void bb_putf(bb_buf *b, const char *fmt, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    if (n >= 0 && (size_t)n < sizeof small) {
        bb_put(b, (bb_str){small, (size_t)n});
    } else if (n >= 0) {
        char *p = bb_get(b->arena, (size_t)n + 1);
        if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
        if (p) bb_put(b, (bb_str){p, (size_t)n});
        else b->truncated = true;
    }
    va_end(again);
    va_end(args);
}
