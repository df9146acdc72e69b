-- SPDX-License-Identifier: MIT
-- A message to the address that a subscriber's token unsubscribes: to the policy it is what he said, and no report.
ALTER TABLE reading ADD COLUMN unsubscribes INTEGER NOT NULL DEFAULT 0 CHECK (unsubscribes IN (0, 1));
