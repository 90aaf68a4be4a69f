-- Domains that mail is from: the keys we sign it with (DKIM), and what DNS said of them last.
CREATE TABLE sending_domain (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    domain       text NOT NULL,                  -- as in DNS, small letters
    rsa_selector text NOT NULL,
    rsa_sealed   bytea NOT NULL,                 -- private key (kit/seal.py)
    rsa_record   text NOT NULL,                  -- what DNS must say
    rsa_seen_at  timestamptz,                    -- DNS has said so: from then on it signs
    ed_selector  text NOT NULL,                  -- the same for Ed25519
    ed_sealed    bytea NOT NULL,
    ed_record    text NOT NULL,
    ed_seen_at   timestamptz,
    checks       jsonb,                          -- delivery/domains/records.py Check, each; null: not looked yet
    checked_at   timestamptz,
    created_at   timestamptz NOT NULL,
    created_by   text NOT NULL,
    PRIMARY KEY (workspace_id, domain)
);
SELECT hudhud_wall('sending_domain');
