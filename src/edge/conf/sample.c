/* SPDX-License-Identifier: MIT
 *
 * The sample configuration file, made of the table.
 */
#include "edge/conf/conf.h"

static void put_params(bb_buf *b, bb_param_scope scope)
{
    for (size_t i = 0; i < bb_conf_params_count; i++) {
        const bb_conf_param *p = &bb_conf_params[i];
        if (p->scope != scope) continue;
        bb_putf(b, "\n# %s (%s)\n#%s =%s%s\n", p->help, p->unit, p->name, p->preset[0] ? " " : "", p->preset);
    }
}

bb_str bb_conf_sample(bb_arena *a)
{
    bb_buf b = bb_buf_in(a, (size_t)64 << 10);
    bb_puts(&b, "# The configuration of bouncebox. Every parameter stands here at its default; take the # away and\n"
                "# change what should differ. \"bouncebox config check\" says whether it is right.\n"
                "\n"
                "[bouncebox]\n");
    put_params(&b, BB_SCOPE_HOME);
    bb_puts(&b, "\n"
                "# The daemon: bouncebox serve.\n"
                "[serve]\n");
    put_params(&b, BB_SCOPE_SERVE);
    bb_puts(&b, "\n"
                "# What holds for every list. The same parameters may stand again in a list's own section.\n"
                "[policy]\n");
    put_params(&b, BB_SCOPE_LIST);
    bb_puts(&b, "\n"
                "# One list; \"bouncebox list add NAME --set NAME=VALUE\" appends such a section.\n"
                "#[list news]\n"
                "#bounce_domain = bounces.example.com\n");
    return bb_buf_str(&b);
}
