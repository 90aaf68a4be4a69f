-- name: append_rows
-- Add messages to the intake log and wake the workers (everywhere: one group may hold several workspaces).
WITH added AS (
    INSERT INTO intake (lane, workspace_id, received_at, source, body)
    SELECT r.lane, r.workspace_id, %(now)s, r.source, r.body
    FROM unnest(%(lanes)b::smallint[], %(workspace_ids)b::bigint[], %(sources)b::text[], %(bodies)b::bytea[]) AS r (lane, workspace_id, source, body)
)
SELECT pg_notify('intake', '');

-- name: refuse_rows
-- Keep what was refused, with its reason. What a worker refuses twice (a retried batch) is kept once.
INSERT INTO intake_reject (workspace_id, received_at, source, reason, detail, body, intake_id)
SELECT r.workspace_id, %(now)s, r.source, r.reason, r.detail, r.body, r.intake_id
FROM unnest(%(workspace_ids)b::bigint[], %(sources)b::text[], %(reasons)b::text[], %(details)b::text[], %(bodies)b::bytea[], %(intake_ids)b::bigint[])
     AS r (workspace_id, source, reason, detail, body, intake_id)
ON CONFLICT (intake_id, reason) DO NOTHING;
