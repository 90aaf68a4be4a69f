-- name: record_open
-- Keep an open of a message, as it came; of an erased person nothing is kept.
INSERT INTO engagement (workspace_id, message_id, kind, at, method, agent, address)
SELECT m.workspace_id, m.id, 'open', %(now)s, %(method)s, %(agent)s, %(address)s FROM message m
WHERE m.id = %(message_id)s AND NOT EXISTS (SELECT FROM person p WHERE p.id = m.person_id AND p.erased_at IS NOT NULL);

-- name: record_click
-- Keep a click and answer where the link leads: the author's target by its number, or this person's own. Of an erased person only the way is told.
WITH target AS (
    SELECT m.workspace_id, m.id, EXISTS (SELECT FROM person p WHERE p.id = m.person_id AND p.erased_at IS NOT NULL) AS is_erased,
           CASE WHEN %(link)s < jsonb_array_length(c.links) THEN c.links ->> %(link)s::integer
                ELSE o.links[%(link)s - jsonb_array_length(c.links) + 1] END AS url
    FROM message m
    JOIN message_copy o ON o.message_id = m.id
    JOIN template_version v ON v.id = m.version_id
    CROSS JOIN LATERAL (SELECT v.compiled -> m.language -> 'links' AS links) c
    WHERE m.id = %(message_id)s
), kept AS (
    INSERT INTO engagement (workspace_id, message_id, kind, link, url, at, method, agent, address)
    SELECT workspace_id, id, 'click', %(link)s, url, %(now)s, %(method)s, %(agent)s, %(address)s FROM target WHERE url IS NOT NULL AND NOT is_erased
)
SELECT url FROM target WHERE url IS NOT NULL;

-- name: get_subscriber
-- Who holds an unsubscribe link today, and how the page should speak.
SELECT p.id AS person_id, p.workspace_id, coalesce(p.language, w.language) AS language, w.name AS workspace, w.postal_address,
       (SELECT b.kit FROM brand b WHERE b.workspace_id = w.id) AS kit
FROM person asked
JOIN person p ON p.id = coalesce(asked.merged_into, asked.id)
JOIN workspace w ON w.id = asked.workspace_id
WHERE asked.id = %(person_id)s AND asked.workspace_id = %(workspace_id)s AND p.erased_at IS NULL;

-- name: take_turn_to_say
-- Of two presses of one person's buttons the second sees what the first has said.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.said', %(person_id)s));

-- name: find_choices
-- The marketing topics of a workspace and where this person stands on each; no state where nobody has said a word: a "no" is news there, too.
SELECT t.id, t.key, t.names, s.state
FROM topic t
LEFT JOIN LATERAL (
    SELECT u.state FROM subscription u
    WHERE u.topic_id = t.id AND u.channel = 'email'
      AND (u.person_id = %(person_id)s OR u.person_id IN (SELECT id FROM person WHERE merged_into = %(person_id)s))
    ORDER BY u.changed_at DESC, u.state DESC LIMIT 1
) s ON true
WHERE t.workspace_id = %(workspace_id)s AND t.stream = 'marketing'
ORDER BY t.id;

-- name: name_person
-- An id by which the intake log knows a person; made for one who has none but an address. Random: with a public key
-- anybody may speak for an anonymous_id that can be guessed, or take it before its owner comes.
WITH found AS (
    SELECT namespace, value FROM identifier
    WHERE workspace_id = %(workspace_id)s AND person_id = %(person_id)s AND namespace IN ('user_id', 'anonymous_id')
    ORDER BY namespace DESC, created_at, value LIMIT 1
), made AS (
    INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
    SELECT %(workspace_id)s, 'anonymous_id', 'mail-' || gen_random_uuid(), %(person_id)s, %(now)s WHERE NOT EXISTS (SELECT FROM found)
    ON CONFLICT DO NOTHING RETURNING namespace, value
)
SELECT namespace, value FROM found UNION ALL SELECT namespace, value FROM made;

-- name: find_unjudged
-- Opens and clicks that came before the horizon and have no verdict yet, with what surrounds them. `coalesce` stands apart from the
-- look-up that uses it: row-level security counts it as leaky, and would read the whole table.
WITH e AS MATERIALIZED (
    SELECT id, workspace_id, message_id, kind, link, url, at, method, agent, address FROM engagement
    WHERE verdict IS NULL AND at <= %(horizon)s
    ORDER BY id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
SELECT e.*, p.id AS person_id, m.channel, m.template, m.topic, m.source_kind, m.source_id, m.source_key, m.step,
       (SELECT min(o.at) FROM message_outcome o WHERE o.message_id = m.id AND o.state = 'accepted') AS accepted_at
FROM e
LEFT JOIN LATERAL (SELECT o.*, coalesce(o.sent_to, o.person_id) AS held FROM message o WHERE o.id = e.message_id LIMIT 1) m ON true
LEFT JOIN LATERAL (SELECT coalesce(o.merged_into, o.id) AS id FROM person o WHERE o.id = m.held AND o.erased_at IS NULL LIMIT 1) p ON true
ORDER BY e.id;

-- name: find_outdated
-- Opens and clicks that were judged by earlier rules, with what surrounds them.
WITH e AS MATERIALIZED (
    SELECT id, message_id, kind, link, at, method, agent, address, verdict, rule FROM engagement
    WHERE rules < %(rules)s ORDER BY rules, id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
SELECT e.*, (SELECT min(o.at) FROM message_outcome o WHERE o.message_id = e.message_id AND o.state = 'accepted') AS accepted_at FROM e ORDER BY e.id;

-- name: find_around
-- Every hit on some messages in a span of time: what shows a scanner.
SELECT message_id, kind, link, at, method, address FROM engagement
WHERE message_id = ANY (%(message_ids)s::bigint[]) AND at BETWEEN %(since)s AND %(until)s;

-- name: judge
-- Keep the verdicts.
UPDATE engagement e SET verdict = v.verdict, rule = v.rule, rules = %(rules)s
FROM unnest(%(ids)s::bigint[], %(verdicts)s::text[], %(reasons)s::text[]) AS v (id, verdict, rule)
WHERE e.id = ANY (%(ids)s::bigint[]) AND e.id = v.id;
