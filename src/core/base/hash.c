/* SPDX-License-Identifier: MIT
 *
 * BLAKE2b with a digest of BB_HASH_LEN octets.
 */
#include "core/base/base.h"

#include <sodium.h>
#include <string.h>

#define ALIGNED _Alignof(crypto_generichash_blake2b_state)

_Static_assert(sizeof(crypto_generichash_blake2b_state) + ALIGNED <= sizeof(bb_hasher), "bb_hasher holds the state");

/* Aligned here and not by the type: an arena gives less than libsodium asks for, and so do stacks that sanitizers made. */
static crypto_generichash_blake2b_state *state(bb_hasher *h)
{
    size_t over = (uintptr_t)h->state % ALIGNED;
    return (crypto_generichash_blake2b_state *)(void *)(h->state + (over ? ALIGNED - over : 0));
}

void bb_hash_init(bb_hasher *h)
{
    crypto_generichash_blake2b_init(state(h), NULL, 0, BB_HASH_LEN);
}

void bb_hash_put(bb_hasher *h, bb_str s)
{
    if (s.n) crypto_generichash_blake2b_update(state(h), (const unsigned char *)s.p, s.n);
}

void bb_hash_field(bb_hasher *h, bb_str s)
{
    unsigned char field[200]; /* most go in at once */
    const size_t length = 8;
    bool fits = s.n <= sizeof field - length;
    for (size_t i = 0; i < length; i++) field[i] = (unsigned char)((uint64_t)s.n >> (8 * i));
    if (fits && s.n) memcpy(field + length, s.p, s.n);
    crypto_generichash_blake2b_update(state(h), field, length + (fits ? s.n : 0));
    if (!fits) bb_hash_put(h, s);
}

bb_hash bb_hash_end(bb_hasher *h)
{
    bb_hash out;
    crypto_generichash_blake2b_final(state(h), out.b, sizeof out.b);
    return out;
}

bool bb_hash_eq(const bb_hash *a, const bb_hash *b)
{
    return memcmp(a->b, b->b, BB_HASH_LEN) == 0;
}

void bb_hash_hex(const bb_hash *h, char out[2 * BB_HASH_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < BB_HASH_LEN; i++) {
        out[2 * i] = digits[h->b[i] >> 4];
        out[2 * i + 1] = digits[h->b[i] & 0xF];
    }
    out[2 * BB_HASH_LEN] = '\0';
}
