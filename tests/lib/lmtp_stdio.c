/* SPDX-License-Identifier: MIT
 *
 * One connection of the LMTP machine on standard input and output, for clients that are not ours.
 *
 * usage: lmtp-stdio LOG cut|refuse|defer SIZE_MAX
 *
 * Appends to LOG one JSON object a message, or a forgotten transaction. Recipients are judged by the first letters of
 * their local part: "unknown" is refused, "later" deferred, and of a message "full" is deferred and "bad" refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/wire/lmtp.h"
#include "tap.h"

static bb_arena arena;
static bb_buf body;
static const char *log_path;

static bb_lmtp_reply offered(bb_str address)
{
    if (bb_starts(address, BB_S("unknown")))
        return (bb_lmtp_reply){550, BB_S("5.1.1"), BB_S("Not a return path of ours")};
    if (bb_starts(address, BB_S("later"))) return (bb_lmtp_reply){451, BB_S("4.3.0"), BB_S("Try again later")};
    return (bb_lmtp_reply){250, BB_S("2.1.5"), BB_S("Ok")};
}

static bb_lmtp_reply taken(bb_str address)
{
    if (bb_starts(address, BB_S("full"))) return (bb_lmtp_reply){452, BB_S("4.2.2"), BB_S("Full")};
    if (bb_starts(address, BB_S("bad"))) return (bb_lmtp_reply){554, BB_S("5.6.0"), BB_S("Not wanted")};
    return (bb_lmtp_reply){250, BB_S("2.0.0"), BB_S("Stored")};
}

static void write_recipients(bb_json *j, const bb_lmtp_envelope *mail)
{
    bb_json_key(j, "recipients");
    bb_json_open(j, '[');
    for (size_t i = 0; i < mail->n; i++) {
        const bb_lmtp_recipient *r = &mail->recipients[i];
        bb_json_open(j, '{');
        bb_json_kstr(j, "address", r->address);
        bb_json_kstr(j, "orcpt", r->orcpt);
        bb_json_kstr(j, "orcpt_type", r->orcpt_type);
        bb_json_kint(j, "notify", r->notify);
        bb_json_close(j, '}');
    }
    bb_json_close(j, ']');
}

static void write_message(const bb_lmtp_event *e, const bb_lmtp_envelope *mail)
{
    bb_buf line = bb_buf_in(&arena, (size_t)64 << 20);
    bb_json j = {.out = &line};
    bb_json_open(&j, '{');
    bb_json_kstr(&j, "event", e->type == BB_LMTP_MESSAGE ? BB_S("message") : BB_S("forgotten"));
    bb_json_kint(&j, "size", (int64_t)e->size);
    bb_json_key(&j, "cut");
    bb_json_bool(&j, e->cut);
    bb_json_kstr(&j, "sender", mail->sender);
    bb_json_kstr(&j, "envid", mail->envid);
    bb_json_kint(&j, "declared", (int64_t)mail->size);
    bb_json_kint(&j, "ret", mail->ret);
    bb_json_key(&j, "smtputf8");
    bb_json_bool(&j, mail->smtputf8);
    write_recipients(&j, mail);
    bb_json_kstr(&j, "body", bb_buf_str(&body));
    bb_json_close(&j, '}');
    bb_putc(&line, '\n');
    /* At once: several machines write to one log. */
    int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, line.p, line.n) != (ssize_t)line.n) exit(75);
    close(fd);
    body.n = 0;
}

static void hear(bb_lmtp *m, const bb_lmtp_event *e)
{
    bb_time now = time(NULL);
    if (e->type == BB_LMTP_OFFER) bb_lmtp_take(m, offered(e->offer->address), now);
    if (e->type == BB_LMTP_CHUNK) bb_put(&body, e->text);
    if (e->type == BB_LMTP_MESSAGE || e->type == BB_LMTP_FORGOTTEN) write_message(e, bb_lmtp_mail(m));
    if (e->type != BB_LMTP_MESSAGE) return;
    const bb_lmtp_envelope *mail = bb_lmtp_mail(m);
    for (size_t i = mail->n; i-- > 0;) bb_lmtp_answer(m, i, taken(mail->recipients[i].address), now);
}

/* False: the client is gone. */
static bool send_all(bb_lmtp *m)
{
    bb_str out = bb_lmtp_output(m);
    while (out.n) {
        ssize_t n = write(STDOUT_FILENO, out.p, out.n);
        if (n < 0) return false;
        bb_lmtp_sent(m, (size_t)n, time(NULL));
        out = bb_lmtp_output(m);
    }
    return true;
}

static bb_lmtp_options options_of(char **argv)
{
    bb_lmtp_options o = bb_lmtp_defaults;
    o.hostname = BB_S("lmtp.test");
    o.beyond = strcmp(argv[2], "refuse") == 0  ? BB_LMTP_REFUSE
               : strcmp(argv[2], "defer") == 0 ? BB_LMTP_DEFER
                                               : BB_LMTP_CUT;
    o.size_max = strtoull(argv[3], NULL, 10);
    return o;
}

static void serve(bb_lmtp *m)
{
    char room[4096];
    bb_str in = {0};
    bb_lmtp_event e;
    do {
        in = bb_sub(in, bb_lmtp_step(m, in, time(NULL), &e), BB_NPOS);
        hear(m, &e);
        if (!send_all(m)) return;
        if (e.type != BB_LMTP_MORE) continue;
        ssize_t n = read(STDIN_FILENO, room, sizeof room);
        if (n <= 0) bb_lmtp_eof(m);
        in = (bb_str){room, n > 0 ? (size_t)n : 0};
    } while (e.type != BB_LMTP_CLOSE);
}

int main(int argc, char **argv)
{
    if (argc != 4) return 64;
    bb_lmtp_options o = options_of(argv);
    log_path = argv[1];
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    body = bb_buf_in(&arena, (size_t)64 << 20);
    bb_lmtp *m = bb_lmtp_new(&tap_alloc, &o, time(NULL));
    if (!m) return 75;
    serve(m);
    bb_lmtp_free(m);
    bb_arena_free(&arena);
    return 0;
}
