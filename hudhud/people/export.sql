-- name: person
-- The person and everybody merged into them, each as it stands.
SELECT (to_jsonb(p) - '{workspace_id,version,mirrored,made_in,name_word,first_word,last_word}'::text[])::text FROM person p
WHERE p.workspace_id = %(workspace_id)s AND p.id = ANY(%(actors)s::bigint[]) ORDER BY p.merged_into IS NOT NULL, p.id;

-- name: identifiers
-- What they are known by.
SELECT (to_jsonb(i) - '{workspace_id,word}'::text[])::text FROM identifier i
WHERE i.workspace_id = %(workspace_id)s AND i.person_id = ANY(%(actors)s::bigint[]) ORDER BY i.created_at, i.namespace, i.value;

-- name: merges
-- Who was found to be them, when and why, and what was known of both before.
SELECT (to_jsonb(m) - 'workspace_id')::text FROM person_merge m
WHERE m.workspace_id = %(workspace_id)s AND (m.survivor_id = ANY(%(actors)s::bigint[]) OR m.merged_id = ANY(%(actors)s::bigint[])) ORDER BY m.id;

-- name: changes
-- What was known of them before each change, and who made it.
SELECT (to_jsonb(c) - 'workspace_id')::text FROM person_change c
WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(actors)s::bigint[]) ORDER BY c.id;

-- name: subscriptions
-- Where they stand on topics.
SELECT jsonb_build_object('person_id', s.person_id, 'topic', t.key, 'channel', s.channel, 'state', s.state, 'changed_at', s.changed_at)::text
FROM subscription s JOIN topic t ON t.id = s.topic_id
WHERE s.workspace_id = %(workspace_id)s AND s.person_id = ANY(%(actors)s::bigint[]) ORDER BY s.person_id, t.key, s.channel;

-- name: consent
-- Every word about consent with its proof.
SELECT jsonb_build_object('person_id', c.person_id, 'topic', t.key, 'channel', c.channel, 'state', c.state, 'at', c.at, 'source', c.source,
                          'applied', c.applied, 'proof', c.proof)::text
FROM consent_log c LEFT JOIN topic t ON t.id = c.topic_id
WHERE c.workspace_id = %(workspace_id)s AND c.person_id = ANY(%(actors)s::bigint[]) ORDER BY c.id;

-- name: preferences
-- What they wished beside topics, each time with its proof: silence until when, one message in how many days.
SELECT (to_jsonb(l) - 'workspace_id')::text FROM preference_log l
WHERE l.workspace_id = %(workspace_id)s AND l.person_id = ANY(%(actors)s::bigint[]) ORDER BY l.id;

-- name: confirmations
-- Mails with which they were to confirm what somebody had subscribed them to.
SELECT (to_jsonb(m) - 'workspace_id')::text FROM confirmation_mail m
WHERE m.workspace_id = %(workspace_id)s AND m.person_id = ANY(%(actors)s::bigint[]) ORDER BY m.id;

-- name: suppressions
-- Addresses of theirs that nothing is sent to.
SELECT (to_jsonb(x) - 'workspace_id')::text FROM suppression x JOIN identifier i
  ON i.workspace_id = x.workspace_id AND i.namespace = x.channel AND lower(i.value) = x.address
WHERE x.workspace_id = %(workspace_id)s AND i.person_id = ANY(%(actors)s::bigint[]) ORDER BY x.channel, x.address;

-- name: messages
-- Every message meant for them: its copy, what became of each attempt, opens and clicks.
SELECT ((to_jsonb(m) - '{workspace_id,lease_id}'::text[]) || jsonb_build_object(
    'copy', (SELECT jsonb_build_object('facts', c.facts, 'links', c.links) FROM message_copy c WHERE c.message_id = m.id),
    'outcomes', (SELECT jsonb_agg(to_jsonb(o) - '{workspace_id,message_id,worker}'::text[] ORDER BY o.id) FROM message_outcome o WHERE o.message_id = m.id),
    'engagement', (SELECT jsonb_agg(to_jsonb(e) - '{workspace_id,message_id}'::text[] ORDER BY e.id) FROM engagement e WHERE e.message_id = m.id)))::text
FROM message m
WHERE m.workspace_id = %(workspace_id)s AND (m.person_id = ANY(%(actors)s::bigint[]) OR m.sent_to = ANY(%(actors)s::bigint[])) ORDER BY m.id;

-- name: mails
-- Mails to them in the built-in mailbox, as they came (base64).
SELECT jsonb_build_object('received_at', b.received_at, 'message_id', b.message_id, 'sender', b.sender, 'recipient', b.recipient,
                          'subject', b.subject, 'source', encode(b.body, 'base64'))::text
FROM mailbox b
WHERE b.workspace_id = %(workspace_id)s AND (
    b.message_id IN (SELECT m.id FROM message m WHERE m.person_id = ANY(%(actors)s::bigint[]) OR m.sent_to = ANY(%(actors)s::bigint[]))
    OR lower(b.recipient) IN (SELECT lower(i.value) FROM identifier i
                              WHERE i.workspace_id = %(workspace_id)s AND i.namespace = 'email' AND i.person_id = ANY(%(actors)s::bigint[])))
ORDER BY b.id;

-- name: runs
-- Where they were in journeys, what had started it, and each decision with its reason.
SELECT ((to_jsonb(r) - 'workspace_id') || jsonb_build_object(
    'journey', j.key,
    'trigger', (SELECT to_jsonb(t) - '{workspace_id,run_id}'::text[] FROM run_trigger t WHERE t.run_id = r.id),
    'answers', (SELECT jsonb_agg(to_jsonb(f) - '{workspace_id,run_id}'::text[] ORDER BY f.visit, f.name) FROM run_fact f WHERE f.run_id = r.id),
    'requests', (SELECT jsonb_agg(jsonb_build_object('visit', q.visit, 'method', q.method, 'url', q.url, 'body', encode(q.body, 'base64'), 'code', q.code,
                                                     'reply', encode(q.reply, 'base64'), 'tries', q.tries) ORDER BY q.id) FROM journey_request q WHERE q.run_id = r.id),
    'log', (SELECT jsonb_agg(to_jsonb(l) - '{workspace_id,run_id}'::text[] ORDER BY l.visit) FROM run_log l WHERE l.run_id = r.id)))::text
FROM run r JOIN journey j ON j.id = r.journey_id
WHERE r.workspace_id = %(workspace_id)s AND r.person_id = ANY(%(actors)s::bigint[]) ORDER BY r.id;

-- name: companies
-- Companies that they are or were said to be in, with what is known of each.
SELECT jsonb_build_object('person_id', m.person_id, 'company', c.key, 'since', m.since, 'claimed', m.claimed,
                          'attributes', (SELECT coalesce(jsonb_object_agg(a.name, a.value) FILTER (WHERE a.value <> 'null'), '{}')
                                         FROM company_attribute a WHERE a.company_id = c.id))::text
FROM company_person m JOIN company c ON c.id = m.company_id
WHERE m.workspace_id = %(workspace_id)s AND m.person_id = ANY(%(actors)s::bigint[]) ORDER BY m.since, c.id;

-- name: lifecycle_moves
-- When they went from stage to stage of the lifecycle.
SELECT jsonb_build_object('person_id', m.person_id, 'from', o.key, 'to', t.key, 'at', m.at)::text
FROM lifecycle_move m LEFT JOIN lifecycle_stage o ON o.id = m.from_id LEFT JOIN lifecycle_stage t ON t.id = m.to_id
WHERE m.workspace_id = %(workspace_id)s AND m.person_id = ANY(%(actors)s::bigint[]) ORDER BY m.id;

-- name: segment_changes
-- When they entered and left segments.
SELECT jsonb_build_object('segment', s.name, 'segment_id', c.segment_id, 'person_id', c.person_id, 'entered', c.entered, 'at', c.at)::text
FROM segment s JOIN segment_change c ON c.segment_id = s.id AND c.person_id = ANY(%(actors)s::bigint[])
WHERE s.workspace_id = %(workspace_id)s ORDER BY c.id;
