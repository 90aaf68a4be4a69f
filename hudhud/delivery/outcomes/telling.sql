-- name: find_news
-- What became of messages since the place that was told up to; nothing while another worker tells. Each row is reached by its key:
-- row-level security counts `coalesce` as leaky, so it stands apart from the look-up that uses it.
WITH place AS MATERIALIZED (
    SELECT txid, id FROM message_told FOR UPDATE SKIP LOCKED
), news AS MATERIALIZED (
    SELECT q.* FROM place CROSS JOIN LATERAL (
        SELECT o.txid, o.id, o.workspace_id, o.message_id, o.state, o.reason, o.code, o.at FROM message_outcome o
        WHERE (o.txid, o.id) > (place.txid, place.id) AND o.txid < pg_snapshot_xmin(pg_current_snapshot())
          AND o.state IN ('accepted', 'rejected', 'bounced')
        ORDER BY o.txid, o.id LIMIT %(limit)s) q
)
SELECT n.txid::text, n.id, n.workspace_id, n.message_id, n.state, n.reason, n.code, n.at,
       p.id AS person_id, m.channel, m.template, m.topic, m.source_kind, m.source_id, m.source_key, m.step
FROM news n
LEFT JOIN LATERAL (SELECT o.*, coalesce(o.sent_to, o.person_id) AS held FROM message o WHERE o.id = n.message_id LIMIT 1) m ON true
LEFT JOIN LATERAL (SELECT coalesce(o.merged_into, o.id) AS id FROM person o WHERE o.id = m.held AND o.erased_at IS NULL LIMIT 1) p ON true
ORDER BY n.txid, n.id;

-- name: turn_page
-- Told up to here.
UPDATE message_told SET txid = %(txid)s::text::xid8, id = %(id)s;
