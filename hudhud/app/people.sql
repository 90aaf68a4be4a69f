-- name: find_memberships
-- Every listed segment that has been counted.
SELECT s.id, s.name FROM segment s JOIN segment_membership m ON m.segment_id = s.id
WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND s.owner = '' AND m.built_at IS NOT NULL
ORDER BY s.name, s.id;
