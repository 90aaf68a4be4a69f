-- Personas: people as the shop imagines them, each with the segment of those it stands for.
CREATE TABLE persona (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) <= 60),
    description  text NOT NULL DEFAULT '',
    tone         text NOT NULL DEFAULT '',       -- how to speak to them
    segment_id   bigint REFERENCES segment,      -- null: nobody in particular yet
    picture      bytea,                          -- WebP, square, made by us from what was uploaded
    pictured_at  timestamptz,                    -- when: a part of the picture's address
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX persona_of_workspace ON persona (workspace_id, id);
SELECT hudhud_wall('persona');
