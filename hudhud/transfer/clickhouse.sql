-- name: events_page
-- The next events of a period, by person and time; our own notes (sends, segments, stages, consent) are left out: nobody may say them again.
SELECT actor_id, at, message_id, kind, name, properties FROM person_event
WHERE workspace_id = {workspace_id:UInt64} AND at >= {begin:DateTime64(3, 'UTC')} AND at < {end:DateTime64(3, 'UTC')}
  AND kind IN ('track', 'page', 'screen') AND name NOT IN {ours:Array(String)} AND actor_id >= {actor:UInt64}
  AND (actor_id, at, message_id) > ({actor:UInt64}, {at:DateTime64(3, 'UTC')}, {message_id:String})
ORDER BY workspace_id, actor_id, at, message_id LIMIT {limit:UInt32};
