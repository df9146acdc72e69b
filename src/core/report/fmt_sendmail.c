/* SPDX-License-Identifier: MIT
 *
 * Sendmail before and without its DSN part, back to version 5: lists between ruled headings, and the
 * transcript of the session.
 */
#include "core/report/internal.h"

/* Where there is no list, the transcript's own verdicts name the recipients. */
static void read_verdicts(bb_ctx *c)
{
    bb_exchange *said;
    size_t n = bb_transcript_read(c, c->r->text, &said);
    for (size_t i = 0; i < n; i++)
        if (!bb_empty(said[i].about) && said[i].code >= 400 && !bb_is_not_rcpt(c, said[i].about))
            bb_row(c, said[i].about);
}

bool bb_fmt_sendmail(bb_ctx *c)
{
    bb_str text = c->r->text;
    bb_str transcript = bb_between(text, "- Transcript of session follows -", NULL);
    bb_str list = bb_between(text, "- The following addresses ", "- Transcript of session");
    if ((bb_empty(transcript) && bb_empty(list)) || !bb_announces(c)) return false;
    bb_rows_failed_header(c);
    bb_rows_from_blocks(c, list);
    if (c->r->n_rcpts == 0) read_verdicts(c);
    if (c->r->n_rcpts == 0) bb_mentions_add(c, text);
    return c->r->n_rcpts > 0;
}
