/* SPDX-License-Identifier: MIT
 *
 * Fuzz: text as a configuration file. It is read, or the error says where; what was read can be written again and is
 * then the same.
 */
#include <string.h>

#include "edge/conf/conf.h"
#include "fuzz.h"
#include "tap.h"

static const void *record_of(const bb_conf *c, bb_param_scope scope, bb_str list)
{
    const void *const records[BB_SCOPES] = {bb_conf_home_of(c), bb_conf_serve_of(c), bb_conf_list_of(c, list)};
    return records[scope];
}

static void put_section(bb_buf *b, bb_arena *a, const char *head, bb_param_scope scope, const void *record)
{
    bb_putf(b, "[%s]\n", head);
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        if (p->scope == scope) bb_putf(b, "%s = " BB_FMT "\n", p->name, BB_ARG(bb_conf_value(a, p, record)));
    }
}

static void same_values(bb_arena *a, bb_param_scope scope, const void *x, const void *y)
{
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        if (p->scope == scope) MUST(bb_eq(bb_conf_value(a, p, x), bb_conf_value(a, p, y)));
    }
}

/* All of it written out is read again, to the same values. */
static void check_again(bb_arena *a, const bb_conf *c)
{
    size_t n;
    const char *const *names = bb_conf_list_names(c, &n);
    bb_buf b = bb_buf_in(a, (size_t)64 << 20);
    put_section(&b, a, "bouncebox", BB_SCOPE_HOME, bb_conf_home_of(c));
    put_section(&b, a, "serve", BB_SCOPE_SERVE, bb_conf_serve_of(c));
    put_section(&b, a, "policy", BB_SCOPE_LIST, bb_conf_list_of(c, (bb_str){0}));
    for (size_t i = 0; i < n; i++) {
        MUST(bb_list_name_ok(bb_cstr(names[i])));
        put_section(&b, a, bb_sprintf(a, "list %s", names[i]).p, BB_SCOPE_LIST,
                    record_of(c, BB_SCOPE_LIST, bb_cstr(names[i])));
    }
    bb_conf *again = NULL;
    bb_err err = {0};
    bool read = bb_conf_parse("again", bb_buf_str(&b), &again, &err);
    if (!read && strstr(err.text, "the line is too long")) return; /* it had fewer blanks */
    if (!read) fprintf(stderr, "%s\n" BB_FMT "\n", err.text, BB_ARG(bb_buf_str(&b)));
    MUST(read);
    same_values(a, BB_SCOPE_HOME, bb_conf_home_of(c), bb_conf_home_of(again));
    same_values(a, BB_SCOPE_SERVE, bb_conf_serve_of(c), bb_conf_serve_of(again));
    same_values(a, BB_SCOPE_LIST, bb_conf_list_of(c, (bb_str){0}), bb_conf_list_of(again, (bb_str){0}));
    for (size_t i = 0; i < n; i++)
        same_values(a, BB_SCOPE_LIST, bb_conf_list_of(c, bb_cstr(names[i])), bb_conf_list_of(again, bb_cstr(names[i])));
    bb_conf_free(&again);
}

/* What the rest of the program relies on. */
static void check_list(const bb_conf_list *l)
{
    bb_policy p = bb_conf_policy(l);
    MUST(l->hard_limit >= 1 && l->soft_limit >= 1 && l->soft_window > 0 && l->quarantine >= 0);
    MUST(l->quarantine_backoff >= 1 && l->quarantine_backoff <= 100);
    MUST(p.hard_limit == l->hard_limit && p.soft_limit == l->soft_limit);
    MUST(bb_conf_list_view(l, 1).domain.n < sizeof l->bounce_domain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bb_conf *c = NULL;
    bb_err err = {0};
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bool read = bb_conf_parse("mine.conf", (bb_str){(const char *)data, size}, &c, &err);
    MUST(read == (c != NULL));
    if (read) {
        size_t n;
        const char *const *names = bb_conf_list_names(c, &n);
        check_list(bb_conf_list_of(c, (bb_str){0}));
        for (size_t i = 0; i < n; i++) check_list(bb_conf_list_of(c, bb_cstr(names[i])));
        check_again(&a, c);
    } else {
        MUST(err.code == BB_ECONFIG && bb_starts(bb_cstr(err.text), BB_S("mine.conf")));
    }
    bb_conf_free(&c);
    MUST(!c && !a.failed);
    bb_arena_free(&a);
    return 0;
}
