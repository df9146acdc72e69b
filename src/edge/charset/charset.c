/* SPDX-License-Identifier: MIT
 *
 * The table of charsets, and iconv over it.
 */
#include "edge/charset/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

/* What mail says, and what iconv calls it: where a superset is what people mean, the superset. Hyphens, underscores and
 * dots do not count, nor do letters' cases. */
static const struct {
    const char *said, *iconv;
} charsets[] = {
    {"big5", "BIG5"},
    {"big5hkscs", "BIG5-HKSCS"},
    {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},
    {"cp1253", "CP1253"},
    {"cp1254", "CP1254"},
    {"cp1255", "CP1255"},
    {"cp1256", "CP1256"},
    {"cp1257", "CP1257"},
    {"cp1258", "CP1258"},
    {"cp437", "CP437"},
    {"cp850", "CP850"},
    {"cp852", "CP852"},
    {"cp866", "CP866"},
    {"cp874", "CP874"},
    {"cp932", "CP932"},
    {"cp936", "GB18030"},
    {"cp949", "CP949"},
    {"cp950", "BIG5"},
    {"eucjp", "EUC-JP-MS"},
    {"euckr", "CP949"},
    {"gb18030", "GB18030"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"hzgb2312", "HZ"},
    {"iso2022jp", "ISO-2022-JP-3"},
    {"iso2022jp1", "ISO-2022-JP-3"},
    {"iso2022jp2", "ISO-2022-JP-2"},
    {"iso2022jp3", "ISO-2022-JP-3"},
    {"iso2022kr", "ISO-2022-KR"},
    {"iso885910", "ISO-8859-10"},
    {"iso885911", "CP874"},
    {"iso885913", "ISO-8859-13"},
    {"iso885914", "ISO-8859-14"},
    {"iso885915", "ISO-8859-15"},
    {"iso885916", "ISO-8859-16"},
    {"iso88592", "ISO-8859-2"},
    {"iso88593", "ISO-8859-3"},
    {"iso88594", "ISO-8859-4"},
    {"iso88595", "ISO-8859-5"},
    {"iso88596", "ISO-8859-6"},
    {"iso88597", "ISO-8859-7"},
    {"iso88598", "ISO-8859-8"},
    {"iso88598i", "ISO-8859-8"},
    {"iso88599", "CP1254"},
    {"koi8r", "KOI8-R"},
    {"koi8ru", "KOI8-RU"},
    {"koi8u", "KOI8-U"},
    {"ksc5601", "CP949"},
    {"ksc56011987", "CP949"},
    {"latin2", "ISO-8859-2"},
    {"latin9", "ISO-8859-15"},
    {"macintosh", "MACINTOSH"},
    {"mskanji", "CP932"},
    {"shiftjis", "CP932"},
    {"sjis", "CP932"},
    {"tis620", "CP874"},
    {"unicode11utf7", "UTF-7"},
    {"utf16", "UTF-16"},
    {"utf16be", "UTF-16BE"},
    {"utf16le", "UTF-16LE"},
    {"utf32", "UTF-32"},
    {"utf32be", "UTF-32BE"},
    {"utf32le", "UTF-32LE"},
    {"utf7", "UTF-7"},
    {"windows1250", "CP1250"},
    {"windows1251", "CP1251"},
    {"windows1253", "CP1253"},
    {"windows1254", "CP1254"},
    {"windows1255", "CP1255"},
    {"windows1256", "CP1256"},
    {"windows1257", "CP1257"},
    {"windows1258", "CP1258"},
    {"windows31j", "CP932"},
    {"windows874", "CP874"},
    {"xeucjp", "EUC-JP-MS"},
    {"xgbk", "GB18030"},
    {"xmaccyrillic", "MAC-CYRILLIC"},
    {"xmacroman", "MACINTOSH"},
    {"xsjis", "CP932"},
};

static bool is_called(bb_str said, const char *name)
{
    for (size_t i = 0; i < said.n; i++) {
        if (said.p[i] == '-' || said.p[i] == '_' || said.p[i] == '.' || said.p[i] == ':') continue;
        if (!*name || bb_lower(said.p[i]) != *name++) return false;
    }
    return !*name;
}

static const char *find(bb_str said)
{
    for (size_t i = 0; i < BB_COUNT(charsets); i++)
        if (is_called(said, charsets[i].said)) return charsets[i].iconv;
    return NULL;
}

/* Which way around the units of UTF-16 and UTF-32 are: the byte order mark says it, else where the zeros of ASCII stand,
 * else little-endian, as browsers have it. iconv would keep what it found in one text for the next. */
static const char *in_order(const char *which, bb_str in)
{
    bool wide = strcmp(which, "UTF-32") == 0;
    if (!wide && strcmp(which, "UTF-16") != 0) return which;
    size_t unit = wide ? 4 : 2, first = 0, last = 0;
    for (size_t i = 0; i + unit <= in.n && i < 256; i += unit) {
        first += !in.p[i];
        last += !in.p[i + unit - 1];
    }
    bb_str big = wide ? (bb_str){"\0\0\xFE\xFF", 4} : BB_S("\xFE\xFF"), little = BB_S("\xFF\xFE");
    bool is_big = bb_starts(in, big) || (first > last && !bb_starts(in, little));
    return wide ? (is_big ? "UTF-32BE" : "UTF-32LE") : is_big ? "UTF-16BE" : "UTF-16LE";
}

/* NULL: none. */
static iconv_t open_for(bb_charsets *c, bb_str charset, bb_str in)
{
    const char *which = find(charset);
    if (!which) return NULL;
    which = in_order(which, in);
    for (size_t i = 0; i < BB_CHARSETS_OPEN; i++) {
        if (!c->items[i].which || strcmp(c->items[i].which, which) != 0) continue;
        iconv(c->items[i].open, NULL, NULL, NULL, NULL); /* as it was at first: some charsets have states */
        return c->items[i].open;
    }
    iconv_t opened = iconv_open("UTF-8", which);
    if (opened == (iconv_t)-1) return NULL; /* this machine lacks the table */
    size_t at = c->next++ % BB_CHARSETS_OPEN;
    if (c->items[at].open) iconv_close(c->items[at].open);
    c->items[at].open = opened;
    c->items[at].which = which;
    return opened;
}

/* What cannot be converted, one byte of it. */
static void skip_one(char **in, size_t *left, char **to, size_t *room)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    if (*room >= 3) {
        memcpy(*to, replacement, 3);
        *to += 3;
        *room -= 3;
    }
    ++*in;
    --*left;
}

bool bb_charset_convert(void *ctx, bb_arena *a, bb_str charset, bb_str in, bb_str *out)
{
    bb_charsets *c = ctx;
    iconv_t open = in.n <= SIZE_MAX / 4 - 64 ? open_for(c, charset, in) : NULL;
    if (!open) return false;
    size_t room = 4 * in.n + 64, left = in.n;
    char *begin = bb_regrow(a, NULL, 0, room), *to = begin,
         *from = (char *)(uintptr_t)in.p; /* iconv does not write there */
    if (!begin) return false;
    while (left) {
        if (iconv(open, &from, &left, &to, &room) != (size_t)-1) break;
        if (errno == E2BIG || room < 3) break;
        skip_one(&from, &left, &to, &room);
    }
    iconv(open, NULL, NULL, &to, &room);
    *out = (bb_str){begin, (size_t)(to - begin)};
    return true;
}

void bb_charsets_close(bb_charsets *c)
{
    for (size_t i = 0; i < BB_CHARSETS_OPEN; i++)
        if (c->items[i].open) iconv_close(c->items[i].open);
    *c = (bb_charsets){0};
}
