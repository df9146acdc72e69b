/* SPDX-License-Identifier: MIT
 *
 * cli: the one program. A command is a row in commands.c and a function in cmd_<name>.c; what it needs (home, store) is
 * opened before it runs, what it prints goes through out.c, what fails through exit.c.
 *
 * A command answers its exit code: cli_ok(c), or cli_fail(c) after something filled c->err.
 * Ownership  what lives as long as the run is in c->arena. Threads: one.
 */
#ifndef BB_APP_CLI_H
#define BB_APP_CLI_H

#include <stdio.h>

#include "core/fact/fact.h"
#include "edge/conf/conf.h"
#include "edge/conf/keys.h"
#include "edge/os/os.h"
#include "edge/remote/remote.h"
#include "edge/store/store.h"

typedef struct cli cli;

/* ---- the table (commands.c) ------------------------------------------------------------------------ */

typedef struct {
    const char *name;  /* without the dashes */
    const char *value; /* what its value is called; NULL: it has none */
    const char *help;
    bool many; /* may be given again */
} cli_option;

typedef enum {
    CLI_NOTHING,
    CLI_HOME,
    CLI_HOME_FOR_POSTFIX, /* and whatever goes wrong ends with EX_TEMPFAIL: Postfix throws mail away on most other codes */
    CLI_STORE_READ,
    CLI_STORE_WRITE
} cli_needs;

typedef struct {
    const char *name; /* "list add" */
    int (*run)(cli *c);
    cli_needs needs;
    int least, most;       /* arguments; most -1: any number */
    const char *arguments; /* as usage shows them: "NAME" */
    const char *summary;
    const cli_option *options; /* up to a row without name; NULL: none of its own */
    const char *text;          /* paragraphs, lines of at most 100 columns, each with its line end; may be NULL */
    const char *examples;      /* the same, each line a command */
} cli_command;

extern const cli_command cli_commands[];
extern const size_t cli_commands_count;
extern const cli_option cli_common_options[]; /* of every command */

/* ---- a run ------------------------------------------------------------------------------------------- */

typedef struct {
    const cli_option *option;
    const char *value;
} cli_given;

struct cli {
    const cli_command *command; /* NULL while it is not known */
    char *const *argv;          /* as the program was called */
    const char **args;
    size_t n_args;
    cli_given *given;
    size_t n_given, cap_given;
    bb_arena arena;
    bb_time now; /* --now, or the clock when the program started */
    bool now_given, json, help, version;
    bool became;      /* root became the owner of the home */
    bool acts;        /* and only acts as he, since the command looks at what is root's, too (bb_os_act_as_root) */
    const char *home; /* NULL until cli_open_home */
    bb_conf *conf;
    bb_store *store;
    bb_keys *keys;
    bb_list *lists; /* by id; NULL until cli_lists */
    size_t n_lists;
    bb_context *policies; /* one a list: the versions of its policy, the last one in force now */
    bool writes;          /* the store is open for writing */
    bb_err err;
};

/* args.c: fills the run from the words behind the program's name. False: err. */
bool cli_read_args(cli *c, int n, const char *const *words);
const char *cli_value(const cli *c, const char *option);                       /* NULL: not given */
const char *cli_value_after(const cli *c, const char *option, size_t *cursor); /* of a `many` option; cursor from 0 */
bool cli_flag(const cli *c, const char *option);
/* A time, a duration or a number from an option; true and *out untouched where it is not given. */
bool cli_time(cli *c, const char *option, bb_time *out) BB_MUST_USE;
bool cli_number(cli *c, const char *option, uint64_t max, uint64_t *out) BB_MUST_USE;

/* help.c */
void cli_help(cli *c); /* of the command, of those that begin with a word, or of all */
void cli_help_exits(cli *c);
void cli_help_json(cli *c, bb_str words); /* help_json.c: of those that begin with them */
/* Whether its name begins with these words; it does with none. */
bool cli_begins_with(const cli_command *m, bb_str words);
int cli_completion(cli *c, const char *shell);                                     /* completion.c */
const char *cli_did_you_mean(cli *c, const char *typed, const char *const *words); /* " (did you mean X?)" or "" */

/* exit.c: bb_code to sysexits */
#define CLI_EXIT_OK 0
int cli_exit_of(bb_code code);
void cli_exits_json(bb_json *j);                             /* items of an array that is open */
int cli_fail(cli *c);                                        /* says c->err, answers its exit code */
int cli_usage(cli *c, const char *fmt, ...) BB_PRINTF(2, 3); /* a usage error, said */
void cli_warn(cli *c, const char *fmt, ...) BB_PRINTF(2, 3);
static inline int cli_ok(cli *c)
{
    (void)c;
    return CLI_EXIT_OK;
}

/* home.c */
#define CLI_USER         "bouncebox"
#define CLI_DEFAULT_HOME "/var/lib/bouncebox" /* of root and of that user */
bool cli_home_path(cli *c);                   /* fills c->home */
bool cli_open_home(cli *c);                   /* and reads the configuration */
bool cli_open_store(cli *c, bb_store_mode mode);
bool cli_open_keys(cli *c);
const char *cli_path(cli *c, const char *configured); /* below the home unless it is absolute */
const char *cli_conf_path(cli *c);

/* lists.c */
bool cli_lists(cli *c);
bool cli_list(cli *c, const char *name, const bb_list **out);   /* BB_ENOINPUT with the nearest name */
bool cli_list_option(cli *c, bool needed, const bb_list **out); /* --list; *out NULL where it is not given */
const bb_list *cli_list_of(const cli *c, uint32_t id);          /* NULL where there is none */
bb_str cli_list_name(const cli *c, uint32_t id);                /* "" of 0 */
const bb_policy *cli_policy_of(const cli *c, uint32_t list);    /* in force now */
const bb_conf_list *cli_settings_of(const cli *c, uint32_t list);
bool cli_policy(void *ctx, uint32_t list, bb_context *out); /* for bb_batch; ctx is the cli */
bool cli_own_ids(cli *c, uint32_t list, bool *out); /* nobody on it has an external id: form 2's number is our own */
bool cli_attribution(cli *c, const bb_list *only, bb_attribution *out);

/* people.c */
/* Whom ADDRESS or #ID (or a bare number: the same) names, on one list or on all; none: BB_ENOINPUT. */
bool cli_who(cli *c, const char *text, const bb_list *only, bb_subscriber **out, size_t *n);
/* Whom all arguments name, on --list or on all; strangers are told, and *code is then their exit code. */
bool cli_named(cli *c, bb_subscriber **out, size_t *n, int *code);
void cli_put_subscriber(cli *c, bb_json *j, const bb_subscriber *s); /* keys of an object that is open */

/* Who may be sent to now: subscribed, and active. */
bool cli_mailable(const cli *c, const bb_subscriber *s);
/* Those on the list whom the command names: its arguments from `first` on, "-" for the lines of standard input; with --all
 * everybody who may be sent to. Whoever is not there is told and counted in *missing. False from `each`: it ends, with
 * c->err filled. Memory stays flat. */
bool cli_each_named(cli *c, const bb_list *l, size_t first, bb_subscriber_fn each, void *ctx, uint64_t *missing);

/* apply.c: one transaction, under the lists' policies, at c->now; a batch of unknown outcome is given again. What changed
 * stands in *out. */
bool cli_apply(cli *c, bb_arena *a, bb_item *items, size_t n, bb_batch *out) BB_MUST_USE;

/* mailings.c */
/* By its name or its number ("12" where no name says so, "#12" always). only NULL: on any list. */
bool cli_mailing(cli *c, const char *named, const bb_list *only, bb_mailing *out);

/* Which reports: --unread, --list, --since, --until. */
bool cli_report_query(cli *c, bb_report_query *q);

/* reading.c: what reads mail */
/* Does it read files (or standard input), mailboxes on servers? The arguments say so. */
bool cli_reads_files(const cli *c);
bool cli_reads_servers(const cli *c);
/* The mail at the paths among the arguments; without arguments, on standard input. Paths that are not there are told, and
 * *code is their exit code. False: there is nothing to read, c->err says why. */
bool cli_mailbox(cli *c, bb_mailbox **out, int *code);
bool cli_reader(cli *c, const char *rules_file, bb_reader *out); /* rules_file NULL: only the program's own */
bool cli_configured_reader(cli *c, bb_reader *out);              /* with the rules file of the configuration, if any */
bool cli_rehearsed_reader(cli *c, bb_reader *out);               /* with those of --rules, else the configuration's */
/* Is --rules not given, or the run one that stores nothing? `how` is what makes it one. */
bool cli_rules_rehearsed(cli *c, bool dry, const char *how);
void cli_reader_close(bb_reader *r);
/* Reads one found message; marks what the mailbox cut. False: memory. */
bool cli_read_message(const bb_reader *r, bb_arena *a, const bb_mailbox_message *found, bb_str bytes, bb_time received,
                      bb_message *out);

/* Mailboxes on servers: edge/remote, which only bouncebox-fetch is linked with. The options are its own; where it is, and
 * who we are there, `open` puts in from the URL and the command's options. */
typedef struct {
    bool (*open)(cli *c, const char *url, bb_remote_options *o, bb_remote **out);
    int (*next)(bb_remote *r, bb_mailbox_message *out, bb_err *err);
    bool (*put_away)(bb_remote *r, const uint64_t *ids, size_t n, bb_err *err);
    bool (*close)(bb_remote **r, bb_err *err);
} cli_servers;
/* In a program that has none: becomes the one that has, as it was called, or says why not and answers NULL. */
const cli_servers *cli_read_servers(cli *c);

/* sisimai.c: the same message under the names of Sisimai's fields; nothing where it is no report. */
void cli_sisimai_json(const bb_message *m, bb_buf *out);

/* ---- output (out.c) ------------------------------------------------------------------------------------- */

/* Everything is written to standard output; what fails there is told once, at the end, by cli_finish. */
void cli_print(cli *c, const char *fmt, ...) BB_PRINTF(2, 3);
void cli_put(cli *c, bb_str bytes);
bool cli_output_gone(void);       /* nobody reads any more, or the disk is full: long jobs that only print may end */
int cli_finish(cli *c, int exit); /* flushes; the exit code in the end */

const char *cli_show(bb_arena *a, bb_str s);        /* hostile bytes made harmless, at most 1000 shown */
const char *cli_when(bb_arena *a, bb_time t);       /* "2026-11-23 15:44 UTC", "" for none */
const char *cli_day(bb_arena *a, bb_time t);        /* "2026-11-23" */
const char *cli_span(bb_arena *a, int64_t seconds); /* "3 days", "12 hours" */
const char *cli_plural(bb_arena *a, int64_t n, const char *one, const char *many); /* "1 message", "2 messages" */

/* One JSON document on one line. */
typedef struct {
    bb_json j;
    bb_buf buf;
} cli_json;
void cli_json_begin(cli_json *d, bb_arena *a);
void cli_json_end(cli *c, cli_json *d);

/* A table for people: heads, then rows of cells; columns as wide as they need be. A head that begins with '>' is that of
 * a column of numbers. Without heads (NULL) only rows are printed. */
typedef struct {
    bb_arena *arena;
    const char *const *heads;
    size_t columns;
    bb_str *cells;
    size_t n, cap;
} cli_table;
void cli_table_begin(cli_table *t, bb_arena *a, const char *const *heads, size_t columns);
void cli_cell(cli_table *t, bb_str s);
void cli_cellf(cli_table *t, const char *fmt, ...) BB_PRINTF(2, 3);
void cli_table_end(cli *c, cli_table *t, const char *indent);

/* The parameters in force as one JSON object, or as rows where the run is no --json. */
void cli_put_settings(cli *c, bb_json *j, bb_param_scope scope, const void *record);

/* progress.c: one line on a terminal, from the first second on. */
typedef struct {
    const char *what; /* "messages" */
    double started, shown;
    bool on;
} cli_progress;
void cli_progress_begin(cli_progress *p, const char *what);
void cli_progress_at(cli_progress *p, uint64_t count, uint64_t done, uint64_t total); /* bytes; total 0: unknown */
void cli_progress_hide(const cli_progress *p); /* before something else is said; it comes again by itself */
void cli_progress_end(cli_progress *p);

/* moves.c: who was moved, merged over all batches of a run. */
typedef struct {
    size_t turn; /* which happened first */
    uint64_t subscriber;
    uint32_t list;
    bb_status before, after;
    bb_time until;
} cli_move;
typedef struct {
    bb_arena *arena;
    cli_move *items;
    size_t n, cap;
} cli_moves;
bool cli_moves_add(cli_moves *m, const bb_change *changes, size_t n); /* in the order in which they happened */
/* By subscriber, each once, without those who are again what they were; a quarantine begun anew is a move. */
void cli_moves_merge(cli_moves *m);
/* After the merging: some dozens by name, then counts; with --json as two keys, "moved" and "moves". */
bool cli_moves_show(cli *c, const cli_moves *m, bb_json *j, const char *title);
/* The same of those who would move if their lists did not only observe: nothing where there is nobody. */
bool cli_moves_show_would(cli *c, cli_moves *m, bb_json *j);

/* ---- commands -------------------------------------------------------------------------------------------- */

int cmd_help(cli *c);
int cmd_init(cli *c);
int cmd_parse(cli *c);
int cmd_ingest(cli *c);
int cmd_deliver(cli *c);
/* These stand in programs of their own; in the others elsewhere.c executes those. */
int cmd_serve(cli *c);
int cmd_postfix_setup(cli *c);
int cmd_postfix_check(cli *c);
int cmd_postfix_undo(cli *c);
int cmd_list_add(cli *c);
int cmd_list_show(cli *c);
int cmd_subscriber_import(cli *c);
int cmd_subscriber_export(cli *c);
int cmd_subscriber_add(cli *c);
int cmd_subscriber_show(cli *c);
int cmd_subscriber_set(cli *c);
int cmd_mailing_add(cli *c);
int cmd_mailing_show(cli *c);
int cmd_mailing_sent(cli *c);
int cmd_explain(cli *c);
int cmd_report(cli *c);
int cmd_reclassify(cli *c);
int cmd_rules_list(cli *c);
int cmd_rules_check(cli *c);
int cmd_rules_test(cli *c);
int cmd_verp_encode(cli *c);
int cmd_verp_decode(cli *c);
int cmd_backup(cli *c);
int cmd_restore(cli *c);
int cmd_store_check(cli *c);
int cmd_key_list(cli *c);
int cmd_key_add(cli *c);
int cmd_key_retire(cli *c);
int cmd_config_check(cli *c);
int cmd_config_show(cli *c);
int cmd_config_sample(cli *c);
int cmd_config_list(cli *c);

#endif
