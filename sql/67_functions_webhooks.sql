-- Webhooks in: a delivery that is signed and new leaves a hint for the accounts
-- it names, and that is all it does.

CREATE SCHEMA tasksync_api;
COMMENT ON SCHEMA tasksync_api IS 'What PostgREST exposes of TaskSync.';
REVOKE ALL ON SCHEMA tasksync_api FROM PUBLIC;

CREATE FUNCTION tasksync.answer(status integer, code text, message text) RETURNS json
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT json_build_object('code', code, 'message', message, 'details', NULL, 'hint', NULL)
	FROM set_config('response.status', status::text, true);
END;
COMMENT ON FUNCTION tasksync.answer(integer, text, text) IS 'Internal: an HTTP status other than 200 together with a commit, which an error would not allow.';

CREATE FUNCTION tasksync.hint_delivery(provider text, accounts text[], workspace_id text, container_id text) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	named uuid[];
	hinted integer;
BEGIN
	-- the narrowest that fits: who may see it, then who has that container, then the workspace
	SELECT array_agg(a.id) INTO named FROM tasksync.accounts a
	WHERE a.provider = hint_delivery.provider AND a.external_id = ANY (accounts);
	IF named IS NULL THEN
		SELECT array_agg(DISTINCT a.id) INTO named FROM tasksync.containers c
		JOIN tasksync.accounts a ON a.user_id = c.user_id AND a.id = c.account_id
		WHERE c.remote_id = hint_delivery.container_id AND a.provider = hint_delivery.provider;
	END IF;
	IF named IS NULL THEN
		SELECT array_agg(a.id) INTO named FROM tasksync.accounts a
		WHERE a.provider = hint_delivery.provider AND a.workspace_id = hint_delivery.workspace_id;
	END IF;
	-- one that waits already says all that a second one could
	INSERT INTO tasksync.hints (user_id, account_id, is_webhook)
	SELECT a.user_id, a.id, true FROM tasksync.accounts a
	WHERE a.id = ANY (named) AND a.state IN ('connecting', 'active', 'locked')
		AND NOT EXISTS (
			SELECT FROM tasksync.hints h WHERE h.user_id = a.user_id AND h.account_id = a.id AND h.is_webhook);
	GET DIAGNOSTICS hinted = ROW_COUNT;
	IF hinted > 0 THEN
		PERFORM tasksync.wake_worker();
	END IF;
	RETURN hinted;
END
$$;
COMMENT ON FUNCTION tasksync.hint_delivery(text, text[], text, text) IS 'Internal: leaves a hint for the accounts that a delivery names and wakes the worker at commit; returns how many.';

CREATE FUNCTION tasksync.take_offer(provider text, secret text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tasksync.webhook_secrets s
	SET secret_sealed = tasksync.seal_webhook_secret(take_offer.provider, secret),
		valid_until = now() + interval '7 days', created_at = now()
	WHERE s.provider = take_offer.provider AND s.position = 'offered' AND s.secret_sealed IS NULL
		AND s.valid_until > clock_timestamp();
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION tasksync.take_offer(text, text) IS 'Internal: stores the secret of a handshake, once and only while one is waited for.';

CREATE FUNCTION tasksync.confirm_offer(provider text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM tasksync.webhook_secrets s WHERE s.provider = confirm_offer.provider AND s.position = 'previous';
	UPDATE tasksync.webhook_secrets s SET position = 'previous', valid_until = now() + interval '1 day'
	WHERE s.provider = confirm_offer.provider AND s.position = 'current';
	UPDATE tasksync.webhook_secrets s SET position = 'current', valid_until = NULL
	WHERE s.provider = confirm_offer.provider AND s.position = 'offered' AND s.secret_sealed IS NOT NULL;
END
$$;
COMMENT ON FUNCTION tasksync.confirm_offer(text) IS 'Internal: an offered secret has signed a delivery: it is the current one now, and the one before stays good for a day.';

CREATE FUNCTION tasksync.take_webhook(provider text, body json) RETURNS json
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	headers json := coalesce(nullif(current_setting('request.headers', true), ''), '{}')::json;
	scheme record;
	signer text;
	delivery record;
	hash bytea;
BEGIN
	IF octet_length(body::text) > 262144 THEN
		RETURN tasksync.answer(413, '54000', 'the body is longer than 256 KiB');
	END IF;
	SELECT * INTO scheme FROM tasksync.webhook_scheme(take_webhook.provider);
	signer := tasksync.verify_webhook(take_webhook.provider, body, coalesce(headers ->> scheme.signature_header, ''));
	IF coalesce(signer, '') = '' AND scheme.has_handshake THEN
		SELECT * INTO delivery FROM tasksync.read_webhook(take_webhook.provider, body);
		IF delivery.offered_secret IS NOT NULL AND tasksync.take_offer(take_webhook.provider, delivery.offered_secret) THEN
			RETURN '{"status": "accepted"}';
		END IF;
	END IF;
	IF signer IS NULL THEN
		RETURN tasksync.answer(404, 'P0002', 'not found');
	ELSIF signer = '' THEN
		RETURN tasksync.answer(401, '28000', 'not authorized');
	END IF;
	IF NOT tasksync.hub_is_active() THEN
		RETURN tasksync.answer(503, 'TS003', 'this hub does not sync');
	END IF;
	SELECT * INTO delivery FROM tasksync.read_webhook(take_webhook.provider, body);
	IF delivery IS NULL OR delivery.offered_secret IS NOT NULL THEN
		-- signed, so not worth being sent again
		RETURN '{"status": "ignored"}';
	END IF;
	IF signer = 'offered' THEN
		PERFORM tasksync.confirm_offer(take_webhook.provider);
	END IF;
	hash := sha256(convert_to(body::text, 'UTF8'));
	INSERT INTO tasksync.webhook_deliveries (provider, delivery_id, body_hash)
	VALUES (take_webhook.provider,
		coalesce(delivery.delivery_id, left(nullif(headers ->> scheme.delivery_header, ''), 200), encode(hash, 'hex')), hash)
	ON CONFLICT DO NOTHING;
	IF NOT FOUND THEN
		RETURN '{"status": "duplicate"}';
	END IF;
	PERFORM tasksync.hint_delivery(take_webhook.provider, delivery.accounts, delivery.workspace_id, delivery.container_id);
	RETURN '{"status": "accepted"}';
END
$$;
COMMENT ON FUNCTION tasksync.take_webhook(text, json) IS 'Internal: one delivery. The headers are those of the request (request.headers). Verified over the exact bytes before anything is read; then a hint for the accounts it names, unless it came already within seven days.';

CREATE FUNCTION tasksync_api.webhook_todoist(json) RETURNS json
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT tasksync.take_webhook('todoist', $1);
END;
COMMENT ON FUNCTION tasksync_api.webhook_todoist(json) IS 'Callback URL of Todoist''s webhooks: the body as it comes, with the headers X-Todoist-Hmac-SHA256 and X-Todoist-Delivery-ID. 200 for what is taken and what came already, 401 for a signature that is not the app''s, 404 when no app is registered, 413 for more than 256 KiB.';
REVOKE ALL ON FUNCTION tasksync_api.webhook_todoist(json) FROM PUBLIC;

CREATE FUNCTION tasksync_api.webhook_notion(json) RETURNS json
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT tasksync.take_webhook('notion', $1);
END;
COMMENT ON FUNCTION tasksync_api.webhook_notion(json) IS 'Callback URL of Notion''s webhooks: the body as it comes, with the header X-Notion-Signature; also the handshake, while expect_webhook() waits for it. 200 for what is taken and what came already, 401 for a signature that is not right, 404 when no secret is known, 413 for more than 256 KiB.';
REVOKE ALL ON FUNCTION tasksync_api.webhook_notion(json) FROM PUBLIC;

-- ---- secrets ----

CREATE FUNCTION tasksync.refuse_without_webhooks(provider text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tasksync.providers p WHERE p.provider = refuse_without_webhooks.provider)
		OR tasksync.webhook_scheme(provider) IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('provider "%s" has no webhooks', provider),
			HINT = 'Todoist and Notion have; others are polled.';
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.refuse_without_webhooks(text) IS 'Internal: 22023 for a provider that calls nobody.';

CREATE FUNCTION tasksync.set_webhook_secret(provider text, secret text, overlap interval DEFAULT '1 day') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tasksync.refuse_without_webhooks(provider);
	IF overlap IS NULL OR overlap NOT BETWEEN interval '0' AND interval '30 days' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('overlap %s is out of range', coalesce(overlap::text, 'null')),
			HINT = 'Use 0 seconds (the former secret ends now) to 30 days.';
	END IF;
	DELETE FROM tasksync.webhook_secrets s
	WHERE s.provider = set_webhook_secret.provider AND s.position IN ('previous', 'offered');
	UPDATE tasksync.webhook_secrets s SET position = 'previous', valid_until = now() + overlap
	WHERE s.provider = set_webhook_secret.provider AND s.position = 'current';
	INSERT INTO tasksync.webhook_secrets (provider, position, secret_sealed)
	VALUES (set_webhook_secret.provider, 'current', tasksync.seal_webhook_secret(set_webhook_secret.provider, secret));
END
$$;
COMMENT ON FUNCTION tasksync.set_webhook_secret(text, text, interval) IS 'Sets the secret that a provider signs its webhooks with, sealed; the one before stays good for overlap (0 to 30 days, default one day), so that nothing is lost while the provider changes over. Todoist signs with the client secret of the app, which needs no entry here; before you change that one, enter the old one here with overlap as an answer to deliveries that are still on their way. Pass the secret as a parameter, to keep it out of logs. Errors: 22023 no webhooks there, bad secret or overlap, TS001 no key file. For the owner of the extension.';

CREATE FUNCTION tasksync.expect_webhook(provider text, patience interval DEFAULT '1 hour') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM tasksync.refuse_without_webhooks(provider);
	IF NOT (SELECT w.has_handshake FROM tasksync.webhook_scheme(provider) w) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('provider "%s" has no handshake', provider),
			HINT = 'It signs with the client secret: see set_provider_credentials().';
	END IF;
	IF patience IS NULL OR patience NOT BETWEEN interval '1 minute' AND interval '1 day' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('patience %s is out of range', coalesce(patience::text, 'null')),
			HINT = 'Use 1 minute to 1 day.';
	END IF;
	INSERT INTO tasksync.webhook_secrets (provider, position, valid_until)
	VALUES (expect_webhook.provider, 'offered', now() + patience)
	ON CONFLICT ON CONSTRAINT webhook_secrets_pkey DO UPDATE
		SET secret_sealed = NULL, valid_until = excluded.valid_until, created_at = now();
END
$$;
COMMENT ON FUNCTION tasksync.expect_webhook(text, interval) IS 'Before a subscription is made on the provider''s page: the first handshake within patience (1 minute to 1 day, default an hour) is taken, and no other. A secret that is in use goes on counting. Errors: 22023 no handshake there or bad patience. For the owner of the extension.';

CREATE FUNCTION tasksync.webhook_token(provider text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	sealed bytea;
BEGIN
	SELECT s.secret_sealed INTO sealed FROM tasksync.webhook_secrets s
	WHERE s.provider = webhook_token.provider AND s.position = 'offered' AND s.valid_until > clock_timestamp();
	IF sealed IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('no handshake of provider "%s" has come', provider),
			HINT = format('Run SELECT tasksync.expect_webhook(''%s''), then have the provider send it.', provider);
	END IF;
	RETURN tasksync.open_webhook_secret(provider, sealed);
END
$$;
COMMENT ON FUNCTION tasksync.webhook_token(text) IS 'The token of the handshake, to be typed in on the provider''s page; only until the first delivery that it signed. Errors: 55000 none has come, 42501 for a web request. For the owner of the extension.';
