-- name: find_ways
-- The senders of some workspaces, in the order in which they are asked, with what was taken of them today. Their rows are held, as what they give is counted there.
SELECT s.*, coalesce((SELECT d.taken FROM sender_day d WHERE d.sender_id = s.id AND d.day = %(today)s), 0) AS taken
FROM sender s WHERE s.workspace_id = ANY (%(workspace_ids)s::bigint[]) ORDER BY s.workspace_id, s.place, s.id FOR NO KEY UPDATE OF s;

-- name: take
-- Write down what a claim took of senders: tokens, promises, the day's count, and the turn to try one that had failed.
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(counts)s::integer[], %(tokens)s::real[], %(filled_ats)s::timestamptz[], %(promised_tos)s::timestamptz[], %(closed_untils)s::timestamptz[])
        AS g (id, count, tokens, filled_at, promised_to, closed_until)
), changed AS (
    UPDATE sender s SET tokens = g.tokens, filled_at = g.filled_at, promised_to = g.promised_to, closed_until = g.closed_until FROM given g WHERE s.id = g.id
    RETURNING s.id, s.workspace_id, g.count
)
INSERT INTO sender_day (workspace_id, sender_id, day, taken) SELECT workspace_id, id, %(today)s, count FROM changed WHERE count > 0
ON CONFLICT (sender_id, day) DO UPDATE SET taken = sender_day.taken + excluded.taken;

-- name: find_taken
-- On which day room was taken of senders for messages that somebody still holds, and for how many: that of a lost lease was given back, or is another's.
SELECT g.sender_id, (m.state_at AT TIME ZONE 'UTC')::date AS day, count(*) FROM unnest(%(ids)s::bigint[], %(leases)s::bigint[], %(senders)s::bigint[]) AS g (id, lease_id, sender_id)
JOIN message m ON m.id = g.id AND m.lease_id = g.lease_id AND m.state IN ('claimed', 'handing_over') GROUP BY 1, 2;

-- name: give_back
-- What was taken and has not left; of the day on which it was taken.
UPDATE sender_day d SET taken = greatest(0, d.taken - g.count)
FROM unnest(%(ids)s::bigint[], %(days)s::date[], %(counts)s::integer[]) AS g (id, day, count) WHERE d.sender_id = g.id AND d.day = g.day;

-- name: hold_failing
-- The senders that failed, held.
SELECT id, failures FROM sender WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: close
-- A sender failed: nobody tries it until then.
UPDATE sender SET failures = %(failures)s, failing_since = coalesce(failing_since, %(now)s), trouble = %(trouble)s, closed_until = %(until)s WHERE id = %(id)s;

-- name: open
-- Senders work (again); what waits for them looks again.
WITH opened AS (
    UPDATE sender SET failures = 0, failing_since = NULL, trouble = '', closed_until = NULL WHERE id = ANY (%(ids)s::bigint[]) AND failures > 0 RETURNING workspace_id
)
UPDATE message SET due_at = %(now)s WHERE workspace_id IN (SELECT workspace_id FROM opened) AND due_at > %(now)s AND reason = 'sender_down';

-- name: look_again
-- The senders of this workspace have changed: what waits for one looks again.
UPDATE message SET due_at = %(now)s, reason = ''
WHERE workspace_id = %(workspace_id)s AND state = 'planned' AND reason IN ('sender_down', 'sender_limit', 'sender_paused') AND (due_at > %(now)s OR due_at IS NULL);

-- name: find_all
-- Every sender of this workspace, in order.
SELECT s.*, coalesce((SELECT d.taken FROM sender_day d WHERE d.sender_id = s.id AND d.day = %(today)s), 0) AS taken
FROM sender s WHERE s.workspace_id = %(workspace_id)s ORDER BY s.place, s.id;

-- name: hold
-- One sender, held.
SELECT * FROM sender WHERE workspace_id = %(workspace_id)s AND id = %(id)s FOR UPDATE;

-- name: create
-- A new one, the last in order.
INSERT INTO sender (workspace_id, name, stream, place, from_name, from_email, reply_to, bounce_domain, kind, settings, sealed, per_second, per_day, warmup, warmup_from, created_at, created_by)
SELECT %(workspace_id)s, %(name)s, %(stream)s, coalesce(max(s.place), 0) + 1, %(from_name)s, %(from_email)s, %(reply_to)s, %(bounce_domain)s, %(kind)s, %(settings)s::text::jsonb, %(sealed)s,
       %(per_second)s, %(per_day)s, %(warmup)s, %(warmup_from)s, %(now)s, %(by)s
FROM (SELECT max(place) AS place FROM sender WHERE workspace_id = %(workspace_id)s) s RETURNING id;

-- name: change
-- Another way under the same id; what failed before says nothing about it.
UPDATE sender SET name = %(name)s, stream = %(stream)s, from_name = %(from_name)s, from_email = %(from_email)s, reply_to = %(reply_to)s, bounce_domain = %(bounce_domain)s,
       settings = %(settings)s::text::jsonb, sealed = %(sealed)s, per_second = %(per_second)s, per_day = %(per_day)s, warmup = %(warmup)s, warmup_from = %(warmup_from)s,
       revision = revision + 1, failures = 0, failing_since = NULL, trouble = '', closed_until = NULL, promised_to = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: set_paused
-- Pause a sender, or let it go on.
UPDATE sender SET is_paused = %(is_paused)s, failures = 0, failing_since = NULL, trouble = '', closed_until = NULL WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: set_order
-- Who goes first.
UPDATE sender s SET place = o.place FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS o (id, place) WHERE s.workspace_id = %(workspace_id)s AND s.id = o.id;

-- name: drop
-- A sender is no more.
DELETE FROM sender WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: count_waiting
-- How many messages wait for a sender, or for a person as they cannot be written, by reason.
SELECT reason, count(*) FROM message
WHERE workspace_id = %(workspace_id)s AND (due_at > %(now)s AND reason IN ('sender_down', 'sender_limit', 'sender_busy') OR reason IN ('sender_paused', 'cannot_write')) GROUP BY reason;
