-- name: open_gate
-- Whoever brings facts in holds the gate open together with others: no version is published between their look at the versions and their commit,
-- and nobody goes on after a pause.
SELECT pg_advisory_xact_lock_shared(hashtextextended('hudhud.journeys', %(workspace_id)s));

-- name: close_gate
-- Wait for those who bring facts in, and let no more in before this commits.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.journeys', %(workspace_id)s));

-- name: find_older
-- Older versions of a journey that people are on, or that an open order brings them to; the one before always.
SELECT v.id, v.number, v.graph AS text
FROM journey_version v
WHERE v.journey_id = %(journey_id)s AND v.id < %(version_id)s
  AND (v.number = (SELECT max(o.number) FROM journey_version o WHERE o.journey_id = v.journey_id AND o.id < %(version_id)s)
       OR EXISTS (SELECT FROM run_position p WHERE p.version_id = v.id)
       OR EXISTS (SELECT FROM journey_changeover c WHERE c.journey_id = v.journey_id AND c.version_id = v.id AND c.done_at IS NULL))
ORDER BY v.id;

-- name: order_changeover
-- Order people under way to be moved to a version.
INSERT INTO journey_changeover (workspace_id, journey_id, version_id, rule, ordered_at, ordered_by)
VALUES (%(workspace_id)s, %(journey_id)s, %(version_id)s, %(rule)s::jsonb, %(now)s, %(by)s)
RETURNING id;

-- name: find_open
-- Orders that are not done, those of one journey in their order.
SELECT c.workspace_id, c.id FROM journey_changeover c WHERE c.done_at IS NULL ORDER BY c.journey_id, c.id;

-- name: take_order
-- Take the oldest open order of its journey, unless another worker has it. To the rests of a paused journey, time stands still at its pause.
SELECT c.id, c.journey_id, c.version_id, c.rule::text AS rule, v.number, v.graph AS text,
       %(now)s AS now, least(%(now)s, j.paused_at + interval '1 microsecond') AS rests_at
FROM journey_changeover c JOIN journey_version v ON v.id = c.version_id JOIN journey j ON j.id = c.journey_id
WHERE c.id = %(id)s AND c.done_at IS NULL
  AND NOT EXISTS (SELECT FROM journey_changeover o WHERE o.journey_id = c.journey_id AND o.id < c.id AND o.done_at IS NULL)
FOR UPDATE OF c SKIP LOCKED;

-- name: claim_standing
-- Take people who stand on these steps of an older version; who is being moved by somebody else this moment comes later.
SELECT p.run_id, p.node FROM run_position p
WHERE p.version_id = %(version_id)s AND p.node = ANY(%(nodes)s::text[])
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: is_standing
-- Whether anybody stands on these steps still, also in the hands of somebody else.
SELECT EXISTS (SELECT FROM run_position p WHERE p.version_id = %(version_id)s AND p.node = ANY(%(nodes)s::text[]));

-- name: land
-- Move runs from an older version to a step of a newer one, and say so. A step that is as it was is rested on as before. Elsewhere the rest
-- counts from when they came, and who has rested long enough goes on now, not at a moment that has passed; who is looked at is looked at now.
WITH was AS (
    -- Who is behind, because no worker was there, is moved at its own time: its log never runs back.
    SELECT p.run_id, greatest(least(%(now)s, p.due_at), p.arrived_at) AS at, greatest(%(rests_at)s, p.arrived_at) AS rests_at,
           CASE WHEN %(is_fresh)s THEN greatest(%(rests_at)s, p.arrived_at)
                WHEN %(is_same)s OR %(rest)s::interval IS NULL THEN p.arrived_at
                ELSE greatest(p.arrived_at, least(p.due_at, greatest(%(rests_at)s, p.arrived_at)) - %(rest)s::interval) END AS arrived_at
    FROM run_position p WHERE p.run_id = ANY(%(run_ids)s::bigint[])
), landed AS (
    UPDATE run_position p
    SET version_id = %(version_id)s, node = %(target)s, visit = p.visit + 1, waiting = p.waiting AND %(is_same)s, arrived_at = was.arrived_at,
        due_at = CASE WHEN %(is_same)s THEN p.due_at
                      WHEN %(is_looked_at)s THEN least(was.rests_at, was.arrived_at + %(rest)s::interval) -- of these, nulls do not count
                      ELSE was.arrived_at + %(rest)s::interval END
    FROM was
    WHERE p.run_id = was.run_id
    RETURNING p.run_id, p.visit - 1 AS visit, was.at
), asked AS (
    -- What was asked, or is to be, for who waits on a step that is as it was, goes along.
    -- (Here the keys are not said again: with them the table would be searched for all of them once for each run.)
    UPDATE journey_request q SET visit = landed.visit + 1, version_id = %(version_id)s, node = %(target)s
    FROM landed WHERE %(is_same)s AND q.run_id = landed.run_id AND q.visit = landed.visit
), planned AS (
    UPDATE journey_effect e SET visit = landed.visit + 1, version_id = %(version_id)s, node = %(target)s
    FROM landed WHERE %(is_same)s AND e.run_id = landed.run_id AND e.visit = landed.visit
), moved AS (
    UPDATE run r SET version_id = %(version_id)s WHERE r.id = ANY(%(run_ids)s::bigint[])
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)
SELECT run_id, visit, %(workspace_id)s, %(old_id)s, %(node)s, 'moved', %(reason)s, at, %(detail)s::jsonb FROM landed;

-- name: leave
-- End runs whose step there is no more, and say why.
WITH gone AS (
    DELETE FROM run_position p WHERE p.run_id = ANY(%(run_ids)s::bigint[])
    RETURNING p.run_id, p.visit, greatest(least(%(now)s, p.due_at), p.arrived_at) AS at
), ended AS (
    UPDATE run r SET ended_at = gone.at, outcome = %(outcome)s FROM gone WHERE r.id = gone.run_id
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at, detail)
SELECT run_id, visit, %(workspace_id)s, %(old_id)s, %(node)s, 'exit', %(reason)s, at, %(detail)s::jsonb FROM gone;

-- name: keep_repeats
-- Remember which of these runs have a step behind them that lies ahead of them again.
INSERT INTO run_repeat (run_id, step, workspace_id)
SELECT DISTINCT l.run_id, s.step, %(workspace_id)s
FROM run_log l JOIN unnest(%(steps)s::text[], %(passed)s::text[]) AS s (step, passed) ON l.node = s.passed
WHERE l.run_id = ANY(%(run_ids)s::bigint[]) AND l.reason = ANY(%(acted)s::text[])
ON CONFLICT DO NOTHING;

-- name: take_repeats
-- Which of these runs have taken this step before they were moved; each is told once.
DELETE FROM run_repeat r WHERE r.step = %(step)s AND r.run_id = ANY(%(run_ids)s::bigint[]) RETURNING r.run_id;

-- name: forget_repeats
-- Forget what concerned runs that have ended.
DELETE FROM run_repeat r WHERE NOT EXISTS (SELECT FROM run_position p WHERE p.run_id = r.run_id);

-- name: count_order
-- How far an order is.
UPDATE journey_changeover SET moved = moved + %(moved)s, ended = ended + %(ended)s WHERE id = %(id)s;

-- name: close_order
-- Nobody is left on the steps that it empties.
UPDATE journey_changeover SET done_at = %(now)s WHERE id = %(id)s;

-- name: count_standing
-- How many stand on each step, and on which day they would go on where the rule leads them; the arithmetic is that of `land`.
WITH way AS (
    SELECT * FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[], %(modes)s::text[], %(fresh)s::boolean[], %(rests)s::interval[])
        AS w (version_id, node, mode, is_fresh, rest)
), landed AS (
    SELECT w.version_id, w.node, w.mode,
           CASE w.mode WHEN 'same' THEN p.due_at
                       WHEN 'rest' THEN l.arrived_at + w.rest
                       WHEN 'asked' THEN coalesce(l.arrived_at + w.rest, 'infinity')
                       WHEN 'pass' THEN least(p.due_at, %(now)s) END AS due_at
    FROM way w JOIN run_position p ON p.version_id = w.version_id AND p.node = w.node
    CROSS JOIN LATERAL (
        SELECT CASE WHEN w.is_fresh THEN greatest(%(now)s, p.arrived_at)
                    ELSE greatest(p.arrived_at, least(p.due_at, greatest(%(now)s, p.arrived_at)) - w.rest) END AS arrived_at
    ) l
)
SELECT l.version_id, l.node, coalesce(l.due_at <= %(now)s, false) AS at_once,
       CASE WHEN l.due_at > %(now)s AND isfinite(l.due_at) THEN (l.due_at AT TIME ZONE (SELECT time_zone FROM workspace WHERE id = %(workspace_id)s))::date END AS day,
       count(*)
FROM landed l GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;

-- name: sample_standing
-- Every so many of those who stand on a step.
SELECT p.run_id, p.person_id, p.visit, p.waiting, p.entered_at, p.arrived_at, p.due_at
FROM run_position p WHERE p.version_id = %(version_id)s AND p.node = %(node)s AND p.run_id %% %(every)s = 0
LIMIT %(limit)s;
