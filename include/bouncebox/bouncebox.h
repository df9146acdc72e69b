/* SPDX-License-Identifier: MIT
 *
 * libbouncebox: what comes back of your mail, read, named and judged.
 *
 *     bytes of a message  ->  rows: which recipient, what happened, why     bouncebox_parse()
 *     one reply of a server  ->  kind and reason                            bouncebox_classify()
 *     ids  <->  signed return paths, so that nobody can forge a bounce      bouncebox_token_make(), ..._read()
 *     facts about one subscriber  ->  his status, and why                   bouncebox_fold()
 *
 * What holds everywhere
 *
 * Purity     Nothing here opens a file, looks at the clock or the environment, prints, or ends the program, and
 *            nothing is remembered from call to call. The same arguments give the same answers. One thing is the
 *            machine's: bouncebox_parse() converts charsets by iconv(3), which loads its tables from disk.
 * Threads    Every function may be called by any number of threads at once. What a function takes as `const` may be
 *            shared by them; what it writes to, and what is freed, belongs to one thread at that time.
 * Strings    Arguments of type `const char *` end with NUL, unless a length stands beside them: then they may hold
 *            anything. What comes back is valid UTF-8 with a NUL behind it, and never NULL: empty means "not said".
 *            Mail may say NUL; where that matters, the length beside the text counts. What mail says strangers
 *            wrote, control characters too: make it safe for your terminal, page or query as you would any input.
 * Ownership  Arguments are borrowed for the call and may go away afterwards. What *_new(), bouncebox_parse(),
 *            bouncebox_classify() and bouncebox_return_path_read() answer is yours: give it to the *_free() beside it.
 *            Everything that you read out of it lives until then.
 * Errors     Functions that answer a pointer answer NULL, the others a bouncebox_code; `err`, which may be NULL, then
 *            says why. A NULL where a pointer must stand is BOUNCEBOX_EUSAGE, never a crash; *_free(NULL) does nothing.
 *            Bytes of mail are never an error, whatever they are.
 * Time       Seconds since 1970-01-01T00:00:00Z, always UTC. BOUNCEBOX_NO_TIME means unknown, and where you give an
 *            optional time, 0 means that too.
 * Structs    Those that you fill: begin with all bytes zero, and leave `reserved` so; it is refused otherwise. Those
 *            that you get as pointers may grow at their end: use them through the pointer, never copy or index them.
 * Numbers    of enums are never changed, only added to: look for those you know, and let others pass.
 * Stability  Within one soname, programs built against an older header go on working.
 *
 * For other languages: the header is plain C17 and C++; its declarations use no macros, so that what is left without
 * the lines that begin with # (and without what stands between #ifdef __cplusplus and #endif) can be given to an FFI.
 */
#ifndef BOUNCEBOX_BOUNCEBOX_H
#define BOUNCEBOX_BOUNCEBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors ---------------------------------------------------------------------------------------------------- */

typedef enum {
    BOUNCEBOX_OK = 0,
    BOUNCEBOX_EUSAGE = 1, /* an argument that cannot be: a mistake in the calling program */
    BOUNCEBOX_EDATA = 2,  /* what was given does not fit: no address, an id too large for a token */
    BOUNCEBOX_ENOMEM = 3, /* no memory, or one message would take more than 512 MiB */
    BOUNCEBOX_ERULES = 4  /* the text of rules is wrong; the error says in which line */
} bouncebox_code;

typedef struct {
    int code;       /* a bouncebox_code */
    char text[512]; /* one line for a person */
} bouncebox_error;

/* ---- version and words ------------------------------------------------------------------------------------------- */

/* The library's version, as "0.1.0". */
const char *bouncebox_version(void);

/* UTF-8 with a NUL behind it; `length` is without that NUL. */
typedef struct {
    const char *text;
    size_t length;
} bouncebox_text;

/* The lists of words that numbers of this library stand for. */
typedef enum {
    BOUNCEBOX_WORDS_KIND = 0,
    BOUNCEBOX_WORDS_REASON = 1,
    BOUNCEBOX_WORDS_ACTION = 2,
    BOUNCEBOX_WORDS_TRUST = 3,
    BOUNCEBOX_WORDS_STATUS = 4,
    BOUNCEBOX_WORDS_FORM = 5,
    BOUNCEBOX_WORDS_TOKEN = 6,  /* bouncebox_token_result */
    BOUNCEBOX_WORDS_FACT = 7,   /* bouncebox_fact_type */
    BOUNCEBOX_WORDS_EFFECT = 8, /* bouncebox_effect */
    BOUNCEBOX_WORDS_ERROR = 9   /* bouncebox_code */
} bouncebox_words;

/* The word of a number, as the JSON lines spell it: bouncebox_word(BOUNCEBOX_WORDS_KIND, BOUNCEBOX_KIND_HARD) is
 * "hard". "" for a number that stands for no word (BOUNCEBOX_ACTION_NONE), NULL for one that is not in the list.
 * The word lives as long as the library. */
const char *bouncebox_word(int words, int value);

/* The number of a word, in any case of its letters; -1: not in the list. */
int bouncebox_value(int words, const char *word);

/* What a report says about one recipient. */
typedef enum {
    BOUNCEBOX_KIND_OTHER = 0,
    BOUNCEBOX_KIND_HARD = 1,      /* permanent, and about the address */
    BOUNCEBOX_KIND_SOFT = 2,      /* temporary, or a full mailbox */
    BOUNCEBOX_KIND_BLOCK = 3,     /* about you, your mail or policy: never a reason to remove somebody */
    BOUNCEBOX_KIND_DELAYED = 4,   /* still being tried */
    BOUNCEBOX_KIND_DELIVERED = 5, /* it arrived */
    BOUNCEBOX_KIND_COMPLAINT = 6, /* a person called it spam */
    BOUNCEBOX_KIND_AUTOREPLY = 7
} bouncebox_kind;

/* Why. Spelled here as the words are. */
typedef enum {
    BOUNCEBOX_REASON_undefined = 0,
    BOUNCEBOX_REASON_authfailure = 1,
    BOUNCEBOX_REASON_badreputation = 2,
    BOUNCEBOX_REASON_blocked = 3,
    BOUNCEBOX_REASON_contenterror = 4,
    BOUNCEBOX_REASON_delivered = 5,
    BOUNCEBOX_REASON_exceedlimit = 6,
    BOUNCEBOX_REASON_expired = 7,
    BOUNCEBOX_REASON_feedback = 8,
    BOUNCEBOX_REASON_filtered = 9,
    BOUNCEBOX_REASON_hasmoved = 10,
    BOUNCEBOX_REASON_hostunknown = 11,
    BOUNCEBOX_REASON_mailboxfull = 12,
    BOUNCEBOX_REASON_mailererror = 13,
    BOUNCEBOX_REASON_mesgtoobig = 14,
    BOUNCEBOX_REASON_networkerror = 15,
    BOUNCEBOX_REASON_norelaying = 16,
    BOUNCEBOX_REASON_notaccept = 17,
    BOUNCEBOX_REASON_notcompliantrfc = 18,
    BOUNCEBOX_REASON_onhold = 19,
    BOUNCEBOX_REASON_policyviolation = 20,
    BOUNCEBOX_REASON_rejected = 21,
    BOUNCEBOX_REASON_requireptr = 22,
    BOUNCEBOX_REASON_securityerror = 23,
    BOUNCEBOX_REASON_spamdetected = 24,
    BOUNCEBOX_REASON_speeding = 25,
    BOUNCEBOX_REASON_suspend = 26,
    BOUNCEBOX_REASON_syntaxerror = 27,
    BOUNCEBOX_REASON_systemerror = 28,
    BOUNCEBOX_REASON_systemfull = 29,
    BOUNCEBOX_REASON_toomanyconn = 30,
    BOUNCEBOX_REASON_userunknown = 31,
    BOUNCEBOX_REASON_vacation = 32,
    BOUNCEBOX_REASON_virusdetected = 33,
    BOUNCEBOX_REASON_greylisted = 34,
    BOUNCEBOX_REASON_challenge = 35,
    BOUNCEBOX_REASON_backscatter = 36
} bouncebox_reason;

/* The Action field of RFC 3464. */
typedef enum {
    BOUNCEBOX_ACTION_NONE = 0,
    BOUNCEBOX_ACTION_FAILED = 1,
    BOUNCEBOX_ACTION_DELAYED = 2,
    BOUNCEBOX_ACTION_DELIVERED = 3,
    BOUNCEBOX_ACTION_RELAYED = 4,
    BOUNCEBOX_ACTION_EXPANDED = 5
} bouncebox_action;

/* Who vouches that a report is about this subscriber. */
typedef enum {
    BOUNCEBOX_TRUST_NONE = 0,
    BOUNCEBOX_TRUST_INFERRED = 1, /* only the report's text names the address */
    BOUNCEBOX_TRUST_PLAIN = 2,    /* an unsigned return path names him, and the report names his address */
    BOUNCEBOX_TRUST_MAILING = 3,  /* a mailing's token was verified */
    BOUNCEBOX_TRUST_SIGNED = 4,   /* his token was verified */
    BOUNCEBOX_TRUST_LOCAL = 5     /* your own server heard the refusal */
} bouncebox_trust;

typedef enum {
    BOUNCEBOX_STATUS_ACTIVE = 0,
    BOUNCEBOX_STATUS_QUARANTINED = 1, /* no mail for a while */
    BOUNCEBOX_STATUS_BOUNCED = 2,
    BOUNCEBOX_STATUS_COMPLAINED = 3,
    BOUNCEBOX_STATUS_UNSUBSCRIBED = 4
} bouncebox_status;

/* INT64_MIN: -9223372036854775808. */
#define BOUNCEBOX_NO_TIME INT64_MIN

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* Classification rules, compiled. They never change: make them once and share them among threads. */
typedef struct bouncebox_rules bouncebox_rules;

/* Compiles the rules that the library carries and, before them, your own: `length` bytes at `text` in the language of
 * rules/README.md, which `name` stands for in errors (NULL: "rules"). `text` NULL: the library's alone.
 * Takes milliseconds. NULL: BOUNCEBOX_ERULES, BOUNCEBOX_ENOMEM. */
bouncebox_rules *bouncebox_rules_new(const char *name, const char *text, size_t length, bouncebox_error *err);

/* Results outlive the rules that made them. */
void bouncebox_rules_free(bouncebox_rules *rules);

/* ---- messages ------------------------------------------------------------------------------------------------------ */

/* What is known of a message beside its bytes; all of it optional. */
typedef struct {
    const char *source;  /* where it was found, as the JSON lines shall show it: "box.mbox#12" */
    const char *rcpt_to; /* the address that it was delivered to, where your server told (LMTP, pipe) */
    int64_t from_line;   /* date of the "From " line before it in an mbox */
    int64_t received;    /* when you got it: nothing in it is dated later */
    uint64_t reserved[4];
} bouncebox_envelope;

/* What one message reports about one recipient. Texts are empty and numbers 0 where it does not say. */
typedef struct {
    int kind;                     /* a bouncebox_kind */
    int reason;                   /* a bouncebox_reason */
    int action;                   /* a bouncebox_action */
    int reply_code;               /* 550 */
    double confidence;            /* 0 to 1: how sure the kind and reason are */
    int64_t date;                 /* when it happened; BOUNCEBOX_NO_TIME: nothing tells */
    bouncebox_text recipient;     /* the address that was mailed */
    bouncebox_text status;        /* enhanced status code: "5.1.1" */
    bouncebox_text command;       /* stage of SMTP: CONN EHLO MAIL RCPT DATA */
    bouncebox_text diagnostic;    /* the words of the system that refused, one line */
    bouncebox_text remote_mta;    /* host name of that system */
    bouncebox_text rule;          /* the rule that decided */
    bouncebox_text reporting_mta; /* from here on the same in all rows of a message: the host that reports */
    bouncebox_text format;        /* what kind of report it was read as: "rfc3464", "exim", ... */
    bouncebox_text return_path;   /* the first of bouncebox_result_path(), else that of the returned message */
    bouncebox_text content_id;    /* 32 hexadecimal digits; equal for copies of one report. An id for bouncebox_fact */
    bouncebox_text original_message_id; /* of the message that came back */
    bouncebox_text original_subject;
    bouncebox_text original_from;
    bouncebox_text original_list_id;
    bouncebox_text truncated; /* empty: all of it was read; else the limit that cut it short */
} bouncebox_row;

/* What was read of one message. It never changes: threads may share it. */
typedef struct bouncebox_result bouncebox_result;

/* Reads one message (not a whole mbox), header and body, of `length` bytes; line ends LF, CRLF, CR or mixed. Any bytes
 * are a message. What lies beyond 64 MiB, 1000 recipients and other limits is left out, and `truncated` says so.
 * `envelope` may be NULL. Takes time linear in `length`. Text whose charset this machine does not know, or that is no
 * text in its charset, is kept with U+FFFD for what is not UTF-8. NULL: BOUNCEBOX_EUSAGE, BOUNCEBOX_ENOMEM. */
bouncebox_result *bouncebox_parse(const bouncebox_rules *rules, const void *bytes, size_t length,
                                  const bouncebox_envelope *envelope, bouncebox_error *err);

/* Judges one reply of a server, such as "550 5.1.1 No such user", of `length` bytes: as a result with one row, which
 * has kind, reason, rule, confidence, reply_code, status and diagnostic, and neither JSON nor content id. Lines of a
 * longer reply may follow each other with or without line ends. NULL: BOUNCEBOX_EUSAGE, BOUNCEBOX_ENOMEM. */
bouncebox_result *bouncebox_classify(const bouncebox_rules *rules, const char *reply, size_t length,
                                     bouncebox_error *err);

void bouncebox_result_free(bouncebox_result *result);

/* How many rows there are: one a reported recipient; one without recipient where the message names none (also where
 * it is ordinary mail: kind other, reason undefined, no rule). 0 only for NULL. */
size_t bouncebox_result_rows(const bouncebox_result *result);

/* Row `i`, counted from 0; NULL beyond the last. */
const bouncebox_row *bouncebox_result_row(const bouncebox_result *result, size_t i);

/* All rows as JSON, one object a line, byte for byte what `bouncebox parse` writes. Never NULL. */
const bouncebox_text *bouncebox_result_json(const bouncebox_result *result);

/* The return paths of yours (of any form below) that the message shows, the best source first; NULL beyond the last. The
 * address where somebody unsubscribes is among them where the message came to it.
 * Whoever attributes reports takes the first that verifies, and only without one the first. */
const bouncebox_text *bouncebox_result_path(const bouncebox_result *result, size_t i);

/* ---- tokens ---------------------------------------------------------------------------------------------------------- */

/* Tokens say, signed, whom a message went to: bounces to them cannot be forged. They are those of the program: keys
 * and ids can be shared with it. docs/return-paths.md has the bits. */

typedef enum {
    BOUNCEBOX_PURPOSE_RETURN_PATH = 0, /* a token of one purpose never passes as another */
    BOUNCEBOX_PURPOSE_UNSUBSCRIBE = 1,
    BOUNCEBOX_PURPOSE_PROBE = 2,
    BOUNCEBOX_PURPOSE_ENVID = 3
} bouncebox_purpose;

typedef struct {
    uint32_t id;              /* 1 to 255; never given to another secret */
    uint32_t retired;         /* not 0: tokens with this key are believed no more */
    unsigned char secret[32]; /* random bytes that nobody else knows */
} bouncebox_key;

typedef struct {
    int64_t minted;      /* when; tokens keep the day (until 2149) */
    uint64_t subscriber; /* below 2^40 */
    uint32_t mailing;    /* 0: none */
    uint32_t key;        /* id of the key; set when a token is read, ignored when one is made */
} bouncebox_token;

typedef enum {
    BOUNCEBOX_TOKEN_OK = 0,
    BOUNCEBOX_TOKEN_MALFORMED = 1,
    BOUNCEBOX_TOKEN_UNKNOWN_KEY = 2,
    BOUNCEBOX_TOKEN_WRONG_MAC = 3, /* made up, or made for another purpose */
    BOUNCEBOX_TOKEN_EXPIRED = 4    /* genuine, but too old */
} bouncebox_token_result;

/* Bytes for a token and its NUL. */
#define BOUNCEBOX_TOKEN_SIZE 34

/* Writes a token and NUL to `out`, which has room for `size` bytes (34). The key's `retired` does not matter.
 * BOUNCEBOX_EDATA: an id or the time does not fit. */
int bouncebox_token_make(const bouncebox_key *key, int purpose, const bouncebox_token *token, char *out, size_t size,
                         bouncebox_error *err);

/* Reads and verifies the token `text`, in any case of its letters, with `n` keys. `at` is the time of the report, at
 * which expiry is judged; `lifetime` in seconds, from the beginning of the day of minting; 0: never expires.
 * Answers a bouncebox_token_result and fills `out` (may be NULL) where it is OK or EXPIRED; -1 for arguments that
 * cannot be. Compares in constant time. */
int bouncebox_token_read(const bouncebox_key *keys, size_t n, int purpose, const char *text, int64_t at,
                         int64_t lifetime, bouncebox_token *out);

/* ---- return paths ------------------------------------------------------------------------------------------------------ */

typedef enum {
    BOUNCEBOX_FORM_NONE = 0,
    BOUNCEBOX_FORM_SIGNED = 1,      /* bounce-<token>@bounces.example.com */
    BOUNCEBOX_FORM_PLAIN = 2,       /* bounce-123456789@example.com: anybody can make one */
    BOUNCEBOX_FORM_VERP = 3,        /* newsletter+user=domain.com@example.com: so too */
    BOUNCEBOX_FORM_SIGNED_VERP = 4, /* newsletter+user=domain.com=<tag>@example.com: readable and signed */
    BOUNCEBOX_FORM_MAILING = 5,     /* bounce-<tag>+user=domain.com@example.com: only the mailing is signed */
    BOUNCEBOX_FORM_UNSUBSCRIBE = 6, /* unsubscribe-<token>@example.com, for List-Unsubscribe: no return path */
    BOUNCEBOX_FORM_ENVID = 7        /* <token>, no address: the envelope id (RFC 3461) that reports repeat */
} bouncebox_form;

/* Bytes that are enough for any address and its NUL. */
#define BOUNCEBOX_ADDRESS_SIZE 321

/* Each writes an address and NUL to `out`, which has room for `size` bytes. The domain is written as a lower-case
 * A-label. BOUNCEBOX_EDATA: these parts give no valid address, or one that could not be read back as they were (a
 * local part over 64 octets, a quoted or non-ASCII recipient, a "+" in the base); a signed one, which holds no
 * recipient, can be written for everybody. BOUNCEBOX_EUSAGE: too little room. */
int bouncebox_return_path_signed(const char *token, const char *domain, char *out, size_t size, bouncebox_error *err);
int bouncebox_return_path_plain(uint64_t number, const char *domain, char *out, size_t size, bouncebox_error *err);
int bouncebox_return_path_verp(const char *base, const char *recipient, const char *domain, char *out, size_t size,
                               bouncebox_error *err);
int bouncebox_return_path_unsubscribe(const char *token, const char *domain, char *out, size_t size,
                                      bouncebox_error *err);

/* Of these two the signature depends on what stands around it, so they make it themselves: `token` says when it is
 * minted and for which mailing; its subscriber does not count. The first holds for this recipient, base and domain
 * alone. The second holds for a mailing (not 0) and whomever it went to; with no recipient (NULL) it is the sender to
 * give to a server with XVERP, which puts the recipients in. */
int bouncebox_return_path_signed_verp(const bouncebox_key *key, const bouncebox_token *token, const char *base,
                                      const char *recipient, const char *domain, char *out, size_t size,
                                      bouncebox_error *err);
int bouncebox_return_path_mailing(const bouncebox_key *key, const bouncebox_token *token, const char *recipient,
                                  const char *domain, char *out, size_t size, bouncebox_error *err);

typedef struct {
    int form;               /* a bouncebox_form; NONE: an address of somebody's, and the rest is empty */
    bouncebox_text address; /* all of it, as found */
    bouncebox_text domain;  /* as found; of what was wrapped, where others had wrapped it */
    bouncebox_text token;   /* of the signed forms, unsubscribe and mailing: lower case, not verified */
    bouncebox_text number;  /* plain: the digits */
    bouncebox_text base;    /* verp and signed verp: what stands before the + */
    bouncebox_text victim;  /* verp, signed verp, mailing: the address within, "user@domain.com" */
} bouncebox_return_path;

/* Looks at the form of an address; what others wrapped around it (BATV, SRS) is undone first. Verifies nothing.
 * NULL: BOUNCEBOX_EUSAGE, BOUNCEBOX_ENOMEM. */
const bouncebox_return_path *bouncebox_return_path_read(const char *address, bouncebox_error *err);
void bouncebox_return_path_free(const bouncebox_return_path *path);

/* Reads an address and verifies what of it is signed, whatever signed form it has, as bouncebox_token_read() does with a
 * token; BOUNCEBOX_TOKEN_MALFORMED where it has none of them. `subscriber` is 0 where the recipient's address stands
 * there instead: bouncebox_return_path_read() gives it. Unsubscribing never expires. */
int bouncebox_return_path_verify(const bouncebox_key *keys, size_t n, const char *address, int64_t at, int64_t lifetime,
                                 bouncebox_token *out);

/* ---- policy ---------------------------------------------------------------------------------------------------------------- */

typedef enum {
    BOUNCEBOX_FACT_REPORT = 0,      /* somebody reported about a mail to him */
    BOUNCEBOX_FACT_SUBSCRIBE = 1,   /* he subscribed, or again: what was before does not count */
    BOUNCEBOX_FACT_UNSUBSCRIBE = 2, /* he left; only a subscription or a setting brings him back */
    BOUNCEBOX_FACT_SET = 3,         /* a person set his status: what was before does not count */
    BOUNCEBOX_FACT_ADDRESS = 4      /* his address changed: what was said of the old one does not count */
} bouncebox_fact_type;

/* Something that happened to one subscriber. */
typedef struct {
    int type;          /* a bouncebox_fact_type */
    int kind;          /* of a report: bouncebox_kind */
    int reason;        /* of a report: bouncebox_reason */
    int trust;         /* of a report: bouncebox_trust */
    int forwarded;     /* of a report, not 0: it names others only, so it counts as soft at most */
    int set_status;    /* of a setting: bouncebox_status */
    int64_t time;      /* when it happened, 0 (1970) to 253402300799 (the end of 9999) */
    int64_t mailed;    /* of a report: when that mailing was sent to him; optional */
    int64_t set_until; /* of a quarantine by hand: its end; unknown: for good */
    const char *id;    /* what tells it from others: a row's content_id; equal ids are one fact, and the earlier time
                          holds. NULL or empty: what is said of it here */
    uint32_t mailing;  /* of a report; 0: unknown */
    uint32_t reserved[5];
} bouncebox_fact;

/* A mailing that went to him; only `longer` looks at these. */
typedef struct {
    int64_t time;
    uint32_t mailing;
    uint32_t reserved;
} bouncebox_send;

/* One version of a policy. bouncebox_policy_defaults() fills it. */
typedef struct {
    int64_t from;              /* in force from then on; the first version from ever */
    int64_t soft_window;       /* seconds within which softs add up: 30 days; 0 to 3650 days */
    int64_t quarantine;        /* seconds that a soft keeps mail away: 3 days; 0 to 3650 days */
    double quarantine_backoff; /* each further soft keeps it away so many times longer: 2; 1 to 100 */
    int hard_limit;            /* so many hards remove: 1; 1 to 1000 */
    int soft_limit;            /* so many softs within the window remove: 3; 1 to 1000 */
    int longer;                /* not 0: the window stretches to the last soft_limit mailings: 0 */
    int observe;               /* not 0: decide and tell, change nobody: 0 */
    uint32_t accept_trust;     /* bit 1 << bouncebox_trust for each trust that may act: signed and local */
    uint32_t reserved[7];
} bouncebox_policy;

typedef struct {
    const bouncebox_fact *facts; /* in any order */
    size_t n_facts;
    const bouncebox_send *sends; /* in any order */
    size_t n_sends;
    const bouncebox_policy *policies; /* by `from`, ascending; none: the defaults */
    size_t n_policies;
    uint64_t reserved[4];
} bouncebox_history;

/* What one fact did. */
typedef enum {
    BOUNCEBOX_EFFECT_NONE = 0,            /* it is of a kind that never changes anybody, or had nothing to clear */
    BOUNCEBOX_EFFECT_REMOVED = 1,         /* this one took him over a limit */
    BOUNCEBOX_EFFECT_QUARANTINED = 2,     /* counted, below the limits */
    BOUNCEBOX_EFFECT_COMPLAINED = 3,      /* made him complained */
    BOUNCEBOX_EFFECT_COUNTED_ALREADY = 4, /* its mailing, or one of the same day, counts already */
    BOUNCEBOX_EFFECT_CLEARED = 5,         /* a delivery cleared soft counts */
    BOUNCEBOX_EFFECT_SET = 6,             /* a subscription, setting, change of address, or his leaving */
    BOUNCEBOX_EFFECT_UNTRUSTED = 7,       /* its trust is not accepted */
    BOUNCEBOX_EFFECT_SUPERSEDED = 8,      /* about a mailing before the last setting or subscription */
    BOUNCEBOX_EFFECT_GONE_ALREADY = 9,    /* he was removed, complained or gone before */
    BOUNCEBOX_EFFECT_OBSERVED = 10,       /* would have acted, but the policy only observes */
    BOUNCEBOX_EFFECT_DUPLICATE = 11       /* the same fact again */
} bouncebox_effect;

/* What one fact did to the subscriber, as of its own time. */
typedef struct {
    int effect; /* a bouncebox_effect */
    int status; /* after it */
    int hard;   /* counts after it, as the limits see them */
    int soft;
    int64_t until; /* of the quarantine after it; BOUNCEBOX_NO_TIME: none, or for good */
} bouncebox_note;

typedef struct {
    int status; /* a bouncebox_status, at `now` */
    int would;  /* what it would be if policies that observe acted; else equal to it */
    int hard;   /* counts as of the last fact */
    int soft;
    int64_t until; /* when quarantined: its end; BOUNCEBOX_NO_TIME otherwise, or for good */
    size_t cause;  /* index of the fact that brought the status; n_facts: none, or the clock ended a quarantine */
} bouncebox_decision;

/* Fills in the policy that nobody changed. NULL does nothing. */
void bouncebox_policy_defaults(bouncebox_policy *out);

/* Folds all facts about one subscriber to his status at `now` (unknown: a quarantine is left standing, with its end).
 * The same facts in any order, however often, give the same decision. docs/policy.md has every clause.
 * `notes`, which may be NULL, has n_facts items and gets what each fact did, in your order.
 * BOUNCEBOX_EUSAGE: a number that is none of its enum, a time or limit out of range; the error names it. */
int bouncebox_fold(const bouncebox_history *history, int64_t now, bouncebox_decision *out, bouncebox_note *notes,
                   bouncebox_error *err);

#ifdef __cplusplus
}
#endif
#endif
