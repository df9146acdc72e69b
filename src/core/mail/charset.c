/* SPDX-License-Identifier: MIT
 *
 * Charsets: the three that need no tables here, all others through the converter that the caller brings.
 */
#include "core/mail/internal.h"

#include <string.h>

uint32_t bb_windows_1252(unsigned char c)
{
    static const uint16_t high[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                      0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                      0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                      0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    return c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c;
}

/* ISO-8859-1 has controls at 0x80 to 0x9F; whoever sends these bytes means windows-1252. */
static bb_str from_latin1(bb_arena *a, bb_str s)
{
    bb_buf out = bb_buf_of(a, s.n < SIZE_MAX / 3 ? 3 * s.n : s.n);
    for (size_t i = 0; i < s.n;) {
        size_t run = bb_next_high(s, i);
        bb_put(&out, bb_sub(s, i, run - i));
        for (i = run; i < s.n && (unsigned char)s.p[i] >= 0x80; i++)
            bb_put_utf8(&out, bb_windows_1252((unsigned char)s.p[i]));
    }
    return bb_buf_str(&out);
}

typedef enum { AS_IS, LATIN1, OTHER } charset;

/* What has to be done to bytes of that charset. Of the first two, ASCII is ASCII. */
static charset charset_of(bb_str name)
{
    static const struct {
        bb_str name;
        charset what;
    } known[] = {{BB_ROW(""), AS_IS},
                 {BB_ROW("utf-8"), AS_IS},
                 {BB_ROW("us-ascii"), AS_IS},
                 {BB_ROW("iso-8859-1"), LATIN1},
                 {BB_ROW("windows-1252"), LATIN1},
                 {BB_ROW("utf8"), AS_IS},
                 {BB_ROW("ascii"), AS_IS},
                 {BB_ROW("iso8859-1"), LATIN1},
                 {BB_ROW("iso_8859-1"), LATIN1},
                 {BB_ROW("latin1"), LATIN1},
                 {BB_ROW("cp1252"), LATIN1}};
    for (size_t i = 0; i < BB_COUNT(known); i++)
        if (bb_ieq(name, known[i].name)) return known[i].what;
    return OTHER;
}

/* False: nobody here knows that charset, or it is UTF-8 already. */
static bool converted(bb_mail *m, bb_str name, bb_str bytes, bb_str *out)
{
    charset c = charset_of(name);
    if (c == LATIN1) *out = from_latin1(m->arena, bytes);
    if (c != OTHER) return c == LATIN1;
    return m->opt->charset && m->opt->charset(m->opt->charset_ctx, m->arena, name, bytes, out);
}

bb_str bb_to_utf8(bb_mail *m, bb_str said, bb_str bytes)
{
    bb_str name = bb_token_take(&said), out = bytes;
    if (!name.n && bb_find(bytes, BB_S("\x1b$")) != BB_NPOS) name = BB_S("iso-2022-jp"); /* its own announcement */
    charset what = charset_of(name);
    if (what != OTHER && bb_is_ascii(bytes)) return bytes; /* nearly all there is */
    bool clean = what == LATIN1;
    if (!converted(m, name, bytes, &out)) {
        const char *guess = NULL;
        clean = bb_utf8_valid(bytes);
        if (!clean && !bb_utf8_mostly(bytes)) guess = bb_charset_guess(bytes);
        if (!guess || !converted(m, bb_cstr(guess), bytes, &out)) out = bytes;
    }
    if (bb_starts(out, BB_S("\xEF\xBB\xBF"))) out = bb_sub(out, 3, BB_NPOS);
    return clean ? out : bb_utf8_clean(m->arena, out);
}
