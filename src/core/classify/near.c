/* SPDX-License-Identifier: MIT
 *
 * near: which rules without words a status, reply or host could fire, found by hashing, so that it costs the same
 * however many there are.
 *
 * A rule is entered under one thing that it asks for: its hosts, else its statuses, else its replies; where it asks for
 * neither (stage, "words none") under LOOSE, which is always looked under. All of its conditions are asked afterwards:
 * a key may be that of two.
 */
#include "core/classify/internal.h"

#define LOOSE  ((uint32_t)0)
#define STATUS ((uint32_t)1 << 30)
#define REPLY  ((uint32_t)2 << 30)
#define HOST   ((uint32_t)3 << 30)
#define ANY    1023 /* a pattern's x; parts of codes have at most three digits */

static uint32_t code_key(uint32_t what, bb_code3 code)
{
    uint32_t key = 0;
    for (int i = 0; i < 3; i++) key = key << 10 | (code.part[i] < 0 ? ANY : (uint32_t)code.part[i]);
    return what | key;
}

/* Names are hashed from their end, so that one pass gives those of all the domains that a host is in. */
static uint32_t with_byte(uint32_t hash, char c)
{
    return (hash ^ (unsigned char)bb_lower(c)) * 16777619U;
}

static uint32_t host_key(bb_str name)
{
    uint32_t hash = 0;
    for (size_t i = name.n; i > 0; i--) hash = with_byte(hash, name.p[i - 1]);
    return HOST | hash >> 2;
}

static bool enter(bb_rules *r, uint32_t rule, uint32_t key)
{
    bb_near *near = BB_PUSH(&r->arena, r->near, r->n_near, r->cap_near);
    uint32_t *head = near ? bb_map_put(&r->near_heads, key) : NULL;
    if (!head) return false;
    *near = (bb_near){rule, *head};
    *head = (uint32_t)(r->n_near - 1);
    return true;
}

bool bb_near_add(bb_rules *r, uint32_t rule)
{
    const bb_rule *it = &r->rules[rule];
    bool fine = true;
    for (size_t i = 0; fine && i < it->n_hosts; i++) {
        bool below = bb_istarts(it->hosts[i], BB_S("*."));
        fine = enter(r, rule, host_key(below ? bb_sub(it->hosts[i], 2, BB_NPOS) : it->hosts[i]));
    }
    if (it->n_hosts) return fine;
    for (size_t i = 0; fine && i < it->n_status; i++) fine = enter(r, rule, code_key(STATUS, it->status[i]));
    if (it->n_status) return fine;
    for (size_t i = 0; fine && i < it->n_reply; i++) fine = enter(r, rule, code_key(REPLY, it->reply[i]));
    return it->n_reply ? fine : enter(r, rule, LOOSE);
}

/* ---- what an evidence could fire ------------------------------------------------------------------------ */

static void put_codes(bb_near_keys *keys, uint32_t what, bb_code3 code)
{
    for (int any = 0; code.part[0] && any < 8; any++) {
        bb_code3 pattern = code;
        for (int i = 0; i < 3; i++)
            if (any & 1 << i) pattern.part[i] = -1;
        keys->keys[keys->n++] = code_key(what, pattern);
    }
}

static void put_hosts(bb_near_keys *keys, bb_str host)
{
    uint32_t hash = 0;
    for (size_t i = host.n; i > 0 && keys->n < BB_NEAR_KEYS; i--) {
        hash = with_byte(hash, host.p[i - 1]);
        if (i == 1 || host.p[i - 2] == '.') keys->keys[keys->n++] = HOST | hash >> 2;
    }
}

bb_near_keys bb_near_keys_of(const bb_evidence *e, const bb_codes *c)
{
    bb_near_keys keys = {.n = 2, .keys = {LOOSE, HOST}}; /* HOST alone is "*." */
    put_codes(&keys, STATUS, c->status);
    put_codes(&keys, REPLY, c->reply);
    put_hosts(&keys, e->host);
    return keys;
}

uint32_t bb_near_first(const bb_rules *r, uint32_t key)
{
    return bb_map_get(&r->near_heads, key);
}
