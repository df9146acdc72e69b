/* SPDX-License-Identifier: MIT
 *
 * Compiles the built-in rules while the program is built and writes them down as C, so that it starts with them as they
 * are: compiling them would be most of what reading one message takes.
 *
 * usage: freeze > frozen.c
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/classify/internal.h"

static void *get(void *ctx, size_t n)
{
    (void)ctx;
    return malloc(n);
}

static void put(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

/* A slice of the rules' text, or of nothing that is kept: then as it is spelled. */
static void put_str(const bb_rules *r, bb_str s)
{
    if (s.p >= r->text && s.p < r->text + r->n_text)
        printf("{bb_rules_builtin_text + %zu, %zu}", (size_t)(s.p - r->text), s.n);
    else printf("{\"" BB_FMT "\", %zu}", BB_ARG(s), s.n);
}

static void put_code(const bb_code3 *c)
{
    printf("    {{%d, %d, %d}},\n", c->part[0], c->part[1], c->part[2]);
}

/* What rules point to, all of it in one array each, in their order. An array has one item at least. */
static void put_parts(const bb_rules *r)
{
    printf("static const bb_code3 codes[] = {\n");
    for (size_t i = 0; i < r->n_rules; i++) {
        for (size_t k = 0; k < r->rules[i].n_status; k++) put_code(&r->rules[i].status[k]);
        for (size_t k = 0; k < r->rules[i].n_reply; k++) put_code(&r->rules[i].reply[k]);
    }
    printf("    {{0, 0, 0}}};\nstatic const bb_str words[] = {\n");
    for (size_t i = 0; i < r->n_rules; i++) {
        for (size_t k = 0; k < r->rules[i].n_hosts + r->rules[i].n_samples; k++) {
            size_t n = r->rules[i].n_hosts;
            put_str(r, k < n ? r->rules[i].hosts[k] : r->rules[i].samples[k - n]);
            printf(",\n");
        }
    }
    printf("    {0, 0}};\n");
}

static void put_rules(const bb_rules *r)
{
    size_t codes = 0, words = 0;
    printf("static const bb_rule rules[] = {\n");
    for (size_t i = 0; i < r->n_rules; i++) {
        const bb_rule *u = &r->rules[i];
        printf("    {.id = ");
        put_str(r, u->id);
        printf(", .source = \"%s\", .line = %d, .kind = (bb_kind)%d, .reason = (bb_reason)%d, .strength = "
               "(bb_strength)%d,\n"
               "     .lasting = %d, .said = %d, .has_words = %d, .bare = %d, .unanswered = %d, .specificity = %d, "
               ".stages = %u,\n"
               "     .actions = %u, .n_status = %zu, .n_reply = %zu, .n_hosts = %zu, .n_samples = %zu,\n"
               "     .status = (bb_code3 *)codes + %zu, .reply = (bb_code3 *)codes + %zu,\n"
               "     .hosts = (bb_str *)words + %zu, .samples = (bb_str *)words + %zu},\n",
               u->source, u->line, u->kind, u->reason, u->strength, u->lasting, u->said, u->has_words, u->bare,
               u->unanswered, u->specificity, u->stages, u->actions, u->n_status, u->n_reply, u->n_hosts, u->n_samples,
               codes, codes + u->n_status, words, words + u->n_hosts);
        codes += u->n_status + u->n_reply;
        words += u->n_hosts + u->n_samples;
    }
    printf("};\n");
}

static void put_trie(const bb_trie *t)
{
    printf("static const bb_literal literals[] = {\n");
    for (size_t i = 0; i < t->n_literals; i++) {
        const bb_literal *l = &t->literals[i];
        printf("{%u,%u,%u},\n", l->text, l->rule, l->weight);
    }
    printf("};\nstatic const bb_piece_end ends[] = {\n");
    for (size_t i = 0; i < t->n_ends; i++)
        printf("{%u,%u,%u,%u,%d,%d,%d},\n", t->ends[i].literal, t->ends[i].rule, t->ends[i].before, t->ends[i].number,
               t->ends[i].unless, t->ends[i].whole_word, t->ends[i].more);
    printf("};\nstatic const bb_node nodes[] = {\n");
    for (size_t i = 0; i < t->n_nodes; i++)
        printf("{%u,%u,%u,%u,%u},\n", t->nodes[i].bytes, t->nodes[i].ends, t->nodes[i].child, t->nodes[i].n,
               t->nodes[i].children);
    printf("};\nstatic const unsigned char bytes[] = {\n");
    for (size_t i = 0; i < t->n_bytes; i++) printf("%u,%s", t->bytes[i], i % 16 == 15 ? "\n" : "");
    printf("};\n");
}

static void put_map(const char *name, const bb_map *m)
{
    size_t n = bb_map_slots(m);
    printf("static const bb_map_slot_at %s[%zu] = {\n", name, n);
    for (size_t i = 0; i < n; i++)
        if (m->slots[i].value) printf("[%zu] = {%uU, %uU},\n", i, m->slots[i].key, m->slots[i].value);
    printf("};\n");
}

static void put_near(const bb_rules *r)
{
    printf("static const uint32_t without_words[] = {\n");
    for (size_t i = 0; i < r->n_codes; i++) printf("%u,\n", r->codes[i]);
    printf("};\nstatic const bb_near near[] = {\n");
    for (size_t i = 0; i < r->n_near; i++) printf("{%u, %u},\n", r->near[i].rule, r->near[i].next);
    printf("};\n");
}

static void put_sets(const char *name, const uint64_t sets[256])
{
    printf(".%s = {", name);
    for (int i = 0; i < 256; i++)
        if (sets[i]) printf("[%d] = %lluU, ", i, (unsigned long long)sets[i]);
    printf("}");
}

static void put_whole(const bb_rules *r)
{
    const bb_trie *t = &r->trie;
    printf(
        "const bb_rules bb_rules_frozen = {\n"
        "    .frozen = true, .text = bb_rules_builtin_text, .n_text = %zu, .rules = (bb_rule *)rules, .n_rules = %zu,\n"
        "    .codes = (uint32_t *)without_words, .n_codes = %zu, .near = (bb_near *)near, .n_near = %zu,\n"
        "    .near_heads = {.slots = (bb_map_slot_at *)heads, .n = %zu, .shift = %u},\n"
        "    .trie = {.text = bb_rules_builtin_text, .nodes = (bb_node *)nodes, .n_nodes = %zu,\n"
        "             .bytes = (unsigned char *)bytes, .n_bytes = %zu,\n"
        "             .roots = {.slots = (bb_map_slot_at *)roots, .n = %zu, .shift = %u}, .ends = (bb_piece_end "
        "*)ends, .n_ends = %zu,\n"
        "             .literals = (bb_literal *)literals, .n_literals = %zu, .n_gapped = %u,\n",
        r->n_text, r->n_rules, r->n_codes, r->n_near, r->near_heads.n, r->near_heads.shift, t->n_nodes, t->n_bytes,
        t->roots.n, t->roots.shift, t->n_ends, t->n_literals, t->n_gapped);
    put_sets("first", t->first);
    printf(",\n");
    put_sets("second", t->second);
    printf("}};\n");
}

int main(void)
{
    bb_alloc alloc = {get, put, NULL};
    bb_err err;
    bb_rules *r = bb_rules_compile(&alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (!r) {
        fprintf(stderr, "freeze: %s\n", err.text);
        return 1;
    }
    printf("/* Made by rules/freeze.c. */\n#include \"core/classify/internal.h\"\n\n"
           "/* Rules that are being compiled are written; these are not. */\n"
           "#pragma GCC diagnostic ignored \"-Wcast-qual\"\n\n");
    put_parts(r);
    put_rules(r);
    put_trie(&r->trie);
    put_map("roots", &r->trie.roots);
    put_map("heads", &r->near_heads);
    put_near(r);
    put_whole(r);
    bb_rules_free(&r);
    return fflush(stdout) || ferror(stdout);
}
