/* SPDX-License-Identifier: MIT
 *
 * The database as a whole: copied while it is in use, and checked.
 */
#include <fcntl.h>
#include <unistd.h>

#include "edge/os/os.h"
#include "edge/store/sqlite.h"

/* SQLite does not sync what VACUUM INTO writes. */
static bool sync_file(const char *path, bb_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good) bb_os_fail(err, BB_EIO, path, "sync it");
    if (fd >= 0) close(fd);
    return good;
}

bool sq_copy(bb_driver *driver, const char *to, bb_err *err)
{
    bb_sqlite *d = SQ_OF(driver);
    sqlite3_stmt *st;
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* SQLite would let others read it */
    if (fd < 0) return bb_os_fail(err, BB_ECREATE, to, "make it");
    close(fd);
    int rc = sqlite3_prepare_v2(d->db, "VACUUM INTO ?", -1, &st, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(st, 1, to, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(st);
    bool good = rc == SQLITE_DONE || sq_fail(d, rc, err);
    sqlite3_finalize(st);
    return good && sync_file(to, err);
}

/* Each row is a complaint; all is well where there is one that reads "ok", or none. */
static bool ask(bb_sqlite *d, const char *sql, bb_store_finding_fn each, void *ctx, bb_err *err)
{
    sqlite3_stmt *st;
    int rc = sqlite3_prepare_v2(d->db, sql, -1, &st, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(st);
        if (rc != SQLITE_ROW) break;
        bb_str text = bb_cstr((const char *)sqlite3_column_text(st, 0));
        if (!bb_eq(text, BB_S("ok"))) each(ctx, text);
    }
    bool good = rc == SQLITE_DONE || sq_fail(d, rc, err);
    sqlite3_finalize(st);
    return good;
}

bool sq_check(bb_driver *driver, bb_store_finding_fn each, void *ctx, bb_err *err)
{
    static const char *const questions[] = {
        "PRAGMA integrity_check",
        "SELECT 'a row of ' || \"table\" || ' points to a ' || parent || ' that is not there'"
        " FROM pragma_foreign_key_check",
        "SELECT 'report ' || r.id || ' has no current reading' FROM report r WHERE NOT EXISTS"
        " (SELECT 1 FROM reading g WHERE g.report = r.id AND g.current = 1)",
    };
    bb_sqlite *d = SQ_OF(driver);
    for (size_t i = 0; i < BB_COUNT(questions); i++)
        if (!ask(d, questions[i], each, ctx, err)) return false;
    return true;
}
