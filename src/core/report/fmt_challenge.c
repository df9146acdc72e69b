/* SPDX-License-Identifier: MIT
 *
 * Challenges: a filter holds the message until its sender shows that he is a person.
 */
#include "core/report/internal.h"

bool bb_fmt_challenge(bb_ctx *c)
{
    if (c->signs & (BB_SIGN_LIST | BB_SIGN_DSN)) return false;
    if (c->signs & BB_SIGN_DAEMON && bb_announces(c))
        return false; /* a refusal may tell its sender to prove himself, too */
    bb_str text = bb_sub(c->r->text, 0, BB_ANNOUNCED_WITHIN);
    if (!(bb_announced(text) & BB_SAYS_CHALLENGE)) return false;
    c->r->type = BB_REPORT_CHALLENGE;
    bb_row(c, c->from);
    return true;
}
