-- name: find_domains
-- The domains of this workspace that have keys.
SELECT domain, rsa_selector, rsa_record, rsa_seen_at, ed_selector, ed_record, ed_seen_at, checks, checked_at, created_at FROM sending_domain
WHERE workspace_id = %(workspace_id)s ORDER BY domain;

-- name: find_addresses
-- What mail of this workspace is from, and where its bounces go: by its settings, then by each sender.
SELECT '' AS kind, w.sender_email AS from_email, '' AS bounce_domain, '{}'::jsonb AS settings FROM workspace w WHERE w.id = %(workspace_id)s
UNION ALL
SELECT s.kind, coalesce(nullif(s.from_email, ''), w.sender_email), s.bounce_domain, s.settings FROM sender s JOIN workspace w ON w.id = s.workspace_id WHERE s.workspace_id = %(workspace_id)s;

-- name: create
-- A domain and its keys, unless it is there.
INSERT INTO sending_domain (workspace_id, domain, rsa_selector, rsa_sealed, rsa_record, ed_selector, ed_sealed, ed_record, created_at, created_by)
VALUES (%(workspace_id)s, %(domain)s, %(rsa_selector)s, %(rsa_sealed)s, %(rsa_record)s, %(ed_selector)s, %(ed_sealed)s, %(ed_record)s, %(now)s, %(by)s)
ON CONFLICT DO NOTHING;

-- name: keep
-- What DNS said; a key that it has once named goes on signing, as one answer may be an old one.
UPDATE sending_domain SET checks = %(checks)s::text::jsonb, checked_at = %(now)s,
       rsa_seen_at = coalesce(rsa_seen_at, CASE WHEN %(rsa_seen)s THEN %(now)s::timestamptz END), ed_seen_at = coalesce(ed_seen_at, CASE WHEN %(ed_seen)s THEN %(now)s::timestamptz END)
WHERE workspace_id = %(workspace_id)s AND domain = %(domain)s;

-- name: drop
-- Sign no mail of this domain any more, and forget its keys.
DELETE FROM sending_domain WHERE workspace_id = %(workspace_id)s AND domain = %(domain)s;

-- name: find_signers
-- The keys that sign mail of some domains: those that DNS has named.
SELECT d.workspace_id, d.domain, k.selector, k.sealed
FROM unnest(%(workspace_ids)s::bigint[], %(domains)s::text[]) AS a (workspace_id, domain)
JOIN sending_domain d ON d.workspace_id = a.workspace_id AND d.domain = a.domain
CROSS JOIN LATERAL (VALUES (d.rsa_selector, d.rsa_sealed, d.rsa_seen_at), (d.ed_selector, d.ed_sealed, d.ed_seen_at)) AS k (selector, sealed, seen_at)
WHERE k.seen_at IS NOT NULL;

-- name: find_unfit
-- For the operator: domains whose last look at DNS found something missing or wrong that mail needs.
SELECT d.workspace_id, d.domain, count(*) AS problems FROM sending_domain d CROSS JOIN LATERAL jsonb_array_elements(d.checks) AS c
WHERE (c ->> 'is_needed')::boolean AND c ->> 'state' IN ('missing', 'wrong') GROUP BY 1, 2 ORDER BY 1, 2;
