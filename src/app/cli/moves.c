/* SPDX-License-Identifier: MIT
 *
 * Whom a run moved, from which status to which: gathered batch by batch, told once.
 */
#include <stdlib.h>

#include "app/cli/cli.h"

#define NAMED      40    /* told by address to a person */
#define NAMED_JSON 10000 /* and to a machine */
#define STATUSES   (BB_STATUS_UNSUBSCRIBED + 1)

bool cli_moves_add(cli_moves *m, const bb_change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cli_move *slot = BB_PUSH(m->arena, m->items, m->n, m->cap);
        if (!slot) return false;
        *slot = (cli_move){.turn = m->n,
                           .subscriber = changes[i].subscriber,
                           .list = changes[i].list,
                           .before = changes[i].before,
                           .after = changes[i].after,
                           .until = changes[i].until};
    }
    return true;
}

static int in_order(const void *left, const void *right)
{
    const cli_move *x = left, *y = right;
    if (x->subscriber != y->subscriber) return x->subscriber < y->subscriber ? -1 : 1;
    return (x->turn > y->turn) - (x->turn < y->turn);
}

void cli_moves_merge(cli_moves *m)
{
    size_t kept = 0;
    if (m->n) qsort(m->items, m->n, sizeof *m->items, in_order);
    for (size_t i = 0, end; i < m->n; i = end) {
        for (end = i + 1; end < m->n && m->items[end].subscriber == m->items[i].subscriber;) end++;
        cli_move one = m->items[end - 1];
        one.before = m->items[i].before;
        if (one.before != one.after || one.after == BB_STATUS_QUARANTINED) m->items[kept++] = one;
    }
    m->n = kept;
}

/* ---- told ------------------------------------------------------------------------------------------------------- */

static bool put_move(cli *c, bb_arena *a, const cli_move *m, bb_json *j, cli_table *t)
{
    bb_subscriber s;
    if (!bb_store_subscriber(c->store, a, m->subscriber, &s, &c->err)) return false;
    bool held = m->after == BB_STATUS_QUARANTINED && m->until != BB_NO_TIME;
    cli_cell(t, s.address);
    cli_cell(t, cli_list_name(c, m->list));
    cli_cellf(t, "%s%s%s%s%s", m->before == m->after ? "" : bb_status_word(m->before),
              m->before == m->after ? "" : " -> ", bb_status_word(m->after), held ? " until " : "",
              held ? cli_when(a, m->until) : "");
    bb_json_open(j, '{');
    bb_json_kint(j, "subscriber", (int64_t)m->subscriber);
    bb_json_kstr(j, "list", cli_list_name(c, m->list));
    bb_json_kstr(j, "address", s.address);
    bb_json_kstr(j, "before", bb_cstr(bb_status_word(m->before)));
    bb_json_kstr(j, "after", bb_cstr(bb_status_word(m->after)));
    bb_json_ktime(j, "until", held ? m->until : BB_NO_TIME);
    bb_json_close(j, '}');
    return true;
}

/* How many went which way, beyond those named. */
static void show_others(cli *c, const cli_moves *m)
{
    int64_t ways[STATUSES][STATUSES] = {{0}};
    for (size_t i = NAMED; i < m->n; i++) ways[m->items[i].before][m->items[i].after]++;
    for (int from = 0; from < STATUSES; from++)
        for (int to = 0; to < STATUSES; to++)
            if (ways[from][to])
                cli_print(c, "  and %lld more %s -> %s\n", (long long)ways[from][to], bb_status_word((bb_status)from),
                          bb_status_word((bb_status)to));
}

bool cli_moves_show(cli *c, const cli_moves *m, bb_json *j, const char *title)
{
    size_t most = c->json ? NAMED_JSON : NAMED;
    cli_table t;
    cli_table_begin(&t, &c->arena, NULL, 3);
    bb_json_kint(j, "moved", (int64_t)m->n);
    bb_json_key(j, "moves");
    bb_json_open(j, '[');
    for (size_t i = 0; i < m->n && i < most; i++)
        if (!put_move(c, &c->arena, &m->items[i], j, &t)) return false;
    bb_json_close(j, ']');
    if (c->json) return true;
    cli_print(c, "%s: %s\n", title,
              m->n ? cli_plural(&c->arena, (int64_t)m->n, "subscriber", "subscribers") : "nobody");
    cli_table_end(c, &t, "  ");
    show_others(c, m);
    return true;
}

bool cli_moves_show_would(cli *c, cli_moves *m, bb_json *j)
{
    cli_moves_merge(m);
    bb_json_kint(j, "would_move", (int64_t)m->n);
    if (!m->n || c->json) return true;
    bb_buf unused = bb_buf_in(&c->arena, (size_t)64 << 20);
    bb_json apart = {.out = &unused};
    bb_json_open(&apart, '{');
    return cli_moves_show(c, m, &apart, "would move if the list did not only observe (mode = observe)");
}
