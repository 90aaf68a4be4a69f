-- name: latest_events
-- What came in during the last minutes, newest first; parts without such events are not read (minmax of `at` in each part).
SELECT at, kind, name, actor_id, message_id, JSONExtractString(toString(properties), 'name') AS about FROM event
WHERE workspace_id = {workspace_id:UInt64} AND kind != 'identify'
    AND at > fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND at <= fromUnixTimestamp64Milli({until:Int64}, 'UTC')
ORDER BY at DESC, message_id DESC LIMIT {limit:UInt32}
