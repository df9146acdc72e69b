/* SPDX-License-Identifier: MIT
 *
 * The tests' harness.
 */
#include "tap.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int checks, failures;
static char folder[256];

/* A name is one line and has no directive: a # would start one. */
static BB_PRINTF(4, 0) void result(bool holds, const char *file, int line, const char *name, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, name, args);
    printf("%sok %d - ", holds ? "" : "not ", ++checks);
    for (const char *c = text; *c; c++) {
        if (*c == '#') putchar('\\');
        putchar((unsigned char)*c < 0x20 ? ' ' : *c);
    }
    putchar('\n');
    if (!holds) {
        failures++;
        printf("#   at %s:%d\n", file, line);
    }
    fflush(stdout); /* what a crash would take along */
}

#define REPORT(holds)                            \
    do {                                         \
        va_list args;                            \
        va_start(args, name);                    \
        result((holds), file, line, name, args); \
        va_end(args);                            \
    } while (0)

bool tap_ok(bool holds, const char *file, int line, const char *name, ...)
{
    REPORT(holds);
    return holds;
}

static void show(const char *label, bb_str s)
{
    printf("#   %s \"", label);
    for (size_t i = 0; i < s.n && i < 4000; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\n') printf("\\n");
        else if (c < 0x20 || c == 0x7F) printf("\\x%02X", c);
        else putchar(c);
    }
    printf("\"%s\n", s.n > 4000 ? "..." : "");
}

bool tap_str(bb_str got, bb_str want, const char *file, int line, const char *name, ...)
{
    bool holds = bb_eq(got, want);
    REPORT(holds);
    if (!holds) show("got ", got);
    if (!holds) show("want", want);
    return holds;
}

bool tap_int(int64_t got, int64_t want, const char *file, int line, const char *name, ...)
{
    REPORT(got == want);
    if (got != want) printf("#   got %lld, want %lld\n", (long long)got, (long long)want);
    return got == want;
}

void tap_note(const char *fmt, ...)
{
    va_list args;
    printf("# ");
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void tap_skip(const char *why, const char *name)
{
    printf("ok %d - %s # SKIP %s\n", ++checks, name, why);
}

void tap_skip_all(const char *why)
{
    printf("1..0 # SKIP %s\n", why);
    exit(0);
}

int tap_done(void)
{
    printf("1..%d\n", checks);
    return failures || !checks;
}

/* ---- memory --------------------------------------------------------------------------------------- */

static void *plain_get(void *ctx, size_t n)
{
    (void)ctx;
    return malloc(n);
}

static void plain_put(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

const bb_alloc tap_alloc = {plain_get, plain_put, NULL};

static void *failing_get(void *ctx, size_t n)
{
    tap_failing *f = ctx;
    return ++f->seen == f->fail_at ? NULL : malloc(n);
}

void tap_failing_init(tap_failing *f, long fail_at)
{
    *f = (tap_failing){.alloc = {failing_get, plain_put, f}, .fail_at = fail_at};
}

/* ---- files ---------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *tap_tmp(void)
{
    if (folder[0]) return folder;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/bouncebox-test.XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        abort();
    }
    if (!getenv("BB_KEEP")) atexit(remove_folder);
    return folder;
}

bb_str tap_source_file(const char *path)
{
    char full[4096];
    const char *root = getenv("BB_SOURCE_ROOT");
    snprintf(full, sizeof full, "%s/%s", root ? root : ".", path);
    FILE *f = fopen(full, "rb");
    if (!f) return (bb_str){0};
    size_t n = 0, cap = 65536;
    char *p = malloc(cap);
    for (size_t got; p && (got = fread(p + n, 1, cap - 1 - n, f)) > 0;) {
        n += got;
        if (n == cap - 1) p = realloc(p, cap *= 2);
    }
    fclose(f);
    if (!p) abort();
    p[n] = '\0';
    return (bb_str){p, n};
}

/* ---- random numbers --------------------------------------------------------------------------------- */

uint64_t tap_seed(void)
{
    const char *given = getenv("BB_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003U + (uint64_t)getpid();
    tap_note("BB_SEED=%llu", (unsigned long long)seed);
    return seed;
}

uint64_t tap_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

uint64_t tap_below(uint64_t *state, uint64_t n)
{
    return tap_random(state) % n;
}
