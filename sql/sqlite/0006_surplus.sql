-- SPDX-License-Identifier: MIT
-- Whoever holds a copy of somebody's mail can report about him as often as he likes. Beyond what a token may fill the
-- database with, reports are counted here and not stored.
CREATE TABLE surplus (
    subscriber INTEGER NOT NULL REFERENCES subscriber (id),
    mailing    INTEGER NOT NULL CHECK (mailing BETWEEN 0 AND 4294967295), -- as the token says; 0: none
    day        INTEGER NOT NULL CHECK (day BETWEEN 0 AND 65535),          -- on which it was made, since 1970
    n          INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    PRIMARY KEY (subscriber, mailing, day)
) STRICT, WITHOUT ROWID;
