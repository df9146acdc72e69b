/* SPDX-License-Identifier: MIT
 *
 * Structured values: tokens, comments, parameters (RFC 2045 section 5.1) with continuations and charsets (RFC 2231).
 */
#include "core/mail/internal.h"

#define MAX_SEGMENTS 64 /* "name*0" to "name*63" */

/* White space, and comments however deep (RFC 5322 section 3.2.2). One that never closes is none, and once there was
 * such a one no other is looked for: *unclosed keeps the search linear. */
static void skip_cfws(bb_str *s, bool *unclosed)
{
    if (!s->n || (!bb_is_space(s->p[0]) && s->p[0] != '(')) return;
    size_t i = 0, depth = 0, outside = 0;
    for (; i < s->n; i++) {
        char c = s->p[i];
        if (c == '(' && !*unclosed) depth++;
        else if (depth && c == ')') depth--;
        else if (depth && c == '\\') i++;
        else if (!depth && !bb_is_space(c)) break;
        if (!depth) outside = i + 1;
    }
    *unclosed |= depth > 0;
    *s = bb_sub(*s, outside, BB_NPOS);
}

/* What each sign ends. */
enum { TOKEN = 1, NAME = 2, VALUE = 4 };
static const unsigned char ends[256] = {[' '] = TOKEN | NAME | VALUE,
                                        ['\t'] = TOKEN | NAME | VALUE,
                                        ['\r'] = TOKEN | NAME | VALUE,
                                        ['\n'] = TOKEN | NAME | VALUE,
                                        [';'] = TOKEN | NAME | VALUE,
                                        ['"'] = TOKEN | NAME,
                                        ['('] = TOKEN,
                                        ['\''] = TOKEN,
                                        ['='] = NAME};

static bb_str take_until(bb_str *rest, unsigned char what)
{
    size_t n = 0;
    while (n < rest->n && !(ends[(unsigned char)rest->p[n]] & what)) n++;
    bb_str taken = bb_sub(*rest, 0, n);
    *rest = bb_sub(*rest, n, BB_NPOS);
    return taken;
}

bb_str bb_token_take(bb_str *rest)
{
    bool unclosed = false;
    skip_cfws(rest, &unclosed);
    if (rest->n && (rest->p[0] == '"' || rest->p[0] == '\'')) *rest = bb_sub(*rest, 1, BB_NPOS);
    return take_until(rest, TOKEN);
}

/* Of a quoted string what stands between the quotes; *rest moves behind them, or to the end where the second is missing. */
static bb_str quoted_string(bb_mail *m, bb_str *rest)
{
    bb_str inner = bb_sub(*rest, 1, BB_NPOS);
    size_t end = bb_chr(inner, '"');
    if (bb_chr(bb_sub(inner, 0, end), '\\') == BB_NPOS) { /* nearly always */
        *rest = end == BB_NPOS ? (bb_str){0} : bb_sub(inner, end + 1, BB_NPOS);
        return bb_sub(inner, 0, end);
    }
    bb_buf plain = bb_buf_in(m->arena, inner.n);
    size_t i = 0;
    for (; i < inner.n && inner.p[i] != '"'; i++) {
        if (inner.p[i] == '\\' && i + 1 < inner.n) i++;
        bb_putc(&plain, inner.p[i]);
    }
    *rest = bb_sub(inner, i + 1, BB_NPOS);
    return bb_buf_str(&plain);
}

/* The next "name=value", whatever separates it from what was before. False at the end. */
static bool next_param(bb_mail *m, bb_str *rest, bool *unclosed, bb_str *name, bb_str *value)
{
    while (rest->n) {
        skip_cfws(rest, unclosed);
        *name = take_until(rest, NAME);
        skip_cfws(rest, unclosed);
        if (!name->n || !rest->n || rest->p[0] != '=') {
            if (rest->n && (rest->p[0] == ';' || rest->p[0] == '"' || !name->n)) *rest = bb_sub(*rest, 1, BB_NPOS);
            continue;
        }
        *rest = bb_sub(*rest, 1, BB_NPOS);
        skip_cfws(rest, unclosed);
        bool quoted = rest->n && rest->p[0] == '"';
        /* Unquoted "=" and the like are against RFC 2045 and common in boundaries. */
        *value = quoted ? quoted_string(m, rest) : take_until(rest, VALUE);
        return true;
    }
    return false;
}

static void put_percent_decoded(bb_buf *out, bb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        int byte = s.p[i] == '%' ? bb_hex_pair(s, i + 1) : -1;
        bb_putc(out, byte < 0 ? s.p[i] : (char)byte);
        if (byte >= 0) i += 2;
    }
}

typedef struct {
    bb_str value;
    bool there, extended;
} segment;

/* RFC 2231 section 4.1: the first segment carries charset and language, each says for itself whether it is encoded. */
static bb_str join(bb_mail *m, const segment *segments, size_t total)
{
    bb_buf bytes = bb_buf_in(m->arena, total);
    bb_str charset = {0};
    for (size_t i = 0; i < MAX_SEGMENTS && segments[i].there; i++) {
        bb_str value = segments[i].value, part, rest = value;
        if (i == 0 && segments[i].extended && bb_chr(value, '\'') != BB_NPOS) {
            (void)bb_split(&rest, '\'', &charset);
            (void)bb_split(&rest, '\'', &part);
            value = rest;
        }
        if (segments[i].extended) put_percent_decoded(&bytes, value);
        else bb_put(&bytes, value);
    }
    return charset.n ? bb_to_utf8(m, charset, bb_buf_str(&bytes)) : bb_buf_str(&bytes);
}

/* Which segment "*", "*2" or "*2*" behind a name means; false where it is none of these. */
static bool segment_of(bb_str suffix, size_t *index, bool *extended)
{
    if (!suffix.n || suffix.p[0] != '*') return false;
    *extended = suffix.p[suffix.n - 1] == '*';
    bb_str digits = bb_sub(suffix, 1, suffix.n - 1);
    if (*extended && digits.n) digits.n--;
    uint64_t n = 0;
    if (digits.n && !bb_u64(digits, &n)) return false;
    *index = n < MAX_SEGMENTS ? (size_t)n : MAX_SEGMENTS;
    return true;
}

/* What the segments of that name say; false: there is no first one. */
static bool segments_joined(bb_mail *m, bb_str value, bb_str wanted, bb_str *out)
{
    segment segments[MAX_SEGMENTS] = {0};
    bb_str rest = value, key, found;
    bool unclosed = false;
    while (next_param(m, &rest, &unclosed, &key, &found)) {
        size_t index;
        bool extended;
        if (!bb_istarts(key, wanted) || !segment_of(bb_sub(key, wanted.n, BB_NPOS), &index, &extended)) continue;
        if (index == MAX_SEGMENTS) bb_mail_cut(m, "parameter segments");
        else if (!segments[index].there) segments[index] = (segment){found, true, extended};
    }
    if (segments[0].there) *out = join(m, segments, value.n);
    return segments[0].there;
}

/* Is it of that name, or with "*" behind it a segment of it? Nothing else that begins so is. */
static bool is_about(bb_str key, bb_str name)
{
    return bb_istarts(key, name) && (key.n == name.n || key.p[name.n] == '*');
}

void bb_params(bb_mail *m, bb_str value, bb_wanted *wanted, size_t n)
{
    bb_str rest = value, key, found;
    bool unclosed = false;
    if (bb_chr(rest, '=') == BB_NPOS) return;
    while (next_param(m, &rest, &unclosed, &key, &found)) {
        bb_wanted *w = wanted;
        while (w < wanted + n && !is_about(key, w->name)) w++;
        if (w == wanted + n) continue;
        if (key.n > w->name.n) w->in_segments = true;
        else if (!w->value.n) w->value = found;
    }
    for (bb_wanted *w = wanted; w < wanted + n; w++)
        if (w->in_segments) (void)segments_joined(m, value, w->name, &w->value);
}

bb_str bb_param(bb_mail *m, bb_str value, const char *name)
{
    bb_wanted wanted = {.name = bb_cstr(name)};
    bb_params(m, bb_value_unfold(m, value), &wanted, 1);
    return wanted.value;
}
