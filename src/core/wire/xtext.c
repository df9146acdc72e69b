/* SPDX-License-Identifier: MIT
 *
 * xtext (RFC 3461 section 4) and its sister for UTF-8 addresses (RFC 6533 section 3), undone. Who wrote the value is a
 * stranger to us: what is not well-formed, or hides control bytes, is not decoded at all.
 */
#include "core/wire/internal.h"

/* RFC 3461 wants upper case, and "+ab" is likelier a bare extension than an octet. */
static int hex_upper(char c)
{
    return bb_is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bb_str decoded(const bb_buf *b)
{
    bb_str s = bb_buf_str(b);
    return b->truncated || wire_has_control(s) || bb_chr(s, '\t') != BB_NPOS ? (bb_str){0} : s;
}

bb_str wire_xtext(bb_arena *a, bb_str s)
{
    if (bb_chr(s, '+') == BB_NPOS) return s;
    bb_buf b = bb_buf_of(a, s.n);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '+') {
            bb_putc(&b, s.p[i]);
            continue;
        }
        int high = i + 2 < s.n ? hex_upper(s.p[i + 1]) : -1, low = i + 2 < s.n ? hex_upper(s.p[i + 2]) : -1;
        if (high < 0 || low < 0) return (bb_str){0};
        bb_putc(&b, (char)(high << 4 | low));
        i += 2;
    }
    return decoded(&b);
}

/* The code point in "\x{...}" at the start of s, and how many octets that takes; 0: none there. Surrogates are none. */
static size_t code_point(bb_str s, uint32_t *out)
{
    size_t end = bb_chr(s, '}');
    if (!bb_starts(s, BB_S("\\x{")) || end == BB_NPOS || end < 4 || end > 9) return 0;
    uint32_t c = 0;
    for (size_t i = 3; i < end; i++) {
        int digit = hex_upper(s.p[i]);
        if (digit < 0) return 0;
        c = c << 4 | (uint32_t)digit;
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return 0;
    *out = c;
    return end + 1;
}

bb_str wire_utf8_xtext(bb_arena *a, bb_str s)
{
    if (bb_chr(s, '\\') == BB_NPOS) return s;
    bb_buf b = bb_buf_of(a, s.n); /* an escape is never shorter than its UTF-8 */
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\\') {
            bb_putc(&b, s.p[i]);
            continue;
        }
        uint32_t c;
        size_t n = code_point(bb_sub(s, i, BB_NPOS), &c);
        if (!n) return (bb_str){0};
        bb_put_utf8(&b, c);
        i += n - 1;
    }
    bb_str text = decoded(&b);
    return bb_utf8_valid(text) && !bb_has_control(text) ? text : (bb_str){0};
}
