/* SPDX-License-Identifier: MIT
 *
 * report: how we are doing, counted by kind, reason, receiving domain, list and trust; and what was refused at RCPT.
 */
#include "app/cli/cli.h"

#define TOP 10

typedef struct {
    const char *key, *title, *unnamed;
    const bb_count *rows;
    size_t n;
} count_table;

/* What the policy service refused; nothing of it says which list it would have been. */
typedef struct {
    bb_refused *rows; /* by hour and cause */
    size_t n;
} refusals;

static void put_refusals(bb_json *j, const refusals *r)
{
    bb_json_key(j, "refused");
    bb_json_open(j, '[');
    for (size_t i = 0; i < r->n; i++) {
        bb_json_open(j, '{');
        bb_json_ktime(j, "hour", r->rows[i].hour);
        bb_json_kstr(j, "cause", bb_cstr(bb_refusal_word(r->rows[i].cause)));
        bb_json_kint(j, "count", r->rows[i].n);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
}

static void put_json(cli *c, const bb_summary *s, const bb_summary_query *q, const count_table *tables, size_t n,
                     const refusals *refused)
{
    cli_json d;
    cli_json_begin(&d, &c->arena);
    bb_json_kstr(&d.j, "list", cli_list_name(c, q->list));
    bb_json_ktime(&d.j, "since", q->from);
    bb_json_ktime(&d.j, "until", q->until);
    bb_json_kint(&d.j, "reports", s->reports);
    bb_json_kint(&d.j, "recipients", s->readings);
    for (size_t i = 0; i < n; i++) {
        bb_json_key(&d.j, tables[i].key);
        bb_json_open(&d.j, '[');
        for (size_t k = 0; k < tables[i].n; k++) {
            bb_json_open(&d.j, '{');
            bb_json_kstr(&d.j, "name", tables[i].rows[k].word);
            bb_json_kint(&d.j, "count", tables[i].rows[k].n);
            bb_json_close(&d.j, '}');
        }
        bb_json_close(&d.j, ']');
    }
    put_refusals(&d.j, refused);
    bb_json_key(&d.j, "subscribers");
    bb_json_open(&d.j, '{');
    for (size_t i = 0; i < BB_COUNT(s->statuses); i++) bb_json_kint(&d.j, bb_status_word((bb_status)i), s->statuses[i]);
    bb_json_close(&d.j, '}');
    cli_json_end(c, &d);
}

static void print_table(cli *c, const count_table *of, int64_t all, size_t top)
{
    static const char *const heads[] = {">count", ">share", ""};
    const char *head[] = {heads[0], heads[1], of->title};
    cli_table t;
    size_t shown = of->n < top ? of->n : top;
    int64_t others = 0;
    if (!of->n) return;
    cli_table_begin(&t, &c->arena, head, BB_COUNT(head));
    for (size_t k = 0; k < shown; k++) {
        cli_cellf(&t, "%lld", (long long)of->rows[k].n);
        cli_cellf(&t, "%.1f %%", 100.0 * (double)of->rows[k].n / (double)all);
        cli_cell(&t, of->rows[k].word.n ? of->rows[k].word : bb_cstr(of->unnamed));
    }
    for (size_t k = shown; k < of->n; k++) others += of->rows[k].n;
    if (others) {
        cli_cellf(&t, "%lld", (long long)others);
        cli_cellf(&t, "%.1f %%", 100.0 * (double)others / (double)all);
        cli_cellf(&t, "(%zu more)", of->n - shown);
    }
    cli_print(c, "\n");
    cli_table_end(c, &t, "  ");
}

/* One line a cause, with the hour that had most of it. */
static void print_refusals(cli *c, const refusals *r)
{
    static const char *const head[] = {">count", "refused in the SMTP session", "most in one hour"};
    cli_table t;
    if (!r->n) return;
    cli_table_begin(&t, &c->arena, head, BB_COUNT(head));
    for (int cause = BB_REFUSAL_NONE + 1; cause < BB_REFUSAL_COUNT; cause++) {
        const bb_refused *most = NULL;
        int64_t all = 0;
        for (size_t i = 0; i < r->n; i++) {
            if ((int)r->rows[i].cause != cause) continue;
            all += r->rows[i].n;
            if (!most || r->rows[i].n > most->n) most = &r->rows[i];
        }
        if (!most) continue;
        cli_cellf(&t, "%lld", (long long)all);
        cli_cellf(&t, "%s", bb_refusal_word((bb_refusal)cause));
        cli_cellf(&t, "%lld, from %s on", (long long)most->n, cli_when(&c->arena, most->hour));
    }
    cli_print(c, "\n");
    cli_table_end(c, &t, "  ");
}

static void print_all(cli *c, const bb_summary *s, const bb_summary_query *q, const count_table *tables, size_t n,
                      size_t top, const refusals *refused)
{
    cli_print(c, "%s about ", cli_plural(&c->arena, s->reports, "report", "reports"));
    cli_print(c, "%s", cli_plural(&c->arena, s->readings, "recipient", "recipients"));
    if (q->list) cli_print(c, " of the list " BB_FMT, BB_ARG(cli_list_name(c, q->list)));
    if (q->from != BB_NO_TIME) cli_print(c, ", since %s", cli_when(&c->arena, q->from));
    if (q->until != BB_NO_TIME) cli_print(c, ", before %s", cli_when(&c->arena, q->until));
    cli_print(c, "\n");
    for (size_t i = 0; i < n; i++) print_table(c, &tables[i], s->readings, top);
    print_refusals(c, refused);
    cli_print(c, "\nsubscribers today: ");
    for (size_t i = 0; i < BB_COUNT(s->statuses); i++)
        cli_print(c, "%s%lld %s", i ? ", " : "", (long long)s->statuses[i], bb_status_word((bb_status)i));
    cli_print(c, "\n");
}

/* ---- unread --------------------------------------------------------------------------------------------------- */

#define PAGE 500

typedef struct {
    cli *c;
    bb_reader reader;
    bb_arena work;
    uint64_t n;
} unread;

/* What a person needs to know it by: who wrote it, and about what. */
static bool show_unread(unread *u, const bb_stored_report *r)
{
    cli *c = u->c;
    bb_str raw;
    bb_mail m = {0};
    bb_str from = {0}, subject = {0};
    bool kept = bb_store_evidence(c->store, &u->work, r->id, &raw, &c->err);
    if (!kept && c->err.code != BB_ENOINPUT) return false;
    if (kept) {
        bb_mail_read(&u->work, raw, u->reader.mail, &m);
        from = bb_field_text(&m, m.root, "From");
        subject = bb_field_text(&m, m.root, "Subject");
    }
    if (c->json) {
        cli_json d;
        cli_json_begin(&d, &u->work);
        bb_json_kint(&d.j, "report", (int64_t)r->id);
        bb_json_ktime(&d.j, "time", r->time);
        bb_json_kstr(&d.j, "from", from);
        bb_json_kstr(&d.j, "subject", subject);
        bb_json_kstr(&d.j, "return_path", r->return_path);
        bb_json_kstr(&d.j, "source", r->source);
        bb_json_key(&d.j, "evidence");
        bb_json_bool(&d.j, kept);
        cli_json_end(c, &d);
    } else {
        cli_print(c, "%6llu  %s  %s\n        %s\n", (unsigned long long)r->id, cli_when(&u->work, r->time),
                  cli_show(&u->work, bb_sub(subject, 0, 100)), cli_show(&u->work, bb_sub(from, 0, 100)));
    }
    return true;
}

static bool show_all_unread(unread *u)
{
    cli *c = u->c;
    bb_report_query q;
    bb_arena page;
    bb_stored_report *rows;
    uint64_t behind = 0;
    if (!cli_report_query(c, &q)) return false;
    bool good = true;
    bb_arena_init(&page, &bb_os_alloc, BB_ARENA_LIMIT);
    for (size_t n = PAGE; good && n == PAGE && !cli_output_gone();) {
        bb_arena_reset(&page);
        good = bb_store_reports(c->store, &page, &q, behind, PAGE, &rows, &n, &c->err);
        for (size_t i = 0; good && i < n; i++, u->n++) {
            bb_arena_reset(&u->work);
            good = show_unread(u, &rows[i]);
            behind = rows[i].id;
        }
    }
    bb_arena_free(&page);
    return good;
}

static int list_unread(cli *c)
{
    unread u = {.c = c};
    if (!cli_reader(c, NULL, &u.reader)) return cli_fail(c);
    bb_arena_init(&u.work, &bb_os_alloc, BB_ARENA_LIMIT);
    bool good = show_all_unread(&u);
    bb_arena_free(&u.work);
    cli_reader_close(&u.reader);
    if (!good) return cli_fail(c);
    if (!c->json && u.n) cli_print(c, "\n\"bouncebox explain --raw NUMBER\" shows one as it came\n");
    else if (!c->json) cli_print(c, "everything that came could be read\n");
    return cli_ok(c);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

int cmd_report(cli *c)
{
    const bb_list *only;
    bb_summary s;
    refusals refused = {0};
    bb_summary_query q = {.from = BB_NO_TIME, .until = BB_NO_TIME};
    uint64_t top = TOP;
    if (cli_flag(c, "unread")) return cli_lists(c) ? list_unread(c) : cli_fail(c);
    if (!cli_lists(c) || !cli_list_option(c, false, &only) || !cli_time(c, "since", &q.from) ||
        !cli_time(c, "until", &q.until) || !cli_number(c, "top", 100000, &top))
        return cli_fail(c);
    q.list = only ? only->id : 0;
    if (!bb_store_summary(c->store, &c->arena, &q, c->now, &s, &c->err)) return cli_fail(c);
    if (!only && !bb_store_refused(c->store, &c->arena, q.from, q.until, &refused.rows, &refused.n, &c->err))
        return cli_fail(c);
    const count_table tables[] = {
        {"kinds", "kind", "", s.kinds, s.n_kinds},
        {"reasons", "reason", "", s.reasons, s.n_reasons},
        {"domains", "receiving domain", "(unknown)", s.domains, s.n_domains},
        {"lists", "list", "(nobody on a list)", s.lists, s.n_lists},
        {"trusts", "vouched for", "(nobody)", s.trusts, s.n_trusts},
    };
    if (c->json) put_json(c, &s, &q, tables, BB_COUNT(tables), &refused);
    else print_all(c, &s, &q, tables, BB_COUNT(tables), (size_t)top, &refused);
    return cli_ok(c);
}
