/* SPDX-License-Identifier: MIT
 *
 * What the table of modes names: each fills a plan for the home's bounce domains.
 */
#ifndef BB_APP_POSTFIX_MODES_H
#define BB_APP_POSTFIX_MODES_H

#include "app/postfix/sites.h"

bool fill_lmtp(plan *p, const postfix_home *h) BB_MUST_USE;
bool fill_pipe(plan *p, const postfix_home *h) BB_MUST_USE;
bool fill_virtual(plan *p, const postfix_home *h) BB_MUST_USE;
bool fill_mailbox(plan *p, const postfix_home *h) BB_MUST_USE;
bool fill_plus(plan *p, const postfix_home *h) BB_MUST_USE;
bool fill_canonical(plan *p, const postfix_home *h) BB_MUST_USE;

#endif
