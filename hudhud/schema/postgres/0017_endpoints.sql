-- Outgoing webhooks: addresses of other tools that are told what happens here.
CREATE TABLE endpoint (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    url          text NOT NULL,
    description  text NOT NULL DEFAULT '',
    wants        text[] NOT NULL,                -- kinds of news (endpoints/types.py KINDS)
    segments     bigint[],                       -- of which segments it wants to hear; null: all that are listed
    events       text[] NOT NULL DEFAULT '{}',   -- names of events that it wants to hear of
    secret       bytea NOT NULL,                 -- sealed (kit/seal.py)
    old_secret   bytea,                          -- signs besides, until then
    old_until    timestamptz,
    state        text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    reason       text NOT NULL DEFAULT '',       -- why it is disabled: gone, failing
    state_at     timestamptz NOT NULL,
    failing_since timestamptz,                   -- the first failure since the last success
    held_until   timestamptz,                    -- it asked us to wait
    delivered    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    consent_txid xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),  -- the consent log is read up to here
    consent_id   bigint NOT NULL DEFAULT 0
);
CREATE INDEX endpoint_by_workspace ON endpoint (workspace_id, id);
SELECT hudhud_wall('endpoint');

-- One for each piece of news and endpoint: what is sent, byte for byte, at every attempt.
CREATE TABLE endpoint_delivery (
    workspace_id bigint NOT NULL,
    endpoint_id  bigint NOT NULL REFERENCES endpoint ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    message      text NOT NULL,                  -- the header webhook-id: made of what happened, the same however often it is told
    kind         text NOT NULL,
    person_id    bigint,                         -- whom it is about
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    due_at       timestamptz,                    -- null: nothing more to do
    attempts     integer NOT NULL DEFAULT 0,
    round        integer NOT NULL DEFAULT 0,     -- attempts of before the schedule began (again)
    code         integer,                        -- what the last attempt was answered; null: nothing
    detail       text NOT NULL DEFAULT '',
    worker       text,                           -- who sends now: also the application_name of its session (gone = lease over)
    lease_until  timestamptz,                    -- database clock
    fence        bigint NOT NULL DEFAULT 0,      -- grows with every holder; a late writer finds another number
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, endpoint_id, message)
);
CREATE INDEX endpoint_delivery_due ON endpoint_delivery (endpoint_id, due_at, id) WHERE state = 'waiting';
CREATE INDEX endpoint_delivery_held ON endpoint_delivery (endpoint_id) WHERE worker IS NOT NULL;
CREATE INDEX endpoint_delivery_recent ON endpoint_delivery (workspace_id, endpoint_id, state, id DESC);
CREATE INDEX endpoint_delivery_of_person ON endpoint_delivery (workspace_id, person_id);
CREATE INDEX endpoint_delivery_old ON endpoint_delivery (created_at);
SELECT hudhud_wall('endpoint_delivery');

CREATE TABLE endpoint_attempt (
    workspace_id bigint NOT NULL,
    delivery_id  bigint NOT NULL,
    number       integer NOT NULL,
    at           timestamptz NOT NULL,
    seconds      real NOT NULL,
    code         integer,                        -- null: no answer
    detail       text NOT NULL DEFAULT '',       -- why it counts as failed
    reply        bytea NOT NULL DEFAULT '',      -- the beginning of the answer
    PRIMARY KEY (workspace_id, delivery_id, number),
    FOREIGN KEY (workspace_id, delivery_id) REFERENCES endpoint_delivery (workspace_id, id) ON DELETE CASCADE
);
SELECT hudhud_wall('endpoint_attempt');
