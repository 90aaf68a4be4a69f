-- name: place
-- Begin a run for so many people, standing on the first node; one falls due each `step_ms`.
WITH chosen AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM (SELECT id FROM person ORDER BY id OFFSET %(skip)s LIMIT %(count)s) q
), fresh AS (
    INSERT INTO run (workspace_id, journey_id, version_id, person_id, entered_at)
    SELECT %(workspace_id)s, %(journey_id)s, %(version_id)s, id, %(now)s FROM chosen
    RETURNING id, person_id
), logged AS (
    INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
    SELECT id, 0, %(workspace_id)s, %(version_id)s, '', 'start', 'triggered', %(now)s FROM fresh
)
INSERT INTO run_position (run_id, workspace_id, version_id, person_id, visit, node, waiting, entered_at, arrived_at, due_at)
SELECT f.id, %(workspace_id)s, %(version_id)s, f.person_id, 1, 'rest', %(waiting)s, %(now)s, %(now)s, %(due)s + chosen.place * %(step_ms)s * interval '1 millisecond'
FROM fresh f JOIN chosen ON chosen.id = f.person_id;

-- name: waiting
-- Who waits in a version.
SELECT p.person_id FROM run_position p WHERE p.version_id = %(version_id)s ORDER BY p.run_id;

-- name: late
-- How long after its moment a run's first step was committed.
SELECT extract(epoch FROM pg_xact_commit_timestamp(l.xmin) - l.at) FROM run_log l WHERE l.version_id = %(version_id)s AND l.visit = 1;

-- name: by_hand_rest
-- The floor: 10,000 delays that are over.
WITH due AS (
    SELECT run_id FROM run_position WHERE version_id = %(version_id)s AND node = 'rest' AND due_at <= %(horizon)s ORDER BY due_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE run_position p SET node = 'mail', visit = visit + 1, arrived_at = p.due_at FROM due WHERE p.run_id = due.run_id
    RETURNING p.run_id, p.workspace_id, p.visit - 1 AS visit, p.arrived_at
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'rest', 'next', 'delay_over', arrived_at FROM moved;

-- name: by_hand_mail
-- The floor: 10,000 messages planned, and a rest after it.
WITH due AS (
    SELECT run_id FROM run_position WHERE version_id = %(version_id)s AND node = 'mail' AND due_at <= %(horizon)s ORDER BY due_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE run_position p SET node = 'later', visit = visit + 1, arrived_at = p.due_at, due_at = p.due_at + interval '30 days' FROM due WHERE p.run_id = due.run_id
    RETURNING p.run_id, p.workspace_id, p.visit - 1 AS visit, p.person_id, p.arrived_at
), planned AS (
    INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)
    SELECT workspace_id, 'journey', run_id, 'mail', visit, person_id, 'email', 'newsletter', 'hello', '{}', %(horizon)s, %(horizon)s, %(horizon)s FROM moved
    ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'mail', 'next', 'message_planned', arrived_at FROM moved;

-- name: by_hand_wake
-- The floor: those of some people who wait are woken.
WITH woken AS (
    SELECT p.run_id FROM run_position p JOIN run r ON r.id = p.run_id
    WHERE p.version_id = %(version_id)s AND p.node = 'rest' AND r.person_id = ANY(%(person_ids)s::bigint[]) ORDER BY p.run_id FOR UPDATE OF p
), moved AS (
    UPDATE run_position p SET node = 'mail', visit = visit + 1, waiting = false, arrived_at = %(at)s, due_at = %(at)s FROM woken WHERE p.run_id = woken.run_id
    RETURNING p.run_id, p.workspace_id, p.visit - 1 AS visit
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'rest', 'met', 'condition_met', %(at)s FROM moved;

-- name: name_people
-- So many people are known by a name of their own: u0, u1, …
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(workspace_id)s, 'user_id', 'u' || row_number() OVER (ORDER BY id) - 1, id, %(now)s FROM (SELECT id FROM person ORDER BY id LIMIT %(count)s) q;

-- name: decided
-- How long after its event a run's first decision was committed.
SELECT extract(epoch FROM pg_xact_commit_timestamp(l.xmin) - r.entered_at)
FROM journey j JOIN run r ON r.journey_id = j.id JOIN run_log l ON l.run_id = r.id AND l.visit = 1 WHERE j.key = 'enrolled';
