/* SPDX-License-Identifier: MIT
 *
 * OpenSMTPD before its DSN part: "address: reply", one line each, in a list.
 */
#include "core/report/internal.h"

bool bb_fmt_opensmtpd(bb_ctx *c)
{
    bb_str text = c->r->text;
    if (bb_find(text, BB_S("This is the MAILER-DAEMON, please DO NOT REPLY to this e")) == BB_NPOS) return false;
    if (!bb_announces(c)) return false;
    bb_rows_from_blocks(c, bb_between(text, "list of recipients", NULL));
    return c->r->n_rcpts > 0;
}
