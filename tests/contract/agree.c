/* SPDX-License-Identifier: MIT
 *
 * Memory and SQLite agree: random sequences of operations are given to both, and every answer of one must be the other's.
 * BB_SEED repeats a run, BB_SEQUENCES asks for more or fewer.
 */
#include <stdlib.h>
#include <string.h>

#include "edge/store/sqlite.h"
#include "tap.h"
#include "world.h"

#define SEQUENCES 10000
#define TOGETHER  100 /* sequences on one pair of stores, each on lists of its own */
#define LISTS     2
#define PEOPLE    4
#define BATCH     4

typedef struct {
    bb_store *store;
    bb_arena arena;
} side;

static side sides[2];
static uint64_t randomness;
static bb_time now;
static uint64_t n_reports; /* stored so far */
static uint64_t n_counted; /* in all: counted only */

static size_t below(size_t n)
{
    return tap_below(&randomness, n);
}

/* ---- stores ------------------------------------------------------------------------------------------- */

/* What is compared is what is answered, not what survives a power cut: that costs a disk's time. */
static bool open_sqlite(const char *path, bb_store **out, bb_err *err)
{
    bb_driver *d;
    if (!bb_driver_sqlite(path, BB_STORE_CREATE, &d, err)) return false;
    sqlite3_exec(SQ_OF(d)->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    return bb_store_on(d, out, err);
}

static bool open_both(void)
{
    n_reports = 0;
    bb_err err;
    if (bb_store_open_memory(&sides[0].store, &err) && open_sqlite(world_path(&sides[1].arena), &sides[1].store, &err))
        return true;
    tap_note("%s", err.text);
    return false;
}

static void close_both(void)
{
    for (int i = 0; i < 2; i++) bb_store_close(&sides[i].store);
}

/* ---- one operation, as plain values ---------------------------------------------------------------------- */

static uint32_t lists[LISTS], mailings[LISTS];
static uint64_t people[PEOPLE]; /* ids met so far in the sequence; 0: none yet */
static uint64_t keys;           /* of reports: this sequence's begin here */

typedef struct {
    bb_item_type type;
    uint32_t list, mailing;
    const char *address, *external_id;
    bool contact, resubscribe;
    uint64_t subscriber;
    bb_time time;
    bb_fact_type fact;
    bb_status status;
    world_report report;
} op;

static const char *const addresses[] = {"ann@example.com",
                                        "Ann@Example.com",
                                        "bob@example.org",
                                        ("carl@b\xc3\xbc"
                                         "cher.example"),
                                        "carl@xn--bcher-kva.example",
                                        "dora@example.net"};
static const char *const ids[] = {"1", "2", "\xc3\xa9", NULL, NULL};

static bb_time some_time(void)
{
    return DAY(below(80)) + (bb_time)below(3) * (BB_DAY / 2);
}

static world_report some_report(void)
{
    /* So few, and now and then so much, that what one of them may fill is full. */
    static char much[(1 << 20) + 1];
    if (!much[0]) memset(much, 'x', sizeof much - 1);
    static const char *const paths[] = {NULL, "bounce-aa5isyaaaaagaab23zukzseqiq44pvmfl@b.example",
                                        "prvs=1=bounce-AA5ISYAAAAAGAAB23ZUKZSEQIQ44PVMFL@b.example"};
    static const bb_kind kinds[] = {BB_KIND_HARD, BB_KIND_SOFT,    BB_KIND_SOFT,      BB_KIND_SOFT,     BB_KIND_BLOCK,
                                    BB_KIND_SOFT, BB_KIND_DELAYED, BB_KIND_DELIVERED, BB_KIND_COMPLAINT};
    static const world_claim claims[] = {WORLD_TOKEN, WORLD_TOKEN,       WORLD_TOKEN,
                                         WORLD_TEXT,  WORLD_EXTERNAL_ID, WORLD_UNSUBSCRIBE};
    return (world_report){.key = keys + below(12),
                          .time = some_time(),
                          .kind = kinds[below(BB_COUNT(kinds))],
                          .reason = (bb_reason)below(BB_REASON_COUNT),
                          .claim = claims[below(BB_COUNT(claims))],
                          .subscriber = people[below(PEOPLE)],
                          .mailing = below(2) ? mailings[below(LISTS)] : 0,
                          .recipient = below(4) ? addresses[below(BB_COUNT(addresses))] : NULL,
                          .external_id = ids[below(3)],
                          .list = lists[below(LISTS)],
                          .evidence = below(3)   ? NULL
                                      : below(6) ? "raw words, raw words, raw words"
                                                 : much,
                          .path = paths[below(BB_COUNT(paths))]};
}

static op some_op(void)
{
    static const bb_item_type types[] = {BB_ITEM_SUBSCRIBER, BB_ITEM_SUBSCRIBER, BB_ITEM_REPORT, BB_ITEM_REPORT,
                                         BB_ITEM_REPORT,     BB_ITEM_FACT,       BB_ITEM_SEND,   BB_ITEM_READING};
    op o = {.type = types[below(BB_COUNT(types))],
            .list = below(20) ? lists[below(LISTS)] : 4000000000U,
            .mailing = below(20) ? mailings[below(LISTS)] : 0,
            .address = addresses[below(BB_COUNT(addresses))],
            .external_id = ids[below(BB_COUNT(ids))],
            .contact = below(5) == 0,
            .resubscribe = below(5) == 0,
            .subscriber = people[below(PEOPLE)],
            .time = below(5) ? some_time() : BB_NO_TIME,
            .fact = (bb_fact_type)(BB_FACT_SUBSCRIBE + below(4)),
            .status = (bb_status)below(5),
            .report = some_report()};
    if (o.type == BB_ITEM_READING) o.subscriber = n_reports > 12 ? n_reports - below(12) : below(12);
    return o;
}

static bb_item item_of(bb_arena *a, const op *o)
{
    if (o->type == BB_ITEM_REPORT) return world_item(a, &o->report);
    if (o->type == BB_ITEM_READING) return world_reading(a, o->subscriber, &o->report);
    if (o->type == BB_ITEM_SEND) return world_send(o->subscriber, o->mailing, o->time);
    bb_item item = world_subscriber(a, o->list, o->address, o->external_id, o->time);
    item.contact = o->contact;
    item.resubscribe = o->resubscribe;
    if (o->type == BB_ITEM_SUBSCRIBER) return item;
    bb_address address = item.address;
    item = world_fact(o->subscriber, o->fact, o->time);
    item.address = address;
    item.set_status = o->status;
    item.set_until = o->time == BB_NO_TIME ? BB_NO_TIME : o->time + 2 * BB_DAY;
    return item;
}

/* ---- what is compared ---------------------------------------------------------------------------------------- */

/* Everything that a side answers, as text: equal texts are equal answers. */
static void put_item(bb_buf *b, const bb_item *item)
{
    bb_putf(b, "item %d %s", (int)item->result, item->why ? item->why : "");
    if (item->type == BB_ITEM_SUBSCRIBER) bb_putf(b, " #%llu", (unsigned long long)item->subscriber);
    for (size_t i = 0; i < item->n_before; i++)
        bb_putf(b, " was %llu %d %d", (unsigned long long)item->before[i].subscriber, (int)item->before[i].kind,
                (int)item->before[i].reason);
    if (item->settled)
        bb_putf(b, " about %llu %u %u trust %d forwarded %d leaves %d kind %d",
                (unsigned long long)item->settled->subscriber, item->settled->list, item->settled->mailing,
                (int)item->settled->trust, item->settled->forwarded, item->settled->unsubscribes,
                (int)item->settled->kind);
    bb_puts(b, "\n");
}

static void put_changes(bb_buf *b, const bb_batch *batch)
{
    for (size_t i = 0; i < batch->n_changes; i++) {
        const bb_change *c = &batch->changes[i];
        bb_putf(b, "change %llu %u " BB_FMT " %d %d %lld\n", (unsigned long long)c->subscriber, c->list,
                BB_ARG(c->address), (int)c->before, (int)c->after, (long long)c->until);
    }
}

static void put_fact(bb_buf *b, const bb_known_fact *k)
{
    char id[2 * BB_HASH_LEN + 1];
    const bb_fact *f = &k->fact;
    bb_hash_hex(&f->id, id);
    bb_putf(
        b,
        "fact %s type %d at %lld kind %d reason %d trust %d forwarded %d mailing %u mailed %lld status %d until %lld",
        id, (int)f->type, (long long)f->time, (int)f->kind, (int)f->reason, (int)f->trust, f->forwarded, f->mailing,
        (long long)f->mailed, (int)f->set_status, (long long)f->set_until);
    bb_putf(b,
            " recorded %lld note " BB_FMT " source " BB_FMT " report %llu to " BB_FMT " status " BB_FMT " rule " BB_FMT,
            (long long)k->recorded, BB_ARG(k->note), BB_ARG(k->source), (unsigned long long)k->report,
            BB_ARG(k->recipient), BB_ARG(k->status), BB_ARG(k->rule));
    bb_putf(b, " of " BB_FMT " action %d code %d %g raw %d\n", BB_ARG(k->mailing_name), (int)k->action, k->reply_code,
            k->confidence, k->evidence);
}

static void put_history(bb_buf *b, side *s, uint64_t id)
{
    bb_history h;
    bb_err err;
    if (!bb_store_history(s->store, &s->arena, id, &h, &err)) {
        bb_putf(b, "no history: %s\n", err.text);
        return;
    }
    const bb_subscriber *p = &h.subscriber;
    bb_putf(b, "who %llu %u " BB_FMT " " BB_FMT " " BB_FMT " %d %lld %d %lld %lld\n", (unsigned long long)p->id,
            p->list, BB_ARG(p->address), BB_ARG(p->domain), BB_ARG(p->external_id), p->contact, (long long)p->since,
            (int)p->status, (long long)p->until, (long long)p->changed);
    bb_putf(b, "counted only %lld\n", (long long)h.surplus);
    for (size_t i = 0; i < h.n_facts; i++) put_fact(b, &h.facts[i]);
    for (size_t i = 0; i < h.n_sends; i++) bb_putf(b, "send %u %lld\n", h.sends[i].mailing, (long long)h.sends[i].time);
    for (size_t i = 0; i < h.n_transitions; i++) {
        const bb_transition *t = &h.transitions[i];
        char id_of[2 * BB_HASH_LEN + 1];
        bb_hash_hex(&t->cause, id_of);
        bb_putf(b, "transition %lld %lld %d %d %lld %s\n", (long long)t->time, (long long)t->recorded, (int)t->from,
                (int)t->to, (long long)t->until, id_of);
    }
}

static void put_counts(bb_buf *b, const char *what, const bb_count *c, size_t n)
{
    for (size_t i = 0; i < n; i++) bb_putf(b, "%s " BB_FMT " %lld\n", what, BB_ARG(c[i].word), (long long)c[i].n);
}

static void put_summary(bb_buf *b, side *s, const bb_summary_query *q)
{
    bb_summary sum;
    bb_err err;
    if (!bb_store_summary(s->store, &s->arena, q, now, &sum, &err)) {
        bb_putf(b, "no summary: %s\n", err.text);
        return;
    }
    bb_putf(b, "reports %lld readings %lld\n", (long long)sum.reports, (long long)sum.readings);
    put_counts(b, "kind", sum.kinds, sum.n_kinds);
    put_counts(b, "reason", sum.reasons, sum.n_reasons);
    put_counts(b, "domain", sum.domains, sum.n_domains);
    put_counts(b, "list", sum.lists, sum.n_lists);
    put_counts(b, "trust", sum.trusts, sum.n_trusts);
    for (size_t i = 0; i < BB_COUNT(sum.statuses); i++) bb_putf(b, "status %zu %lld\n", i, (long long)sum.statuses[i]);
}

static bb_str answers(side *s, const op *ops, size_t n, uint64_t *met)
{
    bb_batch batch;
    bb_err err = {0};
    bb_item items[BATCH];
    bb_buf b = bb_buf_in(&s->arena, (size_t)4 << 20);
    for (size_t i = 0; i < n; i++) items[i] = item_of(&s->arena, &ops[i]);
    if (!world_apply(s->store, &s->arena, NULL, items, n, now, &batch, &err)) bb_putf(&b, "failed: %s\n", err.text);
    for (size_t i = 0; i < n; i++) {
        put_item(&b, &items[i]);
        if (items[i].type == BB_ITEM_SUBSCRIBER && items[i].subscriber) *met = items[i].subscriber;
        n_counted += items[i].result == BB_RESULT_COUNTED;
        if (s == &sides[0] && items[i].type == BB_ITEM_REPORT) n_reports += items[i].result == BB_RESULT_STORED;
    }
    put_changes(&b, &batch);
    return bb_buf_str(&b);
}

static void put_reports(bb_buf *b, side *s, const bb_report_query *q)
{
    bb_stored_report *rows;
    size_t n;
    bb_err err;
    if (!bb_store_reports(s->store, &s->arena, q, n_reports > 20 ? n_reports - 20 : 0, 50, &rows, &n, &err)) return;
    for (size_t i = 0; i < n; i++)
        bb_putf(b, "report %llu %lld %lld\n", (unsigned long long)rows[i].id, (long long)rows[i].time,
                (long long)rows[i].recorded);
}

static bb_str state(side *s)
{
    bb_buf b = bb_buf_in(&s->arena, (size_t)4 << 20);
    for (size_t i = 0; i < PEOPLE; i++)
        if (people[i]) put_history(&b, s, people[i]);
    for (size_t i = 0; i < LISTS; i++) {
        put_summary(&b, s, &(bb_summary_query){lists[i], BB_NO_TIME, BB_NO_TIME});
        put_summary(&b, s, &(bb_summary_query){lists[i], DAY(20), DAY(50)});
        put_reports(&b, s, &(bb_report_query){.list = lists[i], .from = DAY(20), .until = DAY(50)});
        put_reports(&b, s,
                    &(bb_report_query){.list = lists[i], .unread = true, .from = BB_NO_TIME, .until = BB_NO_TIME});
    }
    return bb_buf_str(&b);
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

static bool start_lists(int number)
{
    for (int l = 0; l < LISTS; l++)
        for (int i = 0; i < 2; i++) {
            bb_err err;
            uint32_t list, mailing;
            bb_str name = bb_sprintf(&sides[i].arena, "list-%d-%d", number, l);
            if (!bb_store_list_add(sides[i].store, name, DAY(0), &list, &err) ||
                !bb_store_mailing_add(sides[i].store, list, BB_S("issue"), DAY(10 + l), &mailing, &err))
                return false;
            if (i && (list != lists[l] || mailing != mailings[l])) return false;
            lists[l] = list;
            mailings[l] = mailing;
        }
    return true;
}

static bool sequence(int number)
{
    memset(people, 0, sizeof people);
    keys = (uint64_t)number << 8;
    if (!start_lists(number)) return false;
    for (size_t step = 0, n_steps = 2 + below(6), known = 0; step < n_steps; step++) {
        op ops[BATCH];
        size_t n = 1 + below(BATCH);
        uint64_t met[2] = {0};
        now = DAY(90 + step);
        for (size_t i = 0; i < n; i++) ops[i] = some_op();
        bb_str of_memory = answers(&sides[0], ops, n, &met[0]), of_sqlite = answers(&sides[1], ops, n, &met[1]);
        if (!bb_eq(of_memory, of_sqlite)) {
            tap_note("step %zu\nmemory:\n" BB_FMT "sqlite:\n" BB_FMT, step, BB_ARG(of_memory), BB_ARG(of_sqlite));
            return false;
        }
        if (met[0]) people[known++ % PEOPLE] = met[0];
    }
    bb_str of_memory = state(&sides[0]), of_sqlite = state(&sides[1]);
    if (bb_eq(of_memory, of_sqlite)) return true;
    tap_note("in the end\nmemory:\n" BB_FMT "sqlite:\n" BB_FMT, BB_ARG(of_memory), BB_ARG(of_sqlite));
    return false;
}

int main(void)
{
    const char *wanted = getenv("BB_SEQUENCES");
    uint64_t asked = SEQUENCES;
    int agreed = 0;
    if (wanted && !bb_u64(bb_cstr(wanted), &asked)) tap_note("BB_SEQUENCES is no number: %s", wanted);
    int n = (int)asked;
    randomness = tap_seed();
    for (int i = 0; i < 2; i++) bb_arena_init(&sides[i].arena, &tap_alloc, BB_ARENA_LIMIT);
    for (int done = 0; done < n && agreed == done;) {
        if (!ok(open_both(), "stores for sequences from %d", done)) break;
        for (int i = 0; i < TOGETHER && done < n && agreed == done; i++, done++) {
            agreed += sequence(done);
            for (int k = 0; k < 2; k++) bb_arena_reset(&sides[k].arena);
        }
        close_both();
    }
    is_int(agreed, n, "random sequences in which memory and SQLite answer alike");
    for (int i = 0; i < 2; i++) bb_arena_free(&sides[i].arena);
    ok(n_counted > 0, "some reports were more than their token may fill: %llu", (unsigned long long)n_counted);
    return tap_done();
}
