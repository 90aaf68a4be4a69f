-- name: take_merge
-- A merge that stands, with who the two are today.
SELECT m.survivor_id, m.merged_id, m.snapshot, m.at, gone.merged_into, s.merged_into AS survivor_merged_into, s.erased_at
FROM person_merge m JOIN person gone ON gone.id = m.merged_id JOIN person s ON s.id = m.survivor_id
WHERE m.workspace_id = %(workspace_id)s AND m.id = %(merge_id)s AND m.undone_at IS NULL
FOR UPDATE OF m;

-- name: find_inner
-- Everybody who had been merged into somebody before, at any remove.
WITH RECURSIVE inside AS (
    SELECT %(merged_id)s::bigint AS id
    UNION SELECT m.merged_id FROM person_merge m JOIN inside i ON m.survivor_id = i.id
    WHERE m.workspace_id = %(workspace_id)s AND m.undone_at IS NULL
)
SELECT id FROM inside ORDER BY id;

-- name: find_own
-- What identifies and describes the survivor today.
SELECT p.attributes, p.time_zone, p.language, p.country, p.region, p.city, p.position, p.provenance, p.claimed, p.created_at FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.id = %(person_id)s FOR UPDATE;

-- name: find_holders
-- Who holds these identifiers today?
SELECT w.namespace, w.value, i.person_id
FROM unnest(%(namespaces)b::text[], %(values)b::text[]) AS w (namespace, value)
LEFT JOIN identifier i ON i.workspace_id = %(workspace_id)s AND i.namespace = w.namespace AND i.value = w.value;

-- name: write_person
-- One of the two as they are from now on.
UPDATE person SET attributes = %(attributes)s::jsonb, time_zone = %(time_zone)s, language = %(language)s, country = %(country)s,
    region = %(region)s, city = %(city)s, position = %(position)s,
    provenance = %(provenance)s::jsonb, claimed = %(claimed)s::jsonb, created_at = %(created_at)s, updated_at = %(now)s, version = version + 1
WHERE workspace_id = %(workspace_id)s AND id = %(person_id)s;

-- name: split
-- The merged person lives again, and those who had been merged into them follow.
UPDATE person SET merged_into = CASE WHEN id = %(merged_id)s THEN NULL ELSE %(merged_id)s END, unmerged = true, updated_at = %(now)s, version = version + 1
WHERE workspace_id = %(workspace_id)s AND id = ANY(%(actors)s::bigint[]);

-- name: give_runs
-- Runs under way that they had entered themselves go with them.
WITH theirs AS (
    SELECT r.id, row_number() OVER (PARTITION BY r.journey_id, r.run_key ORDER BY r.id)
               + coalesce((SELECT max(o.entry) FROM run o WHERE o.journey_id = r.journey_id AND o.person_id = %(merged_id)s AND o.run_key = r.run_key), 0) AS entry
    FROM run r WHERE r.workspace_id = %(workspace_id)s AND r.person_id = %(survivor_id)s AND r.actor_id = ANY(%(actors)s::bigint[]) AND r.ended_at IS NULL
), given AS (
    UPDATE run r SET person_id = %(merged_id)s, entry = t.entry FROM theirs t WHERE r.id = t.id RETURNING r.id
)
UPDATE run_position p SET person_id = %(merged_id)s FROM given g WHERE p.run_id = g.id;

-- name: keep_refusals
-- Who said no after the merge said it for both; a list that came after it did so too, however old its "no" is.
WITH refused AS (
    SELECT s.topic_id, s.channel, s.changed_at FROM subscription s
    WHERE s.workspace_id = %(workspace_id)s AND s.person_id = %(survivor_id)s AND s.state = 'unsubscribed' AND (s.changed_at >= %(since)s
        OR EXISTS (
            SELECT FROM consent_log c JOIN import i ON i.workspace_id = c.workspace_id AND c.source = 'import:' || i.id
            WHERE c.workspace_id = s.workspace_id AND (c.person_id, c.topic_id, c.channel) = (s.person_id, s.topic_id, s.channel)
              AND c.applied AND c.state = 'unsubscribed' AND (i.finished_at IS NULL OR i.finished_at >= %(since)s)))
), told AS (
    INSERT INTO subscription AS old (workspace_id, person_id, topic_id, channel, state, changed_at)
    SELECT %(workspace_id)s, %(merged_id)s, r.topic_id, r.channel, 'unsubscribed', r.changed_at FROM refused r
    ON CONFLICT (person_id, topic_id, channel) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at
    WHERE old.changed_at <= excluded.changed_at AND old.state <> 'unsubscribed'
    RETURNING topic_id, channel, changed_at
)
INSERT INTO consent_log (workspace_id, person_id, topic_id, channel, state, at, source, applied, proof)
SELECT %(workspace_id)s, %(merged_id)s, topic_id, channel, 'unsubscribed', changed_at, 'unmerge', true, jsonb_build_object('said_as', %(survivor_id)s::bigint)
FROM told ON CONFLICT DO NOTHING;

-- name: mark_undone
-- The merge is history.
UPDATE person_merge SET undone_at = %(now)s, undone_by = %(by)s WHERE workspace_id = %(workspace_id)s AND id = %(merge_id)s;

-- name: tell
-- Wake the worker that mirrors people, and the one that moves runs.
SELECT pg_notify('intake', ''), pg_notify('runs', '');
