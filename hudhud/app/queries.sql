-- name: count_people
-- Everybody who is neither merged nor erased.
SELECT count(*) FROM person WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL AND erased_at IS NULL;

-- name: count_messages
-- Messages whose state is from the last days, by state.
SELECT state, count(*) FROM message WHERE workspace_id = %(workspace_id)s AND state_at >= %(since)s AND state_at <= %(now)s
GROUP BY state;

-- name: count_skips
-- Why messages of the last days were not sent, most frequent first.
SELECT reason, count(*) FROM message
WHERE workspace_id = %(workspace_id)s AND state = 'skipped' AND state_at >= %(since)s AND state_at <= %(now)s
GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 5;

-- name: find_journeys
-- Every journey that is published and not put away, with the number of people in it now.
SELECT j.key, j.status, v.graph::jsonb -> 'names' AS names,
       (SELECT count(*) FROM run_position p JOIN journey_version pv ON pv.id = p.version_id WHERE pv.journey_id = j.id) AS here
FROM journey j JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND j.archived_at IS NULL ORDER BY j.key;

-- name: count_rejects
-- Facts of the last days that were refused at intake, and nobody has looked after; new addresses are told of by themselves.
SELECT count(*) FROM intake_reject
WHERE workspace_id = %(workspace_id)s AND reason <> 'addresses' AND resubmitted_at IS NULL AND received_at >= %(since)s;

-- name: count_brought
-- New addresses of the last days that a website's key was not let bring, and nobody has looked after.
SELECT count(*) FROM intake_reject
WHERE workspace_id = %(workspace_id)s AND reason = 'addresses' AND resubmitted_at IS NULL AND received_at >= %(since)s;

-- name: has_collect_key
-- Is there a key by which facts can come in?
SELECT EXISTS (SELECT FROM api_key WHERE workspace_id = %(workspace_id)s AND kind = 'collect' AND revoked_at IS NULL);

-- name: metrics_intake
-- Facts that wait, and the age of the oldest in seconds (everywhere: metrics).
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(i.received_at)), 0)::float8 AS age_s
FROM intake i JOIN intake_lane l ON l.lane = i.lane WHERE (i.txid, i.id) > (l.txid, l.id);

-- name: metrics_runs
-- Runs that are due (everywhere: metrics).
SELECT count(*) FROM run_position WHERE due_at <= %(now)s;

-- name: metrics_messages
-- Messages that are not settled yet, by state, and how many of them are due (everywhere: metrics).
SELECT state, count(*) AS waiting, count(*) FILTER (WHERE due_at <= %(now)s) AS due FROM message WHERE due_at IS NOT NULL OR reason IN ('journey_paused', 'campaign_paused', 'sender_paused', 'cannot_write', 'braked') GROUP BY state;

-- name: metrics_outcomes
-- Outcomes of hand-overs in the last hour, by state (everywhere: metrics).
SELECT state, count(*) FROM message_outcome WHERE id > (SELECT coalesce(max(id), 0) - 100000 FROM message_outcome)
    AND at > %(now)s - interval '1 hour' GROUP BY state;

-- name: get_ignored
-- By how many seconds the clock of a living worker was set that it does not believe (database clock): ahead, or back; the furthest.
SELECT (stats -> 'clock' ->> 'ignored_s')::float8 AS seconds FROM worker_heartbeat
WHERE beat_at > clock_timestamp() - interval '15 seconds' AND stats -> 'clock' IS NOT NULL
ORDER BY abs((stats -> 'clock' ->> 'ignored_s')::float8) DESC LIMIT 1;
