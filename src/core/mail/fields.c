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

/* What a field's name is made of (RFC 5322 section 3.6.8): all that is printed, but for the colon. */
static const bool in_name[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /**/
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* space, signs */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, /* digits, colon */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* letters */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /**/
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /**/
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, /* DEL */
};

static inline bool split(bb_str line, bb_str *name, bb_str *value)
{
    const char *end = line.p + line.n, *p = line.p;
    while (p < end && in_name[(unsigned char)*p]) p++;
    bb_str before = {line.p, (size_t)(p - line.p)};
    while (p < end && is_wsp(*p)) p++; /* "Name :", RFC 5322 section 4.5.8 */
    if (!before.n || p == end || *p != ':') return false;
    if (before.p[0] == '-' || before.p[0] == '>') return false; /* a delimiter; a quoted header */
    bb_str behind = {p + 1, (size_t)(end - p) - 1};
    if (bb_starts(behind, BB_S("//"))) return false; /* a link at the start of a line */
    *name = before;
    *value = behind;
    return true;
}

bool bb_field_split(bb_str line, bb_str *name, bb_str *value)
{
    return split(line, name, value);
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

static inline bb_str behind(bb_str rest, size_t n)
{
    return (bb_str){rest.p + n, rest.n - n};
}

/* The fields of a block as they come, held under the limits. Nearly all of reading a message is done here, line by line:
 * what works on a block is put into the loops over it, so that it is held in registers. */
typedef struct {
    bb_mail *m;
    const char *start;
    bool plain; /* there is no CR in it */
    bool begun; /* a line may go on with what is there */
    bb_field *first, **tail, *last;
    int n;
    uint64_t looks;
} block;

static inline block block_of(bb_mail *m, bb_str bytes)
{
    bool plain = !m->returns && bb_offset_in(m->bytes, bytes) != BB_NPOS;
    return (block){.m = m, .start = bytes.p, .plain = plain};
}

/* A value that goes on behind the limit ends there. */
static inline void clip(const block *b, bb_str *value)
{
    size_t from = (size_t)(value->p - b->start), limit = b->m->opt->max_header_bytes;
    if (from + value->n <= limit) return;
    value->n = from < limit ? limit - from : 0;
    bb_mail_cut(b->m, "max_header_bytes");
}

static inline void add(block *b, bb_str name, bb_str value)
{
    b->last = NULL;
    if ((size_t)(name.p - b->start) + name.n > b->m->opt->max_header_bytes) bb_mail_cut(b->m, "max_header_bytes");
    else if (b->n >= b->m->opt->max_fields) bb_mail_cut(b->m, "max_fields");
    else b->last = bb_get(b->m->arena, sizeof *b->last);
    if (!b->last) return;
    clip(b, &value);
    *b->last = (bb_field){.name = name, .value = value};
    *(b->n++ ? b->tail : &b->first) = b->last;
    b->tail = &b->last->next;
    b->looks |= bb_look_of(name);
}

static inline void extend(block *b, bb_str line)
{
    if (!b->last) return;
    bb_str longer = {b->last->value.p, (size_t)(line.p + line.n - b->last->value.p)};
    clip(b, &longer);
    b->last->value = longer;
    b->last->folded = true;
}

/* The line that bb_line() would take, without looking for a CR in each of them where there is none. */
static inline bb_str line_at(const block *b, bb_str rest, size_t *length)
{
    const char *lf = b->plain ? memchr(rest.p, '\n', rest.n) : NULL;
    bb_str behind = rest, line = {rest.p, lf ? (size_t)(lf - rest.p) : 0};
    if (!lf) (void)bb_line(&behind, &line);
    *length = lf ? line.n + 1 : rest.n - behind.n;
    return line;
}

/* Takes a line into the block, as a field or more of one. False: it is neither. */
static inline bool take(block *b, bb_str line)
{
    bb_str name, value;
    if (!line.n) return false;
    if (b->begun && is_wsp(line.p[0])) extend(b, line);
    else if (split(line, &name, &value)) add(b, name, value);
    else return false;
    return b->begun = true;
}

/* A broken line is passed over where the header clearly goes on behind it. */
static bool goes_on(bb_str behind)
{
    bb_str next;
    return bb_line(&behind, &next) && is_known_field(next);
}

bb_field *bb_header_read(bb_mail *m, const bb_open *open, bb_str *from, uint64_t *looks)
{
    bb_str rest = *from;
    block b = block_of(m, rest);
    for (size_t length; rest.n && !bb_at_delimiter(open, rest); rest = behind(rest, length)) {
        bb_str line = line_at(&b, rest, &length);
        if (take(&b, line)) continue;
        if (!line.n || !goes_on(behind(rest, length))) break; /* the body begins with it */
        b.last = NULL;
        b.begun = true;
    }
    *looks = b.looks;
    *from = rest;
    return b.first;
}

bb_field *bb_fields_read(bb_mail *m, bb_str *from)
{
    bb_str rest = *from;
    while (rest.n && (rest.p[0] == '\r' || rest.p[0] == '\n')) rest = behind(rest, 1);
    block b = block_of(m, rest);
    for (size_t length; rest.n && take(&b, line_at(&b, rest, &length));) rest = behind(rest, length);
    *from = rest;
    return b.first;
}

/* ---- looking up ------------------------------------------------------------------------------------------- */

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

bb_str bb_field_unfold(bb_mail *m, const bb_field *f)
{
    return f->folded ? bb_value_unfold(m, f->value) : bb_trim(f->value);
}
