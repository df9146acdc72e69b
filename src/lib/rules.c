/* SPDX-License-Identifier: MIT
 *
 * Rules: the caller's before those that the library carries.
 */
#include <stdlib.h>

#include "lib/internal.h"

bouncebox_rules *bouncebox_rules_new(const char *name, const char *text, size_t length, bouncebox_error *err)
{
    bb_err why = {.code = BB_ENOMEM, .text = "no memory for the rules"};
    bb_rule_source own = {name ? name : "rules", {text, length}};
    lib_begin(err);
    lib_start();
    bouncebox_rules *rules = malloc(sizeof *rules);
    if (rules) rules->compiled = bb_rules_open(&lib_alloc, text ? &own : NULL, &why);
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
