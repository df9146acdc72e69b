/* SPDX-License-Identifier: MIT
 *
 * trace: who came near and lost, in words for a person.
 */
#include <stdlib.h>

#include "core/classify/internal.h"

void bb_trace_note(bb_trace *t, const bb_firing *f, bb_loss why)
{
    bb_lost *l = BB_PUSH(t->arena, t->lost, t->n, t->cap);
    if (l) *l = (bb_lost){*f, why};
}

/* ---- the nearest first ------------------------------------------------------------------------------- */

/* The winner whose kind gave way, who fired, who would have, who did not. */
static int distance(bb_loss why)
{
    if (why >= BB_LOST_TEMPORARY) return 0;
    return why <= BB_LOST_LATER ? 1 : why <= BB_LOST_CODE ? 2 : 3;
}

static int nearer(const void *x, const void *y)
{
    const bb_lost *a = x, *b = y;
    bb_loss by;
    int far = distance(a->why) - distance(b->why);
    return far ? far : -bb_firing_order(&a->firing, &b->firing, &by);
}

/* ---- words ------------------------------------------------------------------------------------------- */

/* What is told of it all. */
typedef struct {
    const bb_rules *r;
    const bb_evidence *e;
    const bb_codes *c;
    const bb_firing *winner;
} case_of;

typedef void put_why(bb_buf *b, const case_of *of, const bb_lost *l);

static bb_str literal(const case_of *of, uint32_t place)
{
    return bb_literal_text(of->r, place - 1);
}

static void put_weaker(bb_buf *b, const case_of *of, const bb_lost *l)
{
    bb_putf(b, "it is weaker: %s, not %s", bb_strengths[l->firing.strength], bb_strengths[of->winner->strength]);
}

static void put_shorter(bb_buf *b, const case_of *of, const bb_lost *l)
{
    if (!l->firing.word) bb_puts(b, "it fires on codes, the winner on words");
    else
        bb_putf(b, "its words are shorter: \"" BB_FMT "\", not \"" BB_FMT "\"", BB_ARG(literal(of, l->firing.word)),
                BB_ARG(literal(of, of->winner->word)));
}

static void put_later(bb_buf *b, const case_of *of, const bb_lost *l)
{
    const bb_rule *rule = l->firing.rule, *winner = of->winner->rule;
    bool same = bb_eq(bb_cstr(rule->source), bb_cstr(winner->source));
    if (same) bb_putf(b, "all else alike, it stands behind the winner: line %d, not %d", rule->line, winner->line);
    else bb_putf(b, "all else alike, its file is a later one: %s, not %s", rule->source, winner->source);
}

static void put_unless(bb_buf *b, const case_of *of, const bb_lost *l)
{
    bb_putf(b, "forbidden by its unless \"" BB_FMT "\"", BB_ARG(literal(of, l->firing.unless)));
}

static void put_code(bb_buf *b, bb_code3 code, const char *separator)
{
    for (int i = 0; i < 3; i++) {
        if (i) bb_puts(b, separator);
        if (code.part[i] < 0) bb_putc(b, 'x');
        else bb_putf(b, "%d", code.part[i]);
    }
}

/* "its condition does not hold: status 5.1.1 5.1.2; here it is 4.2.2" */
static void put_codes(bb_buf *b, const char *what, const bb_code3 *wanted, size_t n, bb_code3 is, const char *separator)
{
    bb_putf(b, "its condition does not hold: %s", what);
    for (size_t i = 0; i < n; i++) {
        bb_putc(b, ' ');
        put_code(b, wanted[i], separator);
    }
    bb_puts(b, is.part[0] ? "; here it is " : "; here is none");
    if (is.part[0]) put_code(b, is, separator);
}

static void put_status(bb_buf *b, const case_of *of, const bb_lost *l)
{
    put_codes(b, "status", l->firing.rule->status, l->firing.rule->n_status, of->c->status, ".");
}

static void put_reply(bb_buf *b, const case_of *of, const bb_lost *l)
{
    put_codes(b, "reply", l->firing.rule->reply, l->firing.rule->n_reply, of->c->reply, "");
}

static void put_stage(bb_buf *b, const case_of *of, const bb_lost *l)
{
    bb_puts(b, "its condition does not hold: stage");
    for (int i = 0; bb_stages[i]; i++)
        if (l->firing.rule->stages & 1U << i) bb_putf(b, " %s", bb_stages[i]);
    bb_putf(b, "; here it is %s", of->c->stage < 0 ? "not known" : bb_stages[of->c->stage]);
}

static void put_host(bb_buf *b, const case_of *of, const bb_lost *l)
{
    bb_puts(b, "its condition does not hold: host");
    for (size_t i = 0; i < l->firing.rule->n_hosts; i++) bb_putf(b, " " BB_FMT, BB_ARG(l->firing.rule->hosts[i]));
    bb_putf(b, "; here it is " BB_FMT, BB_ARG(of->e->host.n ? of->e->host : BB_S("not known")));
}

static void put_action(bb_buf *b, const case_of *of, const bb_lost *l)
{
    bb_puts(b, "its condition does not hold: action");
    for (unsigned act = BB_ACTION_NONE; act <= BB_ACTION_EXPANDED; act++)
        if (l->firing.rule->actions & 1U << act) bb_putf(b, " %s", bb_action_word((bb_action)act));
    bb_putf(b, "; here it is %s", of->e->action == BB_ACTION_NONE ? "not known" : bb_action_word(of->e->action));
}

/* By why it lost: the words, or what writes them. */
static const struct {
    const char *words;
    put_why *put;
} whys[BB_LOSSES] = {
    [BB_LOST_WEAKER] = {NULL, put_weaker},
    [BB_LOST_UNSAID_BY_SYSTEM] = {"its words are the report's, the winner's are the server's own", NULL},
    [BB_LOST_LESS_EXACT] = {"its conditions are less exact than the winner's", NULL},
    [BB_LOST_HARD] = {"it is hard, and where two contradict each other the one that removes nobody wins", NULL},
    [BB_LOST_SHORTER] = {NULL, put_shorter},
    [BB_LOST_LATER] = {NULL, put_later},
    [BB_LOST_REPORTED] = {"words of the report are asked only where no rule fires on the server's own", NULL},
    [BB_LOST_CODE] = {"codes are asked only where no words are clear", NULL},
    [BB_LOST_UNLESS] = {NULL, put_unless},
    [BB_LOST_SAID] = {"it fires on a server's own words only, and these are the report's", NULL},
    [BB_LOST_DOUBTED] = {"what a report says may be so can at the most be a block", NULL},
    [BB_LOST_STAGE] = {NULL, put_stage},
    [BB_LOST_ACTION] = {NULL, put_action},
    [BB_LOST_WORDS] = {"it is for refusals without words", NULL},
    [BB_LOST_ANSWERED] = {"it is for where no server replied", NULL},
    [BB_LOST_STATUS] = {NULL, put_status},
    [BB_LOST_REPLY] = {NULL, put_reply},
    [BB_LOST_TAKEN_BACK] = {"it is hard by code, and the words that say so are of something else", NULL},
    [BB_LOST_HOST] = {NULL, put_host},
    [BB_LOST_CONDITION] = {"its conditions do not hold", NULL},
    [BB_LOST_AT_DATA] = {"it is hard and only a hint, and what is said at DATA may be about the message", NULL},
    [BB_LOST_SENDER_STATUS] = {"it is hard, and the status is about the sender", NULL},
    [BB_LOST_PROTOCOL] = {"it is hard, and the reply is about commands or authentication", NULL},
    [BB_LOST_OF_SENDER] = {"it is hard, and the refusal names the sender and not the recipient", NULL},
    [BB_LOST_OF_OTHERS] = {"it is hard, and was said of other recipients", NULL},
    [BB_LOST_OF_ALL] = {"it is hard, and the words are about several recipients", NULL},
    [BB_LOST_EARLY] = {"it is hard, and was said before the recipient was named", NULL},
    [BB_LOST_ELSEWHERE] = {"it is hard in human words, and the codes say something else", NULL},
    [BB_LOST_TEMPORARY] = {"the winner's own kind: a temporary refusal is never hard", NULL},
    [BB_LOST_PASSED_ON] = {"the winner's own kind: the address is one that the mail was passed on to", NULL},
    [BB_LOST_UNSAID] = {"the winner's own kind: the refusal names the sender and gives no reason", NULL},
};

/* ---- all of it ---------------------------------------------------------------------------------------- */

/* One rule is told of once, where it was nearest. */
static bool told(const bb_trace *t, size_t i, const bb_firing *winner)
{
    const bb_lost *l = &t->lost[i];
    if (l->firing.rule == winner->rule) return l->why < BB_LOST_TEMPORARY;
    for (size_t k = 0; k < i; k++)
        if (t->lost[k].firing.rule == l->firing.rule) return true;
    return false;
}

void bb_trace_end(bb_trace *t, const bb_rules *r, const bb_evidence *e, const bb_codes *c, const bb_firing *winner)
{
    case_of of = {r, e, c, winner};
    bb_runners_up *out = t->out;
    for (size_t i = 0; i < t->n; i++)
        if (winner->rule && t->lost[i].why == BB_LOST_NOT) bb_firing_order(winner, &t->lost[i].firing, &t->lost[i].why);
    if (t->n) qsort(t->lost, t->n, sizeof *t->lost, nearer);
    for (size_t i = 0; i < t->n; i++) {
        const bb_lost *l = &t->lost[i];
        if (told(t, i, winner)) continue;
        if (out->n == BB_RUNNERS_UP_MAX) {
            out->more++;
            continue;
        }
        bb_buf why = bb_buf_in(t->arena, 1000);
        if (whys[l->why].put) whys[l->why].put(&why, &of, l);
        else bb_puts(&why, whys[l->why].words);
        out->rules[out->n++] = (bb_runner_up){l->firing.rule->id, l->firing.rule->kind, l->firing.rule->reason,
                                              bb_utf8_clean(t->arena, bb_buf_str(&why))};
    }
}
