/* SPDX-License-Identifier: MIT
 *
 * charset: what mail calls its charsets, converted to UTF-8 by iconv, for bb_mail_options.charset.
 *
 * Only charsets of the table in charset.c are converted: the name comes out of a hostile message, and iconv loads code
 * by it. A byte that is none in its charset becomes U+FFFD. Output at most four times the input, and some.
 * Ownership  a converter keeps the last few charsets open: opening one loads code. Errors: an unknown charset answers
 * false. Threads: one converter, one thread.
 */
#ifndef BB_EDGE_CHARSET_H
#define BB_EDGE_CHARSET_H

#include "core/base/base.h"

#define BB_CHARSETS_OPEN 8
typedef struct {
    struct {
        void *open;        /* an iconv_t; NULL: none yet */
        const char *which; /* the charset that it converts from */
    } items[BB_CHARSETS_OPEN];
    size_t next; /* the one that gives way */
} bb_charsets;

/* A bb_charset_fn; ctx is a bb_charsets, all zero at first. */
bool bb_charset_convert(void *ctx, bb_arena *a, bb_str charset, bb_str in, bb_str *out);
void bb_charsets_close(bb_charsets *c);

#endif
