-- Who works: one row a process and role, renewed while it runs (database clock). `stats` is what /metrics shows.
CREATE TABLE worker_heartbeat (
    worker     text NOT NULL,                    -- host:pid:random
    role       text NOT NULL,                    -- intake, segments, journeys, delivery, …
    started_at timestamptz NOT NULL,
    beat_at    timestamptz NOT NULL,
    stats      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (worker, role)
);

-- What workers cannot put right by themselves: shown by /readyz and `hudhud doctor` for as long as it is seen (database clock).
CREATE TABLE worker_alarm (
    name      text PRIMARY KEY,                  -- what is wrong: workers/alarm.py
    message   text NOT NULL,                     -- and the cure
    raised_at timestamptz NOT NULL,              -- the first time, and the last one
    seen_at   timestamptz NOT NULL
);
CREATE INDEX worker_heartbeat_role ON worker_heartbeat (role, beat_at);

-- Consent is part of the mirror in ClickHouse: whoever changes it, from whatever process, makes the person stale. People are reached by
-- their key: of a table that was emptied and filled again the planner believes that it is empty, and would read it whole for each of them.
CREATE FUNCTION hudhud_subscription_changed() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE person p SET version = p.version + 1
    WHERE p.id IN (SELECT coalesce(o.merged_into, o.id) FROM person o WHERE o.id IN (SELECT c.person_id FROM changed c));
    PERFORM pg_notify('intake', '');
    RETURN NULL;
END $$;
CREATE TRIGGER subscription_added AFTER INSERT ON subscription
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_subscription_changed();
CREATE TRIGGER subscription_updated AFTER UPDATE ON subscription
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_subscription_changed();
CREATE TRIGGER subscription_removed AFTER DELETE ON subscription
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_subscription_changed();

CREATE FUNCTION hudhud_suppression_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE person p SET version = p.version + 1
    WHERE p.id IN (SELECT i.person_id FROM identifier i JOIN changed c
                   ON i.workspace_id = c.workspace_id AND i.namespace = c.channel AND i.namespace <> 'anonymous_id' AND lower(i.value) = c.address);
    PERFORM pg_notify('intake', '');
    RETURN NULL;
END $$;
CREATE TRIGGER suppression_added AFTER INSERT ON suppression
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_suppression_changed();
CREATE TRIGGER suppression_removed AFTER DELETE ON suppression
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_suppression_changed();
