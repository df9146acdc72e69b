/* SPDX-License-Identifier: MIT
 *
 * decide: which of the rules that fire has the last word, and what becomes of it.
 */
#include "core/classify/internal.h"

/* A rule that fires. */
typedef struct {
    const bb_rule *rule; /* NULL: none */
    int strength;        /* the rule's, or less */
    uint16_t weight;     /* of its longest word seen */
    bool said;           /* by the refusing system itself */
    bool doubted;        /* another of the same strength says another kind */
} firing;

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
static bool about_recipient(const bb_rule *rule, const bb_evidence *e, const bb_codes *c)
{
    if (e->action == BB_ACTION_DELAYED) return true; /* it gives no more than a reason */
    /* What only hints at an unknown user is said of whole messages, too. */
    if (c->stage == DATA && rule->has_words && rule->strength <= BB_STRENGTH_HINT) return false;
    bool sender_status = c->status.part[1] == 1 && (c->status.part[2] == 7 || c->status.part[2] == 8); /* RFC 3463 */
    if (sender_status || c->protocol || e->of_sender || e->others) return false;
    if (rule->stages || c->stage < 0 || c->stage > MAIL) return true;
    /* A host that answers is there: the one that it does not know is ours. */
    bool unanswered = !c->reply.part[0] && rule->reason == BB_REASON_hostunknown;
    return c->stage == CONN && (unanswered || rule->reason == BB_REASON_notaccept);
}

static bool conditions_hold(const bb_rule *rule, const bb_evidence *e, const bb_codes *c)
{
    if (rule->kind == BB_KIND_HARD && !about_recipient(rule, e, c)) return false;
    if (rule->stages && (c->stage < 0 || !(rule->stages & 1U << c->stage))) return false;
    if (rule->actions && !(rule->actions & 1U << e->action)) return false;
    if (rule->bare && !c->wordless) return false;
    if (rule->unanswered && c->reply.part[0]) return false;
    return any_code(rule->status, rule->n_status, c->status) && any_code(rule->reply, rule->n_reply, c->reply) &&
           any_host(rule->hosts, rule->n_hosts, e->host);
}

/* The order of rules/README.md, "Which rule wins". */
static bool beats(const firing *x, const firing *y)
{
    if (!y->rule) return true;
    if (x->strength != y->strength) return x->strength > y->strength;
    if (x->said != y->said) return x->said;
    if (x->rule->specificity != y->rule->specificity) return x->rule->specificity > y->rule->specificity;
    bool hard = x->rule->kind == BB_KIND_HARD, other_hard = y->rule->kind == BB_KIND_HARD;
    if (hard != other_hard) return other_hard; /* contradiction: the one that removes nobody */
    if (x->weight != y->weight) return x->weight > y->weight;
    return x->rule < y->rule; /* earlier sources come first */
}

static void consider(firing *best, firing next)
{
    bool rivals = best->rule && best->strength == next.strength;
    next.doubted = rivals && (best->doubted || best->rule->kind != next.rule->kind);
    if (rivals) best->doubted = next.doubted;
    if (beats(&next, best)) *best = next;
}

/* Whose words a text is. */
typedef enum { BY_SYSTEM, BY_REPORT, DOUBTED } said_by;

/* Human words never call it hard against codes that say what else is the matter, nor where they were said of all; and
 * what they only say may be, or quote, can at the most tell of a block. */
static bool may_fire(const bb_rule *rule, const bb_evidence *e, const bb_codes *c, said_by by)
{
    bool human = (by != BY_SYSTEM || e->told) && e->action != BB_ACTION_DELAYED;
    if (by != BY_SYSTEM && rule->said) return false;
    if (by == DOUBTED && rule->kind != BB_KIND_BLOCK) return false;
    if (rule->kind == BB_KIND_HARD && human && (c->elsewhere || (by == BY_REPORT && e->text_of_all))) return false;
    return conditions_hold(rule, e, c);
}

/* Rules whose words stand in `text`. */
static void consider_words(firing *best, const bb_rules *r, bb_arena *a, const bb_evidence *e, const bb_codes *c,
                           bb_str text, said_by by)
{
    if (bb_empty(text)) return;
    char *folded = bb_get(a, text.n + 1);
    bb_sight sight = {
        .marks = bb_get_array(a, r->n_rules + 1, sizeof *sight.marks),
        .seen = bb_get_array(a, r->n_rules + 1, sizeof *sight.seen),
        .gapped = bb_get_array(a, r->trie.n_gapped + 1, sizeof *sight.gapped),
    };
    if (!folded || !sight.marks || !sight.seen || !sight.gapped) return;
    bb_trie_scan(&r->trie, (bb_str){folded, bb_fold(text, folded)}, &sight);
    for (size_t i = 0; i < sight.n_seen; i++) {
        const bb_rule *rule = &r->rules[sight.seen[i]];
        const bb_mark *m = &sight.marks[sight.seen[i]];
        if (!m->weight || m->forbidden || !may_fire(rule, e, c, by)) continue;
        bool said = by == BY_SYSTEM, guessed = !said && rule->strength == BB_STRENGTH_HINT;
        int strength = guessed ? BB_STRENGTH_GUESS : (int)rule->strength;
        consider(best, (firing){.rule = rule, .strength = strength, .weight = m->weight, .said = said});
    }
}

static void consider_codes(firing *best, const bb_rules *r, const bb_evidence *e, const bb_codes *c)
{
    for (size_t i = 0; i < r->n_codes; i++) {
        const bb_rule *rule = &r->rules[r->codes[i]];
        if (conditions_hold(rule, e, c))
            consider(best, (firing){.rule = rule, .strength = (int)rule->strength, .said = true});
    }
}

static double confidence(const firing *f)
{
    static const double by_strength[] = {0.3, 0.6, 0.8, 0.9, 0.98, 1.0};
    double sure = by_strength[f->strength];
    if (!f->said) sure -= 0.1;
    if (f->doubted) sure -= 0.2;
    return sure > 0.1 ? sure : 0.1;
}

/* Does the status say what is the matter, and not that it is the address? */
static bool status_is_elsewhere(const bb_rules *r, const bb_evidence *e, const bb_codes *c)
{
    firing by_code = {0};
    if (c->status.part[0]) consider_codes(&by_code, r, e, c);
    return by_code.rule && by_code.rule->kind != BB_KIND_HARD && by_code.rule->n_status &&
           by_code.strength >= BB_STRENGTH_CODE;
}

/* The report's human words. What they doubt may still be the better word for a block. */
static void consider_report(firing *best, const bb_rules *r, bb_arena *a, const bb_evidence *e, const bb_codes *c)
{
    bb_str told = e->asserted.p ? e->asserted : bb_report_asserted(a, e->text, e->subject, true);
    consider_words(best, r, a, e, c, told, BY_REPORT);
    if (told.n != e->text.n && !e->text_of_all && (!best->rule || best->rule->kind == BB_KIND_BLOCK))
        consider_words(best, r, a, e, c, e->text, DOUBTED);
}

/* The words and codes of one evidence, without what the action field makes of them. */
static bb_verdict read_words(const bb_rules *r, bb_arena *a, const bb_evidence *e)
{
    bb_codes c = bb_codes_of(e);
    firing best = {0};
    if (e->told) c.elsewhere = c.elsewhere || status_is_elsewhere(r, e, &c); /* asked for human words only */
    bb_str said = e->told ? bb_report_asserted(a, e->diagnostic, e->subject, false) : e->diagnostic;
    consider_words(&best, r, a, e, &c, said, BY_SYSTEM);
    /* They count only where the refusing system said nothing clear. */
    if (!best.rule) {
        c.elsewhere = c.elsewhere || status_is_elsewhere(r, e, &c);
        consider_report(&best, r, a, e, &c);
    }
    if (!best.rule || best.strength < BB_STRENGTH_CLEAR) consider_codes(&best, r, e, &c);
    if (!best.rule) return (bb_verdict){BB_KIND_OTHER, BB_REASON_undefined, BB_S(""), 0};

    bb_verdict v = {best.rule->kind, best.rule->reason, best.rule->id, confidence(&best)};
    /* Refused for good, for no reason that anybody can read, and it names who sent it. */
    bool unsaid = best.strength == BB_STRENGTH_GUESS || v.reason == BB_REASON_onhold;
    if (e->of_sender && unsaid && !c.temporary) v.kind = BB_KIND_BLOCK, v.reason = BB_REASON_rejected;
    /* A temporary refusal (RFC 5321 section 4.2.1) removes nobody, whatever its words: "450 4.1.1 user
     * unknown" is greylisting, an address verification under way, a broken look-up table. */
    bool lasting = best.rule->lasting && best.said && !c.for_now;
    if (v.kind == BB_KIND_HARD && c.temporary && !lasting) v.kind = BB_KIND_SOFT;
    /* What his mail was passed on to is gone; he may be there, and see to it. */
    if (v.kind == BB_KIND_HARD && e->passed_on) v.kind = BB_KIND_SOFT;
    return v;
}

bb_verdict bb_classify(const bb_rules *rules, bb_arena *a, const bb_evidence *e)
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
    bb_verdict v = read_words(rules, a, e);
    if (e->action != BB_ACTION_DELAYED) return v;
    v.kind = BB_KIND_DELAYED; /* still being retried: the words only say why */
    v.confidence = 1;
    if (bb_empty(v.rule)) v.rule = BB_S("action-delayed");
    return v;
}
