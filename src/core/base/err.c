/* SPDX-License-Identifier: MIT
 *
 * Error values: filled where the trouble starts, extended on the way up.
 */
#include "core/base/base.h"

#include <stdio.h>
#include <string.h>

bool bb_fail(bb_err *err, bb_code code, const char *fmt, ...)
{
    if (!err) return false;
    err->code = code;
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool bb_fail_in(bb_err *err, const char *fmt, ...)
{
    if (!err) return false;
    char inner[sizeof err->text];
    memcpy(inner, err->text, sizeof inner);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    size_t room = n < 0 ? sizeof err->text : (size_t)n < sizeof err->text ? sizeof err->text - (size_t)n : 0;
    if (room) snprintf(err->text + sizeof err->text - room, room, ": %.*s", (int)room, inner);
    return false;
}
