/* SPDX-License-Identifier: MIT
 *
 * classify: what a report says about one recipient, to kind and reason, by rules that are data.
 *
 * Rules come from text files (rules/README.md tells the language); earlier sources win ties over later
 * ones, so operators' files come first. Compiled rules are immutable and may be shared by threads;
 * classifying needs only an arena. One automaton over all literals scans the report's own words once.
 * The result names the rule that decided and how sure it is. Thin or contradictory evidence gives the
 * kind that removes nobody.
 * Errors  compiling: BB_ECONFIG with "file:line: ..."; classifying: none.
 */
#ifndef BB_CORE_CLASSIFY_H
#define BB_CORE_CLASSIFY_H

#include "core/base/base.h"
#include "core/base/words.h"
#include "core/report/report.h"

typedef struct bb_rules bb_rules;

typedef struct {
    const char *name; /* for messages: a path, or "built in" */
    bb_str text;
} bb_rule_source;

/* Raised whenever rules or formats read mail differently; stored with every reading. */
#define BB_RULES_VERSION 5

/* The rules that the program carries, generated from rules/ at build time; at least one source. */
extern const bb_rule_source bb_rules_builtin[];
extern const size_t bb_rules_builtin_count;
extern const char bb_rules_builtin_text[]; /* of all of them, one behind the other */

/* What mail is read with: the built-in rules, which are compiled already, or an operator's (NULL: he has none) before
 * them. NULL on failure. The source may go away afterwards. */
bb_rules *bb_rules_open(const bb_alloc *alloc, const bb_rule_source *own, bb_err *err);
/* These and no others. */
bb_rules *bb_rules_compile(const bb_alloc *alloc, const bb_rule_source *sources, size_t n, bb_err *err);
void bb_rules_free(bb_rules **rules);

typedef struct {
    bb_kind kind;
    bb_reason reason;
    bb_str rule;       /* id; lives as long as the rules */
    double confidence; /* 0 to 1 */
} bb_verdict;

/* What speaks about one recipient. Empty or 0: not said. */
typedef struct {
    bb_action action;
    bb_str status;
    int reply_code;
    bb_str command;
    bb_str diagnostic; /* the refusing system's words: weigh most */
    bb_str text;       /* the report's human words about this recipient, or all of them */
    bb_str asserted;   /* what of the text is asserted; NULL: not looked for yet */
    bb_str host;       /* refusing host */
    bb_str subject;    /* of the message that came back: nobody's refusal, wherever it is quoted */
    bool told;         /* the diagnostic is human words of the report's */
    bool others;       /* the diagnostic was said of several alike, or of another recipient */
    bool text_of_all;  /* and so was the text */
    bool of_sender;    /* the diagnostic names who sent the message, and not the recipient */
    bool passed_on;    /* the diagnostic speaks of an address elsewhere, that his mail was passed on to */
} bb_evidence;

bb_verdict bb_classify(const bb_rules *rules, bb_arena *a, const bb_evidence *e);

/* ---- why not another rule ---------------------------------------------------------------------------- */

/* A rule that came near: it fired and another went before it, or its words or codes are there and something kept it from
 * firing. Where circumstances changed the winner's kind, the winner's own rule stands here first, with the kind
 * that it has. */
typedef struct {
    bb_str rule; /* id; lives as long as the rules */
    bb_kind kind;
    bb_reason reason;
    bb_str why; /* it lost, a few words for a person; in the arena */
} bb_runner_up;

#define BB_RUNNERS_UP_MAX 20
typedef struct {
    bb_runner_up rules[BB_RUNNERS_UP_MAX]; /* the nearest first */
    size_t n, more;                        /* here, and left out */
} bb_runners_up;

/* Says what bb_classify says, and who lost to it. Slower: for a person who asks. */
bb_verdict bb_classify_why(const bb_rules *rules, bb_arena *a, const bb_evidence *e, bb_runners_up *out);

/* ---- rules as a person lists and checks them ------------------------------------------------------ */

typedef struct {
    bb_str id;
    const char *source;
    int line;
    bb_kind kind;
    bb_reason reason;
    const char *strength; /* "guess" to "always" */
    size_t n_samples;     /* 0 for lines of the code table */
} bb_rule_info;

size_t bb_rules_count(const bb_rules *rules);
bb_rule_info bb_rules_info(const bb_rules *rules, size_t i);
/* What sample k of rule i says, in the circumstances that the rule's conditions ask for. */
bb_evidence bb_rules_sample(const bb_rules *rules, bb_arena *a, size_t i, size_t k);
/* Does every sample fire its rule? False with err: the first that does not, and what fires instead. */
bool bb_rules_check(const bb_rules *rules, bb_arena *a, bb_err *err) BB_MUST_USE;

/* A literal of alternatives that its writer may take for less than it is: "mailbox full|disabled" fires on "disabled". */
typedef struct {
    bb_str literal, word; /* as written; the alternative that is one word */
    bb_str better;        /* what it would be if the words around it belonged to all: "mailbox * full|disabled" */
    const char *source;
    int line;
} bb_uneven;
/* The next such literal from number *at on, which begins at 0, in the rules' order; false: no more. */
bool bb_rules_next_uneven(const bb_rules *rules, bb_arena *a, size_t *at, bb_uneven *out);

/* ---- whole reports --------------------------------------------------------------------------------- */

/* The verdict on recipient i of the report, or on the report as a whole where it names none
 * (i == n_rcpts == 0). Complaints, auto-replies and receipts have theirs without any rule. */
bb_verdict bb_classify_report(const bb_rules *rules, bb_arena *a, const bb_report *r, size_t i);

#endif
