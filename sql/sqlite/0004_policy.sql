-- SPDX-License-Identifier: MIT
-- The versions of each list's policy: a report is judged by the one in force at its time, so that editing a setting
-- changes nobody's past. Appended, never changed.
CREATE TABLE policy (
    list               INTEGER NOT NULL REFERENCES list (id),
    number             INTEGER NOT NULL,
    since              INTEGER, -- NULL: from ever
    hard_limit         INTEGER NOT NULL,
    soft_limit         INTEGER NOT NULL,
    soft_window        INTEGER NOT NULL,
    window_mode        INTEGER NOT NULL,
    quarantine         INTEGER NOT NULL,
    quarantine_backoff REAL NOT NULL,
    accept_trust       INTEGER NOT NULL,
    observe            INTEGER NOT NULL CHECK (observe IN (0, 1)),
    PRIMARY KEY (list, number)
) STRICT, WITHOUT ROWID;
