/* SPDX-License-Identifier: MIT
 *
 * What the home asks for: its bounce domains, and where the daemon listens. Root alone may write Postfix's configuration
 * and must not read the home of somebody else as root, so a process of its own reads it and says so in lines.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/postfix/postfix.h"

#define SAID_MAX ((size_t)1 << 20)

/* ---- the process that reads ------------------------------------------------------------------------------ */

/* A parameter of [serve] by its name, so that this knows none that is not there. */
static bb_str serve_value(cli *c, const char *name)
{
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        if (p->scope == BB_SCOPE_SERVE && strcmp(p->name, name) == 0)
            return bb_conf_value(&c->arena, p, bb_conf_serve_of(c->conf));
    }
    return (bb_str){0};
}

/* The sockets with whole paths. */
static void put_sockets(cli *c, bb_buf *b, const char *name)
{
    bb_str rest = serve_value(c, name), item;
    bb_putf(b, "%s\t", name);
    for (bool more = false; postfix_item(&rest, &item); more = true) {
        bool relative = bb_starts(item, BB_S("unix:")) && !bb_starts(item, BB_S("unix:/"));
        bb_put(b, more ? BB_S(" ") : (bb_str){0});
        if (relative) bb_putf(b, "unix:%s/" BB_FMT, c->home, BB_ARG(bb_sub(item, 5, BB_NPOS)));
        else bb_put(b, item);
    }
    bb_putc(b, '\n');
}

static bool has_base(const bb_conf_list *l)
{
    bb_form form = (bb_form)(l->return_path + 1);
    return form == BB_FORM_VERP || form == BB_FORM_SIGNED_VERP;
}

static void put_lists(cli *c, bb_buf *b)
{
    for (size_t i = 0; i < c->n_lists; i++) {
        const bb_conf_list *l = cli_settings_of(c, c->lists[i].id);
        if (l->bounce_domain[0])
            bb_putf(b, "domain\t%s\t%s\n", l->bounce_domain, has_base(l) ? l->return_path_base : "");
    }
}

static _Noreturn void read_and_say(cli *c, int to)
{
    bb_buf b = bb_buf_in(&c->arena, SAID_MAX);
    if (cli_open_home(c) && cli_open_store(c, BB_STORE_READ) && cli_lists(c)) {
        put_sockets(c, &b, "listen");
        put_sockets(c, &b, "policy");
        put_lists(c, &b);
        bb_puts(&b, "whole\t\n");
    } else {
        bb_putf(&b, "error %d\t%s\n", (int)c->err.code, c->err.text);
    }
    bb_str rest = bb_buf_str(&b);
    for (ssize_t n; rest.n && ((n = write(to, rest.p, rest.n)) > 0 || errno == EINTR);)
        if (n > 0) rest = bb_sub(rest, (size_t)n, BB_NPOS);
    _exit(0);
}

/* ---- what it said ------------------------------------------------------------------------------------------ */

static bool all_of(bb_str s, const char *more)
{
    for (size_t i = 0; i < s.n; i++)
        if (!bb_is_alnum(s.p[i]) && !strchr(more, s.p[i])) return false;
    return s.n > 0;
}

static bool add_domain(cli *c, postfix_home *h, bb_str name, bb_str base)
{
    if (!all_of(name, "-.") || (base.n && !all_of(base, "-._=!#$%&'*?^`{|}~")))
        return bb_fail(&c->err, BB_ECONFIG,
                       "bounce_domain or return_path_base of a list is nothing that Postfix can be told");
    postfix_domain *d = NULL;
    for (size_t i = 0; i < h->n_domains && !d; i++)
        if (bb_ieq(h->domains[i].name, name)) d = &h->domains[i];
    if (!d) {
        d = BB_PUSH(&c->arena, h->domains, h->n_domains, h->cap_domains);
        if (!d) return bb_fail(&c->err, BB_ENOMEM, "no memory for the bounce domains");
        d->name = name;
    }
    for (size_t i = 0; i < d->n_bases; i++)
        if (bb_ieq(d->bases[i], base)) return true;
    bb_str *slot = base.n ? BB_PUSH(&c->arena, d->bases, d->n_bases, d->cap_bases) : NULL;
    if (slot) *slot = base;
    return slot || !base.n || bb_fail(&c->err, BB_ENOMEM, "no memory for the bounce domains");
}

/* *whole: nothing is missing. */
static bool take_line(cli *c, postfix_home *h, bb_str line, bool *whole)
{
    bb_str word, first = {0}, code;
    if (!bb_split(&line, '\t', &word)) return true;
    if (bb_eq(word, BB_S("listen"))) h->listen = line;
    else if (bb_eq(word, BB_S("policy"))) h->policy = line;
    else if (bb_eq(word, BB_S("whole"))) *whole = true;
    else if (bb_eq(word, BB_S("domain"))) return bb_split(&line, '\t', &first) && add_domain(c, h, first, line);
    else if (bb_split(&word, ' ', &code)) {
        uint64_t n = BB_EIO;
        return bb_fail(&c->err, bb_u64(word, &n) && n <= BB_EBUG ? (bb_code)n : BB_EIO, BB_FMT, BB_ARG(line));
    }
    return true;
}

static bool take_all(cli *c, postfix_home *h, bb_str said)
{
    bb_str line;
    bool whole = false;
    while (bb_split(&said, '\n', &line))
        if (!take_line(c, h, line, &whole)) return false;
    if (!whole) return bb_fail(&c->err, BB_EIO, "%s: the process that reads the home ended too early", c->home);
    return h->n_domains ||
           bb_fail(&c->err, BB_ECONFIG,
                   "no list has a bounce domain, so nothing comes back; add one: bouncebox list add news --set "
                   "bounce_domain=bounces.example.com");
}

static bool find_owner(cli *c, postfix_home *h)
{
    struct stat st;
    if (stat(h->path, &st) < 0)
        return bb_fail(&c->err, BB_ECONFIG, "%s: there is no home; \"bouncebox init\" makes one", h->path);
    const struct passwd *who = getpwuid(st.st_uid);
    h->owner = who ? bb_dup(&c->arena, bb_cstr(who->pw_name)) : (bb_str){0};
    h->uid = st.st_uid;
    h->gid = who ? who->pw_gid : st.st_gid;
    return true;
}

bool postfix_home_read(cli *c, postfix_home *out)
{
    int ends[2];
    char *bytes = NULL;
    size_t n = 0;
    bool cut = false;
    *out = (postfix_home){0};
    if (!cli_home_path(c)) return false;
    out->path = c->home;
    if (!find_owner(c, out)) return false;
    if (pipe(ends) < 0) return bb_os_fail(&c->err, BB_EIO, c->home, "read it");
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        read_and_say(c, ends[1]);
    }
    close(ends[1]);
    bool good = child > 0 ? bb_os_read_stream(ends[0], SAID_MAX, &bytes, &n, &cut, &c->err)
                          : bb_os_fail(&c->err, BB_EIO, c->home, "read it");
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    bb_str said = bb_dup(&c->arena, (bb_str){bytes, n});
    free(bytes);
    return good && take_all(c, out, said);
}

/* ---- sockets ------------------------------------------------------------------------------------------------- */

/* Postfix throws mail away whose next hop is of a protocol that it does not speak. */
static bool speaks(const postfix_installation *in, bb_str host)
{
    bb_str protocols = postfix_value(in, "inet_protocols");
    bb_str one = bb_chr(host, ':') != BB_NPOS ? BB_S("ipv6") : BB_S("ipv4");
    return bb_find(protocols, BB_S("all")) != BB_NPOS || bb_find(protocols, one) != BB_NPOS;
}

/* "inet:127.0.0.1:2424" as Postfix writes it; whoever listens everywhere listens at home, too. */
static bool inet_socket(cli *c, const postfix_installation *in, bb_str rest, bb_str *out)
{
    size_t colon = bb_rchr(rest, ':');
    if (colon == BB_NPOS) return false;
    bb_str host = bb_sub(rest, 0, colon), port = bb_sub(rest, colon + 1, BB_NPOS);
    bool bracketed = host.n && host.p[0] == '[';
    if (bb_eq(host, BB_S("0.0.0.0")) || bb_eq(host, BB_S("[::]")) || bb_eq(host, BB_S("*"))) host = BB_S("127.0.0.1");
    if (!all_of(host, "-.:[]") || !all_of(port, "-") || !speaks(in, host)) return false;
    *out = bracketed && host.p[0] == '['
               ? bb_sprintf(&c->arena, "inet:" BB_FMT ":" BB_FMT, BB_ARG(host), BB_ARG(port))
               : bb_sprintf(&c->arena, "inet:[" BB_FMT "]:" BB_FMT, BB_ARG(host), BB_ARG(port));
    return true;
}

bool postfix_socket(cli *c, const postfix_installation *in, bb_str *rest, bb_str *out)
{
    bb_str item, queue = bb_cat(&c->arena, BB_S("unix:"), postfix_value(in, "queue_directory"), BB_S("/"));
    while (postfix_item(rest, &item)) {
        if (bb_starts(item, BB_S("inet:"))) {
            if (inet_socket(c, in, bb_sub(item, 5, BB_NPOS), out)) return true;
        } else if (bb_starts(item, queue) && all_of(bb_sub(item, queue.n, BB_NPOS), "-._/")) {
            *out = bb_cat(&c->arena, BB_S("unix:"), bb_sub(item, queue.n, BB_NPOS), (bb_str){0});
            return true;
        }
    }
    return false;
}
