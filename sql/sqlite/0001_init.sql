-- SPDX-License-Identifier: MIT
-- The first schema. docs/store.md tells what each table is for.
-- Times are seconds since 1970 in UTC. Kinds, reasons, trusts, actions and statuses are the numbers of
-- src/core/base/words.h, which are appended to and never renumbered.

-- An id is never given twice: return paths in flight carry those of lists' subscribers and mailings, in 40 and 32
-- bits (docs/design.md section 3).
CREATE TABLE list (
    id      INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967295),
    name    TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE mailing (
    id   INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967295),
    list INTEGER NOT NULL REFERENCES list (id),
    name TEXT NOT NULL,
    sent INTEGER NOT NULL
) STRICT;

CREATE TABLE subscriber (
    id          INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 1099511627775),
    list        INTEGER NOT NULL REFERENCES list (id),
    address_key TEXT NOT NULL, -- as addresses are compared
    address     TEXT NOT NULL, -- as it was spelled
    external_id TEXT CHECK (length(CAST(external_id AS BLOB)) BETWEEN 1 AND 64),
    contact     INTEGER NOT NULL CHECK (contact IN (0, 1)),
    since       INTEGER NOT NULL,
    status      INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 4),
    until       INTEGER
) STRICT;
CREATE UNIQUE INDEX subscriber_address ON subscriber (address_key, list);
CREATE UNIQUE INDEX subscriber_external_id ON subscriber (list, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE report (
    id          INTEGER PRIMARY KEY,
    key         BLOB NOT NULL UNIQUE CHECK (length(key) = 16),
    time        INTEGER NOT NULL,
    recorded    INTEGER NOT NULL,
    source      TEXT NOT NULL,
    return_path TEXT NOT NULL
) STRICT;

-- mailing is what a token says; it need not be one that is known here.
CREATE TABLE reading (
    report        INTEGER NOT NULL REFERENCES report (id),
    position      INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    current       INTEGER NOT NULL CHECK (current IN (0, 1)),
    rules_version INTEGER NOT NULL,
    list          INTEGER REFERENCES list (id),
    subscriber    INTEGER REFERENCES subscriber (id),
    mailing       INTEGER CHECK (mailing BETWEEN 1 AND 4294967295),
    trust         INTEGER NOT NULL,
    forwarded     INTEGER NOT NULL CHECK (forwarded IN (0, 1)),
    kind          INTEGER NOT NULL,
    reason        INTEGER NOT NULL,
    action        INTEGER NOT NULL,
    reply_code    INTEGER NOT NULL,
    confidence    REAL NOT NULL,
    recipient     TEXT NOT NULL,
    domain        TEXT NOT NULL,
    status        TEXT NOT NULL,
    command       TEXT NOT NULL,
    diagnostic    TEXT NOT NULL,
    remote_mta    TEXT NOT NULL,
    reporting_mta TEXT NOT NULL,
    format        TEXT NOT NULL,
    rule          TEXT NOT NULL,
    PRIMARY KEY (report, position, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX reading_subscriber ON reading (subscriber) WHERE current = 1 AND subscriber IS NOT NULL;

CREATE TABLE evidence (
    report INTEGER PRIMARY KEY REFERENCES report (id),
    size   INTEGER NOT NULL, -- octets before compression
    zstd   BLOB NOT NULL
) STRICT;

CREATE TABLE fact (
    subscriber INTEGER NOT NULL REFERENCES subscriber (id),
    id         BLOB NOT NULL CHECK (length(id) = 16),
    type       INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    recorded   INTEGER NOT NULL,
    status     INTEGER NOT NULL,
    until      INTEGER,
    note       TEXT NOT NULL,
    address    TEXT NOT NULL, -- the new one, of a change of address
    PRIMARY KEY (subscriber, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE send (
    subscriber INTEGER NOT NULL REFERENCES subscriber (id),
    mailing    INTEGER NOT NULL REFERENCES mailing (id),
    time       INTEGER, -- NULL: the mailing's
    PRIMARY KEY (subscriber, mailing)
) STRICT, WITHOUT ROWID;

CREATE TABLE transition (
    subscriber  INTEGER NOT NULL REFERENCES subscriber (id),
    number      INTEGER NOT NULL,
    time        INTEGER NOT NULL,
    recorded    INTEGER NOT NULL,
    from_status INTEGER NOT NULL,
    to_status   INTEGER NOT NULL,
    until       INTEGER,
    cause       BLOB CHECK (length(cause) = 16), -- content id of the fact
    PRIMARY KEY (subscriber, number)
) STRICT, WITHOUT ROWID;
