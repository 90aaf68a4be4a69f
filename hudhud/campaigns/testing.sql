-- name: find_due
-- Campaigns of all workspaces whose share that tests has its rows, and which nobody has decided yet.
SELECT c.id, c.workspace_id, p.last_due_at FROM campaign c JOIN campaign_part p ON p.campaign_id = c.id AND p.part = 'test'
WHERE c.status = 'running' AND c.decided_at IS NULL AND c.undecided_at IS NULL AND p.finished_at IS NOT NULL AND c.looked_at <= clock_timestamp() ORDER BY c.id;

-- name: claim
-- Take the decision about a test: whoever has it decides once.
SELECT true FROM campaign WHERE id = %(id)s AND status = 'running' AND decided_at IS NULL AND undecided_at IS NULL FOR UPDATE SKIP LOCKED;

-- name: decide
-- A winner, by which figures, and who said so.
UPDATE campaign SET decided_at = %(now)s, decided_by = %(by)s, winner = %(winner)s, verdict = %(verdict)s, decided_on = %(figures)s::jsonb, undecided_at = NULL
WHERE id = %(id)s AND workspace_id = %(workspace_id)s AND decided_at IS NULL;

-- name: leave_open
-- Nothing was shown, and the author decides.
UPDATE campaign SET undecided_at = %(now)s, decided_on = %(figures)s::jsonb WHERE id = %(id)s AND workspace_id = %(workspace_id)s;

-- name: find_recipients
-- To whom the share that tests was sent, with which edition, when, and whether they opened or clicked themselves until an instant.
SELECT coalesce(p.merged_into, p.id), m.edition_id, m.state_at,
       EXISTS (SELECT FROM engagement e WHERE e.message_id = m.id AND e.kind = %(kind)s AND e.verdict = 'human' AND e.at <= %(as_of)s)
FROM message m JOIN person p ON p.id = coalesce(m.sent_to, m.person_id)
WHERE m.source_id = %(id)s AND m.source_kind = 'campaign' AND m.workspace_id = %(workspace_id)s AND m.state IN ('accepted', 'delivered', 'complained')
  AND m.planned_at <= %(until)s AND p.erased_at IS NULL;

-- name: get_decided_on
-- The figures that decided.
SELECT decided_on FROM campaign WHERE id = %(id)s AND workspace_id = %(workspace_id)s;
