/* SPDX-License-Identifier: MIT
 *
 * lib: the installed library, a thin layer over core and the charsets of edge. include/bouncebox/bouncebox.h is its contract.
 *
 * What its files share: memory, errors and texts as the API gives them.
 */
#ifndef BB_LIB_INTERNAL_H
#define BB_LIB_INTERNAL_H

#include <bouncebox/bouncebox.h>

#include "core/base/base.h"
#include "core/classify/classify.h"

struct bouncebox_rules {
    bb_rules *compiled;
};

extern const bb_alloc lib_alloc; /* malloc and free */

/* Starts libsodium: any number of times, from any thread. Before anything is hashed. */
void lib_start(void);

/* No error yet. */
void lib_begin(bouncebox_error *err);
/* Both set *err, which may be NULL, and answer its code. */
int lib_fail(bouncebox_error *err, bouncebox_code code, const char *text);
int lib_fail_as(bouncebox_error *err, const bb_err *core);

/* A copy in the arena, valid UTF-8 with a NUL behind it; {"", 0} where it is empty or there is no memory. */
bouncebox_text lib_text(bb_arena *a, bb_str s);
/* BOUNCEBOX_OK with s and a NUL in out, or BOUNCEBOX_EUSAGE: too little room. */
int lib_put(bb_str s, char *out, size_t size, bouncebox_error *err);

/* A time that the caller may leave out. */
static inline bb_time lib_optional(int64_t t)
{
    return t == 0 || t == BOUNCEBOX_NO_TIME ? BB_NO_TIME : t;
}

#endif
