/* SPDX-License-Identifier: MIT
 *
 * Fuzz: bytes as CSV. Rows keep within their limits, are the same however the bytes come, and survive being written
 * again. The first byte is how many bytes come at a time; 0: all that there is room for.
 */
#include "core/base/csv.h"
#include "fuzz.h"
#include "tap.h"

typedef struct {
    bb_str rest;
    size_t step;
} source;

static size_t give(void *ctx, char *into, size_t room)
{
    source *s = ctx;
    size_t n = s->rest.n;
    MUST(room > 0);
    if (n > room) n = room;
    if (s->step && n > s->step) n = s->step;
    if (n) memcpy(into, s->rest.p, n);
    s->rest = bb_sub(s->rest, n, BB_NPOS);
    return n;
}

static void check_row(const bb_csv_row *row, uint64_t last)
{
    size_t octets = 0;
    MUST(row->line > last && row->n <= BB_CSV_FIELDS_MAX);
    MUST(row->bad ? row->n == 0 : row->n > 0);
    for (size_t i = 0; i < row->n; i++) octets += row->fields[i].n;
    MUST(octets <= BB_CSV_ROW_MAX);
}

static bool same_row(const bb_csv_row *x, const bb_csv_row *y)
{
    if (x->n != y->n || (x->bad == NULL) != (y->bad == NULL)) return false;
    for (size_t i = 0; i < x->n; i++)
        if (!bb_eq(x->fields[i], y->fields[i])) return false;
    return true;
}

/* The row with every field in quotes reads as the same row. */
static void check_again(bb_arena *a, const bb_csv_row *row)
{
    static bb_csv again;
    bb_csv_row got, none;
    bb_buf b = bb_buf_in(a, 4 * BB_CSV_ROW_MAX);
    for (size_t i = 0; i < row->n; i++) {
        bb_puts(&b, i ? ",\"" : "\"");
        for (size_t k = 0; k < row->fields[i].n; k++) {
            if (row->fields[i].p[k] == '"') bb_putc(&b, '"');
            bb_putc(&b, row->fields[i].p[k]);
        }
        bb_putc(&b, '"');
    }
    if (b.n >= BB_CSV_ROW_MAX) return;
    source s = {bb_buf_str(&b), 0};
    bb_csv_init(&again, give, &s);
    MUST(bb_csv_next(&again, a, &got) && same_row(row, &got));
    MUST(!bb_csv_next(&again, a, &none));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bb_csv whole, pieces;
    bb_str text = bb_sub((bb_str){(const char *)data, size}, 1, BB_NPOS);
    source s = {text, 0}, t = {text, size ? data[0] : 0};
    bb_csv_row x, y;
    uint64_t last = 0;
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_csv_init(&whole, give, &s);
    bb_csv_init(&pieces, give, &t);
    for (;;) {
        bool more = bb_csv_next(&whole, &a, &x), other = bb_csv_next(&pieces, &a, &y);
        MUST(more == other);
        if (!more) break;
        check_row(&x, last);
        MUST(x.line == y.line && same_row(&x, &y));
        last = x.line;
        if (!x.bad) check_again(&a, &x);
        bb_arena_reset(&a);
    }
    MUST(!a.failed && s.rest.n == 0);
    bb_arena_free(&a);
    return 0;
}
