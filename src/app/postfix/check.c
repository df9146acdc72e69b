/* SPDX-License-Identifier: MIT
 *
 * bouncebox postfix check.
 */
#include "app/postfix/postfix.h"

int cmd_postfix_check(cli *c)
{
    postfix_installation in;
    if (!postfix_read(c, cli_value(c, "config-dir"), &in)) return cli_fail(c);
    bb_fail(&c->err, BB_EBUG, "not there yet");
    return cli_fail(c);
}
