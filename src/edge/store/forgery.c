/* SPDX-License-Identifier: MIT
 *
 * How much raw mail with forged tokens is kept. Everything that comes is stored as a report, since a token that cannot be
 * believed today may be one of a key that was lost; but its octets are a stranger's, who has as many as he likes.
 *
 * A day's first half of the budget keeps what comes first; the second half keeps one in SAMPLE, chosen by its key, so that
 * a flood in the morning does not hide what comes in the evening.
 */
#include "edge/store/internal.h"

#define BUDGET ((uint64_t)8 << 20) /* octets a UTC day, before compression */
#define SAMPLE 16

static bool is_forged(const bb_item *item)
{
    if (item->claims->token_result != BB_TOKEN_WRONG_MAC && item->claims->token_result != BB_TOKEN_UNKNOWN_KEY)
        return false;
    for (size_t i = 0; i < item->message->n_verdicts; i++)
        if (item->settled[i].subscriber) return false;
    return true;
}

bool bb_forgery_weigh(bb_apply *ap, bb_forgeries *f, const bb_item *item, bool *bare)
{
    if (!item->evidence.n || !is_forged(item)) return true;
    if (!f->known && !ap->driver->ops->forged(ap->driver, f->day = ap->batch->now / BB_DAY, &f->octets, ap->err))
        return false;
    f->known = true;
    bool scarce = f->octets >= BUDGET / 2, chosen = item->message->key.b[0] % SAMPLE == 0;
    *bare = f->octets + item->evidence.n > BUDGET || (scarce && !chosen);
    if (*bare) return true;
    f->octets += item->evidence.n;
    f->kept += item->evidence.n;
    return true;
}

bool bb_forgery_put(bb_apply *ap, const bb_forgeries *f)
{
    return !f->kept || ap->driver->ops->put_forged(ap->driver, f->day, f->kept, ap->err);
}
