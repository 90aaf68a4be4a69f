-- name: find_endpoints
-- One endpoint, or all, the oldest first, with what waits and what was given up.
SELECT e.id, e.url, e.description, e.wants, e.segments, e.events, e.state, e.reason, e.state_at, e.failing_since, e.held_until,
       CASE WHEN e.old_until > %(now)s THEN e.old_until END AS old_until, e.delivered, e.created_at,
       (SELECT count(*) FROM (SELECT FROM endpoint_delivery d WHERE d.workspace_id = e.workspace_id AND d.endpoint_id = e.id AND d.state = 'waiting' LIMIT 10000) w) AS waiting,
       (SELECT count(*) FROM (SELECT FROM endpoint_delivery d WHERE d.workspace_id = e.workspace_id AND d.endpoint_id = e.id AND d.state = 'dead' LIMIT 10000) w) AS dead
FROM endpoint e WHERE e.workspace_id = %(workspace_id)s AND (%(endpoint_id)s::bigint IS NULL OR e.id = %(endpoint_id)s) ORDER BY e.id;

-- name: count_endpoints
-- How many there are.
SELECT count(*) FROM endpoint WHERE workspace_id = %(workspace_id)s;

-- name: create_endpoint
-- A new endpoint; of consent it is told what is written from now on.
INSERT INTO endpoint (workspace_id, url, description, wants, segments, events, secret, state_at, created_at)
VALUES (%(workspace_id)s, %(url)s, %(description)s, %(wants)s, %(segments)s, %(events)s, %(secret)s, %(now)s, %(now)s) RETURNING id;

-- name: change_endpoint
-- Where it is and what it wants. Who did not want to hear of consent is told what is written from now on.
UPDATE endpoint SET url = %(url)s, description = %(description)s, segments = %(segments)s, events = %(events)s,
    consent_txid = CASE WHEN 'consent.changed' = ANY(wants) THEN consent_txid ELSE pg_snapshot_xmin(pg_current_snapshot()) END, wants = %(wants)s
WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s;

-- name: set_state
-- Pause it, or let it go on; who was disabled has missed what was written meanwhile.
UPDATE endpoint SET consent_txid = CASE WHEN state = 'disabled' THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE consent_txid END,
    state = %(state)s, reason = '', state_at = %(now)s, failing_since = NULL, held_until = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s AND state <> %(state)s;

-- name: set_secret
-- Another secret; the one before signs besides for a while.
UPDATE endpoint SET old_secret = secret, old_until = %(until)s, secret = %(secret)s WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s;

-- name: delete_endpoint
-- It goes with its deliveries.
DELETE FROM endpoint WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s RETURNING url;

-- name: find_deliveries
-- A page of its deliveries, newest first.
SELECT id, message, kind, person_id, created_at, state, due_at, attempts, code, detail FROM endpoint_delivery
WHERE workspace_id = %(workspace_id)s AND endpoint_id = %(endpoint_id)s AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(after)s::bigint IS NULL OR id < %(after)s) AND (%(delivery_id)s::bigint IS NULL OR id = %(delivery_id)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: read_body
-- What is sent.
SELECT body FROM endpoint_delivery WHERE workspace_id = %(workspace_id)s AND endpoint_id = %(endpoint_id)s AND id = %(delivery_id)s;

-- name: find_attempts
-- Every attempt at a delivery, in order.
SELECT number, at, seconds, code, detail, reply FROM endpoint_attempt
WHERE workspace_id = %(workspace_id)s AND delivery_id = %(delivery_id)s ORDER BY number;

-- name: replay_one
-- Send it again, from the beginning of the schedule; what still waits is due now.
UPDATE endpoint_delivery SET state = 'waiting', due_at = %(now)s, round = attempts
WHERE workspace_id = %(workspace_id)s AND endpoint_id = %(endpoint_id)s AND id = %(delivery_id)s AND worker IS NULL;

-- name: replay_dead
-- The same for all that were given up, of news from a span of time.
UPDATE endpoint_delivery SET state = 'waiting', due_at = %(now)s, round = attempts
WHERE workspace_id = %(workspace_id)s AND endpoint_id = %(endpoint_id)s AND state = 'dead' AND worker IS NULL
  AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s);

-- name: count_disabled
-- How many are told nothing any more, because they were gone or failed for days.
SELECT count(*) FROM endpoint WHERE workspace_id = %(workspace_id)s AND state = 'disabled';

-- name: wake
-- Tell the worker.
SELECT pg_notify('endpoints', '');

-- name: forget_deliveries
-- Delete what is old (everywhere), whatever became of it, a page of it.
DELETE FROM endpoint_delivery WHERE (workspace_id, id) IN (
    SELECT workspace_id, id FROM endpoint_delivery WHERE created_at < %(before)s ORDER BY created_at LIMIT %(limit)s);

-- name: find_wanting_segment
-- Endpoints that want to hear who comes and goes in a segment, and name it.
SELECT id, description, url, state FROM endpoint
WHERE workspace_id = %(workspace_id)s AND %(segment_id)s = ANY(segments) AND wants && ARRAY['segment.entered', 'segment.left'] ORDER BY id;

-- name: find_wanting_event
-- Endpoints that want to hear of an event.
SELECT id, description, url, state FROM endpoint
WHERE workspace_id = %(workspace_id)s AND %(name)s = ANY(events) AND 'event.tracked' = ANY(wants) ORDER BY id;
