-- name: count_reachable
-- People in the mirror who can be reached by e-mail.
SELECT countIf(has(reachable, 'email')) FROM person FINAL WHERE workspace_id = {workspace_id:UInt64} AND gone = 0

-- name: count_events
-- Events in a span of time.
SELECT count() FROM event WHERE workspace_id = {workspace_id:UInt64}
    AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')

-- name: events_by_day
-- Events and orders of each of the last days, in the workspace's time zone.
SELECT toString(toDate(at, {zone:String})) AS day, count() AS events, countIf(name = 'Order Completed') AS orders FROM event
WHERE workspace_id = {workspace_id:UInt64}
    AND at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
GROUP BY day ORDER BY day
