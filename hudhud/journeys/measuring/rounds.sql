-- name: find_rounds
-- A test from its beginning on, each time that it was begun anew, and what was declared.
SELECT t.number, t.began_at, t.decided_at, t.winner FROM journey_test t
WHERE t.journey_id = %(journey_id)s AND t.salt = %(salt)s AND t.design = %(design)s
ORDER BY t.number;

-- name: get_round
-- The last of them, with all that is known of it.
SELECT t.number, t.began_at, t.decided_at, t.winner, t.decided_by, t.verdict, t.figures, t.looked_at FROM journey_test t
WHERE t.journey_id = %(journey_id)s AND t.salt = %(salt)s AND t.design = %(design)s
ORDER BY t.number DESC LIMIT 1;

-- name: open_round
-- Begin a test, or begin it anew; whoever comes second begins nothing.
INSERT INTO journey_test (workspace_id, journey_id, salt, design, number, began_at, looked_at)
VALUES (%(workspace_id)s, %(journey_id)s, %(salt)s, %(design)s, %(number)s, %(now)s, %(now)s)
ON CONFLICT (journey_id, salt, design, number) DO NOTHING
RETURNING id;

-- name: claim_look
-- Take the look at the last round, if nobody has looked lately and nothing is declared; whoever comes second takes nothing.
UPDATE journey_test t SET looked_at = %(now)s
WHERE t.journey_id = %(journey_id)s AND t.salt = %(salt)s AND t.design = %(design)s AND t.decided_at IS NULL AND t.looked_at <= %(before)s
  AND NOT EXISTS (SELECT FROM journey_test l WHERE l.journey_id = t.journey_id AND l.salt = t.salt AND l.design = t.design AND l.number > t.number)
RETURNING t.number;

-- name: decide
-- Declare a winner, if nobody has, and if the test was not begun anew meanwhile.
UPDATE journey_test t SET decided_at = %(now)s, decided_by = %(by)s, winner = %(winner)s, verdict = %(verdict)s, figures = %(figures)s, looked_at = %(now)s
WHERE t.journey_id = %(journey_id)s AND t.salt = %(salt)s AND t.design = %(design)s AND t.number = %(number)s AND t.decided_at IS NULL
  AND NOT EXISTS (SELECT FROM journey_test l WHERE l.journey_id = t.journey_id AND l.salt = t.salt AND l.design = t.design AND l.number > t.number)
RETURNING t.id;

-- name: count_drawn
-- People by the arm that they drew first, each once, whoever they are today: how many; since when; of how many the window is over; how many of those
-- did in it what counts, where PostgreSQL knows it. A run is of who entered it: it stays theirs when a merge that had given it away is undone.
WITH drawn AS (
    SELECT DISTINCT ON (coalesce(p.merged_into, p.id)) coalesce(p.merged_into, p.id) AS person_id, l.edge, l.at, l.run_id, l.visit
    FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS place (version_id, node)
    JOIN run_log l ON l.version_id = place.version_id AND l.node = place.node
    JOIN run r ON r.id = l.run_id JOIN person p ON p.id = coalesce(r.actor_id, r.person_id)
    WHERE l.reason = 'lot_drawn' AND (%(number)s = 1 OR l.at >= %(began_at)s) AND l.at <= %(as_of)s AND p.erased_at IS NULL
    ORDER BY coalesce(p.merged_into, p.id), l.at, l.run_id
), facts AS (
    -- Brought together by one grouping and not by joins: nothing for a stale statistic to spoil.
    SELECT d.person_id, d.edge, d.at, NULL::timestamptz AS done_at FROM drawn d
    UNION ALL
    -- Runs that were over when their person was merged are theirs still.
    SELECT coalesce(p.merged_into, p.id), NULL, NULL, g.ended_at FROM run g JOIN person p ON p.id = coalesce(g.actor_id, g.person_id)
    WHERE %(metric)s = 'goal' AND g.journey_id = %(journey_id)s AND g.outcome = 'goal'
    UNION ALL
    SELECT d.person_id, NULL, NULL, e.at FROM drawn d JOIN message m ON m.source_id = d.run_id JOIN engagement e ON e.message_id = m.id
    WHERE %(metric)s IN ('open', 'click') AND m.source_kind = 'journey' AND m.visit > d.visit AND e.kind = %(metric)s AND e.verdict = 'human'
), people AS (
    SELECT max(f.edge) AS edge, max(f.at) AS at, array_agg(f.done_at) FILTER (WHERE f.done_at IS NOT NULL) AS done
    FROM facts f GROUP BY f.person_id HAVING max(f.at) IS NOT NULL
), judged AS (
    SELECT p.edge, p.at, p.at + %(within)s::interval <= %(as_of)s AS is_over,
           EXISTS (SELECT FROM unnest(p.done) AS done (at) WHERE done.at >= p.at AND done.at <= p.at + %(within)s::interval) AS did
    FROM people p
)
SELECT j.edge, count(*), min(j.at), count(*) FILTER (WHERE j.is_over), count(*) FILTER (WHERE j.is_over AND j.did) FROM judged j GROUP BY j.edge;

-- name: find_drawn
-- The same people one by one, those whose window is over: what they did is asked elsewhere.
WITH drawn AS (
    SELECT DISTINCT ON (coalesce(p.merged_into, p.id)) coalesce(p.merged_into, p.id) AS person_id, l.edge, l.at
    FROM unnest(%(version_ids)s::bigint[], %(nodes)s::text[]) AS place (version_id, node)
    JOIN run_log l ON l.version_id = place.version_id AND l.node = place.node
    JOIN run r ON r.id = l.run_id JOIN person p ON p.id = coalesce(r.actor_id, r.person_id)
    WHERE l.reason = 'lot_drawn' AND (%(number)s = 1 OR l.at >= %(began_at)s) AND l.at <= %(as_of)s AND p.erased_at IS NULL
    ORDER BY coalesce(p.merged_into, p.id), l.at, l.run_id
)
SELECT d.person_id, d.edge, d.at FROM drawn d WHERE d.at + %(within)s::interval <= %(as_of)s;
