-- name: find_segments
-- Listed segments that ask for an event, or for an attribute.
SELECT id, name, definition FROM segment
WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL AND owner = ''
  AND (%(event)s::text = ANY(event_names) OR %(attribute)s::text = ANY(attributes)) ORDER BY name, id;

-- name: find_journeys
-- Current versions of journeys whose graph may name something (`quoted`: as it stands in JSON).
SELECT j.key, v.graph FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND position(%(quoted)s IN v.graph) > 0 ORDER BY j.key;
