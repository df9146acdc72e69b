/* SPDX-License-Identifier: MIT
 *
 * pop3: what a server of POP3 says to a client (RFC 1939), read.
 *
 * Lines come without their end. As in imap.h, the server is a stranger.
 * Ownership  what is read is borrowed from the line. Threads: no state but the reader of a message.
 */
#ifndef BB_CORE_WIRE_POP3_H
#define BB_CORE_WIRE_POP3_H

#include "core/base/base.h"

/* Octets of a line with its end. Lines of answers have 512 (RFC 2449 section 4); some servers say more. */
#define BB_POP3_LINE_MAX 1024

typedef enum { BB_POP3_OK, BB_POP3_ERROR, BB_POP3_NOTHING /* no answer at all */ } bb_pop3_answer;
bb_pop3_answer bb_pop3_read(bb_str line, bb_str *text);

/* A line of what LIST answers: "1 120". False: malformed. */
bool bb_pop3_size(bb_str line, uint32_t *message, uint64_t *size);
/* A line of what UIDL answers: "1 whqtswO00WBw418f9t5JxYwZ", a name of 1 to 70 printable characters (section 7). */
bool bb_pop3_uidl(bb_str line, uint32_t *message, bb_str *uidl);

/* The lines of a message, dots undone, up to the line that is only a dot. {0} is its start. */
typedef struct {
    int state;
} bb_pop3_data;
/* Takes octets, as many as it answers. *chunk: what they mean, borrowed; may be empty. *ended: it was the end. */
size_t bb_pop3_take(bb_pop3_data *d, bb_str in, bb_str *chunk, bool *ended);

#endif
