/* SPDX-License-Identifier: MIT
 *
 * parse: what messages say, one record a reported recipient. Pure: no home, no database.
 */
#include <string.h>

#include "app/cli/cli.h"

static void row(cli_table *t, const char *label, const char *value)
{
    if (!value[0]) return;
    cli_cell(t, bb_cstr(label));
    cli_cell(t, bb_cstr(value));
}

static const char *said(bb_arena *a, const bb_rcpt_report *r)
{
    bb_buf b = bb_buf_in(a, 1000);
    if (r->reply_code) bb_putf(&b, "%d ", r->reply_code);
    if (r->status.n) bb_putf(&b, BB_FMT " ", BB_ARG(r->status));
    if (r->command.n) bb_putf(&b, "at " BB_FMT, BB_ARG(r->command));
    if (r->remote_mta.n) bb_putf(&b, "%sby " BB_FMT, r->command.n ? " " : "", BB_ARG(r->remote_mta));
    return cli_show(a, bb_trim(bb_buf_str(&b)));
}

/* One block a recipient, for people. */
static void print_text(cli *c, bb_arena *a, const bb_message *m, size_t i)
{
    static const bb_rcpt_report nobody;
    const bb_rcpt_report *r = i < m->report.n_rcpts ? &m->report.rcpts[i] : &nobody;
    const bb_verdict *v = &m->verdicts[i];
    cli_table t;
    cli_table_begin(&t, a, NULL, 2);
    cli_print(c, "%s\n", cli_show(a, m->envelope.source));
    row(&t, "recipient", cli_show(a, r->recipient));
    row(&t, "kind", bb_sprintf(a, "%s, %s", bb_kind_word(v->kind), bb_reason_word(v->reason)).p);
    if (v->rule.n) row(&t, "rule", bb_sprintf(a, "%s, %.0f %% sure", cli_show(a, v->rule), v->confidence * 100).p);
    row(&t, "reply", said(a, r));
    row(&t, "words", cli_show(a, r->diagnostic.n ? r->diagnostic : r->text));
    row(&t, "reported by", cli_show(a, m->report.reporting_mta));
    row(&t, "format", m->report.format ? m->report.format : "");
    row(&t, "date", cli_when(a, m->event_time));
    row(&t, "return path", cli_show(a, m->n_paths ? m->paths[0].address : m->report.original.return_path));
    row(&t, "about mail", cli_show(a, m->report.original.subject));
    row(&t, "cut at", m->truncated ? m->truncated : "");
    cli_table_end(c, &t, "  ");
    cli_print(c, "\n");
}

typedef struct {
    const char *name;
    void (*lines)(const bb_message *m, bb_buf *out); /* JSON Lines; NULL: for people */
} parse_format;
static const parse_format formats[] = {{"json", bb_message_json}, {"text", NULL}, {"sisimai", cli_sisimai_json}};

static void print_message(cli *c, bb_arena *a, const bb_message *m, const parse_format *format)
{
    for (size_t i = 0; !format->lines && i < m->n_verdicts; i++) print_text(c, a, m, i);
    if (!format->lines) return;
    bb_buf b = bb_buf_in(a, (size_t)128 << 20);
    format->lines(m, &b);
    cli_put(c, bb_buf_str(&b));
}

static const parse_format *format_named(const char *name)
{
    for (size_t i = 0; i < BB_COUNT(formats); i++)
        if (strcmp(formats[i].name, name) == 0) return &formats[i];
    return NULL;
}

typedef struct {
    bb_reader reader;
    bb_mailbox *box;            /* or */
    bb_remote *remote;          /* on a server */
    const cli_servers *servers; /* NULL: none is read */
    bb_arena arena;             /* one message's */
    const parse_format *format;
} parser;

static int next(const parser *p, bb_mailbox_message *out, bb_err *err)
{
    return p->remote ? p->servers->next(p->remote, out, err) : bb_mailbox_next(p->box, out, err);
}

static int parse_all(cli *c, parser *p, int code)
{
    int got;
    uint64_t count = 0;
    bb_mailbox_message found;
    bb_message m;
    cli_progress progress;
    cli_progress_begin(&progress, "messages");
    while (!cli_output_gone() && (got = next(p, &found, &c->err)) != 0) {
        bool read = got > 0 && cli_read_message(&p->reader, &p->arena, &found, found.bytes,
                                                c->now_given ? c->now : BB_NO_TIME, &m);
        if (read) print_message(c, &p->arena, &m, p->format);
        if (got > 0 && (!read || p->arena.failed))
            bb_fail(&c->err, BB_ENOMEM, BB_FMT ": takes more memory than there is", BB_ARG(found.source));
        if (got < 0 || !read || p->arena.failed) {
            cli_progress_hide(&progress);
            code = cli_fail(c);
        }
        bb_arena_reset(&p->arena);
        if (got > 0) cli_progress_at(&progress, ++count, found.done, found.total);
    }
    cli_progress_end(&progress);
    return code;
}

static int parse_files(cli *c, parser *p, int code)
{
    if (!cli_reads_files(c)) return code;
    code = cli_mailbox(c, &p->box, &code) ? parse_all(c, p, code) : cli_fail(c);
    bb_mailbox_close(&p->box);
    return code;
}

static int parse_server(cli *c, parser *p, const char *url, int code)
{
    bb_remote_options o = {.done = BB_DONE_KEEP};
    if (!p->servers->open(c, url, &o, &p->remote)) return cli_fail(c);
    code = parse_all(c, p, code);
    p->servers->close(&p->remote, NULL);
    return code;
}

int cmd_parse(cli *c)
{
    static const char *const words[] = {"json", "text", "sisimai", NULL};
    const char *name = cli_value(c, "format");
    parser p = {.format = format_named(name ? name : "json")};
    if (!p.format)
        return cli_usage(c, "--format %s: there are json, text and sisimai%s", name, cli_did_you_mean(c, name, words));
    if (!p.format->lines && c->json) return cli_usage(c, "--format text and --json contradict each other");
    if (cli_reads_servers(c) && !(p.servers = cli_read_servers(c))) return cli_exit_of(c->err.code);
    if (!cli_reader(c, cli_value(c, "rules"), &p.reader)) return cli_fail(c);
    bb_arena_init(&p.arena, &bb_os_alloc, BB_ARENA_LIMIT);
    int code = parse_files(c, &p, CLI_EXIT_OK);
    for (size_t i = 0; p.servers && i < c->n_args; i++)
        if (bb_remote_is_url(c->args[i])) code = parse_server(c, &p, c->args[i], code);
    bb_arena_free(&p.arena);
    cli_reader_close(&p.reader);
    return code;
}
