-- name: keep_trial
-- Put a mail that is nobody's message into the built-in mailbox.
INSERT INTO mailbox (workspace_id, received_at, message_id, sender, recipient, subject, size, body)
VALUES (%(workspace_id)s, %(now)s, NULL, %(sender)s, %(recipient)s, %(subject)s, octet_length(%(body)s::bytea), %(body)s::bytea);
