-- name: unfinished
-- What is still to be done at an instant: events not processed, consent that no journey has read, runs and outcomes that the log has
-- not been told of, runs due, what nodes do to people, messages under way.
SELECT (SELECT count(*) FROM intake i JOIN intake_lane l USING (lane) WHERE (i.txid, i.id) > (l.txid, l.id)) AS events,
       (SELECT count(*) FROM consent_log c JOIN journey j USING (workspace_id) JOIN journey_version v ON v.id = j.version_id
        WHERE j.status = 'running' AND v.graph::jsonb #>> '{trigger,kind}' = 'subscribe' AND (c.txid, c.id) > (j.consent_txid, j.consent_id)) AS consent,
       (SELECT count(*) FROM run_log l CROSS JOIN run_told t WHERE (l.txid, l.run_id, l.visit) > (t.txid, t.run_id, t.visit)
           AND l.reason IN ('triggered', 'end_reached', 'goal_reached', 'exit_condition', 'person_merged', 'step_removed', 'other_journey'))
           + (SELECT count(*) FROM message_outcome o CROSS JOIN message_told t WHERE (o.txid, o.id) > (t.txid, t.id)
           AND o.state IN ('accepted', 'rejected', 'bounced')) AS untold,
       (SELECT count(*) FROM run_position p WHERE p.due_at < %(now)s) AS runs,
       (SELECT count(*) FROM journey_effect) AS effects,
       (SELECT count(*) FROM message m WHERE m.state IN ('planned', 'claimed', 'handing_over', 'deferred')) AS messages;

-- name: in_doubt
-- Whom we may or may not have reached: killed between the final dot and the reply.
SELECT m.address FROM message m WHERE m.state = 'in_doubt';
