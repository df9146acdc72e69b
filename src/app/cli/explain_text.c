/* SPDX-License-Identifier: MIT
 *
 * An explanation for a person: how he stands, why, and each fact with what it did.
 */
#include "app/cli/cmd_explain.h"

/* ---- how he stands -------------------------------------------------------------------------------------------- */

static const char *standing(cli *c, bb_status status, bb_time until)
{
    if (status != BB_STATUS_QUARANTINED) return bb_status_word(status);
    if (until == BB_NO_TIME) return "quarantined for good";
    return bb_sprintf(&c->arena, "quarantined until %s", cli_when(&c->arena, until)).p;
}

static void put_head(cli *c, const bb_subscriber *s, const bb_history *h)
{
    bb_status status = bb_status_at(s->status, s->until, c->now);
    cli_print(c, "%s on " BB_FMT ": %s\n", cli_show(&c->arena, s->address), BB_ARG(cli_list_name(c, s->list)),
              standing(c, status, s->until));
    cli_print(c, "  #%llu", (unsigned long long)s->id);
    if (s->external_id.n) cli_print(c, ", your id %s", cli_show(&c->arena, s->external_id));
    cli_print(c, ", %s since %s", s->contact ? "a contact (never subscribed)" : "on the list",
              cli_day(&c->arena, s->since));
    if (h->n_sends)
        cli_print(c, ", %s, the last on %s", cli_plural(&c->arena, (int64_t)h->n_sends, "mailing", "mailings"),
                  cli_day(&c->arena, h->sends[h->n_sends - 1].time));
    cli_print(c, "\n");
}

/* ---- why ------------------------------------------------------------------------------------------------------ */

/* A report whose count matters: which of how many, by the policy in force then. A forwarded hard counts as a soft. */
static const char *counted(cli *c, const explained *x, const bb_fact *f, const bb_note *n)
{
    const bb_policy *p = bb_policy_at(&x->policy, f->time);
    if (f->kind == BB_KIND_HARD && !f->forwarded)
        return bb_sprintf(&c->arena, "hard bounce %d of %d", n->hard, p->hard_limit).p;
    return bb_sprintf(&c->arena, "soft bounce %d of %d within %s%s", n->soft, p->soft_limit,
                      cli_span(&c->arena, p->soft_window),
                      p->window_mode == BB_WINDOW_LONGER ? " or the last mailings" : "")
        .p;
}

/* Why, in the words of whoever did it. */
static const char *noted(cli *c, const bb_known_fact *k)
{
    if (!k->report) return cli_show(&c->arena, k->note);
    return bb_sprintf(&c->arena, "by mail to %s", cli_show(&c->arena, k->return_path)).p;
}

static void put_why(cli *c, const explained *x)
{
    const bb_decision *d = &x->decision;
    const bb_history *h = &x->history;
    cli_print(c, "  why: ");
    if (d->cause < h->n_facts) {
        const bb_known_fact *k = &h->facts[d->cause];
        const char *when = cli_when(&c->arena, k->fact.time);
        if (k->fact.type != BB_FACT_REPORT)
            cli_print(c, "%s on %s: %s\n", bb_fact_type_word(k->fact.type), when, noted(c, k));
        else if (k->fact.kind == BB_KIND_COMPLAINT && !k->fact.forwarded) cli_print(c, "he complained on %s\n", when);
        else
            cli_print(c, "%s, on %s: %s\n", counted(c, x, &k->fact, &x->notes[d->cause]), when,
                      bb_reason_word(k->fact.reason));
    } else if (d->soft) {
        cli_print(c, "%s counted, and the quarantine is over\n",
                  cli_plural(&c->arena, d->soft, "soft bounce is", "soft bounces are"));
    } else {
        cli_print(c, h->n_facts ? "nothing that counts against him\n" : "nothing was ever reported of him\n");
    }
    if (d->would != d->status)
        cli_print(c, "  would be %s if the list were in mode = enforce\n", bb_status_word(d->would));
    if (d->status != bb_status_at(h->subscriber.status, h->subscriber.until, c->now))
        cli_print(c, "  by his facts he would be %s: something else changed what is kept (see \"store check\")\n",
                  bb_status_word(d->status));
}

/* ---- facts ---------------------------------------------------------------------------------------------------- */

static const char *did(cli *c, const explained *x, size_t i)
{
    static const char *const words[] = {
        [BB_EFFECT_NONE] = "never acts",
        [BB_EFFECT_COMPLAINED] = "complained",
        [BB_EFFECT_COUNTED_ALREADY] = "counted already: its mailing, or another within 24 hours",
        [BB_EFFECT_CLEARED] = "clears the soft bounces before it",
        [BB_EFFECT_UNTRUSTED] = ("acts on nobody: not vouched for as the settings in force then demand (return_path, "
                                 "accept_inferred, own_hosts)"),
        [BB_EFFECT_SUPERSEDED] = "does not count: about a mailing before what was set",
        [BB_EFFECT_GONE_ALREADY] = "changes nothing: he was gone already",
        [BB_EFFECT_OBSERVED] = "would act, but the list only observes",
        [BB_EFFECT_DUPLICATE] = "the same again",
    };
    const bb_note *n = &x->notes[i];
    const bb_fact *f = &x->history.facts[i].fact;
    const char *now = standing(c, n->status, n->until);
    if (n->effect == BB_EFFECT_REMOVED || n->effect == BB_EFFECT_QUARANTINED)
        return bb_sprintf(&c->arena, "%s: %s", counted(c, x, f, n), now).p;
    if (n->effect == BB_EFFECT_SET) return now;
    return (size_t)n->effect < BB_COUNT(words) && words[n->effect] ? words[n->effect] : "";
}

static void put_source(cli *c, const bb_known_fact *k)
{
    cli_print(c, "report %llu, from %s%s\n", (unsigned long long)k->report,
              cli_show(&c->arena, bb_sub(k->source, 0, 200)), k->evidence ? "" : ", not kept");
}

static void put_report(cli *c, const bb_known_fact *k)
{
    bb_arena *a = &c->arena;
    if (k->mailing_name.n) cli_print(c, "      about mailing #%u %s", k->fact.mailing, cli_show(a, k->mailing_name));
    else if (k->fact.mailing) cli_print(c, "      about mailing #%u", k->fact.mailing);
    else cli_print(c, "      about an unknown mailing");
    cli_print(c, ", vouched for: %s%s\n", bb_trust_word(k->fact.trust),
              k->fact.forwarded ? "; it names other addresses only: his mail was forwarded" : "");
    if (k->diagnostic.n || k->status.n) {
        cli_print(c, "      ");
        if (k->remote_mta.n) cli_print(c, "%s ", cli_show(a, k->remote_mta));
        if (k->command.n) cli_print(c, "at %s ", cli_show(a, k->command));
        cli_print(c, "said: %s\n", cli_show(a, bb_sub(k->diagnostic.n ? k->diagnostic : k->status, 0, 300)));
    }
    cli_print(c, "      rule %s, confidence %.2f; ", cli_show(a, k->rule), k->confidence);
    put_source(c, k);
}

static void put_fact(cli *c, const explained *x, size_t i)
{
    const bb_known_fact *k = &x->history.facts[i];
    bool report = k->fact.type == BB_FACT_REPORT;
    cli_print(c, "  %s  %s%s%s -> %s\n", cli_when(&c->arena, k->fact.time),
              report ? bb_kind_word(k->fact.kind) : bb_fact_type_word(k->fact.type), report ? ", " : "",
              report ? bb_reason_word(k->fact.reason) : "", did(c, x, i));
    if (report) put_report(c, k);
    else if (k->note.n || k->report) cli_print(c, "      %s%s", noted(c, k), k->report ? "; " : "\n");
    if (!report && k->report) put_source(c, k);
}

void explain_text(cli *c, const explained *x)
{
    const bb_history *h = &x->history;
    bool kept = false;
    put_head(c, &h->subscriber, h);
    put_why(c, x);
    if (h->n_facts) cli_print(c, "\n");
    for (size_t i = 0; i < h->n_facts; i++) {
        put_fact(c, x, i);
        kept |= h->facts[i].evidence;
    }
    if (h->surplus)
        cli_print(c, "\n  %s more, beyond what one return path may fill: counted, not stored\n",
                  cli_plural(&c->arena, h->surplus, "report", "reports"));
    if (kept) cli_print(c, "\n  the raw message of a report: bouncebox explain --raw REPORT\n");
}
