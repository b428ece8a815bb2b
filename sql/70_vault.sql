-- The vault: secrets sealed with a key that is outside of the database.

CREATE FUNCTION tasksync.encrypt_token(plaintext text, context text) RETURNS bytea
	AS 'MODULE_PATHNAME', 'tasksync_encrypt_token'
	LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.encrypt_token(text, text) IS 'Seals an application''s own secret with the key file (XChaCha20-Poly1305). Context names the row it belongs to: the same text is needed to open it, so that a ciphertext copied to another row stays closed. Granted to nobody by default.';
REVOKE ALL ON FUNCTION tasksync.encrypt_token(text, text) FROM PUBLIC;

CREATE FUNCTION tasksync.decrypt_token(sealed bytea, context text) RETURNS text
	AS 'MODULE_PATHNAME', 'tasksync_decrypt_token'
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.decrypt_token(bytea, text) IS 'Opens what encrypt_token() sealed with the same context; error TS005 for anything else, TS001 without a usable key file. Provider tokens do not open, whatever the context. Refused inside a web request. Granted to nobody by default.';
REVOKE ALL ON FUNCTION tasksync.decrypt_token(bytea, text) FROM PUBLIC;

CREATE FUNCTION tasksync.store_account_token(
	user_id uuid, account_id uuid, token text, refresh_token text DEFAULT NULL, expires_at timestamptz DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'tasksync_store_account_token'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.store_account_token(uuid, uuid, text, text, timestamptz) IS 'Internal: seals a provider''s access token, with the refresh token that renews it if there is one, and stores them for an account in place of what was there. Without expires_at the access token is used until the provider refuses it. Called by connect_account() and reconnect_account().';
REVOKE ALL ON FUNCTION tasksync.store_account_token(uuid, uuid, text, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION tasksync.set_provider_credentials(provider text, client_id text, client_secret text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'tasksync_set_provider_credentials'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.set_provider_credentials(text, text, text) IS 'Stores the OAuth app registered at a provider: its client id, and its secret sealed with the key file. Without a secret it is a public client. Pass the secret as a parameter, not inside the statement''s text, to keep it out of logs.';
REVOKE ALL ON FUNCTION tasksync.set_provider_credentials(text, text, text) FROM PUBLIC;

CREATE FUNCTION tasksync.rotate_key(
	batch integer DEFAULT NULL,
	OUT key_id text, OUT key_added boolean, OUT resealed bigint, OUT remaining bigint, OUT unreadable bigint)
	AS 'MODULE_PATHNAME', 'tasksync_rotate_key'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.rotate_key(integer) IS 'Appends a new key to the key file and seals every provider secret again with it; the old keys keep opening. Finishes an earlier rotation first instead, if one was interrupted. With batch, that many accounts per call: repeat until remaining is 0. What is unreadable (sealed with a key that is lost, or damaged) is left as it is. For superusers only.';
REVOKE ALL ON FUNCTION tasksync.rotate_key(integer) FROM PUBLIC;

CREATE FUNCTION tasksync.key_ring(OUT key_id text, OUT is_primary boolean, OUT message text, OUT hint text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'tasksync_key_ring'
	LANGUAGE c VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.key_ring() IS 'Ids of the keys in the key file, never the keys; one row without an id that says why when there is no usable file. Read through the view key_status.';
REVOKE ALL ON FUNCTION tasksync.key_ring() FROM PUBLIC;

CREATE VIEW tasksync.key_status AS
	WITH sealed (bytes) AS (
		SELECT access_sealed FROM tasksync.account_tokens
		UNION ALL
		SELECT refresh_sealed FROM tasksync.account_tokens WHERE refresh_sealed IS NOT NULL
		UNION ALL
		SELECT client_secret_sealed FROM tasksync.provider_credentials WHERE client_secret_sealed IS NOT NULL
		UNION ALL
		SELECT secret_sealed FROM tasksync.webhook_secrets WHERE secret_sealed IS NOT NULL
	), used (key_id, secrets) AS (
		SELECT encode(substr(bytes, 3, 4), 'hex'), count(*) FROM sealed GROUP BY 1
	)
	SELECT coalesce(ring.key_id, used.key_id) AS key_id,
		coalesce(ring.is_primary, false) AS is_primary,
		ring.key_id IS NOT NULL AS is_usable,
		coalesce(used.secrets, 0) AS secrets,
		CASE
			WHEN ring.message IS NOT NULL THEN ring.message
			WHEN ring.key_id IS NULL THEN 'the key file does not hold this key: these secrets are locked'
			WHEN ring.is_primary THEN 'seals and opens'
			WHEN coalesce(used.secrets, 0) > 0 THEN 'opens what it sealed before the last rotation'
			ELSE 'no provider secret of this database needs it'
		END AS message,
		CASE
			WHEN ring.hint IS NOT NULL THEN ring.hint
			WHEN ring.key_id IS NULL THEN 'Restore the key file that was in use then, or append its key to the present one.'
			WHEN NOT ring.is_primary AND coalesce(used.secrets, 0) > 0 THEN 'Run SELECT * FROM tasksync.rotate_key() until remaining is 0.'
		END AS hint
	FROM tasksync.key_ring() ring
	FULL JOIN used ON used.key_id = ring.key_id;
COMMENT ON VIEW tasksync.key_status IS 'The keys that seal secrets: those in the key file and those that provider secrets of this database need. Ids and counts, never a key. Other databases of the server, and secrets that applications sealed with encrypt_token(), may need a key as well.';
COMMENT ON COLUMN tasksync.key_status.key_id IS 'Eight hexadecimal digits derived from the key; null in the row that says why there is no usable key file.';
COMMENT ON COLUMN tasksync.key_status.is_primary IS 'Whether new secrets are sealed with it: the last key of the file.';
COMMENT ON COLUMN tasksync.key_status.is_usable IS 'Whether the key file holds it.';
COMMENT ON COLUMN tasksync.key_status.secrets IS 'Tokens, client secrets and secrets of webhooks of this database that are sealed with it.';
COMMENT ON COLUMN tasksync.key_status.message IS 'What that means.';
COMMENT ON COLUMN tasksync.key_status.hint IS 'What to do about it, null when there is nothing to do.';
