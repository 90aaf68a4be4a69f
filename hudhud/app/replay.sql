-- name: find_ids
-- A page of people's ids, merged and erased ones too.
SELECT id FROM person WHERE workspace_id = %(workspace_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;
