-- name: find_extremes
-- For each of these attributes, of the people who came last: how many there are, how many of them have none, and the longest one.
WITH sample AS MATERIALIZED (
    SELECT attributes FROM person
    WHERE workspace_id = %(workspace_id)s AND erased_at IS NULL AND merged_into IS NULL ORDER BY id DESC LIMIT %(limit)s
)
SELECT n.name, count(*) AS people, count(*) FILTER (WHERE coalesce(s.attributes ->> n.name, '') = '') AS without,
       (max(ARRAY[lpad(length(s.attributes ->> n.name)::text, 9, '0'), (s.attributes -> n.name)::text]) FILTER (WHERE s.attributes ->> n.name <> ''))[2] AS longest
FROM sample s CROSS JOIN unnest(%(names)s::text[]) AS n (name)
GROUP BY n.name ORDER BY n.name;
