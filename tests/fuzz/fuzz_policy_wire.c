/* SPDX-License-Identifier: MIT
 *
 * Fuzz: what a client of the policy protocol may send. Output and events are the same however the bytes come, output
 * lines are short and neutral. The first byte is how the bytes come.
 */
#include "fuzz.h"
#include "tap.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {1, 2, 3, 7};
    unsigned how = size ? data[0] : 0;
    bb_str in = bb_sub((bb_str){(const char *)data, size}, 1, BB_NPOS);
    bb_policyd_options o = {.line_max = 512, .request_max = 1024, .timeout = 1, .idle = 1};
    wire_way whole = {.policy = &o}, pieces = {.policy = &o, .step = steps[how & 3], .late = how & 4};
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    wire_talk x = wire_policy(&a, in, &whole), y = wire_policy(&a, in, &pieces);
    MUST(x.closed && y.closed && x.waited <= (size_t)16 << 10 && y.waited <= (size_t)16 << 10);
    MUST(bb_eq(x.output, y.output) && bb_eq(x.events, y.events));
    MUST(wire_is_neutral(x.output, "\n"));
    MUST(!a.failed);
    bb_arena_free(&a);
    return 0;
}
