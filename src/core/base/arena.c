/* SPDX-License-Identifier: MIT
 *
 * The arena: memory for one message, given back all at once.
 */
#include "core/base/base.h"

#include <stdio.h>
#include <string.h>

#define ALIGN      (_Alignof(max_align_t))
#define CHUNK_SIZE ((size_t)64 << 10)
#define CLEAN_SIZE ((size_t)2 << 10)

struct bb_chunk {
    bb_chunk *next;
    size_t size, used;
    size_t
        clean; /* bytes that are zero from `used` on up to here: made so many at once, since most objects are small */
    _Alignas(max_align_t) char bytes[];
};

void bb_arena_init(bb_arena *a, const bb_alloc *alloc, size_t limit)
{
    *a = (bb_arena){.alloc = alloc, .limit = limit};
}

static bb_chunk *new_chunk(bb_arena *a, size_t least)
{
    size_t size = least > CHUNK_SIZE ? least : CHUNK_SIZE;
    if (size > SIZE_MAX - sizeof(bb_chunk)) return NULL;
    bb_chunk *c = a->alloc->get(a->alloc->ctx, sizeof *c + size);
    if (!c) return NULL;
    *c = (bb_chunk){.size = size};
    return c;
}

static bb_chunk *add_chunk(bb_arena *a, size_t need)
{
    bb_chunk *c = new_chunk(a, need);
    if (!c) return NULL;
    /* a large object gets a chunk behind the current one, which keeps its room for small ones */
    bool beside = a->chunks && need > CHUNK_SIZE / 4 && c->size == need;
    bb_chunk **at = beside ? &a->chunks->next : &a->chunks;
    c->next = *at;
    *at = c;
    return c;
}

static void clean(bb_chunk *c, size_t need)
{
    size_t room = c->size - c->used, n = need > CLEAN_SIZE ? need : CLEAN_SIZE < room ? CLEAN_SIZE : room;
    memset(c->bytes + c->used, 0, n);
    c->clean = c->used + n;
}

/* SIZE_MAX, which no arena has, for what is too large to be rounded. */
static size_t rounded(size_t n)
{
    return n > SIZE_MAX - ALIGN ? SIZE_MAX : (n + ALIGN - 1) / ALIGN * ALIGN;
}

/* The chunk that has room for `need` more bytes. */
static inline bb_chunk *with_room(bb_arena *a, size_t need)
{
    bb_chunk *c = a->chunks;
    if (need > a->limit - a->used) c = NULL;
    else if (!c || c->size - c->used < need) c = add_chunk(a, need);
    if (!c) a->failed = true;
    return c;
}

static inline void *take(bb_arena *a, bb_chunk *c, size_t need)
{
    void *p = c->bytes + c->used;
    c->used += need;
    a->used += need;
    return p;
}

void *bb_get(bb_arena *a, size_t n)
{
    size_t need = rounded(n);
    bb_chunk *c = with_room(a, need);
    if (!c) return NULL;
    if (c->clean < c->used + need) clean(c, need);
    return take(a, c, need);
}

void *bb_regrow(bb_arena *a, void *old, size_t had, size_t n)
{
    size_t held = rounded(had), need = rounded(n);
    bb_chunk *c = a->chunks;
    bool last = old && (char *)old + held == c->bytes + c->used;
    if (last && need - held <= c->size - c->used && need - held <= a->limit - a->used) {
        take(a, c, need - held);
        return old;
    }
    c = with_room(a, need);
    if (!c) return NULL;
    void *p = take(a, c, need);
    if (old) memcpy(p, old, had);
    return p;
}

void *bb_get_array(bb_arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n)) {
        a->failed = true;
        return NULL;
    }
    return bb_get(a, n);
}

static void free_chunks(bb_arena *a, bb_chunk *c)
{
    while (c) {
        bb_chunk *next = c->next;
        a->alloc->put(a->alloc->ctx, c);
        c = next;
    }
}

void bb_arena_reset(bb_arena *a)
{
    bb_chunk *keep = a->chunks;
    if (keep) {
        free_chunks(a, keep->next);
        keep->next = NULL;
        keep->used = keep->clean = 0;
        if (keep->size > 16 * CHUNK_SIZE) {
            free_chunks(a, keep);
            a->chunks = NULL;
        }
    }
    a->used = 0;
    a->failed = false;
}

void bb_arena_free(bb_arena *a)
{
    free_chunks(a, a->chunks);
    a->chunks = NULL;
    a->used = 0;
}

bb_str bb_cat(bb_arena *a, bb_str x, bb_str y, bb_str z)
{
    if (x.n > SIZE_MAX / 4 || y.n > SIZE_MAX / 4 || z.n > SIZE_MAX / 4) return (bb_str){0};
    char *p = bb_get(a, x.n + y.n + z.n + 1);
    if (!p) return (bb_str){0};
    if (x.n) memcpy(p, x.p, x.n);
    if (y.n) memcpy(p + x.n, y.p, y.n);
    if (z.n) memcpy(p + x.n + y.n, z.p, z.n);
    return (bb_str){p, x.n + y.n + z.n};
}

bb_str bb_dup(bb_arena *a, bb_str s)
{
    if (s.n == SIZE_MAX) return (bb_str){0};
    char *p = bb_get(a, s.n + 1);
    if (!p) return (bb_str){0};
    if (s.n) memcpy(p, s.p, s.n);
    return (bb_str){p, s.n};
}

bb_str bb_lowered(bb_arena *a, bb_str s)
{
    size_t i = 0;
    while (i < s.n && (unsigned char)(s.p[i] - 'A') >= 26) i++;
    if (i == s.n) return s;
    char *p = bb_get(a, s.n + 1);
    if (!p) return (bb_str){0};
    for (i = 0; i < s.n; i++) p[i] = bb_lower(s.p[i]);
    return (bb_str){p, s.n};
}

bb_str bb_sprintf(bb_arena *a, const char *fmt, ...)
{
    char small[256]; /* nearly always enough */
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, fmt, args);
    char *p = n < 0 ? NULL : bb_get(a, (size_t)n + 1);
    if (p && (size_t)n < sizeof small) memcpy(p, small, (size_t)n + 1);
    else if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return p ? (bb_str){p, (size_t)n} : (bb_str){0};
}

void *bb_push(bb_arena *a, void **array, size_t *n, size_t *cap, size_t size)
{
    if (*n == *cap) {
        size_t more = *cap ? *cap * 2 : 4;
        size_t bytes;
        if (__builtin_mul_overflow(more, size, &bytes)) bytes = SIZE_MAX;
        void *grown = bb_regrow(a, *array, *n * size, bytes);
        if (!grown) return NULL;
        *array = grown;
        *cap = more;
    }
    return memset((char *)*array + (*n)++ * size, 0, size); /* there may have been one before */
}
