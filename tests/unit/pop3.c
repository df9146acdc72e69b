/* SPDX-License-Identifier: MIT
 *
 * pop3: answers, the lines of LIST and UIDL, messages with their dots undone.
 */
#include "core/wire/pop3.h"

#include "tap.h"

static bb_arena arena;

static void answers(void)
{
    static const struct {
        const char *in;
        bb_pop3_answer want;
        const char *text;
    } rows[] = {
        {"+OK", BB_POP3_OK, ""},
        {"+OK  2 messages ", BB_POP3_OK, "2 messages"},
        {"+ok fine", BB_POP3_OK, "fine"},
        {"-ERR [IN-USE] later", BB_POP3_ERROR, "[IN-USE] later"},
        {"+OKAY", BB_POP3_NOTHING, "unchanged"},
        {"-ERROR", BB_POP3_NOTHING, "unchanged"},
        {"", BB_POP3_NOTHING, "unchanged"},
        {"HTTP/1.1 400", BB_POP3_NOTHING, "unchanged"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str text = BB_S("unchanged");
        is_int(bb_pop3_read(bb_cstr(rows[i].in), &text), rows[i].want, "\"%s\"", rows[i].in);
        is_str(text, bb_cstr(rows[i].text), "\"%s\": its text", rows[i].in);
    }
}

static void lists(void)
{
    static const struct {
        const char *in, *size, *uidl;
    } rows[] = {
        {"1 120", "1|120", "1|120"},
        {"4294967295 18446744073709551615", "4294967295|18446744073709551615", "4294967295|18446744073709551615"},
        {"2 120 extra", "2|120", "none"},
        {"3 whqtswO00WBw418f9t5JxYwZ", "none", "3|whqtswO00WBw418f9t5JxYwZ"},
        {"3  a", "none", "3|a"},
        {"0 1", "none", "none"},
        {"4294967296 1", "none", "none"},
        {"1", "none", "none"},
        {"1 ", "none", "none"},
        {" 1 2", "none", "none"},
        {"-1 2", "none", "none"},
        {"1 a\x7F", "none", "none"},
        {"1 1234567890123456789012345678901234567890123456789012345678901234567890", "none",
         "1|1234567890123456789012345678901234567890123456789012345678901234567890"},
        {"1 12345678901234567890123456789012345678901234567890123456789012345678901", "none", "none"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        uint32_t n;
        uint64_t size;
        bb_str uidl, line = bb_cstr(rows[i].in);
        const char *got = "none";
        if (bb_pop3_size(line, &n, &size)) got = bb_sprintf(&arena, "%u|%llu", n, (unsigned long long)size).p;
        is_cstr(got, rows[i].size, "LIST row %zu", i);
        got = "none";
        if (bb_pop3_uidl(line, &n, &uidl)) got = bb_sprintf(&arena, "%u|" BB_FMT, n, BB_ARG(uidl)).p;
        is_cstr(got, rows[i].uidl, "UIDL row %zu", i);
    }
}

/* What comes out of the octets, taken `step` at a time, and how many were not taken. */
static bb_str taken(bb_str in, size_t step, size_t *left, bool *ended)
{
    bb_pop3_data d = {0};
    bb_buf out = bb_buf_in(&arena, 1000);
    *ended = false;
    for (size_t at = 0; at < in.n && !*ended;) {
        bb_str piece = bb_sub(in, at, step), chunk;
        while (piece.n && !*ended) {
            size_t n = bb_pop3_take(&d, piece, &chunk, ended);
            bb_put(&out, chunk);
            piece = bb_sub(piece, n, BB_NPOS);
            at += n;
        }
    }
    *left = 0;
    for (size_t at = 0; *ended && at < in.n; at++)
        if (bb_starts(bb_sub(in, at, BB_NPOS), BB_S("+OK"))) *left = in.n - at;
    return bb_buf_str(&out);
}

static void messages(void)
{
    static const struct {
        const char *in, *want;
        bool ended;
    } rows[] = {
        {"a\r\nb\r\n.\r\n", "a\r\nb\r\n", true},
        {".\r\n", "", true},
        {"..\r\n...a\r\n.\r\n+OK", ".\r\n..a\r\n", true},
        {"a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", true},
        {"a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", true},
        {"a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", true},
        {"a\r\n", "a\r\n", false},
        {"a\r\n.", "a\r\n", false},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        for (size_t step = 1; step < 20; step += 6) {
            size_t left;
            bool ended;
            is_str(taken(bb_cstr(rows[i].in), step, &left, &ended), bb_cstr(rows[i].want), "message %zu by %zu", i,
                   step);
            is_int(ended, rows[i].ended, "message %zu by %zu: its end", i, step);
            is_int(left, i == 2 ? 3 : 0, "message %zu by %zu: what follows is left", i, step);
        }
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    answers();
    lists();
    messages();
    bb_arena_free(&arena);
    return tap_done();
}
