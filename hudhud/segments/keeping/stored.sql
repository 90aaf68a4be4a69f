-- name: read_versions
-- Which sets these segments have, and who turned since they were written.
SELECT segment_id, version, turned FROM segment_membership WHERE workspace_id = %(workspace_id)s AND segment_id = ANY(%(ids)s::bigint[]);

-- name: read_sets
-- The same with the sets themselves.
SELECT segment_id, version, turned, members FROM segment_membership WHERE workspace_id = %(workspace_id)s AND segment_id = ANY(%(ids)s::bigint[]);

-- name: read_turned
-- Who turned in these since their sets were written, and how many bytes the sets take.
SELECT segment_id, turned, octet_length(members) FROM segment_membership WHERE workspace_id = %(workspace_id)s AND segment_id = ANY(%(ids)s::bigint[]);

-- name: set_turned
-- Write down who turned since the set was written, return how many are in.
UPDATE segment_membership m SET turned = t.turned, count = m.count + t.grown
FROM unnest(%(ids)s::bigint[], %(turned)s::bytea[], %(grown)s::bigint[]) AS t (id, turned, grown)
WHERE m.workspace_id = %(workspace_id)s AND m.segment_id = t.id RETURNING m.segment_id, m.count;

-- name: set_members
-- Write a segment's set whole.
UPDATE segment_membership SET members = %(members)s, count = %(count)s, version = gen_random_uuid(), turned = ''
WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;
