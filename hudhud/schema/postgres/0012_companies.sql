-- Companies: what `group` calls are about. A person can be in several.
CREATE TABLE company (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id bigint NOT NULL REFERENCES workspace ON DELETE CASCADE,
    key          text NOT NULL,                  -- groupId, as it is sent
    created_at   timestamptz NOT NULL,           -- when the earliest call was said
    claimed      boolean NOT NULL DEFAULT false, -- only public keys have named it: anybody may say anything about it
    version      bigint NOT NULL DEFAULT 1,      -- grows with every change of its attributes; the ClickHouse mirror keeps the highest
    mirrored     bigint NOT NULL DEFAULT 0,      -- the version that ClickHouse has
    UNIQUE (workspace_id, key)
);
CREATE INDEX company_stale ON company (workspace_id, id) WHERE version > mirrored;
SELECT hudhud_wall('company');

-- Traits of the calls: of each what was said last, whatever order the calls came in; null: it was removed.
CREATE TABLE company_attribute (
    workspace_id bigint NOT NULL,
    company_id   bigint NOT NULL REFERENCES company ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) <= 512),
    value        jsonb NOT NULL,
    said_at      timestamptz NOT NULL,
    claimed      boolean NOT NULL DEFAULT false, -- only public keys have set it
    PRIMARY KEY (company_id, name)
);
CREATE INDEX company_attribute_name ON company_attribute (workspace_id, lower(left(value #>> '{}', 200)) text_pattern_ops) WHERE name = 'name';
SELECT hudhud_wall('company_attribute');

-- By the person that the call was recorded for; who that is today is answered by person.merged_into, so that a merge can be undone.
CREATE TABLE company_person (
    workspace_id bigint NOT NULL,
    company_id   bigint NOT NULL REFERENCES company ON DELETE CASCADE,
    person_id    bigint NOT NULL REFERENCES person ON DELETE CASCADE,
    since        timestamptz NOT NULL,
    claimed      boolean NOT NULL DEFAULT false, -- only public keys have said so; it ends when the company is vouched for
    PRIMARY KEY (company_id, person_id)
);
CREATE INDEX company_person_claimed ON company_person (company_id) WHERE claimed;
CREATE INDEX company_person_of ON company_person (person_id);
SELECT hudhud_wall('company_person');

-- Who is erased leaves every company, in the same transaction.
CREATE FUNCTION hudhud_leave_companies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM company_person c WHERE c.person_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER person_leaves_companies AFTER UPDATE OF erased_at ON person
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION hudhud_leave_companies();
