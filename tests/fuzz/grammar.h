/* SPDX-License-Identifier: MIT
 *
 * grammar: reports written after fuzz bytes. Each byte chooses what comes next: a header field, a part, how it is encoded
 * and in which charset it claims to be, a field of a DSN, a phrase, or bytes as they are. When the bytes are used up,
 * everything that is open is closed in good order. The same bytes write the same report.
 */
#ifndef BB_TESTS_GRAMMAR_H
#define BB_TESTS_GRAMMAR_H

#include "core/base/base.h"

#define GRAMMAR_MAX ((size_t)256 << 10) /* bytes of a report */

/* It begins with a field and has LF line ends where the fuzz bytes brought no others. */
bb_str grammar_report(bb_arena *a, bb_str bytes);

#endif
