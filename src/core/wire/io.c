/* SPDX-License-Identifier: MIT
 *
 * Lines in and out. What comes in may be cut anywhere; what goes out is neutered here and nowhere else.
 */
#include <assert.h>
#include <string.h>

#include "core/wire/internal.h"

/* ---- out ---------------------------------------------------------------------------------------- */

bool wire_output_init(wire_output *o, bb_arena *a)
{
    *o = (wire_output){.p = bb_get(a, WIRE_OUTPUT_MAX)};
    return o->p != NULL;
}

bool wire_has_room(wire_output *o, size_t n)
{
    if (n > WIRE_OUTPUT_MAX - o->to && o->from) {
        memmove(o->p, o->p + o->from, o->to - o->from);
        o->to -= o->from;
        o->from = 0;
    }
    return n <= WIRE_OUTPUT_MAX - o->to;
}

void wire_put(wire_output *o, bb_str s)
{
    bool room = wire_has_room(o, s.n);
    assert(room);
    if (!room || !s.n) return;
    memcpy(o->p + o->to, s.p, s.n);
    o->to += s.n;
}

void wire_put_text(wire_output *o, bb_str s, size_t max)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0, n = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = c >= ' ' && c < 0x7F;
        char escaped[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
        size_t width = plain ? 1 : sizeof escaped;
        if (width > max - n) return;
        wire_put(o, plain ? (bb_str){s.p + i, 1} : (bb_str){escaped, sizeof escaped});
        n += width;
    }
}

void wire_sent(wire_output *o, size_t n)
{
    assert(n <= o->to - o->from);
    o->from += n;
    if (o->from == o->to) o->from = o->to = 0;
}

/* ---- in ----------------------------------------------------------------------------------------- */

bool wire_input_init(wire_input *w, bb_arena *a, size_t max)
{
    *w = (wire_input){.p = bb_get(a, max), .max = max};
    return w->p != NULL;
}

static void keep(wire_input *w, bb_str part)
{
    if (w->skipping || part.n > w->max - w->n) {
        w->skipping = true;
        w->n = 0;
        return;
    }
    if (part.n) memcpy(w->p + w->n, part.p, part.n);
    w->n += part.n;
}

wire_taken wire_take_line(wire_input *w, bb_str *in, bb_str *line)
{
    size_t end = bb_chr(*in, '\n');
    if (end == BB_NPOS) {
        keep(w, *in);
        *in = bb_sub(*in, in->n, BB_NPOS);
        return WIRE_PART;
    }
    bb_str whole = bb_sub(*in, 0, end + 1);
    *in = bb_sub(*in, end + 1, BB_NPOS);
    if (w->n || w->skipping || whole.n > w->max) {
        keep(w, whole);
        whole = (bb_str){w->p, w->n};
    }
    bool skipped = w->skipping;
    w->skipping = false;
    w->n = 0;
    if (skipped) return WIRE_LONG;
    *line = bb_sub(whole, 0, whole.n - 1);
    return WIRE_LINE;
}

bool wire_has_control(bb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\t') || c == 0x7F) return true;
    }
    return false;
}
