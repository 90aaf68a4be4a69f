-- Ways out for a workspace's mail. Without one its mail takes the server of the settings, or the built-in mailbox.
CREATE TABLE sender (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    stream       text NOT NULL CHECK (stream IN ('both', 'marketing', 'transactional')),
    place        integer NOT NULL,               -- the lowest goes first; the next one takes over while it cannot send
    from_name    text NOT NULL DEFAULT '',       -- '': the workspace's
    from_email   text NOT NULL DEFAULT '',       -- '': the workspace's
    reply_to     text NOT NULL DEFAULT '',
    bounce_domain text NOT NULL DEFAULT '',      -- bounces come to bounce+TOKEN@this; '': to the sender's address
    kind         text NOT NULL,                  -- delivery/senders/kinds.py
    settings     jsonb NOT NULL,                 -- what is not secret of it
    sealed       bytea NOT NULL,                 -- what is (kit/seal.py)
    revision     integer NOT NULL DEFAULT 1,     -- grows with each change: workers then begin anew with it
    per_second   real CHECK (per_second > 0),
    per_day      integer CHECK (per_day > 0),
    warmup       integer[] NOT NULL DEFAULT '{}', -- so many on each of its first days; the day's limit is the lower of both
    warmup_from  date,                           -- UTC
    is_paused    boolean NOT NULL DEFAULT false,
    -- The breaker: what failed in a row, why, and until when nobody tries; then one mail shows whether it works again.
    failures     integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    trouble      text NOT NULL DEFAULT '',
    closed_until timestamptz,
    -- The bucket of `per_second`, and the moment up to which its room is promised to messages that wait.
    tokens       real NOT NULL DEFAULT 0,
    filled_at    timestamptz,
    promised_to  timestamptz,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX sender_by_workspace ON sender (workspace_id, place, id);
SELECT hudhud_wall('sender');

-- What left through a sender on a day (UTC), for its limits by the day; what came back unsent is taken off again.
CREATE TABLE sender_day (
    workspace_id bigint NOT NULL,
    sender_id    bigint NOT NULL REFERENCES sender ON DELETE CASCADE,
    day          date NOT NULL,
    taken        integer NOT NULL,
    PRIMARY KEY (sender_id, day)
);
SELECT hudhud_wall('sender_day');
