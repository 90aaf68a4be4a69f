-- name: record_companies
-- Make companies, or find them, and hold them until the transaction ends; whoever is trusted vouches for them.
INSERT INTO company AS known (workspace_id, key, created_at, claimed)
SELECT %(workspace_id)s, n.key, n.first_at, n.claimed
FROM unnest(%(keys)s::text[], %(firsts)s::timestamptz[], %(claimeds)s::boolean[]) AS n (key, first_at, claimed)
ORDER BY n.key
ON CONFLICT (workspace_id, key) DO UPDATE
    SET created_at = least(known.created_at, excluded.created_at), claimed = known.claimed AND excluded.claimed
RETURNING known.key, known.id, known.claimed;

-- name: end_claimed
-- Who only claimed to be in companies that are vouched for from now on is in them no more.
DELETE FROM company_person WHERE workspace_id = %(workspace_id)s AND company_id = ANY(%(company_ids)s::bigint[]) AND claimed RETURNING person_id;

-- name: record_attributes
-- Keep what was said last of each attribute; whoever is trusted has the last word over public keys, whenever they said it.
INSERT INTO company_attribute AS known (workspace_id, company_id, name, value, said_at, claimed)
SELECT %(workspace_id)s, n.company_id, n.name, n.value::jsonb, n.said_at, %(claimed)s
FROM unnest(%(company_ids)s::bigint[], %(names)s::text[], %(values)s::text[], %(ats)s::timestamptz[]) AS n (company_id, name, value, said_at)
ORDER BY n.company_id, n.name
ON CONFLICT (company_id, name) DO UPDATE SET value = excluded.value, said_at = excluded.said_at, claimed = excluded.claimed
WHERE known.claimed AND NOT excluded.claimed OR known.claimed = excluded.claimed AND excluded.said_at >= known.said_at;

-- name: find_vouched
-- Attributes of these companies that somebody trusted has set.
SELECT a.company_id, a.name, a.value FROM company_attribute a
WHERE a.workspace_id = %(workspace_id)s AND a.company_id = ANY(%(company_ids)s::bigint[]) AND NOT a.claimed;

-- name: join
-- Let people be in companies; whoever is erased joins none.
INSERT INTO company_person AS known (workspace_id, company_id, person_id, since, claimed)
SELECT %(workspace_id)s, n.company_id, n.person_id, n.since, %(claimed)s
FROM unnest(%(company_ids)s::bigint[], %(person_ids)s::bigint[], %(sinces)s::timestamptz[]) AS n (company_id, person_id, since)
JOIN person p ON p.id = n.person_id AND p.workspace_id = %(workspace_id)s AND p.erased_at IS NULL
ORDER BY n.company_id, n.person_id
ON CONFLICT (company_id, person_id) DO UPDATE SET since = least(known.since, excluded.since), claimed = known.claimed AND excluded.claimed
RETURNING CASE WHEN known.xmax = 0 THEN known.person_id END;

-- name: read_attributes
-- What is known of these companies.
SELECT a.company_id, jsonb_object_agg(a.name, a.value) FROM company_attribute a
WHERE a.workspace_id = %(workspace_id)s AND a.company_id = ANY(%(company_ids)s::bigint[]) GROUP BY a.company_id;

-- name: note_changed
-- The mirror of these companies is behind; return who is in them.
WITH changed AS (
    UPDATE company SET version = version + 1 WHERE workspace_id = %(workspace_id)s AND id = ANY(%(company_ids)s::bigint[]) RETURNING id
)
SELECT DISTINCT m.person_id FROM company_person m JOIN changed c ON c.id = m.company_id WHERE m.workspace_id = %(workspace_id)s;

-- name: note_people
-- What is known of these people, as whoever they are today, has changed.
UPDATE person p SET version = p.version + 1
WHERE p.workspace_id = %(workspace_id)s AND p.id IN (
    SELECT coalesce(n.merged_into, n.id) FROM person n WHERE n.workspace_id = %(workspace_id)s AND n.id = ANY(%(person_ids)s::bigint[]));

-- name: read_mirror
-- Companies whose mirror is behind, or all, after one of them: a page.
SELECT c.id, c.version, c.key,
       coalesce((SELECT jsonb_object_agg(a.name, a.value) FILTER (WHERE a.value <> 'null') FROM company_attribute a WHERE a.company_id = c.id), '{}')::text
FROM company c WHERE c.workspace_id = %(workspace_id)s AND c.id > %(after)s AND (%(all)s OR c.version > c.mirrored) ORDER BY c.id LIMIT %(limit)s;

-- name: mark_mirrored
-- ClickHouse has these versions.
UPDATE company c SET mirrored = greatest(c.mirrored, m.version) FROM unnest(%(ids)s::bigint[], %(versions)s::bigint[]) AS m (id, version)
WHERE c.id = m.id AND c.workspace_id = %(workspace_id)s;

-- name: find_members
-- Which of these people are in which of these companies already, as whoever they are today?
SELECT DISTINCT n.company_id, n.person_id
FROM unnest(%(company_ids)s::bigint[], %(person_ids)s::bigint[]) AS n (company_id, person_id)
JOIN person asked ON asked.id = n.person_id AND asked.workspace_id = %(workspace_id)s
JOIN person p ON p.workspace_id = %(workspace_id)s AND (p.id = coalesce(asked.merged_into, asked.id) OR p.merged_into = coalesce(asked.merged_into, asked.id))
JOIN company_person m ON m.company_id = n.company_id AND m.person_id = p.id;

-- name: find_companies
-- A page of companies (or one), newest first, with how many people are in each today.
SELECT c.id, c.key, c.created_at,
       coalesce((SELECT jsonb_object_agg(a.name, a.value) FILTER (WHERE a.value <> 'null') FROM company_attribute a WHERE a.company_id = c.id), '{}') AS attributes,
       (SELECT count(DISTINCT coalesce(p.merged_into, p.id)) FROM company_person m JOIN person p ON p.id = m.person_id WHERE m.company_id = c.id) AS people
FROM company c
WHERE c.workspace_id = %(workspace_id)s AND (%(company_id)s::bigint IS NULL OR c.id = %(company_id)s)
  AND (%(after)s::bigint IS NULL OR c.id < %(after)s)
  AND (%(prefix)s::text IS NULL OR lower(c.key) LIKE lower(%(prefix)s)
       OR c.id IN (SELECT a.company_id FROM company_attribute a WHERE a.workspace_id = %(workspace_id)s AND a.name = 'name' AND lower(left(a.value #>> '{}', 200)) LIKE lower(%(prefix)s)))
ORDER BY c.id DESC LIMIT %(limit)s;

-- name: find_people
-- Who is in a company today, by id.
SELECT DISTINCT coalesce(p.merged_into, p.id) AS id FROM company_person m JOIN person p ON p.id = m.person_id
WHERE m.workspace_id = %(workspace_id)s AND m.company_id = %(company_id)s
  AND (%(after)s::bigint IS NULL OR coalesce(p.merged_into, p.id) > %(after)s) ORDER BY 1 LIMIT %(limit)s;

-- name: find_memberships
-- The companies of a person and of everybody who is that person today.
SELECT c.id, c.key, min(m.since) AS since,
       coalesce((SELECT jsonb_object_agg(a.name, a.value) FILTER (WHERE a.value <> 'null') FROM company_attribute a WHERE a.company_id = c.id), '{}') AS attributes
FROM person asked JOIN person p ON coalesce(p.merged_into, p.id) = coalesce(asked.merged_into, asked.id)
JOIN company_person m ON m.person_id = p.id JOIN company c ON c.id = m.company_id
WHERE asked.workspace_id = %(workspace_id)s AND asked.id = %(person_id)s
GROUP BY c.id ORDER BY min(m.since) DESC, c.id DESC;
