/* SPDX-License-Identifier: MIT
 *
 * A batch handed to the store as a command does it: under the lists' policies, now, and again where nobody knows
 * what became of it.
 */
#include "app/cli/cli.h"

#define TRIES 3 /* keys make a batch idempotent: giving it again is safe */

bool cli_apply(cli *c, bb_arena *a, bb_item *items, size_t n, bb_batch *out)
{
    *out = (bb_batch){.items = items,
                      .n = n,
                      .policy = cli_policy,
                      .policy_ctx = c,
                      .now = c->now,
                      .rules_version = BB_RULES_VERSION};
    for (int tries = 0; n && tries < TRIES; tries++) {
        if (bb_store_apply(c->store, a, out, &c->err)) return true;
        if (c->err.code != BB_EUNKNOWN) return false;
    }
    return !n;
}
