/* SPDX-License-Identifier: MIT
 *
 * The last step for every delivery report: what its rows still lack is looked for in the human text, which a structured
 * part left thin or which is all there is.
 */
#include "core/report/internal.h"

/* Is this exchange about the row? It says so, or its words are the row's diagnostic. */
static bool is_about(const bb_ctx *c, const bb_exchange *e, size_t i)
{
    const bb_rcpt_report *row = &c->r->rcpts[i];
    if (!bb_empty(e->about)) return i < bb_rows_known(c) && bb_row_is_named(c, i, e->key);
    if (!bb_empty(row->diagnostic)) return bb_istarts(e->reply, bb_sub(row->diagnostic, 0, 60));
    return c->r->n_rcpts == 1;
}

/* "552-5.7.0 Blocked because": the field has one line of the reply, the transcript all. */
static void take_whole_reply(bb_ctx *c, bb_rcpt_report *row, bb_str reply)
{
    bb_str line = bb_one_line(c, reply), diagnostic = row->diagnostic;
    bool open = diagnostic.n > 4 && diagnostic.p[3] == '-' && bb_is_digit(diagnostic.p[0]);
    if (open && line.n > diagnostic.n && bb_istarts(line, diagnostic)) row->diagnostic = line;
}

static void from_transcript(bb_ctx *c)
{
    bb_exchange *said;
    size_t n = bb_transcript_read(c, c->r->text, &said);
    for (size_t i = 0; i < c->r->n_rcpts && n; i++) {
        bb_rcpt_report *row = &c->r->rcpts[i];
        for (size_t k = 0; k < n; k++) {
            if (!is_about(c, &said[k], i)) continue;
            if (bb_empty(row->command)) row->command = said[k].stage;
            if (bb_empty(row->remote_mta)) row->remote_mta = said[k].host;
            bb_row_words(c, row, said[k].reply);
            if (bb_empty(row->diagnostic)) row->diagnostic = bb_one_line(c, said[k].reply);
            take_whole_reply(c, row, said[k].reply);
            break;
        }
    }
}

static bool take_paragraph(bb_str *rest, bb_str *out)
{
    bb_str line;
    const char *begin = NULL, *end = NULL;
    while (bb_line(rest, &line)) {
        if (bb_empty(bb_trim(line))) {
            if (begin) break;
            continue;
        }
        if (!begin) begin = line.p;
        end = line.p + line.n;
    }
    if (begin) *out = (bb_str){begin, (size_t)(end - begin)};
    return begin != NULL;
}

#define MAX_PARAGRAPHS 200

/* One paragraph's reply for the rows that it is about: those that it names, or all where it names none and nothing is
 * known of any. Answers whether it was about all. */
static bool from_paragraph(bb_ctx *c, bb_str line, bool *named)
{
    bb_report *r = c->r;
    bb_names said;
    bool anybody = false;
    bb_names_read(c, line, &said);
    for (size_t i = 0; i < bb_rows_known(c); i++) anybody |= bb_names_row(c, i, &said);
    if (*named && !anybody) return false;
    *named |= anybody;
    for (size_t i = 0; i < bb_rows_known(c); i++) {
        bb_rcpt_report *row = &r->rcpts[i];
        bb_str text = row->text;
        if (anybody && !bb_names_row(c, i, &said)) continue;
        bb_row_words(c, row, line);
        row->text = text;
        row->others |= r->n_rcpts > 1 && !anybody;
    }
    return !anybody;
}

/* A reply, or, where it counts, a status. */
static bool says_why(bb_str words, bool status_counts)
{
    return bb_reply_code(words) || (status_counts && bb_status_says(bb_status_find(words)));
}

/* A reply that stands in a paragraph of its own speaks about everybody, where nobody has one. Where a list gives no more
 * than a status for each ("a@b; failed; 5.1.1"), or another paragraph named somebody, it is about whom it names. */
static void from_paragraphs(bb_ctx *c)
{
    bb_report *r = c->r;
    bb_str prose = r->text, paragraph;
    bool heard = false, statuses = false;
    for (size_t i = 0; i < r->n_rcpts; i++) {
        bool told =
            !bb_empty(r->rcpts[i].diagnostic) && !bb_istarts(r->rcpts[i].diagnostic, BB_S("x-unix;")); /* a number */
        heard |= r->rcpts[i].reply_code != 0 || told;
        statuses |= bb_status_says(r->rcpts[i].status);
    }
    bool named = statuses;
    for (int n = 0; !heard && r->n_rcpts && take_paragraph(&prose, &paragraph); n++) {
        if (n == MAX_PARAGRAPHS) {
            r->truncated = "paragraphs";
            return;
        }
        bb_str said = bb_one_line(c, paragraph);
        if (says_why(said, !statuses)) heard = from_paragraph(c, said, &named);
    }
}

#define MAX_LINES 200

/* Does a sentence end with the line before another one, or begin with the one behind it? */
static bool is_apart(bb_str line)
{
    return bb_empty(bb_trim(line)) || bb_chr(line, '@') != BB_NPOS || bb_iends(bb_trim(line), BB_S(":"));
}

/* The address that is all that stands behind a line's words and a colon; empty: the line is of another form. */
static bb_str told_of(bb_str line)
{
    bb_str rest, address = bb_address_find(line, &rest);
    if (bb_empty(address)) return address;
    bb_str before = bb_trim(bb_sub(line, 0, (size_t)(address.p - line.p)));
    if (bb_iends(before, BB_S("<"))) before = bb_trim(bb_sub(before, 0, before.n - 1));
    if (bb_starts(rest, BB_S(">"))) rest = bb_sub(rest, 1, BB_NPOS);
    return before.n > 4 && before.p[before.n - 1] == ':' && bb_empty(bb_trim(rest)) ? address : (bb_str){0};
}

/* "Unknown user: a@b" in a line of its own, among lines about others; not a line of running text, whose words may be about
 * anybody. */
static void from_lines(bb_ctx *c)
{
    bb_str prose = c->r->text, before = {0}, line;
    for (int n = 0; c->r->n_rcpts > 1 && n < MAX_LINES && bb_line(&prose, &line); before = line) {
        bb_str ahead = prose, next = {0};
        if (bb_chr(line, '@') == BB_NPOS) continue;
        n++;
        bb_str address = told_of(line);
        (void)bb_line(&ahead, &next);
        if (bb_empty(address) || !is_apart(before) || !is_apart(next)) continue;
        bb_rcpt_report *row = bb_row_find(c, address);
        if (row && bb_empty(row->diagnostic) && bb_empty(row->text) && bb_empty(row->remark))
            row->remark = bb_one_line(c, line);
    }
}

/* OpenSMTPD announces its last report as a delay, too, and says of the recipient that it has given up. */
static bool gave_up(const bb_rcpt_report *row)
{
    bb_str words = bb_empty(row->diagnostic) ? row->text : row->diagnostic;
    return bb_phrases_in(NULL, words, BB_WORDS_EXPIRED);
}

static bb_action action_of(bb_ctx *c, const bb_rcpt_report *row)
{
    char class = row->status.n ? row->status.p[0] : (char)('0' + row->reply_code / 100);
    if (class == '2') return BB_ACTION_DELIVERED;
    bb_signs_of_words(c);
    return c->signs & BB_SIGN_DELAYED ? BB_ACTION_DELAYED : BB_ACTION_FAILED;
}

/* What was said to nobody in particular, where only one can be meant. */
static void only_row(bb_ctx *c, bb_rcpt_report *row)
{
    if (bb_empty(row->command)) row->command = bb_stage_find(c, c->r->text);
}

void bb_rows_complete(bb_ctx *c)
{
    bb_report *r = c->r;
    for (size_t i = 0; i < r->n_rcpts; i++) bb_row_diagnostic(c, &r->rcpts[i]);
    bb_rows_fill_from_blocks(c, r->text);
    from_transcript(c);
    from_paragraphs(c);
    from_lines(c);
    for (size_t i = 0; i < r->n_rcpts; i++) {
        bb_rcpt_report *row = &r->rcpts[i];
        if (r->n_rcpts == 1) only_row(c, row);
        bb_row_settle(c, i);
        if (row->action == BB_ACTION_NONE) row->action = action_of(c, row);
        if (row->action == BB_ACTION_DELAYED && gave_up(row)) row->action = BB_ACTION_FAILED;
    }
}
