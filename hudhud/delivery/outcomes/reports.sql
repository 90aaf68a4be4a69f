-- name: keep_bodies
-- Keep bodies of doors as they came (everywhere: one group may hold several); a repeat is counted. Wakes the worker. In the order of the unique key:
-- two groups that lock the same rows in different orders would wait for each other.
WITH came AS (
    SELECT b.workspace_id, b.door_id, b.kind, b.fingerprint::uuid AS fingerprint, b.body, b.recipient, count(*) AS times
    FROM unnest(%(workspace_ids)b::bigint[], %(door_ids)b::bigint[], %(kinds)b::text[], %(fingerprints)b::text[], %(bodies)b::bytea[], %(recipients)b::text[])
         AS b (workspace_id, door_id, kind, fingerprint, body, recipient)
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 2, 4
), kept AS (
    INSERT INTO report_body AS known (workspace_id, door_id, kind, received_at, fingerprint, body, recipient, repeats)
    SELECT workspace_id, door_id, kind, %(now)s, fingerprint, body, recipient, times - 1 FROM came
    ON CONFLICT (door_id, fingerprint) DO UPDATE SET repeats = known.repeats + 1 + excluded.repeats
)
SELECT pg_notify('reports', '');

-- name: count_waiting_mails
-- How many mails nobody has read yet, up to so many.
SELECT count(*) FROM (SELECT FROM report_body WHERE read_at IS NULL AND door_id = 0 LIMIT %(most)s) w;

-- name: find_door
-- Whose door is this? (everywhere: the edge) Nothing where another generation's address was used.
SELECT id, workspace_id, kind, topic, secret FROM report_door WHERE id = %(door_id)s AND generation = %(generation)s;

-- name: record_refusal
-- A request that was not proved.
UPDATE report_door SET refused = refused + %(count)s, refused_at = %(now)s, refusal = %(refusal)s WHERE id = %(door_id)s;

-- name: find_waiting_bodies
-- Bodies to read, oldest first (everywhere), up to so many; whoever reads holds them.
SELECT b.id, b.workspace_id, b.door_id, b.kind, b.received_at, b.body, b.recipient, b.attempts, d.topic FROM report_body b LEFT JOIN report_door d ON d.id = b.door_id
WHERE b.read_at IS NULL ORDER BY b.id LIMIT %(limit)s FOR UPDATE OF b SKIP LOCKED;

-- name: try_body
-- It is about to be read: who dies of it must not die of it for ever.
UPDATE report_body SET attempts = attempts + 1 WHERE id = ANY (%(ids)s::bigint[]);

-- name: finish_bodies
-- What was read whole goes; of what was not, the problem is told, and of a mail its beginning is kept. Doors count.
WITH told AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(reports)s::integer[], %(unknown)s::integer[], %(problems)s::text[]) AS t (id, reports, unknown, problem)
), gone AS (
    DELETE FROM report_body b USING told t WHERE b.id = t.id AND t.problem = '' RETURNING b.id, b.door_id, b.received_at
), marked AS (
    UPDATE report_body b SET read_at = %(now)s, problem = t.problem, body = CASE WHEN b.door_id = 0 THEN substring(b.body FROM 1 FOR %(most_bytes)s) ELSE b.body END FROM told t WHERE b.id = t.id AND t.problem <> '' RETURNING b.id, b.door_id, b.received_at
), done AS (
    SELECT q.door_id, count(*) AS bodies, sum(t.reports) AS reports, sum(t.unknown) AS unknown, max(q.received_at) AS seen_at
    FROM (SELECT * FROM gone UNION ALL SELECT * FROM marked) q JOIN told t ON t.id = q.id GROUP BY q.door_id
)
UPDATE report_door d SET received = d.received + n.bodies, reports = d.reports + n.reports, unknown = d.unknown + n.unknown, seen_at = greatest(d.seen_at, n.seen_at)
FROM done n WHERE d.id = n.door_id;

-- name: keep_reports
-- Keep what was said (everywhere), each once. A message counts only in the workspace that its door belongs to (0: mail, which is proved by our name of the
-- message alone); of an erased person only the kind stays. Answers which are new, and about a message of ours.
WITH said AS (
    SELECT t.*, m.workspace_id AS owner, m.address AS sent_to, m.channel, p.erased_at IS NOT NULL AS is_erased
    FROM unnest(%(workspace_ids)s::bigint[], %(message_ids)s::bigint[], %(sources)s::text[], %(keys)s::text[], %(kinds)s::text[], %(rules)s::text[], %(ats)s::timestamptz[],
                %(received_ats)s::timestamptz[], %(codes)s::smallint[], %(statuses)s::text[], %(saids)s::text[], %(addresses)s::text[], %(raws)s::text[])
         AS t (workspace_id, message_id, source, key, kind, rule, at, received_at, code, status, said, address, raw)
    LEFT JOIN LATERAL (SELECT o.* FROM message o WHERE o.id = t.message_id AND t.workspace_id IN (0, o.workspace_id) LIMIT 1) m ON true
    LEFT JOIN LATERAL (SELECT o.erased_at FROM person o WHERE o.id = coalesce(m.sent_to, m.person_id) LIMIT 1) p ON true
)
INSERT INTO message_report (workspace_id, message_id, source, key, kind, rule, at, received_at, code, status, said, channel, address, applied_at, raw)
SELECT DISTINCT ON (coalesce(owner, workspace_id), source, key) coalesce(owner, workspace_id), CASE WHEN owner IS NOT NULL THEN message_id END, source, key, kind, rule, at, received_at, code, status,
       CASE WHEN is_erased THEN '' ELSE said END, coalesce(channel, 'email'), CASE WHEN is_erased THEN '' ELSE lower(coalesce(sent_to, address)) END,
       CASE WHEN owner IS NULL THEN received_at END, CASE WHEN is_erased THEN '' ELSE raw END
FROM said
ON CONFLICT (workspace_id, source, key) DO NOTHING
RETURNING id, message_id IS NOT NULL;

-- name: find_unapplied
-- Reports whose message has left (everywhere), oldest first; those whose message is still being handed over wait.
SELECT r.id, r.workspace_id, r.message_id, r.kind, r.rule, r.at, r.received_at, r.code, r.said, r.source, m.channel, lower(m.address) AS address, m.topic,
       coalesce(m.sent_to, m.person_id) AS person_id, m.source_kind, m.source_key
FROM message_report r JOIN message m ON m.id = r.message_id
WHERE r.applied_at IS NULL AND m.state IN ('accepted', 'in_doubt', 'delivered', 'bounced', 'complained', 'rejected')
ORDER BY r.id LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED;

-- name: set_applied
-- They have had their effect. Deliveries are not kept: the message's history has them.
WITH done AS (
    UPDATE message_report SET applied_at = %(now)s WHERE id = ANY (%(ids)s::bigint[]) AND kind <> 'delivered'
)
DELETE FROM message_report WHERE id = ANY (%(ids)s::bigint[]) AND kind = 'delivered';

-- name: reach
-- Let messages reach a state, where that is no step back; the history gets a line for each that did. Of a delivery and a failure that is not for good the
-- later one counts, by the time at which each happened, in whatever order they are heard of.
WITH told AS (
    SELECT DISTINCT ON (t.id) * FROM unnest(%(ids)s::bigint[], %(ats)s::timestamptz[], %(reasons)s::text[], %(codes)s::smallint[], %(replies)s::text[]) AS t (id, at, reason, code, reply)
    ORDER BY t.id, t.reason <> 'hard_bounce', t.at DESC
), changed AS (
    UPDATE message m SET state = %(state)s, reason = t.reason, state_at = t.at FROM told t
    WHERE m.id = t.id AND m.state = ANY (%(sources)s::text[]) AND CASE
        WHEN %(state)s = 'delivered' AND m.state = 'bounced' THEN m.reason <> 'hard_bounce' AND t.at > m.state_at
        WHEN %(state)s = 'bounced' AND m.state = 'delivered' THEN t.reason = 'hard_bounce' OR t.at >= m.state_at
        WHEN %(state)s = 'bounced' AND m.state = 'bounced' THEN t.reason = 'hard_bounce' AND m.reason <> 'hard_bounce'
        ELSE true END
    RETURNING m.id, m.workspace_id, m.attempts, t.at, t.reason, t.code, t.reply
), logged AS (
    INSERT INTO message_outcome (workspace_id, message_id, attempt, state, reason, at, code, reply)
    SELECT workspace_id, id, attempts, %(state)s, reason, at, code, reply FROM changed
)
SELECT id FROM changed;

-- name: record_refused
-- Servers refused messages at once: a report for each, which has its effect in this transaction.
INSERT INTO message_report (workspace_id, message_id, source, key, kind, rule, at, received_at, code, said, channel, address, applied_at)
SELECT t.workspace_id, t.message_id, 'smtp', t.key, t.kind, t.rule, %(now)s, %(now)s, t.code, t.said, t.channel, lower(coalesce(t.address, '')), %(now)s
FROM unnest(%(workspace_ids)s::bigint[], %(message_ids)s::bigint[], %(keys)s::text[], %(kinds)s::text[], %(rules)s::text[], %(codes)s::smallint[], %(saids)s::text[],
            %(channels)s::text[], %(addresses)s::text[]) AS t (workspace_id, message_id, key, kind, rule, code, said, channel, address)
ON CONFLICT (workspace_id, source, key) DO NOTHING
RETURNING id, message_id;

-- name: count_soft
-- Soft bounces that count; answers the addresses that have had so many in the window now, with how many.
WITH fresh AS (
    INSERT INTO soft_bounce (report_id, workspace_id, channel, address, at)
    SELECT t.report_id, %(workspace_id)s, t.channel, t.address, t.at
    FROM unnest(%(report_ids)s::bigint[], %(channels)s::text[], %(addresses)s::text[], %(ats)s::timestamptz[]) AS t (report_id, channel, address, at)
    WHERE t.address <> '' ON CONFLICT DO NOTHING RETURNING report_id, channel, address, at
), places AS (
    SELECT DISTINCT channel, address FROM fresh
)
SELECT p.channel, p.address, count(*) FROM places p
JOIN LATERAL (
    SELECT s.report_id FROM soft_bounce s WHERE s.workspace_id = %(workspace_id)s AND s.channel = p.channel AND s.address = p.address AND s.at > %(since)s
    UNION SELECT f.report_id FROM fresh f WHERE f.channel = p.channel AND f.address = p.address AND f.at > %(since)s
) s ON true
GROUP BY p.channel, p.address HAVING count(*) >= %(most)s;

-- name: forget_soft
-- Begin to count anew: mail has arrived there since, or they have had their effect.
DELETE FROM soft_bounce s USING unnest(%(channels)s::text[], %(addresses)s::text[], %(ats)s::timestamptz[]) AS t (channel, address, at)
WHERE s.workspace_id = %(workspace_id)s AND s.channel = t.channel AND s.address = t.address AND s.at <= t.at;

-- name: set_effects
-- What followed from reports.
UPDATE message_report SET effect = %(effect)s WHERE id = ANY (%(ids)s::bigint[]);

-- name: forget_old
-- What could not be read, and what was about no message of ours, is kept for some days (everywhere); a page of it.
WITH bodies AS (
    DELETE FROM report_body WHERE ctid IN (SELECT ctid FROM report_body WHERE received_at < %(before)s AND read_at IS NOT NULL ORDER BY received_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
)
DELETE FROM message_report WHERE id IN (
    SELECT id FROM message_report WHERE received_at < %(before)s AND (message_id IS NULL OR applied_at IS NULL) ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED);

-- name: bound_mails
-- Anybody may send mails that are about nothing of ours: so many are kept, the newest.
DELETE FROM report_body WHERE door_id = 0 AND read_at IS NOT NULL
  AND id <= (SELECT b.id FROM report_body b WHERE b.door_id = 0 AND b.read_at IS NOT NULL ORDER BY b.id DESC OFFSET %(most)s LIMIT 1);

-- name: forget_mails
-- Mails that were read and are kept to be looked at: all of them.
DELETE FROM report_body WHERE door_id = 0 AND read_at IS NOT NULL;

-- name: find_reports
-- What was said about a message, oldest first.
SELECT id, source, kind, rule, at, received_at, code, status, said, effect, raw FROM message_report WHERE workspace_id = %(workspace_id)s AND message_id = %(message_id)s ORDER BY at, id LIMIT 100;

-- name: find_reports_of
-- What was said about mails to an address, newest first.
SELECT id, message_id, source, kind, rule, at, received_at, code, status, said, effect FROM message_report
WHERE workspace_id = %(workspace_id)s AND channel = %(channel)s AND address = lower(%(address)s) ORDER BY id DESC LIMIT %(limit)s;

-- name: count_soft_of
-- How many soft bounces of an address count now.
SELECT count(*) FROM soft_bounce WHERE workspace_id = %(workspace_id)s AND channel = %(channel)s AND address = lower(%(address)s) AND at > %(since)s;
