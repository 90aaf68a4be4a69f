-- name: beat
-- A sign of life of some roles of one process (database clock).
INSERT INTO worker_heartbeat AS known (worker, role, started_at, beat_at, stats)
SELECT %(worker)s, r.role, clock_timestamp(), clock_timestamp(), r.stats::jsonb
FROM unnest(%(roles)s::text[], %(stats)s::text[]) AS r (role, stats)
ON CONFLICT (worker, role) DO UPDATE SET beat_at = excluded.beat_at, stats = excluded.stats;

-- name: forget
-- This process is gone, and so are others that were silent for long.
DELETE FROM worker_heartbeat WHERE worker = %(worker)s OR beat_at < clock_timestamp() - interval '1 hour';

-- name: ring
-- Something is wrong (database clock).
INSERT INTO worker_alarm AS known (name, message, raised_at, seen_at) VALUES (%(name)s, %(message)s, clock_timestamp(), clock_timestamp())
ON CONFLICT (name) DO UPDATE SET message = excluded.message, seen_at = excluded.seen_at,
    raised_at = CASE WHEN known.seen_at > excluded.seen_at - interval '1 hour' THEN known.raised_at ELSE excluded.raised_at END;

-- name: is_filling
-- Has `hudhud replay --fill` begun to fill a lost ClickHouse, and not come to its end?
SELECT EXISTS (SELECT FROM worker_alarm WHERE name = 'clickhouse_filling');

-- name: silence
-- It is right again.
DELETE FROM worker_alarm WHERE name = %(name)s;
