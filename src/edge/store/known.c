/* SPDX-License-Identifier: MIT
 *
 * Which reports are known, and what a token has brought: for those who want to say beforehand what storing more would
 * change.
 */
#include "edge/store/internal.h"

#define AT_ONCE 256

bool bb_store_known(bb_store *s, const bb_hash *keys, size_t n, bool *known, bb_err *err)
{
    bb_row_report rows[AT_ONCE];
    for (size_t from = 0, most; from < n; from += most) {
        most = n - from < AT_ONCE ? n - from : AT_ONCE;
        for (size_t i = 0; i < most; i++) rows[i] = (bb_row_report){.key = keys[from + i]};
        if (!s->driver->ops->find_reports(s->driver, rows, most, err)) return false;
        for (size_t i = 0; i < most; i++) known[from + i] = rows[i].id;
    }
    return true;
}

bool bb_store_tally(bb_store *s, bb_arena *a, bb_tally *t, bb_err *err)
{
    return bb_tally_stored(s->driver, a, t, err);
}
