/* SPDX-License-Identifier: MIT
 *
 * A batch of an import as if it were stored. Whoever is there is looked up; who would be added further up in the file is
 * known by a hash of his address, and so are the ids that those would have.
 */
#include <string.h>

#include "app/cli/cmd_import.h"

static uint64_t hash_of(char what, bb_str text)
{
    bb_hasher h;
    uint64_t first;
    bb_hash_init(&h);
    bb_hash_field(&h, (bb_str){&what, 1});
    bb_hash_field(&h, text);
    bb_hash whole = bb_hash_end(&h);
    memcpy(&first, whole.b, sizeof first);
    return first;
}

static bool rehearse(met *m, bb_item *item, const bb_lookup *by_address, const bb_lookup *by_id, bool *before)
{
    uint64_t address = hash_of('a', item->address.key), id = hash_of('i', item->external_id);
    bool named = item->external_id.n, there = by_address->found;
    *before = met_has_hash(m, address);
    bool taken = named && by_id->found && (!there || by_id->found_id != by_address->found_id);
    if (named && !there && !*before) taken |= met_has_hash(m, id);
    item->subscriber = by_address->found_id;
    item->result = taken ? BB_RESULT_REFUSED : there || *before ? BB_RESULT_DUPLICATE : BB_RESULT_STORED;
    item->why = "another subscriber of the list has that external id"; /* where it is refused */
    return taken || (met_hash(m, address) && (!named || met_hash(m, id)));
}

bool import_rehearse(cli *c, bb_arena *a, met *m, bb_item *items, size_t n, bool *before)
{
    bb_lookup *by_address = bb_get_array(a, n, sizeof *by_address), *by_id = bb_get_array(a, n, sizeof *by_id);
    if (!by_address || !by_id) return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    for (size_t i = 0; i < n; i++) {
        by_address[i] = (bb_lookup){.by = BB_BY_ADDRESS, .list = items[i].list, .text = items[i].address.key};
        by_id[i] = (bb_lookup){.by = BB_BY_EXTERNAL_ID, .list = items[i].list, .text = items[i].external_id};
    }
    if (!bb_store_find(c->store, a, by_address, n, &c->err) || !bb_store_find(c->store, a, by_id, n, &c->err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!rehearse(m, &items[i], &by_address[i], &by_id[i], &before[i]))
            return bb_fail(&c->err, BB_ENOMEM, "no memory for the rehearsal");
    return true;
}
