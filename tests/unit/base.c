/* SPDX-License-Identifier: MIT
 *
 * base: slices, memory that ends, text, time, JSON, addresses and the words that are near to others.
 */
#include <stdio.h>

#include "core/base/address.h"
#include "core/base/words.h"
#include "tap.h"

static bb_arena arena;

static bb_str joined(const bb_str *items, size_t n)
{
    bb_buf out = bb_buf_in(&arena, 4096);
    for (size_t i = 0; i < n; i++) {
        if (i) bb_putc(&out, '|');
        bb_put(&out, items[i]);
    }
    return bb_buf_str(&out);
}

/* ---- slices --------------------------------------------------------------------------------------- */

static void lines(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"a", "a"},
        {"a\n", "a"},
        {"a\nb", "a|b"},
        {"a\r\nb\r\n", "a|b"},
        {"a\rb\r", "a|b"},
        {"a\r\r\nb\r\r\n", "a|b"},
        {"a\r\rb", "a||b"},
        {"a\n\nb", "a||b"},
        {"a\r\n\r\nb", "a||b"},
        {"a\r\r\n\r\r\nb", "a||b"},
        {"a\n\rb", "a||b"},
        {"\n", ""},
        {"a\r", "a"},
        {"a\r\r", "a|"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str rest = bb_cstr(rows[i].text), items[9];
        size_t n = 0;
        while (n < 9 && bb_line(&rest, &items[n])) n++;
        is_str(joined(items, n), bb_cstr(rows[i].want), "lines, row %zu", i);
    }
    bb_str far = bb_sprintf(&arena, "%0300d\r\n%0700d\nend", 1, 2), line; /* longer than the search's window */
    ok(bb_line(&far, &line) && line.n == 300 && bb_line(&far, &line) && line.n == 700, "long lines end where they end");
    is_str(far, BB_S("end"), "and nothing is lost behind them");
}

static void slices(void)
{
    bb_str s = BB_S("Hello, World"), empty = {0};
    is_int(bb_find(s, BB_S("World")), 7, "find");
    is_int(bb_find(s, BB_S("world")), BB_NPOS, "find minds case");
    is_int(bb_ifind(s, BB_S("wORLD")), 7, "ifind does not");
    is_int(bb_ifind(s, BB_S("worlds")), BB_NPOS, "ifind stays inside");
    is_int(bb_find(s, empty), 0, "nothing is found at the beginning");
    is_int(bb_find(empty, s), BB_NPOS, "nothing in nothing");
    is_int(bb_chr(s, 'o'), 4, "chr");
    is_int(bb_rchr(s, 'o'), 8, "rchr");
    is_int(bb_chr(empty, 'o'), BB_NPOS, "chr of nothing");
    ok(bb_starts(s, BB_S("Hell")) && !bb_starts(s, BB_S("hell")) && bb_istarts(s, BB_S("hell")), "starts");
    ok(bb_iends(s, BB_S("WORLD")) && !bb_iends(BB_S("d"), s), "ends");
    ok(bb_eq(empty, BB_S("")) && bb_ieq(BB_S("aZ"), BB_S("Az")) && !bb_ieq(BB_S("a"), BB_S("ab")), "equal");
    ok(bb_cmp(BB_S("a"), BB_S("ab")) < 0 && bb_cmp(BB_S("b"), BB_S("ab")) > 0 && bb_cmp(s, s) == 0, "order");
    is_str(bb_sub(s, 7, BB_NPOS), BB_S("World"), "sub to the end");
    is_str(bb_sub(s, 7, 3), BB_S("Wor"), "sub");
    is_str(bb_sub(s, 99, 3), BB_S(""), "sub outside is empty");
    is_str(bb_trim(BB_S(" \t\r\n a b \n")), BB_S("a b"), "trim");
    is_str(bb_trim(BB_S(" \n ")), BB_S(""), "trim of nothing else");
    bb_str rest = BB_S("a,,b,"), items[9];
    size_t n = 0;
    while (n < 9 && bb_split(&rest, ',', &items[n])) n++;
    is_str(joined(items, n), BB_S("a||b"), "split");
}

static void numbers(void)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t want;
    } rows[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"18446744073709551616", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1a", false, 0},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        uint64_t v = 77;
        is_int(bb_u64(bb_cstr(rows[i].text), &v), rows[i].good, "\"%s\" is a number", rows[i].text);
        ok(v == (rows[i].good ? rows[i].want : 77), "\"%s\" gives it, or nothing", rows[i].text);
    }
}

/* ---- memory --------------------------------------------------------------------------------------- */

static void limits_of_an_arena(void)
{
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, 1000);
    ok(bb_get(&a, 500) && !a.failed, "within the limit");
    ok(!bb_get(&a, 600) && a.failed, "beyond it");
    ok(bb_get(&a, 100) && a.failed, "failure is remembered");
    bb_arena_reset(&a);
    ok(!a.failed && a.used == 0 && bb_get(&a, 900), "forgotten with the rest");
    ok(!bb_get_array(&a, SIZE_MAX / 2, 3) && a.failed, "a product that overflows");
    bb_arena_reset(&a);
    ok(!bb_get(&a, SIZE_MAX) && !bb_get(&a, SIZE_MAX - 20) && a.failed, "sizes that overflow");
    bb_arena_free(&a);
}

static void memory_is_zeroed(void)
{
    bb_arena a;
    bool clean = true;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    for (int round = 0; round < 3; round++, bb_arena_reset(&a))
        for (size_t n = 1; n < 3000; n += 97) {
            char *p = bb_get(&a, n);
            ok((uintptr_t)p % sizeof(void *) == 0, "%zu bytes are aligned", n);
            for (size_t i = 0; i < n; i++) clean = clean && p[i] == 0;
            memset(p, 0xAA, n);
        }
    ok(clean, "memory is zeroed, after a reset too");
    int *items = NULL, *item;
    size_t n = 0, cap = 0;
    for (int i = 0; i < 100; i++)
        if ((item = BB_PUSH(&a, items, n, cap))) *item = i;
    is_int(n, 100, "a hundred pushed");
    is_int(items[99], 99, "and kept");
    n = 3; /* as who takes some back */
    item = BB_PUSH(&a, items, n, cap);
    is_int(item ? *item : -1, 0, "a pushed item is zeroed though there was one before");
    bb_arena_free(&a);
}

static bool all_are(const char *p, size_t n, char c)
{
    while (n && p[n - 1] == c) n--;
    return !n;
}

static void memory_is_regrown(void)
{
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, 10000);
    char *p = bb_regrow(&a, NULL, 0, 100);
    memset(p, 'x', 100);
    ok(bb_regrow(&a, p, 100, 300) == p, "what was handed out last grows where it is");
    memset(p, 'x', 300);
    char *behind = bb_get(&a, 50);
    ok(behind >= p + 300 && all_are(behind, 50, '\0'), "what is handed out behind it is zeroed");
    char *moved = bb_regrow(&a, p, 300, 400);
    ok(moved >= behind + 50 && all_are(moved, 300, 'x'), "what was not, is copied");
    size_t used = a.used;
    ok(!bb_regrow(&a, moved, 400, 20000) && a.failed, "beyond the limit");
    ok(!bb_regrow(&a, moved, 400, SIZE_MAX), "a size that overflows");
    ok(a.used == used && all_are(moved, 300, 'x'), "then all is as it was");
    bb_arena_free(&a);
}

static void every_allocation_fails(void)
{
    for (long n = 1; n <= 3; n++) {
        tap_failing f;
        bb_arena a;
        tap_failing_init(&f, n);
        bb_arena_init(&a, &f.alloc, BB_ARENA_LIMIT);
        bb_buf b = bb_buf_in(&a, (size_t)1 << 20);
        for (int i = 0; i < 20000; i++) bb_puts(&b, "0123456789");
        bool told = a.failed && b.truncated && b.n < 200000;
        ok(told, "a buffer tells that allocation %ld failed", n);
        ok(b.n % 10 == 0, "and holds what it held");
        ok(bb_buf_str(&b).n == b.n && (b.n == 0 || b.p[b.n - 1] == '9'), "which is still there");
        bb_arena_free(&a);
    }
    tap_failing f;
    bb_arena a;
    tap_failing_init(&f, 1);
    bb_arena_init(&a, &f.alloc, BB_ARENA_LIMIT);
    ok(bb_empty(bb_dup(&a, BB_S("x"))) && a.failed, "dup");
    bb_arena_free(&a);
}

static void buffers(void)
{
    bb_buf b = bb_buf_in(&arena, 5);
    bb_puts(&b, "abc");
    ok(!b.truncated, "below the ceiling");
    bb_puts(&b, "defg");
    is_str(bb_buf_str(&b), BB_S("abcde"), "filled to the ceiling");
    ok(b.truncated, "which is told");
    bb_putc(&b, 'x');
    bb_puts(&b, "");
    is_str(bb_buf_str(&b), BB_S("abcde"), "and nothing more is kept");
    b = bb_buf_in(&arena, 1000);
    bb_putf(&b, "%s-%0400d", "a", 7);
    is_int(b.n, 402, "formatted beyond the small buffer");
}

static void errors(void)
{
    bb_err err = {0};
    ok(!bb_fail(&err, BB_EDATA, "no %s", "x") && err.code == BB_EDATA, "fail");
    ok(!bb_fail_in(&err, "%s:%d", "file", 3), "fail in");
    is_cstr(err.text, "file:3: no x", "put before");
    for (int i = 0; i < 100; i++) bb_fail_in(&err, "a long way up, step %d", i);
    ok(strlen(err.text) < sizeof err.text && bb_starts(bb_cstr(err.text), BB_S("a long way up, step 99: a long")),
       "a text that grows is cut");
    ok(!bb_fail(NULL, BB_EBUG, "x") && !bb_fail_in(NULL, "y"), "nobody asked");
}

/* ---- text ----------------------------------------------------------------------------------------- */

/* What looks at several bytes at once sees the same at each place of texts of each length. */
static void each_place(void)
{
    bool high = true, control = true, letters = true, cases = true;
    for (size_t n = 1; n < 80; n++)
        for (size_t at = 0; at < n; at++) {
            char text[80], other[80];
            memset(text, 'k', n);
            memset(other, 'K', n);
            bb_str s = {text, n};
            cases = cases && bb_ieq(s, (bb_str){other, n});
            other[at] = 'j';
            letters = letters && !bb_ieq(s, (bb_str){other, n});
            high = high && bb_next_high(s, at) == n && bb_is_ascii(s);
            control = control && !bb_has_ascii_control(s);
            text[at] = '\xE9';
            high = high && bb_next_high(s, 0) == at && bb_next_high(s, at) == at && bb_next_high(s, at + 1) == n;
            control = control && !bb_has_ascii_control(s);
            text[at] = at % 2 ? '\x7F' : '\x1F';
            control = control && bb_has_ascii_control(s);
        }
    ok(high, "a byte beyond ASCII is found");
    ok(control, "a control is found, and nothing else");
    ok(letters, "another letter makes another word");
    ok(cases, "another case does not");
}

static void utf8(void)
{
    static const struct {
        const char *name, *text, *clean;
    } rows[] = {
        {"ASCII", "plain text, longer than one word", "plain text, longer than one word"},
        {"two bytes", "caf\xC3\xA9", "caf\xC3\xA9"},
        {"three bytes", "\xE2\x82\xAC", "\xE2\x82\xAC"},
        {"four bytes", "\xF0\x9F\x93\xA7", "\xF0\x9F\x93\xA7"},
        {"the last code point", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
        {"past it", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"Latin-1", "caf\xE9!", "caf\xEF\xBF\xBD!"},
        {"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"overlong in three", "\xE0\x80\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"cut off", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"bad behind eight good ones", "12345678\xFF", "12345678\xEF\xBF\xBD"},
        {"a stray continuation", "\x80 a", "\xEF\xBF\xBD a"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str text = bb_cstr(rows[i].text), want = bb_cstr(rows[i].clean), got = bb_utf8_clean(&arena, text);
        is_int(bb_utf8_valid(text), bb_eq(text, want), "%s: valid or not", rows[i].name);
        is_str(got, want, "%s, cleaned", rows[i].name);
        ok(bb_utf8_valid(got), "%s is valid then", rows[i].name);
    }
    static const uint32_t points[] = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD800, 0xFFFF, 0x10000, 0x10FFFF, 0x110000};
    for (size_t i = 0; i < BB_COUNT(points); i++) {
        bb_buf b = bb_buf_in(&arena, 8);
        bb_put_utf8(&b, points[i]);
        ok(b.n && bb_utf8_valid(bb_buf_str(&b)), "U+%04X written", (unsigned)points[i]);
    }
}

static void safe(void)
{
    static const struct {
        const char *text;
        size_t max;
        const char *want;
    } rows[] = {
        {"plain", 99, "plain"},
        {"plain", 3, "pla..."},
        {"a\x1B[31mred", 99, "a\\x1B[31mred"},
        {"line\nend\r\t", 99, "line\\x0Aend\\x0D\\x09"},
        {"caf\xC3\xA9 \xE9", 99, "caf\xC3\xA9 \\xE9"},
        {"\xC2\x9B", 99, "\\xC2\\x9B"},
        {"caf\xC3\xA9", 4, "caf\\xC3..."},
        {"", 4, ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str got = bb_safe(&arena, bb_cstr(rows[i].text), rows[i].max);
        is_str(got, bb_cstr(rows[i].want), "shown, row %zu", i);
        ok(got.p[got.n] == '\0', "with a NUL behind it");
    }
    bb_buf turned = bb_buf_in(&arena, 16);
    bb_put_utf8(&turned, 0x202E);
    is_str(bb_safe(&arena, bb_buf_str(&turned), 99), BB_S("\\xE2\\x80\\xAE"), "a mark that turns the line around");
}

static void json(void)
{
    bb_buf out = bb_buf_in(&arena, 4096);
    bb_json j = {.out = &out};
    bb_json_open(&j, '{');
    bb_json_kstr(&j, "text", BB_S("a\"b\\c\n\x01\x7F caf\xC3\xA9 \xFF"));
    bb_json_kint(&j, "n", INT64_MIN);
    bb_json_ktime(&j, "when", 0);
    bb_json_ktime(&j, "never", BB_NO_TIME);
    bb_json_key(&j, "list");
    bb_json_open(&j, '[');
    bb_json_bool(&j, true);
    bb_json_null(&j);
    bb_json_num2(&j, 0.126);
    bb_json_open(&j, '{');
    bb_json_close(&j, '}');
    bb_json_open(&j, '[');
    bb_json_close(&j, ']');
    bb_json_close(&j, ']');
    bb_json_kstr(&j, "empty", (bb_str){0});
    bb_json_close(&j, '}');
    is_str(bb_buf_str(&out),
           BB_S("{\"text\":\"a\\\"b\\\\c\\n\\u0001\\u007f caf\xC3\xA9 \xEF\xBF\xBD\",\"n\":-9223372036854775808,"
                "\"when\":\"1970-01-01T00:00:00Z\",\"never\":\"\",\"list\":[true,null,0.13,{},[]],\"empty\":\"\"}"),
           "JSON");
}

/* ---- time ------------------------------------------------------------------------------------------- */

typedef struct {
    const char *text, *want; /* "": none */
} time_row;

static void compare_times(const char *what, bb_time (*read)(bb_str s), const time_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char got[BB_TIME_LEN];
        is_cstr(bb_time_str(read(bb_cstr(rows[i].text)), got), rows[i].want, "%s: %s", what, rows[i].text);
    }
}

static void mail_dates(void)
{
    static const time_row rows[] = {
        {"Mon, 23 Nov 2026 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"23 Nov 2026 15:44 +0000", "2026-11-23T15:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 +0530", "2026-11-23T10:14:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 -0800 (PST)", "2026-11-23T23:44:00Z"},
        {"Mon, 23 Nov 2026 23:44:00 -0800", "2026-11-24T07:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 GMT", "2026-11-23T15:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 UT", "2026-11-23T15:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 Z", "2026-11-23T15:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 EST", "2026-11-23T20:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 PDT", "2026-11-23T22:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 CEST", "2026-11-23T13:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 K", "2026-11-23T15:44:00Z"}, /* military letters mean nothing (section 4.3) */
        {"Mon, 23 Nov 2026 15:44:00 GMT+0100", "2026-11-23T14:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00 +01:00", "2026-11-23T14:44:00Z"},
        {"Mon, 23 Nov 2026 15:44:00", "2026-11-23T15:44:00Z"},
        {"Mon, 23 Nov 26 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"Tue, 23 Nov 99 15:44:00 +0000", "1999-11-23T15:44:00Z"},
        {"Tue, 23 Nov 126 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"  Mon , 23  Nov  2026  15:44:00  +0000 ", "2026-11-23T15:44:00Z"},
        {"Mon (day), 23 (of) Nov (ember) 2026 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"Mon,\r\n 23 Nov 2026 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"23-Nov-2026 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"Mon, 23 November 2026 3:44:00 PM +0000", "2026-11-23T15:44:00Z"},
        {"Mon, 23 Nov 2026 12:04:00 AM +0000", "2026-11-23T00:04:00Z"},
        {"Thu, 29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00Z"},
        {"Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"},
        {"Mon Nov 23 15:44:00 2026", "2026-11-23T15:44:00Z"},
        {"2026-11-23 15:44:00 +0000", "2026-11-23T15:44:00Z"},
        {"Mon, 29 Feb 2026 00:00:00 +0000", ""},
        {"Mon, 31 Apr 2026 00:00:00 +0000", ""},
        {"Mon, 0 Nov 2026 00:00:00 +0000", ""},
        {"Mon, 23 Foo 2026 15:44:00 +0000", ""},
        {"Mon, 23 Nov 2026 25:00:00 +0000", ""},
        {"Mon, 23 Nov 2026 15:60:00 +0000", ""},
        {"Mon, 23 Nov 20261 15:44:00 +0000", ""},
        {"@1", ""},
        {"yesterday", ""},
        {"", ""},
    };
    compare_times("mail", bb_time_rfc5322, rows, BB_COUNT(rows));
}

static void other_dates(void)
{
    static const time_row iso[] = {
        {"2026-11-23", "2026-11-23T00:00:00Z"},
        {"2026-11-23T15:44:00Z", "2026-11-23T15:44:00Z"},
        {"2026-11-23t15:44:00z", "2026-11-23T15:44:00Z"},
        {"2026-11-23 15:44", "2026-11-23T15:44:00Z"},
        {"2026-11-23T15:44:00.123Z", "2026-11-23T15:44:00Z"},
        {"2026-11-23T15:44:00+05:30", "2026-11-23T10:14:00Z"},
        {"2026-11-23T15:44:00 -0100", "2026-11-23T16:44:00Z"},
        {" @1795448640 ", "2026-11-23T15:44:00Z"},
        {"@0", "1970-01-01T00:00:00Z"},
        {"1900-01-01", "1900-01-01T00:00:00Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
        {"1899-12-31", ""},
        {"2026-02-29", ""},
        {"2026-1-1", ""},
        {"2026-11-23T15:44:00 tomorrow", ""},
        {"2026-11-23x", ""},
        {"@-1", ""},
        {"@253402300800", ""},
        {"20261123", ""},
        {"", ""},
    };
    compare_times("ISO", bb_time_iso, iso, BB_COUNT(iso));
    static const time_row asc[] = {
        {"Mon Nov 23 15:44:00 2026", "2026-11-23T15:44:00Z"},
        {"Mon Nov  3 15:44:00 2026", "2026-11-03T15:44:00Z"},
        {"Mon Nov 23 15:44 2026", "2026-11-23T15:44:00Z"},
        {"Mon Nov 23 15:44:00 EST 2026", "2026-11-23T20:44:00Z"},
        {"Mon Nov 23 15:44:00 2026 +0100", "2026-11-23T14:44:00Z"},
        {"From ann@example.com Mon Nov 23 15:44:00 2026", "2026-11-23T15:44:00Z"},
        {"From MAILER-DAEMON  Mon Nov 23 15:44:00 2026", "2026-11-23T15:44:00Z"},
        {"From \"a Mon b\"@example.com Mon Nov 23 15:44:00 2026", "2026-11-23T15:44:00Z"},
        {"From here to there", ""},
        {"From ", ""},
        {"Mon Nov 31 15:44:00 2026", ""},
        {"", ""},
    };
    compare_times("asctime", bb_time_asctime, asc, BB_COUNT(asc));
    bb_time t = -2208988800; /* 1900-01-01 */
    for (int bad = 0; t < 253402300800; t += 987654321, bad = 0) {
        char text[BB_TIME_LEN];
        bad |= bb_time_iso(bb_cstr(bb_time_str(t, text))) != t;
        if (bad) ok(false, "%lld is read as it is written", (long long)t);
    }
    ok(true, "what is written is read again");
}

static void durations(void)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: none */
    } rows[] = {{"90s", 90},
                {"15m", 900},
                {"12h", 43200},
                {"30d", 2592000},
                {"4W", 2419200},
                {"7", 7},
                {"0", 0},
                {"3 d", 259200},
                {"", -1},
                {"d", -1},
                {"-1d", -1},
                {"1.5d", -1},
                {"1y", -1},
                {"1dd", -1},
                {"9223372036854775807", INT64_MAX},
                {"9223372036854775808", -1},
                {"15250284452472w", -1}};
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        int64_t v = -1;
        is_int(bb_duration(bb_cstr(rows[i].text), &v), rows[i].want >= 0, "\"%s\" is a duration", rows[i].text);
        is_int(v, rows[i].want, "\"%s\" in seconds", rows[i].text);
    }
}

/* ---- addresses --------------------------------------------------------------------------------------- */

static void addresses(void)
{
    static const struct {
        const char *text, *key; /* NULL: no address */
    } rows[] = {
        {"ann@example.com", "ann@example.com"},
        {" <Ann@Example.COM> ", "ann@example.com"},
        {"ann@example.com.", "ann@example.com"},
        {"\"ann\"@example.com", "ann@example.com"},
        {"\"a b\"@example.com", "\"a b\"@example.com"},
        {"\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com"},
        {"\"a@b\"@example.com", "\"a@b\"@example.com"},
        {"a+b=c/d!e%f@example.com", "a+b=c/d!e%f@example.com"},
        {"a..b.@docomo.example", "a..b.@docomo.example"},
        {"ann@[192.0.2.1]", "ann@[192.0.2.1]"},
        {"ann@[IPv6:2001:DB8::1]", "ann@[ipv6:2001:db8::1]"},
        {"ann@b\xC3\xBC"
         "cher.example",
         "ann@xn--bcher-kva.example"},
        {"ann@B\xC3\x9C"
         "CHER.example",
         "ann@xn--bcher-kva.example"},
        {"ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"},
        {"j\xC3\xB6rg@example.com", "j\xC3\xB6rg@example.com"},
        {"<@relay.example:ann@example.com>", "ann@example.com"},
        {"ann@localhost", "ann@localhost"},
        {"ann", NULL},
        {"@example.com", NULL},
        {"ann@", NULL},
        {"ann@.example.com", NULL},
        {"ann@exa mple.com", NULL},
        {"an n@example.com", NULL},
        {"\"ann@example.com", NULL},
        {"ann\n@example.com", NULL},
        {"ann@example.com>", NULL},
        {"ann\xE9@example.com", NULL},
        {"ann@a..b", NULL},
        {"", NULL},
        {"12345678901234567890123456789012345678901234567890123456789012345@example.com", NULL},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_address a;
        bb_err err = {0};
        bool good = bb_address_read(&arena, bb_cstr(rows[i].text), &a, &err);
        is_int(good, rows[i].key != NULL, "\"%s\" is an address", rows[i].text);
        if (good && rows[i].key) is_str(a.key, bb_cstr(rows[i].key), "the key of \"%s\"", rows[i].text);
        else ok(!good && err.code == BB_EDATA && *err.text, "and why not");
    }
    ok(bb_address_same(&arena,
                       BB_S("\"Ann\"@B\xC3\xBC"
                            "cher.example"),
                       BB_S("<ann@xn--bcher-kva.EXAMPLE>")),
       "one address, spelled twice");
    ok(!bb_address_same(&arena, BB_S("ann"), BB_S("ann")), "what is none is none's equal");
}

static void addresses_in_text(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"mail to ann@example.com, please.", "ann@example.com"},
        {"Ann <ann@example.com>", "ann@example.com"},
        {"Ann@Home <ann@example.com>", "ann@example.com"},
        {"'ann@example.com'", "ann@example.com"},
        {"(ann@example.com)", "ann@example.com"},
        {"<\"a b\"@example.com>", "\"a b\"@example.com"},
        {"RCPT TO:<ann@example.com>:", "ann@example.com"},
        {"ann@example.com...", "ann@example.com"},
        {"ann@[192.0.2.1] x", "ann@[192.0.2.1]"},
        {"收件人：ann@example.com", "ann@example.com"},
        {"地址（ann@example.com）不存在。", "ann@example.com"},
        {"«ann@example.com»", "ann@example.com"},
        {"无法发送到ann@example.com的邮箱", "ann@example.com"},
        {"宛先 ann@例え.jp、です", "ann@例え.jp"},
        {"用户@例子.cn", "用户@例子.cn"},
        {"josémaria@example.com", "josémaria@example.com"},
        {"a @ b", ""},
        {"@example.com", ""},
        {"<>", ""},
        {"", ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        is_str(bb_address_find(bb_cstr(rows[i].text), NULL), bb_cstr(rows[i].want), "in \"%s\"", rows[i].text);
    bb_str list = BB_S("a@b.example, <c@d.example>\ne@f.example;g@h.example"), items[9];
    size_t n = 0;
    while (n < 9 && (items[n] = bb_address_find(list, &list)).n) n++;
    is_str(joined(items, n), BB_S("a@b.example|c@d.example|e@f.example|g@h.example"), "one after the other");
}

/* A long line is searched piece by piece, and no address is cut by that. */
static void addresses_in_long_lines(void)
{
    for (size_t filler = 940; filler < 1010; filler++) {
        bb_buf b = bb_buf_in(&arena, 4096);
        for (size_t i = 0; i < filler; i++) bb_putc(&b, i % 50 ? 'x' : ';');
        bb_puts(&b, ";user@b\xC3\xBC"
                    "cher.example;");
        for (size_t i = 0; i < 500; i++) bb_putc(&b, 'y');
        bb_str hit = bb_address_find(bb_buf_str(&b), NULL);
        if (!bb_eq(hit, BB_S("user@b\xC3\xBC"
                             "cher.example")))
            ok(false, "behind %zu bytes: " BB_FMT, filler, BB_ARG(hit));
    }
    ok(true, "an address is whole wherever it stands");
    bb_buf b = bb_buf_in(&arena, 4096);
    bb_puts(&b, "a@");
    for (int i = 0; i < 300; i++) bb_puts(&b, "\xC3\xBC");
    is_str(bb_address_find(bb_buf_str(&b), NULL), BB_S(""), "a domain longer than any is none, and never cut");
}

/* ---- words ------------------------------------------------------------------------------------------ */

static void words(void)
{
    static const char *const known[] = {"hard", "soft", "block", "mailboxfull", "userunknown", NULL};
    static const struct {
        const char *typed, *want;
    } rows[] = {
        {"hrad", "hard"},
        {"sotf", "soft"},
        {"HARD", "hard"},
        {"blok", "block"},
        {"mailbox-full", "mailboxfull"},
        {"userunkown", "userunknown"},
        {"banana", NULL},
        {"", NULL},
        {"xy", NULL},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        is_cstr(bb_nearest(bb_cstr(rows[i].typed), known), rows[i].want, "near to \"%s\"", rows[i].typed);
    for (int r = 0; r < BB_REASON_COUNT; r++) {
        bb_reason back;
        ok(bb_reason_from(bb_cstr(bb_reason_word((bb_reason)r)), &back) && (int)back == r, "%s",
           bb_reason_word((bb_reason)r));
    }
    is_int(BB_REASON_COUNT, 37, "34 reasons, and three of ours");
    bb_kind kind;
    bb_action action;
    ok(bb_kind_from(BB_S("AutoReply"), &kind) && kind == BB_KIND_AUTOREPLY, "kinds in any case");
    ok(!bb_kind_from(BB_S("hard "), &kind) && !bb_action_from(BB_S(""), &action), "words that are none");
    ok(bb_reason_is_host_soft(BB_REASON_expired) && !bb_reason_is_host_soft(BB_REASON_mailboxfull), "host softs");
    ok(bb_list_name_ok(BB_S("News_1.a-b")) && !bb_list_name_ok(BB_S("a b")) && !bb_list_name_ok(BB_S("")), "lists");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    lines();
    slices();
    numbers();
    limits_of_an_arena();
    memory_is_regrown();
    memory_is_zeroed();
    every_allocation_fails();
    buffers();
    errors();
    each_place();
    utf8();
    safe();
    json();
    mail_dates();
    other_dates();
    durations();
    addresses();
    addresses_in_text();
    addresses_in_long_lines();
    words();
    ok(!arena.failed, "memory sufficed");
    bb_arena_free(&arena);
    return tap_done();
}
