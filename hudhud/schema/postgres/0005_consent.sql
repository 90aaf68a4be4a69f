CREATE TABLE topic (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,64}$'),
    names        jsonb NOT NULL,                 -- {"en": "Newsletter", "fa": "خبرنامه", …}
    stream       text NOT NULL DEFAULT 'marketing' CHECK (stream IN ('marketing', 'transactional')),
    confirms     boolean NOT NULL DEFAULT false, -- whoever asks for it confirms by mail first (double opt-in)
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

-- What a person wishes beside topics: silence for a while, and how often at most. Of all actors that are one person the strictest counts.
CREATE TABLE preference (
    person_id    bigint PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    paused_until timestamptz,                    -- no marketing before
    every_days   smallint CHECK (every_days BETWEEN 1 AND 90), -- one marketing message in any so many days; null: as many as come
    changed_at   timestamptz NOT NULL
);
CREATE INDEX preference_paused ON preference (paused_until) WHERE paused_until IS NOT NULL;
CREATE INDEX preference_often ON preference (workspace_id) WHERE every_days IS NOT NULL;
SELECT hudhud_wall('preference');

-- Proof of these, kept for ever as that of topics is.
CREATE TABLE preference_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    person_id    bigint NOT NULL,
    paused_until timestamptz,                    -- as it was from then on
    every_days   smallint,
    at           timestamptz NOT NULL,
    source       text NOT NULL,
    proof        jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX preference_log_person ON preference_log (workspace_id, person_id, id);
SELECT hudhud_wall('preference_log');

-- Who asked for a topic that confirms, and has not been written to about it yet (mail_id null) or has not answered.
CREATE TABLE confirmation (
    person_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    topic_id     bigint NOT NULL REFERENCES topic ON DELETE CASCADE,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    asked_at     timestamptz NOT NULL,
    source       text NOT NULL,                  -- who asked for it: api, journey:welcome, …
    mail_id      bigint,                         -- confirmation_mail
    PRIMARY KEY (person_id, topic_id)
);
CREATE INDEX confirmation_waiting ON confirmation (asked_at) WHERE mail_id IS NULL;
CREATE INDEX confirmation_mailed ON confirmation (mail_id) WHERE mail_id IS NOT NULL;
SELECT hudhud_wall('confirmation');

-- A mail with the link that confirms: one for each address in a day, whoever asks how often.
CREATE TABLE confirmation_mail (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    person_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    address      text NOT NULL,                  -- in small letters: whom the link is good for
    planned_at   timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE INDEX confirmation_mail_mailbox ON confirmation_mail (workspace_id, hudhud_mailbox(address), planned_at);
CREATE INDEX confirmation_mail_person ON confirmation_mail (person_id);
SELECT hudhud_wall('confirmation_mail');

-- What people read where they agree; never changed: a proof names the version that was shown.
CREATE TABLE consent_wording (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    version      integer NOT NULL,
    law          text NOT NULL CHECK (law IN ('gdpr', 'casl', 'ccpa', 'own')),
    texts        jsonb NOT NULL,                 -- {lang: text}; {workspace} and {address} are the shop's name and postal address
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    PRIMARY KEY (workspace_id, version)
);
SELECT hudhud_wall('consent_wording');
