-- name: find_attributes
-- What the newest people's attributes are called, what kind of value each mostly holds, and its commonest short values.
WITH newest AS (
    SELECT attributes FROM person
    WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL AND erased_at IS NULL ORDER BY id DESC LIMIT %(people)s
), value AS (
    SELECT each.key AS name, jsonb_typeof(each.value) AS kind, each.value #>> '{}' AS said, count(*) AS times
    FROM newest CROSS JOIN LATERAL jsonb_each(newest.attributes) AS each GROUP BY 1, 2, 3
)
SELECT name, (SELECT min(p.first_seen_at) FROM event_property p WHERE p.workspace_id = %(workspace_id)s AND p.event = 'Identified' AND p.property = name) AS first_seen_at,
       (SELECT max(p.last_seen_at) FROM event_property p WHERE p.workspace_id = %(workspace_id)s AND p.event = 'Identified' AND p.property = name) AS last_seen_at,
       (array_agg(kind ORDER BY times DESC, kind))[1] AS kind,
       coalesce((array_agg(said ORDER BY times DESC, said) FILTER (WHERE times > 1 AND length(said) <= 60))[1:%(values)s], '{}') AS values
FROM value WHERE kind <> 'null' GROUP BY name ORDER BY name LIMIT %(limit)s;
