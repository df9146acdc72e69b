/* SPDX-License-Identifier: MIT
 *
 * Disposition notifications (RFC 8098): the reader's program tells what became of a message that arrived.
 */
#include "core/report/internal.h"

bool bb_fmt_mdn(bb_ctx *c)
{
    const bb_part *p = bb_own_part(c, "message/disposition-notification");
    if (!p) p = bb_own_part(c, "message/global-disposition-notification");
    if (!p) return false;
    c->r->type = BB_REPORT_RECEIPT;
    bb_str text = bb_part_text(c->m, p), original = {0}, final = {0};
    for (const bb_field *f = bb_fields_read(c->m, &text); f; f = f->next) {
        if (bb_ieq(f->name, BB_S("Original-Recipient"))) original = bb_address_clean(c, f->value);
        if (bb_ieq(f->name, BB_S("Final-Recipient"))) final = bb_address_clean(c, f->value);
    }
    bb_rcpt_report *row = bb_row(c, bb_empty(original) ? final : original);
    if (!row) return true;
    row->original = original;
    row->final = final;
    return true;
}
