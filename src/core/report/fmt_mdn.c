/* SPDX-License-Identifier: MIT
 *
 * Disposition notifications (RFC 8098): the reader's program tells what became of a message that arrived.
 */
#include "core/report/internal.h"

/* "manual-action/MDN-sent-manually; displayed": not what was deleted unread, refused or failed. */
static bool arrived(bb_str disposition)
{
    static const char *const types[] = {"displayed", "dispatched", "processed"};
    size_t at = bb_chr(disposition, ';');
    bb_str type = at == BB_NPOS ? (bb_str){0} : bb_trim(bb_sub(disposition, at + 1, BB_NPOS));
    for (size_t i = 0; i < BB_COUNT(types); i++)
        if (bb_begins(type, types[i])) return true;
    return false;
}

bool bb_fmt_mdn(bb_ctx *c)
{
    const bb_part *p = bb_own_part(c, "message/disposition-notification");
    if (!p) p = bb_own_part(c, "message/global-disposition-notification");
    if (!p) return false;
    c->r->type = BB_REPORT_RECEIPT;
    bb_str text = bb_part_text(c->m, p), original = {0}, final = {0};
    for (const bb_field *f = bb_fields_read(c->m, &text); f; f = f->next) {
        if (bb_ieq(f->name, BB_S("Original-Recipient"))) original = bb_address_clean(c, f->value);
        if (bb_ieq(f->name, BB_S("Disposition"))) c->r->arrived = arrived(bb_value_unfold(c->m, f->value));
        if (bb_ieq(f->name, BB_S("Final-Recipient"))) final = bb_address_clean(c, f->value);
    }
    bb_rcpt_report *row = bb_row(c, bb_empty(original) ? final : original);
    if (!row) return true;
    row->original = original;
    row->final = final;
    return true;
}
