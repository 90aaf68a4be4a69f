-- name: find_templates
-- Templates by key: the newest version's number, languages with their modes (of the draft where nothing is published), whether there is a draft.
SELECT t.id, t.key, t.names, t.version_id, v.number, t.updated_at, t.archived_at, d.template_id IS NOT NULL AS has_draft,
       coalesce((SELECT jsonb_object_agg(s.key, coalesce(s.value ->> 'mode', 'mjml')) FROM json_each(coalesce(v.source, d.source)) s), '{}') AS modes
FROM template t
LEFT JOIN template_version v ON v.id = t.version_id
LEFT JOIN template_draft d ON d.template_id = t.id
WHERE t.workspace_id = %(workspace_id)s AND (t.archived_at IS NOT NULL) = %(archived)s ORDER BY t.key;

-- name: get_template
-- One template with the source of its newest version, if it has any.
SELECT t.id, t.key, t.names, v.id AS version_id, v.number, coalesce(v.source, '{}'::json) AS languages, t.updated_at, t.archived_at
FROM template t LEFT JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s;

-- name: put_template
-- Make a template or rename it.
INSERT INTO template (workspace_id, key, names, updated_at) VALUES (%(workspace_id)s, %(key)s, %(names)s::jsonb, %(now)s)
ON CONFLICT (workspace_id, key) DO UPDATE SET names = excluded.names, updated_at = excluded.updated_at
RETURNING id;

-- name: add_version
-- Append a version; what was published before stays as it is.
INSERT INTO template_version (workspace_id, template_id, number, source, look, compiled, published_at, published_by, is_ready)
SELECT %(workspace_id)s, %(template_id)s, coalesce(max(number), 0) + 1, %(source)s::json, %(look)s, %(compiled)s::jsonb, %(now)s, %(actor)s, %(is_ready)s
FROM template_version WHERE template_id = %(template_id)s
RETURNING id;

-- name: lock_ready
-- A template that has the key of a ready one, held; whether somebody has written what is published, or begun to change it.
SELECT t.names, t.archived_at,
       t.version_id IS NOT NULL AND (NOT v.is_ready OR EXISTS (SELECT FROM template_draft d WHERE d.template_id = t.id)) AS is_written
FROM template t LEFT JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s FOR UPDATE OF t;

-- name: take_out
-- Take a template out again that was put away.
UPDATE template SET archived_at = NULL, updated_at = %(now)s WHERE workspace_id = %(workspace_id)s AND key = %(key)s;

-- name: use_version
-- From now on this version is sent.
UPDATE template SET version_id = %(version_id)s WHERE workspace_id = %(workspace_id)s AND id = %(template_id)s;

-- name: same_source
-- The version that is sent now, when its source is exactly this one, and dressed the same.
SELECT v.id FROM template t JOIN template_version v ON v.id = t.version_id
WHERE t.workspace_id = %(workspace_id)s AND t.key = %(key)s AND v.source::text = %(source)s AND v.look = %(look)s AND t.names = %(names)s::jsonb;

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

-- name: get_brand
-- The brand kit.
SELECT kit FROM brand WHERE workspace_id = %(workspace_id)s;

-- name: put_brand
-- Keep the brand kit.
INSERT INTO brand (workspace_id, kit, updated_at, updated_by) VALUES (%(workspace_id)s, %(kit)s::jsonb, %(now)s, %(by)s)
ON CONFLICT (workspace_id) DO UPDATE SET kit = excluded.kit, updated_at = excluded.updated_at, updated_by = excluded.updated_by;

-- name: find_saved
-- The blocks of some snippets, by key.
SELECT key, languages FROM snippet WHERE workspace_id = %(workspace_id)s AND key = ANY (%(keys)s::text[]) ORDER BY key;
