/* SPDX-License-Identifier: MIT
 *
 * migrations: the schema's steps, made by src/embed.py from sql/sqlite/NNNN_name.sql at build time.
 */
#ifndef BB_EDGE_STORE_MIGRATIONS_H
#define BB_EDGE_STORE_MIGRATIONS_H

#include <stddef.h>

struct bb_migration {
    int number; /* from 1, without a gap */
    const char *name;
    const char *sql; /* any number of statements */
};

extern const struct bb_migration bb_migrations[]; /* by number */
extern const size_t bb_migrations_count;

#endif
