/* SPDX-License-Identifier: MIT
 *
 * One connection of the policy machine on standard input and output, for a Postfix that is not ours.
 *
 * usage: policy-stdio LOG
 *
 * Appends to LOG one JSON object a request. A recipient that begins with "unknown" is refused, with "later" deferred.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/wire/policy.h"
#include "tap.h"

static bb_str decide(const bb_policyd_request *q)
{
    if (bb_starts(q->recipient, BB_S("unknown"))) return BB_S("550 5.1.1 Not a return path of ours");
    if (bb_starts(q->recipient, BB_S("later"))) return BB_S("DEFER Try again later");
    return BB_S("DUNNO");
}

static void write_request(const char *path, const bb_policyd_request *q)
{
    const struct {
        const char *name;
        bb_str value;
    } texts[] = {{"request", q->request},
                 {"protocol_state", q->protocol_state},
                 {"protocol_name", q->protocol_name},
                 {"client_address", q->client_address},
                 {"client_name", q->client_name},
                 {"helo_name", q->helo_name},
                 {"sender", q->sender},
                 {"recipient", q->recipient},
                 {"queue_id", q->queue_id},
                 {"instance", q->instance},
                 {"server_address", q->server_address}};
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_buf line = bb_buf_in(&a, (size_t)1 << 20);
    bb_json j = {.out = &line};
    bb_json_open(&j, '{');
    for (size_t i = 0; i < BB_COUNT(texts); i++) bb_json_kstr(&j, texts[i].name, texts[i].value);
    bb_json_kint(&j, "size", (int64_t)q->size);
    bb_json_kint(&j, "recipient_count", (int64_t)q->recipient_count);
    bb_json_kint(&j, "server_port", (int64_t)q->server_port);
    bb_json_close(&j, '}');
    bb_putc(&line, '\n');
    FILE *f = fopen(path, "ab");
    if (!f || fwrite(line.p, 1, line.n, f) != line.n) exit(75);
    fclose(f);
    bb_arena_free(&a);
}

int main(int argc, char **argv)
{
    char room[4096];
    bb_str in = {0};
    bb_policyd_event e = {0};
    bb_policyd *p = bb_policyd_new(&tap_alloc, &bb_policyd_defaults, time(NULL));
    if (argc != 2 || !p) return 64;
    while (e.type != BB_POLICYD_CLOSE) {
        in = bb_sub(in, bb_policyd_step(p, in, time(NULL), &e), BB_NPOS);
        if (e.type == BB_POLICYD_REQUEST) {
            write_request(argv[1], e.request);
            bb_policyd_answer(p, decide(e.request), time(NULL));
        }
        bb_str out = bb_policyd_output(p);
        ssize_t sent = out.n ? write(STDOUT_FILENO, out.p, out.n) : 0;
        if (sent < 0) break;
        bb_policyd_sent(p, (size_t)sent, time(NULL));
        if (e.type != BB_POLICYD_MORE || (size_t)sent < out.n) continue;
        ssize_t n = read(STDIN_FILENO, room, sizeof room);
        if (n <= 0) bb_policyd_eof(p);
        in = (bb_str){room, n > 0 ? (size_t)n : 0};
    }
    bb_policyd_free(p);
    return 0;
}
