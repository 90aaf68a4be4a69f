-- name: find_stored
-- Which of these events are there (id, time in ms), and without any property?
SELECT message_id, toUnixTimestamp64Milli(at), toString(properties) = '{}' FROM event
WHERE workspace_id = {workspace_id:UInt64} AND name IN {names:Array(String)} AND message_id IN {message_ids:Array(String)}
  AND at BETWEEN fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND fromUnixTimestamp64Milli({until:Int64}, 'UTC')
  AND toYYYYMM(at) IN {months:Array(UInt32)}

-- name: find_stored_lines
-- The same of the timelines.
SELECT message_id, toUnixTimestamp64Milli(at), false FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND message_id IN {message_ids:Array(String)}
  AND at BETWEEN fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND fromUnixTimestamp64Milli({until:Int64}, 'UTC')
  AND toYYYYMM(at) IN {months:Array(UInt32)}

-- name: timeline
-- A page of what happened to some actors, newest first, older than a place in it. Only its own events are read: `newest` (one each for a few actors) tells where it ends.
WITH (SELECT min(at) FROM (SELECT at FROM ({newest}) ORDER BY at DESC LIMIT {limit:UInt32})) AS page_end
SELECT at, kind, name, message_id, properties FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND actor_id IN {actor_ids:Array(UInt64)} AND at >= page_end
  AND at <= {before_at:DateTime64(3, 'UTC')} AND (at, message_id) < ({before_at:DateTime64(3, 'UTC')}, {before_id:String})
ORDER BY at DESC, message_id DESC LIMIT {limit:UInt32}

-- name: newest
-- When did their newest events happen? Of one actor the table is read backwards, and only as far as it takes.
SELECT at FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND actor_id {actors}
  AND at <= {before_at:DateTime64(3, 'UTC')} AND (at, message_id) < ({before_at:DateTime64(3, 'UTC')}, {before_id:String})
ORDER BY at DESC LIMIT {limit:UInt32}

-- name: samples
-- The last events of a name.
SELECT at, message_id, actor_id, toString(properties) FROM event
WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at >= {since:DateTime64(3, 'UTC')}
ORDER BY at DESC LIMIT {limit:UInt32}

-- name: count_old
-- How many events of a name are older than they are kept?
SELECT count() FROM event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}

-- name: find_old_doers
-- Whose are they?
SELECT DISTINCT actor_id FROM event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}

-- name: delete_old
-- Delete them.
DELETE FROM event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}

-- name: delete_old_lines
-- Delete them from the timelines.
DELETE FROM person_event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}

-- name: count_brought
-- How many events came by this way?
SELECT count() FROM person_event WHERE workspace_id = {workspace_id:UInt64} AND source = {source:String}

-- name: read_brought
-- The message ids of a page of them, in the order of the table.
SELECT actor_id, at, message_id FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND source = {source:String} AND (actor_id, at, message_id) > ({actor_id:UInt64}, {at:DateTime64(3, 'UTC')}, {message_id:String})
ORDER BY actor_id, at, message_id LIMIT {limit:UInt32}

-- name: find_active
-- Of whom is anything known that came another way than these? What we note ourselves says nothing.
SELECT DISTINCT actor_id FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND actor_id IN {actor_ids:Array(UInt64)} AND source NOT IN {sources:Array(String)} AND name NOT IN {ours:Array(String)}

-- name: delete_brought
-- Delete them.
DELETE FROM event WHERE workspace_id = {workspace_id:UInt64} AND source = {source:String}

-- name: delete_brought_lines
-- Delete them from the timelines.
DELETE FROM person_event WHERE workspace_id = {workspace_id:UInt64} AND source = {source:String}

-- name: expires
-- Does ClickHouse drop events by itself when they are old? We set no TTL on their table.
SELECT countIf(position(engine_full, ' TTL ') > 0) > 0 FROM system.tables WHERE database = currentDatabase() AND name = 'event'
