-- SPDX-License-Identifier: MIT
-- What was kept of messages whose token is forged, by UTC day of recording: anybody can send as many as he likes, and
-- beyond a day's budget only what they said is stored, without the raw message. One row for each that is kept, so that
-- writers never change each other's.
CREATE TABLE forgery (
    id     INTEGER PRIMARY KEY,
    day    INTEGER NOT NULL CHECK (day >= 0), -- since 1970
    octets INTEGER NOT NULL CHECK (octets >= 0)
) STRICT;
CREATE INDEX forgery_day ON forgery (day);
