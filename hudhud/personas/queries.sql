-- name: find_personas
-- All personas, oldest first, each with its segment and how many are in it.
SELECT p.id, p.name, p.description, p.tone, p.segment_id, s.name AS segment, m.count, p.pictured_at, p.updated_at
FROM persona p LEFT JOIN segment s ON s.id = p.segment_id LEFT JOIN segment_membership m ON m.segment_id = p.segment_id
WHERE p.workspace_id = %(workspace_id)s AND (%(id)s::bigint IS NULL OR p.id = %(id)s) ORDER BY p.id;

-- name: create_persona
-- A new one.
INSERT INTO persona (workspace_id, name, description, tone, segment_id, created_at, updated_at)
VALUES (%(workspace_id)s, %(name)s, %(description)s, %(tone)s, %(segment_id)s, %(now)s, %(now)s) RETURNING id;

-- name: update_persona
-- Another name, other words, another segment.
UPDATE persona SET name = %(name)s, description = %(description)s, tone = %(tone)s, segment_id = %(segment_id)s, updated_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete_persona
-- Keep it no longer.
DELETE FROM persona WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: count_personas
-- How many there are.
SELECT count(*) FROM persona WHERE workspace_id = %(workspace_id)s;

-- name: set_picture
-- What it looks like, or (null) nothing.
UPDATE persona SET picture = %(picture)s, pictured_at = CASE WHEN %(picture)s::bytea IS NULL THEN NULL ELSE %(now)s::timestamptz END
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: get_picture
-- What it looks like.
SELECT picture FROM persona WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: find_asking
-- The personas of a segment.
SELECT id, name FROM persona WHERE workspace_id = %(workspace_id)s AND segment_id = %(segment_id)s ORDER BY id;
