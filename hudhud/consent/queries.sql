-- name: record
-- Log every word with its proof and let the newest one for each (person, topic, channel), one at most, decide the state.
WITH said AS (
    SELECT c.person_id, t.id AS topic_id, c.channel, c.state, c.at, c.source, c.direct, c.newest, c.listed, c.refused, c.proof::jsonb AS proof
    FROM unnest(%(person_ids)s::bigint[], %(topics)s::text[], %(channels)s::text[], %(states)s::text[], %(ats)s::timestamptz[],
                %(sources)s::text[], %(direct)s::boolean[], %(newest)s::boolean[], %(listed)s::boolean[], %(refused)s::boolean[], %(proofs)s::text[])
         AS c (person_id, topic, channel, state, at, source, direct, newest, listed, refused, proof)
    JOIN topic t ON t.workspace_id = %(workspace_id)s AND t.key = c.topic
), newest AS (
    -- A list from elsewhere never brings back who unsubscribed here, under whatever number they were known then; a journey confirms no request, either.
    -- OFFSET 0 keeps it a look-up by key for each, also where nobody has counted the tables yet.
    SELECT * FROM said s WHERE s.newest AND NOT (s.listed AND EXISTS (
        SELECT FROM subscription o WHERE o.topic_id = s.topic_id AND o.channel = s.channel
          AND (o.state = 'unsubscribed' OR o.state = 'pending' AND s.source LIKE 'journey:%%')
          AND o.person_id = ANY (ARRAY (SELECT s.person_id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = s.person_id)) OFFSET 0))
), weighed AS (
    -- A "no" in a list, however old, outweighs what other lists said; a newer word of the person's own it does not.
    SELECT n.*, CASE WHEN n.refused AND NOT EXISTS (
        SELECT FROM consent_log c WHERE c.workspace_id = %(workspace_id)s AND c.topic_id = n.topic_id AND c.channel = n.channel
          AND c.person_id = ANY (ARRAY (SELECT n.person_id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = n.person_id))
          AND c.applied AND c.state <> 'unsubscribed' AND c.at > n.at AND c.source NOT LIKE 'import:%%' AND c.source NOT LIKE 'journey:%%' AND c.source NOT LIKE 'undo:%%')
    THEN greatest(n.at, (
        SELECT max(o.changed_at) FROM subscription o WHERE o.topic_id = n.topic_id AND o.channel = n.channel
          AND o.person_id = ANY (ARRAY (SELECT n.person_id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = n.person_id))))
    ELSE n.at END AS counts_at FROM newest n
), applied AS (
    INSERT INTO subscription AS old (workspace_id, person_id, topic_id, channel, state, changed_at)
    SELECT %(workspace_id)s, n.person_id, n.topic_id, n.channel, n.state, n.counts_at FROM weighed n
    WHERE EXISTS (SELECT FROM person p WHERE p.id = n.person_id)
    ORDER BY n.person_id, n.topic_id, n.channel
    ON CONFLICT (person_id, topic_id, channel) DO UPDATE
    SET state = excluded.state, changed_at = greatest(excluded.changed_at, old.changed_at)
    WHERE (excluded.changed_at > old.changed_at OR (excluded.state = 'unsubscribed' AND old.state <> 'unsubscribed' AND (excluded.changed_at = old.changed_at
           OR (old.person_id, old.topic_id, old.channel) IN (SELECT d.person_id, d.topic_id, d.channel FROM newest d WHERE d.direct))))
      AND NOT (excluded.state = 'pending' AND old.state = 'subscribed')
      AND NOT (old.state = 'unsubscribed' AND (old.person_id, old.topic_id, old.channel) IN (SELECT l.person_id, l.topic_id, l.channel FROM newest l WHERE l.listed))
      AND NOT (old.state = 'pending' AND (old.person_id, old.topic_id, old.channel) IN (SELECT l.person_id, l.topic_id, l.channel FROM newest l WHERE l.listed AND l.source LIKE 'journey:%%'))
    RETURNING person_id, topic_id, channel, state
), logged AS (
    INSERT INTO consent_log (workspace_id, person_id, topic_id, channel, state, at, source, applied, proof)
    SELECT %(workspace_id)s, n.person_id, n.topic_id, n.channel, n.state, n.at, n.source,
           EXISTS (SELECT FROM applied a WHERE (a.person_id, a.topic_id, a.channel, a.state) = (n.person_id, n.topic_id, n.channel, n.state)), n.proof
    FROM said n
    ON CONFLICT DO NOTHING
)
SELECT DISTINCT person_id FROM applied ORDER BY person_id;

-- name: topic_keys
-- The keys of all topics, and whether who asks for one confirms first.
SELECT key, confirms FROM topic WHERE workspace_id = %(workspace_id)s;

-- name: create_topic
-- Make a topic unless its key is taken.
INSERT INTO topic (workspace_id, key, names, stream, created_at)
VALUES (%(workspace_id)s, %(key)s, %(names)s::jsonb, %(stream)s, %(now)s)
ON CONFLICT (workspace_id, key) DO NOTHING
RETURNING id, key, names, stream, confirms, created_at;

-- name: rename_topic
-- Change the names people see.
UPDATE topic SET names = %(names)s::jsonb WHERE workspace_id = %(workspace_id)s AND key = %(key)s
RETURNING id, key, names, stream, confirms, created_at;

-- name: set_confirms
-- Let who asks for a topic confirm first, or not.
UPDATE topic SET confirms = %(confirms)s WHERE workspace_id = %(workspace_id)s AND key = %(key)s AND (stream = 'marketing' OR NOT %(confirms)s)
RETURNING id, key, names, stream, confirms, created_at;

-- name: find_topics
-- Every topic, oldest first.
SELECT id, key, names, stream, confirms, created_at FROM topic WHERE workspace_id = %(workspace_id)s ORDER BY id;

-- name: find_topic_numbers
-- Every topic with the number of living people in each state.
SELECT t.id, t.key, t.names, t.stream, t.confirms, t.created_at,
       count(*) FILTER (WHERE s.state = 'subscribed') AS subscribed,
       count(*) FILTER (WHERE s.state = 'pending') AS pending,
       count(*) FILTER (WHERE s.state = 'unsubscribed') AS unsubscribed
FROM topic t
LEFT JOIN (subscription s JOIN person p ON p.id = s.person_id AND p.merged_into IS NULL AND p.erased_at IS NULL)
       ON s.topic_id = t.id AND s.channel = 'email'
WHERE t.workspace_id = %(workspace_id)s
GROUP BY t.id ORDER BY t.id;

-- name: find_states
-- Where people stand on one topic and channel: the newest word of all actors that are them. OFFSET 0 keeps it a look-up by key for each, also
-- where nobody has counted the tables yet.
SELECT DISTINCT ON (a.person_id) a.person_id, s.state
FROM (SELECT p.id AS person_id, p.id AS actor_id FROM person p WHERE p.id = ANY(%(person_ids)s::bigint[])
      UNION ALL SELECT p.merged_into, p.id FROM person p WHERE p.merged_into = ANY(%(person_ids)s::bigint[])) a
CROSS JOIN LATERAL (
    SELECT o.state, o.changed_at FROM subscription o
    WHERE o.person_id = a.actor_id AND o.channel = %(channel)s
      AND o.topic_id = (SELECT t.id FROM topic t WHERE t.workspace_id = %(workspace_id)s AND t.key = %(topic)s)
    OFFSET 0) s
ORDER BY a.person_id, s.changed_at DESC, s.state DESC;

-- name: find_subscriptions
-- Where one person stands: the newest word of all actors that are this person, for each topic and channel.
SELECT DISTINCT ON (t.id, s.channel) t.key AS topic_key, s.channel, s.state, s.changed_at
FROM subscription s JOIN topic t ON t.id = s.topic_id
WHERE s.workspace_id = %(workspace_id)s
  AND (s.person_id = %(person_id)s OR s.person_id IN (SELECT id FROM person WHERE merged_into = %(person_id)s))
ORDER BY t.id, s.channel, s.changed_at DESC, s.state DESC;

-- name: find_entries
-- The proof log of one person, newest first.
SELECT c.id, t.key AS topic_key, c.channel, c.state, c.at, c.source, c.applied, c.proof
FROM consent_log c JOIN topic t ON t.id = c.topic_id
WHERE c.workspace_id = %(workspace_id)s
  AND (c.person_id = %(person_id)s OR c.person_id IN (SELECT id FROM person WHERE merged_into = %(person_id)s))
ORDER BY c.id DESC LIMIT %(limit)s;

-- name: suppress
-- Add addresses, in small letters: Ann@ and ann@ are one mailbox to whoever asks for silence. The first reason stays, except that a complaint outweighs
-- everything. What one list alone said is remembered as its word; as soon as anybody else says so too, it is nobody's to take back.
INSERT INTO suppression AS known (workspace_id, channel, address, reason, detail, created_at, source)
SELECT DISTINCT ON (s.channel, lower(s.address)) %(workspace_id)s, s.channel, lower(s.address), s.reason, s.detail, s.at, %(source)s
FROM unnest(%(channels)s::text[], %(addresses)s::text[], %(reasons)s::text[], %(details)s::text[], %(ats)s::timestamptz[])
     AS s (channel, address, reason, detail, at)
ORDER BY s.channel, lower(s.address), s.reason <> 'complaint', s.address
ON CONFLICT (workspace_id, channel, address) DO UPDATE
SET reason = CASE WHEN excluded.reason = 'complaint' THEN excluded.reason ELSE known.reason END,
    detail = CASE WHEN excluded.reason = 'complaint' AND known.reason <> 'complaint' THEN excluded.detail ELSE known.detail END,
    source = CASE WHEN excluded.source = known.source THEN known.source ELSE '' END
WHERE excluded.reason = 'complaint' AND known.reason <> 'complaint' OR known.source <> '' AND known.source <> excluded.source
RETURNING known.xmax = 0;

-- name: find_suppressed
-- Which of these addresses are suppressed. (Small letters are made by the database alone: Python has others for Σ and İ.)
SELECT k.channel, k.address FROM unnest(%(channels)s::text[], %(addresses)s::text[]) AS k (channel, address)
JOIN suppression s ON s.channel = k.channel AND s.address = lower(k.address)
WHERE s.workspace_id = %(workspace_id)s;

-- name: count_listed
-- How many addresses this import alone suppresses.
SELECT count(*) FROM suppression WHERE workspace_id = %(workspace_id)s AND source = %(source)s;

-- name: forget_listed
-- Take off what this import alone has put there.
DELETE FROM suppression WHERE workspace_id = %(workspace_id)s AND source = %(source)s AND source <> '';

-- name: find_suppressions
-- A page of suppressed addresses in alphabetical order.
SELECT channel, address, reason, detail, created_at, source FROM suppression
WHERE workspace_id = %(workspace_id)s AND (channel, address) > (%(after_channel)s, %(after_address)s)
  AND (%(search)s = '' OR strpos(address, %(search)s) > 0) AND (%(reason)s::text IS NULL OR reason = %(reason)s)
ORDER BY channel, address LIMIT %(limit)s;

-- name: count_suppressions
-- How many addresses are suppressed for which reason.
SELECT reason, count(*) FROM suppression WHERE workspace_id = %(workspace_id)s GROUP BY reason;

-- name: lift_suppression
-- Take an address off the list: who complained by an owner's word only, who was erased never.
DELETE FROM suppression
WHERE workspace_id = %(workspace_id)s AND channel = %(channel)s AND address = lower(%(address)s) AND reason <> 'erased' AND (reason <> 'complaint' OR %(by_owner)s)
RETURNING reason, detail;

-- name: count_said
-- Of the words of this source about these people: how many still decide, and how many no longer do. Words that were withdrawn count for nothing.
WITH word AS MATERIALIZED (
    SELECT c.id, c.person_id, c.topic_id, c.channel, c.source FROM consent_log c
    WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(ids)s::bigint[]) AND c.applied AND c.source NOT LIKE 'undo:%%' AND NOT EXISTS (
        SELECT FROM consent_log u WHERE u.workspace_id = c.workspace_id AND (u.person_id, u.topic_id, u.channel) = (c.person_id, c.topic_id, c.channel)
        AND c.source LIKE 'import:%%' AND u.source = 'undo:' || substr(c.source, 8))
), last AS (
    SELECT DISTINCT ON (w.person_id, w.topic_id, w.channel) w.person_id, w.topic_id, w.channel, w.source FROM word w
    ORDER BY w.person_id, w.topic_id, w.channel, w.id DESC
)
SELECT count(*) FILTER (WHERE l.source = %(source)s), count(*) FILTER (WHERE l.source <> %(source)s)
FROM last l WHERE EXISTS (SELECT FROM word o WHERE (o.person_id, o.topic_id, o.channel) = (l.person_id, l.topic_id, l.channel) AND o.source = %(source)s);

-- name: withdraw
-- Where the word of this source decides, what others said decides again (a "no" that changed nothing beside ours included), or nothing is known.
-- The log gets an entry for each, for ever: it tells later that the words of this source count for nothing, those that no longer decided included.
WITH word AS NOT MATERIALIZED (
    SELECT c.id, c.person_id, c.topic_id, c.channel, c.source, c.state, c.at, c.applied FROM consent_log c
    WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(ids)s::bigint[]) AND c.source NOT LIKE 'undo:%%' AND NOT EXISTS (
        SELECT FROM consent_log u WHERE u.workspace_id = c.workspace_id AND (u.person_id, u.topic_id, u.channel) = (c.person_id, c.topic_id, c.channel)
        AND c.source LIKE 'import:%%' AND u.source = 'undo:' || substr(c.source, 8))
), ours AS MATERIALIZED (
    SELECT o.id, o.person_id, o.topic_id, o.channel, e.state, e.at, coalesce(l.source = %(source)s, false) AS decides
    FROM (SELECT max(w.id) AS id, w.person_id, w.topic_id, w.channel FROM word w WHERE w.source = %(source)s GROUP BY w.person_id, w.topic_id, w.channel) o
    LEFT JOIN LATERAL (
        SELECT w.source FROM word w WHERE (w.person_id, w.topic_id, w.channel) = (o.person_id, o.topic_id, o.channel) AND w.applied
        ORDER BY w.id DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (
        SELECT w.state, w.at FROM word w
        WHERE (w.person_id, w.topic_id, w.channel) = (o.person_id, o.topic_id, o.channel) AND w.source <> %(source)s
          AND (w.applied OR w.state = 'unsubscribed' AND NOT EXISTS (
              SELECT FROM word n WHERE (n.person_id, n.topic_id, n.channel) = (o.person_id, o.topic_id, o.channel) AND n.source <> %(source)s
              AND n.applied AND n.id < w.id AND n.at > w.at AND w.source <> ALL(%(direct)s::text[])))
        ORDER BY w.id DESC LIMIT 1) e ON true
), forgotten AS (
    DELETE FROM subscription s USING ours o
    WHERE o.decides AND o.state IS NULL AND (s.person_id, s.topic_id, s.channel) = (o.person_id, o.topic_id, o.channel)
), restored AS (
    UPDATE subscription s SET state = o.state, changed_at = o.at FROM ours o
    WHERE o.decides AND o.state IS NOT NULL AND (s.person_id, s.topic_id, s.channel) = (o.person_id, o.topic_id, o.channel)
)
INSERT INTO consent_log (workspace_id, person_id, topic_id, channel, state, at, source, applied, proof)
SELECT %(workspace_id)s, o.person_id, o.topic_id, o.channel, coalesce(o.state, 'unsubscribed'), %(now)s, %(by)s, o.decides, jsonb_build_object('withdraws', o.id)
FROM ours o
ON CONFLICT DO NOTHING;
