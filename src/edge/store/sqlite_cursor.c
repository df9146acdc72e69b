/* SPDX-License-Identifier: MIT
 *
 * Statements in use: prepared once a connection, values in and out from left to right.
 */
#include <string.h>

#include "edge/store/sqlite.h"

bool sq_open(bb_sqlite *d, sq_statement which, sq_cursor *c, bb_err *err)
{
    sqlite3_stmt **st = &d->prepared[which];
    if (!*st) {
        int rc = sqlite3_prepare_v3(d->db, sq_sql[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
        if (rc != SQLITE_OK) return sq_fail(d, rc, err);
    }
    *c = (sq_cursor){.st = *st, .rc = SQLITE_OK};
    return true;
}

bool sq_next(sq_cursor *c)
{
    if (c->rc != SQLITE_OK && c->rc != SQLITE_ROW) return false;
    c->at = 0;
    c->rc = sqlite3_step(c->st);
    return c->rc == SQLITE_ROW;
}

bool sq_close(bb_sqlite *d, sq_cursor *c, bb_err *err)
{
    bool well = c->rc == SQLITE_OK || c->rc == SQLITE_ROW || c->rc == SQLITE_DONE;
    if (!well) sq_fail(d, c->rc, err); /* before the reset, which forgets the words */
    sqlite3_reset(c->st);
    c->at = 0;
    c->rc = SQLITE_OK;
    return well;
}

bool sq_run(bb_sqlite *d, sq_cursor *c, bb_err *err)
{
    sq_next(c);
    return sq_close(d, c, err);
}

/* ---- in ------------------------------------------------------------------------------------------------ */

static void bound(sq_cursor *c, int rc)
{
    if (rc != SQLITE_OK) c->rc = rc;
}

void sq_put_int(sq_cursor *c, int64_t v)
{
    bound(c, sqlite3_bind_int64(c->st, ++c->at, v));
}

static void put_null(sq_cursor *c)
{
    bound(c, sqlite3_bind_null(c->st, ++c->at));
}

void sq_put_id(sq_cursor *c, uint64_t v)
{
    if (v) sq_put_int(c, (int64_t)v);
    else put_null(c);
}

void sq_put_time(sq_cursor *c, bb_time t)
{
    if (t != BB_NO_TIME) sq_put_int(c, t);
    else put_null(c);
}

void sq_put_real(sq_cursor *c, double v)
{
    bound(c, sqlite3_bind_double(c->st, ++c->at, v));
}

void sq_put_text(sq_cursor *c, bb_str s)
{
    bound(c, sqlite3_bind_text64(c->st, ++c->at, s.n ? s.p : "", s.n, SQLITE_STATIC, SQLITE_UTF8));
}

void sq_put_text_or_null(sq_cursor *c, bb_str s)
{
    if (s.n) sq_put_text(c, s);
    else put_null(c);
}

void sq_put_blob(sq_cursor *c, bb_str s)
{
    bound(c, sqlite3_bind_blob64(c->st, ++c->at, s.n ? s.p : "", s.n, SQLITE_STATIC));
}

void sq_put_hash(sq_cursor *c, const bb_hash *h)
{
    sq_put_blob(c, (bb_str){(const char *)h->b, sizeof h->b});
}

/* ---- out ----------------------------------------------------------------------------------------------- */

int64_t sq_int(sq_cursor *c)
{
    return sqlite3_column_int64(c->st, c->at++);
}

uint64_t sq_id(sq_cursor *c)
{
    return (uint64_t)sq_int(c);
}

uint32_t sq_id32(sq_cursor *c)
{
    return (uint32_t)sq_int(c);
}

bb_time sq_time(sq_cursor *c)
{
    bool none = sqlite3_column_type(c->st, c->at) == SQLITE_NULL;
    int64_t t = sq_int(c);
    return none ? BB_NO_TIME : t;
}

double sq_real(sq_cursor *c)
{
    return sqlite3_column_double(c->st, c->at++);
}

static bb_str kept(bb_arena *a, const void *p, int n)
{
    bb_str s = p && n > 0 ? (bb_str){p, (size_t)n} : (bb_str){0};
    return a && s.n ? bb_dup(a, s) : s;
}

bb_str sq_text(sq_cursor *c, bb_arena *a)
{
    int column = c->at++;
    const void *p = sqlite3_column_text(c->st, column);
    return kept(a, p, sqlite3_column_bytes(c->st, column));
}

bb_str sq_blob(sq_cursor *c, bb_arena *a)
{
    int column = c->at++;
    const void *p = sqlite3_column_blob(c->st, column);
    return kept(a, p, sqlite3_column_bytes(c->st, column));
}

bb_hash sq_hash(sq_cursor *c)
{
    bb_hash h = {{0}};
    bb_str s = sq_blob(c, NULL);
    if (s.n == sizeof h.b) memcpy(h.b, s.p, sizeof h.b);
    return h;
}
