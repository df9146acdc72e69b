/* SPDX-License-Identifier: MIT
 *
 * What real MTAs wrote, read as mta.tsv says that a person reads it: as it came, through the formats that
 * read prose alone, and after changes on the way that mean nothing.
 */
#include <string.h>

#include "golden.h"

#define FOLDER "tests/fixtures/mta"

enum { FILE_, MTA, FORMAT, RECIPIENT, ACTION, STATUS, REPLY, COMMAND, KIND, REASON, COLUMNS };

static bb_arena *kept;

typedef struct {
    bb_str name;
    bb_str (*rows)[GOLDEN_CELLS];
    size_t n, cap;
    bb_str bytes;
} fixture;

static fixture *fixtures;
static size_t n_fixtures, cap_fixtures;

static void read_table(void)
{
    bb_str table = golden_table("tests/golden/mta.tsv"), cells[GOLDEN_CELLS], before = {0};
    for (size_t n; (n = golden_row(&table, cells)) > 0; before = cells[FILE_]) {
        if (n != COLUMNS) ok(false, "mta.tsv: " BB_FMT " has %zu columns", BB_ARG(cells[FILE_]), n);
        if (!bb_eq(before, cells[FILE_])) {
            fixture *f = BB_PUSH(kept, fixtures, n_fixtures, cap_fixtures);
            *f = (fixture){.name = cells[FILE_], .bytes = golden_file(FOLDER, cells[FILE_])};
        }
        fixture *f = &fixtures[n_fixtures - 1];
        memcpy(BB_PUSH(kept, f->rows, f->n, f->cap), cells, sizeof cells);
    }
}

static bool in_table(bb_str name)
{
    for (size_t i = 0; i < n_fixtures; i++)
        if (bb_eq(fixtures[i].name, name)) return true;
    return false;
}

static void every_fixture_is_in_the_table(void)
{
    bb_str *names;
    size_t n = golden_files(FOLDER, &names);
    is_int(n_fixtures, n, "as many fixtures in the table as in the folder");
    for (size_t i = 0; i < n; i++) ok(in_table(names[i]), BB_FMT " is in the table", BB_ARG(names[i]));
}

/* ---- as one line ------------------------------------------------------------------------------------ */

static bb_str reply_text(int code)
{
    return code ? bb_sprintf(kept, "%d", code) : BB_S("");
}

static void cells_of(const bb_report *r, size_t i, bb_str out[GOLDEN_CELLS])
{
    const bb_rcpt_report *to = &r->rcpts[i];
    bb_verdict v = golden_verdict(r, i);
    out[FORMAT] = bb_cstr(r->format);
    out[RECIPIENT] = to->recipient;
    out[ACTION] = bb_cstr(bb_action_word(to->action));
    out[STATUS] = to->status;
    out[REPLY] = reply_text(to->reply_code);
    out[COMMAND] = to->command;
    out[KIND] = bb_cstr(bb_kind_word(v.kind));
    out[REASON] = bb_cstr(bb_reason_word(v.reason));
}

static bb_str line_of(const bb_str *cells, const int *columns, size_t n)
{
    bb_buf out = bb_buf_in(kept, 4096);
    for (size_t i = 0; i < n; i++) {
        if (i) bb_putc(&out, ' ');
        bb_put(&out, bb_empty(cells[columns[i]]) ? BB_S("-") : cells[columns[i]]);
    }
    return bb_buf_str(&out);
}

static const int all[] = {FORMAT, RECIPIENT, ACTION, STATUS, REPLY, COMMAND, KIND, REASON};
static const int meaning[] = {RECIPIENT, ACTION, KIND};

static void compare(const fixture *f, const bb_report *r, const char *how)
{
    bb_str got[GOLDEN_CELLS];
    if (!is_int(r->n_rcpts, f->n, BB_FMT " %s: recipients", BB_ARG(f->name), how)) return;
    for (size_t i = 0; i < f->n; i++) {
        cells_of(r, i, got);
        is_str(line_of(got, all, BB_COUNT(all)), line_of(f->rows[i], all, BB_COUNT(all)), BB_FMT " %s: " BB_FMT,
               BB_ARG(f->name), how, BB_ARG(f->rows[i][RECIPIENT]));
    }
}

static void as_they_came(void)
{
    for (size_t i = 0; i < n_fixtures; i++) {
        bb_report r;
        golden_read(fixtures[i].bytes, NULL, &r);
        compare(&fixtures[i], &r, "as it came");
        golden_forget();
    }
}

/* ---- changes that mean nothing ---------------------------------------------------------------------- */

static bb_str with_line_ends(bb_str bytes, const char *end)
{
    bb_buf out = bb_buf_in(kept, 3 * bytes.n + 16);
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] == '\n') bb_puts(&out, end);
        else if (bytes.p[i] != '\r') bb_putc(&out, bytes.p[i]);
    }
    return bb_buf_str(&out);
}

static bb_str crlf(bb_str bytes)
{
    return with_line_ends(bytes, "\r\n");
}

static bb_str twice_converted(bb_str bytes)
{
    return with_line_ends(bytes, "\r\r\n");
}

static bb_str cr_alone(bb_str bytes)
{
    return with_line_ends(bytes, "\r");
}

static bb_str between(const char *before, bb_str bytes, const char *behind)
{
    bb_buf out = bb_buf_in(kept, bytes.n + 2048);
    bb_puts(&out, before);
    bb_put(&out, bytes);
    bb_puts(&out, behind);
    return bb_buf_str(&out);
}

static bb_str one_more_hop(bb_str bytes)
{
    return between("Received: from relay.example.org (relay.example.org [192.0.2.99])\n"
                   "\tby in.example.org (Postfix) with ESMTP id 4ABCDE1234\n"
                   "\tfor <someone@example.org>; Tue, 24 Nov 2026 09:00:00 +0000 (UTC)\n"
                   "X-Spam-Status: No, score=-1.2 required=5.0 tests=ANY_BOUNCE_MESSAGE\n"
                   "X-Spam-Report: user@example.org is not a recipient, 550 5.1.1 is not a reply\n"
                   "Delivered-To: bounces@example.org\n",
                   bytes, "");
}

static bb_str blank_lines_around(bb_str bytes)
{
    return between("\n\r\n", bytes, "\n\n\n\n");
}

static bb_str end_cut_off(bb_str bytes)
{
    return bb_sub(bytes, 0, bytes.n - bytes.n / 50);
}

/* Header of the message and DSN fields broken at every space that is not at the beginning of a line. */
static bb_str folded(bb_str bytes)
{
    static const char *const fields[] = {
        "Final-Recipient:", "Original-Recipient:", "Diagnostic-Code:", "Remote-MTA:", "X-Actual-Recipient:"};
    bb_buf out = bb_buf_in(kept, 4 * bytes.n);
    bb_str line;
    bool header = true;
    while (bb_line(&bytes, &line)) {
        bool fold = header;
        if (bb_empty(line)) header = false;
        for (size_t i = 0; i < BB_COUNT(fields); i++) fold |= bb_istarts(line, bb_cstr(fields[i]));
        bool begun = false;
        for (size_t i = 0; i < line.n; i++) {
            if (fold && begun && line.p[i] == ' ') bb_puts(&out, "\n\t");
            else bb_putc(&out, line.p[i]);
            begun |= !bb_is_space(line.p[i]);
        }
        bb_putc(&out, '\n');
    }
    return bb_buf_str(&out);
}

/* Names of fields are read without case (RFC 5322 section 1.2.2). */
static bb_str shouted(bb_str bytes)
{
    bb_buf out = bb_buf_in(kept, bytes.n + 1);
    bb_str line, rest = bytes;
    while (bb_line(&rest, &line) && !bb_empty(line)) {
        size_t n = bb_is_space(line.p[0]) ? 0 : bb_chr(line, ':');
        for (size_t i = 0; i < line.n; i++)
            bb_putc(&out, i < n && line.p[i] >= 'a' && line.p[i] <= 'z' ? (char)(line.p[i] - 'a' + 'A') : line.p[i]);
        bb_putc(&out, '\n');
    }
    bb_putc(&out, '\n');
    bb_put(&out, rest);
    return bb_buf_str(&out);
}

static void changed_on_the_way(void)
{
    static const struct {
        const char *name;
        bb_str (*change)(bb_str bytes);
    } rows[] = {
        {"with CRLF", crlf},
        {"converted twice", twice_converted},
        {"with CR alone", cr_alone},
        {"with one more hop", one_more_hop},
        {"with blank lines around", blank_lines_around},
        {"without the end of the returned message", end_cut_off},
        {"folded", folded},
        {"with field names in capitals", shouted},
    };
    for (size_t i = 0; i < n_fixtures; i++) {
        for (size_t k = 0; k < BB_COUNT(rows); k++) {
            bb_report r;
            golden_read(rows[k].change(fixtures[i].bytes), NULL, &r);
            compare(&fixtures[i], &r, rows[k].name);
            golden_forget();
        }
    }
}

/* The row about that recipient, as one line; "nobody". */
static bb_str told_of(const bb_report *r, bb_str recipient)
{
    bb_str cells[GOLDEN_CELLS];
    for (size_t i = 0; i < r->n_rcpts; i++) {
        if (!bb_ieq(r->rcpts[i].recipient, recipient)) continue;
        cells_of(r, i, cells);
        return line_of(cells, meaning, BB_COUNT(meaning));
    }
    return BB_S("nobody");
}

/* The prose names the same people in its own order and says the same of them, though not always why; the
 * family's own format or the generic one must read it. */
static void by_their_prose(void)
{
    for (size_t i = 0; i < n_fixtures; i++) {
        const fixture *f = &fixtures[i];
        bb_report r;
        golden_read(f->bytes, "rfc3464", &r);
        is_int(r.n_rcpts, f->n, BB_FMT " by its prose: recipients", BB_ARG(f->name));
        for (size_t k = 0; k < f->n; k++)
            is_str(told_of(&r, f->rows[k][RECIPIENT]), line_of(f->rows[k], meaning, BB_COUNT(meaning)),
                   BB_FMT " by its prose", BB_ARG(f->name));
        golden_forget();
    }
}

int main(void)
{
    kept = golden_begin();
    read_table();
    every_fixture_is_in_the_table();
    as_they_came();
    changed_on_the_way();
    by_their_prose();
    return golden_end();
}
