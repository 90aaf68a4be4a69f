-- Pools of coupon codes: brought along, or made by a pattern when they are needed.
CREATE TABLE coupon_pool (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL,                  -- what journeys and mails call it by
    name         text NOT NULL,
    pattern      text NOT NULL DEFAULT '',       -- SPRING-####-###%: # is drawn, % is checked; '' = codes are brought along
    most         bigint,                         -- so many are made at most; null: no bound
    url          text NOT NULL DEFAULT '',       -- applies the code: https://shop.example/discount/{code}
    valid_days   integer,                        -- good for so many whole days where the person lives; null: as long as the code is
    ends_at      timestamptz,                    -- nothing of the pool is good any longer
    low_at       bigint NOT NULL DEFAULT 0,      -- tell somebody when fewer than so many are left
    event        text NOT NULL DEFAULT 'Order Completed', -- tells that a code was used,
    property     text NOT NULL DEFAULT 'coupon', -- in this property of it
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL,
    UNIQUE (workspace_id, key)
);
SELECT hudhud_wall('coupon_pool');

CREATE TABLE coupon (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL,
    pool_id      bigint NOT NULL REFERENCES coupon_pool ON DELETE CASCADE,
    code         text NOT NULL,
    ends_at      timestamptz,                    -- as whoever brought it said
    person_id    bigint,                         -- who has it
    run_id       bigint,                         -- by which run of a journey,
    step         text,                           -- at which of its steps,
    visit        integer,                        -- when it came there
    given_at     timestamptz,
    expires_at   timestamptz,                    -- as the person was told
    redeemed_at  timestamptz,
    redeemed_by  bigint,                         -- who used it: not always who was given it
    added_at     timestamptz NOT NULL
);
-- A code means one thing in a workspace, however it is written.
CREATE UNIQUE INDEX coupon_code ON coupon (workspace_id, upper(code));
-- One for each visit of a run, whatever crashes.
CREATE UNIQUE INDEX coupon_once ON coupon (run_id, visit) WHERE run_id IS NOT NULL;
CREATE INDEX coupon_free ON coupon (pool_id, id) WHERE given_at IS NULL AND redeemed_at IS NULL;
CREATE INDEX coupon_given ON coupon (pool_id, given_at DESC, id DESC) WHERE given_at IS NOT NULL OR redeemed_at IS NOT NULL;
CREATE INDEX coupon_person ON coupon (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX coupon_redeemer ON coupon (redeemed_by) WHERE redeemed_by IS NOT NULL;
SELECT hudhud_wall('coupon');

-- How many codes pools have, as changes: written with the codes, folded now and then. Whoever counts adds up a few rows, not a million codes.
-- Changes, not one row a pool: who gives a code and who notes that one was used must not wait for each other. No reference to the pool, as
-- that would lock it.
CREATE TABLE coupon_stock (
    workspace_id bigint NOT NULL,
    pool_id      bigint NOT NULL,
    ends_at      timestamptz,                    -- of the codes: those that are over are not free
    total        bigint NOT NULL,
    free         bigint NOT NULL,                -- neither given nor used
    given        bigint NOT NULL,
    redeemed     bigint NOT NULL
);
CREATE INDEX coupon_stock_pool ON coupon_stock (pool_id);
SELECT hudhud_wall('coupon_stock');

CREATE FUNCTION hudhud_coupons_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO coupon_stock (workspace_id, pool_id, ends_at, total, free, given, redeemed)
        SELECT c.workspace_id, c.pool_id, c.ends_at, -count(*), -count(*) FILTER (WHERE c.given_at IS NULL AND c.redeemed_at IS NULL),
               -count(c.given_at), -count(c.redeemed_at)
        FROM before c GROUP BY c.workspace_id, c.pool_id, c.ends_at;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO coupon_stock (workspace_id, pool_id, ends_at, total, free, given, redeemed)
        SELECT c.workspace_id, c.pool_id, c.ends_at, count(*), count(*) FILTER (WHERE c.given_at IS NULL AND c.redeemed_at IS NULL),
               count(c.given_at), count(c.redeemed_at)
        FROM after c GROUP BY c.workspace_id, c.pool_id, c.ends_at;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER coupons_added AFTER INSERT ON coupon
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION hudhud_coupons_changed();
CREATE TRIGGER coupons_changed AFTER UPDATE ON coupon
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION hudhud_coupons_changed();
CREATE TRIGGER coupons_removed AFTER DELETE ON coupon
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION hudhud_coupons_changed();
