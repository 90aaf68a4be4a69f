-- The stages that people go through, in order. Each has two unlisted segments: its rule, and its place (the rule holds, and that of no later stage).
CREATE TABLE lifecycle_stage (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL,                  -- what events call it; never changes
    position     integer,                        -- 1 = the first; null: removed, kept for what moves say
    names        jsonb NOT NULL,                 -- by language; "": the same in all
    texts        jsonb NOT NULL,
    colour       text NOT NULL CHECK (colour IN ('gray', 'red', 'pink', 'grape', 'violet', 'indigo', 'blue', 'cyan', 'teal', 'green', 'lime', 'yellow', 'orange')),
    rule_id      bigint NOT NULL REFERENCES segment,
    place_id     bigint NOT NULL REFERENCES segment,
    UNIQUE (workspace_id, key),
    UNIQUE (workspace_id, position) DEFERRABLE INITIALLY DEFERRED
);
SELECT hudhud_wall('lifecycle_stage');

-- Where people stand, as far as it was told: written under the lock of the workspace's row in segment_known.
CREATE TABLE lifecycle_place (
    workspace_id bigint NOT NULL,
    person_id    bigint NOT NULL,
    stage_id     bigint NOT NULL REFERENCES lifecycle_stage ON DELETE CASCADE,
    since        timestamptz,                    -- null: since before the stages were last counted anew
    PRIMARY KEY (workspace_id, person_id)
);
CREATE INDEX lifecycle_place_of_stage ON lifecycle_place (stage_id, person_id);
SELECT hudhud_wall('lifecycle_place');

CREATE TABLE lifecycle_move (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id bigint NOT NULL,
    person_id    bigint NOT NULL,
    from_id      bigint REFERENCES lifecycle_stage ON DELETE CASCADE,  -- null: was in none
    to_id        bigint REFERENCES lifecycle_stage ON DELETE CASCADE,  -- null: is in none
    is_forward   boolean NOT NULL,               -- by the order of that day
    since        timestamptz,                    -- when the one before was entered, where that is known
    at           timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX lifecycle_move_of_person ON lifecycle_move (person_id, id DESC);
CREATE INDEX lifecycle_move_at ON lifecycle_move (workspace_id, at);
SELECT hudhud_wall('lifecycle_move');

-- Who is merged into somebody leaves them the place, unless they have their own; who is erased leaves nothing. In the same transaction.
CREATE FUNCTION hudhud_hand_over_lifecycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lifecycle_place (workspace_id, person_id, stage_id, since)
    SELECT p.workspace_id, NEW.merged_into, p.stage_id, p.since FROM lifecycle_place p
    WHERE p.workspace_id = NEW.workspace_id AND p.person_id = NEW.id
    ON CONFLICT (workspace_id, person_id) DO NOTHING;
    DELETE FROM lifecycle_place p WHERE p.workspace_id = NEW.workspace_id AND p.person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER person_hands_over_lifecycle AFTER UPDATE OF merged_into ON person
    FOR EACH ROW WHEN (NEW.merged_into IS NOT NULL) EXECUTE FUNCTION hudhud_hand_over_lifecycle();

CREATE FUNCTION hudhud_forget_lifecycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lifecycle_place p WHERE p.workspace_id = NEW.workspace_id AND p.person_id = NEW.id;
    DELETE FROM lifecycle_move m WHERE m.workspace_id = NEW.workspace_id AND m.person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER person_forgets_lifecycle AFTER UPDATE OF erased_at ON person
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION hudhud_forget_lifecycle();
