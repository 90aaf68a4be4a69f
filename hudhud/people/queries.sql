-- name: lock
-- People of one workspace are joined and changed by one transaction at a time.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.people', %(workspace_id)s));

-- name: find_holders
-- Who holds these identifiers? By place in the list. OFFSET 0 keeps it a look-up by key for each, also while the planner knows nothing of a fresh table.
SELECT w.place, h.person_id
FROM unnest(%(values)b::text[]) WITH ORDINALITY AS w (value, place)
CROSS JOIN LATERAL (SELECT i.person_id FROM identifier i
                    WHERE i.workspace_id = %(workspace_id)s AND i.namespace = %(namespace)s AND i.value = w.value OFFSET 0) h;

-- name: load_entries
-- Everything about people who may change.
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.region, p.city, p.position, p.provenance, p.claimed, p.created_at,
       coalesce((SELECT jsonb_agg(jsonb_build_array(i.namespace, i.value, i.created_at)) FROM identifier i WHERE i.person_id = p.id), '[]') AS identifiers
FROM person p WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(ids)s::bigint[]);

-- name: take_ids
-- Numbers for new people.
SELECT nextval('person_id_seq') FROM generate_series(1, %(count)s);

-- name: insert_people
-- New people, with the numbers taken for them. A batch of the intake mirrors whom it made before it is closed: no need to write that to each row.
INSERT INTO person (id, workspace_id, attributes, time_zone, language, country, region, city, position, provenance, claimed, created_at, updated_at, mirrored, made_in)
OVERRIDING SYSTEM VALUE
SELECT n.id, %(workspace_id)s, n.attributes::jsonb, n.time_zone, n.language, n.country, n.region, n.city, n.position, n.provenance::jsonb, n.claimed::jsonb, n.created_at, %(now)s,
       CASE WHEN %(batch)s::bigint IS NULL THEN 0 ELSE 1 END, %(batch)s
FROM unnest(%(ids)s::bigint[], %(attributes)b::text[], %(time_zones)b::text[], %(languages)b::text[], %(countries)b::text[],
            %(regions)b::text[], %(cities)b::text[], %(positions)b::text[], %(provenances)b::text[], %(claimeds)b::text[], %(created_ats)b::timestamptz[])
     AS n (id, attributes, time_zone, language, country, region, city, position, provenance, claimed, created_at);

-- name: update_people
-- People who changed.
UPDATE person p SET attributes = n.attributes::jsonb, time_zone = n.time_zone, language = n.language, country = n.country,
    region = n.region, city = n.city, position = n.position,
    provenance = n.provenance::jsonb, claimed = n.claimed::jsonb, created_at = n.created_at, updated_at = %(now)s, version = p.version + 1
FROM unnest(%(ids)s::bigint[], %(attributes)b::text[], %(time_zones)b::text[], %(languages)b::text[], %(countries)b::text[],
            %(regions)b::text[], %(cities)b::text[], %(positions)b::text[], %(provenances)b::text[], %(claimeds)b::text[], %(created_ats)b::timestamptz[])
     AS n (id, attributes, time_zone, language, country, region, city, position, provenance, claimed, created_at)
WHERE p.id = n.id AND p.workspace_id = %(workspace_id)s;

-- name: merge_people
-- Point merged people, and those merged into them before, at the survivor.
UPDATE person p SET merged_into = m.survivor_id, updated_at = %(now)s, version = p.version + 1
FROM unnest(%(merged_ids)s::bigint[], %(survivor_ids)s::bigint[]) AS m (merged_id, survivor_id)
WHERE (p.id = m.merged_id OR p.merged_into = m.merged_id) AND p.workspace_id = %(workspace_id)s;

-- name: record_merges
-- Keep each merge with what an undo needs.
INSERT INTO person_merge (workspace_id, survivor_id, merged_id, at, cause, snapshot)
SELECT %(workspace_id)s, m.survivor_id, m.merged_id, m.at, m.cause, m.snapshot::jsonb
FROM unnest(%(survivor_ids)s::bigint[], %(merged_ids)s::bigint[], %(ats)s::timestamptz[], %(causes)s::text[], %(snapshots)s::text[])
     AS m (survivor_id, merged_id, at, cause, snapshot);

-- name: keep_refusals
-- Of those who become one, one said no and of the other only lists said yes: between lists the "no" counts, however old (decision 22).
UPDATE subscription u SET changed_at = y.at
FROM (
    SELECT n.person_id, n.topic_id, n.channel, max(o.changed_at) AS at
    FROM unnest(%(survivor_ids)s::bigint[]) AS k (id)
    CROSS JOIN LATERAL (SELECT ARRAY (SELECT k.id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = k.id) AS ids) a
    JOIN subscription n ON n.person_id = ANY (a.ids) AND n.state = 'unsubscribed'
    JOIN subscription o ON o.person_id = ANY (a.ids) AND (o.topic_id, o.channel) = (n.topic_id, n.channel)
         AND o.state <> 'unsubscribed' AND o.changed_at > n.changed_at
    WHERE n.workspace_id = %(workspace_id)s AND NOT EXISTS (
        SELECT FROM consent_log c WHERE c.workspace_id = n.workspace_id AND c.person_id = ANY (a.ids) AND (c.topic_id, c.channel) = (n.topic_id, n.channel)
          AND c.applied AND c.state <> 'unsubscribed' AND c.at > n.changed_at AND c.source NOT LIKE 'import:%%' AND c.source NOT LIKE 'journey:%%' AND c.source NOT LIKE 'undo:%%')
    GROUP BY n.person_id, n.topic_id, n.channel
) y
WHERE (u.person_id, u.topic_id, u.channel) = (y.person_id, y.topic_id, y.channel);

-- name: remove_identifiers
-- Take identifiers away from whoever has them.
DELETE FROM identifier i USING unnest(%(namespaces)b::text[], %(values)b::text[]) AS w (namespace, value)
WHERE i.workspace_id = %(workspace_id)s AND i.namespace = w.namespace AND i.value = w.value;

-- name: insert_identifiers
-- Give identifiers to people.
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(workspace_id)s, n.namespace, n.value, n.person_id, n.created_at
FROM unnest(%(namespaces)b::text[], %(values)b::text[], %(person_ids)s::bigint[], %(created_ats)b::timestamptz[])
     AS n (namespace, value, person_id, created_at);

-- name: find_stale
-- People whose mirror in ClickHouse is behind (everywhere), a page of them.
SELECT workspace_id, id FROM person WHERE version > mirrored ORDER BY id LIMIT %(limit)s;

-- name: find_standing
-- Who are these people today, is their mirror behind (it also is for those whom an open batch has made), and were they erased?
SELECT p.id, coalesce(p.merged_into, p.id),
       p.version > p.mirrored OR coalesce(p.made_in = ANY(ARRAY(SELECT l.batch FROM intake_lane l WHERE l.batch IS NOT NULL)), false),
       p.erased_at IS NOT NULL
FROM person p WHERE p.id = ANY(%(ids)s::bigint[]) AND p.workspace_id = %(workspace_id)s;

-- name: read_mirror
-- What ClickHouse keeps of these people.
SELECT p.id, p.version, CASE WHEN p.unmerged THEN coalesce(p.merged_into, p.id) ELSE p.merged_into END, (p.merged_into IS NOT NULL OR p.erased_at IS NOT NULL)::int, p.attributes::text,
       coalesce(p.language, ''), coalesce(p.country, ''), coalesce(p.region, ''), coalesce(p.city, ''), coalesce(p.position, ''), coalesce(p.time_zone, w.time_zone), p.created_at, s.states, g.keys, a.channels
FROM person p
JOIN workspace w ON w.id = p.workspace_id
LEFT JOIN LATERAL (
    SELECT array_agg(n.word) AS states FROM (
        SELECT DISTINCT ON (t.id, s.channel) t.key || ':' || s.channel || ':' || s.state AS word
        FROM subscription s JOIN topic t ON t.id = s.topic_id
        WHERE s.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = p.id))
        ORDER BY t.id, s.channel, s.changed_at DESC, s.state DESC) n) s ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT c.key) AS keys FROM company_person m JOIN company c ON c.id = m.company_id
    WHERE m.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT o.id FROM person o WHERE o.merged_into = p.id))) g ON true
LEFT JOIN LATERAL (
    SELECT array_agg(i.namespace) AS channels FROM identifier i
    WHERE i.person_id = p.id AND i.namespace IN ('email', 'phone')
      AND NOT EXISTS (SELECT FROM suppression x WHERE x.workspace_id = i.workspace_id AND x.channel = i.namespace AND x.address = lower(i.value))) a ON true
WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(ids)s::bigint[])
ORDER BY p.id;

-- name: mark_mirrored
-- ClickHouse has these versions.
UPDATE person p SET mirrored = greatest(p.mirrored, m.version)
FROM unnest(%(ids)s::bigint[], %(versions)s::bigint[]) AS m (id, version)
WHERE p.id = m.id AND p.workspace_id = %(workspace_id)s AND p.mirrored < m.version;

-- name: current_ids
-- Who are these people today? Merged ones are replaced by the survivor.
SELECT p.id, coalesce(p.merged_into, p.id) FROM person p WHERE p.id = ANY(%(ids)s::bigint[]) AND p.workspace_id = %(workspace_id)s;

-- name: find_people
-- A page of living people, newest first.
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.created_at, p.updated_at,
       coalesce((SELECT jsonb_agg(jsonb_build_object('namespace', i.namespace, 'value', i.value) ORDER BY i.created_at, i.namespace, i.value)
                 FROM identifier i WHERE i.person_id = p.id), '[]') AS identifiers
FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.merged_into IS NULL AND p.erased_at IS NULL
  AND (%(after)s::bigint IS NULL OR p.id < %(after)s)
ORDER BY p.id DESC LIMIT %(limit)s;

-- name: tell
-- Wake the worker that mirrors people.
SELECT pg_notify('intake', '');

-- name: find_some
-- These people, those of them who live.
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.created_at, p.updated_at,
       coalesce((SELECT jsonb_agg(jsonb_build_object('namespace', i.namespace, 'value', i.value) ORDER BY i.created_at, i.namespace, i.value)
                 FROM identifier i WHERE i.person_id = p.id), '[]') AS identifiers
FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(ids)s::bigint[]) AND p.merged_into IS NULL AND p.erased_at IS NULL;

-- name: search_people
-- A page of living people of whom a word lies in a range, in the order of the words; each under their first one. Every branch reads no
-- more than a page, however short the beginning: the place to go on from is at first the beginning itself, so that an index scan starts there. Identifiers of merged people are the survivor's; their names are not searched.
WITH found AS (
    (SELECT i.word, i.person_id AS id FROM identifier i
     WHERE i.workspace_id = %(workspace_id)s AND i.word < %(last)s AND (i.word, i.person_id) > (%(after_word)s, %(after)s::bigint)
     ORDER BY i.word, i.person_id LIMIT %(reach)s)
    UNION ALL
    (SELECT n.name_word, n.id FROM person n
     WHERE n.workspace_id = %(workspace_id)s AND n.name_word < %(last)s AND (n.name_word, n.id) > (%(after_word)s, %(after)s::bigint)
     ORDER BY n.name_word, n.id LIMIT %(reach)s)
    UNION ALL
    (SELECT n.first_word, n.id FROM person n
     WHERE n.workspace_id = %(workspace_id)s AND n.first_word < %(last)s AND (n.first_word, n.id) > (%(after_word)s, %(after)s::bigint)
     ORDER BY n.first_word, n.id LIMIT %(reach)s)
    UNION ALL
    (SELECT n.last_word, n.id FROM person n
     WHERE n.workspace_id = %(workspace_id)s AND n.last_word < %(last)s AND (n.last_word, n.id) > (%(after_word)s, %(after)s::bigint)
     ORDER BY n.last_word, n.id LIMIT %(reach)s)
    UNION ALL
    SELECT %(first)s::text, i.person_id FROM identifier i
    WHERE i.workspace_id = %(workspace_id)s AND i.namespace = 'anonymous_id' AND i.value = %(as_written)s AND (%(first)s::text COLLATE "C", i.person_id) > (%(after_word)s::text, %(after)s::bigint)
), page AS MATERIALIZED (
    SELECT f.word COLLATE "C" AS word, f.id FROM found f ORDER BY 1, 2 LIMIT %(reach)s
)
SELECT g.word, p.id, p.attributes, p.time_zone, p.language, p.country, p.created_at, p.updated_at, o.identifiers,
       p.merged_into IS NULL AND p.erased_at IS NULL AND g.word = (
           SELECT min(w.word) FROM unnest(o.words || ARRAY[p.name_word, p.first_word, p.last_word]) AS w (word)
           WHERE w.word COLLATE "C" >= %(first)s AND w.word COLLATE "C" < %(last)s) IS NOT false AS is_shown
FROM page g JOIN person p ON p.id = g.id AND p.workspace_id = %(workspace_id)s
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('namespace', i.namespace, 'value', i.value) ORDER BY i.created_at, i.namespace, i.value), '[]') AS identifiers,
           coalesce(array_agg(i.word), '{}') AS words
    FROM identifier i WHERE i.person_id = p.id) o
ORDER BY g.word, g.id;

-- name: count_people
-- How many living people there are.
SELECT count(*) FROM person WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL AND erased_at IS NULL;

-- name: get_profile
-- One person (the survivor when the given one was merged). Who that is stands apart: row-level security takes `coalesce` for leaky, and would read all people.
WITH asked AS MATERIALIZED (
    SELECT coalesce(n.merged_into, n.id) AS id FROM person n WHERE n.workspace_id = %(workspace_id)s AND n.id = %(person_id)s
)
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.region, p.city, p.position, p.provenance, p.created_at, p.updated_at,
       coalesce((SELECT jsonb_agg(jsonb_build_object('namespace', i.namespace, 'value', i.value) ORDER BY i.created_at, i.namespace, i.value)
                 FROM identifier i WHERE i.person_id = p.id), '[]') AS identifiers,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', m.id, 'person_id', m.merged_id, 'at', m.at, 'cause', m.cause,
                                                     'identifiers', m.snapshot #> '{merged,identifiers}') ORDER BY m.id)
                 FROM person_merge m WHERE m.workspace_id = p.workspace_id AND m.survivor_id = p.id AND m.undone_at IS NULL), '[]') AS merged,
       coalesce((SELECT jsonb_agg(n.word) FROM (
                     SELECT DISTINCT ON (t.id, s.channel)
                            jsonb_build_object('topic', t.key, 'channel', s.channel, 'state', s.state, 'changed_at', s.changed_at) AS word
                     FROM subscription s JOIN topic t ON t.id = s.topic_id
                     WHERE s.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT o.id FROM person o WHERE o.merged_into = p.id))
                     ORDER BY t.id, s.channel, s.changed_at DESC, s.state DESC) n), '[]') AS subscriptions,
       coalesce((SELECT jsonb_agg(jsonb_build_object('channel', x.channel, 'reason', x.reason, 'created_at', x.created_at) ORDER BY x.channel)
                 FROM identifier i JOIN suppression x
                   ON x.workspace_id = i.workspace_id AND x.channel = i.namespace AND x.address = lower(i.value)
                 WHERE i.person_id = p.id), '[]') AS suppressed
FROM asked JOIN person p ON p.id = asked.id
WHERE p.workspace_id = %(workspace_id)s AND p.erased_at IS NULL;

-- name: find_actors
-- All actors that are this person today: they and everybody merged into them.
SELECT id FROM person WHERE workspace_id = %(workspace_id)s AND (id = %(person_id)s OR merged_into = %(person_id)s) ORDER BY id;
