-- Databases of customers that are read on a schedule. Each reading is an import whose rows come from a query.
CREATE TABLE warehouse (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind         text NOT NULL CHECK (kind IN ('people', 'events', 'consent', 'suppressions')),
    connection   jsonb NOT NULL,                 -- where it is and who reads: warehouses/types.py Connection
    password     bytea NOT NULL,                 -- sealed (kit/seal.py)
    reading      jsonb,                          -- query, cursor, limits: Selection; null: nothing is read yet
    plan         jsonb,                          -- what its columns mean: transfer/types.py Plan
    schedule     jsonb,                          -- when: Schedule; null: only when somebody asks
    is_paused    boolean NOT NULL DEFAULT false,
    place        text,                           -- the cursor's value up to which everything is in; null: nothing is
    recent       bytea NOT NULL DEFAULT '',      -- digests of rows near that place: those are read again, and not taken again
    is_behind    boolean NOT NULL DEFAULT false, -- there was more than one reading may take: the next one begins at the place itself
    epoch        integer NOT NULL DEFAULT 0,     -- grows when people are to be read as if for the first time
    next_at      timestamptz,                    -- when it is due; null: it is not
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL
);
CREATE INDEX warehouse_by_workspace ON warehouse (workspace_id, id);
CREATE INDEX warehouse_due ON warehouse (next_at) WHERE next_at IS NOT NULL;
SELECT hudhud_wall('warehouse');

-- An import with a warehouse is one reading of it; its size stays 0.
ALTER TABLE import ADD warehouse_id bigint REFERENCES warehouse ON DELETE SET NULL;
CREATE INDEX import_of_warehouse ON import (warehouse_id, id DESC) WHERE warehouse_id IS NOT NULL;
