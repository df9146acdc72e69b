/* SPDX-License-Identifier: MIT
 *
 * phrases: where the phrases of words/ stand in texts, as scans for one list find them and as one pass for all does, two
 * lines a text. For phrases.py.
 *
 * usage: phrases < TEXTS          a text a line, in hexadecimal; of at most 4 KiB
 */
#include <stdio.h>

#include "core/report/internal.h"
#include "tap.h"

#define MOST 4096

static int digit(char c)
{
    return bb_is_digit(c) ? c - '0' : c - 'a' + 10;
}

static void scan(bb_str text)
{
    for (bb_words list = 0; list < BB_WORDS_LISTS; list++) {
        bb_phrase_scan s = bb_phrases(NULL, text, list);
        for (bb_phrase_hit hit; bb_phrase_next(&s, &hit);) printf("%u,%zu,%zu ", (unsigned)list, hit.at, hit.len);
    }
    putchar('\n');
}

static void read_for_all(bb_arena *a, bb_str text)
{
    bb_phrases_found f = bb_phrases_read(a, text);
    for (size_t i = 0; i < f.n; i++) printf("%u,%u,%u ", f.items[i].list, f.items[i].at, f.items[i].len);
    putchar('\n');
}

int main(void)
{
    static char line[2 * MOST + 2], bytes[MOST];
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    while (fgets(line, sizeof line, stdin)) {
        bb_str hex = bb_trim(bb_cstr(line));
        for (size_t i = 0; i < hex.n / 2; i++) bytes[i] = (char)(digit(hex.p[2 * i]) << 4 | digit(hex.p[2 * i + 1]));
        scan((bb_str){bytes, hex.n / 2});
        read_for_all(&a, (bb_str){bytes, hex.n / 2});
        bb_arena_reset(&a);
    }
    bb_arena_free(&a);
    return 0;
}
