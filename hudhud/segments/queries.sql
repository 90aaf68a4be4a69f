-- name: find_definitions
-- The trees of these segments and of all that they are built on.
-- Lists come with their people, read here as of this statement.
WITH RECURSIVE needed AS (
    SELECT id, definition, segment_ids FROM segment WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[])
    UNION
    SELECT s.id, s.definition, s.segment_ids FROM segment s JOIN needed n ON s.id = ANY(n.segment_ids) AND s.workspace_id = %(workspace_id)s
)
SELECT n.id, n.definition, m.members, m.turned FROM needed n LEFT JOIN segment_membership m ON m.segment_id = n.id AND n.definition IS NULL;

-- name: has_live
-- Is there anything to keep current?
SELECT EXISTS (SELECT FROM segment WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL)
    OR EXISTS (SELECT FROM segment_tally WHERE workspace_id = %(workspace_id)s);

-- name: make_known
-- The workspace's lock and memory.
INSERT INTO segment_known (workspace_id) VALUES (%(workspace_id)s) ON CONFLICT DO NOTHING;

-- name: lock_known
-- One decision at a time in a workspace.
SELECT people, decided_at FROM segment_known WHERE workspace_id = %(workspace_id)s FOR UPDATE;

-- name: set_known
-- Remember whom the segments know and when was decided last.
UPDATE segment_known SET people = coalesce(%(people)s::bytea, people), decided_at = %(now)s WHERE workspace_id = %(workspace_id)s;

-- name: find_live
-- All segments that are kept current, and which of these facts concern them.
SELECT s.id, s.owner, s.definition::text AS definition, s.segment_ids, m.built_at, m.checked_at, m.next_check_at, m.failure,
       ARRAY(SELECT n FROM unnest(s.event_names) AS n WHERE n = ANY(%(event_names)s::text[])) AS events,
       ((%(any_attribute)s AND s.attributes <> '{}') OR s.attributes && %(attributes)s::text[]
        OR (%(any_topic)s AND s.topics <> '{}') OR s.topics && %(topics)s::text[]
        OR (%(any_attribute)s AND s.definition IS NULL)) AS by_facts
FROM segment s JOIN segment_membership m ON m.segment_id = s.id
WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL
ORDER BY s.id;

-- name: set_built
-- A segment was counted from the whole base.
UPDATE segment_membership SET built_at = %(now)s, checked_at = %(now)s, next_check_at = %(next_check_at)s, failure = NULL, failing_since = NULL
WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;

-- name: check_by
-- Look at these segments at these instants at the latest.
UPDATE segment_membership m SET next_check_at = least(m.next_check_at, c.at)
FROM unnest(%(ids)s::bigint[], %(instants)s::timestamptz[]) AS c (segment_id, at)
WHERE m.workspace_id = %(workspace_id)s AND m.segment_id = c.segment_id AND (m.next_check_at IS NULL OR m.next_check_at > c.at);

-- name: set_checked
-- Flips by time are applied up to an instant.
UPDATE segment_membership SET checked_at = %(now)s, next_check_at = %(next_check_at)s, failure = NULL, failing_since = NULL
WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;

-- name: set_failed
-- Its condition could not be asked about: leave it out for as long as it has been failing, a minute at least, an hour at most.
UPDATE segment_membership SET failure = %(failure)s, failing_since = coalesce(failing_since, %(now)s),
    next_check_at = %(now)s + least(greatest(%(now)s - coalesce(failing_since, %(now)s), interval '1 minute'), interval '1 hour')
WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;

-- name: add_changes
-- Write down who came and who went.
INSERT INTO segment_change (workspace_id, segment_id, person_id, entered, at)
SELECT %(workspace_id)s, c.segment_id, c.person_id, c.entered, %(now)s
FROM unnest(%(segments)s::bigint[], %(people)s::bigint[], %(entered)s::boolean[]) AS c (segment_id, person_id, entered);

-- name: find_work
-- Workspaces with something to build or to check (everywhere).
SELECT m.workspace_id FROM segment_membership m JOIN segment s ON s.id = m.segment_id
WHERE s.archived_at IS NULL AND ((m.built_at IS NULL AND m.failure IS NULL) OR m.next_check_at <= %(now)s)
UNION
SELECT workspace_id FROM segment_edit
UNION
SELECT workspace_id FROM segment_known WHERE tallies_due ORDER BY 1;

-- name: next_check
-- When is the next look due (everywhere)?
SELECT min(m.next_check_at) FROM segment_membership m JOIN segment s ON s.id = m.segment_id WHERE s.archived_at IS NULL;

-- name: find_feeds
-- Batches on their way to ClickHouse (everywhere).
SELECT workspace_id, feed FROM segment_feed WHERE feed IS NOT NULL ORDER BY feed, workspace_id;

-- name: make_feed
-- Put new changes of each workspace (everywhere) into a batch and return its number; who repeats it repeats exactly these.
WITH place AS MATERIALIZED (  -- apart: row-level security takes `coalesce` for leaky, and would read all changes
    SELECT k.workspace_id, coalesce(o.fed, 0) AS fed FROM segment_known k LEFT JOIN segment_feed o ON o.workspace_id = k.workspace_id WHERE o.feed IS NULL
), next AS MATERIALIZED (SELECT nextval('segment_feed_number') AS feed)
INSERT INTO segment_feed AS f (workspace_id, feed, last)
SELECT p.workspace_id, next.feed, new.last
FROM next, place p CROSS JOIN LATERAL (
    SELECT max(c.id) AS last FROM (
        SELECT n.id FROM segment_change n WHERE n.workspace_id = p.workspace_id AND n.id > p.fed ORDER BY n.id LIMIT %(limit)s) c) new
WHERE new.last IS NOT NULL
-- Another worker may have made a batch, and carried it, since this was read.
ON CONFLICT (workspace_id) DO UPDATE SET feed = excluded.feed, last = excluded.last WHERE f.feed IS NULL AND f.fed < excluded.last
RETURNING f.feed;

-- name: find_feed
-- Which changes a batch holds that is on its way: those after `fed`, up to `last`.
SELECT fed, last FROM segment_feed WHERE workspace_id = %(workspace_id)s AND feed = %(feed)s;

-- name: read_feed
-- The changes of a batch, with the segment's name.
SELECT c.id, c.segment_id, s.name, c.person_id, c.entered, c.at
FROM segment_change c JOIN segment s ON s.id = c.segment_id
WHERE c.workspace_id = %(workspace_id)s AND c.id > %(fed)s::bigint AND c.id <= %(last)s::bigint AND s.owner = '' ORDER BY c.id;

-- name: close_feed
-- The batch is in ClickHouse.
UPDATE segment_feed SET fed = last, feed = NULL, last = NULL WHERE workspace_id = %(workspace_id)s AND feed = %(feed)s;

-- name: prune_changes
-- Of the people of a batch that ClickHouse has, nothing is asked any more but since when they are in: their last entry stays, unless they left.
DELETE FROM segment_change o USING segment_change c
WHERE c.workspace_id = %(workspace_id)s AND c.id > %(fed)s::bigint AND c.id <= %(last)s::bigint
  AND o.segment_id = c.segment_id AND o.person_id = c.person_id AND (o.id < c.id OR o.id = c.id AND NOT o.entered);

-- name: forget_changes
-- Nobody asks who came and went in a segment that is put away.
DELETE FROM segment_change c USING segment_feed f
WHERE c.workspace_id = %(workspace_id)s AND c.segment_id = %(id)s AND f.workspace_id = c.workspace_id AND c.id <= f.fed;

-- name: forget_archived_changes
-- Nor of a batch's changes in segments that were put away meanwhile.
DELETE FROM segment_change c USING segment s
WHERE c.workspace_id = %(workspace_id)s AND c.id > %(fed)s::bigint AND c.id <= %(last)s::bigint AND s.id = c.segment_id AND s.archived_at IS NOT NULL;

-- name: create_segment
-- A new segment.
INSERT INTO segment (workspace_id, name, owner, definition, event_names, attributes, topics, segment_ids, created_at, updated_at)
VALUES (%(workspace_id)s, %(name)s, %(owner)s, %(definition)s, %(event_names)s, %(attributes)s, %(topics)s, %(segment_ids)s, %(now)s, %(now)s)
RETURNING id;

-- name: create_membership
-- Nobody is in it until it is built.
INSERT INTO segment_membership (segment_id, workspace_id) VALUES (%(id)s, %(workspace_id)s);

-- name: find_owned
-- The segment that an owner made for the same tree.
SELECT id FROM segment
WHERE workspace_id = %(workspace_id)s AND owner = %(owner)s AND archived_at IS NULL AND md5(definition::text) = md5((%(definition)s::jsonb)::text);

-- name: archive_owned
-- An owner has one segment, or (0) none.
UPDATE segment SET archived_at = %(now)s, updated_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND owner = %(owner)s AND archived_at IS NULL AND id <> %(id)s;

-- name: find_missing
-- Which of these are put away, or never were?
SELECT w.id FROM unnest(%(ids)s::bigint[]) AS w (id)
WHERE NOT EXISTS (SELECT FROM segment s WHERE s.id = w.id AND s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL) ORDER BY w.id;

-- name: find_names
-- What these are called.
SELECT id, name FROM segment WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: find_users
-- The live listed segments that name this one.
SELECT id, name FROM segment
WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL AND owner = '' AND %(id)s = ANY(segment_ids) ORDER BY name, id;

-- name: forget_archived
-- Nobody is in a segment that is put away.
DELETE FROM segment_membership m USING segment s
WHERE m.workspace_id = %(workspace_id)s AND s.id = m.segment_id AND s.workspace_id = %(workspace_id)s AND s.archived_at IS NOT NULL;

-- name: forget_edits
-- Nobody is put into it any more.
DELETE FROM segment_edit WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;

-- name: forget_days
-- Nobody asks how it grew.
DELETE FROM segment_day WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;

-- name: add_edits
-- Put people into a list, or take them out, when the segments worker comes to it.
INSERT INTO segment_edit (workspace_id, segment_id, person_id, belongs)
SELECT %(workspace_id)s, %(id)s, e.person_id, %(belongs)s FROM unnest(%(people)s::bigint[]) WITH ORDINALITY AS e (person_id, place) ORDER BY e.place;

-- name: find_edits
-- What is still to be done to lists that are kept, in order.
SELECT e.id, e.segment_id, e.person_id, e.belongs FROM segment_edit e JOIN segment_membership m ON m.segment_id = e.segment_id
WHERE e.workspace_id = %(workspace_id)s AND e.id > %(after)s AND m.built_at IS NOT NULL ORDER BY e.id LIMIT %(limit)s;

-- name: close_edits
-- These are done.
DELETE FROM segment_edit WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: count_edits
-- How many are still to be put in or taken out.
SELECT count(*) FROM segment_edit WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s;

-- name: add_to_days
-- Add to how segments grew today who came and went; the size is that of now.
INSERT INTO segment_day AS d (segment_id, workspace_id, day, size, entered, exited, recounted)
SELECT c.segment_id, %(workspace_id)s, %(day)s, c.size, c.entered, c.exited, %(recounted)s
FROM unnest(%(ids)s::bigint[], %(sizes)s::bigint[], %(entered)s::bigint[], %(exited)s::bigint[]) AS c (segment_id, size, entered, exited)
ON CONFLICT (segment_id, day) DO UPDATE
SET size = EXCLUDED.size, entered = d.entered + EXCLUDED.entered, exited = d.exited + EXCLUDED.exited, recounted = d.recounted OR EXCLUDED.recounted;

-- name: find_days
-- How a segment grew since a day: the rows from then on, and the last one before.
SELECT day, size, entered, exited, recounted FROM segment_day
WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s
  AND day >= coalesce((SELECT max(b.day) FROM segment_day b WHERE b.segment_id = %(id)s AND b.day < %(since)s), %(since)s) ORDER BY day;

-- name: time_zone
-- Where the workspace's days begin.
SELECT time_zone FROM workspace WHERE id = %(workspace_id)s;

-- name: find_owner
-- Whose it is: nobody's ('') if it is listed.
SELECT owner FROM segment WHERE workspace_id = %(workspace_id)s AND id = %(id)s AND archived_at IS NULL;

-- name: rename_segment
-- Another name.
UPDATE segment SET name = %(name)s, updated_at = %(now)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: define_segment
-- Another tree.
UPDATE segment SET definition = %(definition)s, revision = revision + 1, event_names = %(event_names)s, attributes = %(attributes)s,
       topics = %(topics)s, segment_ids = %(segment_ids)s, updated_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: unbuild
-- Count these again from the whole base.
UPDATE segment_membership SET built_at = NULL, failure = NULL, failing_since = NULL WHERE workspace_id = %(workspace_id)s AND segment_id = ANY(%(ids)s::bigint[]);

-- name: unbuild_all
-- Count all of them again from the whole base, but lists: what they say of people is told by nothing else.
UPDATE segment_membership m SET built_at = NULL, failure = NULL, failing_since = NULL
FROM segment s WHERE m.workspace_id = %(workspace_id)s AND s.id = m.segment_id AND s.definition IS NOT NULL;

-- name: archive_segment
-- Keep it no longer.
UPDATE segment SET archived_at = %(now)s, updated_at = %(now)s WHERE workspace_id = %(workspace_id)s AND id = %(id)s;

-- name: find_dependents
-- Live segments that are built on this one, directly or not, the nearest first.
WITH RECURSIVE above AS (
    SELECT id, owner, definition, segment_ids, 1 AS depth FROM segment
    WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL AND %(id)s = ANY(segment_ids)
    UNION
    SELECT s.id, s.owner, s.definition, s.segment_ids, a.depth + 1 FROM segment s JOIN above a ON a.id = ANY(s.segment_ids)
    WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND a.depth < 100
)
SELECT id, owner, definition, max(depth) AS depth FROM above GROUP BY id, owner, definition ORDER BY depth, id;

-- name: find_segments
-- A page of the workspace's segments, newest first.
SELECT s.id, s.name, s.definition, s.revision, s.created_at, s.updated_at, m.count, m.built_at, m.checked_at, m.failure
FROM segment s JOIN segment_membership m ON m.segment_id = s.id
WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND s.owner = ''
  AND (%(after)s::bigint IS NULL OR s.id < %(after)s)
ORDER BY s.id DESC LIMIT %(limit)s;

-- name: count_segments
-- How many segments the workspace lists.
SELECT count(*) FROM segment WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL AND owner = '';

-- name: get_segment
-- One segment, archived or not.
SELECT s.id, s.name, s.definition, s.revision, s.created_at, s.updated_at, m.count, m.built_at, m.checked_at, m.failure
FROM segment s JOIN segment_membership m ON m.segment_id = s.id
WHERE s.workspace_id = %(workspace_id)s AND s.id = %(id)s AND s.archived_at IS NULL;

-- name: find_entered
-- Since when are these people in the segment?
SELECT DISTINCT ON (person_id) person_id, at FROM segment_change
WHERE workspace_id = %(workspace_id)s AND segment_id = %(id)s AND person_id = ANY(%(people)s::bigint[]) AND entered
ORDER BY person_id, id DESC;

-- name: ring
-- Wake the segments worker.
SELECT pg_notify('segments', '');

-- name: find_listed
-- What these live listed segments are called.
SELECT id, name FROM segment WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]) AND archived_at IS NULL AND owner = '';

-- name: find_faces
-- What these people are called.
SELECT id, attributes ->> 'email' AS email,
       coalesce(attributes ->> 'name', nullif(concat_ws(' ', attributes ->> 'first_name', attributes ->> 'last_name'), '')) AS name
FROM person WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s::bigint[]);

-- name: find_same
-- Live listed segments with just these definitions, the oldest of each.
SELECT w.key, min(s.id) FROM unnest(%(keys)s::text[], %(definitions)s::text[]) AS w (key, definition)
JOIN segment s ON s.definition = w.definition::jsonb
WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND s.owner = '' GROUP BY w.key;

-- name: find_rechecks
-- Workspaces (everywhere) whose suspects are to be asked about again, and those where everybody is: at night, or long after the last time.
SELECT w.id, coalesce(r.suspects IS NOT NULL, false)
FROM workspace w LEFT JOIN segment_recheck r ON r.workspace_id = w.id
WHERE CASE WHEN r.suspects IS NOT NULL THEN r.asked_at < %(now)s
      ELSE coalesce(r.asked_at, w.created_at) < %(now)s - interval '20 hours'
           AND (extract(hour FROM %(now)s AT TIME ZONE w.time_zone) BETWEEN 2 AND 4 OR coalesce(r.asked_at, w.created_at) < %(now)s - interval '3 days')
      END
  AND EXISTS (SELECT FROM segment s WHERE s.workspace_id = w.id AND s.archived_at IS NULL)
ORDER BY w.id;

-- name: read_known
-- Whom the segments know.
SELECT people FROM segment_known WHERE workspace_id = %(workspace_id)s;

-- name: set_suspects
-- Everybody was asked about; these people differed.
INSERT INTO segment_recheck (workspace_id, asked_at, suspects) VALUES (%(workspace_id)s, %(now)s, %(people)s)
ON CONFLICT (workspace_id) DO UPDATE SET asked_at = excluded.asked_at, suspects = excluded.suspects;

-- name: read_suspects
-- Who is to be asked about again.
SELECT suspects FROM segment_recheck WHERE workspace_id = %(workspace_id)s;

-- name: settle
-- They were, but for those that are left; so many more memberships were wrong.
UPDATE segment_recheck SET suspects = %(left)s, found = CASE WHEN %(left)s::bytea IS NULL THEN 0 ELSE found + %(differences)s END,
       differences = CASE WHEN %(left)s::bytea IS NULL THEN found + %(differences)s ELSE differences END
WHERE workspace_id = %(workspace_id)s;

-- name: find_recheck
-- How the latest whole recheck ended.
SELECT asked_at, differences FROM segment_recheck WHERE workspace_id = %(workspace_id)s AND differences IS NOT NULL;
