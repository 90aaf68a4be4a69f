-- name: find_versions
-- A page of a template's versions, newest first.
SELECT v.number, v.published_at, v.published_by, v.id = t.version_id AS is_current,
       (SELECT jsonb_object_agg(s.key, coalesce(s.value ->> 'mode', 'mjml')) FROM json_each(v.source) s) AS modes
FROM template t JOIN template_version v ON v.template_id = t.id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s AND v.number < %(after)s
ORDER BY v.number DESC LIMIT %(limit)s;

-- name: get_version
-- The source of one version.
SELECT v.source FROM template t JOIN template_version v ON v.template_id = t.id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s AND v.number = %(number)s;

-- name: lock_template
-- A template, held while something is decided about it.
SELECT id, version_id, archived_at FROM template WHERE workspace_id = %(workspace_id)s AND key = %(key)s FOR UPDATE;

-- name: find_journeys
-- Journeys that send a template: in their current version, in their draft, or in an older version that people are still in.
SELECT j.key, coalesce(v.graph::jsonb -> 'names', d.graph::jsonb -> 'names') AS names
FROM journey j LEFT JOIN journey_version v ON v.id = j.version_id LEFT JOIN journey_draft d ON d.journey_id = j.id
WHERE j.workspace_id = %(workspace_id)s
  AND (EXISTS (
           SELECT FROM journey_version o
           WHERE o.journey_id = j.id AND (o.id = j.version_id AND j.archived_at IS NULL OR EXISTS (SELECT FROM run_position p WHERE p.version_id = o.id))
             AND position(%(quoted)s IN o.graph) > 0
             AND jsonb_path_exists(o.graph::jsonb, '$.nodes.**.template ? (@ == $key)', jsonb_build_object('key', %(key)s::text)))
       OR j.archived_at IS NULL AND position(%(quoted)s IN d.graph::text) > 0
          AND jsonb_path_exists(d.graph::jsonb, '$.nodes.**.template ? (@ == $key)', jsonb_build_object('key', %(key)s::text)))
ORDER BY j.key;

-- name: find_campaigns
-- Campaigns that are to send a template yet: drafts, those that wait to begin, and those that have not made all of their messages (these are made of an
-- edition, and need the template no more).
SELECT c.id, c.name FROM campaign c
WHERE c.workspace_id = %(workspace_id)s AND c.archived_at IS NULL
  AND (c.status IN ('draft', 'scheduled')
       OR c.status IN ('running', 'paused')
          AND NOT EXISTS (SELECT FROM campaign_part p WHERE p.campaign_id = c.id AND p.part IN ('all', 'rest') AND p.finished_at IS NOT NULL))
  AND EXISTS (SELECT FROM json_array_elements(c.definition -> 'variants') v WHERE v ->> 'template' = %(key)s)
ORDER BY c.id;

-- name: find_topics
-- Topics for which one confirms by the mail that asks.
SELECT t.key, t.names FROM topic t WHERE t.workspace_id = %(workspace_id)s AND t.confirms ORDER BY t.key;

-- name: was_sent
-- Whether any message was ever made of it, or waits to be.
SELECT EXISTS (SELECT FROM message m WHERE m.workspace_id = %(workspace_id)s AND m.template = %(key)s);

-- name: set_archived
-- Put a template away, or take it out again (null).
UPDATE template SET archived_at = %(at)s, updated_at = %(now)s WHERE workspace_id = %(workspace_id)s AND key = %(key)s;

-- name: drop_template
-- Forget a template of which no message was made, with its versions and its draft.
DELETE FROM template WHERE workspace_id = %(workspace_id)s AND key = %(key)s;
