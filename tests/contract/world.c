/* SPDX-License-Identifier: MIT
 *
 * Stores and items for their tests.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

/* ---- stores ---------------------------------------------------------------------------------------- */

static bool open_memory(const char *path, bb_store_mode mode, bb_store **out, bb_err *err)
{
    (void)path;
    (void)mode;
    return bb_store_open_memory(out, err);
}

const world_store world_stores[2] = {{"memory", open_memory, false}, {"sqlite", bb_store_open_sqlite, true}};

const char *world_path(bb_arena *a)
{
    static int number;
    return bb_sprintf(a, "%s/store-%d.db", tap_tmp(), number++).p;
}

bool world_policy(void *ctx, uint32_t list, bb_context *out)
{
    (void)list;
    *out = (bb_context){.versions = ctx, .n_versions = 1};
    return true;
}

/* ---- items ----------------------------------------------------------------------------------------- */

static bb_address address_of(bb_arena *a, const char *text)
{
    bb_address out = {{0}, {0}, {0}, {0}};
    if (!bb_address_read(a, bb_cstr(text), &out, NULL)) tap_note("no address: %s", text);
    return out;
}

bb_item world_subscriber(bb_arena *a, uint32_t list, const char *address, const char *external_id, bb_time since)
{
    return (bb_item){.type = BB_ITEM_SUBSCRIBER,
                     .list = list,
                     .address = address_of(a, address),
                     .external_id = external_id ? bb_cstr(external_id) : (bb_str){0},
                     .time = since};
}

bb_item world_fact(uint64_t subscriber, bb_fact_type type, bb_time time)
{
    return (bb_item){
        .type = BB_ITEM_FACT, .fact = type, .subscriber = subscriber, .time = time, .set_until = BB_NO_TIME};
}

bb_item world_send(uint64_t subscriber, uint32_t mailing, bb_time time)
{
    return (bb_item){.type = BB_ITEM_SEND, .subscriber = subscriber, .mailing = mailing, .time = time};
}

static bb_hash key_of(uint64_t number)
{
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, (bb_str){(const char *)&number, sizeof number});
    return bb_hash_end(&h);
}

static bb_message *message_of(bb_arena *a, const world_report *w)
{
    bb_message *m = bb_get(a, sizeof *m);
    m->envelope.source = BB_S("test.mbox#1");
    m->key = key_of(w->key);
    m->event_time = w->time;
    m->verdicts = bb_get_array(a, 1, sizeof *m->verdicts);
    m->n_verdicts = 1;
    m->verdicts[0] = (bb_verdict){w->kind, w->reason, BB_S("some-rule"), 0.75};
    m->report.format = w->claim == WORLD_UNSUBSCRIBE ? "" : "rfc3464";
    m->report.reporting_mta = BB_S("mail.example.com");
    if (!w->recipient) return m;
    bb_rcpt_report *r = BB_PUSH(a, m->report.rcpts, m->report.n_rcpts, m->report.cap_rcpts);
    r->recipient = bb_cstr(w->recipient);
    r->action = BB_ACTION_FAILED;
    r->status = BB_S("5.1.1");
    r->reply_code = 550;
    r->command = BB_S("RCPT");
    r->diagnostic = BB_S("550 5.1.1 no such user");
    r->remote_mta = BB_S("mx.example.net");
    return m;
}

static void ask(bb_arena *a, bb_claims *c, bb_lookup l)
{
    *(bb_lookup *)BB_PUSH(a, c->lookups, c->n_lookups, c->cap_lookups) = l;
}

static bb_claims *claims_of(bb_arena *a, const world_report *w)
{
    bb_claims *c = bb_get(a, sizeof *c);
    c->token_result = BB_TOKEN_MALFORMED;
    c->names = bb_get_array(a, 1, sizeof *c->names);
    c->rcpt_lookup = bb_get_array(a, 1, sizeof *c->rcpt_lookup);
    c->final_lookup = bb_get_array(a, 1, sizeof *c->final_lookup);
    c->rcpt_lookup[0] = c->final_lookup[0] = BB_NPOS;
    if (w->claim == WORLD_TOKEN || w->claim == WORLD_UNSUBSCRIBE) {
        c->unsubscribes = w->claim == WORLD_UNSUBSCRIBE;
        c->token_result = BB_TOKEN_OK;
        c->by_token = true;
        c->token_trust = BB_TRUST_SIGNED;
        c->token = (bb_token){.key = 1, .mailing = w->mailing, .subscriber = w->subscriber};
        ask(a, c, (bb_lookup){.by = BB_BY_ID, .subscriber = w->subscriber});
        bb_return_path *path = bb_get(a, sizeof *path);
        if (w->path && bb_return_path_read(a, bb_cstr(w->path), path)) c->path = path;
    }
    if (w->claim == WORLD_FORGED) c->token_result = BB_TOKEN_WRONG_MAC;
    if (w->claim == WORLD_EXTERNAL_ID)
        ask(a, c, (bb_lookup){.by = BB_BY_EXTERNAL_ID, .list = w->list, .text = bb_cstr(w->external_id)});
    c->n_path_lookups = c->n_lookups;
    if (!w->recipient) return c;
    c->names[0].recipient = c->names[0].final = address_of(a, w->recipient).key;
    c->rcpt_lookup[0] = c->n_lookups;
    ask(a, c, (bb_lookup){.by = BB_BY_ADDRESS, .list = w->list, .text = c->names[0].recipient});
    return c;
}

bb_item world_item(bb_arena *a, const world_report *w)
{
    return (bb_item){.type = BB_ITEM_REPORT,
                     .message = message_of(a, w),
                     .claims = claims_of(a, w),
                     .evidence = w->evidence ? bb_cstr(w->evidence) : (bb_str){0}};
}

bb_item world_reading(bb_arena *a, uint64_t report, const world_report *w)
{
    bb_item item = world_item(a, w);
    item.type = BB_ITEM_READING;
    item.report = report;
    return item;
}

bool world_apply(bb_store *s, bb_arena *a, const bb_policy *policy, bb_item *items, size_t n, bb_time now,
                 bb_batch *out, bb_err *err)
{
    static bb_policy used;
    used = policy ? *policy : bb_policy_defaults;
    *out =
        (bb_batch){.items = items, .n = n, .policy = world_policy, .policy_ctx = &used, .now = now, .rules_version = 1};
    return bb_store_apply(s, a, out, err);
}
