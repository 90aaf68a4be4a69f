-- name: sort_out
-- Who of these people gets the mail as things stand, and why the others do not: what the consent gate (message_gate) will ask of a message, asked of all at
-- once. One row for each of them: the reason ('' = gets it), and whether a time zone of theirs is known.
WITH t AS MATERIALIZED (
    SELECT o.id, o.stream FROM topic o WHERE o.workspace_id = %(workspace_id)s AND o.key = %(topic)s
), asked AS MATERIALIZED (
    SELECT q.id, p.id AS person_id, p.merged_into, p.erased_at, p.time_zone
    FROM unnest(%(ids)s::bigint[]) AS q (id) LEFT JOIN person p ON p.id = q.id AND p.workspace_id = %(workspace_id)s
), actors AS MATERIALIZED (
    SELECT a.id, a.id AS person_id FROM asked a
    UNION ALL SELECT g.id, g.merged_into FROM person g WHERE g.merged_into = ANY (%(ids)s::bigint[])
), said AS MATERIALIZED (
    -- The newest word of all actors that are this person today; of two at one instant, the "no" counts.
    SELECT DISTINCT ON (a.person_id) a.person_id, s.state
    FROM actors a JOIN subscription s ON s.person_id = a.id AND s.topic_id = (SELECT id FROM t) AND s.channel = %(channel)s
    ORDER BY a.person_id, s.changed_at DESC, s.state DESC
), silent AS MATERIALIZED (
    -- Who wished for silence for a while, as any actor that is this person today.
    SELECT DISTINCT a.person_id FROM actors a JOIN preference f ON f.person_id = a.id
    WHERE f.paused_until > %(now)s AND EXISTS (SELECT FROM preference o WHERE o.paused_until > %(now)s)
)
SELECT a.id,
       CASE WHEN a.person_id IS NULL THEN 'person_gone'
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
       a.time_zone IS NOT NULL
FROM asked a
LEFT JOIN identifier i ON i.person_id = a.person_id AND i.namespace = %(channel)s AND i.workspace_id = %(workspace_id)s
LEFT JOIN suppression x ON x.workspace_id = %(workspace_id)s AND x.channel = %(channel)s AND x.address = lower(i.value)
LEFT JOIN said s ON s.person_id = a.person_id
LEFT JOIN silent f ON f.person_id = a.person_id
ORDER BY a.id;

-- name: find_not_opened
-- Who got a campaign's mail and is not known to have opened it, or clicked in it, themselves. Under whom they are known today: a mail of who was merged
-- since is the survivor's.
SELECT DISTINCT coalesce(p.merged_into, p.id)
FROM message m JOIN person p ON p.id = coalesce(m.sent_to, m.person_id)
WHERE m.workspace_id = %(workspace_id)s AND m.source_id = %(id)s AND m.source_kind = 'campaign' AND m.state IN ('accepted', 'delivered', 'in_doubt')
  AND NOT EXISTS (SELECT FROM engagement e WHERE e.message_id = m.id AND e.verdict = 'human');
