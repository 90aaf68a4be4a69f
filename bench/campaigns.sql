-- name: people
-- People with an address who agreed to the newsletter; each hundredth did not.
WITH made AS (
    INSERT INTO person (workspace_id, attributes, language, created_at, updated_at)
    SELECT %(workspace_id)s, jsonb_build_object('email', 'person' || i || '@bench.example', 'first_name', 'Anna ' || i), 'en', %(now)s, %(now)s
    FROM generate_series(%(first)s + 1, %(first)s + %(count)s) i
    RETURNING id, attributes ->> 'email' AS address
), named AS (
    INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) SELECT %(workspace_id)s, 'email', address, id, %(now)s FROM made
)
INSERT INTO subscription (workspace_id, person_id, topic_id, channel, state, changed_at)
SELECT %(workspace_id)s, made.id, t.id, 'email', CASE WHEN made.id %% 100 = 0 THEN 'unsubscribed' ELSE 'subscribed' END, %(now)s
FROM made, topic t WHERE t.workspace_id = %(workspace_id)s AND t.key = 'newsletter';

-- name: forget_stale
-- Nobody looks for duplicates here.
DELETE FROM duplicate_stale;

-- name: first_sent
-- When the peer had taken the first mail, by the database's clock.
SELECT min(pg_xact_commit_timestamp(o.xmin)) FROM (SELECT xmin FROM message_outcome WHERE state = 'accepted' ORDER BY id LIMIT 1) o;

-- name: launched
-- When the campaign was launched, by the same clock.
SELECT pg_xact_commit_timestamp(xmin) FROM campaign_variant LIMIT 1;

-- name: written
-- When the last rows were there, by the same clock; null: not yet.
SELECT pg_xact_commit_timestamp(xmin) FROM campaign_part WHERE finished_at IS NOT NULL;

-- name: figures
-- How many were frozen, and how many have rows.
SELECT c.audience, p.planned, p.seen FROM campaign c JOIN campaign_part p ON p.campaign_id = c.id;

-- name: by_hand
-- The floor: as many rows, in statements of the same size, for people who are given.
INSERT INTO message (workspace_id, source_kind, source_id, source_key, step, visit, person_id, channel, topic, template, edition_id, event, planned_at, due_at, state_at)
SELECT %(workspace_id)s, 'campaign', 999999, '999999', 'send', 1, i, 'email', 'newsletter', 'bench', 1, '{}', %(now)s, %(later)s, %(now)s
FROM generate_series(%(first)s::bigint, %(last)s::bigint) i;
