-- name: find_standing
-- A person's runs under way, in one journey or in all, each with the version that it is on; what is due soonest first.
SELECT p.run_id, p.person_id, j.key AS journey, j.status,
       EXISTS (SELECT FROM journey_changeover c WHERE c.journey_id = j.id AND c.version_id > v.id AND c.done_at IS NULL) AS is_leaving,
       v.number AS version, v.graph AS text, p.visit, p.node, p.waiting, p.entered_at, p.arrived_at, p.due_at
FROM run r JOIN run_position p ON p.run_id = r.id JOIN journey_version v ON v.id = p.version_id JOIN journey j ON j.id = v.journey_id
WHERE r.workspace_id = %(workspace_id)s AND r.person_id = %(person_id)s AND r.ended_at IS NULL AND (%(journey)s::text IS NULL OR j.key = %(journey)s)
ORDER BY p.due_at, p.run_id
LIMIT %(limit)s;

-- name: get_step
-- One line of a run's log, with whose run it is, when it began, and the graph that it went by.
SELECT l.run_id, l.visit, l.node, l.edge, l.reason, l.at, l.detail, r.person_id, r.entered_at, v.graph AS text
FROM run_log l JOIN run r ON r.id = l.run_id JOIN journey j ON j.id = r.journey_id JOIN journey_version v ON v.id = l.version_id
WHERE l.run_id = %(run_id)s AND l.visit = %(visit)s AND j.workspace_id = %(workspace_id)s AND j.key = %(journey)s;

-- name: find_messages
-- Messages of a person, and of who was merged into them, that wait to leave, by when they may; last those whose journey is paused.
SELECT m.id, m.source_kind, m.source_key, m.step, m.channel, m.topic, m.template, m.state, m.reason, m.due_at, m.expires_at
FROM message m
WHERE m.workspace_id = %(workspace_id)s AND (m.due_at IS NOT NULL OR m.reason IN ('journey_paused', 'campaign_paused', 'sender_paused', 'cannot_write', 'braked'))
  AND m.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT id FROM person WHERE merged_into = %(person_id)s))
ORDER BY m.due_at, m.id
LIMIT %(limit)s;
