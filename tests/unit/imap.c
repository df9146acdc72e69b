/* SPDX-License-Identifier: MIT
 *
 * imap: where responses end, what they say, what is passed over, and how names and sets are written.
 */
#include "core/wire/imap.h"

#include <stdio.h>

#include "tap.h"

static bb_arena arena;

/* ---- where they end ------------------------------------------------------------------------------------------- */

static void extents(void)
{
    static const bb_imap_limits limits = {.line_max = 40, .literal_max = 10};
    static const struct {
        const char *name, *in;
        bb_imap_extent want;
        size_t n;
    } rows[] = {
        {"nothing", "", BB_IMAP_MORE, 1},
        {"half a line", "* 1 EXI", BB_IMAP_MORE, 8},
        {"a line", "* 1 EXISTS\r\n* 2", BB_IMAP_WHOLE, 12},
        {"a bare LF", "* 1 EXISTS\nx", BB_IMAP_WHOLE, 11},
        {"a literal to come", "* 1 FETCH (BODY[] {5}\r\n", BB_IMAP_MORE, 29},
        {"half of a literal", "* 1 FETCH (BODY[] {5}\r\nab", BB_IMAP_MORE, 29},
        {"what follows it", "* 1 FETCH (BODY[] {5}\r\nabcde", BB_IMAP_MORE, 29},
        {"all of it", "* 1 FETCH (BODY[] {5}\r\nabcde)\r\nx", BB_IMAP_WHOLE, 31},
        {"a literal that looks like an end", "* 1 FETCH (BODY[] {9}\r\n)\r\nb1 OK\r)\r\n", BB_IMAP_WHOLE, 35},
        {"an empty literal", "* 1 FETCH (BODY[] {0}\r\n)\r\n", BB_IMAP_WHOLE, 26},
        {"two literals", "* 1 FETCH ({1}\r\na {2}\r\nbc)\r\n", BB_IMAP_WHOLE, 28},
        {"two literals, too much together", "* 1 FETCH ({9}\r\n123456789 {2}\r\n", BB_IMAP_BROKEN, 0},
        {"a literal beyond the limit", "* 1 FETCH (BODY[] {11}\r\n", BB_IMAP_BROKEN, 0},
        {"a literal beyond all numbers", "* 1 FETCH ({18446744073709551615}\r\n", BB_IMAP_BROKEN, 0},
        {"a literal with a sign is none", "* 1 FETCH ({-1}\r\n", BB_IMAP_WHOLE, 17},
        {"braces in text are text", "* OK have {5}\r\n", BB_IMAP_WHOLE, 15},
        {"also where a command is answered", "b7 no have {5}\r\n", BB_IMAP_WHOLE, 16},
        {"also where it waits", "+ {5}\r\n", BB_IMAP_WHOLE, 7},
        {"a word that begins like OK is no OK", "* OKAY {5}\r\n12345\r\n", BB_IMAP_WHOLE, 19},
        {"a line without end", "* 123456789012345678901234567890123456789", BB_IMAP_BROKEN, 0},
        {"many lines by literals", "* ({0}\r\n {0}\r\n {0}\r\n {0}\r\n {0}\r\n {0}\r\n {0}\r\n", BB_IMAP_BROKEN, 0},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        size_t n = 0;
        bb_imap_extent got = bb_imap_whole(bb_cstr(rows[i].in), &limits, &n);
        is_int(got, rows[i].want, "%s", rows[i].name);
        if (got != BB_IMAP_BROKEN) is_int(n, rows[i].n, "%s: so many octets", rows[i].name);
    }
}

/* ---- what they are -------------------------------------------------------------------------------------------- */

static const char *read_as_text(bb_str in)
{
    static const char *const types[] = {"OK", "NO", "BAD", "BYE", "PREAUTH", "DATA", "GO_ON", "NOTHING"};
    bb_imap_response r = bb_imap_read(in);
    return bb_sprintf(&arena, "%s|" BB_FMT "|%llu|" BB_FMT "|" BB_FMT "|" BB_FMT, types[r.type], BB_ARG(r.tag),
                      (unsigned long long)r.number, BB_ARG(r.word), BB_ARG(r.code), BB_ARG(r.rest))
        .p;
}

static void responses(void)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"* OK [UIDVALIDITY 7] fine\r\n", "OK|*|0||UIDVALIDITY 7|fine"},
        {"b1 NO no\r\n", "NO|b1|0|||no"},
        {"b1 OK\r\n", "OK|b1|0|||"},
        {"b1 ok [x\r\n", "OK|b1|0|||[x"},
        {"* BYE [UNAVAILABLE] later\r\n", "BYE|*|0||UNAVAILABLE|later"},
        {"* 23 EXISTS\r\n", "DATA|*|23|EXISTS||"},
        {"* 1 FETCH (UID 5)\r\n", "DATA|*|1|FETCH||(UID 5)"},
        {"* CAPABILITY IMAP4rev1 MOVE\r\n", "DATA|*|0|CAPABILITY||IMAP4rev1 MOVE"},
        {"+ go on\r\n", "GO_ON|+|0|||go on"},
        {"+\r\n", "GO_ON|+|0|||"},
        {"", "NOTHING||0|||"},
        {"*\r\n", "NOTHING|*|0|||"},
        {"HTTP/1.1 400 Bad Request\r\n", "NOTHING|HTTP/1.1|0|||"},
        {"* 99999999999999999999 EXISTS\r\n", "NOTHING|*|0|||"},
        {"* 5\r\n", "NOTHING|*|5|||"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        is_cstr(read_as_text(bb_cstr(rows[i].in)), rows[i].want, "%.*s", (int)strcspn(rows[i].in, "\r"), rows[i].in);
    uint32_t n = 0;
    ok(bb_imap_code(BB_S("UIDVALIDITY 4294967295"), BB_S("uidvalidity"), &n) && n == UINT32_MAX,
       "the number of a code");
    ok(!bb_imap_code(BB_S("UIDVALIDITY 4294967296"), BB_S("UIDVALIDITY"), &n), "one that is too large");
    ok(!bb_imap_code(BB_S("UIDNEXT 3"), BB_S("UIDVALIDITY"), &n), "another code");
    ok(bb_imap_can(BB_S("IMAP4rev1 move"), BB_S("MOVE")), "a capability");
    ok(!bb_imap_can(BB_S("IMAP4rev1 REMOVE"), BB_S("MOVE")), "is a whole word");
}

/* ---- FETCH ---------------------------------------------------------------------------------------------------- */

static const char *fetched(bb_str in)
{
    bb_imap_message m;
    char arrived[BB_TIME_LEN];
    if (!bb_imap_fetched(in, &m)) return "malformed";
    return bb_sprintf(&arena, "%u|%s%llu|%s%s%s|%s|%s" BB_FMT, m.uid, m.has_size ? "" : "-", (unsigned long long)m.size,
                      m.has_flags ? "" : "-", m.seen ? "S" : "", m.deleted ? "D" : "", bb_time_str(m.arrived, arrived),
                      m.has_body ? "" : "-", BB_ARG(m.body))
        .p;
}

static void fetches(void)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"(UID 5 RFC822.SIZE 120 FLAGS (\\Seen \\Deleted $Junk))", "5|120|SD||-"},
        {"(FLAGS () UID 4294967295)", "4294967295|-0|||-"},
        {"(uid 5 flags (\\seen))", "5|-0|S||-"},
        {"(UID 5 INTERNALDATE \"23-Nov-2026 15:44:00 +0100\" BODY[] {4}\r\na\r\n))",
         "5|-0|-|2026-11-23T14:44:00Z|a\r\n)"},
        {"(UID 5 INTERNALDATE \" 3-Nov-2026 15:44:00 -0800\")", "5|-0|-|2026-11-03T23:44:00Z|-"},
        {"(UID 5 INTERNALDATE \"yesterday\")", "5|-0|-||-"},
        {"(UID 5 BODY[]<0> {2}\r\nab)", "5|-0|-||ab"},
        {"(UID 5 BODY[] NIL)", "5|-0|-||"},
        {"(UID 5 BODY[] \"a\\\"b\")", "5|-0|-||a\\\"b"},
        {"(UID 5 BODY[] ~{2}\r\nab)", "5|-0|-||ab"},
        {"(BODY[HEADER.FIELDS (SUBJECT TO)] {2}\r\nab UID 5)", "5|-0|-||-"},
        {"(ENVELOPE (NIL \"(\" ((NIL NIL {1}\r\n) \"x\")) NIL) UID 5)", "5|-0|-||-"},
        {"(MODSEQ (12) X-GM-MSGID 1278455344230334865 UID 5)", "5|-0|-||-"},
        {"()", "0|-0|-||-"},
        {"", "malformed"},
        {"(UID 5", "malformed"},
        {"(UID)", "malformed"},
        {"(UID 0)", "malformed"},
        {"(UID 4294967296)", "malformed"},
        {"(UID -5)", "malformed"},
        {"(UID (5))", "malformed"},
        {"(RFC822.SIZE NIL UID 5)", "malformed"},
        {"(BODY[] {5}\r\nab)", "malformed"},
        {"(BODY[] {2} {1}\r\nab)", "malformed"},
        {"(BODY[] \"ab)", "malformed"},
        {"(BODY[] \"a\nb\")", "malformed"},
        {"(FLAGS (\\Seen UID 5)", "malformed"},
        {"(FLAGS (\\Seen (x)) UID 5)", "malformed"},
        {"(X ))", "malformed"},
        {"(X (((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))) UID 5)", "malformed"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) is_cstr(fetched(bb_cstr(rows[i].in)), rows[i].want, "row %zu", i);
}

static void names(void)
{
    is_str(bb_imap_listed(BB_S("(\\HasNoChildren) \"/\" INBOX")), BB_S("INBOX"), "a listed name");
    is_str(bb_imap_listed(BB_S("() NIL \"My mail\"")), BB_S("My mail"), "a quoted one");
    is_str(bb_imap_listed(BB_S("() \"/\" {3}\r\na\"b")), BB_S("a\"b"), "a literal one");
    is_str(bb_imap_listed(BB_S("(\\Noselect) \"/\" public")), BB_S(""), "one that cannot be opened");
    is_str(bb_imap_listed(BB_S("(\\Noselect")), BB_S(""), "a broken one");
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"INBOX", "\"INBOX\""},
        {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
        {"R&D", "\"R&-D\""},
        {"Gel\xC3\xB6scht", "\"Gel&APY-scht\""},
        {"~peter/mail/\xE5\x8F\xB0\xE5\x8C\x97/\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E",
         "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""}, /* RFC 3501 section 5.1.3 */
        {"\xF0\x9F\x93\xA7", "\"&2D3c5w-\""},
        {"a\r\nb2 DELETE INBOX", ""},
        {"\xFF", ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        is_str(bb_imap_mailbox(&arena, bb_cstr(rows[i].in)), bb_cstr(rows[i].want), "name %zu", i);
}

static void sets(void)
{
    static const uint32_t uids[] = {1, 5, 6, 7, 9, 10, 4294967294u, 4294967295u};
    bb_buf b = bb_buf_in(&arena, 1000);
    is_int(bb_imap_set(&b, uids, BB_COUNT(uids), 1000), BB_COUNT(uids), "a set holds all");
    is_str(bb_buf_str(&b), BB_S("1,5:7,9:10,4294967294:4294967295"), "ranges where they are");
    b = bb_buf_in(&arena, 1000);
    is_int(bb_imap_set(&b, uids, BB_COUNT(uids), 26), 4, "or as many as there is room for");
    is_str(bb_buf_str(&b), BB_S("1,5:7"), "whole numbers");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    extents();
    responses();
    fetches();
    names();
    sets();
    bb_arena_free(&arena);
    return tap_done();
}
