/* SPDX-License-Identifier: MIT
 *
 * What the files of store share among themselves, above the drivers.
 */
#ifndef BB_EDGE_STORE_INTERNAL_H
#define BB_EDGE_STORE_INTERNAL_H

#include "edge/store/driver.h"

struct bb_store {
    bb_driver *driver;
    struct bb_squeezer *squeezer; /* evidence.c */
    bool rehearsing;
};

/* ---- store.c --------------------------------------------------------------------------------------- */

/* Ends what was begun: commits where all went well so far, else rolls back. Answers whether it is done. */
bool bb_store_finish(bb_driver *d, bool well, bb_err *err);

/* ---- rows.c ---------------------------------------------------------------------------------------- */

#define BB_TEXT_MAX 4096 /* octets of one text that is kept */

/* Text as every database takes it: clean UTF-8 without NUL, cut at BB_TEXT_MAX. */
bb_str bb_store_text(bb_arena *a, bb_str s);
/* Is s such text already? Keys must be: what would have to be changed is the key of nothing. */
bool bb_is_store_text(bb_str s);
/* What stands behind the last @ of an address key. */
bb_str bb_key_domain(bb_str key);
/* The one of that id, of lists sorted by it; NULL: there is none. */
const bb_list *bb_list_with(const bb_list *lists, size_t n, uint32_t id);

/* ---- slots.c --------------------------------------------------------------------------------------- */

/* A key of what one batch deals with: a number, a text, or both. */
typedef struct {
    uint64_t number;
    bb_str text;
} bb_slot_key;

/* Equal keys get the same number: slots[i] is that of keys[i], from 0 in the order in which they first appear.
 * By sorting, so that nobody who chooses keys can make it slow. NULL: out of memory. */
size_t *bb_slots(bb_arena *a, const bb_slot_key *keys, size_t n, size_t *n_slots);

/* ---- evidence.c ------------------------------------------------------------------------------------ */

typedef struct bb_squeezer bb_squeezer;
bb_squeezer *bb_squeezer_new(void);
void bb_squeezer_free(bb_squeezer **z);
/* Compresses; the row's report is left to the caller. */
bool bb_squeeze(bb_squeezer *z, bb_arena *a, bb_str raw, bb_row_evidence *out, bb_err *err) BB_MUST_USE;
/* BB_EDATA where it is damaged, or holds more or less than its size says. */
bool bb_unsqueeze(bb_arena *a, const bb_row_evidence *e, bb_str *out, bb_err *err) BB_MUST_USE;

/* ---- apply.c --------------------------------------------------------------------------------------- */

/* One batch on its way. */
typedef struct {
    bb_store *store;
    bb_driver *driver;
    bb_arena *arena;
    bb_batch *batch;
    bb_err *err;
    uint64_t *touched; /* subscribers to be folded, unsorted, with repetitions */
    size_t n_touched, cap_touched;
} bb_apply;

bool bb_touch(bb_apply *ap, uint64_t subscriber);
/* He is changed at that time, or stays so at a later one: a clock that was set back hides no change. */
void bb_mark_changed(bb_row_person *who, bb_time now);
/* Says why it can never be stored. */
void bb_refuse(bb_item *item, const char *why);

/* ---- surplus.c ------------------------------------------------------------------------------------- */

/* Adds what is stored of the token. */
bool bb_tally_stored(bb_driver *d, bb_arena *a, bb_tally *t, bb_err *err);

/* Of one run of reports. */
typedef struct {
    bb_tally *tallies;
    size_t n_tallies, cap_tallies;
    bb_row_surplus *rows;
    size_t n_rows, cap_rows;
} bb_surplus;

/* Each new report once, in the order in which they are stored. */
bool bb_surplus_weigh(bb_apply *ap, bb_surplus *s, const bb_item *item, bb_share *out);

/* ---- forgery.c ------------------------------------------------------------------------------------- */

/* Of one run of reports: what their UTC day has kept of forged ones, and what this run adds. */
typedef struct {
    bool known;
    int64_t day;
    uint64_t octets, kept;
} bb_forgeries;

/* Each new report once; *bare becomes true where its raw message has no room. */
bool bb_forgery_weigh(bb_apply *ap, bb_forgeries *f, const bb_item *item, bool *bare);
bool bb_forgery_put(bb_apply *ap, const bb_forgeries *f);

/* ---- apply_*.c ------------------------------------------------------------------------------------- */

/* A run of items of one type, one after another in the batch: read, decide, write. */
bool bb_apply_reports(bb_apply *ap, bb_item *items, size_t n);
bool bb_apply_subscribers(bb_apply *ap, bb_item *items, size_t n);
bool bb_apply_facts(bb_apply *ap, bb_item *items, size_t n);
bool bb_apply_sends(bb_apply *ap, bb_item *items, size_t n);
bool bb_apply_readings(bb_apply *ap, bb_item *items, size_t n);
/* What both runs of reports begin with: look-ups answered, everybody settled. */
bool bb_settle_reports(bb_apply *ap, bb_item *items, size_t n);
bb_row_reading bb_reading_of(bb_apply *ap, const bb_item *item, uint64_t report, size_t position);
/* Folds everybody who was touched and writes what changed. */
bool bb_refold(bb_apply *ap);

#endif
