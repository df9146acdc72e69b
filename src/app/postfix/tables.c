/* SPDX-License-Identifier: MIT
 *
 * The maps that main.cf names: read as words, looked up by postmap(1) as Postfix would.
 */
#include "app/postfix/check.h"

#define SOURCE_MAX ((size_t)16 << 20)

static const struct {
    const char *type, *suffix;
    bool pattern;
} types[] = {
    {"hash", ".db", false}, {"btree", ".db", false}, {"lmdb", ".lmdb", false},
    {"cdb", ".cdb", false}, {"dbm", ".pag", false},  {"texthash", NULL, false},
    {"regexp", NULL, true}, {"pcre", NULL, true},    {"cidr", NULL, false},
};
static const bb_str proxies[] = {{"proxy:", 6}};

bool check_is_table(bb_str word, check_table *out)
{
    for (size_t i = 0; i < BB_COUNT(proxies); i++)
        if (bb_starts(word, proxies[i])) word = bb_sub(word, proxies[i].n, BB_NPOS);
    size_t colon = bb_chr(word, ':');
    if (colon == BB_NPOS || !colon) return false;
    *out = (check_table){.whole = word, .type = bb_sub(word, 0, colon), .path = bb_sub(word, colon + 1, BB_NPOS)};
    for (size_t i = 0; i < BB_COUNT(types); i++) {
        if (!bb_eq(out->type, bb_cstr(types[i].type))) continue;
        out->pattern = types[i].pattern;
        out->suffix = types[i].suffix;
        out->indexed = types[i].suffix != NULL;
        out->text = !out->indexed && bb_starts(out->path, BB_S("/"));
    }
    return out->path.n > 0;
}

/* ---- looking up ---------------------------------------------------------------------------------------------- */

/* "key<TAB>value" of those that are found, as `postmap -q -` prints them. */
static bb_str value_of(bb_str output, bb_str key, bool *found)
{
    bb_str line;
    while (bb_line(&output, &line)) {
        size_t tab = bb_chr(line, '\t');
        if (tab == BB_NPOS || !bb_ieq(bb_sub(line, 0, tab), key)) continue;
        *found = true;
        return bb_trim(bb_sub(line, tab + 1, BB_NPOS));
    }
    return (bb_str){0};
}

/* What was asked before, or a place for it, whose answer is yet to be written; NULL: no memory. */
static check_memory *recall(checkup *k, bb_str question, bool *known)
{
    *known = true;
    for (size_t i = 0; i < k->n_memory; i++)
        if (bb_eq(k->memory[i].question, question)) return &k->memory[i];
    *known = false;
    check_memory *m = BB_PUSH(&k->c->arena, k->memory, k->n_memory, k->cap_memory);
    if (m) *m = (check_memory){.question = bb_dup(&k->c->arena, question)};
    return m;
}

unsigned check_classes_of(checkup *k, bb_str domain, bool *known)
{
    bool told;
    unsigned classes = 0;
    bb_str question = check_text(k, "class of " BB_FMT, BB_ARG(domain));
    check_memory *m = recall(k, question, &told);
    *known = m && (!told || m->answer.n);
    if (!m || told) return m ? m->classes : 0;
    *known = postfix_classes_of(k->c, k->in, domain, &classes);
    if (!*known) k->c->err = (bb_err){0};
    m->classes = classes;
    m->answer = *known ? BB_S("known") : (bb_str){0};
    return m->classes;
}

static bb_str ask_table(checkup *k, const check_table *t, const bb_str *keys, size_t n)
{
    bool known;
    bb_run r = {0};
    bb_buf input = bb_buf_in(&k->c->arena, (size_t)64 << 10);
    const char *argv[] = {"postmap", "-c", k->in->config_dir, "-q", "-", bb_dup(&k->c->arena, t->whole).p, NULL};
    for (size_t i = 0; i < n; i++) {
        bb_put(&input, keys[i]);
        bb_putc(&input, '\n');
    }
    check_memory *m = recall(k, bb_cat(&k->c->arena, t->whole, BB_S("\n"), bb_buf_str(&input)), &known);
    if (!m || known) return m ? m->answer : (bb_str){0};
    if (!argv[5] || !postfix_run(k->c, argv, bb_buf_str(&input), &r)) k->c->err = (bb_err){0};
    m->answer = r.output;
    return r.output;
}

#define TABLES_MAX 32

check_hit check_find(checkup *k, bb_str maps, const bb_str *keys, size_t n)
{
    check_table tables[TABLES_MAX];
    bb_str answers[TABLES_MAX], word;
    size_t n_tables = 0;
    while (n && n_tables < TABLES_MAX && postfix_item(&maps, &word)) {
        if (!check_is_table(word, &tables[n_tables])) continue;
        answers[n_tables] = ask_table(k, &tables[n_tables], keys, tables[n_tables].pattern ? 1 : n);
        n_tables++;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t t = 0; t < n_tables; t++) {
            check_hit hit = {.key = keys[i], .table = tables[t]};
            if (i && tables[t].pattern) continue;
            hit.value = value_of(answers[t], keys[i], &hit.found);
            if (hit.found) return hit;
        }
    return (check_hit){0};
}

/* Where the local part is split: at the first of the characters, neither first nor last (postconf(5), recipient_delimiter). */
static size_t extension_of(checkup *k, bb_str local)
{
    bb_str delimiters = postfix_value(k->in, "recipient_delimiter");
    for (size_t i = 1; i < local.n; i++)
        if (bb_chr(delimiters, local.p[i]) != BB_NPOS) return i;
    return local.n;
}

check_hit check_find_address(checkup *k, bb_str maps, bb_str address)
{
    bb_arena *a = &k->c->arena;
    bb_str keys[8], domain = check_domain_of(address);
    bb_str local = bb_sub(address, 0, address.n - domain.n - 1);
    bb_str user = bb_sub(local, 0, extension_of(k, local)), at = bb_sub(address, local.n, BB_NPOS);
    size_t n = 0;
    bool known;
    if (!domain.n) return (check_hit){0};
    bool bare = (check_classes_of(k, domain, &known) & POSTFIX_LOCAL) || bb_ieq(domain, check_origin(k));
    keys[n++] = address;
    if (user.n < local.n) keys[n++] = bb_cat(a, user, at, (bb_str){0});
    if (bare) keys[n++] = local;
    if (bare && user.n < local.n) keys[n++] = user;
    keys[n++] = at;
    return check_find(k, maps, keys, n);
}

/* ---- sources ---------------------------------------------------------------------------------------------------- */

void check_each_line(checkup *k, const check_table *t,
                     void (*each)(checkup *k, const check_table *t, int line, bb_str text))
{
    bb_str rest, line;
    bb_err err = {0};
    if (!t->indexed && !t->text) return;
    if (!bb_os_read_file(&k->c->arena, bb_dup(&k->c->arena, t->path).p, SOURCE_MAX, &rest, &err)) return;
    for (int i = 1; bb_line(&rest, &line); i++) {
        bb_str text = bb_trim(line);
        if (!text.n || text.p[0] == '#' || bb_is_space(line.p[0])) continue;
        each(k, t, i, text);
    }
}

/* Postfix makes its caches by itself; what proxymap may read is named elsewhere, too. */
static bool is_of_interest(bb_str parameter)
{
    return bb_find(parameter, BB_S("cache")) == BB_NPOS && !bb_starts(parameter, BB_S("proxy_")) &&
           !bb_eq(parameter, BB_S("address_verify_map"));
}

static bool is_known(const check_table *seen, size_t n, const check_table *t)
{
    for (size_t i = 0; i < n; i++)
        if (bb_eq(seen[i].whole, t->whole)) return true;
    return false;
}

typedef struct {
    check_table *items;
    size_t n, cap;
} table_set;

static void each_table_of(checkup *k, const postfix_param *p, table_set *seen,
                          void (*each)(checkup *k, const check_table *t))
{
    bb_str rest = p->expanded, word;
    check_table t;
    while (postfix_item(&rest, &word)) {
        bool new =
            check_is_table(word, &t) && (t.indexed || t.text || t.pattern) && !is_known(seen->items, seen->n, &t);
        check_table *slot = new ? BB_PUSH(&k->c->arena, seen->items, seen->n, seen->cap) : NULL;
        if (!slot) continue;
        *slot = t;
        slot->parameter = p->name;
        each(k, slot);
    }
}

/* Those that main.cf sets come first: other parameters only repeat them. */
void check_each_table(checkup *k, void (*each)(checkup *k, const check_table *t))
{
    table_set seen = {0};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < k->in->n_params; i++) {
            const postfix_param *p = &k->in->params[i];
            if (p->own == (pass == 0) && is_of_interest(p->name)) each_table_of(k, p, &seen, each);
        }
}

bb_str check_quoted(checkup *k, bb_str text)
{
    bb_buf b = bb_buf_in(&k->c->arena, 4 * text.n + 2);
    bb_putc(&b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') bb_puts(&b, "'\\'");
        bb_putc(&b, text.p[i]);
    }
    bb_putc(&b, '\'');
    return bb_buf_str(&b);
}

bb_str check_postconf(checkup *k, const char *name, bb_str value)
{
    return check_text(k, "postconf -e " BB_FMT,
                      BB_ARG(check_quoted(k, check_text(k, "%s = " BB_FMT, name, BB_ARG(value)))));
}

bb_str check_as_pattern(checkup *k, bb_str key)
{
    bb_buf b = bb_buf_in(&k->c->arena, 8 * key.n + 8);
    bb_puts(&b, "/^");
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == '*') bb_puts(&b, "[^@]*");
        else {
            if (bb_chr(BB_S(".+?()[]{}|^$/\\"), key.p[i]) != BB_NPOS) bb_putc(&b, '\\');
            bb_putc(&b, key.p[i]);
        }
    }
    bb_puts(&b, "$/");
    return bb_buf_str(&b);
}
