-- name: find_attributes
-- Which attributes the newest people have: enough to guess by what name a shop calls a birthday.
SELECT DISTINCT k.key
FROM (SELECT attributes FROM person WHERE workspace_id = %(workspace_id)s AND merged_into IS NULL ORDER BY id DESC LIMIT %(people)s) p,
     LATERAL jsonb_object_keys(p.attributes) k (key)
ORDER BY k.key;
