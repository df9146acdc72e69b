/* SPDX-License-Identifier: MIT
 *
 * The plan shown and written. Tables come first and go last, so that main.cf never names one that is not there; each file
 * is replaced as a whole. What Postfix refuses is taken back before anybody notices.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/postfix/plan.h"

#define DIFF_MAX ((size_t)32 << 20)

/* ---- shown ----------------------------------------------------------------------------------------------------- */

static bool diff_file(plan *p, const plan_file *f, bb_buf *out)
{
    bb_run r;
    const char *const argv[] = {"diff",    "-u",
                                "--label", f->there ? f->path : "/dev/null",
                                "--label", f->wanted ? f->path : "/dev/null",
                                "--",      f->there ? f->path : "/dev/null",
                                "-",       NULL};
    if (!postfix_run(p->c, argv, f->wanted ? f->after : (bb_str){0}, &r)) return false;
    if (r.status > 1) return bb_fail(&p->c->err, BB_EIO, "diff: " BB_FMT, BB_ARG(bb_trim(r.complaints)));
    bb_put(out, r.output);
    return true;
}

bool plan_diff(plan *p, bb_str *out)
{
    bb_buf b = bb_buf_in(&p->c->arena, DIFF_MAX);
    for (size_t i = 0; i < p->n_files; i++)
        if (plan_changes(&p->files[i]) && !p->files[i].record && !diff_file(p, &p->files[i], &b)) return false;
    *out = bb_buf_str(&b);
    return true;
}

/* ---- written --------------------------------------------------------------------------------------------------- */

/* One of ours, whichever way: with its index. */
static const char *const index_ends[] = {".db", ".lmdb", ".cdb", ".dir", ".pag"};

static bool has_index(plan *p, const plan_file *f)
{
    for (size_t i = 0; i < BB_COUNT(index_ends); i++) {
        const char *path = bb_sprintf(&p->c->arena, "%s%s", f->path, index_ends[i]).p;
        if (path && bb_os_exists(path)) return true;
    }
    return false;
}

static void remove_index(plan *p, const plan_file *f)
{
    for (size_t i = 0; i < BB_COUNT(index_ends); i++) {
        const char *path = bb_sprintf(&p->c->arena, "%s%s", f->path, index_ends[i]).p;
        if (path) unlink(path);
    }
}

static bool run_well(plan *p, const char *const *argv)
{
    bb_run r;
    if (!postfix_run(p->c, argv, (bb_str){0}, &r)) return false;
    if (r.status == 0) return true;
    bb_str said = bb_trim(r.complaints.n ? r.complaints : r.output);
    return bb_fail(&p->c->err, BB_ECONFIG, "%s %s: " BB_FMT, argv[0], argv[3], BB_ARG(said));
}

static bool make_index(plan *p, const plan_file *f)
{
    const char *table = bb_sprintf(&p->c->arena, "%s:%s", p->indexed, f->path).p;
    const char *const argv[] = {"postmap", "-c", p->base.config_dir, table, NULL};
    return table && run_well(p, argv);
}

static bool write_own(plan *p, const plan_file *f, bb_str text)
{
    if (!bb_os_write_file(f->path, text, 0644, &p->c->err)) return false;
    return !f->indexed || make_index(p, f);
}

/* While it is under way `written` knows both what was and what shall be. */
static bool begin_folder(plan *p, const plan_file *written)
{
    cli *c = p->c;
    bool made;
    if (!bb_os_make_folder(p->folder, 0755, &made, &c->err)) return false;
    return bb_os_write_file(written->path, bb_cat(&c->arena, written->before, written->after, (bb_str){0}), 0644,
                            &c->err);
}

static bool write_tables(plan *p)
{
    for (size_t i = PLAN_FIRST_OWN; i < p->n_files; i++) {
        const plan_file *f = &p->files[i];
        bool write = plan_changes(f) || (f->indexed && !has_index(p, f));
        if (f->wanted && write && !write_own(p, f, f->after)) return false;
    }
    return true;
}

static bool remove_tables(plan *p)
{
    bool any = false;
    for (size_t i = PLAN_FIRST_OWN; i < p->n_files; i++) {
        const plan_file *f = &p->files[i];
        any |= f->wanted;
        if (f->wanted || !f->there) continue;
        if (f->indexed) remove_index(p, f);
        if (unlink(f->path) < 0 && errno != ENOENT) return bb_os_fail(&p->c->err, BB_EIO, f->path, "remove it");
    }
    if (any || rmdir(p->folder) == 0 || errno == ENOENT) return true;
    if (errno != ENOTEMPTY && errno != EEXIST) return bb_os_fail(&p->c->err, BB_EIO, p->folder, "remove it");
    plan_note(p, "%s: holds files that setup did not write; they stay", p->folder);
    return true;
}

/* main.cf names the service of master.cf, so it comes behind it, and goes before it. */
static bool write_conf(plan *p, bool back)
{
    static const size_t there[] = {PLAN_MASTER, PLAN_MAIN}, gone[] = {PLAN_MAIN, PLAN_MASTER};
    const size_t *order = p->mode.n && !back ? there : gone;
    for (size_t i = 0; i < BB_COUNT(there); i++) {
        const plan_file *f = &p->files[order[i]];
        if (plan_changes(f) && !bb_os_replace_file(f->path, back ? f->before : f->after, &p->c->err)) return false;
    }
    return true;
}

/* As it was. What goes wrong meanwhile cannot be helped; the first trouble is what is told. */
static void take_back(plan *p)
{
    bb_err first = p->c->err;
    bool good = write_conf(p, true);
    for (size_t i = PLAN_FIRST_OWN; i < p->n_files; i++) {
        const plan_file *f = &p->files[i];
        if (f->there && plan_changes(f)) good = write_own(p, f, f->before) && good;
        if (!f->there && f->indexed) remove_index(p, f);
        if (!f->there) unlink(f->path);
    }
    rmdir(p->folder); /* only where it is empty */
    p->c->err = first;
    bb_fail_in(&p->c->err,
               good ? "nothing is changed, since it would not work" : "it does not work, nor can it be taken back");
}

static bool is_running(plan *p)
{
    bb_run r;
    const char *const argv[] = {"postfix", "-c", p->base.config_dir, "status", NULL};
    return postfix_run(p->c, argv, (bb_str){0}, &r) && r.status == 0;
}

bool plan_apply(plan *p, bool *reloaded)
{
    const char *const check[] = {"postfix", "-c", p->base.config_dir, "check", NULL};
    const char *const reload[] = {"postfix", "-c", p->base.config_dir, "reload", NULL};
    const plan_file *written = NULL;
    *reloaded = false;
    for (size_t i = PLAN_FIRST_OWN; i < p->n_files && !written; i++)
        if (strcmp(p->files[i].name, PLAN_WRITTEN) == 0) written = &p->files[i];
    if (access(p->base.config_dir, W_OK) < 0)
        return bb_os_fail(&p->c->err, BB_EDENIED, p->base.config_dir, "write there (are you root?)");
    if (p->mode.n && written && !begin_folder(p, written)) return false;
    if (!write_tables(p) || !write_conf(p, false) || (p->mode.n && !run_well(p, check))) {
        take_back(p);
        return false;
    }
    if (!remove_tables(p)) return false;
    *reloaded = is_running(p);
    return !*reloaded || run_well(p, reload);
}

/* ---- told ------------------------------------------------------------------------------------------------------ */

static void tell_json(plan *p, bb_str diff, bool dry, bool reloaded)
{
    cli_json d;
    cli_json_begin(&d, &p->c->arena);
    bb_json_kstr(&d.j, "config_dir", bb_cstr(p->base.config_dir));
    bb_json_kstr(&d.j, "mode", p->mode);
    bb_json_key(&d.j, "dry_run");
    bb_json_bool(&d.j, dry);
    bb_json_key(&d.j, "reloaded");
    bb_json_bool(&d.j, reloaded);
    bb_json_key(&d.j, "changed");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < p->n_files; i++)
        if (plan_changes(&p->files[i]) && !p->files[i].record) bb_json_str(&d.j, bb_cstr(p->files[i].path));
    bb_json_close(&d.j, ']');
    bb_json_kstr(&d.j, "diff", diff);
    bb_json_key(&d.j, "notes");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < p->n_notes; i++) bb_json_str(&d.j, bb_cstr(p->notes[i]));
    bb_json_close(&d.j, ']');
    cli_json_end(p->c, &d);
}

static void tell_files(plan *p)
{
    for (size_t i = 0; i < p->n_files; i++) {
        const plan_file *f = &p->files[i];
        if (f->record || !plan_changes(f)) continue;
        cli_print(p->c, "%s  %s\n",
                  !f->there   ? "written"
                  : f->wanted ? "changed"
                              : "removed",
                  cli_show(&p->c->arena, bb_cstr(f->path)));
    }
}

int plan_finish(plan *p, const char *nothing)
{
    cli *c = p->c;
    bool dry = cli_flag(c, "dry-run"), any = plan_changed(p) > 0, reloaded = false;
    bb_str diff = {0};
    if (!plan_diff(p, &diff) || (any && !dry && !plan_apply(p, &reloaded))) return cli_fail(c);
    if (c->json) {
        tell_json(p, diff, dry, reloaded);
        return cli_ok(c);
    }
    if (!any) cli_print(c, "%s\n", nothing);
    else if (dry) cli_put(c, diff);
    else {
        tell_files(p);
        cli_print(c, "%s\n", reloaded ? "Postfix has read it" : "Postfix is not running; it reads this when it starts");
    }
    for (size_t i = 0; i < p->n_notes; i++) cli_print(c, "%s\n", cli_show(&c->arena, bb_cstr(p->notes[i])));
    return cli_ok(c);
}
