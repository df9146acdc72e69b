/* SPDX-License-Identifier: MIT
 *
 * The database file: whether it is ours, its schema brought up to date, transactions.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/os/os.h"
#include "edge/store/migrations.h"
#include "edge/store/sqlite.h"

#define APPLICATION_ID 0x42426f78 /* "BBox" */

/* ---- statements run once ------------------------------------------------------------------------------------ */

static bool run(const bb_sqlite *d, const char *sql, bb_err *err)
{
    int rc = sqlite3_exec(d->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || sq_fail(d, rc, err);
}

/* First column of the first row; 0 and "" where there is none. */
static bool ask(const bb_sqlite *d, const char *sql, int64_t *number, char text[16], bb_err *err)
{
    sqlite3_stmt *st;
    int rc = sqlite3_prepare_v2(d->db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(st);
    bool row = rc == SQLITE_ROW;
    *number = row ? sqlite3_column_int64(st, 0) : 0;
    const unsigned char *said = row ? sqlite3_column_text(st, 0) : NULL;
    if (text) snprintf(text, 16, "%s", said ? (const char *)said : "");
    bool well = row || rc == SQLITE_DONE || sq_fail(d, rc, err);
    sqlite3_finalize(st);
    return well;
}

/* ---- whose it is --------------------------------------------------------------------------------------------- */

/* Looks without changing anything. *version is that of the schema, 0 where the file is empty. */
static bool identify(const bb_sqlite *d, int64_t *version, bb_err *err)
{
    int64_t application, objects;
    if (!ask(d, "PRAGMA application_id", &application, NULL, err) ||
        !ask(d, "PRAGMA user_version", version, NULL, err) ||
        !ask(d, "SELECT count(*) FROM sqlite_schema", &objects, NULL, err))
        return false;
    if (application != APPLICATION_ID && (application || *version || objects))
        return bb_fail(err, BB_EDATA, "%s: this is a database of another program: give the path of bouncebox's own",
                       d->path);
    if (*version > (int64_t)bb_migrations_count)
        return bb_fail(
            err, BB_EDATA,
            "%s: a newer bouncebox wrote it (schema %lld, this one knows %zu): bring this program up to date", d->path,
            (long long)*version, bb_migrations_count);
    return true;
}

static bool usable(const bb_sqlite *d, bb_store_mode mode, int64_t version, bb_err *err)
{
    if (version == 0 && mode != BB_STORE_CREATE)
        return bb_fail(err, BB_ENOINPUT, "%s: there is no database of bouncebox in it yet: run bouncebox init",
                       d->path);
    if (mode == BB_STORE_READ && version < (int64_t)bb_migrations_count)
        return bb_fail(
            err, BB_ECONFIG,
            "%s: an older bouncebox wrote it (schema %lld, this one has %zu): any command that writes brings "
            "it up to date, for one bouncebox init",
            d->path, (long long)version, bb_migrations_count);
    return true;
}

/* ---- the schema ------------------------------------------------------------------------------------------------ */

static bool migrate_one(const bb_sqlite *d, const struct bb_migration *m, bb_err *err)
{
    char sql[96];
    int64_t table;
    char broken[16];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, m->number);
    if (!run(d, "BEGIN IMMEDIATE", err)) return false;
    bool well = run(d, m->sql, err) && ask(d, "PRAGMA foreign_key_check", &table, broken, err);
    if (well && *broken) well = bb_fail(err, BB_EDATA, "rows of %s point nowhere", broken);
    if (well && run(d, sql, err) && run(d, "COMMIT", err)) return true;
    sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    return bb_fail_in(err, "bringing the schema to version %d (%s)", m->number, m->name);
}

/* Each step is whole or not there. Foreign keys are off meanwhile, as rebuilding a table demands, and looked at after. */
static bool migrate(const bb_sqlite *d, bb_err *err)
{
    int64_t version;
    char mode[16];
    if (!identify(d, &version, err)) return false; /* again: somebody else may just have done it */
    if (!ask(d, "PRAGMA journal_mode = WAL", &(int64_t){0}, mode, err)) return false;
    if (strcmp(mode, "wal") != 0)
        return bb_fail(err, BB_EIO, "%s: this file system cannot hold it (no shared memory for a write-ahead log)",
                       d->path);
    for (size_t i = (size_t)version; i < bb_migrations_count; i++)
        if (!migrate_one(d, &bb_migrations[i], err)) return false;
    return true;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static bool make_file(const char *path, bb_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno == EEXIST || bb_os_fail(err, BB_ECREATE, path, "make the database");
    close(fd);
    return true;
}

/* While a database could only be read, whoever read it had SQLite make a log and its index beside it that can only be
 * read, too, and stay. Now that it can be written again, they can: else nothing could be stored from then on. What may
 * not be changed is left to SQLite to complain of. */
static void free_companions(const char *path)
{
    static const char *const names[] = {"-wal", "-shm"};
    struct stat db, st;
    char beside[PATH_MAX];
    if (stat(path, &db) < 0 || !(db.st_mode & S_IWUSR)) return;
    for (size_t i = 0; i < BB_COUNT(names); i++) {
        int n = snprintf(beside, sizeof beside, "%s%s", path, names[i]);
        if (n < 0 || (size_t)n >= sizeof beside || lstat(beside, &st) < 0) continue;
        bool shut = S_ISREG(st.st_mode) && st.st_uid == db.st_uid && !(st.st_mode & S_IWUSR);
        if (shut && chmod(beside, db.st_mode & 0777) < 0) errno = 0;
    }
}

/* What it may not write SQLite opens for reading. We do not: see above what it leaves. */
static bool open_file(bb_sqlite *d, bool writes, bb_err *err)
{
    int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (writes) free_companions(d->path);
    int rc = sqlite3_open_v2(d->path, &d->db, flags, NULL);
    if (rc != SQLITE_OK) return sq_fail(d, rc, err);
    if (!writes || sqlite3_db_readonly(d->db, "main") != 1) return true;
    sqlite3_close(d->db);
    d->db = NULL;
    return sq_fail(d, SQLITE_READONLY, err);
}

static bool connect_to(bb_sqlite *d, bb_store_mode mode, bb_err *err)
{
    bool writes = mode != BB_STORE_READ;
    int64_t version;
    if (mode == BB_STORE_CREATE ? !make_file(d->path, err) : access(d->path, F_OK) < 0) {
        if (mode == BB_STORE_CREATE) return false;
        return errno == ENOENT ? bb_fail(err, BB_ENOINPUT, "%s: there is no database: run bouncebox init", d->path)
                               : bb_os_fail(err, BB_EDENIED, d->path, "open the database");
    }
    if (!open_file(d, writes, err)) return false;
    sqlite3_busy_timeout(d->db, SQ_WAIT_MS);
    if (!identify(d, &version, err) || !usable(d, mode, version, err)) return false;
    if (writes && (!sq_lock(d->path, &d->lock, err) || !migrate(d, err))) return false;
    /* some cache and rare checkpoints: most of what bulk ingest costs is pages written twice */
    return run(d,
               "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
               "PRAGMA cache_size = -24576; PRAGMA wal_autocheckpoint = 10000",
               err);
}

static void sq_shut(bb_driver *driver)
{
    bb_sqlite *d = SQ_OF(driver);
    for (size_t i = 0; i < SQ_STATEMENTS; i++) sqlite3_finalize(d->prepared[i]);
    sqlite3_close(d->db);
    sq_unlock(&d->lock);
    free(d->path);
    free(d);
}

/* ---- transactions --------------------------------------------------------------------------------------------------- */

static bool sq_begin(bb_driver *driver, bool write, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (write && d->lock < 0) return bb_fail(err, BB_EUSAGE, "%s: it was opened for reading only", d->path);
    return sq_open(d, write ? SQ_BEGIN_WRITE : SQ_BEGIN_READ, &c, err) && sq_run(d, &c, err);
}

/* The commit record may have reached the log before the error did: then a crash would bring the transaction back. */
static bool sq_commit(bb_driver *driver, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    if (!sq_open(d, SQ_COMMIT, &c, err)) return false;
    sq_next(&c);
    int rc = c.rc;
    if (sq_close(d, &c, err)) return true;
    if ((rc & 0xFF) != SQLITE_IOERR) return false;
    return bb_fail(
        err, BB_EUNKNOWN,
        "%s: writing failed at the last step, so that nobody knows whether it is stored: giving it again is safe "
        "(%s)",
        d->path, sqlite3_errstr(rc));
}

static void sq_rollback(bb_driver *driver)
{
    bb_sqlite *d = SQ_OF(driver);
    sq_cursor c;
    /* an error may have ended the transaction already */
    if (!sqlite3_get_autocommit(d->db) && sq_open(d, SQ_ROLLBACK, &c, NULL)) sq_run(d, &c, NULL);
}

static void sq_let_go(bb_driver *driver)
{
    sq_unlock(&SQ_OF(driver)->lock);
}

static bool sq_hold(bb_driver *driver, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    return !d->locks || d->lock >= 0 || sq_lock(d->path, &d->lock, err);
}

static bool sq_yield(bb_driver *driver, bb_err *err)
{
    if (SQ_OF(driver)->lock < 0) return true;
    sq_let_go(driver);
    sq_give_way();
    return sq_hold(driver, err);
}

static const bb_driver_ops operations = {
    .close = sq_shut,
    .copy = sq_copy,
    .check = sq_check,
    .yield = sq_yield,
    .let_go = sq_let_go,
    .hold = sq_hold,
    .begin = sq_begin,
    .commit = sq_commit,
    .rollback = sq_rollback,
    .lists = sq_lists,
    .mailings = sq_mailings,
    .policies = sq_policies,
    .add_policy = sq_add_policy,
    .add_list = sq_add_list,
    .add_mailing = sq_add_mailing,
    .find = sq_find,
    .find_people = sq_find_people,
    .find_mailings = sq_find_mailings,
    .find_reports = sq_find_reports,
    .find_facts = sq_find_facts,
    .find_sends = sq_find_sends,
    .holders = sq_holders,
    .about = sq_about,
    .facts = sq_facts,
    .put_people = sq_put_people,
    .set_people = sq_set_people,
    .put_reports = sq_put_reports,
    .lower_times = sq_lower_times,
    .put_readings = sq_put_readings,
    .readings = sq_readings,
    .retire_readings = sq_retire_readings,
    .reports = sq_reports,
    .put_evidence = sq_put_evidence,
    .put_surplus = sq_put_surplus,
    .put_forged = sq_put_forged,
    .forged = sq_forged,
    .put_facts = sq_put_facts,
    .put_sends = sq_put_sends,
    .put_statuses = sq_put_statuses,
    .put_transitions = sq_put_transitions,
    .put_progress = sq_put_progress,
    .put_refused = sq_put_refused,
    .progress = sq_progress,
    .external_ids = sq_external_ids,
    .page = sq_page,
    .history = sq_history,
    .evidence = sq_evidence,
    .summary = sq_summary,
    .refused = sq_refused,
};

bool bb_driver_sqlite(const char *path, bb_store_mode mode, bb_driver **out, bb_err *err)
{
    bb_sqlite *d = calloc(1, sizeof *d);
    if (!d) return bb_out_of_memory(err);
    d->base.ops = &operations;
    d->lock = -1;
    d->locks = mode != BB_STORE_READ;
    d->path = strdup(path);
    if (d->path && connect_to(d, mode, err)) {
        *out = &d->base;
        return true;
    }
    if (!d->path) bb_out_of_memory(err);
    sq_shut(&d->base);
    return false;
}
