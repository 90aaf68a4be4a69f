-- name: find_snippets
-- Snippets by key, each with how many templates name it in what is published or in a draft.
SELECT s.key, s.names, s.languages, s.revision, s.updated_at, s.updated_by,
       (SELECT count(*) FROM template t LEFT JOIN template_version v ON v.id = t.version_id LEFT JOIN template_draft d ON d.template_id = t.id
        WHERE t.workspace_id = s.workspace_id AND t.archived_at IS NULL
          AND (jsonb_path_exists(v.source::jsonb, '$.*.document.blocks[*] ? (@.type == "snippet" && @.key == $key)', jsonb_build_object('key', s.key))
               OR jsonb_path_exists(d.source::jsonb, '$.*.document.blocks[*] ? (@.type == "snippet" && @.key == $key)', jsonb_build_object('key', s.key)))) AS uses
FROM snippet s
WHERE s.workspace_id = %(workspace_id)s AND (%(key)s::text IS NULL OR s.key = %(key)s)
ORDER BY s.key;

-- name: lock_snippet
-- A snippet, held while something is decided about it.
SELECT revision, updated_at, updated_by FROM snippet WHERE workspace_id = %(workspace_id)s AND key = %(key)s FOR UPDATE;

-- name: put_snippet
-- Save a snippet if it is the first, or still at the revision that was worked on.
INSERT INTO snippet AS s (workspace_id, key, names, languages, updated_at, updated_by)
VALUES (%(workspace_id)s, %(key)s, %(names)s::jsonb, %(languages)s::json, %(now)s, %(by)s)
ON CONFLICT (workspace_id, key) DO UPDATE
SET names = excluded.names, languages = excluded.languages, revision = s.revision + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by
WHERE s.revision = %(revision)s
RETURNING s.revision;

-- name: drop_snippet
-- Forget a snippet.
DELETE FROM snippet WHERE workspace_id = %(workspace_id)s AND key = %(key)s;

-- name: find_templates
-- Templates that name a snippet in what is published or in a draft.
SELECT t.key, t.names, t.version_id IS NOT NULL
           AND jsonb_path_exists(v.source::jsonb, '$.*.document.blocks[*] ? (@.type == "snippet" && @.key == $key)', jsonb_build_object('key', %(key)s::text)) AS is_published
FROM template t LEFT JOIN template_version v ON v.id = t.version_id LEFT JOIN template_draft d ON d.template_id = t.id
WHERE t.workspace_id = %(workspace_id)s AND t.archived_at IS NULL
  AND (jsonb_path_exists(v.source::jsonb, '$.*.document.blocks[*] ? (@.type == "snippet" && @.key == $key)', jsonb_build_object('key', %(key)s::text))
       OR jsonb_path_exists(d.source::jsonb, '$.*.document.blocks[*] ? (@.type == "snippet" && @.key == $key)', jsonb_build_object('key', %(key)s::text)))
ORDER BY t.key;
