/* SPDX-License-Identifier: MIT
 *
 * The home: where it is, whose it is, and what is opened from it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/cli.h"

bool cli_home_path(cli *c)
{
    const char *given = cli_value(c, "home"), *environment = getenv("BOUNCEBOX_HOME");
    if (given && !given[0]) return bb_fail(&c->err, BB_EUSAGE, "--home wants a folder");
    c->home = given ? given : environment && environment[0] ? environment : NULL;
    if (!c->home && bb_os_is_user(CLI_USER)) c->home = CLI_DEFAULT_HOME;
    return c->home ||
           bb_fail(&c->err, BB_EUSAGE,
                   "where is the home? Give --home DIR or set BOUNCEBOX_HOME; only root and the user " CLI_USER
                   " have " CLI_DEFAULT_HOME " without asking");
}

const char *cli_path(cli *c, const char *configured)
{
    if (configured[0] == '/') return configured;
    const char *path = bb_sprintf(&c->arena, "%s/%s", c->home, configured).p;
    return path ? path : configured;
}

const char *cli_conf_path(cli *c)
{
    return cli_path(c, "bouncebox.conf");
}

bool cli_open_home(cli *c)
{
    if (c->conf) return true;
    if (!cli_home_path(c)) return false;
    if (!(c->acts ? bb_os_act_as_owner : bb_os_become_owner)(c->home, &c->became, &c->err)) {
        if (c->err.code != BB_ENOINPUT) return false;
        return bb_fail(&c->err, BB_ECONFIG, "%s: there is no home; \"bouncebox init\" makes one", c->home);
    }
    const char *path = cli_conf_path(c);
    if (bb_conf_read(path, &c->conf, &c->err)) return true;
    if (c->err.code != BB_ENOINPUT) return false;
    return bb_fail(&c->err, BB_ECONFIG, "%s: there is no such file; \"bouncebox init\" makes the home complete", path);
}

/* Who waited for the store may have waited while somebody edited the configuration: an older one is never written over
 * what that edit made. */
static bool read_conf_again(cli *c)
{
    bb_conf *fresh;
    if (!bb_conf_read(cli_conf_path(c), &fresh, &c->err)) return false;
    bb_conf_free(&c->conf);
    c->conf = fresh;
    return true;
}

bool cli_open_store(cli *c, bb_store_mode mode)
{
    if (c->store) return true;
    const char *path = cli_path(c, bb_conf_home_of(c->conf)->database);
    c->writes = mode != BB_STORE_READ;
    return bb_store_open_sqlite(path, mode, &c->store, &c->err) && (!c->writes || read_conf_again(c));
}

bool cli_open_keys(cli *c)
{
    if (c->keys) return true;
    bb_keys *keys = bb_get(&c->arena, sizeof *keys);
    if (!keys) return bb_fail(&c->err, BB_ENOMEM, "no memory for the keys");
    const char *path = cli_path(c, bb_conf_home_of(c->conf)->keys);
    if (bb_keys_read(path, keys, &c->err)) {
        c->keys = keys;
        return true;
    }
    bb_keys_wipe(keys);
    if (c->err.code != BB_ENOINPUT) return false;
    return bb_fail(
        &c->err, BB_ECONFIG,
        "%s: there is no key file; restore it from a backup, or let \"bouncebox init\" make a new key (return "
        "paths in flight then count as forged)",
        path);
}
