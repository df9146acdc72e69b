/* SPDX-License-Identifier: MIT
 *
 * The ordered table of formats. A new one is a file fmt_<name>.c and a row here.
 */
#include "core/report/internal.h"

/* Structure first; then list managers, challenges and answering machines; then families of prose that words/announced.words
 * tell (bb_announces); last whatever else announces a failure in its own way. The first whose `read` answers true wins. A
 * family with a mark of its own and in no such words stands before "list": "autoreply" takes whatever else has an empty
 * return path. */
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
