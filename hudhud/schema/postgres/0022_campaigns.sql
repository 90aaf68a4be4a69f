-- One-off sends. What was decided stands here; where a campaign stands is computed from its rows (campaigns/states.py).
CREATE TABLE campaign (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    definition   json NOT NULL,                  -- campaigns/types.py Definition, as it was saved
    name         text NOT NULL,                  -- of the definition, to look for
    status       text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'running', 'paused', 'cancelled')),
    revision     integer NOT NULL DEFAULT 1,     -- grows with each save
    resend_of    bigint REFERENCES campaign ON DELETE SET NULL, -- to who has not opened that one
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,                  -- user:7, key:3
    updated_at   timestamptz NOT NULL,
    updated_by   text NOT NULL,
    review       text CHECK (review IN ('asked', 'approved', 'refused')), -- of this revision
    review_at    timestamptz,
    review_by    text,
    note         text NOT NULL DEFAULT '',
    launched_at  timestamptz,
    launched_by  text,
    starts_at    timestamptz,                    -- when its audience is frozen; nothing leaves before
    undo_until   timestamptz,
    frozen_at    timestamptz,
    audience     bigint,                         -- how many were frozen
    paused_at    timestamptz,
    cancelled_at timestamptz,
    closed_at    timestamptz,                    -- of a cancelled one: no row of it waits any more
    decided_at   timestamptz,                    -- its test
    decided_by   text,                           -- hudhud, user:7, key:3
    winner       text,                           -- name of a variant
    verdict      text CHECK (verdict IN ('better', 'tie', 'chosen')), -- shown to be better; nothing was shown, and the author's rule chose; chosen by hand
    decided_on   jsonb,                          -- the figures that decided
    undecided_at timestamptz,                    -- nothing was shown, and the author decides
    archived_at  timestamptz,
    failing      text NOT NULL DEFAULT '',       -- the error that keeps the worker from going on; '' = none
    looked_at    timestamptz NOT NULL DEFAULT '-infinity', -- database clock: after an error it is left alone for a while
    CHECK ((status IN ('running', 'paused')) <= (frozen_at IS NOT NULL)),
    CHECK ((decided_at IS NULL) = (winner IS NULL) AND (winner IS NULL) = (verdict IS NULL))
);
CREATE INDEX campaign_recent ON campaign (workspace_id, id DESC);
-- Asked for each message that is about to leave.
CREATE INDEX campaign_stopped ON campaign (id) WHERE status = 'paused' OR status = 'cancelled' AND closed_at IS NULL;
CREATE INDEX campaign_open ON campaign (id) WHERE status IN ('scheduled', 'running') OR status = 'cancelled' AND closed_at IS NULL;
SELECT hudhud_wall('campaign');

-- What each variant sends: the edition (of the template as it was published when the campaign was launched), by which its messages are told apart, too.
CREATE TABLE campaign_variant (
    campaign_id  bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    name         text NOT NULL,
    workspace_id bigint NOT NULL,
    edition_id   bigint NOT NULL,                -- delivery: message_edition
    PRIMARY KEY (campaign_id, name)
);
SELECT hudhud_wall('campaign_variant');

-- The audience as it was when the campaign began: numbers of people.
CREATE TABLE campaign_audience (
    campaign_id  bigint PRIMARY KEY REFERENCES campaign ON DELETE CASCADE,
    workspace_id bigint NOT NULL,
    people       bytea NOT NULL                  -- roaring bitmap (64 bit, portable)
);
SELECT hudhud_wall('campaign_audience');

-- Goes through the audience, in the order of people's numbers, by which rows are made: everybody; or first the share that tests, later the rest. Each chunk is
-- one transaction: the rows, who gets none, and how far it came. So a crash gives back what was not done, and nothing is done twice.
CREATE TABLE campaign_part (
    campaign_id  bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    part         text NOT NULL CHECK (part IN ('all', 'test', 'rest')),
    workspace_id bigint NOT NULL,
    opened_at    timestamptz NOT NULL,           -- people's moments are not before
    position     bigint NOT NULL DEFAULT 0,      -- everybody up to this number was looked at
    seen         bigint NOT NULL DEFAULT 0,      -- how many of the part
    planned      bigint NOT NULL DEFAULT 0,      -- how many of them got rows
    last_due_at  timestamptz,                    -- of the rows that were made
    finished_at  timestamptz,
    PRIMARY KEY (campaign_id, part)
);
CREATE INDEX campaign_part_open ON campaign_part (campaign_id) WHERE finished_at IS NULL;
SELECT hudhud_wall('campaign_part');

-- Who of the audience got no row, and why; a row for each reason of a chunk.
CREATE TABLE campaign_excluded (
    campaign_id  bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    part         text NOT NULL,
    chunk        bigint NOT NULL,                -- the part's position before it
    reason       text NOT NULL,                  -- campaigns/types.py Out
    workspace_id bigint NOT NULL,
    count        bigint NOT NULL,
    people       bytea NOT NULL,                 -- roaring bitmap
    PRIMARY KEY (campaign_id, part, chunk, reason)
);
SELECT hudhud_wall('campaign_excluded');

-- A campaign's figures as the worker counted them last; lists show these.
CREATE TABLE campaign_figures (
    campaign_id  bigint PRIMARY KEY REFERENCES campaign ON DELETE CASCADE,
    workspace_id bigint NOT NULL,
    as_of        timestamptz NOT NULL,
    next_at      timestamptz,                    -- when to count again; null: when something is done to it
    figures      jsonb NOT NULL
);
CREATE INDEX campaign_figures_due ON campaign_figures (next_at) WHERE next_at IS NOT NULL;
SELECT hudhud_wall('campaign_figures');
