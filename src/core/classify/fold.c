/* SPDX-License-Identifier: MIT
 *
 * fold: texts and literals brought into the one form in which they are compared.
 */
#include "core/classify/internal.h"

#include <string.h>

#define MAX_PART 255 /* of an address, on either side of the @ */

/* Lower case of a code point below U+0800. Pairs that differ by their lowest bit, and the blocks
 * that differ by 32 or 80, cover what refusals are written in. */
static uint32_t lower(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
    if ((c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14a && c <= 0x177)) return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return (c & 1) ? c + 1 : c;
    if (c >= 0x391 && c <= 0x3a9 && c != 0x3a2) return c + 32;
    if (c >= 0x410 && c <= 0x42f) return c + 32;
    if (c >= 0x400 && c <= 0x40f) return c + 80;
    return c;
}

/* Letters from U+00C0 on without their accents: people leave these away, and so do programs. '.': none of those; what
 * stands for two letters has the first here. */
static const char plain_latin[] = "aaaaaaaceeeeiiiidnooooo.ouuuuy.saaaaaaaceeeeiiiidnooooo.ouuuuy.y"
                                  "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.llllll."
                                  ".llnnnnnnn..oooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/* The same of Greek from U+0384 on, of Cyrillic (io, short i, yi) and of what Romanian writes below a letter; the last ones
 * first, as most letters that come here stand behind all but a few of them. */
static uint32_t without_accent(uint32_t c)
{
    static const struct {
        uint16_t accented, plain;
    } others[] = {{0x457, 0x456}, {0x451, 0x435}, {0x439, 0x438}, {0x3ce, 0x3c9}, {0x3cd, 0x3c5}, {0x3cc, 0x3bf},
                  {0x3cb, 0x3c5}, {0x3ca, 0x3b9}, {0x3c2, 0x3c3}, {0x3b0, 0x3c5}, {0x3af, 0x3b9}, {0x3ae, 0x3b7},
                  {0x3ad, 0x3b5}, {0x3ac, 0x3b1}, {0x390, 0x3b9}, {0x38f, 0x3c9}, {0x38e, 0x3c5}, {0x38c, 0x3bf},
                  {0x38a, 0x3b9}, {0x389, 0x3b7}, {0x388, 0x3b5}, {0x386, 0x3b1}, {0x21b, 't'},   {0x21a, 't'},
                  {0x219, 's'},   {0x218, 's'}};
    if (c >= 0xc0 && c < 0xc0 + sizeof plain_latin - 1 && plain_latin[c - 0xc0] != '.')
        return (unsigned char)plain_latin[c - 0xc0];
    for (size_t i = 0; i < BB_COUNT(others) && others[i].accented >= c; i++)
        if (others[i].accented == c) return others[i].plain;
    return c;
}

/* The second letter of a sign that stands for two. */
static char second_letter(uint32_t c)
{
    if (c == 0xdf) return 's';
    return c == 0xc6 || c == 0xe6 || c == 0x152 || c == 0x153 ? 'e' : 0;
}

/* Bytes of the space at i: ASCII and controls, no-break space, U+2000..U+200A, U+202F, U+3000. */
static size_t space_at(bb_str s, size_t i)
{
    const unsigned char *p = (const unsigned char *)s.p + i;
    size_t left = s.n - i;
    if (p[0] <= ' ' || p[0] == 0x7f) return 1;
    if (left >= 2 && p[0] == 0xc2 && p[1] == 0xa0) return 2;
    if (left < 3) return 0;
    if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] <= 0x8a || p[2] == 0xaf)) return 3;
    return p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
}

/* The plain character for a typographic quote or dash (U+2010..U+2019) at i, 0: none there. */
static char plain_at(bb_str s, size_t i)
{
    const unsigned char *p = (const unsigned char *)s.p + i;
    if (s.n - i < 3 || p[0] != 0xe2 || p[1] != 0x80) return 0;
    if (p[2] >= 0x90 && p[2] <= 0x95) return '-';
    return p[2] == 0x98 || p[2] == 0x99 ? '\'' : 0;
}

static size_t digits(bb_str s, size_t i)
{
    size_t n = 0;
    while (i + n < s.n && bb_is_digit(s.p[i + n])) n++;
    return n;
}

/* Bytes of "5.1.1" at i. */
static size_t status_at(bb_str s, size_t i)
{
    size_t at = i;
    for (int part = 0; part < 3; part++) {
        size_t n = digits(s, at);
        if (n == 0 || n > 3) return 0;
        at += n;
        if (part == 2) break;
        if (at >= s.n || s.p[at] != '.') return 0;
        at++;
    }
    return at < s.n && s.p[at] == '.' ? 0 : at - i;
}

/* Bytes of the codes that begin one line of a long reply (RFC 5321 section 4.2.1) at i: "550-",
 * "550-5.1.1 ", "550 5.1.1 ", and a last "550 " where *code has been such a line's. They would
 * tear apart sentences that run over several lines. */
static size_t reply_prefix_at(bb_str s, size_t i, char code[3])
{
    if (digits(s, i) != 3 || (s.p[i] != '2' && s.p[i] != '4' && s.p[i] != '5') || i + 4 > s.n) return 0;
    char sep = s.p[i + 3];
    if (sep != '-' && sep != ' ') return 0;
    bool again = code[0] == s.p[i] && code[1] == s.p[i + 1] && code[2] == s.p[i + 2];
    size_t status = status_at(s, i + 4);
    if (sep == ' ' && status == 0 && !again) return 0;
    for (int k = 0; k < 3; k++)
        if (sep == '-') code[k] = s.p[i + (size_t)k];
    return 4 + status;
}

/* What an address ends at, on either side. */
static bool bounds_address(char c)
{
    static const bool bounds[256] = {
        [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['<'] = true,  ['>'] = true,
        ['('] = true, [')'] = true,  ['['] = true,  [']'] = true,  ['{'] = true,  ['}'] = true,
        [','] = true, [';'] = true,  [':'] = true,  ['"'] = true,  ['\''] = true, ['|'] = true};
    return bounds[(unsigned char)c];
}

/* Signs of East Asia, which stand beside an address without a space between. */
static bool is_wide(char lead)
{
    return (unsigned char)lead >= 0xe2;
}

/* Does the domain that begins at `from` end at i? "ann@example.net...User unknown", "ann@example.net不存在". */
static bool ends_domain(bb_str s, size_t from, size_t i)
{
    if (bounds_address(s.p[i]) || (s.p[i] == '.' && i + 1 < s.n && s.p[i + 1] == '.')) return true;
    if (!is_wide(s.p[i])) return false;
    bool ascii = i > from && (unsigned char)s.p[i - 1] < 0x80 && s.p[i - 1] != '.';
    return ascii && bb_chr(bb_sub(s, from, i - from), '.') != BB_NPOS;
}

/* Does the local part that goes from i to n begin there? */
static bool begins_local(const char *out, size_t i, size_t n)
{
    if (i == 0 || bounds_address(out[i - 1])) return true;
    if (i == n || (unsigned char)out[i] >= 0x80 || (unsigned char)out[i - 1] < 0x80) return false;
    size_t lead = i - 1;
    while (lead > 0 && ((unsigned char)out[lead] & 0xc0) == 0x80) lead--;
    return is_wide(out[lead]);
}

/* Bytes of an address's domain behind the @ at i, where there is one and a local part was written
 * last; *n then loses the local part. An address is nobody's words: <spam@example.net> is a name. */
static size_t address_at(bb_str s, size_t i, const char *out, size_t *n)
{
    size_t to = i + 1, from = *n;
    while (to < s.n && to - i <= MAX_PART && !ends_domain(s, i + 1, to)) to++;
    while (*n - from <= MAX_PART && !begins_local(out, from, *n)) from--;
    if (from == *n || to == i + 1) return 0;
    while (to > i + 2 && !bb_is_alnum(s.p[to - 1]) && (unsigned char)s.p[to - 1] < 0x80) to--; /* "... x@y.z." */
    *n = from;
    return to - i - 1;
}

/* Bytes of a full stop, exclamation or question mark of East Asia at i: these end a sentence without a space. */
static size_t wide_stop_at(bb_str s, size_t i)
{
    static const char *const stops[] = {"\xE3\x80\x82", "\xEF\xBC\x81", "\xEF\xBC\x9F", "\xEF\xBD\xA1"};
    for (size_t k = 0; (unsigned char)s.p[i] >= 0xe3 && k < BB_COUNT(stops); k++)
        if (bb_starts(bb_sub(s, i, 3), bb_cstr(stops[k]))) return 3;
    return 0;
}

/* After these a space ends the sentence. */
static bool ends_sentence(char c)
{
    return c == '.' || c == '!' || c == '?';
}

/* A text on its way from s to out. */
typedef struct {
    bb_str s;
    size_t i;
    char *out;
    size_t n;
    char code[3]; /* of a reply in several lines */
} folding;

static bool at_word_start(const folding *f)
{
    return f->n == 0 || f->out[f->n - 1] == ' ' || f->out[f->n - 1] == BB_FOLD_BREAK;
}

static bool fold_space(folding *f)
{
    size_t from = f->i;
    int lines = 0;
    for (size_t w; f->i < f->s.n && (w = space_at(f->s, f->i)); f->i += w) lines += f->s.p[f->i] == '\n';
    if (f->i == from) return false;
    if (at_word_start(f)) return true;
    char end = lines > 1 || ends_sentence(f->out[f->n - 1]) ? BB_FOLD_BREAK : ' ';
    f->out[f->n++] = end;
    return true;
}

static bool fold_reply_prefix(folding *f)
{
    size_t n = at_word_start(f) ? reply_prefix_at(f->s, f->i, f->code) : 0;
    f->i += n;
    return n > 0;
}

static void fold_character(folding *f)
{
    unsigned char c = (unsigned char)f->s.p[f->i];
    char plain = plain_at(f->s, f->i);
    size_t stop = wide_stop_at(f->s, f->i);
    if (stop) {
        if (!at_word_start(f)) f->out[f->n++] = BB_FOLD_BREAK;
        f->i += stop;
    } else if (c == '@') {
        f->i += 1 + address_at(f->s, f->i, f->out, &f->n);
        f->out[f->n++] = '@';
    } else if (plain) {
        f->out[f->n++] = plain;
        f->i += 3;
    } else {
        f->out[f->n++] = bb_lower((char)c);
        f->i++;
    }
}

/* A letter of two bytes at p, in lower case and without its accent to out, *n bytes: none of an accent that is a sign of
 * its own (U+0300 to U+036F). Not U+00A0, which begins with another byte. */
static bool fold_letter(const char *p, char *out, size_t *n)
{
    unsigned char c = (unsigned char)p[0], next = (unsigned char)p[1];
    if (c < 0xc3 || c > 0xdf || (next & 0xc0) != 0x80) return false;
    uint32_t letter = ((uint32_t)(c & 0x1f) << 6) | (next & 0x3f), low = without_accent(lower(letter));
    *n = low >= 0x300 && low <= 0x36f ? 0 : low >= 0x80 || second_letter(letter) ? 2 : 1;
    out[0] = (char)(low < 0x80 ? low : 0xc0 | (low >> 6));
    if (*n == 2) out[1] = low < 0x80 ? second_letter(letter) : (char)(0x80 | (low & 0x3f));
    return true;
}

/* What is made of a byte that nothing special is about: of letters, digits and signs of ASCII their lower case, and of
 * longer characters the bytes that have no two cases and are no space, quote or dash; but not the first of some. 0: there
 * may be something about it. */
static const char plain[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                            "\0!\"#$%&'()*+,-./"
                            "0123456789:;<=>?"
                            "\0abcdefghijklmno"
                            "pqrstuvwxyz[\\]^_"
                            "`abcdefghijklmno"
                            "pqrstuvwxyz{|}~\0"
                            "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
                            "\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f"
                            "\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf"
                            "\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf"
                            "\xc0\xc1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                            "\xe0\xe1\0\0\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef"
                            "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff";

/* Plain bytes, letters of two bytes, and single spaces within a sentence: nearly all there is, and therefore in one go. A
 * digit at the beginning of a word may be a reply code's. */
static void fold_run(folding *f)
{
    const unsigned char *s = (const unsigned char *)f->s.p;
    char *out = f->out, c;
    size_t i = f->i, n = f->n, end = f->s.n, letter;
    bool begins = at_word_start(f); /* of a word */
    while (i < end) {
        if ((c = plain[s[i]]) && !(begins && bb_is_digit(c))) {
            do out[n++] = c;
            while (++i < end && (c = plain[s[i]]));
            begins = false;
        } else if (s[i] == ' ' && !begins && !ends_sentence(out[n - 1]) && i + 1 < end && plain[s[i + 1]]) {
            out[n++] = ' ', i++;
            begins = true;
        } else if (i + 1 < end && fold_letter(f->s.p + i, out + n, &letter)) {
            n += letter, i += 2;
            if (letter) begins = false; /* an accent alone begins no word and ends none */
        } else {
            break;
        }
    }
    f->i = i;
    f->n = n;
}

size_t bb_fold(bb_str s, char *out)
{
    folding f = {.s = s, .out = out};
    while (f.i < s.n) {
        size_t from = f.i;
        fold_run(&f);
        if (f.i == from && !fold_space(&f) && !fold_reply_prefix(&f)) fold_character(&f);
    }
    while (f.n && at_word_start(&f)) f.n--;
    return f.n;
}

bool bb_inside_word(bb_str s, size_t i)
{
    if (i == 0 || i >= s.n || !bb_word_byte((unsigned char)s.p[i])) return false;
    unsigned char before = (unsigned char)s.p[i - 1];
    if (before < 0x80) return bb_word_byte(before);
    return i >= 2 && (unsigned char)s.p[i - 2] >= 0x80 && bb_word_byte((unsigned char)s.p[i - 2]);
}
