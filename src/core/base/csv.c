/* SPDX-License-Identifier: MIT
 *
 * Rows of comma-separated values. A row is looked for within the window, whole, so that a broken one can be taken
 * back to the end of its first line.
 */
#include "core/base/csv.h"

#include <string.h>

void bb_csv_init(bb_csv *c, bb_csv_read read, void *ctx)
{
    c->read = read;
    c->ctx = ctx;
    c->delimiter = 0;
    c->ended = false;
    c->line = 1;
    c->from = c->to = 0;
}

/* More behind what is there; what lies before c->from is given up. False: no more, or no room. */
static bool fill(bb_csv *c)
{
    if (c->ended) return false;
    if (c->from) memmove(c->window, c->window + c->from, c->to - c->from);
    c->to -= c->from;
    c->from = 0;
    if (c->to == sizeof c->window) return false;
    size_t got = c->read(c->ctx, c->window + c->to, sizeof c->window - c->to);
    c->to += got;
    c->ended = got == 0;
    return got > 0;
}

/* The byte at that distance from the row's start; -1: behind the end (or the window). */
static int at(bb_csv *c, size_t i)
{
    while (c->from + i >= c->to)
        if (!fill(c)) return -1;
    return (unsigned char)c->window[c->from + i];
}

static bool ends_line(int byte)
{
    return byte < 0 || byte == '\n' || byte == '\r';
}

/* Behind the line end at i. */
static size_t behind_line(bb_csv *c, size_t i)
{
    int byte = at(c, i);
    if (byte < 0) return i;
    return i + 1 + (byte == '\r' && at(c, i + 1) == '\n');
}

static void begin(bb_csv *c)
{
    static const char delimiters[] = ",;\t";
    size_t count[3] = {0}, best = 0;
    if (at(c, 0) == 0xEF && at(c, 1) == 0xBB && at(c, 2) == 0xBF) c->from += 3;
    bool quoted = false;
    for (size_t i = 0; quoted ? at(c, i) >= 0 : !ends_line(at(c, i)); i++) {
        quoted ^= at(c, i) == '"';
        const char *d = quoted || !at(c, i) ? NULL : strchr(delimiters, at(c, i));
        if (d) count[d - delimiters]++;
    }
    for (size_t i = 1; i < 3; i++)
        if (count[i] > count[best]) best = i;
    c->delimiter = delimiters[best];
}

/* The quoted field at *i, which is moved behind its closing quote. */
static const char *quoted_field(bb_csv *c, size_t *i, bb_buf *b)
{
    for (size_t k = *i + 1;; k++) {
        int byte = at(c, k);
        if (byte < 0) return c->ended ? "a quote that nothing closes" : "a row of more than 64 KiB";
        if (byte == '"') {
            if (at(c, k + 1) != '"') {
                *i = k + 1;
                break;
            }
            k++;
        }
        bb_putc(b, (char)byte);
    }
    int byte = at(c, *i);
    return ends_line(byte) || byte == c->delimiter ? NULL : "text behind a closing quote";
}

static void plain_field(bb_csv *c, size_t *i, bb_buf *b)
{
    for (; !ends_line(at(c, *i)) && at(c, *i) != c->delimiter; ++*i) bb_putc(b, (char)at(c, *i));
}

/* Reads the row; *length is moved behind its line end. NULL or what is wrong. */
static const char *read_row(bb_csv *c, bb_arena *a, bb_csv_row *out, size_t *length)
{
    size_t i = 0, cap = 0;
    for (;; i++) {
        if (out->n == BB_CSV_FIELDS_MAX) return "more than 1000 fields";
        bb_buf b = bb_buf_in(a, BB_CSV_ROW_MAX);
        const char *bad = NULL;
        if (at(c, i) == '"') bad = quoted_field(c, &i, &b);
        else plain_field(c, &i, &b);
        if (bad) return bad;
        bb_str *slot = BB_PUSH(a, out->fields, out->n, cap);
        if (!slot) return "no memory";
        *slot = bb_buf_str(&b);
        if (ends_line(at(c, i))) break;
    }
    if (at(c, i) < 0 && !c->ended) return "a row of more than 64 KiB";
    *length = behind_line(c, i);
    return NULL;
}

static size_t lines_in(bb_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] == '\n' || (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'));
    return n;
}

/* Behind the first line of a row that is bad, however long the line is. */
static void skip_line(bb_csv *c)
{
    size_t i = 0;
    for (;; i++) {
        int byte = at(c, i);
        if (byte < 0 && !c->ended) { /* the window is full of it */
            c->from = c->to;
            i = (size_t)-1;
        } else if (ends_line(byte)) break;
    }
    c->from += behind_line(c, i);
    c->line++;
}

bool bb_csv_next(bb_csv *c, bb_arena *a, bb_csv_row *out)
{
    if (!c->delimiter) begin(c);
    while (at(c, 0) == '\n' || at(c, 0) == '\r') {
        c->from += behind_line(c, 0);
        c->line++;
    }
    *out = (bb_csv_row){.line = c->line};
    if (at(c, 0) < 0) return false;
    size_t length = 0;
    out->bad = read_row(c, a, out, &length);
    if (out->bad) {
        out->n = 0;
        skip_line(c);
    } else {
        c->line += lines_in((bb_str){c->window + c->from, length});
        c->from += length;
    }
    return !a->failed;
}
