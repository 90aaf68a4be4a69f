-- One row for every intended message. Of the columns that change only `due_at` is indexed, and `reason`, which a message that gets through
-- leaves as it is; half of each page is left free: so marks and outcomes are HOT updates; who holds a row stands in `delivery_lease`, not in an index over messages.
CREATE TABLE message (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    source_kind  text NOT NULL,                  -- journey (source_id = run), campaign (source_id = campaign), api, test
    source_id    bigint NOT NULL,
    source_key   text NOT NULL DEFAULT '',       -- the journey's key, the campaign's id
    step         text NOT NULL,                  -- node of the journey
    visit        integer NOT NULL,               -- n-th time that this source passes this step
    person_id    bigint NOT NULL,                -- as planned; the survivor of a merge gets it
    channel      text NOT NULL,
    topic        text NOT NULL,                  -- topic.key
    template     text NOT NULL,                  -- template.key
    event        jsonb NOT NULL,                 -- what Liquid calls `event`: the trigger
    given        jsonb,                          -- what Liquid calls `run` and `coupon`, by root; null: nothing
    planned_at   timestamptz NOT NULL,
    due_at       timestamptz,                    -- set while planned or deferred and not parked (its journey or its sender is paused, or it cannot be written), null otherwise
    expires_at   timestamptz,                    -- worthless after that
    seen_since   timestamptz,                    -- nobody gets it who has got this template since; null: whoever has
    hours        jsonb,                          -- hours of the week, where the person lives, in which alone it may leave: kit/localtime.py Hours
    state        text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'claimed', 'handing_over', 'accepted', 'deferred',
                 'rejected', 'in_doubt', 'skipped', 'delivered', 'bounced', 'complained')),
    reason       text NOT NULL DEFAULT '',       -- closed set: delivery/types.py Reason
    state_at     timestamptz NOT NULL,
    attempts     smallint NOT NULL DEFAULT 0,
    lease_id     bigint,                         -- fence: only this lease may write the row's next state
    sent_to      bigint,                         -- person after merges
    address      text,
    version_id   bigint,                         -- template_version the copy was made of
    edition_id   bigint,                         -- message_edition that it is made of; null: the template as it is then
    language     text,
    priority     smallint NOT NULL DEFAULT 0,    -- where a cap bites, the higher goes first,
    value        real,                           -- then what is expected to bring more, then what expires first
    sender_id    bigint,                         -- by which it left last; 0: by the server of the settings
    pinned_to    bigint,                         -- it may have left by this one, so it goes by no other
    CHECK ((due_at IS NOT NULL) = (state IN ('planned', 'deferred') AND reason NOT IN ('journey_paused', 'campaign_paused', 'sender_paused', 'cannot_write', 'braked')))
) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE UNIQUE INDEX message_once ON message (source_id, step, visit, person_id, channel, source_kind);
CREATE INDEX message_due ON message (due_at, id) WHERE due_at IS NOT NULL;
-- A person's messages that wait: who competes for the room that a cap leaves.
CREATE INDEX message_waiting ON message (person_id) WHERE due_at IS NOT NULL;
-- Those that wait for a journey or a sender to go on, or for a person's word: nobody looks at them before.
CREATE INDEX message_parked ON message (workspace_id, source_key) WHERE reason IN ('journey_paused', 'campaign_paused', 'sender_paused', 'cannot_write', 'braked');
CREATE INDEX message_recent ON message (workspace_id, id DESC);
CREATE INDEX message_person ON message (person_id, id DESC);
SELECT hudhud_wall('message');
-- A bell for the delivery workers; on the table, as a rehearsal's table of this name must not ring.
CREATE FUNCTION hudhud_message_planned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('messages', '');
    RETURN NULL;
END $$;
CREATE TRIGGER message_planned AFTER INSERT ON message FOR EACH STATEMENT EXECUTE FUNCTION hudhud_message_planned();

-- What a campaign sends: a template as it was then, perhaps with other subject lines or another sender's name. Never changed.
CREATE TABLE message_edition (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    version_id   bigint NOT NULL,                -- template_version
    subjects     jsonb,                          -- {lang: {"subject", "paths"}}: instead of the version's own; null: those
    sender_name  text                            -- null: the sender's own
);
SELECT hudhud_wall('message_edition');

-- What is special to one copy; with the message's version and language it is the copy. Apart from the message, whose rows are
-- rewritten at each step and must stay small.
CREATE TABLE message_copy (
    message_id   bigint PRIMARY KEY,
    workspace_id bigint NOT NULL,
    facts        json NOT NULL,                  -- the values that it was made of
    links        text[]                          -- targets of links that are different for each person
);
SELECT hudhud_wall('message_copy');

-- A worker's claim on a chunk of messages. Its id only grows, so it is the fence too.
CREATE TABLE delivery_lease (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker       text NOT NULL,
    until        timestamptz NOT NULL,           -- database clock
    message_ids  bigint[] NOT NULL
);

-- What became of each attempt: appended, never changed; the message's state is folded from it in the same transaction.
CREATE TABLE message_outcome (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    txid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    workspace_id bigint NOT NULL,
    message_id   bigint NOT NULL,
    attempt      smallint NOT NULL,
    state        text NOT NULL,
    reason       text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    code         smallint,                       -- SMTP reply
    reply        text NOT NULL DEFAULT '',       -- its text as the peer wrote it, control characters removed
    worker       text NOT NULL DEFAULT ''
);
CREATE INDEX message_outcome_message ON message_outcome (message_id, id);
-- What was sent since a moment: rows come in the order of time, so a summary of each stretch of pages is enough.
CREATE INDEX message_outcome_time ON message_outcome USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX message_outcome_news ON message_outcome (txid, id) WHERE state IN ('accepted', 'rejected', 'bounced');
SELECT hudhud_wall('message_outcome');

-- Up to which outcome, in the order of transactions, the intake log has been told; one row, and its lock is the claim.
CREATE TABLE message_told (
    txid         xid8 NOT NULL DEFAULT '0',
    id           bigint NOT NULL DEFAULT 0
);
INSERT INTO message_told DEFAULT VALUES;

-- Opens and clicks as they came, each with a verdict that can be made again by later rules. Judged some seconds after they came in,
-- because one request alone does not show a scanner.
CREATE TABLE engagement (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    message_id   bigint NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('open', 'click')),
    link         integer,                        -- number of the link in its mail
    url          text NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    method       text NOT NULL,
    agent        text NOT NULL DEFAULT '',
    address      text NOT NULL DEFAULT '',       -- IP
    verdict      text CHECK (verdict IN ('human', 'machine', 'unknown')),
    rule         text NOT NULL DEFAULT '',
    rules        smallint                        -- version of the rules that judged
);
CREATE INDEX engagement_open ON engagement (id) WHERE verdict IS NULL;
CREATE INDEX engagement_message ON engagement (message_id, at);
SELECT hudhud_wall('engagement');

-- Politeness towards a receiving domain. Tokens are shared by all workers.
CREATE TABLE sending_limit (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    domain       text NOT NULL,
    per_second   real NOT NULL CHECK (per_second > 0),
    burst        real NOT NULL CHECK (burst >= 1),
    tokens       real NOT NULL,
    filled_at    timestamptz NOT NULL,           -- database clock
    PRIMARY KEY (workspace_id, domain)
);
SELECT hudhud_wall('sending_limit');

-- At most so many marketing messages to one person in any window of this length: delivery/caps.py.
CREATE TABLE sending_cap (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    most         smallint NOT NULL CHECK (most BETWEEN 1 AND 1000),
    amount       smallint NOT NULL CHECK (amount BETWEEN 1 AND 1000),
    unit         text NOT NULL CHECK (unit IN ('hours', 'days', 'weeks')),
    channel      text,                           -- null: all together
    topic        text                            -- topic.key; null: all together
);
CREATE INDEX sending_cap_workspace ON sending_cap (workspace_id, id);
SELECT hudhud_wall('sending_cap');

-- Hours in which no marketing leaves, where the person lives.
CREATE TABLE quiet_hours (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    since        text NOT NULL,                  -- 21:00
    until        text NOT NULL CHECK (until <> since)
);
SELECT hudhud_wall('quiet_hours');

-- Room that messages have taken, in workspaces that have caps; written by the transaction that claims, for who competes next.
CREATE TABLE message_room (
    message_id   bigint PRIMARY KEY,
    workspace_id bigint NOT NULL,
    person_id    bigint NOT NULL,                -- after merges, then
    channel      text NOT NULL,
    topic        text NOT NULL,
    at           timestamptz NOT NULL            -- when it was claimed; if it took longer to leave, when it left
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX message_room_person ON message_room (person_id, at);
SELECT hudhud_wall('message_room');

-- Messages that a cap has held back, and what they lost to.
CREATE TABLE message_hold (
    message_id   bigint PRIMARY KEY,
    workspace_id bigint NOT NULL,
    cap          text NOT NULL,                  -- its name then
    taken_by     bigint[] NOT NULL,              -- messages that had the room
    since        timestamptz NOT NULL,           -- when it first bit
    room_at      timestamptz NOT NULL,           -- when there was to be room, as it looked last
    ended_at     timestamptz                     -- it has found room, or waits no longer
);
SELECT hudhud_wall('message_hold');

-- The consent gate. Called with the ids of messages in the transaction that claims them and again in the one that
-- marks them as being handed over, so nothing that became known before the hand-over is overlooked.
-- One row for each message: the reason not to send it ('' = send), and whom and where it would go to.
-- Written in PL/pgSQL because its plan is then made once a session; each look-up has a LIMIT, so that it stays an index look-up
-- whatever the planner believes about tables that are young.
CREATE FUNCTION message_gate(ids bigint[], at timestamptz)
RETURNS TABLE (message_id bigint, reason text, person_id bigint, address text, topic_id bigint, stream text)
LANGUAGE plpgsql ROWS 256 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    is_any_paused boolean;
    is_any_stopped boolean;
    is_anybody_silent boolean;
    is_any_braked boolean;
BEGIN
    -- Who pauses a journey waits for the claims and marks that are being made; what follows sees whatever was paused before (volatile: each
    -- statement here looks anew).
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('hudhud.pauses', 0));
    is_any_paused := EXISTS (SELECT FROM journey j WHERE j.status = 'paused');
    is_any_stopped := EXISTS (SELECT FROM campaign c WHERE c.status = 'paused' OR c.status = 'cancelled' AND c.closed_at IS NULL);
    is_anybody_silent := EXISTS (SELECT FROM preference f WHERE f.paused_until > message_gate.at);
    is_any_braked := EXISTS (SELECT FROM sending_brake b WHERE b.released_at IS NULL);
    RETURN QUERY
    SELECT m.id,
           CASE WHEN p.id IS NULL THEN 'person_gone'
                WHEN p.erased_at IS NOT NULL THEN 'person_erased'
                WHEN j.reason IS NOT NULL THEN j.reason
                WHEN c.reason IS NOT NULL THEN c.reason
                WHEN t.id IS NULL THEN 'topic_unknown'
                WHEN m.expires_at <= message_gate.at THEN 'expired'
                -- Two of a campaign's people are one by now: what has left counts for both; of what waits, the survivor's own mail goes, or the first of theirs.
                WHEN m.source_kind = 'campaign' AND (p.id <> m.person_id OR EXISTS (SELECT FROM person g WHERE g.merged_into = p.id)) AND EXISTS (
                    SELECT FROM message k WHERE k.source_id = m.source_id AND k.step = m.step AND k.visit = m.visit AND k.channel = m.channel AND k.source_kind = 'campaign'
                      AND k.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = p.id)) AND k.id <> m.id
                      AND (k.state IN ('handing_over', 'accepted', 'delivered', 'complained', 'in_doubt')
                           OR p.id <> m.person_id AND (k.person_id = p.id OR k.id < m.id) AND k.state NOT IN ('skipped', 'rejected', 'bounced'))
                ) THEN 'already_seen'
                WHEN a.value IS NULL THEN 'no_address'
                WHEN x.reason IS NOT NULL THEN 'suppressed_' || x.reason
                WHEN t.stream = 'transactional' THEN ''
                WHEN s.state IS NULL THEN 'not_subscribed'
                WHEN s.state = 'pending' THEN 'not_confirmed'
                WHEN s.state = 'unsubscribed' THEN 'unsubscribed'
                WHEN f.is_silent THEN 'person_paused'
                WHEN b.is_pulled THEN 'braked'
                ELSE '' END,
           p.id, a.value, t.id, coalesce(t.stream, 'marketing')
    FROM message m
    LEFT JOIN LATERAL (
        SELECT o.id, o.erased_at, o.attributes FROM person o
        WHERE o.id = (SELECT coalesce(n.merged_into, n.id) FROM person n WHERE n.id = m.person_id) AND o.workspace_id = m.workspace_id LIMIT 1
    ) p ON true
    LEFT JOIN LATERAL (
        SELECT CASE WHEN o.archived_at IS NULL THEN 'journey_paused' ELSE 'cancelled' END AS reason FROM journey o
        WHERE is_any_paused AND m.source_kind = 'journey' AND o.workspace_id = m.workspace_id AND o.key = m.source_key AND o.status = 'paused' LIMIT 1
    ) j ON true
    LEFT JOIN LATERAL (
        SELECT CASE o.status WHEN 'paused' THEN 'campaign_paused' ELSE 'cancelled' END AS reason FROM campaign o
        WHERE is_any_stopped AND m.source_kind = 'campaign' AND o.id = m.source_id AND o.status IN ('paused', 'cancelled') LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT o.id, o.stream FROM topic o WHERE o.workspace_id = m.workspace_id AND o.key = m.topic LIMIT 1
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT i.value FROM identifier i
        WHERE i.person_id = p.id AND i.namespace = m.channel AND i.workspace_id = m.workspace_id
        ORDER BY i.value = lower(p.attributes ->> m.channel) DESC NULLS LAST, i.created_at DESC, i.value LIMIT 1
    ) a ON true
    LEFT JOIN LATERAL (
        SELECT o.reason FROM suppression o WHERE o.workspace_id = m.workspace_id AND o.channel = m.channel AND o.address = lower(a.value) LIMIT 1
    ) x ON true
    LEFT JOIN LATERAL (
        -- The newest word of all actors that are this person today; of two at one instant, the "no" counts.
        SELECT u.state FROM subscription u
        WHERE u.topic_id = t.id AND u.channel = m.channel
          AND u.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = p.id))
        ORDER BY u.changed_at DESC, u.state DESC LIMIT 1
    ) s ON true
    LEFT JOIN LATERAL (
        -- Who wished for silence for a while, as any actor that is this person today.
        SELECT true AS is_silent FROM preference o
        WHERE is_anybody_silent AND o.paused_until > message_gate.at
          AND o.person_id = ANY (ARRAY (SELECT p.id UNION ALL SELECT g.id FROM person g WHERE g.merged_into = p.id)) LIMIT 1
    ) f ON true
    LEFT JOIN LATERAL (
        -- Too many complained or bounced: marketing stands still, or what comes from one journey or campaign.
        SELECT true AS is_pulled FROM sending_brake o
        WHERE is_any_braked AND m.source_kind <> 'test' AND o.workspace_id = m.workspace_id AND o.released_at IS NULL
          AND (o.source_kind = '' OR o.source_kind = m.source_kind AND o.source_key = m.source_key) LIMIT 1
    ) b ON true
    WHERE m.id = ANY (ids);
END $$;

-- The built-in mailbox: where mail goes as long as no SMTP server is set.
CREATE TABLE mailbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    received_at  timestamptz NOT NULL,
    message_id   bigint,                         -- ours, if the mail says so
    sender       text NOT NULL,
    recipient    text NOT NULL,
    subject      text NOT NULL,
    size         integer NOT NULL,
    body         bytea NOT NULL                  -- the mail as it came
);
CREATE INDEX mailbox_recent ON mailbox (workspace_id, id DESC);
SELECT hudhud_wall('mailbox');
