-- name: plan_rows
-- Plan messages given one by one.
WITH made AS (
    INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, expires_at, state_at)
    SELECT %(workspace_id)s, r.source_kind, r.source_id, r.step, r.visit, r.person_id, r.channel, r.topic, r.template, r.event::jsonb,
           %(now)s, coalesce(r.due_at, %(now)s), r.expires_at, %(now)s
    FROM unnest(%(source_kinds)s::text[], %(source_ids)s::bigint[], %(steps)s::text[], %(visits)s::integer[], %(person_ids)s::bigint[],
                %(channels)s::text[], %(topics)s::text[], %(templates)s::text[], %(events)s::text[], %(due_ats)s::timestamptz[], %(expires_ats)s::timestamptz[])
         AS r (source_kind, source_id, step, visit, person_id, channel, topic, template, event, due_at, expires_at)
    ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING
    RETURNING id
)
SELECT id FROM made;

-- name: plan_set
-- Plan one step's messages for many people.
INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, expires_at, state_at)
SELECT %(workspace_id)s, %(source_kind)s, r.source_id, %(step)s, r.visit, r.person_id, %(channel)s, %(topic)s, %(template)s, coalesce(r.event, '{}')::jsonb,
       %(now)s, coalesce(%(due_at)s::timestamptz, %(now)s), %(expires_at)s::timestamptz, %(now)s
FROM unnest(%(source_ids)s::bigint[], %(visits)s::integer[], %(person_ids)s::bigint[], %(events)s::text[]) AS r (source_id, visit, person_id, event)
ON CONFLICT (source_id, step, visit, person_id, channel, source_kind) DO NOTHING;

-- name: ring
-- Wake delivery workers when this transaction commits.
SELECT pg_notify('messages', '');
