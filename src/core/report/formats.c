/* SPDX-License-Identifier: MIT
 *
 * The ordered table of formats. A new one is a file fmt_<name>.c and a row here.
 */
#include "core/report/internal.h"

/* Structure first, then families of prose, each known by words of its own; then what machines answer
 * to mail that did arrive; last whatever else announces a failure in its own way. */
const bb_format bb_formats[] = {
    {"rfc3464", bb_fmt_rfc3464},
    {"arf", bb_fmt_arf},
    {"mdn", bb_fmt_mdn},
    {"ses", bb_fmt_ses},
    {"list", bb_fmt_list},
    {"challenge", bb_fmt_challenge},
    {"autoreply", bb_fmt_autoreply},
    {"postfix", bb_fmt_postfix},
    {"exim", bb_fmt_exim},
    {"qmail", bb_fmt_qmail},
    {"sendmail", bb_fmt_sendmail},
    {"opensmtpd", bb_fmt_opensmtpd},
    {"courier", bb_fmt_courier},
    {"dma", bb_fmt_dma},
    {"generic", bb_fmt_generic},
};
const size_t bb_formats_count = BB_COUNT(bb_formats);
