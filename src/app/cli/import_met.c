/* SPDX-License-Identifier: MIT
 *
 * Who was met in this run of an import, so that whoever stands in a file twice is told: a bit for each subscriber's
 * number, which keeps memory flat; a hash for each, where a rehearsal gives no numbers.
 */
#include <stdlib.h>

#include "app/cli/cmd_import.h"

#define FIRST_SLOTS 4096

struct met {
    unsigned char *bits;
    size_t n_bytes;
    uint64_t *slots; /* open addressing; 0: free */
    size_t n_slots, used;
};

met *met_new(void)
{
    return calloc(1, sizeof(met));
}

void met_free(met **m)
{
    if (!*m) return;
    free((*m)->bits);
    free((*m)->slots);
    free(*m);
    *m = NULL;
}

bool met_number(met *m, uint64_t subscriber, bool *before)
{
    size_t byte = (size_t)(subscriber / 8);
    unsigned bit = 1u << (subscriber % 8);
    if (byte >= m->n_bytes) {
        size_t n = byte + byte / 2 + FIRST_SLOTS;
        unsigned char *bits = realloc(m->bits, n);
        if (!bits) return false;
        for (size_t i = m->n_bytes; i < n; i++) bits[i] = 0;
        m->bits = bits;
        m->n_bytes = n;
    }
    *before = m->bits[byte] & bit;
    m->bits[byte] |= (unsigned char)bit;
    return true;
}

static uint64_t *slot_of(uint64_t *slots, size_t n, uint64_t hash)
{
    size_t i = (size_t)(hash % n);
    while (slots[i] && slots[i] != hash) i = i + 1 == n ? 0 : i + 1;
    return &slots[i];
}

static bool grow(met *m)
{
    size_t n = m->n_slots ? 2 * m->n_slots : FIRST_SLOTS;
    uint64_t *slots = calloc(n, sizeof *slots);
    if (!slots) return false;
    for (size_t i = 0; i < m->n_slots; i++)
        if (m->slots[i]) *slot_of(slots, n, m->slots[i]) = m->slots[i];
    free(m->slots);
    m->slots = slots;
    m->n_slots = n;
    return true;
}

bool met_has_hash(const met *m, uint64_t hash)
{
    return m->n_slots && *slot_of(m->slots, m->n_slots, hash + !hash);
}

bool met_hash(met *m, uint64_t hash)
{
    if (2 * m->used >= m->n_slots && !grow(m)) return false;
    uint64_t *slot = slot_of(m->slots, m->n_slots, hash + !hash);
    m->used += !*slot;
    *slot = hash + !hash;
    return true;
}
