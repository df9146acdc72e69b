/* SPDX-License-Identifier: MIT
 *
 * The dialogue that some MTAs print: "... while talking to mx.example.net.:", ">>> RCPT TO:<a>",
 * "<<< 550 No such user", and their own verdict "550 5.1.1 <a>... User unknown" behind it.
 */
#include "core/report/internal.h"

#define MAX_EXCHANGES 4096

typedef struct {
    bb_ctx *c;
    bb_exchange *items;
    size_t n, cap;
    bb_str host, stage, argument; /* what was last said to whom */
    bb_str output;                /* the line before, where nobody in the dialogue said it: a mailer's own words */
    size_t under;                 /* first exchange under that command */
    bool open;                    /* the last reply is not complete: "550-..." */
    bb_buf joined;                /* its lines so far, from the second on */
} reading;

static bool continues(bb_str line)
{
    return line.n > 3 && bb_is_digit(line.p[0]) && bb_is_digit(line.p[1]) && bb_is_digit(line.p[2]) && line.p[3] == '-';
}

static void said(reading *t, bb_str command)
{
    t->stage = bb_stage_of_verb(command);
    t->argument = bb_eq(t->stage, BB_S("RCPT")) ? bb_address_find(command, NULL) : (bb_str){0};
    t->under = t->n;
    t->open = false;
}

static void add(reading *t, bb_exchange e)
{
    if (t->n >= MAX_EXCHANGES) t->c->r->truncated = "exchanges";
    bb_exchange *item = t->n < MAX_EXCHANGES ? BB_PUSH(t->c->a, t->items, t->n, t->cap) : NULL;
    if (!item) return;
    *item = e;
    item->code = bb_reply_code(e.reply);
}

static void heard(reading *t, bb_str line)
{
    if (t->open && t->n) {
        bb_exchange *e = &t->items[t->n - 1];
        if (!t->joined.n) bb_put(&t->joined, e->reply);
        bb_putc(&t->joined, ' ');
        bb_put(&t->joined, line);
        if (t->joined.truncated) t->c->r->truncated = "max_diagnostic";
        e->reply = bb_buf_str(&t->joined);
    } else {
        t->joined = bb_buf_in(t->c->a, 2 * t->c->opt->max_diagnostic); /* folding may shorten it */
        add(t, (bb_exchange){.host = t->host, .stage = t->stage, .about = t->argument, .reply = line});
    }
    t->open = continues(line);
}

/* With PIPELINING (RFC 2920) the replies to MAIL and RCPT arrive under DATA, which is the last command
 * shown: of several replies only the last can be DATA's own, and one that names an address is RCPT's. */
static void settle_pipelined(reading *t)
{
    for (size_t i = t->under; i < t->n; i++) {
        bb_exchange *e = &t->items[i];
        if (!bb_eq(e->stage, BB_S("DATA"))) continue;
        bb_str named = bb_address_find(e->reply, NULL);
        if (i + 1 < t->n || (!bb_empty(named) && !bb_is_not_rcpt(t->c, named))) e->stage = BB_S("RCPT");
    }
}

/* What Sendmail says of a mailer that only ended with an exit code: the reason is what the mailer printed. */
static bool is_stock(bb_str why)
{
    static const char *const stock[] = {"Service unavailable", "unknown mailer error", "Local configuration error",
                                        "Can't create output"};
    for (size_t i = 0; i < BB_COUNT(stock); i++)
        if (bb_begins(why, stock[i])) return true;
    return false;
}

/* "503 Need RCPT", "554 no valid recipients": it follows from what was refused before, and is about nobody else. */
static bool is_consequence(const bb_exchange *e)
{
    return e->code == 503 || bb_ifind(e->reply, BB_S("no valid recipients")) != BB_NPOS;
}

/* "550 5.1.1 <a@example.net>... User unknown", "a@example.net... Deferred: ...": the reporter's verdict on
 * what it heard just before, or all there is. */
static void verdict(reading *t, bb_str line)
{
    if (bb_chr(line, '@') == BB_NPOS || bb_find(line, BB_S("...")) == BB_NPOS) return;
    bb_str behind, address = bb_address_find(line, &behind);
    if (bb_empty(address) || !bb_starts(behind, BB_S("..."))) return;
    if (address.p - line.p > 1 && !bb_is_digit(line.p[0])) return; /* "(reason: 550 <a@example.net>... )" of a list */
    bb_exchange *last = t->n ? &t->items[t->n - 1] : NULL;
    if (last && bb_empty(last->about) && !is_consequence(last)) {
        last->about = address;
        return;
    }
    if (last && bb_address_same(t->c->a, last->about, address)) return;
    bb_str why = bb_trim(bb_sub(behind, 3, BB_NPOS));
    bb_reply own, inner;
    bool replied = bb_reply_find(line, &own) && own.text.p == line.p;
    if (bb_reply_find(why, &inner) && inner.text.p == why.p) replied = false; /* "... 550 Host unknown" */
    bb_str reply = replied ? line : why;
    if (!bb_empty(t->output) && is_stock(why))
        reply = bb_sprintf(t->c->a, BB_FMT " (" BB_FMT ")", BB_ARG(reply), BB_ARG(t->output));
    add(t, (bb_exchange){.about = address, .reply = reply});
}

size_t bb_transcript_read(bb_ctx *c, bb_str prose, bb_exchange **out)
{
    reading t = {.c = c};
    bb_str line;
    *out = NULL;
    bool any = bb_find(prose, BB_S("...")) != BB_NPOS || bb_find(prose, BB_S(">>>")) != BB_NPOS ||
               bb_find(prose, BB_S("<<<")) != BB_NPOS;
    bool talks = any && bb_ifind(prose, BB_S("while talking to ")) != BB_NPOS;
    while (any && bb_line(&prose, &line)) {
        line = bb_trim(line);
        bb_str output = {0};
        size_t talking = talks ? bb_ifind(line, BB_S("while talking to ")) : BB_NPOS;
        if (talking != BB_NPOS) {
            settle_pipelined(&t);
            t.host = bb_host_token(bb_sub(line, talking + 17, BB_NPOS));
            said(&t, BB_S(""));
        } else if (bb_starts(line, BB_S(">>>"))) {
            settle_pipelined(&t);
            said(&t, bb_trim(bb_sub(line, 3, BB_NPOS)));
        } else if (bb_starts(line, BB_S("<<<"))) {
            heard(&t, bb_trim(bb_sub(line, 3, BB_NPOS)));
        } else {
            size_t before = t.n;
            verdict(&t, line);
            if (t.n == before) output = bb_sub(line, 0, 300);
        }
        t.output = output;
    }
    settle_pipelined(&t);
    for (size_t i = 0; i < t.n; i++)
        if (!bb_empty(t.items[i].about)) t.items[i].key = bb_address_key(c, t.items[i].about);
    *out = t.items;
    return t.n;
}

void bb_rows_from_transcript(bb_ctx *c)
{
    bb_exchange *said;
    size_t n = bb_transcript_read(c, c->r->text, &said);
    for (size_t i = 0; i < n; i++)
        if (!bb_empty(said[i].about) && said[i].code >= 400 && !bb_is_not_rcpt(c, said[i].about))
            bb_row(c, said[i].about);
}
