/* SPDX-License-Identifier: MIT
 *
 * Rules: the caller's before those that the library carries.
 */
#include <stdlib.h>

#include "lib/internal.h"

bouncebox_rules *bouncebox_rules_new(const char *name, const char *text, size_t length, bouncebox_error *err)
{
    bb_err why = {.code = BB_ENOMEM, .text = "no memory for the rules"};
    size_t n = 0;
    lib_begin(err);
    lib_start();
    bb_rule_source *sources = calloc(bb_rules_builtin_count + 1, sizeof *sources);
    bouncebox_rules *rules = malloc(sizeof *rules);
    if (rules) rules->compiled = NULL;
    if (sources && rules) {
        if (text) sources[n++] = (bb_rule_source){name ? name : "rules", {text, length}};
        for (size_t i = 0; i < bb_rules_builtin_count; i++) sources[n++] = bb_rules_builtin[i];
        rules->compiled = bb_rules_compile(&lib_alloc, sources, n, &why);
    }
    free(sources);
    if (rules && rules->compiled) return rules;
    free(rules);
    lib_fail_as(err, &why);
    return NULL;
}

void bouncebox_rules_free(bouncebox_rules *rules)
{
    if (!rules) return;
    bb_rules_free(&rules->compiled);
    free(rules);
}
