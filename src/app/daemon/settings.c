/* SPDX-License-Identifier: MIT
 *
 * What a thread of the daemon reads of the home for itself, again and again: it never shares the loop's.
 */
#include "app/daemon/daemon.h"

cli settings_cli(const cli *c)
{
    cli own = {.command = c->command,
               .given = c->given,
               .n_given = c->n_given,
               .now = c->now,
               .now_given = c->now_given,
               .home = c->home};
    bb_arena_init(&own.arena, &bb_os_alloc, BB_ARENA_LIMIT);
    return own;
}

bool settings_read(settings *s, cli *c, server_log *log, bool *right)
{
    bb_conf *fresh = NULL;
    bb_err err = {0};
    *right = bb_conf_read(cli_conf_path(c), &fresh, &err);
    if (*right) {
        bb_conf_free(&s->conf);
        s->conf = c->conf = fresh;
        s->told[0] = '\0';
        return true;
    }
    if (!s->conf) {
        c->err = err;
        return false;
    }
    c->conf = s->conf;
    log_once(log, s->told, "configuration", err.text);
    return true;
}
