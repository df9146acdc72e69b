/* SPDX-License-Identifier: MIT
 *
 * Fuzz: bytes in a charset, one of the table's or whatever the input calls it. What comes out is UTF-8 and bounded, and
 * the same whatever was converted before.
 */
#include "core/mail/internal.h"
#include "edge/charset/charset.h"
#include "fuzz.h"
#include "tap.h"

static const char *const names[] = {
    "utf-8",
    "us-ascii",
    "iso-8859-1",
    "windows-1252",
    "",
    "utf-7",
    "unicode-1-1-utf-7",
    "utf-16",
    "utf-16be",
    "utf-16le",
    "utf-32",
    "iso-2022-jp",
    "shift_jis",
    "euc-jp",
    "iso-2022-kr",
    "euc-kr",
    "big5",
    "gb2312",
    "gbk",
    "gb18030",
    "hz-gb-2312",
    "koi8-r",
    "windows-1251",
    "iso-8859-2",
    "big5-hkscs",
    "iso-8859-15",
    "windows-874",
    "macintosh",
    "cp437",
    "iso-2022-jp-2",
    "x-mac-cyrillic",
    "windows-1258",
};

static bb_charsets used; /* by all that came before */

static bb_str through(bb_arena *a, bb_charsets *with, bb_str name, bb_str bytes)
{
    bb_str out;
    if (!bb_charset_convert(with, a, name, bytes, &out)) return BB_S("unknown");
    MUST(out.n <= 4 * bytes.n + 64);
    return out;
}

static void check_text(bb_mail *m, bb_str name, bb_str bytes)
{
    bb_str text = bb_to_utf8(m, name, bytes);
    MUST(bb_utf8_valid(text) && text.n <= 3 * (4 * bytes.n + 64));
    MUST(bb_eq(text, bb_to_utf8(m, name, bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bb_str bytes = {(const char *)data, size}, name = bb_sub(bytes, 0, 1);
    unsigned which = size ? data[0] % 64U : 0;
    bytes = bb_sub(bytes, 1, BB_NPOS);
    if (which < BB_COUNT(names)) name = bb_cstr(names[which]);
    else if (!bb_split(&bytes, '\n', &name)) name = BB_S("");
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_charsets fresh = {0};
    bb_mail_options with = bb_mail_defaults;
    with.charset = bb_charset_convert;
    with.charset_ctx = &used;
    bb_mail known = {.opt = &with, .arena = &a}, unknown = {.opt = &bb_mail_defaults, .arena = &a};
    check_text(&known, name, bytes);
    check_text(&unknown, name, bytes);
    MUST(bb_eq(through(&a, &used, name, bytes), through(&a, &fresh, name, bytes)));
    MUST(!a.failed);
    bb_charsets_close(&fresh);
    bb_arena_free(&a);
    return 0;
}
