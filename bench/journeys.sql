-- name: people
-- Half of them are on the plan "pro".
INSERT INTO person (workspace_id, attributes, created_at, updated_at)
SELECT %(workspace_id)s, jsonb_build_object('plan', CASE WHEN i %% 2 = 0 THEN 'pro' ELSE 'free' END), %(now)s, %(now)s FROM generate_series(1, %(count)s) i;

-- name: place
-- Begin a run for everybody, standing on the first node.
WITH fresh AS (
    INSERT INTO run (workspace_id, journey_id, version_id, person_id, entered_at)
    SELECT workspace_id, %(journey_id)s, %(version_id)s, id, %(now)s FROM person
    RETURNING id, workspace_id, person_id
)
INSERT INTO run_position (run_id, workspace_id, version_id, person_id, visit, node, waiting, entered_at, arrived_at, due_at)
SELECT id, workspace_id, %(version_id)s, person_id, 1, 'rest', false, %(now)s, %(now)s, %(now)s + interval '1 hour' FROM fresh;

-- name: by_hand_rest
-- The floor: 10,000 delays that are over.
WITH due AS (
    SELECT run_id FROM run_position WHERE version_id = %(version_id)s AND node = 'rest' AND due_at <= %(horizon)s ORDER BY due_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE run_position p SET node = 'who', visit = visit + 1, arrived_at = p.due_at FROM due WHERE p.run_id = due.run_id
    RETURNING p.run_id, p.workspace_id, p.visit - 1 AS visit, p.arrived_at
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'rest', 'next', 'delay_over', arrived_at FROM moved;

-- name: by_hand_who
-- The floor: 10,000 branches by an attribute.
WITH due AS (
    SELECT p.run_id, CASE WHEN o.attributes ->> 'plan' = 'pro' THEN 'mail' ELSE 'end' END AS target
    FROM run_position p JOIN person o ON o.id = p.person_id
    WHERE p.version_id = %(version_id)s AND p.node = 'who' AND p.due_at <= %(horizon)s ORDER BY p.due_at LIMIT 10000 FOR UPDATE OF p SKIP LOCKED
), moved AS (
    UPDATE run_position p SET node = due.target, visit = visit + 1, arrived_at = p.due_at FROM due WHERE p.run_id = due.run_id
    RETURNING p.run_id, p.workspace_id, p.visit - 1 AS visit, p.node AS target, p.arrived_at
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'who', CASE target WHEN 'mail' THEN '0' ELSE 'otherwise' END, 'branch_true', arrived_at FROM moved;

-- name: by_hand_mail
-- The floor: 10,000 messages planned.
WITH due AS (
    SELECT run_id FROM run_position WHERE version_id = %(version_id)s AND node = 'mail' AND due_at <= %(horizon)s ORDER BY due_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE run_position p SET node = 'end', visit = visit + 1, arrived_at = p.due_at FROM due WHERE p.run_id = due.run_id
    RETURNING p.run_id, p.workspace_id, p.visit - 1 AS visit, p.person_id, p.arrived_at
), planned AS (
    INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)
    SELECT workspace_id, 'journey', run_id, 'mail', visit, person_id, 'email', 'newsletter', 'hello', '{}', %(horizon)s, %(horizon)s, %(horizon)s FROM moved
    ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'mail', 'next', 'message_planned', arrived_at FROM moved;

-- name: by_hand_end
-- The floor: 10,000 runs that end.
WITH due AS (
    SELECT run_id FROM run_position WHERE version_id = %(version_id)s AND node = 'end' AND due_at <= %(horizon)s ORDER BY due_at LIMIT 10000 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM run_position p USING due WHERE p.run_id = due.run_id RETURNING p.run_id, p.workspace_id, p.visit, p.due_at
), ended AS (
    UPDATE run r SET ended_at = gone.due_at, outcome = 'finished' FROM gone WHERE r.id = gone.run_id
)
INSERT INTO run_log (run_id, visit, workspace_id, version_id, node, edge, reason, at)
SELECT run_id, visit, workspace_id, %(version_id)s, 'end', 'end', 'end_reached', due_at FROM gone;
