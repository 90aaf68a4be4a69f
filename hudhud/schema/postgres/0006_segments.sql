CREATE TABLE segment (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL DEFAULT '' CHECK (length(name) <= 200),
    owner        text NOT NULL DEFAULT '',       -- 'journey:…': made for that alone, not listed
    format       smallint NOT NULL DEFAULT 1,    -- of the definition
    definition   jsonb,                          -- the condition tree; null: a list, its people are put in one by one
    revision     integer NOT NULL DEFAULT 1,     -- grows with every change of the definition
    -- What the definition depends on, that of segments it is built on included: which batch concerns it?
    event_names  text[] NOT NULL,
    attributes   text[] NOT NULL,
    topics       text[] NOT NULL,
    segment_ids  bigint[] NOT NULL,              -- directly named
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    archived_at  timestamptz
);
CREATE INDEX segment_live ON segment (workspace_id, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX segment_owned ON segment (workspace_id, owner, md5(definition::text)) WHERE owner <> '' AND archived_at IS NULL;
SELECT hudhud_wall('segment');

-- Who is in. Written only under the lock of the workspace's row in segment_known.
CREATE TABLE segment_membership (
    segment_id    bigint PRIMARY KEY REFERENCES segment ON DELETE CASCADE,
    workspace_id  bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    members       bytea NOT NULL DEFAULT '',     -- roaring bitmap of person ids (64 bit, portable)
    version       uuid NOT NULL DEFAULT gen_random_uuid(), -- another one with each set that is written: who has read it knows it
    turned        bytea NOT NULL DEFAULT '',     -- bitmap of who is in `members` and out by now, or the other way round (segments/keeping/stored.py)
    count         bigint NOT NULL DEFAULT 0,
    built_at      timestamptz,                   -- null: to be counted from the whole base
    checked_at    timestamptz,                   -- flips by the passage of time are applied up to here
    next_check_at timestamptz,                   -- the earliest instant at which time alone may move somebody; null: never
    failure       text,                          -- why its condition could not be asked about; then tried again at next_check_at, till then left out
    failing_since timestamptz
);
CREATE INDEX segment_membership_due ON segment_membership (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX segment_membership_unbuilt ON segment_membership (workspace_id) WHERE built_at IS NULL;
SELECT hudhud_wall('segment_membership');

-- Whom the segments know: who is missing here is new (or newly merged) and is asked about in all of them.
CREATE TABLE segment_known (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    people       bytea NOT NULL DEFAULT '',
    decided_at   timestamptz,                    -- the latest instant anything was decided at; decisions never go back
    tallies_due  boolean NOT NULL DEFAULT false  -- somebody should look after segment_tally
);
SELECT hudhud_wall('segment_known');

-- How often people did what, as far as live segments count it without a filter (segments/keeping/tallies.py). Written only under the same lock.
CREATE TABLE segment_tally (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL,                  -- of the event
    length       bigint NOT NULL,                -- of the window, in milliseconds; 0: all time
    version      uuid NOT NULL DEFAULT gen_random_uuid(), -- another one with each time that the sets are written
    levels       bytea NOT NULL,                 -- MessagePack: a bitmap of who did it at least once, one of who did it at least twice, …
    turned       bytea NOT NULL,                 -- the same, of who has come to each since
    doubtful     bytea NOT NULL,                 -- bitmap of whom nothing is believed of
    until        timestamptz NOT NULL,           -- from here on nothing is, before it was looked whom time makes doubtful
    since_row    bigint NOT NULL,                -- events of rows of the log up to this one may have been counted when the sets were made
    PRIMARY KEY (workspace_id, name, length)
);
ALTER TABLE segment_tally ALTER levels SET STORAGE EXTERNAL, ALTER turned SET STORAGE EXTERNAL, ALTER doubtful SET STORAGE EXTERNAL;
SELECT hudhud_wall('segment_tally');

-- When events happen that were dated ahead as they came: they count from then on (segments/keeping/future.py). Whose they are ClickHouse knows.
CREATE TABLE segment_future (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    at           timestamptz NOT NULL,           -- whole milliseconds
    name         text NOT NULL,
    PRIMARY KEY (workspace_id, at, name)
);
SELECT hudhud_wall('segment_future');

-- Who came and who went, in the order of their numbers: they are given out under the lock of the workspace's row in segment_known. Written often, so
-- nothing is looked up for a row, and none is written again on its way to ClickHouse.
CREATE TABLE segment_change (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id bigint NOT NULL,
    segment_id   bigint NOT NULL,
    person_id    bigint NOT NULL,
    entered      boolean NOT NULL,               -- false: left
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX segment_change_of_person ON segment_change (segment_id, person_id, id DESC);
SELECT hudhud_wall('segment_change');

-- How far ClickHouse has been told of them.
CREATE TABLE segment_feed (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    fed          bigint NOT NULL DEFAULT 0,      -- of every change up to this one
    feed         bigint,                         -- the batch on its way there: a retry carries the same changes
    last         bigint                          -- up to this one
);
CREATE SEQUENCE segment_feed_number;
SELECT hudhud_wall('segment_feed');

-- Who is to be put into a list, or taken out, in this order: the segments worker does it, together with all that follows.
CREATE TABLE segment_edit (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    segment_id   bigint NOT NULL REFERENCES segment ON DELETE CASCADE,
    person_id    bigint NOT NULL,
    belongs      boolean NOT NULL                -- false: take out
);
CREATE INDEX segment_edit_of ON segment_edit (workspace_id, id);
SELECT hudhud_wall('segment_edit');

-- How a segment grew: a row for each day (in the workspace's time zone) on which anybody came or went, kept for good.
CREATE TABLE segment_day (
    segment_id   bigint NOT NULL REFERENCES segment ON DELETE CASCADE,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    day          date NOT NULL,
    size         bigint NOT NULL,                -- after the day's last change
    entered      bigint NOT NULL DEFAULT 0,
    exited       bigint NOT NULL DEFAULT 0,
    recounted    boolean NOT NULL DEFAULT false, -- its conditions were new: the size moved without anybody entering or leaving
    PRIMARY KEY (segment_id, day)
) WITH (fillfactor = 70);
SELECT hudhud_wall('segment_day');

-- Every night everybody is asked about in every segment (segments/keeping/recheck.py).
CREATE TABLE segment_recheck (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    asked_at     timestamptz NOT NULL,
    suspects     bytea,                          -- who differed then; asked about again when all that was received until then is processed; null: done
    found        bigint NOT NULL DEFAULT 0,      -- how many memberships of them were wrong, as far as they were asked about
    differences  bigint                          -- how many were in all, the last time; null: not known yet
);
SELECT hudhud_wall('segment_recheck');
