-- SPDX-License-Identifier: MIT
-- How far each file of a mailbox that is followed was read, written in the transaction of what was read.
CREATE TABLE progress (
    file    BLOB PRIMARY KEY CHECK (length(file) = 16), -- device and inode
    behind  INTEGER NOT NULL CHECK (behind >= 0),       -- bytes read
    number  INTEGER NOT NULL CHECK (number >= 0),       -- messages read
    size    INTEGER NOT NULL,                           -- and how the file looked then
    changed INTEGER NOT NULL,                           -- nanoseconds since 1970
    tail    BLOB NOT NULL CHECK (length(tail) = 16)     -- hash of what stands before `behind`
) STRICT, WITHOUT ROWID;
