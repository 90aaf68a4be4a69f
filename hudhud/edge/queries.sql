-- name: applied_migrations
-- What the schema has; whoever migrates writes it.
SELECT name FROM schema_migration;

-- name: fresh_roles
-- Roles with a worker that gave a sign of life lately (database clock).
SELECT DISTINCT role FROM worker_heartbeat WHERE beat_at > clock_timestamp() - make_interval(secs => %(fresh_s)s);

-- name: fresh_alarms
-- What workers cannot put right by themselves, and have seen lately (database clock).
SELECT message FROM worker_alarm WHERE seen_at > clock_timestamp() - make_interval(secs => %(fresh_s)s) ORDER BY name;

-- name: worker_stats
-- What the living workers count.
SELECT worker, role, stats FROM worker_heartbeat WHERE beat_at > clock_timestamp() - make_interval(secs => %(fresh_s)s) ORDER BY worker, role;

-- name: backlog
-- How much waits in the intake log, as the planner estimates (counting would read it all).
SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'intake'::regclass;

-- name: find_addresses
-- Which of these e-mail addresses somebody has.
SELECT value FROM identifier WHERE workspace_id = %(workspace_id)s AND namespace = 'email' AND value = ANY(%(addresses)s::text[]);
