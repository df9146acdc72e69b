-- SPDX-License-Identifier: MIT
-- Files get the numbers of others that are gone, and mail of one size and second is common: so when a file was last
-- touched in any way is compared, too.
ALTER TABLE progress ADD COLUMN touched INTEGER NOT NULL DEFAULT 0; -- nanoseconds since 1970
