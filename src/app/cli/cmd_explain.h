/* SPDX-License-Identifier: MIT
 *
 * explain: what its files share. Ownership: all in the run's arena.
 */
#ifndef BB_APP_CMD_EXPLAIN_H
#define BB_APP_CMD_EXPLAIN_H

#include "app/cli/cli.h"

/* A subscriber's history and what the policy makes of it now. */
typedef struct {
    bb_history history;
    bb_decision decision;
    bb_note *notes; /* one a fact */
    bb_context policy;
} explained;

void explain_text(cli *c, const explained *x); /* explain_text.c */
void explain_json(cli *c, const explained *x); /* explain_json.c */

#endif
