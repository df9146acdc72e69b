/* SPDX-License-Identifier: MIT
 *
 * vectors: the tables of tokens and return paths that other implementations are held to as well (docs/return-paths.md),
 * row by row. What is not of the table's form is a failed check.
 */
#ifndef BB_TESTS_VECTORS_H
#define BB_TESTS_VECTORS_H

#include "tap.h"

#define VECTORS_TOKENS "tests/fixtures/token-vectors.tsv"
#define VECTORS_PATHS  "tests/fixtures/return-path-vectors.tsv"

/* Their columns; the second table has more. */
enum {
    T_RESULT,
    T_KEY,
    T_SECRET,
    T_PURPOSE,
    T_DAY,
    T_MAILING,
    T_SUBSCRIBER,
    T_AT,
    T_LIFETIME,
    T_TOKEN,
    T_LOCAL,
    T_COLUMNS
};
enum {
    P_RESULT,
    P_FORM,
    P_KEY,
    P_SECRET,
    P_DAY,
    P_MAILING,
    P_SUBSCRIBER,
    P_AT,
    P_LIFETIME,
    P_WRITTEN,
    P_ADDRESS,
    P_BASE,
    P_VICTIM,
    P_DOMAIN,
    P_COLUMNS
};

/* Checks each row of a table. */
void vectors_each(const char *path, int columns, void (*check)(bb_str *cells, int line));

/* What cells hold; "-" is 0 and no text. The number of a purpose is that of verp.h and of the library. */
uint64_t vectors_number(bb_str cell);
bb_str vectors_text(bb_str cell);
int vectors_purpose(bb_str cell);
bool vectors_secret(bb_str cell, uint8_t secret[32]);

#endif
