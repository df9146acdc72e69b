/* SPDX-License-Identifier: MIT
 *
 * conf: the configuration file and the one table of its parameters (params.c).
 *
 * An INI file: [bouncebox] for the installation, [serve] for the daemon, [policy] for every list, [list NAME] for one
 * list, where any parameter of [policy] may stand again. From the table come defaults, ranges, help, the sample file and
 * the reading; an unknown or wrong line is an error with file, line and the nearest right word.
 * Ownership  a bb_conf owns its strings. Errors: bb_err with "file:line: ...". Threads: immutable once read.
 */
#ifndef BB_EDGE_CONF_H
#define BB_EDGE_CONF_H

#include "core/fact/fact.h"
#include "core/policy/policy.h"
#include "core/verp/verp.h"

typedef enum {
    BB_PARAM_TEXT,
    BB_PARAM_DOMAIN, /* kept as a lower-case A-label */
    BB_PARAM_HOSTS,  /* domains with blanks between, each kept so */
    BB_PARAM_LOCAL,  /* what stands before the @ of an address, or its beginning */
    BB_PARAM_WORD,
    BB_PARAM_INT,
    BB_PARAM_NUMBER,
    BB_PARAM_DURATION,
    BB_PARAM_BOOL,
    BB_PARAM_NETWORKS, /* text that core/gate reads */
    BB_PARAM_SENDERS
} bb_param_type;
typedef enum { BB_SCOPE_HOME, BB_SCOPE_SERVE, BB_SCOPE_LIST, BB_SCOPES } bb_param_scope;

/* One row of the table. */
typedef struct {
    const char *name;
    bb_param_scope scope;
    size_t offset; /* of the field in bb_conf_home, bb_conf_serve or bb_conf_list */
    bb_param_type type;
    const char *preset; /* default, as it would be written */
    double min, max;    /* INT, NUMBER, DURATION (seconds); max of TEXT and its like: octets */
    const char *words;  /* WORD: "signed plain verp" */
    const char *unit;   /* what its values are, for people: "seconds, or 12h, 30d, 4w" */
    const char *help;   /* one line */
} bb_conf_param;
extern const bb_conf_param bb_conf_params[];
extern const size_t bb_conf_params_count;

/* Parameters of the installation. */
typedef struct {
    char database[256]; /* relative to the home */
    char keys[256];
    char rules[256];        /* operator's rule file, empty: none */
    char netrc[256];        /* passwords of mailboxes on servers */
    int64_t token_lifetime; /* seconds */
    bool keep_evidence;
    char own_hosts[1001]; /* names with single blanks between */
} bb_conf_home;

/* Parameters of the daemon. */
typedef struct {
    char listen[1001];
    char policy[1001];
    int return_path_senders; /* any, null */
    char suppress_senders[1001], suppress_networks[1001];
    int socket_mode; /* index into words: bb_conf_socket_mode() */
    char socket_user[65];
    int threads;      /* that read; 0: one a processor, 4 at most */
    int connections;  /* at once */
    int message_size; /* MiB */
    int memory;       /* MiB, of messages that are on their way */
    int64_t timeout, data_timeout;
    int errors; /* of a client in a row */
} bb_conf_serve;

/* Parameters of a list. */
typedef struct {
    char bounce_domain[256];
    int return_path;           /* index into words: bb_form - 1 */
    char return_path_base[65]; /* forms 3 and 4: "newsletter" */
    int hard_limit, soft_limit;
    int64_t soft_window;
    int soft_window_mode;
    int64_t quarantine;
    double quarantine_backoff;
    bool accept_mailing, accept_inferred;
    int mode; /* enforce, observe */
} bb_conf_list;

typedef struct bb_conf bb_conf;

bool bb_conf_read(const char *path, bb_conf **out, bb_err *err) BB_MUST_USE;
/* The same of text; `name` is what errors call it. */
bool bb_conf_parse(const char *name, bb_str text, bb_conf **out, bb_err *err) BB_MUST_USE;
void bb_conf_free(bb_conf **conf);
const bb_conf_home *bb_conf_home_of(const bb_conf *c);
/* Are the list's return paths signed? */
bool bb_conf_signs(const bb_conf_list *l);
const bb_conf_serve *bb_conf_serve_of(const bb_conf *c);
int bb_conf_socket_mode(const bb_conf_serve *s); /* 0660 */
/* The section that parameters of the scope stand in: "bouncebox", "serve", "policy". */
const char *bb_conf_section(bb_param_scope scope);
/* The list's own section over [policy] over the defaults. */
const bb_conf_list *bb_conf_list_of(const bb_conf *c, bb_str name);
/* Names of all [list NAME] sections, for checks against the store; count by *n. */
const char *const *bb_conf_list_names(const bb_conf *c, size_t *n);
/* What the policy and attribution see of it; the view borrows from the bb_conf. */
bb_policy bb_conf_policy(const bb_conf_list *l);
bb_list_view bb_conf_list_view(const bb_conf_list *l, uint32_t id);
/* The value of a parameter (`record` is the bb_conf_home, bb_conf_serve or bb_conf_list), as it would be written. */
bb_str bb_conf_value(bb_arena *a, const bb_conf_param *p, const void *record);
/* The sample configuration file, every parameter with its help, commented out at its default. */
bb_str bb_conf_sample(bb_arena *a);

#endif
