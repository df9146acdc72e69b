/* SPDX-License-Identifier: MIT
 *
 * bouncebox postfix undo: the configuration without anything of ours. What others changed since setup stays.
 */
#include "app/postfix/plan.h"

int cmd_postfix_undo(cli *c)
{
    plan p;
    if (!plan_begin(c, &p) || !plan_end(&p)) return cli_fail(c);
    if (plan_changed(&p))
        plan_note(
            &p,
            "bounces that still wait in the queue (mailq) find no way any more, and Postfix throws them away when it "
            "tries again, minutes from now; if there are any, set it up again until they are read");
    return plan_finish(&p, "nothing to take back: setup wrote nothing there");
}
