-- name: find_subject
-- Whom an erasure is about: the survivor of the one who was asked for, and all actors that are them.
SELECT p.id, array_agg(a.id ORDER BY a.id)
FROM person asked JOIN person p ON p.id = coalesce(asked.merged_into, asked.id)
JOIN person a ON (a.id = p.id OR a.merged_into = p.id) AND a.workspace_id = p.workspace_id
WHERE asked.workspace_id = %(workspace_id)s AND asked.id = %(person_id)s
GROUP BY p.id;

-- name: find_known
-- What these actors are or were known by: identifiers, what a change replaced, and addresses that mail went to.
SELECT namespace, value FROM identifier WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
UNION SELECT channel, address FROM message
WHERE workspace_id = %(workspace_id)s AND address IS NOT NULL AND (person_id = ANY(%(actors)s::bigint[]) OR sent_to = ANY(%(actors)s::bigint[]))
UNION SELECT i ->> 0, i ->> 1 FROM person_change c, jsonb_array_elements(c.identifiers) i
WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(actors)s::bigint[]) AND jsonb_typeof(c.identifiers) = 'array'
UNION SELECT i ->> 0, i ->> 1 FROM person_merge m, jsonb_array_elements(m.snapshot #> '{survivor,identifiers}' || (m.snapshot #> '{merged,identifiers}')) i
WHERE m.workspace_id = %(workspace_id)s AND (m.survivor_id = ANY(%(actors)s::bigint[]) OR m.merged_id = ANY(%(actors)s::bigint[]));

-- name: lock_lanes
-- Nobody opens a batch until this transaction ends. Taken last: whoever closes a batch has locked people before.
SELECT lane FROM intake_lane ORDER BY lane FOR UPDATE;

-- name: ask
-- The job, unless there is one for them already.
INSERT INTO erasure (workspace_id, person_id, asked_at, asked_by, first_batch, actor_ids)
SELECT %(workspace_id)s, %(person_id)s, %(now)s, %(by)s, CASE WHEN s.is_called THEN s.last_value ELSE 0 END, %(actors)s::bigint[] FROM intake_batch s
ON CONFLICT (workspace_id, person_id) DO NOTHING
RETURNING id;

-- name: keep_hashes
-- What the person was known by, as keyed hashes.
INSERT INTO erased_identifier (workspace_id, hash, erasure_id)
SELECT %(workspace_id)s, h.hash, %(erasure_id)s FROM unnest(%(hashes)b::bytea[]) AS h (hash) ON CONFLICT DO NOTHING;

-- name: mark_erased
-- From here on nobody writes to them, and no list shows them.
UPDATE person SET erased_at = coalesce(erased_at, %(now)s), version = version + 1
WHERE workspace_id = %(workspace_id)s AND id = ANY(%(actors)s::bigint[]);

-- name: tell
-- Wake the worker that erases, and the one that mirrors people.
SELECT pg_notify('erasure', ''), pg_notify('intake', '');

-- name: find_open
-- Erasures that are under way (everywhere), oldest first.
SELECT id, workspace_id, person_id, step FROM erasure WHERE step <> 'finished' ORDER BY id LIMIT %(limit)s;

-- name: take
-- One erasure for this transaction alone, if it still stands where it did.
SELECT person_id, actor_ids, known, txid::text AS txid, asked_at, scrubbed_at FROM erasure
WHERE workspace_id = %(workspace_id)s AND id = %(erasure_id)s AND step = %(step)s FOR UPDATE SKIP LOCKED;

-- name: has_earlier_batches
-- Is a batch still open that was when the erasure was asked for?
SELECT EXISTS (SELECT FROM intake_lane l, erasure e
               WHERE e.id = %(erasure_id)s AND e.workspace_id = %(workspace_id)s AND l.batch <= e.first_batch);

-- name: blank_people
-- Nothing is left but a number that events of other tables may name.
UPDATE person SET attributes = '{}', time_zone = NULL, language = NULL, country = NULL, region = NULL, city = NULL, position = NULL, provenance = '{}', erased_at = coalesce(erased_at, %(now)s),
    created_at = date_trunc('day', created_at), updated_at = %(now)s, version = version + 1
WHERE workspace_id = %(workspace_id)s AND id = ANY(%(actors)s::bigint[]);

-- name: remove_identifiers
-- Nobody is found by them any more.
DELETE FROM identifier WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]);

-- name: remove_duplicate_keys
-- Addresses that others may be compared with.
DELETE FROM duplicate_key WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]);

-- name: remove_suppressions
-- The addresses themselves go; their keyed hashes keep them suppressed.
DELETE FROM suppression s USING unnest(%(channels)b::text[], %(addresses)b::text[]) AS k (channel, address)
WHERE s.workspace_id = %(workspace_id)s AND s.channel = k.channel AND s.address = lower(k.address);

-- name: remove_subscriptions
-- Where they stood on topics.
DELETE FROM subscription WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]);

-- name: blank_consent
-- That a number agreed stays; how, where and on which device goes.
UPDATE consent_log SET proof = '{}' WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]) AND proof <> '{}';

-- name: remove_preferences
-- What they wished of us, and mails with which they were to confirm; that a number wished for silence stays, how and where goes.
WITH wishes AS (
    DELETE FROM preference WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
), asked AS (
    DELETE FROM confirmation WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
), mails AS (
    DELETE FROM confirmation_mail WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
)
UPDATE preference_log SET proof = '{}' WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]) AND proof <> '{}';

-- name: remove_merges
-- What was kept to undo their merges.
DELETE FROM person_merge WHERE workspace_id = %(workspace_id)s AND (survivor_id = ANY(%(actors)s::bigint[]) OR merged_id = ANY(%(actors)s::bigint[]));

-- name: remove_hours
-- At which hours they are there.
DELETE FROM active_hours WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]);

-- name: remove_changes
-- What they were before.
DELETE FROM person_change WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]);

-- name: count_left
-- Their runs leave the drawings' numbers by the way out.
INSERT INTO journey_flow (workspace_id, version_id, node, edge, count)
SELECT %(workspace_id)s, p.version_id, p.node, 'exit', count(*) FROM run_position p
WHERE p.workspace_id = %(workspace_id)s AND p.run_id IN (SELECT r.id FROM run r WHERE r.person_id = ANY(%(actors)s::bigint[]))
GROUP BY p.version_id, p.node;

-- name: remove_runs
-- Where they were in journeys, why, and what had started it.
WITH gone AS (
    DELETE FROM run WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]) RETURNING id
), positions AS (
    DELETE FROM run_position WHERE run_id IN (SELECT id FROM gone)
), triggers AS (
    DELETE FROM run_trigger WHERE run_id IN (SELECT id FROM gone)
), effects AS (
    DELETE FROM journey_effect WHERE run_id IN (SELECT id FROM gone)
), facts AS (
    DELETE FROM run_fact WHERE run_id IN (SELECT id FROM gone)
)
DELETE FROM run_log WHERE run_id IN (SELECT id FROM gone);

-- name: remove_rehearsals
-- Rehearsals over them alone, and mails of others that were written as they would have got them.
WITH samples AS (
    DELETE FROM rehearsal_sample WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
)
DELETE FROM rehearsal WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[]);

-- name: skip_messages
-- What was still to be sent is not.
UPDATE message SET state = 'skipped', reason = 'person_erased', state_at = %(now)s, due_at = NULL
WHERE workspace_id = %(workspace_id)s AND state IN ('planned', 'deferred') AND (person_id = ANY(%(actors)s::bigint[]) OR sent_to = ANY(%(actors)s::bigint[]));

-- name: remove_deliveries
-- What other tools were told, or were to be, with their answers; not what is being sent at this moment.
DELETE FROM endpoint_delivery WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
  AND (worker IS NULL OR lease_until < clock_timestamp() OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = worker));

-- name: release_coupons
-- Which code they had and used; the code stays given, so that nobody else gets it.
UPDATE coupon SET person_id = CASE WHEN person_id = ANY(%(actors)s::bigint[]) THEN NULL ELSE person_id END,
    run_id = CASE WHEN person_id = ANY(%(actors)s::bigint[]) THEN NULL ELSE run_id END,
    redeemed_by = CASE WHEN redeemed_by = ANY(%(actors)s::bigint[]) THEN NULL ELSE redeemed_by END
WHERE workspace_id = %(workspace_id)s AND (person_id = ANY(%(actors)s::bigint[]) OR redeemed_by = ANY(%(actors)s::bigint[]));

-- name: remove_requests
-- What other systems were asked about them by journeys, or were to be, with their answers; not what is being asked at this moment.
DELETE FROM journey_request WHERE workspace_id = %(workspace_id)s AND person_id = ANY(%(actors)s::bigint[])
  AND (worker IS NULL OR lease_until < clock_timestamp() OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = worker));

-- name: find_messages
-- Every message that was meant for them.
SELECT id FROM message WHERE workspace_id = %(workspace_id)s AND (person_id = ANY(%(actors)s::bigint[]) OR sent_to = ANY(%(actors)s::bigint[]));

-- name: blank_messages
-- That something was sent stays, for the numbers; to which address, about what and in which words goes.
WITH ours AS MATERIALIZED (SELECT unnest(%(messages)s::bigint[]) AS id), copies AS (
    UPDATE message_copy SET facts = '{}', links = NULL WHERE message_id IN (SELECT id FROM ours)
), outcomes AS (
    UPDATE message_outcome SET reply = '' WHERE message_id IN (SELECT id FROM ours) AND reply <> ''
), reports AS (
    UPDATE message_report SET said = '', address = '', raw = '' WHERE message_id IN (SELECT id FROM ours)
), hits AS (
    UPDATE engagement SET agent = '', address = '', url = '' WHERE message_id IN (SELECT id FROM ours)
)
UPDATE message SET event = '{}', given = NULL, address = NULL WHERE id IN (SELECT id FROM ours);

-- name: remove_mails
-- Mails to them in the built-in mailbox.
DELETE FROM mailbox WHERE workspace_id = %(workspace_id)s AND (message_id = ANY(%(messages)s::bigint[]) OR lower(recipient) = ANY(%(addresses)s::text[]));

-- name: remove_reports
-- What providers said about their addresses.
WITH counted AS (
    DELETE FROM soft_bounce WHERE workspace_id = %(workspace_id)s AND address = ANY(%(addresses)s::text[])
)
DELETE FROM message_report WHERE workspace_id = %(workspace_id)s AND address = ANY(%(addresses)s::text[]);

-- name: read_report_bodies
-- A page of what providers sent and nobody has read yet, or could not read.
SELECT id, body FROM report_body WHERE workspace_id = %(workspace_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: remove_report_bodies
-- Those that speak of them.
DELETE FROM report_body WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: remove_samples
-- Sample values of events that they had a part in: nobody knows whose each was, and the next look fills them again.
UPDATE event_property SET samples = '[]' WHERE workspace_id = %(workspace_id)s AND event = ANY(%(names)b::text[]) AND samples <> '[]';

-- name: read_rejects
-- A page of refused messages with what they say.
SELECT id, body FROM intake_reject WHERE workspace_id = %(workspace_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: remove_rejects
-- Those that speak of them.
DELETE FROM intake_reject WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: read_refused_lines
-- A page of lines of files that could not be taken in, by their place in the table.
SELECT ctid::text, body FROM import_reject WHERE workspace_id = %(workspace_id)s AND ctid > %(after)s::tid ORDER BY ctid LIMIT %(limit)s;

-- name: remove_refused_lines
-- Those that speak of them.
DELETE FROM import_reject WHERE workspace_id = %(workspace_id)s AND ctid = ANY(%(places)s::tid[]);

-- name: read_hook_bodies
-- A page of what came by inbound webhooks.
SELECT id, body FROM hook_body WHERE workspace_id = %(workspace_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: remove_hook_bodies
-- What speaks of them: whole bodies, as nobody knows where in one they stand.
DELETE FROM hook_body WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: read_troubles
-- What was wrong with senders, in the words of the other side.
SELECT id, trouble FROM sender WHERE workspace_id = %(workspace_id)s AND id > %(after)s AND trouble <> '' ORDER BY id LIMIT %(limit)s;

-- name: blank_troubles
-- That one does not work stays; the words that name an address of theirs go.
UPDATE sender SET trouble = '' WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: read_audit
-- A page of the list of changes.
SELECT id, object || ' ' || detail::text FROM audit_log WHERE workspace_id = %(workspace_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: blank_audit
-- That something was done stays; about which address goes.
UPDATE audit_log SET object = '', detail = '{}' WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: set_forgotten
-- People and what hangs on them are blank. Events of batches up to here, and of transactions up to this one, are not taken.
UPDATE erasure SET step = 'forgotten', last_batch = (SELECT s.last_value FROM intake_batch s), txid = pg_current_xact_id(), actor_ids = %(actors)s::bigint[], known = %(known)s::text[]
WHERE id = %(erasure_id)s AND workspace_id = %(workspace_id)s;

-- name: is_in_flight
-- Is anything about them still on its way through another process: the log, the mirror, a mail, a change of segments?
SELECT pg_snapshot_xmin(pg_current_snapshot()) <= %(txid)s::text::xid8
    OR EXISTS (SELECT FROM intake_lane l WHERE EXISTS (
           SELECT FROM intake i WHERE i.lane = l.lane AND (i.txid, i.id) > (l.txid, l.id) AND i.txid <= %(txid)s::text::xid8))
    OR EXISTS (SELECT FROM person p WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(actors)s::bigint[]) AND p.version > p.mirrored)
    OR EXISTS (SELECT FROM message m WHERE m.workspace_id = %(workspace_id)s AND m.state IN ('claimed', 'handing_over')
               AND (m.person_id = ANY(%(actors)s::bigint[]) OR m.sent_to = ANY(%(actors)s::bigint[])))
    OR EXISTS (SELECT FROM endpoint_delivery d WHERE d.workspace_id = %(workspace_id)s AND d.person_id = ANY(%(actors)s::bigint[]) AND d.lease_until > clock_timestamp()
               AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.worker))
    OR EXISTS (SELECT FROM journey_request q WHERE q.workspace_id = %(workspace_id)s AND q.person_id = ANY(%(actors)s::bigint[]) AND q.lease_until > clock_timestamp()
               AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = q.worker))
    OR EXISTS (SELECT FROM segment_change c WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(actors)s::bigint[])
               AND c.id > (SELECT coalesce(max(f.fed), 0) FROM segment_feed f WHERE f.workspace_id = %(workspace_id)s));

-- name: set_scrubbed
-- Both engines hold nothing any more but files of ClickHouse that it is about to remove.
UPDATE erasure SET step = 'scrubbed', known = '{}', scrubbed_at = clock_timestamp() WHERE id = %(erasure_id)s AND workspace_id = %(workspace_id)s;

-- name: set_finished
-- Done.
UPDATE erasure SET step = 'finished', finished_at = %(now)s WHERE id = %(erasure_id)s AND workspace_id = %(workspace_id)s;

-- name: find_erasures
-- A page of erasures, newest first.
SELECT id, person_id, asked_at, asked_by, step, finished_at FROM erasure
WHERE workspace_id = %(workspace_id)s AND (%(after)s::bigint IS NULL OR id < %(after)s) AND (%(person_id)s::bigint IS NULL OR %(person_id)s = ANY(actor_ids))
ORDER BY id DESC LIMIT %(limit)s;

-- name: count_asked
-- How many erasures there are that have not removed identifiers yet, and how many there are.
SELECT count(*) FILTER (WHERE step = 'asked'), count(*) FROM (SELECT step FROM erasure WHERE workspace_id = %(workspace_id)s) e;

-- name: find_hashes
-- Which of these hashes belong to somebody who was erased?
SELECT h.hash, e.asked_at, e.first_batch, e.last_batch FROM erased_identifier h JOIN erasure e ON e.id = h.erasure_id
WHERE h.workspace_id = %(workspace_id)s AND h.hash = ANY(%(hashes)b::bytea[]);

-- name: find_leaving
-- Actors who are being erased and can still be found.
SELECT DISTINCT unnest(actor_ids) FROM erasure WHERE workspace_id = %(workspace_id)s AND step = 'asked' AND first_batch < %(batch)s;

-- name: find_actors
-- Whom these erasures are about.
SELECT DISTINCT unnest(actor_ids) FROM erasure WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: find_erased
-- Everybody whose events were removed for good.
SELECT DISTINCT unnest(actor_ids) FROM erasure WHERE workspace_id = %(workspace_id)s AND step IN ('scrubbed', 'finished');
