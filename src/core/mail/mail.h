/* SPDX-License-Identifier: MIT
 *
 * mail: bytes to a tree of parts (RFC 5322, 2045-2047, 2231, 6532), tolerant of what real bounces do.
 *
 * Input      an immutable buffer that outlives the arena's results; every span points into it. Only what lies
 *            below a message/ part with a transfer encoding points into a decoded copy in the arena.
 * Tolerates  CR, LF, CRLF and mixtures; blank lines before the header; 8-bit headers; missing, wrong or
 *            unclosed boundaries; broken base64 and quoted-printable; nested messages; truncation.
 * Limits     bb_mail_options; reaching one cuts there and marks the mail truncated, with the limit's
 *            name. Nothing is dropped silently and nothing recurses deeper than max_depth (100 at most).
 *            Work is linear in the bytes, whatever they are (docs/tolerances.md tells what is put up with).
 * Errors     only running out of memory (the arena's failed). Any bytes are a mail.
 * Threads    no state; the charset converter passed in must be safe for the calling thread.
 */
#ifndef BB_CORE_MAIL_H
#define BB_CORE_MAIL_H

#include "core/base/base.h"

/* Converts `in` from the named charset to UTF-8 into the arena. Injected (iconv loads tables from disk, which core does
 * not do). False: the charset is unknown or hopeless, and the caller keeps the bytes, cleaned. */
typedef bool (*bb_charset_fn)(void *ctx, bb_arena *a, bb_str charset, bb_str in, bb_str *out);

typedef struct {
    int max_depth;           /* nesting of parts; default 32 */
    int max_parts;           /* in one message; default 1000 */
    size_t max_header_bytes; /* of one part's header; default 1 MiB */
    int max_fields;          /* of one part; default 10000 */
    size_t max_text_bytes;   /* of one decoded text; default 4 MiB */
    bb_charset_fn charset;   /* NULL: UTF-8, US-ASCII and ISO-8859-1 only */
    void *charset_ctx;
} bb_mail_options;
extern const bb_mail_options bb_mail_defaults;

typedef struct bb_field bb_field;
struct bb_field {
    bb_str name;  /* as spelled, without the colon */
    bb_str value; /* still folded and encoded */
    bool folded;  /* it goes over several lines */
    bb_field *next;
};

typedef enum { BB_CTE_PLAIN, BB_CTE_QP, BB_CTE_BASE64, BB_CTE_UUENCODE } bb_cte;

typedef struct bb_part bb_part;
typedef struct bb_kept bb_kept;
struct bb_part {
    bb_part *parent, *child, *next;
    bb_field *fields;
    uint64_t looks;         /* of the names of fields there are, a bit each; 0: not known */
    bb_str all, head, body; /* spans: header with body, header, body before decoding */
    bb_str type;            /* "message/delivery-status", lower case; "text/plain" by default */
    bb_str charset;         /* lower case, empty: not said */
    bb_str report_type;     /* of multipart/report, lower case */
    bb_str boundary;
    bb_cte cte;
    int depth, index; /* index: position in reading order, root 0 */
    bb_kept *kept;    /* the text that bb_part_text made, for who asks next */
};

typedef struct {
    const bb_mail_options *opt;
    bb_arena *arena;
    bb_str bytes;
    bool returns; /* a CR is somewhere among them */
    bb_part *root;
    int n_parts;
    const char *truncated; /* name of the limit that cut first, NULL: none did */
    bb_part nothing;       /* the root where not even that could be allocated */
} bb_mail;

/* Reads the whole message; `out` must stay where it is. A message/rfc822 (global, partial) part gets the inner message
 * as its child. A text/rfc822-headers (message/rfc822-headers, message/global-headers) part gets a child whose fields
 * are those headers. A multipart without any boundary gets its body as one text/plain child. */
void bb_mail_read(bb_arena *a, bb_str bytes, const bb_mail_options *opt, bb_mail *out);

/* Next part in reading order, staying below `top` (NULL: whole tree); NULL at the end.
 * bb_part_skip leaves out what lies below `p`. */
bb_part *bb_part_next(const bb_part *top, bb_part *p);
bb_part *bb_part_skip(const bb_part *top, bb_part *p);

/* What bb_part.looks holds of a name: one of 64 bits, by its length and first letter. Most fields that are asked for are
 * not there, and their bit is not, either; that is seen here, where the bit of a literal costs nothing. */
static inline uint64_t bb_look_of(bb_str name)
{
    return (uint64_t)1 << ((name.n * 5 + (name.n ? (unsigned char)bb_lower(name.p[0]) : 0)) & 63);
}
/* The first field of that name, any case, from f on; NULL when there is none. */
const bb_field *bb_field_find(const bb_field *f, bb_str name);
/* First field of that name, any case; NULL when there is none. bb_field_after: the next one. */
static inline const bb_field *bb_field_get(const bb_part *p, const char *name)
{
    bb_str wanted = bb_cstr(name);
    if (!p || (p->looks && !(p->looks & bb_look_of(wanted)))) return NULL;
    return bb_field_find(p->fields, wanted);
}
static inline const bb_field *bb_field_after(const bb_field *f, const char *name)
{
    return f ? bb_field_find(f->next, bb_cstr(name)) : NULL;
}
/* Value unfolded, trimmed, encoded words (RFC 2047) decoded, as clean UTF-8. */
bb_str bb_value_text(bb_mail *m, bb_str value);
/* Value unfolded and trimmed, nothing decoded: for addresses, dates, structured fields. */
bb_str bb_value_unfold(bb_mail *m, bb_str value);
bb_str bb_field_unfold(bb_mail *m, const bb_field *f);
/* The same of the first field of that name; empty when absent. */
static inline bb_str bb_field_text(bb_mail *m, const bb_part *p, const char *name)
{
    const bb_field *f = bb_field_get(p, name);
    return f ? bb_value_text(m, f->value) : (bb_str){0};
}
static inline bb_str bb_field_raw(bb_mail *m, const bb_part *p, const char *name)
{
    const bb_field *f = bb_field_get(p, name);
    return f ? bb_field_unfold(m, f) : (bb_str){0};
}
/* A parameter of a structured value such as Content-Type, RFC 2231 continuations and charsets
 * included; empty when absent. */
bb_str bb_param(bb_mail *m, bb_str value, const char *name);

/* Reads a block of "Name: value" lines as fields (DSN blocks, returned headers in prose) out of *rest, behind empty
 * lines that stand before it, up to an empty line, the end, or the first line that cannot be a field, where *rest
 * then stands. NULL: no field there. */
bb_field *bb_fields_read(bb_mail *m, bb_str *rest);

/* The body with its transfer encoding undone. */
bb_str bb_part_bytes(bb_mail *m, const bb_part *p);
/* The body as clean UTF-8 text with LF line ends, transfer encoding and charset undone; the markup of
 * text/html stripped to lines, entities resolved. Cut at max_text_bytes (marks the mail). */
bb_str bb_part_text(bb_mail *m, const bb_part *p);

#endif
