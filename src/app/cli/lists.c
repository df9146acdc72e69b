/* SPDX-License-Identifier: MIT
 *
 * Lists: their rows in the store together with their settings in the configuration.
 */
#include <string.h>

#include "app/cli/cli.h"

/* ---- policies ------------------------------------------------------------------------------------------------ */

/* Was anything ever reported about the list? Only then is there a past that an edit must not touch. */
static bool has_past(cli *c, uint32_t list, bool *out)
{
    bb_summary s;
    const bb_summary_query q = {.list = list, .from = BB_NO_TIME, .until = BB_NO_TIME};
    if (!bb_store_summary(c->store, &c->arena, &q, c->now, &s, &c->err)) return false;
    *out = s.reports > 0;
    return true;
}

/* Since when the configuration says what it says: at the latest since it was written. With --now time is what it says. */
static bb_time edited(cli *c)
{
    bb_time written = c->now_given ? BB_NO_TIME : bb_os_modified(cli_conf_path(c));
    return written != BB_NO_TIME && written < c->now ? written : c->now;
}

/* What the configuration says now becomes a version of its own, in force from then on: what was reported before is judged
 * by what was said then. Whoever only reads sees it as if it were kept already. */
static bool add_version(cli *c, const bb_list *l, bb_policy *versions, size_t *n)
{
    bool past = false;
    bb_policy_version v = {.list = l->id, .policy = bb_conf_policy(bb_conf_list_of(c->conf, l->name))};
    v.policy.from = BB_NO_TIME;
    if (*n) {
        const bb_policy *last = &versions[*n - 1];
        if (bb_policy_same(last, &v.policy)) return true;
        if (!has_past(c, l->id, &past)) return false;
        if (!past) *n = 0;
    }
    if (past) {
        const bb_policy *last = &versions[*n - 1];
        bb_time from = edited(c);
        v.policy.from = from > last->from ? from : last->from; /* --now and clocks may go back, versions do not */
    }
    versions[(*n)++] = v.policy;
    return !c->writes || bb_store_policy_add(c->store, &v, &c->err);
}

static bool read_policies(cli *c, const bb_list *lists, size_t n)
{
    bb_policy_version *all;
    size_t n_all, at = 0;
    if (!bb_store_policies(c->store, &c->arena, &all, &n_all, &c->err)) return false;
    c->policies = bb_get_array(&c->arena, n + 1, sizeof *c->policies);
    if (!c->policies) return bb_fail(&c->err, BB_ENOMEM, "no memory for the lists");
    for (size_t i = 0; i < n; i++) { /* both by id of list */
        size_t kept = 0;
        while (at < n_all && all[at].list < lists[i].id) at++;
        bb_policy *versions = bb_get_array(&c->arena, n_all - at + 1, sizeof *versions);
        if (!versions) return bb_fail(&c->err, BB_ENOMEM, "no memory for the lists");
        while (at < n_all && all[at].list == lists[i].id) versions[kept++] = all[at++].policy;
        if (!add_version(c, &lists[i], versions, &kept)) return false;
        c->policies[i] = (bb_context){.versions = versions, .n_versions = kept};
    }
    return true;
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

bool cli_lists(cli *c)
{
    if (c->lists) return true;
    bb_list *lists = NULL;
    size_t n = 0;
    if (!bb_store_lists(c->store, &c->arena, &lists, &n, &c->err)) return false;
    bb_list *own = bb_get_array(&c->arena, n + 1, sizeof *own);
    if (!own) return bb_fail(&c->err, BB_ENOMEM, "no memory for the lists");
    for (size_t i = 0; i < n; i++) own[i] = lists[i];
    if (!read_policies(c, own, n)) return false;
    c->lists = own;
    c->n_lists = n;
    return true;
}

static const char *const *list_names(cli *c)
{
    const char **names = bb_get_array(&c->arena, c->n_lists + 1, sizeof *names);
    for (size_t i = 0; names && i < c->n_lists; i++) names[i] = bb_dup(&c->arena, c->lists[i].name).p;
    return names;
}

bool cli_list(cli *c, const char *name, const bb_list **out)
{
    if (!cli_lists(c)) return false;
    for (size_t i = 0; i < c->n_lists; i++) {
        if (!bb_eq(c->lists[i].name, bb_cstr(name))) continue;
        *out = &c->lists[i];
        return true;
    }
    const char *const *names = list_names(c);
    return bb_fail(&c->err, BB_ENOINPUT,
                   "there is no list \"%s\"%s; \"bouncebox list show\" shows them, \"list add\" adds one", name,
                   names ? cli_did_you_mean(c, name, names) : "");
}

bool cli_list_option(cli *c, bool needed, const bb_list **out)
{
    const char *name = cli_value(c, "list");
    *out = NULL;
    if (name) return cli_list(c, name, out);
    return !needed || bb_fail(&c->err, BB_EUSAGE, "which list? Give --list NAME");
}

const bb_list *cli_list_of(const cli *c, uint32_t id)
{
    for (size_t i = 0; i < c->n_lists; i++)
        if (c->lists[i].id == id) return &c->lists[i];
    return NULL;
}

bb_str cli_list_name(const cli *c, uint32_t id)
{
    const bb_list *l = cli_list_of(c, id);
    return l ? l->name : (bb_str){0};
}

const bb_policy *cli_policy_of(const cli *c, uint32_t list)
{
    const bb_list *l = cli_list_of(c, list);
    const bb_context *p = l ? &c->policies[l - c->lists] : NULL;
    return p ? &p->versions[p->n_versions - 1] : NULL;
}

const bb_conf_list *cli_settings_of(const cli *c, uint32_t list)
{
    return bb_conf_list_of(c->conf, cli_list_name(c, list));
}

bool cli_policy(void *ctx, uint32_t list, bb_context *out)
{
    const cli *c = ctx;
    const bb_list *l = cli_list_of(c, list);
    if (l) *out = c->policies[l - c->lists];
    return l;
}

/* ---- what attribution knows of them ---------------------------------------------------------------------- */

bool cli_own_ids(cli *c, uint32_t list, bool *out)
{
    bool external = false;
    bool good = bb_store_external_ids(c->store, list, &external, &c->err);
    *out = !external;
    return good;
}

static bb_str *own_hosts(cli *c, size_t *n)
{
    bb_str rest = bb_cstr(bb_conf_home_of(c->conf)->own_hosts), word;
    bb_str *out = bb_get_array(&c->arena, rest.n / 2 + 1, sizeof *out);
    while (out && bb_split(&rest, ' ', &word)) out[(*n)++] = word;
    return out;
}

bool cli_attribution(cli *c, const bb_list *only, bb_attribution *out)
{
    if (!cli_lists(c) || !cli_open_keys(c)) return false;
    bb_list_view *views = bb_get_array(&c->arena, c->n_lists + 1, sizeof *views);
    if (!views) return bb_fail(&c->err, BB_ENOMEM, "no memory for the lists");
    for (size_t i = 0; i < c->n_lists; i++) {
        bool own = true;
        views[i] = bb_conf_list_view(bb_conf_list_of(c->conf, c->lists[i].name), c->lists[i].id);
        if (views[i].return_path == BB_FORM_PLAIN && !cli_own_ids(c, c->lists[i].id, &own)) return false;
        views[i].own_ids = own;
    }
    size_t n_hosts = 0;
    bb_str *hosts = own_hosts(c, &n_hosts);
    if (!hosts) return bb_fail(&c->err, BB_ENOMEM, "no memory for the lists");
    *out = (bb_attribution){.keys = bb_keys_ring(c->keys),
                            .token_lifetime = bb_conf_home_of(c->conf)->token_lifetime,
                            .lists = views,
                            .n_lists = c->n_lists,
                            .own_hosts = hosts,
                            .n_own_hosts = n_hosts,
                            .only_list = only ? only->id : 0};
    return true;
}
