-- name: people
-- People with an address who agreed to the newsletter.
WITH made AS (
    INSERT INTO person (workspace_id, attributes, language, created_at, updated_at)
    SELECT %(workspace_id)s, jsonb_build_object('email', 'person' || i || '@bench.example', 'first_name', 'Anna ' || i, 'city', 'Tallinn'), 'en', %(now)s, %(now)s
    FROM generate_series(1, %(count)s) i
    RETURNING id, attributes ->> 'email' AS address
), named AS (
    INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at) SELECT %(workspace_id)s, 'email', address, id, %(now)s FROM made
)
INSERT INTO subscription (workspace_id, person_id, topic_id, channel, state, changed_at)
SELECT %(workspace_id)s, made.id, t.id, 'email', 'subscribed', %(now)s FROM made, topic t WHERE t.workspace_id = %(workspace_id)s AND t.key = 'newsletter';

-- name: messages
-- One planned message for everybody.
INSERT INTO message (workspace_id, source_kind, source_id, step, visit, person_id, channel, topic, template, event, planned_at, due_at, state_at)
SELECT %(workspace_id)s, 'api', id, 'bench', 1, id, 'email', 'newsletter', 'bench', %(event)s::jsonb, %(now)s, %(now)s, %(now)s FROM person;

-- name: begun
-- Whether the peer has taken the first one. (Counting would cost as much as sending.)
SELECT EXISTS (SELECT FROM message_outcome);

-- name: accepted
-- How many the peer has taken.
SELECT count(*) FROM message_outcome WHERE state = 'accepted';

-- name: is_over
-- Whether nothing is in work and nothing waits: a worker gives its lease back after the last outcome. In this order: asked while there are
-- leases, the second question would read past all that is done.
SELECT CASE WHEN EXISTS (SELECT FROM delivery_lease) THEN false ELSE NOT EXISTS (SELECT FROM message WHERE due_at IS NOT NULL) END;

-- name: outcomes
-- What became of all of them: each message once.
SELECT o.state, count(DISTINCT o.message_id) AS messages, count(*) AS rows FROM message_outcome o GROUP BY o.state ORDER BY o.state;
