/* SPDX-License-Identifier: MIT
 *
 * lmtp: whole conversations, what the client hears and what the driver is told; then limits, time and memory. Every
 * conversation is also held byte by byte, and with output that is not taken before it must be.
 */
#include "core/wire/lmtp.h"

#include <string.h>

#include "tap.h"
#include "wire.h"

#define HELLO "LHLO mx\r\n"
#define MAIL  HELLO "MAIL FROM:<>\r\n"
#define RCPT  MAIL "RCPT TO:<a@x>\r\n"
#define OK    "250 2.0.0 Ok\r\n"

static const char greeting[] = "220 localhost LMTP bouncebox\r\n";
static const char hello[] =
    "250-localhost\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    "250-DSN\r\n250 SIZE\r\n";

static bb_arena arena;

static bb_str without(bb_str s, const char *prefix)
{
    bb_str p = bb_cstr(prefix);
    return bb_starts(s, p) ? bb_sub(s, p.n, BB_NPOS) : s;
}

/* The same however the bytes come and go. */
static bool same_in_pieces(bb_str input, const bb_lmtp_options *options, const wire_talk *whole)
{
    const wire_way ways[] = {{.lmtp = options, .step = 1},
                             {.lmtp = options, .step = 2},
                             {.lmtp = options, .step = 7, .late = true},
                             {.lmtp = options, .late = true, .backwards = true}};
    for (size_t i = 0; i < BB_COUNT(ways); i++) {
        wire_talk t = wire_lmtp(&arena, input, &ways[i]);
        if (!bb_eq(t.output, whole->output) || !bb_eq(t.events, whole->events)) return false;
    }
    return true;
}

static void converse(const char *name, bb_str input, const bb_lmtp_options *options, const char *output,
                     const char *events)
{
    wire_talk t = wire_lmtp(&arena, input, &(wire_way){.lmtp = options});
    bb_str said = without(t.output, greeting);
    if (bb_istarts(input, BB_S("LHLO"))) said = without(said, hello);
    is_str(said, bb_cstr(output), "%s: what the client hears", name);
    bb_str told = bb_istarts(input, BB_S("LHLO")) ? without(t.events, "HELLO mx\n") : t.events;
    is_str(told, bb_cstr(events), "%s: what the driver is told", name);
    ok(wire_is_neutral(t.output, "\r\n"), "%s: lines of printable ASCII", name);
    ok(same_in_pieces(input, options, &t), "%s: the same in pieces", name);
}

/* ---- conversations ------------------------------------------------------------------------------ */

typedef struct {
    const char *name, *input, *output, *events;
} row;

static void all(const row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) converse(rows[i].name, bb_cstr(rows[i].input), NULL, rows[i].output, rows[i].events);
}

static void sessions(void)
{
    static const row rows[] = {
        {"nothing", "", "", "CLOSE eof\n"},
        {"half a command", "LHLO m", "", "CLOSE eof\n"},
        {"LHLO", HELLO, "", "CLOSE eof\n"},
        {"LHLO without a name", "LHLO\r\n", "501 5.5.4 This command takes an argument\r\n", "CLOSE eof\n"},
        {"HELO and EHLO are refused (RFC 2033 4.1)", "HELO mx\r\nEHLO mx\r\n",
         "500 5.5.1 This is LMTP: say LHLO\r\n500 5.5.1 This is LMTP: say LHLO\r\n", "CLOSE eof\n"},
        {"the small ones", HELLO "NOOP\r\nnoop x y\r\nRSET\r\nVRFY a\r\nHELP\r\nhelp me\r\n",
         OK OK OK "252 2.5.2 Not verified: try RCPT\r\n214 2.0.0 LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\r\n"
                  "214 2.0.0 LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\r\n",
         "CLOSE eof\n"},
        {"QUIT; what follows is not read", HELLO "QUIT\r\nNOOP\r\n", "221 2.0.0 Bye\r\n", "CLOSE quit\n"},
        {"unknown verbs", HELLO "XCLIENT a=b\r\nSTARTTLS\r\nMAILFROM:<>\r\n\r\n",
         "500 5.5.1 Unknown command\r\n500 5.5.1 Unknown command\r\n500 5.5.1 Unknown command\r\n"
         "500 5.5.1 Unknown command\r\n",
         "CLOSE eof\n"},
        {"arguments where there are none", HELLO "RSET x\r\nQUIT now\r\nDATA x\r\nVRFY\r\n",
         "501 5.5.4 This command takes no argument\r\n501 5.5.4 This command takes no argument\r\n"
         "501 5.5.4 This command takes no argument\r\n501 5.5.4 This command takes an argument\r\n",
         "CLOSE eof\n"},
        {"blanks around", HELLO "  NOOP\r\nNOOP \t \r\n", "500 5.5.1 Unknown command\r\n" OK, "CLOSE eof\n"},
        {"bare LF ends a command", "LHLO mx\nNOOP\nQUIT\n", OK "221 2.0.0 Bye\r\n", "CLOSE quit\n"},
        {"control bytes", HELLO "NO\x01OP\r\nNOOP \r x\r\nVRFY \x7f\r\n",
         "500 5.5.2 Control byte in a command\r\n500 5.5.2 Control byte in a command\r\n"
         "500 5.5.2 Control byte in a command\r\n",
         "CLOSE eof\n"},
        {"MAIL before LHLO", "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n",
         "503 5.5.1 LHLO first\r\n503 5.5.1 LHLO first\r\n503 5.5.1 LHLO first\r\n", "CLOSE eof\n"},
        {"RCPT and DATA before MAIL", HELLO "RCPT TO:<a@x>\r\nDATA\r\n",
         "503 5.5.1 MAIL first\r\n503 5.5.1 MAIL first\r\n", "CLOSE eof\n"},
        {"MAIL twice, DATA without RCPT", MAIL "MAIL FROM:<>\r\nDATA\r\n",
         "250 2.1.0 Ok\r\n503 5.5.1 MAIL was said already\r\n503 5.5.1 RCPT first\r\n", "CLOSE eof\n"},
        {"DATA behind refused recipients", MAIL "RCPT TO:<unknown@x>\r\nDATA\r\n",
         "250 2.1.0 Ok\r\n550 5.1.1 Not ours\r\n503 5.5.1 No recipients\r\n",
         "OFFER unknown@x\nFORGOTTEN\nCLOSE eof\n"},
        {"RSET forgets", RCPT "RSET\r\nDATA\r\nMAIL FROM:<b@y>\r\n",
         "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n" OK "503 5.5.1 MAIL first\r\n250 2.1.0 Ok\r\n",
         "OFFER a@x\nFORGOTTEN\nCLOSE eof\n"},
        {"RSET without recipients tells nobody", MAIL "RSET\r\n", "250 2.1.0 Ok\r\n" OK, "CLOSE eof\n"},
        {"QUIT forgets", RCPT "QUIT\r\n", "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n221 2.0.0 Bye\r\n",
         "OFFER a@x\nFORGOTTEN\nCLOSE quit\n"},
        {"the end forgets", RCPT "DATA\r\nhalf\r\n.", /* no end of line: the dot is not the end */
         "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n",
         "OFFER a@x\nFORGOTTEN\nCLOSE eof\n"},
    };
    all(rows, BB_COUNT(rows));
    converse("LHLO again forgets", BB_S(RCPT "LHLO my\r\nDATA\r\n"), NULL,
             "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250-localhost\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n"
             "250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 SIZE\r\n503 5.5.1 MAIL first\r\n",
             "OFFER a@x\nHELLO my\nFORGOTTEN\nCLOSE eof\n");
}

#define TAKEN "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Stored\r\n"
#define BODY(name, sent, size, got)                                                                               \
    {                                                                                                             \
        name, RCPT "DATA\r\n" sent, TAKEN, "OFFER a@x\nMESSAGE from=<> to=1 size=" size " [" got "]\nCLOSE eof\n" \
    }

static void messages(void)
{
    static const row rows[] = {
        BODY("a message", "Subject: x\r\n\r\ntext\r\n.\r\n", "20", "Subject: x\r\n\r\ntext\r\n"),
        BODY("an empty message", ".\r\n", "0", ""),
        BODY("dots are undone", "..\r\n...\r\n..a\r\n.b\r\nc.\r\n.\r\n", "18", ".\r\n..\r\n.a\r\nb\r\nc.\r\n"),
        BODY("LF . LF is content", "a\n.\nb\r\n.\r\n", "7", "a\n.\nb\r\n"),
        BODY("LF . CRLF is content", "a\n.\r\nb\r\n.\r\n", "8", "a\n.\r\nb\r\n"),
        BODY("CR . CR is content", "a\r.\rb\r\n.\r\n", "7", "a\r.\rb\r\n"),
        BODY("CR . CRLF is content", "a\r.\r\nb\r\n.\r\n", "8", "a\r.\r\nb\r\n"),
        BODY("CRLF . LF is content without its dot", "a\r\n.\nb\r\n.\r\n", "7", "a\r\n\nb\r\n"),
        BODY("CRLF . CR is content without its dot", "a\r\n.\rb\r\n.\r\n", "7", "a\r\n\rb\r\n"),
        BODY("CRLF . CR CRLF is content without its dot", "a\r\n.\r\r\n.\r\n", "6", "a\r\n\r\r\n"),
        BODY("LF at once", "\n.\r\n\r\n.\r\n", "6", "\n.\r\n\r\n"),
        BODY("CR CRLF", "a\r\r\n.\r\n", "4", "a\r\r\n"),
        BODY("CRLF LF", "a\r\n\n.\r\n\r\n.\r\n", "9", "a\r\n\n.\r\n\r\n"),
        {"mail for several",
         HELLO "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<unknown@x>\r\nRCPT TO:<full@x>\r\n"
               "RCPT TO:<later@x>\r\nRCPT TO:<odd@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nt\r\n.\r\nQUIT\r\n",
         "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 Not ours\r\n250 2.1.5 Ok\r\n451 4.3.0 Try again later\r\n"
         "451 4.0.0 Odd\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
         "250 2.0.0 Stored\r\n452 4.2.2 Full\r\n250 2.0.0 Stored\r\n221 2.0.0 Bye\r\n",
         "OFFER a@x\nOFFER unknown@x\nOFFER full@x\nOFFER later@x\nOFFER odd@x\nOFFER a@x\n"
         "MESSAGE from=<> to=3 size=3 [t\r\n]\nCLOSE quit\n"},
        {"two messages, and what is asked of one does not stay for the other",
         HELLO "MAIL FROM:<b@y> SIZE=9 BODY=8BITMIME RET=HDRS ENVID=e\r\nRCPT TO:<a@x>\r\nDATA\r\n1\r\n.\r\n"
               "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n2\r\n.\r\n",
         TAKEN TAKEN,
         "OFFER a@x\nMESSAGE from=<b@y> to=1 size=3 declared=9 envid=e hdrs 8bit [1\r\n]\n"
         "OFFER a@x\nMESSAGE from=<> to=1 size=3 [2\r\n]\nCLOSE eof\n"},
        {"a hostile text of the driver's", HELLO "MAIL FROM:<>\r\nRCPT TO:<hostile@x>\r\nDATA\r\n.\r\n",
         "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
         "550 5.0.0 a\\x0D\\x0A250 b\\x1B\\xC3\\xA9\\x7F\r\n",
         "OFFER hostile@x\nMESSAGE from=<> to=1 size=0 []\nCLOSE eof\n"},
    };
    all(rows, BB_COUNT(rows));
}

/* ---- arguments ---------------------------------------------------------------------------------- */

static void paths(void)
{
    static const struct {
        const char *said, *address;
    } rows[] = {
        {"<a@x>", "a@x"},
        {" <a@x>", "a@x"},
        {"< a@x >", "a@x"},
        {"a@x", "a@x"},
        {"<postmaster>", "postmaster"},
        {"<@r1,@r2:a@x>", "a@x"},
        {"<@r1:\"a:b\"@x>", "\"a:b\"@x"},
        {"<\"a b\"@x>", "\"a b\"@x"},
        {"<\"a>b\"@x>", "\"a>b\"@x"},
        {"<\"a\\\"b\"@x>", "\"a\\\"b\"@x"},
        {"<\"a@x>", "\"a@x"}, /* quotes that never end */
        {"<a\\>b@x>", "a\\>b@x"},
        {"<a+b=c@x>", "a+b=c@x"},
        {"<\xc3\xa9@\xc3\xa9>", "\xc3\xa9@\xc3\xa9"},
        {"<\xff@x>", "\xff@x"},
        {"<SRS0=HHH=TT=example.net=bounce-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x>",
         "SRS0=HHH=TT=example.net=bounce-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str in = bb_sprintf(&arena, MAIL "RCPT TO:%s\r\nrcpt to:%s NOTIFY=NEVER\r\n", rows[i].said, rows[i].said);
        bb_str events =
            bb_sprintf(&arena, "OFFER %s\nOFFER %s notify=1\nFORGOTTEN\nCLOSE eof\n", rows[i].address, rows[i].address);
        converse(rows[i].said, in, NULL, "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n", events.p);
        in = bb_sprintf(&arena, HELLO "MAIL FROM:%s\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\n", rows[i].said);
        events = bb_sprintf(&arena, "OFFER a@x\nMESSAGE from=<%s> to=1 size=0 []\nCLOSE eof\n", rows[i].address);
        converse(rows[i].said, in, NULL, TAKEN, events.p);
    }
}

static void wrong_paths(void)
{
    static const struct {
        const char *said, *reply;
    } rows[] = {
        {"MAIL FROM", "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]"},
        {"MAIL FROM:", "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]"},
        {"MAIL TO:<>", "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]"},
        {"MAIL FROM:<a@x", "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]"},
        {"MAIL FROM:<a@x>SIZE=1", "501 5.5.4 Syntax: MAIL FROM:<address> [parameters]"},
        {"RCPT TO:", "501 5.5.4 Syntax: RCPT TO:<address> [parameters]"},
        {"RCPT TO:<a@x", "501 5.5.4 Syntax: RCPT TO:<address> [parameters]"},
        {"RCPT FROM:<a@x>", "501 5.5.4 Syntax: RCPT TO:<address> [parameters]"},
        {"RCPT TO:<>", "501 5.1.3 Recipient without an address"},
        {"RCPT TO:< >", "501 5.1.3 Recipient without an address"},
        {"RCPT TO:<@r:>", "501 5.1.3 Recipient without an address"},
        {"RCPT TO:<a@x> NOTIFY=NEVER,DELAY", "501 5.5.4 Parameter with a wrong value"},
        {"RCPT TO:<a@x> NOTIFY=SOMETIMES", "501 5.5.4 Parameter with a wrong value"},
        {"RCPT TO:<a@x> NOTIFY", "501 5.5.4 Parameter with a wrong value"},
        {"RCPT TO:<a@x> ORCPT=", "501 5.5.4 Parameter with a wrong value"},
        {"RCPT TO:<a@x> NOTIFY=DELAY NOTIFY=DELAY", "501 5.5.4 Parameter twice"},
        {"RCPT TO:<a@x> SIZE=1", "555 5.5.4 Parameter not recognized"},
        {"RCPT TO:<a@x> x", "555 5.5.4 Parameter not recognized"},
        {"MAIL FROM:<> SIZE=1x", "501 5.5.4 Parameter with a wrong value"},
        {"MAIL FROM:<> SIZE=99999999999999999999", "501 5.5.4 Parameter with a wrong value"},
        {"MAIL FROM:<> BODY=BINARYMIME", "501 5.5.4 Parameter with a wrong value"},
        {"MAIL FROM:<> RET=SOME", "501 5.5.4 Parameter with a wrong value"},
        {"MAIL FROM:<> SMTPUTF8=1", "501 5.5.4 Parameter with a wrong value"},
        {"MAIL FROM:<> XVERP", "555 5.5.4 Parameter not recognized"},
        {"MAIL FROM:<> =1", "555 5.5.4 Parameter not recognized"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bool mail = rows[i].said[0] == 'M';
        bb_str in = bb_sprintf(&arena, "%s%s\r\n", mail ? HELLO : MAIL, rows[i].said);
        bb_str out = bb_sprintf(&arena, "%s%s\r\n", mail ? "" : "250 2.1.0 Ok\r\n", rows[i].reply);
        converse(rows[i].said, in, NULL, out.p, "CLOSE eof\n");
    }
}

static void parameters(void)
{
    static const struct {
        const char *said, *told;
    } rcpt[] = {
        {"NOTIFY=success,FAILURE,Delay", " notify=14"},
        {"NOTIFY=NEVER", " notify=1"},
        {"ORCPT=rfc822;news+2Buser+3Dexample.net@x", " orcpt=rfc822;news+user=example.net@x"},
        {"ORCPT=rfc822;plain@x", " orcpt=rfc822;plain@x"},
        {"orcpt=RFC822;a@x notify=DELAY", " orcpt=RFC822;a@x notify=8"},
        {"ORCPT=rfc822;news+user=example.net@x", " orcpt=rfc822;news+user=example.net@x"}, /* not xtext: as it stands */
        {"ORCPT=rfc822;a+2b@x", " orcpt=rfc822;a+2b@x"},                                   /* lower case is none */
        {"ORCPT=rfc822;a+2", " orcpt=rfc822;a+2"},
        {"ORCPT=rfc822;a+0D+0Ab@x", " orcpt=rfc822;a+0D+0Ab@x"}, /* control bytes stay wrapped */
        {"ORCPT=rfc822;a+00@x", " orcpt=rfc822;a+00@x"},
        {"ORCPT=rfc822;a+FFb", " orcpt=rfc822;a\xff"
                               "b"},
        {"ORCPT=bare@x", " orcpt=;bare@x"},
        {"ORCPT=utf-8;\\x{FC}ser\\x{2B}1@x", " orcpt=utf-8;\xc3\xbcser+1@x"},
        {"ORCPT=utf-8;\xc3\xbcser@x", " orcpt=utf-8;\xc3\xbcser@x"},
        {"ORCPT=UTF-8;a\\x{1F600}@x", " orcpt=UTF-8;a\xf0\x9f\x98\x80@x"},
        {"ORCPT=utf-8;a+2Bb@x", " orcpt=utf-8;a+2Bb@x"}, /* a + is none of RFC 6533's characters */
        {"ORCPT=utf-8;a\\x{D800}@x", " orcpt=utf-8;a\\x{D800}@x"},
        {"ORCPT=utf-8;a\\x{110000}@x", " orcpt=utf-8;a\\x{110000}@x"},
        {"ORCPT=utf-8;a\\x{A}@x", " orcpt=utf-8;a\\x{A}@x"},
        {"ORCPT=utf-8;a\\x{85}@x", " orcpt=utf-8;a\\x{85}@x"},
        {"ORCPT=utf-8;a\\x{}@x", " orcpt=utf-8;a\\x{}@x"},
        {"ORCPT=utf-8;a\\x{41", " orcpt=utf-8;a\\x{41"},
        {"ORCPT=utf-8;a\\b@x", " orcpt=utf-8;a\\b@x"},
    };
    static const struct {
        const char *said, *told;
    } mail[] = {
        {"SIZE=0", ""},
        {"SIZE=4711 BODY=7BIT", " declared=4711"},
        {"body=8bitmime smtputf8", " 8bit utf8"},
        {"RET=FULL ENVID=a+2Bb", " envid=a+b full"},
        {"ENVID=a+b RET=hdrs", " envid=a+b hdrs"},
        {"AUTH=<>", ""},
        {"AUTH=e+3Dmc2@example.com SIZE=18446744073709551615", " declared=18446744073709551615"},
    };
    for (size_t i = 0; i < BB_COUNT(rcpt); i++) {
        bb_str in = bb_sprintf(&arena, MAIL "RCPT TO:<b@x> %s\r\n", rcpt[i].said);
        bb_str events = bb_sprintf(&arena, "OFFER b@x%s\nFORGOTTEN\nCLOSE eof\n", rcpt[i].told);
        converse(rcpt[i].said, in, NULL, "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n", events.p);
    }
    for (size_t i = 0; i < BB_COUNT(mail); i++) {
        bb_str in = bb_sprintf(&arena, HELLO "MAIL FROM:<> %s\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\n", mail[i].said);
        bb_str events = bb_sprintf(&arena, "OFFER a@x\nMESSAGE from=<> to=1 size=0%s []\nCLOSE eof\n", mail[i].told);
        converse(mail[i].said, in, NULL, TAKEN, events.p);
    }
}

/* ---- limits ------------------------------------------------------------------------------------- */

static bb_str times(const char *what, int n)
{
    bb_buf b = bb_buf_in(&arena, (size_t)1 << 24);
    for (int i = 0; i < n; i++) bb_puts(&b, what);
    return bb_buf_str(&b);
}

static void sizes(void)
{
    static const char body[] = "DATA\r\n12345\r\n6789\r\n.\r\nNOOP\r\n";
    bb_lmtp_options o = bb_lmtp_defaults;
    o.size_max = 8;
    converse("a message beyond size_max is cut", bb_cat(&arena, BB_S(RCPT), bb_cstr(body), (bb_str){0}), &o, TAKEN OK,
             "OFFER a@x\nMESSAGE from=<> to=1 size=13 cut [12345\r\n6]\nCLOSE eof\n");
    converse("SIZE= beyond size_max does not refuse one that is cut", BB_S(HELLO "MAIL FROM:<> SIZE=1000\r\n"), &o,
             "250 2.1.0 Ok\r\n", "CLOSE eof\n");
    o.size_max = 13;
    converse("a message of size_max octets is whole", bb_cat(&arena, BB_S(RCPT), bb_cstr(body), (bb_str){0}), &o,
             TAKEN OK, "OFFER a@x\nMESSAGE from=<> to=1 size=13 [12345\r\n6789\r\n]\nCLOSE eof\n");
    o.size_max = 8;
    o.beyond = BB_LMTP_DEFER;
    bb_str two = bb_cat(&arena, BB_S(RCPT), BB_S("RCPT TO:<b@x>\r\n"), bb_cstr(body));
    converse("or deferred", two, &o,
             "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"
             "452 4.3.1 Message too large now\r\n452 4.3.1 Message too large now\r\n" OK,
             "OFFER a@x\nOFFER b@x\nFORGOTTEN\nCLOSE eof\n");
    converse("or deferred when it says SIZE=", BB_S(HELLO "MAIL FROM:<> SIZE=9\r\nMAIL FROM:<> SIZE=8\r\n"), &o,
             "452 4.3.1 Message too large now\r\n250 2.1.0 Ok\r\n", "CLOSE eof\n");
    converse("and what is pipelined behind that MAIL is deferred, and no mistake",
             BB_S(HELLO "MAIL FROM:<> SIZE=9\r\nRCPT TO:<a@x>\r\nDATA\r\nRSET\r\nDATA\r\n"), &o,
             "452 4.3.1 Message too large now\r\n451 4.5.1 MAIL was not taken\r\n451 4.5.1 MAIL was not taken\r\n" OK
             "503 5.5.1 MAIL first\r\n",
             "CLOSE eof\n");
    o.beyond = BB_LMTP_REFUSE;
    converse("or refused, and what is behind it", BB_S("LHLO mx\r\nMAIL FROM:<> SIZE=9\r\nRCPT TO:<a@x>\r\n"), &o,
             "250-localhost\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
             "250-DSN\r\n250 SIZE 8\r\n552 5.3.4 Message too large\r\n503 5.5.1 MAIL was not taken\r\n",
             "CLOSE eof\n");
    converse("or refused, and the limit is announced", BB_S("lhlo MX\r\nMAIL FROM:<> SIZE=9\r\n"), &o,
             "250-localhost\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
             "250-DSN\r\n250 SIZE 8\r\n552 5.3.4 Message too large\r\n",
             "HELLO MX\nCLOSE eof\n");
}

static void long_lines(void)
{
    bb_lmtp_options o = bb_lmtp_defaults;
    o.line_max = 600;
    bb_str fits = times("a", 600 - 7), over = times("a", 600 - 6);
    converse("a line of line_max octets", bb_cat(&arena, BB_S(HELLO "NOOP "), fits, BB_S("\r\n")), &o, OK,
             "CLOSE eof\n");
    converse("one octet more", bb_cat(&arena, BB_S(HELLO "NOOP "), over, BB_S("\r\nNOOP\r\n")), &o,
             "500 5.5.2 Line too long\r\n" OK, "CLOSE eof\n");
    converse("a line without an end", bb_cat(&arena, BB_S(HELLO "NOOP "), times("a", 99999), (bb_str){0}), &o, "",
             "CLOSE eof\n");
    bb_str local = times("v", 8100);
    bb_str in = bb_cat(&arena, BB_S(MAIL "RCPT TO:<"), local, BB_S("@x>\r\n"));
    bb_str events = bb_cat(&arena, BB_S("OFFER "), local, BB_S("@x\nFORGOTTEN\nCLOSE eof\n"));
    converse("a local part of 8100 octets", in, NULL, "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n", events.p);
    o = bb_lmtp_defaults;
    o.hostname = times("\x1b", 300);
    wire_talk t = wire_lmtp(&arena, BB_S(HELLO), &(wire_way){.lmtp = &o});
    ok(wire_is_neutral(t.output, "\r\n"), "a hostname that is none is neutered");
}

static void counts(void)
{
    bb_lmtp_options o = bb_lmtp_defaults;
    o.recipients_max = 1; /* moved to 100 */
    o.errors_max = 3;
    o.commands_max = 5;
    bb_str hundred = times("RCPT TO:<a@x>\r\n", 100), taken = times("250 2.1.5 Ok\r\n", 100);
    bb_str in = bb_cat(&arena, bb_cat(&arena, BB_S(MAIL), hundred, (bb_str){0}), BB_S("RCPT TO:<b@x>\r\n"),
                       BB_S("DATA\r\n.\r\n"));
    bb_str out = bb_cat(&arena, bb_cat(&arena, BB_S("250 2.1.0 Ok\r\n"), taken, (bb_str){0}),
                        BB_S("452 4.5.3 Too many recipients\r\n354 End data with <CR><LF>.<CR><LF>\r\n"),
                        times("250 2.0.0 Stored\r\n", 100));
    bb_str events =
        bb_cat(&arena, times("OFFER a@x\n", 100), BB_S("MESSAGE from=<> to=100 size=0 []\nCLOSE eof\n"), (bb_str){0});
    converse("more recipients than there may be", in, &o, out.p, events.p);
    converse("mistakes", BB_S(HELLO "X\r\nY\r\nZ\r\nNOOP\r\n"), &o,
             "500 5.5.1 Unknown command\r\n500 5.5.1 Unknown command\r\n500 5.5.1 Unknown command\r\n"
             "421 4.7.0 Too many errors\r\n",
             "CLOSE abuse\n");
    converse("mistakes are forgiven with a message",
             BB_S(HELLO "X\r\nY\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\nX\r\nY\r\n"), &o,
             "500 5.5.1 Unknown command\r\n500 5.5.1 Unknown command\r\n" TAKEN
             "500 5.5.1 Unknown command\r\n500 5.5.1 Unknown command\r\n",
             "OFFER a@x\nMESSAGE from=<> to=1 size=0 []\nCLOSE eof\n");
    converse("commands without mail", BB_S(HELLO "NOOP\r\nRSET\r\nNOOP\r\nNOOP\r\nNOOP\r\n"), &o,
             OK OK OK OK "421 4.7.0 Too many commands without mail\r\n", "CLOSE abuse\n");
    converse("recipients that are refused are commands, too, and no mistakes",
             BB_S(MAIL "RCPT TO:<unknown1>\r\nRCPT TO:<unknown2>\r\nDATA\r\nRSET\r\n"), &o,
             "250 2.1.0 Ok\r\n550 5.1.1 Not ours\r\n550 5.1.1 Not ours\r\n503 5.5.1 No recipients\r\n"
             "421 4.7.0 Too many commands without mail\r\n",
             "OFFER unknown1\nOFFER unknown2\nFORGOTTEN\nCLOSE abuse\n");
}

/* ---- the driver's side -------------------------------------------------------------------------- */

static bb_lmtp *machine(const char *said, bb_lmtp_event *e)
{
    bb_lmtp *m = bb_lmtp_new(&tap_alloc, &bb_lmtp_defaults, 1000);
    bb_str in = bb_cstr(said);
    while (m) {
        in = bb_sub(in, bb_lmtp_step(m, in, 1000, e), BB_NPOS);
        if (e->type == BB_LMTP_OFFER) bb_lmtp_take(m, (bb_lmtp_reply){.code = 250}, 1000);
        else if (e->type != BB_LMTP_HELLO && e->type != BB_LMTP_CHUNK) break;
    }
    return m;
}

static bb_str drain(bb_lmtp *m, bb_time now)
{
    bb_str out = bb_dup(&arena, bb_lmtp_output(m));
    bb_lmtp_sent(m, out.n, now);
    return out;
}

static bool next_is(bb_lmtp *m, bb_str in, bb_lmtp_event_type want)
{
    bb_lmtp_event e = {0};
    return bb_lmtp_step(m, in, 1000, &e) == 0 && e.type == want;
}

static void answers_in_order(void)
{
    bb_lmtp_event e = {0};
    bb_lmtp *m = machine(MAIL "RCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nRCPT TO:<c@x>\r\nDATA\r\nx\r\n.\r\n", &e);
    drain(m, 1000);
    ok(e.type == BB_LMTP_MESSAGE && e.size == 3 && bb_lmtp_mail(m)->n == 3, "a message for three");
    ok(next_is(m, BB_S("NOOP\r\n"), BB_LMTP_WAIT), "what is pipelined behind it waits");
    is_int(bb_lmtp_deadline(m), BB_NO_TIME, "and no clock runs: we are awaited");
    bb_lmtp_answer(m, 2, (bb_lmtp_reply){250, BB_S("2.0.0"), BB_S("third")}, 1500);
    bb_lmtp_answer(m, 1, (bb_lmtp_reply){421, BB_S("4.0.0"), BB_S("second")}, 1500);
    is_str(drain(m, 1500), (bb_str){0}, "answers wait for the first");
    ok(next_is(m, BB_S("NOOP\r\n"), BB_LMTP_WAIT), "and so does the client");
    bb_lmtp_answer(m, 0, (bb_lmtp_reply){550, BB_S("5.7.12"), BB_S("first")}, 1500);
    is_str(drain(m, 1500), BB_S("550 5.7.12 first\r\n451 4.0.0 second\r\n250 2.0.0 third\r\n"), "then all go out");
    is_int(bb_lmtp_deadline(m), 1800, "now the client is awaited");
    ok(bb_lmtp_step(m, BB_S("NOOP\r\n"), 1500, &e) == 6 && e.type == BB_LMTP_MORE, "and heard again");
    is_str(drain(m, 1500), BB_S(OK), "with its reply");
    bb_lmtp_free(m);
}

static void offers_wait(void)
{
    bb_lmtp_event e = {0};
    bb_lmtp *m = machine(MAIL, &e);
    drain(m, 1000);
    bb_str in = BB_S("RCPT TO:<a@x>\r\nDATA\r\n");
    in = bb_sub(in, bb_lmtp_step(m, in, 1000, &e), BB_NPOS);
    ok(e.type == BB_LMTP_OFFER && in.n == 6, "an offer; what is behind it is not taken");
    ok(next_is(m, in, BB_LMTP_WAIT) && bb_lmtp_deadline(m) == BB_NO_TIME, "nor before it is answered");
    is_str(e.offer->address, BB_S("a@x"), "the offer stays what it is");
    bb_lmtp_take(m, (bb_lmtp_reply){250, BB_S("bad"), (bb_str){0}}, 1000);
    ok(bb_lmtp_step(m, in, 1000, &e) == 6 && e.type == BB_LMTP_MORE, "then it is");
    is_str(drain(m, 1000), BB_S("250 2.0.0\r\n354 End data with <CR><LF>.<CR><LF>\r\n"),
           "a status that is none is made");
    bb_lmtp_free(m);
}

static void statuses(void)
{
    static const struct {
        int code;
        const char *status, *want;
    } rows[] = {
        {250, "2.1.5", "250 2.1.5 t\r\n"},
        {250, "5.1.1", "250 2.0.0 t\r\n"},
        {550, "5.123.123", "550 5.123.123 t\r\n"},
        {550, "5.1234.1", "550 5.0.0 t\r\n"},
        {550, "5..1", "550 5.0.0 t\r\n"},
        {550, "5.1.", "550 5.0.0 t\r\n"},
        {550, "5.1.1.1", "550 5.0.0 t\r\n"},
        {550, "5.1.1 x", "550 5.0.0 t\r\n"},
        {550, "", "550 5.0.0 t\r\n"},
        {421, "4.3.2", "451 4.3.2 t\r\n"},
        {354, "", "451 4.0.0 t\r\n"},
        {251, "2.1.5", "451 4.0.0 t\r\n"},
        {0, "", "451 4.0.0 t\r\n"},
        {-1, "", "451 4.0.0 t\r\n"},
        {600, "", "451 4.0.0 t\r\n"},
        {599, "5.1.1", "599 5.1.1 t\r\n"},
        {400, "4.1.1", "400 4.1.1 t\r\n"},
        {550, "5.1.1234", "550 5.0.0 t\r\n"},
        {550, "5.123.1234", "550 5.0.0 t\r\n"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_lmtp_event e = {0};
        bb_lmtp *m = machine(RCPT "DATA\r\n.\r\n", &e);
        drain(m, 1000);
        bb_lmtp_answer(m, 0, (bb_lmtp_reply){rows[i].code, bb_cstr(rows[i].status), BB_S("t")}, 1000);
        is_str(drain(m, 1000), bb_cstr(rows[i].want), "%d %s", rows[i].code, rows[i].status);
        bb_lmtp_free(m);
    }
}

static void time_limits(void)
{
    bb_lmtp_event e = {0};
    bb_lmtp *m = machine(RCPT, &e);
    drain(m, 1000);
    is_int(bb_lmtp_deadline(m), 1300, "a client that is silent has until then");
    bb_lmtp_tick(m, 1299);
    ok(bb_empty(bb_lmtp_output(m)), "before it nothing happens");
    ok(bb_lmtp_step(m, BB_S("DA"), 1200, &e) == 2 && bb_lmtp_deadline(m) == 1300, "half a command is no sign of life");
    bb_lmtp_tick(m, 1300);
    is_str(bb_lmtp_output(m), BB_S("421 4.4.2 Timeout\r\n"), "then it hears why");
    ok(next_is(m, BB_S("TA\r\n"), BB_LMTP_FORGOTTEN) && next_is(m, BB_S("TA\r\n"), BB_LMTP_CLOSE), "and the end");
    bb_lmtp_free(m);

    m = machine(RCPT "DATA\r\nx", &e);
    drain(m, 1000);
    ok(bb_lmtp_step(m, BB_S("y"), 1299, &e) == 1 && bb_lmtp_deadline(m) == 1599, "data is a sign of life");
    bb_lmtp_tick(m, 1600);
    is_str(bb_lmtp_output(m), BB_S("421 4.4.2 Timeout\r\n"), "and silence within it the end");
    bb_lmtp_free(m);

    m = machine(RCPT "DATA\r\nx\r\n.\r\n", &e);
    is_int(bb_lmtp_deadline(m), 1300, "who does not take our output is silent, too");
    bb_lmtp_tick(m, 1300);
    ok(next_is(m, (bb_str){0}, BB_LMTP_CLOSE), "a message that the driver has is not forgotten by that");
    bb_lmtp_answer(m, 0, (bb_lmtp_reply){.code = 250}, 1301);
    ok(next_is(m, (bb_str){0}, BB_LMTP_CLOSE), "its answer comes too late and is ignored");
    is_int(bb_lmtp_deadline(m), 1600, "the last words have as long again");
    bb_lmtp_tick(m, 1600);
    ok(bb_empty(bb_lmtp_output(m)) && bb_lmtp_deadline(m) == BB_NO_TIME, "and are given up then");
    bb_lmtp_free(m);
}

static void stops(void)
{
    bb_lmtp_event e = {0};
    bb_lmtp *m = machine(HELLO, &e);
    drain(m, 1000);
    bb_lmtp_stop(m);
    ok(next_is(m, BB_S("MAIL FROM:<>\r\n"), BB_LMTP_CLOSE), "asked to stop between messages, no command is taken");
    is_str(drain(m, 1000), BB_S("421 4.3.2 Shutting down, try again later\r\n"), "and the client hears why");
    bb_lmtp_free(m);

    m = machine(RCPT, &e);
    drain(m, 1000);
    bb_lmtp_stop(m);
    ok(bb_lmtp_step(m, BB_S("DATA\r\n.\r\n"), 1000, &e) == 9 && e.type == BB_LMTP_MESSAGE,
       "a message goes on to its end");
    drain(m, 1000);
    bb_lmtp_answer(m, 0, (bb_lmtp_reply){250, BB_S("2.0.0"), BB_S("Stored")}, 1000);
    ok(next_is(m, BB_S("MAIL FROM:<>\r\n"), BB_LMTP_CLOSE), "and then no command is taken");
    is_str(drain(m, 1000), BB_S("250 2.0.0 Stored\r\n421 4.3.2 Shutting down, try again later\r\n"),
           "with both replies");
    bb_lmtp_free(m);

    m = machine(RCPT "DATA\r\n.\r\n", &e);
    bb_lmtp_eof(m);
    ok(next_is(m, (bb_str){0}, BB_LMTP_WAIT), "who hangs up behind a whole message is still answered");
    bb_lmtp_answer(m, 0, (bb_lmtp_reply){.code = 250}, 1000);
    ok(next_is(m, (bb_str){0}, BB_LMTP_CLOSE), "and then closed");
    bb_lmtp_free(m);
    bb_lmtp_free(NULL);
}

/* ---- bounds ------------------------------------------------------------------------------------- */

static void bounds(void)
{
    bb_str in = bb_cat(&arena, BB_S(HELLO), times("NOOP\r\n", 490), (bb_str){0});
    wire_talk t = wire_lmtp(&arena, in, &(wire_way){.late = true});
    ok(t.waited <= (size_t)16 << 10 && t.output.n > 490 * 14, "a client that does not listen is not read from");
    bb_lmtp_options o = bb_lmtp_defaults;
    o.recipients_max = 2000;
    in = bb_cat(&arena, BB_S(MAIL), times("RCPT TO:<full@x>\r\n", 2000), BB_S("DATA\r\n.\r\nQUIT\r\n"));
    t = wire_lmtp(&arena, in, &(wire_way){.late = true, .backwards = true, .lmtp = &o});
    ok(t.waited <= (size_t)16 << 10, "nor do 2000 replies wait at once");
    bb_str tail = bb_sub(t.output, t.output.n - 32, BB_NPOS);
    is_str(tail, BB_S("\n452 4.2.2 Full\r\n221 2.0.0 Bye\r\n"), "and all of them come");
}

/* Whatever allocation fails, a client never hears that its mail is refused for good. */
static void no_memory(void)
{
    bb_str in = BB_S(HELLO "MAIL FROM:<b@y>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n");
    bool made = false, honest = true, whole = false;
    for (long n = 1; n < 20 && !whole; n++) {
        tap_failing f;
        tap_failing_init(&f, n);
        wire_talk t = wire_lmtp(&arena, in, &(wire_way){.alloc = &f.alloc});
        made |= t.made;
        whole = f.seen < n;
        if (t.made) honest &= bb_find(t.output, BB_S("\r\n55")) == BB_NPOS && t.closed;
    }
    ok(made && whole, "each allocation failed once");
    ok(honest, "and no mail was refused for good");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    sessions();
    messages();
    paths();
    wrong_paths();
    parameters();
    sizes();
    long_lines();
    counts();
    answers_in_order();
    offers_wait();
    statuses();
    time_limits();
    stops();
    bounds();
    no_memory();
    bb_arena_free(&arena);
    return tap_done();
}
