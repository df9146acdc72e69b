/* SPDX-License-Identifier: MIT
 *
 * Amazon SES by way of SNS: a notification in JSON, as it is or wrapped once more in SNS's own object, that says of
 * a bounce, a complaint, a delivery or a delay what a DSN or an ARF report would.
 */
#include "core/report/internal.h"

/* Without one level of quoting ("{\"a\":1}" as the value of another member), and without the breaks that Sendmail puts
 * into lines that are too long. */
static bb_str without_quoting(bb_ctx *c, bb_str text)
{
    bb_buf out = bb_buf_in(c->a, text.n);
    bool quoted =
        bb_find(text, BB_S("\\\"notificationType")) != BB_NPOS || bb_find(text, BB_S("\\\"eventType")) != BB_NPOS;
    for (size_t i = 0; i < text.n; i++) {
        if (bb_starts(bb_sub(text, i, 3), BB_S("!\n "))) i += 2;
        else if (!quoted || text.p[i] != '\\') bb_putc(&out, text.p[i]);
        else if (bb_starts(bb_sub(text, i, 4), BB_S("\\\\\\\"")))
            bb_putc(&out, '\\'), i += 2; /* "\\\"" is "\"" within */
    }
    return bb_buf_str(&out);
}

/* Bytes of the string or the brackets that a value begins with, marks and all; 0: it is neither, or does not end. */
static size_t value_length(bb_str s)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted && c == '\\') i++;
        else if (c == '"') quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[')) depth++;
        else if (!quoted && (c == '}' || c == ']')) depth--;
        if (!quoted && depth <= 0) return depth < 0 || (i == 0 && c != '"') ? 0 : i + 1;
    }
    return 0;
}

/* The value of the first member of that name, without its marks; empty: there is none. */
static bb_str member(bb_ctx *c, bb_str json, const char *name)
{
    bb_str key = bb_sprintf(c->a, "\"%s\"", name);
    for (size_t at; (at = bb_find(json, key)) != BB_NPOS;) {
        json = bb_sub(json, at + key.n, BB_NPOS);
        bb_str value = bb_trim(json);
        if (!bb_starts(value, BB_S(":"))) continue;
        value = bb_trim(bb_sub(value, 1, BB_NPOS));
        size_t n = value_length(value);
        return n < 2 ? (bb_str){0} : bb_sub(value, 1, n - 2);
    }
    return (bb_str){0};
}

/* "smtp; 550 5.1.1 user unknown" */
static bb_str behind_type(bb_str s)
{
    size_t at = bb_find(s, BB_S("; "));
    return at == BB_NPOS || at > 12 ? s : bb_sub(s, at + 2, BB_NPOS);
}

static void put(bb_ctx *c, bb_str address, bb_action action, bb_str about, bb_str why)
{
    bb_rcpt_report *row = bb_row(c, address);
    if (!row) return;
    row->action = action;
    row->original = row->recipient;
    row->status = bb_status_find(member(c, about, "status"));
    row->diagnostic = bb_one_line(c, behind_type(member(c, about, "diagnosticCode")));
    row->text = why;
}

/* The recipients of a list: objects that hold an address, or addresses. */
static void read_list(bb_ctx *c, bb_str list, bb_action action, bb_str why)
{
    size_t n;
    for (list = bb_trim(list); (n = value_length(list)) > 2 && c->r->n_rcpts < c->opt->max_rcpts;) {
        bb_str item = bb_sub(list, 1, n - 2);
        bool object = list.p[0] == '{';
        put(c, object ? member(c, item, "emailAddress") : item, action, object ? item : (bb_str){0}, why);
        list = bb_trim(bb_sub(list, n, BB_NPOS));
        if (bb_starts(list, BB_S(","))) list = bb_trim(bb_sub(list, 1, BB_NPOS));
    }
}

/* What happened, the list of those whom it happened to, and what it says of them. */
static const struct {
    const char *event, *list;
    bb_action action;
    bb_report_type type;
} events[] = {
    {"Bounce", "bouncedRecipients", BB_ACTION_FAILED, BB_REPORT_DELIVERY},
    {"Complaint", "complainedRecipients", BB_ACTION_NONE, BB_REPORT_COMPLAINT},
    {"Delivery", "recipients", BB_ACTION_DELIVERED, BB_REPORT_DELIVERY},
    {"DeliveryDelay", "delayedRecipients", BB_ACTION_DELAYED, BB_REPORT_DELIVERY},
};

bool bb_fmt_ses(bb_ctx *c)
{
    bb_str text = bb_trim(c->r->text);
    if (!bb_starts(text, BB_S("{")) || c->signs & BB_SIGN_REPLY) return false;
    if (bb_find(text, BB_S("notificationType")) == BB_NPOS && bb_find(text, BB_S("eventType")) == BB_NPOS) return false;
    bb_str json = without_quoting(c, text), event = member(c, json, "notificationType");
    if (bb_empty(event)) event = member(c, json, "eventType");
    for (size_t i = 0; i < BB_COUNT(events); i++) {
        if (!bb_is(event, events[i].event)) continue;
        bb_str type = member(c, json, "bounceType"), subtype = member(c, json, "bounceSubType"), why = {0};
        if (!bb_empty(type)) why = bb_sprintf(c->a, BB_FMT " bounce: " BB_FMT, BB_ARG(type), BB_ARG(subtype));
        read_list(c, member(c, json, events[i].list), events[i].action, why);
        if (c->r->n_rcpts == 0) return false;
        c->r->type = events[i].type;
        c->r->feedback_type = bb_lowered(c->a, member(c, json, "complaintFeedbackType"));
        if (events[i].type == BB_REPORT_COMPLAINT && bb_empty(c->r->feedback_type)) c->r->feedback_type = BB_S("abuse");
        c->r->reporting_mta = bb_host_token(behind_type(member(c, json, "reportingMTA")));
        c->r->original.return_path = bb_address_clean(c, member(c, member(c, json, "mail"), "source"));
        return true;
    }
    return false;
}
