/* SPDX-License-Identifier: MIT
 *
 * What there is: the configuration as postconf(1) tells it, and Postfix's own programs, called without a shell.
 */
#include "app/postfix/postfix.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- programs -------------------------------------------------------------------------------------------- */

bool postfix_run(cli *c, const char *const *argv, bb_str input, bb_run *out)
{
    const char *path = getenv("PATH");
    if (!path || !strstr(path, "/usr/sbin")) { /* cron's has none */
        const char *more = bb_sprintf(&c->arena, "%s:/usr/sbin:/usr/bin:/sbin:/bin", path ? path : "").p;
        if (more) setenv("PATH", more + (*more == ':'), 1);
    }
    setenv("LC_ALL", "C", 1);
    if (bb_os_run(&c->arena, argv, input, out, &c->err)) return true;
    if (c->err.code != BB_ENOINPUT) return false;
    return bb_fail_in(&c->err, "is Postfix installed?");
}

/* The last line of what it complained of says why it ended. */
static bool complain(cli *c, const bb_run *r, bb_code code)
{
    bb_str rest = r->complaints, line, last = {0};
    while (bb_line(&rest, &line))
        if (bb_trim(line).n) last = bb_trim(line);
    return bb_fail(&c->err, code, "%s", last.n ? cli_show(&c->arena, last) : "Postfix does not say why");
}

bool postfix_lookup(cli *c, const postfix_installation *in, bb_str table, bb_str key, bb_str *value, bool *found)
{
    bb_run r;
    const char *const argv[] = {
        "postmap", "-c", in->config_dir, "-q", bb_dup(&c->arena, key).p, bb_dup(&c->arena, table).p, NULL};
    *found = false;
    if (!argv[4] || !argv[5]) return bb_fail(&c->err, BB_ENOMEM, "no memory for a table");
    if (!postfix_run(c, argv, (bb_str){0}, &r)) return false;
    if (r.status != 0 && bb_find(r.complaints, BB_S("postmap: fatal: ")) != BB_NPOS) return complain(c, &r, BB_ECONFIG);
    *found = r.status == 0;
    if (*found) *value = bb_trim(r.output);
    return true;
}

bool postfix_lookup_in(cli *c, const postfix_installation *in, const char *name, bb_str key, bb_str *value, bool *found)
{
    bb_str rest = postfix_value(in, name), table;
    *found = false;
    while (!*found && postfix_item(&rest, &table))
        if (!postfix_lookup(c, in, table, key, value, found)) return bb_fail_in(&c->err, "%s", name);
    return true;
}

/* ---- lists ------------------------------------------------------------------------------------------------- */

static bool parts_items(char ch)
{
    return bb_is_space(ch) || ch == ',';
}

bool postfix_item(bb_str *rest, bb_str *item)
{
    size_t from = 0, to;
    int depth = 0;
    while (from < rest->n && parts_items(rest->p[from])) from++;
    for (to = from; to < rest->n && (depth > 0 || !parts_items(rest->p[to])); to++)
        depth += rest->p[to] == '{' ? 1 : rest->p[to] == '}' ? -1 : 0;
    *item = bb_sub(*rest, from, to - from);
    *rest = bb_sub(*rest, to, BB_NPOS);
    return item->n > 0;
}

/* ---- main.cf ----------------------------------------------------------------------------------------------- */

/* The text with the folder's place where it was tried: nobody finds that one any more. */
static bb_str placed(cli *c, bb_str text, const char *read_dir, const char *config_dir)
{
    size_t at;
    bb_buf b = bb_buf_in(&c->arena, 2 * text.n + 4096);
    for (; (at = bb_find(text, bb_cstr(read_dir))) != BB_NPOS; text = bb_sub(text, at + strlen(read_dir), BB_NPOS))
        bb_put(&b, bb_sub(text, 0, at)), bb_puts(&b, config_dir);
    bb_put(&b, text);
    return bb_buf_str(&b);
}

/* How postconf is to be called: a configuration that is not in its place yet is told where that will be. */
typedef struct {
    const char *read_dir, *config_dir;
} place;

static bool postconf(cli *c, const place *at, const char *option, bb_str *out)
{
    bb_run r;
    const char *where = bb_sprintf(&c->arena, "config_directory=%s", at->config_dir).p;
    const char *argv[] = {"postconf", "-c", at->read_dir, option, "-o", where, NULL};
    if (bb_eq(bb_cstr(at->read_dir), bb_cstr(at->config_dir))) argv[4] = NULL;
    if (!where) return bb_fail(&c->err, BB_ENOMEM, "no memory for postconf");
    if (!postfix_run(c, argv, (bb_str){0}, &r)) return false;
    if (r.status != 0) {
        r.complaints = placed(c, r.complaints, at->read_dir, at->config_dir);
        return complain(c, &r, BB_ECONFIG);
    }
    *out = r.output;
    return true;
}

/* "name = value", one a line. */
static bool next_setting(bb_str *rest, bb_str *name, bb_str *value)
{
    bb_str line;
    while (bb_line(rest, &line)) {
        size_t equals = bb_chr(line, '=');
        if (equals == BB_NPOS) continue;
        *name = bb_trim(bb_sub(line, 0, equals));
        *value = bb_trim(bb_sub(line, equals + 1, BB_NPOS));
        return true;
    }
    return false;
}

static int by_name(const void *x, const void *y)
{
    return bb_cmp(((const postfix_param *)x)->name, ((const postfix_param *)y)->name);
}

static postfix_param *find_param(const postfix_installation *in, bb_str name)
{
    const postfix_param key = {.name = name};
    return in->n_params ? bsearch(&key, in->params, in->n_params, sizeof key, by_name) : NULL;
}

static bool read_params(cli *c, const place *at, postfix_installation *in)
{
    bb_str all, own, expanded, name, value;
    size_t cap = 0;
    if (!postconf(c, at, "-p", &all) || !postconf(c, at, "-n", &own) || !postconf(c, at, "-px", &expanded))
        return false;
    while (next_setting(&all, &name, &value)) {
        postfix_param *p = BB_PUSH(&c->arena, in->params, in->n_params, cap);
        if (!p) return bb_fail(&c->err, BB_ENOMEM, "no memory for main.cf");
        *p = (postfix_param){.name = name, .value = value, .expanded = value};
    }
    qsort(in->params, in->n_params, sizeof *in->params, by_name);
    while (next_setting(&expanded, &name, &value)) {
        postfix_param *p = find_param(in, name);
        if (p) p->expanded = value;
    }
    while (next_setting(&own, &name, &value)) {
        postfix_param *p = find_param(in, name);
        if (p) p->own = true;
    }
    return true;
}

const postfix_param *postfix_param_of(const postfix_installation *in, const char *name)
{
    return find_param(in, bb_cstr(name));
}

bb_str postfix_value(const postfix_installation *in, const char *name)
{
    const postfix_param *p = postfix_param_of(in, name);
    return p ? p->expanded : (bb_str){0};
}

/* ---- master.cf --------------------------------------------------------------------------------------------- */

/* "{ name = value }" is one argument, without the braces. */
static bb_str unbraced(bb_str s)
{
    return s.n > 1 && s.p[0] == '{' && s.p[s.n - 1] == '}' ? bb_trim(bb_sub(s, 1, s.n - 2)) : s;
}

static bool blank_item(bb_str *rest, bb_str *item)
{
    size_t to = 0;
    int depth = 0;
    *rest = bb_trim(*rest);
    for (; to < rest->n && (depth > 0 || !bb_is_space(rest->p[to])); to++)
        depth += rest->p[to] == '{' ? 1 : rest->p[to] == '}' ? -1 : 0;
    *item = bb_sub(*rest, 0, to);
    *rest = bb_sub(*rest, to, BB_NPOS);
    return item->n > 0;
}

static bool read_service(cli *c, bb_str line, postfix_service *s)
{
    bb_str *columns[] = {&s->name,   &s->type,   &s->private, &s->unprivileged,
                         &s->chroot, &s->wakeup, &s->limit,   &s->command};
    bb_str *arguments = NULL, item;
    size_t cap = 0;
    for (size_t i = 0; i < BB_COUNT(columns); i++)
        if (!blank_item(&line, columns[i])) return true; /* postconf has told what is wrong with it */
    while (blank_item(&line, &item)) {
        bb_str *slot = BB_PUSH(&c->arena, arguments, s->n_arguments, cap);
        if (!slot) return false;
        *slot = unbraced(item);
    }
    s->arguments = arguments;
    return true;
}

static bool read_services(cli *c, const place *at, postfix_installation *in)
{
    bb_str rest, line;
    size_t cap = 0;
    if (!postconf(c, at, "-M", &rest)) return false;
    while (bb_line(&rest, &line)) {
        if (!bb_trim(line).n) continue;
        postfix_service *s = BB_PUSH(&c->arena, in->services, in->n_services, cap);
        if (!s || !read_service(c, line, s)) return bb_fail(&c->err, BB_ENOMEM, "no memory for master.cf");
    }
    return true;
}

const postfix_service *postfix_service_of(const postfix_installation *in, const char *name, const char *type)
{
    for (size_t i = 0; i < in->n_services; i++)
        if (bb_eq(in->services[i].name, bb_cstr(name)) && bb_eq(in->services[i].type, bb_cstr(type)))
            return &in->services[i];
    return NULL;
}

/* ---- all of it --------------------------------------------------------------------------------------------- */

static bool read_all(cli *c, const place *at, postfix_installation *out)
{
    *out = (postfix_installation){.config_dir = at->config_dir};
    if (!read_params(c, at, out) || !read_services(c, at, out)) return false;
    out->version = postfix_value(out, "mail_version");
    return true;
}

/* Postfix takes a relative folder from wherever it happens to be. */
bool postfix_config_dir(cli *c, const char *given, const char **out)
{
    bb_run r;
    const char *const argv[] = {"postconf", "-dh", "config_directory", NULL};
    if (!given) {
        if (!postfix_run(c, argv, (bb_str){0}, &r)) return false;
        if (r.status != 0) return complain(c, &r, BB_ECONFIG);
        given = bb_dup(&c->arena, bb_trim(r.output)).p;
    }
    char *whole = given ? realpath(given, NULL) : NULL;
    const char *path = whole ? bb_dup(&c->arena, bb_cstr(whole)).p : NULL;
    free(whole);
    const char *main_cf = path ? bb_sprintf(&c->arena, "%s/main.cf", path).p : NULL;
    if (!main_cf || !bb_os_exists(main_cf))
        return bb_fail(&c->err, BB_ENOINPUT,
                       "%s: there is no main.cf; give the folder of Postfix's configuration with --config-dir",
                       given ? given : "Postfix");
    *out = path;
    return true;
}

bool postfix_read(cli *c, const char *config_dir, postfix_installation *out)
{
    place at = {0};
    if (!postfix_config_dir(c, config_dir, &at.config_dir)) return false;
    at.read_dir = at.config_dir;
    return read_all(c, &at, out);
}

/* Postfix's programs wait for seconds where main.cf was written just now, lest it is still being written. */
static void age(const char *path)
{
    const struct timespec times[2] = {{.tv_sec = bb_os_now() - 60}, {.tv_sec = bb_os_now() - 60}};
    (void)utimensat(AT_FDCWD, path, times, 0);
}

bool postfix_read_as(cli *c, const char *config_dir, bb_str main_cf, bb_str master_cf, postfix_installation *out)
{
    char folder[] = "/tmp/bouncebox-postfix-XXXXXX";
    place at = {.read_dir = folder};
    if (!postfix_config_dir(c, config_dir, &at.config_dir)) return false;
    if (!mkdtemp(folder)) return bb_os_fail(&c->err, BB_ECREATE, folder, "make a folder to try it in");
    const char *main_path = bb_sprintf(&c->arena, "%s/main.cf", folder).p;
    const char *master_path = bb_sprintf(&c->arena, "%s/master.cf", folder).p;
    bool good = main_path && master_path && bb_os_write_file(main_path, main_cf, 0600, &c->err) &&
                bb_os_write_file(master_path, master_cf, 0600, &c->err);
    if (good) age(main_path);
    good = good && read_all(c, &at, out);
    if (main_path) unlink(main_path);
    if (master_path) unlink(master_path);
    rmdir(folder);
    return good;
}
