/* SPDX-License-Identifier: MIT
 *
 * tap: the tests' harness. Each check is one TAP line; tap_done() writes the plan and gives the exit code.
 * A test program is single-threaded and hermetic: it makes what it needs below tap_tmp().
 */
#ifndef BB_TESTS_TAP_H
#define BB_TESTS_TAP_H

#include "core/base/base.h"

/* All answer whether the check held. The name is printf-formatted and says what must be true. */
bool tap_ok(bool holds, const char *file, int line, const char *name, ...) BB_PRINTF(4, 5);
bool tap_str(bb_str got, bb_str want, const char *file, int line, const char *name, ...) BB_PRINTF(5, 6);
bool tap_int(int64_t got, int64_t want, const char *file, int line, const char *name, ...) BB_PRINTF(5, 6);
#define ok(cond, ...)           tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...)  tap_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_cstr(got, want, ...) tap_str(bb_cstr(got), bb_cstr(want), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...)  tap_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
void tap_note(const char *fmt, ...) BB_PRINTF(1, 2); /* a "# ..." line */
void tap_skip(const char *why, const char *name);    /* one check that cannot run here */
void tap_skip_all(const char *why);                  /* the whole program; exits 0 */
int tap_done(void);

/* Memory for tests: malloc, and an allocator that refuses its n-th request (1 is the first). */
extern const bb_alloc tap_alloc;
typedef struct {
    bb_alloc alloc;
    long fail_at, seen;
} tap_failing;
void tap_failing_init(tap_failing *f, long fail_at);

/* A folder of this run's own, removed at exit unless BB_KEEP is set. */
const char *tap_tmp(void);
/* A file's bytes, NUL behind them, malloced; {0} if it cannot be read. Relative to the source tree's
 * top (BB_SOURCE_ROOT, set by meson). */
bb_str tap_source_file(const char *path);

/* Random numbers from a seed that is printed (BB_SEED repeats a run). */
uint64_t tap_seed(void);
uint64_t tap_random(uint64_t *state);            /* splitmix64 */
uint64_t tap_below(uint64_t *state, uint64_t n); /* 0 .. n-1 */

#endif
