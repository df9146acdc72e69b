/* SPDX-License-Identifier: MIT
 *
 * HTML to lines of text: as much of it as reading a bounce needs. No tree is built; tags end at the first ">", so that
 * broken markup costs a word at most and never the rest of the text.
 */
#include "core/mail/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- layout: white space runs together, blocks begin lines, one empty line at most ---------------------------- */

typedef struct {
    bb_buf *out;
    int breaks; /* line ends owed before the next word */
    bool space; /* a space owed */
    bool cell;  /* it divides the cells of a table: a tab */
    bool pre;   /* inside <pre> */
} layout;

/* Pays what is owed, now that there is something to show. */
static void settle(layout *l)
{
    for (; l->breaks; l->breaks--)
        if (l->out->n) bb_putc(l->out, '\n');
    if (l->space && l->out->n && l->out->p[l->out->n - 1] != '\n') bb_putc(l->out, l->cell ? '\t' : ' ');
    l->space = l->cell = false;
}

static void put_word(layout *l, bb_str s)
{
    if (s.n) settle(l);
    bb_put(l->out, s);
}

static void break_line(layout *l, int breaks)
{
    if (l->breaks < breaks) l->breaks = breaks;
    l->space = l->cell = false;
}

static void put_space(layout *l, char c)
{
    if (!l->pre) l->space = !l->breaks;
    else if (c == '\n') break_line(l, l->breaks < 2 ? l->breaks + 1 : 2);
    else if (c != '\r') put_word(l, BB_S(" "));
}

static bool is_white(char c)
{
    return bb_is_space(c) || c == '\f' || c == '\v';
}

static void put_text(layout *l, bb_str s)
{
    static const bool ends_word[256] = {
        ['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['\f'] = true, ['\v'] = true};
    for (size_t i = 0; i < s.n;) {
        size_t run = bb_until(s, i, ends_word);
        put_word(l, bb_sub(s, i, run - i));
        for (i = run; i < s.n && is_white(s.p[i]); i++) put_space(l, s.p[i]);
        for (; i < s.n && !s.p[i]; i++) put_word(l, BB_S("\xEF\xBF\xBD"));
    }
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* A row of a table in the order of the bytes of its words. */
typedef struct {
    char word[12];
    uint16_t value;
} row;

static int by_word(const void *key, const void *item)
{
    return strcmp(key, ((const row *)item)->word);
}

static const row *look_up(bb_str word, const row *table, size_t n)
{
    char key[sizeof table->word] = "";
    if (!word.n || word.n >= sizeof key) return NULL;
    memcpy(key, word.p, word.n);
    return bsearch(key, table, n, sizeof *table, by_word);
}

/* ---- entities ------------------------------------------------------------------------------------------------- */

/* HTML 4 section 24 as far as mail uses it, in the order of their bytes. */
static const row entities[] = {
    {"AElig", 0xC6},    {"AMP", 0x26},     {"Aacute", 0xC1},   {"Acirc", 0xC2},    {"Agrave", 0xC0},  {"Aring", 0xC5},
    {"Atilde", 0xC3},   {"Auml", 0xC4},    {"Ccedil", 0xC7},   {"ETH", 0xD0},      {"Eacute", 0xC9},  {"Ecirc", 0xCA},
    {"Egrave", 0xC8},   {"Euml", 0xCB},    {"GT", 0x3E},       {"Iacute", 0xCD},   {"Icirc", 0xCE},   {"Igrave", 0xCC},
    {"Iuml", 0xCF},     {"LT", 0x3C},      {"NewLine", 0x0A},  {"Ntilde", 0xD1},   {"OElig", 0x152},  {"Oacute", 0xD3},
    {"Ocirc", 0xD4},    {"Ograve", 0xD2},  {"Oslash", 0xD8},   {"Otilde", 0xD5},   {"Ouml", 0xD6},    {"QUOT", 0x22},
    {"Scaron", 0x160},  {"THORN", 0xDE},   {"Tab", 0x09},      {"Uacute", 0xDA},   {"Ucirc", 0xDB},   {"Ugrave", 0xD9},
    {"Uuml", 0xDC},     {"Yacute", 0xDD},  {"aacute", 0xE1},   {"acirc", 0xE2},    {"acute", 0xB4},   {"aelig", 0xE6},
    {"agrave", 0xE0},   {"amp", 0x26},     {"apos", 0x27},     {"aring", 0xE5},    {"atilde", 0xE3},  {"auml", 0xE4},
    {"bdquo", 0x201E},  {"brvbar", 0xA6},  {"bull", 0x2022},   {"ccedil", 0xE7},   {"cedil", 0xB8},   {"cent", 0xA2},
    {"colon", 0x3A},    {"comma", 0x2C},   {"commat", 0x40},   {"copy", 0xA9},     {"curren", 0xA4},  {"deg", 0xB0},
    {"divide", 0xF7},   {"eacute", 0xE9},  {"ecirc", 0xEA},    {"egrave", 0xE8},   {"emsp", 0x20},    {"ensp", 0x20},
    {"eth", 0xF0},      {"euml", 0xEB},    {"euro", 0x20AC},   {"excl", 0x21},     {"frac12", 0xBD},  {"frac14", 0xBC},
    {"frac34", 0xBE},   {"gt", 0x3E},      {"hellip", 0x2026}, {"iacute", 0xED},   {"icirc", 0xEE},   {"iexcl", 0xA1},
    {"igrave", 0xEC},   {"iquest", 0xBF},  {"iuml", 0xEF},     {"laquo", 0xAB},    {"larr", 0x2190},  {"lbrack", 0x5B},
    {"ldquo", 0x201C},  {"lowbar", 0x5F},  {"lpar", 0x28},     {"lsaquo", 0x2039}, {"lsquo", 0x2018}, {"lt", 0x3C},
    {"macr", 0xAF},     {"mdash", 0x2014}, {"micro", 0xB5},    {"middot", 0xB7},   {"nbsp", 0xA0},    {"ndash", 0x2013},
    {"not", 0xAC},      {"ntilde", 0xF1},  {"num", 0x23},      {"oacute", 0xF3},   {"ocirc", 0xF4},   {"oelig", 0x153},
    {"ograve", 0xF2},   {"ordf", 0xAA},    {"ordm", 0xBA},     {"oslash", 0xF8},   {"otilde", 0xF5},  {"ouml", 0xF6},
    {"para", 0xB6},     {"period", 0x2E},  {"plusmn", 0xB1},   {"pound", 0xA3},    {"quest", 0x3F},   {"quot", 0x22},
    {"raquo", 0xBB},    {"rarr", 0x2192},  {"rbrack", 0x5D},   {"rdquo", 0x201D},  {"reg", 0xAE},     {"rpar", 0x29},
    {"rsaquo", 0x203A}, {"rsquo", 0x2019}, {"sbquo", 0x201A},  {"scaron", 0x161},  {"sect", 0xA7},    {"semi", 0x3B},
    {"shy", 0xAD},      {"sol", 0x2F},     {"sup1", 0xB9},     {"sup2", 0xB2},     {"sup3", 0xB3},    {"szlig", 0xDF},
    {"thinsp", 0x20},   {"thorn", 0xFE},   {"times", 0xD7},    {"trade", 0x2122},  {"uacute", 0xFA},  {"ucirc", 0xFB},
    {"ugrave", 0xF9},   {"uml", 0xA8},     {"uuml", 0xFC},     {"yacute", 0xFD},   {"yen", 0xA5},     {"yuml", 0xFF},
    {"zwj", 0x200D},    {"zwnj", 0x200C}};

static uint32_t named_entity(bb_str word)
{
    const row *hit = look_up(word, entities, BB_COUNT(entities));
    return hit ? hit->value : 0;
}

/* "#8364" or "#x20AC"; numbers 128 to 159 mean windows-1252, as every browser has it. */
static uint32_t numbered_entity(bb_str s)
{
    bool hex = s.n > 1 && bb_lower(s.p[1]) == 'x';
    uint32_t code = 0;
    for (size_t i = hex ? 2 : 1; i < s.n; i++) {
        char c = bb_lower(s.p[i]);
        if (!bb_is_digit(c) && !(hex && c >= 'a' && c <= 'f')) return 0;
        code = code * (hex ? 16 : 10) + (uint32_t)(bb_is_digit(c) ? c - '0' : c - 'a' + 10);
        if (code > 0x10FFFF) return 0xFFFD;
    }
    return code < 0x100 ? bb_windows_1252((unsigned char)code) : code;
}

/* What the entity at the start of s ("&...") says, and how long it is; 0: it is none. */
static uint32_t entity(bb_str s, size_t *length)
{
    size_t n = 1;
    while (n < s.n && n < 12 && (bb_is_alnum(s.p[n]) || (n == 1 && s.p[n] == '#'))) n++;
    bb_str name = bb_sub(s, 1, n - 1);
    bool closed = n < s.n && s.p[n] == ';';
    if (!name.n || (!closed && n < s.n && s.p[n] == '=')) return 0; /* "?a=1&copy=2" is a link */
    *length = n + closed;
    return name.p[0] == '#' ? numbered_entity(name) : named_entity(name);
}

static void put_code(layout *l, uint32_t code)
{
    if (code == 0xA0 || code <= ' ') {
        put_space(l, code == '\n' ? '\n' : ' ');
        return;
    }
    if (code == 0xAD) return; /* a soft hyphen would stand in the middle of words that we look for */
    settle(l);
    bb_put_utf8(l->out, code);
}

/* ---- tags ----------------------------------------------------------------------------------------------------- */

typedef enum { NOTHING, BREAK, CELL, LINE, PARAGRAPH, PRE, HIDDEN } effect;

static const row tags[] = {
    {"address", LINE}, {"article", LINE}, {"blockquote", LINE}, {"body", LINE},    {"br", BREAK},     {"center", LINE},
    {"dd", LINE},      {"div", LINE},     {"dl", LINE},         {"dt", LINE},      {"footer", LINE},  {"form", LINE},
    {"h1", PARAGRAPH}, {"h2", PARAGRAPH}, {"h3", PARAGRAPH},    {"h4", PARAGRAPH}, {"h5", PARAGRAPH}, {"h6", PARAGRAPH},
    {"head", LINE},    {"header", LINE},  {"hr", PARAGRAPH},    {"html", LINE},    {"li", LINE},      {"ol", LINE},
    {"p", PARAGRAPH},  {"pre", PRE},      {"script", HIDDEN},   {"section", LINE}, {"style", HIDDEN}, {"table", LINE},
    {"td", CELL},      {"th", CELL},      {"title", LINE},      {"tr", LINE},      {"ul", LINE}};

static void lay_out(layout *l, effect e, bool closing)
{
    switch (e) {
    case BREAK: break_line(l, l->breaks ? 2 : 1); break;
    case CELL:
        put_space(l, ' ');
        l->cell = l->space;
        break;
    case LINE: break_line(l, 1); break;
    case PARAGRAPH: break_line(l, 2); break;
    case PRE:
        break_line(l, 1);
        l->pre = !closing;
        break;
    case HIDDEN:
    case NOTHING: break;
    }
}

typedef struct {
    bb_str s;
    layout l;
    size_t gt;                                        /* where the next ">" is, as last looked up */
    bool no_comment_end, no_script_end, no_style_end; /* searched for and not there: never search again */
} html;

/* Behind the next `what` from `from` on; 0: there is none, which *none keeps. */
static size_t behind(const html *h, size_t from, bb_str what, bool *none)
{
    size_t at = *none ? BB_NPOS : bb_ifind(bb_sub(h->s, from, BB_NPOS), what);
    *none = at == BB_NPOS;
    return at == BB_NPOS ? 0 : from + at + what.n;
}

static effect effect_of(bb_str tag)
{
    char lower[sizeof tags->word] = "";
    if (tag.n >= sizeof lower) return NOTHING;
    for (size_t i = 0; i < tag.n; i++) lower[i] = bb_lower(tag.p[i]);
    const row *hit = look_up((bb_str){lower, tag.n}, tags, BB_COUNT(tags));
    return hit ? (effect)hit->value : NOTHING;
}

/* Where what begins with the "<" at `at` ends; 0: that is an ordinary character. */
static size_t take_tag(html *h, size_t at)
{
    bb_str s = bb_sub(h->s, at + 1, 320);
    if (bb_starts(s, BB_S("!--"))) {
        size_t end = behind(h, at + 3, BB_S("-->"), &h->no_comment_end);
        if (end) return end;
    }
    if (h->gt < at) { /* never looked for twice over the same bytes */
        size_t next = bb_chr(bb_sub(h->s, at, BB_NPOS), '>');
        h->gt = next == BB_NPOS ? BB_NPOS : at + next;
    }
    bool closing = bb_starts(s, BB_S("/"));
    if (closing) s = bb_sub(s, 1, BB_NPOS);
    if (h->gt >= h->s.n || !s.n || !(bb_is_alnum(s.p[0]) || s.p[0] == '!' || s.p[0] == '?')) return 0;
    size_t n = 0, word = 0;
    while (n < s.n && bb_is_alnum(s.p[n])) n++;
    while (word < s.n && !is_white(s.p[word]) && s.p[word] != '<' && s.p[word] != '>') word++;
    bb_str first = bb_sub(s, 0, word);
    if (bb_chr(first, '@') != BB_NPOS || bb_find(first, BB_S("://")) != BB_NPOS) return 0; /* "<user@example.com>" */
    bb_str tag = bb_sub(s, 0, n);
    effect e = effect_of(tag);
    lay_out(&h->l, e, closing);
    if (e != HIDDEN || closing) return h->gt + 1;
    bool script = bb_ieq(tag, BB_S("script"));
    bb_str end = script ? BB_S("</script") : BB_S("</style");
    size_t to = behind(h, h->gt + 1, end, script ? &h->no_script_end : &h->no_style_end);
    return to ? to - end.n : h->gt + 1;
}

void bb_html_text(bb_str s, bb_buf *out)
{
    static const bool markup[256] = {['<'] = true, ['&'] = true};
    html h = {.s = s, .l = {.out = out}};
    h.gt = bb_chr(s, '>');
    for (size_t i = 0; i < s.n && !out->truncated;) {
        size_t run = bb_until(s, i, markup);
        put_text(&h.l, bb_sub(s, i, run - i));
        if (run == s.n) break;
        size_t length = 0;
        uint32_t code = s.p[run] == '&' ? entity(bb_sub(s, run, 16), &length) : 0;
        size_t end = s.p[run] == '<' ? take_tag(&h, run) : code ? run + length : 0;
        if (code) put_code(&h.l, code);
        else if (!end) put_text(&h.l, bb_sub(s, run, 1));
        i = end ? end : run + 1;
    }
    if (out->n) bb_putc(out, '\n');
}
