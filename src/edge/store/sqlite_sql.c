/* SPDX-License-Identifier: MIT
 *
 * Every statement of the SQLite driver.
 */
#include "edge/store/sqlite.h"

#define PERSON "id, list, address_key, address, external_id, contact, since, status, until, changed"
#define FOUND  "SELECT id, list, address_key FROM subscriber WHERE "

/* A reading as a fact. When its mailing went to him: his own send's time, else the mailing's. */
#define READING                                                                                     \
    "r.key, g.position, r.time, g.kind, g.reason, g.trust, g.forwarded, g.unsubscribes, g.mailing," \
    " coalesce(s.time, m.sent)"
#define READINGS_OF_ONE                                                          \
    " FROM reading g JOIN report r ON r.id = g.report"                           \
    " LEFT JOIN mailing m ON m.id = g.mailing"                                   \
    " LEFT JOIN send s ON s.subscriber = g.subscriber AND s.mailing = g.mailing" \
    " WHERE g.subscriber = ?1 AND g.current = 1"
#define FACT "id, type, time, status, until"

#define WHOLE_READING                                                                                            \
    "report, position, rules_version, list, subscriber, mailing, trust, forwarded, unsubscribes, kind, reason, " \
    "action, reply_code,"                                                                                        \
    " confidence, recipient, domain, status, command, diagnostic, remote_mta, reporting_mta, format, rule"

/* Parameters: list (0: all), from, until. */
#define READINGS_COUNTED                               \
    " FROM reading g JOIN report r ON r.id = g.report" \
    " WHERE g.current = 1 AND (?1 = 0 OR g.list = ?1)" \
    " AND (?2 IS NULL OR r.time >= ?2) AND (?3 IS NULL OR r.time < ?3)"

const char *const sq_sql[SQ_STATEMENTS] = {
    [SQ_BEGIN_READ] = "BEGIN",
    [SQ_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQ_COMMIT] = "COMMIT",
    [SQ_ROLLBACK] = "ROLLBACK",

    [SQ_LISTS] = "SELECT id, name, created FROM list ORDER BY id",
    [SQ_MAILINGS] = "SELECT id, list, name, sent FROM mailing WHERE ?1 = 0 OR list = ?1 ORDER BY id",
    [SQ_POLICIES] =
        "SELECT list, since, hard_limit, soft_limit, soft_window, window_mode, quarantine, quarantine_backoff,"
        " accept_trust, observe FROM policy ORDER BY list, number",
    [SQ_FORGET_POLICIES] = "DELETE FROM policy WHERE list = ?",
    [SQ_ADD_POLICY] =
        "INSERT INTO policy (list, since, hard_limit, soft_limit, soft_window, window_mode, quarantine,"
        " quarantine_backoff, accept_trust, observe, number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
        " (SELECT count(*) FROM policy WHERE list = ?1))",
    [SQ_ADD_LIST] = "INSERT INTO list (name, created) VALUES (?, ?)",
    [SQ_ADD_MAILING] = "INSERT INTO mailing (list, name, sent) VALUES (?, ?, ?)",

    [SQ_FIND_BY_ID] = FOUND "id = ?",
    [SQ_FIND_BY_EXTERNAL_ID] = FOUND "external_id = ? AND list = ?",
    [SQ_FIND_BY_ADDRESS] = FOUND "address_key = ? AND list = ?",
    [SQ_FIND_BY_ADDRESS_ANYWHERE] = FOUND "address_key = ? LIMIT 2",
    [SQ_FIND_BY_MAILING] = FOUND "address_key = ? AND list = (SELECT list FROM mailing WHERE id = ?)",
    [SQ_EXTERNAL_IDS] = "SELECT EXISTS (SELECT 1 FROM subscriber WHERE list = ? AND external_id IS NOT NULL)",
    [SQ_FIND_PERSON] = "SELECT " PERSON " FROM subscriber WHERE id = ?",
    [SQ_FIND_MAILING] = "SELECT id, list, sent FROM mailing WHERE id = ?",
    [SQ_FIND_REPORT] = "SELECT id, time FROM report WHERE key = ?",
    [SQ_FIND_FACT] = "SELECT 1 FROM fact WHERE subscriber = ? AND id = ?",
    [SQ_FIND_SEND] = "SELECT time FROM send WHERE subscriber = ? AND mailing = ?",
    [SQ_ABOUT] =
        "SELECT g.report, r.return_path, g.kind, g.forwarded, g.unsubscribes, coalesce(e.size, 0) FROM reading g"
        " JOIN report r ON r.id = g.report LEFT JOIN evidence e ON e.report = g.report"
        " WHERE g.subscriber = ? AND g.current = 1 ORDER BY g.report",
    [SQ_HOLDERS] = "SELECT subscriber FROM reading WHERE report = ? AND current = 1 AND subscriber IS NOT NULL",

    [SQ_READINGS_OF] = "SELECT " READING READINGS_OF_ONE,
    [SQ_FACTS_OF] = "SELECT " FACT " FROM fact WHERE subscriber = ?",
    [SQ_SENDS_OF] = "SELECT s.mailing, coalesce(s.time, m.sent) FROM send s JOIN mailing m ON m.id = s.mailing"
                    " WHERE s.subscriber = ?",

    [SQ_PUT_PERSON] = "INSERT INTO subscriber (list, address_key, address, external_id, contact, since, status, until,"
                      " changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQ_SET_PERSON] = "UPDATE subscriber SET address_key = ?, address = ?, external_id = ?, contact = ?, changed = ?"
                      " WHERE id = ?",
    [SQ_PUT_REPORT] = "INSERT INTO report (key, time, recorded, source, return_path) VALUES (?, ?, ?, ?, ?)",
    [SQ_LOWER_TIME] = "UPDATE report SET time = ?1 WHERE id = ?2 AND time > ?1",
    [SQ_CURRENT_READINGS] = "SELECT " WHOLE_READING " FROM reading WHERE report = ? AND current = 1 ORDER BY position",
    [SQ_RETIRE_READINGS] = "UPDATE reading SET current = 0 WHERE report = ? AND current = 1",
    [SQ_PUT_READING] = "INSERT INTO reading (number, current, " WHOLE_READING ") VALUES ("
                       "(SELECT count(*) FROM reading WHERE report = ?1 AND position = ?2), 1, ?1, ?2, ?3, ?4, ?5, ?6, "
                       "?7, ?8, ?9, ?10,"
                       " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)",
    [SQ_PUT_EVIDENCE] = "INSERT INTO evidence (report, size, zstd) VALUES (?, ?, ?)",
    [SQ_PUT_SURPLUS] = "INSERT INTO surplus (subscriber, mailing, day, n, last) VALUES (?, ?, ?, 1, ?)"
                       " ON CONFLICT (subscriber, mailing, day) DO UPDATE SET n = n + 1, last = excluded.last",
    [SQ_PUT_FORGED] = "INSERT INTO forgery (day, octets) VALUES (?, ?)",
    [SQ_FORGED] = "SELECT coalesce(sum(octets), 0) FROM forgery WHERE day = ?",
    [SQ_PUT_FACT] = "INSERT INTO fact (subscriber, id, type, time, recorded, status, until, note, address)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SQ_PUT_SEND] = "INSERT INTO send (subscriber, mailing, time) VALUES (?, ?, ?)"
                    " ON CONFLICT (subscriber, mailing) DO UPDATE SET time = excluded.time",
    [SQ_PUT_STATUS] = "UPDATE subscriber SET status = ?, until = ?, changed = ? WHERE id = ?",
    [SQ_PUT_TRANSITION] =
        "INSERT INTO transition (subscriber, number, time, recorded, from_status, to_status, until, cause)"
        " SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM transition WHERE subscriber = ?1",
    [SQ_PUT_PROGRESS] = "INSERT OR REPLACE INTO progress (file, behind, number, size, changed, tail, touched) VALUES "
                        "(?, ?, ?, ?, ?, ?, ?)",
    [SQ_PUT_REFUSED] = "INSERT INTO refusal (hour, writer, cause, n) VALUES (?, ?, ?, ?)"
                       " ON CONFLICT (hour, writer, cause) DO UPDATE SET n = excluded.n",

    [SQ_PROGRESS] = "SELECT file, behind, number, size, changed, tail, touched FROM progress ORDER BY file",
    [SQ_PAGE] =
        "SELECT " PERSON " FROM subscriber WHERE id > ?1 AND (?2 = 0 OR list = ?2)"
        " AND (?3 IS NULL OR changed >= ?3 OR (status = 1 AND until >= ?3 AND until <= ?4)) ORDER BY id LIMIT ?5",
    [SQ_HISTORY_READINGS] =
        "SELECT " READING ", r.recorded, r.source, r.return_path, r.id, g.recipient, g.status, g.command, g.diagnostic,"
        " g.remote_mta, g.reporting_mta, g.rule, g.format, g.action, g.reply_code, g.confidence, m.name,"
        " EXISTS (SELECT 1 FROM evidence e WHERE e.report = r.id)" READINGS_OF_ONE,
    [SQ_HISTORY_FACTS] = "SELECT " FACT ", recorded, note, address FROM fact WHERE subscriber = ?",
    [SQ_HISTORY_TRANSITIONS] = "SELECT time, recorded, from_status, to_status, until, cause FROM transition"
                               " WHERE subscriber = ? ORDER BY number",
    [SQ_HISTORY_SURPLUS] = "SELECT coalesce(sum(n), 0) FROM surplus WHERE subscriber = ?",
    [SQ_REPORTS] =
        "SELECT r.id, r.time, r.recorded, r.source, r.return_path FROM report r WHERE r.id > ?1"
        " AND (?2 = 0 OR EXISTS (SELECT 1 FROM reading g WHERE g.report = r.id AND g.current = 1 AND g.format = ''"
        " AND g.unsubscribes = 0))"
        " AND (?3 = 0 OR EXISTS (SELECT 1 FROM reading g WHERE g.report = r.id AND g.current = 1 AND g.list = ?3))"
        " AND (?4 IS NULL OR r.time >= ?4) AND (?5 IS NULL OR r.time < ?5) ORDER BY r.id LIMIT ?6",
    [SQ_EVIDENCE] = "SELECT report, size, zstd FROM evidence WHERE report = ?",

    [SQ_COUNT_REPORTS] = "SELECT count(DISTINCT g.report)" READINGS_COUNTED,
    [SQ_COUNT_READINGS] = "SELECT g.kind, g.reason, g.trust, g.list, g.domain, count(*)" READINGS_COUNTED
                          " GROUP BY g.list, g.domain, g.kind, g.reason, g.trust",
    [SQ_COUNT_STANDINGS] = "SELECT status, until, count(*) FROM subscriber"
                           " WHERE contact = 0 AND (?1 = 0 OR list = ?1) GROUP BY status, until",
    [SQ_REFUSED] = "SELECT hour, cause, sum(n) FROM refusal WHERE (?1 IS NULL OR hour >= ?1)"
                   " AND (?2 IS NULL OR hour < ?2) GROUP BY hour, cause ORDER BY hour, cause",
};
