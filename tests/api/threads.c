/* SPDX-License-Identifier: MIT
 *
 * threads: eight of them do everything at once with the same rules and keys, and get what one alone gets.
 *
 * usage: threads FILE...
 */
#include <bouncebox/bouncebox.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 8
#define MOST    1000

typedef struct {
    char *bytes;
    size_t n;
    bouncebox_result *alone; /* read before there were threads; all of them look at it */
} message;

static message messages[MOST];
static size_t count;
static bouncebox_rules *rules;
static const bouncebox_key key = {.id = 1, .secret = {42}};

static int load(const char *path, message *m)
{
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    m->bytes = malloc((size_t)1 << 20);
    m->n = m->bytes ? fread(m->bytes, 1, (size_t)1 << 20, f) : 0;
    fclose(f);
    return m->n > 0;
}

static int same_text(const bouncebox_text *a, const bouncebox_text *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static int same_message(const message *m)
{
    bouncebox_result *r = bouncebox_parse(rules, m->bytes, m->n, NULL, NULL);
    int same = r && same_text(bouncebox_result_json(r), bouncebox_result_json(m->alone)) &&
               bouncebox_result_rows(r) == bouncebox_result_rows(m->alone);
    for (size_t i = 0; same && i < bouncebox_result_rows(r); i++) {
        const bouncebox_row *x = bouncebox_result_row(r, i), *y = bouncebox_result_row(m->alone, i);
        bouncebox_result *reply = bouncebox_classify(rules, x->diagnostic.text, x->diagnostic.length, NULL);
        same = x->kind == y->kind && same_text(&x->diagnostic, &y->diagnostic) && bouncebox_result_rows(reply) == 1;
        bouncebox_result_free(reply);
    }
    bouncebox_result_free(r);
    return same;
}

/* A token made and read back, and one hard folded. */
static int same_numbers(uint64_t subscriber)
{
    char text[BOUNCEBOX_TOKEN_SIZE], address[BOUNCEBOX_ADDRESS_SIZE];
    bouncebox_token token = {.minted = 1795392000, .subscriber = subscriber}, read = {0};
    bouncebox_fact fact = {.kind = BOUNCEBOX_KIND_HARD, .trust = BOUNCEBOX_TRUST_SIGNED, .time = 1795392000};
    bouncebox_history history = {.facts = &fact, .n_facts = 1};
    bouncebox_decision decision;
    if (bouncebox_token_make(&key, 0, &token, text, sizeof text, NULL) ||
        bouncebox_return_path_signed(text, "example.com", address, sizeof address, NULL) ||
        bouncebox_fold(&history, 0, &decision, NULL, NULL))
        return 0;
    const bouncebox_return_path *path = bouncebox_return_path_read(address, NULL);
    int same = path && bouncebox_token_read(&key, 1, 0, path->token.text, 0, 0, &read) == BOUNCEBOX_TOKEN_OK &&
               read.subscriber == subscriber && decision.status == BOUNCEBOX_STATUS_BOUNCED;
    bouncebox_return_path_free(path);
    return same;
}

static void *work(void *number)
{
    size_t first = *(const size_t *)number * count / THREADS, bad = 0;
    bouncebox_rules *own = bouncebox_rules_new(NULL, NULL, 0, NULL); /* while others use libsodium */
    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i) % count;
        bad += !same_message(&messages[at]) || !same_numbers(1000 * first + i);
    }
    bad += !own;
    bouncebox_rules_free(own);
    *(size_t *)number = bad;
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    size_t numbers[THREADS], bad = 0;
    rules = bouncebox_rules_new(NULL, NULL, 0, NULL);
    for (int i = 1; rules && i < argc && count < MOST; i++) {
        if (!load(argv[i], &messages[count])) return 1;
        messages[count].alone = bouncebox_parse(rules, messages[count].bytes, messages[count].n, NULL, NULL);
        if (!messages[count++].alone) return 1;
    }
    for (size_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, work, &numbers[i])) return 1;
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        bad += numbers[i];
    }
    for (size_t i = 0; i < count; i++) {
        bouncebox_result_free(messages[i].alone);
        free(messages[i].bytes);
    }
    bouncebox_rules_free(rules);
    printf("%zu messages, %d threads, %zu differ\n", count, THREADS, bad);
    return bad || !count ? 1 : 0;
}
