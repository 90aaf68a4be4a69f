-- name: find_drafts
-- What is being worked on, by key.
SELECT j.key, d.revision, d.number, d.graph::text AS graph, d.updated_at, d.updated_by, d.review, d.review_by
FROM journey_draft d JOIN journey j ON j.id = d.journey_id
WHERE d.workspace_id = %(workspace_id)s AND j.key > %(after)s
ORDER BY j.key
LIMIT %(limit)s;

-- name: has_journey
-- Whether the key is taken.
SELECT EXISTS (SELECT FROM journey WHERE workspace_id = %(workspace_id)s AND key = %(key)s);

-- name: count_here
-- How many are under way in a journey.
SELECT count(*) FROM journey_version v JOIN run_position p ON p.version_id = v.id WHERE v.journey_id = %(journey_id)s;

-- name: has_runs
-- Whether anybody ever was in it.
SELECT EXISTS (SELECT FROM run WHERE journey_id = %(journey_id)s);

-- name: find_asking
-- Segments, and journeys in their current version, that ask for a journey or act on it.
SELECT 'segment' AS kind, s.name FROM segment s
WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND s.owner = ''
  AND jsonb_path_exists(s.definition, '$.**.journey ? (@ == $key)', jsonb_build_object('key', %(key)s::text))
UNION ALL
SELECT 'journey', j.key FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND j.key <> %(key)s AND position(%(quoted)s IN v.graph) > 0
  AND jsonb_path_exists(v.graph::jsonb, '$.**.journey ? (@ == $key)', jsonb_build_object('key', %(key)s::text))
UNION ALL
SELECT 'journey', j.key FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND j.key <> %(key)s AND position(%(quoted)s IN v.graph) > 0
  AND jsonb_path_exists(v.graph::jsonb, '$.nodes.*.journeys[*] ? (@ == $key)', jsonb_build_object('key', %(key)s::text))
ORDER BY 1, 2;

-- name: set_archived
-- Put a journey away, or take it out again (null).
UPDATE journey SET archived_at = %(at)s, updated_at = %(now)s WHERE id = %(journey_id)s;

-- name: let_go
-- A journey's version is no longer current, so that both can go.
UPDATE journey SET version_id = NULL WHERE id = %(journey_id)s;

-- name: forget_flow
-- Forget what was counted of a journey's versions.
DELETE FROM journey_flow f USING journey_version v WHERE v.journey_id = %(journey_id)s AND f.version_id = v.id;

-- name: drop_journey
-- Forget a journey in which nobody ever was.
DELETE FROM journey WHERE id = %(journey_id)s;
