/* SPDX-License-Identifier: MIT
 *
 * map: numbers to numbers, by hashing; it grows in an arena, which keeps the smaller ones that it was.
 */
#include "core/classify/internal.h"

static bool resize(bb_map *m, unsigned bits)
{
    bb_map bigger = {.arena = m->arena, .n = m->n, .shift = 32 - bits};
    bigger.slots = bb_get_array(m->arena, bb_map_slots(&bigger), sizeof *bigger.slots);
    if (!bigger.slots) return false;
    for (size_t i = 0; m->slots && i < bb_map_slots(m); i++)
        if (m->slots[i].value) *bb_map_slot(&bigger, m->slots[i].key) = m->slots[i];
    *m = bigger;
    return true;
}

bool bb_map_init(bb_map *m, bb_arena *a, size_t n)
{
    unsigned bits = 4;
    while ((size_t)1 << bits < 2 * n && bits < 30) bits++;
    *m = (bb_map){.arena = a};
    return resize(m, bits);
}

bool bb_map_grow(bb_map *m)
{
    return m->shift > 1 && resize(m, 33 - m->shift);
}
