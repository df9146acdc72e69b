/* SPDX-License-Identifier: MIT
 *
 * Each operation of a batch fails once, in each way that a remote database can: nothing is half there, what every item is
 * told is true, and given again the batch leaves what it would have left undisturbed.
 */
#include <stdlib.h>

#include "scripted.h"
#include "tap.h"
#include "world.h"

#define TRIES 3

typedef struct {
    bb_store *store;
    script script;
    bb_arena arena;
    uint64_t ann;
    uint32_t list, mailing;
} world;

static const char *const ways[] = {"lost", "busy", "done, and the answer lost", "not done, and the answer lost"};

static bool begin(world *w, bool on_sqlite)
{
    bb_err err = {0};
    bb_driver *inner, *driver;
    *w = (world){0};
    bb_arena_init(&w->arena, &tap_alloc, BB_ARENA_LIMIT);
    bool opened = on_sqlite ? bb_driver_sqlite(world_path(&w->arena), BB_STORE_CREATE, &inner, &err)
                            : bb_driver_memory(&tap_alloc, &inner, &err);
    if (!opened || !scripted_driver(inner, &w->script, &driver) || !bb_store_on(driver, &w->store, &err)) return false;
    bb_batch b;
    bool there = bb_store_list_add(w->store, BB_S("news"), DAY(0), &w->list, &err) &&
                 bb_store_mailing_add(w->store, w->list, BB_S("issue"), DAY(5), &w->mailing, &err);
    bb_item item = world_subscriber(&w->arena, w->list, "ann@example.com", "1", DAY(0));
    if (!there || !world_apply(w->store, &w->arena, NULL, &item, 1, DAY(1), &b, &err)) return false;
    w->ann = item.subscriber;
    return true;
}

static void end(world *w)
{
    bb_store_close(&w->store);
    bb_arena_free(&w->arena);
}

/* Something of everything that a batch may hold. */
static size_t make_items(world *w, bb_item items[8])
{
    bb_arena *a = &w->arena;
    const world_report soft = {.key = 1,
                               .time = DAY(6),
                               .kind = BB_KIND_SOFT,
                               .reason = BB_REASON_mailboxfull,
                               .subscriber = w->ann,
                               .mailing = w->mailing,
                               .recipient = "ann@example.com",
                               .list = w->list,
                               .evidence = "raw"},
                       hard = {.key = 2,
                               .time = DAY(8),
                               .kind = BB_KIND_HARD,
                               .reason = BB_REASON_userunknown,
                               .subscriber = w->ann,
                               .recipient = "ann@example.com",
                               .list = w->list,
                               .evidence = "raw"};
    size_t n = 0;
    items[n++] = world_subscriber(a, w->list, "bob@example.com", "2", DAY(1));
    items[n++] = world_send(w->ann, w->mailing, BB_NO_TIME);
    items[n++] = world_item(a, &soft);
    items[n++] = world_item(a, &soft); /* once more */
    items[n++] = world_fact(w->ann, BB_FACT_SUBSCRIBE, DAY(7));
    items[n++] = world_item(a, &hard);
    return n;
}

/* What a person sees in the end, as text. */
static bb_str seen(world *w)
{
    bb_buf b = bb_buf_in(&w->arena, 1 << 16);
    bb_err err = {0};
    for (uint64_t id = 1; id <= 2; id++) {
        bb_history h = {0};
        if (!bb_store_history(w->store, &w->arena, id, &h, &err)) {
            bb_putf(&b, "%s\n", err.text);
            continue;
        }
        bb_putf(&b, BB_FMT " %s, %zu sends\n", BB_ARG(h.subscriber.address), bb_status_word(h.subscriber.status),
                h.n_sends);
        for (size_t i = 0; i < h.n_facts; i++)
            bb_putf(&b, "  %lld %s %d\n", (long long)h.facts[i].fact.time, bb_fact_type_word(h.facts[i].fact.type),
                    h.facts[i].evidence);
        for (size_t i = 0; i < h.n_transitions; i++)
            bb_putf(&b, "  %s -> %s\n", bb_status_word(h.transitions[i].from), bb_status_word(h.transitions[i].to));
    }
    return bb_buf_str(&b);
}

static bool all_say(const bb_item *items, size_t n, bb_result result)
{
    for (size_t i = 0; i < n; i++)
        if (items[i].result != result) return false;
    return true;
}

/* Applies the batch as a command does, again where that is what it is told to do. False: it came to no end, or what the
 * items were told was not true. */
static bool apply(world *w, bb_str before)
{
    bb_item items[8];
    bb_batch b;
    bb_err err = {0};
    size_t n = make_items(w, items);
    for (int tries = 0; tries < TRIES; tries++) {
        if (world_apply(w->store, &w->arena, NULL, items, n, DAY(9), &b, &err)) return true;
        bool unknown = err.code == BB_EUNKNOWN;
        if (!all_say(items, n, unknown ? BB_RESULT_UNKNOWN : BB_RESULT_RETRY) || b.n_changes) return false;
        if (!unknown && !bb_eq(seen(w), before)) return false; /* something of it was there */
    }
    return false;
}

static void all_failures(bool on_sqlite)
{
    const char *name = on_sqlite ? "sqlite" : "memory";
    world w;
    if (!ok(begin(&w, on_sqlite), "%s: a world", name)) return;
    bb_str before = seen(&w);
    uint64_t first = w.script.count;
    ok(apply(&w, before), "%s: undisturbed", name);
    uint64_t operations = w.script.count - first;
    char *want = strdup(bb_dup(&w.arena, seen(&w)).p);
    end(&w);
    ok(operations > 15, "%s: a batch has many operations: %llu", name, (unsigned long long)operations);
    for (scripted_failure how = SCRIPTED_LOST; how <= SCRIPTED_NOT_DONE; how++) {
        uint64_t good = 0;
        for (uint64_t at = 1; at <= operations; at++) {
            if (!begin(&w, on_sqlite)) break;
            before = bb_dup(&w.arena, seen(&w));
            w.script = (script){.fail_at = at, .how = how};
            bool fine = apply(&w, before) && w.script.failed && bb_eq(seen(&w), bb_cstr(want));
            if (!fine) tap_note("operation %llu\n" BB_FMT, (unsigned long long)at, BB_ARG(seen(&w)));
            good += fine;
            end(&w);
        }
        is_int((int64_t)good, (int64_t)operations, "%s: %s, at each operation: as if nothing had happened", name,
               ways[how]);
    }
    free(want);
}

int main(void)
{
    all_failures(false);
    all_failures(true);
    return tap_done();
}
