/* SPDX-License-Identifier: MIT
 *
 * golden: messages read from bytes to verdicts, and the tables that say what a person reads in them.
 * One arena for a whole program; golden_forget() empties it between messages.
 */
#ifndef BB_TESTS_GOLDEN_H
#define BB_TESTS_GOLDEN_H

#include "core/classify/classify.h"
#include "core/mail/mail.h"
#include "core/report/report.h"
#include "tap.h"

#define GOLDEN_CELLS 12

bb_arena *golden_begin(void);
void golden_forget(void);
int golden_end(void); /* tap_done() */

/* Reads the message; the report is good until golden_forget(). */
void golden_read(bb_str bytes, const char *without, bb_report *out);
bb_verdict golden_verdict(const bb_report *r, size_t i);

/* A table's text; a failed check where there is none. */
bb_str golden_table(const char *path);
/* The next row of a table: cells divided by single tabs, "-" an empty one; lines with # are comments.
 * Answers how many; 0 at the end. */
size_t golden_row(bb_str *table, bb_str cells[GOLDEN_CELLS]);

/* Names of the .eml files in a folder of the source tree, without ending, in order. */
size_t golden_files(const char *folder, bb_str **names);
/* The message; a failed check where there is none. */
bb_str golden_file(const char *folder, bb_str name);
/* The same with CRLF at the end of each line. */
bb_str golden_with_crlf(bb_str bytes);

#endif
