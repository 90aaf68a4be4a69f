-- name: get_draft
-- The draft of a journey.
SELECT d.graph::text AS graph, d.revision, d.number, d.updated_at, d.updated_by, d.review, d.review_at, d.review_by, d.note
FROM journey j JOIN journey_draft d ON d.journey_id = j.id
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s;

-- name: lock_draft
-- The draft of a journey, held while something is decided about it.
SELECT d.journey_id, d.graph::text AS graph, d.revision, d.updated_at, d.updated_by, d.review, d.review_by
FROM journey j JOIN journey_draft d ON d.journey_id = j.id
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s
FOR UPDATE OF d;

-- name: put_draft
-- Save a draft if it is the first, or still at the revision that was worked on; what was said about it before is said no more.
INSERT INTO journey_draft AS d (journey_id, workspace_id, graph, revision, number, updated_at, updated_by)
SELECT j.id, j.workspace_id, %(graph)s::json, j.drafted + 1, v.number, %(now)s, %(by)s
FROM journey j LEFT JOIN journey_version v ON v.id = j.version_id
WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s
ON CONFLICT (journey_id) DO UPDATE
SET graph = excluded.graph, revision = d.revision + 1, updated_at = excluded.updated_at, updated_by = excluded.updated_by,
    review = NULL, review_at = NULL, review_by = NULL, note = ''
WHERE d.revision = %(revision)s
RETURNING d.revision;

-- name: drop_draft
-- Forget a draft, but not its revision: no later draft has the same one, so that whoever worked on this one, or approved it, is told.
WITH gone AS (
    DELETE FROM journey_draft d USING journey j WHERE j.id = d.journey_id AND j.workspace_id = %(workspace_id)s AND j.key = %(key)s
    RETURNING d.journey_id, d.revision
)
UPDATE journey j SET drafted = gone.revision FROM gone WHERE j.id = gone.journey_id;

-- name: drop_empty
-- Forget a journey that was only a draft.
DELETE FROM journey j WHERE j.workspace_id = %(workspace_id)s AND j.key = %(key)s
  AND NOT EXISTS (SELECT FROM journey_version v WHERE v.journey_id = j.id) AND NOT EXISTS (SELECT FROM journey_draft d WHERE d.journey_id = j.id);

-- name: set_review
-- Ask for another member's word on a draft, or give it.
UPDATE journey_draft SET review = %(review)s, review_at = %(now)s, review_by = %(by)s, note = %(note)s WHERE journey_id = %(journey_id)s;

-- name: find_templates
-- Which of these templates are published.
SELECT t.key FROM template t WHERE t.workspace_id = %(workspace_id)s AND t.key = ANY(%(keys)s::text[]) AND t.version_id IS NOT NULL AND t.archived_at IS NULL;

-- name: find_topics
-- Which of these topics there are.
SELECT t.key FROM topic t WHERE t.workspace_id = %(workspace_id)s AND t.key = ANY(%(keys)s::text[]);
