-- name: get_workspace
-- The workspace of this scope.
SELECT id, name, time_zone, language, currency, sender_name, sender_email, postal_address, open_attributes, publishing_needs_approval, is_sample, created_at
FROM workspace WHERE id = %(workspace_id)s;

-- name: create_workspace
-- A new workspace (everywhere: there is no scope for it yet).
INSERT INTO workspace (name, time_zone, language, is_sample, created_at)
VALUES (%(name)s, %(time_zone)s, %(language)s, %(is_sample)s, %(now)s) RETURNING id;

-- name: update_workspace
-- Change what is given; null keeps what is there.
UPDATE workspace SET name = coalesce(%(name)s, name), time_zone = coalesce(%(time_zone)s, time_zone),
    language = coalesce(%(language)s, language), currency = coalesce(%(currency)s, currency),
    sender_name = coalesce(%(sender_name)s, sender_name), sender_email = coalesce(%(sender_email)s, sender_email),
    postal_address = coalesce(%(postal_address)s, postal_address),
    open_attributes = coalesce(%(open_attributes)s::text[], open_attributes),
    publishing_needs_approval = coalesce(%(publishing_needs_approval)s, publishing_needs_approval), is_sample = coalesce(%(is_sample)s, is_sample)
WHERE id = %(workspace_id)s;

-- name: move_people
-- Who has no time zone of their own lives in the workspace's: ClickHouse is to be told when that is to become another one.
UPDATE person p SET version = p.version + 1 FROM workspace w
WHERE w.id = %(workspace_id)s AND w.time_zone <> %(time_zone)s AND p.workspace_id = w.id AND p.time_zone IS NULL
  AND p.merged_into IS NULL AND p.erased_at IS NULL;

-- name: find_opened
-- What public keys may overwrite about people, whoever has set it.
SELECT open_attributes FROM workspace WHERE id = %(workspace_id)s;

-- name: find_workspaces
-- Every workspace, oldest first (everywhere: the command line, which has no user).
SELECT id AS workspace_id, name, 'owner' AS role FROM workspace ORDER BY id;

-- name: find_memberships
-- Where a user may go (everywhere: sign-in).
SELECT m.workspace_id, w.name, m.role FROM member m JOIN workspace w ON w.id = m.workspace_id
WHERE m.user_id = %(user_id)s ORDER BY m.workspace_id;

-- name: has_owner
-- Is there any owner at all? (everywhere: first-run setup)
SELECT EXISTS (SELECT FROM member WHERE role = 'owner');

-- name: lock_setup
-- Two first owners at once: the second waits, then finds the first.
SELECT pg_advisory_xact_lock(hashtextextended('hudhud.setup', 0));

-- name: create_user
-- A sign-in for an address; nothing when the address has one.
INSERT INTO auth_user (username, email, password, first_name, last_name, is_superuser, is_staff, is_active, date_joined)
VALUES (%(email)s, %(email)s, %(password)s, %(name)s, '', false, false, true, %(now)s)
ON CONFLICT (username) DO NOTHING RETURNING id;

-- name: create_address
-- The address by which allauth finds the user at sign-in.
INSERT INTO account_emailaddress (user_id, email, verified, "primary") VALUES (%(user_id)s, %(email)s, false, true);

-- name: find_user
-- The user with this address.
SELECT id FROM auth_user WHERE username = %(email)s;

-- name: set_password
-- A new password: Django's sessions of this user end, as their fingerprint no longer fits.
UPDATE auth_user SET password = %(password)s WHERE id = %(user_id)s;

-- name: add_member
-- Let a user in; nothing when they are in already.
INSERT INTO member (workspace_id, user_id, role, created_at) VALUES (%(workspace_id)s, %(user_id)s, %(role)s, %(now)s)
ON CONFLICT DO NOTHING;

-- name: find_members
-- Everybody in the workspace.
SELECT m.user_id, u.email, u.first_name AS name, m.role, u.is_active AS active, m.created_at, u.last_login AS last_login_at,
    (SELECT count(*) FROM api_key k
     WHERE k.workspace_id = m.workspace_id AND k.created_by = m.user_id AND k.kind = 'api' AND k.revoked_at IS NULL) AS api_keys
FROM member m JOIN auth_user u ON u.id = m.user_id
WHERE m.workspace_id = %(workspace_id)s ORDER BY m.created_at, m.user_id;

-- name: lock_members
-- Roles of all members, held until the end of the transaction, so that two owners cannot remove each other.
SELECT user_id, role FROM member WHERE workspace_id = %(workspace_id)s ORDER BY user_id FOR UPDATE;

-- name: set_role
-- Change a member's role.
UPDATE member SET role = %(role)s WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s;

-- name: remove_member
-- Take a member out.
DELETE FROM member WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s;

-- name: create_key
-- Keep a new key's hash.
INSERT INTO api_key (workspace_id, kind, scopes, events, name, prefix, secret_hash, created_at, created_by)
VALUES (%(workspace_id)s, %(key_kind)s, %(scopes)s, %(events)s, %(name)s, %(prefix)s, %(secret_hash)s, %(now)s, %(created_by)s)
RETURNING id, kind, scopes, events, name, prefix, created_at, revoked_at,
    (SELECT coalesce(nullif(u.first_name, ''), u.email) FROM auth_user u WHERE u.id = created_by) AS made_by;

-- name: allow_events
-- Another list of events for a key that still counts.
UPDATE api_key SET events = %(events)s WHERE workspace_id = %(workspace_id)s AND id = %(key_id)s AND kind = 'collect' AND revoked_at IS NULL
RETURNING id, kind, scopes, events, name, prefix, created_at, revoked_at,
    (SELECT coalesce(nullif(u.first_name, ''), u.email) FROM auth_user u WHERE u.id = created_by) AS made_by;

-- name: find_keys
-- All keys, newest first; revoked ones stay visible.
SELECT id, kind, scopes, events, name, prefix, created_at, revoked_at,
    (SELECT coalesce(nullif(u.first_name, ''), u.email) FROM auth_user u WHERE u.id = created_by) AS made_by
FROM api_key WHERE workspace_id = %(workspace_id)s ORDER BY id DESC;

-- name: revoke_key
-- End a key; the first time counts.
UPDATE api_key SET revoked_at = coalesce(revoked_at, %(now)s) WHERE workspace_id = %(workspace_id)s AND id = %(key_id)s RETURNING name;

-- name: lock_member
-- A member who is about to make a key; held, so that whoever is taken out meanwhile makes none.
SELECT user_id, role FROM member WHERE workspace_id = %(workspace_id)s AND user_id = %(user_id)s FOR SHARE;

-- name: lock_key
-- A key that is about to make another one, and on whose behalf; held for the same reason.
SELECT id, created_by FROM api_key WHERE workspace_id = %(workspace_id)s AND id = %(key_id)s AND revoked_at IS NULL FOR SHARE;

-- name: get_maker
-- Who has made a key, ended or not.
SELECT created_by FROM api_key WHERE workspace_id = %(workspace_id)s AND id = %(key_id)s;

-- name: revoke_keys_of
-- End the API keys that a member has made, of these scopes: they know them by heart. What stands in pages is public anyway.
UPDATE api_key SET revoked_at = %(now)s
WHERE workspace_id = %(workspace_id)s AND created_by = %(user_id)s AND kind = 'api' AND revoked_at IS NULL AND scopes && %(scopes)s::text[]
RETURNING id, name;

-- name: find_key_holder
-- Whose key is this? (everywhere: key look-up; edge and web)
SELECT id, workspace_id, kind, scopes, secret_hash, events FROM api_key
WHERE secret_hash = %(secret_hash)s AND revoked_at IS NULL;

-- name: record_audit
-- One change.
INSERT INTO audit_log (workspace_id, at, actor, action, object, detail)
VALUES (%(workspace_id)s, %(now)s, %(actor)s, %(action)s, %(object)s, %(detail)s);

-- name: find_audit
-- The changes, newest first, older than a given one.
SELECT id, at, actor, action, object, detail FROM audit_log
WHERE workspace_id = %(workspace_id)s AND (%(after)s::bigint IS NULL OR id < %(after)s)
ORDER BY id DESC LIMIT %(limit)s;
