-- A file on its way in: everything up to `line` is in the intake log or among the rejects. Files that come by the API lie in pieces beside it until
-- they are in; one that the command line reads stays where it is, and is known by its digest.
CREATE TABLE import (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('people', 'events', 'consent', 'suppressions')),
    state        text NOT NULL CHECK (state IN ('draft', 'checking', 'checked', 'running', 'done', 'cancelled', 'failed', 'weighing', 'undoing', 'undone')),
    name         text NOT NULL,
    digest       bytea,                          -- SHA-256 of the file's bytes and of how they are read (command line)
    plan         jsonb,                          -- how it is read, what its columns mean (API): transfer/types.py Plan
    size         bigint NOT NULL DEFAULT 0,
    read_bytes   bigint NOT NULL DEFAULT 0,
    line         bigint NOT NULL DEFAULT 0,
    accepted     bigint NOT NULL DEFAULT 0,
    rejected     bigint NOT NULL DEFAULT 0,
    reject_bytes bigint NOT NULL DEFAULT 0,      -- what is kept of them takes
    rejects_gone bigint NOT NULL DEFAULT 0,      -- of them, those that are not kept: there were too many
    numbers      jsonb,                          -- what a run would do (dry run)
    problem      text NOT NULL DEFAULT '',       -- why it failed
    undo         jsonb,                          -- what taking it back would do, or has done so far
    undo_after   bigint NOT NULL DEFAULT 0,      -- people up to this one are done with
    created_by   text NOT NULL DEFAULT '',
    worker       text,                           -- also the application_name of the holder's session: gone = lease over
    lease_until  timestamptz,                    -- database clock
    fence        bigint NOT NULL DEFAULT 0,      -- grows with every holder; a late writer finds another number
    attempts     smallint NOT NULL DEFAULT 0,    -- how often it was taken up since it last got further
    started_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    UNIQUE (workspace_id, kind, digest)
);
CREATE INDEX import_recent ON import (workspace_id, id DESC);
CREATE INDEX import_due ON import (id) WHERE state IN ('checking', 'running', 'weighing', 'undoing');
SELECT hudhud_wall('import');

CREATE TABLE import_piece (
    workspace_id bigint NOT NULL,
    import_id    bigint NOT NULL REFERENCES import ON DELETE CASCADE,
    place        integer NOT NULL CHECK (place >= 0),
    body         bytea NOT NULL,
    PRIMARY KEY (import_id, place)
);
ALTER TABLE import_piece ALTER body SET STORAGE EXTERNAL;
SELECT hudhud_wall('import_piece');

CREATE TABLE import_reject (
    workspace_id bigint NOT NULL,
    import_id    bigint NOT NULL REFERENCES import ON DELETE CASCADE,
    line         bigint NOT NULL,
    reason       text NOT NULL,
    body         bytea NOT NULL,                 -- the row as it was: JSON list of cells, or the line itself
    PRIMARY KEY (import_id, line)
);
SELECT hudhud_wall('import_reject');

-- Whom an import spoke of, and whom it made: what is asked when it is taken back. Kept for a month; written by the intake, for imports alone.
CREATE TABLE import_person (
    workspace_id bigint NOT NULL,
    import_id    bigint NOT NULL,                -- no reference: checking it would cost each row as much as writing it
    person_id    bigint NOT NULL,
    made         boolean NOT NULL,
    PRIMARY KEY (workspace_id, import_id, person_id)
);
SELECT hudhud_wall('import_person');
