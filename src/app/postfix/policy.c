/* SPDX-License-Identifier: MIT
 *
 * The policy service of the daemon, asked by smtpd(8) at RCPT. It stands first, before any permit_*, so that nothing
 * permits what it refuses; it never permits anything itself. In a restriction class of its own, with a time limit and an
 * answer for when nobody answers: a daemon that is gone costs the server's other mail five seconds at most.
 */
#include "app/postfix/plan.h"

/* Services with restrictions of their own do not look at main.cf's; what is handed in there is their owner's to say. */
static void tell_others(plan *p)
{
    for (size_t i = 0; i < p->base.n_services; i++) {
        const postfix_service *s = &p->base.services[i];
        for (size_t k = 0; k < s->n_arguments; k++)
            if (bb_starts(s->arguments[k], BB_S("smtpd_recipient_restrictions=")))
                plan_note(p,
                          "master.cf: the service " BB_FMT
                          " has restrictions of its own, so the policy service is not asked "
                          "there; put " POSTFIX_POLICY_CLASS " first in them if it shall be",
                          BB_ARG(s->name));
    }
}

bool postfix_policy(plan *p, bb_str socket)
{
    bb_str entry = bb_sprintf(&p->c->arena, "check_policy_service { " BB_FMT ", timeout=5s, default_action=DUNNO }",
                              BB_ARG(socket));
    tell_others(p);
    return plan_prepend(p, "smtpd_restriction_classes", BB_S(POSTFIX_POLICY_CLASS)) &&
           plan_set(p, POSTFIX_POLICY_CLASS, entry) &&
           plan_prepend(p, "smtpd_recipient_restrictions", BB_S(POSTFIX_POLICY_CLASS));
}
