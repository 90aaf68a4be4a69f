-- name: is_empty
-- Is there nobody and nothing yet?
SELECT NOT EXISTS (SELECT FROM person WHERE workspace_id = %(workspace_id)s)
   AND NOT EXISTS (SELECT FROM event_name WHERE workspace_id = %(workspace_id)s)
   AND NOT EXISTS (SELECT FROM journey WHERE workspace_id = %(workspace_id)s);

-- name: lock
-- One at a time fills, empties or enlivens a workspace.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.demo', %(workspace_id)s));

-- name: is_sample
-- Is this workspace a sample?
SELECT is_sample FROM workspace WHERE id = %(workspace_id)s;

-- name: is_alive
-- Is this workspace a sample in which something may happen?
SELECT is_sample AND NOT is_clearing FROM workspace WHERE id = %(workspace_id)s;

-- name: set_sample
-- Turn it into a sample, or back.
UPDATE workspace SET is_sample = %(is_sample)s, is_clearing = false WHERE id = %(workspace_id)s;

-- name: set_clearing
-- Let nothing new happen in a sample, or let it go on.
UPDATE workspace SET is_clearing = %(is_clearing)s WHERE id = %(workspace_id)s AND is_sample;

-- name: is_at_work
-- Is anything of this workspace still on its way through the intake log?
SELECT EXISTS (SELECT FROM intake WHERE workspace_id = %(workspace_id)s);

-- name: find_tables
-- Every table that holds something of a workspace.
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attname = 'workspace_id'
  AND NOT c.relname = ANY(%(kept)s::text[])
ORDER BY c.relname;

-- name: find_samples
-- Workspaces with a sample shop (everywhere: the worker that keeps it alive).
SELECT id FROM workspace WHERE is_sample AND NOT is_clearing ORDER BY id;

-- name: analyse
-- Thousands of rows came in one transaction: let the planner know before it is asked about them.
ANALYZE person, identifier, subscription;
