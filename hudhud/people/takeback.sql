-- name: read_changes
-- All changes of these people, of whom the source has changed at least one thing, newest first each.
SELECT c.person_id, c.source, c.before, coalesce(c.identifiers, '[]') FROM person_change c
WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY (ARRAY (
    SELECT o.person_id FROM person_change o
    WHERE o.workspace_id = %(workspace_id)s AND o.person_id = ANY(%(ids)s::bigint[]) AND o.source = %(source)s))
ORDER BY c.person_id, c.id DESC;

-- name: take_identifiers
-- Identifiers go from whom they were given to, if they are still theirs.
DELETE FROM identifier i USING unnest(%(ids)s::bigint[], %(namespaces)b::text[], %(values)b::text[]) AS g (person_id, namespace, value)
WHERE i.workspace_id = %(workspace_id)s AND i.namespace = g.namespace AND i.value = g.value AND i.person_id = g.person_id;

-- name: give_identifiers
-- Identifiers go back to who had them, unless they are somebody's by now, or another address took their place.
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(workspace_id)s, g.namespace, g.value, g.person_id, %(now)s
FROM unnest(%(ids)s::bigint[], %(namespaces)b::text[], %(values)b::text[]) AS g (person_id, namespace, value)
ON CONFLICT DO NOTHING;

-- name: find_pending
-- About which of these people has something changed that was not taken back, and that nobody has been told of yet?
SELECT id FROM person WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]) AND version > greatest(mirrored, quiet);

-- name: hush
-- What has changed about them up to here was taken back: they did nothing.
UPDATE person SET quiet = version WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: find_quiet
-- Of which of these people is the last change one that was taken back?
SELECT id FROM person WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]) AND quiet >= version;
