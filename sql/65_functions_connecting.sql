-- Connecting an account with a token or by consent, again, and letting go of it.
-- SECURITY DEFINER for the reason given for the other accounts' functions.

CREATE FUNCTION tasksync.current_session_id() RETURNS uuid
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sid';
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tasksync.current_session_id() IS 'Internal: the session of the web request that is being served, from the claims that PostgREST has verified; null outside of one.';

CREATE FUNCTION tasksync.invite(a tasksync.accounts, redirect_to text) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- one at a time for each person, so that two together do not pass the limit
	PERFORM pg_advisory_xact_lock(hashtextextended('tasksync consent ' || a.user_id::text, 0));
	DELETE FROM tasksync.oauth_states s
	WHERE s.user_id = a.user_id
		AND (s.account_id = a.id OR s.created_at <= clock_timestamp() - interval '10 minutes');
	IF (SELECT count(*) FROM tasksync.oauth_states s WHERE s.user_id = a.user_id) >= 5 THEN
		RAISE EXCEPTION USING ERRCODE = 'program_limit_exceeded',
			MESSAGE = 'five links to pages of consent are open already',
			HINT = 'Complete one of them, or wait: a link ends after ten minutes.';
	END IF;
	RETURN tasksync.begin_consent(a.user_id, a.id, redirect_to, tasksync.current_session_id());
END
$$;
COMMENT ON FUNCTION tasksync.invite(tasksync.accounts, text) IS 'Internal: a link to the provider''s page of consent for an account; an older one of the account ends. 54000 when the person has five for other accounts.';

CREATE FUNCTION tasksync.connect_account(
	provider text, user_id uuid DEFAULT NULL, token text DEFAULT NULL, redirect_to text DEFAULT NULL,
	OUT account_id uuid, OUT authorize_url text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	person uuid;
	service tasksync.providers;
	a tasksync.accounts;
BEGIN
	SELECT p.* INTO service FROM tasksync.providers p WHERE p.provider = connect_account.provider;
	IF service.provider IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('provider "%s" is not known', provider),
			HINT = format('Use one of: %s.', (SELECT string_agg(p.provider, ', ' ORDER BY p.provider) FROM tasksync.providers p));
	END IF;
	person := tasksync.user_or_current(connect_account.user_id);
	token := tasksync.check_token(token);
	PERFORM tasksync.refuse_token(service, token);
	PERFORM tasksync.claim_home();
	IF token IS NULL THEN
		-- whoever clicks again has lost the first page: the same account
		SELECT x.* INTO a FROM tasksync.accounts x
		WHERE x.user_id = person AND x.provider = service.provider AND x.state = 'awaiting_consent'
		ORDER BY x.created_at LIMIT 1 FOR UPDATE;
	END IF;
	IF a.id IS NULL THEN
		INSERT INTO tasksync.accounts AS x (user_id, provider, sync_interval, state)
		SELECT person, service.provider, u.default_sync_interval,
			CASE WHEN token IS NULL THEN 'awaiting_consent' ELSE 'connecting' END
		FROM tasksync.users u WHERE u.user_id = person
		RETURNING x.* INTO a;
		INSERT INTO tasksync.schedules (user_id, account_id) VALUES (person, a.id);
	END IF;
	account_id := a.id;
	IF token IS NULL THEN
		authorize_url := tasksync.invite(a, redirect_to);
	ELSE
		PERFORM tasksync.store_account_token(person, a.id, token);
		PERFORM tasksync.request_sync(person, ARRAY[a.id]);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.connect_account(text, uuid, text, text) IS 'Connects a person''s account at a provider. With a token that the person got there the worker reads it as soon as the transaction commits. Without one authorize_url is the page on which the person agrees, good once and for ten minutes; complete_oauth() takes what comes back. user_id: default the current person. token: sealed with the key file before it is stored; pass it as a parameter, not inside the statement''s text, to keep it out of logs. redirect_to: page of the application to go on to afterwards, at an origin of public_url or redirect_origins. An account of the same person there that was disconnected or refused goes on where it was. Errors: 22023 unknown provider, no token or no allowed page, 0A000 the provider has no such tokens, 55000 no app or no public_url is set, 54000 five links are open, P0002 no such person, TS007 no person named, TS001 no key file, TS003 in a copy.';

CREATE FUNCTION tasksync.refuse_token(service tasksync.providers, token text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF token IS NOT NULL AND NOT tasksync.accepts_tokens(service.provider) THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
			MESSAGE = format('%s has no tokens that a person could bring along', service.title),
			HINT = 'Leave token out: authorize_url is then the page on which the person agrees.';
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.refuse_token(tasksync.providers, text) IS 'Internal: 0A000 for a token of a provider that has consent only.';

CREATE FUNCTION tasksync.cut_off(a tasksync.accounts) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	-- The raised token cuts off a run under way: with the old token it could
	-- only find out that it is refused, and would close the account again.
	UPDATE tasksync.schedules s
	SET lease_token = s.lease_token + 1, leased_until = NULL, failures = 0, attempts = 0, next_due = now(),
		error_code = NULL, error_message = NULL
	WHERE s.user_id = a.user_id AND s.account_id = a.id;
	-- and at some providers giving back the old consent would end the new one
	DELETE FROM tasksync.revocations r WHERE r.user_id = a.user_id AND r.account_id = a.id;
	DELETE FROM tasksync.oauth_grants g WHERE g.user_id = a.user_id AND g.account_id = a.id;
END;
COMMENT ON FUNCTION tasksync.cut_off(tasksync.accounts) IS 'Internal: before an account gets other tokens: ends what is under way with the old ones, and the backoff.';

CREATE FUNCTION tasksync.revive(a tasksync.accounts) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	UPDATE tasksync.accounts x
	SET state = CASE WHEN x.external_id IS NULL THEN 'connecting' ELSE 'active' END,
		state_reason = NULL, updated_at = now()
	WHERE x.user_id = a.user_id AND x.id = a.id AND x.state <> 'paused';
END;
COMMENT ON FUNCTION tasksync.revive(tasksync.accounts) IS 'Internal: an account that has something to go on with is synced again, unless it is paused.';

CREATE FUNCTION tasksync.reconnect_account(
	account uuid, token text DEFAULT NULL, redirect_to text DEFAULT NULL,
	OUT account_id uuid, OUT authorize_url text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
	service tasksync.providers;
BEGIN
	account_id := a.id;
	SELECT p.* INTO service FROM tasksync.providers p WHERE p.provider = a.provider;
	token := tasksync.check_token(token);
	PERFORM tasksync.refuse_token(service, token);
	PERFORM tasksync.claim_home();
	IF token IS NULL THEN
		authorize_url := tasksync.invite(a, redirect_to);
		RETURN;
	END IF;
	PERFORM tasksync.cut_off(a);
	PERFORM tasksync.store_account_token(a.user_id, a.id, token);
	PERFORM tasksync.revive(a);
	PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
END
$$;
COMMENT ON FUNCTION tasksync.reconnect_account(uuid, text, text) IS 'Gives an account new tokens, for example after the provider withdrew the old ones or after disconnect_account(): with token at once, without one through authorize_url as in connect_account(). Links and tasks stay, and it goes on where it was. A token of another person at the provider is found out before anything is written. Errors: P0002 no such account, 22023, 0A000, 55000, 54000, TS001 and TS003 as in connect_account().';

CREATE FUNCTION tasksync.complete_oauth(
	state text, code text DEFAULT NULL, iss text DEFAULT NULL, scope text DEFAULT NULL, error text DEFAULT NULL,
	OUT account_id uuid, OUT status text, OUT redirect_to text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	link tasksync.oauth_states;
	a tasksync.accounts;
	me uuid := tasksync.current_user_id();
	session uuid := tasksync.current_session_id();
	refusal text;
BEGIN
	-- of any other person or session it is as unknown as one that was made up
	DELETE FROM tasksync.oauth_states s
	WHERE s.state_hash = sha256(convert_to(coalesce(complete_oauth.state, ''), 'UTF8'))
		AND s.user_id = coalesce(me, s.user_id)
		AND (s.session_id IS NULL OR s.session_id = session)
		AND s.created_at > clock_timestamp() - interval '10 minutes'
	RETURNING s.* INTO link;
	IF link.account_id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'this consent cannot be taken up: its link is unknown, was used or is too old',
			HINT = 'Ask for a new link with connect_account() or reconnect_account() and complete it in the same session, within ten minutes.';
	END IF;
	PERFORM tasksync.claim_home();
	a := tasksync.account_of(link.account_id);
	account_id := a.id;
	redirect_to := link.redirect_to;
	refusal := CASE
		WHEN iss IS NOT NULL AND NOT tasksync.is_issuer(link.provider, iss)
			THEN 'The answer to the request for consent came from somebody else than the provider; connect the account again.'
		WHEN error = 'access_denied' THEN 'Consent refused: the person did not agree on the provider''s page; connect the account again.'
		WHEN error IS NOT NULL OR code IS NULL
			THEN 'Consent refused: the provider broke off before the person could agree; look at the app''s settings there, then connect the account again.'
		END;
	IF refusal IS NOT NULL THEN
		-- one that works, or was let go, is none the worse for it
		UPDATE tasksync.accounts x SET state = 'reauth_required', state_reason = refusal, updated_at = now()
		WHERE x.user_id = a.user_id AND x.id = a.id AND x.state IN ('awaiting_consent', 'reauth_required');
		status := 'refused';
		RETURN;
	END IF;
	PERFORM tasksync.cut_off(a);
	PERFORM tasksync.store_grant(a.user_id, a.id, a.state, code, link.verifier_sealed, link.redirect_uri);
	IF a.state <> 'locked' THEN
		PERFORM tasksync.revive(a);
	END IF;
	PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
	status := 'connecting';
END
$$;
COMMENT ON FUNCTION tasksync.complete_oauth(text, text, text, text, text) IS 'Takes up what the provider sent the person back with: the parameters of that redirect. Only the person, and the session, that got the link can; it counts once. The code is sealed, and the worker exchanges it as soon as this commits: account_health says how that went. status: connecting; or refused, when the person or the provider said no (error), or iss is not the provider. scope is not believed: what was granted stands in the answer to the exchange. redirect_to: as given to connect_account(). Errors: 22023 unknown, used or outdated link, or no code, P0002, TS001, TS003.';

CREATE FUNCTION tasksync.take_over(person uuid, former uuid, account uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tasksync.accounts x
	SET policy = f.policy, link_all = x.link_all OR f.link_all, sync_interval = f.sync_interval,
		metadata = f.metadata || x.metadata, needs_full_read = true, updated_at = now()
	FROM tasksync.accounts f
	WHERE x.user_id = person AND x.id = account AND f.user_id = person AND f.id = former;
	UPDATE tasksync.accounts f
	SET external_id = NULL, person_id = NULL, link_all = false, updated_at = now(),
		state_reason = format('disconnected; account "%s" took its links over', account)
	WHERE f.user_id = person AND f.id = former;
	-- what the new one has by now it got from link_all() before it was read: nothing that counts
	DELETE FROM tasksync.project_links o WHERE o.user_id = person AND o.account_id = account;
	DELETE FROM tasksync.links o WHERE o.user_id = person AND o.account_id = account;
	DELETE FROM tasksync.containers o WHERE o.user_id = person AND o.account_id = account;
	UPDATE tasksync.containers o SET account_id = account WHERE o.user_id = person AND o.account_id = former;
	UPDATE tasksync.project_links o SET account_id = account WHERE o.user_id = person AND o.account_id = former;
	UPDATE tasksync.links o SET account_id = account WHERE o.user_id = person AND o.account_id = former;
	UPDATE tasksync.intents o SET account_id = account, state = CASE o.state WHEN 'sent' THEN 'unknown' ELSE o.state END
	WHERE o.user_id = person AND o.account_id = former;
	UPDATE tasksync.graves o SET account_id = account WHERE o.user_id = person AND o.account_id = former;
	UPDATE tasksync.held_changes o SET account_id = account WHERE o.user_id = person AND o.account_id = former;
	UPDATE tasksync.conflicts o SET account_id = account
	WHERE o.user_id = person AND o.account_id = former AND o.status = 'open';
	PERFORM tasksync.request_sync(person, ARRAY[account]);
END
$$;
COMMENT ON FUNCTION tasksync.take_over(uuid, uuid, uuid) IS 'Internal: an account that turned out to be one that was disconnected gets everything that was known of it, so that nothing is read or created twice. History stays with the former one.';

CREATE FUNCTION tasksync.remove_tasks_of(a tasksync.accounts) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	mine uuid[];
	emptied uuid[];
BEGIN
	SELECT array_agg(l.hub_id) INTO mine FROM tasksync.links l
	WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.kind IN ('task', 'section')
		AND NOT EXISTS (
			SELECT FROM tasksync.links o
			WHERE o.user_id = l.user_id AND o.hub_id = l.hub_id AND o.account_id <> l.account_id);
	SELECT array_agg(p.project_id) INTO emptied FROM tasksync.project_links p
	WHERE p.user_id = a.user_id AND p.account_id = a.id
		AND NOT EXISTS (
			SELECT FROM tasksync.project_links o
			WHERE o.user_id = p.user_id AND o.project_id = p.project_id AND o.account_id <> p.account_id);
	-- the links first: without them nothing can be taken for a deletion to be sent
	DELETE FROM tasksync.project_links p WHERE p.user_id = a.user_id AND p.account_id = a.id;
	DELETE FROM tasksync.links l WHERE l.user_id = a.user_id AND l.account_id = a.id;
	DELETE FROM tasksync.intents i WHERE i.user_id = a.user_id AND i.account_id = a.id;
	DELETE FROM tasksync.containers c WHERE c.user_id = a.user_id AND c.account_id = a.id;
	UPDATE tasksync.held_changes h SET status = 'obsolete', decided_at = now()
	WHERE h.user_id = a.user_id AND h.account_id = a.id AND h.status = 'held';
	UPDATE tasksync.accounts x SET external_id = NULL, person_id = NULL, link_all = false WHERE x.user_id = a.user_id AND x.id = a.id;
	-- a task stays that has something below it which stays
	DELETE FROM tasksync.tasks t USING unnest(mine) m (id)
	WHERE t.user_id = a.user_id AND t.id = m.id AND NOT EXISTS (
		WITH RECURSIVE below (id) AS (
			SELECT c.id FROM tasksync.tasks c WHERE c.user_id = t.user_id AND c.parent_id = t.id
			UNION
			SELECT c.id FROM below b JOIN tasksync.tasks c ON c.user_id = t.user_id AND c.parent_id = b.id)
		SELECT FROM below b WHERE b.id <> ALL (mine));
	DELETE FROM tasksync.sections s USING unnest(mine) m (id)
	WHERE s.user_id = a.user_id AND s.id = m.id AND NOT EXISTS (
		SELECT FROM tasksync.tasks t WHERE t.user_id = s.user_id AND t.section_id = s.id);
	DELETE FROM tasksync.projects p USING unnest(emptied) m (id)
	WHERE p.user_id = a.user_id AND p.id = m.id AND NOT p.is_inbox
		AND NOT EXISTS (SELECT FROM tasksync.tasks t WHERE t.user_id = p.user_id AND t.project_id = p.id)
		AND NOT EXISTS (SELECT FROM tasksync.projects c WHERE c.user_id = p.user_id AND c.parent_id = p.id AND c.id <> ALL (emptied));
END
$$;
COMMENT ON FUNCTION tasksync.remove_tasks_of(tasksync.accounts) IS 'Internal: deletes here what only this account shows, and forgets its links; nothing is deleted there, and what another account shows too stays.';

CREATE FUNCTION tasksync.disconnect_account(account uuid, keep_tasks boolean DEFAULT true) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	IF a.state <> 'disconnected' THEN
		PERFORM tasksync.cut_off(a);
		INSERT INTO tasksync.revocations (user_id, account_id, access_sealed, refresh_sealed)
		SELECT t.user_id, t.account_id, t.access_sealed, t.refresh_sealed FROM tasksync.account_tokens t
		WHERE t.user_id = a.user_id AND t.account_id = a.id AND t.is_grant;
		DELETE FROM tasksync.account_tokens t WHERE t.user_id = a.user_id AND t.account_id = a.id;
		DELETE FROM tasksync.oauth_states s WHERE s.user_id = a.user_id AND s.account_id = a.id;
		DELETE FROM tasksync.hints h WHERE h.user_id = a.user_id AND h.account_id = a.id;
		-- what was on its way may have arrived: whoever connects again has to look
		UPDATE tasksync.intents i SET state = 'unknown'
		WHERE i.user_id = a.user_id AND i.account_id = a.id AND i.state = 'sent';
		UPDATE tasksync.schedules s SET cursor = NULL, last_read_at = NULL, requested_at = NULL
		WHERE s.user_id = a.user_id AND s.account_id = a.id;
		UPDATE tasksync.accounts x
		SET state = 'disconnected', state_reason = 'disconnected with disconnect_account()', needs_full_read = false,
			updated_at = now()
		WHERE x.user_id = a.user_id AND x.id = a.id;
		PERFORM tasksync.wake_worker();
	END IF;
	IF NOT keep_tasks THEN
		PERFORM tasksync.remove_tasks_of(a);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.disconnect_account(uuid, boolean) IS 'Lets go of an account: its tokens are deleted here, and the worker tells the provider to forget a consent (a few attempts); a run under way is cut off. keep_tasks (the default): everything stays on both sides, and connecting the same account again goes on where it was. Without it what only this account shows is deleted here, though not there, and its links are forgotten. Errors: P0002 no such account.';

CREATE FUNCTION tasksync.hand_over(
	person uuid, giver uuid, account uuid, external_id text, access_sealed bytea, refresh_sealed bytea, access_expires_at timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts;
BEGIN
	SELECT x.* INTO a FROM tasksync.accounts x WHERE x.user_id = person AND x.id = account;
	PERFORM tasksync.cut_off(a);
	UPDATE tasksync.accounts x SET external_id = hand_over.external_id WHERE x.user_id = person AND x.id = account;
	INSERT INTO tasksync.account_tokens AS t
		(user_id, account_id, access_sealed, refresh_sealed, access_expires_at, is_grant, scope)
	SELECT person, account, hand_over.access_sealed, hand_over.refresh_sealed, hand_over.access_expires_at,
		g.account_id IS NOT NULL, g.scope
	FROM (VALUES (0)) nothing (x)
	LEFT JOIN tasksync.oauth_grants g ON g.user_id = person AND g.account_id = giver
	ON CONFLICT (user_id, account_id) DO UPDATE SET
		access_sealed = excluded.access_sealed,
		refresh_sealed = coalesce(excluded.refresh_sealed, CASE WHEN t.is_grant AND excluded.is_grant THEN t.refresh_sealed END),
		access_expires_at = excluded.access_expires_at, is_grant = excluded.is_grant, scope = excluded.scope,
		refreshed_at = clock_timestamp();
	DELETE FROM tasksync.oauth_grants g WHERE g.user_id = person AND g.account_id = giver;
	DELETE FROM tasksync.account_tokens t WHERE t.user_id = person AND t.account_id = giver;
	PERFORM tasksync.revive(a);
	PERFORM tasksync.request_sync(person, ARRAY[account]);
END
$$;
COMMENT ON FUNCTION tasksync.hand_over(uuid, uuid, uuid, text, bytea, bytea, timestamptz) IS 'Internal: an account in use gets the tokens with which the person connected it once more, sealed for it; the second account is left without.';
