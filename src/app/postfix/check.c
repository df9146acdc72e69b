/* SPDX-License-Identifier: MIT
 *
 * bouncebox postfix check: looks at everything that is between a bounce and bouncebox, and tells what is wrong and how it is
 * mended; then has a bounce made and waits for it. Everything is asked; nothing is changed.
 *
 * Exit code 0: no fault (warnings and notes are none); 78: a fault, or the probe did not come home.
 */
#include <stdarg.h>
#include <unistd.h>

#include "app/postfix/check.h"

static const char *const levels[] = {"note", "warning", "fault"};

bb_str check_text(checkup *k, const char *fmt, ...)
{
    va_list args;
    bb_arena *a = &k->c->arena;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *p = n >= 0 ? bb_get(a, (size_t)n + 1) : NULL;
    if (p) vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    return p ? (bb_str){p, (size_t)n} : (bb_str){0};
}

void check_found(checkup *k, check_level level, bb_str seen, bb_str means, bb_str mend)
{
    check_finding *f = BB_PUSH(&k->c->arena, k->findings, k->n_findings, k->cap_findings);
    if (f) *f = (check_finding){.row = k->row, .level = level, .seen = seen, .means = means, .mend = mend};
}

/* ---- what the home says ------------------------------------------------------------------------------------------ */

static void add_domain(checkup *k, bb_str domain)
{
    for (size_t i = 0; i < k->n_domains; i++)
        if (bb_eq(k->domains[i], domain)) return;
    bb_str *slot = BB_PUSH(&k->c->arena, k->domains, k->n_domains, k->cap_domains);
    if (slot) *slot = domain;
}

static bool write_signed(bb_arena *a, const bb_key *key, bb_token token, bb_str domain, bb_str *out)
{
    char text[BB_TOKEN_LEN + 1];
    return bb_token_encode(key, BB_PURPOSE_PROBE, token, text) && bb_return_path_signed(a, text, domain, out, NULL);
}

bb_str check_return_path(checkup *k, const bb_conf_list *l, bb_form form, bb_str recipient, uint64_t number)
{
    bb_arena *a = &k->c->arena;
    bb_keyring ring = bb_keys_ring(k->c->keys);
    const bb_key *key = bb_keyring_signer(&ring);
    bb_str out = {0}, domain = bb_cstr(l->bounce_domain);
    bb_str base = l->return_path_base[0] ? bb_cstr(l->return_path_base) : BB_S("newsletter");
    bb_token token = {.day = (uint16_t)(k->c->now / BB_DAY), .mailing = (uint32_t)number};
    bool good = false;
    switch (form) {
    case BB_FORM_SIGNED: good = key && write_signed(a, key, token, domain, &out); break;
    case BB_FORM_PLAIN: good = bb_return_path_plain(a, number, domain, &out, NULL); break;
    case BB_FORM_VERP: good = bb_return_path_verp(a, base, '+', recipient, domain, &out, NULL); break;
    case BB_FORM_SIGNED_VERP: /* for whom that is too long, a signed one, as everywhere */
        good = key && (bb_return_path_signed_verp(a, key, token, base, recipient, domain, &out, NULL) ||
                       write_signed(a, key, token, domain, &out));
        break;
    case BB_FORM_MAILING: good = key && bb_return_path_mailing(a, key, token, recipient, domain, &out, NULL); break;
    case BB_FORM_NONE:
    case BB_FORM_UNSUBSCRIBE:
    case BB_FORM_ENVID: break;
    }
    return good ? out : (bb_str){0};
}

/* What tells whom a report is about: what stands behind "bounce-", or behind the +. */
static bb_str core_of(bb_str local, bb_form form)
{
    size_t from = form == BB_FORM_VERP || form == BB_FORM_SIGNED_VERP ? bb_chr(local, '+') : bb_chr(local, '-');
    return bb_sub(local, from + 1, BB_NPOS);
}

static void add_sample(checkup *k, bb_str list, const bb_conf_list *l, bb_form form)
{
    bb_str address = check_return_path(k, l, form, BB_S("user@domain.example"), 123456789),
           domain = check_domain_of(address);
    for (size_t i = 0; i < k->n_samples; i++)
        if (bb_eq(k->samples[i].address, address)) return;
    check_sample *s = address.n ? BB_PUSH(&k->c->arena, k->samples, k->n_samples, k->cap_samples) : NULL;
    if (!s) return;
    *s = (check_sample){.list = list, .form = form, .address = address, .domain = domain};
    s->local = bb_sub(address, 0, address.n - domain.n - 1);
    s->core = core_of(s->local, form);
}

static bool count_one(void *ctx, const bb_subscriber *s)
{
    (void)s;
    ++*(uint64_t *)ctx;
    return true;
}

static bool read_lists(checkup *k)
{
    cli *c = k->c;
    for (size_t i = 0; i < c->n_lists; i++) {
        const bb_conf_list *l = bb_conf_list_of(c->conf, c->lists[i].name);
        uint64_t people = 0;
        if (!l->bounce_domain[0]) continue;
        add_domain(k, bb_cstr(l->bounce_domain));
        add_sample(k, c->lists[i].name, l, (bb_form)(l->return_path + 1));
        if (l->accept_mailing) add_sample(k, c->lists[i].name, l, BB_FORM_MAILING);
        if (!l->accept_mailing && l->return_path + 1 != BB_FORM_VERP) continue;
        if (!bb_store_each_subscriber(c->store, c->lists[i].id, count_one, &people, &c->err)) return false;
        if (people > k->most_people) k->most_people = people;
    }
    return true;
}

/* As the owner of the home; the rest as whoever called. */
static bool read_home(checkup *k)
{
    cli *c = k->c;
    c->acts = true;
    bool good =
        cli_open_home(c) && cli_open_store(c, BB_STORE_READ) && cli_lists(c) && cli_open_keys(c) && read_lists(k);
    bb_store_close(&c->store);
    k->owner = geteuid();
    return good && bb_os_act_as_root(&c->err);
}

/* ---- what was found ------------------------------------------------------------------------------------------------ */

static size_t count(const checkup *k, check_level level)
{
    size_t n = 0;
    for (size_t i = 0; i < k->n_findings; i++) n += k->findings[i].level == level;
    return n;
}

static void put_finding(bb_json *j, const check_finding *f)
{
    bb_str rest = f->mend, line;
    bb_json_open(j, '{');
    bb_json_kstr(j, "check", bb_cstr(f->row ? f->row->id : "probe"));
    bb_json_kstr(j, "level", bb_cstr(levels[f->level]));
    bb_json_kstr(j, "seen", f->seen);
    bb_json_kstr(j, "means", f->means);
    bb_json_key(j, "mend");
    bb_json_open(j, '[');
    while (bb_split(&rest, '\n', &line)) bb_json_str(j, line);
    bb_json_close(j, ']');
    bb_json_close(j, '}');
}

static void put_flag(bb_json *j, const char *key, bool value)
{
    bb_json_key(j, key);
    bb_json_bool(j, value);
}

static void put_probe(bb_json *j, const check_probe *p)
{
    bb_json_open(j, '{');
    bb_json_kstr(j, "list", p->list);
    bb_json_kstr(j, "return_path", p->address);
    bb_json_kstr(j, "recipient", p->to);
    put_flag(j, "sent", p->sent);
    put_flag(j, "home", p->home);
    put_flag(j, "stored", p->stored);
    bb_json_kstr(j, "by", p->by);
    bb_json_key(j, "seconds");
    bb_json_num2(j, p->seconds);
    bb_json_close(j, '}');
}

static void put_json(checkup *k, const check_probes *all)
{
    cli_json d;
    cli_json_begin(&d, &k->c->arena);
    bb_json_kstr(&d.j, "config_dir", bb_cstr(k->in->config_dir));
    bb_json_kstr(&d.j, "postfix", k->in->version);
    bb_json_key(&d.j, "domains");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < k->n_domains; i++) bb_json_str(&d.j, k->domains[i]);
    bb_json_close(&d.j, ']');
    bb_json_key(&d.j, "findings");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < k->n_findings; i++) put_finding(&d.j, &k->findings[i]);
    bb_json_close(&d.j, ']');
    bb_json_key(&d.j, "probes");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < all->n; i++) put_probe(&d.j, &all->items[i]);
    bb_json_close(&d.j, ']');
    bb_json_kint(&d.j, "checks", (int64_t)check_rows_count);
    bb_json_kint(&d.j, "faults", (int64_t)count(k, CHECK_FAULT));
    bb_json_kint(&d.j, "warnings", (int64_t)count(k, CHECK_WARNING));
    bb_json_kint(&d.j, "notes", (int64_t)count(k, CHECK_NOTE));
    cli_json_end(k->c, &d);
}

/* Words on lines of at most 100 columns, behind a margin. */
static void print_wrapped(cli *c, const char *margin, bb_str text)
{
    size_t column = 0;
    bb_str word;
    while (bb_split(&text, ' ', &word)) {
        bool breaks = column && column + 1 + word.n > 92;
        if (breaks || !column) cli_print(c, "%s%s", breaks ? "\n" : "", margin);
        cli_print(c, "%s%s", breaks || !column ? "" : " ", cli_show(&c->arena, word));
        column = breaks || !column ? word.n : column + 1 + word.n;
    }
    cli_print(c, "\n");
}

static void print_finding(cli *c, const check_finding *f)
{
    bb_str rest = f->mend, line;
    const char *label = "mend it:";
    cli_print(c, "%s  %s\n", levels[f->level], f->row ? f->row->id : "probe");
    print_wrapped(c, "    ", f->seen);
    if (f->means.n) print_wrapped(c, "    ", f->means);
    for (; bb_split(&rest, '\n', &line); label = "        ")
        cli_print(c, "    %s %s\n", label, cli_show(&c->arena, line));
    cli_print(c, "\n");
}

static void print_all(checkup *k, const check_probes *all)
{
    cli *c = k->c;
    bb_arena *a = &c->arena;
    for (int level = CHECK_FAULT; level >= CHECK_NOTE; level--)
        for (size_t i = 0; i < k->n_findings; i++)
            if (k->findings[i].level == (check_level)level) print_finding(c, &k->findings[i]);
    for (size_t i = 0; i < all->n; i++) {
        const check_probe *p = &all->items[i];
        if (!p->home) continue;
        cli_print(c, "probe of %s: sent to %s, ", cli_show(a, p->list), cli_show(a, p->to));
        cli_print(c, "its bounce came home in %.2f s, by %s%s\n", p->seconds, cli_show(a, p->by),
                  p->stored ? "" : ", where it waits to be read");
    }
    cli_print(c, "%s, Postfix " BB_FMT ": %zu checks, ", k->in->config_dir, BB_ARG(k->in->version), check_rows_count);
    cli_print(c, "%s, ", cli_plural(a, (int64_t)count(k, CHECK_FAULT), "fault", "faults"));
    cli_print(c, "%s, ", cli_plural(a, (int64_t)count(k, CHECK_WARNING), "warning", "warnings"));
    cli_print(c, "%s\n", cli_plural(a, (int64_t)count(k, CHECK_NOTE), "note", "notes"));
}

int cmd_postfix_check(cli *c)
{
    postfix_installation in;
    checkup k = {.c = c, .in = &in, .root = geteuid() == 0};
    check_probes probes = {0};
    if (!postfix_read(c, cli_value(c, "config-dir"), &in) || !read_home(&k)) return cli_fail(c);
    for (size_t i = 0; i < check_rows_count; i++) {
        k.row = &check_rows[i];
        k.row->look(&k);
        if (c->err.code || c->arena.failed) break;
    }
    if (c->err.code) return cli_fail(c);
    k.row = NULL;
    if (!cli_flag(c, "no-probe") && k.running && k.n_samples && !check_send_probes(&k, &probes)) return cli_fail(c);
    if (c->arena.failed) {
        bb_fail(&c->err, BB_ENOMEM, "no memory for what was found");
        return cli_fail(c);
    }
    if (c->json) put_json(&k, &probes);
    else print_all(&k, &probes);
    return count(&k, CHECK_FAULT) ? cli_exit_of(BB_ECONFIG) : cli_ok(c);
}
