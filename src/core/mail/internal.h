/* SPDX-License-Identifier: MIT
 *
 * What the files of mail share: header blocks, boundaries, transfer encodings, charsets, HTML.
 */
#ifndef BB_CORE_MAIL_INTERNAL_H
#define BB_CORE_MAIL_INTERNAL_H

#include "core/mail/mail.h"

/* Notes that a limit cut something; the first one is kept. */
void bb_mail_cut(bb_mail *m, const char *limit);

struct bb_kept {
    bb_str text;
    bool done;
};

/* The first byte from i on that is one of `stops`; s.n: there is none. Four are asked together, since most are none. */
static inline size_t bb_until(bb_str s, size_t i, const bool stops[256])
{
    const unsigned char *p = (const unsigned char *)s.p;
    while (s.n - i >= 4 && !(stops[p[i]] | stops[p[i + 1]] | stops[p[i + 2]] | stops[p[i + 3]])) i += 4;
    while (i < s.n && !stops[p[i]]) i++;
    return i;
}

/* ---- boundaries (read.c) --------------------------------------------------------------------------- */

#define BB_DEPTH_CEILING 100 /* of max_depth, which bounds the recursion */

/* Boundaries of the multiparts that are open at some place, outermost first. */
typedef struct {
    bb_str text[BB_DEPTH_CEILING + 1];
    int n;
} bb_open;

typedef struct {
    int level;     /* whose boundary it is, -1: of none */
    bool closing;  /* "--boundary--" */
    size_t length; /* of the line with its end */
} bb_delimiter;

/* Is `at`, which begins a line, a delimiter line of one of `open`? The innermost wins. */
bb_delimiter bb_delimiter_at(const bb_open *open, bb_str at);

static inline bool bb_at_delimiter(const bb_open *open, bb_str at)
{
    return bb_starts(at, BB_S("--")) && bb_delimiter_at(open, at).level >= 0;
}

/* ---- header blocks (fields.c) ---------------------------------------------------------------------- */

/* Takes a line apart into name and value; false where it cannot be the first line of a field. */
bool bb_field_split(bb_str line, bb_str *name, bb_str *value);

/* Reads fields off *rest up to an empty line, a delimiter line, the end, or what must be body already (docs/tolerances.md).
 * *looks becomes what bb_part.looks holds of them. */
bb_field *bb_header_read(bb_mail *m, const bb_open *open, bb_str *rest, uint64_t *looks);

/* First token of a structured value behind white space and comments; *rest moves behind it. */
bb_str bb_token_take(bb_str *rest);

/* Reads parameters of an unfolded value in one pass: fills in the values of those that are there. */
typedef struct {
    bb_str name, value;
    bool in_segments; /* RFC 2231 */
} bb_wanted;
void bb_params(bb_mail *m, bb_str value, bb_wanted *wanted, size_t n);

/* ---- transfer encodings (rfc2045.c) ----------------------------------------------------------------- */

/* Puts the decoded bytes into `out`, as far as its ceiling goes. Garbage is skipped. */
void bb_decode(bb_cte cte, bb_str in, bb_buf *out);
void bb_decode_base64(bb_str in, bb_buf *out);
/* One "XX" of quoted-printable, the Q encoding or RFC 2231: its value, -1 where it is none. */
int bb_hex_pair(bb_str s, size_t at);

/* ---- charsets (charset.c) --------------------------------------------------------------------------- */

/* Bytes of the named charset as clean UTF-8. Bytes that are not in it, and of an unknown one (or none), are taken as UTF-8;
 * where they are mostly something else, as what they look like. */
bb_str bb_to_utf8(bb_mail *m, bb_str charset, bb_str bytes);
const char *bb_charset_guess(bb_str bytes); /* guess.c: a charset that they may be in; NULL: nobody knows */
/* What windows-1252 has at 0x80 to 0x9F. */
uint32_t bb_windows_1252(unsigned char c);

/* ---- HTML (html.c) ------------------------------------------------------------------------------------ */

/* Clean UTF-8 HTML to text with LF line ends. */
void bb_html_text(bb_str html, bb_buf *out);

#endif
