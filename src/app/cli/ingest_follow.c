/* SPDX-License-Identifier: MIT
 *
 * ingest --follow: round after round. Each opens the store, reads what has come, and closes the store again, so that
 * other commands may write between them; then it waits for more. What fails is told and tried again, later and later.
 */
#include <signal.h>
#include <unistd.h>

#include "app/cli/cmd_ingest.h"

#define RETRY_MS 500 /* after trouble; doubled up to when it looks again anyhow */

static volatile sig_atomic_t asked_to_end;

static void end_soon(int signal)
{
    (void)signal;
    asked_to_end = 1;
}

bool ingest_asked_to_end(void)
{
    return asked_to_end;
}

static void hear_signals(void)
{
    struct sigaction action = {.sa_handler = end_soon}; /* no SA_RESTART: waiting ends */
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* Lists, keys and settings may have changed since the last round: nothing of it is kept. */
static int round_once(ingest *g)
{
    cli *c = g->c;
    bb_arena keep = c->arena;
    bb_arena_init(&c->arena, &bb_os_alloc, BB_ARENA_LIMIT);
    c->lists = NULL;
    c->keys = NULL;
    bb_conf_free(&c->conf);
    c->err = (bb_err){0};
    g->sums = (ingest_sums){0};
    if (!c->now_given) c->now = bb_os_now();
    int code = cli_open_home(c) ? ingest_round(g) : cli_fail(c);
    if (c->keys) bb_keys_wipe(c->keys);
    c->keys = NULL;
    c->lists = NULL;
    if (c->store) bb_store_close(&c->store);
    bb_arena_free(&c->arena);
    c->arena = keep;
    fflush(stdout);
    return code;
}

/* What the system can tell us about. */
static bool watch_files(const cli *c, bb_arena *a, bb_watch **out, bb_err *err)
{
    size_t n = 0;
    const char **paths = bb_get_array(a, c->n_args, sizeof *paths);
    for (size_t i = 0; paths && i < c->n_args; i++)
        if (!bb_remote_is_url(c->args[i])) paths[n++] = c->args[i];
    return paths ? bb_watch_open(paths, n, out, err) : bb_fail(err, BB_ENOMEM, "no memory to watch for mail");
}

/* A server that refuses us is not asked again soon: some lock a user out for that. */
static int retry_after(const ingest *g, int code, int last)
{
    if (code == CLI_EXIT_OK) return RETRY_MS / 2;
    return code == cli_exit_of(BB_ELOGIN) || last * 2 > g->look_again ? g->look_again : last * 2;
}

int ingest_follow(ingest *g)
{
    cli *c = g->c;
    bb_watch *watch;
    int wait, retry = RETRY_MS / 2, code = CLI_EXIT_OK;
    if (!c->n_args) return cli_usage(c, "--follow wants a mailbox to follow: standard input ends by itself");
    if (!watch_files(c, g->keep, &watch, &c->err)) return cli_fail(c);
    hear_signals();
    while (!asked_to_end) {
        code = round_once(g);
        retry = retry_after(g, code, retry);
        wait = code != CLI_EXIT_OK ? retry : g->left_some ? RETRY_MS : g->look_again;
        if (asked_to_end) break;
        if (code != CLI_EXIT_OK) usleep(RETRY_MS * 1000); /* mail that keeps coming must not make it a busy loop */
        if (!bb_watch_wait(watch, wait, &c->err)) code = cli_fail(c);
    }
    bb_watch_close(&watch);
    return code;
}
