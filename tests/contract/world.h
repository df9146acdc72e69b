/* SPDX-License-Identifier: MIT
 *
 * world: what the tests of stores are made of: a store of either kind, and items about made-up people.
 *
 * An item is made from a few plain values, so that the same one can be made again for another store. Everything lives
 * in the arena given. Times are seconds; DAY(n) lies in 2026.
 */
#ifndef BB_TESTS_WORLD_H
#define BB_TESTS_WORLD_H

#include "edge/store/store.h"

#define DAY(n) ((bb_time)1767225600 + (bb_time)(n)*BB_DAY) /* 0: 1 January 2026 */

typedef struct {
    const char *name;
    bool (*open)(const char *path, bb_store_mode mode, bb_store **out, bb_err *err);
    bool file; /* there is one, and what was written is there when it is opened again */
} world_store;
extern const world_store world_stores[2]; /* memory, SQLite */

/* A path below tap_tmp() that nobody used before. */
const char *world_path(bb_arena *a);

/* Takes its statuses from the policy given as ctx for every list. */
bool world_policy(void *ctx, uint32_t list, bb_context *out);

bb_item world_subscriber(bb_arena *a, uint32_t list, const char *address, const char *external_id, bb_time since);
bb_item world_fact(uint64_t subscriber, bb_fact_type type, bb_time time);
bb_item world_send(uint64_t subscriber, uint32_t mailing, bb_time time);

/* Who is meant by a report, and who says so. */
typedef enum { WORLD_TOKEN, WORLD_TEXT, WORLD_EXTERNAL_ID, WORLD_UNSUBSCRIBE, WORLD_FORGED } world_claim;

typedef struct {
    uint64_t key; /* equal: the same report */
    bb_time time;
    bb_kind kind;
    bb_reason reason;
    world_claim claim;
    uint64_t subscriber;     /* TOKEN, UNSUBSCRIBE */
    uint32_t mailing;        /* the same */
    const char *recipient;   /* address of the report; NULL: it names nobody */
    const char *external_id; /* EXTERNAL_ID, */
    uint32_t list;           /* of that list */
    const char *evidence;    /* NULL: none */
    const char *path;        /* the same: the return path that it stood in; NULL: none is known */
} world_report;
bb_item world_item(bb_arena *a, const world_report *w);
/* The stored report read again, as w says now. */
bb_item world_reading(bb_arena *a, uint64_t report, const world_report *w);

/* Applies one batch under the policy (NULL: defaults). Answers what bb_store_apply does; batch answers the rest. */
bool world_apply(bb_store *s, bb_arena *a, const bb_policy *policy, bb_item *items, size_t n, bb_time now,
                 bb_batch *out, bb_err *err);

#endif
