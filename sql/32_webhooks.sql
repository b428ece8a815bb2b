-- Webhooks that providers call: the secrets they are signed with, and which
-- deliveries came already. Rows of the installation, not of a person.

CREATE TABLE tasksync.webhook_secrets (
	provider text NOT NULL REFERENCES tasksync.providers,
	position text NOT NULL CHECK (position IN ('current', 'previous', 'offered')),
	secret_sealed bytea,
	valid_until timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (provider, position),
	CHECK (secret_sealed IS NOT NULL OR position = 'offered')
);
COMMENT ON TABLE tasksync.webhook_secrets IS 'Secrets that webhooks are signed with, besides the app''s own at Todoist: the current one, the one before while both are in use, and one that a provider offers in a handshake.';
COMMENT ON COLUMN tasksync.webhook_secrets.provider IS 'The provider.';
COMMENT ON COLUMN tasksync.webhook_secrets.position IS 'current, previous or offered; the first delivery that an offered one has signed makes it the current one.';
COMMENT ON COLUMN tasksync.webhook_secrets.secret_sealed IS 'The secret, sealed; null while a handshake is waited for.';
COMMENT ON COLUMN tasksync.webhook_secrets.valid_until IS 'Nothing signed with it is taken later; null = until it is replaced.';
COMMENT ON COLUMN tasksync.webhook_secrets.created_at IS 'When it came.';

CREATE TABLE tasksync.webhook_deliveries (
	provider text NOT NULL REFERENCES tasksync.providers,
	delivery_id text NOT NULL CHECK (length(delivery_id) <= 200),
	body_hash bytea NOT NULL CHECK (length(body_hash) = 32),
	received_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (provider, delivery_id),
	UNIQUE (provider, body_hash)
);
CREATE INDEX webhook_deliveries_received ON tasksync.webhook_deliveries (received_at);
COMMENT ON TABLE tasksync.webhook_deliveries IS 'Deliveries of the last seven days: one that comes again, under its id or with its bytes, does nothing. The body is not kept: nothing in it is believed, and it may hold a task''s text.';
COMMENT ON COLUMN tasksync.webhook_deliveries.provider IS 'The provider.';
COMMENT ON COLUMN tasksync.webhook_deliveries.delivery_id IS 'The provider''s id of the delivery.';
COMMENT ON COLUMN tasksync.webhook_deliveries.body_hash IS 'SHA-256 of the body: the id may stand in a header, which is not signed.';
COMMENT ON COLUMN tasksync.webhook_deliveries.received_at IS 'When it came.';

-- Look-ups of the intake for all people, so user_id cannot come first.
CREATE INDEX accounts_external ON tasksync.accounts (provider, external_id);
CREATE INDEX accounts_workspace ON tasksync.accounts (provider, workspace_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX containers_remote ON tasksync.containers (remote_id);
