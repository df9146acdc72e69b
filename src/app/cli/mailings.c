/* SPDX-License-Identifier: MIT
 *
 * Mailings as a person names them: by the name that they were added with, or by the number that return paths carry.
 */
#include "app/cli/cli.h"

/* Names before numbers: who calls his issues "1", "2", "3" means those. */
static bool named(const bb_mailing *m, bb_str name, uint64_t number)
{
    return number ? m->id == number : bb_eq(m->name, name);
}

static size_t search(const bb_mailing *all, size_t n, bb_str name, uint64_t number, bb_mailing *out)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (!named(&all[i], name, number)) continue;
        *out = all[i];
        found++;
    }
    return found;
}

bool cli_mailing(cli *c, const char *name, const bb_list *only, bb_mailing *out)
{
    bb_mailing *all;
    size_t n, found = 0;
    uint64_t number = 0;
    bb_str text = bb_cstr(name);
    bool hash = bb_starts(text, BB_S("#"));
    if (!bb_u64(hash ? bb_sub(text, 1, BB_NPOS) : text, &number)) number = 0;
    if (!bb_store_mailings(c->store, &c->arena, only ? only->id : 0, &all, &n, &c->err)) return false;
    if (!hash || !number) found = search(all, n, text, 0, out);
    if (!found && number) found = search(all, n, text, number, out);
    if (found == 1) return true;
    if (found && only)
        return bb_fail(&c->err, BB_EUSAGE, "there are several mailings \"%s\"; give its number, written #%u", name,
                       out->id);
    if (found) return bb_fail(&c->err, BB_EUSAGE, "several lists have a mailing \"%s\"; give --list NAME", name);
    return bb_fail(&c->err, BB_ENOINPUT,
                   "there is no mailing \"%s\"%s" BB_FMT "; \"bouncebox mailing show\" shows them", name,
                   only ? " of the list " : "", BB_ARG(only ? only->name : (bb_str){0}));
}
