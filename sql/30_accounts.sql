-- Accounts at providers, their sealed tokens and their place in the queue.

CREATE TABLE tasksync.accounts (
	user_id uuid NOT NULL REFERENCES tasksync.users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	provider text NOT NULL REFERENCES tasksync.providers,
	external_id text CHECK (length(external_id) <= 200),
	workspace_id text CHECK (length(workspace_id) <= 200),
	person_id text CHECK (length(person_id) <= 200),
	display_name text CHECK (length(display_name) <= 320),
	timezone text CHECK (length(timezone) <= 64),
	state text NOT NULL DEFAULT 'connecting'
		CHECK (state IN ('awaiting_consent', 'connecting', 'active', 'paused', 'locked', 'reauth_required', 'disconnected')),
	state_reason text CHECK (length(state_reason) <= 1024),
	sync_interval interval NOT NULL DEFAULT '5 minutes'
		CHECK (sync_interval BETWEEN interval '5 minutes' AND interval '24 hours'),
	policy jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(policy) = 'object'),
	link_all boolean NOT NULL DEFAULT false,
	needs_full_read boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536),
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, provider, external_id)
);
COMMENT ON TABLE tasksync.accounts IS 'A person''s account at a provider. Created by connect_account().';
COMMENT ON COLUMN tasksync.accounts.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.accounts.id IS 'Key within the owner.';
COMMENT ON COLUMN tasksync.accounts.provider IS 'Which service.';
COMMENT ON COLUMN tasksync.accounts.external_id IS 'The provider''s own user id, learned in the first run. A later answer with another id stops the account before any write.';
COMMENT ON COLUMN tasksync.accounts.workspace_id IS 'What the account is part of at the provider (Notion: the workspace), if it says so; a webhook may name it.';
COMMENT ON COLUMN tasksync.accounts.person_id IS 'Who agreed there, where a second consent may get another external_id (Notion: workspace and person): then this decides whether it is the same account.';
COMMENT ON COLUMN tasksync.accounts.display_name IS 'Name or address at the provider, for people.';
COMMENT ON COLUMN tasksync.accounts.timezone IS 'Time zone set at the provider.';
COMMENT ON COLUMN tasksync.accounts.state IS 'awaiting_consent (connect_account() gave out a link and nobody has come back from it), connecting (no run finished yet), active, paused, locked (the key for its tokens is missing), reauth_required (the provider refuses the tokens, or the person the consent), disconnected.';
COMMENT ON COLUMN tasksync.accounts.state_reason IS 'One sentence: why it is in that state.';
COMMENT ON COLUMN tasksync.accounts.sync_interval IS 'Time between polls, 5 minutes to 24 hours; local edits and sync_now() do not wait for it.';
COMMENT ON COLUMN tasksync.accounts.policy IS 'Conflict policy of the account, as in merge_task(): {"rule": …, "fields": {…}}; empty = the person''s default.';
COMMENT ON COLUMN tasksync.accounts.link_all IS 'Set by link_all(): containers that appear later, on either side, are linked too.';
COMMENT ON COLUMN tasksync.accounts.needs_full_read IS 'Set when containers are linked: the next run reads everything again instead of the changes only.';
COMMENT ON COLUMN tasksync.accounts.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.accounts.updated_at IS 'Last change.';
COMMENT ON COLUMN tasksync.accounts.metadata IS 'The application''s own data, a JSON object of at most 64 KiB.';

CREATE TABLE tasksync.account_tokens (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	access_sealed bytea NOT NULL,
	refresh_sealed bytea,
	access_expires_at timestamptz,
	scope text CHECK (length(scope) <= 2048),
	is_grant boolean NOT NULL DEFAULT false,
	refreshed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, account_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.account_tokens IS 'Provider tokens, sealed with XChaCha20-Poly1305 and bound to this row: a ciphertext copied to another row does not open. No SQL function returns a plaintext.';
COMMENT ON COLUMN tasksync.account_tokens.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.account_tokens.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.account_tokens.access_sealed IS 'Access token, sealed.';
COMMENT ON COLUMN tasksync.account_tokens.refresh_sealed IS 'Refresh token, sealed; null for a token that does not expire, and when the answer with the next one was lost.';
COMMENT ON COLUMN tasksync.account_tokens.access_expires_at IS 'When the access token ends; null = never.';
COMMENT ON COLUMN tasksync.account_tokens.scope IS 'Scope granted by the provider.';
COMMENT ON COLUMN tasksync.account_tokens.is_grant IS 'Whether it came from a consent, which is given back at the end; a token that a person brought along is left alone.';
COMMENT ON COLUMN tasksync.account_tokens.refreshed_at IS 'When this pair was stored.';

CREATE TABLE tasksync.schedules (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	next_due timestamptz NOT NULL DEFAULT now(),
	requested_at timestamptz,
	lease_token bigint NOT NULL DEFAULT 0,
	leased_until timestamptz,
	attempts integer NOT NULL DEFAULT 0,
	failures integer NOT NULL DEFAULT 0,
	cursor text,
	last_read_at timestamptz,
	last_started_at timestamptz,
	last_finished_at timestamptz,
	last_success_at timestamptz,
	runs bigint NOT NULL DEFAULT 0,
	quiet_runs bigint NOT NULL DEFAULT 0,
	error_code text CHECK (length(error_code) <= 64),
	error_message text CHECK (length(error_message) <= 1024),
	PRIMARY KEY (user_id, account_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);
-- A queue, not a key: the worker asks for the earliest rows of all people.
CREATE INDEX schedules_next_due ON tasksync.schedules (next_due);
COMMENT ON TABLE tasksync.schedules IS 'The account queue: when each account is due, who holds it, where its reading stopped. The only row that a run without changes writes.';
COMMENT ON COLUMN tasksync.schedules.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.schedules.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.schedules.next_due IS 'Earliest start of the next run; moved forward by backoff and Retry-After.';
COMMENT ON COLUMN tasksync.schedules.requested_at IS 'Set by local edits, sync_now() and webhooks, cleared by the claim: run then, or as soon as no backoff forbids it.';
COMMENT ON COLUMN tasksync.schedules.lease_token IS 'Fencing token: raised by every claim; a worker that holds an older one can record nothing.';
COMMENT ON COLUMN tasksync.schedules.leased_until IS 'End of the current lease; null = free.';
COMMENT ON COLUMN tasksync.schedules.attempts IS 'Claims since the last recorded end: counts crashes, so that an account that kills its worker is parked.';
COMMENT ON COLUMN tasksync.schedules.failures IS 'Failed runs in a row; drives the backoff.';
COMMENT ON COLUMN tasksync.schedules.cursor IS 'The provider''s position after the last recorded read (Todoist: sync_token); null = read everything.';
COMMENT ON COLUMN tasksync.schedules.last_read_at IS 'When the request of the last recorded read left.';
COMMENT ON COLUMN tasksync.schedules.last_started_at IS 'Start of the last run.';
COMMENT ON COLUMN tasksync.schedules.last_finished_at IS 'End of the last run.';
COMMENT ON COLUMN tasksync.schedules.last_success_at IS 'End of the last run without an error.';
COMMENT ON COLUMN tasksync.schedules.runs IS 'Runs so far.';
COMMENT ON COLUMN tasksync.schedules.quiet_runs IS 'Runs so far that found nothing to do.';
COMMENT ON COLUMN tasksync.schedules.error_code IS 'Code of the last error, null after a success.';
COMMENT ON COLUMN tasksync.schedules.error_message IS 'Sentence for people about the last error; never holds a token or a task''s text.';

CREATE TABLE tasksync.hints (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	is_webhook boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, account_id, id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.hints IS 'Something changed for this account: look now. Rows are only inserted (by triggers, sync_now() and webhooks) and taken away by the worker, so that an application''s open transaction never holds a lock the worker needs; updating schedules instead would.';
COMMENT ON COLUMN tasksync.hints.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.hints.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.hints.id IS 'Key of the hint.';
COMMENT ON COLUMN tasksync.hints.is_webhook IS 'Given by a webhook: looked into at once, but not more often than tasksync.webhook_interval.';
COMMENT ON COLUMN tasksync.hints.created_at IS 'Start of the transaction that gave the hint.';

CREATE TABLE tasksync.containers (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	remote_id text NOT NULL CHECK (length(remote_id) <= 200),
	title text NOT NULL,
	parent_remote_id text,
	is_inbox boolean NOT NULL DEFAULT false,
	is_archived boolean NOT NULL DEFAULT false,
	config jsonb,
	error_code text CHECK (length(error_code) <= 64),
	error_message text CHECK (length(error_message) <= 1024),
	seen_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, account_id, remote_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.containers IS 'What the provider has: its projects (lists, databases), linked or not, as last seen. Read through list_containers().';
COMMENT ON COLUMN tasksync.containers.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.containers.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.containers.remote_id IS 'The provider''s id.';
COMMENT ON COLUMN tasksync.containers.title IS 'The provider''s name for it.';
COMMENT ON COLUMN tasksync.containers.parent_remote_id IS 'Id of the container above it.';
COMMENT ON COLUMN tasksync.containers.is_inbox IS 'Where the provider puts tasks without a container.';
COMMENT ON COLUMN tasksync.containers.is_archived IS 'Archived at the provider.';
COMMENT ON COLUMN tasksync.containers.config IS 'What the provider''s side of the worker keeps of it: its schema and a proposed mapping, where the provider has such.';
COMMENT ON COLUMN tasksync.containers.error_code IS 'Why it cannot be read; null while it can.';
COMMENT ON COLUMN tasksync.containers.error_message IS 'The same for people, with the next step to take.';
COMMENT ON COLUMN tasksync.containers.seen_at IS 'Last seen.';
