-- name: get_journey
-- One journey by its key.
SELECT j.id, j.key, j.status, j.version_id, j.segment_id, j.started_at, j.paused_at, j.ends_at, j.created_at, j.updated_at
FROM journey j
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s;

-- name: lock_journey
-- One journey by its key, held while it changes.
SELECT j.id, j.key, j.status, j.version_id, j.segment_id, j.started_at, j.paused_at, j.archived_at, j.ends_at, j.created_at, j.updated_at
FROM journey j
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s
FOR UPDATE;

-- name: find_journeys
-- All journeys with their newest graph and how many runs are under way, by key: those in use, or those put away.
SELECT j.id, j.key, j.status, j.started_at, j.paused_at, j.updated_at, v.number, v.graph,
       (SELECT count(*) FROM journey_version w JOIN run_position p ON p.version_id = w.id WHERE w.journey_id = j.id) AS here
FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND j.key > %(after)s AND (j.archived_at IS NOT NULL) = %(archived)s
ORDER BY j.key
LIMIT %(limit)s;

-- name: count_journeys
-- How many journeys are published, of those in use or of those put away.
SELECT count(*) FROM journey j
WHERE j.workspace_id = %(workspace_id)s AND j.version_id IS NOT NULL AND (j.archived_at IS NOT NULL) = %(archived)s;

-- name: make_journey
-- Make a draft if the key is new.
INSERT INTO journey (workspace_id, key, created_at, updated_at) VALUES (%(workspace_id)s, %(key)s, %(now)s, %(now)s)
ON CONFLICT (workspace_id, key) DO NOTHING;

-- name: current_version
-- The version that new runs enter.
SELECT v.id, v.number, v.graph, v.created_at, v.created_by
FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.id = %(journey_id)s;

-- name: version_at
-- The version that new runs entered at a moment.
SELECT v.id, v.number, v.graph, v.created_at, v.created_by
FROM journey_version v WHERE v.journey_id = %(journey_id)s AND v.created_at <= %(at)s ORDER BY v.number DESC LIMIT 1;

-- name: get_graph
-- The graph of one version.
SELECT v.graph FROM journey_version v WHERE v.journey_id = %(journey_id)s AND v.number = %(number)s;

-- name: find_all_versions
-- Every version of a journey, newest first.
SELECT v.id, v.number, v.graph, v.created_at, v.created_by FROM journey_version v WHERE v.journey_id = %(journey_id)s ORDER BY v.number DESC;

-- name: find_using
-- Versions whose graph may name a segment, of those that runs enter or are under way in (the text is ours, so its form is known).
SELECT j.key, j.status, v.number, v.graph, v.id = j.version_id AS is_current
FROM journey j JOIN journey_version v ON v.journey_id = j.id
WHERE j.workspace_id = %(workspace_id)s AND v.graph ~ %(named)s
  AND (v.id = j.version_id OR EXISTS (SELECT FROM run_position p WHERE p.version_id = v.id))
ORDER BY j.key, v.number DESC;

-- name: find_triggers
-- The current graphs of journeys that begin with a segment, and of those that speak of an event.
SELECT j.key, v.graph FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND (j.segment_id IS NOT NULL OR position(%(event)s IN v.graph) > 0) ORDER BY j.key;

-- name: find_acting
-- The current graphs of journeys that change people or start others, and of those that such a thing may begin (the text is ours, so its form is known).
SELECT j.key, v.graph FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND (j.segment_id IS NOT NULL OR v.graph ~ '"kind": "(update|start|always)"') ORDER BY j.key;

-- name: find_keys
-- Which of these journeys there are.
SELECT key FROM journey WHERE workspace_id = %(workspace_id)s AND key = ANY(%(keys)s::text[]);

-- name: add_version
-- Append an immutable version.
INSERT INTO journey_version (workspace_id, journey_id, number, graph, created_at, created_by)
SELECT %(workspace_id)s, %(journey_id)s, coalesce(max(v.number), 0) + 1, %(graph)s, %(now)s, %(created_by)s
FROM journey_version v WHERE v.journey_id = %(journey_id)s
RETURNING id;

-- name: set_version
-- New runs enter this version from now on.
UPDATE journey SET version_id = %(version_id)s, segment_id = %(segment_id)s, ends_at = %(ends_at)s, updated_at = %(now)s WHERE id = %(journey_id)s;

-- name: start_journey
-- Let it run. Facts from before the first start are history.
UPDATE journey SET status = 'running', started_at = coalesce(started_at, %(now)s), paused_at = NULL, updated_at = %(now)s WHERE id = %(journey_id)s;

-- name: begin_reading
-- What the consent log has told until now is history to this journey: from before its start, its pause, or its trigger.
UPDATE journey SET consent_txid = pg_snapshot_xmin(pg_current_snapshot()), consent_id = 0, consent_since = %(now)s, ticked_at = %(now)s WHERE id = %(journey_id)s;

-- name: drain_journey
-- Let nobody enter; who is inside goes on.
UPDATE journey SET status = 'draining', paused_at = NULL, updated_at = %(now)s WHERE id = %(journey_id)s;

-- name: find_over
-- Running journeys whose end has come.
SELECT j.workspace_id, j.key FROM journey j WHERE j.status = 'running' AND j.ends_at <= %(now)s ORDER BY j.id;

-- name: pause_journey
-- Let nobody enter and nobody move.
UPDATE journey SET status = 'paused', paused_at = %(now)s, updated_at = %(now)s WHERE id = %(journey_id)s;

-- name: shift_runs
-- After a pause each run has as long to rest as it had before; not those that wait for a moment by the clock.
UPDATE run_position p
SET due_at = p.due_at + (%(now)s - greatest(%(paused_at)s, p.arrived_at)), arrived_at = p.arrived_at + (%(now)s - greatest(%(paused_at)s, p.arrived_at))
FROM journey_version v
WHERE v.journey_id = %(journey_id)s AND p.version_id = v.id AND p.due_at > %(paused_at)s
  AND NOT (p.waiting AND (v.id, p.node) IN (SELECT * FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[])));

-- name: miss_moments
-- Whose moment by the clock came during a pause looks for the next one, as if they came to the node now.
UPDATE run_position p SET waiting = false, arrived_at = %(now)s, due_at = %(now)s
FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS c (version_id, node)
WHERE p.version_id = c.version_id AND p.node = c.node AND p.waiting AND p.due_at > %(paused_at)s AND p.due_at <= %(now)s;

-- name: count_lots
-- Of the people who drew lots at these steps, by the way that each went first: how many, how many reached the goal since, how many of the others are under
-- way. Each person counts once, whoever they are today: those who come again and again would make chance look like knowledge.
WITH drawn AS (
    SELECT DISTINCT ON (l.node, coalesce(p.merged_into, p.id)) l.node, coalesce(p.merged_into, p.id) AS person_id, l.edge, l.at
    FROM journey_version v JOIN run_log l ON l.version_id = v.id JOIN run r ON r.id = l.run_id
    JOIN person p ON p.id = coalesce(r.actor_id, r.person_id)
    WHERE v.journey_id = %(journey_id)s AND l.node = ANY(%(nodes)s::text[]) AND l.reason IN ('lot_drawn', 'held_out') AND p.erased_at IS NULL
    ORDER BY l.node, coalesce(p.merged_into, p.id), l.at, l.run_id
), facts AS (
    -- Brought together by one sorting and not by joins: nothing for a stale statistic to spoil.
    SELECT d.person_id, d.node, d.edge, d.at, NULL::timestamptz AS reached_at, false AS is_open FROM drawn d
    UNION ALL
    -- Runs that were over when their person was merged are theirs still.
    SELECT coalesce(p.merged_into, p.id), NULL, NULL, NULL, CASE WHEN g.outcome = 'goal' THEN g.ended_at END, g.ended_at IS NULL
    FROM run g JOIN person p ON p.id = coalesce(g.actor_id, g.person_id) WHERE g.journey_id = %(journey_id)s
), people AS (
    SELECT f.node, f.edge, f.at, max(f.reached_at) OVER (PARTITION BY f.person_id) AS reached_at, bool_or(f.is_open) OVER (PARTITION BY f.person_id) AS is_open
    FROM facts f
), judged AS (
    SELECT p.node, p.edge, (p.reached_at >= p.at) IS TRUE AS reached, p.is_open FROM people p WHERE p.node IS NOT NULL
)
SELECT j.node, j.edge, count(*), count(*) FILTER (WHERE j.reached), count(*) FILTER (WHERE j.is_open AND NOT j.reached) FROM judged j GROUP BY j.node, j.edge;

-- name: find_flow
-- How many took each edge of a version.
SELECT f.node, f.edge, sum(f.count)::bigint AS count FROM journey_flow f WHERE f.version_id = %(version_id)s GROUP BY f.node, f.edge;

-- name: find_here
-- How many stand on each node of a version.
SELECT p.node, count(*) AS count FROM run_position p WHERE p.version_id = %(version_id)s GROUP BY p.node;

-- name: find_runs
-- Runs of a journey, newest first.
SELECT r.id, r.person_id, r.run_key, r.entered_at, r.ended_at, r.outcome, p.node, p.visit, p.due_at, p.waiting, v.number AS version
FROM run r JOIN journey_version v ON v.id = r.version_id LEFT JOIN run_position p ON p.run_id = r.id
WHERE r.journey_id = %(journey_id)s AND r.id < %(after)s AND (%(node)s::text IS NULL OR p.node = %(node)s) AND (%(person_id)s::bigint IS NULL OR r.person_id = %(person_id)s)
ORDER BY r.id DESC
LIMIT %(limit)s;

-- name: find_log
-- What a run did, step by step.
SELECT l.run_id, l.visit, l.node, l.edge, l.reason, l.at, l.detail FROM run_log l WHERE l.run_id = ANY(%(run_ids)s::bigint[]) ORDER BY l.run_id DESC, l.visit;

-- name: find_messages
-- What became of the messages of these runs.
SELECT m.source_id AS run_id, m.step, m.visit, m.id, m.state, m.reason FROM message m
WHERE m.source_kind = 'journey' AND m.source_id = ANY(%(run_ids)s::bigint[]);

-- name: find_called
-- The living person of a number or a user_id; the survivor, where they were merged.
SELECT coalesce(p.merged_into, p.id) FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.erased_at IS NULL AND p.id = coalesce(%(person_id)s::bigint, (
    SELECT i.person_id FROM identifier i WHERE i.workspace_id = %(workspace_id)s AND i.namespace = 'user_id' AND i.value = %(user_id)s));

-- name: lock_ticked
-- Up to when a journey's ticks have come; its row is held while the next one does. Nothing for a version that is the current one no more, or a journey
-- that was stopped meanwhile.
SELECT j.ticked_at FROM journey j WHERE j.id = %(journey_id)s AND j.version_id = %(version_id)s AND j.status = 'running' FOR NO KEY UPDATE;

-- name: set_ticked
-- This tick has come.
UPDATE journey SET ticked_at = %(at)s WHERE id = %(journey_id)s;

-- name: find_in_zones
-- A page of living people who live in these time zones.
SELECT p.id FROM person p JOIN workspace w ON w.id = p.workspace_id
WHERE p.workspace_id = %(workspace_id)s AND p.id > %(after)s AND p.merged_into IS NULL AND p.erased_at IS NULL
  AND coalesce(p.time_zone, w.time_zone) = ANY(%(zones)s::text[])
ORDER BY p.id LIMIT %(limit)s;

-- name: find_zones
-- In which time zones people live.
SELECT DISTINCT coalesce(p.time_zone, w.time_zone) FROM person p JOIN workspace w ON w.id = p.workspace_id WHERE p.workspace_id = %(workspace_id)s AND p.merged_into IS NULL AND p.erased_at IS NULL;

-- name: find_page
-- Where a subscription trigger stands in the consent log, and where its next page ends: before whatever an open transaction may still add.
SELECT j.consent_txid::text AS from_txid, j.consent_id AS from_id, e.txid::text AS to_txid, e.id AS to_id, e.size, j.consent_since AS since
FROM journey j CROSS JOIN LATERAL (
    SELECT q.txid, q.id, count(*) OVER () AS size FROM (
        SELECT c.txid, c.id FROM consent_log c
        WHERE c.workspace_id = j.workspace_id AND (c.txid, c.id) > (j.consent_txid, j.consent_id) AND c.txid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY c.txid, c.id LIMIT %(limit)s) q
    ORDER BY q.txid DESC, q.id DESC LIMIT 1) e
-- Whoever has read the versions before another was published reads on with that one; before a pause, not at all.
WHERE j.id = %(journey_id)s AND j.version_id = %(version_id)s AND j.status = 'running' FOR NO KEY UPDATE OF j;

-- name: find_subscribed
-- Whom a page of the consent log shows as newly subscribed to a topic by e-mail. Who only is again, as an import was taken back, is not.
SELECT c.person_id, c.at FROM consent_log c JOIN topic t ON t.id = c.topic_id
WHERE c.workspace_id = %(workspace_id)s AND t.key = %(topic)s AND c.channel = 'email' AND c.state = 'subscribed' AND c.applied AND c.at >= %(since)s AND c.source NOT LIKE 'undo:%%'
  AND (c.txid, c.id) > (%(from_txid)s::text::xid8, %(from_id)s) AND (c.txid, c.id) <= (%(to_txid)s::text::xid8, %(to_id)s)
  AND coalesce((
      SELECT k.state FROM consent_log k
      WHERE k.workspace_id = c.workspace_id AND k.person_id = c.person_id AND k.topic_id = c.topic_id AND k.channel = c.channel AND k.applied AND k.at < c.at
      ORDER BY k.at DESC, k.id DESC LIMIT 1
  ), '') <> 'subscribed'
ORDER BY c.at, c.id;

-- name: turn_page
-- A page of the consent log is read.
UPDATE journey SET consent_txid = %(to_txid)s::text::xid8, consent_id = %(to_id)s WHERE id = %(journey_id)s;

-- name: replay_subscribed
-- Subscriptions to a topic in a span of time, in order: what a rehearsal replays.
SELECT c.person_id, c.at FROM consent_log c JOIN topic t ON t.id = c.topic_id
WHERE c.workspace_id = %(workspace_id)s AND t.key = %(topic)s AND c.channel = 'email' AND c.state = 'subscribed'
  AND c.applied AND c.at >= %(since)s AND c.at <= %(until)s AND c.source NOT LIKE 'undo:%%'
  AND coalesce((
      SELECT k.state FROM consent_log k
      WHERE k.workspace_id = c.workspace_id AND k.person_id = c.person_id AND k.topic_id = c.topic_id AND k.channel = c.channel AND k.applied AND k.at < c.at
      ORDER BY k.at DESC, k.id DESC LIMIT 1
  ), '') <> 'subscribed'
ORDER BY c.at, c.id;

-- name: workspace_of
-- Whose journey it is.
SELECT j.workspace_id FROM journey j WHERE j.id = %(journey_id)s;
