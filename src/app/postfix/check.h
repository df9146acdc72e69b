/* SPDX-License-Identifier: MIT
 *
 * check: what its files share. A check is a row (checks.c): its name, what it is about, and a function that looks at the
 * installation and at the home's lists, and adds what it found. Nothing is changed; what is not known is asked: of
 * postmap(1), of Postfix's own smtpd(8), of the daemon, of the resolver.
 *
 * Ownership  all in the run's arena. Memory: found at the end (c->arena.failed). Threads: one.
 */
#ifndef BB_APP_POSTFIX_CHECK_H
#define BB_APP_POSTFIX_CHECK_H

#include "app/cli/cli.h"
#include "app/postfix/postfix.h"

typedef enum { CHECK_NOTE, CHECK_WARNING, CHECK_FAULT } check_level;

/* seen: where, and what stands there; means: what follows from it; mend: what to do, lines as they are typed. */
typedef struct {
    const struct check_row *row;
    check_level level;
    bb_str seen, means, mend;
} check_finding;

/* A return path as a list sends them, signed as they are. Of a rewriting, `core` must survive: who is meant. */
typedef struct {
    bb_str list;
    bb_form form;
    bb_str address, local, domain, core;
} check_sample;

/* What Postfix was asked, and what it said: asked again, it is not asked again. */
typedef struct {
    bb_str question, answer;
    unsigned classes;
} check_memory;

typedef struct {
    cli *c;
    const postfix_installation *in;
    const struct check_row *row; /* at work */
    check_sample *samples;       /* one a list and form, each form once a domain */
    size_t n_samples, cap_samples;
    bb_str *domains; /* bounce domains, each once */
    size_t n_domains, cap_domains;
    uint64_t most_people; /* on one list that sends one message for many: return_path verp, or accept_mailing */
    check_finding *findings;
    size_t n_findings, cap_findings;
    check_memory *memory;
    size_t n_memory, cap_memory;
    unsigned owner; /* of the home */
    size_t lines;   /* of a table, counted */
    bool running, dns_failed;
    bool root; /* we may look and go everywhere */
} checkup;

typedef struct check_row {
    const char *id, *title;
    void (*look)(checkup *k);
} check_row;

extern const check_row check_rows[]; /* checks.c */
extern const size_t check_rows_count;

/* Adds a finding of the check at work. */
void check_found(checkup *k, check_level level, bb_str seen, bb_str means, bb_str mend);
/* A return path of the form as the list's mailings have it, but for nobody: a signed one is a probe's. `number` is a plain
 * one's, and the mailing of signed ones. Empty: the list cannot have one. */
bb_str check_return_path(checkup *k, const bb_conf_list *l, bb_form form, bb_str recipient, uint64_t number);
/* Text in the run's arena. */
bb_str check_text(checkup *k, const char *fmt, ...) BB_PRINTF(2, 3);

/* ---- tables.c: maps as main.cf names them ------------------------------------------------------------------ */

typedef struct {
    bb_str whole, type, path; /* "hash:/etc/postfix/virtual", without "proxy:" */
    bb_str parameter;         /* that names it; empty: nobody looked */
    bool indexed;             /* of a file that postmap makes, with `suffix` */
    bool pattern;             /* regexp, pcre: looked up as a whole */
    bool text;                /* of a file that is read as it is */
    const char *suffix;
} check_table;

/* Is the word a table? */
bool check_is_table(bb_str word, check_table *out);

typedef struct {
    bool found;
    bb_str key, value;
    check_table table;
} check_hit;

/* The first of the keys that is found, in the order in which Postfix asks: key by key through all tables; pattern tables
 * know only keys[0]. */
check_hit check_find(checkup *k, bb_str maps, const bb_str *keys, size_t n);
/* The classes of a domain. Not known: those that can be told, since some table cannot be read (check_unreadable). */
unsigned check_classes_of(checkup *k, bb_str domain, bool *known);
/* An address in an address table (virtual(5), canonical(5)). */
check_hit check_find_address(checkup *k, bb_str maps, bb_str address);
/* Calls `each` for every line of a table's source that is no comment, with its number; continued lines are not joined. */
void check_each_line(checkup *k, const check_table *t,
                     void (*each)(checkup *k, const check_table *t, int line, bb_str text));
/* Every table of a file, once, with the first parameter that names it. Caches of Postfix's own are left out. */
void check_each_table(checkup *k, void (*each)(checkup *k, const check_table *t));
/* Text for a shell, in quotes. */
bb_str check_quoted(checkup *k, bb_str text);
/* "postconf -e 'NAME = VALUE'" */
bb_str check_postconf(checkup *k, const char *name, bb_str value);
/* A key with a star as a regular expression: "bounce-*@example.com" gives "/^bounce-[^@]*@example\.com$/". */
bb_str check_as_pattern(checkup *k, bb_str key);

/* ---- ways.c: where mail for an address goes ---------------------------------------------------------------------- */

typedef struct {
    bb_str address;                  /* behind canonical maps and virtual aliases */
    bool aliased;                    /* and another than before */
    unsigned classes;                /* of its domain */
    bb_str transport, nexthop, from; /* `from`: the parameter that says so */
    const postfix_service *service;  /* NULL: there is none of that name */
} check_way;

check_way check_way_of(checkup *k, bb_str address);
/* A parameter as the service has it: its own -o, else main.cf. */
bb_str check_value(checkup *k, const postfix_service *s, const char *name);
bool check_is_chrooted(checkup *k, const postfix_service *s);
bb_str check_domain_of(bb_str address);
bb_str check_origin(checkup *k); /* myorigin, which may be a file that holds it */

/* ---- reach.c: sockets as Postfix sees them --------------------------------------------------------------------------- */

typedef struct {
    bool asked, there; /* asked: we could try at all; there: somebody answers */
    int code, said;    /* of the last reply, 0: there was none; how many lines were answered before it ended */
    bb_str text;       /* the reply, or why nobody answers */
} check_reply;

/* Connects to "unix:PATH", "inet:HOST:PORT" or "HOST:PORT" as the service would, in its chroot and as Postfix's user where
 * we are root; then the lines are said (NULL: end), each after the reply to the one before. */
check_reply check_reach(checkup *k, const postfix_service *s, bb_str target, const char *const *lines);

/* ---- the checks, one file a subject ------------------------------------------------------------------------------------- */

void check_running(checkup *k);
/* check_tables.c */
void check_unreadable(checkup *k);
void check_unmapped(checkup *k);
void check_wildcards(checkup *k);
/* check_paths.c */
void check_domains(checkup *k);
void check_classes(checkup *k);
void check_canonical(checkup *k);
void check_masquerade(checkup *k);
void check_original(checkup *k);
void check_delimiter(checkup *k);
void check_refused(checkup *k);
/* check_delivery.c */
void check_mailbox(checkup *k);
void check_lmtp(checkup *k);
void check_dsn(checkup *k);
void check_sockets(checkup *k);
void check_policy(checkup *k);
void check_pipe(checkup *k);
/* check_switches.c */
void check_soft_bounce(checkup *k);
void check_bounce_service(checkup *k);
void check_lifetime(checkup *k);
void check_recipient_limit(checkup *k);
void check_waiting(checkup *k);
/* postqueue -j: an object a line. And a text member of one: the first of that name from *from on, as it stands there; *from
 * goes behind it, BB_NPOS: there is none. */
bb_str check_queue(checkup *k);
bb_str check_member(bb_str object, const char *key, size_t *from);
/* check_filter.c */
void check_content_filter(checkup *k);
void check_header_checks(checkup *k);
void check_amavis(checkup *k);
/* check_sender.c */
void check_php(checkup *k);
void check_scripts(checkup *k);
/* check_domain.c */
void check_mx(checkup *k);
void check_alignment(checkup *k);

/* ---- probe.c: one for each form of return path ------------------------------------------------------------------- */

typedef struct {
    bb_str list, address, to; /* the return path; the recipient who refuses it */
    check_way way;
    bool sent, home, stored; /* home: its bounce came back; stored: bouncebox has it, else it lies in the mailbox */
    double seconds;
    bb_str by; /* as the store knows it ("lmtp", "pipe", a file), or the mailbox */
} check_probe;

typedef struct {
    check_probe *items;
    size_t n;
} check_probes;

/* Sends them and waits for their bounces; what went wrong is a finding. */
bool check_send_probes(checkup *k, check_probes *out);

/* probe_seek.c: where one is that bouncebox does not have. */
/* The mailbox that it lies in, of files changed since then; empty: in none that we may read. */
bb_str check_seek_mailbox(checkup *k, const check_probe *p, bb_time since);
/* The end of the mail log; empty: there is none that we may read. */
bb_str check_log(checkup *k);
/* The mailbox that the mail log says it went to; empty: it does not say so. */
bb_str check_seek_log(checkup *k, const check_probe *p);
/* Why it did not come home: the queue's word, else the last line of the mail log that names it. */
bb_str check_seek_trouble(checkup *k, const check_probe *p);

#endif
