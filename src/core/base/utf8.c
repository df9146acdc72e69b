/* SPDX-License-Identifier: MIT
 *
 * UTF-8 (RFC 3629): told from other bytes, cleaned, written; and hostile bytes made safe to show.
 */
#include "core/base/base.h"

#include <string.h>

/* Length of the well-formed sequence at the start of s, 0 where there is none. No surrogates, no overlong
 * forms, nothing past U+10FFFF (the table of RFC 3629 section 4). */
static size_t sequence(bb_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (p[0] < 0x80) return 1;
    size_t len = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (!len || s.n < len) return 0;
    unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    return len;
}

/* How much of s is ASCII from its start on, in whole words: most mail is nothing else. */
static size_t ascii_words(bb_str s)
{
    size_t n = 0;
    for (uint64_t word; s.n - n >= sizeof word; n += sizeof word) {
        memcpy(&word, s.p + n, sizeof word);
        if (word & 0x8080808080808080U) break;
    }
    return n;
}

/* Eight bytes at once. */
size_t bb_next_high(bb_str s, size_t i)
{
    for (uint64_t word; s.n - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        if (word & 0x8080808080808080U) break;
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80) i++;
    return i;
}

/* The last word of eight bytes overlaps the one before. */
bool bb_is_ascii(bb_str s)
{
    const uint64_t top = 0x8080808080808080U;
    uint64_t word, all = 0;
    if (s.n >= sizeof word) {
        memcpy(&all, s.p + s.n - sizeof all, sizeof all);
        for (size_t i = 0; i + sizeof word <= s.n && !(all & top); i += sizeof word) {
            memcpy(&word, s.p + i, sizeof word);
            all |= word;
        }
        return !(all & top);
    }
    for (size_t i = 0; i < s.n; i++) all |= (unsigned char)s.p[i];
    return !(all & 0x80);
}

static size_t invalid_bytes(bb_str s)
{
    size_t invalid = 0;
    if (bb_is_ascii(s)) return 0;
    while (s.n) {
        size_t len = ascii_words(s);
        if (!len) len = sequence(s);
        invalid += !len;
        s = (bb_str){s.p + (len ? len : 1), s.n - (len ? len : 1)};
    }
    return invalid;
}

bool bb_utf8_valid(bb_str s)
{
    return !invalid_bytes(s);
}

bool bb_utf8_mostly(bb_str s)
{
    size_t invalid = invalid_bytes(s), high = 0;
    for (size_t i = 0; i < s.n && invalid; i++) high += (unsigned char)s.p[i] >= 0x80;
    return high >= 2 * invalid;
}

/* Eight bytes at once: the highest bit is set of a byte that is one, and maybe of one above such a byte. */
bool bb_has_ascii_control(bb_str s)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = 0x80 * each;
    size_t i = 0;
    for (uint64_t word; s.n - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        uint64_t del = word ^ 0x7F * each;
        if (((word - ' ' * each) | (del - each)) & ~word & top) return true;
    }
    while (i < s.n && (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7F) i++;
    return i < s.n;
}

bool bb_has_control(bb_str s)
{
    if (bb_has_ascii_control(s)) return true;
    for (size_t i = 0, at; (at = bb_chr(bb_sub(s, i, BB_NPOS), '\xC2')) != BB_NPOS; i += at + 1)
        if (i + at + 1 < s.n && (unsigned char)s.p[i + at + 1] < 0xA0) return true;
    return false;
}

bb_str bb_utf8_clean(bb_arena *a, bb_str s)
{
    size_t invalid = invalid_bytes(s);
    if (!invalid) return s;
    bb_buf out = bb_buf_of(a, s.n + 2 * invalid); /* U+FFFD has three bytes */
    while (s.n) {
        size_t len = ascii_words(s);
        if (!len) len = sequence(s);
        if (len) bb_put(&out, bb_sub(s, 0, len));
        else bb_put_utf8(&out, 0xFFFD);
        s = bb_sub(s, len ? len : 1, BB_NPOS);
    }
    return bb_buf_str(&out);
}

void bb_put_utf8(bb_buf *b, uint32_t c)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
    if (c < 0x80) {
        bb_putc(b, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    char bytes[4] = {(char)(lead[more] | (c >> (6 * more)))};
    for (int i = 1; i <= more; i++) bytes[i] = (char)(0x80 | ((c >> (6 * (more - i))) & 0x3F));
    bb_put(b, (bb_str){bytes, (size_t)more + 1});
}

/* C0 and C1 controls, DEL, and the marks that turn the direction of writing: all of them can make a terminal or a
 * log say something else than the bytes do. */
static bool shows_itself(bb_str c)
{
    const unsigned char *p = (const unsigned char *)c.p;
    if (c.n == 1) return p[0] >= 0x20 && p[0] != 0x7F;
    if (c.n == 2) return !(p[0] == 0xC2 && p[1] < 0xA0);
    bool turns = c.n == 3 && p[0] == 0xE2 &&
                 ((p[1] == 0x80 && ((p[2] >= 0x8E && p[2] <= 0x8F) || (p[2] >= 0xA8 && p[2] <= 0xAE))) ||
                  (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9));
    return !turns;
}

bb_str bb_safe(bb_arena *a, bb_str s, size_t max)
{
    bb_str shown = bb_sub(s, 0, max);
    bb_buf out = bb_buf_in(a, shown.n * 4 + 4);
    while (shown.n) {
        size_t len = sequence(shown);
        bb_str c = bb_sub(shown, 0, len ? len : 1);
        if (len && shows_itself(c)) bb_put(&out, c);
        else
            for (size_t i = 0; i < c.n; i++) bb_putf(&out, "\\x%02X", (unsigned char)c.p[i]);
        shown = bb_sub(shown, c.n, BB_NPOS);
    }
    if (s.n > max) bb_puts(&out, "...");
    bb_putc(&out, '\0');
    return (bb_str){out.p ? out.p : "", out.n ? out.n - 1 : 0};
}
