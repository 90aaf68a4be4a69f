-- name: find_news
-- Beginnings and ends of runs since the place that was told up to, in the order of transactions and never past one that is still
-- open; nothing while another worker tells. Each row is reached by its key: row-level security counts `coalesce` as leaky.
WITH place AS MATERIALIZED (
    SELECT txid, run_id, visit FROM run_told FOR UPDATE SKIP LOCKED
), news AS MATERIALIZED (
    SELECT q.* FROM place CROSS JOIN LATERAL (
        SELECT l.txid, l.run_id, l.visit, l.workspace_id, l.reason, l.at FROM run_log l
        WHERE (l.txid, l.run_id, l.visit) > (place.txid, place.run_id, place.visit) AND l.txid < pg_snapshot_xmin(pg_current_snapshot())
          AND l.reason IN ('triggered', 'end_reached', 'goal_reached', 'exit_condition', 'person_merged', 'step_removed', 'other_journey')
        ORDER BY l.txid, l.run_id, l.visit LIMIT %(limit)s) q
)
SELECT n.txid::text, n.run_id, n.visit, n.workspace_id, n.reason, n.at, j.key, p.id AS person_id
FROM news n
LEFT JOIN LATERAL (SELECT r.journey_id, r.person_id FROM run r WHERE r.id = n.run_id LIMIT 1) r ON true
LEFT JOIN LATERAL (SELECT o.key FROM journey o WHERE o.id = r.journey_id LIMIT 1) j ON true
LEFT JOIN LATERAL (SELECT coalesce(o.merged_into, o.id) AS id FROM person o WHERE o.id = r.person_id AND o.erased_at IS NULL LIMIT 1) p ON true
ORDER BY n.txid, n.run_id, n.visit;

-- name: turn_page
-- Told up to here.
UPDATE run_told SET txid = %(txid)s::text::xid8, run_id = %(run_id)s, visit = %(visit)s;
