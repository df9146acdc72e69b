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
    {"rfc3464", bb_fmt_rfc3464, false},
    {"arf", bb_fmt_arf, false},
    {"mdn", bb_fmt_mdn, false},
    {"ses", bb_fmt_ses, false},
    {"list", bb_fmt_list, true},
    {"challenge", bb_fmt_challenge, true},
    {"autoreply", bb_fmt_autoreply, true},
    {"postfix", bb_fmt_postfix, true},
    {"exim", bb_fmt_exim, true},
    {"qmail", bb_fmt_qmail, true},
    {"sendmail", bb_fmt_sendmail, true},
    {"opensmtpd", bb_fmt_opensmtpd, true},
    {"courier", bb_fmt_courier, true},
    {"dma", bb_fmt_dma, true},
    {"generic", bb_fmt_generic, true},
};
const size_t bb_formats_count = BB_COUNT(bb_formats);
