/* SPDX-License-Identifier: MIT
 *
 * Complaints: abuse feedback reports (RFC 5965, RFC 6591), and the older form of one large provider that
 * sends the message back with a header of its own.
 */
#include "core/report/internal.h"

static void read_feedback(bb_ctx *c, const bb_part *p)
{
    bb_str text = bb_part_text(c->m, p);
    bb_report *r = c->r;
    /* Empty lines within the fields are against RFC 5965 section 3, and there are such. */
    for (int blocks = 0; blocks < 8 && text.n; blocks++) {
        bb_str before = text;
        for (const bb_field *f = bb_fields_read(c->m, &text); f; f = f->next) {
            bb_str value = bb_value_unfold(c->m, f->value);
            if (bb_ieq(f->name, BB_S("Feedback-Type"))) r->feedback_type = bb_lowered(c->a, value);
            if (bb_ieq(f->name, BB_S("Reporting-MTA")))
                r->reporting_mta = bb_host_token(bb_trim(bb_sub(value, bb_chr(value, ';') + 1, BB_NPOS)));
            if (bb_ieq(f->name, BB_S("Original-Envelope-Id"))) r->envelope_id = value;
            if (bb_ieq(f->name, BB_S("Original-Rcpt-To")) || bb_ieq(f->name, BB_S("Removal-Recipient"))) {
                bb_rcpt_report *row = bb_row(c, value);
                if (row) row->original = row->recipient; /* the complaint itself names him */
            }
        }
        if (text.n == before.n) break;
    }
}

/* Where the complaint itself names nobody, it is about whom the message went to; To may be the list's own address. */
static void read_returned(bb_ctx *c)
{
    static const char *const fields[] = {"X-HmXmrOriginalRecipient", "X-Original-To", "Delivered-To", "To"};
    for (size_t i = 0; i < BB_COUNT(fields) && c->returned && c->r->n_rcpts == 0; i++) {
        bb_str address = bb_address_clean(c, bb_field_raw(c->m, c->returned, fields[i]));
        if (!bb_empty(address) && !bb_is_not_rcpt(c, address)) bb_row(c, address);
    }
}

bool bb_fmt_arf(bb_ctx *c)
{
    const bb_part *feedback = bb_own_part(c, "message/feedback-report");
    bool old = c->returned && bb_ieq(c->from, BB_S("staff@hotmail.com")) &&
               bb_istarts(c->r->subject, BB_S("complaint about message from"));
    if (!feedback && !old) return false;
    c->r->type = BB_REPORT_COMPLAINT;
    if (feedback) read_feedback(c, feedback);
    if (bb_empty(c->r->feedback_type)) c->r->feedback_type = BB_S("abuse");
    read_returned(c);
    return true;
}
