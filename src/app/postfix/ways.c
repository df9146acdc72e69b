/* SPDX-License-Identifier: MIT
 *
 * Where Postfix takes mail for an address: aliases, class, transport (ADDRESS_REWRITING_README, ADDRESS_CLASS_README).
 */
#include "app/postfix/check.h"

#define ALIASES_MAX 8

bb_str check_domain_of(bb_str address)
{
    size_t at = bb_rchr(address, '@');
    return at == BB_NPOS ? (bb_str){0} : bb_sub(address, at + 1, BB_NPOS);
}

bb_str check_origin(checkup *k)
{
    bb_str value = postfix_value(k->in, "myorigin"), text, line;
    const char *path = bb_starts(value, BB_S("/")) ? bb_dup(&k->c->arena, value).p : NULL;
    bb_err err = {0};
    if (!path) return value;
    if (!bb_os_read_file(&k->c->arena, path, 4096, &text, &err) || !bb_line(&text, &line)) return (bb_str){0};
    return bb_trim(line);
}

bb_str check_value(checkup *k, const postfix_service *s, const char *name)
{
    for (size_t i = s ? s->n_arguments : 0; i-- > 1;) {
        bb_str set = s->arguments[i];
        size_t equals = bb_chr(set, '=');
        if (equals != BB_NPOS && bb_eq(s->arguments[i - 1], BB_S("-o")) &&
            bb_eq(bb_trim(bb_sub(set, 0, equals)), bb_cstr(name)))
            return bb_trim(bb_sub(set, equals + 1, BB_NPOS));
    }
    return postfix_value(k->in, name);
}

/* "-" is what compatibility_level makes of it: yes below 1 (postconf(5), master(5)). */
bool check_is_chrooted(checkup *k, const postfix_service *s)
{
    if (!s) return false;
    if (!bb_eq(s->chroot, BB_S("-"))) return bb_eq(s->chroot, BB_S("y"));
    return bb_eq(postfix_value(k->in, "compatibility_level"), BB_S("0"));
}

/* The first address that a virtual alias names; a bare user is one at myorigin. */
static bb_str first_address(checkup *k, bb_str value)
{
    bb_str word;
    if (!postfix_item(&value, &word)) return (bb_str){0};
    if (bb_chr(word, '@') != BB_NPOS) return word;
    return bb_cat(&k->c->arena, word, BB_S("@"), check_origin(k));
}

/* What canonical(5) makes of a recipient, before aliases are looked at (ADDRESS_REWRITING_README). */
static void follow_canonical(checkup *k, check_way *way)
{
    static const char *const maps[][2] = {{"recipient_canonical_maps", "recipient_canonical_classes"},
                                          {"canonical_maps", "canonical_classes"}};
    for (size_t i = 0; i < BB_COUNT(maps); i++) {
        if (bb_find(postfix_value(k->in, maps[i][1]), BB_S("envelope_recipient")) == BB_NPOS) continue;
        check_hit hit = check_find_address(k, postfix_value(k->in, maps[i][0]), way->address);
        if (!hit.found) continue;
        way->address = first_address(k, hit.value);
        way->aliased = true;
    }
}

static void follow_aliases(checkup *k, check_way *way)
{
    for (int i = 0; i < ALIASES_MAX; i++) {
        check_hit hit = check_find_address(k, postfix_value(k->in, "virtual_alias_maps"), way->address);
        bb_str next = hit.found ? first_address(k, hit.value) : (bb_str){0};
        if (!next.n || bb_ieq(next, way->address)) return;
        way->address = next;
        way->aliased = true;
    }
}

static check_hit find_transport(checkup *k, bb_str address)
{
    bb_str keys[16], domain = check_domain_of(address);
    size_t n = 0, dot;
    keys[n++] = address;
    keys[n++] = domain;
    for (bb_str rest = domain; n < BB_COUNT(keys) - 1 && (dot = bb_chr(rest, '.')) != BB_NPOS;) {
        rest = bb_sub(rest, dot, BB_NPOS);
        keys[n++] = rest;
        rest = bb_sub(rest, 1, BB_NPOS);
    }
    keys[n++] = BB_S("*");
    return check_find(k, postfix_value(k->in, "transport_maps"), keys, n);
}

static const struct {
    unsigned class;
    const char *parameter;
} transports[] = {
    {POSTFIX_LOCAL, "local_transport"},
    {POSTFIX_VIRTUAL_MAILBOX, "virtual_transport"},
    {POSTFIX_RELAY, "relay_transport"},
    {~0u, "default_transport"},
};

static void set_transport(check_way *way, bb_str value)
{
    size_t colon = bb_chr(value, ':');
    bb_str transport = bb_trim(bb_sub(value, 0, colon == BB_NPOS ? value.n : colon));
    if (transport.n) way->transport = transport;
    way->nexthop = colon == BB_NPOS ? (bb_str){0} : bb_trim(bb_sub(value, colon + 1, BB_NPOS));
}

check_way check_way_of(checkup *k, bb_str address)
{
    check_way way = {.address = address};
    bool known;
    follow_canonical(k, &way);
    follow_aliases(k, &way);
    way.classes = check_classes_of(k, check_domain_of(way.address), &known);
    size_t i = 0;
    while (!(transports[i].class & way.classes) && transports[i].class != ~0u) i++;
    way.from = bb_cstr(transports[i].parameter);
    set_transport(&way, postfix_value(k->in, transports[i].parameter));
    check_hit hit = find_transport(k, way.address);
    if (hit.found) {
        way.from = BB_S("transport_maps");
        set_transport(&way, hit.value);
    }
    const char *name = bb_dup(&k->c->arena, way.transport).p;
    way.service = name ? postfix_service_of(k->in, name, "unix") : NULL;
    return way;
}
