/* SPDX-License-Identifier: MIT
 *
 * subscriber export: everybody, or who changed since a time, with the status of now, as CSV that import reads back, or
 * as JSON Lines.
 */
#include "app/cli/cli.h"

typedef struct {
    cli *c;
    bool wanted[BB_STATUS_UNSUBSCRIBED + 1];
    bb_arena line;
} export;

/* RFC 4180 section 2: quotes where the text needs them. */
static void put_field(bb_buf *b, bb_str s, char behind)
{
    bool quote = false;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == ';' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t' ||
                s.p[i] == ' ';
    if (quote) bb_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (quote && s.p[i] == '"') bb_putc(b, '"');
        bb_putc(b, s.p[i]);
    }
    if (quote) bb_putc(b, '"');
    bb_putc(b, behind);
}

static void put_csv(bb_buf *b, const bb_subscriber *s, bb_status status, bb_time until, bb_str list)
{
    char time[BB_TIME_LEN];
    bb_putf(b, "%llu,", (unsigned long long)s->id);
    put_field(b, s->address, ',');
    put_field(b, s->external_id, ',');
    bb_putf(b, "%s,", bb_status_word(status));
    bb_putf(b, "%s,", bb_time_str(until, time));
    bb_putf(b, "%s,%s,", bb_time_str(s->since, time), s->contact ? "yes" : "no");
    put_field(b, list, '\n');
}

static bool put_one(void *ctx, const bb_subscriber *s)
{
    export *x = ctx;
    bb_status status = bb_status_at(s->status, s->until, x->c->now);
    if (!x->wanted[status]) return true;
    bb_arena_reset(&x->line);
    if (x->c->json) {
        cli_json d;
        cli_json_begin(&d, &x->line);
        cli_put_subscriber(x->c, &d.j, s);
        cli_json_end(x->c, &d);
        return !cli_output_gone();
    }
    bb_buf b = bb_buf_in(&x->line, (size_t)64 << 10);
    put_csv(&b, s, status, status == BB_STATUS_QUARANTINED ? s->until : BB_NO_TIME, cli_list_name(x->c, s->list));
    cli_put(x->c, bb_buf_str(&b));
    return !cli_output_gone();
}

static bool read_wanted(export *x)
{
    static const char *const words[] = {"active", "quarantined", "bounced", "complained", "unsubscribed", NULL};
    size_t cursor = 0;
    bool any = false;
    bb_status s;
    for (const char *word; (word = cli_value_after(x->c, "status", &cursor)); any = true) {
        if (!bb_status_from(bb_cstr(word), &s))
            return bb_fail(&x->c->err, BB_EUSAGE, "there is no status \"%s\"%s", word,
                           cli_did_you_mean(x->c, word, words));
        x->wanted[s] = true;
    }
    for (size_t i = 0; !any && i < BB_COUNT(x->wanted); i++) x->wanted[i] = true;
    return true;
}

int cmd_subscriber_export(cli *c)
{
    const bb_list *only;
    export x = {.c = c};
    bb_time since = BB_NO_TIME;
    if (!cli_lists(c) || !cli_list_option(c, false, &only) || !read_wanted(&x) || !cli_time(c, "changed-since", &since))
        return cli_fail(c);
    bb_arena_init(&x.line, &bb_os_alloc, BB_ARENA_LIMIT);
    if (!c->json) cli_print(c, "id,email,external_id,status,until,since,contact,list\n");
    bool good = bb_store_each_changed(c->store, only ? only->id : 0, since, c->now, put_one, &x, &c->err);
    bb_arena_free(&x.line);
    return good ? cli_ok(c) : cli_fail(c);
}
