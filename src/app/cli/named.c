/* SPDX-License-Identifier: MIT
 *
 * The subscribers that a command is told: named one by one, read from standard input, or all who may be sent to.
 */
#include <stdio.h>
#include <string.h>

#include "app/cli/cli.h"

#define TOLD 20 /* missing ones told by name */

typedef struct {
    cli *c;
    const bb_list *list;
    bb_subscriber_fn each;
    void *ctx;
    uint64_t *missing;
    bb_arena scratch; /* of one subscriber */
    bool stopped;
} chooser;

bool cli_mailable(const cli *c, const bb_subscriber *s)
{
    return !s->contact && bb_status_at(s->status, s->until, c->now) == BB_STATUS_ACTIVE;
}

/* ---- all --------------------------------------------------------------------------------------------------- */

static bool pass_mailable(void *ctx, const bb_subscriber *s)
{
    chooser *k = ctx;
    k->stopped = cli_mailable(k->c, s) && !k->each(k->ctx, s);
    return !k->stopped;
}

/* ---- one by one ---------------------------------------------------------------------------------------------- */

static bool look_up(chooser *k, bb_str text, bb_lookup *l)
{
    bb_address address;
    bool hash = bb_starts(text, BB_S("#"));
    *l = (bb_lookup){.by = BB_BY_ID, .list = k->list->id};
    if (!bb_u64(hash ? bb_sub(text, 1, BB_NPOS) : text, &l->subscriber)) {
        l->by = BB_BY_ADDRESS;
        if (!bb_address_read(&k->scratch, text, &address, NULL)) return true;
        l->text = address.key;
    }
    return bb_store_find(k->c->store, &k->scratch, l, 1, &k->c->err);
}

static bool pass_one(chooser *k, bb_str text)
{
    bb_lookup l;
    bb_subscriber s;
    bb_arena_reset(&k->scratch);
    if (!look_up(k, text, &l)) return false;
    if (l.found != 1 || l.found_list != k->list->id) {
        if (++*k->missing <= TOLD)
            cli_warn(k->c, "%s is not on the list " BB_FMT, cli_show(&k->scratch, text), BB_ARG(k->list->name));
        return true;
    }
    if (!bb_store_subscriber(k->c->store, &k->scratch, l.found_id, &s, &k->c->err)) return false;
    k->stopped = !k->each(k->ctx, &s);
    return !k->stopped;
}

/* What is longer than any address names nobody; the rest of its line goes with it. */
static bool pass_lines(chooser *k)
{
    char line[1024];
    bool good = true, within = false;
    while (good && fgets(line, sizeof line, stdin)) {
        bb_str text = bb_trim(bb_cstr(line));
        bool continued = within;
        within = !strchr(line, '\n');
        if (text.n && !continued) good = pass_one(k, text);
    }
    if (good && ferror(stdin)) return bb_fail(&k->c->err, BB_EIO, "standard input: cannot read it");
    return good;
}

static bool pass_named(chooser *k, size_t first)
{
    for (size_t i = first; i < k->c->n_args; i++) {
        bool lines = strcmp(k->c->args[i], "-") == 0;
        if (lines ? !pass_lines(k) : !pass_one(k, bb_cstr(k->c->args[i]))) return false;
    }
    if (*k->missing > TOLD)
        cli_warn(k->c, "and %llu more are not on the list", (unsigned long long)(*k->missing - TOLD));
    return true;
}

bool cli_each_named(cli *c, const bb_list *l, size_t first, bb_subscriber_fn each, void *ctx, uint64_t *missing)
{
    bool all = cli_flag(c, "all"), good;
    chooser k = {.c = c, .list = l, .each = each, .ctx = ctx, .missing = missing};
    *missing = 0;
    if (all && c->n_args > first) return bb_fail(&c->err, BB_EUSAGE, "give either --all or names, not both");
    if (!all && c->n_args <= first)
        return bb_fail(&c->err, BB_EUSAGE, "who? Give addresses, ids (#12), - for standard input, or --all");
    if (all) return bb_store_each_subscriber(c->store, l->id, pass_mailable, &k, &c->err) && !k.stopped;
    bb_arena_init(&k.scratch, &bb_os_alloc, BB_ARENA_LIMIT);
    good = pass_named(&k, first);
    bb_arena_free(&k.scratch);
    return good;
}
