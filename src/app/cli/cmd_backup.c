/* SPDX-License-Identifier: MIT
 *
 * backup, restore and store check: all of a home in a folder, consistent while it is in use, whole or not there; and
 * whether what is stored is sound.
 */
#include "app/cli/cli.h"

/* What a home is made of. In a backup every part lies under its own name, wherever the home has it. */
typedef struct {
    const char *name, *path; /* path NULL: this home has none */
} part;
enum { CONFIGURATION, KEYS, RULES, DATABASE, PARTS };

static void name_parts(cli *c, part parts[PARTS])
{
    const bb_conf_home *h = bb_conf_home_of(c->conf);
    parts[CONFIGURATION] = (part){"bouncebox.conf", cli_conf_path(c)};
    parts[KEYS] = (part){"keys", cli_path(c, h->keys)};
    parts[RULES] = (part){"rules", h->rules[0] ? cli_path(c, h->rules) : NULL};
    parts[DATABASE] = (part){"bouncebox.db", cli_path(c, h->database)};
}

static const char *below(cli *c, const char *folder, const char *name)
{
    return bb_sprintf(&c->arena, "%s/%s", folder, name).p;
}

/* ---- backup --------------------------------------------------------------------------------------------------- */

/* The database first: keys that are added meanwhile do no harm, one that is missing would. */
static bool fill(cli *c, const char *folder, const part parts[PARTS])
{
    if (!bb_store_copy(c->store, below(c, folder, parts[DATABASE].name), &c->err)) return false;
    for (size_t i = 0; i < DATABASE; i++)
        if (parts[i].path && !bb_os_copy_file(parts[i].path, below(c, folder, parts[i].name), 0600, &c->err))
            return false;
    return true;
}

int cmd_backup(cli *c)
{
    part parts[PARTS];
    bool made;
    const char *to = c->args[0], *unfinished = bb_sprintf(&c->arena, "%s.unfinished", to).p;
    name_parts(c, parts);
    if (bb_os_exists(to)) return cli_usage(c, "%s: there is something already; give the path of a new folder", to);
    if (!bb_os_make_folder(unfinished, 0700, &made, &c->err)) return cli_fail(c);
    if (!made)
        return cli_usage(c, "%s: left by a backup that was broken off, or is under way; delete it first", unfinished);
    if (!fill(c, unfinished, parts) || !bb_os_rename(unfinished, to, &c->err)) return cli_fail(c);
    if (c->json) {
        cli_json d;
        cli_json_begin(&d, &c->arena);
        bb_json_kstr(&d.j, "backup", bb_cstr(to));
        cli_json_end(c, &d);
    } else {
        cli_print(c, "%s: database, keys and configuration; whoever can read it can forge return paths\n",
                  cli_show(&c->arena, bb_cstr(to)));
    }
    return cli_ok(c);
}

/* ---- restore -------------------------------------------------------------------------------------------------- */

/* Nothing is overwritten: a home that is there is moved away by hand, by somebody who wants that. */
static bool nothing_there(cli *c, const part parts[PARTS])
{
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].path && bb_os_exists(parts[i].path))
            return bb_fail(&c->err, BB_EUSAGE, "%s: there is one already; move it away first, or give another --home",
                           parts[i].path);
    return true;
}

static bool restore(cli *c, const char *from)
{
    part parts[PARTS];
    bool made;
    if (!bb_conf_read(below(c, from, "bouncebox.conf"), &c->conf, &c->err)) return false;
    name_parts(c, parts);
    if (!nothing_there(c, parts) || !bb_os_make_folder(c->home, 0700, &made, &c->err)) return false;
    if (made && !bb_os_give(c->home, CLI_USER, &c->err)) return false;
    if (!bb_os_become_owner(c->home, &c->became, &c->err)) return false;
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].path && !bb_os_copy_file(below(c, from, parts[i].name), parts[i].path, 0600, &c->err))
            return false;
    return cli_open_store(c, BB_STORE_WRITE) && cli_open_keys(c);
}

int cmd_restore(cli *c)
{
    if (!cli_home_path(c) || !restore(c, c->args[0])) return cli_fail(c);
    if (!c->json) cli_print(c, "%s: restored\n", cli_show(&c->arena, bb_cstr(c->home)));
    return cmd_store_check(c);
}

/* ---- check ---------------------------------------------------------------------------------------------------- */

#define TOLD 100

typedef struct {
    cli *c;
    bb_json *j;
    uint64_t findings, people, differ;
    bb_arena arena; /* of one subscriber */
} check;

static void find(void *ctx, bb_str text)
{
    check *k = ctx;
    if (k->findings++ >= TOLD) return;
    if (k->c->json) bb_json_str(k->j, text);
    else cli_print(k->c, "  %s\n", cli_show(&k->arena, text));
}

/* Does the kept status follow from his facts? */
static bool judge_again(void *ctx, const bb_subscriber *s)
{
    check *k = ctx;
    cli *c = k->c;
    bb_history h;
    bb_context policy;
    bb_decision d;
    bb_arena_reset(&k->arena);
    if (!bb_store_history(c->store, &k->arena, s->id, &h, &c->err)) return false;
    bb_fact *facts = bb_get_array(&k->arena, h.n_facts + 1, sizeof *facts);
    for (size_t i = 0; facts && i < h.n_facts; i++) facts[i] = h.facts[i].fact;
    if (!facts || !cli_policy(c, s->list, &policy) ||
        !bb_policy_fold(&k->arena, facts, h.n_facts, h.sends, h.n_sends, &policy, BB_NO_TIME, &d, NULL))
        return bb_fail(&c->err, BB_ENOMEM, "no memory to judge the facts");
    k->people++;
    k->differ += d.status != s->status || d.until != s->until;
    return true;
}

int cmd_store_check(cli *c)
{
    cli_json d;
    check k = {.c = c, .j = &d.j};
    c->err = (bb_err){0};
    if (!cli_lists(c)) return cli_fail(c);
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "findings");
    bb_json_open(&d.j, '[');
    bb_arena_init(&k.arena, &bb_os_alloc, BB_ARENA_LIMIT);
    bool good = bb_store_check(c->store, find, &k, &c->err) &&
                bb_store_each_subscriber(c->store, 0, judge_again, &k, &c->err) && !c->err.code;
    bb_arena_free(&k.arena);
    if (!good) return cli_fail(c);
    bb_json_close(&d.j, ']');
    bb_json_kint(&d.j, "subscribers", (int64_t)k.people);
    bb_json_kint(&d.j, "judged_otherwise", (int64_t)k.differ);
    if (c->json) cli_json_end(c, &d);
    else {
        cli_print(c, "%s\n", k.findings ? "the database is not sound" : "the database is sound");
        cli_print(c, "%s, of whom %llu stand otherwise than their facts say\n",
                  cli_plural(&c->arena, (int64_t)k.people, "subscriber", "subscribers"), (unsigned long long)k.differ);
    }
    return k.findings ? cli_exit_of(BB_EDATA) : cli_ok(c);
}
