/* SPDX-License-Identifier: MIT
 *
 * Answers of a POP3 server. Messages come as in SMTP: dots doubled, CRLF . CRLF behind them.
 */
#include "core/wire/pop3.h"
#include "core/wire/internal.h"

bb_pop3_answer bb_pop3_read(bb_str line, bb_str *text)
{
    bool ok = bb_istarts(line, BB_S("+OK")), error = bb_istarts(line, BB_S("-ERR"));
    size_t n = ok ? 3 : 4;
    if ((!ok && !error) || (line.n > n && line.p[n] != ' ')) return BB_POP3_NOTHING;
    *text = bb_trim(bb_sub(line, n, BB_NPOS));
    return ok ? BB_POP3_OK : BB_POP3_ERROR;
}

/* The number that a line begins with, and what stands behind it. */
static bool take_number(bb_str *line, uint32_t *message)
{
    uint64_t n;
    size_t space = bb_chr(*line, ' ');
    if (space == BB_NPOS || !bb_u64(bb_sub(*line, 0, space), &n) || !n || n > UINT32_MAX) return false;
    *message = (uint32_t)n;
    *line = bb_trim(bb_sub(*line, space, BB_NPOS));
    return true;
}

bool bb_pop3_size(bb_str line, uint32_t *message, uint64_t *size)
{
    if (!take_number(&line, message)) return false;
    return bb_u64(bb_sub(line, 0, bb_chr(line, ' ')), size); /* more may stand behind it: RFC 1939 section 5 */
}

bool bb_pop3_uidl(bb_str line, uint32_t *message, bb_str *uidl)
{
    if (!take_number(&line, message) || !line.n || line.n > 70) return false;
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < '!' || line.p[i] > '~') return false;
    *uidl = line;
    return true;
}

size_t bb_pop3_take(bb_pop3_data *d, bb_str in, bb_str *chunk, bool *ended)
{
    wire_data state = (wire_data)d->state;
    size_t n = wire_take_data(&state, in, chunk, ended);
    d->state = (int)state;
    return n;
}
