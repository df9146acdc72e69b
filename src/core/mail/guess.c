/* SPDX-License-Identifier: MIT
 *
 * guess: which charset bytes are in that nobody declared, or that are not in what was declared. Old mail systems write
 * their language as it is; what they say is worth more than a row of U+FFFD. It looks at how bytes above 127 stand: alone
 * among ASCII (Western Europe), in words of letters (Cyrillic), in pairs (East Asia).
 * Errors  none: NULL where nothing fits. Threads: no state.
 */
#include "core/mail/internal.h"

typedef struct {
    size_t high;                /* bytes above 127 */
    size_t alone;               /* with ASCII on both sides */
    size_t lower, upper;        /* 0xC0 to 0xDF, 0xE0 to 0xFF */
    size_t paired;              /* in runs of even length, all from 0xA1 on */
    size_t kana, hangul, leads; /* of pairs: rows of Japanese syllables; of Korean ones; all */
    size_t shifted;             /* first bytes of Japanese syllables and signs in Shift_JIS */
    size_t big5, not_big5;      /* pairs of that charset; bytes that begin none */
} looks;

static void look_at_run(bb_str run, looks *l)
{
    bool paired = run.n % 2 == 0;
    for (size_t i = 0; i < run.n; i++) {
        unsigned char c = (unsigned char)run.p[i];
        l->lower += c >= 0xC0 && c < 0xE0;
        l->upper += c >= 0xE0;
        l->shifted += c >= 0x81 && c <= 0x83;
        paired = paired && c >= 0xA1 && c != 0xFF;
    }
    l->high += run.n;
    l->alone += run.n == 1;
    if (!paired) return;
    l->paired += run.n;
    for (size_t i = 0; i < run.n; i += 2) {
        unsigned char lead = (unsigned char)run.p[i];
        l->leads++;
        l->kana += lead == 0xA4 || lead == 0xA5;
        l->hangul += lead >= 0xB0 && lead <= 0xC8;
    }
}

static void look_for_big5(bb_str s, looks *l)
{
    for (size_t i = 0; (i = bb_next_high(s, i)) < s.n; i++) {
        unsigned char lead = (unsigned char)s.p[i], trail = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
        bool pair =
            lead >= 0xA1 && lead <= 0xF9 && ((trail >= 0x40 && trail < 0x7F) || (trail >= 0xA1 && trail < 0xFF));
        l->big5 += pair;
        l->not_big5 += !pair;
        i += pair;
    }
}

static looks look_at(bb_str s)
{
    looks l = {0};
    for (size_t from = 0, i; (from = i = bb_next_high(s, from)) < s.n; from = i) {
        while (i < s.n && (unsigned char)s.p[i] >= 0x80) i++;
        look_at_run(bb_sub(s, from, i - from), &l);
    }
    look_for_big5(s, &l);
    return l;
}

/* Is it nearly all of them? */
static bool most(size_t part, size_t whole)
{
    return 10 * part >= 9 * whole;
}

const char *bb_charset_guess(bb_str bytes)
{
    looks l = look_at(bytes);
    if (!l.high) return NULL;
    if (4 * l.shifted >= l.high) return "shift_jis";
    if (2 * l.alone >= l.high) return "windows-1252";
    /* The letters of both lie there, the small ones in the other half of it. */
    if (most(l.lower + l.upper, l.high)) return l.lower > l.upper ? "koi8-r" : "windows-1251";
    if (most(l.paired, l.high)) {
        if (5 * l.kana >= l.leads) return "euc-jp";
        return most(l.hangul, l.leads) ? "euc-kr" : "gb18030";
    }
    return most(l.big5, l.big5 + l.not_big5) ? "big5" : NULL;
}
