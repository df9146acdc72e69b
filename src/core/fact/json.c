/* SPDX-License-Identifier: MIT
 *
 * A message as JSON Lines, one object a reported recipient: the output of `parse`, version 1.
 */
#include "core/fact/fact.h"

static void put_token(bb_json *j, const bb_message *m)
{
    bb_token token;
    bb_json_key(j, "token");
    if (!m->n_paths || !bb_return_path_peek(&m->paths[0], &token)) {
        bb_json_null(j);
        return;
    }
    bb_json_open(j, '{'); /* unverified: parse knows no keys */
    bb_json_kint(j, "key", token.key);
    bb_json_ktime(j, "day", token.day * BB_DAY);
    bb_json_kint(j, "mailing", token.mailing);
    bb_json_kint(j, "subscriber", (int64_t)token.subscriber);
    bb_json_close(j, '}');
}

static void put_original(bb_json *j, const bb_original *o)
{
    bb_json_key(j, "original");
    bb_json_open(j, '{');
    bb_json_kstr(j, "message_id", o->message_id);
    bb_json_kstr(j, "subject", o->subject);
    bb_json_kstr(j, "from", o->from);
    bb_json_kstr(j, "list_id", o->list_id);
    bb_json_close(j, '}');
}

static void put_said(bb_json *j, const bb_rcpt_report *r, const bb_verdict *v)
{
    bb_json_kstr(j, "kind", bb_cstr(bb_kind_word(v->kind)));
    bb_json_kstr(j, "reason", bb_cstr(bb_reason_word(v->reason)));
    bb_json_kstr(j, "recipient", r->recipient);
    bb_json_kstr(j, "action", bb_cstr(bb_action_word(r->action)));
    bb_json_kstr(j, "status", r->status);
    bb_json_key(j, "reply_code");
    if (r->reply_code) bb_json_int(j, r->reply_code);
    else bb_json_null(j);
    bb_json_kstr(j, "command", r->command);
    bb_json_kstr(j, "diagnostic", r->diagnostic);
    bb_json_kstr(j, "remote_mta", r->remote_mta);
}

/* Our own return path where there is one, else where the returned message says bounces go. */
static bb_str return_path(const bb_message *m)
{
    return m->n_paths ? m->paths[0].address : m->report.original.return_path;
}

static void put_row(bb_json *j, const bb_message *m, size_t i)
{
    static const bb_rcpt_report nobody = {0};
    char hex[2 * BB_HASH_LEN + 1];
    bb_hash_hex(&m->key, hex);
    bb_json_open(j, '{');
    bb_json_kint(j, "v", 1);
    bb_json_kstr(j, "source", m->envelope.source);
    put_said(j, i < m->report.n_rcpts ? &m->report.rcpts[i] : &nobody, &m->verdicts[i]);
    bb_json_kstr(j, "reporting_mta", m->report.reporting_mta);
    bb_json_kstr(j, "format", bb_cstr(m->report.format));
    bb_json_kstr(j, "rule", m->verdicts[i].rule);
    bb_json_key(j, "confidence");
    bb_json_num2(j, m->verdicts[i].confidence);
    bb_json_kstr(j, "return_path", return_path(m));
    put_token(j, m);
    bb_json_ktime(j, "date", m->event_time);
    put_original(j, &m->report.original);
    bb_json_kstr(j, "content_id", bb_cstr(hex));
    bb_json_key(j, "truncated");
    bb_json_bool(j, m->truncated != NULL);
    bb_json_close(j, '}');
}

void bb_message_json(const bb_message *m, bb_buf *out)
{
    for (size_t i = 0; i < m->n_verdicts; i++) {
        bb_json j = {.out = out};
        put_row(&j, m, i);
        bb_putc(out, '\n');
    }
}
