/* SPDX-License-Identifier: MIT
 *
 * The configuration file, read: lines by inih, sections and line numbers by us (inih cuts section names and
 * wants long lines split), then every value against the table. [policy] counts before any [list], wherever
 * it stands.
 */
#include "edge/conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "edge/conf/internal.h"
#include "edge/os/os.h"

#define FILE_MAX ((size_t)1 << 20)

typedef enum { SECTION_HOME, SECTION_SERVE, SECTION_POLICY, SECTION_LIST } section_kind;

typedef struct {
    section_kind kind;
    bb_str name; /* of the list */
    int line;
    bb_conf_list values;
} section;

typedef struct {
    size_t section; /* BB_NPOS: before the first one */
    bb_str name, value;
    int line;
} setting;

struct bb_conf {
    bb_arena arena;
    bb_conf_home home;
    bb_conf_serve serve;
    bb_conf_list policy;
    section *sections;
    size_t n_sections, cap_sections;
    const char **list_names;
    size_t n_list_names;
};

typedef struct {
    bb_conf *conf;
    const char *file;
    bb_str rest; /* of the text */
    int line;
    setting *settings;
    size_t n, cap;
    bb_err *err;
    bool failed;
} parse;

static bool fail_at(parse *p, int line, const char *text)
{
    if (!p->failed) bb_fail(p->err, BB_ECONFIG, "%s:%d: %s", p->file, line, text);
    p->failed = true;
    return false;
}

static bool fail_said(parse *p, int line, bb_str text)
{
    return fail_at(p, line, text.p ? text.p : "no memory for the message");
}

/* ---- sections ---------------------------------------------------------------------------------------- */

/* " (did you mean X?)" or nothing. */
static const char *hint(bb_arena *a, bb_str typed, const char *const *words)
{
    const char *near = bb_nearest(typed, words);
    return near ? bb_sprintf(a, " (did you mean %s?)", near).p : "";
}

static bool unknown_section(parse *p, bb_str title)
{
    static const char *const words[] = {"bouncebox", "serve", "policy", "list", NULL};
    bb_arena *a = &p->conf->arena;
    bb_str rest = title, first = title;
    (void)bb_split(&rest, ' ', &first);
    return fail_said(
        p, p->line,
        bb_sprintf(a, "no section is called [" BB_FMT "]%s; there are [bouncebox], [serve], [policy], [list NAME]",
                   BB_ARG(title), hint(a, first, words)));
}

static bool read_title(parse *p, bb_str title, section *out)
{
    *out = (section){.line = p->line};
    if (bb_eq(title, BB_S("bouncebox"))) out->kind = SECTION_HOME;
    else if (bb_eq(title, BB_S("serve"))) out->kind = SECTION_SERVE;
    else if (bb_eq(title, BB_S("policy"))) out->kind = SECTION_POLICY;
    else if (bb_starts(title, BB_S("list ")) || bb_starts(title, BB_S("list\t"))) {
        out->kind = SECTION_LIST;
        out->name = bb_trim(bb_sub(title, 5, BB_NPOS));
        if (!bb_list_name_ok(out->name))
            return fail_at(p, p->line, "a list's name is 1 to 64 letters, digits, dots, dashes and underscores");
    } else return unknown_section(p, title);
    return true;
}

static bool begin_section(parse *p, bb_str line)
{
    bb_conf *c = p->conf;
    size_t close = bb_chr(line, ']');
    bb_str behind = bb_trim(bb_sub(line, close == BB_NPOS ? line.n : close + 1, BB_NPOS));
    if (close == BB_NPOS || (behind.n && behind.p[0] != ';' && behind.p[0] != '#'))
        return fail_at(p, p->line, "a section reads [NAME]");
    section s;
    if (!read_title(p, bb_trim(bb_sub(line, 1, close - 1)), &s)) return false;
    for (size_t i = 0; i < c->n_sections; i++)
        if (c->sections[i].kind == s.kind && bb_eq(c->sections[i].name, s.name))
            return fail_said(p, p->line,
                             bb_sprintf(&c->arena, "this section stands in line %d already; put the two together",
                                        c->sections[i].line));
    section *slot = BB_PUSH(&c->arena, c->sections, c->n_sections, c->cap_sections);
    if (slot) *slot = s;
    return slot;
}

/* ---- lines ------------------------------------------------------------------------------------------- */

/* Gives inih one line at a time, as fgets would; sections are taken out and answered by an empty line. White space
 * in front is dropped: to inih it would continue the line above. */
static char *next_line(char *into, int room, void *ctx)
{
    parse *p = ctx;
    bb_str line;
    if (p->failed || !bb_line(&p->rest, &line)) return NULL;
    p->line++;
    line = bb_trim(line);
    if (line.n && line.p[0] == '[') {
        if (!begin_section(p, line)) return NULL;
        line.n = 0;
    }
    if (line.n && (line.p[0] == '#' || line.p[0] == ';')) line.n = 0;
    if (line.n + 2 > (size_t)room) {
        fail_said(p, p->line, bb_sprintf(&p->conf->arena, "the line is too long; at most %d octets", room - 2));
        return NULL;
    }
    if (line.n && memchr(line.p, '\0', line.n)) {
        fail_at(p, p->line, "a NUL byte: this is no text file");
        return NULL;
    }
    if (line.n) memcpy(into, line.p, line.n);
    into[line.n] = '\n';
    into[line.n + 1] = '\0';
    return into;
}

static int take_setting(void *ctx, const char *inih_section, const char *name, const char *value)
{
    (void)inih_section;
    parse *p = ctx;
    bb_arena *a = &p->conf->arena;
    setting *s = BB_PUSH(a, p->settings, p->n, p->cap);
    if (!s) return 0;
    *s = (setting){.section = p->conf->n_sections - 1, /* BB_NPOS before the first one */
                   .name = bb_dup(a, bb_cstr(name)),
                   .value = bb_dup(a, bb_cstr(value)),
                   .line = p->line};
    return 1;
}

/* ---- settings ----------------------------------------------------------------------------------------- */

static const bb_conf_param *find_param(bb_str name, bb_param_scope scope)
{
    for (size_t i = 0; i < bb_conf_params_count; i++)
        if (bb_conf_params[i].scope == scope && bb_eq(bb_cstr(bb_conf_params[i].name), name)) return &bb_conf_params[i];
    return NULL;
}

static bool unknown_setting(parse *p, const setting *s, bb_param_scope scope)
{
    bb_arena *a = &p->conf->arena;
    for (int other = 0; other < BB_SCOPES; other++)
        if (find_param(s->name, (bb_param_scope)other))
            return fail_said(p, s->line,
                             bb_sprintf(a, BB_FMT " belongs in [%s]%s", BB_ARG(s->name),
                                        bb_conf_section((bb_param_scope)other),
                                        other == BB_SCOPE_LIST ? " or [list NAME]" : ""));
    const char *words[64] = {0};
    for (size_t i = 0, n = 0; i < bb_conf_params_count && n + 1 < BB_COUNT(words); i++)
        if (bb_conf_params[i].scope == scope) words[n++] = bb_conf_params[i].name;
    return fail_said(p, s->line,
                     bb_sprintf(a, "no parameter is called " BB_FMT "%s", BB_ARG(s->name), hint(a, s->name, words)));
}

static bool apply_setting(parse *p, const setting *s)
{
    bb_conf *c = p->conf;
    section *in = &c->sections[s->section];
    bb_param_scope scope = in->kind == SECTION_HOME    ? BB_SCOPE_HOME
                           : in->kind == SECTION_SERVE ? BB_SCOPE_SERVE
                                                       : BB_SCOPE_LIST;
    const bb_conf_param *param = find_param(s->name, scope);
    if (!param) return unknown_setting(p, s, scope);
    for (const setting *before = p->settings; before < s; before++)
        if (before->section == s->section && bb_eq(before->name, s->name))
            return fail_said(p, s->line,
                             bb_sprintf(&c->arena, BB_FMT " is set in line %d already", BB_ARG(s->name), before->line));
    void *record = in->kind == SECTION_HOME     ? (void *)&c->home
                   : in->kind == SECTION_SERVE  ? (void *)&c->serve
                   : in->kind == SECTION_POLICY ? (void *)&c->policy
                                                : (void *)&in->values;
    bb_err e;
    return bb_conf_set(&c->arena, param, s->value, record, &e) || fail_at(p, s->line, e.text);
}

static bool apply_kind(parse *p, bool lists)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->settings[i].section == BB_NPOS)
            return fail_at(p, p->settings[i].line, "a parameter before any [section]");
        if ((p->conf->sections[p->settings[i].section].kind == SECTION_LIST) == lists &&
            !apply_setting(p, &p->settings[i]))
            return false;
    }
    return true;
}

static bool apply_all(parse *p)
{
    bb_conf *c = p->conf;
    if (!apply_kind(p, false)) return false;
    c->list_names = bb_get_array(&c->arena, c->n_sections + 1, sizeof *c->list_names);
    if (!c->list_names) return false;
    for (size_t i = 0; i < c->n_sections; i++) {
        if (c->sections[i].kind != SECTION_LIST) continue;
        c->sections[i].values = c->policy;
        c->list_names[c->n_list_names++] = bb_dup(&c->arena, c->sections[i].name).p;
    }
    return apply_kind(p, true);
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

static bb_conf *with_presets(void)
{
    bb_conf *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    bb_arena_init(&c->arena, &bb_os_alloc, 64 * FILE_MAX);
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        void *const records[BB_SCOPES] = {&c->home, &c->serve, &c->policy};
        void *record = records[p->scope];
        if (!bb_conf_set(&c->arena, p, bb_cstr(p->preset), record, NULL)) abort(); /* a wrong row: ours */
    }
    return c;
}

bool bb_conf_parse(const char *name, bb_str text, bb_conf **out, bb_err *err)
{
    bb_conf *c = with_presets();
    if (!c) return bb_fail(err, BB_ENOMEM, "%s: no memory to read it", name);
    if (bb_starts(text, BB_S("\xEF\xBB\xBF"))) text = bb_sub(text, 3, BB_NPOS);
    parse p = {.conf = c, .file = name, .rest = bb_dup(&c->arena, text), .err = err};
    int line = ini_parse_stream(next_line, &p, take_setting, &p);
    if (!p.failed && line > 0 && !c->arena.failed) fail_at(&p, line, "neither NAME = VALUE, [SECTION] nor a # comment");
    bool good = !p.failed && apply_all(&p);
    if (c->arena.failed) good = bb_fail(err, BB_ENOMEM, "%s: no memory to read it", name);
    if (!good) bb_conf_free(&c);
    else *out = c;
    return good;
}

bool bb_conf_read(const char *path, bb_conf **out, bb_err *err)
{
    bb_arena a;
    bb_str text;
    bb_arena_init(&a, &bb_os_alloc, 4 * FILE_MAX);
    bool good = bb_os_read_file(&a, path, FILE_MAX, &text, err) && bb_conf_parse(path, text, out, err);
    bb_arena_free(&a);
    return good;
}

void bb_conf_free(bb_conf **conf)
{
    if (!*conf) return;
    bb_arena_free(&(*conf)->arena);
    free(*conf);
    *conf = NULL;
}

const bb_conf_home *bb_conf_home_of(const bb_conf *c)
{
    return &c->home;
}

const bb_conf_serve *bb_conf_serve_of(const bb_conf *c)
{
    return &c->serve;
}

int bb_conf_socket_mode(const bb_conf_serve *s)
{
    static const int modes[] = {0600, 0660, 0666}; /* the words of its row */
    return modes[s->socket_mode];
}

const char *bb_conf_section(bb_param_scope scope)
{
    static const char *const names[BB_SCOPES] = {"bouncebox", "serve", "policy"};
    return names[scope];
}

const bb_conf_list *bb_conf_list_of(const bb_conf *c, bb_str name)
{
    for (size_t i = 0; i < c->n_sections; i++)
        if (c->sections[i].kind == SECTION_LIST && bb_eq(c->sections[i].name, name)) return &c->sections[i].values;
    return &c->policy;
}

const char *const *bb_conf_list_names(const bb_conf *c, size_t *n)
{
    *n = c->n_list_names;
    return c->list_names;
}

bool bb_conf_signs(const bb_conf_list *l)
{
    return l->return_path + 1 == BB_FORM_SIGNED || l->return_path + 1 == BB_FORM_SIGNED_VERP;
}

/* A list that sends signed return paths acts on what our own client heard and on what a token proves; one without
 * signatures has to believe more (docs/design.md section 5, "Trust"). */
static unsigned accepted(const bb_conf_list *l)
{
    unsigned trust = BB_ACCEPT(BB_TRUST_LOCAL) | BB_ACCEPT(BB_TRUST_SIGNED);
    if (l->accept_mailing) trust |= BB_ACCEPT(BB_TRUST_MAILING);
    if (bb_conf_signs(l)) return trust;
    trust |= BB_ACCEPT(BB_TRUST_PLAIN);
    return l->accept_inferred ? trust | BB_ACCEPT(BB_TRUST_INFERRED) : trust;
}

bb_policy bb_conf_policy(const bb_conf_list *l)
{
    return (bb_policy){.from = BB_NO_TIME,
                       .hard_limit = l->hard_limit,
                       .soft_limit = l->soft_limit,
                       .soft_window = l->soft_window,
                       .window_mode = (bb_window_mode)l->soft_window_mode,
                       .quarantine = l->quarantine,
                       .quarantine_backoff = l->quarantine_backoff,
                       .accept_trust = accepted(l),
                       .observe = l->mode == 1};
}

bb_list_view bb_conf_list_view(const bb_conf_list *l, uint32_t id)
{
    return (bb_list_view){.id = id,
                          .return_path = (bb_form)(l->return_path + 1),
                          .domain = bb_cstr(l->bounce_domain),
                          .base = bb_cstr(l->return_path_base)};
}
