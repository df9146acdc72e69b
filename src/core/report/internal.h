/* SPDX-License-Identifier: MIT
 *
 * What the files of report share: a report taken apart (anatomy), what it announces, how its prose is
 * read, and the rows that come of it.
 */
#ifndef BB_CORE_REPORT_INTERNAL_H
#define BB_CORE_REPORT_INTERNAL_H

#include "core/base/address.h"
#include "core/report/report.h"

/* What the message's own header and words say it is; bits of bb_ctx.signs. */
enum {
    BB_SIGN_NULL_SENDER = 1 << 0, /* empty return path or empty From: only programs write so (RFC 5321 section 4.5.5) */
    BB_SIGN_DAEMON = 1 << 1,      /* From is a mail system's: MAILER-DAEMON, postmaster, "Mail Delivery Subsystem" */
    BB_SIGN_DSN = 1 << 2,         /* multipart/report of report-type delivery-status, or X-Failed-Recipients */
    BB_SIGN_SUBJECT = 1 << 3,     /* the subject announces a failure or a delay */
    BB_SIGN_TEXT = 1 << 4,        /* its own words do */
    BB_SIGN_DELAYED = 1 << 5,     /* still being retried */
    BB_SIGN_REPLY = 1 << 6,       /* "Re:", "Fwd:": somebody writes about something */
    BB_SIGN_LIST = 1 << 7,        /* List-Id and the like: went to many */
    BB_SIGN_AUTO = 1 << 8,        /* says that it was written automatically (RFC 3834 section 5 and older marks) */
    BB_SIGN_UNASKED = 1 << 9,     /* "auto-generated": answers nothing, though some mail systems mark bounces so */
    BB_SIGN_SENDER = 1 << 10,     /* the return path is somebody's, who is no mail system */
    BB_SIGN_TO_SELF = 1 << 11,    /* and the mail goes to him */
    BB_SIGN_PASSED_ON = 1 << 12,  /* "Fwd:": somebody passes on what he got */
    BB_SIGN_BULK = 1 << 13,       /* says that it went to many, though it names no list */
    BB_SIGN_DESK = 1 << 14,       /* a desk's answer that it took in what was written to it */
    BB_SIGN_SUMMARY = 1 << 15, /* the subject begins as one of a digest does; behind a mark it may be the original's */
};

typedef struct {
    bb_str key;  /* of his address */
    bool sender; /* the message that came back was his; else he only reports */
} bb_somebody;

/* Under which addresses a row is known. */
typedef struct {
    bb_str recipient, final; /* keys; final empty: not said */
} bb_row_keys;

/* The lists, one a file of words/. A phrase is in lower case, with one space where any white space may stand; it begins at
 * the beginning of a word, or with the last of several spaces, and may end within a word. */
typedef enum {
    BB_WORDS_ANNOUNCED,  /* by which a message says what it is: bits of BB_SAYS_* */
    BB_WORDS_CONTEXTS,   /* before an address, what they make of it: BB_CONTEXT_* */
    BB_WORDS_DAEMONS,    /* how mail systems sign */
    BB_WORDS_DOUBTS,     /* by which prose does not assert: BB_DOUBT_* */
    BB_WORDS_EXPIRED,    /* no further attempts, said of one recipient */
    BB_WORDS_FOOTERS,    /* that companies put below every mail of theirs */
    BB_WORDS_HOSTS,      /* before a host's name */
    BB_WORDS_SEPARATORS, /* before the message that came back */
    BB_WORDS_STAGES,     /* at which a server refused: BB_STAGE_* */
    BB_WORDS_LISTS,
    BB_WORDS_ALL = BB_WORDS_LISTS
} bb_words;

/* A phrase that stands in a text. */
typedef struct {
    uint32_t at, len;
    int16_t sense;
    uint8_t list;
} bb_phrase_found;
/* Those of all lists, in order, of several at one place the longest of each list. */
typedef struct {
    bb_str text; /* of at most 4 GiB */
    bb_phrase_found *items;
    size_t n, cap;
} bb_phrases_found;

typedef struct {
    bb_mail *m;
    bb_arena *a;
    const bb_report_options *opt;
    bb_report *r;
    unsigned signs;
    unsigned subject_says, text_says; /* BB_SAYS_* of the subject and of the first words ... */
    bool words_read;                  /* ... which were asked, and their signs are among the others */
    bb_phrases_found found;           /* in r->text, once words_read */
    const bb_part *returned;          /* holds the fields of the message that came back; NULL: none did */
    bb_str from;                      /* address of the report's author */
    bool others_read;                 /* by who asked first for these: */
    bb_somebody *not_rcpts;           /* somebody else: who sent, who reports */
    size_t n_not_rcpts, cap_not_rcpts;
    bb_row_keys *row_keys; /* of r->rcpts, by place */
    size_t n_row_keys, cap_row_keys;
    bb_address cleaned; /* the last one, whose key is mostly wanted next */
} bb_ctx;
/* The report's own words without the returned message stand in r->text: UTF-8, lines ended by LF. */

/* ---- anatomy.c: parts, own words, returned message ------------------------------------------------ */

void bb_anatomy_read(bb_ctx *c);
/* A text without the sentences of companies' footers ("if this has reached you in error, tell the sender ..."). */
bb_str bb_without_footers(bb_arena *a, bb_str text); /* asserted.c */
/* bb_report_asserted() of words that may be a piece of what was read. */
bb_str bb_asserted(bb_arena *a, const bb_phrases_found *read, bb_str words, bb_str subject,
                   bool of_nobody); /* asserted.c */
/* A text without the titles of messages that it quotes; `subject`: one that is known. */
bb_str bb_without_titles(bb_arena *a, bb_str t, bb_str subject); /* asserted.c */
bool bb_only_titles(bb_arena *a, bb_str t);                      /* is nothing else in it? asserted.c */
/* Adds what stands in parts of types that nobody knew to the report's own words. */
void bb_anatomy_add_rest(bb_ctx *c);
/* Next part of the report itself, in reading order from the root on (NULL: the root); what came back
 * is left out. */
const bb_part *bb_own_next(const bb_ctx *c, const bb_part *p);
const bb_part *bb_own_part(const bb_ctx *c, const char *type); /* first of that type or NULL */
/* Divides prose where the returned message begins; *returned stands at or before its first field. */
void bb_prose_divide(bb_str prose, bb_str *own, bb_str *returned);
/* A part whose fields are those of the header block at the beginning of a text. */
const bb_part *bb_header_block(bb_ctx *c, bb_str text);

/* ---- signs.c: what kind of message this is ---------------------------------------------------------- */

/* Those of the header. What a report in a form says in its own words is seldom asked. */
void bb_signs_read(bb_ctx *c);
/* And those of the words: SUBJECT, TEXT, DELAYED, DESK and SUMMARY. From then on the words were read for all lists. */
void bb_signs_of_words(bb_ctx *c);
/* Reads the words again, of which there are more now. */
void bb_words_read(bb_ctx *c);
/* It says of itself that something was not delivered, and comes from where such mail comes from. */
bool bb_announces(bb_ctx *c);
/* It holds what such mail has however it is worded: its form, the message that came back, what an SMTP server said, or a
 * list of addresses. What answers by itself announces failures, too ("your request could not be delivered"). */
bool bb_has_evidence(bb_ctx *c);
bool bb_is_not_rcpt(bb_ctx *c, bb_str address);
bool bb_is_sender(bb_ctx *c, bb_str key);
/* Is it at the domain of who sent the message? Lists and roles are addressed there, and passed on to whom nobody names. */
bool bb_is_at_senders_domain(bb_ctx *c, bb_str key);

/* ---- phrases.c: fixed words looked for in texts ------------------------------------------------------ */

enum { BB_SAID = 1 }; /* the sense of lists that have one only */

enum {
    BB_SAYS_FAILED = 1 << 0,
    BB_SAYS_DELAYED = 1 << 1, /* still trying */
    BB_SAYS_LATE = 1 << 2,    /* "delayed", which people write, too */
    BB_SAYS_GAVE_UP = 1 << 3,
    BB_SAYS_AWAY = 1 << 4,      /* subject of an answering machine */
    BB_SAYS_ANSWERED = 1 << 5,  /* body of one */
    BB_SAYS_CHALLENGE = 1 << 6, /* "confirm that you are a person" */
    BB_SAYS_RECEIVED = 1 << 7,  /* "your request was received" */
    BB_SAYS_SUMMARY = 1 << 8,   /* "daily report": of many messages, or of sessions */
    BB_SAYS_REPLIED = 1 << 9,   /* a server, in words that anybody quotes */
    BB_SAYS_CLOSED = 1 << 11,   /* a list, to people who may not post */
    BB_SAYS_LEFT = 1 << 12,     /* of somebody, who is gone from where he worked */
    BB_SAYS_ELSE = 1 << 10,     /* what will be, mail to the reader, his password: no mail of his that failed */
};

/* How plainly an address is presented as a recipient. */
enum {
    BB_CONTEXT_NOT = -1,
    BB_CONTEXT_UNSAID,
    BB_CONTEXT_COPIED,
    BB_CONTEXT_NAMED,
    BB_CONTEXT_MEANT,
    BB_CONTEXT_LISTED
};

/* How far a doubt reaches: over its whole sentence, or from where it stands to the sentence's end. OR: one of two things
 * that a text names that stands under nobody's address; said of somebody it only chooses its words ("disabled or
 * discontinued"). NONE: no doubt, though it looks like one. */
enum { BB_DOUBT_NONE, BB_DOUBT_WHOLE, BB_DOUBT_ONWARDS, BB_DOUBT_OR };

enum { BB_STAGE_NONE, BB_STAGE_CONN, BB_STAGE_EHLO, BB_STAGE_MAIL, BB_STAGE_RCPT, BB_STAGE_DATA };

/* The tables that words.py makes of the lists: one trie for all of them, which begins behind the first two bytes. */
typedef struct {
    uint16_t child, end; /* first child; first end; 0: none */
    uint16_t lists;      /* of phrases that end here or below, a bit each */
    uint16_t tail;       /* signs that nothing branches off from, ... */
    uint8_t n;           /* ... so many, behind ... */
    uint8_t children;
    unsigned char byte; /* ... the one that leads here */
} bb_word_node;
typedef struct {
    uint16_t node, next; /* next: another one of the same place */
    unsigned char first, second;
    uint16_t lists;
} bb_word_start;
typedef struct {
    uint32_t four; /* signs of plain ASCII, the first one highest; 0: none */
    uint16_t node; /* behind them */
    bool shorter;  /* some phrase ends before there */
} bb_word_four;
typedef struct {
    uint8_t list;
    bool more; /* the next one ends at the same node */
    int16_t sense;
} bb_word_end;
#define BB_WORD_PLACES     1024
#define BB_WORD_FOUR_BITS  12 /* of a hash of four signs: a place */
#define BB_WORD_FOURS      (1U << BB_WORD_FOUR_BITS)
#define BB_WORD_FIRST_BITS 15 /* of a hash of the first four bytes: a bit */
#define BB_WORD_FIRSTS     (1U << BB_WORD_FIRST_BITS)
/* A letter or digit of ASCII; a byte with which a phrase of the set may begin. Eight side by side fill the top byte of
 * a half. */
#define BB_BYTE_ALNUM  (1ULL << 56)
#define BB_BYTE_BEGINS (1ULL << 24)
typedef struct {
    unsigned lists;                       /* a bit each */
    bool spaces;                          /* some phrase begins with one, and goes on beyond ASCII */
    uint64_t kinds[256];                  /* of the bytes of a text */
    uint32_t firsts[BB_WORD_FIRSTS / 32]; /* a bit for each hash of four bytes with which a phrase may begin */
} bb_word_set;
extern const bb_word_set bb_word_sets[]; /* also of each list alone */
extern const uint16_t bb_word_heads[];   /* of chains of starts, by place */
extern const uint8_t
    bb_word_twos[]; /* a bit for the low five bits of the first two bytes of a phrase of less than four */
extern const bb_word_four bb_word_fours[]; /* by hash */
extern const bb_word_start bb_word_starts[];
extern const bb_word_node bb_word_nodes[];
extern const uint8_t bb_word_tails[];
extern const bb_word_end bb_word_ends[];

/* Looks for the phrases of all lists, once. */
bb_phrases_found bb_phrases_read(bb_arena *a, bb_str text);

typedef struct {
    bb_str text;
    bb_words list;
    const bb_word_set *set;
    const bb_phrases_found *read; /* NULL: the text itself is looked through, */
    size_t from, to;              /* a few bytes at once: these; */
    uint32_t starts;              /* the places among them that were not tried yet, a bit each; */
    bool within;                  /* a word may go on behind them */
    size_t offset, next;          /* of the text in what was read; the next of what was found there */
    bool cut;                     /* it begins there within a word */
} bb_phrase_scan;
typedef struct {
    size_t at, len; /* in the text */
    int sense;
} bb_phrase_hit;
/* read: the text may be a piece of what was read already; NULL: it is none. */
bb_phrase_scan bb_phrases(const bb_phrases_found *read, bb_str text, bb_words list);
/* The next phrase in the text, of several at one place the longest; false at the end. */
bool bb_phrase_next(bb_phrase_scan *s, bb_phrase_hit *hit);
/* All senses met in the text, for lists whose senses are bits. */
unsigned bb_phrases_in(const bb_phrases_found *read, bb_str text, bb_words list);

#define BB_ANNOUNCED_WITHIN 4096 /* bytes of prose in which a report says what it is */

/* ---- reply.c: SMTP replies, statuses, stages and hosts in a text ------------------------------------- */

typedef struct {
    int code;      /* 550; 0: none */
    bb_str status; /* "5.1.1" */
    bb_str text;   /* from the code on, without what the reporter adds behind it */
} bb_reply;

/* The first SMTP reply of a text (one line): 4xx or 5xx, else 2xx, in a place where replies stand. */
bool bb_reply_find(bb_str text, bb_reply *out);
int bb_reply_code(bb_str text); /* its code alone; 0: none */
/* First enhanced status code in a text, never part of an IP address or a version; empty: none. */
bb_str bb_status_find(bb_str text);
bool bb_status_says(bb_str status);                 /* more than its class: not x.0.0 */
bb_str bb_stage_find(const bb_ctx *c, bb_str text); /* CONN EHLO MAIL RCPT DATA in words; empty: none */
bb_str bb_stage_of_verb(bb_str smtp_command);
bb_str bb_host_find(bb_str text);  /* who refused, in words; empty: none */
bb_str bb_host_token(bb_str text); /* host name or IP address that text begins with; empty: none */

/* ---- transcript.c: ">>> RCPT TO:<a>" / "<<< 550 ..." ------------------------------------------------ */

typedef struct {
    bb_str host;
    bb_str stage; /* of the command, or of what the reply must have answered */
    bb_str about; /* recipient it is known to be about; empty: not said */
    bb_str key;   /* of that address */
    bb_str reply; /* one line */
    int code;
} bb_exchange;
size_t bb_transcript_read(bb_ctx *c, bb_str prose, bb_exchange **out);
/* A row for each recipient whom it says to have been refused. */
void bb_rows_from_transcript(bb_ctx *c);

/* ---- prose.c: blocks of text under an address -------------------------------------------------------- */

typedef struct {
    bb_str address; /* bare, as written; without @ where bb_blocks was told to take local parts */
    bb_str text;    /* from behind the address to the end of the block */
} bb_block;
/* Blocks of prose that begin with an address, in order. */
bool bb_block_next(const bb_ctx *c, bb_str *rest, bb_block *out);
bb_str bb_one_line(bb_ctx *c, bb_str text); /* white space folded, cut at max_diagnostic */
/* What stands between the line that holds `from` (behind it) and the line that holds `to` (before it);
 * any case; empty when `from` is not there, to the end when `to` is not. */
bb_str bb_between(bb_str text, const char *from, const char *to);

/* ---- mentions.c: which of the addresses in prose are recipients -------------------------------------- */

/* Adds a row for each address that the prose presents as one that failed. Answers how many. */
size_t bb_mentions_add(bb_ctx *c, bb_str prose);
/* What the nearest of the words before an address makes of it: BB_CONTEXT_*. */
int bb_context_before(const bb_ctx *c, bb_str text);
/* Would it add one? */
bool bb_mentions_any(bb_ctx *c, bb_str prose);

/* ---- rows.c ------------------------------------------------------------------------------------------ */

/* Bare address out of what a field or a text gives: types ("rfc822;"), <>, quotes, encoded words and
 * RFC 6533 escapes undone. Empty: no address. */
bb_str bb_address_clean(bb_ctx *c, bb_str raw);
bb_str bb_address_key(bb_ctx *c, bb_str address); /* equal keys are the same address */
/* The row about that address, made if it is not there; NULL: not an address, or the limit is reached. */
bb_rcpt_report *bb_row(bb_ctx *c, bb_str raw);
bb_rcpt_report *bb_row_find(bb_ctx *c, bb_str address);
/* Of rows that one original address went on to, the one with that final address, else the first; NULL: none. */
bb_rcpt_report *bb_row_with_key(const bb_ctx *c, bb_str key);
/* How many rows there are whose addresses are known. */
size_t bb_rows_known(const bb_ctx *c);
/* Is it the address of row i, under the one name or the other? */
bool bb_row_is_named(const bb_ctx *c, size_t i, bb_str key);
/* The same for clean addresses of a DSN, either may be empty: one row a final address, since what was sent to one
 * original address may go on to several. */
bb_rcpt_report *bb_row_of(bb_ctx *c, bb_str original, bb_str final);
/* Fills what a row lacks from words about its recipient. */
void bb_row_words(bb_ctx *c, bb_rcpt_report *row, bb_str words);
/* Fills it from its diagnostic, whose codes come before what anybody says about them. */
void bb_row_diagnostic(const bb_ctx *c, bb_rcpt_report *row);
/* One row a block, filled from it. Answers how many blocks there were. */
size_t bb_rows_from_blocks(bb_ctx *c, bb_str prose);
/* The same of the rows that there are. */
void bb_rows_fill_from_blocks(bb_ctx *c, bb_str prose);
void bb_rows_failed_header(bb_ctx *c); /* X-Failed-Recipients */
void bb_rows_from_returned(bb_ctx *c); /* whom the message that came back was for, where that is one */

/* ---- complete.c -------------------------------------------------------------------------------------- */

void bb_rows_complete(bb_ctx *c); /* last step for every delivery report */

/* ---- subject.c: whom words are about ----------------------------------------------------------------- */

/* The addresses that words name, as many as are looked at. */
typedef struct {
    struct {
        bb_str address, key;
    } items[16];
    size_t n;
} bb_names;
void bb_names_read(bb_ctx *c, bb_str words, bb_names *said);
bool bb_names_row(const bb_ctx *c, size_t i, const bb_names *said); /* is row i among them? */
/* Row i, which has all that it will have: its diagnostic becomes what was said of it, and whether that is about somebody
 * else is noted. */
void bb_row_settle(bb_ctx *c, size_t i);

/* ---- fmt_*.c ----------------------------------------------------------------------------------------- */

/* How a format reads. Find its mark anywhere in c->r->text (companies and lists put words above it); answer false before
 * anything is written; ask bb_announces(c), unless the mark is a field of its own. For each recipient: bb_row(), then
 * what is said of him to bb_row_words(), the refusing host to remote_mta. Actions, statuses and stages that are left empty
 * are completed afterwards. fmt_courier.c is the shortest, fmt_list.c one that stands before the answering machines. */

typedef struct {
    const char *name;
    bool (*read)(bb_ctx *c); /* false: not mine, nothing was written */
    bool by_words;           /* needs the signs of the words */
} bb_format;
extern const bb_format bb_formats[];
extern const size_t bb_formats_count;

bool bb_fmt_rfc3464(bb_ctx *c);
bool bb_fmt_arf(bb_ctx *c);
bool bb_fmt_mdn(bb_ctx *c);
bool bb_fmt_ses(bb_ctx *c);
bool bb_fmt_list(bb_ctx *c);
bool bb_fmt_postfix(bb_ctx *c);
bool bb_fmt_exim(bb_ctx *c);
bool bb_fmt_qmail(bb_ctx *c);
bool bb_fmt_sendmail(bb_ctx *c);
bool bb_fmt_opensmtpd(bb_ctx *c);
bool bb_fmt_courier(bb_ctx *c);
bool bb_fmt_dma(bb_ctx *c);
bool bb_fmt_challenge(bb_ctx *c);
bool bb_fmt_autoreply(bb_ctx *c);
bool bb_fmt_generic(bb_ctx *c);

#endif
