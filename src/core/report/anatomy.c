/* SPDX-License-Identifier: MIT
 *
 * A report taken apart: its own parts, its own words, and where the message begins that came back, as a
 * part or behind a line of the prose. What came back is read for its header and never for words.
 */
#include "core/report/internal.h"

#define PROSE_MAX    ((size_t)1 << 20) /* bytes of own words; the next limit is max_rcpts */
#define HEADER_LINES 60                /* that tell whether a header begins: every line of the prose is asked */

/* ---- parts ------------------------------------------------------------------------------------------ */

static bool is_returned(const bb_part *p)
{
    /* RFC 6522 section 3, RFC 6532 section 3.7, RFC 6533 section 5, and a slip seen in the field */
    static const bb_str types[] = {BB_ROW("message/rfc822"),         BB_ROW("message/global"),
                                   BB_ROW("text/rfc822-headers"),    BB_ROW("message/rfc822-headers"),
                                   BB_ROW("message/global-headers"), BB_ROW("text/rfc822-header"),
                                   BB_ROW("message/partial")};
    for (size_t i = 0; i < BB_COUNT(types); i++)
        if (bb_eq(p->type, types[i])) return p->parent != NULL;
    return false;
}

const bb_part *bb_own_next(const bb_ctx *c, const bb_part *p)
{
    if (!p) return c->m->root;
    bb_part *at = (bb_part *)(uintptr_t)p; /* bb_part_next takes and gives mutable parts */
    return is_returned(p) ? bb_part_skip(NULL, at) : bb_part_next(NULL, at);
}

const bb_part *bb_own_part(const bb_ctx *c, const char *type)
{
    for (const bb_part *p = NULL; (p = bb_own_next(c, p)) != NULL;)
        if (bb_is(p->type, type)) return p;
    return NULL;
}

/* ---- where the returned message begins in prose ------------------------------------------------------ */

static inline bb_str past_space(bb_str text)
{
    size_t n = 0;
    while (n < text.n && bb_is_space(text.p[n])) n++;
    return bb_sub(text, n, BB_NPOS);
}

/* What the field name that a text begins with says: DSN fields and their like are the report's own. */
enum { NO_FIELD = -2, OTHER_FIELD = -1 };
static int header_weight(bb_str text)
{
    static const struct {
        bb_str name;
        int weight;
    } known[] = {{BB_ROW("received"), 2},       {BB_ROW("return-path"), 2},  {BB_ROW("message-id"), 2},
                 {BB_ROW("dkim-signature"), 2}, {BB_ROW("mime-version"), 1}, {BB_ROW("delivered-to"), 1},
                 {BB_ROW("references"), 1},     {BB_ROW("in-reply-to"), 1},  {BB_ROW("user-agent"), 1},
                 {BB_ROW("from"), 0},           {BB_ROW("to"), 0},           {BB_ROW("cc"), 0},
                 {BB_ROW("subject"), 0},        {BB_ROW("date"), 0},         {BB_ROW("reply-to"), 0},
                 {BB_ROW("sender"), 0},         {BB_ROW("precedence"), 0},   {BB_ROW("errors-to"), 0},
                 {BB_ROW("organization"), 0},   {BB_ROW("importance"), 0},   {BB_ROW("priority"), 0}};
    static const struct {
        const char *prefix;
        int weight;
    } families[] = {{"x-postfix-", OTHER_FIELD},
                    {"x-actual-", OTHER_FIELD},
                    {"x-supplementary-", OTHER_FIELD},
                    {"x-display-", OTHER_FIELD},
                    {"x-failed-", OTHER_FIELD},
                    {"x-", 1},
                    {"list-", 1},
                    {"arc-", 1},
                    {"content-", 0},
                    {"resent-", 1},
                    {"received-spf", 1},
                    {"domainkey-", 1},
                    {"authentication-", 1}};
    size_t n = 0;
    while (n < text.n && n < 60 && (bb_is_alnum(text.p[n]) || text.p[n] == '-')) n++;
    if (n == 0 || n == text.n || n == 60 || text.p[n] != ':') return NO_FIELD;
    bb_str name = bb_sub(text, 0, n);
    for (size_t i = 0; i < BB_COUNT(known); i++)
        if (bb_ieq(name, known[i].name)) return known[i].weight;
    for (size_t i = 0; i < BB_COUNT(families); i++)
        if (bb_begins(name, families[i].prefix)) return families[i].weight;
    return OTHER_FIELD;
}

static bool is_blank(bb_str line)
{
    return bb_empty(past_space(line));
}

/* Do the lines at the beginning of `text` run like a message's header, with traces of transport or of a
 * mail program in it? A summary ("From: ... To: ... Subject: ...") does not. */
static bool runs_as_header(bb_str text)
{
    int weight = 0, fields = 0;
    bb_str line;
    for (int i = 0; i < HEADER_LINES && bb_line(&text, &line) && !is_blank(line); i++) {
        if (fields && bb_is_space(line.p[0])) continue; /* folded */
        int w = header_weight(past_space(line));
        if (w < 0) break;
        fields++;
        weight += w;
        if (weight >= 2 && weight + fields >= 5) return true;
    }
    return weight >= 2 && is_blank(text);
}

static bool begins_with_field(bb_str text, int least_weight)
{
    bb_str line;
    int weight = 0, fields = 0;
    for (int i = 0; i < HEADER_LINES && bb_line(&text, &line); i++) {
        if (is_blank(line) && fields) break;
        if (is_blank(line) || (fields && bb_is_space(line.p[0]))) continue;
        int w = header_weight(past_space(line));
        if (w < 0) break;
        fields++;
        weight += w;
        if (weight >= least_weight) return true;
    }
    return false;
}

/* Two dashes or the like side by side. */
static bool is_ruled(bb_str line)
{
    for (const char *mark = "-=_"; *mark; mark++)
        for (size_t from = 0, at; (at = bb_chr(bb_sub(line, from, BB_NPOS), *mark)) != BB_NPOS; from += at + 1)
            if (from + at + 1 < line.n && line.p[from + at + 1] == *mark) return true;
    return false;
}

static bool announces_message(bb_str line)
{
    bb_phrase_scan s = bb_phrases(NULL, line, BB_WORDS_SEPARATORS);
    bb_phrase_hit hit;
    return bb_phrase_next(&s, &hit);
}

/* Does the line say that the message follows, and does it? `weight`: of what stands behind it in *rest, which may move over
 * a line of its ruler's. Its form is asked first, since nearly all lines are ruled out by it, and what follows in full
 * last. */
static bool is_separator(bb_str line, bb_str *rest, int weight)
{
    if (line.n > 200) return false;
    bb_str skipped = *rest, next = {0};
    bool ruled = is_ruled(line), field = weight >= 0 && begins_with_field(*rest, 0);
    bool ruler = !field && bb_starts(past_space(*rest), BB_S("--")) && bb_line(&skipped, &next) && !is_blank(next);
    if (!(ruled || field || ruler) || !announces_message(line)) return false;
    if (ruler) *rest = skipped;
    return ruled || begins_with_field(*rest, 1);
}

/* Line by line, so that what came back is not read for the report's words. */
void bb_prose_divide(bb_str prose, bb_str *own, bb_str *returned)
{
    bool fresh = true;                             /* the line before cannot be part of the same header */
    int weight = header_weight(past_space(prose)); /* of the line, or of the next one that is not blank */
    bb_str rest = prose, here = prose, line;
    for (; bb_line(&rest, &line); here = rest) {
        bool blank = is_blank(line);
        if (!blank && fresh && weight >= 0 && runs_as_header(here)) break;
        fresh = blank || weight < 0;
        if (blank) continue;
        bb_str behind = rest;
        weight = header_weight(past_space(rest));
        if (!is_separator(line, &behind, weight)) continue;
        *own = bb_sub(prose, 0, (size_t)(line.p - prose.p));
        *returned = behind;
        return;
    }
    *own = bb_sub(prose, 0, prose.n - here.n);
    *returned = here;
}

const bb_part *bb_header_block(bb_ctx *c, bb_str text)
{
    bb_str line, rest = text;
    for (int skipped = 0; skipped < 10; skipped++) {
        bb_str here = rest;
        if (!bb_line(&rest, &line)) return NULL;
        if (header_weight(past_space(line)) == NO_FIELD) continue;
        bb_part *p = bb_get(c->a, sizeof *p);
        if (!p) return NULL;
        *p = (bb_part){.type = BB_S("message/rfc822"), .all = here, .head = here};
        p->fields = bb_fields_read(c->m, &here);
        return p->fields ? p : NULL;
    }
    return NULL;
}

/* ---- own words --------------------------------------------------------------------------------------- */

/* "> text" is somebody else's; ">>> RCPT TO:<a>" is a transcript. */
static bool is_quoted(bb_str line)
{
    line = bb_trim(line);
    if (!bb_starts(line, BB_S(">"))) return false;
    if (!bb_starts(line, BB_S(">>>")) || bb_starts(line, BB_S(">>>>"))) return true;
    bb_str said = bb_trim(bb_sub(line, 3, BB_NPOS));
    return bb_empty(bb_stage_of_verb(said)) && bb_chr(said, '@') == BB_NPOS;
}

/* Programs copy header values into their prose as they stand, encoded words (RFC 2047) and all. */
static bb_str readable(bb_ctx *c, bb_str line)
{
    size_t at = bb_find(line, BB_S("=?"));
    if (at == BB_NPOS) return line;
    bb_str value = bb_sub(line, at, BB_NPOS);
    if (bb_find(value, BB_S("?=")) == BB_NPOS) return line;
    return bb_sprintf(c->a, BB_FMT BB_FMT, BB_ARG(bb_sub(line, 0, at)), BB_ARG(bb_value_text(c->m, value)));
}

static void put_own(bb_ctx *c, bb_buf *out, bb_str text)
{
    bb_str line;
    bool encoded = bb_find(text, BB_S("=?")) != BB_NPOS;
    while (bb_line(&text, &line)) {
        if (is_quoted(line)) continue;
        bb_put(out, encoded ? readable(c, line) : line);
        bb_putc(out, '\n');
    }
}

/* Would put_own() only copy it? */
static bool is_own(bb_str text)
{
    bool whole = text.n && text.n <= PROSE_MAX && text.p[text.n - 1] == '\n';
    if (!whole || bb_chr(text, '\r') != BB_NPOS || bb_find(text, BB_S("=?")) != BB_NPOS) return false;
    for (size_t at = 0, mark; (mark = bb_chr(bb_sub(text, at, BB_NPOS), '>')) != BB_NPOS; at += mark + 1) {
        size_t begin = at + mark;
        while (begin && (text.p[begin - 1] == ' ' || text.p[begin - 1] == '\t')) begin--;
        if (begin && text.p[begin - 1] != '\n') continue;
        if (is_quoted(bb_sub(text, begin, bb_chr(bb_sub(text, begin, BB_NPOS), '\n')))) return false;
    }
    return true;
}

static bool is_text(const bb_part *p)
{
    if (p->child || is_returned(p)) return false;
    if (bb_eq(p->type, BB_S("text/plain")) || bb_eq(p->type, BB_S("text/html"))) return true;
    if (bb_starts(p->type, BB_S("multipart/"))) return true; /* its boundary is not there */
    return !p->parent && !bb_starts(p->type, BB_S("application/")) && !bb_starts(p->type, BB_S("image/"));
}

/* The same words again as markup? */
static bool is_repeated(const bb_part *p, const bb_part *plain)
{
    return plain && bb_eq(p->type, BB_S("text/html")) && p->parent == plain->parent &&
           bb_eq(p->parent->type, BB_S("multipart/alternative"));
}

static bb_str words_so_far(const bb_ctx *c, const bb_buf *copied)
{
    return copied->n ? bb_buf_str(copied) : c->r->text;
}

/* Adds a part's own words to those that there are. The first ones are taken as they stand there, where nothing of them is
 * left out; else all words are copied together. */
static void read_text(bb_ctx *c, const bb_part *p, bb_buf *copied)
{
    bb_str own, returned;
    bb_prose_divide(bb_part_text(c->m, p), &own, &returned);
    if (!c->returned && !is_blank(returned)) c->returned = bb_header_block(c, returned);
    if (!own.n) return;
    if (!words_so_far(c, copied).n && is_own(own)) {
        c->r->text = own;
        return;
    }
    if (!copied->n) bb_put(copied, c->r->text);
    put_own(c, copied, own);
}

void bb_anatomy_add_rest(bb_ctx *c)
{
    bb_buf words = {0};
    bool more = false;
    for (const bb_part *p = NULL; (p = bb_own_next(c, p)) != NULL;) {
        if (is_returned(p) || is_text(p) || p->child) continue;
        if (!bb_starts(p->type, BB_S("message/")) && !bb_starts(p->type, BB_S("text/"))) continue;
        if (!more) {
            words = bb_buf_in(c->a, PROSE_MAX);
            bb_put(&words, c->r->text);
        }
        bb_putc(&words, '\n');
        read_text(c, p, &words);
        more = true;
    }
    if (more) c->r->text = bb_buf_str(&words);
    if (more && c->words_read) bb_words_read(c);
    if (words.truncated) c->r->truncated = "prose";
}

void bb_anatomy_read(bb_ctx *c)
{
    bb_buf copied = bb_buf_in(c->a, PROSE_MAX);
    const bb_part *plain = NULL; /* the last text/plain part that said something */
    const bb_part *attached = NULL;
    for (const bb_part *p = NULL; (p = bb_own_next(c, p)) != NULL;) {
        if (is_returned(p)) {
            if (!attached) attached = p->child ? p->child : bb_header_block(c, bb_part_text(c->m, p));
        } else if (is_text(p) && !is_repeated(p, plain)) {
            size_t before = words_so_far(c, &copied).n;
            read_text(c, p, &copied);
            bool said = !is_blank(bb_sub(words_so_far(c, &copied), before, BB_NPOS));
            if (said && bb_eq(p->type, BB_S("text/plain"))) plain = p;
        }
    }
    if (attached) c->returned = attached;
    c->r->text = bb_without_footers(c->a, words_so_far(c, &copied));
    if (copied.truncated) c->r->truncated = "prose";
}
