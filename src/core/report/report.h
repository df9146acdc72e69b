/* SPDX-License-Identifier: MIT
 *
 * report: a mail to what it reports (who, which MTA said what), whatever wrote it.
 *
 * An ordered table of formats (formats.c): RFC 3464 first, then complaint, auto-reply and receipt
 * formats, then the MTAs that write prose. A format that does not fit hands on to the next; formats
 * that know a family's prose may also complete rows that a structured part left thin.
 * The returned original is read for its headers only; words in it are never evidence.
 * Ownership  everything lives in the mail's arena or borrows from its bytes.
 * Limits     bb_report_options; reaching one marks the report truncated.
 * Errors     none: a mail that is no report has type BB_REPORT_NONE. Threads: no state.
 */
#ifndef BB_CORE_REPORT_H
#define BB_CORE_REPORT_H

#include "core/base/words.h"
#include "core/mail/mail.h"

typedef enum {
    BB_REPORT_NONE,      /* ordinary mail, or nothing we can read as a report */
    BB_REPORT_DELIVERY,  /* a DSN or a prose bounce: failed, delayed, delivered, relayed, expanded */
    BB_REPORT_COMPLAINT, /* RFC 5965 */
    BB_REPORT_AUTOREPLY, /* RFC 3834 and its header-less kin, vacation notices */
    BB_REPORT_RECEIPT,   /* RFC 8098 disposition notification */
    BB_REPORT_CHALLENGE, /* "confirm that you are a person" */
} bb_report_type;

/* What is said about one recipient. Empty string or 0: not said. */
typedef struct {
    bb_str
        recipient; /* the address it is about, bare: Original-Recipient where it names one, else Final-Recipient, else prose */
    bb_str original; /* Original-Recipient's address */
    bb_str final;    /* Final-Recipient's address (or X-Actual-Recipient where Final names none) */
    bb_action action;
    bb_str
        status; /* "5.1.1": what the refusing server put behind its code, else the field's; of 4.4.7, time ran out, the field's */
    int reply_code;    /* 550 */
    bb_str command;    /* the SMTP stage: CONN EHLO MAIL RCPT DATA (the final dot too), upper case */
    bb_str diagnostic; /* the refusing system's words, unfolded to one line, clean UTF-8 */
    bb_str remote_mta; /* host name that refused, without its type */
    bb_str text;       /* what the report's human part says about this recipient, one line */
    bb_str remark;     /* the comment behind the Status field's code */
    bool told;         /* the diagnostic is the human part's own words, and no system's reply */
    bool others;       /* the diagnostic was said of several recipients alike, or names another one and not him */
    bool of_sender;    /* the diagnostic names who sent the message, and not the recipient */
    bool passed_on;    /* the diagnostic speaks of an address of another domain, that the mail was passed on to */
} bb_rcpt_report;

/* Headers of the message that came back. */
typedef struct {
    bb_str message_id, subject, from, to, list_id, return_path;
    bb_str date;
} bb_original;

typedef struct {
    bb_report_type type;
    const char *format;    /* name of the row in the table that read it: "rfc3464", "exim", ... */
    bb_str reporting_mta;  /* host name, without its type */
    bb_str envelope_id;    /* Original-Envelope-Id, xtext undone */
    bb_str postfix_sender; /* X-Postfix-Sender's address */
    bb_str feedback_type;  /* of a complaint: "abuse", ... */
    bool arrived;          /* a receipt says that somebody or something took the message in: RFC 8098 section 3.2.6.2 */
    bb_str text;           /* the report's own human words, without the returned message */
    bb_str asserted;       /* what of the text's beginning is asserted, where a recipient has no words of his own */
    bb_str subject;        /* of the report itself, decoded */
    bb_rcpt_report *rcpts;
    size_t n_rcpts, cap_rcpts;
    bb_original original;
    const char *truncated; /* limit that cut, NULL: none did */
} bb_report;

typedef struct {
    size_t max_rcpts;      /* recipients of one report; default 1000 */
    size_t max_diagnostic; /* bytes of one diagnostic or text kept; default 4096 */
    const char *without;   /* name of one format to switch off (tests of the generic path); NULL: none */
} bb_report_options;
extern const bb_report_options bb_report_defaults;

void bb_report_read(bb_mail *m, const bb_report_options *opt, bb_report *out);

/* What of a report's text speaks about each of its recipients. It is read once for each, and says why at its beginning:
 * so the more there are, the less of it. */
bb_str bb_report_words_for_all(const bb_report *r);

/* What human words assert: without the subject of the message that came back and other titles that they quote, which
 * people write as they like, and without sentences that only ask or tell what may be. of_nobody: the words stand under
 * no recipient's address. */
bb_str bb_report_asserted(bb_arena *a, bb_str words, bb_str subject, bool of_nobody);

#endif
