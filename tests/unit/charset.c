/* SPDX-License-Identifier: MIT
 *
 * charset: bytes in what mail calls its charsets, to UTF-8; and bytes of which nobody says what they are.
 */
#include "edge/charset/charset.h"
#include "core/mail/mail.h"
#include "tap.h"

#include <iconv.h>
#include <stdlib.h>

#define BYTES(s)         \
    {                    \
        s, sizeof(s) - 1 \
    }

static const struct {
    const char *charset;
    bb_str in;
    const char *out;
} rows[] = {
    {"koi8-r", BYTES("\xF0\xD2\xC9\xD7\xC5\xD4"), "Привет"},
    {"KOI8-R", BYTES("\xF0\xD2\xC9"), "При"},
    {"windows-1251", BYTES("\xCF\xF0\xE8"), "При"},
    {"cp1251", BYTES("\xCF"), "П"},
    {"iso-8859-2", BYTES("\xB1\xE6"), "ąć"},
    {"ISO_8859-15", BYTES("\xA4"), "€"},
    {"iso-2022-jp", BYTES("\x1b$B08@h\x1b(B!"), "宛先!"},
    {"iso-2022-jp", BYTES("plain"), "plain"},
    {"shift_jis", BYTES("\x88\xB6\x90\xE6"), "宛先"},
    {"x-sjis", BYTES("\x88\xB6"), "宛"},
    {"euc-jp", BYTES("\xB0\xB8\xC0\xE8"), "宛先"},
    {"gb2312", BYTES("\xC4\xE3\xBA\xC3"), "你好"},
    {"big5", BYTES("\xA7\x41\xA6\x6E"), "你好"},
    {"ks_c_5601-1987", BYTES("\xBE\xC8"), "안"},
    {"utf-7", BYTES("a+AOQ-b"), "aäb"},
    {"utf-16le", BYTES("a\0b\0"), "ab"},
    /* whichever came before; the mark is the reader's to leave out */
    {"utf-16", BYTES("\xFE\xFF\0a"),
     "\xEF\xBB\xBF"
     "a"},
    {"utf-16",
     BYTES("\xFF\xFE"
           "a\0"),
     "\xEF\xBB\xBF"
     "a"},
    {"utf-16", BYTES("\0a\0b"), "ab"},
    {"utf-16", BYTES("a\0b\0"), "ab"},
    {"utf-32", BYTES("\0\0\xFE\xFF\0\0\0a"),
     "\xEF\xBB\xBF"
     "a"},
    {"utf-32", BYTES("a\0\0\0"), "a"},
    {"utf-32", BYTES("\0\0\0a"), "a"},
    /* what is none of the charset */
    {"shift_jis", BYTES("a\x88"), "a\xEF\xBF\xBD"},
    {"euc-jp", BYTES("a\xFF\xFFz"), "a\xEF\xBF\xBD\xEF\xBF\xBDz"},
    {"koi8-r", BYTES(""), ""},
};

/* A charset that the table lacks, or that nobody should hand to iconv. */
static const char *const unknown[] = {
    "",        "x-unknown", "utf-8//TRANSLIT",       "../../tmp/evil", "iso-2022-cn-ext",
    "koi8-r,", "koi8-r ",   "iso-8859-222222222222", "IBM930"};

/* ---- nobody says which ---------------------------------------------------------------------------------- */

static const struct {
    const char *charset, *text;
} undeclared[] = {
    {"windows-1252", "Désolé, cette boîte n'existe plus."},
    {"windows-1252", "Empfänger für diese Domäne nicht bekannt – bitte prüfen"},
    {"windows-1252", "Mottagarens brevlåda är full"},
    {"koi8-r", "Недоставленное сообщение: пользователь не найден"},
    {"windows-1251", "Недоставленное сообщение: пользователь не найден (550 No such user)"},
    {"shift_jis", "お客様のメールは配信できませんでした。宛先のユーザーが存在しません。"},
    {"euc-jp", "お客様のメールは配信できませんでした。宛先のユーザーが存在しません。"},
    {"gb18030", "很抱歉，您的邮件被退回来了，原因：收件人邮箱不存在。"},
    {"big5", "很抱歉，您的郵件被退回來了，原因：收件人信箱不存在。"},
    {"euc-kr", "메일을 전송할 수 없습니다. 수신자의 메일 주소가 존재하지 않습니다."},
};

static bb_str encoded(bb_arena *a, const char *charset, bb_str text)
{
    size_t room = 4 * text.n + 16, left = text.n;
    char *out = bb_get(a, room), *to = out, *from = (char *)(uintptr_t)text.p;
    iconv_t open = iconv_open(charset, "UTF-8");
    if (!out || open == (iconv_t)-1 || iconv(open, &from, &left, &to, &room)) abort();
    iconv_close(open);
    return (bb_str){out, (size_t)(to - out)};
}

static bb_str body_of(bb_arena *a, bb_charsets *c, const char *said, bb_str bytes)
{
    bb_mail_options opt = bb_mail_defaults;
    bb_mail *m = bb_get(a, sizeof *m);
    if (!m) abort();
    opt.charset = bb_charset_convert;
    opt.charset_ctx = c;
    bb_mail_read(a, bb_sprintf(a, "Content-Type: text/plain%s\n\n" BB_FMT, said, BB_ARG(bytes)), &opt, m);
    return bb_part_text(m, m->root);
}

static void nobody_says_which(bb_charsets *c)
{
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < BB_COUNT(undeclared); i++) {
        bb_str text = bb_cstr(undeclared[i].text), bytes = encoded(&a, undeclared[i].charset, text);
        is_str(body_of(&a, c, "", bytes), text, "%s, not declared: %s", undeclared[i].charset, undeclared[i].text);
        is_str(body_of(&a, c, "; charset=utf-8", bytes), text, "%s, called utf-8", undeclared[i].charset);
        is_str(body_of(&a, c, "; charset=x-unknown", bytes), text, "%s, called something", undeclared[i].charset);
        is_str(body_of(&a, c, "", text), text, "%s: as UTF-8", undeclared[i].text);
        bb_arena_reset(&a);
    }
    bb_str garbage = BB_S("a \xF8\x80\x90\xFF\x9F\xC0 b");
    ok(bb_utf8_valid(body_of(&a, c, "", garbage)), "what is nothing at all is clean");
    bb_arena_free(&a);
}

int main(void)
{
    bb_arena a;
    bb_charsets c = {0};
    bb_str out;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        ok(bb_charset_convert(&c, &a, bb_cstr(rows[i].charset), rows[i].in, &out), "%s: known", rows[i].charset);
        is_str(out, bb_cstr(rows[i].out), "%s: converted", rows[i].charset);
        bb_arena_reset(&a);
    }
    for (size_t i = 0; i < BB_COUNT(unknown); i++)
        ok(!bb_charset_convert(&c, &a, bb_cstr(unknown[i]), BB_S("a"), &out), "\"%s\": unknown", unknown[i]);
    nobody_says_which(&c);
    bb_charsets_close(&c);
    bb_arena_free(&a);
    return tap_done();
}
