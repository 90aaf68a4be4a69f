-- name: find_definitions
-- The trees of these segments and of all that they are built on.
WITH RECURSIVE needed AS (
    SELECT id, definition, segment_ids FROM segment WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[])
    UNION
    SELECT s.id, s.definition, s.segment_ids FROM segment s JOIN needed n ON s.id = ANY(n.segment_ids) AND s.workspace_id = %(workspace_id)s
)
SELECT id, definition FROM needed;
