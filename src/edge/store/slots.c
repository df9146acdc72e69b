/* SPDX-License-Identifier: MIT
 *
 * Which items of one batch speak of the same thing.
 */
#include <stdlib.h>

#include "edge/store/internal.h"

typedef struct {
    const bb_slot_key *key;
    size_t at;
} entry;

static int by_key(const entry *x, const entry *y)
{
    if (x->key->number != y->key->number) return x->key->number < y->key->number ? -1 : 1;
    return bb_cmp(x->key->text, y->key->text);
}

static int by_key_then_place(const void *left, const void *right)
{
    const entry *x = left, *y = right;
    int order = by_key(x, y);
    if (order) return order;
    return (x->at > y->at) - (x->at < y->at);
}

size_t *bb_slots(bb_arena *a, const bb_slot_key *keys, size_t n, size_t *n_slots)
{
    entry *sorted = bb_get_array(a, n, sizeof *sorted);
    size_t *slots = bb_get_array(a, n, sizeof *slots);
    if (!sorted || !slots) return NULL;
    for (size_t i = 0; i < n; i++) sorted[i] = (entry){&keys[i], i};
    if (n) qsort(sorted, n, sizeof *sorted, by_key_then_place);
    for (size_t i = 0, first = 0; i < n; i++) { /* for now: the first place at which the key appears */
        if (by_key(&sorted[i], &sorted[first])) first = i;
        slots[sorted[i].at] = sorted[first].at;
    }
    *n_slots = 0;
    for (size_t i = 0; i < n; i++) slots[i] = slots[i] == i ? (*n_slots)++ : slots[slots[i]];
    return slots;
}
