-- name: find_open
-- Campaigns of all workspaces that something is to be done for: which are to begin, which have rows to be written, and cancelled ones whose rows wait.
SELECT c.id, c.workspace_id, c.status,
       c.status = 'running' AND EXISTS (SELECT FROM campaign_part p WHERE p.campaign_id = c.id AND p.finished_at IS NULL) AS is_writing
FROM campaign c
WHERE (c.status IN ('scheduled', 'running') OR c.status = 'cancelled' AND c.closed_at IS NULL)
  AND (c.status <> 'scheduled' OR c.starts_at <= %(now)s)
  AND c.looked_at <= clock_timestamp()
ORDER BY c.id;

-- name: next_start
-- When the next one begins.
SELECT min(starts_at) FROM campaign WHERE status = 'scheduled' AND starts_at > %(now)s;

-- name: claim_start
-- Take a campaign that is to begin; whoever froze it meanwhile has begun it.
SELECT id FROM campaign WHERE id = %(id)s AND status = 'scheduled' AND starts_at <= %(now)s AND revision = %(revision)s AND launched_at = %(launched_at)s FOR UPDATE SKIP LOCKED;

-- name: keep_audience
-- The audience, as it is now.
INSERT INTO campaign_audience (campaign_id, workspace_id, people) VALUES (%(id)s, %(workspace_id)s, %(people)s);

-- name: begin
-- It runs.
UPDATE campaign SET status = 'running', frozen_at = %(now)s, audience = %(audience)s WHERE id = %(id)s AND workspace_id = %(workspace_id)s;

-- name: open_part
-- Rows are to be made for a part of the audience.
INSERT INTO campaign_part (campaign_id, part, workspace_id, opened_at) VALUES (%(id)s, %(part)s, %(workspace_id)s, %(at)s) ON CONFLICT DO NOTHING;

-- name: read_audience
-- The audience as it was frozen.
SELECT people FROM campaign_audience WHERE campaign_id = %(id)s;

-- name: claim_part
-- Take the next chunk: the row's lock is the claim, so a crash gives everything back. Whoever pauses or cancels waits for the chunk's end.
SELECT p.part, p.opened_at, p.position, p.seen, p.planned, p.last_due_at
FROM campaign c JOIN campaign_part p ON p.campaign_id = c.id
WHERE c.id = %(id)s AND c.status = 'running' AND p.finished_at IS NULL
ORDER BY p.opened_at LIMIT 1
FOR SHARE OF c SKIP LOCKED FOR UPDATE OF p SKIP LOCKED;

-- name: move_part
-- So far it came.
UPDATE campaign_part SET position = %(position)s, seen = seen + %(seen)s, planned = planned + %(planned)s, last_due_at = greatest(last_due_at, %(last_due_at)s),
                         finished_at = CASE WHEN %(is_over)s THEN %(now)s::timestamptz END
WHERE campaign_id = %(id)s AND part = %(part)s;

-- name: exclude
-- Who of a chunk gets no row, by reason.
INSERT INTO campaign_excluded (campaign_id, part, chunk, reason, workspace_id, count, people)
SELECT %(id)s, %(part)s, %(chunk)s, x.reason, %(workspace_id)s, x.count, x.people
FROM unnest(%(reasons)s::text[], %(counts)s::bigint[], %(people)s::bytea[]) AS x (reason, count, people);

-- name: find_parts
-- How far each part came.
SELECT part, opened_at, position, seen, planned, last_due_at, finished_at FROM campaign_part WHERE campaign_id = %(id)s ORDER BY opened_at;

-- name: fail
-- Keep what went wrong, and leave it alone for a while.
UPDATE campaign SET failing = %(problem)s, looked_at = clock_timestamp() + make_interval(secs => %(seconds)s) WHERE id = %(id)s;

-- name: mend
-- It goes on.
UPDATE campaign SET failing = '' WHERE id = %(id)s AND failing <> '';

-- name: claim_closing
-- Take a cancelled campaign whose rows are to be ended.
SELECT true FROM campaign WHERE id = %(id)s AND status = 'cancelled' AND closed_at IS NULL FOR UPDATE SKIP LOCKED;

-- name: is_waiting
-- Whether any row of it is still to leave.
SELECT EXISTS (SELECT FROM message WHERE source_id = %(id)s AND source_kind = 'campaign' AND workspace_id = %(workspace_id)s
               AND state IN ('planned', 'deferred', 'claimed', 'handing_over'));

-- name: close
-- No row of it waits any more.
UPDATE campaign SET closed_at = %(now)s WHERE id = %(id)s;

-- name: find_by_hour
-- Workspaces with a campaign to come, or on its way, that goes to each at their best hour.
SELECT DISTINCT workspace_id FROM campaign
WHERE status IN ('scheduled', 'running') AND definition -> 'when' ->> 'kind' = 'best_hour'
  AND (status = 'scheduled' OR EXISTS (SELECT FROM campaign_part p WHERE p.campaign_id = campaign.id AND p.finished_at IS NULL));
