/* SPDX-License-Identifier: MIT
 *
 * Transfer encodings (RFC 2045 section 6): quoted-printable, base64, and uuencode from before. What does not belong
 * there is passed over, and decoding goes on behind it.
 */
#include "core/mail/internal.h"

static int hex_digit(char c)
{
    if (bb_is_digit(c)) return c - '0';
    c = bb_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int bb_hex_pair(bb_str s, size_t at)
{
    if (s.n < 2 || at > s.n - 2) return -1;
    int high = hex_digit(s.p[at]), low = hex_digit(s.p[at + 1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool ends_line(bb_str s, size_t at)
{
    return at == s.n || s.p[at] == '\n' || s.p[at] == '\r';
}

/* As bb_line has them. */
static size_t behind_line_end(bb_str s, size_t at)
{
    bb_str rest = bb_sub(s, at, BB_NPOS), line;
    return bb_line(&rest, &line) ? s.n - rest.n : at;
}

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static void qp(bb_str in, bb_buf *out)
{
    static const bool odd[256] = {['='] = true, ['\n'] = true, ['\r'] = true};
    for (size_t i = 0; i < in.n && !out->truncated;) {
        size_t plain = i, to = i = bb_until(in, i, odd);
        if (ends_line(in, i)) /* white space before it was added by transport (rule 3) */
            while (to > plain && is_wsp(in.p[to - 1])) to--;
        bb_put(out, bb_sub(in, plain, to - plain));
        if (i == in.n) break;
        if (in.p[i] != '=') {
            bb_putc(out, in.p[i++]);
            continue;
        }
        int byte = bb_hex_pair(in, i + 1);
        size_t run = i + 1;
        while (run < in.n && is_wsp(in.p[run])) run++;
        if (byte >= 0) {
            bb_putc(out, (char)byte);
            i += 3;
        } else if (ends_line(in, run)) { /* soft line break (rule 5) */
            i = behind_line_end(in, run);
        } else {
            bb_put(out, bb_sub(in, i, run - i));
            i = run;
        }
    }
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (bb_is_digit(c)) return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

void bb_decode_base64(bb_str in, bb_buf *out)
{
    uint32_t bits = 0;
    int n = 0;
    for (size_t i = 0; i < in.n && !out->truncated; i++) {
        int digit = base64_digit(in.p[i]);
        if (digit < 0 && in.p[i] != '=') continue;
        if (digit < 0) { /* padding: the quantum is over, and another may follow where pieces were put together */
            bits = 0;
            n = 0;
            continue;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (++n > 1) bb_putc(out, (char)(bits >> (n == 2 ? 4 : n == 3 ? 2 : 0) & 0xFF));
        if (n == 4) n = 0;
    }
}

/* What stands before "begin" is text and kept; so is what follows "end". */
static void uuencode(bb_str in, bb_buf *out)
{
    bool inside = false;
    for (bb_str line; bb_line(&in, &line) && !out->truncated;) {
        if (!inside || bb_eq(line, BB_S("end"))) {
            bool begins = !inside && bb_starts(line, BB_S("begin ")) && line.n > 9 && bb_is_digit(line.p[6]);
            if (!begins && !inside) {
                bb_put(out, line);
                bb_putc(out, '\n');
            }
            inside = begins;
            continue;
        }
        int count = line.n ? (line.p[0] - ' ') & 0x3F : 0;
        for (size_t i = 1; i + 1 < line.n && count > 0; i += 4) {
            uint32_t bits = 0;
            for (size_t k = 0; k < 4; k++)
                bits = bits << 6 | (i + k < line.n ? (uint32_t)(line.p[i + k] - ' ') & 0x3F : 0);
            for (int shift = 16; shift >= 0 && count-- > 0; shift -= 8) bb_putc(out, (char)(bits >> shift & 0xFF));
        }
    }
}

void bb_decode(bb_cte cte, bb_str in, bb_buf *out)
{
    switch (cte) {
    case BB_CTE_PLAIN: bb_put(out, in); break;
    case BB_CTE_QP: qp(in, out); break;
    case BB_CTE_BASE64: bb_decode_base64(in, out); break;
    case BB_CTE_UUENCODE: uuencode(in, out); break;
    }
}
