/* SPDX-License-Identifier: MIT
 *
 * net: dialogues with servers that do not keep to the protocol, and answers of name servers that are broken. The other
 * side is a process of its own.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/net/net.h"
#include "edge/os/os.h"
#include "tap.h"

static bb_arena arena;

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* ---- dialogues ------------------------------------------------------------------------------------------- */

/* Says all of `greeting` to whoever comes, then nothing; or hangs up. */
static pid_t serve(const char *path, bb_str greeting, bool hangs_up)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    unlink(path);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 5) < 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        int client = accept(fd, NULL, NULL);
        if (write(client, greeting.p, greeting.n) < 0) _exit(1);
        if (!hangs_up) pause();
        _exit(0);
    }
    close(fd);
    return child;
}

static void dialogues(void)
{
    char *endless = malloc(100000), *lines = malloc(100000);
    for (size_t i = 0; i < 100000; i++) {
        endless[i] = i < 4 ? "250 "[i] : 'x';
        lines[i] = "250-\n"[i % 5];
    }
    const struct {
        const char *name;
        bb_str said;
        bool hangs_up;
        int code; /* 0: it fails */
        const char *text;
    } rows[] = {
        {"one line", BB_S("220 mx ready\r\n"), false, 220, "mx ready"},
        {"several lines", BB_S("250-mx\r\n250-DSN\r\n250 SIZE\r\n"), false, 250, "mx\nDSN\nSIZE"},
        {"a bare code", BB_S("250\r\n"), false, 250, ""},
        {"bare LF", BB_S("220 mx\n"), false, 220, "mx"},
        {"a refusal", BB_S("550 5.1.1 no\r\n"), false, 550, "5.1.1 no"},
        {"no code", BB_S("hello\r\n"), false, 0, ""},
        {"an empty line", BB_S("\r\n"), false, 0, ""},
        {"a code that is none", BB_S("999 x\r\n"), false, 0, ""},
        {"half a line, and gone", BB_S("220 m"), true, 0, ""},
        {"half of several lines, and gone", BB_S("250-mx\r\n"), true, 0, ""},
        {"nothing, and gone", BB_S(""), true, 0, ""},
        {"nothing at all", BB_S(""), false, 0, ""},
        {"a line without end", {endless, 100000}, true, 0, ""},
        {"lines without end", {lines, 100000}, true, 0, ""},
    };
    const char *path = bb_sprintf(&arena, "%s/s", tap_tmp()).p;
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_dial d;
        bb_err err = {0};
        int code = 0;
        bb_str text = {0};
        pid_t child = serve(path, rows[i].said, rows[i].hangs_up);
        bool open = bb_dial_unix(path, rows[i].said.n || rows[i].hangs_up ? 20 : 0.2, &d, &err);
        ok(open, "dial: %s: connected", rows[i].name);
        bool good = open && bb_dial_ask(&d, &arena, NULL, &code, &text, &err);
        ok(good == (rows[i].code > 0), "dial: %s: %s", rows[i].name, rows[i].code ? "a reply" : "an error");
        if (good) is_int(code, rows[i].code, "dial: %s: its code", rows[i].name);
        if (good) is_str(text, bb_cstr(rows[i].text), "dial: %s: its text", rows[i].name);
        ok(good || err.text[0], "dial: %s: errors say why", rows[i].name);
        if (open) bb_dial_end(&d);
        end(child);
    }
    free(endless);
    free(lines);
}

static void nobody(void)
{
    bb_dial d;
    bb_err err = {0};
    char path[200];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    ok(!bb_dial_unix("/nonexistent/socket", 1, &d, &err) && strstr(err.text, "/nonexistent/socket"),
       "dial: no socket: %s", err.text);
    ok(!bb_dial_unix(path, 1, &d, &err) && err.code == BB_EUSAGE, "dial: a path that is too long");
    ok(!bb_dial_inet("127.0.0.1", "1", 1, &d, &err), "dial: nobody listens: %s", err.text);
}

/* ---- the DNS ---------------------------------------------------------------------------------------------- */

/* Answers each question with its own id, these flags and counts, the question, and the bytes. */
typedef struct {
    const char *name;
    unsigned flags, answers;
    bb_str records;
    bb_dns_type type;
    int n; /* records expected; -1: an error */
    const char *first;
} dns_row;

#define OWNER "\xc0\x0c"
#define TTL   "\0\0\0\x3c"

static void answer(int fd, const dns_row *row)
{
    unsigned char out[1024];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, out, 512, 0, (struct sockaddr *)&from, &size);
    if (n < 12) return;
    size_t question = 12;
    while (question < (size_t)n && out[question]) question += 1u + out[question];
    question += 5;
    out[2] = (unsigned char)(row->flags >> 8);
    out[3] = (unsigned char)row->flags;
    memset(out + 4, 0, 8);
    out[5] = 1;
    out[7] = (unsigned char)row->answers;
    memcpy(out + question, row->records.p, row->records.n);
    sendto(fd, out, question + row->records.n, 0, (const struct sockaddr *)&from, size);
}

static void names(void)
{
    const dns_row dns_rows[] = {
        {"a TXT of two strings", 0x8180, 1,
         BB_S(OWNER "\0\x10\0\x01" TTL "\0\x08\x03"
                    "abc"
                    "\x03"
                    "def"),
         BB_DNS_TXT, 1, "abcdef"},
        {"an empty TXT", 0x8180, 1, BB_S(OWNER "\0\x10\0\x01" TTL "\0\x01\0"), BB_DNS_TXT, 1, ""},
        {"an MX", 0x8180, 1,
         BB_S(OWNER "\0\x0f\0\x01" TTL "\0\x06\0\x0a\x01"
                    "m"
                    "\xc0\x0c"),
         BB_DNS_MX, 1, "m.a.test"},
        {"a null MX", 0x8180, 1, BB_S(OWNER "\0\x0f\0\x01" TTL "\0\x03\0\0\0"), BB_DNS_MX, 1, ""},
        {"an address", 0x8180, 1, BB_S(OWNER "\0\x01\0\x01" TTL "\0\x04\x7f\0\0\x01"), BB_DNS_A, 1, ""},
        {"another type than asked for", 0x8180, 1, BB_S(OWNER "\0\x01\0\x01" TTL "\0\x04\x7f\0\0\x01"), BB_DNS_TXT, 0,
         NULL},
        {"no such name", 0x8183, 0, BB_S(""), BB_DNS_TXT, 0, NULL},
        {"no such record", 0x8180, 0, BB_S(""), BB_DNS_TXT, 0, NULL},
        {"a server that fails", 0x8182, 0, BB_S(""), BB_DNS_TXT, -1, NULL},
        {"a string longer than its record", 0x8180, 1,
         BB_S(OWNER "\0\x10\0\x01" TTL "\0\x03\x09"
                    "ab"),
         BB_DNS_TXT, -1, NULL},
        {"a record longer than the answer", 0x8180, 1,
         BB_S(OWNER "\0\x10\0\x01" TTL "\0\xff\x03"
                    "abc"),
         BB_DNS_TXT, -1, NULL},
        {"a record without its head", 0x8180, 1, BB_S(OWNER "\0\x10"), BB_DNS_TXT, -1, NULL},
        {"more records than there are", 0x8180, 9,
         BB_S(OWNER "\0\x10\0\x01" TTL "\0\x02\x01"
                    "a"),
         BB_DNS_TXT, -1, NULL},
        {"a name that points to itself", 0x8180, 1, BB_S(OWNER "\0\x0f\0\x01" TTL "\0\x04\0\x0a\xc0\x26"), BB_DNS_MX,
         -1, NULL},
        {"a name that points out of the answer", 0x8180, 1, BB_S(OWNER "\0\x0f\0\x01" TTL "\0\x04\0\x0a\xff\xff"),
         BB_DNS_MX, -1, NULL},
        {"an MX without a host", 0x8180, 1, BB_S(OWNER "\0\x0f\0\x01" TTL "\0\x02\0\x0a"), BB_DNS_MX, -1, NULL},
    };
    for (size_t i = 0; i < BB_COUNT(dns_rows); i++) {
        const dns_row *row = &dns_rows[i];
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof at;
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        bb_str *records;
        size_t n = 0;
        bb_err err = {0};
        if (bind(fd, (const struct sockaddr *)&at, size) < 0 || getsockname(fd, (struct sockaddr *)&at, &size) < 0)
            exit(1);
        pid_t child = fork();
        if (child == 0) {
            alarm(30);
            while (true) answer(fd, row);
        }
        const char *server = bb_sprintf(&arena, "127.0.0.1:%d", ntohs(at.sin_port)).p;
        bool good = bb_dns_ask(&arena, server, BB_S("a.test"), row->type, &records, &n, &err);
        ok(good == (row->n >= 0), "dns: %s: %s", row->name, row->n < 0 ? "an error" : err.text);
        if (good && row->n >= 0) is_int(n, row->n, "dns: %s: so many", row->name);
        if (good && row->first && n) is_str(records[0], bb_cstr(row->first), "dns: %s: what it says", row->name);
        end(child);
        close(fd);
    }
}

static void servers(void)
{
    static const char *const wrong[] = {"x",   "",         ":53", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:5x",
                                        "::1", "1.2.3.4.5"};
    for (size_t i = 0; i < BB_COUNT(wrong); i++) {
        bb_str *records;
        size_t n;
        bb_err err = {0};
        ok(!bb_dns_ask(&arena, wrong[i], BB_S("a.test"), BB_DNS_TXT, &records, &n, &err) && err.code == BB_EUSAGE,
           "dns: \"%s\" is no resolver", wrong[i]);
    }
}

int main(void)
{
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    signal(SIGPIPE, SIG_IGN);
    dialogues();
    nobody();
    names();
    servers();
    bb_arena_free(&arena);
    return tap_done();
}
