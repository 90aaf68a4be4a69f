-- name: find_listening
-- Who is told of news, and of which; nobody takes them away until this transaction ends.
SELECT id, wants, segments, events FROM endpoint WHERE workspace_id = %(workspace_id)s AND state <> 'disabled' ORDER BY id FOR KEY SHARE;

-- name: name_people
-- Who these people are today, and what other tools know them by; nothing of those who are erased.
SELECT asked.id, p.id,
       (SELECT i.value FROM identifier i WHERE i.workspace_id = p.workspace_id AND i.person_id = p.id AND i.namespace = 'user_id' ORDER BY i.created_at, i.value LIMIT 1),
       (SELECT i.value FROM identifier i WHERE i.workspace_id = p.workspace_id AND i.person_id = p.id AND i.namespace = 'email' ORDER BY i.created_at, i.value LIMIT 1)
FROM person asked JOIN person p ON p.id = coalesce(asked.merged_into, asked.id)
WHERE asked.workspace_id = %(workspace_id)s AND asked.id = ANY(%(people)s::bigint[]) AND p.erased_at IS NULL;

-- name: add_deliveries
-- One for each piece of news and endpoint; a repeat finds it there. Wakes the worker.
WITH made AS (
    INSERT INTO endpoint_delivery (workspace_id, endpoint_id, message, kind, person_id, body, created_at, due_at)
    SELECT %(workspace_id)s, g.endpoint_id, g.message, g.kind, g.person_id, g.body, %(now)s, %(now)s
    FROM unnest(%(endpoints)b::bigint[], %(messages)b::text[], %(kinds)b::text[], %(people)b::bigint[], %(bodies)b::bytea[])
         AS g (endpoint_id, message, kind, person_id, body)
    ON CONFLICT (workspace_id, endpoint_id, message) DO NOTHING RETURNING 1
)
SELECT count(*), pg_notify('endpoints', '') FROM made;

-- name: read_changes
-- Who entered or left a listed segment, of a batch that is on its way to ClickHouse.
SELECT c.id, c.segment_id, s.name, c.person_id, c.entered, c.at
FROM segment_feed f JOIN segment_change c ON c.workspace_id = f.workspace_id AND c.id > f.fed AND c.id <= f.last
JOIN segment s ON s.id = c.segment_id
WHERE f.workspace_id = %(workspace_id)s AND f.feed = %(feed)s AND s.owner = '' ORDER BY c.id;

-- name: find_readers
-- Endpoints with something to hear of consent (everywhere).
SELECT e.workspace_id, e.id FROM endpoint e
WHERE e.state <> 'disabled' AND 'consent.changed' = ANY(e.wants) AND EXISTS (
    SELECT FROM consent_log c WHERE c.workspace_id = e.workspace_id AND (c.txid, c.id) > (e.consent_txid, e.consent_id)
       AND c.txid < pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY e.id;

-- name: read_consent
-- The next words about consent, in the order of transactions and never past one that is still open; nothing while another worker reads.
WITH place AS MATERIALIZED (
    SELECT consent_txid, consent_id FROM endpoint
    WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s AND state <> 'disabled' AND 'consent.changed' = ANY(wants) FOR NO KEY UPDATE SKIP LOCKED
)
SELECT c.txid::text AS txid, c.id, c.person_id, t.key AS topic, c.channel, c.state, c.at, c.source, c.applied
FROM place CROSS JOIN LATERAL (
    SELECT o.* FROM consent_log o
    WHERE o.workspace_id = %(workspace_id)s AND (o.txid, o.id) > (place.consent_txid, place.consent_id) AND o.txid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY o.txid, o.id LIMIT %(limit)s) c
LEFT JOIN topic t ON t.id = c.topic_id
ORDER BY c.txid, c.id;

-- name: turn_page
-- Read up to here.
UPDATE endpoint SET consent_txid = %(txid)s::text::xid8, consent_id = %(id)s WHERE workspace_id = %(workspace_id)s AND id = %(endpoint_id)s;
