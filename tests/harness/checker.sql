-- name: undelivered
-- I4: messages that have not ended, though nothing is running any more.
SELECT id, state, reason, attempts FROM message WHERE state IN ('planned', 'claimed', 'handing_over', 'deferred') ORDER BY id LIMIT 20;

-- name: unexplained
-- I4: messages whose state is not what their last outcome says.
SELECT m.id, m.state, o.state AS last_outcome
FROM message m
LEFT JOIN LATERAL (SELECT state FROM message_outcome o WHERE o.message_id = m.id ORDER BY o.id DESC LIMIT 1) o ON true
WHERE m.state NOT IN ('planned', 'claimed', 'handing_over') AND o.state IS DISTINCT FROM m.state
ORDER BY m.id LIMIT 20;

-- name: half_ended_runs
-- I4: runs that stand nowhere though they have not ended, or stand somewhere though they have.
SELECT r.id, r.outcome, p.node FROM run r LEFT JOIN run_position p ON p.run_id = r.id
WHERE (r.ended_at IS NULL) <> (p.run_id IS NOT NULL) OR (r.ended_at IS NULL) <> (r.outcome IS NULL)
ORDER BY r.id LIMIT 20;

-- name: undone_effects
-- I4: what nodes should have done to people, and have not.
SELECT e.run_id, e.visit, e.node FROM journey_effect e ORDER BY e.run_id, e.visit LIMIT 20;

-- name: messages
-- I3: what we believe about each message.
SELECT m.id, m.state, coalesce(t.stream, 'marketing') AS stream
FROM message m LEFT JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic;

-- name: overstayed
-- I6: messages that are held by nobody, or longer than the lease of who holds them.
SELECT m.id, m.state, l.worker, l.until FROM message m LEFT JOIN delivery_lease l ON l.id = m.lease_id
WHERE m.state IN ('claimed', 'handing_over') AND (l.id IS NULL OR l.until + make_interval(secs => %(grace_s)s) < clock_timestamp())
ORDER BY m.id LIMIT 20;

-- name: overstayed_lanes
-- I6: lanes with work that nobody has taken after the lease of the last worker ran out.
SELECT l.lane, l.worker, l.lease_until FROM intake_lane l
WHERE l.lease_until + make_interval(secs => %(grace_s)s) < clock_timestamp()
  AND EXISTS (SELECT 1 FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id))
ORDER BY l.lane;

-- name: strangers
-- I7: rows that belong to another workspace than the person they are about.
SELECT what, id FROM (
    SELECT 'message' AS what, m.id FROM message m JOIN person p ON p.id = m.person_id WHERE p.workspace_id <> m.workspace_id
    UNION ALL SELECT 'run', r.id FROM run r JOIN person p ON p.id = r.person_id WHERE p.workspace_id <> r.workspace_id
    UNION ALL SELECT 'run_position', r.run_id FROM run_position r JOIN person p ON p.id = r.person_id WHERE p.workspace_id <> r.workspace_id
    UNION ALL SELECT 'identifier', i.person_id FROM identifier i JOIN person p ON p.id = i.person_id WHERE p.workspace_id <> i.workspace_id
    UNION ALL SELECT 'subscription', s.person_id FROM subscription s JOIN person p ON p.id = s.person_id WHERE p.workspace_id <> s.workspace_id
    UNION ALL SELECT 'consent_log', c.id FROM consent_log c JOIN person p ON p.id = c.person_id WHERE p.workspace_id <> c.workspace_id
    UNION ALL SELECT 'message_outcome', o.id FROM message_outcome o JOIN message m ON m.id = o.message_id WHERE m.workspace_id <> o.workspace_id
) stranger ORDER BY what, id LIMIT 20;

-- name: steps
-- I8: every run's steps in order, with the graph they followed.
SELECT l.run_id, l.visit, l.node, l.edge, l.at, l.version_id, l.detail ->> 'to' AS moved_to FROM run_log l ORDER BY l.run_id, l.visit;

-- name: graphs
-- I8: the graphs of all versions.
SELECT id, graph FROM journey_version;

-- name: unstepped_messages
-- I8: journey messages that no step of the run accounts for.
SELECT m.id, m.source_id, m.step, m.visit FROM message m
WHERE m.source_kind = 'journey'
  AND NOT EXISTS (SELECT 1 FROM run_log l WHERE l.run_id = m.source_id AND l.node = m.step AND l.visit = m.visit)
ORDER BY m.id LIMIT 20;

-- name: loops
-- I9: messages that were tried more often than allowed, or have more outcomes than attempts could give.
SELECT m.id, m.attempts, count(o.id) AS outcomes FROM message m LEFT JOIN message_outcome o ON o.message_id = m.id
GROUP BY m.id HAVING m.attempts > %(most)s OR count(o.id) > %(most)s + 1 ORDER BY m.id LIMIT 20;

-- name: backlog
-- I10: events that were taken and are not processed yet.
SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id);

-- name: refused
-- I1: message ids that were refused after they had been acknowledged, each with its reason kept.
SELECT convert_from(body, 'UTF8')::jsonb ->> 'messageId' FROM intake_reject WHERE convert_from(body, 'UTF8') IS JSON OBJECT;
