/* SPDX-License-Identifier: MIT
 *
 * map: numbers to numbers, by hashing; it grows in an arena, which keeps the smaller ones that it was.
 */
#include "core/classify/internal.h"

static bool resize(bb_map *m, size_t slots)
{
    bb_map bigger = {.arena = m->arena, .n = m->n, .shift = 32};
    bigger.slots = bb_get_array(m->arena, slots, sizeof *bigger.slots);
    if (!bigger.slots) return false;
    while ((size_t)1 << (32 - bigger.shift) < slots) bigger.shift--;
    for (size_t i = 0; m->slots && i < (size_t)1 << (32 - m->shift); i++)
        if (m->slots[i].value) *bb_map_slot(&bigger, m->slots[i].key) = m->slots[i];
    *m = bigger;
    return true;
}

bool bb_map_init(bb_map *m, bb_arena *a, size_t n)
{
    size_t slots = 64;
    while (slots / 2 < n && slots < (size_t)1 << 30) slots *= 2;
    *m = (bb_map){.arena = a};
    return resize(m, slots);
}

uint32_t *bb_map_put(bb_map *m, uint32_t key)
{
    size_t slots = (size_t)1 << (32 - m->shift);
    if (m->n >= slots / 2 && (slots >= (size_t)1 << 31 || !resize(m, slots * 2))) return NULL;
    bb_map_slot_at *slot = bb_map_slot(m, key);
    if (!slot->value) {
        slot->key = key;
        m->n++;
    }
    return &slot->value;
}
