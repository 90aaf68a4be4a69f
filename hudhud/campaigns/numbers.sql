-- name: count_rows
-- How many rows of a campaign are in each state, by edition and reason, and when they came to be so.
SELECT edition_id, state, reason, count(*), min(state_at), max(state_at), count(*) FILTER (WHERE state_at > %(now)s::timestamptz - interval '1 minute')
FROM message WHERE source_id = %(id)s AND source_kind = 'campaign' AND workspace_id = %(workspace_id)s
GROUP BY edition_id, state, reason;

-- name: count_engaged
-- Of how many rows mails were opened and clicked in, by persons and by machines only.
SELECT h.edition_id, count(*) FILTER (WHERE h.opened), count(*) FILTER (WHERE h.clicked),
       count(*) FILTER (WHERE h.machine_opened AND NOT h.opened), count(*) FILTER (WHERE h.machine_clicked AND NOT h.clicked)
FROM (
    SELECT m.edition_id, e.message_id,
           bool_or(e.kind = 'open' AND e.verdict = 'human') AS opened, bool_or(e.kind = 'click' AND e.verdict = 'human') AS clicked,
           bool_or(e.kind = 'open' AND e.verdict = 'machine') AS machine_opened, bool_or(e.kind = 'click' AND e.verdict = 'machine') AS machine_clicked
    FROM engagement e JOIN message m ON m.id = e.message_id
    WHERE m.source_id = %(id)s AND m.source_kind = 'campaign' AND m.workspace_id = %(workspace_id)s AND e.workspace_id = %(workspace_id)s
    GROUP BY m.edition_id, e.message_id
) h GROUP BY h.edition_id;

-- name: count_unsubscribed
-- How many unsubscribed from the topic by a link in one of its mails, by edition: the word's proof names the mail.
SELECT m.edition_id, count(DISTINCT m.id)
FROM consent_log c JOIN message m ON m.id = CASE WHEN c.proof ->> 'message_id' ~ '^[0-9]{1,18}$' THEN (c.proof ->> 'message_id')::bigint END
WHERE c.workspace_id = %(workspace_id)s AND c.state = 'unsubscribed' AND c.at >= %(since)s
  AND m.source_id = %(id)s AND m.source_kind = 'campaign' AND m.workspace_id = %(workspace_id)s
GROUP BY m.edition_id;

-- name: count_excluded
-- Who got no row, by reason.
SELECT reason, sum(count)::bigint FROM campaign_excluded WHERE campaign_id = %(id)s AND workspace_id = %(workspace_id)s GROUP BY reason;

-- name: keep_figures
-- What it came to, as of now.
INSERT INTO campaign_figures AS f (campaign_id, workspace_id, as_of, next_at, figures) VALUES (%(id)s, %(workspace_id)s, %(now)s, %(next_at)s, %(figures)s::jsonb)
ON CONFLICT (campaign_id) DO UPDATE SET as_of = excluded.as_of, next_at = excluded.next_at, figures = excluded.figures WHERE f.as_of <= excluded.as_of;

-- name: find_to_count
-- Campaigns of all workspaces whose figures are to be counted: those that run and were never counted, and those whose time has come.
SELECT c.id, c.workspace_id FROM campaign c LEFT JOIN campaign_figures f ON f.campaign_id = c.id
WHERE c.frozen_at IS NOT NULL AND (f.campaign_id IS NULL OR f.next_at <= %(now)s) ORDER BY c.id LIMIT 100;

-- name: find_excluded
-- Who got no row, by reason and chunk.
SELECT reason, people FROM campaign_excluded WHERE campaign_id = %(id)s AND workspace_id = %(workspace_id)s AND (%(reason)s::text IS NULL OR reason = %(reason)s::text);

-- name: find_actors
-- All actors that somebody is today: the survivor first.
SELECT g.id FROM person p JOIN person g ON g.id = coalesce(p.merged_into, p.id) OR g.merged_into = coalesce(p.merged_into, p.id)
WHERE p.id = %(person_id)s AND p.workspace_id = %(workspace_id)s ORDER BY g.merged_into IS NOT NULL, g.id;

-- name: find_message_to
-- The row that a campaign has for somebody.
SELECT id FROM message WHERE source_id = %(id)s AND source_kind = 'campaign' AND workspace_id = %(workspace_id)s AND person_id = ANY (%(person_ids)s::bigint[])
ORDER BY id LIMIT 1;
