/* SPDX-License-Identifier: MIT
 *
 * Reports in nobody's known form: they announce a failure in their own words, and the addresses that
 * those words present as failed are the recipients.
 */
#include "core/report/internal.h"

/* Words alone can be anybody's ("your parcel could not be delivered"). */
bool bb_fmt_generic(bb_ctx *c)
{
    if (!bb_announces(c)) return false;
    bool daemon = c->signs & BB_SIGN_DAEMON && !(c->signs & BB_SIGN_SENDER); /* anybody can call himself so */
    bool vouched = daemon || c->signs & (BB_SIGN_NULL_SENDER | BB_SIGN_DSN);
    bool evidence = bb_has_evidence(c);
    if (!evidence && (!daemon || c->signs & BB_SIGN_AUTO)) return false;
    bb_rows_failed_header(c);
    if (c->r->n_rcpts == 0) bb_mentions_add(c, c->r->text);
    return c->r->n_rcpts > 0 || (vouched && evidence);
}
