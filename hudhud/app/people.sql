-- name: find_memberships
-- Every listed segment with its members.
SELECT s.id, s.name, m.members FROM segment s JOIN segment_membership m ON m.segment_id = s.id
WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND s.owner = '' AND m.built_at IS NOT NULL
ORDER BY s.name, s.id;
