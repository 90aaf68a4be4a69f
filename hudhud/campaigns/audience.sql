-- name: by_hash
-- What is known of a chunk is read by its keys, all at once, and joined by hash: the planner, who takes lists of thousands for lists of ten, would look each up.
SELECT set_config('enable_nestloop', %(allowed)s, true);

-- name: sort_out
-- Who of these people gets the mail as things stand, and why the others do not: what the consent gate (message_gate) will ask of a message, asked of all at
-- once. One row for each of them: the reason ('' = gets it), and whether a time zone of theirs is known.
WITH t AS MATERIALIZED (
    SELECT o.id, o.stream FROM topic o WHERE o.workspace_id = %(workspace_id)s AND o.key = %(topic)s
), living AS MATERIALIZED (
    SELECT p.id, p.merged_into, p.erased_at, p.time_zone IS NOT NULL AS is_zoned
    FROM person p WHERE p.id = ANY (%(ids)s::bigint[]) AND p.workspace_id = %(workspace_id)s
), addressed AS MATERIALIZED (
    SELECT i.person_id, i.value, lower(i.value) AS small
    FROM identifier i WHERE i.person_id = ANY (%(ids)s::bigint[]) AND i.namespace = %(channel)s AND i.workspace_id = %(workspace_id)s
), suppressed AS MATERIALIZED (
    SELECT x.address, x.reason FROM suppression x
    WHERE x.workspace_id = %(workspace_id)s AND x.channel = %(channel)s AND x.address = ANY (ARRAY (SELECT small FROM addressed))
), merged AS MATERIALIZED (
    SELECT g.id, g.merged_into FROM person g WHERE g.merged_into = ANY (%(ids)s::bigint[])
), said AS MATERIALIZED (
    -- The newest word of all actors that are this person today; of two at one instant, the "no" counts.
    SELECT DISTINCT ON (w.person_id) w.person_id, w.state
    FROM (
        SELECT s.person_id, s.state, s.changed_at FROM subscription s
        WHERE s.person_id = ANY (%(ids)s::bigint[]) AND s.topic_id = (SELECT id FROM t) AND s.channel = %(channel)s
        UNION ALL
        SELECT g.merged_into, s.state, s.changed_at FROM merged g JOIN subscription s ON s.person_id = g.id
        WHERE s.person_id = ANY (ARRAY (SELECT id FROM merged)) AND s.topic_id = (SELECT id FROM t) AND s.channel = %(channel)s
    ) w
    ORDER BY w.person_id, w.changed_at DESC, w.state DESC
), silent AS MATERIALIZED (
    -- Who wished for silence for a while, as any actor that is this person today.
    SELECT coalesce(g.merged_into, f.person_id) AS person_id FROM preference f LEFT JOIN merged g ON g.id = f.person_id
    WHERE f.paused_until > %(now)s AND (f.person_id = ANY (%(ids)s::bigint[]) OR g.id IS NOT NULL)
    GROUP BY 1
)
SELECT q.id,
       CASE WHEN a.id IS NULL THEN 'person_gone'
            WHEN a.merged_into IS NOT NULL THEN 'person_merged'
            WHEN a.erased_at IS NOT NULL THEN 'person_erased'
            WHEN i.value IS NULL THEN 'no_address'
            WHEN x.reason IS NOT NULL THEN 'suppressed_' || x.reason
            WHEN (SELECT stream FROM t) = 'transactional' THEN ''
            WHEN s.state IS NULL THEN 'not_subscribed'
            WHEN s.state = 'pending' THEN 'not_confirmed'
            WHEN s.state = 'unsubscribed' THEN 'unsubscribed'
            WHEN f.person_id IS NOT NULL THEN 'person_paused'
            ELSE '' END,
       a.is_zoned
FROM unnest(%(ids)s::bigint[]) AS q (id)
LEFT JOIN living a ON a.id = q.id
LEFT JOIN addressed i ON i.person_id = q.id
LEFT JOIN suppressed x ON x.address = i.small
LEFT JOIN said s ON s.person_id = q.id
LEFT JOIN silent f ON f.person_id = q.id
ORDER BY q.id;

-- name: find_survivors
-- Who these people turned out to be, and all who turned out to be the same person.
SELECT p.id, p.merged_into, ARRAY (SELECT g.id FROM person g WHERE g.merged_into = p.merged_into ORDER BY g.id)
FROM person p WHERE p.id = ANY (%(ids)s::bigint[]) AND p.workspace_id = %(workspace_id)s AND p.merged_into IS NOT NULL;

-- name: find_not_opened
-- Who got a campaign's mail and is not known to have opened it, or clicked in it, themselves. Under whom they are known today: a mail of who was merged
-- since is the survivor's.
SELECT DISTINCT coalesce(p.merged_into, p.id)
FROM message m JOIN person p ON p.id = coalesce(m.sent_to, m.person_id)
WHERE m.workspace_id = %(workspace_id)s AND m.source_id = %(id)s AND m.source_kind = 'campaign' AND m.state IN ('accepted', 'delivered', 'in_doubt')
  AND NOT EXISTS (SELECT FROM engagement e WHERE e.message_id = m.id AND e.verdict = 'human');
