/* SPDX-License-Identifier: MIT
 *
 * decide: which of the rules that fire has the last word, and what becomes of it.
 */
#include "core/classify/internal.h"

/* Rules that fire against each other. */
typedef struct {
    bb_firing best;
    bool doubted;    /* another of the same strength says another kind */
    bool taken_back; /* words of a hard rule were seen, and what shows that they speak of something else */
    bb_trace *trace; /* NULL: nobody asks why */
    bb_loss aside;   /* why what fires does not count, and is only looked at for the trace */
} contest;

/* Notes what kept a rule from firing. `return false` alone does as well: then it is told without a reason. */
static bool no(bb_loss *why, bb_loss loss)
{
    *why = loss;
    return false;
}

static bool any_code(const bb_code3 *patterns, size_t n, bb_code3 code)
{
    for (size_t i = 0; i < n; i++) {
        bool same = true;
        for (int k = 0; k < 3; k++) same = same && (patterns[i].part[k] < 0 || patterns[i].part[k] == code.part[k]);
        if (same && code.part[0]) return true;
    }
    return n == 0;
}

/* "*.google.com" is any host below google.com, and google.com. */
static bool any_host(const bb_str *patterns, size_t n, bb_str host)
{
    for (size_t i = 0; i < n; i++) {
        bb_str p = patterns[i];
        if (bb_istarts(p, BB_S("*."))) {
            if (bb_iends(host, bb_sub(p, 1, BB_NPOS)) || bb_ieq(host, bb_sub(p, 2, BB_NPOS))) return true;
        } else if (bb_ieq(host, p)) {
            return true;
        }
    }
    return n == 0;
}

enum { CONN, EHLO, MAIL, RCPT, DATA };

/* May a refusal with these circumstances be about the recipient's address at all? What comes before the recipient was
 * named is about the sender, or at the most about the host that was to take mail for a domain; a rule that names such
 * a stage knows what it does. */
static bool about_recipient(const bb_rule *rule, const bb_evidence *e, const bb_codes *c, bb_loss *why)
{
    if (e->action == BB_ACTION_DELAYED) return true; /* it gives no more than a reason */
    /* What only hints at an unknown user is said of whole messages, too. */
    if (c->stage == DATA && rule->has_words && rule->strength <= BB_STRENGTH_HINT) return no(why, BB_LOST_AT_DATA);
    bool sender_status = c->status.part[1] == 1 && (c->status.part[2] == 7 || c->status.part[2] == 8); /* RFC 3463 */
    if (sender_status) return no(why, BB_LOST_SENDER_STATUS);
    if (c->protocol) return no(why, BB_LOST_PROTOCOL);
    if (e->of_sender) return no(why, BB_LOST_OF_SENDER);
    if (e->others) return no(why, BB_LOST_OF_OTHERS);
    if (rule->stages || c->stage < 0 || c->stage > MAIL) return true;
    /* A host that answers is there: the one that it does not know is ours. */
    bool unanswered = !c->reply.part[0] && rule->reason == BB_REASON_hostunknown;
    bool may = c->stage == CONN && (unanswered || rule->reason == BB_REASON_notaccept);
    return may || no(why, BB_LOST_EARLY);
}

static bool conditions_hold(const bb_rule *rule, const bb_evidence *e, const bb_codes *c, bb_loss *why)
{
    if (rule->kind == BB_KIND_HARD && !about_recipient(rule, e, c, why)) return false;
    if (rule->stages && (c->stage < 0 || !(rule->stages & 1U << c->stage))) return no(why, BB_LOST_STAGE);
    if (rule->actions && !(rule->actions & 1U << e->action)) return no(why, BB_LOST_ACTION);
    if (rule->bare && !bb_is_wordless(e->diagnostic)) return no(why, BB_LOST_WORDS);
    if (rule->unanswered && c->reply.part[0]) return no(why, BB_LOST_ANSWERED);
    if (!any_code(rule->status, rule->n_status, c->status)) return no(why, BB_LOST_STATUS);
    if (!any_code(rule->reply, rule->n_reply, c->reply)) return no(why, BB_LOST_REPLY);
    return any_host(rule->hosts, rule->n_hosts, e->host) || no(why, BB_LOST_HOST);
}

int bb_firing_order(const bb_firing *x, const bb_firing *y, bb_loss *by)
{
    const int ahead[] = {
        x->strength - y->strength,
        x->said - y->said,
        x->rule->specificity - y->rule->specificity,
        (y->rule->kind == BB_KIND_HARD) - (x->rule->kind == BB_KIND_HARD), /* contradiction: who removes nobody */
        x->weight - y->weight,
        (x->rule < y->rule) - (y->rule < x->rule), /* earlier sources come first */
    };
    size_t i = 0;
    while (i + 1 < BB_COUNT(ahead) && !ahead[i]) i++;
    *by = (bb_loss)(BB_LOST_WEAKER + i);
    return ahead[i];
}

static void consider(contest *in, bb_firing next)
{
    bb_firing *best = &in->best;
    bb_loss by;
    if (in->trace) bb_trace_note(in->trace, &next, in->aside);
    if (in->aside) return;
    bool rivals = best->rule && best->strength == next.strength;
    bool doubted = rivals && (in->doubted || best->rule->kind != next.rule->kind), first = !best->rule;
    if (rivals) in->doubted = doubted;
    if (!first && bb_firing_order(&next, best, &by) <= 0) return;
    *best = next;
    in->doubted = doubted;
}

/* Whose words a text is. */
typedef enum { BY_SYSTEM, BY_REPORT, DOUBTED } said_by;

/* Human words never call it hard against codes that say what else is the matter, nor where they were said of all; and
 * what they only say may be, or quote, can at the most tell of a block. */
static bool may_fire(const bb_rule *rule, const bb_evidence *e, const bb_codes *c, said_by by, bb_loss *why)
{
    bool human = (by != BY_SYSTEM || e->told) && e->action != BB_ACTION_DELAYED;
    if (by != BY_SYSTEM && rule->said) return no(why, BB_LOST_SAID);
    if (by == DOUBTED && rule->kind != BB_KIND_BLOCK) return no(why, BB_LOST_DOUBTED);
    if (rule->kind == BB_KIND_HARD && human && c->elsewhere) return no(why, BB_LOST_ELSEWHERE);
    if (rule->kind == BB_KIND_HARD && human && by == BY_REPORT && e->text_of_all) return no(why, BB_LOST_OF_ALL);
    return conditions_hold(rule, e, c, why);
}

/* Rules whose words stand in `text`. */
static void consider_words(contest *in, const bb_rules *r, bb_arena *a, const bb_evidence *e, const bb_codes *c,
                           bb_str text, said_by by)
{
    if (bb_empty(text)) return;
    char *folded = bb_get(a, text.n + 1);
    bb_sight sight;
    if (!folded || !bb_sight_init(&sight, a)) return;
    bb_trie_scan(&r->trie, (bb_str){folded, bb_fold(text, folded)}, &sight);
    for (size_t i = 0; i < bb_map_slots(&sight.words); i++) {
        uint32_t number = sight.words.slots[i].key, word = sight.words.slots[i].value;
        if (!word) continue;
        const bb_rule *rule = &r->rules[number];
        uint32_t unless = bb_map_get(&sight.unless, number);
        bool said = by == BY_SYSTEM, guessed = !said && rule->strength == BB_STRENGTH_HINT;
        bb_firing f = {.rule = rule,
                       .strength = guessed ? BB_STRENGTH_GUESS : (int)rule->strength,
                       .word = word,
                       .unless = unless,
                       .weight = r->trie.literals[word - 1].weight,
                       .said = said};
        in->taken_back |= unless && rule->kind == BB_KIND_HARD && rule->strength >= BB_STRENGTH_CLEAR;
        bb_loss why = unless ? BB_LOST_UNLESS : BB_LOST_CONDITION;
        if (!unless && may_fire(rule, e, c, by, &why)) consider(in, f);
        else if (in->trace) bb_trace_note(in->trace, &f, why);
    }
}

static void consider_code(contest *in, const bb_rule *rule, const bb_evidence *e, const bb_codes *c)
{
    bb_loss why = BB_LOST_CONDITION;
    bb_firing f = {.rule = rule, .strength = (int)rule->strength, .said = true};
    if (!conditions_hold(rule, e, c, &why)) return;
    /* "550 5.2.1 mailbox switched off, over quota": a code alone decides only where no text speaks. */
    if (rule->kind != BB_KIND_HARD || !in->taken_back) consider(in, f);
    else if (in->trace) bb_trace_note(in->trace, &f, BB_LOST_TAKEN_BACK);
}

/* A rule without words comes near where the codes are those that it asks for. */
static void note_codes(contest *in, const bb_rules *r, const bb_evidence *e, const bb_codes *c)
{
    for (size_t i = 0; i < r->n_codes; i++) {
        const bb_rule *rule = &r->rules[r->codes[i]];
        bb_firing f = {.rule = rule, .strength = (int)rule->strength, .said = true};
        bb_loss why = BB_LOST_CONDITION;
        bool near = (rule->n_status || rule->n_reply) && any_code(rule->status, rule->n_status, c->status) &&
                    any_code(rule->reply, rule->n_reply, c->reply);
        if (near && !conditions_hold(rule, e, c, &why)) bb_trace_note(in->trace, &f, why);
    }
}

/* Only rules are looked at that ask for a code or host that there is. One may come up twice, which changes nothing. */
static void consider_codes(contest *in, const bb_rules *r, const bb_evidence *e, const bb_codes *c)
{
    bb_near_keys keys = bb_near_keys_of(e, c);
    for (size_t k = 0; k < keys.n; k++)
        for (uint32_t i = bb_near_first(r, keys.keys[k]); i; i = r->near[i].next)
            consider_code(in, &r->rules[r->near[i].rule], e, c);
    if (in->trace) note_codes(in, r, e, c);
}

static double confidence(const contest *in)
{
    static const double by_strength[] = {0.3, 0.6, 0.8, 0.9, 0.98, 1.0};
    double sure = by_strength[in->best.strength];
    if (!in->best.said) sure -= 0.1;
    if (in->doubted) sure -= 0.2;
    return sure > 0.1 ? sure : 0.1;
}

/* Does the status say what is the matter, and not that it is the address? */
static bool status_is_elsewhere(const bb_rules *r, const bb_evidence *e, const bb_codes *c)
{
    contest by_code = {0};
    if (c->status.part[0]) consider_codes(&by_code, r, e, c);
    const bb_rule *rule = by_code.best.rule;
    return rule && rule->kind != BB_KIND_HARD && rule->n_status && by_code.best.strength >= BB_STRENGTH_CODE;
}

/* The report's human words. What they doubt may still be the better word for a block. */
static void consider_report(contest *in, const bb_rules *r, bb_arena *a, const bb_evidence *e, const bb_codes *c)
{
    bb_str told = e->asserted.p ? e->asserted : bb_report_asserted(a, e->text, e->subject, true);
    const bb_firing *best = &in->best;
    consider_words(in, r, a, e, c, told, BY_REPORT);
    if (told.n != e->text.n && !e->text_of_all && (!best->rule || best->rule->kind == BB_KIND_BLOCK))
        consider_words(in, r, a, e, c, e->text, DOUBTED);
}

/* What nobody asked, for who wants to know why. */
static void look_aside(const contest *in, const bb_rules *r, bb_arena *a, const bb_evidence *e, const bb_codes *c)
{
    contest aside = {.trace = in->trace, .aside = BB_LOST_REPORTED};
    if (!in->trace || !in->best.rule) return;
    if (in->best.said) consider_report(&aside, r, a, e, c);
    aside.aside = BB_LOST_CODE;
    if (in->best.strength >= BB_STRENGTH_CLEAR) consider_codes(&aside, r, e, c);
}

/* What circumstances make of the kind that the rule has. */
static bb_verdict in_circumstances(const contest *in, const bb_evidence *e, const bb_codes *c)
{
    const bb_firing *best = &in->best;
    bb_verdict v = {best->rule->kind, best->rule->reason, best->rule->id, confidence(in)};
    bb_loss why = BB_LOST_NOT;
    /* Refused for good, for no reason that anybody can read, and it names who sent it. */
    bool unsaid = best->strength == BB_STRENGTH_GUESS || v.reason == BB_REASON_onhold;
    if (e->of_sender && unsaid && !c->temporary) {
        v.kind = BB_KIND_BLOCK, v.reason = BB_REASON_rejected;
        why = BB_LOST_UNSAID;
    }
    /* A temporary refusal (RFC 5321 section 4.2.1) removes nobody, whatever its words: "450 4.1.1 user
     * unknown" is greylisting, an address verification under way, a broken look-up table. */
    bool lasting = best->rule->lasting && best->said && !c->for_now;
    if (v.kind == BB_KIND_HARD && c->temporary && !lasting) v.kind = BB_KIND_SOFT, why = BB_LOST_TEMPORARY;
    /* What his mail was passed on to is gone; he may be there, and see to it. */
    if (v.kind == BB_KIND_HARD && e->passed_on) v.kind = BB_KIND_SOFT, why = BB_LOST_PASSED_ON;
    if (in->trace && why) bb_trace_note(in->trace, best, why);
    return v;
}

/* The words and codes of one evidence, without what the action field makes of them. */
static bb_verdict read_words(const bb_rules *r, bb_arena *a, const bb_evidence *e, bb_trace *trace)
{
    bb_codes c = bb_codes_of(e);
    contest in = {.trace = trace};
    if (e->told) c.elsewhere = c.elsewhere || status_is_elsewhere(r, e, &c); /* asked for human words only */
    bb_str said = e->told ? bb_report_asserted(a, e->diagnostic, e->subject, false) : e->diagnostic;
    consider_words(&in, r, a, e, &c, said, BY_SYSTEM);
    /* They count only where the refusing system said nothing clear. */
    if (!in.best.rule) {
        c.elsewhere = c.elsewhere || status_is_elsewhere(r, e, &c);
        consider_report(&in, r, a, e, &c);
    }
    if (!in.best.rule || in.best.strength < BB_STRENGTH_CLEAR) consider_codes(&in, r, e, &c);
    if (trace) look_aside(&in, r, a, e, &c);
    bb_verdict v = {BB_KIND_OTHER, BB_REASON_undefined, BB_S(""), 0};
    if (in.best.rule) v = in_circumstances(&in, e, &c);
    if (trace) bb_trace_end(trace, r, e, &c, &in.best);
    return v;
}

static bb_verdict decide(const bb_rules *rules, bb_arena *a, const bb_evidence *e, bb_trace *trace)
{
    /* RFC 3464 section 2.3.3 */
    switch (e->action) {
    case BB_ACTION_DELIVERED:
    case BB_ACTION_RELAYED:
    case BB_ACTION_EXPANDED: return (bb_verdict){BB_KIND_DELIVERED, BB_REASON_delivered, BB_S("action-delivered"), 1};
    case BB_ACTION_NONE:
    case BB_ACTION_FAILED:
    case BB_ACTION_DELAYED: break;
    }
    bb_verdict v = read_words(rules, a, e, trace);
    if (e->action != BB_ACTION_DELAYED) return v;
    v.kind = BB_KIND_DELAYED; /* still being retried: the words only say why */
    v.confidence = 1;
    if (bb_empty(v.rule)) v.rule = BB_S("action-delayed");
    return v;
}

bb_verdict bb_classify(const bb_rules *rules, bb_arena *a, const bb_evidence *e)
{
    return decide(rules, a, e, NULL);
}

bb_verdict bb_classify_why(const bb_rules *rules, bb_arena *a, const bb_evidence *e, bb_runners_up *out)
{
    *out = (bb_runners_up){0};
    bb_trace trace = {.arena = a, .out = out};
    return decide(rules, a, e, &trace);
}
