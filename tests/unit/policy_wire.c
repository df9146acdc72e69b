/* SPDX-License-Identifier: MIT
 *
 * policy of the wire: requests as Postfix writes them and as it never would; then time and the end.
 */
#include "core/wire/policy.h"

#include "tap.h"
#include "wire.h"

static bb_arena arena;

static bb_str times(const char *what, int n)
{
    bb_buf b = bb_buf_in(&arena, (size_t)1 << 24);
    for (int i = 0; i < n; i++) bb_puts(&b, what);
    return bb_buf_str(&b);
}

static bool same_in_pieces(bb_str input, const bb_policyd_options *options, const wire_talk *whole)
{
    const wire_way ways[] = {{.policy = options, .step = 1},
                             {.policy = options, .step = 2},
                             {.policy = options, .step = 7, .late = true},
                             {.policy = options, .late = true}};
    for (size_t i = 0; i < BB_COUNT(ways); i++) {
        wire_talk t = wire_policy(&arena, input, &ways[i]);
        if (!bb_eq(t.output, whole->output) || !bb_eq(t.events, whole->events)) return false;
    }
    return true;
}

static void converse(const char *name, bb_str input, const bb_policyd_options *options, const char *output,
                     const char *events)
{
    wire_talk t = wire_policy(&arena, input, &(wire_way){.policy = options});
    is_str(t.output, bb_cstr(output), "%s: what Postfix hears", name);
    is_str(t.events, bb_cstr(events), "%s: what the driver is told", name);
    ok(wire_is_neutral(t.output, "\n"), "%s: lines of printable ASCII", name);
    ok(same_in_pieces(input, options, &t), "%s: the same in pieces", name);
}

#define DUNNO "action=DUNNO\n\n"

static void requests(void)
{
    static const struct {
        const char *name, *input, *output, *events;
    } rows[] = {
        {"nothing", "", "", "CLOSE eof\n"},
        {"half a request", "request=smtpd_access_policy\nsender=", "", "CLOSE eof\n"},
        {"one of Postfix 3.7's",
         "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nhelo_name=some.domain.tld\n"
         "queue_id=8045F2AB23\nsender=\nrecipient=bounce-x@bounces.example.com\nrecipient_count=0\n"
         "client_address=1.2.3.4\nclient_name=another.domain.tld\nreverse_client_name=another.domain.tld\n"
         "instance=123.456.7\nsasl_method=plain\nsasl_username=you\nsasl_sender=\nsize=12345\nccert_subject=\n"
         "encryption_protocol=TLSv1/SSLv3\nencryption_keysize=256\netrn_domain=\nstress=\nclient_port=1234\n"
         "policy_context=submission\nserver_address=10.3.2.1\nserver_port=54321\ncompatibility_level=3.6\n"
         "mail_version=3.7.11\n\n",
         "action=REJECT bounce-x@bounces.example.com\n\n",
         "REQUEST request=smtpd_access_policy protocol_state=RCPT protocol_name=ESMTP client_address=1.2.3.4 "
         "client_name=another.domain.tld helo_name=some.domain.tld recipient=bounce-x@bounces.example.com "
         "queue_id=8045F2AB23 instance=123.456.7 sasl_username=you policy_context=submission "
         "server_address=10.3.2.1 size=12345 server_port=54321\nCLOSE eof\n"},
        {"two, and nothing stays of the first", "request=a\nsize=1\nsender=x\n\nrequest=b\n\n", DUNNO DUNNO,
         "REQUEST request=a sender=x size=1\nREQUEST request=b\nCLOSE eof\n"},
        {"of an attribute that comes twice the last counts",
         "sender=a\nsize=1\nsender=b\nsize=2\nclient_name=x\nclient_name=\n\n", DUNNO,
         "REQUEST sender=b size=2\nCLOSE eof\n"},
        {"numbers that are none", "size=12x\nrecipient_count=-1\nserver_port=99999999999999999999\n\n", DUNNO,
         "REQUEST\nCLOSE eof\n"},
        {"names are as they are spelled", "Request=a\n request=b\nrequest =c\nrequestx=d\n=e\n\n", DUNNO,
         "REQUEST\nCLOSE eof\n"},
        {"values hold anything", "sender=a=b==\nhelo_name= \t\nclient_name=a\rb\r\n\n", DUNNO,
         "REQUEST client_name=a\rb\r helo_name= \t sender=a=b==\nCLOSE eof\n"},
        {"what is echoed is neutered", "recipient=\x1b[2J\xc3\xa9\r\x7f\n\n",
         "action=REJECT \\x1B[2J\\xC3\\xA9\\x0D\\x7F\n\n", "REQUEST recipient=\x1b[2J\xc3\xa9\r\x7f\nCLOSE eof\n"},
        {"an empty request", "\n", "", "CLOSE broken: an empty request\n"},
        {"an empty request behind another", "size=1\n\n\nsize=2\n\n", DUNNO,
         "REQUEST size=1\nCLOSE broken: an empty request\n"},
        {"a line without '='", "request=a\nsender\n\n", "", "CLOSE broken: a line without '='\n"},
        {"CRLF is not the protocol", "request=a\r\n\r\n", "", "CLOSE broken: a line without '='\n"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        converse(rows[i].name, bb_cstr(rows[i].input), NULL, rows[i].output, rows[i].events);
    wire_talk t = wire_policy(&arena, BB_S("sender=a\0b\n\n"), &(wire_way){0});
    is_str(t.events, BB_S("REQUEST sender=a\0b\nCLOSE eof\n"), "NUL is a byte like others");
}

static void limits(void)
{
    bb_policyd_options o = {.line_max = 600, .request_max = 1000, .timeout = 0, .idle = 0};
    bb_str fits = times("a", 600 - 3);
    converse("a line of line_max octets", bb_cat(&arena, BB_S("x="), fits, BB_S("\n\n")), &o, DUNNO,
             "REQUEST\nCLOSE eof\n");
    converse("one octet more", bb_cat(&arena, BB_S("xx="), fits, BB_S("\n\n")), &o, "",
             "CLOSE broken: a line that is too long\n");
    converse("a line without an end", bb_cat(&arena, BB_S("xx="), times("a", 99999), (bb_str){0}), &o, "",
             "CLOSE broken: a line that is too long\n");
    bb_str full = times("abcdefgh=\n", 99);
    converse("a request of request_max octets", bb_cat(&arena, full, BB_S("abcdefg=\n"), BB_S("\n")), &o, DUNNO,
             "REQUEST\nCLOSE eof\n");
    converse("one octet more", bb_cat(&arena, full, BB_S("abcdefghij=\n"), BB_S("\n")), &o, "",
             "CLOSE broken: a request that is too long\n");
    converse("a request without an end", times("size=1\n", 9999), &o, "", "CLOSE broken: a request that is too long\n");
    bb_str many = times("sender=\n", 8000);
    converse("one attribute, thousands of times", bb_cat(&arena, many, BB_S("\n"), (bb_str){0}), NULL, DUNNO,
             "REQUEST\nCLOSE eof\n");
    wire_talk t =
        wire_policy(&arena, bb_cat(&arena, BB_S("recipient="), times("\xff", 8000), BB_S("\n\n")), &(wire_way){0});
    ok(t.output.n > 500 && wire_is_neutral(t.output, "\n"), "an action that is too long is cut");
    t = wire_policy(&arena, times("size=1\n\n", 5000), &(wire_way){.late = true});
    ok(t.waited <= (size_t)16 << 10, "a client that does not listen is not read from");
    is_int(t.output.n, 5000 * 14, "and hears all answers in the end");
}

/* ---- the driver's side -------------------------------------------------------------------------- */

static bool next_is(bb_policyd *p, bb_str in, bb_time now, size_t taken, bb_policyd_event_type want)
{
    bb_policyd_event e;
    return bb_policyd_step(p, in, now, &e) == taken && e.type == want;
}

static void drain(bb_policyd *p, bb_time now)
{
    bb_policyd_sent(p, bb_policyd_output(p).n, now);
}

static void time_limits(void)
{
    bb_policyd *p = bb_policyd_new(&tap_alloc, &bb_policyd_defaults, 1000);
    is_int(bb_policyd_deadline(p), 2200, "Postfix may keep a connection longer than it wants to");
    ok(next_is(p, BB_S("s"), 1100, 1, BB_POLICYD_MORE), "a request begins");
    is_int(bb_policyd_deadline(p), 1200, "and has 100 seconds");
    ok(next_is(p, BB_S("ize=1\n"), 1150, 6, BB_POLICYD_MORE) && bb_policyd_deadline(p) == 1200, "for all of it");
    bb_policyd_tick(p, 1199);
    ok(next_is(p, BB_S("\nsize=2\n\n"), 1199, 1, BB_POLICYD_REQUEST), "it comes in time");
    ok(next_is(p, BB_S("size=2\n\n"), 1199, 0, BB_POLICYD_WAIT), "the next waits for the answer");
    is_int(bb_policyd_deadline(p), BB_NO_TIME, "for which we are awaited");
    bb_policyd_answer(p, BB_S("DUNNO"), 1500);
    is_int(bb_policyd_deadline(p), 1600, "an answer is to be taken");
    drain(p, 1510);
    is_int(bb_policyd_deadline(p), 2710, "and then there is time again");
    ok(next_is(p, BB_S("size=2"), 2000, 6, BB_POLICYD_MORE), "another begins");
    bb_policyd_tick(p, 2100);
    ok(next_is(p, BB_S("\n\n"), 2100, 0, BB_POLICYD_CLOSE) && bb_empty(bb_policyd_output(p)),
       "and does not end in time");
    is_int(bb_policyd_deadline(p), BB_NO_TIME, "nothing is awaited then");
    bb_policyd_free(p);
    p = bb_policyd_new(&tap_alloc, &bb_policyd_defaults, 1000);
    ok(next_is(p, BB_S("size=1\n\n"), 1000, 8, BB_POLICYD_REQUEST), "an answer");
    bb_policyd_answer(p, (bb_str){0}, 1000);
    bb_policyd_tick(p, 1100);
    ok(next_is(p, (bb_str){0}, 1100, 0, BB_POLICYD_CLOSE) && bb_policyd_deadline(p) == 1200,
       "that is not taken ends it");
    bb_policyd_tick(p, 1200);
    ok(bb_empty(bb_policyd_output(p)) && bb_policyd_deadline(p) == BB_NO_TIME, "and is given up");
    bb_policyd_free(p);
    bb_policyd_free(NULL);
}

static void stops(void)
{
    bb_policyd *p = bb_policyd_new(&tap_alloc, &bb_policyd_defaults, 0);
    ok(next_is(p, BB_S("size=1\n"), 0, 7, BB_POLICYD_MORE), "a request is begun");
    bb_policyd_stop(p);
    ok(next_is(p, BB_S("\nsize=2\n\n"), 0, 1, BB_POLICYD_REQUEST), "asked to stop, it goes on to its end");
    bb_policyd_answer(p, (bb_str){0}, 0);
    is_str(bb_policyd_output(p), BB_S(DUNNO), "and is answered");
    ok(next_is(p, BB_S("size=2\n\n"), 0, 0, BB_POLICYD_CLOSE), "the next is not begun");
    bb_policyd_answer(p, BB_S("REJECT"), 0);
    is_str(bb_policyd_output(p), BB_S(DUNNO), "an answer behind the end is ignored");
    bb_policyd_free(p);
}

static void no_memory(void)
{
    bool whole = false, sane = true;
    for (long n = 1; n < 9 && !whole; n++) {
        tap_failing f;
        tap_failing_init(&f, n);
        wire_talk t = wire_policy(&arena, BB_S("recipient=a\n\n"), &(wire_way){.alloc = &f.alloc});
        whole = f.seen < n;
        if (t.made && !whole) sane &= bb_eq(t.events, BB_S("CLOSE broken: out of memory\n")) && !t.output.n;
    }
    ok(whole && sane, "without memory the connection ends, unanswered");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    requests();
    limits();
    time_limits();
    stops();
    no_memory();
    bb_arena_free(&arena);
    return tap_done();
}
