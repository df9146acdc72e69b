/* SPDX-License-Identifier: MIT
 *
 * Current readings and subscribers, counted by everything that people ask about.
 */
#include <stdlib.h>

#include "edge/os/os.h"
#include "edge/store/internal.h"

typedef struct {
    bb_arena *arena;
    bb_summary *out;
    bb_time now;
    const bb_list *names;
    size_t n_names;
    int64_t kinds[BB_KIND_AUTOREPLY + 1], reasons[BB_REASON_COUNT], trusts[BB_TRUST_LOCAL + 1];
    bb_count *domains; /* one a row, to be put together */
    size_t n_domains, cap_domains;
    bb_count *lists; /* so here; the word is the list's name */
    size_t n_lists, cap_lists;
} tally;

/* ---- rows in ------------------------------------------------------------------------------------------ */

static bb_str name_of(const tally *t, uint32_t list)
{
    const bb_list *found = bb_list_with(t->names, t->n_names, list);
    return found ? found->name : (bb_str){0};
}

static bool add_word(bb_arena *a, bb_count **items, size_t *n, size_t *cap, bb_str word, int64_t count)
{
    if (*n && bb_eq((*items)[*n - 1].word, word)) { /* rows often come together */
        (*items)[*n - 1].n += count;
        return true;
    }
    bb_count *slot = bb_push(a, (void **)items, n, cap, sizeof **items);
    if (slot) *slot = (bb_count){bb_dup(a, word), count};
    return slot && !a->failed;
}

static bool add_readings(void *ctx, const bb_row_readings *row)
{
    tally *t = ctx;
    t->out->readings += row->n;
    t->kinds[(size_t)row->kind < BB_COUNT(t->kinds) ? row->kind : BB_KIND_OTHER] += row->n;
    t->reasons[(size_t)row->reason < BB_COUNT(t->reasons) ? row->reason : BB_REASON_undefined] += row->n;
    t->trusts[(size_t)row->trust < BB_COUNT(t->trusts) ? row->trust : BB_TRUST_NONE] += row->n;
    return add_word(t->arena, &t->domains, &t->n_domains, &t->cap_domains, row->domain, row->n) &&
           add_word(t->arena, &t->lists, &t->n_lists, &t->cap_lists, name_of(t, row->list), row->n);
}

static bool add_standing(void *ctx, const bb_row_standing *row)
{
    tally *t = ctx;
    size_t at = (size_t)bb_status_at(row->status, row->until, t->now);
    if (at < BB_COUNT(t->out->statuses)) t->out->statuses[at] += row->n;
    return true;
}

/* ---- counts out ----------------------------------------------------------------------------------------- */

static int by_word(const void *left, const void *right)
{
    return bb_cmp(((const bb_count *)left)->word, ((const bb_count *)right)->word);
}

static int most_first(const void *left, const void *right)
{
    const bb_count *x = left, *y = right;
    if (x->n != y->n) return x->n > y->n ? -1 : 1;
    return by_word(left, right);
}

/* Puts together what has the same word, then most first. */
static size_t in_order(bb_count *items, size_t n)
{
    size_t kept = 0;
    if (n) qsort(items, n, sizeof *items, by_word);
    for (size_t i = 0; i < n; i++) {
        if (kept && bb_eq(items[kept - 1].word, items[i].word)) items[kept - 1].n += items[i].n;
        else items[kept++] = items[i];
    }
    if (kept) qsort(items, kept, sizeof *items, most_first);
    return kept;
}

static const char *kind_word(size_t i)
{
    return bb_kind_word((bb_kind)i);
}

static const char *reason_word(size_t i)
{
    return bb_reason_word((bb_reason)i);
}

static const char *trust_word(size_t i)
{
    return bb_trust_word((bb_trust)i);
}

static bb_count *words_of(bb_arena *a, const int64_t *counts, size_t n, const char *(*word)(size_t), size_t *n_out)
{
    bb_count *out = bb_get_array(a, n, sizeof *out);
    *n_out = 0;
    for (size_t i = 0; out && i < n; i++)
        if (counts[i]) out[(*n_out)++] = (bb_count){bb_cstr(word(i)), counts[i]};
    if (out) *n_out = in_order(out, *n_out);
    return out;
}

bool bb_store_summary(bb_store *s, bb_arena *a, const bb_summary_query *q, bb_time now, bb_summary *out, bb_err *err)
{
    bb_driver *d = s->driver;
    bb_list *names = NULL;
    tally t = {.arena = a, .out = out, .now = now};
    const bb_summary_sink sink = {&t, add_readings, add_standing};
    *out = (bb_summary){0};
    if (!d->ops->begin(d, false, err)) return false;
    bool well = d->ops->lists(d, a, &names, &t.n_names, err);
    t.names = names;
    if (!bb_store_finish(d, well && d->ops->summary(d, q, &out->reports, &sink, err), err)) return false;
    out->kinds = words_of(a, t.kinds, BB_COUNT(t.kinds), kind_word, &out->n_kinds);
    out->reasons = words_of(a, t.reasons, BB_COUNT(t.reasons), reason_word, &out->n_reasons);
    out->trusts = words_of(a, t.trusts, BB_COUNT(t.trusts), trust_word, &out->n_trusts);
    out->domains = t.domains;
    out->n_domains = in_order(t.domains, t.n_domains);
    out->lists = t.lists;
    out->n_lists = in_order(t.lists, t.n_lists);
    return !a->failed || bb_out_of_memory(err);
}
