-- name: last_of_page
-- The last of the next living people after this one.
SELECT max(id) FROM (
    SELECT p.id FROM person p WHERE p.workspace_id = %(workspace_id)s AND p.id > %(after)s AND p.merged_into IS NULL AND p.erased_at IS NULL
    ORDER BY p.id LIMIT %(limit)s) x;

-- name: consent_page
-- Where these people stand on each topic and channel, by the newest word of all actors that they are, and the word that says so.
SELECT p.id,
       coalesce((SELECT jsonb_object_agg(i.namespace, i.value) FROM (
           SELECT DISTINCT ON (o.namespace) o.namespace, o.value FROM identifier o WHERE o.person_id = p.id
           ORDER BY o.namespace, o.value = lower(p.attributes ->> o.namespace) DESC NULLS LAST, o.created_at, o.value) i), '{}'),
       s.key, s.channel, s.state, coalesce(w.at, s.changed_at), w.proof, coalesce(w.source, '')
FROM person p
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (t.id, u.channel) t.id, t.key, u.channel, u.state, u.changed_at, u.person_id FROM subscription u JOIN topic t ON t.id = u.topic_id
    WHERE u.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT m.id FROM person m WHERE m.merged_into = p.id))
    ORDER BY t.id, u.channel, u.changed_at DESC, u.state DESC
) s
LEFT JOIN LATERAL (
    SELECT c.at, c.proof, c.source FROM consent_log c
    WHERE c.workspace_id = %(workspace_id)s AND c.person_id = s.person_id AND c.topic_id = s.id AND c.channel = s.channel AND c.applied AND c.state = s.state
      AND c.source NOT LIKE 'undo:%%'
    ORDER BY c.id DESC LIMIT 1
) w ON true
WHERE p.workspace_id = %(workspace_id)s AND p.id > %(after)s AND p.id <= %(last)s AND p.merged_into IS NULL AND p.erased_at IS NULL
ORDER BY p.id, s.id, s.channel;
