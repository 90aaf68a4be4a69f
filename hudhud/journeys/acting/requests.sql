-- name: take_standing_here
-- Of these runs, take those that stand on a node; who is being moved by somebody else this moment comes later. `visit` is the fence, which whoever asks
-- compares: a join with the visits compared each with each where few were expected to stand here.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at
FROM run_position p
WHERE p.run_id = ANY(%(run_ids)s::bigint[]) AND p.node = %(node)s AND p.version_id = %(version_id)s
ORDER BY p.run_id
FOR UPDATE SKIP LOCKED;

-- name: find_standing_here
-- Which of these runs stand on a node, and at which visit, in whosever hands.
SELECT p.run_id, p.visit FROM run_position p
WHERE p.run_id = ANY(%(run_ids)s::bigint[]) AND p.node = %(node)s AND p.version_id = %(version_id)s;

-- name: find_facts
-- What runs were answered and given, the oldest first.
SELECT f.run_id, f.root, f.name, f.value::text FROM run_fact f WHERE f.run_id = ANY(%(run_ids)s::bigint[]) ORDER BY f.run_id, f.visit, f.name;

-- name: count_facts
-- How many runs were given something of a name (in a rehearsal, as far as it has come).
SELECT count(*) FROM run_fact f WHERE f.workspace_id = %(workspace_id)s AND f.root = %(root)s AND f.name = %(name)s;

-- name: keep_facts
-- Keep what runs were answered or given; a newer answer replaces an older one of the name.
INSERT INTO run_fact (run_id, root, name, workspace_id, value, visit)
SELECT g.run_id, %(root)s, %(name)s, %(workspace_id)s, g.value::jsonb, g.visit
FROM unnest(%(run_ids)s::bigint[], %(visits)s::integer[], %(values)s::text[]) AS g (run_id, visit, value)
ON CONFLICT (run_id, root, name) DO UPDATE SET value = excluded.value, visit = excluded.visit;

-- name: plan_requests
-- Write the requests of one node; a visit asks once.
INSERT INTO journey_request (workspace_id, run_id, visit, version_id, person_id, node, host, method, url, headers, body, planned_at, due_at)
SELECT %(workspace_id)s, g.run_id, g.visit, %(version_id)s, g.person_id, %(node)s, %(host)s, %(method)s, g.url, g.headers::jsonb, g.body, %(now)s, %(now)s
FROM unnest(%(run_ids)b::bigint[], %(visits)b::integer[], %(person_ids)b::bigint[], %(urls)b::text[], %(headers)b::text[], %(bodies)b::bytea[])
    AS g (run_id, visit, person_id, url, headers, body)
ON CONFLICT (run_id, visit) DO NOTHING;

-- name: know_host
-- Remember a server that is asked.
INSERT INTO journey_host (workspace_id, host) VALUES (%(workspace_id)s, %(host)s) ON CONFLICT DO NOTHING;

-- name: ring
-- Wake the requests role when this transaction commits.
SELECT pg_notify('requests', '');

-- name: withdraw
-- Whose run has left the node meanwhile (everywhere) is asked nothing any more.
UPDATE journey_request q SET state = 'withdrawn', due_at = NULL, worker = NULL, lease_until = NULL
WHERE q.id IN (
    SELECT d.id FROM journey_request d
    WHERE d.state = 'waiting' AND d.due_at <= %(now)s AND d.id <> ALL(%(busy)s::bigint[])
      AND (d.worker IS NULL OR d.lease_until < clock_timestamp())
      AND NOT EXISTS (SELECT FROM run_position p WHERE p.run_id = d.run_id AND p.visit = d.visit AND p.version_id = d.version_id AND p.node = d.node)
    LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED);

-- name: claim
-- Lease what is due (everywhere), of each server no more than it may have at once; a holder's session may be gone. Nothing of a journey that is
-- paused, of a run that has left, nor of who is being erased.
WITH ready AS MATERIALIZED (
    SELECT h.workspace_id, h.host, %(each)s - (
        SELECT count(*) FROM journey_request o
        WHERE o.workspace_id = h.workspace_id AND o.host = h.host AND o.worker IS NOT NULL AND (o.id = ANY(%(busy)s::bigint[])
            OR (o.lease_until > clock_timestamp() AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = o.worker)))) AS room
    FROM journey_host h
    WHERE (h.held_until IS NULL OR h.held_until <= %(now)s)
      AND EXISTS (SELECT FROM journey_request d WHERE d.workspace_id = h.workspace_id AND d.host = h.host AND d.state = 'waiting' AND d.due_at <= %(now)s)
), due AS MATERIALIZED (
    SELECT r.room, q.* FROM ready r CROSS JOIN LATERAL (
        SELECT d.workspace_id, d.host, d.id, d.due_at FROM journey_request d
        JOIN journey_version v ON v.id = d.version_id JOIN journey j ON j.id = v.journey_id AND j.status IN ('running', 'draining')
        WHERE d.workspace_id = r.workspace_id AND d.host = r.host AND d.state = 'waiting' AND d.due_at <= %(now)s AND d.id <> ALL(%(busy)s::bigint[])
          AND (d.worker IS NULL OR d.lease_until < clock_timestamp() OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.worker))
          AND EXISTS (SELECT FROM run_position p WHERE p.run_id = d.run_id AND p.visit = d.visit AND p.node = d.node)
          AND NOT EXISTS (SELECT FROM person p WHERE p.id = d.person_id AND p.erased_at IS NOT NULL)
        ORDER BY d.due_at, d.id LIMIT %(each)s FOR UPDATE OF d SKIP LOCKED) q
    WHERE r.room > 0
), picked AS (
    SELECT id FROM (SELECT *, row_number() OVER (PARTITION BY workspace_id, host ORDER BY due_at, id) AS number FROM due) n
    WHERE number <= room ORDER BY number, due_at, id LIMIT %(limit)s
)
UPDATE journey_request d
SET worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = d.fence + 1
FROM picked p WHERE d.id = p.id
RETURNING d.id, d.workspace_id, d.run_id, d.fence, jsonb_array_length(d.tries) AS tries, d.host, d.method, d.url, d.headers, d.body;

-- name: find_sealed
-- The secrets of some workspaces, sealed, each with the host that may see it.
SELECT s.workspace_id, s.name, s.host, s.sealed FROM journey_secret s WHERE s.workspace_id = ANY(%(workspaces)s::bigint[]);

-- name: next_due
-- When is the next attempt due (everywhere)?
SELECT min(greatest(d.due_at, h.held_until)) FROM journey_host h CROSS JOIN LATERAL (
    SELECT due_at FROM journey_request o WHERE o.workspace_id = h.workspace_id AND o.host = h.host AND o.state = 'waiting' AND o.worker IS NULL
    ORDER BY o.due_at, o.id LIMIT 1) d;

-- name: take_runs
-- The runs that answers came for, in the order in which facts take them.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at, p.node, p.version_id
FROM run_position p WHERE p.workspace_id = %(workspace_id)s AND p.run_id = ANY(%(run_ids)s::bigint[])
ORDER BY p.version_id, p.run_id
FOR UPDATE;

-- name: take_ours
-- Of these requests those that are still ours, with where their runs stood as they are known now.
SELECT q.id, q.run_id, q.visit, q.version_id, q.node
FROM journey_request q JOIN unnest(%(ids)s::bigint[], %(fences)s::bigint[]) AS g (id, fence) ON g.id = q.id
WHERE q.workspace_id = %(workspace_id)s AND q.fence = g.fence AND q.worker IS NOT NULL
ORDER BY q.id
FOR UPDATE OF q;

-- name: record
-- What came of attempts.
UPDATE journey_request q
SET worker = NULL, lease_until = NULL, state = g.state, due_at = g.due_at, code = g.code, detail = g.detail, reply = g.reply, tries = q.tries || g.attempt::jsonb
FROM unnest(%(ids)b::bigint[], %(states)b::text[], %(dues)b::timestamptz[], %(codes)b::integer[], %(details)b::text[], %(replies)b::bytea[], %(attempts)b::text[])
    AS g (id, state, due_at, code, detail, reply, attempt)
WHERE q.workspace_id = %(workspace_id)s AND q.id = g.id;

-- name: note_host
-- How it went at one server: after several failures in a row it is left alone for a while, longer each time.
UPDATE journey_host SET failures = CASE WHEN %(is_well)s THEN 0 ELSE failures + %(failed)s END,
    held_until = CASE WHEN %(hold)s::timestamptz IS NOT NULL THEN greatest(held_until, %(hold)s)
                      WHEN %(is_well)s THEN NULL
                      WHEN failures + %(failed)s >= %(stubborn)s
                      THEN greatest(held_until, %(now)s + least(%(first_s)s * power(2, least(failures + %(failed)s - %(stubborn)s, 20)), %(longest_s)s) * interval '1 second')
                      ELSE held_until END
WHERE workspace_id = %(workspace_id)s AND host = %(host)s;

-- name: find_requests
-- What runs have asked, by visit.
SELECT q.run_id, q.visit, q.method, q.url, q.headers, q.body, q.state, q.due_at, q.code, q.detail, q.reply, q.tries
FROM journey_request q WHERE q.workspace_id = %(workspace_id)s AND q.run_id = ANY(%(run_ids)s::bigint[]) ORDER BY q.id;

-- name: forget_requests
-- Forget requests that were settled long ago (everywhere).
DELETE FROM journey_request q WHERE q.id IN (SELECT o.id FROM journey_request o WHERE o.state <> 'waiting' AND o.planned_at < %(before)s ORDER BY o.planned_at LIMIT %(limit)s);

-- name: find_secrets
-- The names of secrets, with the host that each is for.
SELECT s.name, s.host, s.updated_at, s.updated_by FROM journey_secret s WHERE s.workspace_id = %(workspace_id)s ORDER BY s.name;

-- name: put_secret
-- Write a secret; what was there is gone.
INSERT INTO journey_secret (workspace_id, name, host, sealed, updated_at, updated_by)
VALUES (%(workspace_id)s, %(name)s, %(host)s, %(sealed)s, %(now)s, %(by)s)
ON CONFLICT (workspace_id, name) DO UPDATE SET host = excluded.host, sealed = excluded.sealed, updated_at = excluded.updated_at, updated_by = excluded.updated_by;

-- name: drop_secret
-- Forget a secret.
DELETE FROM journey_secret WHERE workspace_id = %(workspace_id)s AND name = %(name)s;
