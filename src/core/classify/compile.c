/* SPDX-License-Identifier: MIT
 *
 * compile: rules files (rules/README.md is the language's manual) to bb_rules.
 */
#include "core/classify/internal.h"

/* Where the reader of a source is. Errors get "file:line: " put before them on the way up. */
typedef struct {
    bb_rules *r;
    bb_growth *growth;
    bb_map *names; /* of all sources: hash of an id, to the number of its rule and 1 */
    const char *source;
    size_t source_begins; /* its first rule */
    bb_rule *rule;        /* the open one: the last of r->rules, or `dropped`; NULL: none */
    bb_rule dropped;      /* read and forgotten: an earlier source has its id */
    bool has_kind, has_reason, has_strength;
    int line;
    bb_err *err;
} reader;

static const char *const kinds[] = {"hard", "soft", "block", "other", NULL};
const char *const bb_strengths[] = {"guess", "hint", "code", "clear", "certain", "always", NULL};
static const char *const action_words[] = {"failed", "delayed", "delivered", "relayed", "expanded", NULL};
static const char *const reason_words[] = {
#define REASON_WORD(word) #word,
    BB_REASONS(REASON_WORD)
#undef REASON_WORD
        NULL};

/* ---- words of a line ------------------------------------------------------------------------------- */

static bool no_memory(reader *rd)
{
    return bb_fail(rd->err, BB_ENOMEM, "out of memory");
}

#define FEW 6 /* words that are told where none of them is near */

/* "no kind is called "hrad"; did you mean "hard"?" */
static bool unknown(reader *rd, const char *what, bb_str word, const char *const *words)
{
    const char *near = bb_nearest(word, words);
    if (near)
        return bb_fail(rd->err, BB_ECONFIG, "no %s is called \"" BB_FMT "\"; did you mean \"%s\"?", what, BB_ARG(word),
                       near);
    bb_buf list = bb_buf_of(&rd->r->arena, 80);
    size_t n = 0;
    while (words[n]) n++;
    for (size_t i = 0; n <= FEW && i < n; i++) {
        bb_puts(&list, i ? ", " : "; there are ");
        bb_puts(&list, words[i]);
    }
    return bb_fail(rd->err, BB_ECONFIG, "no %s is called \"" BB_FMT "\"" BB_FMT, what, BB_ARG(word),
                   BB_ARG(bb_buf_str(&list)));
}

/* Index of `word` among `words`, or -1 with the error. */
static int choose(reader *rd, const char *what, bb_str word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (bb_is(word, words[i])) return i;
    unknown(rd, what, word, words);
    return -1;
}

/* Takes the next word off *rest; false at the end. */
static bool next_word(bb_str *rest, bb_str *word)
{
    *rest = bb_trim(*rest);
    size_t n = 0;
    while (n < rest->n && !bb_is_space(rest->p[n])) n++;
    *word = bb_sub(*rest, 0, n);
    *rest = bb_sub(*rest, n, BB_NPOS);
    return n > 0;
}

/* Takes the next "literal" off *rest; false at the end or with the error. */
static bool next_literal(reader *rd, bb_str *rest, bb_str *literal)
{
    *rest = bb_trim(*rest);
    if (bb_empty(*rest)) return false;
    bb_str after = bb_sub(*rest, 1, BB_NPOS);
    size_t end = rest->p[0] == '"' ? bb_chr(after, '"') : BB_NPOS;
    if (end == BB_NPOS) return bb_fail(rd->err, BB_ECONFIG, "literals stand in quotes: \"mailbox full\"");
    *literal = bb_sub(after, 0, end);
    *rest = bb_sub(after, end + 1, BB_NPOS);
    return true;
}

/* The line up to a comment: a # after white space and outside quotes. */
static bb_str without_comment(bb_str line)
{
    bool quoted = false;
    if (bb_chr(line, '#') == BB_NPOS) return line;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '"') quoted = !quoted;
        if (line.p[i] == '#' && !quoted && (i == 0 || bb_is_space(line.p[i - 1]))) return bb_sub(line, 0, i);
    }
    return line;
}

/* ---- the keys of a rule ---------------------------------------------------------------------------- */

static bool set_kind(reader *rd, bb_str word)
{
    if (choose(rd, "kind", word, kinds) < 0) return false;
    rd->has_kind = true;
    return bb_kind_from(word, &rd->rule->kind);
}

static bool set_reason(reader *rd, bb_str word)
{
    if (choose(rd, "reason", word, reason_words) < 0) return false;
    rd->has_reason = true;
    return bb_reason_from(word, &rd->rule->reason);
}

static bool set_strength(reader *rd, bb_str word)
{
    int i = choose(rd, "strength", word, bb_strengths);
    if (i < 0) return false;
    rd->has_strength = true;
    rd->rule->strength = (bb_strength)i;
    return true;
}

static bool add_literals(reader *rd, bb_str value, bool unless)
{
    bb_str literal;
    if (bb_empty(value)) return bb_fail(rd->err, BB_ECONFIG, "\"%s\" of what?", unless ? "unless" : "words");
    while (next_literal(rd, &value, &literal)) {
        if (rd->rule == &rd->dropped) continue;
        if (!bb_growth_add(rd->growth, literal, (uint32_t)(rd->r->n_rules - 1), unless, rd->err)) return false;
    }
    return rd->err->code == BB_OK;
}

static bool add_words(reader *rd, bb_str value)
{
    if (bb_eq(value, BB_S("none"))) return rd->rule->bare = true;
    rd->rule->has_words = true;
    return add_literals(rd, value, false);
}

static bool add_unless(reader *rd, bb_str value)
{
    return add_literals(rd, value, true);
}

static bool add_status(reader *rd, bb_str word)
{
    bb_code3 code;
    if (!bb_code3_read(word, true, &code))
        return bb_fail(rd->err, BB_ECONFIG, "\"" BB_FMT "\" is no status like 5.1.1 or x.2.2", BB_ARG(word));
    bb_code3 *to = BB_PUSH(&rd->r->arena, rd->rule->status, rd->rule->n_status, rd->rule->cap_status);
    if (!to) return no_memory(rd);
    *to = code;
    return true;
}

static bool read_reply(bb_str s, bb_code3 *out)
{
    if (s.n != 3 || s.p[0] < '2' || s.p[0] > '5') return false;
    for (int i = 0; i < 3; i++) {
        if (!bb_is_digit(s.p[i]) && s.p[i] != 'x') return false;
        out->part[i] = s.p[i] == 'x' ? -1 : s.p[i] - '0';
    }
    return true;
}

static bool add_reply(reader *rd, bb_str word)
{
    bb_code3 code;
    if (bb_eq(word, BB_S("none"))) return rd->rule->unanswered = true;
    if (!read_reply(word, &code))
        return bb_fail(rd->err, BB_ECONFIG, "\"" BB_FMT "\" is no reply code like 550 or 4xx", BB_ARG(word));
    bb_code3 *to = BB_PUSH(&rd->r->arena, rd->rule->reply, rd->rule->n_reply, rd->rule->cap_reply);
    if (!to) return no_memory(rd);
    *to = code;
    return true;
}

static bool add_stage(reader *rd, bb_str word)
{
    if (choose(rd, "stage", word, bb_stages) < 0) return false;
    rd->rule->stages |= 1U << bb_stage_index(word);
    return true;
}

static bool add_action(reader *rd, bb_str word)
{
    bb_action action;
    if (choose(rd, "action", word, action_words) < 0 || !bb_action_from(word, &action)) return false;
    rd->rule->actions |= 1U << action;
    return true;
}

static bool add_host(reader *rd, bb_str word)
{
    bb_str *to = BB_PUSH(&rd->r->arena, rd->rule->hosts, rd->rule->n_hosts, rd->rule->cap_hosts);
    if (!to) return no_memory(rd);
    *to = word;
    return true;
}

static bool set_lasting(reader *rd, bb_str value)
{
    rd->rule->lasting = true;
    return bb_empty(value) || bb_fail(rd->err, BB_ECONFIG, "\"lasting\" stands alone");
}

static bool set_said(reader *rd, bb_str value)
{
    rd->rule->said = true;
    return bb_empty(value) || bb_fail(rd->err, BB_ECONFIG, "\"said\" stands alone");
}

static bool add_sample(reader *rd, bb_str value)
{
    bb_str *to = BB_PUSH(&rd->r->arena, rd->rule->samples, rd->rule->n_samples, rd->rule->cap_samples);
    if (!to) return no_memory(rd);
    *to = value;
    return true;
}

/* What may stand in a rule: how its value is cut, and what takes it. */
static const struct key {
    const char *name;
    enum { WORD, WORDS, REST } value; /* one word; each of some words; the line as it is */
    bool (*take)(reader *rd, bb_str value);
} keys[] = {
    {"kind", WORD, set_kind},     {"reason", WORD, set_reason},   {"strength", WORD, set_strength},
    {"words", REST, add_words},   {"unless", REST, add_unless},   {"status", WORDS, add_status},
    {"reply", WORDS, add_reply},  {"stage", WORDS, add_stage},    {"action", WORDS, add_action},
    {"host", WORDS, add_host},    {"lasting", REST, set_lasting}, {"said", REST, set_said},
    {"sample", REST, add_sample},
};
static const char *const key_words[] = {"rule",  "code",  "kind",   "reason", "strength", "words", "unless", "status",
                                        "reply", "stage", "action", "host",   "lasting",  "said",  "sample", NULL};

static bool take_value(reader *rd, const struct key *key, bb_str value)
{
    bb_str word;
    if (key->value == REST) return key->take(rd, value);
    if (!next_word(&value, &word)) return bb_fail(rd->err, BB_ECONFIG, "\"%s\" of what?", key->name);
    do {
        if (!key->take(rd, word)) return false;
    } while (key->value == WORDS && next_word(&value, &word));
    return bb_empty(bb_trim(value)) || bb_fail(rd->err, BB_ECONFIG, "\"%s\" takes one word", key->name);
}

/* ---- rules ----------------------------------------------------------------------------------------- */

/* How exact a status or reply is; the least exact of several counts. */
static int exactness(const bb_code3 *codes, size_t n, bool status)
{
    int least = 0;
    for (size_t i = 0; i < n; i++) {
        const int *p = codes[i].part;
        int e =
            status ? 10 + (p[0] >= 0) + 10 * ((p[1] >= 0) + (p[2] >= 0)) : 12 + (p[0] >= 0) + (p[1] >= 0) + (p[2] >= 0);
        if (i == 0 || e < least) least = e;
    }
    return least;
}

static int specificity(const bb_rule *rule)
{
    return exactness(rule->status, rule->n_status, true) + exactness(rule->reply, rule->n_reply, false) +
           (rule->stages != 0) + (rule->actions != 0) + rule->bare + rule->unanswered + (rule->n_hosts ? 40 : 0);
}

static bool same_words(bb_arena *a, bb_str x, bb_str y)
{
    char *fx = bb_get(a, x.n + 1), *fy = bb_get(a, y.n + 1);
    return fx && fy && bb_eq((bb_str){fx, bb_fold(x, fx)}, (bb_str){fy, bb_fold(y, fy)});
}

static bool check_samples(reader *rd)
{
    const bb_rule *rule = rd->rule;
    if (rule->n_samples < 2)
        return bb_fail(rd->err, BB_ECONFIG, "rule \"" BB_FMT "\" needs two samples, worded differently",
                       BB_ARG(rule->id));
    if (same_words(&rd->r->arena, rule->samples[0], rule->samples[1]))
        return bb_fail(rd->err, BB_ECONFIG, "the samples of rule \"" BB_FMT "\" are worded alike", BB_ARG(rule->id));
    return true;
}

/* Closes the open rule, whose errors are those of its first line. */
static bool close_rule(reader *rd)
{
    bb_rule *rule = rd->rule;
    if (!rule) return true;
    rd->line = rule->line;
    bool fires = rule->has_words || rule->bare || rule->n_status || rule->n_reply || rule->n_hosts || rule->stages;
    if (!rd->has_kind || !rd->has_reason)
        return bb_fail(rd->err, BB_ECONFIG, "rule \"" BB_FMT "\" has no %s", BB_ARG(rule->id),
                       rd->has_kind ? "reason" : "kind");
    if (!fires) return bb_fail(rd->err, BB_ECONFIG, "rule \"" BB_FMT "\" has nothing to fire on", BB_ARG(rule->id));
    if (!check_samples(rd)) return false;
    if (!rd->has_strength) rule->strength = rule->has_words ? BB_STRENGTH_CLEAR : BB_STRENGTH_CODE;
    rule->specificity = specificity(rule);
    rd->rule = NULL;
    return true;
}

/* Where the number of the rule of that id, and 1, stands or is to stand; NULL: no memory. Ids whose hashes are alike stand
 * one behind the other. */
static uint32_t *name_of(reader *rd, bb_str id)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < id.n; i++) hash = (hash ^ (unsigned char)id.p[i]) * 16777619U;
    for (;; hash++) {
        uint32_t number = bb_map_get(rd->names, hash);
        if (!number || bb_eq(rd->r->rules[number - 1].id, id)) return bb_map_put(rd->names, hash);
    }
}

/* Opens a rule. An id that an earlier source has is that source's: so operators replace built-in
 * rules by their own of the same id. */
static bool open_rule(reader *rd, bb_str id)
{
    bb_rules *r = rd->r;
    if (id.n < 2) return bb_fail(rd->err, BB_ECONFIG, "an id has two letters at least");
    uint32_t *name = name_of(rd, id);
    if (!name) return no_memory(rd);
    if (*name > rd->source_begins)
        return bb_fail(rd->err, BB_ECONFIG, "rule \"" BB_FMT "\" is in line %d already", BB_ARG(id),
                       r->rules[*name - 1].line);
    rd->dropped = (bb_rule){0};
    rd->rule = &rd->dropped;
    if (!*name) {
        rd->rule = BB_PUSH(&r->arena, r->rules, r->n_rules, r->cap_rules);
        if (!rd->rule) return no_memory(rd);
        *name = (uint32_t)r->n_rules;
    }
    rd->rule->id = id;
    rd->rule->source = rd->source;
    rd->rule->line = rd->line;
    rd->has_kind = rd->has_reason = rd->has_strength = false;
    return true;
}

static bool read_rule_line(reader *rd, bb_str value)
{
    bb_str id;
    if (!next_word(&value, &id)) return bb_fail(rd->err, BB_ECONFIG, "a rule needs an id");
    if (!bb_empty(bb_trim(value))) return bb_fail(rd->err, BB_ECONFIG, "an id is one word, such as mailbox-full");
    return open_rule(rd, id);
}

/* code CODE [STAGE] KIND REASON [STRENGTH] */
static bool read_code_line(reader *rd, bb_str value)
{
    bb_str code, stage, word;
    bb_code3 reply;
    if (!next_word(&value, &code)) return bb_fail(rd->err, BB_ECONFIG, "code of what?");
    if (!next_word(&value, &word)) return bb_fail(rd->err, BB_ECONFIG, "a code line goes: code 5.1.1 hard userunknown");
    bool is_reply = read_reply(code, &reply), staged = bb_stage_index(word) >= 0;
    stage = staged ? bb_lowered(&rd->r->arena, word) : BB_S("");
    bb_buf id = bb_buf_of(&rd->r->arena, 16 + code.n + stage.n);
    bb_puts(&id, is_reply ? "reply-" : "status-");
    bb_put(&id, code);
    if (staged) bb_putc(&id, '-');
    bb_put(&id, stage);
    if (id.truncated) return no_memory(rd);
    if (!open_rule(rd, bb_buf_str(&id)) || !(is_reply ? add_reply(rd, code) : add_status(rd, code))) return false;
    if (staged && (!add_stage(rd, word) || !next_word(&value, &word))) word = BB_S("");
    if (!set_kind(rd, word)) return false;
    if (!next_word(&value, &word)) return bb_fail(rd->err, BB_ECONFIG, "the code has no reason");
    if (!set_reason(rd, word)) return false;
    rd->rule->strength = is_reply ? BB_STRENGTH_GUESS : BB_STRENGTH_CODE;
    if (next_word(&value, &word) && !set_strength(rd, word)) return false;
    rd->rule->specificity = specificity(rd->rule);
    rd->rule = NULL;
    return bb_empty(bb_trim(value)) || bb_fail(rd->err, BB_ECONFIG, "the line goes on after its end");
}

static bool take_key(reader *rd, bb_str name, bb_str value)
{
    for (size_t i = 0; i < BB_COUNT(keys); i++)
        if (name.p[0] == keys[i].name[0] && bb_eq(name, bb_cstr(keys[i].name)))
            return rd->rule ? take_value(rd, &keys[i], value)
                            : bb_fail(rd->err, BB_ECONFIG, "\"%s\" outside a rule", keys[i].name);
    return unknown(rd, "key", name, key_words);
}

static bool read_line(reader *rd, bb_str line)
{
    bb_str name;
    if (!next_word(&line, &name) || name.p[0] == '#') return true;
    bb_str value = bb_trim(bb_eq(name, BB_S("sample")) ? line : without_comment(line));
    bool rule = bb_eq(name, BB_S("rule")), code = bb_eq(name, BB_S("code"));
    if (!rule && !code) return take_key(rd, name, value);
    int here = rd->line;
    if (!close_rule(rd)) return false;
    rd->line = here;
    return rule ? read_rule_line(rd, value) : read_code_line(rd, value);
}

static bool read_source(bb_rules *r, bb_growth *growth, bb_map *names, const bb_rule_source *source, bb_str text,
                        bb_err *err)
{
    bb_str name = bb_dup(&r->arena, bb_cstr(source->name));
    if (!name.p) return bb_fail(err, BB_ENOMEM, "out of memory");
    reader rd = {.r = r, .growth = growth, .names = names, .source = name.p, .source_begins = r->n_rules, .err = err};
    bb_str line;
    bool fine = true;
    while (fine && bb_line(&text, &line)) {
        rd.line++;
        fine = read_line(&rd, line);
    }
    if (!fine || !close_rule(&rd)) return bb_fail_in(err, "%s:%d", rd.source, rd.line);
    return true;
}

/* Rules that fire without words, in one list. */
static bool collect_codes(bb_rules *r, bb_err *err)
{
    if (!bb_map_init(&r->near_heads, &r->arena, 0) || !BB_PUSH(&r->arena, r->near, r->n_near, r->cap_near))
        return bb_fail(err, BB_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < r->n_rules; i++) {
        if (r->rules[i].has_words) continue;
        uint32_t *to = BB_PUSH(&r->arena, r->codes, r->n_codes, r->cap_codes);
        if (!to) return bb_fail(err, BB_ENOMEM, "out of memory");
        *to = i;
        if (!bb_near_add(r, i)) return bb_fail(err, BB_ENOMEM, "out of memory");
    }
    return true;
}

static bool read_sources(bb_rules *r, const bb_rule_source *sources, size_t n, bb_arena *scratch, bb_err *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) bytes += sources[i].text.n;
    bb_map names;
    char *text = bb_get(&r->arena, bytes + 1);
    if (!text) return bb_fail(err, BB_ENOMEM, "out of memory");
    r->text = text;
    bb_growth growth;
    bool fine =
        bb_growth_init(&growth, &r->trie, &r->arena, scratch, text, bytes) && bb_map_init(&names, scratch, bytes / 256);
    for (size_t i = 0; fine && i < n; i++) {
        bb_str its = {text + r->n_text, sources[i].text.n};
        if (its.n) memcpy(text + r->n_text, sources[i].text.p, its.n);
        r->n_text += its.n;
        fine = read_source(r, &growth, &names, &sources[i], its, err);
    }
    fine = fine && bb_growth_end(&growth) && collect_codes(r, err) && !r->arena.failed && !scratch->failed;
    return fine || err->code != BB_OK || bb_fail(err, BB_ENOMEM, "out of memory");
}

bb_rules *bb_rules_compile(const bb_alloc *alloc, const bb_rule_source *sources, size_t n, bb_err *err)
{
    bb_err mine;
    if (!err) err = &mine;
    *err = (bb_err){0};
    bb_rules *r = alloc->get(alloc->ctx, sizeof *r);
    if (!r) {
        bb_fail(err, BB_ENOMEM, "out of memory");
        return NULL;
    }
    *r = (bb_rules){0};
    bb_arena scratch;
    bb_arena_init(&r->arena, alloc, BB_ARENA_LIMIT);
    bb_arena_init(&scratch, alloc, BB_ARENA_LIMIT);
    read_sources(r, sources, n, &scratch, err);
    bb_arena_free(&scratch);
    if (err->code) bb_rules_free(&r);
    return r;
}

void bb_rules_free(bb_rules **rules)
{
    bb_rules *r = *rules;
    *rules = NULL;
    if (!r || r->frozen) return;
    bb_alloc alloc = *r->arena.alloc;
    bb_arena_free(&r->arena);
    alloc.put(alloc.ctx, r);
}
