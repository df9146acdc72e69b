/* SPDX-License-Identifier: MIT
 *
 * main.cf and master.cf as text: what is ours put in and taken out again, every other byte as it was. Pure.
 *
 * A logical line begins with what is neither blank nor '#'; lines that begin with a blank go on with it, and empty lines
 * and comments may stand between (postconf(5)).
 */
#include "app/postfix/postfix.h"

#define TEXT_MAX ((size_t)32 << 20)
#define BEGIN    "\n# >>> bouncebox: written by \"bouncebox postfix setup --mode "
#define END      "\n# <<< bouncebox\n"

/* ---- the block ----------------------------------------------------------------------------------------------- */

bool postfix_text_block(bb_str text, bb_str *out)
{
    size_t from = bb_find(text, BB_S(BEGIN));
    *out = (bb_str){0};
    if (from == BB_NPOS) return true;
    bb_str rest = bb_sub(text, from, BB_NPOS);
    size_t to = bb_find(rest, BB_S(END));
    if (to == BB_NPOS) return false;
    *out = bb_sub(rest, 0, to + sizeof END - 1);
    return true;
}

bb_str postfix_text_mode(bb_str text)
{
    size_t at = bb_find(text, BB_S(BEGIN));
    if (at == BB_NPOS) return (bb_str){0};
    bb_str rest = bb_sub(text, at + sizeof BEGIN - 1, BB_NPOS);
    size_t end = bb_chr(rest, '"');
    return end == BB_NPOS ? (bb_str){0} : bb_sub(rest, 0, end);
}

bb_str postfix_text_append(bb_arena *a, bb_str text, bb_str mode, bb_str body)
{
    bb_buf b = bb_buf_in(a, TEXT_MAX);
    bb_put(&b, text);
    bb_putf(&b, BEGIN BB_FMT "\", taken back by \"bouncebox postfix undo\"\n", BB_ARG(mode));
    bb_puts(&b, "# Edit nothing up to the mark below: setup and undo refuse to touch what somebody else wrote.\n");
    bb_put(&b, body);
    bb_puts(&b, &END[1]);
    return bb_buf_str(&b);
}

/* ---- items -------------------------------------------------------------------------------------------------- */

static bool parts(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '=' || c == '\r' || c == '\n';
}

static bool is_comment(bb_str line)
{
    line = bb_trim(line);
    return !line.n || line.p[0] == '#';
}

/* Where the first item of ours in the line begins, and where it ends; false: none. */
static bool find_item(bb_str line, bb_str folder, size_t *from, size_t *to)
{
    for (size_t i = 0; i < line.n; i = *to + 1) {
        *from = *to = i;
        while (*to < line.n && !parts(line.p[*to])) ++*to;
        bb_str item = bb_sub(line, *from, *to - *from);
        if (bb_find(item, folder) != BB_NPOS || bb_eq(item, BB_S(POSTFIX_POLICY_CLASS))) return true;
    }
    return false;
}

/* Takes the items out, each with what was put in beside it: ", " behind it, else the blank before it. */
static void put_without(bb_buf *out, bb_str line, bb_str folder)
{
    size_t from, to;
    while (find_item(line, folder, &from, &to)) {
        bool more = bb_starts(bb_sub(line, to, BB_NPOS), BB_S(", "));
        bool blank = !more && from && line.p[from - 1] == ' ';
        bb_str rest = bb_sub(line, to + (more ? 2 : 0), BB_NPOS);
        line = bb_cat(out->arena, bb_sub(line, 0, from - blank), rest, (bb_str){0});
    }
    bb_put(out, line);
}

/* A line with its end. */
static bb_str take_line(bb_str *rest)
{
    size_t end = bb_chr(*rest, '\n');
    bb_str line = bb_sub(*rest, 0, end == BB_NPOS ? end : end + 1);
    *rest = bb_sub(*rest, line.n, BB_NPOS);
    return line;
}

static void put_lines_without(bb_buf *out, bb_str text, bb_str folder)
{
    while (text.n) {
        bb_str line = take_line(&text);
        if (is_comment(line)) bb_put(out, line);
        else put_without(out, line, folder);
    }
}

bb_str postfix_text_cut(bb_arena *a, bb_str text, bb_str folder)
{
    bb_str block;
    if (!postfix_text_block(text, &block) || !block.n) return text; /* nothing is ours without it */
    bb_str before = bb_sub(text, 0, (size_t)(block.p - text.p));
    bb_str behind = bb_sub(text, before.n + block.n, BB_NPOS);
    bb_buf b = bb_buf_in(a, TEXT_MAX);
    put_lines_without(&b, before, folder);
    /* The last line had no end, and something was written behind the block since. */
    if (behind.n && before.n && before.p[before.n - 1] != '\n') bb_putc(&b, '\n');
    put_lines_without(&b, behind, folder);
    return bb_buf_str(&b);
}

/* ---- definitions --------------------------------------------------------------------------------------------- */

/* Does the line begin the definition of `name`? *value: what is behind its '='. */
static bool defines(bb_str line, bb_str name, bb_str *value)
{
    if (!bb_starts(line, name)) return false;
    size_t at = name.n;
    while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t')) at++;
    if (at >= line.n || line.p[at] != '=') return false;
    *value = (bb_str){line.p + at + 1, line.n - at - 1}; /* where it is, even with nothing in it */
    return true;
}

/* The first octet of the value that begins at `at`, maybe some lines further on; BB_NPOS: it is empty. */
static size_t first_octet(bb_str text, size_t at)
{
    bb_str rest = bb_sub(text, at, BB_NPOS);
    for (bool first = true; rest.n; first = false) {
        bb_str line = take_line(&rest);
        size_t blank = 0;
        if (!first && is_comment(line)) continue;
        while (blank < line.n && bb_is_space(line.p[blank])) blank++;
        if (!first && blank == 0) break;
        if (blank < line.n) return (size_t)(line.p - text.p) + blank;
    }
    return BB_NPOS;
}

bool postfix_text_insert(bb_arena *a, bb_str *text, bb_str name, bb_str item)
{
    bb_str rest = *text, value = {0}, last = {0};
    while (rest.n)
        if (defines(take_line(&rest), name, &value)) last = value;
    if (!last.p) return false;
    size_t behind = (size_t)(last.p - text->p), at = first_octet(*text, behind);
    bb_buf b = bb_buf_in(a, TEXT_MAX);
    bb_put(&b, bb_sub(*text, 0, at == BB_NPOS ? behind : at));
    bb_putf(&b, at == BB_NPOS ? " " BB_FMT : BB_FMT ", ", BB_ARG(item));
    bb_put(&b, bb_sub(*text, at == BB_NPOS ? behind : at, BB_NPOS));
    *text = bb_buf_str(&b);
    return true;
}
