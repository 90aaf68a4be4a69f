-- Addresses at which providers report what became of mail: one for each kind of provider in a workspace. The address carries the door's number and
-- its generation, signed; another generation is another address.
CREATE TABLE report_door (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    kind         text NOT NULL CHECK (kind IN ('ses', 'postmark', 'mailgun', 'sendgrid', 'brevo', 'mailjet', 'sparkpost', 'resend', 'mailersend')),
    generation   integer NOT NULL DEFAULT 1,
    topic        text NOT NULL DEFAULT '',       -- SES: the one SNS topic that may report here
    secret       bytea,                          -- what signatures are checked with, sealed (kit/seal.py)
    has_secret   boolean NOT NULL GENERATED ALWAYS AS (secret IS NOT NULL) STORED,  -- what those may know who may not read it
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz,                    -- the last body that was taken
    received     bigint NOT NULL DEFAULT 0,      -- bodies, each once
    reports      bigint NOT NULL DEFAULT 0,      -- that came of them
    unknown      bigint NOT NULL DEFAULT 0,      -- of those: about no message of ours
    refused      bigint NOT NULL DEFAULT 0,      -- requests that were not proved
    refused_at   timestamptz,
    refusal      text NOT NULL DEFAULT '',       -- why the last of them was
    UNIQUE (workspace_id, kind)
);
SELECT hudhud_wall('report_door');

-- What came, as it came, by a door (or by mail: no door): durable before it is answered, read by a worker, kept for some days.
CREATE TABLE report_body (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,                -- of mail: 0, as only its content tells whose it is
    door_id      bigint NOT NULL,                -- 0: mail
    kind         text NOT NULL,
    received_at  timestamptz NOT NULL,
    fingerprint  uuid NOT NULL,                  -- of the body: a repeat is the same row
    body         bytea NOT NULL,
    recipient    text NOT NULL DEFAULT '',       -- of mail: whom it was for, where a return path stands
    repeats      integer NOT NULL DEFAULT 0,
    attempts     smallint NOT NULL DEFAULT 0,
    read_at      timestamptz,
    problem      text NOT NULL DEFAULT '',       -- the first thing that could not be read
    UNIQUE (door_id, fingerprint)
);
CREATE INDEX report_body_waiting ON report_body (id) WHERE read_at IS NULL;
CREATE INDEX report_body_old ON report_body (received_at);
CREATE INDEX report_body_mails ON report_body (id) WHERE door_id = 0 AND read_at IS NOT NULL;
SELECT hudhud_wall('report_body');

-- One thing that somebody said about one message, and what it was taken for: why an address is suppressed stands here.
CREATE TABLE message_report (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    message_id   bigint,                         -- null: about no message of ours
    source       text NOT NULL,                  -- smtp, mail, or a provider
    key          text NOT NULL,                  -- by which a repeat is known
    kind         text NOT NULL,                  -- outcomes/types.py Kind
    rule         text NOT NULL,                  -- which rule of the classifier said so
    at           timestamptz NOT NULL,           -- when it happened, as far as it was said
    received_at  timestamptz NOT NULL,
    code         smallint,
    status       text NOT NULL DEFAULT '',
    said         text NOT NULL DEFAULT '',       -- the diagnostic, as text, without control characters
    channel      text NOT NULL DEFAULT 'email',
    address      text NOT NULL DEFAULT '',       -- whom the message went to, small letters
    effect       text NOT NULL DEFAULT '' CHECK (effect IN ('suppressed', 'counted', 'unsubscribed', '')),
    applied_at   timestamptz,                    -- null: it waits for its message to have left
    raw          text NOT NULL DEFAULT '',
    UNIQUE (workspace_id, source, key)
);
CREATE INDEX message_report_message ON message_report (message_id, id) WHERE message_id IS NOT NULL;
CREATE INDEX message_report_address ON message_report (workspace_id, address, id DESC) WHERE address <> '';
CREATE INDEX message_report_waiting ON message_report (id) WHERE applied_at IS NULL;
CREATE INDEX message_report_bad ON message_report (workspace_id, received_at) WHERE kind IN ('hard_bounce', 'complaint');
SELECT hudhud_wall('message_report');

-- Soft bounces that count: gone with a delivery, and when there were so many that the address is suppressed.
CREATE TABLE soft_bounce (
    report_id    bigint PRIMARY KEY REFERENCES message_report ON DELETE CASCADE,
    workspace_id bigint NOT NULL,
    channel      text NOT NULL,
    address      text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX soft_bounce_address ON soft_bounce (workspace_id, channel, address, at);
SELECT hudhud_wall('soft_bounce');
ALTER TABLE suppression DROP CONSTRAINT suppression_reason_check;
ALTER TABLE suppression ADD CONSTRAINT suppression_reason_check CHECK (reason IN ('hard_bounce', 'soft_bounce', 'complaint', 'manual', 'erased'));

-- From where on reports mean something for the workspace; without a row: outcomes/rules.py.
CREATE TABLE outcome_rule (
    workspace_id   bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    soft_bounces   smallint NOT NULL CHECK (soft_bounces BETWEEN 1 AND 100),
    soft_days      smallint NOT NULL CHECK (soft_days BETWEEN 1 AND 365),
    brake_hours    smallint NOT NULL CHECK (brake_hours BETWEEN 1 AND 720),
    brake_least    integer NOT NULL CHECK (brake_least BETWEEN 1 AND 1000000),
    complaint_rate real NOT NULL CHECK (complaint_rate > 0 AND complaint_rate <= 1),
    bounce_rate    real NOT NULL CHECK (bounce_rate > 0 AND bounce_rate <= 1)
);
SELECT hudhud_wall('outcome_rule');

-- Marketing that stands still because too many complained or bounced, until somebody lets it go on.
CREATE TABLE sending_brake (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    source_kind  text NOT NULL DEFAULT '',       -- '': all marketing of the workspace; else what these messages come from
    source_key   text NOT NULL DEFAULT '',
    cause        text NOT NULL CHECK (cause IN ('complaints', 'hard_bounces')),
    since        timestamptz NOT NULL,           -- begin of the window that was looked at
    sent         integer NOT NULL,
    bad          integer NOT NULL,
    rate         real NOT NULL,                  -- from which on it brakes, as it was set then
    pulled_at    timestamptz NOT NULL,
    released_at  timestamptz,
    released_by  text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX sending_brake_pulled ON sending_brake (workspace_id, source_kind, source_key) WHERE released_at IS NULL;
CREATE INDEX sending_brake_recent ON sending_brake (workspace_id, id DESC);
SELECT hudhud_wall('sending_brake');

-- What earlier rules have judged is judged again by later ones.
CREATE INDEX engagement_rules ON engagement (rules, id);
