/* SPDX-License-Identifier: MIT
 *
 * Hands an mbox to an LMTP server, as many sessions at once as asked for, and says how many seconds that took. Each message
 * goes to the address of its X-Original-To. Commands are pipelined; a session sends its next message when the last is
 * answered.
 *
 * usage: lmtp_load unix:PATH|PORT MBOX SESSIONS
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS_MAX 500
#define REPLIES      3 /* to MAIL, RCPT and DATA */

typedef struct {
    char *bytes; /* MAIL, RCPT, DATA; then the message, dots and CRLF as they must be */
    size_t head, all;
} mail;

typedef struct {
    const mail *now;
    size_t sent;
    int awaited; /* replies */
    char last;   /* octet that came */
    int fresh;   /* at the start of a reply line */
    int greeted;
} session;

static mail *mails;
static size_t n_mails, next_mail, answered, wrong;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static char *read_all(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) < 0) die(path);
    *n = (size_t)ftell(f);
    rewind(f);
    char *all = malloc(*n + 1);
    if (!all || fread(all, 1, *n, f) != *n) die(path);
    all[*n] = '\0';
    fclose(f);
    return all;
}

static void add_mail(const char *p, size_t n)
{
    static const char mark[] = "X-Original-To: ";
    const char *to = memmem(p, n, mark, sizeof mark - 1), *end = to ? strchr(to, '\n') : NULL;
    if (!end) return;
    to += sizeof mark - 1;
    mail *m = &mails[n_mails++];
    m->bytes = malloc(3 * n + 512);
    if (!m->bytes) die("memory");
    m->head = (size_t)sprintf(m->bytes, "MAIL FROM:<>\r\nRCPT TO:<%.*s>\r\nDATA\r\n", (int)(end - to), to);
    char *out = m->bytes + m->head;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '.' && (i == 0 || p[i - 1] == '\n')) *out++ = '.';
        if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) *out++ = '\r';
        *out++ = p[i];
    }
    memcpy(out, ".\r\n", 3);
    m->all = (size_t)(out + 3 - m->bytes);
}

static void read_mbox(const char *path)
{
    size_t n;
    char *all = read_all(path, &n), *p = all;
    mails = calloc(n / 100 + 1, sizeof *mails);
    if (!mails) die("memory");
    while (p < all + n) {
        char *body = strchr(p, '\n'), *end = body ? memmem(body, n - (size_t)(body - all), "\n\nFrom ", 7) : NULL;
        if (!body) break;
        end = end ? end + 1 : all + n;
        add_mail(body + 1, (size_t)(end - body - 1));
        p = end + 1;
    }
    free(all);
}

static int connect_to(const char *where)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(where))};
    int is_unix = strncmp(where, "unix:", 5) == 0, on = 1;
    int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    if (is_unix) strncpy(un.sun_path, where + 5, sizeof un.sun_path - 1);
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct sockaddr *to = is_unix ? (struct sockaddr *)&un : (struct sockaddr *)&in;
    if (fd < 0 || connect(fd, to, is_unix ? sizeof un : sizeof in) < 0) die(where);
    if (!is_unix) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void send_part(int fd, session *s, size_t until)
{
    while (s->sent < until) {
        ssize_t n = write(fd, s->now->bytes + s->sent, until - s->sent);
        if (n < 0) die("write");
        s->sent += (size_t)n;
    }
}

/* 0: there is nothing left to send. */
static int begin_mail(int fd, session *s)
{
    if (next_mail == n_mails) return 0;
    s->now = &mails[next_mail++];
    s->sent = 0;
    s->awaited = REPLIES;
    send_part(fd, s, s->now->head);
    return 1;
}

/* A last line of a reply. 0: the session is done. */
static int hear(int fd, session *s, char code)
{
    if (code != '2' && code != '3') wrong++;
    if (!s->greeted) {
        s->greeted = 1;
        s->awaited = 1;
        return write(fd, "LHLO load.test\r\n", 16) == 16;
    }
    if (--s->awaited > 0) return 1;
    if (s->now && s->sent == s->now->head) {
        s->awaited = 1;
        send_part(fd, s, s->now->all);
        return 1;
    }
    answered += s->now != NULL;
    return begin_mail(fd, s);
}

static int take(int fd, session *s)
{
    static char room[65536];
    static char codes[SESSIONS_MAX * 4][4];
    ssize_t n = read(fd, room, sizeof room);
    if (n <= 0) die("read");
    char *line = codes[fd % (SESSIONS_MAX * 4)];
    for (ssize_t i = 0; i < n; i++) {
        if (s->fresh < 4) line[s->fresh++] = room[i];
        if (room[i] != '\n') continue;
        s->fresh = 0;
        if (line[3] != '-' && !hear(fd, s, line[0])) return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    static session sessions[SESSIONS_MAX];
    static struct pollfd fds[SESSIONS_MAX];
    struct timespec begin, end;
    if (argc != 4) return 64;
    int n = atoi(argv[3]), alive = n;
    if (n < 1 || n > SESSIONS_MAX) return 64;
    read_mbox(argv[2]);
    for (int i = 0; i < n; i++) fds[i] = (struct pollfd){.fd = connect_to(argv[1]), .events = POLLIN};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (alive && poll(fds, (nfds_t)n, 60000) > 0)
        for (int i = 0; i < n; i++) {
            if (!fds[i].revents || take(fds[i].fd, &sessions[i])) continue;
            close(fds[i].fd);
            fds[i].fd = -1;
            alive--;
        }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%zu %zu %.6f\n", answered, wrong,
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return answered == n_mails && !wrong && !alive ? 0 : 1;
}
