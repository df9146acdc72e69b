/* SPDX-License-Identifier: MIT
 *
 * mailing: mailings added and shown, and to whom they went.
 */
#include "app/cli/cli.h"

/* ---- add ---------------------------------------------------------------------------------------------------- */

static void put_mailing(cli *c, bb_json *j, const bb_mailing *m)
{
    bb_json_kint(j, "id", m->id);
    bb_json_kstr(j, "list", cli_list_name(c, m->list));
    bb_json_kstr(j, "name", m->name);
    bb_json_ktime(j, "sent", m->sent);
}

static bool name_is_free(cli *c, const bb_list *l, bb_str name)
{
    bb_mailing *all;
    size_t n;
    if (!bb_store_mailings(c->store, &c->arena, l->id, &all, &n, &c->err)) return false;
    for (size_t i = 0; i < n; i++)
        if (bb_eq(all[i].name, name))
            return bb_fail(&c->err, BB_EUSAGE, "the list " BB_FMT " has a mailing \"" BB_FMT "\" already: #%u",
                           BB_ARG(l->name), BB_ARG(name), all[i].id);
    return true;
}

int cmd_mailing_add(cli *c)
{
    const bb_list *l;
    bb_mailing m = {.name = bb_trim(bb_cstr(c->args[0])), .sent = c->now};
    if (!cli_list_option(c, true, &l) || !cli_time(c, "sent", &m.sent)) return cli_fail(c);
    if (!m.name.n || m.name.n > 200 || m.name.p[0] == '#')
        return cli_usage(c, "a mailing's name is 1 to 200 characters and does not begin with #");
    m.list = l->id;
    if (!name_is_free(c, l, m.name) || !bb_store_mailing_add(c->store, m.list, m.name, m.sent, &m.id, &c->err))
        return cli_fail(c);
    if (c->json) {
        cli_json d;
        cli_json_begin(&d, &c->arena);
        put_mailing(c, &d.j, &m);
        cli_json_end(c, &d);
    } else {
        cli_print(c, "mailing #%u of " BB_FMT ": %s, sent %s\n", m.id, BB_ARG(l->name), cli_show(&c->arena, m.name),
                  cli_when(&c->arena, m.sent));
    }
    return cli_ok(c);
}

/* ---- show ----------------------------------------------------------------------------------------------------- */

static void show(cli *c, const bb_mailing *all, size_t n)
{
    static const char *const heads[] = {">id", "list", "sent", "name"};
    cli_table t;
    cli_json d;
    cli_table_begin(&t, &c->arena, heads, BB_COUNT(heads));
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "mailings");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < n; i++) {
        bb_json_open(&d.j, '{');
        put_mailing(c, &d.j, &all[i]);
        bb_json_close(&d.j, '}');
        cli_cellf(&t, "%u", all[i].id);
        cli_cell(&t, cli_list_name(c, all[i].list));
        cli_cell(&t, bb_cstr(cli_when(&c->arena, all[i].sent)));
        cli_cell(&t, all[i].name);
    }
    bb_json_close(&d.j, ']');
    if (c->json) cli_json_end(c, &d);
    else if (n) cli_table_end(c, &t, "");
    else cli_print(c, "there is no mailing yet; \"bouncebox mailing add --list NAME NAME\" adds one\n");
}

int cmd_mailing_show(cli *c)
{
    const bb_list *only;
    bb_mailing one, *all;
    size_t n;
    if (!cli_lists(c) || !cli_list_option(c, false, &only)) return cli_fail(c);
    if (c->n_args) {
        if (!cli_mailing(c, c->args[0], only, &one)) return cli_fail(c);
        show(c, &one, 1);
        return cli_ok(c);
    }
    if (!bb_store_mailings(c->store, &c->arena, only ? only->id : 0, &all, &n, &c->err)) return cli_fail(c);
    show(c, all, n);
    return cli_ok(c);
}

/* ---- sent ------------------------------------------------------------------------------------------------------ */

#define BATCH 1000

typedef struct {
    cli *c;
    bb_mailing mailing;
    bb_time at;
    bb_item items[BATCH];
    size_t n;
    uint64_t recorded, known, count;
    bb_arena arena; /* of one batch */
    cli_progress progress;
} sender;

static bool record(sender *s)
{
    bb_batch b = {.items = s->items, .n = s->n, .policy = cli_policy, .policy_ctx = s->c, .now = s->c->now};
    if (s->n && !bb_store_apply(s->c->store, &s->arena, &b, &s->c->err)) return false;
    for (size_t i = 0; i < s->n; i++) {
        s->recorded += s->items[i].result == BB_RESULT_STORED;
        s->known += s->items[i].result == BB_RESULT_DUPLICATE;
    }
    s->n = 0;
    bb_arena_reset(&s->arena);
    return true;
}

static bool went_to(void *ctx, const bb_subscriber *who)
{
    sender *s = ctx;
    s->items[s->n++] = (bb_item){.type = BB_ITEM_SEND, .subscriber = who->id, .mailing = s->mailing.id, .time = s->at};
    cli_progress_at(&s->progress, ++s->count, 0, 0);
    return s->n < BATCH || record(s);
}

static void tell(cli *c, const sender *s, uint64_t missing)
{
    cli_json d;
    if (!c->json) {
        cli_print(c, "mailing #%u, %s: went to %llu", s->mailing.id, cli_show(&c->arena, s->mailing.name),
                  (unsigned long long)s->recorded);
        if (s->known) cli_print(c, ", %llu known already", (unsigned long long)s->known);
        if (missing) cli_print(c, ", %llu not on the list", (unsigned long long)missing);
        cli_print(c, "\n");
        return;
    }
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "mailing");
    bb_json_open(&d.j, '{');
    put_mailing(c, &d.j, &s->mailing);
    bb_json_close(&d.j, '}');
    bb_json_kint(&d.j, "recorded", (int64_t)s->recorded);
    bb_json_kint(&d.j, "known", (int64_t)s->known);
    bb_json_kint(&d.j, "missing", (int64_t)missing);
    cli_json_end(c, &d);
}

int cmd_mailing_sent(cli *c)
{
    const bb_list *only;
    uint64_t missing = 0;
    sender *s = bb_get(&c->arena, sizeof *s);
    if (!s) return cli_exit_of(BB_ENOMEM);
    s->c = c;
    s->at = BB_NO_TIME;
    if (!cli_lists(c) || !cli_list_option(c, false, &only) || !cli_time(c, "at", &s->at) ||
        !cli_mailing(c, c->args[0], only, &s->mailing))
        return cli_fail(c);
    bb_arena_init(&s->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    cli_progress_begin(&s->progress, "subscribers");
    bool good = cli_each_named(c, cli_list_of(c, s->mailing.list), 1, went_to, s, &missing) && record(s);
    cli_progress_end(&s->progress);
    bb_arena_free(&s->arena);
    if (!good) return cli_fail(c); /* what was recorded stays: giving all of it again is safe */
    tell(c, s, missing);
    return missing ? cli_exit_of(BB_ENOINPUT) : cli_ok(c);
}
