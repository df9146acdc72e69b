/* SPDX-License-Identifier: MIT
 *
 * Answering machines: RFC 3834, the marks that came before it, subjects in many languages, and replies
 * without any mark but the empty sender. A report of a failed delivery marks itself the same way and is
 * none of these.
 */
#include "core/report/internal.h"

/* "Out of office: Undelivered Mail ..." answers a bounce and repeats its subject behind its own mark; a mail
 * system that returns somebody's holiday has its own before it. */
static bool begins_away(bb_str subject)
{
    bb_str mark;
    if (bb_chr(subject, ':') == BB_NPOS || !bb_split(&subject, ':', &mark)) return false;
    unsigned said = bb_phrases_in(NULL, mark, BB_WORDS_ANNOUNCED);
    return said & BB_SAYS_AWAY && !(said & BB_SAYS_FAILED);
}

/* What machines send round: files, and reports of a type of their own. Answers have neither. */
static bool carries_data(bb_ctx *c)
{
    if (c->m->root->report_type.n) return true;
    for (const bb_part *p = NULL; (p = bb_own_next(c, p)) != NULL;)
        if (bb_starts(p->type, BB_S("application/")) && !bb_starts(p->type, BB_S("application/pkcs7"))) return true;
    return false;
}

/* Nothing marks it but the null return path: what is no report of a failure, and no mailing, answers. */
static bool only_answers(bb_ctx *c)
{
    if (!(c->signs & BB_SIGN_NULL_SENDER) || c->signs & (BB_SIGN_DAEMON | BB_SIGN_LIST | BB_SIGN_PASSED_ON))
        return false;
    bool answers = c->signs & BB_SIGN_REPLY; /* "your message was not read by anybody" */
    bool announces = bb_announces(c) && c->signs & BB_SIGN_SUBJECT;
    bool of_else = c->text_says & BB_SAYS_ELSE && c->signs & (BB_SIGN_SUBJECT | BB_SIGN_TEXT); /* "your fax failed" */
    bool tells = announces || of_else || c->signs & BB_SIGN_SUMMARY;
    return !bb_empty(bb_trim(c->r->text)) && (answers || !tells) && !carries_data(c);
}

/* "Ann Other is no longer with us", from Ann Other: her mailbox says so, and no colleague. */
static bool left_behind(bb_ctx *c)
{
    bb_str name = bb_field_text(c->m, c->m->root, "From");
    name = bb_trim(bb_sub(name, 0, bb_chr(name, '<')));
    if (name.n > 2 && name.p[0] == '"') name = bb_sub(name, 1, name.n - 2);
    size_t at = c->text_says & BB_SAYS_LEFT && name.n > 4 ? bb_ifind(c->r->text, name) : BB_NPOS;
    if (at == BB_NPOS) return false;
    return bb_phrases_in(&c->found, bb_sub(c->r->text, at + name.n, 60), BB_WORDS_ANNOUNCED) & BB_SAYS_LEFT;
}

static bool is_autoreply(bb_ctx *c)
{
    unsigned signs = c->signs;
    const unsigned by_program = BB_SIGN_AUTO | BB_SIGN_NULL_SENDER;
    bool answered = c->text_says & BB_SAYS_ANSWERED || left_behind(c);
    /* Many write to a list about such subjects, and people pass on and answer what they got. */
    bool words_count = !(signs & (BB_SIGN_LIST | BB_SIGN_PASSED_ON));
    bool subject_counts = words_count && (!(signs & BB_SIGN_REPLY) || signs & by_program || answered);
    if (signs & BB_SIGN_DSN) return false;
    if (words_count && begins_away(c->r->subject)) return true;
    if (words_count && signs & BB_SIGN_DESK && signs & by_program) return true;
    /* auto-generated is any machine's mail, auto-notified a sieve's about one (RFC 5436): no answers (RFC 3834 section 5) */
    bb_str submitted = bb_field_raw(c->m, c->m->root, "Auto-Submitted");
    if (!bb_empty(submitted) && !bb_istarts(submitted, BB_S("auto-replied"))) return false;
    /* A mail system has no holidays. */
    bool away = c->subject_says & BB_SAYS_AWAY;
    if (subject_counts && away && !(signs & BB_SIGN_DAEMON)) return true;
    /* Some mail systems just write a sentence; frauds in their name write it in markup, for a link to follow. */
    bool sentence = !(signs & BB_SIGN_AUTO) || !bb_eq(c->m->root->type, BB_S("text/plain"));
    if (bb_announces(c) && ((signs & BB_SIGN_DAEMON && sentence) || bb_has_evidence(c))) return false;
    if (signs & BB_SIGN_AUTO || (words_count && answered)) return true;
    return only_answers(c);
}

bool bb_fmt_autoreply(bb_ctx *c)
{
    if (!is_autoreply(c)) return false;
    c->r->type = BB_REPORT_AUTOREPLY;
    bb_row(c, c->from);
    return true;
}
