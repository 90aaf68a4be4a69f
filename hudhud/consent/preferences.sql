-- name: get_preference
-- What a person wishes beside topics: of all actors that are them the strictest counts.
SELECT max(f.paused_until) FILTER (WHERE f.paused_until > %(now)s) AS paused_until, max(f.every_days) AS every_days FROM preference f
WHERE f.workspace_id = %(workspace_id)s
  AND f.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s));

-- name: put_preference
-- Keep what a person wishes with its proof; what actors merged into them had wished gives way. Answers whether anything is different now.
WITH family AS (
    SELECT %(person_id)s::bigint AS id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s
), before AS (
    SELECT max(f.paused_until) FILTER (WHERE f.paused_until > %(at)s) AS paused_until, max(f.every_days) AS every_days
    FROM preference f WHERE f.workspace_id = %(workspace_id)s AND f.person_id IN (SELECT id FROM family)
), changed AS (
    SELECT FROM before b WHERE (b.paused_until, b.every_days) IS DISTINCT FROM (%(paused_until)s::timestamptz, %(every_days)s::smallint)
), others AS (
    DELETE FROM preference f WHERE f.workspace_id = %(workspace_id)s AND f.person_id IN (SELECT id FROM family) AND f.person_id <> %(person_id)s
), kept AS (
    INSERT INTO preference (person_id, workspace_id, paused_until, every_days, changed_at)
    SELECT %(person_id)s, %(workspace_id)s, %(paused_until)s::timestamptz, %(every_days)s::smallint, %(at)s WHERE EXISTS (SELECT FROM changed)
    ON CONFLICT (person_id) DO UPDATE SET paused_until = excluded.paused_until, every_days = excluded.every_days, changed_at = excluded.changed_at
)
INSERT INTO preference_log (workspace_id, person_id, paused_until, every_days, at, source, proof)
SELECT %(workspace_id)s, %(person_id)s, %(paused_until)s::timestamptz, %(every_days)s::smallint, %(at)s, %(source)s, %(proof)s::jsonb WHERE EXISTS (SELECT FROM changed)
RETURNING id;

-- name: find_preference_entries
-- What a person wished when, newest first.
SELECT l.id, l.paused_until, l.every_days, l.at, l.source, l.proof FROM preference_log l
WHERE l.workspace_id = %(workspace_id)s
  AND l.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s))
ORDER BY l.id DESC LIMIT %(limit)s;

-- name: ask_to_confirm
-- Who stands at "pending" on a topic that confirms is to be written to: once, and again when they ask again a day after the mail.
INSERT INTO confirmation AS old (person_id, topic_id, workspace_id, asked_at, source)
SELECT DISTINCT ON (c.person_id, t.id) c.person_id, t.id, %(workspace_id)s, c.at, c.source
FROM unnest(%(person_ids)s::bigint[], %(topics)s::text[], %(ats)s::timestamptz[], %(sources)s::text[]) AS c (person_id, topic, at, source)
JOIN topic t ON t.workspace_id = %(workspace_id)s AND t.key = c.topic AND t.confirms
JOIN subscription s ON s.person_id = c.person_id AND s.topic_id = t.id AND s.channel = 'email' AND s.state = 'pending'
ORDER BY c.person_id, t.id, c.at DESC
ON CONFLICT (person_id, topic_id) DO UPDATE SET asked_at = excluded.asked_at, source = excluded.source, mail_id = NULL
WHERE old.mail_id IS NULL OR excluded.asked_at > (SELECT m.planned_at FROM confirmation_mail m WHERE m.id = old.mail_id) + interval '1 day';

-- name: take_turn_to_mail
-- One at a time decides who gets a confirmation mail.
SELECT pg_try_advisory_xact_lock(hashtextextended('hudhud.confirmations', 0));

-- name: find_to_confirm
-- People who are to get a mail now: what they asked for and still have not confirmed, their address as the consent gate chooses it, their language. Not
-- who was written to about anything of this kind within a day, whose mailbox had its fill of them within a month without an answer, and not a second
-- person with the same mailbox: ann+1@ and ann+2@ are one.
WITH waiting AS MATERIALIZED (
    SELECT DISTINCT c.workspace_id, coalesce(p.merged_into, p.id) AS person_id
    FROM confirmation c JOIN person p ON p.id = c.person_id WHERE c.mail_id IS NULL
), found AS (
    SELECT w.workspace_id, w.person_id, lower(a.value) AS address, coalesce(p.language, o.language) AS language
    FROM waiting w JOIN person p ON p.id = w.person_id AND p.erased_at IS NULL JOIN workspace o ON o.id = w.workspace_id
    CROSS JOIN LATERAL (
        SELECT i.value FROM identifier i WHERE i.person_id = w.person_id AND i.namespace = 'email' AND i.workspace_id = w.workspace_id
        ORDER BY i.value = lower(p.attributes ->> 'email') DESC NULLS LAST, i.created_at DESC, i.value LIMIT 1
    ) a
)
SELECT DISTINCT ON (f.workspace_id, hudhud_mailbox(f.address)) f.workspace_id, f.person_id, f.address, f.language FROM found f
WHERE NOT EXISTS (
    SELECT FROM confirmation_mail m WHERE m.workspace_id = f.workspace_id AND hudhud_mailbox(m.address) = hudhud_mailbox(f.address)
      AND m.planned_at > %(now)s::timestamptz - interval '1 day')
  AND %(most)s > (
    SELECT count(*) FROM confirmation_mail m WHERE m.workspace_id = f.workspace_id AND hudhud_mailbox(m.address) = hudhud_mailbox(f.address)
      AND m.planned_at > %(now)s::timestamptz - interval '30 days' AND m.confirmed_at IS NULL)
ORDER BY f.workspace_id, hudhud_mailbox(f.address), f.person_id LIMIT %(limit)s;

-- name: add_mail
-- One mail for all that a person asked for: answers its number, and the names of the topics; no row where nothing is left to confirm.
WITH open AS (
    SELECT c.person_id, c.topic_id FROM confirmation c JOIN topic t ON t.id = c.topic_id AND t.confirms
    JOIN subscription s ON s.person_id = c.person_id AND s.topic_id = c.topic_id AND s.channel = 'email' AND s.state = 'pending'
    WHERE c.workspace_id = %(workspace_id)s AND c.mail_id IS NULL
      AND c.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s))
), mail AS (
    INSERT INTO confirmation_mail (workspace_id, person_id, address, planned_at)
    SELECT %(workspace_id)s, %(person_id)s, %(address)s, %(now)s WHERE EXISTS (SELECT FROM open)
    RETURNING id
), named AS (
    UPDATE confirmation c SET mail_id = mail.id FROM mail, open WHERE (c.person_id, c.topic_id) = (open.person_id, open.topic_id)
)
SELECT mail.id, (SELECT jsonb_agg(t.names ORDER BY t.id) FROM topic t WHERE t.id IN (SELECT topic_id FROM open)) AS names FROM mail;

-- name: forget_settled
-- What nobody needs to be asked about any more: said otherwise since, or the topic confirms no more.
DELETE FROM confirmation c WHERE c.mail_id IS NULL AND c.workspace_id = %(workspace_id)s
  AND c.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s))
  AND (NOT EXISTS (SELECT FROM topic t WHERE t.id = c.topic_id AND t.confirms)
       OR NOT EXISTS (SELECT FROM subscription s WHERE s.person_id = c.person_id AND s.topic_id = c.topic_id AND s.channel = 'email' AND s.state = 'pending'));

-- name: find_service_topic
-- The topic that a mail about a subscription is of: it needs no consent.
SELECT key FROM topic WHERE workspace_id = %(workspace_id)s AND stream = 'transactional' ORDER BY id LIMIT 1;

-- name: get_request
-- A mail that confirms, for whom it is good today (nobody once the address is no longer theirs), and how the page should speak.
SELECT p.id AS person_id, m.workspace_id, m.id AS mail_id, m.address, m.planned_at, m.confirmed_at, coalesce(p.language, w.language) AS language, w.name AS workspace, w.postal_address,
       (SELECT b.kit FROM brand b WHERE b.workspace_id = w.id) AS kit
FROM confirmation_mail m
JOIN person asked ON asked.id = m.person_id
JOIN person p ON p.id = coalesce(asked.merged_into, asked.id) AND p.erased_at IS NULL
JOIN workspace w ON w.id = m.workspace_id
WHERE m.id = %(mail_id)s AND m.workspace_id = %(workspace_id)s
  AND EXISTS (SELECT FROM identifier i WHERE i.workspace_id = m.workspace_id AND i.namespace = 'email' AND lower(i.value) = m.address AND i.person_id = p.id);

-- name: find_requested
-- The topics of such a mail that still wait for a word (the newest of all actors that are this person counts), and who asked for them when.
SELECT t.key, t.names, c.asked_at, c.source
FROM confirmation c JOIN topic t ON t.id = c.topic_id
JOIN LATERAL (
    SELECT u.state FROM subscription u WHERE u.topic_id = c.topic_id AND u.channel = 'email'
      AND u.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s))
    ORDER BY u.changed_at DESC, u.state DESC LIMIT 1
) s ON s.state = 'pending'
WHERE c.workspace_id = %(workspace_id)s AND c.mail_id = %(mail_id)s ORDER BY t.id;

-- name: close_request
-- It was confirmed.
UPDATE confirmation_mail SET confirmed_at = %(now)s WHERE workspace_id = %(workspace_id)s AND id = %(mail_id)s AND confirmed_at IS NULL;

-- name: find_wordings
-- Every version of what people read where they agree, newest first.
SELECT version, law, texts, created_at, created_by FROM consent_wording WHERE workspace_id = %(workspace_id)s ORDER BY version DESC LIMIT %(limit)s;

-- name: get_wording
-- What they read today.
SELECT version, law, texts FROM consent_wording WHERE workspace_id = %(workspace_id)s ORDER BY version DESC LIMIT 1;

-- name: add_wording
-- The next version, unless it says what the newest one says.
INSERT INTO consent_wording (workspace_id, version, law, texts, created_at, created_by)
SELECT %(workspace_id)s, coalesce(max(version), 0) + 1, %(law)s, %(texts)s::jsonb, %(now)s, %(by)s FROM consent_wording WHERE workspace_id = %(workspace_id)s
HAVING NOT coalesce((array_agg((law, texts) = (%(law)s, %(texts)s::jsonb) ORDER BY version DESC))[1], false)
ON CONFLICT DO NOTHING RETURNING version, law, texts, created_at, created_by;
