-- name: find_page
-- Versions of a journey, newest first: who is on them, who began there, and the last order that brought people to them.
SELECT v.number, v.created_at, v.created_by, v.id = j.version_id AS is_current,
       (SELECT count(*) FROM run_position p WHERE p.version_id = v.id) AS here,
       coalesce((SELECT sum(f.count) FROM journey_flow f WHERE f.version_id = v.id AND f.node = '' AND f.edge = 'start'), 0)::bigint AS entered,
       c.rule::text AS rule, c.moved, c.ended, c.ordered_at, c.ordered_by, c.done_at
FROM journey j JOIN journey_version v ON v.journey_id = j.id
LEFT JOIN LATERAL (
    SELECT o.rule, o.moved, o.ended, o.ordered_at, o.ordered_by, o.done_at
    FROM journey_changeover o WHERE o.version_id = v.id AND o.journey_id = j.id ORDER BY o.id DESC LIMIT 1
) c ON true
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s AND v.number < %(after)s
ORDER BY v.number DESC
LIMIT %(limit)s;

-- name: get_text
-- The graph of one version.
SELECT v.graph FROM journey j JOIN journey_version v ON v.journey_id = j.id
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s AND v.number = %(number)s;
