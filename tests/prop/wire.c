/* SPDX-License-Identifier: MIT
 *
 * Laws of the wire: cutting changes nothing, what a client stuffs is undone, every accepted recipient has one reply in
 * its place whatever the order of answers, and what is coded comes back.
 */
#include <string.h>

#include "core/wire/lmtp.h"
#include "core/wire/policy.h"
#include "tap.h"
#include "wire.h"

#define ROUNDS 3000

static bb_arena arena;
static uint64_t state;

static bb_buf buffer(void)
{
    return bb_buf_in(&arena, (size_t)1 << 20);
}

static const char *one_of(const char *const *words, size_t n)
{
    return words[tap_below(&state, n)];
}

/* Bytes that matter to whoever looks for ends of lines. */
static void put_nasty(bb_buf *b, size_t most)
{
    static const char bytes[] = "..\r\r\n\n\r\n.a <>:;=+\\\"\x01\xff";
    for (uint64_t n = tap_below(&state, most + 1); n; n--) bb_putc(b, bytes[tap_below(&state, sizeof bytes)]);
}

/* ---- cutting ------------------------------------------------------------------------------------ */

static bb_str any_conversation(void)
{
    static const char *const lines[] = {"LHLO mx\r\n",
                                        "MAIL FROM:<>\r\n",
                                        "RCPT TO:<a@x>\r\n",
                                        "DATA\r\n",
                                        ".\r\n",
                                        "text\r\n",
                                        "..\r\n",
                                        "RSET\r\n",
                                        "QUIT\r\n",
                                        "NOOP\n",
                                        "RCPT TO:<unknown@x>\r\n",
                                        "RCPT TO:<full@x> ORCPT=rfc822;a+2Bb NOTIFY=DELAY\r\n",
                                        "MAIL FROM:<b@y> SIZE=5 RET=FULL ENVID=x+2B\r\n",
                                        "RCPT TO:<hostile@x>\r\n",
                                        "EHLO x\r\n",
                                        "\r\n",
                                        "RCPT TO:<\"a>",
                                        "\r",
                                        "."};
    bb_buf b = buffer();
    if (tap_below(&state, 4)) bb_puts(&b, "LHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\n");
    for (uint64_t n = tap_below(&state, 30); n; n--) {
        if (tap_below(&state, 8)) bb_puts(&b, one_of(lines, BB_COUNT(lines)));
        else put_nasty(&b, 20);
    }
    return bb_buf_str(&b);
}

static bb_lmtp_options any_options(void)
{
    bb_lmtp_options o = bb_lmtp_defaults;
    o.beyond = (bb_lmtp_oversize)tap_below(&state, 3);
    if (tap_below(&state, 2)) o.size_max = tap_below(&state, 30);
    if (tap_below(&state, 2)) o.errors_max = (unsigned)tap_below(&state, 6);
    if (tap_below(&state, 2)) o.commands_max = (unsigned)tap_below(&state, 20);
    return o;
}

static bool same_talk(const wire_talk *x, const wire_talk *y)
{
    return x->made && y->made && bb_eq(x->output, y->output) && bb_eq(x->events, y->events);
}

static void cutting(void)
{
    bool same = true, neutral = true;
    for (int i = 0; i < ROUNDS && same && neutral; i++) {
        bb_lmtp_options o = any_options();
        bb_str in = any_conversation();
        wire_talk whole = wire_lmtp(&arena, in, &(wire_way){.lmtp = &o});
        wire_way way = {.lmtp = &o, .random = &state, .late = tap_below(&state, 2), .backwards = tap_below(&state, 2)};
        wire_talk cut = wire_lmtp(&arena, in, &way);
        same = same_talk(&whole, &cut);
        neutral = wire_is_neutral(whole.output, "\r\n");
        if (!same) tap_note("%s", bb_safe(&arena, in, 2000).p);
        bb_arena_reset(&arena);
    }
    ok(same, "LMTP: however the bytes and the answers come, output and events are the same");
    ok(neutral, "LMTP: lines of at most 512 octets of printable ASCII");
}

/* Asked to stop anywhere, the machine ends with a client that knows: all messages that came whole are answered. */
static void stopping(void)
{
    bool ends = true;
    for (int i = 0; i < ROUNDS && ends; i++) {
        const bb_str two = BB_S("LHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\nx\r\n.\r\n"
                                "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\ny\r\n.\r\nNOOP\r\n");
        wire_way way = {.random = &state, .stop_at = 1 + tap_below(&state, two.n), .stays = true};
        wire_talk t = wire_lmtp(&arena, two, &way);
        size_t whole = 0, stored = 0;
        for (bb_str rest = t.events, line; bb_line(&rest, &line);) whole += bb_starts(line, BB_S("MESSAGE"));
        for (bb_str rest = t.output, line; bb_line(&rest, &line);) stored += bb_eq(line, BB_S("250 2.0.0 Stored"));
        ends = t.closed && whole == stored && bb_find(t.output, BB_S("\r\n421 4.3.2 ")) != BB_NPOS &&
               bb_find(t.events, BB_S("CLOSE stopped")) != BB_NPOS && bb_find(t.events, BB_S("FORGOTTEN")) == BB_NPOS;
        if (!ends) tap_note("stopped at %d: %s", (int)way.stop_at, bb_safe(&arena, t.events, 2000).p);
        bb_arena_reset(&arena);
    }
    ok(ends, "LMTP: stopped anywhere, it ends between messages, and every message is answered");
}

/* ---- data --------------------------------------------------------------------------------------- */

/* As a client has it (RFC 5321 section 4.5.2): a line that begins with a dot gets another. */
static bb_str stuffed(bb_str body)
{
    bb_buf b = buffer();
    for (size_t i = 0; i < body.n; i++) {
        bool begins = i == 0 || (i >= 2 && body.p[i - 2] == '\r' && body.p[i - 1] == '\n');
        if (begins && body.p[i] == '.') bb_putc(&b, '.');
        bb_putc(&b, body.p[i]);
    }
    return bb_buf_str(&b);
}

static void data(void)
{
    bool back = true;
    for (int i = 0; i < ROUNDS && back; i++) {
        bb_buf body = buffer(), want = buffer();
        put_nasty(&body, 60);
        bb_puts(&body, "\r\n");
        bb_str in = bb_cat(&arena, BB_S("LHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n"),
                           stuffed(bb_buf_str(&body)), BB_S(".\r\nQUIT\r\n"));
        wire_talk t = wire_lmtp(&arena, in, &(wire_way){.random = &state});
        bb_putf(&want, "HELLO mx\nOFFER a@x\nMESSAGE from=<> to=1 size=%d [", (int)body.n);
        bb_put(&want, bb_buf_str(&body));
        bb_puts(&want, "]\nCLOSE quit\n");
        back = bb_eq(t.events, bb_buf_str(&want));
        if (!back) tap_note("%s", bb_safe(&arena, in, 2000).p);
        bb_arena_reset(&arena);
    }
    ok(back, "LMTP: any bytes that are stuffed come back, and end where they end");
}

/* ---- one reply for each ------------------------------------------------------------------------- */

static void replies(void)
{
    static const struct {
        const char *name, *first, *second;
    } kinds[] = {{"a", "250 2.1.5 Ok\r\n", "250 2.0.0 Stored\r\n"},
                 {"full", "250 2.1.5 Ok\r\n", "452 4.2.2 Full\r\n"},
                 {"unknown", "550 5.1.1 Not ours\r\n", ""},
                 {"later", "451 4.3.0 Try again later\r\n", ""},
                 {"odd", "451 4.0.0 Odd\r\n", ""}};
    bool each = true;
    for (int i = 0; i < ROUNDS / 3 && each; i++) {
        bb_buf in = buffer(), out = buffer();
        bb_puts(&in, "LHLO mx\r\n");
        for (uint64_t messages = 1 + tap_below(&state, 3); messages; messages--) {
            bb_buf late = buffer();
            bb_puts(&in, "MAIL FROM:<>\r\n");
            bb_puts(&out, "250 2.1.0 Ok\r\n");
            for (uint64_t n = 1 + tap_below(&state, 40); n; n--) {
                size_t k = n == 1 ? 0 : tap_below(&state, BB_COUNT(kinds)); /* one at least is taken */
                bb_putf(&in, "RCPT TO:<%s%d@x>\r\n", kinds[k].name, (int)n);
                bb_puts(&out, kinds[k].first);
                bb_puts(&late, kinds[k].second);
            }
            bb_puts(&in, "DATA\r\nx\r\n.\r\n");
            bb_puts(&out, "354 End data with <CR><LF>.<CR><LF>\r\n");
            bb_put(&out, bb_buf_str(&late));
        }
        wire_way way = {.random = &state, .late = tap_below(&state, 2), .backwards = tap_below(&state, 2)};
        wire_talk t = wire_lmtp(&arena, bb_buf_str(&in), &way);
        bb_str said = bb_sub(t.output, bb_find(t.output, BB_S("250 SIZE\r\n")) + 10, BB_NPOS);
        each = bb_eq(said, bb_buf_str(&out));
        if (!each) tap_note("%s", bb_safe(&arena, bb_buf_str(&in), 2000).p);
        bb_arena_reset(&arena);
    }
    ok(each, "LMTP: every recipient taken has one reply behind the data, in the order of RCPT");
}

/* ---- coded values ------------------------------------------------------------------------------- */

static uint32_t any_code_point(void)
{
    static const uint32_t tops[] = {0x5F, 0x700, 0xC000, 0x100000};
    uint32_t c = 0x20 + (uint32_t)tap_below(&state, tops[tap_below(&state, BB_COUNT(tops))]);
    bool control = c == 0x7F || (c >= 0x80 && c < 0xA0), surrogate = c >= 0xD800 && c <= 0xDFFF;
    return control || surrogate ? '+' : c;
}

static void xtext(void)
{
    bool back = true;
    for (int i = 0; i < ROUNDS && back; i++) {
        bool utf8 = tap_below(&state, 2);
        bb_buf plain = buffer(), coded = buffer();
        for (uint64_t n = 1 + tap_below(&state, 20); n; n--) {
            uint32_t c = utf8 ? any_code_point() : 0x20 + (uint32_t)tap_below(&state, 0x5F);
            bool as_it_is = c > ' ' && c < 0x7F && c != '+' && c != '=' && c != '\\';
            bb_put_utf8(&plain, c);
            if (as_it_is) bb_putc(&coded, (char)c);
            else bb_putf(&coded, utf8 ? "\\x{%X}" : "+%02X", (unsigned)c);
        }
        bb_str in = bb_cat(&arena, BB_S("LHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<a@x> ORCPT="),
                           bb_cat(&arena, utf8 ? BB_S("utf-8;") : BB_S("rfc822;"), bb_buf_str(&coded), BB_S("\r\n")),
                           (bb_str){0});
        wire_talk t = wire_lmtp(&arena, in, &(wire_way){.step = 5});
        bb_str want =
            bb_cat(&arena, utf8 ? BB_S("HELLO mx\nOFFER a@x orcpt=utf-8;") : BB_S("HELLO mx\nOFFER a@x orcpt=rfc822;"),
                   bb_buf_str(&plain), BB_S("\nFORGOTTEN\nCLOSE eof\n"));
        back = bb_eq(t.events, want);
        if (!back) tap_note("%s", bb_safe(&arena, in, 2000).p);
        bb_arena_reset(&arena);
    }
    ok(back, "ORCPT: what is coded as RFC 3461 and RFC 6533 have it comes back");
}

/* ---- policy ------------------------------------------------------------------------------------- */

static void policy(void)
{
    static const char *const lines[] = {
        "sender=a\n", "recipient=b\n", "size=12\n", "request=x\n",           "\n", "sender=a=b\n", "unknown=1\n",
        "size=x\n",   "helo_name=\n",  "\n",        "recipient=\xff\x1b\r\n"};
    bool same = true, neutral = true;
    for (int i = 0; i < ROUNDS && same && neutral; i++) {
        bb_buf b = buffer();
        for (uint64_t n = tap_below(&state, 30); n; n--) {
            if (tap_below(&state, 20)) bb_puts(&b, one_of(lines, BB_COUNT(lines)));
            else put_nasty(&b, 10);
        }
        bb_str in = bb_buf_str(&b);
        wire_talk whole = wire_policy(&arena, in, &(wire_way){0});
        wire_talk cut = wire_policy(&arena, in, &(wire_way){.random = &state, .late = tap_below(&state, 2)});
        same = same_talk(&whole, &cut);
        neutral = wire_is_neutral(whole.output, "\n");
        if (!same) tap_note("%s", bb_safe(&arena, in, 2000).p);
        bb_arena_reset(&arena);
    }
    ok(same, "policy: however the bytes come, output and events are the same");
    ok(neutral, "policy: lines of at most 512 octets of printable ASCII");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    state = tap_seed();
    cutting();
    stopping();
    data();
    replies();
    xtext();
    policy();
    bb_arena_free(&arena);
    return tap_done();
}
