-- name: find_segments
-- Listed segments that ask for an event, or for an attribute.
SELECT id, name, definition FROM segment
WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL AND owner = ''
  AND (%(event)s::text = ANY(event_names) OR %(attribute)s::text = ANY(attributes)) ORDER BY name, id;

-- name: find_stages
-- Stages of the lifecycle whose rules ask for an event, or for an attribute.
SELECT t.key, t.names, s.definition FROM lifecycle_stage t JOIN segment s ON s.id = t.rule_id
WHERE t.workspace_id = %(workspace_id)s AND t.position IS NOT NULL
  AND (%(event)s::text = ANY(s.event_names) OR %(attribute)s::text = ANY(s.attributes)) ORDER BY t.position;

-- name: find_journeys
-- Current versions of journeys whose graph may name something (`named`: as it may stand in JSON).
SELECT j.key, j.status, v.number, v.graph FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND EXISTS (SELECT FROM unnest(%(named)s::text[]) AS n (text) WHERE position(n.text IN v.graph) > 0) ORDER BY j.key;
