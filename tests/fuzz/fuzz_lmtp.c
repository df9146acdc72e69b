/* SPDX-License-Identifier: MIT
 *
 * Fuzz: what a client of LMTP may send. Output and events are the same however the bytes come, output lines are short
 * and neutral, memory is bounded, and after the end nothing of it is left.
 *
 * The first byte: how the bytes come and what is done with large messages. The second: how large they may be.
 */
#include <string.h>

#include "fuzz.h"
#include "tap.h"
#include "wire.h"

/* Chunks of the arenas, buffers, and what an input of 64 KiB can make of itself. */
#define MEMORY_MAX ((size_t)4 << 20)

static size_t live, peak;

static void *get(void *ctx, size_t n)
{
    (void)ctx;
    size_t *p = malloc(sizeof(max_align_t) + n);
    if (!p) return NULL;
    *p = n;
    live += n;
    if (live > peak) peak = live;
    return (char *)p + sizeof(max_align_t);
}

static void put(void *ctx, void *p)
{
    (void)ctx;
    if (!p) return;
    size_t *start = (void *)((char *)p - sizeof(max_align_t));
    live -= *start;
    free(start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {1, 2, 3, 7};
    const bb_alloc alloc = {get, put, NULL};
    bb_lmtp_options o = bb_lmtp_defaults;
    unsigned how = size ? data[0] : 0;
    bb_str in = bb_sub((bb_str){(const char *)data, size}, 2, BB_NPOS);
    o.beyond = (bb_lmtp_oversize)((how >> 4) % 3);
    o.line_max = 512;
    if (size > 1 && data[1]) o.size_max = data[1];
    wire_way whole = {.lmtp = &o, .alloc = &alloc};
    wire_way pieces = {.lmtp = &o, .alloc = &alloc, .step = steps[how & 3], .late = how & 4, .backwards = how & 8};
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    peak = 0;
    wire_talk x = wire_lmtp(&a, in, &whole);
    MUST(live == 0);
    wire_talk y = wire_lmtp(&a, in, &pieces);
    MUST(live == 0 && peak <= MEMORY_MAX);
    MUST(x.closed && y.closed && x.waited <= (size_t)16 << 10 && y.waited <= (size_t)16 << 10);
    MUST(bb_eq(x.output, y.output) && bb_eq(x.events, y.events));
    MUST(wire_is_neutral(x.output, "\r\n"));
    MUST(!a.failed);
    bb_arena_free(&a);
    return 0;
}
