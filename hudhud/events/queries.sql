-- name: append_rows
-- Add messages to the intake log and wake the workers (everywhere: one group may hold several workspaces). Received is what
-- others can see coming: the clock is read again here, where the table is locked (`oldest_append`); a clock that is not the present one's is left alone.
WITH here AS MATERIALIZED (SELECT clock_timestamp() AS at), received AS MATERIALIZED (
    SELECT CASE WHEN here.at - %(now)s BETWEEN interval '0' AND interval '1 minute' THEN here.at ELSE %(now)s END AS at FROM here
), added AS (
    INSERT INTO intake (lane, workspace_id, received_at, source, body)
    SELECT r.lane, r.workspace_id, received.at, r.source, r.body
    FROM received, unnest(%(lanes)b::smallint[], %(workspace_ids)b::bigint[], %(sources)b::text[], %(bodies)b::bytea[]) AS r (lane, workspace_id, source, body)
)
SELECT pg_notify('intake', '');

-- name: refuse_rows
-- Keep what was refused, with its reason. What a worker refuses twice (a retried batch) is kept once.
INSERT INTO intake_reject (workspace_id, received_at, source, reason, detail, body, intake_id)
SELECT r.workspace_id, %(now)s, r.source, r.reason, r.detail, r.body, r.intake_id
FROM unnest(%(workspace_ids)b::bigint[], %(sources)b::text[], %(reasons)b::text[], %(details)b::text[], %(bodies)b::bytea[], %(intake_ids)b::bigint[])
     AS r (workspace_id, source, reason, detail, body, intake_id)
ON CONFLICT (intake_id, reason) DO NOTHING;

-- name: lock_lanes
-- All lanes, held for the moment of a claim. A lane is free when it is ours (from a batch that failed: a worker does one at a time), or when its lease is
-- over, by the database's clock or because its holder's session is gone.
SELECT lane, batch, batch IS NOT NULL AS is_open,
       worker IS NULL OR worker = %(worker)s OR lease_until < clock_timestamp()
       OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = worker) AS is_free
FROM intake_lane ORDER BY lane FOR UPDATE;

-- name: has_work
-- Is there anything to read, or a batch left open? Asked without locks: an idle worker writes nothing.
SELECT EXISTS (
    SELECT FROM intake_lane l WHERE l.batch IS NOT NULL OR EXISTS (
        SELECT FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND i.txid < pg_snapshot_xmin(pg_current_snapshot())));

-- name: count_workers
-- How many processes read the log now (database clock).
SELECT count(*) FROM worker_heartbeat WHERE role = 'intake' AND beat_at > clock_timestamp() - interval '15 seconds';

-- name: lanes_with_rows
-- Which of these lanes have something to read? Rows of transactions that may still be followed by earlier ones do not count.
SELECT l.lane FROM intake_lane l
WHERE l.lane = ANY(%(lanes)s::smallint[]) AND EXISTS (
    SELECT FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND i.txid < pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY l.lane;

-- name: open_batch
-- Fix where a new batch ends, in each of its lanes at most `quota` rows further, and lease them.
WITH ends AS (
    SELECT l.lane, e.txid, e.id FROM intake_lane l CROSS JOIN LATERAL (
        SELECT q.txid, q.id FROM (
            SELECT i.txid, i.id FROM intake i
            WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND i.txid < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY i.txid, i.id LIMIT %(quota)s) q
        ORDER BY q.txid DESC, q.id DESC LIMIT 1) e
    WHERE l.lane = ANY(%(lanes)s::smallint[])
), number AS MATERIALIZED (SELECT nextval('intake_batch') AS batch)
UPDATE intake_lane l SET batch = n.batch, batch_txid = e.txid, batch_id = e.id, worker = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = l.fence + 1
FROM ends e, number n WHERE l.lane = e.lane
RETURNING l.batch, l.lane, l.fence;

-- name: take_batch
-- Lease the lanes of a batch that somebody left open.
UPDATE intake_lane SET worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = fence + 1
WHERE batch = %(batch)s RETURNING batch, lane, fence;

-- name: renew_batch
-- Keep the lease; fewer rows than lanes: somebody else has it.
UPDATE intake_lane l SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
FROM unnest(%(lanes)s::smallint[], %(fences)s::bigint[]) AS h (lane, fence)
WHERE l.lane = h.lane AND l.fence = h.fence AND l.batch = %(batch)s;

-- name: read_batch
-- The rows of a batch (or those of them with these ids), in order within each lane.
SELECT r.id, r.workspace_id, r.received_at, r.source, r.body FROM intake_lane l CROSS JOIN LATERAL (
    SELECT i.txid, i.id, i.workspace_id, i.received_at, i.source, i.body FROM intake i
    WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND (i.txid, i.id) <= (l.batch_txid, l.batch_id)
      AND (%(ids)s::bigint[] IS NULL OR i.id = ANY(%(ids)s::bigint[]))
    ORDER BY i.txid, i.id) r
WHERE l.batch = %(batch)s ORDER BY l.lane, r.txid, r.id;

-- name: read_batch_ids
-- Which rows a batch has, in order within each lane.
SELECT r.id FROM intake_lane l CROSS JOIN LATERAL (
    SELECT i.txid, i.id FROM intake i
    WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND (i.txid, i.id) <= (l.batch_txid, l.batch_id)
    ORDER BY i.txid, i.id) r
WHERE l.batch = %(batch)s ORDER BY l.lane, r.txid, r.id;

-- name: read_behind
-- The rows behind an open batch, in each of its lanes so many.
SELECT r.id, r.workspace_id, r.received_at, r.source, r.body FROM intake_lane l CROSS JOIN LATERAL (
    SELECT i.id, i.workspace_id, i.received_at, i.source, i.body FROM intake i
    WHERE i.lane = l.lane AND (i.txid, i.id) > (l.batch_txid, l.batch_id) AND i.txid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY i.txid, i.id LIMIT %(quota)s) r
WHERE l.batch = %(batch)s;

-- name: delete_batch
-- Its rows are done with.
DELETE FROM intake i USING intake_lane l
WHERE l.batch = %(batch)s AND i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND (i.txid, i.id) <= (l.batch_txid, l.batch_id);

-- name: close_batch
-- Move the position behind the batch and let the lanes go; fewer rows than lanes: somebody else has it.
UPDATE intake_lane l SET txid = l.batch_txid, id = l.batch_id, batch = NULL, batch_txid = NULL, batch_id = NULL, worker = NULL, lease_until = NULL
FROM unnest(%(lanes)s::smallint[], %(fences)s::bigint[]) AS h (lane, fence)
WHERE l.lane = h.lane AND l.fence = h.fence AND l.batch = %(batch)s;

-- name: record_seen
-- Remember message_ids; those that are known already stay as they are.
INSERT INTO event_seen (workspace_id, message_hash, body_hash, batch)
SELECT %(workspace_id)s, s.message_hash, s.body_hash, %(batch)s
FROM unnest(%(message_hashes)s::uuid[], %(body_hashes)s::integer[]) AS s (message_hash, body_hash)
ON CONFLICT (workspace_id, message_hash) DO NOTHING;

-- name: find_seen_before
-- Which of these message_ids came with another batch?
SELECT e.message_hash, e.body_hash FROM event_seen e
WHERE e.workspace_id = %(workspace_id)s AND e.message_hash = ANY(%(message_hashes)s::uuid[]) AND e.batch <> %(batch)s;

-- name: forget_seen
-- Forget message_ids that this transaction has remembered; not those of a batch that is repeated, whose events may be in ClickHouse.
DELETE FROM event_seen
WHERE workspace_id = %(workspace_id)s AND message_hash = ANY(%(message_hashes)s::uuid[]) AND xmin = pg_current_xact_id()::xid;

-- name: forget_brought
-- Forget message_ids of events that are taken back: they may come again.
DELETE FROM event_seen WHERE workspace_id = %(workspace_id)s AND message_hash = ANY(%(message_hashes)s::uuid[]);

-- name: has_unread_source
-- Does the log still hold anything that came this way?
SELECT EXISTS (SELECT FROM intake WHERE workspace_id = %(workspace_id)s AND source = %(source)s);

-- name: find_seen
-- Which of these message_ids are known?
SELECT message_hash FROM event_seen WHERE workspace_id = %(workspace_id)s AND message_hash = ANY(%(message_hashes)s::uuid[]);

-- name: find_refused
-- Which rows of the log, from one to another, were refused whole by a batch that is repeated now? (The index holds nothing else.)
SELECT intake_id FROM intake_reject WHERE reason IN ('schema', 'poison') AND intake_id BETWEEN %(first)s AND %(last)s;

-- name: record_names
-- Count events by name; tell when their properties were last looked at.
INSERT INTO event_name AS known (workspace_id, name, first_seen_at, last_seen_at, count)
SELECT %(workspace_id)s, n.name, n.first_at, n.last_at, n.count
FROM unnest(%(names)s::text[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[], %(counts)s::bigint[]) AS n (name, first_at, last_at, count)
ORDER BY n.name
ON CONFLICT (workspace_id, name) DO UPDATE SET first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at), count = known.count + excluded.count
RETURNING known.name, known.looked_at;

-- name: oldest_append
-- How many seconds ago did the oldest transaction begin that may be adding to the log? Whoever does holds a lock on the table.
SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start))::float8
FROM pg_locks k JOIN pg_stat_activity a ON a.pid = k.pid
WHERE k.locktype = 'relation' AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND k.relation = 'intake'::regclass AND k.mode = 'RowExclusiveLock' AND k.granted AND k.pid <> pg_backend_pid();

-- name: measure_log
-- What the log takes on disk, and how much waits in its live lanes (of each lane counted up to `enough`): what an import has brought is not asked for.
SELECT pg_total_relation_size('intake'), count(*)
FROM intake_lane l CROSS JOIN LATERAL (
    SELECT FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) ORDER BY i.txid, i.id LIMIT %(enough)s) q
WHERE l.lane < 8;

-- name: watermark
-- The earliest reception of what waits, or is in work. In a lane with a long queue only its head is read: rows lie in the order of their
-- transactions, which is that of reception but for writers that overtake each other.
SELECT min(CASE WHEN q.rows < %(head)s THEN q.first ELSE q.first - make_interval(secs => %(overtaking_s)s) END)
FROM intake_lane l CROSS JOIN LATERAL (
    SELECT count(*) AS rows, min(r.received_at) AS first FROM (
        SELECT i.received_at FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) ORDER BY i.txid, i.id LIMIT %(head)s) r) q;

-- name: find_names
-- Event names (or one of them), the most frequent first.
SELECT name, first_seen_at, last_seen_at, count, rules, mode, keep_days,
       (SELECT count(DISTINCT path) FROM event_violation v WHERE v.workspace_id = n.workspace_id AND v.event = n.name) AS broken
FROM event_name n WHERE workspace_id = %(workspace_id)s AND (%(name)s::text IS NULL OR name = %(name)s) ORDER BY count DESC, name;

-- name: find_rejects
-- A page of what was refused, newest first: so many, and no more than so many bytes of them (but one); `search` = what stands in the message or in the reason.
SELECT id, received_at, source, reason, detail, body, resubmitted_at FROM (
    SELECT found.*, sum(octet_length(body)) OVER (ORDER BY id DESC) - octet_length(body) AS before FROM (
        SELECT id, received_at, source, reason, detail, body, resubmitted_at FROM intake_reject
        WHERE workspace_id = %(workspace_id)s AND (%(after)s::bigint IS NULL OR id < %(after)s) AND (%(reason)s::text IS NULL OR reason = %(reason)s)
          AND (NOT %(waiting)s OR resubmitted_at IS NULL)
          AND (%(search)s = '' OR position(convert_to(%(search)s, 'UTF8') IN body) > 0 OR position(lower(%(search)s) IN lower(detail)) > 0)
        ORDER BY id DESC LIMIT %(limit)s) found) page
WHERE before < %(most_bytes)s ORDER BY id DESC;

-- name: count_rejects
-- How many wait, by reason.
SELECT reason, count(*) FROM intake_reject WHERE workspace_id = %(workspace_id)s AND resubmitted_at IS NULL GROUP BY reason ORDER BY 2 DESC, 1;

-- name: lock_reject
-- One refused message that was not sent again yet, held until it is.
SELECT source, reason, body FROM intake_reject
WHERE workspace_id = %(workspace_id)s AND id = %(reject_id)s AND resubmitted_at IS NULL FOR UPDATE;

-- name: lock_rejects
-- A page of those that were refused for one reason and not sent again yet, held until they are.
SELECT id, source, body FROM intake_reject
WHERE workspace_id = %(workspace_id)s AND reason = %(reason)s AND resubmitted_at IS NULL AND id > %(after)s ORDER BY id LIMIT %(limit)s FOR UPDATE;

-- name: mark_resubmitted
-- They are sent again, once.
UPDATE intake_reject SET resubmitted_at = %(now)s WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: forget_old_rejects
-- Delete what was refused long ago (everywhere), a page of it.
DELETE FROM intake_reject WHERE id IN (SELECT id FROM intake_reject WHERE received_at < %(before)s ORDER BY received_at LIMIT %(limit)s);

-- name: size_of_rejects
-- What all of them take on disk.
SELECT pg_total_relation_size('intake_reject');

-- name: find_crowded
-- Workspaces whose refused messages take more than so many bytes (everywhere).
SELECT workspace_id FROM intake_reject GROUP BY workspace_id HAVING sum(octet_length(body)) > %(most)s;

-- name: drop_oldest_rejects
-- Keep the newest, so many bytes of them; count what goes.
WITH sized AS (
    SELECT id, sum(octet_length(body)) OVER (ORDER BY id DESC) AS kept FROM intake_reject WHERE workspace_id = %(workspace_id)s
), gone AS (
    DELETE FROM intake_reject r USING sized s WHERE r.id = s.id AND s.kept > %(kept)s RETURNING octet_length(r.body) AS size
)
INSERT INTO intake_reject_gone AS known (workspace_id, count, bytes, last_at)
SELECT %(workspace_id)s, count(*), sum(size), %(now)s FROM gone HAVING count(*) > 0
ON CONFLICT (workspace_id) DO UPDATE SET count = known.count + excluded.count, bytes = known.bytes + excluded.bytes, last_at = excluded.last_at
RETURNING known.count;

-- name: find_gone_rejects
-- How many were dropped because there were too many.
SELECT count, bytes, last_at FROM intake_reject_gone WHERE workspace_id = %(workspace_id)s;

-- name: backlog_of_imports
-- How much of imports waits in the log, counted up to a limit.
SELECT count(*) FROM (SELECT FROM intake WHERE lane >= 8 LIMIT %(limit)s) q;

-- name: has_unread_imports
-- Does anything of this transaction, or of earlier ones, wait in the lanes of imports?
SELECT EXISTS (
    SELECT FROM intake_lane l WHERE l.lane >= 8 AND EXISTS (
        SELECT FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND i.txid <= %(txid)s::text::xid8));

-- name: find_actors
-- All actors that are this person today.
SELECT id FROM person WHERE workspace_id = %(workspace_id)s
  AND (id = %(person_id)s OR merged_into = (SELECT coalesce(merged_into, id) FROM person WHERE id = %(person_id)s)
       OR id = (SELECT merged_into FROM person WHERE id = %(person_id)s));
