-- name: find_lives
-- In which time zone and country people live, what stands in an attribute, and who told the zone: the workspace's, where nobody has.
SELECT p.id, coalesce(p.time_zone, w.time_zone), p.country,
       CASE WHEN %(attribute)s::text = '@created_at' THEN to_char(p.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') ELSE p.attributes ->> %(attribute)s::text END,
       CASE WHEN p.time_zone IS NULL THEN 'workspace' ELSE coalesce(p.provenance ->> 'time_zone', 'default') END
FROM person p JOIN workspace w ON w.id = p.workspace_id
WHERE p.id = ANY(%(person_ids)s::bigint[]);
