-- name: find_doors
-- The doors of this workspace.
SELECT id, generation, kind, has_secret, topic, created_at, seen_at, received, reports, unknown, refused, refused_at, refusal
FROM report_door WHERE workspace_id = %(workspace_id)s ORDER BY id;

-- name: find_last
-- What each provider said last.
SELECT d.kind AS source, r.kind, r.at, r.message_id, r.said FROM report_door d
CROSS JOIN LATERAL (SELECT o.kind, o.at, o.message_id, o.said FROM message_report o WHERE o.workspace_id = d.workspace_id AND o.source = d.kind ORDER BY o.id DESC LIMIT 1) r
WHERE d.workspace_id = %(workspace_id)s;

-- name: open_door
-- One for each kind.
INSERT INTO report_door (workspace_id, kind, created_at) VALUES (%(workspace_id)s, %(kind)s, %(now)s) ON CONFLICT (workspace_id, kind) DO NOTHING;

-- name: prove
-- What its bodies are checked with; null keeps what is there.
UPDATE report_door SET topic = coalesce(%(topic)s, topic), secret = coalesce(%(secret)s, secret) WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s;

-- name: rotate
-- Another address.
UPDATE report_door SET generation = generation + 1 WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s;

-- name: close_door
-- It and what waits behind it go.
WITH gone AS (DELETE FROM report_door WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s RETURNING id), bodies AS (
    DELETE FROM report_body b USING gone WHERE b.door_id = gone.id AND b.workspace_id = %(workspace_id)s
)
SELECT id FROM gone;
