-- name: find_versions
-- Versions that runs stand on, will enter or are being brought to, of journeys in these states.
SELECT v.id, v.workspace_id, v.journey_id, j.key, j.status, j.started_at, j.segment_id, v.id = j.version_id AS is_current, v.graph AS text, j.ticked_at,
       EXISTS (SELECT FROM journey_changeover c WHERE c.journey_id = j.id AND c.version_id > v.id AND c.done_at IS NULL) AS is_leaving
FROM journey j JOIN journey_version v ON v.journey_id = j.id
WHERE j.status = ANY(%(statuses)s) AND (%(workspace_id)s::bigint IS NULL OR j.workspace_id = %(workspace_id)s)
  AND (v.id = j.version_id OR EXISTS (SELECT FROM run_position p WHERE p.version_id = v.id)
       OR EXISTS (SELECT FROM journey_changeover c WHERE c.version_id = v.id AND c.done_at IS NULL))
ORDER BY v.id;

-- name: find_versions_by_id
-- These versions, whatever has become of their journeys.
SELECT v.id, v.workspace_id, v.journey_id, j.key, j.status, j.started_at, j.segment_id, v.id = j.version_id AS is_current, v.graph AS text
FROM journey j JOIN journey_version v ON v.journey_id = j.id
WHERE v.id = ANY(%(ids)s::bigint[]) AND (%(workspace_id)s::bigint IS NULL OR v.workspace_id = %(workspace_id)s);

-- name: find_busy
-- On which versions somebody is due.
SELECT DISTINCT n.version_id
FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS n (version_id, node)
WHERE EXISTS (SELECT FROM run_position p WHERE p.version_id = n.version_id AND p.node = n.node AND p.due_at <= %(horizon)s);

-- name: find_work
-- Which (node, waiting) of a version have somebody due.
SELECT n.node, n.waiting
FROM unnest(%(nodes)s::text[], %(waitings)s::boolean[]) WITH ORDINALITY AS n (node, waiting, place)
WHERE EXISTS (SELECT FROM run_position p WHERE p.version_id = %(version_id)s AND p.node = n.node AND p.waiting = n.waiting AND p.due_at <= %(horizon)s)
ORDER BY n.place;

-- name: find_next_due
-- When the next run falls due on any of these nodes.
SELECT min(d.due_at)
FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS n (version_id, node),
     LATERAL (SELECT p.due_at FROM run_position p WHERE p.version_id = n.version_id AND p.node = n.node ORDER BY p.due_at LIMIT 1) d;

-- name: may_move
-- Whether a journey's people may move; if so nobody pauses it before this transaction ends.
SELECT true FROM journey j WHERE j.id = %(journey_id)s AND j.status IN ('running', 'draining') FOR KEY SHARE;

-- name: claim_due
-- Take due runs of one node: the row locks are the claim, so a crash gives everything back.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at
FROM run_position p
WHERE p.version_id = %(version_id)s AND p.node = %(node)s AND p.waiting = %(waiting)s AND p.due_at <= %(horizon)s
ORDER BY p.due_at
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: find_due
-- See due runs of one node without taking them: a ClickHouse query comes first.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at
FROM run_position p
WHERE p.version_id = %(version_id)s AND p.node = %(node)s AND p.waiting = %(waiting)s AND p.due_at <= %(horizon)s
ORDER BY p.due_at
LIMIT %(limit)s;

-- name: claim_seen
-- Take the runs that were seen, if they are where they were: `visit` is the fence, which whoever asks compares. No join: where few were expected to
-- stand here, it compared each with each.
SELECT p.run_id, p.visit
FROM run_position p
WHERE p.run_id = ANY(%(run_ids)s::bigint[]) AND p.waiting = %(waiting)s AND p.node = %(node)s
FOR UPDATE SKIP LOCKED;

-- name: find_standing
-- Take the runs of one version that these people have under way, in the order of their ids (so that two batches never wait in a circle).
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at, p.node
FROM run r JOIN run_position p ON p.run_id = r.id AND p.version_id = %(version_id)s
WHERE r.journey_id = %(journey_id)s AND r.person_id = ANY(%(person_ids)s::bigint[]) AND r.ended_at IS NULL
ORDER BY p.run_id
FOR UPDATE OF p;

-- name: find_concerned
-- In which of these journeys some people have runs under way.
SELECT DISTINCT r.journey_id FROM run r
WHERE r.person_id = ANY(%(person_ids)s::bigint[]) AND r.journey_id = ANY(%(journey_ids)s::bigint[]) AND r.ended_at IS NULL;

-- name: find_resting
-- Take a page of the runs of one version that rest on some nodes, in the order of their ids.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at, p.node
FROM run_position p
WHERE p.version_id = %(version_id)s AND p.node = ANY(%(nodes)s::text[]) AND p.waiting AND p.run_id > %(after)s
ORDER BY p.run_id
LIMIT %(limit)s
FOR UPDATE;

-- name: lock_rules
-- By which rules of time zones moments were reckoned; nothing if another worker looks at them just now.
SELECT digest FROM clock_rules FOR UPDATE SKIP LOCKED;

-- name: set_rules
-- By which they are now.
UPDATE clock_rules SET digest = %(digest)s;

-- name: advance_due
-- Put runs down on the node that they come to, at the moment they were due; count and log each leg of the way that led there without a rest.
WITH moved AS (
    UPDATE run_position p
    SET node = %(target)s, visit = p.visit + %(hops)s, waiting = %(looked_at)s, arrived_at = p.due_at, due_at = p.due_at + %(rest)s::interval
    WHERE p.run_id = ANY(%(run_ids)s::bigint[])
    RETURNING p.run_id, p.visit - %(hops)s AS visit, p.arrived_at AS at
), counted AS (
    INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
    SELECT %(workspace_id)s, %(version_id)s, leg.node, leg.edge, q.count
    FROM (SELECT count(*) AS count FROM moved) q CROSS JOIN unnest(%(nodes)s::text[], %(edges)s::text[]) AS leg (node, edge) WHERE q.count > 0
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT m.run_id, m.visit + leg.place - 1, %(workspace_id)s, %(version_id)s, leg.node, leg.edge, leg.reason, m.at
FROM moved m CROSS JOIN unnest(%(nodes)s::text[], %(edges)s::text[], %(reasons)s::text[]) WITH ORDINALITY AS leg (node, edge, reason, place);

-- name: advance_at
-- Move runs on at given moments, count them and say why.
WITH moved AS (
    UPDATE run_position p
    SET node = %(target)s, visit = p.visit + 1, waiting = %(looked_at)s, arrived_at = given.at, due_at = given.at + %(rest)s::interval
    FROM unnest(%(run_ids)s::bigint[], %(ats)s::timestamptz[], %(details)s::text[]) AS given (run_id, at, detail)
    WHERE p.run_id = given.run_id
    RETURNING p.run_id, p.visit - 1 AS visit, given.at, given.detail
), counted AS (
    INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
    SELECT %(workspace_id)s, %(version_id)s, %(node)s, %(edge)s, count(*) FROM moved HAVING count(*) > 0
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)
SELECT run_id, visit, %(workspace_id)s, %(version_id)s, %(node)s, %(edge)s, %(reason)s, at, detail::jsonb FROM moved;

-- name: hold
-- Let runs that were looked at on arrival rest till their deadline.
UPDATE run_position p SET waiting = true, due_at = p.arrived_at + %(rest)s::interval WHERE p.run_id = ANY(%(run_ids)s::bigint[]);

-- name: hold_until
-- Let runs rest where they stand, each until its own moment.
UPDATE run_position p SET waiting = %(waiting)s, due_at = given.at
FROM unnest(%(run_ids)s::bigint[], %(ats)s::timestamptz[]) AS given (run_id, at)
WHERE p.run_id = given.run_id;

-- name: find_living
-- Which of these people are neither merged away nor erased.
SELECT p.id FROM person p WHERE p.id = ANY(%(person_ids)s::bigint[]) AND p.merged_into IS NULL AND p.erased_at IS NULL;

-- name: end_due
-- End runs at the moment they were due; count and log each leg of the way that led there without a rest.
WITH gone AS (
    DELETE FROM run_position p WHERE p.run_id = ANY(%(run_ids)s::bigint[]) RETURNING p.run_id, p.visit, p.due_at AS at
), ended AS (
    -- The keys are not said again: with them the table would be searched for all of them once for each run.
    UPDATE run r SET ended_at = gone.at, outcome = %(outcome)s FROM gone WHERE r.id = gone.run_id
), counted AS (
    INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
    SELECT %(workspace_id)s, %(version_id)s, leg.node, leg.edge, q.count
    FROM (SELECT count(*) AS count FROM gone) q CROSS JOIN unnest(%(nodes)s::text[], %(edges)s::text[]) AS leg (node, edge) WHERE q.count > 0
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT g.run_id, g.visit + leg.place - 1, %(workspace_id)s, %(version_id)s, leg.node, leg.edge, leg.reason, g.at
FROM gone g CROSS JOIN unnest(%(nodes)s::text[], %(edges)s::text[], %(reasons)s::text[]) WITH ORDINALITY AS leg (node, edge, reason, place);

-- name: end_runs
-- End runs where they stand, count them and say why.
WITH gone AS (
    DELETE FROM run_position p
    USING unnest(%(run_ids)s::bigint[], %(ats)s::timestamptz[], %(details)s::text[]) AS given (run_id, at, detail)
    WHERE p.run_id = given.run_id
    RETURNING p.run_id, p.visit, given.at, given.detail
), ended AS (
    -- The keys are not said again: with them the table would be searched for all of them once for each run.
    UPDATE run r SET ended_at = gone.at, outcome = %(outcome)s FROM gone WHERE r.id = gone.run_id
), counted AS (
    INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
    SELECT %(workspace_id)s, %(version_id)s, %(node)s, %(edge)s, count(*) FROM gone HAVING count(*) > 0
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)
SELECT run_id, visit, %(workspace_id)s, %(version_id)s, %(node)s, %(edge)s, %(reason)s, at, detail::jsonb FROM gone;

-- name: count_flow
-- Append how many took each edge.
INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
SELECT %(workspace_id)s, %(version_id)s, f.node, f.edge, f.count
FROM unnest(%(nodes)s::text[], %(edges)s::text[], %(counts)s::bigint[]) AS f (node, edge, count);

-- name: fold_flow
-- Fold the appended counts of versions that have many, so that reading them stays quick.
WITH many AS (
    SELECT version_id FROM journey_flow GROUP BY version_id HAVING count(*) > %(above)s
), gone AS (
    DELETE FROM journey_flow f USING many WHERE f.version_id = many.version_id
    RETURNING f.workspace_id, f.version_id, f.node, f.edge, f.count
)
INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
SELECT workspace_id, version_id, node, edge, sum(count) FROM gone GROUP BY workspace_id, version_id, node, edge;

-- name: plan_effects
-- What a node does to people, for the effects role to do. The key makes each visit act once.
INSERT INTO journey_effect (run_id, visit, workspace_id, version_id, person_id, node, at)
SELECT e.run_id, e.visit, %(workspace_id)s, %(version_id)s, e.person_id, %(node)s, e.at
FROM unnest(%(run_ids)s::bigint[], %(visits)s::integer[], %(person_ids)s::bigint[], %(ats)s::timestamptz[]) AS e (run_id, visit, person_id, at);

-- name: find_triggers
-- What started these runs, as templates see it.
SELECT t.run_id, CASE WHEN t.items = '[]' THEN t.properties ELSE t.properties || jsonb_build_object('items', t.items) END::text
FROM run_trigger t
WHERE t.run_id = ANY(%(run_ids)s::bigint[]);

-- name: find_known
-- What is known of these people's runs in a journey: how often, when last, and the one under way.
SELECT r.person_id, r.run_key, max(r.entry) AS entry, max(r.entered_at) AS entered_at, max(r.id) FILTER (WHERE r.ended_at IS NULL) AS open_id,
       max(r.ended_at) AS ended_at
FROM run r
WHERE r.journey_id = %(journey_id)s AND r.person_id = ANY(%(person_ids)s::bigint[])
GROUP BY r.person_id, r.run_key;

-- name: enter
-- Begin runs; the unique key (journey, person, key, entry) makes a repeat do nothing.
INSERT INTO run (workspace_id, journey_id, version_id, person_id, run_key, entry, entered_at)
SELECT %(workspace_id)s, %(journey_id)s, %(version_id)s, g.person_id, g.run_key, g.entry, g.at
FROM unnest(%(person_ids)s::bigint[], %(run_keys)s::text[], %(entries)s::integer[], %(ats)s::timestamptz[]) AS g (person_id, run_key, entry, at)
ORDER BY g.person_id, g.run_key, g.entry
ON CONFLICT (journey_id, person_id, run_key, entry) DO NOTHING
RETURNING id, person_id, run_key, entry;

-- name: settle
-- Place runs that have begun on the first node, keep what triggered them, and log it. No joins: nothing for a stale statistic to spoil.
WITH given AS (
    SELECT * FROM unnest(%(run_ids)s::bigint[], %(person_ids)s::bigint[], %(ats)s::timestamptz[],
                         %(names)s::text[], %(message_ids)s::text[], %(properties)s::text[], %(items)s::text[])
        AS g (run_id, person_id, at, name, message_id, properties, items)
), placed AS (
    INSERT INTO run_position (run_id, workspace_id, version_id, person_id, visit, node, waiting, entered_at, arrived_at, due_at)
    SELECT run_id, %(workspace_id)s, %(version_id)s, person_id, 1, %(start)s, %(looked_at)s, at, at, at + %(rest)s::interval FROM given
), kept AS (
    INSERT INTO run_trigger (run_id, workspace_id, name, message_id, properties, items)
    SELECT run_id, %(workspace_id)s, name, message_id, properties::jsonb, items::jsonb FROM given WHERE message_id IS NOT NULL
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)
SELECT run_id, 0, %(workspace_id)s, %(version_id)s, '', 'start', %(reason)s, at, CASE WHEN message_id IS NOT NULL THEN jsonb_build_object('message_id', message_id) END
FROM given;

-- name: gather
-- Another trigger of the same key while the run lives: the newest properties count, and all are gathered.
UPDATE run_trigger t
SET name = g.name, message_id = g.message_id, properties = g.properties::jsonb, items = t.items || g.items::jsonb
FROM unnest(%(run_ids)s::bigint[], %(names)s::text[], %(message_ids)s::text[], %(properties)s::text[], %(items)s::text[])
    AS g (run_id, name, message_id, properties, items)
WHERE t.run_id = g.run_id AND jsonb_array_length(t.items) < %(most)s AND NOT t.items @> g.items::jsonb;

-- name: find_merged
-- Runs under way of people who have been merged into one of these people.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at, p.node, p.version_id, r.run_key, gone.merged_into AS survivor_id
FROM person gone JOIN run r ON r.person_id = gone.id AND r.ended_at IS NULL JOIN run_position p ON p.run_id = r.id
WHERE gone.merged_into = ANY(%(person_ids)s::bigint[])
ORDER BY p.run_id
FOR UPDATE OF p;

-- name: hand_over
-- Give merged people's runs to the survivors, unless a survivor has (or, if once is enough, had) that very run already.
WITH given AS (
    UPDATE run r SET person_id = mine.survivor_id, actor_id = coalesce(r.actor_id, r.person_id), entry = coalesce(mine.entry, 0) + 1
    FROM (
        SELECT g.run_id, g.survivor_id, max(known.entry) AS entry, coalesce(bool_or(known.ended_at IS NULL), false) AS is_open
        FROM unnest(%(run_ids)s::bigint[], %(survivor_ids)s::bigint[], %(run_keys)s::text[]) AS g (run_id, survivor_id, run_key)
        LEFT JOIN run known ON known.journey_id = %(journey_id)s AND known.person_id = g.survivor_id AND known.run_key = g.run_key
        GROUP BY g.run_id, g.survivor_id
    ) mine
    WHERE r.id = mine.run_id AND (mine.entry IS NULL OR %(may_repeat)s AND NOT mine.is_open)
    RETURNING r.id, r.person_id
)
UPDATE run_position p SET person_id = given.person_id FROM given WHERE p.run_id = given.id
RETURNING p.run_id;

-- name: ring
-- Wake the journey workers when this transaction commits.
SELECT pg_notify('runs', '');
