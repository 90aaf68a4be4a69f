-- name: find_circumstances
-- What the consent gate asks about one message (as message_gate does), consent as of a moment: the newest word of all actors that are the person, by
-- its own time; of two at one instant the "no" counts.
SELECT m.source_key, (SELECT j.paused_at FROM journey j WHERE m.source_kind = 'journey' AND j.workspace_id = m.workspace_id AND j.key = m.source_key) AS paused_at,
       (SELECT json_build_object('name', c.name, 'status', c.status, 'since', c.paused_at) FROM campaign c WHERE m.source_kind = 'campaign' AND c.id = m.source_id) AS campaign, m.hours::text AS hours, p.id AS person_id, p.erased_at, p.id IS DISTINCT FROM m.person_id AS is_merged, t.stream, a.value AS address,
       x.reason AS suppression, x.created_at AS suppressed_at, c.state AS consent, c.at AS consent_at, c.source AS consent_source, c.proof,
       coalesce(p.time_zone, w.time_zone) AS zone, CASE WHEN p.time_zone IS NULL THEN 'workspace' ELSE coalesce(p.provenance ->> 'time_zone', 'default') END AS told_by,
       (SELECT max(o.paused_until) FROM preference_log o WHERE o.workspace_id = m.workspace_id AND o.at <= %(at)s
           AND o.id = (SELECT max(l.id) FROM preference_log l WHERE l.workspace_id = m.workspace_id AND l.at <= %(at)s
                       AND l.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = p.id)))) AS silent_until,
       EXISTS (SELECT FROM template o WHERE o.workspace_id = m.workspace_id AND o.key = m.template AND o.version_id IS NOT NULL) AS has_template
FROM message m JOIN workspace w ON w.id = m.workspace_id
LEFT JOIN LATERAL (
    SELECT o.* FROM person o WHERE o.id = (SELECT coalesce(n.merged_into, n.id) FROM person n WHERE n.id = m.person_id) AND o.workspace_id = m.workspace_id LIMIT 1
) p ON true
LEFT JOIN LATERAL (SELECT o.id, o.stream FROM topic o WHERE o.workspace_id = m.workspace_id AND o.key = m.topic LIMIT 1) t ON true
LEFT JOIN LATERAL (
    SELECT i.value FROM identifier i
    WHERE i.person_id = p.id AND i.namespace = m.channel AND i.workspace_id = m.workspace_id
    ORDER BY i.value = lower(p.attributes ->> m.channel) DESC NULLS LAST, i.created_at DESC, i.value LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT o.reason, o.created_at FROM suppression o
    WHERE o.workspace_id = m.workspace_id AND o.channel = m.channel AND o.address = lower(coalesce(m.address, a.value)) LIMIT 1
) x ON true
LEFT JOIN LATERAL (
    SELECT k.state, k.at, k.source, k.proof FROM consent_log k
    WHERE k.workspace_id = m.workspace_id AND k.topic_id = t.id AND k.channel = m.channel AND k.applied AND k.at <= %(at)s
      AND k.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = p.id))
    ORDER BY k.at DESC, k.state DESC LIMIT 1
) c ON true
WHERE m.workspace_id = %(workspace_id)s AND m.id = %(id)s;
