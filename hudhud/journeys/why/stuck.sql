-- name: find_alive
-- Which roles give signs of life (database clock).
SELECT DISTINCT role FROM worker_heartbeat WHERE beat_at > clock_timestamp() - make_interval(secs => %(silent_s)s);

-- name: find_late
-- Runs that were due before a moment, by step, up to so many of each; and whether somebody holds the first of them, and has done so for longer than
-- a worker would: who works off a backlog always holds what is due first.
SELECT v.workspace_id, v.id AS version_id, j.key AS journey, v.number AS version, n.node, d.runs, d.since, j.failing,
       EXISTS (SELECT FROM run_position p JOIN pg_locks l ON l.transactionid = p.xmax AND l.locktype = 'transactionid' AND l.granted
               JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE p.run_id = d.first_id AND coalesce(a.xact_start < clock_timestamp() - make_interval(secs => %(held_s)s), true)) AS is_held
FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS n (version_id, node)
JOIN journey_version v ON v.id = n.version_id JOIN journey j ON j.id = v.journey_id
CROSS JOIN LATERAL (
    SELECT count(*) AS runs, min(q.due_at) AS since, (array_agg(q.run_id ORDER BY q.due_at))[1] AS first_id
    FROM (SELECT p.run_id, p.due_at FROM run_position p
          WHERE p.version_id = n.version_id AND p.node = n.node AND p.due_at < %(before)s ORDER BY p.due_at LIMIT %(limit)s) q
) d
WHERE d.runs > 0;

-- name: find_broken
-- Runs that were due before a moment on versions that cannot be read: their steps are known from the runs alone.
SELECT v.workspace_id, v.id AS version_id, j.key AS journey, v.number AS version, p.node, count(*) AS runs, min(p.due_at) AS since, j.failing, false AS is_held
FROM run_position p JOIN journey_version v ON v.id = p.version_id JOIN journey j ON j.id = v.journey_id
WHERE p.version_id = ANY(%(version_ids)s::bigint[]) AND p.due_at < %(before)s
GROUP BY v.workspace_id, v.id, j.key, v.number, p.node, j.failing;

-- name: find_effects
-- What steps have set off and nobody has done.
SELECT e.workspace_id, j.key AS journey, v.number AS version, e.node, count(*) AS runs, min(e.at) AS since
FROM journey_effect e JOIN journey_version v ON v.id = e.version_id JOIN journey j ON j.id = v.journey_id
WHERE e.at < %(before)s AND (%(workspace_id)s::bigint IS NULL OR e.workspace_id = %(workspace_id)s)
GROUP BY e.workspace_id, j.key, v.number, e.node;

-- name: find_messages
-- Messages of journeys that a worker has held for long, or that were due and nobody took up though nothing else left meanwhile either. What other
-- workspaces' messages do is behind the wall: seen from within one, delivery is at work as long as a worker holds messages, whosever they are.
SELECT m.workspace_id, m.source_key AS journey, v.number AS version, m.step AS node, count(*) AS runs, min(coalesce(m.due_at, m.state_at)) AS since
FROM (
    (SELECT o.* FROM message o
     WHERE o.due_at < %(before)s AND o.source_kind = 'journey' AND (%(workspace_id)s::bigint IS NULL OR o.workspace_id = %(workspace_id)s)
       AND CASE WHEN %(workspace_id)s::bigint IS NULL
                THEN NOT EXISTS (SELECT FROM message_outcome t WHERE t.id > (SELECT coalesce(max(id), 0) - 100 FROM message_outcome) AND t.at >= %(before)s)
                ELSE NOT EXISTS (SELECT FROM delivery_lease l WHERE l.until > clock_timestamp()) END
     ORDER BY o.due_at, o.id LIMIT %(limit)s)
    UNION ALL
    (SELECT o.* FROM delivery_lease l CROSS JOIN LATERAL unnest(l.message_ids) AS held (id) JOIN message o ON o.id = held.id
     WHERE l.until < clock_timestamp() - interval '60 seconds' AND o.state IN ('claimed', 'handing_over') AND o.source_kind = 'journey'
     LIMIT %(limit)s)
) m
JOIN run r ON r.id = m.source_id JOIN journey_version v ON v.id = r.version_id
WHERE %(workspace_id)s::bigint IS NULL OR m.workspace_id = %(workspace_id)s
GROUP BY m.workspace_id, m.source_key, v.number, m.step;

-- name: set_failing
-- The worker fails at this journey (or does so no more: ''); only where that is news.
UPDATE journey SET failing = %(error)s WHERE id = %(journey_id)s AND failing <> %(error)s;

-- name: find_failing
-- Journeys that the worker failed at the last time.
SELECT j.id FROM journey j WHERE j.failing <> '';
