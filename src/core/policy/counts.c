/* SPDX-License-Identifier: MIT
 *
 * Softs and hards as the limits see them: once a mailing, and where the mailing is unknown, as many as lie pairwise
 * at least 24 hours apart. A question costs O(log n) and a step for each counted soft of an unknown mailing, of which
 * there is at most one a day of the window.
 */
#include <stdlib.h>

#include "core/policy/internal.h"

/* ---- mailings and sends ----------------------------------------------------------------------------- */

static int by_number(const void *left, const void *right)
{
    uint32_t x = *(const uint32_t *)left, y = *(const uint32_t *)right;
    return (x > y) - (x < y);
}

/* Gives every mailing a number below n. */
static bool number_mailings(bb_arena *a, bb_counts *c)
{
    uint32_t *ids = bb_get_array(a, c->n, sizeof *ids);
    size_t *numbers = bb_get_array(a, c->n, sizeof *numbers), distinct = 0;
    if (!ids || !numbers) return false;
    for (size_t i = 0; i < c->n; i++) ids[i] = c->events[i].fact->mailing;
    if (c->n) qsort(ids, c->n, sizeof *ids, by_number);
    for (size_t i = 0; i < c->n; i++)
        if (!distinct || ids[distinct - 1] != ids[i]) ids[distinct++] = ids[i];
    for (size_t i = 0; i < c->n; i++) {
        const uint32_t *hit = bsearch(&c->events[i].fact->mailing, ids, distinct, sizeof *ids, by_number);
        numbers[i] = (size_t)(hit - ids);
    }
    c->mailing = numbers;
    return true;
}

static int by_mailing(const void *left, const void *right)
{
    const bb_send *x = left, *y = right;
    if (x->mailing != y->mailing) return x->mailing < y->mailing ? -1 : 1;
    return (x->time > y->time) - (x->time < y->time);
}

static int by_time(const void *left, const void *right)
{
    bb_time x = *(const bb_time *)left, y = *(const bb_time *)right;
    return (x > y) - (x < y);
}

/* A mailing that is named twice counts once, from the first time on. */
static bool order_sends(bb_arena *a, const bb_send *sends, size_t n, bb_counts *c)
{
    bb_send *sorted = bb_get_array(a, n, sizeof *sorted);
    c->sends = bb_get_array(a, n, sizeof *c->sends);
    if (!sorted || !c->sends) return false;
    for (size_t i = 0; i < n; i++) sorted[i] = sends[i];
    if (n) qsort(sorted, n, sizeof *sorted, by_mailing);
    for (size_t i = 0; i < n; i++)
        if (!i || sorted[i].mailing != sorted[i - 1].mailing) c->sends[c->n_sends++] = sorted[i].time;
    if (c->n_sends) qsort(c->sends, c->n_sends, sizeof *c->sends, by_time);
    return true;
}

bool bb_counts_init(bb_arena *a, const bb_event *events, size_t n, const bb_send *sends, size_t n_sends, bb_counts *out)
{
    *out = (bb_counts){.events = events, .n = n, .last_unknown_hard = BB_NO_TIME};
    out->last_soft = bb_get_array(a, n, sizeof *out->last_soft);
    out->last_hard = bb_get_array(a, n, sizeof *out->last_hard);
    out->marks = bb_get_array(a, n + 1, sizeof *out->marks);
    out->unknown = bb_get_array(a, n, sizeof *out->unknown);
    if (!out->last_soft || !out->last_hard || !out->marks || !out->unknown) return false;
    return number_mailings(a, out) && order_sends(a, sends, n_sends, out);
}

/* ---- marks ------------------------------------------------------------------------------------------- */

static void mark(bb_counts *c, size_t position, int by)
{
    for (size_t i = position + 1; i <= c->n; i += i & -i) c->marks[i] += (uint32_t)by;
}

static uint32_t marks_before(const bb_counts *c, size_t position)
{
    uint32_t sum = 0;
    for (size_t i = position; i > 0; i -= i & -i) sum += c->marks[i];
    return sum;
}

/* ---- windows ----------------------------------------------------------------------------------------- */

/* How many of the times are not after t. */
static size_t sends_until(const bb_counts *c, bb_time t)
{
    size_t low = 0, high = c->n_sends;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->sends[middle] <= t) low = middle + 1;
        else high = middle;
    }
    return low;
}

static size_t first_position_from(const bb_counts *c, bb_time t)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->events[middle].time < t) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bb_time window_begin(const bb_counts *c, const bb_policy *p, bb_time t)
{
    bb_time begin = bb_time_plus(t, p->soft_window > 0 ? -p->soft_window : 0);
    if (p->window_mode != BB_WINDOW_LONGER || p->soft_limit < 1) return begin;
    size_t sent = sends_until(c, t), limit = (size_t)p->soft_limit;
    if (sent < limit) return begin;
    bb_time stretched = c->sends[sent - limit];
    return stretched < begin ? stretched : begin;
}

/* ---- softs ------------------------------------------------------------------------------------------- */

/* Taking the latest first finds as many as taking the earliest first: both find the most that there are. */
static int unknown_since(const bb_counts *c, bb_time begin)
{
    int count = 0;
    for (size_t i = c->n_unknown; i && c->unknown[i - 1].time >= begin; i = c->unknown[i - 1].before) count++;
    return count;
}

int bb_counts_soft(const bb_counts *c, const bb_policy *p, bb_time t)
{
    bb_time begin = window_begin(c, p, t);
    size_t from = first_position_from(c, begin);
    if (from < c->soft_from) from = c->soft_from;
    return (int)(marks_before(c, c->n) - marks_before(c, from)) + unknown_since(c, begin);
}

static void add_unknown(bb_counts *c, bb_time t)
{
    while (c->apart < c->n_unknown && bb_time_plus(c->unknown[c->apart].time, BB_DAY) <= t) c->apart++;
    c->unknown[c->n_unknown++] = (bb_unknown){t, c->apart};
}

bool bb_counts_add_soft(bb_counts *c, size_t position, const bb_policy *p)
{
    const bb_event *e = &c->events[position];
    int before = bb_counts_soft(c, p, e->time);
    if (e->fact->mailing) {
        size_t *last = &c->last_soft[c->mailing[position]];
        if (*last) mark(c, *last - 1, -1);
        mark(c, position, 1);
        *last = position + 1;
    } else {
        add_unknown(c, e->time);
    }
    return bb_counts_soft(c, p, e->time) > before;
}

void bb_counts_clear(bb_counts *c, size_t position)
{
    c->soft_from = position;
    c->n_unknown = c->apart = 0;
}

/* ---- hards ------------------------------------------------------------------------------------------- */

bool bb_counts_add_hard(bb_counts *c, size_t position)
{
    const bb_event *e = &c->events[position];
    bool counts;
    if (e->fact->mailing) {
        size_t *last = &c->last_hard[c->mailing[position]];
        counts = *last <= c->hard_from;
        *last = position + 1;
    } else {
        counts = c->last_unknown_hard == BB_NO_TIME || bb_time_plus(c->last_unknown_hard, BB_DAY) <= e->time;
        if (counts) c->last_unknown_hard = e->time;
    }
    c->hards += counts;
    return counts;
}

void bb_counts_restart(bb_counts *c, size_t position)
{
    bb_counts_clear(c, position);
    c->hard_from = position;
    c->hards = 0;
    c->last_unknown_hard = BB_NO_TIME;
}
