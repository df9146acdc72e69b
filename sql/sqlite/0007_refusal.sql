-- SPDX-License-Identifier: MIT
-- Recipients that the policy service refused in the SMTP session, counted by UTC hour: nothing of them is stored, so
-- that somebody who tries tokens is seen all the same. Each run of a daemon has rows of its own and writes its whole
-- count of the hour, so that writing it again changes nothing.
CREATE TABLE refusal (
    hour   INTEGER NOT NULL CHECK (hour % 3600 = 0), -- its beginning
    writer BLOB NOT NULL CHECK (length(writer) = 16),
    cause  INTEGER NOT NULL,                         -- bb_refusal, src/core/base/words.h
    n      INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (hour, writer, cause)
) STRICT, WITHOUT ROWID;
