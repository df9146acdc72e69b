/* SPDX-License-Identifier: MIT
 *
 * Prose as reports lay it out: a block of text under (or behind) each address.
 */
#include "core/report/internal.h"

#include <string.h>

/* Where white space stands from i on that is more than a space between two words; s.n: nowhere. Eight bytes at once, the
 * last of which is the first of the next: the highest bit is set of a byte that is a control or a space, and maybe of one
 * above such a byte. */
static size_t next_fold(bb_str s, size_t i)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = 0x80 * each;
    for (uint64_t word; s.n - i >= sizeof word; i += sizeof word - 1) {
        memcpy(&word, s.p + i, sizeof word);
        uint64_t no_space = word ^ ' ' * each;
        uint64_t control = (word - ' ' * each) & ~word & top, space = (no_space - each) & ~no_space & top;
        if (control || space & space << 8) break;
    }
    while (i < s.n && !(bb_is_space(s.p[i]) && (s.p[i] != ' ' || bb_is_space(s.p[i + 1])))) i++;
    return i;
}

bb_str bb_one_line(bb_ctx *c, bb_str text)
{
    text = bb_trim(text); /* it does not end with a space */
    size_t from = 0, to = next_fold(text, 0);
    size_t max = c->opt->max_diagnostic;
    if (to == text.n && to <= max) return text;
    bb_buf out = bb_buf_of(c->a, text.n < max ? text.n : max);
    for (;; to = next_fold(text, from)) {
        bb_put(&out, bb_sub(text, from, to - from));
        for (from = to; from < text.n && bb_is_space(text.p[from]); from++) {
        }
        if (from == text.n || out.truncated) break;
        bb_putc(&out, ' ');
    }
    bb_str line = bb_buf_str(&out);
    if (!out.truncated) return line;
    c->r->truncated = "max_diagnostic";
    return bb_utf8_clean(c->a, line); /* the cut may lie within a character */
}

bb_str bb_between(bb_str text, const char *from, const char *to)
{
    size_t at = bb_ifind(text, bb_cstr(from));
    if (at == BB_NPOS) return (bb_str){0};
    text = bb_sub(text, at, BB_NPOS);
    size_t lf = bb_chr(text, '\n');
    text = lf == BB_NPOS ? (bb_str){0} : bb_sub(text, lf + 1, BB_NPOS);
    size_t end = to ? bb_ifind(text, bb_cstr(to)) : BB_NPOS;
    if (end == BB_NPOS) return text;
    lf = bb_rchr(bb_sub(text, 0, end), '\n');
    return bb_sub(text, 0, lf == BB_NPOS ? 0 : lf);
}

static size_t indent_of(bb_str line)
{
    size_t n = 0;
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t')) n++;
    return n;
}

/* Bullets and quotes before an address: "* a@b", "*** a@b", "-- a@b", "'a@b'", "1. a@b". */
static size_t bullet_at(bb_str s)
{
    static const bb_str bullets[] = {
        BB_ROW("*"),        BB_ROW("***"), BB_ROW("--"), BB_ROW("-"), BB_ROW("\xE2\x80\xA2"),
        BB_ROW("\xC2\xB7"), BB_ROW(">>>"), BB_ROW("o ")};
    for (size_t i = 0; i < BB_COUNT(bullets) && s.n; i++) {
        bb_str b = bullets[i];
        if (s.p[0] != b.p[0] || !bb_starts(s, b)) continue;
        if (s.n == b.n || bb_is_space(s.p[b.n]) || b.p[b.n - 1] == ' ') return b.n;
    }
    size_t n = 0;
    while (n < s.n && n < 4 && bb_is_digit(s.p[n])) n++;
    return n && n < s.n && (s.p[n] == '.' || s.p[n] == ')') ? n + 1 : 0;
}

/* "Recipient: a@b" heads a block as a bare address does; "Original address: a@b" is another name in the one before. */
static bb_str labelled(const bb_ctx *c, bb_str s)
{
    size_t at = bb_chr(bb_sub(s, 0, 200), '@'), colon = bb_chr(bb_sub(s, 0, 60), ':');
    if (colon == BB_NPOS) colon = bb_find(bb_sub(s, 0, 60), BB_S("\xEF\xBC\x9A"));
    if (at == BB_NPOS || colon == BB_NPOS || colon > at || !bb_empty(bb_stage_of_verb(s))) return (bb_str){0};
    if (bb_istarts(s, BB_S("original"))) return (bb_str){0};
    if (bb_context_before(c, bb_trim(bb_sub(s, 0, colon))) < BB_CONTEXT_MEANT) return (bb_str){0};
    bb_str hit = bb_address_find(s, NULL);
    bb_str between = bb_empty(hit) ? hit : bb_sub(s, colon, (size_t)(hit.p - s.p) - colon);
    for (size_t i = 0; i < between.n; i++)
        if (bb_is_alnum(between.p[i])) return (bb_str){0};
    return hit;
}

/* The address that a line begins with, behind bullets, quotes and brackets; empty: another line. */
static bb_str head_of(const bb_ctx *c, bb_str line)
{
    if (bb_chr(line, '@') == BB_NPOS) return (bb_str){0}; /* most lines of a block */
    bb_str s = bb_trim(line);
    s = bb_trim(bb_sub(s, bullet_at(s), BB_NPOS));
    size_t n = 0;
    while (n < s.n && !bb_is_space(s.p[n]) && (n == 0 || s.p[n] != '<')) n++; /* "a@b<mailto:a@b>" */
    bb_str hit = bb_address_find(bb_sub(s, 0, n), NULL);
    size_t before = (size_t)(hit.p - s.p);
    return !bb_empty(hit) && before <= 1 ? hit : labelled(c, s);
}

/* What stands behind a head in its line, without the bracket or quote that closes it. */
static bb_str behind_head(bb_str line, bb_str head)
{
    bb_str behind = bb_sub(line, (size_t)(head.p - line.p) + head.n, BB_NPOS);
    if (behind.n && strchr(">'\"", behind.p[0])) behind = bb_sub(behind, 1, BB_NPOS);
    return behind;
}

static bool is_rule(bb_str line)
{
    line = bb_trim(line);
    if (line.n < 5 || !strchr("-=_*#", line.p[0])) return false;
    for (size_t i = 1; i < 5; i++)
        if (line.p[i] != line.p[0]) return false;
    return true;
}

/* Does a line that begins with an address only go on with the sentence of the line before? */
static bool goes_on(const bb_ctx *c, bb_str line, bb_str head, bb_str before)
{
    bb_str behind = behind_head(line, head);
    if (bb_starts(behind, BB_S("\t"))) return false; /* a row of a table */
    behind = bb_trim(behind);
    if (bb_istarts(behind, BB_S("wrote"))) return true; /* "ann@example.com wrote:" quotes a person */
    if (bb_empty(bb_trim(before)) || is_rule(before) || indent_of(line) != indent_of(before)) return false;
    if (!bb_empty(head_of(c, before))) return false; /* a list */
    bb_str b = bb_trim(before);
    if (strchr(":-=.", b.p[b.n - 1])) return false;
    return !bb_empty(behind) && behind.p[0] != ':';
}

/* Where the line begins that the sign at `at` stands in. */
static size_t line_begin(bb_str text, size_t at)
{
    return bb_rchr(bb_sub(text, 0, at), '\n') + 1; /* BB_NPOS + 1 is 0 */
}

/* Passes lines that begin no block since they hold no @: nearly all of a text. *before: the last of them; *sign: the
 * next @, which is looked for once. */
static void pass_lines(bb_str *rest, bb_str *before, const char **sign)
{
    if (*sign && *sign >= rest->p) return;
    size_t at = bb_chr(*rest, '@');
    if (at == BB_NPOS) {
        *rest = (bb_str){0};
        return;
    }
    *sign = rest->p + at;
    size_t begin = line_begin(*rest, at);
    if (!begin) return;
    size_t above = line_begin(*rest, begin - 1);
    *before = bb_sub(*rest, above, begin - 1 - above);
    *rest = bb_sub(*rest, begin, BB_NPOS);
}

bool bb_block_next(const bb_ctx *c, bb_str *rest, bb_block *out)
{
    bb_str line, before = {0};
    size_t indent = 0;
    const char *begin = NULL, *end = NULL, *sign = NULL;
    while (rest->n) {
        if (!begin) pass_lines(rest, &before, &sign);
        bb_str here = *rest;
        if (!bb_line(rest, &line)) break;
        bb_str head = head_of(c, line);
        if (!bb_empty(head) && goes_on(c, line, head, before)) head = (bb_str){0};
        before = line;
        if (!begin && bb_empty(head)) continue;
        if (!begin) {
            *out = (bb_block){.address = head};
            begin = head.p + head.n;
            if (begin < line.p + line.n && strchr(">'\"", *begin)) begin++;
            indent = indent_of(line);
        } else if (bb_empty(bb_trim(line)) || is_rule(line) || (!bb_empty(head) && indent_of(line) <= indent)) {
            *rest = here;
            break;
        }
        end = line.p + line.n;
    }
    if (begin) out->text = (bb_str){begin, (size_t)(end - begin)};
    return begin != NULL;
}
