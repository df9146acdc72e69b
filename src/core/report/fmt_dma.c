/* SPDX-License-Identifier: MIT
 *
 * DragonFly Mail Agent: one mail a recipient, whom its X-Original-To names, too.
 */
#include "core/report/internal.h"

bool bb_fmt_dma(bb_ctx *c)
{
    bb_str text = c->r->text;
    size_t at = bb_find(text, BB_S("This is the DragonFly Mail Agent"));
    if (at == BB_NPOS || !bb_announces(c)) return false;
    size_t host = bb_find(text, BB_S(" at "));
    if (host != BB_NPOS) c->r->reporting_mta = bb_host_token(bb_sub(text, host + 4, BB_NPOS));
    bb_str about = bb_sub(text, bb_find(text, BB_S("delivering your mail to ")), BB_NPOS);
    bb_rcpt_report *row = bb_row(c, bb_address_find(about, NULL));
    if (!row) return false;
    bb_row_words(c, row, bb_between(about, "delivering your mail to ", NULL));
    return true;
}
