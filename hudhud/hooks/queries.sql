-- name: find_hooks
-- All sources (or one), the oldest first; `waiting` and `failed` are counted up to ten thousand.
SELECT h.id, h.name, h.prefix, h.items, h.mapping, h.signature, h.is_trusted, h.events, h.created_at, h.seen_at, h.received, h.messages,
       h.refused, h.refused_at, h.refusal,
       (SELECT count(*) FROM (SELECT FROM hook_body b WHERE b.hook_id = h.id AND b.state = 'waiting' LIMIT 10000) w) AS waiting,
       (SELECT count(*) FROM (SELECT FROM hook_body b WHERE b.workspace_id = h.workspace_id AND b.hook_id = h.id AND b.state = 'failed' LIMIT 10000) f) AS failed
FROM hook h WHERE h.workspace_id = %(workspace_id)s AND (%(hook_id)s::bigint IS NULL OR h.id = %(hook_id)s) ORDER BY h.id;

-- name: create_hook
-- A new source; bodies wait until it has a mapping.
INSERT INTO hook (workspace_id, name, secret_hash, prefix, created_at) VALUES (%(workspace_id)s, %(name)s, %(secret_hash)s, %(prefix)s, %(now)s) RETURNING id;

-- name: change_hook
-- Change what is given; null keeps what is there.
UPDATE hook SET name = coalesce(%(name)s, name), items = coalesce(%(items)s, items), mapping = coalesce(%(mapping)s, mapping),
    is_trusted = coalesce(%(is_trusted)s, is_trusted)
WHERE workspace_id = %(workspace_id)s AND id = %(hook_id)s;

-- name: set_events
-- The names that it may send; null: all but our own.
UPDATE hook SET events = %(events)s WHERE workspace_id = %(workspace_id)s AND id = %(hook_id)s;

-- name: set_signature
-- How its bodies are signed, and with what (null: not at all; an empty key keeps the one that is there).
UPDATE hook SET signature = %(signature)s::json, signing_key = CASE WHEN %(signature)s::json IS NULL THEN NULL ELSE coalesce(%(signing_key)s, signing_key) END
WHERE workspace_id = %(workspace_id)s AND id = %(hook_id)s RETURNING signature IS NULL OR signing_key IS NOT NULL;

-- name: set_secret
-- Another address; the old one is unknown from now on.
UPDATE hook SET secret_hash = %(secret_hash)s, prefix = %(prefix)s WHERE workspace_id = %(workspace_id)s AND id = %(hook_id)s;

-- name: delete_hook
-- It goes with its bodies; what came of them stays.
DELETE FROM hook WHERE workspace_id = %(workspace_id)s AND id = %(hook_id)s RETURNING name;

-- name: find_holder
-- Whose address is this, and is what was not mapped more than we keep? (everywhere: the edge)
SELECT h.id, h.workspace_id, h.signature, h.signing_key, coalesce(k.bodies, 0) >= %(most_bodies)s OR coalesce(k.bytes, 0) >= %(most_bytes)s
FROM hook h LEFT JOIN LATERAL (
    SELECT count(*) AS bodies, sum(q.bytes) AS bytes FROM (
        SELECT octet_length(b.body) AS bytes FROM hook_body b WHERE b.hook_id = h.id AND b.state = 'waiting'
        UNION ALL
        SELECT octet_length(b.body) FROM hook_body b WHERE b.workspace_id = h.workspace_id AND b.hook_id = h.id AND b.state = 'failed'
        LIMIT %(most_bodies)s) q) k ON true
WHERE h.secret_hash = %(secret_hash)s;

-- name: record_refusal
-- Requests without a right signature, and what was wrong with the last of them.
UPDATE hook SET refused = refused + %(count)s, refused_at = %(now)s, refusal = %(refusal)s WHERE id = %(hook_id)s;

-- name: keep_bodies
-- Keep bodies as they came (everywhere: one group may hold several sources); a repeat is counted. Wakes the worker.
-- Whoever locks more than one body locks its source first, then bodies by fingerprint: in different orders they would wait for each other.
WITH held AS MATERIALIZED (
    SELECT id FROM hook WHERE id = ANY(%(hook_ids)b::bigint[]) ORDER BY id FOR KEY SHARE
), came AS (
    SELECT g.workspace_id, g.hook_id, g.fingerprint::uuid AS fingerprint, min(g.headers) AS headers, g.body, count(*) AS times
    FROM unnest(%(workspace_ids)b::bigint[], %(hook_ids)b::bigint[], %(fingerprints)b::text[], %(headers)b::text[], %(bodies)b::bytea[])
         AS g (workspace_id, hook_id, fingerprint, headers, body)
    JOIN held h ON h.id = g.hook_id
    GROUP BY g.workspace_id, g.hook_id, g.fingerprint, g.body
    ORDER BY g.hook_id, g.fingerprint::uuid
), kept AS (
    INSERT INTO hook_body AS known (workspace_id, hook_id, received_at, fingerprint, headers, body, repeats)
    SELECT workspace_id, hook_id, %(now)s, fingerprint, headers::json, body, times - 1 FROM came
    ON CONFLICT (workspace_id, hook_id, fingerprint) DO UPDATE SET repeats = known.repeats + 1 + excluded.repeats
)
SELECT pg_notify('hooks', '');

-- name: claim_hook
-- Lease the source with bodies to map that has waited longest; its holder's session may be gone.
UPDATE hook SET worker = %(worker)s, lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s), fence = fence + 1, attempts = attempts + 1
WHERE id = (
    SELECT h.id FROM hook h
    WHERE h.mapping <> '' AND EXISTS (SELECT FROM hook_body b WHERE b.hook_id = h.id AND b.state = 'waiting')
      AND (h.worker IS NULL OR h.lease_until < clock_timestamp() OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = h.worker))
    ORDER BY h.lease_until NULLS FIRST, h.id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id, items, mapping, is_trusted, events, fence, attempts;

-- name: read_waiting
-- Its bodies, in order, up to so many and so many bytes (one at least).
SELECT id, received_at, fingerprint, headers, body FROM (
    SELECT b.*, row_number() OVER w AS number, sum(octet_length(b.body)) OVER w AS bytes
    FROM (SELECT * FROM hook_body WHERE hook_id = %(hook_id)s AND state = 'waiting' ORDER BY id LIMIT %(limit)s) b
    WINDOW w AS (ORDER BY b.id)) q
WHERE q.number = 1 OR q.bytes <= %(bytes)s ORDER BY id;

-- name: release_hook
-- Count what was done (of what is mapped again: what there is more) and let it go, for the next one to take its turn; no row: somebody else has it.
UPDATE hook SET worker = NULL, lease_until = clock_timestamp(), attempts = 0,
    messages = messages + %(messages)s - (SELECT coalesce(sum(b.messages), 0) FROM hook_body b WHERE b.hook_id = hook.id AND b.id = ANY(%(ids)s::bigint[])),
    received = received + (SELECT count(*) FROM hook_body b WHERE b.hook_id = hook.id AND b.id = ANY(%(ids)s::bigint[]) AND b.mapped_at IS NULL),
    seen_at = greatest(seen_at, (SELECT max(b.received_at) FROM hook_body b WHERE b.hook_id = hook.id AND b.id = ANY(%(ids)s::bigint[])))
WHERE id = %(hook_id)s AND fence = %(fence)s;

-- name: finish_bodies
-- What became of them (the source is locked: release_hook).
WITH locked AS MATERIALIZED (
    SELECT id FROM hook_body WHERE workspace_id = %(workspace_id)s AND hook_id = %(hook_id)s AND id = ANY(%(ids)b::bigint[]) ORDER BY fingerprint FOR UPDATE
)
UPDATE hook_body b SET state = CASE WHEN d.problems > 0 THEN 'failed' ELSE 'mapped' END, mapped_at = coalesce(b.mapped_at, %(now)s),
    messages = d.messages, problems = d.problems, detail = d.detail
FROM unnest(%(ids)b::bigint[], %(messages)b::integer[], %(problems)b::integer[], %(details)b::text[]) AS d (id, messages, problems, detail)
JOIN locked USING (id)
WHERE b.workspace_id = %(workspace_id)s AND b.hook_id = %(hook_id)s AND b.id = d.id;

-- name: find_bodies
-- A page of its bodies, newest first, up to so many and so many bytes (one at least).
SELECT id, received_at, headers, body, repeats, state, messages, problems, detail, has_more FROM (
    SELECT b.*, row_number() OVER w AS number, sum(octet_length(body)) OVER w AS bytes, lead(id) OVER w IS NOT NULL AS has_more FROM (
        SELECT * FROM hook_body
        WHERE workspace_id = %(workspace_id)s AND hook_id = %(hook_id)s AND (%(state)s::text IS NULL OR state = %(state)s)
          AND (%(after)s::bigint IS NULL OR id < %(after)s)
        ORDER BY id DESC LIMIT %(limit)s + 1) b
    WINDOW w AS (ORDER BY id DESC)) q
WHERE number <= %(limit)s AND (number = 1 OR bytes <= %(bytes)s) ORDER BY id DESC;

-- name: map_again
-- Let those that failed be mapped once more.
WITH held AS MATERIALIZED (
    SELECT id FROM hook WHERE workspace_id = %(workspace_id)s AND id = %(hook_id)s FOR KEY SHARE
), locked AS MATERIALIZED (
    SELECT b.id FROM held JOIN hook_body b ON b.workspace_id = %(workspace_id)s AND b.hook_id = held.id AND b.state = 'failed' ORDER BY b.fingerprint FOR UPDATE OF b
)
UPDATE hook_body b SET state = 'waiting' FROM locked WHERE b.id = locked.id;

-- name: wake
-- Tell the worker.
SELECT pg_notify('hooks', '');

-- name: forget_bodies
-- Delete what is long mapped, and what nobody has cared for in a long time (everywhere), a page of it.
DELETE FROM hook_body WHERE ctid IN (
    SELECT ctid FROM hook_body WHERE received_at < %(mapped_before)s AND (state = 'mapped' OR received_at < %(before)s)
    ORDER BY received_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED);
