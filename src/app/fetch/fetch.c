/* SPDX-License-Identifier: MIT
 *
 * bouncebox-fetch: the program with everything that bouncebox has, and mailboxes on servers besides. Here is who we are
 * on them: passwords come from files and the environment, never from the command line, where everybody can read them.
 */
#include <stdlib.h>

#include "app/cli/cli.h"
#include "app/fetch/logins.h"

/* A file's first line. */
static bool read_secret(cli *c, const char *path, const char **out)
{
    bb_str text, line = {0};
    if (!bb_os_read_secret(&c->arena, path, &text, &c->err)) return false;
    bb_line(&text, &line);
    if (!line.n || bb_chr(line, '\0') != BB_NPOS)
        return bb_fail(&c->err, BB_ECONFIG, "%s: its first line is to be the password, or the token", path);
    *out = bb_dup(&c->arena, line).p;
    return *out || bb_fail(&c->err, BB_ENOMEM, "no memory");
}

static bool read_netrc(cli *c, const bb_remote_url *url, const char **out)
{
    bb_str text, password, host = bb_cstr(url->host);
    if (!c->conf) return true; /* parse has no home */
    const char *path = cli_path(c, bb_conf_home_of(c->conf)->netrc);
    if (!bb_os_exists(path)) return true;
    if (host.n && host.p[0] == '[') host = bb_sub(host, 1, host.n - 2);
    if (!bb_os_read_secret(&c->arena, path, &text, &c->err) ||
        !fetch_password(&c->arena, path, text, host, bb_cstr(url->user), &password, &c->err))
        return false;
    *out = password.n ? bb_dup(&c->arena, password).p : NULL;
    return true;
}

static bool find_password(cli *c, bb_remote_options *o)
{
    const char *file = cli_value(c, "password-file"), *token = cli_value(c, "token-file");
    const char *environment = getenv("BOUNCEBOX_PASSWORD");
    if (file && token) return bb_fail(&c->err, BB_EUSAGE, "--password-file or --token-file, not both");
    if (token) return read_secret(c, token, &o->token);
    if (file) return read_secret(c, file, &o->password);
    if (environment && environment[0]) o->password = environment;
    else if (!read_netrc(c, &o->url, &o->password)) return false;
    return o->password ||
           bb_fail(&c->err, BB_EUSAGE,
                   "%s://%s@%s: there is no password: give --password-file FILE, or BOUNCEBOX_PASSWORD in "
                   "the environment%s",
                   o->url.scheme, o->url.user, o->url.host,
                   c->conf ? ", or a line \"machine HOST login USER password WORD\" in the file netrc of "
                             "the home"
                           : "");
}

static bool open_server(cli *c, const char *url, bb_remote_options *o, bb_remote **out)
{
    if (!bb_remote_read_url(&c->arena, url, &o->url, &c->err)) return false;
    if (!o->url.user[0])
        return bb_fail(&c->err, BB_EUSAGE, "%s: whose mailbox is it? Write %s://USER@HOST", url, o->url.scheme);
    o->ca = cli_value(c, "ca");
    o->cleartext = cli_flag(c, "no-tls");
    if (o->ca && !bb_os_exists(o->ca)) return bb_fail(&c->err, BB_ENOINPUT, "--ca %s: there is no such file", o->ca);
    return find_password(c, o) && bb_remote_open(o, out, &c->err);
}

const cli_servers *cli_read_servers(cli *c)
{
    static const cli_servers servers = {open_server, bb_remote_next, bb_remote_put_away, bb_remote_close};
    (void)c;
    return &servers;
}
