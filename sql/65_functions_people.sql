-- People: who the session acts for, and creating them.

CREATE FUNCTION tasksync.current_user_id() RETURNS uuid
	AS 'MODULE_PATHNAME', 'tasksync_sql_current_user_id'
	LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.current_user_id() IS 'The person this session acts for, as set by act_as(); null if none. Every row-level security policy compares user_id with it.';

CREATE FUNCTION tasksync.become_user(user_id uuid) RETURNS void
	AS 'MODULE_PATHNAME', 'tasksync_sql_become_user'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.become_user(uuid) IS 'Internal: act_as() without looking the person up.';

CREATE FUNCTION tasksync.hash_password(password text) RETURNS text
	AS 'MODULE_PATHNAME', 'tasksync_sql_hash_password'
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.hash_password(text) IS 'Internal: argon2id hash of a password of 8 to 1024 bytes (22023 otherwise).';

CREATE FUNCTION tasksync.act_as(user_id uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF act_as.user_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM tasksync.users u WHERE u.user_id = act_as.user_id) THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('person "%s" does not exist', act_as.user_id),
			HINT = 'Create the person with SELECT tasksync.create_user(''name@example.com'').';
	END IF;
	PERFORM tasksync.become_user(act_as.user_id);
END
$$;
COMMENT ON FUNCTION tasksync.act_as(uuid) IS 'Makes this session act for a person until the next call; null = for nobody. For application roles that have authenticated the person. Outlives the transaction: with a connection pool, call it for every request. Errors: P0002 no such person.';

CREATE FUNCTION tasksync.user_or_current(user_id uuid) RETURNS uuid
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	me uuid := tasksync.current_user_id();
	asked uuid := user_or_current.user_id;
BEGIN
	IF coalesce(asked, me) IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'TS007',
			MESSAGE = 'no person was named and the session acts for nobody',
			HINT = 'Pass user_id, or run SELECT tasksync.act_as(''<user id>'') first.';
	END IF;
	IF asked <> me OR NOT EXISTS (
		SELECT FROM tasksync.users u WHERE u.user_id = coalesce(asked, me)) THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('person "%s" does not exist', coalesce(asked, me)),
			HINT = 'Create the person with SELECT tasksync.create_user(''name@example.com'').';
	END IF;
	RETURN coalesce(asked, me);
END
$$;
COMMENT ON FUNCTION tasksync.user_or_current(uuid) IS 'Internal: the person a function works for. TS007 if nobody was named, P0002 if the person does not exist or is not the current one.';

CREATE FUNCTION tasksync.claim_home() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF tasksync.hub_is_active() THEN
		RETURN;
	END IF;
	IF NOT EXISTS (SELECT FROM tasksync.users) AND NOT EXISTS (SELECT FROM tasksync.home)
		AND NOT current_setting('tasksync.restoring', true)::boolean THEN
		INSERT INTO tasksync.home (system_identifier, database_oid, extension_oid)
		SELECT c.system_identifier, d.oid, e.oid
		FROM pg_control_system() c, pg_database d, pg_extension e
		WHERE d.datname = current_database() AND e.extname = 'tasksync'
		ON CONFLICT DO NOTHING;
	END IF;
	IF NOT tasksync.hub_is_active() THEN
		IF current_setting('tasksync.restoring', true)::boolean THEN
			RAISE EXCEPTION USING ERRCODE = 'TS006',
				MESSAGE = 'the database is being restored',
				HINT = 'When the rows are restored, run SELECT tasksync.post_restore().';
		END IF;
		RAISE EXCEPTION USING ERRCODE = 'TS003',
			MESSAGE = 'this database is a copy: its rows belong to another server or database',
			HINT = 'If this database shall sync from now on, and no other copy of it, run SELECT tasksync.adopt().';
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.claim_home() IS 'Internal: the first person makes this database the home of the rows. TS003 in a copy, TS006 during a restore.';

CREATE FUNCTION tasksync.create_user(
	email text, password text DEFAULT NULL, display_name text DEFAULT NULL,
	timezone text DEFAULT 'UTC', metadata jsonb DEFAULT '{}')
	RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	address text := lower(btrim(email));
	person uuid;
BEGIN
	IF address IS NULL OR address !~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$' OR length(address) > 320 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'this is not an e-mail address',
			HINT = 'Give an address like name@example.com, at most 320 characters.';
	END IF;
	IF timezone IS NULL OR NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = create_user.timezone) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('time zone "%s" is not known', timezone),
			HINT = 'Use an IANA name like Europe/Lisbon; SELECT name FROM pg_timezone_names lists them.';
	END IF;
	PERFORM tasksync.claim_home();
	INSERT INTO tasksync.users AS u (email, email_canonical, display_name, timezone, password_hash, metadata)
	VALUES (btrim(create_user.email), address, create_user.display_name, create_user.timezone,
		tasksync.hash_password(password), coalesce(create_user.metadata, '{}'))
	ON CONFLICT (email_canonical) DO NOTHING
	RETURNING u.user_id INTO person;
	IF person IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'unique_violation',
			MESSAGE = 'a person with this e-mail address exists already',
			HINT = 'SELECT user_id FROM tasksync.users WHERE email_canonical = lower(''name@example.com'') finds it.';
	END IF;
	INSERT INTO tasksync.projects (user_id, name, is_inbox) VALUES (person, 'Inbox', true);
	PERFORM tasksync.wake_worker(true);
	RETURN person;
END
$$;
COMMENT ON FUNCTION tasksync.create_user(text, text, text, text, jsonb) IS 'Creates a person with an inbox and returns the key. email: compared without case. password: optional, 8 to 1024 bytes, kept as argon2id. timezone: IANA name. The first person makes this database the home of its rows. Errors: 22023 bad argument, 23505 address taken, TS003 in a copy, TS006 during a restore.';

CREATE FUNCTION tasksync.delete_user(user_id uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM tasksync.users u WHERE u.user_id = delete_user.user_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('person "%s" does not exist', delete_user.user_id),
			HINT = 'SELECT user_id, email FROM tasksync.users lists everybody.';
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.delete_user(uuid) IS 'Deletes a person and everything of theirs here: tasks, accounts, tokens, journal. Nothing is deleted at the providers. Errors: P0002 no such person.';
