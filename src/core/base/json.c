/* SPDX-License-Identifier: MIT
 *
 * JSON (RFC 8259), written.
 */
#include "core/base/base.h"

#include <assert.h>

static void before_value(bb_json *j)
{
    if (j->comma[j->depth]) bb_putc(j->out, ',');
    j->comma[j->depth] = true;
}

/* May it stand in quotes as it is? An 8th bit, a control, a quote, a backslash or DEL may not. */
static bool is_plain_byte(unsigned char c)
{
    return (unsigned char)(c - ' ') < 0x5F && c != '"' && c != '\\';
}

/* Eight bytes at once: in `odd` the highest bit of a byte is set that is above '~', below ' ', a quote or a backslash, or of
 * one behind such a byte. */
static bool are_plain_bytes(const char *p)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = 0x80 * each;
    uint64_t word;
    memcpy(&word, p, sizeof word);
    uint64_t quote = word ^ '"' * each, backslash = word ^ '\\' * each;
    uint64_t odd = word | (word + each) | (word - ' ' * each) | (quote - each) | (backslash - each);
    return !(odd & top);
}

/* Nothing to escape and no byte that is not ASCII: nearly all there is. */
static bool is_plain(bb_str s)
{
    size_t i = 0;
    for (; s.n - i >= 8; i += 8)
        if (!are_plain_bytes(s.p + i)) return false;
    if (i && i < s.n) return are_plain_bytes(s.p + s.n - 8); /* the last ones, and with them some once more */
    for (; i < s.n; i++)
        if (!is_plain_byte((unsigned char)s.p[i])) return false;
    return true;
}

static void quote_plain(bb_buf *out, bb_str s)
{
    if (!bb_buf_room(out, s.n + 2)) return;
    char *to = out->p + out->n;
    to[0] = to[s.n + 1] = '"';
    if (s.n) memcpy(to + 1, s.p, s.n);
    out->n += s.n + 2;
}

static void quote(bb_json *j, bb_str s)
{
    s = bb_utf8_clean(j->out->arena, s);
    bb_putc(j->out, '"');
    size_t plain = 0; /* start of the run that needs no escape */
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        /* U+0080 to U+009F: a terminal takes them for control sequences, and JSON is looked at, too */
        bool c1 = c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0;
        if (c1) c = (unsigned char)s.p[i + 1];
        else if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
        bb_put(j->out, bb_sub(s, plain, i - plain));
        i += c1;
        plain = i + 1;
        bb_putc(j->out, '\\');
        if (c == '"' || c == '\\') bb_putc(j->out, (char)c);
        else if (c == '\n') bb_putc(j->out, 'n');
        else bb_putf(j->out, "u%04x", c);
    }
    bb_put(j->out, bb_sub(s, plain, BB_NPOS));
    bb_putc(j->out, '"');
}

void bb_json_open(bb_json *j, char bracket)
{
    before_value(j);
    bb_putc(j->out, bracket);
    assert(j->depth + 1 < (int)BB_COUNT(j->comma));
    j->comma[++j->depth] = false;
}

void bb_json_close(bb_json *j, char bracket)
{
    assert(j->depth > 0);
    j->depth--;
    bb_putc(j->out, bracket);
}

void bb_json_name(bb_json *j, bb_str key)
{
    bb_buf *out = j->out;
    if (bb_buf_room(out, key.n + 4)) { /* a key is ours: nothing in it needs an escape */
        char *to = out->p + out->n;
        if (j->comma[j->depth]) *to++ = ',';
        *to++ = '"';
        if (key.n) memcpy(to, key.p, key.n);
        to += key.n;
        *to++ = '"';
        *to++ = ':';
        out->n = (size_t)(to - out->p);
    }
    j->comma[j->depth] = false; /* the value follows without a comma, and sets it again */
}

void bb_json_str(bb_json *j, bb_str s)
{
    before_value(j);
    if (is_plain(s)) quote_plain(j->out, s);
    else quote(j, s);
}

void bb_json_int(bb_json *j, int64_t v)
{
    before_value(j);
    if (v < 0) bb_putc(j->out, '-');
    bb_put_u64(j->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void bb_json_bool(bb_json *j, bool v)
{
    before_value(j);
    bb_puts(j->out, v ? "true" : "false");
}

void bb_json_null(bb_json *j)
{
    before_value(j);
    bb_puts(j->out, "null");
}

void bb_json_num2(bb_json *j, double v)
{
    before_value(j);
    if (!(v >= 0 && v < 1e9)) {
        bb_putf(j->out, "%.2f", v);
        return;
    }
    uint64_t hundredths = (uint64_t)(v * 100 + 0.5);
    char fraction[3] = {'.', (char)('0' + hundredths / 10 % 10), (char)('0' + hundredths % 10)};
    bb_put_u64(j->out, hundredths / 100);
    bb_put(j->out, (bb_str){fraction, sizeof fraction});
}

void bb_json_kint(bb_json *j, const char *key, int64_t v)
{
    bb_json_key(j, key);
    bb_json_int(j, v);
}

void bb_json_ktime(bb_json *j, const char *key, bb_time t)
{
    char text[BB_TIME_LEN];
    bb_json_kstr(j, key, bb_cstr(bb_time_str(t, text)));
}
