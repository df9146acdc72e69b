/* SPDX-License-Identifier: MIT
 *
 * init: a home, made or completed. What is there already stays as it is.
 */
#include <string.h>
#include <unistd.h>

#include "app/cli/cli.h"

typedef struct {
    const char *what, *path;
    bool made;
} part;

static bool make_folder(cli *c, part *p)
{
    if (!bb_os_make_folder(c->home, 0700, &p->made, &c->err)) return false;
    if (p->made && !bb_os_give(c->home, CLI_USER, &c->err)) return false;
    return bb_os_become_owner(c->home, &c->became, &c->err);
}

static bool make_conf(cli *c, part *p)
{
    p->path = cli_conf_path(c);
    p->made = !bb_os_exists(p->path);
    return !p->made || bb_os_write_file(p->path, bb_conf_sample(&c->arena), 0600, &c->err);
}

static bool make_keys(cli *c, part *p)
{
    p->path = cli_path(c, bb_conf_home_of(c->conf)->keys);
    p->made = !bb_os_exists(p->path);
    if (!p->made) return cli_open_keys(c);
    bb_keys *keys = bb_get(&c->arena, sizeof *keys);
    if (!keys) return bb_fail(&c->err, BB_ENOMEM, "no memory for the keys");
    c->keys = keys;
    return bb_keys_add(keys, c->now, &c->err) && bb_keys_write(p->path, keys, &c->err);
}

static bool make_store(cli *c, part *p)
{
    p->path = cli_path(c, bb_conf_home_of(c->conf)->database);
    p->made = !bb_os_exists(p->path);
    return cli_open_store(c, BB_STORE_CREATE);
}

static void tell(cli *c, const part *parts, size_t n)
{
    cli_json d;
    bool made = false;
    cli_json_begin(&d, &c->arena);
    bb_json_kstr(&d.j, "path", bb_cstr(c->home));
    for (size_t i = 0; i < n; i++) {
        bb_json_kstr(&d.j, parts[i].what, parts[i].made ? BB_S("made") : BB_S("there"));
        made |= parts[i].made;
        if (!c->json)
            cli_print(c, "%-13s %-5s  %s\n", parts[i].what, parts[i].made ? "made" : "there",
                      cli_show(&c->arena, bb_cstr(parts[i].path)));
    }
    if (c->json) cli_json_end(c, &d);
    else if (made)
        cli_print(
            c,
            "\nnext\n"
            "  keep a copy of the keys where nobody else reads it: without them bounces cannot be told from forgeries\n"
            "  bouncebox list add NAME --set bounce_domain=bounces.example.com\n"
            "  bouncebox subscriber import --list NAME subscribers.csv\n"
            "  bouncebox ingest MAILBOX\n");
}

/* A machine's home that is root's has the daemon read strangers' mail as root. */
static void warn_of_root(cli *c)
{
    if (geteuid() != 0 || strcmp(c->home, CLI_DEFAULT_HOME) != 0 || bb_os_has_user(CLI_USER)) return;
    cli_warn(c,
             "there is no user " CLI_USER ", so the home is root's, and \"bouncebox serve\" would stay root; better:\n"
             "  useradd --system --home-dir " CLI_DEFAULT_HOME " --no-create-home --shell /usr/sbin/nologin " CLI_USER
             "\n"
             "  chown -R " CLI_USER ": " CLI_DEFAULT_HOME);
}

int cmd_init(cli *c)
{
    if (!cli_home_path(c)) return cli_fail(c);
    part parts[] = {
        {.what = "home", .path = c->home}, {.what = "configuration"}, {.what = "keys"}, {.what = "database"}};
    bool good = make_folder(c, &parts[0]) && make_conf(c, &parts[1]) && cli_open_home(c) && make_keys(c, &parts[2]) &&
                make_store(c, &parts[3]);
    if (!good) return cli_fail(c);
    tell(c, parts, BB_COUNT(parts));
    warn_of_root(c);
    return cli_ok(c);
}
