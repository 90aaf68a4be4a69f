-- name: name_people
-- An id by which the intake log knows each person that is given with their workspace; made for those who have none but an address.
-- Random: with a public key anybody may speak for an anonymous_id that can be guessed, or take it before its owner comes.
WITH asked AS (
    SELECT DISTINCT a.workspace_id, a.person_id FROM unnest(%(workspace_ids)s::bigint[], %(person_ids)s::bigint[]) AS a (workspace_id, person_id)
), found AS (
    SELECT a.workspace_id, a.person_id, i.namespace, i.value
    FROM asked a
    LEFT JOIN LATERAL (
        SELECT o.namespace, o.value FROM identifier o
        WHERE o.person_id = a.person_id AND o.workspace_id = a.workspace_id AND o.namespace IN ('user_id', 'anonymous_id')
        ORDER BY o.namespace DESC, o.created_at, o.value LIMIT 1
    ) i ON true
), made AS (
    INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
    SELECT workspace_id, 'anonymous_id', 'mail-' || gen_random_uuid(), person_id, %(now)s FROM found WHERE value IS NULL
    ON CONFLICT DO NOTHING RETURNING person_id, namespace, value
)
SELECT person_id, namespace, value FROM found WHERE value IS NOT NULL UNION ALL SELECT person_id, namespace, value FROM made;
