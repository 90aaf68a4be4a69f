-- name: count_runs
-- Of the runs that began in a span: of how many the window is over, how many of those reached the goal in it, of how many it is not; how many began lately.
-- A run that was merged into another one is that one.
SELECT count(*) FILTER (WHERE q.is_over), count(*) FILTER (WHERE q.is_over AND q.reached), count(*) FILTER (WHERE NOT q.is_over), count(*) FILTER (WHERE q.at > %(lately)s)
FROM (
    SELECT r.entered_at AS at, r.entered_at + %(within)s::interval <= %(now)s AS is_over,
           r.outcome = 'goal' AND r.ended_at <= r.entered_at + %(within)s::interval AS reached
    FROM run r
    WHERE r.journey_id = %(journey_id)s AND r.entered_at >= %(since)s AND r.entered_at <= %(now)s AND r.entered_at + %(within)s::interval <= %(until)s
      AND r.outcome IS DISTINCT FROM 'merged'
) q;

-- name: count_goals
-- How many runs reached the goal in a span, and lately.
SELECT count(*), count(*) FILTER (WHERE r.ended_at > %(lately)s) FROM run r
WHERE r.journey_id = %(journey_id)s AND r.outcome = 'goal' AND r.ended_at >= %(since)s AND r.ended_at < %(until)s AND r.ended_at <= %(now)s;

-- name: find_runs
-- Who was in the journey, from when on, whoever they are today.
SELECT coalesce(p.merged_into, p.id) AS person_id, r.entered_at FROM run r JOIN person p ON p.id = coalesce(r.actor_id, r.person_id)
WHERE r.journey_id = %(journey_id)s AND r.entered_at >= %(since)s AND r.entered_at < %(until)s AND r.entered_at <= %(now)s AND p.erased_at IS NULL
ORDER BY coalesce(p.merged_into, p.id), r.entered_at;
