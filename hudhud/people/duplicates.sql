-- name: ask
-- A search that is done is done again; one that waits is that one. One that somebody is at may have passed over what is new by now: it will be done once more.
INSERT INTO duplicate_search AS known (workspace_id, asked_at, asked_by) VALUES (%(workspace_id)s, %(now)s, %(by)s)
ON CONFLICT (workspace_id) DO UPDATE SET asked_at = excluded.asked_at, asked_by = excluded.asked_by, finished_at = NULL;

-- name: tell
-- Wake the worker that searches.
SELECT pg_notify('duplicates', '');

-- name: get_search
-- The latest search, and how many pairs wait for somebody's word.
SELECT s.asked_at, s.asked_by, s.finished_at,
       (SELECT count(*) FROM duplicate d
        JOIN person p ON p.id = d.one_id AND p.merged_into IS NULL AND p.erased_at IS NULL
        JOIN person q ON q.id = d.other_id AND q.merged_into IS NULL AND q.erased_at IS NULL
        WHERE d.workspace_id = s.workspace_id AND d.state = 'open') AS open
FROM duplicate_search s WHERE s.workspace_id = %(workspace_id)s;

-- name: find_asked
-- Where a search waits (everywhere).
SELECT workspace_id FROM duplicate_search WHERE finished_at IS NULL ORDER BY asked_at;

-- name: take_search
-- The search, for this transaction alone; by a lock that is no write: a transaction that has written holds back everybody who reads the log.
SELECT pg_try_advisory_xact_lock(hashtextextended('hudhud.duplicates', %(workspace_id)s));

-- name: find_asking
-- Since when a search waits.
SELECT asked_at FROM duplicate_search WHERE workspace_id = %(workspace_id)s AND finished_at IS NULL;

-- name: make_room
-- Everybody's keys are sorted and joined in memory, as far as this goes.
SET LOCAL work_mem = '64MB';

-- name: find
-- Who shares an address, a number, or a name with more, what of it is the same, and how sure that makes one. What was found before and is no more goes,
-- unless somebody has decided about it. All is known and sorted before the first row is written. An address that stands as it is compared is nobody
-- else's (identifiers are unique): only those that are written otherwise, or only said, can be another's, and only theirs are looked for.
WITH addressed AS MATERIALIZED (
    SELECT i.person_id AS id, max(i.value) FILTER (WHERE i.namespace = 'email') AS address, substr(max(i.value) FILTER (WHERE i.namespace = 'phone'), 2) AS phone
    FROM identifier i WHERE i.workspace_id = %(workspace_id)s AND i.namespace IN ('email', 'phone') GROUP BY i.person_id
), known AS (
    SELECT p.id, a.address, lower(a.address) AS email, a.phone, lower(left(p.attributes ->> 'email', 320)) AS said_email,
           -- Most said what they are known by: nothing to be made plain.
           CASE WHEN p.attributes ->> 'phone' IS DISTINCT FROM '+' || a.phone THEN regexp_replace(hudhud_fold(left(p.attributes ->> 'phone', 40)), '^\+|^00|[^0-9]', '', 'g') END AS said_phone,
           -- A form that was left empty is no name.
           replace(coalesce(nullif(btrim(p.first_word), '') || ' ' || nullif(btrim(p.last_word), ''), nullif(btrim(p.name_word), '')), '  ', ' ') AS name,
           coalesce(p.attributes ->> 'birthday', p.attributes ->> 'birth_date', p.attributes ->> 'birthdate', p.attributes ->> 'date_of_birth', p.attributes ->> 'dob') AS born,
           coalesce(p.attributes ->> 'address', p.attributes ->> 'street', p.attributes ->> 'postal_code', p.attributes ->> 'postalCode', p.attributes ->> 'zip') AS lives
    FROM person p LEFT JOIN addressed a ON a.id = p.id
    WHERE p.workspace_id = %(workspace_id)s AND p.merged_into IS NULL AND p.erased_at IS NULL OFFSET 0
), living AS MATERIALIZED (
    -- Of plain letters none looks like another.
    SELECT k.id, k.address, k.email, k.phone, k.said_email, k.said_phone,
           CASE WHEN octet_length(k.email) = length(k.email) THEN hudhud_mailbox(k.email) ELSE hudhud_look(hudhud_mailbox(k.email)) END AS mailbox,
           CASE WHEN octet_length(k.name) = length(k.name) THEN k.name ELSE hudhud_look(k.name) END AS name,
           hudhud_fold(left(k.born, 10)) AS born, lower(left(k.lives, 300)) AS lives
    FROM known k
), other_address AS MATERIALIZED (
    SELECT l.id, l.mailbox, l.email FROM living l WHERE l.mailbox <> l.address
    UNION ALL SELECT l.id, hudhud_look(hudhud_mailbox(l.said_email)), l.said_email FROM living l WHERE l.said_email IS DISTINCT FROM l.email AND l.said_email LIKE '%%@%%'
), address AS (
    SELECT o.id, o.mailbox, o.email FROM other_address o
    UNION ALL SELECT l.id, l.mailbox, l.email FROM living l WHERE l.mailbox = l.address AND l.mailbox IN (SELECT o.mailbox FROM other_address o)
), other_number AS MATERIALIZED (
    SELECT l.id, l.said_phone AS phone FROM living l WHERE l.said_phone IS DISTINCT FROM l.phone AND length(l.said_phone) >= 7
), number AS (
    SELECT o.id, o.phone FROM other_number o
    UNION ALL SELECT l.id, l.phone FROM living l WHERE l.phone IN (SELECT o.phone FROM other_number o)
), keys AS MATERIALIZED (
    SELECT a.id, hashtextextended(a.mailbox, 1) AS key, a.email AS word FROM address a
    UNION ALL SELECT n.id, hashtextextended(n.phone, 2), 'phone' FROM number n
    UNION ALL SELECT l.id, hashtextextended(l.name || '|' || l.born, 3), 'name_birthday' FROM living l WHERE l.name <> '' AND l.born ~ '[0-9]'
    UNION ALL SELECT l.id, hashtextextended(l.name || '|' || l.lives, 4), 'name_address' FROM living l WHERE l.name <> '' AND l.lives !~ '^[[:space:][:punct:]]*$'
), shared AS MATERIALIZED (
    SELECT k.key FROM keys k GROUP BY k.key HAVING count(*) BETWEEN 2 AND %(most_alike)s
), alike AS MATERIALIZED (
    SELECT k.id, k.key, k.word FROM keys k JOIN shared s ON s.key = k.key
), reason AS (
    SELECT DISTINCT a.id AS one_id, b.id AS other_id,
           CASE WHEN a.word NOT LIKE '%%@%%' THEN a.word WHEN a.word = b.word THEN 'email'
                WHEN hudhud_mailbox(a.word) = hudhud_mailbox(b.word) THEN 'mailbox' ELSE 'lookalike' END AS reason
    FROM alike a JOIN alike b ON b.key = a.key AND b.id > a.id
), named AS MATERIALIZED (
    -- Of the few who are left: nothing is built of everybody once more.
    SELECT l.id, l.name FROM living l
    WHERE l.id IN (SELECT r.one_id FROM reason r WHERE r.reason NOT LIKE 'name%%' UNION SELECT r.other_id FROM reason r WHERE r.reason NOT LIKE 'name%%')
), whole AS (
    SELECT r.one_id, r.other_id, r.reason FROM reason r
    UNION SELECT r.one_id, r.other_id, 'name' FROM reason r JOIN named n ON n.id = r.one_id JOIN named m ON m.id = r.other_id
    WHERE n.name = m.name AND r.reason NOT LIKE 'name%%'
), pair AS (
    SELECT w.one_id, w.other_id, array_agg(w.reason ORDER BY g.weight DESC, w.reason) AS reasons,
           least(99, round(100 * (1 - exp(sum(ln(1 - g.weight / 100.0))))))::smallint AS confidence
    FROM whole w JOIN unnest(%(reasons)s::text[], %(weights)s::integer[]) AS g (reason, weight) ON g.reason = w.reason
    GROUP BY w.one_id, w.other_id ORDER BY confidence DESC, w.one_id LIMIT %(most)s
), found AS (
    INSERT INTO duplicate AS known (workspace_id, one_id, other_id, reasons, confidence)
    SELECT %(workspace_id)s, p.one_id, p.other_id, p.reasons, p.confidence FROM pair p
    ON CONFLICT (workspace_id, one_id, other_id) DO UPDATE SET reasons = excluded.reasons, confidence = excluded.confidence WHERE known.state = 'open'
    RETURNING id
), gone AS (
    DELETE FROM duplicate_key k WHERE k.workspace_id = %(workspace_id)s AND NOT EXISTS (SELECT FROM keys x WHERE (x.key, x.id, x.word) = (k.key, k.person_id, k.word))
), come AS (
    INSERT INTO duplicate_key (workspace_id, key, person_id, word) SELECT %(workspace_id)s, k.key, k.id, k.word FROM keys k ON CONFLICT DO NOTHING
)
DELETE FROM duplicate d WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open' AND NOT EXISTS (SELECT FROM found f WHERE f.id = d.id);

-- name: finish
-- The search is done, unless it was asked for again meanwhile.
UPDATE duplicate_search SET finished_at = %(now)s WHERE workspace_id = %(workspace_id)s AND asked_at = %(asked_at)s;

-- name: find_stale
-- Where the keys of somebody are to be looked at again (everywhere).
SELECT w.id FROM workspace w WHERE EXISTS (SELECT FROM duplicate_stale s WHERE s.workspace_id = w.id) ORDER BY w.id;

-- name: take_stale
-- Some of those whose keys are to be looked at again, the longest waiting first.
DELETE FROM duplicate_stale d WHERE d.workspace_id = %(workspace_id)s
AND d.id IN (SELECT s.id FROM duplicate_stale s WHERE s.workspace_id = %(workspace_id)s ORDER BY s.id LIMIT %(limit)s)
RETURNING d.person_id;

-- name: rekey
-- Write these people's keys anew, and those of whoever has the same address or number as it stands; return each key that any of them had or has.
WITH living AS MATERIALIZED (
    SELECT * FROM hudhud_known_by(%(workspace_id)s, %(ids)s::bigint[])
), own AS MATERIALIZED (
    SELECT l.id, hashtextextended(l.mailbox, 1) AS key, l.email AS word, l.mailbox AS form, 'email' AS namespace, l.mailbox <> l.address AS is_other FROM living l WHERE l.mailbox IS NOT NULL
    UNION ALL SELECT l.id, hashtextextended(hudhud_look(hudhud_mailbox(l.said_email)), 1), l.said_email, hudhud_look(hudhud_mailbox(l.said_email)), 'email', true
              FROM living l WHERE l.said_email IS DISTINCT FROM l.email AND l.said_email LIKE '%%@%%'
    UNION ALL SELECT l.id, hashtextextended(l.said_phone, 2), 'phone', '+' || l.said_phone, 'phone', true FROM living l WHERE l.said_phone IS DISTINCT FROM l.phone AND length(l.said_phone) >= 7
    UNION ALL SELECT l.id, hashtextextended(l.phone, 2), 'phone', '+' || l.phone, 'phone', false FROM living l WHERE l.phone IS NOT NULL
    UNION ALL SELECT l.id, hashtextextended(l.name || '|' || l.born, 3), 'name_birthday', NULL, NULL, true FROM living l WHERE l.name <> '' AND l.born ~ '[0-9]'
    UNION ALL SELECT l.id, hashtextextended(l.name || '|' || l.lives, 4), 'name_address', NULL, NULL, true FROM living l WHERE l.name <> '' AND l.lives !~ '^[[:space:][:punct:]]*$'
), kept AS MATERIALIZED (
    SELECT o.id, o.key, o.word FROM own o
    WHERE o.is_other OR EXISTS (SELECT FROM own x WHERE x.key = o.key AND x.is_other)
       -- Asked of each key (OFFSET): before the table is analyzed, as after a first import, all keys of the workspace would be read instead.
       OR EXISTS (SELECT FROM duplicate_key k WHERE k.workspace_id = %(workspace_id)s AND k.key = o.key AND k.person_id <> ALL(%(ids)s::bigint[]) OFFSET 0)
), holder AS MATERIALIZED (
    SELECT i.person_id, o.key, i.value, i.namespace FROM own o JOIN identifier i ON i.workspace_id = %(workspace_id)s AND i.namespace = o.namespace AND i.value = o.form
    WHERE o.is_other AND i.person_id <> ALL(%(ids)s::bigint[])
), plain AS (
    -- Theirs comes to just this, too.
    SELECT h.person_id, h.key, CASE h.namespace WHEN 'phone' THEN 'phone' ELSE l.email END AS word FROM holder h
    JOIN hudhud_known_by(%(workspace_id)s, ARRAY(SELECT x.person_id FROM holder x)) l ON l.id = h.person_id
    WHERE h.namespace = 'phone' AND '+' || l.phone = h.value OR h.namespace = 'email' AND l.address = h.value AND l.mailbox = h.value
), old AS MATERIALIZED (
    SELECT k.key, k.person_id, k.word FROM unnest(%(ids)s::bigint[]) AS g (id)
    CROSS JOIN LATERAL (SELECT * FROM duplicate_key d WHERE d.workspace_id = %(workspace_id)s AND d.person_id = g.id OFFSET 0) k
), gone AS (
    DELETE FROM duplicate_key k USING old o WHERE k.workspace_id = %(workspace_id)s AND (k.key, k.person_id, k.word) = (o.key, o.person_id, o.word)
      AND NOT EXISTS (SELECT FROM kept x WHERE (x.key, x.id, x.word) = (o.key, o.person_id, o.word))
), come AS (
    INSERT INTO duplicate_key (workspace_id, key, person_id, word)
    SELECT %(workspace_id)s, k.key, k.id, k.word FROM kept k UNION SELECT %(workspace_id)s, p.key, p.person_id, p.word FROM plain p
    ON CONFLICT DO NOTHING
)
SELECT o.key FROM old o UNION SELECT k.key FROM kept k;

-- name: pair
-- Which pairs the keys make now, and what speaks for each: of those who share one of these keys, and of those that were found of these people before.
-- Of a key that may have had few enough before, all pairs that were found are looked at again.
WITH crowd AS MATERIALIZED (
    SELECT g.key, (SELECT count(*) FROM (SELECT FROM duplicate_key k WHERE k.workspace_id = %(workspace_id)s AND k.key = g.key LIMIT %(most_alike)s + %(few)s + 1) AS counted) AS rows
    FROM unnest(%(keys)s::bigint[]) AS g (key)
), member AS MATERIALIZED (
    SELECT c.key, c.rows, k.person_id FROM crowd c JOIN duplicate_key k ON k.workspace_id = %(workspace_id)s AND k.key = c.key
    WHERE c.rows BETWEEN 2 AND %(most_alike)s + %(few)s
), chosen AS MATERIALIZED (
    SELECT m.person_id AS one_id, n.person_id AS other_id FROM member m JOIN member n ON n.key = m.key AND n.person_id > m.person_id WHERE m.rows <= %(most_alike)s
    UNION SELECT d.one_id, d.other_id FROM duplicate d WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open' AND d.one_id = ANY(%(ids)s::bigint[])
    UNION SELECT d.one_id, d.other_id FROM duplicate d WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open' AND d.other_id = ANY(%(ids)s::bigint[])
    UNION SELECT d.one_id, d.other_id FROM duplicate d JOIN member m ON d.one_id = m.person_id AND m.rows > %(most_alike)s
          WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open'
), same AS MATERIALIZED (
    SELECT c.one_id, c.other_id, a.key, a.word AS one_word, b.word AS other_word FROM chosen c
    JOIN duplicate_key a ON a.workspace_id = %(workspace_id)s AND a.person_id = c.one_id
    JOIN duplicate_key b ON b.workspace_id = %(workspace_id)s AND b.person_id = c.other_id AND b.key = a.key
), few AS MATERIALIZED (
    SELECT g.key FROM (SELECT DISTINCT s.key FROM same s) g
    WHERE (SELECT count(*) FROM (SELECT FROM duplicate_key k WHERE k.workspace_id = %(workspace_id)s AND k.key = g.key LIMIT %(most_alike)s + 1) AS counted) <= %(most_alike)s
), reason AS MATERIALIZED (
    SELECT DISTINCT s.one_id, s.other_id,
           CASE WHEN s.one_word NOT LIKE '%%@%%' THEN s.one_word WHEN s.one_word = s.other_word THEN 'email'
                WHEN hudhud_mailbox(s.one_word) = hudhud_mailbox(s.other_word) THEN 'mailbox' ELSE 'lookalike' END AS reason
    FROM same s JOIN few f ON f.key = s.key
), named AS MATERIALIZED (
    SELECT l.id, l.name FROM hudhud_known_by(%(workspace_id)s, ARRAY(SELECT r.one_id FROM reason r UNION SELECT r.other_id FROM reason r)) l
), whole AS (
    SELECT r.one_id, r.other_id, r.reason FROM reason r
    UNION SELECT r.one_id, r.other_id, 'name' FROM reason r JOIN named n ON n.id = r.one_id JOIN named m ON m.id = r.other_id
    WHERE n.name = m.name AND r.reason NOT LIKE 'name%%'
), pair AS MATERIALIZED (
    SELECT w.one_id, w.other_id, array_agg(w.reason ORDER BY g.weight DESC, w.reason) AS reasons,
           least(99, round(100 * (1 - exp(sum(ln(1 - g.weight / 100.0))))))::smallint AS confidence
    FROM whole w JOIN unnest(%(reasons)s::text[], %(weights)s::integer[]) AS g (reason, weight) ON g.reason = w.reason GROUP BY w.one_id, w.other_id
), found AS (
    INSERT INTO duplicate AS known (workspace_id, one_id, other_id, reasons, confidence)
    SELECT %(workspace_id)s, p.one_id, p.other_id, p.reasons, p.confidence FROM pair p
    ON CONFLICT (workspace_id, one_id, other_id) DO UPDATE SET reasons = excluded.reasons, confidence = excluded.confidence
    WHERE known.state = 'open' AND (known.reasons, known.confidence) IS DISTINCT FROM (excluded.reasons, excluded.confidence)
)
DELETE FROM duplicate d USING chosen c WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open' AND (d.one_id, d.other_id) = (c.one_id, c.other_id)
AND NOT EXISTS (SELECT FROM pair p WHERE (p.one_id, p.other_id) = (c.one_id, c.other_id));

-- name: find_open
-- A page of pairs of living people that nobody has decided about, the surest first.
SELECT d.id, d.confidence, d.one_id, d.other_id, d.reasons FROM duplicate d
JOIN person p ON p.id = d.one_id AND p.merged_into IS NULL AND p.erased_at IS NULL
JOIN person q ON q.id = d.other_id AND q.merged_into IS NULL AND q.erased_at IS NULL
WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open' AND (-d.confidence, d.id) > (-%(confidence)s::smallint, %(after)s::bigint)
ORDER BY -d.confidence, d.id LIMIT %(limit)s;

-- name: decide
-- What somebody says about a pair, once.
UPDATE duplicate SET state = %(state)s, decided_by = %(by)s, decided_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND id = %(pair_id)s AND state = 'open' RETURNING one_id, other_id;
