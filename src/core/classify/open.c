/* SPDX-License-Identifier: MIT
 *
 * open: the rules that mail is read with.
 */
#include "core/classify/internal.h"

bb_rules *bb_rules_open(const bb_alloc *alloc, const bb_rule_source *own, bb_err *err)
{
    if (!own) return (bb_rules *)(uintptr_t)&bb_rules_frozen; /* nobody changes them, and freeing leaves them */
    size_t n = 0;
    bb_rule_source *sources = alloc->get(alloc->ctx, (bb_rules_builtin_count + 1) * sizeof *sources);
    if (!sources) {
        bb_fail(err, BB_ENOMEM, "no memory for the rules");
        return NULL;
    }
    sources[n++] = *own;
    for (size_t i = 0; i < bb_rules_builtin_count; i++) sources[n++] = bb_rules_builtin[i];
    bb_rules *rules = bb_rules_compile(alloc, sources, n, err);
    alloc->put(alloc->ctx, sources);
    return rules;
}
