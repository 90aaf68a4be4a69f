-- name: has_template
-- Whether the key is taken.
SELECT EXISTS (SELECT FROM template WHERE workspace_id = %(workspace_id)s AND key = %(key)s);

-- name: make_template
-- Make a template that has nothing published; one that there is stays as it is.
INSERT INTO template (workspace_id, key, names, updated_at) VALUES (%(workspace_id)s, %(key)s, %(names)s::jsonb, %(now)s)
ON CONFLICT (workspace_id, key) DO NOTHING;

-- name: name_template
-- Rename a template.
UPDATE template SET names = %(names)s::jsonb, updated_at = %(now)s WHERE workspace_id = %(workspace_id)s AND key = %(key)s;

-- name: get_draft
-- The draft of a template, or what is published as revision 0.
SELECT t.key, t.names, coalesce(d.source, v.source, '{}'::json) AS languages, coalesce(d.revision, 0) AS revision, v.number, d.number AS begun_at,
       d.updated_at, d.updated_by
FROM template t
LEFT JOIN template_draft d ON d.template_id = t.id
LEFT JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s;

-- name: lock_draft
-- The draft of a template, held while something is decided about it; the template first, as who deletes it does.
SELECT d.source AS languages, d.revision, d.updated_at, d.updated_by, t.names
FROM template t JOIN template_draft d ON d.template_id = t.id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s
FOR UPDATE OF t, d;

-- name: put_draft
-- Save a draft if it is the first, or still at the revision that was worked on.
INSERT INTO template_draft AS d (template_id, workspace_id, source, revision, number, updated_at, updated_by)
SELECT t.id, t.workspace_id, %(source)s::json, t.drafted + 1, v.number, %(now)s, %(by)s
FROM template t LEFT JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s
ON CONFLICT (template_id) DO UPDATE
SET source = excluded.source, revision = d.revision + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by
WHERE d.revision = %(revision)s
RETURNING d.revision;

-- name: drop_draft
-- Forget a draft, but not its revision: no later draft has the same one, so that whoever worked on this one is told.
WITH gone AS (
    DELETE FROM template_draft d USING template t WHERE t.id = d.template_id AND t.workspace_id = %(workspace_id)s AND t.key = %(key)s
    RETURNING d.template_id, d.revision
)
UPDATE template t SET drafted = gone.revision FROM gone WHERE t.id = gone.template_id;

-- name: drop_empty
-- Forget a template that was only a draft.
DELETE FROM template t WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s
  AND NOT EXISTS (SELECT FROM template_version v WHERE v.template_id = t.id) AND NOT EXISTS (SELECT FROM template_draft d WHERE d.template_id = t.id);
