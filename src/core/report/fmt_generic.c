/* SPDX-License-Identifier: MIT
 *
 * Reports in nobody's known form: they announce a failure in their own words, and the addresses that
 * those words present as failed are the recipients.
 */
#include "core/report/internal.h"

/* Words alone can be anybody's ("your parcel could not be delivered"); what an SMTP server says, or the
 * message itself, or a list of addresses, only comes with a real report. */
static bool has_evidence(bb_ctx *c)
{
    bb_reply reply;
    bb_block block;
    bb_str words = bb_sub(c->r->text, 0, BB_ANNOUNCED_WITHIN);
    if (c->returned || (bb_reply_find(words, &reply) && reply.code >= 400)) return true;
    while (bb_block_next(&words, &block))
        if (!bb_is_not_rcpt(c, block.address)) return true;
    return false;
}

bool bb_fmt_generic(bb_ctx *c)
{
    if (!bb_announces(c)) return false;
    bool daemon = c->signs & BB_SIGN_DAEMON && !(c->signs & BB_SIGN_SENDER); /* anybody can call himself so */
    bool vouched = daemon || c->signs & (BB_SIGN_NULL_SENDER | BB_SIGN_DSN);
    if (!vouched && !has_evidence(c)) return false;
    bb_rows_failed_header(c);
    if (c->r->n_rcpts == 0) bb_mentions_add(c, c->r->text);
    return c->r->n_rcpts > 0 || vouched;
}
