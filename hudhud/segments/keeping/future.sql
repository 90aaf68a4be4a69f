-- name: note
-- Events of these names happen at these instants, ahead of the present.
INSERT INTO segment_future (workspace_id, at, name)
SELECT %(workspace_id)s, f.at, f.name FROM unnest(%(names)s::text[], %(instants)s::timestamptz[]) AS f (name, at)
ON CONFLICT DO NOTHING;

-- name: find_due
-- When did events happen that were dated ahead and whose time has come?
SELECT DISTINCT at FROM segment_future
WHERE workspace_id = %(workspace_id)s AND at > %(since)s AND at <= %(now)s AND name = ANY(%(names)s::text[]) LIMIT %(limit)s;

-- name: forget_past
-- Their time has come, and no segment that asks about them was last looked at before that. Those that are to be counted from the whole base, or asked
-- about with everybody because they failed, need no note.
DELETE FROM segment_future f
WHERE f.workspace_id = %(workspace_id)s AND f.at <= %(now)s AND NOT EXISTS (
    SELECT FROM segment s JOIN segment_membership m ON m.segment_id = s.id
    WHERE s.workspace_id = %(workspace_id)s AND s.archived_at IS NULL AND f.name = ANY(s.event_names)
      AND m.built_at IS NOT NULL AND m.failure IS NULL AND m.checked_at < f.at);
