-- name: insert
-- What changes replaced.
INSERT INTO person_change (workspace_id, person_id, at, source, before, identifiers)
SELECT %(workspace_id)s, n.person_id, %(now)s, n.source, n.before::jsonb, n.identifiers::jsonb
FROM unnest(%(person_ids)s::bigint[], %(sources)b::text[], %(befores)b::text[], %(identifiers)b::text[]) AS n (person_id, source, before, identifiers);

-- name: read
-- The newest changes of these actors, newest first.
SELECT c.id, c.person_id, c.at, c.source, c.before, c.identifiers FROM person_change c
WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(actors)s::bigint[]) ORDER BY c.id DESC LIMIT %(limit)s;

-- name: read_states
-- What is known of these actors today; of a merged one, what was until then.
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.region, p.city, p.position FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(actors)s::bigint[]);

-- name: delete_old
-- Changes whose time is over (everywhere), a page of them.
DELETE FROM person_change WHERE ctid = ANY (ARRAY (SELECT c.ctid FROM person_change c WHERE c.at < %(before)s LIMIT %(limit)s));

-- name: delete_beyond
-- Of people who changed lately (everywhere), the changes before the newest so many.
WITH lately AS (
    SELECT DISTINCT c.workspace_id, c.person_id FROM person_change c WHERE c.at >= %(since)s
), oldest AS (
    SELECT l.workspace_id, l.person_id, (SELECT c.id FROM person_change c WHERE c.workspace_id = l.workspace_id AND c.person_id = l.person_id
                                         ORDER BY c.id DESC OFFSET %(most)s LIMIT 1) AS id FROM lately l
)
DELETE FROM person_change WHERE ctid = ANY (ARRAY (
    SELECT c.ctid FROM oldest o JOIN person_change c ON c.workspace_id = o.workspace_id AND c.person_id = o.person_id AND c.id <= o.id LIMIT %(limit)s));
