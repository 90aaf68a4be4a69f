-- name: find_runs
-- One run under way, or those that stood on a step at a moment and stand there still; in the order in which facts take them.
SELECT p.run_id, p.version_id, v.number, v.graph AS text, p.node, p.visit,
       EXISTS (SELECT FROM journey_changeover c WHERE c.journey_id = v.journey_id AND c.version_id > v.id AND c.done_at IS NULL) AS is_leaving
FROM run_position p JOIN journey_version v ON v.id = p.version_id
WHERE v.journey_id = %(journey_id)s AND p.arrived_at < %(as_of)s
  AND (%(run_id)s::bigint IS NULL OR p.run_id = %(run_id)s) AND (%(standing)s::text IS NULL OR p.node = %(standing)s)
ORDER BY p.version_id, p.run_id
LIMIT %(limit)s;

-- name: hold_runs
-- The same, and take them: who is being moved by somebody else this moment is waited for, and then stands elsewhere.
SELECT p.run_id, p.version_id, v.number, v.graph AS text, p.node, p.visit,
       EXISTS (SELECT FROM journey_changeover c WHERE c.journey_id = v.journey_id AND c.version_id > v.id AND c.done_at IS NULL) AS is_leaving
FROM run_position p JOIN journey_version v ON v.id = p.version_id
WHERE v.journey_id = %(journey_id)s AND p.arrived_at < %(as_of)s
  AND (%(run_id)s::bigint IS NULL OR p.run_id = %(run_id)s) AND (%(standing)s::text IS NULL OR p.node = %(standing)s)
ORDER BY p.version_id, p.run_id
LIMIT %(limit)s
FOR UPDATE OF p;

-- name: start_again
-- Put runs on a step as if they came to it now, say by whose word, and let nothing that lies ahead count as done already.
WITH moved AS (
    UPDATE run_position p SET node = %(to)s, visit = p.visit + 1, waiting = false, arrived_at = greatest(%(now)s, p.arrived_at), due_at = greatest(%(now)s, p.arrived_at)
    WHERE p.run_id = ANY(%(run_ids)s::bigint[])
    RETURNING p.run_id, p.visit - 1 AS visit, p.arrived_at AS at
), forgotten AS (
    DELETE FROM run_repeat r WHERE r.run_id = ANY(%(run_ids)s::bigint[])
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)
SELECT run_id, visit, %(workspace_id)s, %(version_id)s, %(node)s, 'moved', %(reason)s, at, %(detail)s::jsonb FROM moved;

-- name: count_passed
-- How many of these runs have passed steps that sent or did something.
SELECT l.node AS step, l.reason, count(DISTINCT l.run_id) AS runs FROM run_log l
WHERE l.run_id = ANY(%(run_ids)s::bigint[]) AND l.node = ANY(%(steps)s::text[]) AND l.reason IN ('message_planned', 'window_opened', 'action_planned')
GROUP BY l.node, l.reason ORDER BY l.node, l.reason;
