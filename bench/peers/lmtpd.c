/* SPDX-License-Identifier: MIT
 *
 * The least that a durable LMTP server can do: no parsing, one row a message into SQLite, and what came in one round of
 * the loop committed together before it is answered. One recipient a message. usage: lmtpd SOCKET DATABASE
 */
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS 512

typedef struct {
    char *bytes;
    size_t n, room;
    int data, waits;
} client;

static sqlite3 *db;
static sqlite3_stmt *insert;
static long messages;
static struct pollfd fds[CLIENTS];
static client clients[CLIENTS];

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK) return;
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
}

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0) exit(1);
}

static void store(client *c)
{
    char id[64];
    if (sqlite3_get_autocommit(db)) run("BEGIN IMMEDIATE");
    snprintf(id, sizeof id, "<%ld@mail.example.net>", messages);
    sqlite3_bind_int64(insert, 1, 1700000000 + messages++);
    sqlite3_bind_text(insert, 2, "reader@example.org", -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, "550 5.1.1 User unknown in virtual mailbox table", -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 4, id, -1, SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE) exit(1);
    sqlite3_reset(insert);
    c->waits = 1;
}

/* Takes what is whole off the bytes. 0: the client said QUIT. */
static int take(int fd, client *c)
{
    size_t at = 0;
    while (!c->waits) {
        const char *from = c->bytes + at, *end;
        if (c->data) {
            end = memmem(from, c->n - at, "\r\n.\r\n", 5);
            if (!end) break;
            at = (size_t)(end + 5 - c->bytes);
            c->data = 0;
            store(c);
            continue;
        }
        end = memchr(from, '\n', c->n - at);
        if (!end) break;
        at = (size_t)(end + 1 - c->bytes);
        if (strncasecmp(from, "QUIT", 4) == 0) return 0;
        c->data = strncasecmp(from, "DATA", 4) == 0;
        say(fd, c->data ? "354 go\r\n" : "250 2.0.0 ok\r\n");
    }
    memmove(c->bytes, c->bytes + at, c->n - at);
    c->n -= at;
    return 1;
}

static void leave(int i)
{
    close(fds[i].fd);
    fds[i].fd = -1;
    free(clients[i].bytes);
    clients[i] = (client){0};
}

static void hear(int i)
{
    client *c = &clients[i];
    if (c->room - c->n < 16384) c->bytes = realloc(c->bytes, c->room = c->room ? 2 * c->room : 65536);
    ssize_t n = c->bytes ? read(fds[i].fd, c->bytes + c->n, c->room - c->n) : 0;
    if (n > 0) c->n += (size_t)n;
    if (n <= 0 || !take(fds[i].fd, c)) leave(i);
}

static void greet(int listener)
{
    int fd = accept(listener, NULL, NULL), i = 1;
    while (i < CLIENTS && fds[i].fd >= 0) i++;
    if (fd < 0 || i == CLIENTS) exit(1);
    fds[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    say(fd, "220 lmtpd\r\n");
}

static void commit_all(void)
{
    if (sqlite3_get_autocommit(db)) return;
    run("COMMIT");
    for (int i = 1; i < CLIENTS; i++) {
        if (!clients[i].waits) continue;
        clients[i].waits = 0;
        say(fds[i].fd, "250 2.0.0 stored\r\n");
        if (!take(fds[i].fd, &clients[i])) leave(i);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc != 3 || sqlite3_open(argv[2], &db) != SQLITE_OK) return 1;
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
        "PRAGMA wal_autocheckpoint = 10000;"
        "CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER, address TEXT, diagnostic TEXT, message TEXT);"
        "CREATE INDEX by_address ON event (address); CREATE UNIQUE INDEX by_message ON event (message, address)");
    if (sqlite3_prepare_v2(db, "INSERT INTO event (time, address, diagnostic, message) VALUES (?, ?, ?, ?)", -1,
                           &insert, NULL) != SQLITE_OK)
        return 1;
    strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, CLIENTS) < 0) return 1;
    for (int i = 0; i < CLIENTS; i++) fds[i].fd = -1;
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    while (poll(fds, CLIENTS, -1) > 0) {
        for (int i = 1; i < CLIENTS; i++)
            if (fds[i].fd >= 0 && fds[i].revents) hear(i);
        if (fds[0].revents) greet(listener);
        commit_all();
    }
    return 0;
}
