-- name: timeline
-- A page of what happened to some actors, newest first, older than a place in it.
SELECT at, kind, name, message_id, properties FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND actor_id IN {actor_ids:Array(UInt64)}
  AND at <= {before_at:DateTime64(3, 'UTC')} AND (at, message_id) < ({before_at:DateTime64(3, 'UTC')}, {before_id:String})
ORDER BY at DESC, message_id DESC LIMIT {limit:UInt32}

-- name: samples
-- The last events of a name.
SELECT at, message_id, actor_id, toString(properties) FROM event
WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at >= {since:DateTime64(3, 'UTC')}
ORDER BY at DESC LIMIT {limit:UInt32}

-- name: count_old
-- How many events of a name are older than they are kept?
SELECT count() FROM event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}

-- name: delete_old
-- Delete them.
DELETE FROM event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}

-- name: delete_old_lines
-- Delete them from the timelines.
DELETE FROM person_event WHERE workspace_id = {workspace_id:UInt64} AND name = {name:String} AND at < {before:DateTime64(3, 'UTC')}
