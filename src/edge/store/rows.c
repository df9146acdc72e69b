/* SPDX-License-Identifier: MIT
 *
 * What rows of every driver have in common: the content ids of facts, and text that any database takes.
 */
#include <stdlib.h>
#include <string.h>

#include "edge/store/internal.h"

/* ---- content ids ------------------------------------------------------------------------------------ */

static void hash_number(bb_hasher *h, uint64_t v)
{
    char octets[8];
    for (int i = 0; i < 8; i++) octets[i] = (char)(unsigned char)(v >> (8 * i));
    bb_hash_put(h, (bb_str){octets, sizeof octets});
}

bb_hash bb_reading_id(const bb_hash *report_key, uint32_t position)
{
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, BB_S("reading"));
    bb_hash_field(&h, (bb_str){(const char *)report_key->b, sizeof report_key->b});
    hash_number(&h, position);
    return bb_hash_end(&h);
}

bb_hash bb_fact_id(const bb_row_fact *row)
{
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_field(&h, BB_S("fact"));
    hash_number(&h, (uint64_t)row->fact.type);
    hash_number(&h, (uint64_t)row->fact.time);
    hash_number(&h, row->subscriber);
    hash_number(&h, (uint64_t)row->fact.set_status);
    hash_number(&h, (uint64_t)row->fact.set_until);
    bb_hash_field(&h, row->note);
    bb_hash_field(&h, row->address);
    return bb_hash_end(&h);
}

/* ---- look-ups ---------------------------------------------------------------------------------------- */

bool bb_lookup_asks(bb_lookup *l)
{
    l->found = 0;
    l->found_id = 0;
    l->found_list = 0;
    l->found_address = (bb_str){0};
    if (l->by == BB_BY_ID) return l->subscriber && l->subscriber <= BB_SUBSCRIBER_MAX;
    return l->text.n && bb_is_store_text(l->text);
}

/* Of several none is the answer. */
bool bb_lookup_found(bb_lookup *l, uint64_t id, uint32_t list, bb_str address)
{
    bool first = l->found++ == 0;
    l->found_id = first ? id : 0;
    l->found_list = first ? list : 0;
    l->found_address = first ? address : (bb_str){0};
    return !first;
}

/* ---- lists ---------------------------------------------------------------------------------------------- */

static int by_id(const void *left, const void *right)
{
    uint32_t x = ((const bb_list *)left)->id, y = ((const bb_list *)right)->id;
    return (x > y) - (x < y);
}

const bb_list *bb_list_with(const bb_list *lists, size_t n, uint32_t id)
{
    const bb_list wanted = {.id = id};
    return n ? bsearch(&wanted, lists, n, sizeof *lists, by_id) : NULL;
}

/* ---- errors ------------------------------------------------------------------------------------------ */

bool bb_ids_used_up(bb_err *err, const char *what, int bits)
{
    return bb_fail(err, BB_EDATA,
                   "the ids of %s are used up: return paths carry them in %d bits; start a new database for new ones",
                   what, bits);
}

bool bb_out_of_memory(bb_err *err)
{
    return bb_fail(err, BB_ENOMEM, "out of memory: nothing was stored; smaller batches or shorter histories need less");
}

/* ---- text --------------------------------------------------------------------------------------------- */

bool bb_is_store_text(bb_str s)
{
    return s.n <= BB_TEXT_MAX && (!s.n || !memchr(s.p, '\0', s.n)) && bb_utf8_valid(s);
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

bb_str bb_store_text(bb_arena *a, bb_str s)
{
    if (bb_is_store_text(s)) return s;
    if (s.n > BB_TEXT_MAX) {
        size_t end = BB_TEXT_MAX; /* never within a character */
        for (int i = 0; i < 3 && continues(s.p[end]); i++) end--;
        s = bb_sub(s, 0, end);
    }
    char *p = bb_get(a, s.n + 1);
    if (!p) return (bb_str){0};
    for (size_t i = 0; i < s.n; i++) p[i] = s.p[i] ? s.p[i] : '?';
    return bb_utf8_clean(a, (bb_str){p, s.n});
}

bb_str bb_key_domain(bb_str key)
{
    size_t at = bb_rchr(key, '@');
    return at == BB_NPOS ? (bb_str){0} : bb_sub(key, at + 1, BB_NPOS);
}
