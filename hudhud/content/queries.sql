-- name: find_templates
-- Every template with its newest version's number and languages.
SELECT t.id, t.key, t.names, t.version_id, v.number, t.updated_at,
       coalesce(ARRAY (SELECT jsonb_object_keys(v.source) ORDER BY 1), '{}') AS languages
FROM template t LEFT JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s ORDER BY t.key;

-- name: get_template
-- One template with the source of its newest version.
SELECT t.id, t.key, t.names, v.id AS version_id, v.number, v.source AS languages, t.updated_at
FROM template t JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s;

-- name: put_template
-- Make a template or rename it.
INSERT INTO template (workspace_id, key, names, updated_at) VALUES (%(workspace_id)s, %(key)s, %(names)s::jsonb, %(now)s)
ON CONFLICT (workspace_id, key) DO UPDATE SET names = excluded.names, updated_at = excluded.updated_at
RETURNING id;

-- name: add_version
-- Append a version; what was published before stays as it is.
INSERT INTO template_version (workspace_id, template_id, number, source, compiled, published_at, published_by)
SELECT %(workspace_id)s, %(template_id)s, coalesce(max(number), 0) + 1, %(source)s::jsonb, %(compiled)s::jsonb, %(now)s, %(actor)s
FROM template_version WHERE template_id = %(template_id)s
RETURNING id;

-- name: use_version
-- From now on this version is sent.
UPDATE template SET version_id = %(version_id)s WHERE workspace_id = %(workspace_id)s AND id = %(template_id)s;

-- name: same_source
-- The version that is sent now, when its source is exactly this one.
SELECT v.id FROM template t JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s AND v.source = %(source)s::jsonb AND t.names = %(names)s::jsonb;

-- name: find_compiled
-- What was compiled for some versions (workers: of any workspace).
SELECT id, compiled FROM template_version WHERE id = ANY (%(version_ids)s);

-- name: get_compiled
-- What was compiled for one version of this workspace.
SELECT compiled FROM template_version WHERE workspace_id = %(workspace_id)s AND id = %(version_id)s;

-- name: get_person
-- One living person's data as templates see them.
SELECT p.id, p.attributes, p.language FROM person asked JOIN person p ON p.id = coalesce(asked.merged_into, asked.id)
WHERE asked.workspace_id = %(workspace_id)s AND asked.id = %(person_id)s AND p.erased_at IS NULL;

-- name: get_workspace
-- What templates may know about the workspace.
SELECT name, currency, postal_address, sender_email, language FROM workspace WHERE id = %(workspace_id)s;
