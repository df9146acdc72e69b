/* SPDX-License-Identifier: MIT
 *
 * The least that a durable ingest can do: one row a bounce into SQLite, 256 a transaction, synced. usage: sqlite FILE ROWS
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 256

static int run(sqlite3 *db, const char *sql)
{
    char *said = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &said) == SQLITE_OK) return 1;
    fprintf(stderr, "%s: %s\n", sql, said);
    return 0;
}

static int put(sqlite3_stmt *st, int i)
{
    char address[64], id[64];
    unsigned mixed = (unsigned)i * 2654435761u;
    snprintf(address, sizeof address, "reader%u@d%u.example.org", mixed, mixed % 5000);
    snprintf(id, sizeof id, "<%08x.%d@mail.example.net>", mixed, i);
    sqlite3_bind_int64(st, 1, 1700000000 + i);
    sqlite3_bind_int(st, 2, i / 1000);
    sqlite3_bind_text(st, 3, address, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 4, id, -1, SQLITE_STATIC);
    int good = sqlite3_step(st) == SQLITE_DONE;
    sqlite3_reset(st);
    return good;
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    sqlite3_stmt *st = NULL;
    if (argc != 3 || sqlite3_open(argv[1], &db) != SQLITE_OK) return 1;
    int rows = atoi(argv[2]);
    int good = run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
                       "PRAGMA wal_autocheckpoint = 10000") &&
               run(db, "CREATE TABLE bounce (id INTEGER PRIMARY KEY, time INTEGER, mailing INTEGER, address TEXT,"
                       " status TEXT, reason TEXT, mta TEXT, words TEXT, message TEXT);"
                       "CREATE INDEX by_address ON bounce (address);"
                       "CREATE UNIQUE INDEX once ON bounce (message, address)") &&
               sqlite3_prepare_v2(
                   db,
                   "INSERT INTO bounce (time, mailing, address, status, reason, mta, words, message)"
                   " VALUES (?, ?, ?, '5.1.1', 'userunknown', 'mx1.example.com', '550 5.1.1 <reader@d.example.org>:"
                   " Recipient address rejected: User unknown in virtual mailbox table', ?)",
                   -1, &st, NULL) == SQLITE_OK;
    for (int i = 0; good && i < rows; i++) {
        if (i % BATCH == 0) good = run(db, "BEGIN IMMEDIATE");
        good = good && put(st, i);
        if (good && (i % BATCH == BATCH - 1 || i == rows - 1)) good = run(db, "COMMIT");
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    return !good;
}
