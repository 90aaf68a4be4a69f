CREATE TABLE template (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,64}$'),
    names        jsonb NOT NULL,                 -- {"en": "Welcome", …}
    version_id   bigint,                         -- what is sent: the newest published version
    updated_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, key)
);
SELECT hudhud_wall('template');

-- Immutable: the author's source as it was saved, and what was compiled from it (content/types.py Compiled), once.
CREATE TABLE template_version (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    template_id  bigint NOT NULL REFERENCES template ON DELETE CASCADE,
    number       integer NOT NULL,
    source       jsonb NOT NULL,                 -- {lang: {"subject", "preheader", "mjml", "text"}}
    compiled     jsonb NOT NULL,                 -- {lang: {"subject", "html", "text", "links": [url…], "paths": […]}}
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    UNIQUE (template_id, number)
);
SELECT hudhud_wall('template_version');
