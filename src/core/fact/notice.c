/* SPDX-License-Identifier: MIT
 *
 * Whether our own Postfix wrote a message, and nobody sent it: a notice of what its SMTP client heard.
 *
 * Postfix writes a Received line above everything that comes in. smtpd's and qmqpd's begin with "from", pickup's says
 * "from userid"; above its own notices it stands without either. A stranger may write such a line into his message: then
 * that of smtpd stands above it. local(8) writes one of the same form above mail that an alias passes on, whoever sent
 * it: then that of smtpd stands below it. So every line must be of this form.
 */
#include "core/fact/internal.h"

/* "by HOST (NAME) id QUEUE-ID; DATE", as the unfolded field has it. */
static bool read_own_line(bb_str line, bb_str *host)
{
    bb_str rest = bb_trim(line);
    if (!bb_istarts(rest, BB_S("by "))) return false;
    rest = bb_sub(rest, 3, BB_NPOS);
    size_t open = bb_chr(rest, '('), close = bb_chr(rest, ')');
    if (open == BB_NPOS || close == BB_NPOS || close < open) return false;
    bb_str by = bb_trim(bb_sub(rest, 0, open)), name = bb_sub(rest, open + 1, close - open - 1);
    rest = bb_trim(bb_sub(rest, close + 1, BB_NPOS));
    if (bb_empty(name) || bb_ifind(name, BB_S("from userid")) != BB_NPOS || !bb_istarts(rest, BB_S("id ")))
        return false;
    rest = bb_trim(bb_sub(rest, 3, BB_NPOS));
    size_t id = 0;
    while (id < rest.n && bb_is_alnum(rest.p[id])) id++;
    if (!id || id == rest.n || rest.p[id] != ';') return false;
    if (bb_time_rfc5322(bb_sub(rest, id + 1, BB_NPOS)) == BB_NO_TIME) return false;
    *host = by;
    return by.n && bb_chr(by, ' ') == BB_NPOS;
}

bb_str bb_fact_noticed_by(bb_mail *m, const bb_envelope *env)
{
    bb_str first = {0}, host;
    if (!env->handed_over) return first;
    for (const bb_field *f = bb_field_get(m->root, "Received"); f; f = bb_field_after(f, "Received")) {
        if (!read_own_line(bb_value_unfold(m, f->value), &host)) return (bb_str){0};
        if (first.n && !bb_ieq(first, host)) return (bb_str){0};
        first = host;
    }
    return first;
}
