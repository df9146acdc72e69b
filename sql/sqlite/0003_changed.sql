-- SPDX-License-Identifier: MIT
-- When a subscriber was added, or his address, external id, contact or kept status last changed: by the clock of
-- whoever wrote it, so that "whatever changed since" can be asked. Of older rows it is as late as it can have been
-- seen from what was recorded.
ALTER TABLE subscriber ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
UPDATE subscriber SET changed = max(since,
    coalesce((SELECT max(recorded) FROM transition WHERE transition.subscriber = subscriber.id), since),
    coalesce((SELECT max(recorded) FROM fact WHERE fact.subscriber = subscriber.id), since));
