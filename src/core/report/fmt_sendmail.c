/* SPDX-License-Identifier: MIT
 *
 * Sendmail before and without its DSN part, back to version 5: lists between ruled headings, and the
 * transcript of the session.
 */
#include "core/report/internal.h"

bool bb_fmt_sendmail(bb_ctx *c)
{
    bb_str text = c->r->text;
    bb_str transcript = bb_between(text, "- Transcript of session follows -", NULL);
    bb_str list = bb_between(text, "- The following addresses ", "- Transcript of session");
    if ((bb_empty(transcript) && bb_empty(list)) || !bb_announces(c)) return false;
    bb_rows_failed_header(c);
    bb_rows_from_blocks(c, list);
    if (c->r->n_rcpts == 0) bb_rows_from_transcript(c);
    if (c->r->n_rcpts == 0) bb_mentions_add(c, text);
    return c->r->n_rcpts > 0;
}
