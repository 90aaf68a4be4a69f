CREATE TABLE template (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,64}$'),
    names        jsonb NOT NULL,                 -- {"en": "Welcome", …}
    version_id   bigint,                         -- what is sent: the newest published version; null: nothing is published yet
    drafted      integer NOT NULL DEFAULT 0,     -- the revision of the last draft that is gone: no later one has the same
    updated_at   timestamptz NOT NULL,
    archived_at  timestamptz,
    UNIQUE (workspace_id, key)
);
SELECT hudhud_wall('template');

-- Immutable: the author's source as it was saved (json: the order of members stays), and what was compiled from it (content/types.py Compiled), once.
CREATE TABLE template_version (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    template_id  bigint NOT NULL REFERENCES template ON DELETE CASCADE,
    number       integer NOT NULL,
    source       json NOT NULL,                  -- {lang: content/types.py Copy.source()}
    look         text NOT NULL DEFAULT '',       -- content/brand.py Look.fingerprint(): what it was dressed with
    compiled     jsonb NOT NULL,                 -- {lang: {"subject", "html", "text", "links": [url…], "paths": […]}}
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    is_ready     boolean NOT NULL DEFAULT false, -- as it comes with Hudhud: only then may installing publish over it
    UNIQUE (template_id, number)
);
SELECT hudhud_wall('template_version');

-- What is being worked on beside what is published.
CREATE TABLE template_draft (
    template_id  bigint PRIMARY KEY REFERENCES template ON DELETE CASCADE,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    source       json NOT NULL,                  -- {lang: copy}, as it was sent, sound or not
    revision     integer NOT NULL,
    number       integer,                        -- the version that was current when the draft was begun
    updated_at   timestamptz NOT NULL,
    updated_by   text NOT NULL                   -- user:7, key:3
);
SELECT hudhud_wall('template_draft');

CREATE TABLE brand (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    kit          jsonb NOT NULL,                 -- content/brand.py Brand
    updated_at   timestamptz NOT NULL,
    updated_by   text NOT NULL
);
SELECT hudhud_wall('brand');

-- Saved blocks; templates name them and get them as they are when they are published.
CREATE TABLE snippet (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,64}$'),
    names        jsonb NOT NULL,
    languages    json NOT NULL,                  -- {lang: [block…]}
    revision     integer NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL,
    updated_by   text NOT NULL,
    UNIQUE (workspace_id, key)
);
SELECT hudhud_wall('snippet');
