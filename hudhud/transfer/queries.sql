-- name: open_import
-- The import of this file, read in this way: a new one, or the one that was begun (command line).
INSERT INTO import AS known (workspace_id, kind, state, digest, name, size, started_at)
VALUES (%(workspace_id)s, %(kind)s, 'running', %(digest)s, %(name)s, %(size)s, %(now)s)
ON CONFLICT (workspace_id, kind, digest) DO UPDATE SET name = known.name
RETURNING id, line, accepted, rejected, fence, finished_at;

-- name: create_import
-- A file that will come in pieces.
INSERT INTO import (workspace_id, kind, state, name, size, created_by, started_at)
VALUES (%(workspace_id)s, %(kind)s, 'draft', %(name)s, %(size)s, %(actor)s, %(now)s) RETURNING id;

-- name: put_piece
-- Keep a piece of a file that has not begun; the same again replaces it.
INSERT INTO import_piece (workspace_id, import_id, place, body)
SELECT %(workspace_id)s, i.id, %(place)s, %(body)s FROM import i WHERE i.workspace_id = %(workspace_id)s AND i.id = %(import_id)s AND i.state = 'draft'
ON CONFLICT (import_id, place) DO UPDATE SET body = excluded.body;

-- name: get_piece
-- The bytes of one piece.
SELECT body FROM import_piece WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s AND place = %(place)s;

-- name: find_imports
-- A page of imports of files, newest first; or the one with this id, a reading of a warehouse too.
SELECT i.id, i.kind, i.name, i.state, i.size, i.read_bytes, i.line, i.accepted, i.rejected, i.rejects_gone, i.numbers, i.plan, i.undo, i.problem, i.created_by, i.started_at, i.finished_at,
       (SELECT coalesce(sum(octet_length(p.body)), 0) FROM import_piece p WHERE p.import_id = i.id)::bigint AS received
FROM import i
WHERE i.workspace_id = %(workspace_id)s AND (%(import_id)s::bigint IS NULL AND i.warehouse_id IS NULL OR i.id = %(import_id)s) AND (%(after)s::bigint IS NULL OR i.id < %(after)s)
ORDER BY i.id DESC LIMIT %(limit)s;

-- name: ask
-- Let a worker take it up: a dry run, or the run itself (again from its line, when it was stopped).
UPDATE import SET state = %(state)s, plan = coalesce(%(plan)s::jsonb, plan), problem = '', worker = NULL, lease_until = NULL, fence = fence + 1, attempts = 0,
    read_bytes = 0, numbers = CASE WHEN %(state)s = 'checking' THEN NULL ELSE numbers END, finished_at = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND state = ANY(%(states)s::text[]) AND (%(plan)s::jsonb IS NULL OR line = 0 OR plan = %(plan)s::jsonb);

-- name: cancel
-- Whoever works on it finds another fence and gives up.
UPDATE import SET state = CASE WHEN state = 'checking' THEN 'draft' WHEN state = 'running' THEN 'cancelled' WHEN problem <> '' THEN 'failed'
                               WHEN finished_at IS NULL THEN 'cancelled' ELSE 'done' END,
    fence = fence + 1, worker = NULL, lease_until = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND (plan IS NOT NULL AND state IN ('checking', 'running') OR state = 'weighing');

-- name: delete_import
-- Forget a file, its bad rows and whom it spoke of.
WITH gone AS (
    DELETE FROM import WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND state NOT IN ('checking', 'running', 'weighing', 'undoing') RETURNING id
), forgotten AS (
    DELETE FROM import_person WHERE workspace_id = %(workspace_id)s AND import_id IN (SELECT id FROM gone)
)
SELECT id FROM gone;

-- name: claim
-- Take up the oldest one that waits, or whose worker is gone; one that brought somebody down waits behind the others.
UPDATE import SET worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = fence + 1, attempts = attempts + 1
WHERE id = (
    SELECT i.id FROM import i
    WHERE (i.state IN ('checking', 'running') AND i.plan IS NOT NULL AND i.warehouse_id IS NULL OR i.state IN ('weighing', 'undoing'))
      AND (i.worker IS NULL OR i.worker = %(worker)s OR i.lease_until < clock_timestamp()
           OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = i.worker))
    ORDER BY i.attempts, i.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id, kind, state, name, size, plan, line, accepted, rejected, fence, attempts, undo, undo_after;

-- name: move_import
-- Everything up to this line is in the log, or among the rejects. No row: somebody else has it, or it was stopped.
UPDATE import SET line = %(line)s, accepted = accepted + %(accepted)s, rejected = rejected + %(rejected)s, read_bytes = greatest(read_bytes, %(read_bytes)s), attempts = 0,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s AND state = 'running'
RETURNING accepted, rejected, reject_bytes, pg_current_xact_id()::text AS txid;

-- name: renew
-- Keep the lease of a job, and say how far it is.
UPDATE import SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), read_bytes = greatest(read_bytes, %(read_bytes)s),
    attempts = CASE WHEN %(read_bytes)s > read_bytes THEN 0 ELSE attempts END
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s AND state IN ('checking', 'running', 'weighing', 'undoing');

-- name: end_import
-- What became of it.
UPDATE import SET state = %(state)s, finished_at = %(now)s, problem = %(problem)s, numbers = coalesce(%(numbers)s::jsonb, numbers), worker = NULL, lease_until = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s;

-- name: delete_pieces
-- The file is in: nobody needs its bytes any more.
DELETE FROM import_piece WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s;

-- name: release
-- Let another worker go on at once: this one ends, which is nobody's fault.
UPDATE import SET worker = NULL, lease_until = NULL, attempts = greatest(attempts - 1, 0) WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s;

-- name: expire
-- Files that were never imported, and bad rows, are kept for a month.
DELETE FROM import WHERE started_at < %(before)s AND digest IS NULL AND state IN ('draft', 'checked', 'cancelled', 'failed');

-- name: expire_rejects
-- Bad rows are people's data: kept for a month.
WITH gone AS (
    DELETE FROM import_reject r USING import i WHERE i.id = r.import_id AND i.started_at < %(before)s AND i.state NOT IN ('checking', 'running') RETURNING r.import_id
)
UPDATE import i SET reject_bytes = 0 WHERE i.id IN (SELECT g.import_id FROM gone g);

-- name: find_crowded
-- Workspaces in which the bad rows of imports take more than so many bytes (everywhere).
SELECT workspace_id FROM import WHERE reject_bytes > 0 GROUP BY workspace_id HAVING sum(reject_bytes) > %(most)s;

-- name: drop_oldest_rejects
-- Keep those of the newest imports, so many bytes of them; count what goes.
WITH sized AS (
    SELECT id, state, sum(reject_bytes) OVER (ORDER BY id DESC) AS kept FROM import WHERE workspace_id = %(workspace_id)s AND reject_bytes > 0
), gone AS (
    DELETE FROM import_reject r USING sized s
    WHERE r.workspace_id = %(workspace_id)s AND r.import_id = s.id AND s.kept > %(kept)s AND s.state NOT IN ('checking', 'running') RETURNING r.import_id
), counted AS (
    SELECT import_id, count(*) AS rows FROM gone GROUP BY import_id
)
UPDATE import i SET reject_bytes = 0, rejects_gone = i.rejects_gone + c.rows FROM counted c WHERE i.workspace_id = %(workspace_id)s AND i.id = c.import_id;

-- name: expire_people
-- Whom imports spoke of: after a month they can no longer be taken back.
DELETE FROM import_person p USING import i
WHERE i.workspace_id = p.workspace_id AND i.id = p.import_id AND i.started_at < %(before)s AND i.state NOT IN ('running', 'weighing', 'undoing');

-- name: note_people
-- Whom a batch of the intake has made or found for imports; repeating it changes nothing.
INSERT INTO import_person (workspace_id, import_id, person_id, made)
SELECT %(workspace_id)s, n.import_id, n.person_id, n.made
FROM unnest(%(import_ids)s::bigint[], %(person_ids)s::bigint[], %(mades)s::boolean[]) AS n (import_id, person_id, made)
ON CONFLICT DO NOTHING;

-- name: ask_undo
-- Let a worker count what taking it back would do, or take it back. Only for so long as it is known whom it spoke of.
UPDATE import SET state = %(state)s, undo = NULL, undo_after = 0, attempts = 0, worker = NULL, lease_until = NULL, fence = fence + 1
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND state IN ('done', 'cancelled', 'failed') AND line > 0 AND started_at >= %(since)s;

-- name: find_spoken_of
-- A page of people whom an import made or found, in order.
SELECT s.person_id, s.made, p.merged_into IS NOT NULL AS is_merged FROM import_person s JOIN person p ON p.id = s.person_id
WHERE s.workspace_id = %(workspace_id)s AND s.import_id = %(import_id)s AND s.person_id > %(after)s AND p.erased_at IS NULL
ORDER BY s.person_id LIMIT %(limit)s;

-- name: find_touched
-- Of these people, whom others have changed, joined, asked or written to.
SELECT p.id FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(ids)s::bigint[]) AND (
    p.merged_into IS NOT NULL
    OR EXISTS (SELECT FROM person m WHERE m.merged_into = p.id)
    OR EXISTS (SELECT FROM person_change c WHERE c.workspace_id = %(workspace_id)s AND c.person_id = p.id AND c.source <> ALL(%(sources)s::text[]))
    OR EXISTS (SELECT FROM consent_log c WHERE c.workspace_id = %(workspace_id)s AND c.person_id = p.id AND c.source <> ALL(%(sources)s::text[]))
    OR EXISTS (SELECT FROM message m WHERE m.person_id = p.id AND m.state NOT IN ('planned', 'deferred', 'skipped')));

-- name: find_undone
-- Other imports that were taken back, or are being.
SELECT id FROM import WHERE workspace_id = %(workspace_id)s AND id <> %(import_id)s AND state IN ('undoing', 'undone');

-- name: hand_on
-- Whom this import made, and another one has spoken of too: gone with that one, if nobody else has.
UPDATE import_person o SET made = true FROM import i
WHERE i.workspace_id = %(workspace_id)s AND i.id <> %(import_id)s AND o.workspace_id = i.workspace_id AND o.import_id = i.id AND o.person_id = ANY(%(ids)s::bigint[]);

-- name: move_undo
-- People up to this one are done with. No row: somebody else has it, or it was stopped.
UPDATE import SET undo = %(undo)s::jsonb, undo_after = %(after)s, attempts = 0, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s AND state IN ('weighing', 'undoing')
RETURNING id;

-- name: end_weighing
-- It is counted; the import stands as it did.
UPDATE import SET state = CASE WHEN problem <> '' THEN 'failed' WHEN finished_at IS NULL THEN 'cancelled' ELSE 'done' END, worker = NULL, lease_until = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s;

-- name: end_undo
-- It is taken back: the same file may come again.
WITH forgotten AS (
    DELETE FROM import_person WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s
)
UPDATE import SET state = 'undone', digest = NULL, finished_at = %(now)s, problem = '', worker = NULL, lease_until = NULL
WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s AND fence = %(fence)s;

-- name: add_rejects
-- Keep bad rows with their reasons.
INSERT INTO import_reject (workspace_id, import_id, line, reason, body)
SELECT %(workspace_id)s, %(import_id)s, r.line, r.reason, r.body
FROM unnest(%(lines)s::bigint[], %(reasons)s::text[], %(bodies)b::bytea[]) AS r (line, reason, body);

-- name: count_rejects
-- What is kept of bad rows, and how many are not.
UPDATE import SET reject_bytes = reject_bytes + %(bytes)s, rejects_gone = rejects_gone + %(gone)s WHERE workspace_id = %(workspace_id)s AND id = %(import_id)s;

-- name: find_rejects
-- A page of bad rows in the order of the file: so many, and no more than so many bytes of them (but one row).
SELECT line, reason, body FROM (
    SELECT line, reason, body, sum(octet_length(body)) OVER (ORDER BY line) - octet_length(body) AS before FROM (
        SELECT line, reason, body FROM import_reject
        WHERE workspace_id = %(workspace_id)s AND import_id = %(import_id)s AND line > %(after)s ORDER BY line LIMIT %(limit)s) found) page
WHERE before < %(most_bytes)s ORDER BY line;

-- name: find_known
-- Who has these identifiers, and what is known about them (dry run).
SELECT w.place, p.id, p.attributes
FROM unnest(%(namespaces)s::text[], %(values)s::text[]) WITH ORDINALITY AS w (namespace, value, place)
CROSS JOIN LATERAL (SELECT i.person_id FROM identifier i
                    WHERE i.workspace_id = %(workspace_id)s AND i.namespace = w.namespace AND i.value = w.value OFFSET 0) h
JOIN person p ON p.id = h.person_id;

-- name: find_states
-- Where people stand on topics by e-mail, those merged into them included: an unsubscription weighs most (dry run).
SELECT coalesce(p.merged_into, p.id), t.key, bool_or(s.state = 'unsubscribed'), max(s.state) FILTER (WHERE s.person_id = coalesce(p.merged_into, p.id))
FROM person p JOIN subscription s ON s.person_id = p.id AND s.channel = 'email' JOIN topic t ON t.id = s.topic_id
WHERE p.workspace_id = %(workspace_id)s AND (p.id = ANY(%(ids)s::bigint[]) OR p.merged_into = ANY(%(ids)s::bigint[]))
GROUP BY 1, 2;

-- name: attribute_names
-- Every attribute that anybody has.
SELECT DISTINCT jsonb_object_keys(attributes) AS name FROM person
WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL AND erased_at IS NULL ORDER BY 1;

-- name: people_page
-- The next people after this one; of these, when given.
SELECT p.id, p.attributes, p.time_zone, p.language, p.country, p.created_at,
       coalesce((SELECT jsonb_agg(jsonb_build_array(i.namespace, i.value) ORDER BY i.created_at, i.namespace, i.value) FROM identifier i WHERE i.person_id = p.id), '[]'),
       coalesce((SELECT jsonb_object_agg(n.key, n.state) FROM (
           SELECT DISTINCT ON (t.id) t.key, s.state FROM subscription s JOIN topic t ON t.id = s.topic_id
           WHERE s.channel = 'email' AND s.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = p.id))
           ORDER BY t.id, s.changed_at DESC, s.state DESC) n), '{}')
FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.id > %(after)s AND p.merged_into IS NULL AND p.erased_at IS NULL
  AND (%(ids)s::bigint[] IS NULL OR p.id = ANY(%(ids)s::bigint[]))
ORDER BY p.id LIMIT %(limit)s;

-- name: actor_names
-- How the senders of events called these actors (or who they are today): a customer number before a visitor number.
SELECT DISTINCT ON (p.id) p.id, i.namespace, i.value
FROM person p JOIN identifier i ON i.person_id IN (p.id, p.merged_into) AND i.namespace IN ('user_id', 'anonymous_id')
WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(ids)s::bigint[])
ORDER BY p.id, (i.person_id = p.id) DESC, i.namespace DESC, i.created_at, i.value;
