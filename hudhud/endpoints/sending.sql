-- name: claim
-- Lease what is due (everywhere), of each endpoint no more than it may have at once; a holder's session may be gone. Nothing of who is being erased.
WITH ready AS MATERIALIZED (
    SELECT e.id, %(each)s - (
        SELECT count(*) FROM endpoint_delivery h
        WHERE h.endpoint_id = e.id AND h.worker IS NOT NULL AND (h.id = ANY(%(busy)s::bigint[])
            OR (h.lease_until > clock_timestamp() AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = h.worker)))) AS room
    FROM endpoint e
    WHERE e.state = 'active' AND (e.held_until IS NULL OR e.held_until <= %(now)s)
      AND EXISTS (SELECT FROM endpoint_delivery d WHERE d.endpoint_id = e.id AND d.state = 'waiting' AND d.due_at <= %(now)s)
), due AS MATERIALIZED (
    SELECT r.room, q.* FROM ready r CROSS JOIN LATERAL (
        SELECT d.workspace_id, d.endpoint_id, d.id, d.due_at FROM endpoint_delivery d
        WHERE d.endpoint_id = r.id AND d.state = 'waiting' AND d.due_at <= %(now)s AND d.id <> ALL(%(busy)s::bigint[])
          AND (d.worker IS NULL OR d.lease_until < clock_timestamp() OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.worker))
          AND NOT EXISTS (SELECT FROM person p WHERE p.id = d.person_id AND p.workspace_id = d.workspace_id AND p.erased_at IS NOT NULL)
        ORDER BY d.due_at, d.id LIMIT %(each)s FOR UPDATE OF d SKIP LOCKED) q
    WHERE r.room > 0
), picked AS (
    SELECT workspace_id, id FROM (SELECT *, row_number() OVER (PARTITION BY endpoint_id ORDER BY due_at, id) AS number FROM due) n
    WHERE number <= room ORDER BY number, due_at, id LIMIT %(limit)s
)
UPDATE endpoint_delivery d
SET worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = d.fence + 1
FROM picked p, endpoint e
WHERE d.workspace_id = p.workspace_id AND d.id = p.id AND e.id = d.endpoint_id
RETURNING d.workspace_id, d.endpoint_id, d.id, d.fence, d.attempts - d.round AS tries, d.message, d.body, e.url, e.secret,
          CASE WHEN e.old_until > %(now)s THEN e.old_secret END AS old_secret;

-- name: next_due
-- When is the next attempt due (everywhere)?
SELECT min(greatest(d.due_at, e.held_until)) FROM endpoint e CROSS JOIN LATERAL (
    SELECT due_at FROM endpoint_delivery o WHERE o.endpoint_id = e.id AND o.state = 'waiting' AND o.worker IS NULL ORDER BY o.due_at, o.id LIMIT 1) d
WHERE e.state = 'active';

-- name: hold_endpoints
-- Endpoints before their deliveries, as who deletes one does: otherwise each would wait for the other (everywhere).
SELECT id FROM endpoint WHERE id = ANY(%(endpoints)s::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: record_attempts
-- What came of attempts (everywhere), where they are still ours. Whose endpoint was disabled meanwhile waits for nothing.
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(workspaces)b::bigint[], %(ids)b::bigint[], %(fences)b::bigint[], %(ats)b::timestamptz[], %(seconds)b::real[], %(codes)b::integer[],
                         %(details)b::text[], %(replies)b::bytea[], %(states)b::text[], %(dues)b::timestamptz[])
           AS g (workspace_id, id, fence, at, seconds, code, detail, reply, state, due_at)
), ours AS MATERIALIZED (
    SELECT g.*, d.endpoint_id, e.state = 'disabled' AS is_over FROM given g
    JOIN endpoint_delivery d ON d.workspace_id = g.workspace_id AND d.id = g.id AND d.fence = g.fence AND d.worker IS NOT NULL JOIN endpoint e ON e.id = d.endpoint_id
    ORDER BY g.id FOR UPDATE OF d
), noted AS (
    UPDATE endpoint_delivery d
    SET worker = NULL, lease_until = NULL, attempts = d.attempts + 1, code = o.code, detail = o.detail,
        state = CASE WHEN o.is_over AND o.state = 'waiting' THEN 'dead' ELSE o.state END, due_at = CASE WHEN o.is_over THEN NULL ELSE o.due_at END
    FROM ours o WHERE d.workspace_id = o.workspace_id AND d.id = o.id
    RETURNING d.workspace_id, d.endpoint_id, d.id, d.attempts
), kept AS (
    INSERT INTO endpoint_attempt (workspace_id, delivery_id, number, at, seconds, code, detail, reply)
    SELECT n.workspace_id, n.id, n.attempts, o.at, o.seconds, o.code, o.detail, o.reply FROM noted n JOIN ours o ON o.workspace_id = n.workspace_id AND o.id = n.id
)
SELECT id FROM noted;

-- name: note_endpoint
-- How it went at one endpoint, together; disables one that is gone, or has failed for longer than we are patient (null: not for this).
UPDATE endpoint SET delivered = delivered + %(delivered)s,
    failing_since = CASE WHEN %(delivered)s > 0 THEN NULL ELSE coalesce(failing_since, %(now)s) END,
    held_until = CASE WHEN %(hold)s::timestamptz IS NULL THEN held_until ELSE greatest(held_until, %(hold)s) END,
    reason = CASE WHEN state = 'disabled' THEN reason WHEN %(gone)s THEN 'gone' WHEN %(delivered)s = 0 AND failing_since <= %(patient)s::timestamptz THEN 'failing' ELSE '' END,
    state_at = CASE WHEN state <> 'disabled' AND (%(gone)s OR (%(delivered)s = 0 AND failing_since <= %(patient)s::timestamptz)) THEN %(now)s ELSE state_at END,
    state = CASE WHEN %(gone)s OR (%(delivered)s = 0 AND failing_since <= %(patient)s::timestamptz) THEN 'disabled' ELSE state END
WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s
RETURNING state = 'disabled' AND state_at = %(now)s AS is_over, reason, url;

-- name: bury
-- What still waits for an endpoint that is disabled is kept among what was given up.
UPDATE endpoint_delivery SET state = 'dead', due_at = NULL, detail = CASE WHEN detail = '' THEN 'the endpoint was disabled before this was sent' ELSE detail END
WHERE workspace_id = %(workspace_id)s AND endpoint_id = %(endpoint_id)s AND state = 'waiting';
