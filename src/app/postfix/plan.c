/* SPDX-License-Identifier: MIT
 *
 * The plan: begun from what is there, filled, and made into texts. apply.c writes it.
 *
 * main.cf says nothing of ours but one block behind its end and items at the head of lists; our tables are files of a
 * folder of our own. `written` in that folder lists what we wrote with its hash, so that what somebody else edited is
 * never overwritten.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/postfix/plan.h"

#define CONF_MAX ((size_t)16 << 20)

/* ---- files --------------------------------------------------------------------------------------------------- */

static plan_file *find_file(plan *p, bb_str name)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (bb_eq(bb_cstr(p->files[i].name), name)) return &p->files[i];
    return NULL;
}

/* What undo and people read, and Postfix does not. */
static bool is_record(bb_str name)
{
    return bb_eq(name, BB_S(PLAN_WRITTEN)) || bb_iends(name, BB_S(".before")) || bb_iends(name, BB_S(".written"));
}

/* What is there under that name, if anything is. */
static bool add_file(plan *p, const char *folder, bb_str name, plan_file **out)
{
    cli *c = p->c;
    plan_file *f = BB_PUSH(&c->arena, p->files, p->n_files, p->cap_files);
    if (!f) return bb_fail(&c->err, BB_ENOMEM, "no memory for the files");
    f->name = bb_dup(&c->arena, name).p;
    f->path = bb_sprintf(&c->arena, "%s/" BB_FMT, folder, BB_ARG(name)).p;
    if (!f->name || !f->path) return bb_fail(&c->err, BB_ENOMEM, "no memory for the files");
    f->record = is_record(name);
    f->there = bb_os_exists(f->path);
    if (f->there && !bb_os_read_file(&c->arena, f->path, CONF_MAX, &f->before, &c->err)) return false;
    if (out) *out = f;
    return true;
}

static bb_str hash_of(plan *p, bb_str text)
{
    char hex[2 * BB_HASH_LEN + 1];
    bb_hasher h;
    bb_hash_init(&h);
    bb_hash_put(&h, text);
    const bb_hash hash = bb_hash_end(&h);
    bb_hash_hex(&hash, hex);
    return bb_dup(&p->c->arena, bb_cstr(hex));
}

/* ---- what we wrote ------------------------------------------------------------------------------------------- */

static bool plain_name(bb_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!bb_is_alnum(name.p[i]) && !strchr("-._", name.p[i])) return false;
    return name.n && name.p[0] != '.';
}

/* What of a file is ours: of main.cf and master.cf the block. */
static bb_str ours_in(const plan *p, const plan_file *f, bb_str text)
{
    bb_str block = text;
    if (f - p->files < PLAN_FIRST_OWN && !postfix_text_block(text, &block)) return text;
    return block;
}

/* A line of `written`: hash, name, and "indexed" where postmap(1) made an index of it. A name stands twice while a setup is
 * under way: as it was, and as it shall be. */
static bool read_written_line(plan *p, bb_str line)
{
    cli *c = p->c;
    bb_str hash, name, more = {0};
    if (!bb_split(&line, ' ', &hash) || !bb_split(&line, ' ', &name) || !plain_name(name))
        return bb_fail(&c->err, BB_ECONFIG, "%s/" PLAN_WRITTEN ": was edited; restore it from a backup", p->folder);
    plan_file *f = find_file(p, name);
    if (!f && !add_file(p, p->folder, name, &f)) return false;
    f->indexed |= bb_split(&line, ' ', &more);
    f->known |= bb_eq(hash, hash_of(p, ours_in(p, f, f->before)));
    return true;
}

static bool read_written(plan *p, bool ours)
{
    cli *c = p->c;
    bb_str text, line;
    const char *path = bb_sprintf(&c->arena, "%s/" PLAN_WRITTEN, p->folder).p;
    if (!path || !bb_os_exists(path)) {
        if (!ours && !bb_os_exists(p->folder)) return true;
        return bb_fail(&c->err, BB_ECONFIG, "%s: %s", p->folder,
                       ours ? "what setup wrote there is gone; restore it from a backup"
                            : "there is something that setup did not write; move it away first");
    }
    if (!bb_os_read_file(&c->arena, path, CONF_MAX, &text, &c->err)) return false;
    while (bb_line(&text, &line))
        if (!read_written_line(p, line)) return false;
    plan_file *f = find_file(p, BB_S(PLAN_WRITTEN));
    if (!f && !add_file(p, p->folder, BB_S(PLAN_WRITTEN), &f)) return false;
    f->known = true;
    return true;
}

/* How the file differs from what we wrote. */
static void show_edits(plan *p, const plan_file *f)
{
    bb_run r;
    const char *wrote = bb_sprintf(&p->c->arena, "%s/%s.written", p->folder, f->name).p;
    const char *const argv[] = {"diff", "-u", wrote, f->path, NULL};
    if (wrote && bb_os_exists(wrote) && postfix_run(p->c, argv, (bb_str){0}, &r)) cli_put(p->c, r.output);
}

/* Somebody else's words in what is ours would be lost. */
static bool check_edits(plan *p)
{
    for (size_t i = 0; i < p->n_files; i++) {
        const plan_file *f = &p->files[i];
        bb_str block = f->before;
        bool whole = i >= PLAN_FIRST_OWN || postfix_text_block(f->before, &block);
        if (!f->there || f->known || (whole && !block.n)) continue;
        if (i >= PLAN_FIRST_OWN)
            return bb_fail(&p->c->err, BB_ECONFIG,
                           "%s: was edited since setup wrote it. Move what you added to a table of your own, delete "
                           "this file, and "
                           "try again",
                           f->path);
        show_edits(p, f);
        return bb_fail(&p->c->err, BB_ECONFIG,
                       "%s: the part from \">>> bouncebox\" to \"<<< bouncebox\" was edited since setup wrote it. Make "
                       "it as it was "
                       "(%s/%s.written), move what you added behind it, and try again",
                       f->path, p->folder, f->name);
    }
    return true;
}

/* ---- beginning ----------------------------------------------------------------------------------------------- */

static bool has_type(bb_str types, const char *type)
{
    bb_str line;
    while (bb_line(&types, &line))
        if (bb_eq(bb_trim(line), bb_cstr(type))) return true;
    return false;
}

/* pcre where it is installed: it is the faster one. */
static bool choose_types(plan *p)
{
    bb_run r;
    const char *const argv[] = {"postconf", "-c", p->base.config_dir, "-m", NULL};
    if (!postfix_run(p->c, argv, (bb_str){0}, &r)) return false;
    p->regexp = has_type(r.output, "pcre") ? "pcre" : "regexp";
    p->indexed = bb_dup(&p->c->arena, postfix_value(&p->base, "default_database_type")).p;
    return true;
}

static bool read_base(plan *p)
{
    cli *c = p->c;
    for (size_t i = 0; i < BB_COUNT(p->base_text); i++)
        p->base_text[i] = postfix_text_cut(&c->arena, p->files[i].before, p->folder_slash);
    return postfix_read_as(c, p->base.config_dir, p->base_text[PLAN_MAIN], p->base_text[PLAN_MASTER], &p->base);
}

bool plan_begin(cli *c, plan *p)
{
    *p = (plan){.c = c, .services = bb_buf_in(&c->arena, CONF_MAX)};
    if (!postfix_config_dir(c, cli_value(c, "config-dir"), &p->base.config_dir)) return false;
    p->folder = bb_sprintf(&c->arena, "%s/" PLAN_FOLDER, p->base.config_dir).p;
    p->folder_slash = bb_sprintf(&c->arena, "%s/" PLAN_FOLDER "/", p->base.config_dir);
    if (!p->folder) return bb_fail(&c->err, BB_ENOMEM, "no memory for a plan");
    const char *dir = p->base.config_dir;
    if (!add_file(p, dir, BB_S("main.cf"), NULL) || !add_file(p, dir, BB_S("master.cf"), NULL)) return false;
    if (!read_written(p, postfix_text_mode(p->files[PLAN_MAIN].before).n)) return false;
    return check_edits(p) && read_base(p) && choose_types(p);
}

/* ---- filling ------------------------------------------------------------------------------------------------- */

static bool add_setting(plan *p, const char *name, bb_str value, bool item)
{
    for (size_t i = 0; i < p->n_settings; i++)
        if (strcmp(p->settings[i].name, name) == 0 && bb_eq(p->settings[i].value, value)) return true;
    plan_setting *s = BB_PUSH(&p->c->arena, p->settings, p->n_settings, p->cap_settings);
    if (s) *s = (plan_setting){.name = name, .value = value, .item = item};
    return s || bb_fail(&p->c->err, BB_ENOMEM, "no memory for main.cf");
}

bool plan_prepend(plan *p, const char *name, bb_str item)
{
    return add_setting(p, name, item, true);
}

bool plan_set(plan *p, const char *name, bb_str value)
{
    const postfix_param *there = postfix_param_of(&p->base, name);
    if (there && there->own)
        return bb_fail(&p->c->err, BB_ECONFIG,
                       "main.cf: %s = " BB_FMT " stands there, and this mode wants " BB_FMT "; take it out first", name,
                       BB_ARG(there->value), BB_ARG(value));
    return add_setting(p, name, value, false);
}

/* A file that shall be in our folder. */
static bool want_file(plan *p, bb_str name, bb_str text, plan_file **out)
{
    plan_file *f = find_file(p, name);
    if (!f && !add_file(p, p->folder, name, &f)) return false;
    f->after = text;
    f->wanted = true;
    *out = f;
    return !p->c->arena.failed || bb_fail(&p->c->err, BB_ENOMEM, "no memory for a table");
}

bool plan_table(plan *p, const char *type, const char *name, bb_str text, bb_str *named)
{
    bb_str path = bb_cat(&p->c->arena, p->folder_slash, bb_cstr(name), (bb_str){0});
    plan_file *f;
    *named = type ? bb_cat(&p->c->arena, bb_cstr(type), BB_S(":"), path) : path;
    if (!want_file(p, bb_cstr(name), text, &f)) return false;
    f->indexed = type && strcmp(type, p->indexed) == 0;
    return true;
}

bool plan_service(plan *p, bb_str columns)
{
    bb_str name = bb_cat(&p->c->arena, BB_S(PLAN_SERVICE), p->mode, (bb_str){0});
    if (!name.p) return bb_fail(&p->c->err, BB_ENOMEM, "no memory for master.cf");
    if (postfix_service_of(&p->base, name.p, "unix"))
        return bb_fail(&p->c->err, BB_ECONFIG,
                       "master.cf: there is a service %s that setup did not write; rename it first", name.p);
    bb_put(&p->services, name);
    bb_put(&p->services, columns);
    return true;
}

void plan_note(plan *p, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char **slot = BB_PUSH(&p->c->arena, p->notes, p->n_notes, p->cap_notes);
    if (slot) *slot = bb_dup(&p->c->arena, bb_cstr(text)).p;
}

/* ---- texts --------------------------------------------------------------------------------------------------- */

/* An item goes into the list that main.cf has; what main.cf does not define goes into the block, a list with all its
 * items and Postfix's default behind them. */
static void put_setting(plan *p, size_t at, bb_str *text, bb_buf *block)
{
    const plan_setting *s = &p->settings[at];
    const postfix_param *there = postfix_param_of(&p->base, s->name);
    if (s->item && there && there->own && postfix_text_insert(&p->c->arena, text, bb_cstr(s->name), s->value)) return;
    for (size_t i = 0; i < at; i++)
        if (strcmp(p->settings[i].name, s->name) == 0) return; /* the first of them has put all */
    bb_putf(block, "%s = ", s->name);
    bb_put(block, s->value);
    for (size_t i = at + 1; i < p->n_settings; i++) {
        if (strcmp(p->settings[i].name, s->name) != 0) continue;
        bb_puts(block, ", ");
        bb_put(block, p->settings[i].value);
    }
    if (s->item && there && there->expanded.n) {
        bb_puts(block, ", ");
        bb_put(block, there->value);
    }
    bb_putc(block, '\n');
}

static bool make_texts(plan *p)
{
    cli *c = p->c;
    bb_str text[2] = {p->base_text[PLAN_MAIN], p->base_text[PLAN_MASTER]};
    bb_buf block = bb_buf_in(&c->arena, CONF_MAX);
    for (size_t i = 0; i < p->n_settings; i++) put_setting(p, i, &text[PLAN_MAIN], &block);
    if (p->mode.n) text[PLAN_MAIN] = postfix_text_append(&c->arena, text[PLAN_MAIN], p->mode, bb_buf_str(&block));
    if (p->services.n)
        text[PLAN_MASTER] = postfix_text_append(&c->arena, text[PLAN_MASTER], p->mode, bb_buf_str(&p->services));
    for (size_t i = 0; i < BB_COUNT(text); i++) {
        p->files[i].after = text[i];
        p->files[i].wanted = true;
        if (c->arena.failed) return bb_fail(&c->err, BB_ENOMEM, "no memory for the configuration");
        if (!bb_eq(postfix_text_cut(&c->arena, text[i], p->folder_slash), p->base_text[i]))
            return bb_fail(&c->err, BB_EBUG, "%s: could not be taken back as it was, so it is not written",
                           p->files[i].path);
    }
    return true;
}

/* The configuration as it was without us, and as we write it; and which files are ours. */
static bool keep_records(plan *p)
{
    cli *c = p->c;
    bb_buf written = bb_buf_in(&c->arena, CONF_MAX);
    plan_file *f;
    for (size_t i = 0; i < PLAN_FIRST_OWN; i++) {
        bb_str before = bb_sprintf(&c->arena, "%s.before", p->files[i].name);
        bb_str after = bb_sprintf(&c->arena, "%s.written", p->files[i].name);
        bb_str text = p->files[i].after;
        if (!want_file(p, before, p->base_text[i], &f) || !want_file(p, after, text, &f)) return false;
    }
    for (size_t i = 0; i < p->n_files; i++) {
        f = &p->files[i];
        if (!f->wanted || strcmp(f->name, PLAN_WRITTEN) == 0) continue;
        bb_put(&written, hash_of(p, ours_in(p, f, f->after)));
        bb_putf(&written, " %s%s\n", f->name, f->indexed ? " indexed" : "");
    }
    return want_file(p, BB_S(PLAN_WRITTEN), bb_buf_str(&written), &f);
}

bool plan_end(plan *p)
{
    return make_texts(p) && (!p->mode.n || keep_records(p));
}

bool plan_changes(const plan_file *f)
{
    return f->there != f->wanted || (f->wanted && !bb_eq(f->before, f->after));
}

size_t plan_changed(const plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_files; i++) n += plan_changes(&p->files[i]);
    return n;
}
