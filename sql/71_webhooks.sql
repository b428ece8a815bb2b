-- Webhooks: what needs the vault, or the library's knowledge of the providers.

CREATE FUNCTION tasksync.seal_webhook_secret(provider text, secret text) RETURNS bytea
	AS 'MODULE_PATHNAME', 'tasksync_seal_webhook_secret'
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.seal_webhook_secret(text, text) IS 'Internal: seals what a provider signs its webhooks with. Errors: 22023 no secret, TS001 no key file.';
REVOKE ALL ON FUNCTION tasksync.seal_webhook_secret(text, text) FROM PUBLIC;

CREATE FUNCTION tasksync.open_webhook_secret(provider text, sealed bytea) RETURNS text
	AS 'MODULE_PATHNAME', 'tasksync_open_webhook_secret'
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.open_webhook_secret(text, bytea) IS 'Internal: for webhook_token(). Refused inside a web request.';
REVOKE ALL ON FUNCTION tasksync.open_webhook_secret(text, bytea) FROM PUBLIC;

CREATE FUNCTION tasksync.verify_webhook(provider text, body json, signature text) RETURNS text
	AS 'MODULE_PATHNAME', 'tasksync_verify_webhook'
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.verify_webhook(text, json, text) IS 'Internal: which secret signed these bytes (current, previous, offered, client_secret); empty if none did, null if there is none. Takes the same time in every case.';
REVOKE ALL ON FUNCTION tasksync.verify_webhook(text, json, text) FROM PUBLIC;

CREATE FUNCTION tasksync.read_webhook(
	provider text, body json,
	OUT delivery_id text, OUT accounts text[], OUT workspace_id text, OUT container_id text, OUT offered_secret text)
	AS 'MODULE_PATHNAME', 'tasksync_read_webhook'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.read_webhook(text, json) IS 'Internal: whom a delivery names; null for what is none.';
REVOKE ALL ON FUNCTION tasksync.read_webhook(text, json) FROM PUBLIC;

CREATE FUNCTION tasksync.webhook_scheme(
	provider text,
	OUT signature_header text, OUT delivery_header text, OUT uses_client_secret boolean, OUT has_handshake boolean)
	AS 'MODULE_PATHNAME', 'tasksync_webhook_scheme'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.webhook_scheme(text) IS 'Internal: how a provider signs its webhooks; null if it has none.';
REVOKE ALL ON FUNCTION tasksync.webhook_scheme(text) FROM PUBLIC;
