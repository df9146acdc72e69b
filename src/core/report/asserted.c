/* SPDX-License-Identifier: MIT
 *
 * What prose asserts, and what it only quotes, asks, or says may be. Reports explain themselves to people: "possible
 * reasons are ...", "please check whether ...", "your message "Account closed - new prices" ...". None of that is news
 * of an address.
 */
#include "core/report/internal.h"

#include <string.h>

/* ---- titles ---------------------------------------------------------------------------------------------- */

/* Words behind which a quoted text is the title of a message. */
static const char *const titled[] = {"message",  "mail",       "e-mail",    "letter",  "titled",    "subject",
                                     "entitled", "newsletter", "nachricht", "betreff", "mensaje",   "asunto",
                                     "mensagem", "assunto",    "messaggio", "oggetto", "sujet",     "objet",
                                     "bericht",  "onderwerp",  "email",     "письмо",  "сообщение", "тема"};

static const bb_str title_fields[] = {BB_ROW("subject"),   BB_ROW("betreff"), BB_ROW("asunto"), BB_ROW("assunto"),
                                      BB_ROW("oggetto"),   BB_ROW("objet"),   BB_ROW("sujet"),  BB_ROW("тема"),
                                      BB_ROW("onderwerp"), BB_ROW("件名"),    BB_ROW("主题"),   BB_ROW("主題")};

/* Bytes of a quotation mark at i that begins a quotation; *end: the one that ends it. */
static size_t quote_at(bb_str t, size_t i, bb_str *end)
{
    static const struct {
        bb_str begin, end;
    } marks[] = {{BB_ROW("\""), BB_ROW("\"")},
                 {BB_ROW("\xE2\x80\x9C"), BB_ROW("\xE2\x80\x9D")},
                 {BB_ROW("\xE2\x80\x9E"), BB_ROW("\xE2\x80\x9C")},
                 {BB_ROW("\xC2\xAB"), BB_ROW("\xC2\xBB")}};
    for (size_t k = 0; k < BB_COUNT(marks); k++) {
        if (t.p[i] != marks[k].begin.p[0] || !bb_starts(bb_sub(t, i, BB_NPOS), marks[k].begin)) continue;
        *end = marks[k].end;
        return marks[k].begin.n;
    }
    return 0;
}

/* Bytes of the quotation at i, marks and all, that is the title of a message; 0: there is none. */
static size_t quoted_title(bb_str t, size_t i)
{
    bb_str end;
    size_t mark = quote_at(t, i, &end);
    if (!mark) return 0;
    size_t n = bb_find(bb_sub(t, i + mark, 300), end);
    size_t from = i > 24 ? i - 24 : 0;
    bb_str before = bb_trim(bb_sub(t, from, i - from));
    if (n == BB_NPOS || !before.n) return 0;
    /* the word right before it, or before a colon */
    if (before.p[before.n - 1] == ':') before = bb_trim(bb_sub(before, 0, before.n - 1));
    size_t word = before.n;
    while (word && !bb_is_space(before.p[word - 1])) word--;
    for (size_t k = 0; k < BB_COUNT(titled); k++)
        if (bb_begins(bb_sub(before, word, BB_NPOS), titled[k])) return mark + n + end.n;
    return 0;
}

/* Where what begins at i ends: a quotation, or a line. */
static size_t value_end(bb_str t, size_t i)
{
    bb_str end;
    while (i < t.n && (t.p[i] == ' ' || t.p[i] == '\t')) i++;
    size_t mark = i < t.n ? quote_at(t, i, &end) : 0;
    size_t line = bb_chr(bb_sub(t, i, BB_NPOS), '\n');
    if (line == BB_NPOS) line = t.n - i;
    size_t closing = mark ? bb_find(bb_sub(t, i + mark, line), end) : BB_NPOS;
    return closing == BB_NPOS ? i + line : i + mark + closing + end.n;
}

/* The title that the sign at i belongs to, from *from on; answers where it ends, 0: there is none. */
static size_t title_at(bb_str t, size_t i, bb_str subject, size_t *from)
{
    unsigned char c = (unsigned char)t.p[i];
    bool wide = c == 0xEF && bb_starts(bb_sub(t, i, 3), BB_S("\xEF\xBC\x9A")); /* the colon of Chinese and Japanese */
    *from = i;
    for (size_t k = 0; (c == ':' || wide) && k < BB_COUNT(title_fields); k++) {
        bb_str name = title_fields[k];
        if (i < name.n || !bb_ieq(bb_sub(t, i - name.n, name.n), name)) continue;
        *from = i - name.n;
        return value_end(t, i + (wide ? 3 : 1));
    }
    if (c == '"' || c == 0xC2 || c == 0xE2) {
        size_t n = quoted_title(t, i);
        if (n) return i + n;
    }
    bool begins = subject.n > 2 && bb_lower(t.p[i]) == bb_lower(subject.p[0]) && (i == 0 || !bb_is_alnum(t.p[i - 1]));
    return begins && bb_istarts(bb_sub(t, i, BB_NPOS), subject) ? i + subject.n : 0;
}

/* `t` itself where it holds none: most texts do not, and a thousand recipients may share one. */
bb_str bb_without_titles(bb_arena *a, bb_str t, bb_str subject)
{
    bool looked_at[256] = {[':'] = true, ['"'] = true, [0xC2] = true, [0xE2] = true, [0xEF] = true};
    bb_buf out = {0};
    size_t kept = 0, from;
    unsigned char first = subject.n > 2 ? (unsigned char)subject.p[0] : ':';
    looked_at[first] = looked_at[first ^ 0x20] = true; /* a letter's capital, or its small one */
    for (size_t i = 0; i < t.n; i++) {
        if (!looked_at[(unsigned char)t.p[i]]) continue;
        size_t end = title_at(t, i, subject, &from);
        if (!end) continue;
        if (!kept) out = bb_buf_of(a, t.n);
        if (from > kept) bb_put(&out, bb_sub(t, kept, from - kept));
        kept = end;
        i = end - 1;
    }
    if (!kept) return t;
    bb_put(&out, bb_sub(t, kept, BB_NPOS));
    return bb_buf_str(&out);
}

/* A quotation is a title by the words before it: the first title is a field's, or there is something else. */
bool bb_only_titles(bb_arena *a, bb_str t)
{
    t = bb_trim(t);
    bool begins = !t.n;
    for (size_t k = 0; k < BB_COUNT(title_fields) && !begins; k++)
        begins = bb_lower(t.p[0]) == title_fields[k].p[0] && bb_istarts(t, title_fields[k]);
    return begins && bb_empty(bb_trim(bb_without_titles(a, t, (bb_str){0})));
}

/* ---- sentences ------------------------------------------------------------------------------------------- */

static bool abbreviated(bb_str sentence)
{
    static const char *const short_forms[] = {"e.g.", "i.e.", "z.b.", "etc.", "p.ej.", "p.ex."};
    for (size_t i = 0; i < BB_COUNT(short_forms); i++)
        if (bb_iends(sentence, bb_cstr(short_forms[i]))) return true;
    return false;
}

/* Length of the sentence that t begins with: to a full stop with space behind it, a semicolon, an empty line. */
static size_t sentence_in(bb_str t)
{
    static const bool may_end[256] = {
        ['.'] = true, ['!'] = true, ['?'] = true, [';'] = true, ['\n'] = true, [0xE3] = true};
    for (size_t i = 0; i < t.n; i++) {
        if (!may_end[(unsigned char)t.p[i]]) continue;
        bool last = i + 1 == t.n || bb_is_space(t.p[i + 1]);
        if (t.p[i] == '\n' && i + 1 < t.n && t.p[i + 1] == '\n') return i + 2;
        if (bb_starts(bb_sub(t, i, 3), BB_S("\xE3\x80\x82"))) return i + 3; /* ideographic full stop */
        if (!last || t.p[i] == '\n' || t.p[i] == '\xE3') continue;
        if (t.p[i] != '.' || !abbreviated(bb_sub(t, 0, i + 1))) return i + 1;
    }
    return t.n;
}

/* The doubts of a text, one after the other. */
typedef struct {
    bb_phrase_scan scan;
    bb_phrase_hit hit; /* the next one */
    bool any;          /* there is one */
    bool of_nobody;    /* the text stands under nobody's address */
} doubting;

static void next_doubt(doubting *d)
{
    d->any = bb_phrase_next(&d->scan, &d->hit);
}

/* How much of the sentence from `from` to `to` is asserted. */
static size_t asserted_in(bb_str t, size_t from, size_t to, doubting *d)
{
    bb_str sentence = bb_trim(bb_sub(t, from, to - from));
    size_t upto = sentence.n && sentence.p[sentence.n - 1] == '?' ? from : to;
    while (d->any && d->hit.at < from) next_doubt(d);
    for (; d->any && d->hit.at < to; next_doubt(d)) {
        if (d->hit.sense == BB_DOUBT_NONE || (d->hit.sense == BB_DOUBT_OR && !d->of_nobody)) continue;
        if (d->hit.sense != BB_DOUBT_ONWARDS) upto = from;
        if (d->hit.at < upto) upto = d->hit.at;
    }
    return upto - from;
}

static bool is_item(bb_str line)
{
    bb_str s = bb_trim(line);
    size_t n = 0;
    while (n < s.n && n < 3 && bb_is_digit(s.p[n])) n++;
    if (n && n < s.n && (s.p[n] == '.' || s.p[n] == ')')) return true;
    return s.n && (strchr("*-+", s.p[0]) || bb_starts(s, BB_S("\xE2\x80\xA2")) || bb_starts(s, BB_S("\xC2\xB7")) ||
                   (line.p[0] == ' ' || line.p[0] == '\t'));
}

/* Bytes of the list that "Possible reasons:" opens, or of the paragraph in its place. */
static size_t list_in(bb_str t)
{
    bb_str rest = t, line;
    bool items = false, text = false;
    size_t n = 0;
    for (; bb_line(&rest, &line); n = t.n - rest.n) {
        if (bb_empty(bb_trim(line))) {
            if (text) return n;
        } else if (is_item(line)) {
            items = true;
        } else if (items) {
            return n;
        } else {
            text = true;
        }
    }
    return n;
}

bb_str bb_asserted(bb_arena *a, const bb_phrases_found *read, bb_str words, bb_str subject, bool of_nobody)
{
    bb_str t = bb_without_titles(a, words, bb_trim(subject));
    doubting d = {.scan = bb_phrases(read, t, BB_WORDS_DOUBTS), .of_nobody = of_nobody};
    next_doubt(&d);
    if (!d.any && bb_chr(t, '?') == BB_NPOS) return t;
    bb_buf out = bb_buf_of(a, 2 * t.n + 2); /* a sentence of one sign leaves two */
    for (size_t from = 0, to; from < t.n; from = to) {
        to = from + sentence_in(bb_sub(t, from, BB_NPOS));
        size_t n = asserted_in(t, from, to, &d);
        bb_put(&out, bb_sub(t, from, n));
        if (n == to - from) continue;
        bb_puts(&out, "\n\n"); /* nothing reaches over the gap */
        bb_str sentence = bb_trim(bb_sub(t, from, to - from));
        if (sentence.n && sentence.p[sentence.n - 1] == ':') to += list_in(bb_sub(t, to, BB_NPOS));
    }
    return bb_buf_str(&out);
}

bb_str bb_report_asserted(bb_arena *a, bb_str words, bb_str subject, bool of_nobody)
{
    return bb_asserted(a, NULL, words, subject, of_nobody);
}

/* ---- footers ----------------------------------------------------------------------------------------------- */

bb_str bb_without_footers(bb_arena *a, bb_str text)
{
    bb_phrase_scan scan = bb_phrases(NULL, text, BB_WORDS_FOOTERS);
    bb_phrase_hit hit;
    bb_buf out = {0};
    size_t kept = 0;
    for (size_t from = 0, to = 0; bb_phrase_next(&scan, &hit);) {
        if (hit.at < kept) continue;
        for (; to <= hit.at; to = from + sentence_in(bb_sub(text, from, BB_NPOS))) from = to;
        bb_str before = bb_sub(text, from, hit.at - from);
        bool names = bb_chr(before, '@') != BB_NPOS; /* an address and its refusal, that no full stop ends */
        size_t cut = names ? from + bb_rchr(before, '\n') + 1 : from;
        if (!kept) out = bb_buf_of(a, text.n);
        bb_put(&out, bb_sub(text, kept, cut - kept));
        kept = to;
    }
    if (!kept) return text;
    bb_put(&out, bb_sub(text, kept, BB_NPOS));
    return bb_buf_str(&out);
}
