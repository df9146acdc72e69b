/* SPDX-License-Identifier: MIT
 *
 * What the files of import share: a line of the file, why it was left out, and the run.
 */
#ifndef BB_APP_CLI_CMD_IMPORT_H
#define BB_APP_CLI_CMD_IMPORT_H

#include "app/cli/cli.h"
#include "core/base/csv.h"

#define IMPORT_BATCH 1000

/* ---- lines (import_rows.c) --------------------------------------------------------------------------- */

typedef enum {
    COLUMN_ADDRESS,
    COLUMN_EXTERNAL_ID,
    COLUMN_ID, /* the operator's own id where there is no external_id; an export has both, and then it is ours */
    COLUMN_SINCE,
    COLUMN_STATUS,
    COLUMN_UNTIL,
    COLUMN_CONTACT,
    COLUMNS
} import_column;

/* Which field of a row is which column; BB_NPOS: none is. */
typedef struct {
    size_t at[COLUMNS];
} import_columns;

/* Reads the first row of a file. *header false: it is a row already, of addresses only. False: err. */
bool import_header(const bb_csv_row *first, import_columns *out, bool *header, bb_err *err);
/* One row to one item, whose strings are copied into the arena. False: why it is left out. */
bool import_row(bb_arena *a, const import_columns *columns, const bb_csv_row *row, bb_item *out, const char **why);

/* ---- what was left out (import_sums.c) --------------------------------------------------------------- */

typedef enum {
    LEFT_BAD,      /* no row of CSV, no address, no date, ... */
    LEFT_TWICE,    /* he stands further up in the file */
    LEFT_TAKEN,    /* somebody else has that external id */
    LEFT_OTHER_ID, /* he is on the list with another external id, which stays */
    LEFT_REASONS
} left_reason;

typedef struct {
    bb_str file;
    uint64_t line;
    bb_str text; /* whom it names, as far as that can be read */
    const char *why;
} left_line;

#define LEFT_SHOWN      20
#define LEFT_SHOWN_JSON 1000

typedef struct {
    uint64_t rows, added, known, again; /* again: subscribed once more */
    uint64_t left[LEFT_REASONS];
    left_line lines[LEFT_SHOWN_JSON];
    size_t n_lines;
} import_sums;

bool import_left_any(const import_sums *s);
void import_leave(cli *c, import_sums *s, left_reason reason, const left_line *line);
void import_tell(cli *c, const import_sums *s, bool dry, bool complete);

/* ---- who was met in this file (import_met.c) ------------------------------------------------------------ */

typedef struct met met;
met *met_new(void);
void met_free(met **m);
/* Marks a subscriber, at the cost of a bit, and answers in *before whether he was marked. False: memory. */
bool met_number(met *m, uint64_t subscriber, bool *before);
/* Marks a hash, at the cost of some 16 octets. */
bool met_hash(met *m, uint64_t hash);
bool met_has_hash(const met *m, uint64_t hash);

/* ---- the rehearsal (import_dry.c) ---------------------------------------------------------------------- */

/* Answers the items as bb_store_apply would, and changes nothing. before[i]: he stands further up in the file. */
bool import_rehearse(cli *c, bb_arena *a, met *m, bb_item *items, size_t n, bool *before);

#endif
