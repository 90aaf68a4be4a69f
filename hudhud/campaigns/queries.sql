-- name: create
-- Make a draft.
INSERT INTO campaign (workspace_id, definition, name, resend_of, created_at, created_by, updated_at, updated_by)
VALUES (%(workspace_id)s, %(definition)s::json, %(name)s, %(resend_of)s, %(now)s, %(by)s, %(now)s, %(by)s) RETURNING id;

-- name: get
-- One campaign: the fields of `Campaign`.
SELECT id, definition, revision, status, created_at, created_by, updated_at, updated_by, review, review_at, review_by, note, resend_of, launched_at, launched_by,
       starts_at, undo_until, frozen_at, audience, paused_at, cancelled_at, closed_at, undecided_at, decided_at, decided_by, winner, verdict, archived_at, failing
FROM campaign WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: lock
-- The same, and nobody else decides about it before this transaction ends; waits for the chunk of rows that is being written.
SELECT id, definition, revision, status, created_at, created_by, updated_at, updated_by, review, review_at, review_by, note, resend_of, launched_at, launched_by,
       starts_at, undo_until, frozen_at, audience, paused_at, cancelled_at, closed_at, undecided_at, decided_at, decided_by, winner, verdict, archived_at, failing
FROM campaign WHERE workspace_id = %(workspace_id)s AND id = %(id)s FOR UPDATE;

-- name: save
-- Save what an author wrote; whatever was said about it before is about something else.
UPDATE campaign SET definition = %(definition)s::json, name = %(name)s, revision = revision + 1, updated_at = %(now)s, updated_by = %(by)s,
                    review = NULL, review_at = NULL, review_by = NULL, note = ''
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: delete
-- Forget a draft.
DELETE FROM campaign WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: review
-- Keep a question or a word about a revision.
UPDATE campaign SET review = %(review)s, review_at = %(now)s, review_by = %(by)s, note = %(note)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: launch
-- From now on it is to begin at an instant.
UPDATE campaign SET status = 'scheduled', launched_at = %(now)s, launched_by = %(by)s, starts_at = %(starts_at)s, undo_until = %(undo_until)s, failing = '',
                    looked_at = '-infinity'
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: put_variant
-- Which edition a variant sends.
INSERT INTO campaign_variant (campaign_id, name, workspace_id, edition_id) VALUES (%(id)s, %(name)s, %(workspace_id)s, %(edition_id)s);

-- name: clear_variants
-- It is to be launched anew.
DELETE FROM campaign_variant WHERE campaign_id = %(id)s;

-- name: find_variants
-- Which edition each variant sends.
SELECT name, edition_id FROM campaign_variant WHERE campaign_id = %(id)s;

-- name: undo
-- A draft again.
UPDATE campaign SET status = 'draft', launched_at = NULL, launched_by = NULL, starts_at = NULL, undo_until = NULL, failing = ''
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: pause
-- Nothing more of it leaves.
UPDATE campaign SET status = 'paused', paused_at = %(now)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: resume
-- It goes on.
UPDATE campaign SET status = 'running', paused_at = NULL WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: put_off
-- The last of its mails that were made so far is due at this instant at the earliest: a test is looked at that much later, and what is still to be made follows.
UPDATE campaign_part p SET last_due_at = greatest(p.last_due_at, %(at)s)
WHERE p.campaign_id = %(id)s AND p.workspace_id = %(workspace_id)s AND p.opened_at = (SELECT max(q.opened_at) FROM campaign_part q WHERE q.campaign_id = p.campaign_id)
  AND (p.finished_at IS NULL OR EXISTS (SELECT FROM message m WHERE m.source_id = p.campaign_id AND m.source_kind = 'campaign'
                                        AND m.workspace_id = p.workspace_id AND m.state IN ('planned', 'deferred', 'claimed', 'handing_over')));

-- name: cancel
-- Nothing more of it leaves, ever; the worker ends what waits.
UPDATE campaign SET status = 'cancelled', cancelled_at = %(now)s, paused_at = NULL, closed_at = CASE WHEN frozen_at IS NULL THEN %(now)s::timestamptz END
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: archive
-- Put it away, or take it out again.
UPDATE campaign SET archived_at = %(at)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: find_resends
-- The campaigns that were sent to who had not opened this one.
SELECT id FROM campaign WHERE workspace_id = %(workspace_id)s AND resend_of = %(id)s ORDER BY id;

-- name: find_using
-- Campaigns that have not begun and whose audience may name a segment.
SELECT id, name, status, definition FROM campaign
WHERE workspace_id = %(workspace_id)s AND status IN ('draft', 'scheduled') AND archived_at IS NULL AND (definition -> 'audience')::text ~ %(named)s ORDER BY id;

-- name: find_waiting
-- Campaigns that wait for somebody, newest first.
SELECT id, name, CASE WHEN failing <> '' THEN 'failing' WHEN status = 'paused' THEN 'paused' ELSE 'undecided' END FROM campaign
WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL
  AND (status = 'paused' OR status IN ('scheduled', 'running') AND (failing <> '' OR undecided_at IS NOT NULL)) ORDER BY id DESC LIMIT 20;

-- name: find_page
-- A page of campaigns, newest first, with the figures that were counted last.
SELECT c.id, c.name, c.definition, c.status, c.resend_of, c.starts_at, c.updated_at, c.launched_at, c.frozen_at, c.decided_at, c.undecided_at, c.paused_at, c.failing, f.figures, f.as_of,
       EXISTS (SELECT FROM campaign_part p WHERE p.campaign_id = c.id AND p.finished_at IS NULL) AS is_writing
FROM campaign c LEFT JOIN campaign_figures f ON f.campaign_id = c.id
WHERE c.workspace_id = %(workspace_id)s AND (c.archived_at IS NOT NULL) = %(archived)s
  AND (%(after)s::bigint IS NULL OR c.id < %(after)s::bigint)
  AND (%(search)s = '' OR strpos(lower(c.name), %(search)s) > 0)
  AND CASE %(state)s::text WHEN '' THEN true
           WHEN 'running' THEN c.status = 'running' AND NOT coalesce((f.figures ->> 'is_done')::boolean, false)
           WHEN 'done' THEN c.status = 'running' AND coalesce((f.figures ->> 'is_done')::boolean, false)
           ELSE c.status = %(state)s::text END
ORDER BY c.id DESC LIMIT %(limit)s;

-- name: count
-- How many there are.
SELECT count(*) FROM campaign WHERE workspace_id = %(workspace_id)s AND (archived_at IS NOT NULL) = %(archived)s;

-- name: ring
-- Wake the campaigns role when this transaction commits.
SELECT pg_notify('campaigns', '');
