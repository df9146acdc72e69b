/* SPDX-License-Identifier: MIT
 *
 * SQLite's errors in words that say what to do.
 */
#include "edge/store/sqlite.h"

static const struct {
    int rc;
    bb_code code;
    const char *words;
} troubles[] = {
    {SQLITE_FULL, BB_EIO, "the disk is full: nothing of this was stored; make room and try again"},
    {SQLITE_READONLY, BB_EDENIED,
     "it cannot be written: run this as the user that owns it, on a disk mounted for writing"},
    {SQLITE_CORRUPT, BB_EDATA,
     "the database is damaged: put a copy aside, then restore a backup, or save what can be read with sqlite3's "
     ".recover"},
    {SQLITE_NOTADB, BB_EDATA, "this is no database of bouncebox: give the path of one, or of a new file to init"},
    {SQLITE_CANTOPEN, BB_EDENIED, "it cannot be opened: this user must be able to read it and to write to its folder"},
    {SQLITE_PERM, BB_EDENIED, "the system refuses this user the file: run this as the user that owns it"},
    {SQLITE_BUSY, BB_EBUSY,
     "another program holds the database locked (a backup, or a transaction left open in sqlite3): end it and try "
     "again"},
    {SQLITE_LOCKED, BB_EBUSY, "another connection of this program holds the database locked: try again"},
    {SQLITE_NOMEM, BB_ENOMEM, "out of memory"},
    {SQLITE_TOOBIG, BB_EDATA, "one value is too long for the database"},
    {SQLITE_IOERR, BB_EIO, "reading or writing failed: look at the disk and its quota, then try again"},
    {SQLITE_PROTOCOL, BB_EBUSY, "too many programs opened the database at once: try again"},
};

bool sq_fail(const bb_sqlite *d, int rc, bb_err *err)
{
    const char *said = d->db ? sqlite3_errmsg(d->db) : sqlite3_errstr(rc);
    for (size_t i = 0; i < BB_COUNT(troubles); i++)
        if (troubles[i].rc == (rc & 0xFF))
            return bb_fail(err, troubles[i].code, "%s: %s (%s)", d->path, troubles[i].words, said);
    return bb_fail(err, BB_EBUG, "%s: the database refuses what it was asked: %s", d->path, said);
}
