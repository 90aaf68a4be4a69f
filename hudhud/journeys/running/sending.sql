-- name: find_links
-- Which of these runs have sent on this step before and stayed for a fallback, and for which one.
SELECT g.run_id, substring(l.edge FROM 10)::integer AS link
FROM unnest(%(run_ids)s::bigint[], %(visits)s::integer[]) AS g (run_id, visit)
CROSS JOIN LATERAL (
    SELECT k.node, k.edge FROM run_log k WHERE k.run_id = g.run_id AND k.visit < g.visit AND k.reason <> 'version_moved' ORDER BY k.visit DESC LIMIT 1
) l
WHERE l.node = %(step)s AND l.edge LIKE 'fallback.%%';

-- name: find_answers
-- What people did with the last few messages of this step in each run, and what has become of the last one.
SELECT g.run_id, coalesce(found.is_answered, false), coalesce(found.is_open, false), last.state, last.reason, last.due_at,
       (SELECT max(o.at) FROM message_outcome o WHERE o.message_id = last.id AND o.state IN ('accepted', 'in_doubt')) AS left_at
FROM unnest(%(run_ids)s::bigint[], %(visits)s::integer[], %(links)s::integer[], %(by_clicks)s::boolean[]) AS g (run_id, visit, link, by_click)
LEFT JOIN LATERAL (
    SELECT m.id, m.state, m.reason, m.due_at FROM message m
    WHERE m.source_id = g.run_id AND m.step = %(step)s AND m.visit < g.visit AND m.source_kind = 'journey' ORDER BY m.visit DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT bool_or(e.verdict = 'human') AS is_answered, bool_or(e.verdict IS NULL) AS is_open
    FROM (
        SELECT m.id FROM message m
        WHERE m.source_id = g.run_id AND m.step = %(step)s AND m.visit < g.visit AND m.source_kind = 'journey' ORDER BY m.visit DESC LIMIT g.link
    ) m JOIN engagement e ON e.message_id = m.id
    WHERE e.kind = 'click' OR NOT g.by_click
) found ON true;

-- name: find_seen
-- Which of these runs' people have got a mail of this template already, whoever sent it, not earlier than `since` of each; also as who they were before a merge.
SELECT g.run_id
FROM unnest(%(run_ids)s::bigint[], %(person_ids)s::bigint[], %(sinces)s::timestamptz[]) AS g (run_id, person_id, since)
WHERE EXISTS (
    SELECT FROM message m
    WHERE m.person_id = ANY (ARRAY (SELECT g.person_id UNION ALL SELECT p.id FROM person p WHERE p.merged_into = g.person_id))
      AND m.workspace_id = %(workspace_id)s AND m.template = %(template)s AND m.source_kind <> 'test'
      AND m.state IN ('accepted', 'delivered', 'complained', 'in_doubt') AND m.state_at >= g.since);

-- name: find_seen_rehearsed
-- The same in a rehearsal: what was really sent before it begins, and what was planned in it.
SELECT g.run_id
FROM unnest(%(run_ids)s::bigint[], %(person_ids)s::bigint[], %(sinces)s::timestamptz[]) AS g (run_id, person_id, since)
WHERE EXISTS (
    SELECT FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
    WHERE m.person_id = g.person_id AND m.template = %(template)s AND l.at >= g.since)
   OR EXISTS (
    SELECT FROM public.message m
    WHERE m.person_id = ANY (ARRAY (SELECT g.person_id UNION ALL SELECT p.id FROM person p WHERE p.merged_into = g.person_id))
      AND m.workspace_id = %(workspace_id)s AND m.template = %(template)s AND m.source_kind <> 'test'
      AND m.state IN ('accepted', 'delivered', 'complained', 'in_doubt') AND m.state_at >= g.since AND m.state_at < %(begins_at)s);

-- name: look_now
-- Let runs that stay on these steps for a fallback be looked at, as their people have answered; also who waits there for the journey's hours. Each is
-- reached by its key, whatever is believed of how many stand there.
WITH told AS MATERIALIZED (
    SELECT given.run_id, given.at
    FROM unnest(%(run_ids)s::bigint[], %(steps)s::text[], %(ats)s::timestamptz[]) AS given (run_id, step, at)
    CROSS JOIN LATERAL (SELECT q.version_id, q.node, q.due_at FROM run_position q WHERE q.run_id = given.run_id LIMIT 1) q
    WHERE q.node = given.step AND q.due_at > given.at
      AND (q.version_id, q.node) IN (SELECT * FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]))
)
UPDATE run_position p SET due_at = greatest(told.at, p.arrived_at) FROM told WHERE p.run_id = told.run_id AND p.due_at > told.at;
