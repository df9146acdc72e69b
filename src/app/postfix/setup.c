/* SPDX-License-Identifier: MIT
 *
 * bouncebox postfix setup: the configuration as it would be without us, filled by a mode. So a second setup changes
 * nothing, and another mode takes the place of the one before.
 */
#include <string.h>

#include "app/postfix/plan.h"

/* What is asked for, else the one that is set up. */
static bool choose_mode(const plan *p, const postfix_mode **out)
{
    cli *c = p->c;
    bb_str there = postfix_text_mode(p->files[PLAN_MAIN].before);
    const char *name = cli_value(c, "mode"), *names[16] = {0};
    bb_buf all = bb_buf_in(&c->arena, 1000);
    if (!name && there.n) name = bb_dup(&c->arena, there).p;
    if (!name) name = postfix_modes[0].name;
    for (size_t i = 0; i < postfix_modes_count && i + 1 < BB_COUNT(names); i++) {
        names[i] = postfix_modes[i].name;
        bb_putf(&all, "%s%s", i ? ", " : "", names[i]);
        *out = &postfix_modes[i];
        if (strcmp(names[i], name) == 0) return true;
    }
    return bb_fail(&c->err, BB_EUSAGE, "there is no mode \"%s\"%s; there are " BB_FMT, name,
                   cli_did_you_mean(c, name, names), BB_ARG(bb_buf_str(&all)));
}

/* Where the daemon is asked, as --policy says, or else the home. */
static bool add_policy(plan *p, const postfix_home *h)
{
    cli *c = p->c;
    const char *given = cli_value(c, "policy");
    bb_str rest = given ? bb_cstr(given) : h->policy, socket;
    if (!bb_trim(rest).n || bb_eq(rest, BB_S("none"))) return true;
    bb_str all = rest;
    if (postfix_socket(c, &p->base, &rest, &socket)) return postfix_policy(p, socket);
    return bb_fail(&c->err, BB_ECONFIG,
                   "policy = " BB_FMT
                   ": Postfix's chrooted programs reach sockets below their queue directory only; let it be "
                   "unix:" BB_FMT "/private/bouncebox-policy, or give --policy none",
                   BB_ARG(all), BB_ARG(postfix_value(&p->base, "queue_directory")));
}

int cmd_postfix_setup(cli *c)
{
    plan p;
    postfix_home h;
    const postfix_mode *mode = NULL;
    if (!postfix_home_read(c, &h) || !plan_begin(c, &p) || !choose_mode(&p, &mode) || !mode) return cli_fail(c);
    p.mode = bb_cstr(mode->name);
    if (!mode->fill(&p, &h) || !add_policy(&p, &h) || !plan_end(&p)) return cli_fail(c);
    return plan_finish(&p, "nothing to do: Postfix is set up like that already");
}
