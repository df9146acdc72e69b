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
    if (!(c->text_says & BB_SAYS_CHALLENGE)) return false;
    c->r->type = BB_REPORT_CHALLENGE;
    bb_row(c, c->from);
    return true;
}
