/* SPDX-License-Identifier: MIT
 *
 * Fuzz: text as an operators' rules file. It compiles, or the error says where; what compiled lists and classifies.
 */
#include "core/classify/classify.h"
#include "fuzz.h"
#include "tap.h"

static void check_rules(const bb_rules *rules, bb_arena *a, bb_str text)
{
    for (size_t i = 0; i < bb_rules_count(rules); i++) {
        bb_rule_info info = bb_rules_info(rules, i);
        MUST(info.id.n && info.line > 0 && info.strength && bb_eq(bb_cstr(info.source), BB_S("mine.rules")));
        MUST(info.kind <= BB_KIND_BLOCK && info.reason < BB_REASON_COUNT);
    }
    bb_err err = {0};
    bool checks = bb_rules_check(rules, a, &err);
    MUST(checks == (err.code == BB_OK));
    bb_evidence e = {.diagnostic = text, .text = text};
    bb_verdict v = bb_classify(rules, a, &e);
    MUST(v.confidence >= 0 && v.confidence <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* exactly the text's bytes: what compiled may not look at them again */
    bb_str text = {(const char *)data, size};
    bb_rule_source source = {"mine.rules", text};
    bb_err err = {0};
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_rules *rules = bb_rules_compile(&tap_alloc, &source, 1, &err);
    MUST((rules != NULL) == (err.code == BB_OK));
    if (rules) check_rules(rules, &a, text);
    else MUST(err.code == BB_ECONFIG && bb_starts(bb_cstr(err.text), BB_S("mine.rules:")));
    bb_rules_free(&rules);
    MUST(!rules && !a.failed);
    bb_arena_free(&a);
    return 0;
}
