-- name: keep
-- Add a block (everywhere, or in its workspace).
INSERT INTO intake_kept (workspace_id, kept_at, source, is_there, events, actors, oldest, body)
VALUES (%(owner)s, %(now)s, %(source)s, %(is_there)s, %(events)s, %(actors)s::bigint[], %(oldest)s::jsonb, %(body)b);

-- name: next
-- The block behind a number (everywhere).
SELECT id, workspace_id, kept_at, source, body FROM intake_kept WHERE id > %(after)s ORDER BY id LIMIT 1;

-- name: newest
-- The newest block of each workspace (everywhere) that ClickHouse had.
SELECT DISTINCT ON (workspace_id) id, workspace_id, kept_at, source, body FROM intake_kept WHERE is_there ORDER BY workspace_id, id DESC;

-- name: set_aside
-- ClickHouse takes these blocks, and does not keep all of them (everywhere).
UPDATE intake_kept SET is_there = false WHERE id = ANY(%(ids)s::bigint[]);

-- name: find_of_actors
-- Blocks with events of some actors.
SELECT id FROM intake_kept WHERE workspace_id = %(workspace_id)s AND actors && %(actors)s::bigint[] ORDER BY id;

-- name: find_older
-- Blocks with events of a name that happened before an instant (ms).
SELECT id FROM intake_kept WHERE workspace_id = %(workspace_id)s AND (oldest ->> %(name)s)::bigint < %(before)s ORDER BY id;

-- name: take
-- One block, held until it is written anew.
SELECT source, body FROM intake_kept WHERE workspace_id = %(workspace_id)s AND id = %(id)s FOR UPDATE;

-- name: rewrite
-- Less is in it.
UPDATE intake_kept SET events = %(events)s, actors = %(actors)s::bigint[], oldest = %(oldest)s::jsonb, body = %(body)b
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: drop
-- Nothing is in it any more.
DELETE FROM intake_kept WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: forget_source
-- What a source brought.
DELETE FROM intake_kept WHERE workspace_id = %(workspace_id)s AND source = %(source)s;

-- name: forget_all
-- A sample shop is taken away.
DELETE FROM intake_kept WHERE workspace_id = %(workspace_id)s;

-- name: forget_old
-- What was kept for long enough (everywhere), a page of it.
DELETE FROM intake_kept WHERE id IN (SELECT id FROM intake_kept WHERE kept_at < %(before)s ORDER BY kept_at LIMIT %(limit)s);
