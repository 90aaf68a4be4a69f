-- The intake log: what edge, imports and tracking append, and the only door for facts. Order within a lane is
-- (txid, id): a reader that stops below pg_snapshot_xmin() never misses a row of a transaction that commits late.
CREATE TABLE intake (
    lane         smallint NOT NULL,              -- by hash of the person key: order per person
    txid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id           bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id bigint NOT NULL,
    received_at  timestamptz NOT NULL,
    source       text NOT NULL,                  -- collect, import:7, track, hook:…
    body         bytea NOT NULL                  -- one message as received (JSON)
);
CREATE INDEX intake_position ON intake (lane, txid, id);
SELECT hudhud_wall('intake');

-- Lanes 0-7: live; 8-15: imports. A batch takes rows of all lanes that one worker holds.
CREATE TABLE intake_lane (
    lane          smallint PRIMARY KEY,
    txid          xid8 NOT NULL DEFAULT '0',     -- everything up to (txid, id) is done
    id            bigint NOT NULL DEFAULT 0,
    batch         bigint,                        -- the batch in work; lanes with the same number are finished together
    batch_txid    xid8,                          -- it ends here: a retry takes exactly the same rows
    batch_id      bigint,
    worker        text,                          -- also the application_name of the holder's session: gone = lease over
    lease_until   timestamptz,                   -- database clock
    fence         bigint NOT NULL DEFAULT 0      -- grows with every holder; a late writer finds another number
);
INSERT INTO intake_lane (lane) SELECT generate_series(0, 15);
CREATE SEQUENCE intake_batch;

-- What was taken in, for some days more: from it a ClickHouse that was lost is filled again (decision 26). A block is what one batch had of one source.
CREATE TABLE intake_kept (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    kept_at      timestamptz NOT NULL,
    source       text NOT NULL,                  -- as in intake; and segments, whose changes go straight to ClickHouse
    events       integer NOT NULL,
    actors       bigint[] NOT NULL,              -- whose events they are, each once
    is_there     boolean NOT NULL,               -- false: ClickHouse took it, and did not keep all of it
    oldest       jsonb NOT NULL,                 -- of each event name, when the first of them happened (ms since 1970)
    body         bytea NOT NULL                  -- events/kept.py Columns, as MessagePack in Zstandard
);
ALTER TABLE intake_kept ALTER body SET STORAGE EXTERNAL, ALTER actors SET STORAGE EXTERNAL;  -- compressed already, and not worth it
CREATE INDEX intake_kept_old ON intake_kept (kept_at);
SELECT hudhud_wall('intake_kept');

-- One effect per message_id for as long as it stands here (as long as raw events are kept).
CREATE TABLE event_seen (
    workspace_id bigint NOT NULL,
    message_hash uuid NOT NULL,                  -- 128-bit hash of message_id
    body_hash    integer NOT NULL,               -- tells a repeat from a conflict
    batch        bigint NOT NULL,                -- intake_lane.batch: a retried batch recognises its own
    PRIMARY KEY (workspace_id, message_hash)
);
SELECT hudhud_wall('event_seen');

CREATE TABLE intake_reject (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    received_at  timestamptz NOT NULL,
    source       text NOT NULL,
    reason       text NOT NULL,                  -- closed set: events/types.py Reason
    detail       text NOT NULL,
    body         bytea NOT NULL,
    intake_id    bigint,                         -- intake.id when the worker refused it: a retried batch refuses it once
    resubmitted_at timestamptz,
    UNIQUE (intake_id, reason)
);
CREATE INDEX intake_reject_recent ON intake_reject (workspace_id, id DESC);
CREATE INDEX intake_reject_waiting ON intake_reject (workspace_id, reason, id) WHERE resubmitted_at IS NULL;
CREATE INDEX intake_reject_old ON intake_reject (received_at);
-- What a batch refused whole stays refused when it is repeated.
CREATE INDEX intake_reject_whole ON intake_reject (intake_id) WHERE reason IN ('schema', 'poison');
SELECT hudhud_wall('intake_reject');

-- How many of them were dropped, the oldest first, because there were too many.
CREATE TABLE intake_reject_gone (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    count        bigint NOT NULL,
    bytes        bigint NOT NULL,
    last_at      timestamptz NOT NULL
);
SELECT hudhud_wall('intake_reject_gone');

CREATE TABLE event_name (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL,
    first_seen_at timestamptz NOT NULL,          -- when the first and the last of them happened, by their own times
    last_seen_at timestamptz NOT NULL,
    count        bigint NOT NULL DEFAULT 0,
    looked_at    timestamptz,                    -- when their properties were last looked at
    rules        json,                           -- JSON Schema of their properties, as it was written
    mode         text NOT NULL DEFAULT 'warn' CHECK (mode IN ('warn', 'reject')),
    keep_days    integer CHECK (keep_days > 0),  -- older ones are deleted; null: never
    PRIMARY KEY (workspace_id, name)
);
CREATE INDEX event_name_rules ON event_name (workspace_id) WHERE rules IS NOT NULL;
SELECT hudhud_wall('event_name');

-- What properties look like, by the kind of JSON value: a sample of each batch is looked at, at most once a minute where nothing is new.
CREATE TABLE event_property (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    event        text NOT NULL,
    property     text NOT NULL,
    kind         text NOT NULL,                  -- text, number, truth, list, object
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    share        real NOT NULL,                  -- how many of the events have it, lately (0 to 1)
    peak         real NOT NULL,                  -- the largest share there was
    samples      jsonb NOT NULL DEFAULT '[]',    -- a few values; none of properties that tell who somebody is
    PRIMARY KEY (workspace_id, event, property, kind)
);
SELECT hudhud_wall('event_property');

-- Where events broke the rules of their name, and how often.
CREATE TABLE event_violation (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    event        text NOT NULL,
    path         text NOT NULL,                  -- of the property: items.*.price
    rule         text NOT NULL,                  -- JSON Schema's word: type, required, enum, …
    expected     text NOT NULL,                  -- what that word asks for, as JSON
    count        bigint NOT NULL,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL,
    message_id   text NOT NULL,                  -- of the last one
    PRIMARY KEY (workspace_id, event, path, rule)
);
SELECT hudhud_wall('event_violation');
