/* SPDX-License-Identifier: MIT
 *
 * net: what is on the other side of a socket, asked by commands that look at what others run.
 *
 * dial  a dialogue of lines with an SMTP or LMTP server (RFC 5321 section 4.2, RFC 2033): one connection, blocking, with an
 *       end for all of it.
 * dns   records of a name, by the resolver that the system has or by one that is named. No cache, no recursion of ours.
 * Limits  a reply of 512 lines, a line of 2000 octets, 64 records of 64 KiB together.
 * Errors  bb_err. Ownership: results live in the arena given. Threads: no state of its own.
 */
#ifndef BB_EDGE_NET_H
#define BB_EDGE_NET_H

#include "core/base/base.h"

/* ---- dial.c ------------------------------------------------------------------------------------------------ */

typedef struct {
    int fd;
    double end; /* bb_os_monotonic */
    char in[4096];
    size_t from, to; /* of `in`: received and not used yet */
} bb_dial;

/* To a unix socket, or to a port of a host, name or number. From here on everything is over after so many seconds. False:
 * nothing is open. */
bool bb_dial_unix(const char *path, double seconds, bb_dial *out, bb_err *err) BB_MUST_USE;
bool bb_dial_inet(const char *host, const char *port, double seconds, bb_dial *out, bb_err *err) BB_MUST_USE;
/* Sends the line (NULL: nothing) and takes the reply to it: its code, and its lines without the codes, LF between. */
bool bb_dial_ask(bb_dial *d, bb_arena *a, const char *line, int *code, bb_str *text, bb_err *err) BB_MUST_USE;
void bb_dial_end(bb_dial *d);

/* ---- dns.c ------------------------------------------------------------------------------------------------- */

typedef enum { BB_DNS_A = 1, BB_DNS_MX = 15, BB_DNS_TXT = 16, BB_DNS_AAAA = 28 } bb_dns_type;

/* The strings of a TXT record one behind the other, the host of an MX ("" for the null MX of RFC 7505), no more than the
 * number of A and AAAA. `server`: "ADDRESS" or "ADDRESS:PORT" of IPv4; NULL: the system's. No such name and no such
 * records are no error: *n is 0. A timeout or a server that fails is one, BB_EIO. */
bool bb_dns_ask(bb_arena *a, const char *server, bb_str name, bb_dns_type type, bb_str **records, size_t *n,
                bb_err *err) BB_MUST_USE;

#endif
