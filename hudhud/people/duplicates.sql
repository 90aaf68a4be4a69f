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
)
DELETE FROM duplicate d WHERE d.workspace_id = %(workspace_id)s AND d.state = 'open' AND NOT EXISTS (SELECT FROM found f WHERE f.id = d.id);

-- name: finish
-- The search is done, unless it was asked for again meanwhile.
UPDATE duplicate_search SET finished_at = %(now)s WHERE workspace_id = %(workspace_id)s AND asked_at = %(asked_at)s;

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
