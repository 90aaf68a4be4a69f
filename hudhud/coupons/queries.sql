-- name: find_pools
-- Pools with their stock, by key; or one of them.
SELECT p.id, p.key, p.name, p.pattern, p.most, p.url, p.valid_days, p.ends_at, p.low_at, p.event, p.property, p.archived_at, p.created_at,
       coalesce(c.total, 0) AS total,
       CASE WHEN p.pattern = '' THEN coalesce(c.free, 0) WHEN p.most IS NOT NULL THEN greatest(p.most - coalesce(c.total, 0), 0) + coalesce(c.free, 0) END AS free,
       coalesce(c.given, 0) AS given, coalesce(c.redeemed, 0) AS redeemed
FROM coupon_pool p LEFT JOIN LATERAL (
    SELECT sum(o.total)::bigint AS total, sum(o.free) FILTER (WHERE o.ends_at IS NULL OR o.ends_at > %(now)s)::bigint AS free,
           sum(o.given)::bigint AS given, sum(o.redeemed)::bigint AS redeemed
    FROM coupon_stock o WHERE o.pool_id = p.id
) c ON true
WHERE p.workspace_id = %(workspace_id)s AND (%(key)s::text IS NULL OR p.key = %(key)s) AND (%(is_archived)s::boolean IS NULL OR (p.archived_at IS NOT NULL) = %(is_archived)s)
ORDER BY p.key;

-- name: count_pools
-- How many pools there are.
SELECT count(*) FROM coupon_pool WHERE workspace_id = %(workspace_id)s;

-- name: find_known
-- Which of these pools there are.
SELECT key FROM coupon_pool WHERE workspace_id = %(workspace_id)s AND archived_at IS NULL AND key = ANY(%(keys)s::text[]);

-- name: create_pool
-- Make a pool; nothing where the key is taken.
INSERT INTO coupon_pool (workspace_id, key, name, pattern, most, url, valid_days, ends_at, low_at, event, property, created_at)
VALUES (%(workspace_id)s, %(key)s, %(name)s, %(pattern)s, %(most)s, %(url)s, %(valid_days)s, %(ends_at)s, %(low_at)s, %(event)s, %(property)s, %(now)s)
ON CONFLICT (workspace_id, key) DO NOTHING;

-- name: change_pool
-- Change a pool; what was given stays as it was told.
UPDATE coupon_pool SET name = %(name)s, pattern = %(pattern)s, most = %(most)s, url = %(url)s, valid_days = %(valid_days)s, ends_at = %(ends_at)s, low_at = %(low_at)s,
    event = %(event)s, property = %(property)s
WHERE workspace_id = %(workspace_id)s AND key = %(key)s;

-- name: set_archived
-- Put a pool away, or take it out again (null).
UPDATE coupon_pool SET archived_at = %(at)s WHERE workspace_id = %(workspace_id)s AND key = %(key)s;

-- name: hold_pool
-- Take a pool as whoever removes it: who is giving codes of it is waited for.
SELECT p.id FROM coupon_pool p WHERE p.workspace_id = %(workspace_id)s AND p.key = %(key)s FOR UPDATE;

-- name: delete_pool
-- Forget a pool of which nothing was given or used.
DELETE FROM coupon_pool p WHERE p.workspace_id = %(workspace_id)s AND p.key = %(key)s
  AND NOT EXISTS (SELECT FROM coupon c WHERE c.pool_id = p.id AND (c.given_at IS NOT NULL OR c.redeemed_at IS NOT NULL));

-- name: fold_stock
-- Add up the changes of pools that have many (everywhere), and forget those of pools that are gone.
WITH many AS (
    SELECT s.pool_id FROM coupon_stock s LEFT JOIN coupon_pool p ON p.id = s.pool_id
    GROUP BY s.pool_id, p.id HAVING count(*) > %(above)s OR p.id IS NULL
), gone AS (
    DELETE FROM coupon_stock s USING many WHERE s.pool_id = many.pool_id RETURNING s.*
)
INSERT INTO coupon_stock (workspace_id, pool_id, ends_at, total, free, given, redeemed)
SELECT g.workspace_id, g.pool_id, g.ends_at, sum(g.total), sum(g.free), sum(g.given), sum(g.redeemed) FROM gone g
WHERE EXISTS (SELECT FROM coupon_pool p WHERE p.id = g.pool_id)
GROUP BY g.workspace_id, g.pool_id, g.ends_at
-- What another process adds up just now is not seen: of who was given codes since there are only changes, which make no codes more or less.
HAVING (sum(g.total), sum(g.free), sum(g.given), sum(g.redeemed)) <> (0, 0, 0, 0);

-- name: add_codes
-- Bring codes along; those that are known in the workspace, in this pool or another, are left out.
WITH given AS (
    SELECT DISTINCT ON (upper(g.code)) g.code, g.ends_at FROM unnest(%(codes)s::text[], %(ends)s::timestamptz[]) WITH ORDINALITY AS g (code, ends_at, place) ORDER BY upper(g.code), g.place
)
INSERT INTO coupon (workspace_id, pool_id, code, ends_at, added_at)
SELECT %(workspace_id)s, %(pool_id)s, code, ends_at, %(now)s FROM given ORDER BY upper(code)
ON CONFLICT (workspace_id, upper(code)) DO NOTHING;

-- name: remove_free
-- Take out codes that nobody has.
DELETE FROM coupon WHERE workspace_id = %(workspace_id)s AND pool_id = %(pool_id)s AND given_at IS NULL AND redeemed_at IS NULL;

-- name: lock_pool
-- A pool; whoever makes codes for it waits for whoever does.
SELECT p.id, p.pattern, p.most FROM coupon_pool p WHERE p.workspace_id = %(workspace_id)s AND p.key = %(key)s AND p.archived_at IS NULL
FOR NO KEY UPDATE OF p;

-- name: count_codes
-- How many codes a pool has; a statement of its own, which sees what they made who were waited for.
SELECT coalesce(sum(total), 0)::bigint FROM coupon_stock WHERE workspace_id = %(workspace_id)s AND pool_id = %(pool_id)s;

-- name: find_days
-- For how many days codes of a pool are good (of one that is put away, too).
SELECT p.valid_days FROM coupon_pool p WHERE p.workspace_id = %(workspace_id)s AND p.key = %(key)s;

-- name: get_pool
-- A pool that codes may be taken from; it is not removed before they are given.
SELECT p.id, p.pattern, p.url, p.ends_at FROM coupon_pool p
WHERE p.workspace_id = %(workspace_id)s AND p.key = %(key)s AND p.archived_at IS NULL AND (p.ends_at IS NULL OR p.ends_at > %(now)s)
FOR KEY SHARE OF p;

-- name: find_held
-- Codes of a pool that these runs have been given at a step already, and can use still.
SELECT DISTINCT ON (c.run_id) c.run_id, c.code, c.expires_at, p.url
FROM coupon c JOIN coupon_pool p ON p.id = c.pool_id
WHERE c.workspace_id = %(workspace_id)s AND c.run_id = ANY(%(run_ids)s::bigint[]) AND c.step = %(step)s AND p.key = %(key)s
  AND c.redeemed_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > %(now)s)
ORDER BY c.run_id, c.visit DESC;

-- name: take
-- Give so many people a free code each, in the order of codes; what another worker holds is passed over. Nothing that would be over at once.
WITH free AS MATERIALIZED (
    SELECT c.id FROM coupon c
    WHERE c.pool_id = %(pool_id)s AND c.given_at IS NULL AND c.redeemed_at IS NULL AND (c.ends_at IS NULL OR c.ends_at > %(least)s)
    ORDER BY c.id LIMIT %(count)s FOR UPDATE SKIP LOCKED
), placed AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM free
), wanted AS (
    SELECT * FROM unnest(%(run_ids)s::bigint[], %(visits)s::integer[], %(person_ids)s::bigint[], %(untils)s::timestamptz[])
        WITH ORDINALITY AS w (run_id, visit, person_id, until, place)
)
UPDATE coupon c
SET person_id = w.person_id, run_id = w.run_id, visit = w.visit, step = %(step)s, given_at = %(now)s, expires_at = least(w.until, %(pool_ends)s::timestamptz, c.ends_at)
FROM placed p JOIN wanted w ON w.place = p.place
WHERE c.id = p.id
RETURNING c.run_id, c.code, c.expires_at;

-- name: has_free
-- Whether any code is left, also in the hands of somebody else.
SELECT EXISTS (SELECT FROM coupon c WHERE c.pool_id = %(pool_id)s AND c.given_at IS NULL AND c.redeemed_at IS NULL AND (c.ends_at IS NULL OR c.ends_at > %(least)s));

-- name: find_signs
-- By which events and properties codes are known to be used (of one workspace).
SELECT DISTINCT p.event, p.property FROM coupon_pool p WHERE p.workspace_id = %(workspace_id)s;

-- name: redeem
-- Codes were used; the first time counts. An order may name one in several properties: that of its pool tells.
UPDATE coupon c SET redeemed_at = g.at, redeemed_by = g.person_id
FROM (SELECT DISTINCT ON (code, event, property) code, person_id, at, event, property FROM unnest(%(codes)s::text[], %(person_ids)s::bigint[], %(ats)s::timestamptz[], %(events)s::text[], %(properties)s::text[])
      AS u (code, person_id, at, event, property) ORDER BY code, event, property, at) g, coupon_pool p
WHERE c.workspace_id = %(workspace_id)s AND upper(c.code) = g.code AND c.redeemed_at IS NULL AND p.id = c.pool_id AND p.event = g.event AND p.property = g.property
RETURNING c.id, c.code, p.key, c.redeemed_by, c.redeemed_at, c.person_id;

-- name: find_coupons
-- Codes of a pool that were given or used, the newest first.
SELECT c.id, c.code, c.person_id, j.key AS journey, c.step, c.given_at, c.expires_at, c.redeemed_at, c.redeemed_by
FROM coupon c LEFT JOIN run r ON r.id = c.run_id LEFT JOIN journey j ON j.id = r.journey_id
WHERE c.workspace_id = %(workspace_id)s AND c.pool_id = %(pool_id)s AND (c.given_at IS NOT NULL OR c.redeemed_at IS NOT NULL) AND c.id < %(after)s
ORDER BY c.id DESC LIMIT %(limit)s;

-- name: find_all
-- Every code of a pool, a page by id.
SELECT c.id, c.code, c.person_id, NULL AS journey, c.step, c.given_at, c.expires_at, c.redeemed_at, c.redeemed_by
FROM coupon c WHERE c.workspace_id = %(workspace_id)s AND c.pool_id = %(pool_id)s AND c.id > %(after)s ORDER BY c.id LIMIT %(limit)s;
