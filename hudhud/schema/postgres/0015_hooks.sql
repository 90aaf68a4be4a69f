-- Inbound webhooks: addresses to which other tools send what happened there, in their own form.
CREATE TABLE hook (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    secret_hash  bytea NOT NULL UNIQUE,          -- SHA-256 of what stands in the address; the address itself is shown once
    prefix       text NOT NULL,                  -- its first characters, to recognise it by
    items        text NOT NULL DEFAULT '',       -- JSONata: where in a body the items are; empty: the body, or each entry of a list
    mapping      text NOT NULL DEFAULT '',       -- JSONata: the messages that one item makes; empty: bodies wait
    signature    json,                           -- how a body is signed (hooks/types.py Signature); null: not at all
    signing_key  bytea,                          -- sealed (kit/seal.py)
    is_trusted   boolean NOT NULL DEFAULT true,  -- may do what a server key may do; else what a key in a page may
    events       text[],                         -- names that it may send; null: all but our own
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz,                    -- the last body that was mapped
    received     bigint NOT NULL DEFAULT 0,      -- bodies, each once
    messages     bigint NOT NULL DEFAULT 0,      -- that came of them
    refused      bigint NOT NULL DEFAULT 0,      -- requests without a right signature
    refused_at   timestamptz,
    refusal      text NOT NULL DEFAULT '',       -- why the last of them was
    worker       text,                           -- who maps now: also the application_name of its session (gone = lease over)
    lease_until  timestamptz,                    -- database clock
    fence        bigint NOT NULL DEFAULT 0,      -- grows with every holder; a late writer finds another number
    attempts     integer NOT NULL DEFAULT 0      -- claims since one was finished
);
CREATE INDEX hook_by_workspace ON hook (workspace_id, id);
SELECT hudhud_wall('hook');

-- What came, as it came: a mapping that is wrong costs nothing.
CREATE TABLE hook_body (
    workspace_id bigint NOT NULL,
    hook_id      bigint NOT NULL REFERENCES hook ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    received_at  timestamptz NOT NULL,
    fingerprint  uuid NOT NULL,                  -- of the sender's id and the body: a repeat is the same row
    headers      json NOT NULL,                  -- by lower-case name, without those that hold secrets
    body         bytea NOT NULL,
    repeats      integer NOT NULL DEFAULT 0,     -- how often it came again
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'mapped', 'failed')),
    mapped_at    timestamptz,                    -- the first time, whatever came of it
    messages     integer NOT NULL DEFAULT 0,     -- that came of it
    problems     integer NOT NULL DEFAULT 0,     -- items of which none came
    detail       text NOT NULL DEFAULT '',       -- the first problem
    PRIMARY KEY (workspace_id, hook_id, id),
    UNIQUE (workspace_id, hook_id, fingerprint)
);
CREATE INDEX hook_body_waiting ON hook_body (hook_id, id) WHERE state = 'waiting';
CREATE INDEX hook_body_failed ON hook_body (workspace_id, hook_id) WHERE state = 'failed';
CREATE INDEX hook_body_old ON hook_body (received_at);
SELECT hudhud_wall('hook_body');
