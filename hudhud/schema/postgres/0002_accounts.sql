CREATE TABLE workspace (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint GENERATED ALWAYS AS (id) STORED,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    time_zone    text NOT NULL DEFAULT 'UTC',
    language     text NOT NULL DEFAULT 'en',
    currency     text NOT NULL DEFAULT 'EUR',
    sender_name  text NOT NULL DEFAULT '',
    sender_email text NOT NULL DEFAULT '',
    postal_address text NOT NULL DEFAULT '',
    open_attributes text[] NOT NULL DEFAULT '{}', -- public keys may overwrite them, whoever has set them
    publishing_needs_approval boolean NOT NULL DEFAULT false, -- a journey's draft is published only when another member has approved it
    is_sample    boolean NOT NULL DEFAULT false,
    is_clearing  boolean NOT NULL DEFAULT false, -- the sample is being removed: nothing new happens in it
    created_at   timestamptz NOT NULL
);
SELECT hudhud_wall('workspace');

CREATE TABLE member (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    user_id      integer NOT NULL,               -- Django's auth_user
    role         text NOT NULL CHECK (role IN ('owner', 'admin', 'marketer', 'sales', 'viewer')),
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX member_by_user ON member (user_id);
SELECT hudhud_wall('member');

CREATE TABLE api_key (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('collect', 'api')),
    scopes       text[] NOT NULL DEFAULT '{}',
    events       text[],                         -- names that a collect key may send; null: all but our own
    name         text NOT NULL,
    prefix       text NOT NULL,                  -- the first characters, to recognise it by
    secret_hash  bytea NOT NULL UNIQUE,          -- SHA-256; the key itself is shown once and kept nowhere
    created_at   timestamptz NOT NULL,
    created_by   integer,
    revoked_at   timestamptz
);
SELECT hudhud_wall('api_key');

CREATE TABLE audit_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    at           timestamptz NOT NULL,
    actor        text NOT NULL,                  -- 'user:7', 'key:3', 'cli', 'system'
    action       text NOT NULL,                  -- 'segment.create'
    object       text NOT NULL DEFAULT '',       -- 'segment:12'
    detail       jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_recent ON audit_log (workspace_id, id DESC);
SELECT hudhud_wall('audit_log');
