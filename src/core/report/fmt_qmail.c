/* SPDX-License-Identifier: MIT
 *
 * qmail-send bounce messages (QSBMF): an introduction, then paragraphs "<address>:" and what happened.
 */
#include "core/report/internal.h"

bool bb_fmt_qmail(bb_ctx *c)
{
    bb_str text = c->r->text;
    bool introduced = bb_istarts(bb_trim(text), BB_S("Hi. This is the"));
    bool subject = bb_ieq(c->r->subject, BB_S("failure notice"));
    if ((!introduced && !subject) || !bb_announces(c)) return false;
    size_t at = bb_find(text, BB_S(" program at "));
    if (introduced && at != BB_NPOS) c->r->reporting_mta = bb_host_token(bb_sub(text, at + 12, BB_NPOS));
    bb_rows_failed_header(c);
    bb_block block;
    while (bb_block_next(c, &text, &block)) {
        if (!bb_starts(block.text, BB_S(":"))) continue;
        bb_rcpt_report *row = bb_row(c, block.address);
        if (row) bb_row_words(c, row, block.text);
    }
    return c->r->n_rcpts > 0;
}
