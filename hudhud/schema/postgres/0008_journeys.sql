CREATE TABLE journey (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
    status       text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'running', 'paused', 'draining')),
    version_id   bigint,                         -- the version that new runs enter
    segment_id   bigint,                         -- the segment whose enter events start runs, if the trigger is one
    started_at   timestamptz,                    -- facts from before are history: they start nothing
    paused_at    timestamptz,
    ends_at      timestamptz,                    -- of the version that new runs enter: from then on nobody does
    consent_txid xid8 NOT NULL DEFAULT '0',      -- a subscription trigger has read the consent log up to (consent_txid, consent_id)
    consent_id   bigint NOT NULL DEFAULT 0,
    consent_since timestamptz,                   -- when it was last started: words from before are history to it
    ticked_at    timestamptz,                    -- a trigger by the clock has let in whom it lets in up to here
    drafted      integer NOT NULL DEFAULT 0,     -- the last revision of a draft that is gone: the next draft goes on from it
    failing      text NOT NULL DEFAULT '',       -- the error that keeps the worker from moving anybody in it; '' = none
    archived_at  timestamptz,                    -- put away: not listed, and not to be started
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, key)
);
-- Asked for each message that is about to leave.
CREATE INDEX journey_paused ON journey (workspace_id, key) WHERE status = 'paused';
SELECT hudhud_wall('journey');

-- Immutable: `graph` is the canonical JSON, kept as text so that it comes back byte by byte.
CREATE TABLE journey_version (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    journey_id   bigint NOT NULL REFERENCES journey ON DELETE CASCADE,
    number       integer NOT NULL,
    graph        text NOT NULL,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,                  -- user:7, key:3, cli
    UNIQUE (journey_id, number)
);
ALTER TABLE journey ADD FOREIGN KEY (version_id) REFERENCES journey_version;
SELECT hudhud_wall('journey_version');

-- One person in one journey. Written when it begins and when it ends; where it stands is in `run_position`.
CREATE TABLE run (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    journey_id   bigint NOT NULL REFERENCES journey ON DELETE CASCADE,
    version_id   bigint NOT NULL,                -- the one it is on; where it began stands in `run_log`
    person_id    bigint NOT NULL,
    actor_id     bigint,                         -- who entered it, if a merge has given it to another person since
    run_key      text NOT NULL DEFAULT '',       -- e.g. the cart; '' when the journey names no property
    entry        integer NOT NULL DEFAULT 1,     -- 1st, 2nd … time of this person and key
    entered_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    outcome      text CHECK (outcome IN ('finished', 'goal', 'exited', 'merged')),
    UNIQUE (person_id, journey_id, run_key, entry) -- in this order, so that it also finds a person's runs
) WITH (fillfactor = 90);
-- Ascending, as ids come: pages are left full.
CREATE INDEX run_recent ON run (journey_id, id);
SELECT hudhud_wall('run');

-- Where a run stands; gone when the run has ended. Narrow and with two indexes only: a step rewrites this row.
CREATE TABLE run_position (
    run_id       bigint PRIMARY KEY,
    workspace_id bigint NOT NULL,
    version_id   bigint NOT NULL,
    person_id    bigint NOT NULL,
    visit        integer NOT NULL,               -- 1, 2, 3 … nodes reached; (run_id, visit) happens once
    node         text COLLATE "C" NOT NULL,
    waiting      boolean NOT NULL,               -- a wait whose condition was looked at on arrival
    entered_at   timestamptz NOT NULL,
    arrived_at   timestamptz NOT NULL,           -- the run's own time, not the worker's
    due_at       timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX run_position_due ON run_position (version_id, node, due_at);
SELECT hudhud_wall('run_position');

-- What started a run: templates see it as `event`; `items` gathers each trigger of the same key while the run lives.
CREATE TABLE run_trigger (
    run_id       bigint PRIMARY KEY,
    workspace_id bigint NOT NULL,
    name         text NOT NULL,
    message_id   text NOT NULL,
    properties   jsonb NOT NULL,
    items        jsonb NOT NULL DEFAULT '[]'
);
SELECT hudhud_wall('run_trigger');

-- Every decision with its reason: the "why". The key makes each visit happen once.
CREATE TABLE run_log (
    run_id       bigint NOT NULL,
    workspace_id bigint NOT NULL,
    version_id   bigint NOT NULL,
    at           timestamptz NOT NULL,           -- the run's own time
    txid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    visit        integer NOT NULL,               -- 0 = the entry
    node         text COLLATE "C" NOT NULL,      -- '' at the entry
    edge         text COLLATE "C" NOT NULL,      -- the way taken; 'goal', 'exit', 'merged' end a run anywhere
    reason       text NOT NULL,                  -- closed set: journeys/types.py Reason
    detail       jsonb,                          -- e.g. the message_id of the event that decided
    PRIMARY KEY (run_id, visit)
);
-- The transaction alone: a batch's rows share it, and their entries take a few bytes each.
CREATE INDEX run_log_news ON run_log (txid)
    WHERE reason IN ('triggered', 'end_reached', 'goal_reached', 'exit_condition', 'person_merged', 'step_removed', 'other_journey');
-- Who drew which lot, to compare what became of them.
CREATE INDEX run_log_lots ON run_log (version_id, node) WHERE reason IN ('lot_drawn', 'held_out');
SELECT hudhud_wall('run_log');

-- Tests of ways (nodes/test.py), each from its beginning or from when it was begun anew, and what has been declared: once, under the row's lock. A test is
-- the same in all versions whose step has this salt and design; the figures that decided are kept as they were then: they are of nobody in particular.
CREATE TABLE journey_test (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    journey_id   bigint NOT NULL REFERENCES journey ON DELETE CASCADE,
    salt         text NOT NULL,
    design       text NOT NULL,                  -- of arms, metric and window
    number       integer NOT NULL,               -- 1; 2: begun anew once
    began_at     timestamptz NOT NULL,
    looked_at    timestamptz NOT NULL,           -- by the rule of stopping, the last time
    decided_at   timestamptz,                    -- runs that come from then on go the winner's way
    decided_by   text,                           -- hudhud, user:7, key:3
    winner       text,                           -- name of the arm
    verdict      text CHECK (verdict IN ('better', 'enough', 'called')), -- shown to be better · good enough · declared by hand
    figures      jsonb,                          -- that decided
    UNIQUE (journey_id, salt, design, number),
    CHECK ((decided_at IS NULL) = (winner IS NULL) AND (winner IS NULL) = (verdict IS NULL))
);
SELECT hudhud_wall('journey_test');

-- Up to where in it, in the order of transactions, the intake log has been told who entered and who left; one row, and its lock is the claim.
CREATE TABLE run_told (
    txid         xid8 NOT NULL DEFAULT '0',
    run_id       bigint NOT NULL DEFAULT 0,
    visit        integer NOT NULL DEFAULT 0
);
INSERT INTO run_told DEFAULT VALUES;

-- What nodes do to people: an update, a topic, a start or an end elsewhere. Written by the transaction that moves the run on, done and removed by
-- another (acting/doing.py), which notes in `run_log` what came of it. What to do stands in the version's node.
CREATE TABLE journey_effect (
    run_id       bigint NOT NULL,
    visit        integer NOT NULL,
    workspace_id bigint NOT NULL,
    version_id   bigint NOT NULL,
    person_id    bigint NOT NULL,
    node         text COLLATE "C" NOT NULL,
    at           timestamptz NOT NULL,           -- the run's own time
    PRIMARY KEY (run_id, visit)
);
CREATE INDEX journey_effect_node ON journey_effect (version_id, node, at);
SELECT hudhud_wall('journey_effect');
-- A bell for the effects role; on the table, as a rehearsal's table of this name must not ring.
CREATE FUNCTION hudhud_effect_planned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('effects', '');
    RETURN NULL;
END $$;
CREATE TRIGGER effect_planned AFTER INSERT ON journey_effect FOR EACH STATEMENT EXECUTE FUNCTION hudhud_effect_planned();

-- What a run was answered, and the coupons that it was given: conditions, requests and mails behind read it as `run.…` and `coupon.…`.
CREATE TABLE run_fact (
    run_id       bigint NOT NULL,
    root         text NOT NULL CHECK (root IN ('run', 'coupon')),
    name         text NOT NULL,
    workspace_id bigint NOT NULL,
    value        jsonb NOT NULL,
    visit        integer NOT NULL,               -- of the run, where it came: of several coupons the last one counts
    PRIMARY KEY (run_id, root, name)
);
SELECT hudhud_wall('run_fact');

-- Requests that `webhook` nodes make: written by the effects role when a run comes to the node, byte for byte the same at every attempt, sent by
-- the requests role under a lease, and answered in the transaction that moves the run on. A run that has left its node is asked nothing any more.
CREATE TABLE journey_request (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    run_id       bigint NOT NULL,
    visit        integer NOT NULL,               -- where the run stands while it waits
    version_id   bigint NOT NULL,
    person_id    bigint NOT NULL,
    node         text COLLATE "C" NOT NULL,
    host         text NOT NULL,                  -- with its port
    method       text NOT NULL,
    url          text NOT NULL,
    headers      jsonb NOT NULL,                 -- [{name, value}], or {name, secret, before}: a secret is put in when it is sent
    body         bytea NOT NULL,
    planned_at   timestamptz NOT NULL,
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'answered', 'failed', 'withdrawn')),
    due_at       timestamptz,                    -- null: nothing more to do
    code         integer,                        -- what the last attempt was answered; null: nothing
    detail       text NOT NULL DEFAULT '',
    reply        bytea NOT NULL DEFAULT '',      -- the beginning of the last answer
    tries        jsonb NOT NULL DEFAULT '[]',    -- [{at, seconds, code, detail}]
    worker       text,                           -- who sends now: also the application_name of its session (gone = lease over)
    lease_until  timestamptz,                    -- database clock
    fence        bigint NOT NULL DEFAULT 0,      -- grows with every holder; a late writer finds another number
    UNIQUE (run_id, visit)
);
CREATE INDEX journey_request_due ON journey_request (workspace_id, host, due_at, id) WHERE state = 'waiting';
CREATE INDEX journey_request_held ON journey_request (workspace_id, host) WHERE worker IS NOT NULL;
CREATE INDEX journey_request_of_person ON journey_request (workspace_id, person_id);
CREATE INDEX journey_request_old ON journey_request (planned_at) WHERE state <> 'waiting';
SELECT hudhud_wall('journey_request');

-- Servers that requests go to: one that only fails, or asks for patience, is left alone for a while, and holds nobody else up.
CREATE TABLE journey_host (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    host         text NOT NULL,
    failures     integer NOT NULL DEFAULT 0,     -- in a row
    held_until   timestamptz,
    PRIMARY KEY (workspace_id, host)
);
SELECT hudhud_wall('journey_host');

-- Secrets that requests carry in their headers: written, never read by anybody but who sends, and that to one host only.
CREATE TABLE journey_secret (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL,
    host         text NOT NULL,
    sealed       bytea NOT NULL,                 -- kit/seal.py
    updated_at   timestamptz NOT NULL,
    updated_by   text NOT NULL,                  -- user:7, key:3, cli
    PRIMARY KEY (workspace_id, name)
);
SELECT hudhud_wall('journey_secret');

-- By which rules of time zones (their digest) the moments of waiting runs were reckoned; one row, and its lock is the claim.
CREATE TABLE clock_rules (
    digest       text NOT NULL DEFAULT ''
);
INSERT INTO clock_rules DEFAULT VALUES;

-- How many took which edge, appended by each batch and folded now and then: numbers on a canvas without counting logs.
CREATE TABLE journey_flow (
    workspace_id bigint NOT NULL,
    version_id   bigint NOT NULL,
    node         text COLLATE "C" NOT NULL,
    edge         text COLLATE "C" NOT NULL,
    count        bigint NOT NULL
);
CREATE INDEX journey_flow_version ON journey_flow (version_id);
SELECT hudhud_wall('journey_flow');

-- Orders to move people who are under way to a newer version. The journeys worker carries them out in batches, those of one journey in
-- their order; until one is done, nobody moves on the versions that it empties.
CREATE TABLE journey_changeover (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    journey_id   bigint NOT NULL REFERENCES journey ON DELETE CASCADE,
    version_id   bigint NOT NULL REFERENCES journey_version, -- where they go, from every older version of the journey
    rule         jsonb NOT NULL,                 -- who goes, and where: journeys/editing/placing.py Rule
    ordered_at   timestamptz NOT NULL,
    ordered_by   text NOT NULL,                  -- user:7, key:3, cli
    moved        bigint NOT NULL DEFAULT 0,
    ended        bigint NOT NULL DEFAULT 0,      -- whose step there is no more, where the rule lets them leave
    done_at      timestamptz
);
CREATE INDEX journey_changeover_open ON journey_changeover (journey_id, id) WHERE done_at IS NULL;
CREATE INDEX journey_changeover_version ON journey_changeover (version_id);
SELECT hudhud_wall('journey_changeover');

-- Steps that a run had passed before it was moved to a version in which they lie ahead of it: it passes them once without their doing anything.
CREATE TABLE run_repeat (
    run_id       bigint NOT NULL,
    step         text COLLATE "C" NOT NULL,
    workspace_id bigint NOT NULL,
    PRIMARY KEY (run_id, step)
);
SELECT hudhud_wall('run_repeat');

-- What is being worked on beside the published version. It may be invalid; `revision` goes up with each save, so that of two editors the
-- second is told of the first.
CREATE TABLE journey_draft (
    journey_id   bigint PRIMARY KEY REFERENCES journey ON DELETE CASCADE,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    graph        json NOT NULL,                  -- as it was sent
    revision     integer NOT NULL,
    number       integer,                        -- the version that was current when the draft was begun
    updated_at   timestamptz NOT NULL,
    updated_by   text NOT NULL,                  -- user:7, key:3
    review       text CHECK (review IN ('asked', 'approved', 'refused')), -- of this revision
    review_at    timestamptz,
    review_by    text,
    note         text NOT NULL DEFAULT ''        -- what was said with the question or the answer
);
SELECT hudhud_wall('journey_draft');

-- Rehearsals: asked for, performed by a process of their own (workers/rehearsals.py), kept with what they were about. One person's belongs to that person.
CREATE TABLE rehearsal (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    keys         text[] NOT NULL,                -- the journeys; their pages list it
    person_id    bigint,                         -- over one person alone
    request      jsonb NOT NULL,                 -- journeys/rehearsing/rehearsals.py Request
    digests      jsonb NOT NULL DEFAULT '{}',    -- key -> SHA-256 of the graph that was performed
    state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    begins_at    timestamptz NOT NULL,           -- the span, in virtual time
    ends_at      timestamptz NOT NULL,
    reached_at   timestamptz,                    -- how far virtual time has gone
    people       bigint NOT NULL DEFAULT 0,      -- runs begun so far
    result       jsonb,                          -- figures; nothing of anybody in particular, but of `person_id`
    problem      text NOT NULL DEFAULT '',       -- why it failed
    created_by   text NOT NULL,                  -- user:7, key:3, cli
    created_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    worker       text,                           -- also the application_name of the holder's session: gone = lease over
    lease_until  timestamptz,                    -- database clock
    fence        bigint NOT NULL DEFAULT 0,
    attempts     smallint NOT NULL DEFAULT 0
);
CREATE INDEX rehearsal_recent ON rehearsal (workspace_id, id DESC);
CREATE INDEX rehearsal_open ON rehearsal (id) WHERE state IN ('waiting', 'running');
SELECT hudhud_wall('rehearsal');

-- Mails of a rehearsal, written as of their moment: about people, so apart and erased with them.
CREATE TABLE rehearsal_sample (
    rehearsal_id bigint NOT NULL REFERENCES rehearsal ON DELETE CASCADE,
    place        integer NOT NULL,
    workspace_id bigint NOT NULL,
    person_id    bigint NOT NULL,
    body         jsonb NOT NULL,
    PRIMARY KEY (rehearsal_id, place)
);
CREATE INDEX rehearsal_sample_person ON rehearsal_sample (person_id);
SELECT hudhud_wall('rehearsal_sample');

-- At which hours of the day people are there (clocks/learning.py): 24 weights, a byte each, by their own clocks; 0: everybody together.
CREATE TABLE active_hours (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    person_id    bigint NOT NULL,
    hours        bytea NOT NULL,
    answers      integer NOT NULL,               -- hours in which they opened or clicked
    others       integer NOT NULL,               -- hours in which they did something else
    learned_at   timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, person_id)
);
SELECT hudhud_wall('active_hours');
