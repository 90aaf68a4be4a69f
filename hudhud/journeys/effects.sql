-- name: find_pending
-- Which nodes have something to do to people, the oldest first.
SELECT e.workspace_id, e.version_id, e.node FROM journey_effect e GROUP BY e.workspace_id, e.version_id, e.node ORDER BY min(e.at), e.version_id, e.node;

-- name: claim
-- Take what one node does, the oldest first; of each run only what comes next, so that it happens in order.
SELECT e.run_id, e.visit, e.person_id, e.at
FROM journey_effect e
WHERE e.version_id = %(version_id)s AND e.node = %(node)s
  AND NOT EXISTS (SELECT FROM journey_effect o WHERE o.run_id = e.run_id AND o.visit < e.visit)
ORDER BY e.at, e.run_id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: record
-- It is done, or was refused: note in the run's log which, and forget it.
WITH done AS (
    DELETE FROM journey_effect e USING unnest(%(run_ids)s::bigint[], %(visits)s::integer[], %(details)s::text[]) AS g (run_id, visit, detail)
    WHERE e.run_id = g.run_id AND e.visit = g.visit AND e.run_id = ANY(%(run_ids)s::bigint[])
    RETURNING e.run_id, e.visit, g.detail
)
UPDATE run_log l SET detail = coalesce(l.detail, '{}') || done.detail::jsonb
FROM done WHERE l.run_id = done.run_id AND l.visit = done.visit AND l.run_id = ANY(%(run_ids)s::bigint[]);

-- name: find_elsewhere
-- Take the runs that these people have under way in other journeys, in the order of their ids (so that two never wait in a circle).
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at, p.node, p.version_id
FROM journey j JOIN run r ON r.journey_id = j.id JOIN run_position p ON p.run_id = r.id
WHERE j.workspace_id = %(workspace_id)s AND j.key = ANY(%(keys)s::text[]) AND r.person_id = ANY(%(person_ids)s::bigint[]) AND r.ended_at IS NULL
ORDER BY p.run_id
FOR UPDATE OF p;
