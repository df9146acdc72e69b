/* SPDX-License-Identifier: MIT
 *
 * When a report happened and which report it is.
 */
#include "core/fact/internal.h"

/* The date of a trace field stands behind its last semicolon (RFC 5321 section 4.4), and only that is unfolded. */
static bb_time received_date(bb_mail *m, const bb_field *received)
{
    size_t semicolon = bb_rchr(received->value, ';');
    if (semicolon == BB_NPOS) return BB_NO_TIME;
    return bb_time_rfc5322(bb_value_unfold(m, bb_sub(received->value, semicolon + 1, BB_NPOS)));
}

/* The last hop is ours, so the topmost Received line is our own clock; Date is whatever the reporter says. */
bb_time bb_fact_event_time(bb_mail *m, const bb_envelope *env)
{
    const bb_field *received = bb_field_get(m->root, "Received");
    bb_time t = received ? received_date(m, received) : BB_NO_TIME;
    if (t == BB_NO_TIME) t = env->from_line;
    if (t == BB_NO_TIME) t = bb_time_rfc5322(bb_field_raw(m, m->root, "Date"));
    if (t == BB_NO_TIME) return env->received;
    return env->received != BB_NO_TIME && t > env->received ? env->received : t;
}

/* ">From " at the start of a line is what mbox writers make of "From "; how many they add depends on the
 * writer, so the key takes off all of them. */
static bb_str unquoted(bb_str line)
{
    size_t quotes = 0;
    while (quotes < line.n && line.p[quotes] == '>') quotes++;
    bb_str rest = bb_sub(line, quotes, BB_NPOS);
    return bb_starts(rest, BB_S("From ")) ? rest : line;
}

/* Line ends as LF, mbox quoting undone, trailing empty lines dropped: what mailboxes change on the way. */
static void hash_body(bb_hasher *h, bb_str body, bool returns)
{
    size_t empty = 0;
    bool plain = !returns && bb_find(body, BB_S(">From ")) == BB_NPOS;
    if (plain) { /* most mail: no line of it would be another, so all of it goes in at once */
        while (body.n && body.p[body.n - 1] == '\n') body.n--;
        bb_hash_put(h, body);
        if (body.n) bb_hash_put(h, BB_S("\n"));
        return;
    }
    for (bb_str line; bb_line(&body, &line);) {
        if (!line.n) {
            empty++;
            continue;
        }
        for (; empty; empty--) bb_hash_put(h, BB_S("\n"));
        bb_hash_put(h, unquoted(line));
        bb_hash_put(h, BB_S("\n"));
    }
}

bb_hash bb_fact_key(bb_mail *m, const bb_message *msg)
{
    static const char *const fields[] = {"Message-ID", "Date", "From", "To", "Subject"};
    bb_hasher h;
    bb_hash_init(&h);
    for (size_t i = 0; i < BB_COUNT(fields); i++) bb_hash_field(&h, bb_field_raw(m, m->root, fields[i]));
    bb_str path = msg->n_paths ? msg->paths[0].address : (bb_str){0};
    bb_hash_field(&h, bb_lowered(m->arena, path));
    hash_body(&h, m->root->body, m->returns);
    return bb_hash_end(&h);
}
