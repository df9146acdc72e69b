/* SPDX-License-Identifier: MIT
 *
 * verdict: a whole report, by its type.
 */
#include "core/classify/classify.h"

/* A feedback type begins with this, however it is spelled: "not-spam", "Not_Spam", "notspam (user)". */
static bool type_is(bb_str type, const char *letters)
{
    for (size_t i = 0; i < type.n && *letters; i++) {
        if (!bb_is_alnum(type.p[i])) continue;
        if (bb_lower(type.p[i]) != *letters++) return false;
    }
    return !*letters;
}

/* RFC 5965 section 7.3, RFC 6430, RFC 6591. Only a person who does not want the mail complains: who takes it out of the
 * spam folder does not, and neither does a machine that found a virus, nor one that reports in a type of its own. One that
 * could not verify a signature complains in its way, and the policy knows that it is nobody. */
static bb_verdict complaint(bb_str type)
{
    static const char *const persons[] = {"abuse", "fraud", "optout", "unsubscribe", "spam", "phish", "complaint"};
    if (type_is(type, "notspam")) return (bb_verdict){BB_KIND_OTHER, BB_REASON_feedback, BB_S("feedback-not-spam"), 1};
    if (type_is(type, "authfailure") || type_is(type, "dmarc"))
        return (bb_verdict){BB_KIND_COMPLAINT, BB_REASON_authfailure, BB_S("feedback-auth-failure"), 1};
    for (size_t i = 0; i < BB_COUNT(persons); i++)
        if (type_is(type, persons[i])) return (bb_verdict){BB_KIND_COMPLAINT, BB_REASON_feedback, BB_S("feedback"), 1};
    return (bb_verdict){BB_KIND_OTHER, BB_REASON_feedback, BB_S("feedback-other"), 1};
}

/* A disposition notification (RFC 8098) is written by the reader's program, not by who delivers: it
 * answers the mail like an auto-reply, and says by the way that it arrived. The exception are mail
 * stores that refuse in this form (a Sieve reject, a full mailbox); never removing anybody, since
 * a personal filter can write whatever it likes. Where it was displayed it was delivered. */
static bb_verdict receipt(const bb_rules *rules, bb_arena *a, const bb_report *r)
{
    if (r->arrived) return (bb_verdict){BB_KIND_DELIVERED, BB_REASON_delivered, BB_S("receipt"), 1};
    bb_evidence e = {.text = r->text};
    bb_verdict v = bb_classify(rules, a, &e);
    if (v.kind == BB_KIND_SOFT || v.kind == BB_KIND_BLOCK) return v;
    return (bb_verdict){BB_KIND_AUTOREPLY, BB_REASON_delivered, BB_S("receipt"), 0.9};
}

/* "Mail delivery failed: 550 No such user": what follows the code. Empty where the subject holds no
 * code or repeats the original's subject, whose words are nobody's refusal. */
static bb_str reply_in_subject(const bb_report *r)
{
    bb_str s = r->subject;
    if (!bb_empty(r->original.subject) && bb_ifind(s, r->original.subject) != BB_NPOS) return (bb_str){0};
    for (size_t i = 0; i + 3 <= s.n; i++) {
        if ((s.p[i] != '4' && s.p[i] != '5') || !bb_is_digit(s.p[i + 1]) || !bb_is_digit(s.p[i + 2])) continue;
        bool begins = i == 0 || bb_is_space(s.p[i - 1]), ends = i + 3 == s.n || bb_is_space(s.p[i + 3]);
        if (begins && ends) return bb_sub(s, i, BB_NPOS);
    }
    return (bb_str){0};
}

static bb_verdict delivery(const bb_rules *rules, bb_arena *a, const bb_report *r, size_t i)
{
    static const bb_rcpt_report nobody;
    const bb_rcpt_report *to = i < r->n_rcpts ? &r->rcpts[i] : &nobody;
    bb_evidence e = {
        .action = to->action,
        .status = to->status,
        .reply_code = to->reply_code,
        .command = to->command,
        .diagnostic = to->diagnostic,
        .text = bb_empty(to->text) ? bb_report_words_for_all(r) : to->text,
        .asserted = bb_empty(to->text) ? r->asserted : (bb_str){0},
        .host = bb_empty(to->remote_mta) ? r->reporting_mta : to->remote_mta,
        .subject = r->original.subject,
        .told = to->told,
        .others = to->others,
        .text_of_all = bb_empty(to->text) && r->n_rcpts > 1,
        .of_sender = to->of_sender,
        .passed_on = to->passed_on,
    };
    bb_verdict v = bb_classify(rules, a, &e);
    if (!bb_empty(v.rule)) return v;
    e.diagnostic = reply_in_subject(r);
    e.told = false;
    v = bb_classify(rules, a, &e);
    if (!bb_empty(v.rule)) return v;
    /* It did come back, and nobody here can read why: that removes nobody. */
    return (bb_verdict){BB_KIND_BLOCK, BB_REASON_onhold, BB_S("unread"), 0.1};
}

bb_verdict bb_classify_report(const bb_rules *rules, bb_arena *a, const bb_report *r, size_t i)
{
    switch (r->type) {
    case BB_REPORT_DELIVERY: return delivery(rules, a, r, i);
    case BB_REPORT_COMPLAINT: return complaint(r->feedback_type);
    case BB_REPORT_AUTOREPLY: return (bb_verdict){BB_KIND_AUTOREPLY, BB_REASON_vacation, BB_S("autoreply"), 1};
    case BB_REPORT_CHALLENGE: return (bb_verdict){BB_KIND_AUTOREPLY, BB_REASON_challenge, BB_S("challenge"), 1};
    case BB_REPORT_RECEIPT: return receipt(rules, a, r);
    case BB_REPORT_NONE: break;
    }
    return (bb_verdict){BB_KIND_OTHER, BB_REASON_undefined, BB_S(""), 1};
}
