/* SPDX-License-Identifier: MIT
 *
 * Responses of an IMAP server: where they end, and what stands in them. RFC 3501 section 9 has the grammar.
 */
#include "core/wire/imap.h"

#define DEPTH_MAX 32 /* of parentheses in what is passed over */

/* ---- where a response ends ------------------------------------------------------------------------------------ */

static bool is_word(bb_str line, size_t at, bb_str word)
{
    bb_str s = bb_sub(line, at, word.n + 1);
    return bb_istarts(s, word) && (s.n == word.n || bb_is_space(s.p[word.n]));
}

static const struct {
    bb_str word;
    bb_imap_type type;
} statuses[] = {
    {{"OK", 2}, BB_IMAP_OK},   {{"NO", 2}, BB_IMAP_NO},           {{"BAD", 3}, BB_IMAP_BAD},
    {{"BYE", 3}, BB_IMAP_BYE}, {{"PREAUTH", 7}, BB_IMAP_PREAUTH},
};

/* Text for people, in which braces are only braces, and nothing goes on behind the line. */
static bool is_status(bb_str line)
{
    size_t space = bb_chr(line, ' ');
    if (bb_starts(line, BB_S("+"))) return true;
    for (size_t i = 0; space != BB_NPOS && i < BB_COUNT(statuses); i++)
        if (is_word(line, space + 1, statuses[i].word)) return true;
    return false;
}

/* The octets that a line announces at its end: "{12}". BB_NPOS: none. */
static size_t announced(bb_str line)
{
    uint64_t n;
    line = bb_sub(line, 0, line.n - 1);
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    size_t brace = bb_rchr(line, '{');
    if (brace == BB_NPOS || line.p[line.n - 1] != '}') return BB_NPOS;
    if (!bb_u64(bb_sub(line, brace + 1, line.n - brace - 2), &n)) return BB_NPOS;
    return n < BB_NPOS ? (size_t)n : BB_NPOS - 1;
}

bb_imap_extent bb_imap_whole(bb_str in, const bb_imap_limits *limits, size_t *n)
{
    size_t at = 0, lines = 0, literals = 0;
    for (;;) {
        bb_str rest = bb_sub(in, at, limits->line_max - lines);
        size_t lf = bb_chr(rest, '\n');
        *n = in.n + 1;
        if (lf == BB_NPOS) return rest.n + lines >= limits->line_max ? BB_IMAP_BROKEN : BB_IMAP_MORE;
        bb_str line = bb_sub(rest, 0, lf + 1);
        size_t more = at == 0 && is_status(line) ? BB_NPOS : announced(line);
        at += line.n;
        lines += line.n;
        *n = at;
        if (more == BB_NPOS) return BB_IMAP_WHOLE;
        if (more > limits->literal_max - literals) return BB_IMAP_BROKEN;
        literals += more;
        at += more;
        *n = at + 1; /* something stands behind a literal, be it a line end */
        if (at >= in.n) return BB_IMAP_MORE;
    }
}

/* ---- what kind of response ------------------------------------------------------------------------------------ */

/* Up to the next space, and the space. */
static bb_str take_word(bb_str *rest)
{
    size_t n = bb_chr(*rest, ' ');
    bb_str word = bb_sub(*rest, 0, n);
    *rest = n == BB_NPOS ? (bb_str){0} : bb_sub(*rest, n + 1, BB_NPOS);
    return word;
}

static void read_status(bb_imap_response *r, bb_str rest)
{
    size_t end = bb_chr(rest, ']');
    if (bb_starts(rest, BB_S("[")) && end != BB_NPOS) {
        r->code = bb_sub(rest, 1, end - 1);
        rest = bb_sub(rest, end + 1, BB_NPOS);
    }
    r->rest = bb_trim(rest);
}

bb_imap_response bb_imap_read(bb_str whole)
{
    bb_imap_response r = {.type = BB_IMAP_NOTHING};
    bb_str rest = whole;
    while (rest.n && (rest.p[rest.n - 1] == '\n' || rest.p[rest.n - 1] == '\r')) rest.n--;
    r.tag = take_word(&rest);
    if (bb_eq(r.tag, BB_S("+"))) {
        r.type = BB_IMAP_GO_ON;
        r.rest = rest;
        return r;
    }
    for (size_t i = 0; i < BB_COUNT(statuses); i++)
        if (is_word(rest, 0, statuses[i].word)) {
            r.type = statuses[i].type;
            read_status(&r, bb_sub(rest, statuses[i].word.n + 1, BB_NPOS));
            return r;
        }
    if (!bb_eq(r.tag, BB_S("*")) || !rest.n) return r;
    if (bb_is_digit(rest.p[0]) && !bb_u64(take_word(&rest), &r.number)) return r;
    r.word = take_word(&rest);
    r.rest = rest;
    r.type = r.word.n ? BB_IMAP_DATA : BB_IMAP_NOTHING;
    return r;
}

static bool number32(bb_str s, uint32_t *out)
{
    uint64_t n;
    if (!bb_u64(s, &n) || n > UINT32_MAX) return false;
    *out = (uint32_t)n;
    return true;
}

bool bb_imap_code(bb_str code, bb_str word, uint32_t *number)
{
    bb_str name = take_word(&code);
    return bb_ieq(name, word) && number32(bb_trim(code), number);
}

bool bb_imap_can(bb_str list, bb_str capability)
{
    for (bb_str word; bb_split(&list, ' ', &word);)
        if (bb_ieq(word, capability)) return true;
    return false;
}

/* ---- what stands in data -------------------------------------------------------------------------------------- */

static void pass_spaces(bb_str *s)
{
    while (s->n && s->p[0] == ' ') *s = bb_sub(*s, 1, BB_NPOS);
}

/* "..." with \ before what would end it; as it stands between the quotes. */
static bool take_quoted(bb_str *s, bb_str *out)
{
    for (size_t i = 1; i < s->n && s->p[i] != '\n'; i++) {
        if (s->p[i] == '\\') i++;
        else if (s->p[i] == '"') {
            *out = bb_sub(*s, 1, i - 1);
            *s = bb_sub(*s, i + 1, BB_NPOS);
            return true;
        }
    }
    return false;
}

/* "{12}", a line end, and so many octets. */
static bool take_literal(bb_str *s, bb_str *out)
{
    size_t lf = bb_chr(*s, '\n'), brace = bb_rchr(bb_sub(*s, 0, lf), '{');
    if (lf == BB_NPOS || brace != 0) return false;
    size_t n = announced(bb_sub(*s, 0, lf + 1));
    if (n == BB_NPOS || n > s->n - lf - 1) return false;
    *out = bb_sub(*s, lf + 1, n);
    *s = bb_sub(*s, lf + 1 + n, BB_NPOS);
    return true;
}

/* An atom, with what it may have in [ ] or < >: "BODY[HEADER.FIELDS (X)]<0>". */
static bool take_atom(bb_str *s, bb_str *out)
{
    size_t n = 0;
    bool within = false;
    for (; n < s->n && s->p[n] != '\r' && s->p[n] != '\n'; n++) {
        char c = s->p[n];
        within = (within || c == '[') && c != ']';
        if (!within && (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{')) break;
    }
    *out = bb_sub(*s, 0, n);
    *s = bb_sub(*s, n, BB_NPOS);
    return n > 0;
}

/* One value that is no list; NIL gives the empty slice. */
static bool take_value(bb_str *s, bb_str *out)
{
    *out = (bb_str){0};
    if (!s->n) return false;
    if (s->p[0] == '"') return take_quoted(s, out);
    if (s->p[0] == '{') return take_literal(s, out);
    if (bb_starts(*s, BB_S("~{"))) { /* RFC 3516: it may hold NUL, which is nothing new to us */
        *s = bb_sub(*s, 1, BB_NPOS);
        return take_literal(s, out);
    }
    if (!take_atom(s, out)) return false;
    if (bb_ieq(*out, BB_S("NIL"))) *out = (bb_str){0};
    return true;
}

/* A value that nobody asked for. */
static bool pass_value(bb_str *s)
{
    int depth = 0;
    do {
        bb_str value;
        pass_spaces(s);
        if (!s->n) return false;
        bool opens = s->p[0] == '(', closes = s->p[0] == ')';
        depth += opens - closes;
        if (depth < 0 || depth > DEPTH_MAX) return false;
        if (opens || closes) *s = bb_sub(*s, 1, BB_NPOS);
        else if (!take_value(s, &value)) return false;
    } while (depth);
    return true;
}

/* ---- FETCH ---------------------------------------------------------------------------------------------------- */

static bool read_uid(bb_str value, bb_imap_message *m)
{
    return number32(value, &m->uid) && m->uid;
}

static bool read_size(bb_str value, bb_imap_message *m)
{
    m->has_size = bb_u64(value, &m->size);
    return m->has_size;
}

/* "23-Nov-2026 15:44:00 +0100", the day with a space for its first digit. One that is no date is not believed, and no
 * trouble. */
static bool read_date(bb_str value, bb_imap_message *m)
{
    char text[27];
    value = bb_trim(value);
    if (value.n >= sizeof text) return true;
    for (size_t i = 0; i < value.n; i++) text[i] = value.p[i] == '-' && i < 7 ? ' ' : value.p[i];
    m->arrived = bb_time_rfc5322((bb_str){text, value.n});
    return true;
}

static bool read_body(bb_str value, bb_imap_message *m)
{
    m->body = value;
    m->has_body = true;
    return true;
}

static const struct {
    bb_str name;
    bool (*read)(bb_str value, bb_imap_message *m);
} items[] = {
    {{"UID", 3}, read_uid},     {{"RFC822.SIZE", 11}, read_size}, {{"INTERNALDATE", 12}, read_date},
    {{"BODY[]", 6}, read_body}, {{"BODY[]<0>", 9}, read_body},
};

static bool read_flags(bb_str *s, bb_imap_message *m)
{
    bb_str flag;
    *s = bb_sub(*s, 1, BB_NPOS);
    m->has_flags = true;
    for (;;) {
        pass_spaces(s);
        if (bb_starts(*s, BB_S(")"))) break;
        if (!take_atom(s, &flag)) return false;
        if (bb_ieq(flag, BB_S("\\Seen"))) m->seen = true;
        if (bb_ieq(flag, BB_S("\\Deleted"))) m->deleted = true;
    }
    *s = bb_sub(*s, 1, BB_NPOS);
    return true;
}

static bool read_item(bb_str name, bb_str *s, bb_imap_message *m)
{
    bb_str value;
    if (bb_ieq(name, BB_S("FLAGS")) && bb_starts(*s, BB_S("("))) return read_flags(s, m);
    for (size_t i = 0; i < BB_COUNT(items); i++)
        if (bb_ieq(name, items[i].name)) return take_value(s, &value) && items[i].read(value, m);
    return pass_value(s);
}

bool bb_imap_fetched(bb_str rest, bb_imap_message *out)
{
    bb_imap_message m = {.arrived = BB_NO_TIME};
    if (!bb_starts(rest, BB_S("("))) return false;
    rest = bb_sub(rest, 1, BB_NPOS);
    for (;;) {
        bb_str name;
        pass_spaces(&rest);
        if (bb_starts(rest, BB_S(")"))) break;
        if (!take_atom(&rest, &name)) return false;
        pass_spaces(&rest);
        if (!read_item(name, &rest, &m)) return false;
    }
    *out = m;
    return true;
}

/* (\Flags) "delimiter" name */
bb_str bb_imap_listed(bb_str rest)
{
    bb_str flags = rest, delimiter, name;
    if (!bb_starts(rest, BB_S("(")) || !pass_value(&rest)) return (bb_str){0};
    flags.n -= rest.n;
    pass_spaces(&rest);
    if (bb_ifind(flags, BB_S("\\Noselect")) != BB_NPOS || !take_value(&rest, &delimiter)) return (bb_str){0};
    pass_spaces(&rest);
    return take_value(&rest, &name) ? name : (bb_str){0};
}

/* ---- commands ------------------------------------------------------------------------------------------------- */

/* Code points of valid UTF-8. */
static uint32_t take_code_point(bb_str *s)
{
    unsigned char c = (unsigned char)s->p[0];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    uint32_t u = n == 1 ? c : c & (0xFFU >> (n + 1));
    for (size_t i = 1; i < n; i++) u = u << 6 | ((unsigned char)s->p[i] & 0x3FU);
    *s = bb_sub(*s, n, BB_NPOS);
    return u;
}

/* Bits on their way to be base64, with , for / and nothing behind. */
typedef struct {
    bb_buf *out;
    uint32_t bits;
    int n;
} base64;

static void put_bits(base64 *b, uint32_t bits, int n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    b->bits = b->bits << n | bits;
    for (b->n += n; b->n >= 6; b->n -= 6) bb_putc(b->out, digits[b->bits >> (b->n - 6) & 63]);
    b->bits &= 63;
}

/* UTF-16, big-endian, of what is not printable ASCII. */
static void put_shifted(bb_buf *out, bb_str *rest)
{
    base64 b = {.out = out};
    bb_putc(out, '&');
    while (rest->n && (unsigned char)rest->p[0] >= 0x80) {
        uint32_t u = take_code_point(rest);
        if (u > 0xFFFF) put_bits(&b, 0xD800 + ((u - 0x10000) >> 10), 16);
        put_bits(&b, u > 0xFFFF ? 0xDC00 + ((u - 0x10000) & 0x3FF) : u, 16);
    }
    if (b.n) put_bits(&b, 0, 6 - b.n);
    bb_putc(out, '-');
}

bb_str bb_imap_mailbox(bb_arena *a, bb_str name)
{
    if (!bb_utf8_valid(name) || bb_has_control(name)) return (bb_str){0};
    bb_buf out = bb_buf_in(a, 4 * name.n + 2);
    bb_putc(&out, '"');
    while (name.n) {
        char c = name.p[0];
        if ((unsigned char)c >= 0x80) {
            put_shifted(&out, &name);
            continue;
        }
        if (c == '"' || c == '\\') bb_putc(&out, '\\');
        bb_putc(&out, c);
        if (c == '&') bb_putc(&out, '-');
        name = bb_sub(name, 1, BB_NPOS);
    }
    bb_putc(&out, '"');
    return a->failed || out.truncated ? (bb_str){0} : bb_buf_str(&out);
}

#define RANGE_MAX 24 /* ",4294967295:4294967295" */

size_t bb_imap_set(bb_buf *out, const uint32_t *uids, size_t n, size_t max)
{
    size_t at = 0, before = out->n;
    while (at < n && out->n - before + RANGE_MAX <= max) {
        size_t last = at;
        while (last + 1 < n && uids[last + 1] == uids[last] + 1) last++;
        bb_putf(out, "%s%u", at ? "," : "", uids[at]);
        if (last > at) bb_putf(out, ":%u", uids[last]);
        at = last + 1;
    }
    return at;
}
