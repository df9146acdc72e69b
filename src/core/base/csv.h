/* SPDX-License-Identifier: MIT
 *
 * csv: rows of comma-separated values (RFC 4180) out of a stream of bytes that somebody else reads.
 *
 * Takes     quotes, doubled quotes and line ends within them; LF, CRLF and CR; a UTF-8 byte order mark; comma,
 *           semicolon or tab, whichever the first line has most of.
 * Limits    BB_CSV_ROW_MAX octets and BB_CSV_FIELDS_MAX fields a row.
 * Errors    a row that breaks the rules or a limit says so in `bad`; reading goes on at its next line, so a stray
 *           quote costs its own line and no more.
 * Pure: the bytes come through `read`; fields live in the arena. Threads: no state but the bb_csv.
 */
#ifndef BB_CORE_CSV_H
#define BB_CORE_CSV_H

#include "core/base/base.h"

#define BB_CSV_ROW_MAX    ((size_t)64 << 10)
#define BB_CSV_FIELDS_MAX 1000

/* Puts up to `room` bytes into `into`; 0: the end. */
typedef size_t (*bb_csv_read)(void *ctx, char *into, size_t room);

typedef struct {
    bb_csv_read read;
    void *ctx;
    char delimiter; /* 0: not known before the first row */
    bool ended;     /* `read` has no more */
    uint64_t line;  /* of what comes next, from 1 */
    size_t from, to;
    char window[BB_CSV_ROW_MAX];
} bb_csv;

typedef struct {
    bb_str *fields;
    size_t n;
    uint64_t line;   /* where the row began */
    const char *bad; /* NULL: a good row; else what is wrong, and there are no fields */
} bb_csv_row;

void bb_csv_init(bb_csv *c, bb_csv_read read, void *ctx);
/* The next row that is not empty. False: there is none, or the arena is used up. */
bool bb_csv_next(bb_csv *c, bb_arena *a, bb_csv_row *out);

#endif
