-- name: find_stages
-- The stages in order, each with its rule and what is recorded of who is there.
SELECT t.id, t.key, t.position, t.names, t.texts, t.colour, t.rule_id, t.place_id, r.definition, m.count, m.built_at, m.checked_at, m.failure
FROM lifecycle_stage t JOIN segment r ON r.id = t.rule_id JOIN segment_membership m ON m.segment_id = t.place_id
WHERE t.workspace_id = %(workspace_id)s AND t.position IS NOT NULL ORDER BY t.position;

-- name: has_stages
-- Were there ever any stages?
SELECT EXISTS (SELECT FROM lifecycle_stage WHERE workspace_id = %(workspace_id)s);

-- name: find_names
-- What all stages are called, removed ones too.
SELECT id, key, names, colour FROM lifecycle_stage WHERE workspace_id = %(workspace_id)s;

-- name: add_stage
-- A new stage at the end.
INSERT INTO lifecycle_stage (workspace_id, key, position, names, texts, colour, rule_id, place_id)
SELECT %(workspace_id)s, %(key)s, coalesce(max(position), 0) + 1, %(names)s, %(texts)s, %(colour)s, %(rule_id)s, %(place_id)s
FROM lifecycle_stage WHERE workspace_id = %(workspace_id)s
RETURNING id;

-- name: next_key
-- What events shall call a stage that somebody adds.
SELECT 'stage_' || count(*) + 1 FROM lifecycle_stage WHERE workspace_id = %(workspace_id)s;

-- name: describe_stage
-- What it is called, says and looks like.
UPDATE lifecycle_stage SET names = coalesce(%(names)s::jsonb, names), texts = coalesce(%(texts)s::jsonb, texts), colour = coalesce(%(colour)s, colour)
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: order_stages
-- These stages in this order, all others removed.
UPDATE lifecycle_stage t SET position = (SELECT w.place FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS w (id, place) WHERE w.id = t.id)
WHERE t.workspace_id = %(workspace_id)s;

-- name: leave_stage
-- Nobody stands in a stage that is removed, until it is counted where they belong.
DELETE FROM lifecycle_place WHERE workspace_id = %(workspace_id)s AND stage_id = %(id)s;

-- name: find_places
-- Where these people stand as far as it was told.
SELECT person_id, stage_id, since FROM lifecycle_place WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(people)s::bigint[]);

-- name: add_moves
-- Write down who moved; who was merged or erased meanwhile has not.
INSERT INTO lifecycle_move (workspace_id, person_id, from_id, to_id, is_forward, since, at)
SELECT %(workspace_id)s, w.person_id, w.from_id, w.to_id, w.is_forward, w.since, w.at
FROM unnest(%(people)s::bigint[], %(origins)s::bigint[], %(targets)s::bigint[], %(forward)s::boolean[], %(sinces)s::timestamptz[], %(instants)s::timestamptz[])
     WITH ORDINALITY AS w (person_id, from_id, to_id, is_forward, since, at, place)
JOIN person p ON p.id = w.person_id AND p.workspace_id = %(workspace_id)s AND p.merged_into IS NULL AND p.erased_at IS NULL
ORDER BY w.place
RETURNING id, person_id;

-- name: put_places
-- These people stand here from now on.
INSERT INTO lifecycle_place (workspace_id, person_id, stage_id, since)
SELECT m.workspace_id, m.person_id, m.to_id, m.at FROM lifecycle_move m
WHERE m.workspace_id = %(workspace_id)s AND m.id = ANY(%(moves)s::bigint[]) AND m.to_id IS NOT NULL
ON CONFLICT (workspace_id, person_id) DO UPDATE SET stage_id = EXCLUDED.stage_id, since = EXCLUDED.since;

-- name: clear_places
-- These people stand nowhere any more.
DELETE FROM lifecycle_place l USING lifecycle_move m
WHERE m.workspace_id = %(workspace_id)s AND m.id = ANY(%(moves)s::bigint[]) AND m.to_id IS NULL
  AND l.workspace_id = m.workspace_id AND l.person_id = m.person_id;

-- name: settle
-- All these people stand here, without having moved.
INSERT INTO lifecycle_place (workspace_id, person_id, stage_id)
SELECT %(workspace_id)s, w.id, %(stage_id)s FROM unnest(%(people)s::bigint[]) AS w (id)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET stage_id = EXCLUDED.stage_id, since = NULL WHERE lifecycle_place.stage_id <> EXCLUDED.stage_id;

-- name: unsettle
-- Of those who stand here, all but these stand nowhere.
DELETE FROM lifecycle_place l
WHERE l.workspace_id = %(workspace_id)s AND l.stage_id = %(stage_id)s
  AND NOT EXISTS (SELECT FROM unnest(%(people)s::bigint[]) AS w (id) WHERE w.id = l.person_id);

-- name: get_place
-- Where somebody stands.
SELECT stage_id, since FROM lifecycle_place WHERE workspace_id = %(workspace_id)s AND person_id = %(person_id)s;

-- name: find_moves
-- Somebody's moves, newest first.
SELECT id, from_id, to_id, is_forward, since, at FROM lifecycle_move
WHERE workspace_id = %(workspace_id)s AND person_id = %(person_id)s AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: find_people
-- A page of who stands in a stage, by id.
SELECT person_id, since FROM lifecycle_place
WHERE workspace_id = %(workspace_id)s AND stage_id = %(stage_id)s AND person_id > %(after)s ORDER BY person_id LIMIT %(limit)s;

-- name: funnel
-- What became of everybody who entered a stage in this time: their next move out of it, if there is one by now.
WITH entry AS (
    SELECT m.to_id AS stage_id, n.is_forward, n.at - m.at AS stay
    FROM lifecycle_move m
    LEFT JOIN LATERAL (
        SELECT o.is_forward, o.at FROM lifecycle_move o
        WHERE o.workspace_id = m.workspace_id AND o.person_id = m.person_id AND o.id > m.id ORDER BY o.id LIMIT 1
    ) n ON true
    WHERE m.workspace_id = %(workspace_id)s AND m.at > %(since)s AND m.at <= %(now)s AND m.to_id IS NOT NULL
)
SELECT stage_id, count(*) AS entered, count(*) FILTER (WHERE is_forward) AS onward, count(*) FILTER (WHERE NOT is_forward) AS lost,
       extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY stay) FILTER (WHERE is_forward))::float8 AS median_s
FROM entry GROUP BY stage_id;

-- name: find_flows
-- How many moved from where to where in this time.
SELECT from_id, to_id, is_forward, count(*) AS moves FROM lifecycle_move
WHERE workspace_id = %(workspace_id)s AND at > %(since)s AND at <= %(now)s GROUP BY from_id, to_id, is_forward ORDER BY moves DESC, from_id, to_id;

-- name: count_living
-- How many people there are.
SELECT count(*) FROM person WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL AND erased_at IS NULL;

-- name: find_asking
-- The stages whose rules are built on a segment.
SELECT t.key, t.names FROM lifecycle_stage t JOIN segment r ON r.id = t.rule_id
WHERE t.workspace_id = %(workspace_id)s AND t.position IS NOT NULL AND %(segment_id)s = ANY(r.segment_ids) ORDER BY t.position;
