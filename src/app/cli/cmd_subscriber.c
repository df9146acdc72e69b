/* SPDX-License-Identifier: MIT
 *
 * subscriber: added, shown and set one by one; whole files of them go through import and export.
 */
#include "app/cli/cli.h"

/* ---- shown -------------------------------------------------------------------------------------------------- */

void cli_put_subscriber(cli *c, bb_json *j, const bb_subscriber *s)
{
    bb_status status = bb_status_at(s->status, s->until, c->now);
    bb_json_kint(j, "id", (int64_t)s->id);
    bb_json_kstr(j, "list", cli_list_name(c, s->list));
    bb_json_kstr(j, "address", s->address);
    bb_json_kstr(j, "external_id", s->external_id);
    bb_json_key(j, "contact");
    bb_json_bool(j, s->contact);
    bb_json_ktime(j, "since", s->since);
    bb_json_kstr(j, "status", bb_cstr(bb_status_word(status)));
    bb_json_ktime(j, "until", status == BB_STATUS_QUARANTINED ? s->until : BB_NO_TIME);
}

static void add_row(cli *c, cli_table *t, const bb_subscriber *s)
{
    bb_status status = bb_status_at(s->status, s->until, c->now);
    bool held = status == BB_STATUS_QUARANTINED && s->until != BB_NO_TIME;
    cli_cellf(t, "#%llu", (unsigned long long)s->id);
    cli_cell(t, cli_list_name(c, s->list));
    cli_cell(t, s->address);
    cli_cell(t, s->external_id.n ? s->external_id : BB_S("-"));
    cli_cell(t, bb_cstr(cli_day(&c->arena, s->since)));
    cli_cellf(t, "%s%s%s%s", bb_status_word(status), held ? " until " : "", held ? cli_when(&c->arena, s->until) : "",
              s->contact ? ", contact" : "");
}

/* As a table, or as one JSON document. */
static void show(cli *c, const bb_subscriber *all, size_t n)
{
    static const char *const heads[] = {">id", "list", "address", "external id", "since", "status"};
    cli_table t;
    cli_json d;
    cli_table_begin(&t, &c->arena, heads, BB_COUNT(heads));
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "subscribers");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < n; i++) {
        bb_json_open(&d.j, '{');
        cli_put_subscriber(c, &d.j, &all[i]);
        bb_json_close(&d.j, '}');
        add_row(c, &t, &all[i]);
    }
    bb_json_close(&d.j, ']');
    if (c->json) cli_json_end(c, &d);
    else if (n) cli_table_end(c, &t, "");
}

bool cli_named(cli *c, bb_subscriber **out, size_t *n, int *code)
{
    const bb_list *only;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    *code = CLI_EXIT_OK;
    if (!cli_lists(c) || !cli_list_option(c, false, &only)) return false;
    for (size_t i = 0; i < c->n_args; i++) {
        bb_subscriber *found;
        size_t k = 0;
        bool there = cli_who(c, c->args[i], only, &found, &k);
        if (!there && c->err.code != BB_ENOINPUT) return false;
        if (!there) *code = cli_fail(c); /* one stranger does not hide the others */
        for (size_t m = 0; m < k; m++) {
            bb_subscriber *slot = BB_PUSH(&c->arena, *out, *n, cap);
            if (!slot) return bb_fail(&c->err, BB_ENOMEM, "no memory");
            *slot = found[m];
        }
    }
    return true;
}

int cmd_subscriber_show(cli *c)
{
    bb_subscriber *all;
    size_t n;
    int code;
    if (!cli_named(c, &all, &n, &code)) return cli_fail(c);
    show(c, all, n);
    return code;
}

/* ---- add ---------------------------------------------------------------------------------------------------- */

/* One item for each address; nothing is stored where one of them is none. */
static bool read_addresses(cli *c, const bb_list *l, bb_item *items)
{
    const char *id = cli_value(c, "external-id");
    bb_time since = c->now;
    if (id && c->n_args > 1) return bb_fail(&c->err, BB_EUSAGE, "--external-id goes with one address");
    if (!cli_time(c, "since", &since)) return false;
    if (since > c->now) return bb_fail(&c->err, BB_EUSAGE, "--since lies in the future");
    for (size_t i = 0; i < c->n_args; i++) {
        items[i] = (bb_item){.type = BB_ITEM_SUBSCRIBER,
                             .list = l->id,
                             .external_id = bb_trim(bb_cstr(id)),
                             .contact = cli_flag(c, "contact"),
                             .resubscribe = cli_flag(c, "resubscribe"),
                             .time = since,
                             .set_until = BB_NO_TIME,
                             .note = BB_S("added by hand")};
        if (bb_address_read(&c->arena, bb_cstr(c->args[i]), &items[i].address, &c->err)) continue;
        c->err.code = BB_EUSAGE;
        return bb_fail_in(&c->err, "%s", c->args[i]);
    }
    return true;
}

static void tell_added(cli *c, const bb_item *item, bool there)
{
    const char *address = cli_show(&c->arena, item->address.spelled);
    if (item->result == BB_RESULT_REFUSED) {
        cli_warn(c, "%s: %s", address, item->why);
    } else if (!c->json) {
        const char *what = !there                                ? "added"
                           : item->result == BB_RESULT_DUPLICATE ? "there already, and left as he is"
                                                                 : "subscribed again";
        cli_print(c, "#%llu %s: %s\n", (unsigned long long)item->subscriber, address, what);
    }
}

int cmd_subscriber_add(cli *c)
{
    const bb_list *l;
    bb_batch b;
    if (!cli_lists(c) || !cli_list_option(c, true, &l)) return cli_fail(c);
    size_t n = c->n_args, kept = 0;
    bb_item *items = bb_get_array(&c->arena, n, sizeof *items);
    bb_lookup *before = bb_get_array(&c->arena, n, sizeof *before);
    bb_subscriber *all = bb_get_array(&c->arena, n, sizeof *all);
    if (!items || !before || !all) return cli_exit_of(BB_ENOMEM);
    if (cli_flag(c, "contact") && cli_flag(c, "resubscribe"))
        return cli_usage(c, "whoever subscribes again is no contact: give one of the two");
    if (!read_addresses(c, l, items)) return cli_fail(c);
    for (size_t i = 0; i < n; i++)
        before[i] = (bb_lookup){.by = BB_BY_ADDRESS, .list = l->id, .text = items[i].address.key};
    if (!bb_store_find(c->store, &c->arena, before, n, &c->err) || !cli_apply(c, &c->arena, items, n, &b))
        return cli_fail(c);
    for (size_t i = 0; i < n; i++) {
        tell_added(c, &items[i], before[i].found);
        if (items[i].result == BB_RESULT_REFUSED) continue;
        if (!bb_store_subscriber(c->store, &c->arena, items[i].subscriber, &all[kept++], &c->err)) return cli_fail(c);
    }
    if (c->json) show(c, all, kept);
    return kept == n ? cli_ok(c) : cli_exit_of(BB_EDATA);
}

/* ---- set ---------------------------------------------------------------------------------------------------- */

static bool read_status(cli *c, bb_item *item)
{
    const char *word = cli_value(c, "status");
    static const char *const words[] = {"active", "quarantined", "bounced", "complained", "unsubscribed", NULL};
    if (!bb_status_from(bb_cstr(word), &item->set_status))
        return bb_fail(&c->err, BB_EUSAGE, "--status %s: no such status%s", word, cli_did_you_mean(c, word, words));
    if (!cli_time(c, "until", &item->set_until)) return false;
    if (item->set_until == BB_NO_TIME) return true;
    if (item->set_status != BB_STATUS_QUARANTINED)
        return bb_fail(&c->err, BB_EUSAGE, "--until goes with --status quarantined: only a quarantine ends by itself");
    return item->set_until > item->time || bb_fail(&c->err, BB_EUSAGE, "--until lies before the setting itself");
}

/* What the options ask for, as one or two facts. */
static bool read_settings(cli *c, uint64_t subscriber, bb_item items[2], size_t *n)
{
    const char *address = cli_value(c, "address"), *note = cli_value(c, "note");
    bb_item item = {.type = BB_ITEM_FACT, .subscriber = subscriber, .time = c->now, .set_until = BB_NO_TIME};
    item.note = note ? bb_cstr(note) : BB_S("set by hand");
    *n = 0;
    if (!cli_time(c, "at", &item.time)) return false;
    if (item.time > c->now)
        return bb_fail(&c->err, BB_EUSAGE, "--at lies in the future: what has not happened holds nothing");
    if (cli_value(c, "until") && !cli_value(c, "status"))
        return bb_fail(&c->err, BB_EUSAGE, "--until goes with --status quarantined");
    if (address) {
        items[*n] = item;
        items[*n].fact = BB_FACT_ADDRESS;
        if (!bb_address_read(&c->arena, bb_cstr(address), &items[(*n)++].address, &c->err)) {
            c->err.code = BB_EUSAGE;
            return bb_fail_in(&c->err, "--address %s", address);
        }
    }
    if (cli_value(c, "status")) {
        item.fact = BB_FACT_SET;
        if (!read_status(c, &item)) return false;
        items[(*n)++] = item;
    }
    return *n || bb_fail(&c->err, BB_EUSAGE, "set what? Give --status, --address or both");
}

static bool one_of_them(cli *c, bb_subscriber *out)
{
    const bb_list *only;
    bb_subscriber *all;
    size_t n;
    if (!cli_lists(c) || !cli_list_option(c, false, &only) || !cli_who(c, c->args[0], only, &all, &n)) return false;
    *out = all[0];
    return n == 1 || bb_fail(&c->err, BB_EUSAGE, "%s stands on %zu lists: say which with --list, or name him by #ID",
                             c->args[0], n);
}

int cmd_subscriber_set(cli *c)
{
    bb_subscriber before, after;
    bb_item items[2];
    size_t n;
    bb_batch b;
    bool changed = false;
    if (!one_of_them(c, &before) || !read_settings(c, before.id, items, &n) || !cli_apply(c, &c->arena, items, n, &b))
        return cli_fail(c);
    for (size_t i = 0; i < n; i++) {
        changed |= items[i].result == BB_RESULT_STORED;
        if (items[i].result == BB_RESULT_REFUSED) bb_fail(&c->err, BB_EDATA, "%s: %s", c->args[0], items[i].why);
    }
    if (c->err.code) return cli_fail(c);
    if (!bb_store_subscriber(c->store, &c->arena, before.id, &after, &c->err)) return cli_fail(c);
    if (!c->json && !changed) cli_print(c, "that was set already\n");
    show(c, &after, 1);
    return cli_ok(c);
}
