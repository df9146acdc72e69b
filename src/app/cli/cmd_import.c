/* SPDX-License-Identifier: MIT
 *
 * subscriber import: CSV in, line by line and in batches, so that a file may be as long as it likes. Who is there stays
 * as he is; what is left out is told with its line, and the exit code says that something was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli/cmd_import.h"

typedef struct {
    cli *c;
    const bb_list *list;
    bool dry, contact, resubscribe;
    bb_time since;
    bb_str note;
    import_sums sums;
    met *met;
    /* the file */
    const char *name;
    FILE *from;
    uint64_t done, total;
    bb_csv csv;
    import_columns columns;
    /* the batch */
    bb_item items[IMPORT_BATCH];
    uint64_t lines[IMPORT_BATCH];
    bool before[IMPORT_BATCH]; /* he stands further up in the file */
    size_t n;
    bb_arena row, batch, work;
    cli_progress progress;
} import;

static bool no_memory(import *m)
{
    return bb_fail(&m->c->err, BB_ENOMEM, "no memory for the import");
}

static void leave(import *m, left_reason reason, uint64_t line, bb_str text, const char *why)
{
    import_leave(m->c, &m->sums, reason, &(left_line){bb_cstr(m->name), line, text, why});
}

/* ---- a batch -------------------------------------------------------------------------------------------------- */

static bool store(import *m)
{
    bb_batch b;
    if (m->dry) return import_rehearse(m->c, &m->work, m->met, m->items, m->n, m->before);
    if (!cli_apply(m->c, &m->work, m->items, m->n, &b)) return false;
    for (size_t i = 0; i < m->n; i++)
        if (m->items[i].subscriber && !met_number(m->met, m->items[i].subscriber, &m->before[i])) return no_memory(m);
    return true;
}

/* Whoever was there is subscribed once more: a fact of now, so that what came before counts no more. */
static bool subscribe_again(import *m)
{
    bb_batch b;
    size_t n = 0;
    bb_item *facts = bb_get_array(&m->work, m->n, sizeof *facts);
    if (!facts) return no_memory(m);
    for (size_t i = 0; i < m->n; i++) /* whom the file itself calls gone, or a contact, is not asked back */
        if (m->items[i].result == BB_RESULT_DUPLICATE && !m->before[i] && m->items[i].set_status == BB_STATUS_ACTIVE &&
            !m->items[i].contact)
            facts[n++] = (bb_item){.type = BB_ITEM_FACT,
                                   .fact = BB_FACT_SUBSCRIBE,
                                   .subscriber = m->items[i].subscriber,
                                   .time = m->c->now,
                                   .set_until = BB_NO_TIME,
                                   .note = m->note};
    m->sums.again += n;
    return m->dry || cli_apply(m->c, &m->work, facts, n, &b);
}

/* What ids have to do with why a line is left out; LEFT_REASONS: nothing. */
static bool judge_ids(import *m, left_reason *out)
{
    cli *c = m->c;
    bb_subscriber s;
    bb_lookup *by_id = bb_get_array(&m->work, m->n, sizeof *by_id);
    if (!by_id) return no_memory(m);
    for (size_t i = 0; i < m->n; i++)
        by_id[i] = (bb_lookup){.by = BB_BY_EXTERNAL_ID, .list = m->list->id, .text = m->items[i].external_id};
    if (!bb_store_find(c->store, &m->work, by_id, m->n, &c->err)) return false;
    for (size_t i = 0; i < m->n; i++) {
        const bb_item *item = &m->items[i];
        bool known = item->result == BB_RESULT_DUPLICATE && item->subscriber && item->external_id.n;
        out[i] = LEFT_REASONS;
        if (item->result == BB_RESULT_REFUSED && (m->dry || by_id[i].found)) out[i] = LEFT_TAKEN;
        if (!known || (by_id[i].found && by_id[i].found_id == item->subscriber)) continue;
        if (!bb_store_subscriber(c->store, &m->work, item->subscriber, &s, &c->err)) return false;
        if (s.external_id.n) out[i] = LEFT_OTHER_ID; /* else a rehearsal would have given him this one */
    }
    return true;
}

static void count(import *m, const left_reason *ids)
{
    for (size_t i = 0; i < m->n; i++) {
        const bb_item *item = &m->items[i];
        bb_str who = item->address.spelled;
        bool refused = item->result == BB_RESULT_REFUSED;
        m->sums.added += item->result == BB_RESULT_STORED;
        m->sums.known += item->result == BB_RESULT_DUPLICATE && !m->before[i];
        if (refused) leave(m, ids[i] == LEFT_TAKEN ? LEFT_TAKEN : LEFT_BAD, m->lines[i], who, item->why);
        else if (m->before[i]) leave(m, LEFT_TWICE, m->lines[i], who, "he stands further up");
        else if (ids[i] == LEFT_OTHER_ID)
            leave(m, LEFT_OTHER_ID, m->lines[i], who, "he is on the list with another id, which stays");
    }
}

static bool finish_batch(import *m)
{
    left_reason ids[IMPORT_BATCH];
    memset(m->before, 0, sizeof m->before);
    bool good = !m->n || (store(m) && judge_ids(m, ids) && (!m->resubscribe || subscribe_again(m)));
    if (good) count(m, ids);
    m->n = 0;
    bb_arena_reset(&m->batch);
    bb_arena_reset(&m->work);
    return good;
}

/* ---- a file ------------------------------------------------------------------------------------------------------ */

static size_t read_file(void *ctx, char *into, size_t room)
{
    import *m = ctx;
    size_t got = fread(into, 1, room, m->from);
    m->done += got;
    return got;
}

static bool take_row(import *m, const bb_csv_row *row)
{
    const char *why;
    bb_item *item = &m->items[m->n];
    m->sums.rows++;
    if (!import_row(&m->batch, &m->columns, row, item, &why)) {
        size_t at = m->columns.at[COLUMN_ADDRESS];
        leave(m, LEFT_BAD, row->line, at < row->n ? row->fields[at] : (bb_str){0}, why);
    } else {
        item->list = m->list->id;
        item->contact |= m->contact;
        item->note = m->note;
        if (item->time == BB_NO_TIME) item->time = m->since;
        m->lines[m->n++] = row->line;
    }
    if (m->batch.failed) return no_memory(m);
    cli_progress_at(&m->progress, m->sums.rows, m->done, m->total);
    return m->n < IMPORT_BATCH || finish_batch(m);
}

static bool take_rows(import *m)
{
    bb_csv_row row;
    bool header = false, first = true, good = true;
    for (; good && bb_csv_next(&m->csv, &m->row, &row); bb_arena_reset(&m->row)) {
        if (first && row.bad)
            good = bb_fail(&m->c->err, BB_EDATA, "line %llu: %s", (unsigned long long)row.line, row.bad);
        else if (first) good = import_header(&row, &m->columns, &header, &m->c->err);
        if (good && !(first && header)) good = take_row(m, &row);
        first = false;
    }
    if (good && ferror(m->from)) good = bb_fail(&m->c->err, BB_EIO, "cannot read it");
    if (good && first) good = bb_fail(&m->c->err, BB_EDATA, "there is not one line in it");
    if (good && m->row.failed) good = no_memory(m);
    return good && finish_batch(m);
}

static bool take_file(import *m, const char *path)
{
    cli *c = m->c;
    struct stat st;
    bool standard = strcmp(path, "-") == 0;
    m->name = standard ? "standard input" : path;
    m->from = standard ? stdin : fopen(path, "rb");
    if (!m->from) return bb_os_fail(&c->err, BB_ENOINPUT, path, "open it");
    m->done = 0;
    m->total = fstat(fileno(m->from), &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    bb_csv_init(&m->csv, read_file, m);
    bool good = take_rows(m);
    if (!standard) fclose(m->from);
    return good || bb_fail_in(&c->err, "%s", m->name);
}

/* ---- the run ------------------------------------------------------------------------------------------------------- */

static bool prepare(import *m)
{
    cli *c = m->c;
    m->dry = cli_flag(c, "dry-run");
    m->contact = cli_flag(c, "contact");
    m->resubscribe = cli_flag(c, "resubscribe");
    m->note = bb_cstr(cli_value(c, "note"));
    m->since = c->now;
    if (!m->note.n) m->note = m->resubscribe ? BB_S("imported again") : BB_S("as imported");
    if (m->contact && m->resubscribe)
        return bb_fail(&c->err, BB_EUSAGE, "whoever subscribes again is no contact: give one of the two");
    if (!c->n_args && isatty(STDIN_FILENO) == 1)
        return bb_fail(&c->err, BB_EUSAGE, "what should be read? Give a FILE, or - for standard input");
    if (!cli_time(c, "since", &m->since) || !cli_lists(c) || !cli_list_option(c, true, &m->list)) return false;
    m->met = met_new();
    return m->met || no_memory(m);
}

static int run(import *m)
{
    cli *c = m->c;
    bool good = true;
    cli_progress_begin(&m->progress, "lines");
    if (!c->n_args) good = take_file(m, "-");
    for (size_t i = 0; good && i < c->n_args; i++) good = take_file(m, c->args[i]);
    cli_progress_end(&m->progress);
    int code = good ? CLI_EXIT_OK : cli_fail(c);
    import_tell(c, &m->sums, m->dry, good);
    return good && import_left_any(&m->sums) ? cli_exit_of(BB_EDATA) : code;
}

int cmd_subscriber_import(cli *c)
{
    import *m = bb_get(&c->arena, sizeof *m);
    if (!m) return cli_exit_of(BB_ENOMEM);
    m->c = c;
    if (!prepare(m)) return cli_fail(c);
    bb_arena_init(&m->row, &bb_os_alloc, BB_ARENA_LIMIT);
    bb_arena_init(&m->batch, &bb_os_alloc, BB_ARENA_LIMIT);
    bb_arena_init(&m->work, &bb_os_alloc, BB_ARENA_LIMIT);
    int code = run(m);
    bb_arena_free(&m->row);
    bb_arena_free(&m->batch);
    bb_arena_free(&m->work);
    met_free(&m->met);
    return code;
}
