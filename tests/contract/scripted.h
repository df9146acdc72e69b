/* SPDX-License-Identifier: MIT
 *
 * scripted: a driver that fails as one on the other side of a network can: any operation may fail, a commit may fail
 * without a word of whether it happened. It passes everything on to another driver, which it takes over.
 */
#ifndef BB_TESTS_SCRIPTED_H
#define BB_TESTS_SCRIPTED_H

#include "edge/store/driver.h"

typedef enum {
    SCRIPTED_LOST,    /* the connection is lost before the operation; what was open is rolled back */
    SCRIPTED_BUSY,    /* somebody else holds what it needs */
    SCRIPTED_DONE,    /* of a commit: it happened, and the answer was lost; of others: as LOST */
    SCRIPTED_NOT_DONE /* of a commit: it did not happen, and the answer was lost; of others: as LOST */
} scripted_failure;

typedef struct {
    uint64_t fail_at; /* number of the operation, from 1; 0: none */
    scripted_failure how;
    uint64_t count; /* operations so far */
    bool failed;    /* it has */
} script;

bool scripted_driver(bb_driver *over, script *s, bb_driver **out);

#endif
