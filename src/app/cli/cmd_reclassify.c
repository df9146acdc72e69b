/* SPDX-License-Identifier: MIT
 *
 * reclassify: what is stored, read again with the rules of today. Without --apply it is a rehearsal: all of it happens in
 * one transaction that is taken back, so what is told is what would be.
 */
#include <stdlib.h>

#include "app/cli/cli.h"

#define BATCH      256
#define BATCH_WORK ((size_t)64 << 20)
#define TURNS_TOLD 40

/* Readings that turned from one kind and reason to another. */
typedef struct {
    bb_kind kind, kind_before;
    bb_reason reason, reason_before;
    uint64_t n;
} turn;

typedef struct {
    cli *c;
    bool apply;
    bb_report_query query;
    bb_reader reader;
    bb_attribution attribution;
    bb_arena work;
    bb_item items[BATCH];
    bb_message messages[BATCH];
    bb_claims claims[BATCH];
    size_t n;
    uint64_t reports, changed, without; /* without: no raw message is kept */
    turn *turns;
    size_t n_turns, cap_turns;
    cli_moves moves;
    cli_progress progress;
} reclassify;

/* ---- a batch -------------------------------------------------------------------------------------------------- */

static bool count_turn(reclassify *r, const bb_settled *before, const bb_settled *now)
{
    for (size_t i = 0; i < r->n_turns; i++) {
        turn *t = &r->turns[i];
        if (t->kind != now->kind || t->reason != now->reason || t->kind_before != before->kind ||
            t->reason_before != before->reason)
            continue;
        t->n++;
        return true;
    }
    turn *slot = BB_PUSH(&r->c->arena, r->turns, r->n_turns, r->cap_turns);
    if (slot) *slot = (turn){now->kind, before->kind, now->reason, before->reason, 1};
    return slot;
}

static bool count(reclassify *r, const bb_item *item)
{
    static const bb_settled nothing;
    size_t fresh = item->message->n_verdicts;
    if (item->result != BB_RESULT_STORED) return true;
    r->changed++;
    for (size_t i = 0; i < fresh || i < item->n_before; i++) {
        const bb_settled *before = i < item->n_before ? &item->before[i] : &nothing;
        const bb_settled *now = i < fresh ? &item->settled[i] : &nothing;
        if (!count_turn(r, before, now)) return false;
    }
    return true;
}

static bool finish_batch(reclassify *r)
{
    cli *c = r->c;
    bb_batch b;
    bool good = cli_apply(c, &r->work, r->items, r->n, &b);
    for (size_t i = 0; good && i < r->n; i++) good = count(r, &r->items[i]);
    if (good && r->n && !cli_moves_add(&r->moves, b.changes, b.n_changes))
        good = bb_fail(&c->err, BB_ENOMEM, "no memory for whom it moves");
    r->n = 0;
    bb_arena_reset(&r->work);
    return good;
}

/* The return path that is stored stands for the envelope, which no raw message holds; and who sent it nobody knows any
 * more, so none is taken for somebody's wish who was not when it came. */
static bool read_again(reclassify *r, const bb_stored_report *stored)
{
    cli *c = r->c;
    bb_str raw;
    bb_message *m = &r->messages[r->n];
    if (!bb_store_evidence(c->store, &r->work, stored->id, &raw, &c->err)) {
        if (c->err.code != BB_ENOINPUT) return false;
        r->without++;
        return true;
    }
    bb_envelope envelope = {.source = bb_dup(&r->work, stored->source),
                            .rcpt_to = bb_dup(&r->work, stored->return_path),
                            .sender_known = true,
                            .from_line = stored->time,
                            .received = stored->recorded};
    if (!bb_message_read(&r->work, raw, &envelope, &r->reader, m) ||
        !bb_claims_make(&r->work, m, &r->attribution, &r->claims[r->n]))
        return bb_fail(&c->err, BB_ENOMEM, "no memory for report %llu", (unsigned long long)stored->id);
    r->items[r->n] = (bb_item){.type = BB_ITEM_READING, .report = stored->id, .message = m, .claims = &r->claims[r->n]};
    r->n++;
    return (r->n < BATCH && r->work.used < BATCH_WORK) || finish_batch(r);
}

static bool read_all(reclassify *r)
{
    cli *c = r->c;
    bb_arena page;
    bb_stored_report *rows;
    bool good = true;
    uint64_t behind = 0;
    bb_arena_init(&page, &bb_os_alloc, BB_ARENA_LIMIT);
    for (size_t n = BATCH; good && n == BATCH;) {
        bb_arena_reset(&page);
        good = bb_store_reports(c->store, &page, &r->query, behind, BATCH, &rows, &n, &c->err);
        for (size_t i = 0; good && i < n; i++) {
            good = read_again(r, &rows[i]);
            behind = rows[i].id;
            cli_progress_at(&r->progress, ++r->reports, 0, 0);
        }
    }
    bb_arena_free(&page);
    return good && finish_batch(r);
}

/* ---- told ----------------------------------------------------------------------------------------------------- */

static int most_first(const void *left, const void *right)
{
    const turn *x = left, *y = right;
    return (x->n < y->n) - (x->n > y->n);
}

static void put_turns(cli *c, const reclassify *r, bb_json *j)
{
    cli_table t;
    cli_table_begin(&t, &c->arena, NULL, 2);
    bb_json_key(j, "readings");
    bb_json_open(j, '[');
    for (size_t i = 0; i < r->n_turns; i++) {
        const turn *u = &r->turns[i];
        bb_json_open(j, '{');
        bb_json_kstr(j, "kind_before", bb_cstr(bb_kind_word(u->kind_before)));
        bb_json_kstr(j, "reason_before", bb_cstr(bb_reason_word(u->reason_before)));
        bb_json_kstr(j, "kind", bb_cstr(bb_kind_word(u->kind)));
        bb_json_kstr(j, "reason", bb_cstr(bb_reason_word(u->reason)));
        bb_json_kint(j, "count", (int64_t)u->n);
        bb_json_close(j, '}');
        if (i >= TURNS_TOLD) continue;
        cli_cellf(&t, "%llu", (unsigned long long)u->n);
        cli_cellf(&t, "%s, %s -> %s, %s", bb_kind_word(u->kind_before), bb_reason_word(u->reason_before),
                  bb_kind_word(u->kind), bb_reason_word(u->reason));
    }
    bb_json_close(j, ']');
    if (!c->json) cli_table_end(c, &t, "  ");
}

static bool tell(reclassify *r)
{
    cli *c = r->c;
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_kint(&d.j, "reports", (int64_t)r->reports);
    bb_json_kint(&d.j, "changed", (int64_t)r->changed);
    bb_json_kint(&d.j, "without_evidence", (int64_t)r->without);
    if (!c->json) {
        cli_print(c, "read again: %s, ", cli_plural(&c->arena, (int64_t)r->reports, "report", "reports"));
        cli_print(c, "%llu %s otherwise\n", (unsigned long long)r->changed, r->changed == 1 ? "reads" : "read");
        if (r->without)
            cli_print(c, "  %llu stay as they are: no raw message is kept\n", (unsigned long long)r->without);
    }
    if (r->n_turns) qsort(r->turns, r->n_turns, sizeof *r->turns, most_first);
    put_turns(c, r, &d.j);
    cli_moves_merge(&r->moves);
    if (!cli_moves_show(c, &r->moves, &d.j, r->apply ? "moved" : "would move")) return false;
    bb_json_key(&d.j, "applied");
    bb_json_bool(&d.j, r->apply);
    if (c->json) cli_json_end(c, &d);
    else if (!r->apply)
        cli_print(c, "nothing was changed; --apply does it%s\n",
                  cli_value(c, "rules") ? " once the configuration names these rules" : "");
    return true;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

bool cli_report_query(cli *c, bb_report_query *q)
{
    const bb_list *only;
    *q = (bb_report_query){.unread = cli_flag(c, "unread"), .from = BB_NO_TIME, .until = BB_NO_TIME};
    if (!cli_list_option(c, false, &only) || !cli_time(c, "since", &q->from) || !cli_time(c, "until", &q->until))
        return false;
    q->list = only ? only->id : 0;
    return true;
}

int cmd_reclassify(cli *c)
{
    reclassify *r = bb_get(&c->arena, sizeof *r);
    if (!r) return cli_exit_of(BB_ENOMEM);
    r->c = c;
    r->apply = cli_flag(c, "apply");
    r->moves.arena = &c->arena;
    if (!cli_rules_rehearsed(c, !r->apply, "without --apply") || !cli_lists(c) || !cli_report_query(c, &r->query) ||
        !cli_attribution(c, NULL, &r->attribution) || !cli_rehearsed_reader(c, &r->reader))
        return cli_fail(c);
    bb_arena_init(&r->work, &bb_os_alloc, BB_ARENA_LIMIT);
    cli_progress_begin(&r->progress, "reports");
    bool good = (r->apply || bb_store_rehearse(c->store, &c->err)) && read_all(r);
    cli_progress_end(&r->progress);
    good = good && tell(r);
    bb_store_rehearse_end(c->store);
    bb_arena_free(&r->work);
    cli_reader_close(&r->reader);
    return good ? cli_ok(c) : cli_fail(c);
}
