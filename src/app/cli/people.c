/* SPDX-License-Identifier: MIT
 *
 * Subscribers as a person names them: by address, which may stand on several lists, or by our id.
 */
#include "app/cli/cli.h"

static bool by_id(cli *c, uint64_t id, const bb_list *only, bb_subscriber **out, size_t *n)
{
    *out = bb_get(&c->arena, sizeof **out);
    if (!*out) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    if (!bb_store_subscriber(c->store, &c->arena, id, *out, &c->err)) return false;
    if (only && (*out)->list != only->id)
        return bb_fail(&c->err, BB_ENOINPUT, "subscriber #%llu is on the list " BB_FMT ", not on " BB_FMT,
                       (unsigned long long)id, BB_ARG(cli_list_name(c, (*out)->list)), BB_ARG(only->name));
    *n = 1;
    return true;
}

static bool by_address(cli *c, const char *text, const bb_list *only, bb_subscriber **out, size_t *n)
{
    bb_address address;
    if (!bb_address_read(&c->arena, bb_cstr(text), &address, &c->err)) {
        c->err.code = BB_EUSAGE;
        return bb_fail_in(&c->err, "%s", text);
    }
    bb_lookup *lookups = bb_get_array(&c->arena, c->n_lists + 1, sizeof *lookups);
    *out = bb_get_array(&c->arena, c->n_lists + 1, sizeof **out);
    if (!lookups || !*out) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    size_t asked = 0;
    for (size_t i = 0; i < c->n_lists; i++)
        if (!only || only->id == c->lists[i].id)
            lookups[asked++] = (bb_lookup){.by = BB_BY_ADDRESS, .list = c->lists[i].id, .text = address.key};
    if (!bb_store_find(c->store, &c->arena, lookups, asked, &c->err)) return false;
    *n = 0;
    for (size_t i = 0; i < asked; i++)
        if (lookups[i].found == 1 &&
            !bb_store_subscriber(c->store, &c->arena, lookups[i].found_id, &(*out)[(*n)++], &c->err))
            return false;
    if (*n) return true;
    if (only) return bb_fail(&c->err, BB_ENOINPUT, "%s is not on the list " BB_FMT, text, BB_ARG(only->name));
    return bb_fail(&c->err, BB_ENOINPUT, "%s is on no list", text);
}

bool cli_who(cli *c, const char *text, const bb_list *only, bb_subscriber **out, size_t *n)
{
    uint64_t id;
    bb_str s = bb_cstr(text);
    if (!cli_lists(c)) return false;
    if (bb_starts(s, BB_S("#"))) s = bb_sub(s, 1, BB_NPOS);
    return bb_u64(s, &id) ? by_id(c, id, only, out, n) : by_address(c, text, only, out, n);
}
