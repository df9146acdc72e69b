/* SPDX-License-Identifier: MIT
 *
 * bouncebox postfix undo: the configuration without anything of ours. What others changed since setup stays.
 */
#include "app/postfix/plan.h"

int cmd_postfix_undo(cli *c)
{
    plan p;
    if (!plan_begin(c, &p) || !plan_end(&p)) return cli_fail(c);
    return plan_finish(&p, "nothing to take back: setup wrote nothing there");
}
