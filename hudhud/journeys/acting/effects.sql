-- name: find_pending
-- Which nodes have something to do to people, the oldest first.
SELECT e.workspace_id, e.version_id, e.node FROM journey_effect e GROUP BY e.workspace_id, e.version_id, e.node ORDER BY min(e.at), e.version_id, e.node;

-- name: claim
-- Take what one node does, the oldest first; of each run only what comes next, so that it happens in order. It is done to whom the run belongs today:
-- people are joined, and taken apart again.
SELECT e.run_id, e.visit, coalesce((SELECT r.person_id FROM run r WHERE r.id = e.run_id), e.person_id) AS person_id, e.at
FROM journey_effect e
WHERE e.workspace_id = %(workspace_id)s AND e.version_id = %(version_id)s AND e.node = %(node)s
  AND NOT EXISTS (SELECT FROM journey_effect o WHERE o.run_id = e.run_id AND o.visit < e.visit)
ORDER BY e.at, e.run_id
LIMIT %(limit)s
FOR UPDATE OF e SKIP LOCKED;

-- name: record
-- It is done, or was refused: note in the run's log which, and forget it. The keys are not said once more: with them the tables would be searched for all of them
-- once for each run.
WITH done AS (
    DELETE FROM journey_effect e USING unnest(%(run_ids)s::bigint[], %(visits)s::integer[], %(details)s::text[]) AS g (run_id, visit, detail)
    WHERE e.run_id = g.run_id AND e.visit = g.visit
    RETURNING e.run_id, e.visit, g.detail
)
UPDATE run_log l SET detail = coalesce(l.detail, '{}') || done.detail::jsonb
FROM done WHERE l.run_id = done.run_id AND l.visit = done.visit;

-- name: find_elsewhere
-- The runs that people have under way in other journeys. OFFSET 0 keeps it a look-up by key for each, also while statistics are old.
SELECT r.id
FROM journey j CROSS JOIN unnest(%(person_ids)s::bigint[]) AS g (person_id)
CROSS JOIN LATERAL (SELECT o.id FROM run o WHERE o.journey_id = j.id AND o.person_id = g.person_id AND o.ended_at IS NULL OFFSET 0) r
WHERE j.workspace_id = %(workspace_id)s AND j.key = ANY(%(keys)s::text[]);

-- name: take_standing
-- Take runs, wherever they stand, in the order in which facts take them (so that two never wait in a circle).
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at, p.node, p.version_id
FROM run_position p
WHERE p.workspace_id = %(workspace_id)s AND p.run_id = ANY(%(run_ids)s::bigint[])
ORDER BY p.version_id, p.run_id
FOR UPDATE;
