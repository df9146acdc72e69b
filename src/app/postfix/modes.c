/* SPDX-License-Identifier: MIT
 *
 * The modes, one row each; the first is the default. What a mode does is in routed.c and mailbox.c.
 */
#include "app/postfix/modes.h"

const postfix_mode postfix_modes[] = {
    {"lmtp", "handed to bouncebox serve by LMTP", fill_lmtp},
    {"mailbox", "put into a mailbox by a virtual alias", fill_mailbox},
    {"plus", "divided at the +, put into a mailbox", fill_plus},
    {"canonical", "written to another address, put into a mailbox", fill_canonical},
    {"virtual", "put into a Maildir by virtual(8)", fill_virtual},
    {"pipe", "handed to bouncebox deliver by pipe(8)", fill_pipe},
};
const size_t postfix_modes_count = BB_COUNT(postfix_modes);
