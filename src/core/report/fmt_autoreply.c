/* SPDX-License-Identifier: MIT
 *
 * Answering machines: RFC 3834, the marks that came before it, subjects in many languages, and replies
 * without any mark but the empty sender. A report of a failed delivery marks itself the same way and is
 * none of these.
 */
#include "core/report/internal.h"

static bool is_autoreply(const bb_ctx *c)
{
    unsigned signs = c->signs;
    if (signs & BB_SIGN_DSN) return false;
    unsigned said_there = bb_announced(c->r->subject);
    unsigned said_here = bb_announced(bb_sub(c->r->text, 0, BB_ANNOUNCED_WITHIN));
    bool away = said_there & BB_SAYS_AWAY && !(signs & BB_SIGN_LIST);
    bool answered = said_here & BB_SAYS_ANSWERED && !(signs & BB_SIGN_LIST);
    /* It may answer a bounce and repeat its subject; a mail system has no holidays. */
    if (away && !(signs & BB_SIGN_DAEMON)) return true;
    if (bb_announces(c)) return false;
    if (signs & BB_SIGN_AUTO || answered) return true;
    return signs & BB_SIGN_NULL_SENDER && !(signs & BB_SIGN_DAEMON) && !bb_empty(bb_trim(c->r->text));
}

bool bb_fmt_autoreply(bb_ctx *c)
{
    bb_str submitted = bb_field_raw(c->m, c->m->root, "Auto-Submitted");
    /* auto-generated is any machine's mail, auto-notified a sieve's about one (RFC 5436): no answers (RFC 3834 section 5) */
    bool replied = bb_empty(submitted) || bb_istarts(submitted, BB_S("auto-replied"));
    if (!replied || !is_autoreply(c)) return false;
    c->r->type = BB_REPORT_AUTOREPLY;
    bb_row(c, c->from);
    return true;
}
