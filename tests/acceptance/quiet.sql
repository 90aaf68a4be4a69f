-- name: unfinished
-- What is still to be done at an instant: events not processed, consent that no journey has read, runs due, messages under way.
SELECT (SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id)) AS events,
       (SELECT count(*) FROM consent_log c JOIN journey j USING (workspace_id) JOIN journey_version v ON v.id = j.version_id
        WHERE j.status = 'running' AND v.graph::jsonb #>> '{trigger,kind}' = 'subscribe' AND (c.txid, c.id) > (j.consent_txid, j.consent_id)) AS consent,
       (SELECT count(*) FROM run_position p WHERE p.due_at < %(now)s) AS runs,
       (SELECT count(*) FROM message m WHERE m.state IN ('planned', 'claimed', 'handing_over', 'deferred')) AS messages;

-- name: in_doubt
-- Whom we may or may not have reached: killed between the final dot and the reply.
SELECT m.address FROM message m WHERE m.state = 'in_doubt';
