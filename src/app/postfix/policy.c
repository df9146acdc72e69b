/* SPDX-License-Identifier: MIT
 *
 * The policy service of the daemon, asked by smtpd(8) at RCPT. It stands first, before any permit_*, so that nothing
 * permits what it refuses; it never permits anything itself. In a restriction class of its own, with a time limit and an
 * answer for when nobody answers: a daemon that is gone costs the server's other mail five seconds at most.
 */
#include "app/postfix/plan.h"

bool postfix_policy(plan *p, bb_str socket)
{
    bb_str entry = bb_sprintf(&p->c->arena, "check_policy_service { " BB_FMT ", timeout=5s, default_action=DUNNO }",
                              BB_ARG(socket));
    return plan_prepend(p, "smtpd_restriction_classes", BB_S(POSTFIX_POLICY_CLASS)) &&
           plan_set(p, POSTFIX_POLICY_CLASS, entry) &&
           plan_prepend(p, "smtpd_recipient_restrictions", BB_S(POSTFIX_POLICY_CLASS));
}
