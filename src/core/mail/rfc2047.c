/* SPDX-License-Identifier: MIT
 *
 * Encoded words in header values (RFC 2047).
 */
#include "core/mail/internal.h"

#include <string.h>

#define MAX_CHARSET_NAME 64

typedef struct {
    bb_str charset, text;
    bool base64;
    size_t length; /* of the whole word */
} word;

/* Is there an encoded word at `at`, where "=?" stands? *ended is set once no "?=" is left to find, so that many
 * beginnings without an end are not searched through again and again. Spaces inside and words over 75 characters are
 * against section 2, and taken. */
static bool word_at(bb_str s, size_t at, bool *ended, word *w)
{
    bb_str rest = bb_sub(s, at + 2, BB_NPOS);
    size_t mark = bb_chr(bb_sub(rest, 0, MAX_CHARSET_NAME), '?');
    if (mark == BB_NPOS || *ended) return false;
    w->charset = bb_sub(rest, 0, mark);
    w->charset = bb_sub(w->charset, 0, bb_chr(w->charset, '*')); /* RFC 2231 section 5: a language behind it */
    rest = bb_sub(rest, mark + 1, BB_NPOS);
    if (rest.n < 2 || rest.p[1] != '?' || bb_chr(w->charset, ' ') != BB_NPOS) return false;
    char encoding = bb_lower(rest.p[0]);
    if (encoding != 'q' && encoding != 'b') return false;
    rest = bb_sub(rest, 2, BB_NPOS);
    size_t end = bb_find(rest, BB_S("?="));
    if (end == BB_NPOS) {
        *ended = true;
        return false;
    }
    w->base64 = encoding == 'b';
    w->text = bb_sub(rest, 0, end);
    w->length = 2 + mark + 1 + 2 + end + 2;
    return true;
}

/* Section 4.2. */
static void put_q(bb_str s, bb_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        int byte = s.p[i] == '=' ? bb_hex_pair(s, i + 1) : -1;
        bb_putc(out, byte >= 0 ? (char)byte : s.p[i] == '_' ? ' ' : s.p[i]);
        if (byte >= 0) i += 2;
    }
}

/* Bytes of neighbouring words in one charset are converted together: senders cut characters in two, though section 5
 * forbids it. */
typedef struct {
    bb_mail *m;
    bb_buf *out;
    bb_buf bytes;
    bb_str charset;
} pending;

static void flush(pending *p)
{
    if (p->bytes.n) bb_put(p->out, bb_to_utf8(p->m, p->charset, bb_buf_str(&p->bytes)));
    p->bytes.n = 0;
}

static void decode_words(bb_mail *m, bb_str s, bb_buf *out)
{
    pending p = {.m = m, .out = out, .bytes = bb_buf_in(m->arena, s.n)};
    bool ended = false, after_word = false;
    size_t plain = 0;
    for (size_t i = 0; i + 1 < s.n;) {
        word w;
        if (s.p[i] != '=' || s.p[i + 1] != '?' || !word_at(s, i, &ended, &w)) {
            i++;
            continue;
        }
        bb_str gap = bb_sub(s, plain, i - plain);
        bool joins = after_word && !bb_trim(gap).n; /* section 6.2: white space between words is not shown */
        if (!joins || !bb_ieq(w.charset, p.charset)) flush(&p);
        if (!joins) bb_put(out, gap);
        p.charset = w.charset;
        if (w.base64) bb_decode_base64(w.text, &p.bytes);
        else put_q(w.text, &p.bytes);
        i += w.length;
        plain = i;
        after_word = true;
    }
    flush(&p);
    bb_put(out, bb_sub(s, plain, BB_NPOS));
}

/* A header's text is one line, whatever was encoded into it. */
static bb_str one_line(bb_arena *a, bb_str s)
{
    if (!bb_has_ascii_control(s)) return s;
    char *out = bb_get(a, s.n);
    if (!out) return (bb_str){0};
    for (size_t i = 0; i < s.n; i++) out[i] = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F ? ' ' : s.p[i];
    return bb_trim((bb_str){out, s.n});
}

bb_str bb_value_text(bb_mail *m, bb_str value)
{
    bb_str s = bb_trim(value);
    bool encoded = bb_chr(s, '?') != BB_NPOS && bb_find(s, BB_S("=?")) != BB_NPOS;
    if (!encoded && bb_is_ascii(s) && !bb_has_ascii_control(s)) return s; /* nearly all there are */
    s = bb_value_unfold(m, s);
    if (encoded) {
        bb_buf out = bb_buf_in(m->arena, m->opt->max_text_bytes);
        decode_words(m, s, &out);
        if (out.truncated) bb_mail_cut(m, "max_text_bytes");
        s = bb_buf_str(&out);
    }
    return one_line(m->arena, bb_trim(bb_to_utf8(m, (bb_str){0}, s)));
}
