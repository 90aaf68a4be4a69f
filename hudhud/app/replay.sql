-- name: begin_filling
-- ClickHouse lacks something until `end_filling` (everywhere). Workers that start in between wait.
INSERT INTO worker_alarm (name, message, raised_at, seen_at)
VALUES ('clickhouse_filling', 'hudhud replay --fill is filling ClickHouse; was it stopped, run it again', clock_timestamp(), clock_timestamp())
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at;

-- name: end_filling
-- All is there (everywhere).
DELETE FROM worker_alarm WHERE name = 'clickhouse_filling';

-- name: find_newest_block
-- The newest block of the kept log; 0 without any (everywhere).
SELECT coalesce(max(id), 0) FROM intake_kept;

-- name: find_ids
-- A page of people's ids, merged and erased ones too.
SELECT id FROM person WHERE workspace_id = %(workspace_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: find_unknown
-- Which of these numbers are nobody's (any more: a sample shop was taken away)?
SELECT a.id FROM unnest(%(ids)s::bigint[]) AS a (id) WHERE NOT EXISTS (SELECT FROM person p WHERE p.workspace_id = %(workspace_id)s AND p.id = a.id);

-- name: find_undone
-- Imports that were taken back, also those that are not listed any more.
SELECT id FROM import WHERE workspace_id = %(workspace_id)s AND state = 'undone'
UNION SELECT substr(a.object, 8)::bigint FROM audit_log a WHERE a.workspace_id = %(workspace_id)s AND a.action = 'import.undo' AND a.object ~ '^import:[0-9]+$'
  AND NOT EXISTS (SELECT FROM import i WHERE i.workspace_id = a.workspace_id AND i.id = substr(a.object, 8)::bigint) ORDER BY 1;
