-- name: find_suspects
-- Workspaces in which somebody complained or bounced hard lately (everywhere).
SELECT DISTINCT workspace_id FROM message_report WHERE kind IN ('hard_bounce', 'complaint') AND received_at > %(since)s ORDER BY workspace_id;

-- name: measure
-- Marketing that went out in the window, by what it came from, and how much of it complained or bounced hard. What somebody let go on begins anew then.
-- Those whose brake is pulled are left out: they are settled.
WITH released AS MATERIALIZED (
    SELECT source_kind, source_key, max(released_at) AS at FROM sending_brake WHERE workspace_id = %(workspace_id)s GROUP BY 1, 2
), gone AS (
    SELECT m.id, m.source_kind, m.source_key FROM message_outcome o JOIN message m ON m.id = o.message_id
    JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic AND t.stream = 'marketing'
    WHERE o.workspace_id = %(workspace_id)s AND o.at > %(since)s AND o.state IN ('accepted', 'rejected') AND m.source_kind <> 'test'
      AND o.at > coalesce((SELECT max(r.at) FROM released r WHERE r.source_kind = '' OR (r.source_kind, r.source_key) = (m.source_kind, m.source_key)), '-infinity')
), sent AS (
    SELECT source_kind, source_key, count(DISTINCT id) AS sent FROM gone GROUP BY 1, 2
), bad AS (
    SELECT m.source_kind, m.source_key, count(DISTINCT m.id) FILTER (WHERE r.kind = 'complaint') AS complaints, count(DISTINCT m.id) FILTER (WHERE r.kind = 'hard_bounce') AS bounces
    FROM message_report r JOIN message m ON m.id = r.message_id
    JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic AND t.stream = 'marketing'
    WHERE r.workspace_id = %(workspace_id)s AND r.received_at > %(since)s AND r.kind IN ('hard_bounce', 'complaint') AND m.source_kind <> 'test'
      AND r.received_at > coalesce((SELECT max(e.at) FROM released e WHERE e.source_kind = '' OR (e.source_kind, e.source_key) = (m.source_kind, m.source_key)), '-infinity')
    GROUP BY 1, 2
)
SELECT s.source_kind, s.source_key, s.sent, coalesce(b.complaints, 0) AS complaints, coalesce(b.bounces, 0) AS bounces FROM sent s
LEFT JOIN bad b USING (source_kind, source_key)
WHERE NOT EXISTS (SELECT FROM sending_brake k WHERE k.workspace_id = %(workspace_id)s AND k.released_at IS NULL
                  AND (k.source_kind = '' OR (k.source_kind, k.source_key) = (s.source_kind, s.source_key)))
ORDER BY 1, 2;

-- name: pull
-- Let it stand still; nothing where it does already.
INSERT INTO sending_brake (workspace_id, source_kind, source_key, cause, since, sent, bad, rate, pulled_at)
VALUES (%(workspace_id)s, %(source_kind)s, %(source_key)s, %(cause)s, %(since)s, %(sent)s, %(bad)s, %(rate)s, %(now)s)
ON CONFLICT (workspace_id, source_kind, source_key) WHERE released_at IS NULL DO NOTHING;

-- name: find_brakes
-- Those that are pulled, then those that were, newest first.
SELECT id, source_kind, source_key, cause, since, sent, bad, round(rate::numeric, 6)::float8 AS rate, pulled_at, released_at, released_by,
       (SELECT count(*) FROM message m WHERE m.workspace_id = b.workspace_id AND m.reason = 'braked' AND b.released_at IS NULL
          AND (b.source_kind = '' OR (b.source_kind, b.source_key) = (m.source_kind, m.source_key))) AS waiting
FROM sending_brake b WHERE b.workspace_id = %(workspace_id)s ORDER BY b.released_at IS NOT NULL, b.id DESC LIMIT %(limit)s;

-- name: count_brakes
-- How many are pulled.
SELECT count(*) FROM sending_brake WHERE workspace_id = %(workspace_id)s AND released_at IS NULL;

-- name: release
-- Somebody lets it go on.
UPDATE sending_brake SET released_at = %(now)s, released_by = %(actor)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND released_at IS NULL;

-- name: go_on
-- Messages that waited are looked at again; those for which another brake is pulled come back to wait.
UPDATE message SET due_at = %(now)s, reason = '' WHERE workspace_id = %(workspace_id)s AND reason = 'braked' AND state = 'planned';
