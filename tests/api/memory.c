/* SPDX-License-Identifier: MIT
 *
 * memory: the static library where the n-th request for memory is refused, for every n: each function says so and gives
 * back what it had. (Linked with --wrap for malloc, calloc and free.)
 */
#include <bouncebox/bouncebox.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* The linker's names: what the library calls comes to wrapped_*, and real_* are libc's. */
void *real_malloc(size_t n) __asm__("__real_malloc");
void *real_calloc(size_t n, size_t size) __asm__("__real_calloc");
void real_free(void *p) __asm__("__real_free");
void *wrapped_malloc(size_t n) __asm__("__wrap_malloc");
void *wrapped_calloc(size_t n, size_t size) __asm__("__wrap_calloc");
void wrapped_free(void *p) __asm__("__wrap_free");

static bool armed;
static long seen, refused_at, held;

static bool refuses(void)
{
    if (armed && ++seen == refused_at) return true;
    held += armed;
    return false;
}

void *wrapped_malloc(size_t n)
{
    return refuses() ? NULL : real_malloc(n);
}

void *wrapped_calloc(size_t n, size_t size)
{
    return refuses() ? NULL : real_calloc(n, size);
}

void wrapped_free(void *p)
{
    held -= armed && p;
    real_free(p);
}

/* ---- what is tried ------------------------------------------------------------------------------------------------------ */

static bouncebox_rules *rules;
static bb_str bounce;

static int try_rules(bouncebox_error *err)
{
    bouncebox_rules *r = bouncebox_rules_new("own", "# nothing\n", 10, err);
    bouncebox_rules_free(r);
    return r ? BOUNCEBOX_OK : err->code;
}

static int try_parse(bouncebox_error *err)
{
    bouncebox_result *r = bouncebox_parse(rules, bounce.p, bounce.n, NULL, err);
    bouncebox_result_free(r);
    return r ? BOUNCEBOX_OK : err->code;
}

static int try_classify(bouncebox_error *err)
{
    bouncebox_result *r = bouncebox_classify(rules, "550 5.1.1 No such user", 22, err);
    bouncebox_result_free(r);
    return r ? BOUNCEBOX_OK : err->code;
}

static int try_read(bouncebox_error *err)
{
    const bouncebox_return_path *p = bouncebox_return_path_read("news+user=domain.com@example.com", err);
    bouncebox_return_path_free(p);
    return p ? BOUNCEBOX_OK : err->code;
}

static char out[BOUNCEBOX_ADDRESS_SIZE];

static int try_signed(bouncebox_error *err)
{
    return bouncebox_return_path_signed("aafisyaaaaagaab23zukujjn2lx7osmsq", "example.com", out, sizeof out, err);
}

static int try_plain(bouncebox_error *err)
{
    return bouncebox_return_path_plain(42, "example.com", out, sizeof out, err);
}

static int try_verp(bouncebox_error *err)
{
    return bouncebox_return_path_verp("news", "user@domain.com", "example.com", out, sizeof out, err);
}

static const bouncebox_key key = {.id = 1, .secret = {1}};
static const bouncebox_token token = {.minted = 1795392000, .mailing = 12};

static int try_signed_verp(bouncebox_error *err)
{
    return bouncebox_return_path_signed_verp(&key, &token, "news", "u@d.com", "example.com", out, sizeof out, err);
}

static int try_mailing(bouncebox_error *err)
{
    return bouncebox_return_path_mailing(&key, &token, "u@d.com", "example.com", out, sizeof out, err);
}

static int try_verify(bouncebox_error *err)
{
    const char *path = "news+u=d.com=aafisyaaaaagdvs4mhzylydf5@example.com";
    if (bouncebox_return_path_verify(&key, 1, path, 0, 0, NULL) >= 0) return BOUNCEBOX_OK;
    *err = (bouncebox_error){.code = BOUNCEBOX_ENOMEM, .text = "no memory"};
    return err->code;
}

static int try_fold(bouncebox_error *err)
{
    bouncebox_fact fact = {.kind = BOUNCEBOX_KIND_HARD, .trust = BOUNCEBOX_TRUST_SIGNED, .time = 1795392000};
    bouncebox_history h = {.facts = &fact, .n_facts = 1};
    bouncebox_decision d;
    return bouncebox_fold(&h, 0, &d, NULL, err);
}

static const struct {
    const char *name;
    int (*run)(bouncebox_error *err);
} tries[] = {
    {"rules", try_rules},     {"parse", try_parse},   {"classify", try_classify},
    {"read", try_read},       {"signed", try_signed}, {"plain", try_plain},
    {"verp", try_verp},       {"fold", try_fold},     {"signed verp", try_signed_verp},
    {"mailing", try_mailing}, {"verify", try_verify},
};

/* Refuses the n-th request, then the one after, until none is refused. */
static void try_all(const char *name, int (*run)(bouncebox_error *err))
{
    int bad = 0, code = BOUNCEBOX_ENOMEM;
    long n = 0;
    while (code != BOUNCEBOX_OK && n < 10000) {
        bouncebox_error err = {0};
        refused_at = ++n;
        seen = held = 0;
        armed = true;
        code = run(&err);
        armed = false;
        bad += held != 0 || (code != BOUNCEBOX_OK && (code != BOUNCEBOX_ENOMEM || err.code != code || !err.text[0]));
    }
    ok(!bad && code == BOUNCEBOX_OK && n > 1, "%s: %ld refusals, each said, nothing kept", name, n - 1);
}

int main(void)
{
    bounce = tap_source_file("tests/fixtures/mta/sendmail-multi.eml");
    rules = bouncebox_rules_new(NULL, NULL, 0, NULL);
    if (!ok(rules && bounce.n, "rules, and a bounce")) return tap_done();
    for (size_t i = 0; i < BB_COUNT(tries); i++) try_all(tries[i].name, tries[i].run);
    bouncebox_rules_free(rules);
    free((void *)(uintptr_t)bounce.p);
    return tap_done();
}
