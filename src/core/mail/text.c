/* SPDX-License-Identifier: MIT
 *
 * A part's body as bytes and as text.
 */
#include "core/mail/internal.h"

#include <string.h>

/* Decodes at most `max` bytes; what is not encoded is only pointed at. */
static bb_str decoded(bb_mail *m, const bb_part *p, size_t max, bool *cut)
{
    if (p->cte == BB_CTE_PLAIN) {
        *cut = p->body.n > max;
        return bb_sub(p->body, 0, max);
    }
    bb_buf out = bb_buf_of(m->arena, p->body.n < max ? p->body.n + 1 : max); /* + 1: uuencode ends the last line */
    bb_decode(p->cte, p->body, &out);
    *cut = out.truncated;
    return bb_buf_str(&out);
}

bb_str bb_part_bytes(bb_mail *m, const bb_part *p)
{
    bool cut;
    return decoded(m, p, BB_NPOS, &cut);
}

static bool is_html(bb_str type)
{
    return bb_eq(type, BB_S("text/html")) || bb_eq(type, BB_S("application/xhtml+xml"));
}

/* Line ends become LF; NUL, which many a text store refuses, becomes U+FFFD. */
static void put_lines(bb_str s, bb_buf *out)
{
    for (bb_str rest = s, line; bb_line(&rest, &line);) {
        bool ended = line.p + line.n < s.p + s.n;
        for (size_t nul; (nul = bb_chr(line, '\0')) != BB_NPOS; line = bb_sub(line, nul + 1, BB_NPOS)) {
            bb_put(out, bb_sub(line, 0, nul));
            bb_put_utf8(out, 0xFFFD);
        }
        bb_put(out, line);
        if (ended) bb_putc(out, '\n');
    }
}

/* As much of s as is whole characters. */
static bb_str whole_characters(bb_str s)
{
    size_t n = s.n;
    for (size_t back = 1; back <= 4 && back <= s.n; back++) {
        unsigned char c = (unsigned char)s.p[s.n - back];
        if (c >= 0xC0) n = (c >= 0xF0 ? 4U : c >= 0xE0 ? 3U : 2U) > back ? s.n - back : s.n;
        if (c >= 0xC0 || c < 0x80) break;
    }
    return bb_sub(s, 0, n);
}

static bb_str text_of(bb_mail *m, const bb_part *p)
{
    size_t max = m->opt->max_text_bytes;
    bool cut;
    bb_str text = bb_to_utf8(m, p->charset, decoded(m, p, max, &cut));
    if (is_html(p->type) || bb_chr(text, '\r') != BB_NPOS || bb_chr(text, '\0') != BB_NPOS) {
        bb_buf out = bb_buf_in(m->arena, max);
        if (is_html(p->type)) bb_html_text(text, &out);
        else put_lines(text, &out);
        cut = cut || out.truncated;
        text = bb_buf_str(&out);
    }
    cut = cut || text.n > max;
    if (cut) bb_mail_cut(m, "max_text_bytes");
    return cut ? whole_characters(bb_sub(text, 0, max)) : text;
}

bb_str bb_part_text(bb_mail *m, const bb_part *p)
{
    if (p->kept && p->kept->done) return p->kept->text;
    bb_str text = text_of(m, p);
    if (p->kept) *p->kept = (bb_kept){.text = text, .done = true};
    return text;
}
