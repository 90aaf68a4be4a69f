-- name: find_warehouses
-- All of a workspace (or one), the oldest first, each with its last reading.
SELECT w.id, w.name, w.kind, w.connection, w.reading AS selection, w.plan, w.schedule, w.is_paused, w.place, w.next_at, w.created_at, to_jsonb(l) AS last
FROM warehouse w LEFT JOIN LATERAL (
    SELECT i.id, i.state, i.accepted, i.rejected, i.problem, i.created_by, i.started_at, i.finished_at
    FROM import i WHERE i.warehouse_id = w.id AND i.state NOT IN ('checking', 'checked', 'draft') ORDER BY i.id DESC LIMIT 1
) l ON true
WHERE w.workspace_id = %(workspace_id)s AND (%(warehouse_id)s::bigint IS NULL OR w.id = %(warehouse_id)s) ORDER BY w.id;

-- name: find_runs
-- A page of readings and dry runs, newest first.
SELECT i.id, i.state, i.accepted, i.rejected, i.problem, i.created_by, i.started_at, i.finished_at FROM import i
WHERE i.workspace_id = %(workspace_id)s AND i.warehouse_id = %(warehouse_id)s AND (%(after)s::bigint IS NULL OR i.id < %(after)s)
ORDER BY i.id DESC LIMIT %(limit)s;

-- name: create_warehouse
-- A database that can be reached; nothing is read of it yet.
INSERT INTO warehouse (workspace_id, name, kind, connection, password, created_at, created_by)
VALUES (%(workspace_id)s, %(name)s, %(kind)s, %(connection)s::jsonb, %(password)s, %(now)s, %(actor)s) RETURNING id;

-- name: get_password
-- The sealed password.
SELECT password FROM warehouse WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: set_connection
-- Where it is and who reads.
UPDATE warehouse SET connection = %(connection)s::jsonb, password = %(password)s WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: set_name
-- What people call it.
UPDATE warehouse SET name = %(name)s WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: set_plan
-- What is read and what it means. Another query or cursor begins anew; people's rows that are read again count as said again.
UPDATE warehouse SET reading = %(selection)s::jsonb, plan = %(plan)s::jsonb, epoch = epoch + 1, is_behind = false,
    place = CASE WHEN reading -> 'query' = %(selection)s::jsonb -> 'query' AND reading -> 'cursor' = %(selection)s::jsonb -> 'cursor' THEN place END,
    recent = CASE WHEN reading -> 'query' = %(selection)s::jsonb -> 'query' AND reading -> 'cursor' = %(selection)s::jsonb -> 'cursor' THEN recent ELSE '' END
WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: set_schedule
-- When it is read, or that it is not.
UPDATE warehouse SET schedule = %(schedule)s::jsonb, is_paused = %(is_paused)s, next_at = %(next_at)s WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: begin_anew
-- The next reading takes everything.
UPDATE warehouse SET place = NULL, recent = '', is_behind = false, epoch = epoch + 1 WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: hold
-- Let nobody else change or begin anything with it in the meantime.
SELECT id FROM warehouse WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s FOR UPDATE;

-- name: has_run
-- Is it being read, or about to be?
SELECT EXISTS (SELECT FROM import WHERE warehouse_id = %(warehouse_id)s AND state = 'running');

-- name: begin_run
-- One reading (or dry run) for a worker to take up.
INSERT INTO import (workspace_id, warehouse_id, kind, state, name, plan, created_by, started_at)
SELECT workspace_id, id, kind, %(state)s, name, plan, %(actor)s, %(now)s FROM warehouse
WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s AND plan IS NOT NULL RETURNING id;

-- name: forget_checks
-- Dry runs that nobody waits for any more.
DELETE FROM import WHERE workspace_id = %(workspace_id)s AND warehouse_id = %(warehouse_id)s AND state IN ('checking', 'checked');

-- name: delete_warehouse
-- It goes; what it brought stays, with its readings.
DELETE FROM warehouse WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s RETURNING name;

-- name: find_due
-- What is due, of all workspaces, held until this transaction ends; a time farther away than any can be was written by a clock that was wrong.
SELECT w.id, w.workspace_id, w.schedule FROM warehouse w
WHERE w.next_at IS NOT NULL AND NOT w.is_paused AND w.plan IS NOT NULL AND (w.next_at <= %(now)s OR w.next_at > %(now)s + make_interval(mins => 120 +
          CASE w.schedule ->> 'every' WHEN 'minutes' THEN (w.schedule ->> 'amount')::integer WHEN 'hours' THEN (w.schedule ->> 'amount')::integer * 60 ELSE 1440 END))
  AND NOT EXISTS (SELECT FROM import i WHERE i.warehouse_id = w.id AND i.state = 'running')
ORDER BY w.next_at LIMIT 200 FOR UPDATE OF w SKIP LOCKED;

-- name: set_next
-- When it is read after that.
UPDATE warehouse SET next_at = %(next_at)s WHERE id = %(warehouse_id)s;

-- name: claim_run
-- Take up the oldest reading that waits, or whose worker is gone; of one warehouse one at a time, in order.
UPDATE import SET worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = fence + 1, attempts = attempts + 1
WHERE id = (
    SELECT i.id FROM import i
    WHERE i.warehouse_id IS NOT NULL AND i.state IN ('checking', 'running')
      AND (i.worker IS NULL OR i.worker = %(worker)s OR i.lease_until < clock_timestamp()
           OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = i.worker))
      AND NOT EXISTS (SELECT FROM import o WHERE o.warehouse_id = i.warehouse_id AND o.id < i.id AND o.state IN ('checking', 'running'))
    ORDER BY i.attempts, i.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id, warehouse_id, kind, state, plan, line, accepted, rejected, fence, attempts;

-- name: get_source
-- Everything that a worker needs to read it.
SELECT connection, password, reading AS selection, place, recent, is_behind, epoch FROM warehouse WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: begin_again
-- A reading without a cursor was cut off: it begins at its first row again, with the same ids.
WITH forgotten AS (
    DELETE FROM import_reject WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s
)
UPDATE import SET line = 0, accepted = 0, rejected = 0, reject_bytes = 0, rejects_gone = 0 WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s;

-- name: keep_place
-- Everything up to this value of the cursor is in.
UPDATE warehouse SET place = %(place)s, recent = %(recent)s WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: end_run
-- There was more than one reading may take, and the rest is due at once; or all of it is in.
UPDATE warehouse SET is_behind = %(is_behind)s, next_at = CASE WHEN %(is_behind)s THEN %(now)s ELSE next_at END
WHERE workspace_id = %(workspace_id)s AND id = %(warehouse_id)s;

-- name: expire_runs
-- Readings that found nothing are no history.
DELETE FROM import WHERE warehouse_id IS NOT NULL AND started_at < %(before)s AND accepted = 0 AND rejected = 0 AND state IN ('done', 'failed', 'cancelled', 'checked');
