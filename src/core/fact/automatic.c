/* SPDX-License-Identifier: MIT
 *
 * Whether somebody wrote a message, or a machine in answer to another one.
 */
#include "core/fact/internal.h"

/* "", or what delivery agents write for it: pipe(8) has "MAILER-DAEMON", others put a host behind. */
static bool is_null(bb_str sender)
{
    bb_str local = bb_sub(sender, 0, bb_rchr(sender, '@'));
    return !sender.n || bb_ieq(local, BB_S("MAILER-DAEMON"));
}

/* Bounces and their like have the null sender (RFC 5321 section 4.5.5); in a file, Return-Path tells (section 4.4). */
static bool has_null_sender(bb_mail *m, const bb_envelope *env)
{
    if (env->sender_known) return is_null(env->sender);
    const bb_field *f = bb_field_get(m->root, "Return-Path");
    bb_str value = f ? bb_value_unfold(m, f->value) : (bb_str){0};
    if (value.n > 1 && value.p[0] == '<' && value.p[value.n - 1] == '>') value = bb_sub(value, 1, value.n - 2);
    return f && is_null(value);
}

/* Anything but "no" (RFC 3834 section 5), behind which parameters may stand. */
static bool says_so(bb_mail *m)
{
    const bb_field *f = bb_field_get(m->root, "Auto-Submitted");
    bb_str value = f ? bb_value_unfold(m, f->value) : (bb_str){0};
    size_t end = 0;
    while (end < value.n && (bb_is_alnum(value.p[end]) || value.p[end] == '-')) end++;
    return f && !bb_ieq(bb_sub(value, 0, end), BB_S("no"));
}

bool bb_fact_is_automatic(bb_mail *m, const bb_message *msg)
{
    return msg->report.type != BB_REPORT_NONE || has_null_sender(m, &msg->envelope) || says_so(m);
}
