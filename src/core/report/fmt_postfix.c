/* SPDX-License-Identifier: MIT
 *
 * Postfix before 2.3 and where its DSN part got lost: "<address>: what happened", one paragraph each.
 */
#include "core/report/internal.h"

bool bb_fmt_postfix(bb_ctx *c)
{
    bb_str text = c->r->text;
    size_t at = bb_find(text, BB_S("his is the mail system at host "));
    if (at == BB_NPOS) at = bb_find(text, BB_S(" program at host "));
    if (at == BB_NPOS || !bb_announces(c)) return false;
    bb_str host = bb_sub(text, at, BB_NPOS);
    c->r->reporting_mta = bb_host_token(bb_sub(host, bb_find(host, BB_S("host ")) + 5, BB_NPOS));
    /* The list follows the signature, "The mail system" or "The Postfix program" on a line of its own. */
    bb_str list = bb_between(text, "\tThe ", NULL);
    if (bb_empty(list)) list = bb_between(text, "   The mail system", NULL);
    bb_rows_failed_header(c);
    bb_rows_from_blocks(c, bb_empty(list) ? text : list);
    return c->r->n_rcpts > 0;
}
