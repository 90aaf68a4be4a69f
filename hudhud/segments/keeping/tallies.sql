-- name: read_tallies
-- What is remembered of how often people did what, but for the sets.
SELECT name, length, version, turned, doubtful, until, since_row, octet_length(levels) FROM segment_tally WHERE workspace_id = %(workspace_id)s;

-- name: read_levels
-- The sets of these.
SELECT t.name, t.length, t.levels FROM segment_tally t JOIN unnest(%(names)s::text[], %(lengths)s::bigint[]) AS w (name, length) ON (t.name, t.length) = (w.name, w.length)
WHERE t.workspace_id = %(workspace_id)s;

-- name: turn_tallies
-- Write down who turned since the sets were written, who is doubtful, and until when that is all.
UPDATE segment_tally t SET turned = n.turned, doubtful = n.doubtful, until = n.until
FROM unnest(%(names)s::text[], %(lengths)s::bigint[], %(turned)s::bytea[], %(doubtful)s::bytea[], %(untils)s::timestamptz[]) AS n (name, length, turned, doubtful, until)
WHERE t.workspace_id = %(workspace_id)s AND (t.name, t.length) = (n.name, n.length);

-- name: write_tally
-- Write the sets of one whole.
INSERT INTO segment_tally (workspace_id, name, length, levels, turned, doubtful, until, since_row)
VALUES (%(workspace_id)s, %(name)s, %(length)s, %(levels)s, %(turned)s, %(doubtful)s, %(until)s, %(since_row)s)
ON CONFLICT (workspace_id, name, length) DO UPDATE SET version = gen_random_uuid(), levels = excluded.levels, turned = excluded.turned,
    doubtful = excluded.doubtful, until = excluded.until, since_row = excluded.since_row;

-- name: drop_tallies
-- Keep only these.
DELETE FROM segment_tally t
WHERE t.workspace_id = %(workspace_id)s
  AND NOT EXISTS (SELECT FROM unnest(%(names)s::text[], %(lengths)s::bigint[]) AS w (name, length) WHERE (w.name, w.length) = (t.name, t.length));

-- name: forget_tallies
-- Forget those of these names, or all.
DELETE FROM segment_tally WHERE workspace_id = %(workspace_id)s AND (%(names)s::text[] IS NULL OR name = ANY(%(names)s::text[]));

-- name: look_at_tallies
-- Somebody should see what is to be remembered, and of whom it is doubtful.
UPDATE segment_known SET tallies_due = true WHERE workspace_id = %(workspace_id)s AND NOT tallies_due;

-- name: settle_tallies
-- Somebody has; is there more to do?
UPDATE segment_known SET tallies_due = %(due)s WHERE workspace_id = %(workspace_id)s;

-- name: last_row
-- The last number that was given to a row of the log: what comes later has a higher one.
SELECT last_value FROM intake_id_seq;

-- name: is_due
-- Should somebody look after what is remembered?
SELECT tallies_due FROM segment_known WHERE workspace_id = %(workspace_id)s;

-- name: find_behind
-- Of whom ClickHouse does not know yet what has changed, and who they are: perhaps that they were merged, or are so no longer.
SELECT id, coalesce(merged_into, id) FROM person WHERE workspace_id = %(workspace_id)s AND version > mirrored;
