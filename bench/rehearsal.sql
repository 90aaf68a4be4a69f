-- name: people
-- So many copies of each person beside the one there is, with an address and the same yes or no.
WITH made AS (
    INSERT INTO person (id, workspace_id, attributes, time_zone, language, country, created_at, updated_at, version, mirrored)
    OVERRIDING SYSTEM VALUE
    SELECT p.id + k * %(apart)s, p.workspace_id, p.attributes, p.time_zone, p.language, p.country, p.created_at, p.updated_at, 1, 1
    FROM person p CROSS JOIN generate_series(1, %(copies)s) AS k
), addressed AS (
    INSERT INTO identifier (workspace_id, namespace, value, person_id, created_at)
    SELECT i.workspace_id, 'email', k || '.' || i.value, i.person_id + k * %(apart)s, i.created_at
    FROM identifier i CROSS JOIN generate_series(1, %(copies)s) AS k WHERE i.namespace = 'email'
)
INSERT INTO consent_log (workspace_id, person_id, topic_id, channel, state, at, source, applied)
SELECT c.workspace_id, c.person_id + k * %(apart)s, c.topic_id, c.channel, c.state, c.at, c.source, c.applied
FROM consent_log c CROSS JOIN generate_series(1, %(copies)s) AS k;
