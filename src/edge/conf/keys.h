/* SPDX-License-Identifier: MIT
 *
 * keys: the file of the secrets that sign return paths.
 *
 * One line a key: id, secret (64 hexadecimal digits), when it was made, "active" or "retired"; ids rise and are never
 * used again, so a retired key keeps its line. A file that others may read is refused, not repaired:
 * whoever could read it could forge.
 * Ownership  plain values; whoever is done with them calls bb_keys_wipe. Errors: bb_err with file and line.
 */
#ifndef BB_EDGE_KEYS_H
#define BB_EDGE_KEYS_H

#include "core/verp/verp.h"

#define BB_KEYS_MAX 255

typedef struct {
    bb_key keys[BB_KEYS_MAX]; /* by id */
    size_t n;
} bb_keys;

bool bb_keys_read(const char *path, bb_keys *out, bb_err *err) BB_MUST_USE;
bool bb_keys_write(const char *path, const bb_keys *keys, bb_err *err) BB_MUST_USE;
/* Adds a new random key behind the others; it signs from now on. */
bool bb_keys_add(bb_keys *keys, bb_time now, bb_err *err) BB_MUST_USE;
/* What it signed is believed no more. The only key that could sign cannot be retired. */
bool bb_keys_retire(bb_keys *keys, uint64_t id, bb_err *err) BB_MUST_USE;
bb_keyring bb_keys_ring(const bb_keys *keys);
void bb_keys_wipe(bb_keys *keys);

#endif
