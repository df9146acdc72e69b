/* SPDX-License-Identifier: MIT
 *
 * How far a long job is, on standard error where that is a terminal.
 */
#include <unistd.h>

#include "app/cli/cli.h"

void cli_progress_begin(cli_progress *p, const char *what)
{
    *p = (cli_progress){.what = what, .on = isatty(STDERR_FILENO) == 1};
    p->started = p->shown = p->on ? bb_os_monotonic() : 0;
}

void cli_progress_at(cli_progress *p, uint64_t count, uint64_t done, uint64_t total)
{
    if (!p->on) return;
    double now = bb_os_monotonic(), took = now - p->started;
    if (now - p->shown < (p->shown > p->started ? 0.2 : 1)) return;
    p->shown = now;
    fprintf(stderr, "\r\033[K%llu %s, %.0f a second", (unsigned long long)count, p->what, (double)count / took);
    if (total && done && done <= total) {
        long left = (long)(took * (double)(total - done) / (double)done);
        fprintf(stderr, ", %.0f %%, %ld:%02ld left", 100 * (double)done / (double)total, left / 60, left % 60);
    }
}

void cli_progress_hide(const cli_progress *p)
{
    if (p->on && p->shown > p->started) fprintf(stderr, "\r\033[K");
}

void cli_progress_end(cli_progress *p)
{
    cli_progress_hide(p);
    p->on = false;
}
