-- Consent: what needs the library's knowledge of the providers, or the vault.

CREATE FUNCTION tasksync.begin_consent(user_id uuid, account_id uuid, redirect_to text, session_id uuid) RETURNS text
	AS 'MODULE_PATHNAME', 'tasksync_begin_consent'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.begin_consent(uuid, uuid, text, uuid) IS 'Internal: stores a new state for the account and returns the link that carries it. Called by connect_account() and reconnect_account(). Errors: 55000 no app is registered or no public_url is set, 22023 people may not be sent to redirect_to, TS001 no key file.';
REVOKE ALL ON FUNCTION tasksync.begin_consent(uuid, uuid, text, uuid) FROM PUBLIC;

CREATE FUNCTION tasksync.store_grant(
	user_id uuid, account_id uuid, prior_state text, code text, verifier_sealed bytea, redirect_uri text) RETURNS void
	AS 'MODULE_PATHNAME', 'tasksync_store_grant'
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.store_grant(uuid, uuid, text, text, bytea, text) IS 'Internal: seals a code for the worker to exchange. Called by complete_oauth(). Errors: 22023 no code, TS001 no key file.';
REVOKE ALL ON FUNCTION tasksync.store_grant(uuid, uuid, text, text, bytea, text) FROM PUBLIC;

CREATE FUNCTION tasksync.is_issuer(provider text, issuer text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'tasksync_is_issuer'
	LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.is_issuer(text, text) IS 'Internal: whether an answer to a provider''s page of consent may name this issuer (RFC 9207).';
REVOKE ALL ON FUNCTION tasksync.is_issuer(text, text) FROM PUBLIC;

CREATE FUNCTION tasksync.accepts_tokens(provider text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'tasksync_accepts_tokens'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.accepts_tokens(text) IS 'Internal: whether a person can get a token at the provider by hand; without one there is the page of consent only.';
REVOKE ALL ON FUNCTION tasksync.accepts_tokens(text) FROM PUBLIC;
