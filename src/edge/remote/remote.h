/* SPDX-License-Identifier: MIT
 *
 * remote: a mailbox on a server, read by IMAP or POP3. libcurl connects, makes TLS of it and logs in; what is said from
 * there on is ours (core/wire reads it), so that nothing is marked as read, or taken away, that is not stored yet.
 *
 * Order      IMAP: by UID; POP3: as the server counts. Between two calls nothing is under way on the connection.
 * Memory     one message, or many small ones of 512 KiB together; and for each that the mailbox holds 12 octets, by
 *            POP3 100.
 * Limits     messages are cut at BB_MESSAGE_MAX and marked; a mailbox has 5 million messages at most, an answer half an
 *            hour, and a server that says nothing for a minute is gone. Beyond that it is an error.
 * Errors     BB_EAWAY: not there, broken off, or busy: try again; BB_ELOGIN: it refuses us, or we it (its certificate);
 *            BB_ENOINPUT: no such mailbox; BB_EDATA: it does not keep to the protocol.
 * Threads    one at a time for each bb_remote. It calls curl_global_init(), which is safe since libcurl 7.84.
 */
#ifndef BB_EDGE_REMOTE_H
#define BB_EDGE_REMOTE_H

#include "edge/os/os.h"

typedef struct {
    const char *scheme; /* "imaps" */
    const char *user;   /* "" where the URL names none */
    const char *host;   /* as in the URL, an IPv6 address in its brackets */
    uint16_t port;
    const char *mailbox; /* UTF-8; "INBOX" where the URL names none; of POP3 always */
} bb_remote_url;

/* imap, imaps, pop3 or pop3s. */
bool bb_remote_is_url(const char *text);
/* "imaps://user@host:port/mailbox", with %XX, and an @ in the user as it is. BB_EUSAGE; a password in it is refused. */
bool bb_remote_read_url(bb_arena *a, const char *text, bb_remote_url *out, bb_err *err) BB_MUST_USE;

typedef struct {
    bb_remote_url url;
    const char *password; /* or the token, NULL the other */
    const char *token;    /* OAuth 2.0 bearer token: OAUTHBEARER or XOAUTH2, as the server has it */
    const char *ca;       /* file of certificates to trust; NULL: the system's */
    bool cleartext;       /* imap and pop3 may go without TLS to other machines, too */
    bb_done done;         /* POP3 can only KEEP and DELETE */
    const char *into;     /* of MOVE: a mailbox */
    bool (*stop)(void);   /* asked while waiting: true ends the waiting. NULL: never */
    /* What was read: of IMAP one record for the mailbox, of POP3 one a message. NULL: all is to be read. With KEEP what is
     * known is passed over; with SEEN unless it is not marked; else it is read again, since it should have gone. */
    bb_progress_fn known;
    void *known_ctx;
} bb_remote_options;

typedef struct bb_remote bb_remote;

/* What the options point to must live as long as the mailbox. */
bool bb_remote_open(const bb_remote_options *o, bb_remote **out, bb_err *err) BB_MUST_USE;
/* As bb_mailbox_next; out->id names the message for bb_remote_put_away. Where the connection is gone, -1 once, and then 0. */
int bb_remote_next(bb_remote *r, bb_mailbox_message *out, bb_err *err);
/* Does what the options say with messages that are stored. What fails leaves them where they are. */
bool bb_remote_put_away(bb_remote *r, const uint64_t *ids, size_t n, bb_err *err) BB_MUST_USE;
/* Takes leave, which with POP3 is what makes deletions happen. It is closed whatever this answers. */
bool bb_remote_close(bb_remote **r, bb_err *err);

#endif
