CREATE TABLE topic (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,64}$'),
    names        jsonb NOT NULL,                 -- {"en": "Newsletter", "fa": "خبرنامه", …}
    stream       text NOT NULL DEFAULT 'marketing' CHECK (stream IN ('marketing', 'transactional')),
    created_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, key)
);
SELECT hudhud_wall('topic');

CREATE TABLE subscription (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    person_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    topic_id     bigint NOT NULL REFERENCES topic ON DELETE CASCADE,
    channel      text NOT NULL DEFAULT 'email',
    state        text NOT NULL CHECK (state IN ('subscribed', 'pending', 'unsubscribed')),
    changed_at   timestamptz NOT NULL,           -- when the person said so; an older word never replaces a newer one
    PRIMARY KEY (person_id, topic_id, channel)
);
CREATE INDEX subscription_topic ON subscription (workspace_id, topic_id, state);
SELECT hudhud_wall('subscription');

-- Proof: every word about consent with its source, kept for ever; `applied` tells whether it changed the state. Read in the
-- order of (txid, id), as the intake log is.
CREATE TABLE consent_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    txid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    person_id    bigint NOT NULL,
    topic_id     bigint NOT NULL,
    channel      text NOT NULL,
    state        text NOT NULL,
    at           timestamptz NOT NULL,
    source       text NOT NULL,                  -- form, import:7, one_click, preference_page, api, …
    applied      boolean NOT NULL,
    proof        jsonb NOT NULL DEFAULT '{}'     -- ip, user agent, text shown, message id
);
CREATE UNIQUE INDEX consent_log_once ON consent_log (person_id, topic_id, channel, at, state, source);
CREATE INDEX consent_log_position ON consent_log (workspace_id, txid, id);
CREATE INDEX consent_log_person ON consent_log (workspace_id, person_id, id);
SELECT hudhud_wall('consent_log');

CREATE TABLE suppression (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    channel      text NOT NULL,
    address      text NOT NULL,                  -- normal form in small letters
    reason       text NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'manual', 'erased')),
    detail       text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL,
    source       text NOT NULL DEFAULT '',       -- import:7 while that list alone says so: it goes when that import is taken back
    PRIMARY KEY (workspace_id, channel, address)
);
CREATE INDEX suppression_source ON suppression (workspace_id, source) WHERE source <> '';
SELECT hudhud_wall('suppression');
