/* SPDX-License-Identifier: MIT
 *
 * check: the rules as a person lists them, and the samples held against them.
 */
#include "core/classify/internal.h"

size_t bb_rules_count(const bb_rules *rules)
{
    return rules->n_rules;
}

bb_rule_info bb_rules_info(const bb_rules *rules, size_t i)
{
    const bb_rule *r = &rules->rules[i];
    return (bb_rule_info){r->id, r->source, r->line, r->kind, r->reason, bb_strengths[r->strength], r->n_samples};
}

/* A pattern's x becomes what `c` has there, else 5 for a class and 0 for the rest. */
static bb_str as_status(bb_arena *a, bb_code3 pattern, int class)
{
    int p[3];
    for (int i = 0; i < 3; i++) p[i] = pattern.part[i] >= 0 ? pattern.part[i] : i == 0 ? class : 0;
    return bb_sprintf(a, "%d.%d.%d", p[0], p[1], p[2]);
}

bb_evidence bb_rules_sample(const bb_rules *rules, bb_arena *a, size_t i, size_t k)
{
    const bb_rule *r = &rules->rules[i];
    bb_evidence e = {.action = BB_ACTION_FAILED, .diagnostic = r->samples[k]};
    bb_codes c = bb_codes_of(&e);
    if (r->n_status && !c.status.part[0]) e.status = as_status(a, r->status[0], c.reply.part[0] ? c.reply.part[0] : 5);
    if (r->n_reply && !c.reply.part[0]) {
        const int *p = r->reply[0].part;
        e.reply_code = (p[0] >= 0 ? p[0] : 5) * 100 + (p[1] >= 0 ? p[1] : 0) * 10 + (p[2] >= 0 ? p[2] : 0);
    }
    for (int s = 0; r->stages && bb_empty(e.command); s++)
        if (r->stages & 1U << s) e.command = bb_cstr(bb_stages[s]);
    for (unsigned act = BB_ACTION_EXPANDED; r->actions && act > BB_ACTION_NONE; act--)
        if (r->actions & 1U << act) e.action = (bb_action)act;
    if (r->n_hosts) e.host = bb_istarts(r->hosts[0], BB_S("*.")) ? bb_sub(r->hosts[0], 2, BB_NPOS) : r->hosts[0];
    return e;
}

/* The line of what stands at `at`, counted from its rule's id; the rule's own where they are not of one text. */
static int line_of(const bb_rules *rules, const bb_rule *r, const char *at)
{
    int line = r->line - 1;
    const char *end = rules->text + rules->n_text;
    if (r->id.p < rules->text || r->id.p >= end || at <= r->id.p || at > end) return r->line;
    bb_str between = {r->id.p, (size_t)(at - r->id.p)}, one;
    while (bb_line(&between, &one)) line++;
    return line;
}

bb_str bb_literal_text(const bb_rules *rules, size_t i)
{
    size_t from = rules->trie.literals[i].text;
    bb_str to_end = {rules->text + from, rules->n_text - from};
    return bb_sub(to_end, 0, bb_chr(to_end, '"'));
}

/* Where the words around the | of a literal without * are divided unevenly: the blank that would be a * if they belonged to
 * both sides. BB_NPOS: nowhere. *word becomes the alternative that is one word. */
static size_t uneven(bb_str literal, bb_str *word)
{
    bb_str rest = literal, one;
    size_t first = bb_chr(literal, '|'), words = 0;
    *word = (bb_str){0};
    while (bb_split(&rest, '|', &one)) {
        if (bb_chr(one, ' ') != BB_NPOS) words++;
        else if (bb_empty(*word)) *word = one;
    }
    if (first == BB_NPOS || !words || bb_empty(*word) || bb_chr(literal, '*') != BB_NPOS) return BB_NPOS;
    size_t blank = bb_rchr(bb_sub(literal, 0, first), ' ');
    if (blank != BB_NPOS) return blank; /* "mailbox full|disabled" */
    size_t last = bb_rchr(literal, '|') + 1, at = bb_chr(bb_sub(literal, last, BB_NPOS), ' ');
    return at == BB_NPOS ? at : last + at; /* "user|recipient unknown" */
}

bool bb_rules_next_uneven(const bb_rules *rules, bb_arena *a, size_t *at, bb_uneven *out)
{
    while (*at < rules->trie.n_literals) {
        size_t i = (*at)++, blank;
        bb_str literal = bb_literal_text(rules, i), word;
        if ((blank = uneven(literal, &word)) == BB_NPOS) continue;
        const bb_rule *r = &rules->rules[rules->trie.literals[i].rule];
        bb_str better = bb_sprintf(a, BB_FMT " * " BB_FMT, BB_ARG(bb_sub(literal, 0, blank)),
                                   BB_ARG(bb_sub(literal, blank + 1, BB_NPOS)));
        *out = (bb_uneven){literal, word, better, r->source, line_of(rules, r, literal.p)};
        return true;
    }
    return false;
}

bool bb_rules_check(const bb_rules *rules, bb_arena *a, bb_err *err)
{
    for (size_t i = 0; i < rules->n_rules; i++) {
        const bb_rule *r = &rules->rules[i];
        for (size_t k = 0; k < r->n_samples; k++) {
            bb_evidence e = bb_rules_sample(rules, a, i, k);
            bb_verdict v = bb_classify(rules, a, &e);
            if (bb_eq(v.rule, r->id)) continue;
            if (bb_empty(v.rule)) v.rule = BB_S("no rule");
            return bb_fail(err, BB_ECONFIG, "%s:%d: \"" BB_FMT "\" is a sample of " BB_FMT " but fires " BB_FMT,
                           r->source, line_of(rules, r, r->samples[k].p), BB_ARG(r->samples[k]), BB_ARG(r->id),
                           BB_ARG(v.rule));
        }
    }
    return !a->failed || bb_fail(err, BB_ENOMEM, "out of memory");
}
