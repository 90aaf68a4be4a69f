-- Row-level security: one policy for every table that belongs to a workspace.
-- The role that owns the tables is subject to it too (FORCE), so one plain role is enough.

CREATE FUNCTION hudhud_workspace() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(nullif(current_setting('hudhud.workspace', true), ''), '*')::bigint $$;

CREATE FUNCTION hudhud_everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('hudhud.workspace', true) = '*', false) $$;

-- Called once for each table, right after it is made. Without a setting nothing is visible and nothing can be written.
CREATE FUNCTION hudhud_wall(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY wall ON %s USING ((SELECT hudhud_everywhere()) OR workspace_id = (SELECT hudhud_workspace()))', target);
END $$;
