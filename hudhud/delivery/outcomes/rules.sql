-- name: get_rules
-- What a workspace has set.
SELECT soft_bounces, soft_days, brake_hours, brake_least, round(complaint_rate::numeric, 6)::float8 AS complaint_rate, round(bounce_rate::numeric, 6)::float8 AS bounce_rate
FROM outcome_rule WHERE workspace_id = %(workspace_id)s;

-- name: put_rules
-- Set all of it.
INSERT INTO outcome_rule (workspace_id, soft_bounces, soft_days, brake_hours, brake_least, complaint_rate, bounce_rate)
VALUES (%(workspace_id)s, %(soft_bounces)s, %(soft_days)s, %(brake_hours)s, %(brake_least)s, %(complaint_rate)s, %(bounce_rate)s)
ON CONFLICT (workspace_id) DO UPDATE SET soft_bounces = excluded.soft_bounces, soft_days = excluded.soft_days, brake_hours = excluded.brake_hours,
    brake_least = excluded.brake_least, complaint_rate = excluded.complaint_rate, bounce_rate = excluded.bounce_rate;
