/* SPDX-License-Identifier: MIT
 *
 * Records by libc's resolver, which retries, falls back to TCP and knows what a truncated answer is; read here (RFC 1035
 * section 4), since what it says came from a stranger.
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "edge/net/net.h"

#define ANSWER_MAX  65535
#define RECORDS_MAX 64

/* "127.0.0.1" or "127.0.0.1:5353" instead of the system's. */
static bool use_server(struct __res_state *state, const char *server, bb_err *err)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    char host[INET_ADDRSTRLEN];
    bb_str rest = bb_cstr(server), address;
    uint64_t port = 53;
    bb_split(&rest, ':', &address);
    bool good = address.n && address.n < sizeof host && (!rest.n || (bb_u64(rest, &port) && port && port < 65536));
    if (good) {
        memcpy(host, address.p, address.n);
        host[address.n] = '\0';
        to.sin_port = htons((uint16_t)port);
        good = inet_pton(AF_INET, host, &to.sin_addr) == 1;
    }
    if (!good) return bb_fail(err, BB_EUSAGE, "%s: a resolver is an IPv4 address, or ADDRESS:PORT", server);
    state->nscount = 1;
    state->nsaddr_list[0] = to;
    return true;
}

/* A record's data as this module tells it; false: it is broken. */
static bool read_data(bb_arena *a, const unsigned char *whole, const unsigned char *end, const unsigned char *data,
                      size_t n, bb_dns_type type, bb_str *out)
{
    char host[NS_MAXDNAME];
    bb_buf text = bb_buf_in(a, n);
    switch (type) {
    case BB_DNS_A:
    case BB_DNS_AAAA: *out = bb_dup(a, BB_S("")); return true;
    case BB_DNS_MX:
        if (n < 3 || dn_expand(whole, end, data + 2, host, sizeof host) < 0) return false;
        *out = bb_dup(a, bb_cstr(host));
        return true;
    case BB_DNS_TXT:
        for (size_t at = 0; at < n; at += 1 + data[at]) {
            if (data[at] > n - at - 1) return false;
            bb_put(&text, (bb_str){(const char *)data + at + 1, data[at]});
        }
        *out = bb_buf_str(&text);
        return true;
    }
    return false;
}

static uint16_t number(const unsigned char *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Of the answers those of the type asked for; a CNAME among them is the resolver's business. */
static bool read_answer(bb_arena *a, const unsigned char *whole, size_t n_whole, bb_dns_type type, bb_str *records,
                        size_t *n)
{
    const unsigned char *end = whole + n_whole, *at = whole + NS_HFIXEDSZ;
    if (n_whole < NS_HFIXEDSZ) return false;
    for (int left = number(whole + 4); left > 0; left--) {
        int name = dn_skipname(at, end);
        if (name < 0 || end - at < name + NS_QFIXEDSZ) return false;
        at += name + NS_QFIXEDSZ;
    }
    for (int left = number(whole + 6); left > 0 && *n < RECORDS_MAX; left--) {
        int name = dn_skipname(at, end);
        if (name < 0 || end - at < name + NS_RRFIXEDSZ) return false;
        at += name;
        size_t length = number(at + 8);
        if ((size_t)(end - at) < NS_RRFIXEDSZ + length) return false;
        if (number(at) == type && !read_data(a, whole, end, at + NS_RRFIXEDSZ, length, type, &records[(*n)++]))
            return false;
        at += NS_RRFIXEDSZ + length;
    }
    return true;
}

static bool ask(struct __res_state *state, bb_arena *a, const char *name, bb_dns_type type, bb_str *records, size_t *n,
                bb_err *err)
{
    unsigned char *answer = bb_get(a, ANSWER_MAX);
    if (!answer) return bb_fail(err, BB_ENOMEM, "no memory for an answer");
    int got = res_nquery(state, name, ns_c_in, (int)type, answer, ANSWER_MAX);
    if (got < 0) {
        if (state->res_h_errno == HOST_NOT_FOUND || state->res_h_errno == NO_DATA) return true;
        return bb_fail(err, BB_EIO, "%s: the resolver does not answer, or fails", name);
    }
    bool good = read_answer(a, answer, (size_t)got > ANSWER_MAX ? ANSWER_MAX : (size_t)got, type, records, n);
    return (good && !a->failed) || bb_fail(err, BB_EIO, "%s: the resolver's answer is broken", name);
}

bool bb_dns_ask(bb_arena *a, const char *server, bb_str name, bb_dns_type type, bb_str **records, size_t *n,
                bb_err *err)
{
    struct __res_state state;
    memset(&state, 0, sizeof state);
    *n = 0;
    *records = bb_get_array(a, RECORDS_MAX, sizeof **records);
    bb_str text = bb_dup(a, name);
    if (!*records || !text.p) return bb_fail(err, BB_ENOMEM, "no memory for records");
    if (res_ninit(&state) < 0) return bb_fail(err, BB_EIO, "the resolver's configuration cannot be read");
    state.retrans = 2;
    state.retry = 2;
    bool good = (!server || use_server(&state, server, err)) && ask(&state, a, text.p, type, *records, n, err);
    res_nclose(&state);
    return good;
}
