/* SPDX-License-Identifier: MIT
 *
 * Exim before its DSN parts (4.86), and those who build on it: X-Failed-Recipients, and a list of
 * indented addresses with what happened indented deeper.
 */
#include "core/report/internal.h"

bool bb_fmt_exim(bb_ctx *c)
{
    bb_str text = c->r->text;
    bool signed_so = bb_ifind(text, BB_S("message was created automatically by mail delivery software")) != BB_NPOS;
    bool failed = bb_field_get(c->m->root, "X-Failed-Recipients") != NULL;
    if ((!signed_so && !failed) || !bb_announces(c)) return false;
    bb_str list = bb_between(text, "address(es) failed:", NULL);
    if (bb_empty(list)) list = bb_between(text, "not yet been delivered is:", "No action is required");
    if (bb_empty(list)) list = bb_between(text, "not yet been delivered are:", "No action is required");
    if (bb_empty(list) && !failed) return false; /* others borrow the sentence */
    bb_rows_failed_header(c);
    if (c->r->n_rcpts == 0) bb_rows_from_blocks(c, list);
    return c->r->n_rcpts > 0;
}
