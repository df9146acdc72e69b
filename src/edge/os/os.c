/* SPDX-License-Identifier: MIT
 *
 * Memory and clocks of the machine.
 */
#include "edge/os/os.h"

#include <stdlib.h>
#include <time.h>

static void *get(void *ctx, size_t n)
{
    (void)ctx;
    return malloc(n ? n : 1);
}

static void put(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

const bb_alloc bb_os_alloc = {get, put, NULL};

bb_time bb_os_now(void)
{
    return (bb_time)time(NULL);
}

double bb_os_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
