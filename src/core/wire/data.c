/* SPDX-License-Identifier: MIT
 *
 * The data of a message: dots undone (RFC 5321 section 4.5.2), the end found.
 *
 * Only CRLF ends a line here. A server that takes a bare LF for one, where the server before it did not, lets the
 * content of a message end it and begin another ("SMTP smuggling"); so "LF . LF", "LF . CRLF", "CR . CR" and their like
 * are content.
 */
#include <string.h>

#include "core/wire/internal.h"

/* From a place within a line to where a dot may have to be undone, or the end of what there is. */
static size_t take_text(wire_data *state, bb_str in, size_t from, bb_str *chunk)
{
    bool cr = *state == DATA_CR; /* before in.p[from] */
    for (size_t at = from; at < in.n;) {
        const char *hit = memchr(in.p + at, '\n', in.n - at);
        if (!hit) break;
        size_t lf = (size_t)(hit - in.p);
        bool ends_line = lf > from ? in.p[lf - 1] == '\r' : cr;
        at = lf + 1;
        if (ends_line && (at == in.n || in.p[at] == '.')) {
            *state = DATA_LINE_START;
            *chunk = bb_sub(in, from, at - from);
            return at;
        }
    }
    *state = in.p[in.n - 1] == '\r' ? DATA_CR : DATA_TEXT;
    *chunk = bb_sub(in, from, BB_NPOS);
    return in.n;
}

size_t wire_take_data(wire_data *state, bb_str in, bb_str *chunk, bool *ended)
{
    size_t at = 0;
    *chunk = (bb_str){0};
    *ended = false;
    if (*state == DATA_LINE_START && at < in.n) {
        *state = in.p[at] == '.' ? DATA_DOT : DATA_TEXT;
        at += *state == DATA_DOT;
    }
    if (*state == DATA_DOT && at < in.n) {
        *state = in.p[at] == '\r' ? DATA_DOT_CR : DATA_TEXT;
        at += *state == DATA_DOT_CR;
    }
    if (*state == DATA_DOT_CR && at < in.n) {
        *ended = in.p[at] == '\n';
        *state = *ended ? DATA_LINE_START : DATA_CR;
        if (!*ended) *chunk = BB_S("\r"); /* it may have come with bytes that are gone */
        return at + *ended;
    }
    return at < in.n ? take_text(state, in, at, chunk) : at;
}
