/* SPDX-License-Identifier: MIT
 *
 * A message as JSON Lines under the field names of the Sisimai library, for programs that read those: one object a
 * reported recipient, keys in alphabetical order, each always there. What we do not know is empty.
 */
#include "app/cli/cli.h"

/* The names that such programs know a format by. List managers have none but the one of FML, which is not all of them. */
static bb_str agent(const char *format)
{
    static const char *const names[][2] = {
        {"rfc3464", "RFC3464"}, {"arf", "Feedback-Loop"}, {"autoreply", "RFC3834"}, {"postfix", "Postfix"},
        {"exim", "Exim"},       {"qmail", "qmail"},       {"sendmail", "Sendmail"}, {"opensmtpd", "OpenSMTPD"},
        {"courier", "Courier"}, {"dma", "DragonFly"},     {"ses", "AmazonSES"},
    };
    for (size_t i = 0; i < BB_COUNT(names); i++)
        if (bb_eq(bb_cstr(format), bb_cstr(names[i][0]))) return bb_cstr(names[i][1]);
    return (bb_str){0};
}

/* Two of our words are none of theirs. */
static bb_str reason(bb_reason r)
{
    if (r == BB_REASON_greylisted) r = BB_REASON_blocked;
    if (r == BB_REASON_challenge) r = BB_REASON_undefined;
    return bb_cstr(bb_reason_word(r));
}

static bb_str domain_of(bb_str address)
{
    bb_str local, domain;
    return bb_address_split(address, &local, &domain) ? domain : (bb_str){0};
}

/* Of the message that came back: its author, else where its bounces go. */
static bb_str addresser(const bb_original *o)
{
    bb_str author = bb_address_find(o->from, NULL);
    return author.n ? author : o->return_path;
}

static bb_str message_id(bb_str id)
{
    id = bb_trim(id);
    return id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>' ? bb_sub(id, 1, id.n - 2) : id;
}

/* The same report about the same recipient has the same. */
static void put_token(bb_json *j, const bb_message *m, size_t i, bb_str recipient)
{
    bb_hasher h;
    char hex[2 * BB_HASH_LEN + 1], number[24];
    snprintf(number, sizeof number, "%zu", i);
    bb_hash_init(&h);
    bb_hash_field(&h, (bb_str){(const char *)m->key.b, sizeof m->key.b});
    bb_hash_field(&h, bb_cstr(number));
    bb_hash_field(&h, recipient);
    bb_hash key = bb_hash_end(&h);
    bb_hash_hex(&key, hex);
    bb_json_kstr(j, "token", bb_cstr(hex));
}

static void put_time(bb_json *j, bb_time t)
{
    bb_json_key(j, "timestamp");
    if (t == BB_NO_TIME) bb_json_null(j);
    else bb_json_int(j, t);
    bb_json_kstr(j, "timezoneoffset", t == BB_NO_TIME ? (bb_str){0} : BB_S("+0000"));
}

static void put_object(bb_json *j, const bb_message *m, size_t i)
{
    static const bb_rcpt_report nobody;
    const bb_rcpt_report *r = i < m->report.n_rcpts ? &m->report.rcpts[i] : &nobody;
    const bb_verdict *v = &m->verdicts[i];
    const bb_original *o = &m->report.original;
    bb_str from = addresser(o), to = r->final.n ? r->final : r->recipient;
    char code[16] = "";
    if (r->reply_code) snprintf(code, sizeof code, "%d", r->reply_code);
    bb_json_open(j, '{');
    bb_json_kstr(j, "action", bb_cstr(bb_action_word(r->action)));
    bb_json_kstr(j, "addresser", from);
    bb_json_kstr(j, "alias", bb_ieq(r->recipient, to) ? (bb_str){0} : r->recipient);
    bb_json_key(j, "catch");
    bb_json_null(j);
    bb_json_kstr(j, "deliverystatus", r->status);
    bb_json_kstr(j, "destination", domain_of(to));
    bb_json_kstr(j, "diagnosticcode", r->diagnostic.n ? r->diagnostic : r->text);
    bb_json_kstr(j, "diagnostictype", r->reply_code ? BB_S("SMTP") : (bb_str){0});
    bb_json_kstr(j, "feedbacktype", m->report.feedback_type);
    bb_json_kint(j, "hardbounce", v->kind == BB_KIND_HARD);
    bb_json_kstr(j, "lhost", m->report.reporting_mta);
    bb_json_kstr(j, "listid", o->list_id);
    bb_json_kstr(j, "messageid", message_id(o->message_id));
    bb_json_kstr(j, "origin", m->envelope.source);
    bb_json_kstr(j, "reason", reason(v->reason));
    bb_json_kstr(j, "recipient", to);
    bb_json_kstr(j, "replycode", bb_cstr(code));
    bb_json_kstr(j, "rhost", r->remote_mta);
    bb_json_kstr(j, "senderdomain", domain_of(from));
    bb_json_kstr(j, "smtpagent", agent(m->report.format));
    bb_json_kstr(j, "smtpcommand", r->command);
    bb_json_kstr(j, "subject", o->subject);
    put_time(j, m->event_time);
    put_token(j, m, i, to);
    bb_json_close(j, '}');
}

void cli_sisimai_json(const bb_message *m, bb_buf *out)
{
    for (size_t i = 0; m->report.type != BB_REPORT_NONE && i < m->n_verdicts; i++) {
        bb_json j = {.out = out};
        put_object(&j, m, i);
        bb_putc(out, '\n');
    }
}
