/* SPDX-License-Identifier: MIT
 *
 * mail: what real mail does to headers, boundaries, encodings and charsets; the limits; cut off anywhere, and with no
 * memory left anywhere.
 */
#include <stdlib.h>
#include <time.h>

#include "core/mail/mail.h"
#include "tap.h"

static bb_arena arena;

static bb_mail *read_mail(bb_str bytes, const bb_mail_options *opt)
{
    bb_mail *m = bb_get(&arena, sizeof *m);
    if (!m) abort();
    bb_mail_read(&arena, bytes, opt, m);
    return m;
}

/* The tree in one line: "multipart/mixed(text/plain,message/rfc822(text/html))". */
static void put_tree(bb_buf *out, const bb_part *p)
{
    bb_put(out, p->type);
    if (!p->child) return;
    bb_putc(out, '(');
    for (const bb_part *c = p->child; c; c = c->next) {
        if (c != p->child) bb_putc(out, ',');
        put_tree(out, c);
    }
    bb_putc(out, ')');
}

static bb_str tree_of(const bb_mail *m)
{
    bb_buf out = bb_buf_in(&arena, 4096);
    put_tree(&out, m->root);
    return bb_buf_str(&out);
}

static bb_str texts_of(bb_mail *m)
{
    bb_buf out = bb_buf_in(&arena, (size_t)1 << 20);
    for (bb_part *p = m->root; p; p = bb_part_next(NULL, p)) {
        if (p->child) continue;
        bb_put(&out, bb_part_text(m, p));
        bb_putc(&out, '|');
    }
    return bb_sub(bb_buf_str(&out), 0, out.n - (out.n > 0));
}

static bb_str with_line_ends(const char *text, const char *end)
{
    bb_buf out = bb_buf_in(&arena, 3 * strlen(text) + 1);
    for (; *text; text++) {
        if (*text == '\n') bb_puts(&out, end);
        else bb_putc(&out, *text);
    }
    return bb_buf_str(&out);
}

/* ---- headers -------------------------------------------------------------------------------------- */

static void headers(void)
{
    static const struct {
        const char *name, *head, *subject, *body;
    } rows[] = {
        {"plain", "Subject: news\n\nbody", "news", "body"},
        {"any case", "SUBJECT:news\n\nbody", "news", "body"},
        {"space before the colon", "Subject : news\n\nbody", "news", "body"},
        {"folded", "Subject: one\n two\n\tthree\n\nbody", "one two three", "body"},
        {"folded before the first word", "Subject:\n news\n\nbody", "news", "body"},
        {"a fold of nothing", "Subject: one\n \n two\n\nbody", "one two", "body"},
        {"the first of two", "Subject: one\nSubject: two\n\nbody", "one", "body"},
        {"blank lines before", "\n\n\nSubject: news\n\nbody", "news", "body"},
        {"an mbox line before", "From ann Mon Nov 23 15:44:00 2026\nSubject: news\n\nbody", "news", "body"},
        {"a broken line inside", "X-A: 1\nthis is broken\nSubject: news\n\nbody", "news", "body"},
        {"no empty line", "Subject: news\nHello there, no field.\nMore", "news", "Hello there, no field.\nMore"},
        {"no body", "Subject: news", "news", ""},
        {"no header", "Just words.\nMore words.\n", "", "Just words.\nMore words.\n"},
        {"a link is no field", "http://example.com/\nwords", "", "http://example.com/\nwords"},
        {"8 bit", "Subject: caf\xC3\xA9\n\nbody", "caf\xC3\xA9", "body"},
        {"8 bit of another kind", "Subject: caf\xE9\n\nbody", "caf\xC3\xA9", "body"},
        {"controls",
         "Subject: a\x01"
         "b\n\nbody",
         "a b", "body"},
        {"nothing at all", "", "", ""},
        {"one line end", "\n", "", ""},
    };
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n"};
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        for (size_t k = 0; k < BB_COUNT(ends); k++) {
            bb_mail *m = read_mail(with_line_ends(rows[i].head, ends[k]), NULL);
            is_str(bb_field_text(m, m->root, "Subject"), bb_cstr(rows[i].subject), "%s, line ends %zu: subject",
                   rows[i].name, k);
            is_str(bb_part_text(m, m->root), bb_cstr(rows[i].body), "%s, line ends %zu: body", rows[i].name, k);
        }
    bb_mail *m = read_mail(BB_S("A: 1\r\nB: 2\rC: 3\nD: 4\r\r\n\r\nx\ry\r\nz"), NULL);
    is_str(bb_field_raw(m, m->root, "D"), BB_S("4"), "mixed line ends: the last field");
    is_str(bb_part_text(m, m->root), BB_S("x\ny\nz"), "mixed line ends: the body");
    const bb_field *f = bb_field_get(read_mail(BB_S("X: 1\nY: 2\nx: 3\n\n"), NULL)->root, "X");
    f = bb_field_after(f, "X");
    ok(f && bb_eq(bb_trim(f->value), BB_S("3")) && !bb_field_after(f, "X"), "fields of one name, one after the other");
}

static void encoded_words(void)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"=?utf-8?Q?caf=C3=A9?=", "caf\xC3\xA9"},
        {"=?UTF-8?B?Y2Fmw6k=?=", "caf\xC3\xA9"},
        {"=?iso-8859-1?q?caf=E9?=", "caf\xC3\xA9"},
        {"=?iso-8859-1*fr?q?caf=E9?=", "caf\xC3\xA9"},
        {"=?windows-1252?q?=93a=94?=", "\xE2\x80\x9C"
                                       "a\xE2\x80\x9D"},
        {"=?utf-8?q?a_b?=", "a b"},
        {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
        {"=?utf-8?q?a?=\n =?utf-8?q?b?=", "ab"},
        {"=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "caf\xC3\xA9"}, /* one character in two words */
        {"=?utf-8?b?w6k?=", "\xC3\xA9"},                       /* padding left out */
        {"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
        {"x=?utf-8?q?a?=y", "xay"},
        {"=?utf-8?q?a b?=", "a b"},
        {"=?utf-8?q?=4?=", "=4"},
        {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
        {"=?utf-8?q?a", "=?utf-8?q?a"},
        {"=?utf-8?q", "=?utf-8?q"},
        {"=?=?=?", "=?=?=?"},
        {"=?no-such-charset?q?abc?=", "abc"},
        {"=?utf-8?q?a=0D=0Ab=00c?=", "a  b c"},
        {"=?us-ascii?q?"
         "?=",
         ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_mail *m = read_mail(BB_S("x"), NULL);
        is_str(bb_value_text(m, bb_cstr(rows[i].value)), bb_cstr(rows[i].want), "%s", rows[i].value);
    }
}

static void parameters(void)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"text/plain; name=a.txt", "a.txt"},
        {"text/plain; NAME=\"a b.txt\"", "a b.txt"},
        {"text/plain; name=\"a\\\"b\"", "a\"b"},
        {"text/plain ; name = a", "a"},
        {"text/plain;name=a;name=b", "a"},
        {"text/plain; x=y (name=no); name=a", "a"},
        {"text/plain; names=no; name=a", "a"},
        {"text/plain; name=a=b", "a=b"},
        {"text/plain; name*=utf-8''caf%C3%A9", "caf\xC3\xA9"},
        {"text/plain; name*=iso-8859-1'fr'caf%E9", "caf\xC3\xA9"},
        {"text/plain; name*0=ab; name*1=cd", "abcd"},
        {"text/plain; name*1=cd; name*0=ab", "abcd"},
        {"text/plain; name*0*=utf-8''caf%C3; name*1*=%A9; name*2=%20", "caf\xC3\xA9%20"},
        {"text/plain; name*0=ab; name*2=cd", "ab"},
        {"text/plain; name=plain; name*=utf-8''better", "better"},
        {"text/plain; name*=%zz", "%zz"},
        {"text/plain; name=\"open", "open"},
        {"text/plain; (open name=a", "a"},
        {"text/plain name=a", "a"},
        {"text/plain; name", ""},
        {"text/plain; name=", ""},
        {"text/plain", ""},
        {"", ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_mail *m = read_mail(BB_S("x"), NULL);
        is_str(bb_param(m, bb_cstr(rows[i].value), "name"), bb_cstr(rows[i].want), "%s", rows[i].value);
    }
}

/* ---- parts ------------------------------------------------------------------------------------------ */

#define TYPE  "Content-Type: "
#define MIXED TYPE "multipart/mixed; boundary=b\n\n"

static void parts(void)
{
    static const struct {
        const char *name, *mail, *tree, *texts;
    } rows[] = {
        {"two parts", MIXED "pre\n--b\n\none\n--b\n\ntwo\n--b--\nepi\n", "multipart/mixed(text/plain,text/plain)",
         "one|two"},
        {"not closed", MIXED "--b\n\none\n--b\n\ntwo\n", "multipart/mixed(text/plain,text/plain)", "one|two\n"},
        {"space behind the boundary", MIXED "--b \n\none\n--b-- \n", "multipart/mixed(text/plain)", "one"},
        {"a longer line is no boundary", MIXED "--b\n\n--bb\n-- b\n--b--\n", "multipart/mixed(text/plain)",
         "--bb\n-- b"},
        {"quoted boundary", TYPE "multipart/mixed; boundary=\"a b\"\n\n--a b\n\none\n--a b--\n",
         "multipart/mixed(text/plain)", "one"},
        {"boundary not said", TYPE "multipart/mixed\n\n--x\n" TYPE "text/html\n\n<b>one</b>\n--x--\n",
         "multipart/mixed(text/html)", "one\n"},
        {"another boundary than said", MIXED "--x\n" TYPE "text/html\n\none\n--x\n\ntwo\n--x--\n",
         "multipart/mixed(text/html,text/plain)", "one\n|two"},
        {"no boundary anywhere", MIXED "words\nonly\n", "multipart/mixed(text/plain)", "words\nonly\n"},
        {"an inner one is not closed",
         TYPE "multipart/mixed; boundary=o\n\n--o\n" TYPE
              "multipart/alternative; boundary=i\n\n--i\n\none\n--o\n\ntwo\n"
              "--o--\n",
         "multipart/mixed(multipart/alternative(text/plain),text/plain)", "one|two"},
        {"an empty part", MIXED "--b\n--b\n\ntwo\n--b--", "multipart/mixed(text/plain,text/plain)", "|two"},
        {"a message inside", MIXED "--b\n" TYPE "message/rfc822\n\nSubject: in\n\ninner\n--b--\n",
         "multipart/mixed(message/rfc822(text/plain))", "inner"},
        {"headers alone", MIXED "--b\n" TYPE "text/rfc822-headers\n\nSubject: in\nTo: x\n--b--\n",
         "multipart/mixed(text/rfc822-headers(text/plain))", ""},
        {"an encoded message",
         TYPE "message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4KCmlubmVyCg==\n",
         "message/rfc822(text/plain)", "inner\n"},
        {"said to be encoded, and is not",
         TYPE "message/rfc822\nContent-Transfer-Encoding: base64\n\nSubject: in\n\ninner\n",
         "message/rfc822(text/plain)", "inner\n"},
        {"a digest", TYPE "multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\none\n--b--\n",
         "multipart/digest(message/rfc822(text/plain))", "one"},
        {"an mbox line inside", TYPE "message/rfc822\n\n>From x Mon\nSubject: in\n\ninner",
         "message/rfc822(text/plain)", "inner"},
        {"type with spaces", TYPE "Text / HTML ; charset=utf-8\n\n<p>one", "text/html", "one\n"},
        {"no type", TYPE "text\n\none", "text/plain", "one"},
    };
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n"};
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        for (size_t k = 0; k < BB_COUNT(ends); k++) {
            bb_mail *m = read_mail(with_line_ends(rows[i].mail, ends[k]), NULL);
            is_str(tree_of(m), bb_cstr(rows[i].tree), "%s, line ends %zu: tree", rows[i].name, k);
            is_str(texts_of(m), bb_cstr(rows[i].texts), "%s, line ends %zu: texts", rows[i].name, k);
            ok(!m->truncated, "%s, line ends %zu: nothing cut", rows[i].name, k);
        }
}

static void encodings(void)
{
    static const struct {
        const char *encoding, *body, *want;
    } rows[] = {
        {"quoted-printable", "caf=C3=A9 a=\nb =20\n", "caf\xC3\xA9 ab  \n"},
        {"Quoted-Printable", "broken =Z9 =4 end=", "broken =Z9 =4 end"},
        {"quoted-printable", "white at the end   \nnext=  \nline\n", "white at the end\nnextline\n"},
        {"quoted-printable", "so=\r\r\nft and=\rhard\r\rlines=\n", "soft andhard\n\nlines"},
        {"quoted-printable", "=e4=bd=a0", "\xE4\xBD\xA0"},
        {"base64", "aGVsbG8=\n", "hello"},
        {"base64", "aGVs\nbG8", "hello"},
        {"base64", "a*G-V s!b G8=", "hello"},
        {"base64", "aGVsbG8=aGVsbG8=", "hellohello"},
        {"base64", "aGVsbG", "hell"},
        {"base64", "====", ""},
        {"base64", "", ""},
        {"x-uuencode", "hi\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\nbye\n", "hi\nhellobye\n"},
        {"x-uuencode", "no beginning\n", "no beginning\n"},
        {"8bit", "a=20b\n", "a=20b\n"},
        {"no-such-encoding", "a=20b\n", "a=20b\n"},
        {"7bit (or so)", "a\n", "a\n"},
        {"\"base64\"", "aGVsbG8=", "hello"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str mail = bb_sprintf(&arena, "Content-Transfer-Encoding: %s\n\n%s", rows[i].encoding, rows[i].body);
        bb_mail *m = read_mail(mail, NULL);
        is_str(bb_part_text(m, m->root), bb_cstr(rows[i].want), "%s: %s", rows[i].encoding, rows[i].body);
    }
}

static bool rot13(void *ctx, bb_arena *a, bb_str charset, bb_str in, bb_str *out)
{
    int *calls = ctx;
    ++*calls;
    if (!bb_ieq(charset, BB_S("x-rot13"))) return false;
    bb_buf b = bb_buf_in(a, in.n);
    for (size_t i = 0; i < in.n; i++) bb_putc(&b, in.p[i] >= 'a' && in.p[i] <= 'm' ? (char)(in.p[i] + 13) : in.p[i]);
    *out = bb_buf_str(&b);
    return true;
}

static void charsets(void)
{
    static const struct {
        const char *charset, *body, *want;
    } rows[] = {
        {"utf-8", "caf\xC3\xA9", "caf\xC3\xA9"},
        {"UTF8",
         "\xEF\xBB\xBF"
         "a",
         "a"},
        {"utf-8", "caf\xE9", "caf\xC3\xA9"},
        {"utf-8", "na\xC3\xAFve caf\xE9", "na\xC3\xAFve caf\xEF\xBF\xBD"},
        {"us-ascii", "caf\xC3\xA9", "caf\xC3\xA9"},
        {"ISO-8859-1", "caf\xE9 \x80", "caf\xC3\xA9 \xE2\x82\xAC"},
        {"\"windows-1252\"", "\x93", "\xE2\x80\x9C"},
        {"x-rot13", "abc", "nop"},
        {"unheard-of", "caf\xE9", "caf\xC3\xA9"},
        {"", "caf\xC3\xA9", "caf\xC3\xA9"},
    };
    int calls = 0;
    bb_mail_options opt = bb_mail_defaults;
    opt.charset = rot13;
    opt.charset_ctx = &calls;
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_str mail = bb_sprintf(&arena, TYPE "text/plain; charset=%s\n\n%s", rows[i].charset, rows[i].body);
        bb_mail *m = read_mail(mail, &opt);
        is_str(bb_part_text(m, m->root), bb_cstr(rows[i].want), "charset %s", rows[i].charset);
    }
    is_int(calls, 2, "the converter is asked for what the reader does not know");
    bb_mail *m = read_mail(BB_S("\na\0b"), &opt);
    is_str(bb_part_text(m, m->root),
           BB_S("a\xEF\xBF\xBD"
                "b"),
           "no NUL in a text");
}

static void html(void)
{
    static const struct {
        const char *html, *want;
    } rows[] = {
        {"<p>One</p><p>Two</p>", "One\n\nTwo"},
        {"One<br>Two<BR/>Three", "One\nTwo\nThree"},
        {"<div>a</div><div>b</div>", "a\nb"},
        {"<ul><li>a<li>b</ul>", "a\nb"},
        {"<table><tr><td>550</td><td>no such user</td></tr></table>", "550\tno such user"},
        {"a  \n\t b", "a b"},
        {"<b>bo</b>ld", "bold"},
        {"&lt;ann@example.com&gt; &amp; &quot;you&quot;", "<ann@example.com> & \"you\""},
        {"&#8364; &#x20AC; &euro; &#128;", "\xE2\x82\xAC \xE2\x82\xAC \xE2\x82\xAC \xE2\x82\xAC"},
        {"a&nbsp;b&shy;c", "a bc"},
        {"&nosuch; &; & &#; &#xZZ;", "&nosuch; &; & &#; &#xZZ;"},
        {"?a=1&copy=2", "?a=1&copy=2"},
        {"&#1114112; &#xD800;", "\xEF\xBF\xBD \xEF\xBF\xBD"},
        {"a<!-- b --> c<!-- open", "a c<!-- open"},
        {"<style>p{}</style>a<script>if (a<b) x()</script>b", "ab"},
        {"<style>never closed <p>a", "never closed\n\na"},
        {"mail <ann@example.com> or <http://example.com/>", "mail <ann@example.com> or <http://example.com/>"},
        {"1 < 2 and a<b", "1 < 2 and a<b"},
        {"<pre>a\n  b</pre>", "a\n  b"},
        {"<a href=\"x>y\">link</a>", "y\">link"},
        {"<html><head><title>T</title></head><body>B</body></html>", "T\nB"},
        {"<", "<"},
        {"", ""},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_mail *m = read_mail(bb_sprintf(&arena, TYPE "text/html; charset=utf-8\n\n%s", rows[i].html), NULL);
        is_str(bb_trim(bb_part_text(m, m->root)), bb_cstr(rows[i].want), "%s", rows[i].html);
    }
}

static void field_blocks(void)
{
    bb_mail *m = read_mail(BB_S("x"), NULL);
    bb_str rest = BB_S("\n\nA: 1\nB: 2\n more\n\nC: 3\nno field\nD: 4\n");
    const bb_field *f = bb_fields_read(m, &rest);
    ok(f && f->next && !f->next->next, "two fields, up to the empty line");
    is_str(f && f->next ? bb_value_unfold(m, f->next->value) : (bb_str){0}, BB_S("2 more"), "the second is folded");
    f = bb_fields_read(m, &rest);
    ok(f && bb_eq(f->name, BB_S("C")) && !f->next, "the next block ends at what is none");
    ok(bb_starts(rest, BB_S("no field")), "where reading stops");
    ok(!bb_fields_read(m, &rest) && bb_starts(rest, BB_S("no field")), "which nothing passes over");
}

/* ---- limits ----------------------------------------------------------------------------------------- */

static bb_str repeated(const char *before, const char *unit, size_t n, const char *behind)
{
    bb_buf b = bb_buf_in(&arena, (size_t)64 << 20);
    bb_puts(&b, before);
    while (n--) bb_puts(&b, unit);
    bb_puts(&b, behind);
    return bb_buf_str(&b);
}

static const char *cut_of(bb_str bytes, const bb_mail_options *opt)
{
    bb_mail *m = read_mail(bytes, opt);
    (void)texts_of(m);
    return m->truncated;
}

static void limits(void)
{
    static const struct {
        const char *name, *before, *unit, *behind;
        size_t fits; /* how many units do not cut */
        bb_mail_options opt;
        const char *limit;
    } rows[] = {
        {"depth", "", TYPE "message/rfc822\n\n", "x", 5, {.max_depth = 5}, "max_depth"},
        {"parts", MIXED, "--b\n\nx\n", "--b--\n", 7, {.max_parts = 8}, "max_parts"},
        {"fields", "", "A: b\n", "\nx", 6, {.max_fields = 6}, "max_fields"},
        {"header bytes", "", "A: bcdefgh\n", "\nx", 9, {.max_header_bytes = 100}, "max_header_bytes"},
        {"bytes of one field", "A:", " bcdefghi\n", "\nx", 9, {.max_header_bytes = 100}, "max_header_bytes"},
        {"text", "\n", "0123456789", "", 10, {.max_text_bytes = 100}, "max_text_bytes"},
        {"text of HTML",
         TYPE "text/html\n\n",
         "&lt;&lt;&lt;&lt;&lt;",
         "",
         5,
         {.max_text_bytes = 100},
         "max_text_bytes"},
        {"decoded text",
         "Content-Transfer-Encoding: base64\n\n",
         "MDEyMzQ1Njc4OTAx",
         "",
         8,
         {.max_text_bytes = 100},
         "max_text_bytes"},
        {"text of a decoded message",
         TYPE "message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYgoK",
         "CgoKCgoKCgoKCgoK",
         "",
         2,
         {.max_text_bytes = 25},
         "max_text_bytes"},
        {"decoded messages",
         MIXED,
         "--b\n" TYPE "message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYgoKCgoKCgoKCgoK\n",
         "--b--\n",
         6,
         {.max_text_bytes = 25},
         "max_text_bytes"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_mail_options opt = bb_mail_defaults;
        if (rows[i].opt.max_depth) opt.max_depth = rows[i].opt.max_depth;
        if (rows[i].opt.max_parts) opt.max_parts = rows[i].opt.max_parts;
        if (rows[i].opt.max_fields) opt.max_fields = rows[i].opt.max_fields;
        if (rows[i].opt.max_header_bytes) opt.max_header_bytes = rows[i].opt.max_header_bytes;
        if (rows[i].opt.max_text_bytes) opt.max_text_bytes = rows[i].opt.max_text_bytes;
        is_cstr(cut_of(repeated(rows[i].before, rows[i].unit, rows[i].fits, rows[i].behind), &opt), NULL, "%s: %zu fit",
                rows[i].name, rows[i].fits);
        is_cstr(cut_of(repeated(rows[i].before, rows[i].unit, rows[i].fits + 1, rows[i].behind), &opt), rows[i].limit,
                "%s: one more is cut", rows[i].name);
    }
    bb_mail_options deep = bb_mail_defaults;
    deep.max_depth = 100000;
    bb_str nested = repeated("", TYPE "message/rfc822\n\n", 50000, "x");
    is_cstr(cut_of(nested, &deep), "max_depth", "nothing recurses deeper than a hundred");
    bb_mail_options small = bb_mail_defaults;
    small.max_text_bytes = 4;
    bb_mail *m = read_mail(BB_S("\nab\xE2\x82\xAC"
                                "c"),
                           &small);
    is_str(bb_part_text(m, m->root), BB_S("ab"), "no character is cut in two");
}

/* ---- endings ---------------------------------------------------------------------------------------- */

static const char *const fixtures[] = {"tests/fixtures/mta/postfix-multi.eml", "tests/fixtures/mta/exim-delay.eml",
                                       "tests/golden/ordinary/forwarded-bounce-attached.eml"};

/* How many parts, and that all of it can be asked for. */
static int read_all(bb_arena *a, bb_str bytes)
{
    bb_mail m;
    int n = 0;
    bb_mail_read(a, bytes, NULL, &m);
    for (bb_part *p = m.root; p; p = bb_part_next(NULL, p), n++) {
        bb_str all[] = {bb_part_text(&m, p), bb_part_bytes(&m, p), bb_field_text(&m, p, "Subject"),
                        bb_param(&m, bb_field_raw(&m, p, "Content-Type"), "boundary")};
        for (size_t i = 0; i < BB_COUNT(all); i++)
            if (all[i].n && !all[i].p) return -1;
    }
    return n;
}

/* The bytes are copied, so that the address sanitizer sees one byte too far. */
static void cut_off_anywhere(void)
{
    for (size_t i = 0; i < BB_COUNT(fixtures); i++) {
        bb_str whole = tap_source_file(fixtures[i]);
        int most = read_all(&arena, whole), worst = most;
        ok(most > 1, "%s is there", fixtures[i]);
        for (size_t n = 0; n < whole.n; n++) {
            bb_arena a;
            char *copy = malloc(n + !n);
            if (!copy) abort();
            memcpy(copy, whole.p, n);
            bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
            int parts = read_all(&a, (bb_str){copy, n});
            /* a closing delimiter that lost its end opens a part */
            if (parts < 1 || parts > most + 1 || a.failed) tap_note("%zu: %d parts", n, worst = parts);
            bb_arena_free(&a);
            free(copy);
        }
        is_int(worst, most, "%s, cut off at each of its %zu bytes", fixtures[i], whole.n);
        free((void *)(uintptr_t)whole.p);
    }
}

/* Each request is refused once: those of chunks by the allocator, those within by the ceiling. */
static void without_memory(void)
{
    for (size_t i = 0; i < BB_COUNT(fixtures); i++) {
        bb_str whole = tap_source_file(fixtures[i]);
        bb_arena a;
        bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
        read_all(&a, whole);
        size_t used = a.used, told = 0, tried = 0;
        bb_arena_free(&a);
        for (size_t limit = 0; limit < used; limit += 16, tried++) {
            bb_arena_init(&a, &tap_alloc, limit);
            if (read_all(&a, whole) >= 1 && a.failed) told++;
            bb_arena_free(&a);
        }
        ok(tried > 20 && told == tried, "%s: %zu of %zu ceilings told", fixtures[i], told, tried);
        long n = 1;
        for (tap_failing f; n < 100; n++) {
            tap_failing_init(&f, n);
            bb_arena_init(&a, &f.alloc, BB_ARENA_LIMIT);
            bool read = read_all(&a, whole) >= 1, failed = a.failed, reached = f.seen >= n;
            bb_arena_free(&a);
            if (!reached) break;
            ok(read && failed, "%s: allocation %ld refused", fixtures[i], n);
        }
        ok(n > 1 && n < 100, "allocations were refused");
        free((void *)(uintptr_t)whole.p);
    }
}

/* What invites to look at the same bytes again and again: a thousand times the bytes, and still done at once. */
static void hostile_mail_is_read_in_linear_time(void)
{
    static const struct {
        const char *name, *before, *unit;
    } rows[] = {
        {"boundaries that nobody said", "", TYPE "multipart/mixed\n\n--x\n"},
        {"multiparts in multiparts", MIXED, "--b\n" TYPE "multipart/mixed; boundary=b\n\n"},
        {"messages in messages", "", TYPE "message/rfc822\n\n"},
        {"encoded messages", "", TYPE "message/rfc822\nContent-Transfer-Encoding: base64\n\nQ29u\n"},
        {"dashes", MIXED, "--\n"},
        {"encoded words that never end", "Subject: ", "=?utf-8?q?"},
        {"comments that never end", TYPE, "("},
        {"quotes", TYPE "text/plain", "; a=\""},
        {"segments", TYPE "text/plain", "; name*1*=%"},
        {"broken lines in a header", "", "broken\nX-A: b\n"},
        {"tags that never end", TYPE "text/html\n\n", "<a <"},
        {"comments in HTML", TYPE "text/html\n\n", "<!--"},
        {"scripts", TYPE "text/html\n\n", "<script><style>"},
        {"entities", TYPE "text/html\n\n", "&#"},
        {"line ends", "", "\r\r\n\n"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_arena a;
        bb_str bytes = repeated(rows[i].before, rows[i].unit, 300000 / strlen(rows[i].unit), "\n\nx");
        bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
        clock_t begin = clock();
        read_all(&a, bytes);
        double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        ok(seconds < 8 && !a.failed && a.used < 100 * bytes.n, "%s: %.3f s, %zu bytes of memory", rows[i].name, seconds,
           a.used);
        bb_arena_free(&a);
        bb_arena_reset(&arena);
    }
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    headers();
    encoded_words();
    parameters();
    parts();
    encodings();
    charsets();
    html();
    field_blocks();
    limits();
    cut_off_anywhere();
    without_memory();
    hostile_mail_is_read_in_linear_time();
    bb_arena_free(&arena);
    return tap_done();
}
