/* SPDX-License-Identifier: MIT
 *
 * Reports in nobody's known form: they announce a failure in their own words, and the addresses that
 * those words present as failed are the recipients.
 */
#include "core/report/internal.h"

/* A mail system that says no more than that has nothing to sell: no link to follow, no file to open. */
static bool just_says(const bb_ctx *c)
{
    if (!bb_eq(c->m->root->type, BB_S("text/plain"))) return false;
    unsigned all = BB_SIGN_NULL_SENDER | BB_SIGN_DAEMON | BB_SIGN_SUBJECT | BB_SIGN_TEXT;
    return (c->signs & all) == all && !(c->signs & BB_SIGN_AUTO) && bb_find(c->r->text, BB_S("://")) == BB_NPOS;
}

/* "Your mailbox a@b is full" warns its owner. People write to themselves, too, and get a report as others do. */
static bool names_reader_only(bb_ctx *c)
{
    for (size_t i = 0; i < c->r->n_rcpts; i++)
        if (!bb_is_sender(c, bb_address_key(c, c->r->rcpts[i].recipient))) return false;
    return true;
}

/* Words alone can be anybody's ("your parcel could not be delivered"). */
bool bb_fmt_generic(bb_ctx *c)
{
    if (!bb_announces(c)) return false;
    bool form = c->returned || c->signs & BB_SIGN_DSN;
    bool daemon = c->signs & BB_SIGN_DAEMON && (form || !(c->signs & BB_SIGN_SENDER)); /* anybody can call himself so */
    bool vouched = daemon || c->signs & (BB_SIGN_NULL_SENDER | BB_SIGN_DSN);
    bool evidence = bb_has_evidence(c);
    if (!evidence && (!daemon || c->signs & BB_SIGN_AUTO)) return false;
    bb_rows_failed_header(c);
    bb_anatomy_add_rest(c);
    if (c->r->n_rcpts == 0) {
        bb_mentions_add(c, c->r->text);
        bb_rows_from_transcript(c);
    }
    if (c->r->n_rcpts == 0 && vouched) bb_rows_from_returned(c);
    if (c->r->n_rcpts > 0) return form || !names_reader_only(c) || just_says(c);
    if (!form || !evidence) return just_says(c);
    return vouched;
}
