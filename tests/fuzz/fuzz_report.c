/* SPDX-License-Identifier: MIT
 *
 * Fuzz: bytes through mail, report and the built-in rules. What a report says is text, its numbers are what they can
 * be, nothing but a report of a delivery removes anybody, and whatever a limit took away is told.
 */
#include "core/base/address.h"
#include "core/classify/classify.h"
#include "core/report/internal.h"
#include "fuzz.h"
#include "tap.h"

static bb_rules *rules; /* read-only once compiled, and the same for every input */

static bool is_line(bb_str text)
{
    return bb_utf8_valid(text) && bb_chr(text, '\n') == BB_NPOS && bb_chr(text, '\r') == BB_NPOS;
}

static bool is_stage(bb_str s)
{
    static const char *const stages[] = {"", "CONN", "EHLO", "MAIL", "RCPT", "DATA"};
    for (size_t i = 0; i < BB_COUNT(stages); i++)
        if (bb_eq(s, bb_cstr(stages[i]))) return true;
    return false;
}

static bool is_status(bb_str s)
{
    bb_str part;
    int n = 0;
    for (uint64_t v; bb_split(&s, '.', &part); n++)
        if (!bb_u64(part, &v) || v > 999) return false;
    return n == 0 || n == 3;
}

static void check_rcpt(const bb_report *r, size_t i, const bb_report_options *opt)
{
    const bb_rcpt_report *to = &r->rcpts[i];
    MUST(to->recipient.n && to->recipient.n <= BB_ADDRESS_MAX && is_line(to->recipient));
    MUST(is_line(to->original) && is_line(to->final));
    MUST(is_line(to->diagnostic) && is_line(to->text));
    /* the cut may cost a character, whose place a longer one takes */
    MUST(to->diagnostic.n <= opt->max_diagnostic + 9 && to->text.n <= opt->max_diagnostic + 9);
    MUST(to->reply_code == 0 || (to->reply_code >= 200 && to->reply_code < 600));
    MUST(is_stage(to->command) && is_status(to->status) && to->action <= BB_ACTION_EXPANDED);
    /* each once; or, where it was passed on, once for each that it was passed on to */
    for (size_t k = 0; k < i && i < 50; k++)
        MUST(!bb_eq(r->rcpts[k].recipient, to->recipient) || !bb_eq(r->rcpts[k].final, to->final));
}

static void check_verdict(const bb_report *r, const bb_verdict *v)
{
    MUST(v->kind <= BB_KIND_AUTOREPLY && v->reason < BB_REASON_COUNT);
    MUST(v->confidence >= 0 && v->confidence <= 1);
    MUST(r->type == BB_REPORT_NONE || v->rule.n);
    if (v->kind == BB_KIND_HARD || v->kind == BB_KIND_DELAYED) MUST(r->type == BB_REPORT_DELIVERY);
    if (v->kind == BB_KIND_DELIVERED) MUST(r->type == BB_REPORT_DELIVERY || r->type == BB_REPORT_RECEIPT);
    if (v->kind == BB_KIND_COMPLAINT) MUST(r->type == BB_REPORT_COMPLAINT);
    if (r->type == BB_REPORT_NONE) MUST(v->kind == BB_KIND_OTHER);
}

static void check_report(const bb_report *r, const bb_report_options *opt)
{
    MUST(r->format && r->type <= BB_REPORT_CHALLENGE && (r->type == BB_REPORT_NONE) == !*r->format);
    MUST(!opt->without || !bb_eq(bb_cstr(r->format), bb_cstr(opt->without)));
    MUST(is_line(r->subject) && bb_utf8_valid(r->text));
    MUST(is_line(r->original.subject) && is_line(r->original.from) && is_line(r->original.to));
    MUST(r->n_rcpts <= opt->max_rcpts);
    MUST(r->type != BB_REPORT_NONE || r->n_rcpts == 0);
    for (size_t i = 0; i < r->n_rcpts; i++) check_rcpt(r, i, opt);
}

/* A report is the same under limits that it does not reach. */
static void check_same(const bb_report *x, const bb_report *y)
{
    MUST(x->type == y->type && bb_eq(bb_cstr(x->format), bb_cstr(y->format)) && x->n_rcpts == y->n_rcpts);
    for (size_t i = 0; i < x->n_rcpts; i++) {
        MUST(bb_eq(x->rcpts[i].recipient, y->rcpts[i].recipient) && bb_eq(x->rcpts[i].status, y->rcpts[i].status));
        MUST(bb_eq(x->rcpts[i].diagnostic, y->rcpts[i].diagnostic) && bb_eq(x->rcpts[i].text, y->rcpts[i].text));
        MUST(x->rcpts[i].action == y->rcpts[i].action && x->rcpts[i].reply_code == y->rcpts[i].reply_code);
    }
}

static void read_and_judge(bb_arena *a, bb_mail *m, const bb_report_options *opt, bb_report *r)
{
    bb_report_read(m, opt, r);
    check_report(r, opt);
    for (size_t i = 0; i < r->n_rcpts || i == 0; i++) {
        bb_verdict v = bb_classify_report(rules, a, r, i);
        check_verdict(r, &v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!rules) rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, NULL);
    MUST(rules);
    bb_report_options tiny = {.max_rcpts = 2, .max_diagnostic = 60}, without = bb_report_defaults;
    size_t left_out = size % (bb_formats_count + 1); /* each in its turn, or none */
    if (left_out) without.without = bb_formats[left_out - 1].name;
    bb_arena a;
    bb_mail m;
    bb_report usual, small, other;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_mail_read(&a, (bb_str){(const char *)data, size}, NULL, &m);
    read_and_judge(&a, &m, &bb_report_defaults, &usual);
    read_and_judge(&a, &m, &tiny, &small);
    read_and_judge(&a, &m, &without, &other);
    MUST(!a.failed);
    if (!small.truncated) check_same(&usual, &small);
    bb_arena_free(&a);
    return 0;
}
