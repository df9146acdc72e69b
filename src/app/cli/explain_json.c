/* SPDX-License-Identifier: MIT
 *
 * An explanation for a machine: one object a subscriber.
 */
#include "app/cli/cmd_explain.h"

static void put_hash(bb_json *j, const char *key, const bb_hash *h)
{
    char hex[2 * BB_HASH_LEN + 1];
    bb_hash_hex(h, hex);
    bb_json_kstr(j, key, bb_cstr(hex));
}

/* What the policy made of the fact. */
static void put_note(bb_json *j, const bb_note *n)
{
    bb_json_kstr(j, "effect", bb_cstr(bb_effect_word(n->effect)));
    bb_json_kstr(j, "status_after", bb_cstr(bb_status_word(n->status)));
    bb_json_ktime(j, "until_after", n->until);
    bb_json_kint(j, "hard", n->hard);
    bb_json_kint(j, "soft", n->soft);
}

static void put_report(bb_json *j, const bb_known_fact *k)
{
    bb_json_kint(j, "report", (int64_t)k->report);
    bb_json_kstr(j, "kind", bb_cstr(bb_kind_word(k->fact.kind)));
    bb_json_kstr(j, "reason", bb_cstr(bb_reason_word(k->fact.reason)));
    bb_json_kstr(j, "trust", bb_cstr(bb_trust_word(k->fact.trust)));
    bb_json_key(j, "forwarded");
    bb_json_bool(j, k->fact.forwarded);
    bb_json_kint(j, "mailing", k->fact.mailing);
    bb_json_kstr(j, "mailing_name", k->mailing_name);
    bb_json_kstr(j, "recipient", k->recipient);
    bb_json_kstr(j, "action", bb_cstr(bb_action_word(k->action)));
    bb_json_kstr(j, "status", k->status);
    bb_json_kint(j, "reply_code", k->reply_code);
    bb_json_kstr(j, "command", k->command);
    bb_json_kstr(j, "diagnostic", k->diagnostic);
    bb_json_kstr(j, "remote_mta", k->remote_mta);
    bb_json_kstr(j, "reporting_mta", k->reporting_mta);
    bb_json_kstr(j, "format", k->format);
    bb_json_kstr(j, "rule", k->rule);
    bb_json_key(j, "confidence");
    bb_json_num2(j, k->confidence);
    bb_json_kstr(j, "return_path", k->return_path);
    bb_json_kstr(j, "source", k->source);
    bb_json_key(j, "evidence");
    bb_json_bool(j, k->evidence);
}

static void put_facts(bb_json *j, const explained *x)
{
    bb_json_key(j, "facts");
    bb_json_open(j, '[');
    for (size_t i = 0; i < x->history.n_facts; i++) {
        const bb_known_fact *k = &x->history.facts[i];
        bb_json_open(j, '{');
        bb_json_kstr(j, "type", bb_cstr(bb_fact_type_word(k->fact.type)));
        put_hash(j, "id", &k->fact.id);
        bb_json_ktime(j, "time", k->fact.time);
        bb_json_ktime(j, "recorded", k->recorded);
        put_note(j, &x->notes[i]);
        if (k->fact.type != BB_FACT_REPORT) bb_json_kstr(j, "note", k->note);
        if (k->report) put_report(j, k);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
}

static void put_transitions(bb_json *j, const bb_history *h)
{
    bb_json_key(j, "transitions");
    bb_json_open(j, '[');
    for (size_t i = 0; i < h->n_transitions; i++) {
        const bb_transition *t = &h->transitions[i];
        bb_json_open(j, '{');
        bb_json_ktime(j, "time", t->time);
        bb_json_ktime(j, "recorded", t->recorded);
        bb_json_kstr(j, "from", bb_cstr(bb_status_word(t->from)));
        bb_json_kstr(j, "to", bb_cstr(bb_status_word(t->to)));
        bb_json_ktime(j, "until", t->until);
        put_hash(j, "cause", &t->cause);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
}

static void put_sends(bb_json *j, const bb_history *h)
{
    bb_json_key(j, "sends");
    bb_json_open(j, '[');
    for (size_t i = 0; i < h->n_sends; i++) {
        bb_json_open(j, '{');
        bb_json_kint(j, "mailing", h->sends[i].mailing);
        bb_json_ktime(j, "time", h->sends[i].time);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
}

void explain_json(cli *c, const explained *x)
{
    cli_json d;
    const bb_history *h = &x->history;
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "subscriber");
    bb_json_open(&d.j, '{');
    cli_put_subscriber(c, &d.j, &h->subscriber);
    bb_json_close(&d.j, '}');
    bb_json_key(&d.j, "decision");
    bb_json_open(&d.j, '{');
    bb_json_kstr(&d.j, "status", bb_cstr(bb_status_word(x->decision.status)));
    bb_json_ktime(&d.j, "until", x->decision.until);
    bb_json_kstr(&d.j, "would", bb_cstr(bb_status_word(x->decision.would)));
    bb_json_key(&d.j, "cause");
    if (x->decision.cause < h->n_facts) bb_json_int(&d.j, (int64_t)x->decision.cause);
    else bb_json_null(&d.j);
    bb_json_kint(&d.j, "hard", x->decision.hard);
    bb_json_kint(&d.j, "soft", x->decision.soft);
    bb_json_close(&d.j, '}');
    put_facts(&d.j, x);
    put_transitions(&d.j, h);
    put_sends(&d.j, h);
    bb_json_kint(&d.j, "counted_only", h->surplus);
    cli_json_end(c, &d);
}
