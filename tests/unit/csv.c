/* SPDX-License-Identifier: MIT
 *
 * csv: rows of tables as people's programs write them, whole and byte by byte.
 */
#include <string.h>

#include "core/base/csv.h"
#include "tap.h"

static bb_arena arena;
static bb_csv csv;

typedef struct {
    bb_str rest;
    size_t step;
} source;

static size_t read_some(void *ctx, char *into, size_t room)
{
    source *s = ctx;
    size_t n = s->step < room ? s->step : room;
    bb_str part = bb_sub(s->rest, 0, n);
    if (part.n) memcpy(into, part.p, part.n);
    s->rest = bb_sub(s->rest, part.n, BB_NPOS);
    return part.n;
}

/* "line:field|field" of each row, or "line!what is wrong". */
static bb_str rows_of(bb_str text, size_t step)
{
    source s = {text, step};
    bb_csv_row row;
    bb_buf out = bb_buf_in(&arena, (size_t)1 << 20);
    bb_csv_init(&csv, read_some, &s);
    while (bb_csv_next(&csv, &arena, &row)) {
        bb_putf(&out, "%s%d", out.n ? " / " : "", (int)row.line);
        if (row.bad) bb_putf(&out, "!%s", row.bad);
        for (size_t i = 0; i < row.n; i++) {
            bb_putc(&out, i ? '|' : ':');
            bb_put(&out, row.fields[i]);
        }
    }
    return bb_buf_str(&out);
}

static void shapes(void)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        {"nothing", "", ""},
        {"empty lines only", "\n\r\n\r", ""},
        {"one field", "a", "1:a"},
        {"two rows", "a,b\nc,d\n", "1:a|b / 2:c|d"},
        {"CRLF", "a,b\r\nc,d\r\n", "1:a|b / 2:c|d"},
        {"CR", "a,b\rc,d", "1:a|b / 2:c|d"},
        {"empty lines between", "a\n\n\nb\n", "1:a / 4:b"},
        {"empty fields", "a,,\n,,b\n", "1:a|| / 2:||b"},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "email;x\n",
         "1:email|x"},
        {"semicolons", "a;b,c;d\ne;f\n", "1:a|b,c|d / 2:e|f"},
        {"tabs", "a\tb\nc,d\te\n", "1:a|b / 2:c,d|e"},
        {"the first line alone tells the delimiter", "a\nb;c,d\n", "1:a / 2:b;c|d"},
        {"what is quoted tells nothing", "\"x;y;z\",b\nc,d\n", "1:x;y;z|b / 2:c|d"},
        {"quotes", "\"a\",\"b,c\"\n", "1:a|b,c"},
        {"doubled quotes", "\"say \"\"hi\"\"\",b\n", "1:say \"hi\"|b"},
        {"an empty quoted field", "\"\",b\n", "1:|b"},
        {"line ends in quotes", "\"a\nb\r\nc\",d\ne\n", "1:a\nb\r\nc|d / 4:e"},
        {"a quote inside is one", "a\"b,c\n", "1:a\"b|c"},
        {"text behind a quote", "\"a\"b,c\nd\n", "1!text behind a closing quote / 2:d"},
        {"a quote that nothing closes costs its line", "a,b\nc,\"d\ne,f\n",
         "1:a|b / 2!a quote that nothing closes / 3:e|f"},
        {"two stray quotes far apart", "\"a\nb\n\"c\nd\n",
         "1!text behind a closing quote / 2:b / 3!a quote that nothing closes / 4:d"},
        {"a quote at the very end", "a\n\"", "1:a / 2!a quote that nothing closes"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        for (size_t step = 1; step < 9999; step = step == 1 ? 3 : 9999)
            is_str(rows_of(bb_cstr(rows[i].text), step), bb_cstr(rows[i].want), "%s, %zu at a time", rows[i].name,
                   step);
    is_str(rows_of(BB_S("a\0b,c\n"), 99), BB_S("1:a\0b|c"), "NUL bytes are bytes");
}

/* `n` times the unit between two good rows. */
static bb_str between(const char *unit, size_t n)
{
    bb_buf b = bb_buf_in(&arena, (size_t)1 << 20);
    bb_puts(&b, "a,b\n");
    while (n--) bb_puts(&b, unit);
    bb_puts(&b, "\nc,d\n");
    return bb_buf_str(&b);
}

static void limits(void)
{
    is_str(rows_of(between("x,", 999), 4096), rows_of(between("x,", 999), 7), "1000 fields, in any pieces");
    is_str(rows_of(between("x,", 1000), 4096), BB_S("1:a|b / 2!more than 1000 fields / 3:c|d"), "and no more");
    static const size_t sizes[] = {65531, 65532, 65533, 65536, 65537, 70000, 200000};
    for (size_t i = 0; i < BB_COUNT(sizes); i++) {
        bb_str got = rows_of(between("x", sizes[i]), 5000);
        ok(bb_starts(got, BB_S("1:a|b / 2")) && bb_iends(got, BB_S(" / 3:c|d")), "a row of %zu harms no other",
           sizes[i]);
        is_int(bb_find(got, BB_S("2!a row of more than 64 KiB")) != BB_NPOS, sizes[i] >= BB_CSV_ROW_MAX, "%zu: told",
               sizes[i]);
    }
    bb_str got = rows_of(between("\"x", 1), 5000);
    ok(bb_iends(got, BB_S(" / 3:c|d")), "a stray quote in a short file");
    bb_buf b = bb_buf_in(&arena, (size_t)4 << 20);
    bb_puts(&b, "a,b\n\"c,d\n");
    for (int i = 0; i < 20000; i++) bb_puts(&b, "e,f\n");
    source s = {bb_buf_str(&b), 4096};
    bb_csv_row row;
    size_t good = 0, bad = 0;
    bb_csv_init(&csv, read_some, &s);
    while (bb_csv_next(&csv, &arena, &row)) *(row.bad ? &bad : &good) += 1;
    ok(good == 20001 && bad == 1, "a stray quote in a long file costs one line");
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    shapes();
    limits();
    bb_arena_free(&arena);
    return tap_done();
}
