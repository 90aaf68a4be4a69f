-- name: find_looks
-- What is known of the properties of these events.
SELECT event, property, kind, first_seen_at, last_seen_at, share, peak, samples FROM event_property
WHERE workspace_id = %(workspace_id)s AND event = ANY(%(events)s::text[]);

-- name: record_looks
-- What the properties of some events look like now.
INSERT INTO event_property AS known (workspace_id, event, property, kind, first_seen_at, last_seen_at, share, peak, samples)
SELECT %(workspace_id)s, n.event, n.property, n.kind, n.first_at, n.last_at, n.share, n.share, n.samples::jsonb
FROM unnest(%(events)s::text[], %(properties)s::text[], %(kinds)s::text[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[],
            %(shares)s::real[], %(samples)s::text[]) AS n (event, property, kind, first_at, last_at, share, samples)
ORDER BY n.event, n.property, n.kind
ON CONFLICT (workspace_id, event, property, kind) DO UPDATE SET first_seen_at = least(known.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at), share = excluded.share, peak = greatest(known.peak, excluded.share),
    samples = excluded.samples;

-- name: mark_looked
-- Their properties were looked at.
UPDATE event_name SET looked_at = %(now)s WHERE workspace_id = %(workspace_id)s AND name = ANY(%(names)s::text[]);

-- name: find_properties
-- The properties of all events, or of one.
SELECT event, property, kind, first_seen_at, last_seen_at, share, peak, samples FROM event_property
WHERE workspace_id = %(workspace_id)s AND (%(event)s::text IS NULL OR event = %(event)s) ORDER BY event, property, first_seen_at, kind;

-- name: find_rules
-- The rules for events, by name.
SELECT name, rules::text, mode FROM event_name WHERE workspace_id = %(workspace_id)s AND rules IS NOT NULL;

-- name: set_rules
-- Set the rules of one name.
UPDATE event_name SET rules = %(rules)s::json, mode = %(mode)s WHERE workspace_id = %(workspace_id)s AND name = %(name)s;

-- name: clear_violations
-- What broke other rules is told no longer.
DELETE FROM event_violation WHERE workspace_id = %(workspace_id)s AND event = %(name)s;

-- name: record_violations
-- Count where events broke rules.
INSERT INTO event_violation AS known (workspace_id, event, path, rule, expected, count, first_at, last_at, message_id)
SELECT %(workspace_id)s, n.event, n.path, n.rule, n.expected, n.count, n.at, n.at, n.message_id
FROM unnest(%(events)s::text[], %(paths)s::text[], %(rules)s::text[], %(expecteds)s::text[], %(counts)s::bigint[], %(ats)s::timestamptz[],
            %(message_ids)s::text[]) AS n (event, path, rule, expected, count, at, message_id)
ORDER BY n.event, n.path, n.rule
ON CONFLICT (workspace_id, event, path, rule) DO UPDATE SET expected = excluded.expected, count = known.count + excluded.count,
    first_at = least(known.first_at, excluded.first_at), last_at = greatest(known.last_at, excluded.last_at), message_id = excluded.message_id;

-- name: find_violations
-- Where events of a name broke its rules, the latest first.
SELECT path, rule, expected, count, first_at, last_at, message_id FROM event_violation
WHERE workspace_id = %(workspace_id)s AND event = %(event)s ORDER BY last_at DESC, path, rule LIMIT 200;

-- name: set_keep
-- Set for how many days the events of a name are kept.
UPDATE event_name SET keep_days = %(days)s WHERE workspace_id = %(workspace_id)s AND name = %(name)s;

-- name: find_terms
-- Names whose events are not kept for ever (everywhere).
SELECT workspace_id, name, keep_days FROM event_name WHERE keep_days IS NOT NULL ORDER BY workspace_id, name;
