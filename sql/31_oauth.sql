-- A person's consent at a provider, step by step: the link that was given out,
-- the code that came back, and tokens that are to be given back.

CREATE TABLE tasksync.oauth_states (
	user_id uuid NOT NULL,
	state_hash bytea NOT NULL CHECK (length(state_hash) = 32),
	account_id uuid NOT NULL,
	provider text NOT NULL REFERENCES tasksync.providers,
	session_id uuid,
	verifier_sealed bytea NOT NULL,
	redirect_uri text NOT NULL CHECK (length(redirect_uri) <= 1100),
	redirect_to text CHECK (length(redirect_to) <= 2048),
	scopes text CHECK (length(scopes) <= 2048),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, state_hash),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.oauth_states IS 'Links to pages of consent that nobody has come back from yet: each counts once, for ten minutes, for the person and the session that asked for it. The state itself is in the link only; here is its SHA-256.';
COMMENT ON COLUMN tasksync.oauth_states.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.oauth_states.state_hash IS 'SHA-256 of the state in the link.';
COMMENT ON COLUMN tasksync.oauth_states.account_id IS 'The account to connect.';
COMMENT ON COLUMN tasksync.oauth_states.provider IS 'Where the person was sent.';
COMMENT ON COLUMN tasksync.oauth_states.session_id IS 'The session that has to complete it; null when the link was asked for outside of one.';
COMMENT ON COLUMN tasksync.oauth_states.verifier_sealed IS 'PKCE verifier (RFC 7636), sealed.';
COMMENT ON COLUMN tasksync.oauth_states.redirect_uri IS 'Where the provider sends the person back to, as in the link.';
COMMENT ON COLUMN tasksync.oauth_states.redirect_to IS 'Page of the application that the person goes on to.';
COMMENT ON COLUMN tasksync.oauth_states.scopes IS 'What was asked for.';
COMMENT ON COLUMN tasksync.oauth_states.created_at IS 'When the link was given out.';

CREATE TABLE tasksync.oauth_grants (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	prior_state text NOT NULL,
	code_sealed bytea,
	verifier_sealed bytea,
	redirect_uri text NOT NULL,
	access_sealed bytea,
	refresh_sealed bytea,
	access_expires_at timestamptz,
	scope text CHECK (length(scope) <= 2048),
	workspace_id text CHECK (length(workspace_id) <= 200),
	person_id text CHECK (length(person_id) <= 200),
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, account_id),
	CHECK ((code_sealed IS NULL) <> (access_sealed IS NULL)),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.oauth_grants IS 'A consent that is being taken up: first the code, then the tokens that the worker got for it, until it is known whose they are. Only then they replace the account''s tokens.';
COMMENT ON COLUMN tasksync.oauth_grants.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.oauth_grants.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.oauth_grants.prior_state IS 'State of the account before: one that worked goes on working when the consent comes to nothing.';
COMMENT ON COLUMN tasksync.oauth_grants.code_sealed IS 'The code, sealed; null once it was exchanged.';
COMMENT ON COLUMN tasksync.oauth_grants.verifier_sealed IS 'PKCE verifier, sealed; null once the code was exchanged.';
COMMENT ON COLUMN tasksync.oauth_grants.redirect_uri IS 'As in the link; the exchange has to repeat it.';
COMMENT ON COLUMN tasksync.oauth_grants.access_sealed IS 'Access token, sealed, before it is known whose it is.';
COMMENT ON COLUMN tasksync.oauth_grants.refresh_sealed IS 'Refresh token, sealed; null if none came.';
COMMENT ON COLUMN tasksync.oauth_grants.access_expires_at IS 'When the access token ends; null = not told.';
COMMENT ON COLUMN tasksync.oauth_grants.scope IS 'Scope granted by the provider.';
COMMENT ON COLUMN tasksync.oauth_grants.workspace_id IS 'What the account is part of there, if the provider says so.';
COMMENT ON COLUMN tasksync.oauth_grants.person_id IS 'Who agreed there, as in accounts.';
COMMENT ON COLUMN tasksync.oauth_grants.created_at IS 'When the person came back with the code.';

CREATE TABLE tasksync.revocations (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	access_sealed bytea NOT NULL,
	refresh_sealed bytea,
	attempts integer NOT NULL DEFAULT 0,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, account_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.revocations IS 'Tokens of disconnected accounts until the worker has told the provider to forget them; a few attempts, then they are deleted in any case.';
COMMENT ON COLUMN tasksync.revocations.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.revocations.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.revocations.access_sealed IS 'Access token, sealed.';
COMMENT ON COLUMN tasksync.revocations.refresh_sealed IS 'Refresh token, sealed; null if there was none.';
COMMENT ON COLUMN tasksync.revocations.attempts IS 'Attempts so far.';
COMMENT ON COLUMN tasksync.revocations.created_at IS 'When the account was disconnected.';
