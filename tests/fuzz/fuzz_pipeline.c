/* SPDX-License-Identifier: MIT
 *
 * Fuzz: reports written by a grammar, through the whole of bb_message_read, with the built-in rules and the charsets of
 * the program. Rows are sound and their JSON is; a second reading says the same; another Received line on top and CRLF
 * line ends change no kind, no reason and no recipient.
 */
#include "core/base/address.h"
#include "core/fact/fact.h"
#include "edge/charset/charset.h"
#include "fuzz.h"
#include "grammar.h"
#include "tap.h"

static bb_rules *rules; /* read-only once compiled, and the same for every input */
static bb_charsets charsets;

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static bool json_string(bb_str *s)
{
    if (!bb_starts(*s, BB_S("\""))) return false;
    for (size_t i = 1; i < s->n; i++) {
        unsigned char c = (unsigned char)s->p[i];
        if (c < 0x20) return false;
        if (c == '\\') i++;
        if (c != '"') continue;
        *s = bb_sub(*s, i + 1, BB_NPOS);
        return true;
    }
    return false;
}

static bool json_value(bb_str *s, int depth)
{
    if (bb_starts(*s, BB_S("\""))) return json_string(s);
    char close = bb_starts(*s, BB_S("{")) ? '}' : bb_starts(*s, BB_S("[")) ? ']' : '\0';
    if (!close) {
        size_t n = 0;
        while (n < s->n && (bb_is_alnum(s->p[n]) || s->p[n] == '.' || s->p[n] == '-')) n++;
        *s = bb_sub(*s, n, BB_NPOS);
        return n > 0;
    }
    char next = '\0';
    do {
        *s = bb_sub(*s, 1, BB_NPOS);
        if (s->n && s->p[0] == close && !next) break;
        if (close == '}' && (!json_string(s) || !bb_starts(*s, BB_S(":")))) return false;
        if (close == '}') *s = bb_sub(*s, 1, BB_NPOS);
        if (depth > 8 || !json_value(s, depth + 1) || !s->n) return false;
        next = s->p[0];
    } while (next == ',');
    if (!s->n || s->p[0] != close) return false;
    *s = bb_sub(*s, 1, BB_NPOS);
    return true;
}

static void check_json(bb_str all, size_t rows)
{
    MUST(bb_utf8_valid(all));
    size_t lines = 0;
    for (bb_str line; bb_split(&all, '\n', &line); lines++) {
        MUST(!bb_has_control(line) && bb_starts(line, BB_S("{")));
        MUST(json_value(&line, 0) && line.n == 0);
    }
    MUST(lines == rows);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static void check_rows(const bb_message *msg)
{
    const bb_report *r = &msg->report;
    MUST(msg->n_verdicts == (r->n_rcpts ? r->n_rcpts : 1));
    MUST(msg->event_time == BB_NO_TIME || msg->event_time <= msg->envelope.received);
    for (size_t i = 0; i < msg->n_verdicts; i++) {
        const bb_verdict *v = &msg->verdicts[i];
        MUST(v->kind <= BB_KIND_AUTOREPLY && v->reason < BB_REASON_COUNT);
        MUST(*bb_kind_word(v->kind) && *bb_reason_word(v->reason));
        MUST(v->confidence >= 0 && v->confidence <= 1);
        if (v->kind == BB_KIND_HARD) MUST(r->type == BB_REPORT_DELIVERY && v->rule.n);
        if (i >= r->n_rcpts) continue;
        bb_str to = r->rcpts[i].recipient;
        MUST(to.n && to.n <= BB_ADDRESS_MAX && bb_utf8_valid(to) && !bb_has_control(to));
    }
}

static void read_all(bb_arena *a, bb_str bytes, bb_message *out)
{
    bb_mail_options mail = bb_mail_defaults;
    mail.charset = bb_charset_convert;
    mail.charset_ctx = &charsets;
    bb_reader reader = {.rules = rules, .mail = &mail};
    bb_envelope env = {.source = BB_S("fuzz#1"), .from_line = BB_NO_TIME, .received = 1800000000};
    MUST(bb_message_read(a, bytes, &env, &reader, out));
}

/* Is a line's end one in whatever charset is named? What follows a byte that is none in it is read with it, be it a CR. */
static bool has_line_ends(bb_str bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        if (bytes.p[i] == '\r' || ((unsigned char)bytes.p[i] < ' ' && !bb_is_space(bytes.p[i]))) return false;
    bool wide = bb_ifind(bytes, BB_S("utf-16")) != BB_NPOS;
    return bb_ifind(bytes, BB_S("charset")) == BB_NPOS || (bb_is_ascii(bytes) && !wide);
}

static void check_same_rows(const bb_message *x, const bb_message *y)
{
    MUST(x->report.n_rcpts == y->report.n_rcpts && x->report.type == y->report.type);
    for (size_t i = 0; i < x->n_verdicts; i++) {
        MUST(x->verdicts[i].kind == y->verdicts[i].kind && x->verdicts[i].reason == y->verdicts[i].reason);
        if (i < x->report.n_rcpts) MUST(bb_eq(x->report.rcpts[i].recipient, y->report.rcpts[i].recipient));
    }
}

static void with_more_received(bb_arena *a, bb_str bytes, const bb_message *was)
{
    bb_message now;
    bb_buf more = bb_buf_in(a, bytes.n + 200);
    bb_puts(
        &more,
        "Received: from relay.example.net (relay.example.net [192.0.2.9])\n\tby mx.example.com (Postfix) with ESMTPS"
        " id 2;\n\tTue, 24 Nov 2026 09:00:05 +0000\n");
    bb_put(&more, bytes);
    read_all(a, bb_buf_str(&more), &now);
    check_same_rows(was, &now);
}

static void with_crlf(bb_arena *a, bb_str bytes, const bb_message *was)
{
    bb_message now;
    bb_buf crlf = bb_buf_in(a, 2 * bytes.n);
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '\n') bb_putc(&crlf, '\r');
        bb_putc(&crlf, bytes.p[i]);
    }
    read_all(a, bb_buf_str(&crlf), &now);
    check_same_rows(was, &now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!rules) rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, NULL);
    MUST(rules);
    bb_arena a;
    bb_message first, second;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_str bytes = grammar_report(&a, (bb_str){(const char *)data, size});
    read_all(&a, bytes, &first);
    read_all(&a, bytes, &second);
    check_rows(&first);
    bb_buf json = bb_buf_in(&a, (size_t)16 << 20), again = bb_buf_in(&a, (size_t)16 << 20);
    bb_message_json(&first, &json);
    bb_message_json(&second, &again);
    MUST(!json.truncated && bb_eq(bb_buf_str(&json), bb_buf_str(&again)));
    check_json(bb_buf_str(&json), first.n_verdicts);
    if (!first.truncated) {
        with_more_received(&a, bytes, &first);
        if (has_line_ends(bytes)) with_crlf(&a, bytes, &first);
    }
    MUST(!a.failed);
    bb_arena_free(&a);
    return 0;
}
