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
    {"rfc3464", bb_fmt_rfc3464, false, 0},
    {"arf", bb_fmt_arf, false, 0},
    {"mdn", bb_fmt_mdn, false, 0},
    {"ses", bb_fmt_ses, false, 0},
    {"list", bb_fmt_list, true, 0},
    {"challenge", bb_fmt_challenge, true, 0},
    {"autoreply", bb_fmt_autoreply, true, 0},
    {"postfix", bb_fmt_postfix, true, BB_MARK_POSTFIX},
    {"exim", bb_fmt_exim, true, 0},
    {"qmail", bb_fmt_qmail, true, 0},
    {"sendmail", bb_fmt_sendmail, true, BB_MARK_SENDMAIL},
    {"opensmtpd", bb_fmt_opensmtpd, true, BB_MARK_OPENSMTPD},
    {"courier", bb_fmt_courier, true, BB_MARK_COURIER},
    {"dma", bb_fmt_dma, true, BB_MARK_DMA},
    {"generic", bb_fmt_generic, true, 0},
};
const size_t bb_formats_count = BB_COUNT(bb_formats);
