/* SPDX-License-Identifier: MIT
 *
 * charset: bytes in what mail calls its charsets, to UTF-8.
 */
#include "edge/charset/charset.h"

#include "tap.h"

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
    bb_charsets_close(&c);
    bb_arena_free(&a);
    return tap_done();
}
