/* SPDX-License-Identifier: MIT
 *
 * One message, read: composes mail, report and classify, and adds when it happened, which report it is
 * and the return paths it shows.
 */
#include "core/fact/internal.h"

static void classify_all(bb_arena *a, const bb_rules *rules, bb_message *msg)
{
    size_t n = msg->report.n_rcpts ? msg->report.n_rcpts : 1;
    msg->verdicts = bb_get_array(a, n, sizeof *msg->verdicts);
    if (!msg->verdicts) return;
    msg->n_verdicts = n;
    for (size_t i = 0; i < n; i++) msg->verdicts[i] = bb_classify_report(rules, a, &msg->report, i);
}

bool bb_message_read(bb_arena *a, bb_str bytes, const bb_envelope *env, const bb_reader *reader, bb_message *out)
{
    *out = (bb_message){.envelope = *env, .bytes = bytes.n};
    bb_mail m;
    bb_mail_read(a, bytes, reader->mail ? reader->mail : &bb_mail_defaults, &m);
    if (a->failed || !m.root) return false;
    bb_report_read(&m, reader->report ? reader->report : &bb_report_defaults, &out->report);
    classify_all(a, reader->rules, out);
    out->event_time = bb_fact_event_time(&m, env);
    bb_fact_paths(&m, out);
    out->automatic = bb_fact_is_automatic(&m, out);
    out->noticed_by = bb_fact_noticed_by(&m, env);
    out->key = bb_fact_key(&m, out);
    out->truncated = m.truncated ? m.truncated : out->report.truncated;
    return !a->failed;
}
