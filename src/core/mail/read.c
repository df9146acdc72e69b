/* SPDX-License-Identifier: MIT
 *
 * Bytes to the tree of parts (RFC 2046): one pass over the lines, with the open boundaries on a stack. The innermost
 * boundary wins, an outer one closes what is open inside. A place is passed again only after a boundary was guessed.
 */
#include "core/mail/internal.h"

#include <string.h>

#define MAX_GUESSES 8 /* of boundaries in one message: each costs another pass */
#define MAX_DECODED 4 /* times max_text_bytes, of all encoded messages inside */

const bb_mail_options bb_mail_defaults = {
    .max_depth = 32,
    .max_parts = 1000,
    .max_header_bytes = (size_t)1 << 20,
    .max_fields = 10000,
    .max_text_bytes = (size_t)4 << 20,
};

typedef struct {
    bb_mail *m;
    const char *pos, *end;
    bb_open open;
    bb_delimiter hit; /* what stands at pos after to_delimiter() */
    int guesses;
    size_t *decoded; /* bytes of encoded messages decoded so far */
} reader;

void bb_mail_cut(bb_mail *m, const char *limit)
{
    if (!m->truncated) m->truncated = limit;
}

static bb_str left(const reader *r)
{
    return (bb_str){r->pos, (size_t)(r->end - r->pos)};
}

static bb_str span(const char *from, const char *to)
{
    return (bb_str){from, (size_t)(to - from)};
}

/* ---- delimiter lines (RFC 2046 section 5.1.1) --------------------------------------------------------- */

static bool matches(bb_str at, bb_str boundary, bb_delimiter *out)
{
    if (at.n < 2 + boundary.n || memcmp(at.p + 2, boundary.p, boundary.n) != 0) return false;
    size_t i = 2 + boundary.n;
    bool closing = at.n - i >= 2 && at.p[i] == '-' && at.p[i + 1] == '-';
    if (closing) i += 2;
    while (i < at.n && (at.p[i] == ' ' || at.p[i] == '\t')) i++;
    bb_str rest = bb_sub(at, i, 3), empty = {0};
    if (rest.n && (!bb_line(&rest, &empty) || empty.n)) return false;
    *out = (bb_delimiter){.closing = closing, .length = i + bb_sub(at, i, 3).n - rest.n};
    return true;
}

bb_delimiter bb_delimiter_at(const bb_open *open, bb_str at)
{
    bb_delimiter d = {.level = -1};
    if (!bb_starts(at, BB_S("--"))) return d;
    for (int level = open->n - 1; level >= 0; level--)
        if (matches(at, open->text[level], &d)) {
            d.level = level;
            return d;
        }
    return (bb_delimiter){.level = -1};
}

/* A line "--xxx" with a Content- field behind it: what a boundary looks like that nobody announced. */
static bb_str looks_like_boundary(bb_str at)
{
    bb_str rest = bb_sub(at, 0, 250), line;
    if (!bb_line(&rest, &line) || !bb_istarts(rest, BB_S("content-"))) return (bb_str){0};
    line = bb_trim(bb_sub(line, 2, BB_NPOS));
    return bb_chr(line, ' ') == BB_NPOS ? line : (bb_str){0};
}

/* Moves to the next delimiter line of an open multipart, or to the end. The first line on the way that looks like a
 * boundary is kept in *guess (may be NULL). */
static void to_delimiter(reader *r, bb_str *guess)
{
    const char *start = r->pos, *p = start;
    r->hit = (bb_delimiter){.level = -1};
    while ((r->open.n || guess) && p < r->end && (p = memchr(p, '-', (size_t)(r->end - p)))) {
        bool begins = p == start || p[-1] == '\n' || p[-1] == '\r';
        if (begins && r->end - p > 2 && p[1] == '-') {
            bb_str at = span(p, r->end);
            r->pos = p;
            r->hit = bb_delimiter_at(&r->open, at);
            if (r->hit.level >= 0) return;
            if (guess && !guess->n) *guess = looks_like_boundary(at);
            if (guess && guess->n && !r->open.n) return;
        }
        while (p < r->end && *p == '-') p++; /* none of a row of them begins a line */
    }
    r->pos = r->end;
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

static bb_part *new_part(reader *r, bb_part *parent)
{
    const bb_mail_options *opt = r->m->opt;
    int max_depth = opt->max_depth < BB_DEPTH_CEILING ? opt->max_depth : BB_DEPTH_CEILING;
    if (parent && parent->depth >= max_depth) {
        bb_mail_cut(r->m, "max_depth");
        return NULL;
    }
    if (parent && r->m->n_parts >= opt->max_parts) {
        bb_mail_cut(r->m, "max_parts");
        return NULL;
    }
    struct {
        bb_part part;
        bb_kept kept;
    } *both = bb_get(r->m->arena, sizeof *both);
    if (!both) return NULL;
    bb_part *p = &both->part;
    p->parent = parent;
    p->depth = parent ? parent->depth + 1 : 0;
    p->index = r->m->n_parts++;
    p->kept = &both->kept;
    p->type = BB_S("text/plain");
    return p;
}

static bb_cte cte_of(bb_str value)
{
    static const struct {
        bb_str name;
        bb_cte cte;
    } names[] = {{BB_ROW("base64"), BB_CTE_BASE64},
                 {BB_ROW("quoted-printable"), BB_CTE_QP},
                 {BB_ROW("x-uuencode"), BB_CTE_UUENCODE},
                 {BB_ROW("uuencode"), BB_CTE_UUENCODE},
                 {BB_ROW("x-uue"), BB_CTE_UUENCODE},
                 {BB_ROW("uue"), BB_CTE_UUENCODE},
                 {BB_ROW("quoted_printable"), BB_CTE_QP},
                 {BB_ROW("base-64"), BB_CTE_BASE64},
                 {BB_ROW("qp"), BB_CTE_QP}};
    bb_str name = bb_token_take(&value);
    for (size_t i = 0; i < BB_COUNT(names); i++)
        if (bb_ieq(name, names[i].name)) return names[i].cte;
    return BB_CTE_PLAIN;
}

static bool is_media_type(bb_str type)
{
    size_t slash = bb_chr(type, '/');
    return slash != BB_NPOS && slash && slash + 1 < type.n;
}

/* "type/subtype" in lower case, though there be spaces around the slash; what has no such form is text/plain (RFC 2045
 * section 5.2). */
static bb_str media_type(bb_mail *m, bb_str value)
{
    bb_str type = bb_token_take(&value);
    for (int i = 0; i < 2 && type.n && !is_media_type(type); i++) {
        bb_str more = bb_token_take(&value);
        type = bb_sprintf(m->arena, BB_FMT BB_FMT, BB_ARG(type), BB_ARG(more));
    }
    return is_media_type(type) ? bb_lowered(m->arena, type) : BB_S("text/plain");
}

static void interpret(bb_mail *m, bb_part *p)
{
    enum { CHARSET, REPORT_TYPE, BOUNDARY, ALL };
    bb_wanted of[ALL] = {[CHARSET] = {.name = BB_S("charset")},
                         [REPORT_TYPE] = {.name = BB_S("report-type")},
                         [BOUNDARY] = {.name = BB_S("boundary")}};
    bb_str type = bb_field_raw(m, p, "Content-Type");
    bool in_digest = p->parent && bb_eq(p->parent->type, BB_S("multipart/digest"));
    if (type.n) p->type = media_type(m, type);
    else if (in_digest) p->type = BB_S("message/rfc822"); /* RFC 2046 section 5.1.5 */
    bool multipart = bb_starts(p->type, BB_S("multipart/"));
    bb_params(m, type, of, multipart ? ALL : CHARSET + 1);
    p->charset = bb_lowered(m->arena, bb_trim(of[CHARSET].value));
    /* RFC 2045 section 6.4 allows no other of a multipart, and bodies of those that claim one are not encoded */
    p->cte = multipart ? BB_CTE_PLAIN : cte_of(bb_field_raw(m, p, "Content-Transfer-Encoding"));
    p->report_type = bb_lowered(m->arena, bb_trim(of[REPORT_TYPE].value));
    p->boundary = of[BOUNDARY].value;
    while (p->boundary.n && bb_is_space(p->boundary.p[p->boundary.n - 1])) p->boundary.n--;
}

/* The part ends at r->pos; the line end before a delimiter belongs to that (RFC 2046 section 5.1.1). */
static void close_part(reader *r, bb_part *p, const char *start, const char *body)
{
    const char *to = r->pos;
    if (r->hit.level >= 0) {
        int returns = 1;
        if (to > body && to[-1] == '\n') to--, returns = 2; /* CRCRLF, of files that were converted twice */
        while (returns-- && to > body && to[-1] == '\r') to--;
    }
    p->body = span(body, to);
    p->all = span(start, to);
}

static void read_entity(reader *r, bb_part *p);

static void take_delimiter(reader *r)
{
    r->pos += r->hit.length;
}

static void read_children(reader *r, bb_part *p, int level)
{
    bb_part **tail = &p->child;
    while (r->hit.level == level && !r->hit.closing) {
        take_delimiter(r);
        bb_part *child = new_part(r, p);
        if (child) {
            *tail = child;
            tail = &child->next;
            read_entity(r, child);
        } else to_delimiter(r, NULL);
    }
}

/* No boundary anywhere: what is there is text. */
static void read_as_text(reader *r, bb_part *p, const char *body)
{
    if (!bb_trim(span(body, r->pos)).n || !(p->child = new_part(r, p))) return;
    p->child->head = span(body, body);
    close_part(r, p->child, body, body);
}

static void read_multipart(reader *r, bb_part *p)
{
    const char *body = r->pos;
    bb_str guess = {0};
    int level = r->open.n;
    if (p->boundary.n) r->open.text[r->open.n++] = p->boundary;
    to_delimiter(r, &guess);
    if (!p->boundary.n || r->hit.level != level) {
        r->open.n = level;
        if (guess.n && r->guesses >= MAX_GUESSES) {
            bb_mail_cut(r->m, "guessed boundaries");
            guess.n = 0;
            if (r->hit.level < 0) to_delimiter(r, NULL);
        }
        if (!guess.n) {
            read_as_text(r, p, body);
            return;
        }
        r->guesses++;
        r->pos = body;
        r->open.text[r->open.n++] = p->boundary = guess;
        to_delimiter(r, NULL);
    }
    read_children(r, p, level);
    r->open.n = level;
    if (r->hit.level == level) { /* closed: what follows is the epilogue */
        take_delimiter(r);
        to_delimiter(r, NULL);
    }
}

/* ---- messages inside (RFC 2046 section 5.2, 6522, 6533) ------------------------------------------------- */

typedef enum { NO_MESSAGE, WHOLE_MESSAGE, HEADERS_ONLY } inner;

static inner message_inside(bb_str type)
{
    static const struct {
        bb_str type;
        inner what;
    } types[] = {{BB_ROW("message/rfc822"), WHOLE_MESSAGE},        {BB_ROW("message/global"), WHOLE_MESSAGE},
                 {BB_ROW("message/partial"), WHOLE_MESSAGE},       {BB_ROW("text/rfc822-headers"), HEADERS_ONLY},
                 {BB_ROW("message/rfc822-headers"), HEADERS_ONLY}, {BB_ROW("message/global-headers"), HEADERS_ONLY},
                 {BB_ROW("text/rfc822-header"), HEADERS_ONLY},     {BB_ROW("text/rfc822"), WHOLE_MESSAGE}};
    for (size_t i = 0; i < BB_COUNT(types); i++)
        if (bb_eq(type, types[i].type)) return types[i].what;
    return NO_MESSAGE;
}

static bool at_mbox_line(bb_str rest)
{
    return bb_starts(rest, BB_S("From ")) || bb_starts(rest, BB_S(">From "));
}

/* Blank lines and an mbox line before a message's header are not part of it. */
static void skip_before_header(reader *r)
{
    bb_str ahead = left(r), line, name, value;
    const char *p = r->pos;
    while (ahead.n && bb_is_space(ahead.p[0]) && bb_line(&ahead, &line) && bb_empty(bb_trim(line)))
        p = r->end - ahead.n;
    bb_str rest = span(p, r->end);
    bool mbox = at_mbox_line(rest);
    if ((!mbox && p == r->pos) || bb_at_delimiter(&r->open, rest) || !bb_line(&rest, &line)) return;
    if (mbox) r->pos = rest.n ? rest.p : r->end;
    else if (bb_field_split(line, &name, &value)) r->pos = p;
}

/* Reads the header at r->pos and the empty line behind it; answers where the body begins. */
static const char *read_header(reader *r, bb_part *p)
{
    const char *start = r->pos;
    bb_str rest = left(r), line;
    p->fields = bb_header_read(r->m, &r->open, &rest, &p->looks);
    r->pos = r->end - rest.n;
    p->head = span(start, r->pos);
    interpret(r->m, p);
    bb_str behind = rest;
    if (bb_line(&behind, &line) && !line.n) r->pos = r->end - behind.n;
    return r->pos;
}

static void read_message(reader *r, bb_part *p, inner what)
{
    skip_before_header(r);
    p->child = new_part(r, p);
    if (p->child && what == WHOLE_MESSAGE) {
        read_entity(r, p->child);
        return;
    }
    const char *start = r->pos, *body = p->child ? read_header(r, p->child) : start;
    to_delimiter(r, NULL);
    if (p->child) close_part(r, p->child, start, body);
}

/* RFC 2046 section 5.2.1 forbids encoding a message, and some encode it nevertheless; text/rfc822-headers may be. A
 * body that reads as a header as it stands was only said to be encoded. */
static bool is_encoded(const reader *r, const bb_part *p)
{
    if (p->cte == BB_CTE_PLAIN) return false;
    bb_str rest = left(r), line = {0}, name, value;
    while (rest.n && bb_is_space(rest.p[0])) rest = bb_sub(rest, 1, BB_NPOS);
    return p->cte == BB_CTE_QP || !bb_line(&rest, &line) || !bb_field_split(line, &name, &value);
}

/* The body is complete and encoded: its inner message is read from a decoded copy. */
static void read_decoded(reader *r, bb_part *p, inner what)
{
    size_t left_over = MAX_DECODED * r->m->opt->max_text_bytes - *r->decoded;
    bb_buf copy = bb_buf_of(r->m->arena, p->body.n < left_over ? p->body.n + 1 : left_over);
    bb_decode(p->cte, p->body, &copy);
    *r->decoded += copy.n;
    if (copy.truncated) bb_mail_cut(r->m, "max_text_bytes");
    if (!copy.n) return;
    reader sub = {.m = r->m, .pos = copy.p, .end = copy.p + copy.n, .guesses = r->guesses, .decoded = r->decoded};
    read_message(&sub, p, what);
    r->guesses = sub.guesses;
}

static void read_entity(reader *r, bb_part *p)
{
    const char *start = r->pos, *body = read_header(r, p);
    inner what = message_inside(p->type);
    bool encoded = what != NO_MESSAGE && is_encoded(r, p);
    if (what != NO_MESSAGE && !encoded) read_message(r, p, what);
    else if (bb_starts(p->type, BB_S("multipart/"))) read_multipart(r, p);
    else to_delimiter(r, NULL);
    close_part(r, p, start, body);
    if (encoded) read_decoded(r, p, what);
}

void bb_mail_read(bb_arena *a, bb_str bytes, const bb_mail_options *opt, bb_mail *out)
{
    if (!bytes.p) bytes = BB_S("");
    *out = (bb_mail){.opt = opt ? opt : &bb_mail_defaults, .arena = a, .bytes = bytes};
    out->returns = bb_chr(bytes, '\r') != BB_NPOS;
    size_t decoded = 0;
    reader r = {.m = out, .pos = bytes.p, .end = bytes.p + bytes.n, .decoded = &decoded};
    out->root = new_part(&r, NULL);
    if (!out->root) {
        out->nothing.type = BB_S("text/plain");
        out->root = &out->nothing;
        return;
    }
    skip_before_header(&r);
    read_entity(&r, out->root);
}

/* ---- walking ---------------------------------------------------------------------------------------------- */

bb_part *bb_part_skip(const bb_part *top, bb_part *p)
{
    for (; p && p != top; p = p->parent)
        if (p->next) return p->next;
    return NULL;
}

bb_part *bb_part_next(const bb_part *top, bb_part *p)
{
    if (p && p->child) return p->child;
    return bb_part_skip(top, p);
}
