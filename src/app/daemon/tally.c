/* SPDX-License-Identifier: MIT
 *
 * What was refused, by hour and cause, until the writer has it in the store. The loop counts, the writer takes.
 */
#include <sys/random.h>

#include "app/daemon/daemon.h"

bool tally_init(tally *t)
{
    *t = (tally){0};
    return getrandom(t->writer.b, sizeof t->writer.b, 0) == (ssize_t)sizeof t->writer.b &&
           pthread_mutex_init(&t->lock, NULL) == 0;
}

/* That of the hour; else the oldest one's place, whose counts are lost if no store took them for two days. */
static tally_hour *hour_at(tally *t, bb_time hour)
{
    tally_hour *oldest = &t->hours[0];
    for (size_t i = 0; i < TALLY_HOURS; i++) {
        if (t->hours[i].hour == hour) return &t->hours[i];
        if (t->hours[i].hour < oldest->hour) oldest = &t->hours[i];
    }
    *oldest = (tally_hour){.hour = hour};
    return oldest;
}

void tally_add(tally *t, bb_refusal cause, bb_time now)
{
    pthread_mutex_lock(&t->lock);
    hour_at(t, bb_hour_of(now))->n[cause]++;
    pthread_mutex_unlock(&t->lock);
}

size_t tally_rows(tally *t, bb_refused rows[TALLY_ROWS])
{
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < TALLY_HOURS; i++)
        for (int cause = 0; cause < BB_REFUSAL_COUNT; cause++) {
            const tally_hour *h = &t->hours[i];
            if (h->n[cause] != h->stored[cause])
                rows[n++] = (bb_refused){h->hour, t->writer, (bb_refusal)cause, h->n[cause]};
        }
    pthread_mutex_unlock(&t->lock);
    return n;
}

void tally_stored(tally *t, const bb_refused *rows, size_t n)
{
    pthread_mutex_lock(&t->lock);
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < TALLY_HOURS; i++)
            if (t->hours[i].hour == rows[r].hour) t->hours[i].stored[rows[r].cause] = rows[r].n;
    pthread_mutex_unlock(&t->lock);
}
