/* SPDX-License-Identifier: MIT
 *
 * explain: why somebody has the status that he has. The facts are folded once more, here and now, so what is told is
 * what the policy made of each, and a kept status that the fold does not give is told too.
 */
#include <unistd.h>

#include "app/cli/cmd_explain.h"

/* ---- the raw message ------------------------------------------------------------------------------------------ */

/* To a terminal only what does no harm there. */
static void put_lines(cli *c, bb_str bytes)
{
    bb_str line;
    bb_arena a;
    bb_arena_init(&a, &bb_os_alloc, BB_ARENA_LIMIT);
    while (bb_line(&bytes, &line) && !cli_output_gone()) {
        bb_arena_reset(&a);
        cli_put(c, bb_safe(&a, line, line.n));
        cli_print(c, "\n");
    }
    bb_arena_free(&a);
}

static int put_raw(cli *c)
{
    uint64_t report = 0;
    bb_str bytes;
    if (c->n_args) return cli_usage(c, "--raw prints one report and takes no subscriber");
    if (!cli_number(c, "raw", INT64_MAX, &report) || !bb_store_evidence(c->store, &c->arena, report, &bytes, &c->err))
        return cli_fail(c);
    if (isatty(STDOUT_FILENO) == 1) put_lines(c, bytes);
    else cli_put(c, bytes);
    return cli_ok(c);
}

/* ---- a subscriber --------------------------------------------------------------------------------------------- */

static bool judge(cli *c, explained *x)
{
    const bb_history *h = &x->history;
    bb_fact *facts = bb_get_array(&c->arena, h->n_facts + 1, sizeof *facts);
    x->notes = bb_get_array(&c->arena, h->n_facts + 1, sizeof *x->notes);
    if (!facts || !x->notes) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    for (size_t i = 0; i < h->n_facts; i++) facts[i] = h->facts[i].fact;
    return (cli_policy(c, h->subscriber.list, &x->policy) &&
            bb_policy_fold(&c->arena, facts, h->n_facts, h->sends, h->n_sends, &x->policy, c->now, &x->decision,
                           x->notes)) ||
           bb_fail(&c->err, BB_ENOMEM, "no memory to judge the facts");
}

int cmd_explain(cli *c)
{
    bb_subscriber *all;
    size_t n;
    int code;
    if (cli_value(c, "raw")) return put_raw(c);
    if (!c->n_args) return cli_usage(c, "explain whom? Give an ADDRESS or #ID, or --raw REPORT");
    if (!cli_named(c, &all, &n, &code)) return cli_fail(c);
    for (size_t i = 0; i < n; i++) {
        explained x = {0};
        if (!bb_store_history(c->store, &c->arena, all[i].id, &x.history, &c->err) || !judge(c, &x)) return cli_fail(c);
        if (i && !c->json) cli_print(c, "\n");
        (c->json ? explain_json : explain_text)(c, &x);
    }
    return code;
}
