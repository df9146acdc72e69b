/* SPDX-License-Identifier: MIT
 *
 * Courier without its DSN part: "<address>:" and the transcript of the session under it.
 */
#include "core/report/internal.h"

bool bb_fmt_courier(bb_ctx *c)
{
    bb_str text = c->r->text;
    if (bb_find(text, BB_S("running the Courier mail server")) == BB_NPOS || !bb_announces(c)) return false;
    size_t at = bb_find(text, BB_S("notification from "));
    if (at != BB_NPOS) c->r->reporting_mta = bb_host_token(bb_sub(text, at + 18, BB_NPOS));
    bb_rows_from_blocks(c, text);
    return c->r->n_rcpts > 0;
}
