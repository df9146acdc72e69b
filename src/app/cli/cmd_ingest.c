/* SPDX-License-Identifier: MIT
 *
 * ingest: mail in, in batches that are each read, claimed and stored as one transaction. What is committed stays, and
 * reading the same mail again changes nothing: so a run that was broken off is simply run again.
 */
#include <string.h>

#include "app/cli/cmd_ingest.h"

#define BATCH_BYTES  ((size_t)4 << 20)
#define BATCH_MEMORY ((size_t)32 << 20) /* what was read of them takes more than they do */
#define YIELD_AFTER  2.0                /* seconds, after which another writer may get in */

/* ---- a batch -------------------------------------------------------------------------------------------------- */

static void empty(ingest *g, ingest_batch *b)
{
    b->n = b->bytes = b->n_files = 0;
    bb_arena_reset(&b->mail);
    bb_arena_reset(&b->work);
    if (!g->c->now_given) g->c->now = bb_os_now();
}

static bool give_way(ingest *g)
{
    double now = bb_os_monotonic();
    if (g->remote || now - g->yielded < YIELD_AFTER) return true; /* between its batches others may write anyhow */
    g->yielded = now;
    return bb_store_yield(g->c->store, &g->c->err);
}

/* Waits for the batch that is being stored, and does what comes behind its commit. */
static bool collect(ingest *g)
{
    cli *c = g->c;
    ingest_batch *b = ingest_writer_wait(g->writer);
    if (!b) return true;
    bool good = b->stored;
    if (!good) c->err = b->err;
    if (good && (!cli_moves_add(&g->sums.moves, b->apply.changes, b->apply.n_changes) ||
                 !cli_moves_add(&g->sums.would, b->apply.would, b->apply.n_would)))
        good = bb_fail(&c->err, BB_ENOMEM, "no memory for whom it moved; it is stored");
    for (size_t i = 0; good && i < b->n; i++) ingest_count(g, &b->items[i]);
    good = good && ingest_finish_files(g, b) && give_way(g);
    empty(g, b);
    return good;
}

static bool rehearse(ingest *g)
{
    bool good = rehearsal_batch(g);
    for (size_t i = 0; good && i < g->b->n; i++) ingest_count(g, &g->b->items[i]);
    empty(g, g->b);
    return good;
}

/* The batch goes to be stored, and the other one, which is stored by then, is filled from here on. */
static bool hand_over(ingest *g)
{
    cli *c = g->c;
    ingest_batch *b = g->b;
    if (!b->n) return true;
    if (g->rehearsal) return rehearse(g);
    if (!collect(g)) return false;
    b->apply = (bb_batch){.items = b->items,
                          .n = b->n,
                          .progress = b->progress,
                          .n_progress = ingest_progress(g, b),
                          .policy = cli_policy,
                          .policy_ctx = c,
                          .now = c->now,
                          .rules_version = BB_RULES_VERSION};
    b->lets_go = g->remote;
    ingest_writer_give(g->writer, b);
    g->b = b == g->batches ? g->batches + 1 : g->batches;
    return true;
}

static bool finish(ingest *g)
{
    return hand_over(g) && (g->rehearsal || collect(g));
}

/* Reads and claims into the batch. False: memory; the batch is as it was before. */
static bool read_into(ingest *g, const bb_mailbox_message *found)
{
    ingest_batch *b = g->b;
    bb_mailbox_message kept = *found;
    bb_message *m = &b->messages[b->n];
    kept.source = bb_dup(&b->mail, found->source);
    kept.bytes = bb_dup(&b->mail, found->bytes); /* the mailbox's own go with its next message */
    if (b->mail.failed || !cli_read_message(&g->reader, &b->mail, &kept, kept.bytes, g->c->now, m) ||
        !bb_claims_make(&b->mail, m, &g->attribution, &b->claims[b->n]) || b->mail.failed)
        return false;
    b->items[b->n] = (bb_item){.type = BB_ITEM_REPORT,
                               .message = m,
                               .claims = &b->claims[b->n],
                               .evidence = g->keep_evidence ? kept.bytes : (bb_str){0}};
    b->n++;
    b->bytes += found->bytes.n;
    return true;
}

/* A message that is too much for the batch gets one of its own; one that is too much for that costs only itself. False:
 * what was read cannot be stored. */
static bool take(ingest *g, const bb_mailbox_message *found, int *code)
{
    if (!read_into(g, found)) {
        if (!finish(g)) return false;
        empty(g, g->b);
        if (!read_into(g, found)) {
            cli_progress_hide(&g->progress);
            bb_fail(&g->c->err, BB_ENOMEM, BB_FMT ": takes more memory than there is", BB_ARG(found->source));
            *code = cli_fail(g->c);
            g->sums.unreadable++;
            empty(g, g->b);
            ingest_note_file(g, found, false);
            return true;
        }
    }
    ingest_note_file(g, found, true);
    bool full = g->b->n == INGEST_BATCH || g->b->bytes >= BATCH_BYTES || g->b->mail.used >= BATCH_MEMORY;
    return !full || hand_over(g);
}

/* ---- the run -------------------------------------------------------------------------------------------------- */

static int next(const ingest *g, bb_mailbox *box, bb_mailbox_message *out, bb_err *err)
{
    return g->remote ? g->servers->next(g->remote, out, err) : bb_mailbox_next(box, out, err);
}

/* False: c->err says why it ended early. What cannot be read is told at once, and is the exit code. */
static bool take_all(ingest *g, bb_mailbox *box, int *code)
{
    cli *c = g->c;
    bb_mailbox_message found;
    bool good = true;
    cli_progress_begin(&g->progress, "messages");
    for (int got; good && !ingest_asked_to_end() && (got = next(g, box, &found, &c->err)) != 0;) {
        if (got < 0) {
            cli_progress_hide(&g->progress);
            *code = cli_fail(c);
            continue;
        }
        good = take(g, &found, code);
        cli_progress_at(&g->progress, ++g->sums.messages, found.done, found.total);
    }
    good = good && finish(g);
    cli_progress_end(&g->progress);
    return good;
}

static bool take_files(ingest *g, int *code)
{
    bb_mailbox *box = NULL;
    if (!cli_reads_files(g->c)) return true;
    if (!cli_mailbox(g->c, &box, code)) return false;
    ingest_resume(g, box);
    bool good = take_all(g, box, code);
    g->left_some = bb_mailbox_left_some(box);
    bb_mailbox_close(&box);
    if (g->left_some && !g->follows) cli_warn(g->c, "a file that somebody is writing to was left for the next time");
    return good;
}

/* A server that is not there costs only itself. */
static bool take_server(ingest *g, const char *url, int *code)
{
    cli *c = g->c;
    bb_remote_options o = {
        .done = g->done, .into = g->into, .stop = ingest_asked_to_end, .known = ingest_known, .known_ctx = g};
    if (!g->servers->open(c, url, &o, &g->remote)) {
        if (!ingest_asked_to_end()) *code = cli_fail(c);
        return true;
    }
    bool good = take_all(g, NULL, code);
    bb_err err = {0};
    if (!g->servers->close(&g->remote, good ? &err : NULL) && good) {
        cli_warn(c, "%s", err.text);
        g->trouble = err.code;
    }
    return good;
}

/* Waiting for a server, nobody else is kept from writing. */
static bool take_servers(ingest *g, int *code)
{
    cli *c = g->c;
    bool good = true;
    if (!g->servers) return true;
    bb_store_let_go(c->store);
    for (size_t i = 0; good && i < c->n_args && !ingest_asked_to_end(); i++)
        if (bb_remote_is_url(c->args[i])) good = take_server(g, c->args[i], code);
    return good;
}

static int run(ingest *g)
{
    cli *c = g->c;
    int code = CLI_EXIT_OK;
    bool good = take_files(g, &code) && take_servers(g, &code) && (!g->rehearsal || rehearsal_end(g));
    if (!good) code = cli_fail(c);
    if (good && code == CLI_EXIT_OK && g->trouble) code = cli_exit_of(g->trouble);
    if (g->follows && !g->sums.messages) return code; /* a follower that found nothing says nothing */
    return ingest_tell(g, good && code == CLI_EXIT_OK) ? code : cli_fail(c);
}

static bool prepare(ingest *g)
{
    cli *c = g->c;
    const bb_list *only;
    bool dry = cli_flag(c, "dry-run");
    if (!cli_open_store(c, dry ? BB_STORE_READ : BB_STORE_WRITE) || !cli_lists(c)) return false;
    if (!cli_list_option(c, false, &only) || !cli_attribution(c, only, &g->attribution)) return false;
    if (!cli_rehearsed_reader(c, &g->reader)) return false;
    g->keep_evidence = bb_conf_home_of(c->conf)->keep_evidence;
    g->sums.moves.arena = g->sums.would.arena = &c->arena;
    g->trouble = BB_OK;
    g->yielded = bb_os_monotonic();
    if ((g->follows || g->servers) && !ingest_track(g)) return false;
    return !dry || rehearsal_begin(g);
}

int ingest_round(ingest *g)
{
    ingest_batch *batches = bb_os_alloc.get(NULL, 2 * sizeof *batches);
    if (!batches) return cli_exit_of(BB_ENOMEM);
    memset(batches, 0, 2 * sizeof *batches);
    g->batches = g->b = batches;
    for (int i = 0; i < 2; i++) {
        bb_arena_init(&batches[i].mail, &bb_os_alloc, BB_ARENA_LIMIT);
        bb_arena_init(&batches[i].work, &bb_os_alloc, BB_ARENA_LIMIT);
    }
    g->writer = ingest_writer_start(g->c);
    int code = g->writer && prepare(g) ? run(g) : cli_fail(g->c);
    ingest_writer_stop(&g->writer);
    for (int i = 0; i < 2; i++) {
        bb_arena_free(&batches[i].mail);
        bb_arena_free(&batches[i].work);
    }
    bb_os_alloc.put(NULL, batches);
    cli_reader_close(&g->reader);
    return code;
}

/* ---- the command ---------------------------------------------------------------------------------------------- */

static bool read_done(ingest *g)
{
    static const char *const words[] = {"keep", "seen", "move", "delete", NULL};
    cli *c = g->c;
    const char *done = cli_value(c, "done");
    g->into = cli_value(c, "into");
    for (int i = 0; done && words[i]; i++)
        if (strcmp(done, words[i]) == 0) {
            g->done = (bb_done)i;
            done = NULL;
        }
    if (done)
        return bb_fail(&c->err, BB_EUSAGE, "--done %s: there are keep, seen, move and delete%s", done,
                       cli_did_you_mean(c, done, words));
    if ((g->done == BB_DONE_MOVE) != (g->into != NULL))
        return bb_fail(&c->err, BB_EUSAGE, "--done move and --into DIR go together");
    if (g->into && cli_reads_files(c) && cli_reads_servers(c))
        return bb_fail(&c->err, BB_EUSAGE, "--into %s: for files it is a folder, on servers a mailbox: run it twice",
                       g->into);
    if (g->into && !cli_reads_servers(c) && !bb_os_exists(g->into))
        return bb_fail(&c->err, BB_ENOINPUT, "--into %s: there is no such folder", g->into);
    bool changes = g->done != BB_DONE_KEEP || g->follows;
    return !changes || !cli_flag(c, "dry-run") ||
           bb_fail(&c->err, BB_EUSAGE, "--dry-run changes nothing, so it goes with neither --follow nor --done");
}

#define LOOK_AGAIN_FILES   30 /* seconds */
#define LOOK_AGAIN_SERVERS 60

static bool read_options(ingest *g)
{
    cli *c = g->c;
    int64_t seconds = cli_reads_servers(c) ? LOOK_AGAIN_SERVERS : LOOK_AGAIN_FILES;
    const char *every = cli_value(c, "every");
    g->follows = cli_flag(c, "follow");
    if (every && (!g->follows || !bb_duration(bb_cstr(every), &seconds) || seconds < 1 || seconds > BB_DAY))
        return bb_fail(&c->err, BB_EUSAGE, "--every %s: with --follow, a time from 1 second to a day: 90s, 15m, 12h",
                       every);
    g->look_again = (int)seconds * 1000;
    return read_done(g) && cli_rules_rehearsed(c, cli_flag(c, "dry-run"), "with --dry-run");
}

int cmd_ingest(cli *c)
{
    ingest *g = bb_get(&c->arena, sizeof *g);
    bb_arena keep;
    if (!g) return cli_exit_of(BB_ENOMEM);
    g->c = c;
    g->keep = &keep;
    if (!read_options(g)) return cli_fail(c);
    if (cli_reads_servers(c) && !(g->servers = cli_read_servers(c))) return cli_exit_of(c->err.code);
    bb_arena_init(&keep, &bb_os_alloc, BB_ARENA_LIMIT);
    int code = g->follows ? ingest_follow(g) : ingest_round(g);
    ingest_track_end(g);
    bb_arena_free(&keep);
    return code;
}
