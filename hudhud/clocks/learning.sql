-- name: claim
-- Take the turn to learn, some hours after the last one; what is learned of everybody stands under number 0.
INSERT INTO active_hours (workspace_id, person_id, hours, answers, others, learned_at)
VALUES (%(workspace_id)s, 0, decode(repeat('00', 24), 'hex'), 0, 0, %(now)s)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET learned_at = %(now)s WHERE active_hours.learned_at <= %(before)s
RETURNING person_id;

-- name: keep
-- Write down what was learned.
INSERT INTO active_hours (workspace_id, person_id, hours, answers, others, learned_at)
SELECT %(workspace_id)s, g.person_id, decode(g.hours, 'hex'), g.answers, g.others, %(now)s
FROM unnest(%(person_ids)s::bigint[], %(hours)s::text[], %(answers)s::integer[], %(others)s::integer[]) AS g (person_id, hours, answers, others)
WHERE g.person_id = 0 OR EXISTS (SELECT FROM person p WHERE p.id = g.person_id AND p.erased_at IS NULL)
ON CONFLICT (workspace_id, person_id) DO UPDATE SET hours = excluded.hours, answers = excluded.answers, others = excluded.others, learned_at = excluded.learned_at;

-- name: forget
-- Whoever has not done anything for long is not known any more.
DELETE FROM active_hours WHERE workspace_id = %(workspace_id)s AND person_id <> 0 AND learned_at < %(now)s;

-- name: find
-- What is known of these people, and of everybody (0).
SELECT a.person_id, a.hours, a.answers, a.others FROM active_hours a WHERE a.workspace_id = %(workspace_id)s AND a.person_id = ANY(%(person_ids)s::bigint[]);
