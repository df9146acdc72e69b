/* SPDX-License-Identifier: MIT
 *
 * logins: passwords in the form that .netrc made common: "machine HOST login USER password WORD", words of any order and
 * on any line, a word with spaces in "...", comments behind # at the start of a word; "default" is for any other host.
 * Ownership: the answer is borrowed from the text or in the arena. Errors: bb_err with the file and its line.
 */
#ifndef BB_APP_FETCH_LOGINS_H
#define BB_APP_FETCH_LOGINS_H

#include "core/base/base.h"

/* The password of that user on that host; an entry without login is for every user. Empty: none stands there. */
bool fetch_password(bb_arena *a, const char *path, bb_str text, bb_str host, bb_str user, bb_str *out,
                    bb_err *err) BB_MUST_USE;

#endif
