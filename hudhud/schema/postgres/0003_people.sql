-- How names and addresses are compared in a search: small letters, no accents and vowel signs, one form of letters that Persian and
-- Arabic keyboards write differently, no joiners, Latin digits. people/search.py does the same.
CREATE FUNCTION hudhud_fold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(CASE WHEN octet_length($1) = length($1) THEN lower($1)
        ELSE translate(regexp_replace(lower(normalize($1, NFKD)), U&'[\0300-\036F\0640\064B-\065F\0670\200B-\200F]', '', 'g'),
                       U&'\064A\0649\0643\0629\06C1\06BE\06D5\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669',
                       U&'\06CC\06CC\06A9\0647\0647\0647\064701234567890123456789') END, 200) COLLATE "C"
$$;

CREATE TABLE person (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- also the actor_id of their events
    workspace_id  bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    attributes    jsonb NOT NULL DEFAULT '{}',   -- flat; names as sent in traits; e-mail also here for templates
    time_zone     text,
    language      text,
    country       text,
    region        text,
    city          text,
    position      text,                          -- '59.437,24.754'; no finer than a hundred metres
    provenance    jsonb NOT NULL DEFAULT '{}',   -- {"time_zone": "stated" | "device" | "ip" | "zone" | "default", …, "place_at": when the place was told last}
    claimed       jsonb NOT NULL DEFAULT '[]',   -- attributes that only public keys have set; ["*"]: nobody trusted has identified them
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    merged_into   bigint REFERENCES person,      -- set: this actor lives on in the survivor (always the final one)
    erased_at     timestamptz,
    unmerged      boolean NOT NULL DEFAULT false, -- was merged once: ClickHouse must be told whom their events belong to
    version       bigint NOT NULL DEFAULT 1,     -- grows with every change; the ClickHouse mirror keeps the highest
    mirrored      bigint NOT NULL DEFAULT 0,     -- the version that ClickHouse has
    quiet         bigint NOT NULL DEFAULT 0,     -- the version that taking an import back has made: nobody has entered anything by that
    name_word     text COLLATE "C" GENERATED ALWAYS AS (hudhud_fold(left(attributes ->> 'name', 200))) STORED,
    first_word    text COLLATE "C" GENERATED ALWAYS AS (hudhud_fold(left(coalesce(attributes ->> 'first_name', attributes ->> 'firstName'), 200))) STORED,
    last_word     text COLLATE "C" GENERATED ALWAYS AS (hudhud_fold(left(coalesce(attributes ->> 'last_name', attributes ->> 'lastName',
                      substring(attributes ->> 'name' FROM '\s(\S+)\s*$')), 200))) STORED,
    made_in       bigint                         -- the intake batch that made them: while it is open, the mirror is behind all the same
);
CREATE INDEX person_stale ON person (id) WHERE version > mirrored;
CREATE INDEX person_recent ON person (workspace_id, id DESC) WHERE merged_into IS NULL;
CREATE INDEX person_merged ON person (merged_into) WHERE merged_into IS NOT NULL;
SELECT hudhud_wall('person');

CREATE TABLE identifier (
    workspace_id bigint NOT NULL,                -- that of the person; a check of its own would cost a third of each new row
    namespace    text NOT NULL,                  -- user_id, anonymous_id, email, phone, shopify, …
    value        text NOT NULL CHECK (length(value) BETWEEN 1 AND 1024),  -- normal form
    person_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    word         text COLLATE "C" GENERATED ALWAYS AS (CASE WHEN namespace <> 'anonymous_id' THEN hudhud_fold(left(value, 200)) END) STORED,
    PRIMARY KEY (workspace_id, namespace, value)
);
CREATE INDEX identifier_person ON identifier (person_id);
-- One address per channel and person: a new one replaces the old.
CREATE UNIQUE INDEX identifier_address ON identifier (person_id, namespace) WHERE namespace IN ('email', 'phone');
-- Search by the beginning: stored words, compared as ranges. An expression, or LIKE, could not use an index behind the wall (row-level security takes them for leaky).
CREATE INDEX identifier_word ON identifier (workspace_id, word, person_id) WHERE word IS NOT NULL;
CREATE INDEX person_name_word ON person (workspace_id, name_word, id) WHERE name_word IS NOT NULL;
CREATE INDEX person_first_word ON person (workspace_id, first_word, id) WHERE first_word IS NOT NULL;
CREATE INDEX person_last_word ON person (workspace_id, last_word, id) WHERE last_word IS NOT NULL;
SELECT hudhud_wall('identifier');

CREATE TABLE person_merge (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    survivor_id  bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    merged_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    at           timestamptz NOT NULL,
    cause        text NOT NULL,                  -- identify, alias, import, …
    snapshot     jsonb NOT NULL,                 -- identifiers and attributes of both before, and of the survivor after: so that it can be undone
    undone_at    timestamptz,
    undone_by    text
);
CREATE INDEX person_merge_by_survivor ON person_merge (workspace_id, survivor_id);
SELECT hudhud_wall('person_merge');

-- What was known of a person before each change, and who changed it: read backwards from today it tells them as they were.
CREATE TABLE person_change (
    workspace_id bigint NOT NULL,                -- that of the person
    person_id    bigint NOT NULL,                -- as who they were then: a merge can be undone; rows of people are never deleted
    id           bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL,           -- when it was taken in
    source       text NOT NULL,                  -- collect, server, import:7, merge:12, unmerge:12, user:7, …
    before       jsonb NOT NULL,                 -- {"city": "Tartu", "@country": null}: null = there was nothing
    identifiers  jsonb,                          -- [["email", "ann@example.com", true]]: true = theirs until then, false = from then on
    PRIMARY KEY (workspace_id, person_id, id)
);
CREATE INDEX person_change_at ON person_change USING brin (at);
SELECT hudhud_wall('person_change');

-- How addresses are compared when one looks for duplicates: letters that look like Latin ones count as those (the commonest Cyrillic and
-- Greek ones), `+words` before the @ do not count, nor do dots at Gmail. Confidence is told apart later, from the addresses themselves.
CREATE FUNCTION hudhud_look(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(lower($1), U&'\0430\0435\043E\0440\0441\0443\0445\0456\0458\0455\04BB\03BF\03B1\03BD\03C1\03B5\0131', 'aeopcyxijshoavpei')
$$;
CREATE FUNCTION hudhud_mailbox(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN split_part(lower($1), '@', 2) IN ('gmail.com', 'googlemail.com')
        THEN replace(split_part(split_part(lower($1), '@', 1), '+', 1), '.', '') || '@gmail.com'
        ELSE split_part(split_part(lower($1), '@', 1), '+', 1) || '@' || split_part(lower($1), '@', 2) END
$$;

-- A search for duplicates that somebody asked for: a job, done when `finished_at` is set.
CREATE TABLE duplicate_search (
    workspace_id bigint PRIMARY KEY REFERENCES workspace ON DELETE CASCADE,
    asked_at     timestamptz NOT NULL,
    asked_by     text NOT NULL,
    finished_at  timestamptz
);
SELECT hudhud_wall('duplicate_search');

-- Two who may be one. Nothing is joined by itself.
CREATE TABLE duplicate (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    one_id       bigint NOT NULL,
    other_id     bigint NOT NULL CHECK (other_id > one_id),
    reasons      text[] NOT NULL,                -- closed set: people/duplicates.py WEIGHTS
    confidence   smallint NOT NULL,              -- percent
    state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'different', 'joined')),
    decided_by   text,
    decided_at   timestamptz,
    UNIQUE (workspace_id, one_id, other_id)
);
CREATE INDEX duplicate_open ON duplicate (workspace_id, (-confidence), id) WHERE state = 'open';
CREATE INDEX duplicate_other ON duplicate (workspace_id, other_id);
SELECT hudhud_wall('duplicate');

-- What people may be told to be one by, as hashes, with the address itself or the reason. An address or a number that stands as it is compared is kept
-- only where somebody else has one that comes to the same: identifiers are unique, so most people have no row.
CREATE TABLE duplicate_key (
    workspace_id bigint NOT NULL,                -- that of the person
    key          bigint NOT NULL,
    person_id    bigint NOT NULL,
    word         text NOT NULL,
    PRIMARY KEY (workspace_id, key, person_id, word)
);
CREATE INDEX duplicate_key_person ON duplicate_key (workspace_id, person_id);
SELECT hudhud_wall('duplicate_key');

-- Whose keys are to be looked at again: people who came, changed, were merged or separated. Written by whoever changes them, whatever the way.
CREATE TABLE duplicate_stale (
    workspace_id bigint NOT NULL,                -- that of the person
    id           bigint GENERATED ALWAYS AS IDENTITY,
    person_id    bigint NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
SELECT hudhud_wall('duplicate_stale');
CREATE FUNCTION hudhud_person_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO duplicate_stale (workspace_id, person_id) SELECT c.workspace_id, c.id FROM changed c;
    PERFORM pg_notify('duplicates', '');
    RETURN NULL;
END $$;
CREATE FUNCTION hudhud_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO duplicate_stale (workspace_id, person_id) VALUES (NEW.workspace_id, NEW.id);
    PERFORM pg_notify('duplicates', '');
    RETURN NULL;
END $$;
CREATE FUNCTION hudhud_address_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Where a sample shop is cleared away, people go with their addresses.
    INSERT INTO duplicate_stale (workspace_id, person_id) SELECT DISTINCT c.workspace_id, c.person_id FROM changed c
    WHERE c.namespace IN ('email', 'phone') AND (TG_OP = 'INSERT' OR EXISTS (SELECT FROM person p WHERE p.id = c.person_id));
    IF FOUND THEN PERFORM pg_notify('duplicates', ''); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER person_came AFTER INSERT ON person
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_person_came();
CREATE TRIGGER person_changed AFTER UPDATE ON person FOR EACH ROW
    WHEN (OLD.attributes IS DISTINCT FROM NEW.attributes OR OLD.merged_into IS DISTINCT FROM NEW.merged_into OR OLD.erased_at IS DISTINCT FROM NEW.erased_at)
    EXECUTE FUNCTION hudhud_person_changed();
CREATE TRIGGER address_came AFTER INSERT ON identifier
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_address_changed();
CREATE TRIGGER address_went AFTER DELETE ON identifier
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hudhud_address_changed();

-- What a search for duplicates reads of some living people (people/duplicates.sql says the same of everybody at once).
CREATE FUNCTION hudhud_known_by(workspace bigint, ids bigint[])
    RETURNS TABLE (id bigint, address text, email text, phone text, said_email text, said_phone text, mailbox text, name text, born text, lives text)
    LANGUAGE sql STABLE AS $$
    SELECT k.id, k.address, k.email, k.phone, k.said_email, k.said_phone,
           CASE WHEN octet_length(k.email) = length(k.email) THEN hudhud_mailbox(k.email) ELSE hudhud_look(hudhud_mailbox(k.email)) END,
           CASE WHEN octet_length(k.name) = length(k.name) THEN k.name ELSE hudhud_look(k.name) END,
           hudhud_fold(left(k.born, 10)), lower(left(k.lives, 300))
    FROM (SELECT p.id, a.address, lower(a.address) AS email, a.phone, lower(left(p.attributes ->> 'email', 320)) AS said_email,
                 CASE WHEN p.attributes ->> 'phone' IS DISTINCT FROM '+' || a.phone THEN regexp_replace(hudhud_fold(left(p.attributes ->> 'phone', 40)), '^\+|^00|[^0-9]', '', 'g') END AS said_phone,
                 replace(coalesce(nullif(btrim(p.first_word), '') || ' ' || nullif(btrim(p.last_word), ''), nullif(btrim(p.name_word), '')), '  ', ' ') AS name,
                 coalesce(p.attributes ->> 'birthday', p.attributes ->> 'birth_date', p.attributes ->> 'birthdate', p.attributes ->> 'date_of_birth', p.attributes ->> 'dob') AS born,
                 coalesce(p.attributes ->> 'address', p.attributes ->> 'street', p.attributes ->> 'postal_code', p.attributes ->> 'postalCode', p.attributes ->> 'zip') AS lives
          FROM person p,
               LATERAL (SELECT max(i.value) FILTER (WHERE i.namespace = 'email') AS address, substr(max(i.value) FILTER (WHERE i.namespace = 'phone'), 2) AS phone
                        FROM identifier i WHERE i.person_id = p.id AND i.workspace_id = workspace AND i.namespace IN ('email', 'phone')) a
          WHERE p.id = ANY(ids) AND p.workspace_id = workspace AND p.merged_into IS NULL AND p.erased_at IS NULL OFFSET 0) k
$$;

-- Erasing one person (GDPR Art. 17): a job whose position is `step`. Events of batches that were open when it was asked for are
-- waited for; those of later ones are dropped up to `last_batch`, so a repeated batch decides the same.
CREATE TABLE erasure (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    person_id    bigint NOT NULL,
    asked_at     timestamptz NOT NULL,
    asked_by     text NOT NULL,
    step         text NOT NULL DEFAULT 'asked' CHECK (step IN ('asked', 'forgotten', 'scrubbed', 'finished')),
    first_batch  bigint NOT NULL,                -- of the intake: up to here the person was still somebody
    last_batch   bigint,                         -- up to here nothing about them is taken
    txid         xid8,                           -- what the intake log got up to here is waited for
    actor_ids    bigint[] NOT NULL,              -- the person and everybody merged into them
    known        text[] NOT NULL DEFAULT '{}',   -- their identifiers, to be looked for in logs; emptied at the end
    scrubbed_at  timestamptz,                    -- database clock: ClickHouse's parts from before go some minutes later
    finished_at  timestamptz
);
CREATE INDEX erasure_open ON erasure (workspace_id, id) WHERE step <> 'finished';
CREATE UNIQUE INDEX erasure_once ON erasure (workspace_id, person_id);
SELECT hudhud_wall('erasure');

-- Keyed hashes of what erased people were known by: late events are told by it, and an address stays suppressed.
CREATE TABLE erased_identifier (
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    hash         bytea NOT NULL,                 -- of namespace and value; worthless without the key, which is not in the database
    erasure_id   bigint NOT NULL REFERENCES erasure ON DELETE CASCADE,
    PRIMARY KEY (workspace_id, hash, erasure_id)
);
SELECT hudhud_wall('erased_identifier');
