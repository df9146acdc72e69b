/* SPDX-License-Identifier: MIT
 *
 * Header fields (RFC 5322 section 2.2, obsolete forms of section 4.5): found, unfolded, looked up.
 */
#include "core/mail/internal.h"

#include <string.h>

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 5322 section 3.6.8. */
static bool is_name_byte(unsigned char c)
{
    return (unsigned char)(c - '!') < 0x7F - '!' && c != ':';
}

bool bb_field_split(bb_str line, bb_str *name, bb_str *value)
{
    size_t n = 0;
    while (n < line.n && is_name_byte((unsigned char)line.p[n])) n++;
    size_t colon = n;
    while (colon < line.n && is_wsp(line.p[colon])) colon++; /* "Name :", RFC 5322 section 4.5.8 */
    if (!n || colon == line.n || line.p[colon] != ':') return false;
    if (line.p[0] == '-' || line.p[0] == '>') return false; /* a delimiter; a quoted header */
    bb_str behind = {line.p + colon + 1, line.n - colon - 1};
    if (bb_starts(behind, BB_S("//"))) return false; /* a link at the start of a line */
    *name = bb_sub(line, 0, n);
    *value = behind;
    return true;
}

/* Is this line the start of a field that mail really has? Words of a body seldom are. */
static bool is_known_field(bb_str line)
{
    static const char *const names[] = {
        "Received",   "Return-Path",  "From",           "To",          "Cc",         "Subject",      "Date",
        "Message-ID", "MIME-Version", "Content-",       "X-",          "Reply-To",   "Sender",       "List-",
        "DKIM-",      "ARC-",         "References",     "In-Reply-To", "Precedence", "Delivered-To", "User-Agent",
        "Bcc",        "Auto-",        "Errors-",        "Resent",      "Importance", "Priority",     "Thread-",
        "Feedback-",  "Organization", "Authentication-"};
    bb_str name, value;
    if (!bb_field_split(line, &name, &value)) return false;
    for (size_t i = 0; i < BB_COUNT(names); i++) {
        bb_str known = bb_cstr(names[i]);
        bool prefix = known.p[known.n - 1] == '-';
        if (prefix ? bb_istarts(name, known) : bb_ieq(name, known)) return true;
    }
    return false;
}

/* The fields of a block as they come, held under the limits. */
typedef struct {
    bb_mail *m;
    const char *start;
    bb_field *first, **tail, *last;
    int n;
} block;

static void clip(block *b, bb_str *value)
{
    const char *limit = b->start + b->m->opt->max_header_bytes;
    if (value->p + value->n <= limit) return;
    value->n = value->p < limit ? (size_t)(limit - value->p) : 0;
    bb_mail_cut(b->m, "max_header_bytes");
}

static void add(block *b, bb_str name, bb_str value)
{
    b->last = NULL;
    if ((size_t)(name.p - b->start) + name.n > b->m->opt->max_header_bytes) bb_mail_cut(b->m, "max_header_bytes");
    else if (b->n >= b->m->opt->max_fields) bb_mail_cut(b->m, "max_fields");
    else b->last = bb_get(b->m->arena, sizeof *b->last);
    if (!b->last) return;
    clip(b, &value);
    *b->last = (bb_field){.name = name, .value = value};
    *b->tail = b->last;
    b->tail = &b->last->next;
    b->n++;
}

static void extend(block *b, bb_str line)
{
    if (!b->last) return;
    bb_str longer = {b->last->value.p, (size_t)(line.p + line.n - b->last->value.p)};
    clip(b, &longer);
    b->last->value = longer;
    b->last->folded = true;
}

/* bb_line(), without looking for a CR in each line of a message that has none. */
static inline bool next_line(const bb_mail *m, bb_str *rest, bb_str *line)
{
    bool plain = rest->n && !m->returns && bb_offset_in(m->bytes, *rest) != BB_NPOS;
    const char *lf = plain ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!lf) return bb_line(rest, line);
    *line = (bb_str){rest->p, (size_t)(lf - rest->p)};
    *rest = (bb_str){lf + 1, rest->n - line->n - 1};
    return true;
}

/* Takes the first line of *rest into the block, as a field or more of one. */
static bool take_line(block *b, bb_str *rest, bool begun, bb_str *line)
{
    bb_str after = *rest, name, value;
    if (!next_line(b->m, &after, line) || !line->n) return false;
    if (begun && is_wsp(line->p[0])) extend(b, *line);
    else if (bb_field_split(*line, &name, &value)) add(b, name, value);
    else return false;
    *rest = after;
    return true;
}

bb_field *bb_header_read(bb_mail *m, const bb_open *open, bb_str *rest)
{
    block b = {.m = m, .start = rest->p, .tail = &b.first};
    bool begun = false;
    for (bb_str line, next; rest->n && !bb_at_delimiter(open, *rest); begun = true) {
        if (take_line(&b, rest, begun, &line)) continue;
        /* A broken line is passed over where the header clearly goes on behind it; else the body begins with it. */
        bb_str after = *rest, more;
        (void)bb_line(&after, &line);
        more = after;
        if (!line.n || !bb_line(&more, &next) || !is_known_field(next)) break;
        b.last = NULL;
        *rest = after;
    }
    return b.first;
}

bb_field *bb_fields_read(bb_mail *m, bb_str *rest)
{
    while (rest->n && (rest->p[0] == '\r' || rest->p[0] == '\n')) *rest = bb_sub(*rest, 1, BB_NPOS);
    block b = {.m = m, .start = rest->p, .tail = &b.first};
    bb_str line;
    for (bool begun = false; take_line(&b, rest, begun, &line); begun = true) {
    }
    return b.first;
}

/* ---- looking up ------------------------------------------------------------------------------------------- */

uint64_t bb_looks_of(const bb_field *fields)
{
    uint64_t looks = 0;
    for (const bb_field *f = fields; f; f = f->next) looks |= bb_look_of(f->name);
    return looks;
}

const bb_field *bb_field_find(const bb_field *f, bb_str name)
{
    while (f && !bb_ieq(f->name, name)) f = f->next;
    return f;
}

/* A fold and the white space around it become one space (RFC 5322 section 2.2.3 with a fold's usual indent undone). */
bb_str bb_value_unfold(bb_mail *m, bb_str value)
{
    value = bb_trim(value);
    if (bb_chr(value, '\n') == BB_NPOS && bb_chr(value, '\r') == BB_NPOS) return value;
    char *out = bb_get(m->arena, value.n);
    if (!out) return (bb_str){0};
    size_t n = 0;
    for (bb_str line; bb_line(&value, &line);) {
        line = bb_trim(line);
        if (!line.n) continue;
        if (n) out[n++] = ' ';
        memcpy(out + n, line.p, line.n);
        n += line.n;
    }
    return (bb_str){out, n};
}
