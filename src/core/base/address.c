/* SPDX-License-Identifier: MIT
 *
 * Addresses (RFC 5321 section 4.1.2, 6531) taken apart, compared, and found in text.
 */
#include "core/base/address.h"

#include <idn2.h>
#include <string.h>

#define LOCAL_MAX  64
#define DOMAIN_MAX 255

/* What a byte can be part of. */
enum {
    LOCAL = 1, /* of a local part: atext, also what is not ASCII (RFC 6531 section 3.3), and the dots between */
    LDH = 2,   /* of a domain in ASCII: letters, digits, hyphens, dots, and the underscores seen in the field */
    HIGH = 4   /* of a character beyond ASCII */
};
/* clang-format off */
static const uint8_t kinds[256] = {
    [' '] = 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 3, 3, 1, /* ! # $ % & ' * + - . / */
    ['0'] = 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, ['='] = 1, ['?'] = 1,
    ['A'] = 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, ['^'] = 1, 3, 1, /* ^ _ ` */
    ['a'] = 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, /* { | } ~ */
    [0x80] = 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    [0xA0] = 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    [0xC0] = 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    [0xE0] = 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
};
/* clang-format on */

static bool is_of(char c, unsigned kind)
{
    return kinds[(unsigned char)c] & kind;
}

/* Where a quoted string beginning at 0 ends (behind its closing quote), 0: it does not. */
static size_t quoted_end(bb_str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] == '\\') i++;
        else if (s.p[i] == '"') return i + 1;
        else if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F) return 0;
    }
    return 0;
}

/* Stray dots ("a..b@", "a.@") are against RFC 5321, and Japanese carriers handed out such addresses for years. */
static bool is_dot_string(bb_str s)
{
    size_t n = 0;
    while (n < s.n && is_of(s.p[n], LOCAL)) n++;
    return n == s.n && n > 0;
}

static bool is_ldh(bb_str domain)
{
    size_t n = 0;
    while (n < domain.n && is_of(domain.p[n], LDH)) n++;
    return n == domain.n;
}

/* Labels in ASCII, none of them empty or too long? */
static bool is_domain(bb_str s)
{
    size_t label = 0; /* where the one begins that we are in */
    for (size_t i = 0; i < s.n; i++) {
        if (!is_of(s.p[i], LDH)) return false;
        if (s.p[i] != '.') continue;
        if (i == label || i - label > 63) return false;
        label = i + 1;
    }
    return s.n > label && s.n - label <= 63 && s.n <= DOMAIN_MAX;
}

static bb_str a_label(bb_arena *a, bb_str domain)
{
    bb_str copy = bb_dup(a, domain);
    char *ascii = NULL;
    bb_str out = {0};
    if (!copy.p || memchr(copy.p, 0, copy.n)) return out;
    if (idn2_to_ascii_8z(copy.p, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK)
        out = bb_dup(a, bb_cstr(ascii));
    idn2_free(ascii);
    return out;
}

/* A-label without a trailing dot, in any case; empty: no domain. */
static bb_str read_domain(bb_arena *a, bb_str s)
{
    if (s.n && s.p[s.n - 1] == '.') s.n--;
    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') { /* address literal */
        for (size_t i = 1; i + 1 < s.n; i++)
            if (!bb_is_alnum(s.p[i]) && !strchr(".:-", s.p[i])) return (bb_str){0};
        return s.n <= DOMAIN_MAX ? s : (bb_str){0};
    }
    if (is_domain(s)) return s; /* nearly always */
    if (!s.n || s.n > 4 * DOMAIN_MAX) return (bb_str){0};
    bb_str domain = is_ldh(s) ? s : a_label(a, s);
    return is_domain(domain) ? domain : (bb_str){0};
}

bb_str bb_local_unquoted(bb_arena *a, bb_str s)
{
    if (!s.n || s.p[0] != '"' || quoted_end(s) != s.n) return s;
    bb_buf plain = bb_buf_in(a, s.n);
    for (size_t i = 1; i + 1 < s.n; i++) {
        if (s.p[i] == '\\') i++;
        bb_putc(&plain, s.p[i]);
    }
    return bb_buf_str(&plain);
}

/* Quotes that need not be there are taken off, so that "user"@x and user@x are one address. */
static bb_str read_local(bb_arena *a, bb_str s)
{
    if (!s.n || s.p[0] != '"') return is_dot_string(s) ? s : (bb_str){0};
    if (quoted_end(s) != s.n) return (bb_str){0};
    bb_str bare = bb_local_unquoted(a, s);
    return is_dot_string(bare) ? bare : s;
}

/* The last @ outside quotes divides. */
static size_t divider(bb_str s)
{
    size_t from = s.n && s.p[0] == '"' ? quoted_end(s) : 0;
    size_t at = bb_rchr(bb_sub(s, from, BB_NPOS), '@');
    return at == BB_NPOS ? BB_NPOS : from + at;
}

static bb_str without_brackets(bb_str s)
{
    s = bb_trim(s);
    if (s.n < 2 || s.p[0] != '<' || s.p[s.n - 1] != '>') return s;
    s = bb_trim(bb_sub(s, 1, s.n - 2));
    if (s.n && s.p[0] == '@') { /* an obsolete source route: <@relay:user@example.com> */
        size_t colon = bb_chr(s, ':');
        if (colon != BB_NPOS) s = bb_sub(s, colon + 1, BB_NPOS);
    }
    return s;
}

bool bb_address_split(bb_str s, bb_str *local, bb_str *domain)
{
    s = without_brackets(s);
    size_t at = divider(s);
    if (at == BB_NPOS || !at || at + 1 == s.n) return false;
    *local = bb_sub(s, 0, at);
    *domain = bb_sub(s, at + 1, BB_NPOS);
    return true;
}

/* Copies eight bytes, their ASCII in lower case: a capital lacks bit 5. */
static void put_eight_lower(char *to, const char *from)
{
    const uint64_t each = UINT64_C(0x0101010101010101), top = 0x80 * each;
    uint64_t word;
    memcpy(&word, from, sizeof word);
    uint64_t low = word & ~top, from_a = low + (0x80 - 'A') * each, behind_z = low + (0x80 - 'Z' - 1) * each;
    word |= (from_a & ~behind_z & ~word & top) >> 2;
    memcpy(to, &word, sizeof word);
}

static void put_lower(char *to, bb_str s)
{
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) put_eight_lower(to + i, s.p + i);
    if (s.n > 8) put_eight_lower(to + s.n - 8, s.p + s.n - 8); /* some of them again */
    else
        for (; i < s.n; i++) to[i] = bb_lower(s.p[i]);
}

bool bb_address_read(bb_arena *a, bb_str s, bb_address *out, bb_err *err)
{
    s = without_brackets(s);
    if (s.n > BB_ADDRESS_MAX)
        return bb_fail(err, BB_EDATA, "an address of %zu octets; at most %d", s.n, BB_ADDRESS_MAX);
    size_t at = divider(s);
    if (at == BB_NPOS) return bb_fail(err, BB_EDATA, "no @ in the address");
    if (!at) return bb_fail(err, BB_EDATA, "nothing before the @");
    if (at > LOCAL_MAX) return bb_fail(err, BB_EDATA, "%zu octets before the @; at most %d", at, LOCAL_MAX);
    if (!bb_utf8_valid(s)) return bb_fail(err, BB_EDATA, "not UTF-8");
    bb_str local = read_local(a, bb_sub(s, 0, at));
    if (!local.n) return bb_fail(err, BB_EDATA, "a character before the @ that may not stand there");
    bb_str domain = read_domain(a, bb_sub(s, at + 1, BB_NPOS));
    if (!domain.n) return bb_fail(err, BB_EDATA, "no valid domain behind the @");
    char *key = bb_get(a, local.n + domain.n + 2); /* with a NUL behind it */
    if (!key) return bb_fail(err, BB_ENOMEM, "out of memory");
    put_lower(key, local);
    key[local.n] = '@';
    put_lower(key + local.n + 1, domain);
    *out = (bb_address){
        .spelled = s, .local = local, .domain = {key + local.n + 1, domain.n}, .key = {key, local.n + 1 + domain.n}};
    return true;
}

/* Signs beyond ASCII that stand between words: the spaces, quotes, brackets, colons and full stops of all scripts. In
 * running text they end an address, though RFC 6531 section 3.3 has them in local parts. */
static bool is_punctuation(uint32_t c)
{
    static const struct {
        uint16_t first, last;
    } ranges[] = {{0xA0, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},     {0x2000, 0x200B},
                  {0x200E, 0x206F}, {0x2190, 0x2BFF}, {0x3000, 0x3004}, {0x3008, 0x3020}, {0xFE30, 0xFE4F},
                  {0xFF01, 0xFF0C}, {0xFF0F, 0xFF0F}, {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF64}};
    for (size_t i = 0; i < BB_COUNT(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last) return true;
    return false;
}

/* Thai, kana, Han and Hangul are written up to the next word of another script without a space. */
static bool is_unspaced(uint32_t c)
{
    return (c >= 0xE00 && c <= 0xE7F) || (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
           (c >= 0xAC00 && c <= 0xD7AF);
}

/* The character beyond ASCII that begins at i, 0 where there is none of two or three bytes, *n long. */
static uint32_t wide_at(bb_str text, size_t i, size_t *n)
{
    const unsigned char *p = (const unsigned char *)text.p + i;
    size_t left = text.n - i;
    *n = 1;
    if (left >= 2 && (p[0] & 0xE0) == 0xC0) return *n = 2, (p[0] & 0x1FU) << 6 | (p[1] & 0x3FU);
    if (left >= 3 && (p[0] & 0xF0) == 0xE0) return *n = 3, (p[0] & 0xFU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
    return 0;
}

/* Where the local part begins that ends at `at`, not before `from`. */
static size_t local_begin(bb_str text, size_t from, size_t at, size_t local_max)
{
    size_t begin = at,
           least = at > local_max && at - local_max > from ? at - local_max - 1 : from; /* that is too long */
    while (begin > least) {
        char c = text.p[begin - 1];
        if (!is_of(c, LOCAL)) break;
        if (!is_of(c, HIGH)) { /* nearly always */
            begin--;
            continue;
        }
        size_t step = 1, n;
        while (step < 4 && begin - step > from && ((unsigned char)text.p[begin - step] & 0xC0) == 0x80) step++;
        if (!is_of(text.p[begin - step], LOCAL)) break;
        uint32_t wide = step > 1 ? wide_at(text, begin - step, &n) : 0;
        bool plain = begin < at && (unsigned char)text.p[begin] < 0x80;
        if (is_punctuation(wide) || (plain && is_unspaced(wide))) break;
        begin -= step;
    }
    return begin;
}

/* Where the domain ends that begins at `begin`. No top-level domain begins in ASCII and goes on in another script. */
static size_t domain_end(bb_str text, size_t begin)
{
    bool literal = begin < text.n && text.p[begin] == '[';
    size_t end = begin, label = begin, mixed = 0, n;
    size_t most = text.n - begin > DOMAIN_MAX ? begin + DOMAIN_MAX + 1 : text.n; /* that is too long */
    while (end < most && is_of(text.p[end], LDH)) end++;
    if (!literal && (end == most || !is_of(text.p[end], HIGH))) return end; /* nearly always */
    for (end = begin; end < most; end += n) {
        char c = text.p[end];
        uint32_t wide = 0;
        n = 1;
        if (is_of(c, HIGH)) wide = wide_at(text, end, &n);
        if ((wide && is_punctuation(wide)) || (!is_of(c, LDH | HIGH) && !(literal && strchr("[]:", c)))) break;
        if (c == '.') label = end + 1, mixed = 0;
        if (wide && is_unspaced(wide) && !mixed && end > label && label > begin && bb_is_alnum(text.p[end - 1]))
            mixed = end;
    }
    return mixed ? mixed : end < text.n ? end : text.n;
}

/* The address around the @ at `at`, empty if there is none. Only text from `from` on is looked at. */
static bb_str around(bb_str text, size_t from, size_t at, size_t local_max)
{
    size_t begin = at, end;
    if (at > from && text.p[at - 1] == '"') {
        for (begin = at - 1; begin > from && at - begin <= local_max && (begin == at - 1 || text.p[begin] != '"');
             begin--) {
        }
        if (text.p[begin] != '"' || begin + 1 >= at) return (bb_str){0};
    } else {
        begin = local_begin(text, from, at, local_max);
    }
    while (begin < at && (text.p[begin] == '\'' || text.p[begin] == '`')) begin++; /* 'user@example.com' */
    end = domain_end(text, at + 1);
    while (end > at + 1 && (text.p[end - 1] == '.' || text.p[end - 1] == '-')) end--; /* the end of a sentence */
    if (begin == at || end == at + 1 || at - begin > local_max || end - at - 1 > DOMAIN_MAX) return (bb_str){0};
    return bb_sub(text, begin, end - begin);
}

static bb_str first_plain(bb_str text, size_t local_max, size_t *behind)
{
    for (size_t from = 0; from < text.n;) {
        size_t at = bb_chr(bb_sub(text, from, BB_NPOS), '@');
        if (at == BB_NPOS) break;
        at += from;
        bb_str hit = around(text, from, at, local_max);
        if (hit.n) {
            *behind = (size_t)(hit.p - text.p) + hit.n;
            return hit;
        }
        from = at + 1;
    }
    return (bb_str){0};
}

/* In "Ann <ann@example.com>" the brackets say which it is, though "Ann@Home <ann@example.com>" has one before. */
static bb_str first_bracketed(bb_str line, size_t local_max, size_t *behind)
{
    for (size_t from = 0; from < line.n;) {
        size_t length = bb_chr(bb_sub(line, from, BB_NPOS), '>');
        if (length == BB_NPOS) break;
        size_t close = from + length, open = bb_rchr(bb_sub(line, from, length), '<');
        bb_str inner = open == BB_NPOS ? (bb_str){0} : bb_trim(bb_sub(line, from + open + 1, length - open - 1));
        size_t end, at = divider(inner);
        bb_str hit = first_plain(inner, local_max, &end);
        if (inner.n && inner.p[0] == '"' && at != BB_NPOS && at > 1) hit = inner;
        if (hit.n && bb_chr(inner, ' ') == BB_NPOS) {
            *behind = close + 1;
            return hit;
        }
        from = close + 1;
    }
    return (bb_str){0};
}

#define WINDOW 1000 /* octets looked at together: what keeps the search linear on lines without end */

/* Where a line longer than the window is cut: behind the last byte that is part of no address. */
static size_t window_end(bb_str line)
{
    size_t end = bb_rchr(line, ' ');
    if (end != BB_NPOS) return end + 1;
    for (end = line.n; end && (is_of(line.p[end - 1], LOCAL) || line.p[end - 1] == '@');) end--;
    if (end) return end;
    end = line.n; /* there is none in it: between two characters is enough */
    while (end > line.n - 3 && ((unsigned char)line.p[end] & 0xC0) == 0x80) end--;
    return end;
}

/* What to search next: a line, or what stands before the next comma of a header value, or a window of a long line. */
static bb_str stretch(bb_str left)
{
    bb_str line = bb_sub(left, 0, WINDOW);
    size_t end = bb_chr(line, '\n');
    if (end != BB_NPOS) line = bb_sub(line, 0, end + 1);
    else if (left.n > WINDOW) line = bb_sub(line, 0, window_end(line));
    size_t comma = bb_chr(line, ',');
    if (comma != BB_NPOS && bb_chr(bb_sub(line, 0, comma), '@') != BB_NPOS) line = bb_sub(line, 0, comma + 1);
    return line;
}

static bb_str find(bb_str text, size_t local_max, bb_str *rest)
{
    bb_str left = text, hit = {0};
    size_t sign = bb_chr(text, '@');
    if (sign == BB_NPOS) left = (bb_str){0};
    else if (text.n > WINDOW) { /* lines before the first one that can hold an address */
        size_t lf = bb_rchr(bb_sub(text, 0, sign), '\n');
        if (lf != BB_NPOS) left = bb_sub(text, lf + 1, BB_NPOS);
    }
    while (left.n && !hit.n) {
        bb_str line = stretch(left);
        size_t behind = line.n;
        hit = first_bracketed(line, local_max, &behind);
        if (!hit.n) hit = first_plain(line, local_max, &behind);
        left = bb_sub(left, behind, BB_NPOS);
    }
    if (rest) *rest = left;
    return hit;
}

bb_str bb_address_find(bb_str text, bb_str *rest)
{
    return find(text, LOCAL_MAX, rest);
}

bb_str bb_address_find_long(bb_str text, bb_str *rest)
{
    return find(text, WINDOW, rest);
}

bool bb_address_same(bb_arena *a, bb_str x, bb_str y)
{
    bb_address read_x = {0}, read_y = {0};
    x = without_brackets(x);
    y = without_brackets(y);
    if (x.n && bb_ieq(x, y) && bb_chr(x, '@') != BB_NPOS) return true;
    return bb_address_read(a, x, &read_x, NULL) && bb_address_read(a, y, &read_y, NULL) &&
           bb_eq(read_x.key, read_y.key);
}
