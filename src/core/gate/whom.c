/* SPDX-License-Identifier: MIT
 *
 * Whose mail is meant: networks and senders, as the configuration lists them.
 */
#include <arpa/inet.h>

#include "core/base/address.h"
#include "core/gate/gate.h"

#define ADDRESS_TEXT 46 /* octets of the longest address, with its NUL */

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* The next of several words, between blanks and commas. */
static bool next_word(bb_str *rest, bb_str *word)
{
    size_t from = 0, to;
    while (from < rest->n && is_between(rest->p[from])) from++;
    for (to = from; to < rest->n && !is_between(rest->p[to]);) to++;
    *word = bb_sub(*rest, from, to - from);
    *rest = bb_sub(*rest, to, BB_NPOS);
    return word->n > 0;
}

/* ---- networks -------------------------------------------------------------------------------------- */

static bool read_octets(bb_str text, bb_network *out)
{
    char copy[ADDRESS_TEXT];
    if (!text.n || text.n >= sizeof copy || memchr(text.p, '\0', text.n)) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    out->v6 = bb_chr(text, ':') != BB_NPOS;
    return inet_pton(out->v6 ? AF_INET6 : AF_INET, copy, out->octets) == 1;
}

static unsigned mask_of(const bb_network *n, size_t octet)
{
    unsigned left = n->bits > 8 * octet ? n->bits - 8 * (unsigned)octet : 0;
    return left >= 8 ? 0xFFU : (0xFF00U >> left) & 0xFFU;
}

static bool read_network(bb_str word, bb_network *out, bb_err *err)
{
    size_t slash = bb_chr(word, '/');
    bb_str address = bb_sub(word, 0, slash), digits = slash == BB_NPOS ? (bb_str){0} : bb_sub(word, slash + 1, BB_NPOS);
    uint64_t bits;
    *out = (bb_network){0};
    if (address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
        address = bb_sub(address, 1, address.n - 2);
    bool good = read_octets(address, out);
    uint64_t most = out->v6 ? 128 : 32;
    if (slash == BB_NPOS) bits = most;
    else good = good && bb_u64(digits, &bits) && bits <= most;
    if (!good)
        return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is no network: write 192.0.2.0/24 or [2001:db8::]/32",
                       BB_ARG(bb_sub(word, 0, 60)));
    out->bits = (unsigned)bits;
    for (size_t i = 0; i < sizeof out->octets; i++)
        if (out->octets[i] & ~mask_of(out, i))
            return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" has bits behind its mask: is the mask right?",
                           BB_ARG(bb_sub(word, 0, 60)));
    return true;
}

bool bb_networks_read(bb_arena *a, bb_str text, bb_network **out, size_t *n, bb_err *err)
{
    bb_str rest = text, word;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    while (next_word(&rest, &word)) {
        bb_network *slot = BB_PUSH(a, *out, *n, cap);
        if (!slot) return bb_fail(err, BB_ENOMEM, "no memory for networks");
        if (!read_network(word, slot, err)) return false;
    }
    return true;
}

static bool is_in(const bb_network *n, const bb_network *address)
{
    if (n->v6 != address->v6) return false;
    for (size_t i = 0; i < (n->v6 ? 16U : 4U); i++)
        if ((n->octets[i] ^ address->octets[i]) & mask_of(n, i)) return false;
    return true;
}

bool bb_networks_have(const bb_network *networks, size_t n, bb_str address)
{
    bb_network read = {0};
    if (!n || !read_octets(address, &read)) return false;
    for (size_t i = 0; i < n; i++)
        if (is_in(&networks[i], &read)) return true;
    return false;
}

/* ---- senders ----------------------------------------------------------------------------------------- */

/* "@domain" of an address; empty: none, or no memory. */
static bb_str at_domain(bb_arena *a, bb_str domain)
{
    return bb_cat(a, BB_S("@"), domain, BB_S(""));
}

static bool read_sender(bb_arena *a, bb_str word, bb_str *out, bb_err *err)
{
    bb_address read;
    bool whole = word.p[0] == '@';
    if (bb_chr(word, '@') == BB_NPOS) {
        *out = bb_lowered(a, word);
        return true;
    }
    if (!bb_address_read(a, whole ? bb_cat(a, BB_S("x"), word, BB_S("")) : word, &read, NULL))
        return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is none: write news@example.com, @example.com or a SASL login",
                       BB_ARG(bb_sub(word, 0, 60)));
    *out = whole ? at_domain(a, read.domain) : read.key;
    return true;
}

bool bb_senders_read(bb_arena *a, bb_str text, bb_str **out, size_t *n, bb_err *err)
{
    bb_str rest = text, word;
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    while (next_word(&rest, &word)) {
        bb_str *slot = BB_PUSH(a, *out, *n, cap);
        if (slot && !read_sender(a, bb_dup(a, word), slot, err)) return false;
        if (!slot || a->failed) return bb_fail(err, BB_ENOMEM, "no memory for senders");
    }
    return true;
}

bool bb_senders_have(bb_arena *a, const bb_str *senders, size_t n, bb_str sender, bb_str login)
{
    bb_address read = {0};
    if (!n) return false;
    bool known = bb_address_read(a, sender, &read, NULL);
    bb_str domain = known ? at_domain(a, read.domain) : (bb_str){0};
    for (size_t i = 0; i < n; i++)
        if ((known && (bb_eq(senders[i], read.key) || bb_eq(senders[i], domain))) ||
            (login.n && bb_ieq(senders[i], login)))
            return true;
    return false;
}
