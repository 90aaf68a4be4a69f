-- name: plan_rows
-- Plan messages given one by one.
WITH made AS (
    INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, expires_at, state_at, priority, value)
    SELECT %(workspace_id)s, r.source_kind, r.source_id, r.step, r.visit, r.person_id, r.channel, r.topic, r.template, r.event::jsonb,
           %(now)s, coalesce(r.due_at, %(now)s), r.expires_at, %(now)s, r.priority, r.value
    FROM unnest(%(source_kinds)s::text[], %(source_ids)s::bigint[], %(steps)s::text[], %(visits)s::integer[], %(person_ids)s::bigint[],
                %(channels)s::text[], %(topics)s::text[], %(templates)s::text[], %(events)s::text[], %(due_ats)s::timestamptz[], %(expires_ats)s::timestamptz[], %(priorities)s::smallint[],
                %(values)s::real[])
         AS r (source_kind, source_id, step, visit, person_id, channel, topic, template, event, due_at, expires_at, priority, value)
    ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING
    RETURNING id
)
SELECT id FROM made;

-- name: plan_set
-- Plan one step's messages for many people.
INSERT INTO message (workspace_id, source_kind, source_id, source_key, step, visit, person_id, channel, topic, template, event, given, planned_at, due_at, expires_at, seen_since, hours, state_at, priority, value)
SELECT %(workspace_id)s, %(source_kind)s, r.source_id, %(source_key)s, %(step)s, r.visit, r.person_id, %(channel)s, %(topic)s, %(template)s, coalesce(r.event, '{}')::jsonb, r.given::jsonb,
       %(now)s, coalesce(%(due_at)s::timestamptz, %(now)s), r.expires_at, r.seen_since, %(hours)s::text::jsonb, %(now)s, %(priority)s, %(value)s::real
FROM unnest(%(source_ids)s::bigint[], %(visits)s::integer[], %(person_ids)s::bigint[], %(events)s::text[], %(givens)s::text[], %(expires_ats)s::timestamptz[], %(seen_sinces)s::timestamptz[])
     AS r (source_id, visit, person_id, event, given, expires_at, seen_since)
ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING;

-- name: plan_mailing
-- Plan the mails of a campaign to many people, each due at its own moment, or all at one.
INSERT INTO message (workspace_id, source_kind, source_id, source_key, step, visit, person_id, channel, topic, template, edition_id, event, planned_at, due_at, expires_at, seen_since, state_at)
SELECT %(workspace_id)s, 'campaign', %(campaign_id)s, %(source_key)s, %(step)s, 1, r.person_id, %(channel)s, %(topic)s, %(template)s, %(edition_id)s, '{}', %(now)s,
       coalesce(r.due_at, %(due_at)s::timestamptz), %(expires_at)s, %(seen_since)s, %(now)s
FROM unnest(%(person_ids)s::bigint[], %(due_ats)s::timestamptz[]) AS r (person_id, due_at)
ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING;

-- name: make_edition
-- Keep what a campaign sends.
INSERT INTO message_edition (workspace_id, version_id, subjects, sender_name)
VALUES (%(workspace_id)s, %(version_id)s, %(subjects)s::jsonb, %(sender_name)s) RETURNING id;

-- name: find_editions
-- What some editions say instead of their template (workers: of any workspace).
SELECT id, subjects FROM message_edition WHERE id = ANY (%(ids)s::bigint[]) AND subjects IS NOT NULL;

-- name: end_waiting
-- Skip messages of a cancelled campaign that nobody holds, of a page of its people; answers the last of these.
WITH page AS MATERIALIZED (
    SELECT id, person_id, state FROM message
    WHERE source_id = %(campaign_id)s AND step = %(step)s AND visit = 1 AND person_id > %(after)s AND source_kind = 'campaign' AND workspace_id = %(workspace_id)s
    ORDER BY person_id LIMIT %(limit)s
), waiting AS MATERIALIZED (
    SELECT m.id FROM message m WHERE m.id IN (SELECT id FROM page WHERE state IN ('planned', 'deferred')) AND m.state IN ('planned', 'deferred') ORDER BY m.id FOR UPDATE
), ended AS (
    UPDATE message m SET state = 'skipped', reason = 'cancelled', state_at = %(now)s, due_at = NULL FROM waiting w WHERE m.id = w.id AND m.state IN ('planned', 'deferred')
    RETURNING m.id, m.workspace_id, m.attempts
), freed AS (
    DELETE FROM message_room r USING ended e WHERE r.message_id = e.id
), logged AS (
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, reason, at) SELECT workspace_id, id, attempts, 'skipped', 'cancelled', %(now)s FROM ended
)
SELECT max(person_id) FROM page;

-- name: find_who_got
-- Which of these people (also as who they were before a merge) have got one of these templates since an instant. What they have is reached by their key.
SELECT g.id FROM unnest(%(person_ids)s::bigint[]) AS g (id)
WHERE EXISTS (
    SELECT FROM (
        SELECT k.workspace_id, k.template, k.source_kind, k.state, k.state_at FROM message k
        WHERE k.person_id = ANY (ARRAY (SELECT g.id UNION ALL SELECT o.id FROM person o WHERE o.merged_into = g.id)) OFFSET 0
    ) m
    WHERE m.workspace_id = %(workspace_id)s AND m.template = ANY (%(templates)s::text[]) AND m.source_kind <> 'test'
      AND m.state IN ('accepted', 'delivered', 'complained', 'in_doubt') AND m.state_at >= %(since)s
);

-- name: ring
-- Wake delivery workers when this transaction commits.
SELECT pg_notify('messages', '');

-- name: find_due
-- The next due messages of all workspaces, locked; what another worker holds is passed over.
SELECT id FROM message WHERE due_at <= %(now)s ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: lease
-- Take a lease on a chunk; its id is the fence.
INSERT INTO delivery_lease (worker, until, message_ids)
VALUES (%(worker)s, clock_timestamp() + make_interval(secs => %(seconds)s), %(ids)s::bigint[]) RETURNING id;

-- name: claim
-- Put the chunk's messages under the lease.
UPDATE message SET state = 'claimed', reason = '', state_at = %(now)s, due_at = NULL, attempts = attempts + 1, lease_id = %(lease_id)s
WHERE id = ANY (%(ids)s::bigint[]);

-- name: gate
-- Ask the consent gate about claimed messages, and fetch what their copies are made of: the fields of `Claimed`, the hours in which it may leave with the time zone that they are of, what else it reads, since when nobody may have got its template, and the reason against it.
SELECT m.id, m.workspace_id, m.lease_id, m.attempts, g.person_id, g.address, g.stream, m.topic, g.topic_id, m.template, coalesce(e.version_id, t.version_id), m.source_kind,
       p.language, CASE WHEN m.source_kind = 'confirm' THEN '{}' ELSE p.attributes::text END, m.event::text, m.hours::text, -- whoever asks to confirm repeats nothing that a form may have brought
       CASE WHEN m.hours IS NOT NULL OR m.workspace_id = ANY (%(quiet)s::bigint[]) THEN coalesce(p.time_zone, (SELECT w.time_zone FROM workspace w WHERE w.id = m.workspace_id)) END,
       m.given::text, m.seen_since, m.edition_id, e.sender_name, m.pinned_to,
       CASE WHEN g.reason = '' AND coalesce(e.version_id, t.version_id) IS NULL THEN 'template_unknown' ELSE g.reason END
FROM message_gate(%(ids)s::bigint[], %(now)s) g
JOIN message m ON m.id = g.message_id
LEFT JOIN person p ON p.id = g.person_id AND g.reason = ''
LEFT JOIN template t ON t.workspace_id = m.workspace_id AND t.key = m.template
LEFT JOIN message_edition e ON e.id = m.edition_id
ORDER BY m.id;

-- name: take_turns_to_ask
-- Who asks whether people have got these messages' templates does so one after the other: the next one sees what this one lets through.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.seen:' || t.template, t.workspace_id)) FROM (
    SELECT DISTINCT m.workspace_id, m.template FROM message m WHERE m.id = ANY (%(ids)s::bigint[]) ORDER BY m.workspace_id, m.template
) t;

-- name: find_seen
-- Which of these claimed messages are of a template that their people (also as who they were before a merge) have got, and which of one that another
-- message is just bringing them: one that another worker holds, that does not ask, or of those that ask together an older one. What these people have
-- is reached by their key, and only then looked at: else the planner may take a whole workspace's messages for each.
SELECT m.id, bool_or(o.state NOT IN ('claimed', 'handing_over'))
FROM unnest(%(ids)s::bigint[], %(sinces)s::timestamptz[]) AS g (id, since)
JOIN message m ON m.id = g.id
CROSS JOIN LATERAL (SELECT coalesce(n.merged_into, n.id) AS id FROM person n WHERE n.id = m.person_id LIMIT 1) p
CROSS JOIN LATERAL (
    SELECT k.id, k.workspace_id, k.template, k.source_kind, k.state, k.state_at, k.lease_id, k.seen_since FROM message k
    WHERE k.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = p.id)) OFFSET 0
) o
WHERE o.workspace_id = m.workspace_id AND o.template = m.template AND o.id <> m.id AND o.source_kind <> 'test'
  AND (o.state IN ('accepted', 'delivered', 'complained', 'in_doubt') AND o.state_at >= g.since
       OR o.state IN ('claimed', 'handing_over') AND (o.lease_id <> m.lease_id OR o.seen_since IS NULL OR o.id < m.id))
GROUP BY m.id;

-- name: find_senders
-- What mails of some workspaces say about their sender.
SELECT id, name, currency, postal_address, sender_name, sender_email, language FROM workspace WHERE id = ANY (%(ids)s::bigint[]);

-- name: mark
-- Ask the consent gate once more, and mark what it lets through as being handed over, with what the copies were made of; only what still is ours.
-- Answers what was not marked, with the gate's reason if it has one. An address that changed since the copy was made is such a case without a reason, and so is a sender that was paused or deleted.
-- `held` and `passed` are columns because the planner takes half of such rows for true, and then joins by hash.
WITH asked AS MATERIALIZED (
    SELECT *, lease_id = ANY (ARRAY (SELECT l.id FROM delivery_lease l WHERE l.id = ANY (%(leases)s::bigint[]) AND l.until > clock_timestamp()))
          AND (sender_id = 0 OR sender_id = ANY (ARRAY (SELECT s.id FROM sender s WHERE s.id = ANY (%(senders)s::bigint[]) AND NOT s.is_paused))) AS held
    FROM unnest(%(ids)s::bigint[], %(leases)s::bigint[], %(addresses)s::text[], %(versions)s::bigint[], %(languages)s::text[], %(facts)s::text[], %(links)s::text[], %(senders)s::bigint[])
        AS a (id, lease_id, address, version_id, language, facts, links, sender_id)
), judged AS MATERIALIZED (
    SELECT message_id, reason, reason = '' AS passed, person_id, address FROM message_gate(%(ids)s::bigint[], %(now)s)
), marked AS (
    UPDATE message m
    SET state = 'handing_over', state_at = %(now)s, sent_to = g.person_id, address = a.address, version_id = a.version_id, language = a.language, sender_id = a.sender_id
    FROM asked a JOIN judged g ON g.message_id = a.id
    WHERE m.id = a.id AND m.lease_id = a.lease_id AND m.state IN ('claimed', 'handing_over') AND a.held AND g.passed AND g.address = a.address
    RETURNING m.id, m.lease_id, m.workspace_id, a.facts, a.links
), copied AS (
    INSERT INTO message_copy (message_id, workspace_id, facts, links)
    SELECT id, workspace_id, facts::json, CASE WHEN links <> '' THEN string_to_array(links, E'\n') END FROM marked
    ON CONFLICT (message_id) DO UPDATE SET facts = excluded.facts, links = excluded.links
)
SELECT a.id, a.lease_id, coalesce(g.reason, '') FROM asked a LEFT JOIN judged g ON g.message_id = a.id
WHERE NOT EXISTS (SELECT FROM marked WHERE marked.id = a.id AND marked.lease_id = a.lease_id);

-- name: settle
-- Append what became of messages and fold it into their states; a lease that was lost writes nothing, except that it can still resolve its own doubt.
-- Room under caps counts from when a message left, if that took long; that of one that was not sent after all is free, and who waits for it looks again.
-- Answers how many were written, and those of them that bounced.
WITH told AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(leases)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(codes)s::smallint[], %(replies)s::text[],
                         %(due_ats)s::timestamptz[], %(taken_back)s::smallint[], %(addresses)s::text[])
        AS t (id, lease_id, state, reason, code, reply, due_at, taken_back, address)
), changed AS (
    UPDATE message m SET state = t.state, reason = t.reason, state_at = %(now)s, due_at = t.due_at, attempts = m.attempts - t.taken_back,
        address = coalesce(t.address, m.address), pinned_to = CASE WHEN t.state = 'deferred' AND t.reason = 'no_reply' THEN m.sender_id ELSE m.pinned_to END
    FROM told t
    WHERE m.id = t.id AND m.lease_id = t.lease_id
      AND (m.state IN ('claimed', 'handing_over') OR m.state = 'in_doubt' AND t.state <> 'in_doubt')
    RETURNING m.id, m.workspace_id, m.attempts, t.state, t.reason, t.code, t.reply, m.channel, m.address
), logged AS (
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, reason, at, code, reply, worker)
    SELECT workspace_id, id, attempts, state, reason, %(now)s, code, reply, %(worker)s FROM changed WHERE state <> 'planned' OR reason = 'cannot_write'
), later AS (
    UPDATE message_room r SET at = %(now)s FROM changed c
    WHERE r.message_id = c.id AND c.state IN ('accepted', 'in_doubt') AND r.at < %(now)s::timestamptz - interval '10 seconds'
), freed AS (
    DELETE FROM message_room r USING changed c WHERE r.message_id = c.id AND (c.state IN ('rejected', 'skipped') OR c.reason IN ('journey_paused', 'campaign_paused', 'sender_paused', 'cannot_write', 'braked')) RETURNING r.workspace_id, r.person_id
), woken AS (
    UPDATE message m SET due_at = %(now)s FROM freed f JOIN person p ON p.id = f.person_id
    WHERE m.person_id = ANY (ARRAY (SELECT coalesce(p.merged_into, p.id) UNION ALL SELECT g.id FROM person g WHERE g.merged_into = coalesce(p.merged_into, p.id)))
      AND m.workspace_id = f.workspace_id AND m.due_at > %(now)s AND m.reason = 'capped'
)
SELECT n.written, b.id, b.workspace_id, b.channel, b.address
FROM (SELECT count(*) AS written FROM changed) n LEFT JOIN changed b ON b.id = ANY (%(bounced)s::bigint[]);

-- name: renew
-- Keep leases alive.
UPDATE delivery_lease SET until = clock_timestamp() + make_interval(secs => %(seconds)s) WHERE id = ANY (%(leases)s::bigint[]) AND until > clock_timestamp() RETURNING id;

-- name: give_back
-- A chunk is through.
DELETE FROM delivery_lease WHERE id = ANY (%(leases)s::bigint[]);

-- name: begin_to_pause
-- Wait for the claims and marks that are being made: those that come after this transaction see what it has written.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.pauses', 0));

-- name: go_on
-- Messages of a journey or a campaign that were parked, as it was paused, are due.
UPDATE message SET due_at = %(now)s, reason = ''
WHERE workspace_id = %(workspace_id)s AND source_kind = %(source_kind)s AND source_key = %(source_key)s AND reason = %(source_kind)s || '_paused' AND state = 'planned';

-- name: space_out
-- What is overdue of a campaign that keeps a pace leaves at that pace, after what it has planned already; answers when the last one does.
WITH late AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY due_at, id) AS place FROM message
    WHERE workspace_id = %(workspace_id)s AND source_id = %(campaign_id)s AND source_kind = 'campaign' AND state = 'planned' AND due_at <= %(now)s
), last AS MATERIALIZED (
    SELECT coalesce(max(due_at), %(now)s) AS at FROM message
    WHERE workspace_id = %(workspace_id)s AND source_id = %(campaign_id)s AND source_kind = 'campaign' AND state = 'planned' AND reason = '' AND due_at > %(now)s
), moved AS (
    UPDATE message m SET due_at = last.at + late.place * %(pace)s::interval FROM late, last WHERE m.id = late.id AND m.state = 'planned' RETURNING m.due_at
)
SELECT coalesce((SELECT max(due_at) FROM moved), (SELECT at FROM last));

-- name: find_ended
-- Leases that ended, or that nobody renewed lately and whose worker has no session any more.
DELETE FROM delivery_lease WHERE id IN (
    SELECT l.id FROM delivery_lease l
    WHERE l.until < clock_timestamp()
       OR (l.until < clock_timestamp() + make_interval(secs => %(quiet_seconds)s)
           AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = l.worker))
    FOR UPDATE SKIP LOCKED
) RETURNING id, worker, message_ids;

-- name: find_holders
-- Workers that hold leases.
SELECT DISTINCT worker FROM delivery_lease;

-- name: reap
-- What a lost worker held, and what its flight record says (if it is known): accepted = accepted; not yet left = planned again; left without
-- a reply, or nobody knows = in doubt, and only a transactional mail is sent again. Locked as they are read: a mark or an outcome that is being
-- written is waited for, and counts.
WITH lost AS (
    SELECT m.id, m.attempts, coalesce(t.stream, 'marketing') AS stream,
           m.state = 'handing_over' AND m.id = ANY (%(accepted)s::bigint[]) AS is_accepted,
           m.state = 'handing_over' AND m.id <> ALL (%(accepted)s::bigint[]) AND (NOT %(is_known)s OR m.id = ANY (%(left)s::bigint[])) AS is_doubtful
    FROM message m LEFT JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic
    WHERE m.id = ANY (%(ids)s::bigint[]) AND m.lease_id = %(lease_id)s AND m.state IN ('claimed', 'handing_over')
    FOR UPDATE OF m
), judged AS (
    SELECT id, is_doubtful, CASE WHEN is_accepted THEN 'accepted'
                                 WHEN is_doubtful AND (stream = 'marketing' OR attempts >= %(most)s) THEN 'in_doubt'
                                 WHEN attempts >= %(most)s THEN 'rejected' ELSE 'planned' END AS state
    FROM lost
), changed AS (
    UPDATE message m SET state = j.state, state_at = %(now)s, due_at = CASE WHEN j.state = 'planned' THEN %(now)s::timestamptz END,
           reason = CASE j.state WHEN 'rejected' THEN 'attempts_exhausted' WHEN 'in_doubt' THEN 'worker_lost' ELSE '' END,
           pinned_to = CASE WHEN j.is_doubtful AND j.state = 'planned' THEN m.sender_id ELSE m.pinned_to END
    FROM judged j WHERE m.id = j.id
    RETURNING m.id, m.workspace_id, m.attempts, j.is_doubtful, m.state, m.reason
), later AS (
    UPDATE message_room r SET at = %(now)s FROM changed c WHERE r.message_id = c.id AND c.state IN ('accepted', 'in_doubt') AND r.at < %(now)s
), freed AS (
    DELETE FROM message_room r USING changed c WHERE r.message_id = c.id AND c.state = 'rejected' RETURNING r.workspace_id, r.person_id
), woken AS (
    UPDATE message m SET due_at = %(now)s FROM freed f JOIN person p ON p.id = f.person_id
    WHERE m.person_id = ANY (ARRAY (SELECT coalesce(p.merged_into, p.id) UNION ALL SELECT g.id FROM person g WHERE g.merged_into = coalesce(p.merged_into, p.id)))
      AND m.workspace_id = f.workspace_id AND m.due_at > %(now)s AND m.reason = 'capped'
)
INSERT INTO message_outcome (workspace_id, message_id, attempt, state, reason, at)
SELECT workspace_id, id, attempts, CASE WHEN is_doubtful THEN 'in_doubt' ELSE state END,
       CASE WHEN reason = '' THEN 'worker_lost' ELSE reason END, %(now)s
FROM changed;

-- name: next_due
-- When the next message becomes due.
SELECT min(due_at) FROM message WHERE due_at IS NOT NULL;

-- name: fill_tokens
-- Refill the buckets of some domains; returns the tokens that each has now.
UPDATE sending_limit SET tokens = least(burst, tokens + per_second * extract(epoch FROM clock_timestamp() - filled_at)::real), filled_at = clock_timestamp()
WHERE workspace_id = ANY (%(workspace_ids)s::bigint[]) AND domain = ANY (%(domains)s::text[])
RETURNING workspace_id, domain, tokens, per_second;

-- name: take_tokens
-- Take tokens out of buckets.
UPDATE sending_limit s SET tokens = s.tokens - t.count
FROM unnest(%(workspace_ids)s::bigint[], %(domains)s::text[], %(counts)s::real[]) AS t (workspace_id, domain, count)
WHERE s.workspace_id = t.workspace_id AND s.domain = t.domain;

-- name: put_limit
-- Set how many mails a second a domain may get from this workspace.
INSERT INTO sending_limit (workspace_id, domain, per_second, burst, tokens, filled_at)
VALUES (%(workspace_id)s, %(domain)s, %(per_second)s, %(burst)s, %(burst)s, clock_timestamp())
ON CONFLICT (workspace_id, domain) DO UPDATE SET per_second = excluded.per_second, burst = excluded.burst, tokens = least(sending_limit.tokens, excluded.burst);

-- name: drop_limit
-- Forget a domain's limit.
DELETE FROM sending_limit WHERE workspace_id = %(workspace_id)s AND domain = %(domain)s;

-- name: find_limits
-- Every limit of this workspace.
SELECT domain, per_second, burst FROM sending_limit WHERE workspace_id = %(workspace_id)s ORDER BY domain;

-- name: keep_mails
-- Store mails of the built-in mailbox in the workspaces of their messages; return the messages that exist.
INSERT INTO mailbox (workspace_id, received_at, message_id, sender, recipient, subject, size, body)
SELECT m.workspace_id, %(now)s, m.id, r.sender, r.recipient, r.subject, octet_length(r.body), r.body
FROM unnest(%(ids)s::bigint[], %(senders)s::text[], %(recipients)s::text[], %(subjects)s::text[], %(bodies)s::bytea[]) AS r (id, sender, recipient, subject, body)
JOIN message m ON m.id = r.id
RETURNING message_id;

-- name: trim_mailbox
-- Forget the oldest mails of workspaces that have too many.
DELETE FROM mailbox b USING (SELECT workspace_id, id, row_number() OVER (PARTITION BY workspace_id ORDER BY id DESC) AS place FROM mailbox) old
WHERE b.id = old.id AND old.place > %(kept)s;

-- name: find_messages
-- A page of the log, newest first.
SELECT id, source_kind, source_id, step, visit, person_id, channel, topic, template, state, reason, state_at, planned_at, due_at, expires_at, attempts, address, language, version_id, priority, value
FROM message
WHERE workspace_id = %(workspace_id)s
  AND (%(after)s::bigint IS NULL OR id < %(after)s::bigint)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: find_messages_of
-- A page of one person's messages (with those of actors merged into them), newest first.
SELECT id, source_kind, source_id, step, visit, person_id, channel, topic, template, state, reason, state_at, planned_at, due_at, expires_at, attempts, address, language, version_id, priority, value
FROM message
WHERE workspace_id = %(workspace_id)s
  AND person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT id FROM person WHERE merged_into = %(person_id)s))
  AND (%(after)s::bigint IS NULL OR id < %(after)s::bigint)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: find_messages_of_campaign
-- A page of one campaign's messages, newest first.
SELECT id, source_kind, source_id, step, visit, person_id, channel, topic, template, state, reason, state_at, planned_at, due_at, expires_at, attempts, address, language, version_id, priority, value
FROM message
WHERE workspace_id = %(workspace_id)s AND source_id = %(campaign_id)s AND source_kind = 'campaign'
  AND (%(after)s::bigint IS NULL OR id < %(after)s::bigint)
  AND (%(state)s::text IS NULL OR state = %(state)s::text)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s::text)
  AND (%(edition_id)s::bigint IS NULL OR edition_id = %(edition_id)s::bigint)
ORDER BY id DESC LIMIT %(limit)s;

-- name: get_message
-- One message.
SELECT id, source_kind, source_id, step, visit, person_id, channel, topic, template, state, reason, state_at, planned_at, due_at, expires_at, attempts, address, language, version_id, priority, value
FROM message WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: get_facts
-- The values that a message's copy was made of.
SELECT c.facts, m.version_id, m.language, m.edition_id FROM message m JOIN message_copy c ON c.message_id = m.id WHERE m.workspace_id = %(workspace_id)s AND m.id = %(id)s;

-- name: find_outcomes
-- What became of each attempt, oldest first.
SELECT attempt, state, reason, at, code, reply, worker FROM message_outcome WHERE workspace_id = %(workspace_id)s AND message_id = %(id)s ORDER BY id;

-- name: find_engagement
-- Opens and clicks of a message, oldest first.
SELECT kind, url, at, agent, verdict, rule FROM engagement WHERE workspace_id = %(workspace_id)s AND message_id = %(id)s ORDER BY id LIMIT 200;

-- name: count_states
-- How many messages are in each state, by reason.
SELECT state, reason, count(*) AS count FROM message WHERE workspace_id = %(workspace_id)s GROUP BY state, reason ORDER BY state, reason;

-- name: send_again
-- A person's decision about a message in doubt: send it again (the same Message-ID).
UPDATE message SET state = 'planned', reason = '', state_at = %(now)s, due_at = %(now)s, pinned_to = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND state = 'in_doubt';

-- name: release
-- Messages that could not be written are due again: these, or all of this workspace.
UPDATE message SET reason = '', due_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND state = 'planned' AND reason = 'cannot_write' AND (%(ids)s::bigint[] IS NULL OR id = ANY (%(ids)s::bigint[]));

-- name: set_aside
-- A message with which something is wrong waits for a person, whatever it is and whoever held it; the reply says what.
WITH aside AS (
    UPDATE message SET state = 'planned', reason = 'cannot_write', state_at = %(now)s, due_at = NULL, lease_id = NULL
    WHERE id = %(id)s AND state IN ('planned', 'deferred', 'claimed', 'handing_over') RETURNING id, workspace_id, attempts
)
INSERT INTO message_outcome (workspace_id, message_id, attempt, state, reason, at, reply, worker)
SELECT workspace_id, id, attempts, 'planned', 'cannot_write', %(now)s, %(detail)s, %(worker)s FROM aside;

-- name: find_mails
-- A page of the built-in mailbox, newest first.
SELECT id, sender, recipient, subject, size, message_id, received_at FROM mailbox
WHERE workspace_id = %(workspace_id)s AND (%(after)s::bigint IS NULL OR id < %(after)s::bigint)
  AND (%(search)s = '' OR strpos(lower(recipient), %(search)s) > 0 OR strpos(lower(subject), %(search)s) > 0)
ORDER BY id DESC LIMIT %(limit)s;

-- name: get_mail
-- One mail as it came.
SELECT id, sender, recipient, subject, size, message_id, received_at, body FROM mailbox WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: clear_mailbox
-- Forget all mails of the built-in mailbox.
DELETE FROM mailbox WHERE workspace_id = %(workspace_id)s;

-- name: find_topics
-- The stream of each topic.
SELECT key, stream FROM topic WHERE workspace_id = %(workspace_id)s;
