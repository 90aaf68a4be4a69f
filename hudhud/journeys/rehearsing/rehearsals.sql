-- name: count_deliverable
-- What the consent gate would say to rehearsed messages: consent as it was then, addresses and suppressions as they are now.
SELECT step, verdict, count(*) FROM (
    SELECT m.step, CASE
        WHEN t.id IS NULL THEN 'topic_unknown'
        WHEN person.erased_at IS NOT NULL THEN 'person_erased'
        WHEN i.value IS NULL THEN 'no_address'
        WHEN s.reason IS NOT NULL THEN 'suppressed_' || s.reason
        WHEN t.stream = 'transactional' THEN 'deliverable'
        WHEN c.state = 'subscribed' THEN 'deliverable'
        WHEN c.state = 'unsubscribed' THEN 'unsubscribed'
        WHEN c.state = 'pending' THEN 'not_confirmed'
        ELSE 'not_subscribed'
    END AS verdict
    FROM message m
    JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
    LEFT JOIN topic t ON t.workspace_id = %(workspace_id)s AND t.key = m.topic
    LEFT JOIN person ON person.id = m.person_id
    LEFT JOIN identifier i ON i.person_id = m.person_id AND i.namespace = 'email'
    LEFT JOIN suppression s ON s.workspace_id = %(workspace_id)s AND s.channel = 'email' AND s.address = lower(i.value)
    LEFT JOIN LATERAL (
        SELECT k.state FROM consent_log k
        WHERE k.workspace_id = %(workspace_id)s AND k.person_id = m.person_id AND k.topic_id = t.id AND k.channel = m.channel AND k.applied AND k.at <= l.at
        ORDER BY k.at DESC, k.id DESC LIMIT 1
    ) c ON true
    WHERE m.source_key = %(journey)s
) judged
GROUP BY step, verdict ORDER BY step, verdict;

-- name: count_sends
-- Rehearsed messages by day and node, days in UTC.
SELECT l.node, (l.at AT TIME ZONE 'UTC')::date AS day, count(*) AS count
FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
WHERE m.source_key = %(journey)s
GROUP BY l.node, day ORDER BY day, l.node;

-- name: count_runs
-- Rehearsed runs by how they ended.
SELECT coalesce(r.outcome, 'waiting') AS outcome, count(*) AS runs, count(DISTINCT r.person_id) AS people FROM run r WHERE r.journey_id = %(journey_id)s GROUP BY 1;

-- name: count_people
-- How many people entered.
SELECT count(DISTINCT r.person_id) FROM run r WHERE r.journey_id = %(journey_id)s;

-- name: analyze
-- Tell the planner of queries about tables that have grown in this session.
ANALYZE run, run_position, run_log;

-- name: count_hours
-- Rehearsed messages of all journeys by hour (UTC) and channel.
SELECT date_trunc('hour', l.at) AS at, m.channel, count(*) AS count
FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: count_days
-- How many people get so many messages at most within any 24 hours.
SELECT most, count(*) AS people FROM (
    SELECT person_id, max(within) AS most FROM (
        SELECT m.person_id, count(*) OVER (PARTITION BY m.person_id ORDER BY l.at RANGE BETWEEN interval '24 hours' PRECEDING AND CURRENT ROW) AS within
        FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
    ) counted GROUP BY person_id
) busiest
GROUP BY most ORDER BY most;

-- name: find_collisions
-- Two journeys that write to the same person within 24 hours: how many people, and how often the later one comes so soon after the earlier.
WITH sent AS MATERIALIZED (
    SELECT m.person_id, m.source_key AS journey, l.at
    FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
    -- Only whom more than one journey writes to can be told of.
    WHERE m.person_id IN (SELECT k.person_id FROM message k GROUP BY k.person_id HAVING min(k.source_key) < max(k.source_key))
)
SELECT a.journey AS first, b.journey AS second, count(DISTINCT a.person_id) AS people, count(DISTINCT (b.person_id, b.at)) AS times
FROM sent a JOIN sent b ON b.person_id = a.person_id AND b.journey <> a.journey AND b.at >= a.at AND b.at - a.at < interval '24 hours'
GROUP BY 1, 2 ORDER BY people DESC, 1, 2;

-- name: count_collided
-- How many people get messages of different journeys within 24 hours.
SELECT count(*) FROM (
    SELECT DISTINCT person_id FROM (
        SELECT person_id, count(*) OVER (PARTITION BY person_id ORDER BY at RANGE BETWEEN interval '24 hours' PRECEDING AND CURRENT ROW)
               - count(*) OVER (PARTITION BY person_id, journey ORDER BY at RANGE BETWEEN interval '24 hours' PRECEDING AND CURRENT ROW) AS others
        FROM (SELECT m.person_id, m.source_key AS journey, l.at FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit) sent
    ) counted WHERE others > 0
) collided;

-- name: find_samples
-- A few rehearsed messages of each step, of different people drawn by lot, the same ones each time.
SELECT journey, step, person_id, at, template, event, given FROM (
    SELECT m.source_key AS journey, m.step, m.person_id, l.at, m.template, m.event, m.given,
           row_number() OVER (PARTITION BY m.source_key, m.step ORDER BY hashint8extended(m.person_id, 7), l.at) AS place
    FROM message m JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
) drawn
WHERE place <= %(each)s ORDER BY journey, step, place LIMIT %(limit)s;

-- name: find_story
-- What a rehearsed person did in each run, step by step, and where runs rest that are under way.
SELECT r.id AS run, r.journey_id, r.run_key, r.entered_at, r.outcome, l.visit, l.node, l.edge, l.reason, l.at,
       EXISTS (SELECT FROM message m WHERE m.source_id = r.id AND m.visit = l.visit) AS is_sent, p.node AS rests_on, p.due_at
FROM run r JOIN run_log l ON l.run_id = r.id LEFT JOIN run_position p ON p.run_id = r.id
ORDER BY l.at, r.id, l.visit LIMIT %(limit)s;

-- name: create
-- Ask for a rehearsal.
INSERT INTO rehearsal (workspace_id, keys, person_id, request, begins_at, ends_at, created_by, created_at)
VALUES (%(workspace_id)s, %(keys)s::text[], %(person_id)s, %(request)s::jsonb, %(since)s, %(until)s, %(by)s, %(now)s) RETURNING id;

-- name: count_open
-- How many of a workspace are not over yet.
SELECT count(*) FROM rehearsal WHERE workspace_id = %(workspace_id)s AND state IN ('waiting', 'running');

-- name: find_page
-- A page of rehearsals, newest first: all, or those of one journey.
SELECT id, keys, person_id, request, state, begins_at, ends_at, reached_at, people, problem, created_by, created_at, finished_at
FROM rehearsal
WHERE workspace_id = %(workspace_id)s AND id < %(after)s AND (%(journey)s::text IS NULL OR %(journey)s = ANY(keys))
ORDER BY id DESC LIMIT %(limit)s;

-- name: get
-- One rehearsal with what came of it.
SELECT r.id, r.keys, r.person_id, r.request, r.digests, r.state, r.begins_at, r.ends_at, r.reached_at, r.people, r.result, r.problem, r.created_by, r.created_at, r.finished_at,
       (SELECT coalesce(jsonb_agg(s.body ORDER BY s.place), '[]') FROM rehearsal_sample s WHERE s.rehearsal_id = r.id) AS samples
FROM rehearsal r WHERE r.workspace_id = %(workspace_id)s AND r.id = %(id)s;

-- name: cancel
-- Whoever performs it finds another fence and gives up.
UPDATE rehearsal SET state = 'cancelled', finished_at = %(now)s, fence = fence + 1, worker = NULL, lease_until = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND state IN ('waiting', 'running');

-- name: delete
-- Forget one that is over.
DELETE FROM rehearsal WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND state NOT IN ('waiting', 'running');

-- name: lock_stage
-- One claim at a time, so that their number holds.
SELECT pg_advisory_xact_lock(hashtext('hudhud.rehearsal'));

-- name: claim
-- Take up the oldest one that waits, or whose holder is gone; no more at once, anywhere, than there are places.
UPDATE rehearsal SET state = 'running', worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = fence + 1, attempts = attempts + 1
WHERE id = (
    SELECT r.id FROM rehearsal r
    WHERE (r.state = 'waiting' OR r.state = 'running' AND NOT r.id = ANY(%(mine)s::bigint[]) AND (r.worker = %(worker)s OR r.lease_until < clock_timestamp()
           OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = r.worker)))
      AND (SELECT count(*) FROM rehearsal k WHERE k.state = 'running' AND k.id <> r.id AND k.lease_until >= clock_timestamp()
           AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = k.worker)) < %(places)s
    ORDER BY r.attempts, r.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id, fence, attempts;

-- name: take
-- What the holder of this fence shall perform.
SELECT r.request, r.person_id, r.begins_at, r.ends_at, r.created_at FROM rehearsal r WHERE r.workspace_id = %(workspace_id)s AND r.id = %(id)s AND r.fence = %(fence)s AND r.state = 'running';

-- name: renew
-- Keep the lease; no row: it was cancelled, or somebody else has it.
UPDATE rehearsal SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s) WHERE id = %(id)s AND fence = %(fence)s AND state = 'running';

-- name: move
-- Say how far it is.
UPDATE rehearsal SET reached_at = %(at)s, people = %(people)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND fence = %(fence)s AND state = 'running';

-- name: finish
-- What became of it.
UPDATE rehearsal SET state = %(state)s, result = %(result)s::jsonb, digests = %(digests)s::jsonb, problem = %(problem)s, finished_at = %(now)s, worker = NULL, lease_until = NULL,
    people = coalesce(%(people)s, people), reached_at = CASE WHEN %(state)s = 'done' THEN ends_at ELSE reached_at END
WHERE id = %(id)s AND fence = %(fence)s AND state = 'running';

-- name: add_samples
-- The mails that were written; not about whom was erased meanwhile.
INSERT INTO rehearsal_sample (rehearsal_id, place, workspace_id, person_id, body)
SELECT %(id)s, row_number() OVER (), %(workspace_id)s, s.person_id, s.body::jsonb
FROM unnest(%(person_ids)s::bigint[], %(bodies)s::text[]) AS s (person_id, body)
JOIN person p ON p.id = s.person_id AND p.erased_at IS NULL;

-- name: expire
-- What is long over.
DELETE FROM rehearsal WHERE finished_at < %(before)s;

-- name: release
-- Let another worker take it up at once: this one ends, which is nobody's fault.
UPDATE rehearsal SET state = 'waiting', worker = NULL, lease_until = NULL, attempts = greatest(attempts - 1, 0) WHERE id = %(id)s AND fence = %(fence)s AND state = 'running';

-- name: ring
-- Wake whoever performs rehearsals when this transaction commits.
SELECT pg_notify('rehearsals', '');

-- name: freeze_people
-- What a saved rehearsal takes over of people.
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.created_at,
       EXISTS (SELECT FROM identifier i WHERE i.person_id = p.id AND i.namespace = 'email') AS has_email
FROM person p WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(person_ids)s::bigint[]) AND p.merged_into IS NULL AND p.erased_at IS NULL;

-- name: freeze_said
-- What these people said about these topics.
SELECT c.person_id, t.key, c.channel, c.state, c.at FROM consent_log c JOIN topic t ON t.id = c.topic_id
WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(person_ids)s::bigint[]) AND t.key = ANY(%(topics)s::text[]) AND c.applied AND c.at <= %(until)s
ORDER BY c.at, c.id;

-- name: freeze_topics
-- Of what kind these topics are.
SELECT key, stream FROM topic WHERE workspace_id = %(workspace_id)s AND key = ANY(%(topics)s::text[]);

-- name: freeze_zone
-- Where the workspace lives.
SELECT time_zone FROM workspace WHERE id = %(workspace_id)s;

-- name: thaw_workspace
-- The workspace of a frozen world.
INSERT INTO workspace (id, name, time_zone, created_at) OVERRIDING SYSTEM VALUE VALUES (%(workspace_id)s, 'frozen', %(time_zone)s, 'epoch');

-- name: thaw_topics
-- Its topics.
INSERT INTO topic (workspace_id, key, names, stream, created_at) SELECT %(workspace_id)s, t.key, '{}', t.value, 'epoch' FROM jsonb_each_text(%(topics)s::jsonb) t;

-- name: thaw_people
-- Its people.
INSERT INTO person (id, workspace_id, attributes, time_zone, language, country, created_at, updated_at) OVERRIDING SYSTEM VALUE
SELECT (p ->> 'id')::bigint, %(workspace_id)s, coalesce(p -> 'attributes', '{}'), p ->> 'time_zone', p ->> 'language', p ->> 'country', (p ->> 'created_at')::timestamptz, (p ->> 'created_at')::timestamptz
FROM jsonb_array_elements(%(people)s::jsonb) p;

-- name: thaw_emails
-- Their addresses, which are nobody's.
INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
SELECT %(workspace_id)s, 'email', (p ->> 'id') || '@frozen.invalid', (p ->> 'id')::bigint, 'epoch'
FROM jsonb_array_elements(%(people)s::jsonb) p WHERE coalesce((p ->> 'has_email')::boolean, true);

-- name: thaw_said
-- What they said.
INSERT INTO consent_log (workspace_id, person_id, topic_id, channel, state, at, source, applied)
SELECT %(workspace_id)s, (p ->> 'id')::bigint, t.id, s ->> 1, s ->> 2, (s ->> 3)::timestamptz, 'fixture', true
FROM jsonb_array_elements(%(people)s::jsonb) p, jsonb_array_elements(coalesce(p -> 'said', '[]')) s JOIN topic t ON t.key = s ->> 0;

-- name: find_marketing
-- Rehearsed marketing that the consent gate would let through, one of several lumps of people.
SELECT m.id, m.person_id, m.source_key, m.channel, m.topic, l.at, coalesce(person.time_zone, w.time_zone), m.priority, m.value, m.expires_at, m.hours::text
FROM message m
JOIN run_log l ON l.run_id = m.source_id AND l.visit = m.visit
JOIN topic t ON t.workspace_id = %(workspace_id)s AND t.key = m.topic AND t.stream = 'marketing'
JOIN person ON person.id = m.person_id AND person.erased_at IS NULL
JOIN workspace w ON w.id = %(workspace_id)s
JOIN identifier i ON i.person_id = m.person_id AND i.namespace = 'email'
LEFT JOIN suppression s ON s.workspace_id = %(workspace_id)s AND s.channel = 'email' AND s.address = lower(i.value)
LEFT JOIN LATERAL (
    SELECT k.state FROM consent_log k
    WHERE k.workspace_id = %(workspace_id)s AND k.person_id = m.person_id AND k.topic_id = t.id AND k.channel = m.channel AND k.applied AND k.at <= l.at
    ORDER BY k.at DESC, k.id DESC LIMIT 1
) c ON true
WHERE m.person_id %% %(lumps)s = %(lump)s AND s.reason IS NULL AND c.state = 'subscribed';

-- name: find_sent_before
-- What these people, also as who they were before a merge, were really sent of marketing in the time before, as the room that it has taken live: from when
-- it left, whatever came back. Numbers below zero, as they are none of a rehearsal.
WITH actors AS MATERIALIZED (
    SELECT p.id, p.id AS person_id FROM unnest(%(person_ids)s::bigint[]) AS p (id)
    UNION ALL SELECT g.id, g.merged_into FROM person g WHERE g.merged_into = ANY(%(person_ids)s::bigint[])
)
SELECT -m.id, a.person_id, m.channel, m.topic, o.at
FROM actors a
JOIN public.message m ON m.person_id = a.id AND m.state_at > %(since)s
JOIN topic t ON t.workspace_id = %(workspace_id)s AND t.key = m.topic AND t.stream = 'marketing'
CROSS JOIN LATERAL (SELECT max(k.at) AS at FROM message_outcome k WHERE k.message_id = m.id AND k.state IN ('accepted', 'in_doubt')) o
WHERE m.workspace_id = %(workspace_id)s AND m.state IN ('accepted', 'in_doubt', 'delivered', 'bounced', 'complained')
  AND o.at > %(since)s AND o.at < %(until)s;

-- name: count_messages
-- How many messages were planned.
SELECT count(*) FROM message;

-- name: take_effects
-- What steps are to do to other journeys' runs, each told once, with what had started the run.
DELETE FROM journey_effect e USING unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS s (version_id, node)
WHERE e.version_id = s.version_id AND e.node = s.node
RETURNING e.run_id, e.visit, e.version_id, e.person_id, e.node, e.at, (SELECT t.properties::text FROM run_trigger t WHERE t.run_id = e.run_id);
