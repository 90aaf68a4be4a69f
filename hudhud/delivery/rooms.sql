-- name: hold_rules
-- Until the end of this transaction caps are what the next statement reads: who changes them waits, as messages that were claimed by the
-- old ones must be seen by the look at what has been sent already.
SELECT pg_advisory_xact_lock_shared(hashtextextended('hudhud.caps', 0));

-- name: change_rules
-- Change caps: wait for the claims that are being made.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.caps', 0));

-- name: has_rules
-- Whether anybody here has caps or quiet hours.
SELECT EXISTS (SELECT FROM sending_cap) OR EXISTS (SELECT FROM quiet_hours);

-- name: find_rules
-- Caps of the workspaces whose messages are due next.
WITH soon AS MATERIALIZED (
    SELECT DISTINCT workspace_id FROM (SELECT workspace_id FROM message WHERE due_at <= %(now)s ORDER BY due_at, id LIMIT %(limit)s) d
)
SELECT s.workspace_id, c.id, c.name, c.most, c.amount, c.unit, c.channel, c.topic
FROM soon s JOIN sending_cap c USING (workspace_id) ORDER BY s.workspace_id, c.id;

-- name: find_quiet
-- Quiet hours of the workspaces that some messages are of.
SELECT workspace_id, since, until FROM quiet_hours WHERE workspace_id IN (SELECT m.workspace_id FROM message m WHERE m.id = ANY (%(ids)s::bigint[]));

-- name: take_turns
-- One claim at a time for each workspace with caps, up to the end of its transaction: the next one sees what room was taken.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.rooms', s.id)) FROM (SELECT w.id FROM unnest(%(workspace_ids)s::bigint[]) AS w (id) ORDER BY w.id) s;

-- name: take_turns_to_free
-- The turns of workspaces in which some messages have room: none is given back while it is being looked at, or who lost to it slept on.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.rooms', s.id)) FROM (
    SELECT DISTINCT r.workspace_id AS id FROM message_room r WHERE r.message_id = ANY (%(ids)s::bigint[]) ORDER BY id
) s;

-- name: find_due
-- As `find_due` without rules; of the workspaces with caps only those whose turn is taken.
SELECT m.id FROM message m
WHERE m.due_at <= %(now)s
  AND (m.workspace_id = ANY (%(workspace_ids)s::bigint[]) OR NOT EXISTS (SELECT FROM sending_cap c WHERE c.workspace_id = m.workspace_id))
ORDER BY m.due_at, m.id LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED;

-- name: find_rivals
-- Other messages to the same people that are due, too: the best of each topic, as it is not known yet which cap is asked about which.
WITH people AS MATERIALIZED (
    SELECT DISTINCT m.workspace_id, coalesce(p.merged_into, p.id) AS id FROM message m JOIN person p ON p.id = m.person_id
    WHERE m.id = ANY (%(ids)s::bigint[]) AND m.workspace_id = ANY (%(workspace_ids)s::bigint[])
), rivals AS MATERIALIZED (
    SELECT r.id FROM people CROSS JOIN LATERAL (
        SELECT m.id, row_number() OVER (PARTITION BY m.topic, m.channel ORDER BY m.priority DESC, m.value DESC NULLS LAST, m.expires_at, m.id) AS place
        FROM message m
        WHERE m.person_id = ANY (ARRAY (SELECT people.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = people.id))
          AND m.due_at <= %(now)s AND m.workspace_id = people.workspace_id
    ) r
    WHERE r.place <= %(most)s
)
SELECT m.id FROM message m
WHERE m.id = ANY (ARRAY (SELECT id FROM rivals EXCEPT SELECT unnest(%(ids)s::bigint[]))) AND m.due_at <= %(now)s
FOR UPDATE SKIP LOCKED;

-- name: find_candidates
-- What arbitration asks of messages that may go: the fields of `Candidate` but the person.
SELECT m.id, m.channel, m.topic, m.priority, m.value, m.expires_at, r.message_id IS NOT NULL, h.since, coalesce(h.taken_by, '{}')
FROM message m
LEFT JOIN message_room r ON r.message_id = m.id
LEFT JOIN message_hold h ON h.message_id = m.id AND h.ended_at IS NULL
WHERE m.id = ANY (%(ids)s::bigint[]);

-- name: find_rooms
-- Room that these people's messages have taken since a moment, theirs being that of all actors that are them today.
WITH actors AS MATERIALIZED (
    SELECT p.id, p.id AS person_id FROM unnest(%(person_ids)s::bigint[]) AS p (id)
    UNION ALL SELECT g.id, g.merged_into FROM person g WHERE g.merged_into = ANY (%(person_ids)s::bigint[])
)
SELECT r.message_id, a.person_id, r.channel, r.topic, r.at
FROM message_room r JOIN actors a ON a.id = r.person_id
WHERE r.person_id = ANY (ARRAY (SELECT id FROM actors)) AND r.at > %(since)s
ORDER BY r.at, r.message_id;

-- name: has_wishes
-- Whether anybody anywhere has chosen how often they hear from us.
SELECT EXISTS (SELECT FROM preference WHERE every_days IS NOT NULL);

-- name: find_wishes
-- One message in how many days these people want at most (the strictest wish of all actors that are them), and whether it is our turn to look at
-- what they have been sent: no other claim does, and no room is given back meanwhile. Nobody waits for the other here: both hold messages.
WITH wishes AS MATERIALIZED (
    SELECT a.person_id, max(f.every_days) AS every_days, max(f.workspace_id) AS workspace_id
    FROM (SELECT p.id AS person_id, p.id FROM unnest(%(person_ids)s::bigint[]) AS p (id)
          UNION ALL SELECT g.merged_into, g.id FROM person g WHERE g.merged_into = ANY (%(person_ids)s::bigint[])) a
    JOIN preference f ON f.person_id = a.id AND f.every_days IS NOT NULL
    GROUP BY a.person_id
)
SELECT person_id, every_days, pg_try_advisory_xact_lock(hashtextextended('hudhud.wish', person_id))
       AND pg_try_advisory_xact_lock_shared(hashtextextended('hudhud.rooms', workspace_id)) FROM wishes;

-- name: fill_rooms_of_person
-- What somebody was sent lately, or is being sent, as they choose how often they hear from us: the first message counts from then.
INSERT INTO message_room (message_id, workspace_id, person_id, channel, topic, at)
SELECT m.id, m.workspace_id, %(person_id)s, m.channel, m.topic,
       coalesce((SELECT max(o.at) FROM message_outcome o WHERE o.message_id = m.id AND o.state IN ('accepted', 'in_doubt')), m.state_at)
FROM message m JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic AND t.stream = 'marketing'
WHERE m.person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s))
  AND m.workspace_id = %(workspace_id)s AND m.state_at > %(since)s
  AND m.state IN ('claimed', 'handing_over', 'accepted', 'in_doubt', 'delivered', 'bounced', 'complained')
ON CONFLICT (message_id) DO NOTHING;

-- name: look_again_for
-- Somebody has changed their wishes: what waits for room looks again.
UPDATE message SET due_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND due_at > %(now)s AND reason = 'capped'
  AND person_id = ANY (ARRAY (SELECT %(person_id)s::bigint UNION ALL SELECT g.id FROM person g WHERE g.merged_into = %(person_id)s));

-- name: take_rooms
-- These messages take room.
INSERT INTO message_room (message_id, workspace_id, person_id, channel, topic, at)
SELECT m.id, m.workspace_id, r.person_id, m.channel, m.topic, %(now)s
FROM unnest(%(ids)s::bigint[], %(person_ids)s::bigint[]) AS r (id, person_id) JOIN message m ON m.id = r.id
ON CONFLICT (message_id) DO UPDATE SET person_id = excluded.person_id, at = excluded.at;

-- name: hold
-- Note what messages lost to.
INSERT INTO message_hold (message_id, workspace_id, cap, taken_by, since, room_at, ended_at)
SELECT h.id, m.workspace_id, h.cap, h.taken_by::bigint[], h.since, h.room_at, h.ended_at
FROM unnest(%(ids)s::bigint[], %(caps)s::text[], %(taken_by)s::text[], %(sinces)s::timestamptz[], %(room_ats)s::timestamptz[], %(ended_ats)s::timestamptz[])
    AS h (id, cap, taken_by, since, room_at, ended_at)
JOIN message m ON m.id = h.id
ON CONFLICT (message_id) DO UPDATE SET cap = excluded.cap, taken_by = excluded.taken_by, since = excluded.since, room_at = excluded.room_at, ended_at = excluded.ended_at;

-- name: end_holds
-- Messages that wait for room no longer; answers which did.
UPDATE message_hold SET ended_at = %(now)s WHERE message_id = ANY (%(ids)s::bigint[]) AND ended_at IS NULL RETURNING message_id;

-- name: look_again
-- Rules have changed: whoever waits for them looks again.
UPDATE message SET due_at = %(now)s WHERE workspace_id = %(workspace_id)s AND due_at > %(now)s AND reason = ANY (%(reasons)s::text[]);

-- name: begin_to_change
-- Until the end of this transaction nobody forgets room: what is there when caps are about to change is there when they have.
SELECT pg_advisory_xact_lock_shared(hashtextextended('hudhud.forgetting', 0));

-- name: begin_to_forget
-- Forget while no caps are about to change.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.forgetting', 0));

-- name: fill_rooms
-- What was sent since a moment: for caps that are set later than that.
INSERT INTO message_room (message_id, workspace_id, person_id, channel, topic, at)
SELECT m.id, m.workspace_id, coalesce(p.merged_into, p.id), m.channel, m.topic, s.at
FROM (
    SELECT o.message_id, max(o.at) AS at FROM message_outcome o
    WHERE o.workspace_id = %(workspace_id)s AND o.at > %(since)s AND o.state IN ('accepted', 'in_doubt') GROUP BY o.message_id
) s
JOIN message m ON m.id = s.message_id AND m.state IN ('accepted', 'in_doubt', 'delivered', 'bounced', 'complained')
JOIN person p ON p.id = coalesce(m.sent_to, m.person_id)
JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic AND t.stream = 'marketing'
ON CONFLICT (message_id) DO NOTHING;

-- name: fill_rooms_of_claims
-- What is being sent.
INSERT INTO message_room (message_id, workspace_id, person_id, channel, topic, at)
SELECT m.id, m.workspace_id, coalesce(p.merged_into, p.id), m.channel, m.topic, m.state_at
FROM message m
JOIN person p ON p.id = coalesce(m.sent_to, m.person_id)
JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic AND t.stream = 'marketing'
WHERE m.id IN (SELECT unnest(l.message_ids) FROM delivery_lease l) AND m.workspace_id = %(workspace_id)s AND m.state IN ('claimed', 'handing_over')
ON CONFLICT (message_id) DO NOTHING;

-- name: forget_rooms
-- Room that no cap looks back to any more, the oldest first.
DELETE FROM message_room WHERE message_id IN (
    SELECT r.message_id FROM message_room r
    LEFT JOIN LATERAL (
        SELECT max(c.amount * CASE c.unit WHEN 'hours' THEN interval '1 hour' WHEN 'days' THEN interval '1 day' ELSE interval '7 days' END) AS window
        FROM sending_cap c WHERE c.workspace_id = r.workspace_id
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT max(f.every_days) * interval '1 day' AS window FROM person p JOIN person g ON g.id = coalesce(p.merged_into, p.id) OR g.merged_into = coalesce(p.merged_into, p.id)
        JOIN preference f ON f.person_id = g.id WHERE p.id = r.person_id AND EXISTS (SELECT FROM preference o WHERE o.workspace_id = r.workspace_id AND o.every_days IS NOT NULL)
    ) f ON true
    WHERE r.at <= %(now)s::timestamptz - greatest(c.window, f.window, interval '0') LIMIT %(limit)s
);

-- name: find_caps
-- Every cap of this workspace.
SELECT id, name, most, amount, unit, channel, topic FROM sending_cap WHERE workspace_id = %(workspace_id)s ORDER BY id;

-- name: add_cap
-- A new cap.
INSERT INTO sending_cap (workspace_id, name, most, amount, unit, channel, topic)
VALUES (%(workspace_id)s, %(name)s, %(most)s, %(amount)s, %(unit)s, %(channel)s, %(topic)s) RETURNING id;

-- name: change_cap
-- Another rule under the same id.
UPDATE sending_cap SET name = %(name)s, most = %(most)s, amount = %(amount)s, unit = %(unit)s, channel = %(channel)s, topic = %(topic)s
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: drop_cap
-- A cap is no more.
DELETE FROM sending_cap WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: get_quiet
-- The quiet hours of this workspace.
SELECT since, until FROM quiet_hours WHERE workspace_id = %(workspace_id)s;

-- name: put_quiet
-- Set them.
INSERT INTO quiet_hours (workspace_id, since, until) VALUES (%(workspace_id)s, %(since)s, %(until)s)
ON CONFLICT (workspace_id) DO UPDATE SET since = excluded.since, until = excluded.until;

-- name: drop_quiet
-- No quiet hours any more.
DELETE FROM quiet_hours WHERE workspace_id = %(workspace_id)s;

-- name: get_hold
-- What held a message back.
SELECT cap, taken_by, since, room_at, ended_at FROM message_hold WHERE workspace_id = %(workspace_id)s AND message_id = %(id)s;

-- name: find_span
-- Between which ids this workspace's people are, whoever was merged into others left out.
SELECT (SELECT min(id) FROM person WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL),
       (SELECT max(id) FROM person WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL);

-- name: find_one_in
-- Those of them who have one in so many of the ids, in stretches that are spread evenly.
SELECT p.id FROM generate_series(0, %(stretches)s - 1) AS s (place)
CROSS JOIN LATERAL (SELECT %(low)s + s.place * %(span)s::bigint / %(stretches)s AS begins, %(low)s + (s.place + 1) * %(span)s::bigint / %(stretches)s AS next) b
CROSS JOIN LATERAL (
    SELECT o.id FROM person o
    WHERE o.workspace_id = %(workspace_id)s AND o.merged_into IS NULL AND o.id >= b.begins AND o.id < b.begins + (b.next - b.begins + %(one_in)s / 2) / %(one_in)s OFFSET 0
) p
ORDER BY p.id;

-- name: count_sent
-- How many messages of some people may have left since a moment.
SELECT count(*) FROM message m WHERE m.person_id = ANY(%(person_ids)s::bigint[]) AND m.workspace_id = %(workspace_id)s AND m.state_at > %(since)s;

-- name: find_sent
-- Marketing messages of some people that servers took since a moment, in the order of time: the fields of `Room`, and whether it was between
-- two times of day where they live.
WITH actors AS MATERIALIZED (
    SELECT p.id, p.id AS person_id FROM unnest(%(person_ids)s::bigint[]) AS p (id)
    UNION ALL SELECT g.id, g.merged_into FROM person g WHERE g.merged_into = ANY(%(person_ids)s::bigint[])
)
SELECT m.id, a.person_id, m.channel, m.topic, o.at,
       CASE WHEN %(from_time)s::time < %(to_time)s::time THEN c.clock >= %(from_time)s::time AND c.clock < %(to_time)s::time
            ELSE c.clock >= %(from_time)s::time OR c.clock < %(to_time)s::time END
FROM actors a JOIN person p ON p.id = a.person_id JOIN workspace w ON w.id = p.workspace_id
CROSS JOIN LATERAL (SELECT * FROM message m WHERE m.person_id = a.id AND m.state_at > %(since)s OFFSET 0) m
JOIN topic t ON t.workspace_id = m.workspace_id AND t.key = m.topic AND t.stream = 'marketing'
CROSS JOIN LATERAL (SELECT o.id, o.at FROM message_outcome o WHERE o.message_id = m.id AND o.state = 'accepted' AND o.at > %(since)s OFFSET 0) o
CROSS JOIN LATERAL (SELECT (o.at AT TIME ZONE coalesce(p.time_zone, w.time_zone))::time AS clock) c
WHERE m.workspace_id = %(workspace_id)s
ORDER BY o.at, o.id;
