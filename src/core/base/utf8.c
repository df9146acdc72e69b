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

/* 32 bytes at once, then eight: most mail is nothing else than ASCII. */
size_t bb_next_high(bb_str s, size_t i)
{
    const uint64_t top = 0x8080808080808080U;
    if (i < s.n && (unsigned char)s.p[i] >= 0x80) return i;
    for (uint64_t word[4]; s.n - i >= sizeof word; i += sizeof word) {
        memcpy(word, s.p + i, sizeof word);
        if ((word[0] | word[1] | word[2] | word[3]) & top) break;
    }
    for (uint64_t word; s.n - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        if (word & top) break;
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80) i++;
    return i;
}

/* How many bytes from i on are ASCII, or one sequence; 0: the byte there is invalid. */
static size_t valid_at(bb_str s, size_t i)
{
    size_t ascii = bb_next_high(s, i) - i;
    return ascii ? ascii : sequence((bb_str){s.p + i, s.n - i});
}

typedef struct {
    size_t well, ill; /* bytes beyond ASCII that belong to a sequence, or to none */
} formed;

static formed count(bb_str s)
{
    formed f = {0};
    for (size_t i = 0; (i = bb_next_high(s, i)) < s.n;) {
        size_t length = sequence((bb_str){s.p + i, s.n - i});
        f.well += length;
        f.ill += !length;
        i += length ? length : 1;
    }
    return f;
}

bool bb_utf8_valid(bb_str s)
{
    return !count(s).ill;
}

bool bb_utf8_mostly(bb_str s)
{
    formed f = count(s);
    return f.well >= f.ill;
}

/* Has a byte of the word, if none of a lower place, its highest bit set here? Then it is a control. */
static uint64_t controls(const char *p)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = 0x80 * each;
    uint64_t word;
    memcpy(&word, p, sizeof word);
    uint64_t del = word ^ 0x7F * each;
    return ((word - ' ' * each) | (del - each)) & ~word & top;
}

/* Eight bytes at once; the last eight overlap those before. */
bool bb_has_ascii_control(bb_str s)
{
    if (s.n >= 8) {
        for (size_t i = 0; i + 8 <= s.n; i += 8)
            if (controls(s.p + i)) return true;
        return controls(s.p + s.n - 8);
    }
    size_t i = 0;
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
    size_t invalid = count(s).ill;
    if (!invalid) return s;
    bb_buf out = bb_buf_of(a, s.n + 2 * invalid); /* U+FFFD has three bytes */
    for (size_t i = 0, length; i < s.n; i += length ? length : 1) {
        length = valid_at(s, i);
        if (length) bb_put(&out, bb_sub(s, i, length));
        else bb_put_utf8(&out, 0xFFFD);
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
