-- Accounts: what they have, and which of it is linked to what.
--
-- These functions are SECURITY DEFINER because application roles may not write
-- accounts and links themselves; each looks its account up through
-- account_of(), which knows only the accounts of the current person.

CREATE FUNCTION tasksync.account_of(account uuid) RETURNS tasksync.accounts
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_account tasksync.accounts;
	me uuid := tasksync.current_user_id();
BEGIN
	SELECT a.* INTO found_account FROM tasksync.accounts a
	WHERE a.id = account AND a.user_id = coalesce(me, a.user_id);
	IF found_account.id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('account "%s" does not exist', account),
			HINT = 'SELECT account_id, provider FROM tasksync.account_health lists the accounts.';
	END IF;
	RETURN found_account;
END
$$;
COMMENT ON FUNCTION tasksync.account_of(uuid) IS 'Internal: an account of the current person, or any account when the session acts for nobody. P0002 otherwise.';

CREATE FUNCTION tasksync.refuse_disconnected(account tasksync.accounts) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF account.state = 'disconnected' THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('account "%s" is disconnected', account.id),
			HINT = format('SELECT * FROM tasksync.reconnect_account(''%s'') connects it again.', account.id);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.refuse_disconnected(tasksync.accounts) IS 'Internal: 55000 for a disconnected account.';

CREATE FUNCTION tasksync.check_token(token text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF length(token) > 8192 OR btrim(token) !~ '^[!-~]+$' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'this is not a token',
			HINT = 'Pass the provider''s API token: 1 to 8192 printable characters without blanks.';
	END IF;
	RETURN btrim(token);
END
$$;
COMMENT ON FUNCTION tasksync.check_token(text) IS 'Internal: a token without blanks around it; 22023 if it cannot be one. The token is in no message.';

CREATE FUNCTION tasksync.refuse_uncommitted(account tasksync.accounts) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	mine xid := pg_current_xact_id_if_assigned()::xid;
BEGIN
	IF EXISTS (
			SELECT FROM tasksync.accounts x
			WHERE x.user_id = account.user_id AND x.id = account.id AND x.xmin = mine)
		OR EXISTS (
			SELECT FROM tasksync.hints h
			WHERE h.user_id = account.user_id AND h.account_id = account.id AND h.xmin = mine) THEN
		RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction',
			MESSAGE = 'the worker cannot see what this transaction has not committed',
			HINT = 'COMMIT first, then wait in a transaction of its own.';
	END IF;
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction',
			MESSAGE = 'waiting needs the isolation level read committed',
			HINT = 'Call the function outside of the transaction.';
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.refuse_uncommitted(tasksync.accounts) IS 'Internal: 25001 where waiting for the worker could never end well.';

CREATE FUNCTION tasksync.refuse_without_worker() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	worker record;
BEGIN
	SELECT w.state, w.hint INTO worker FROM tasksync.worker_status w WHERE w.database = current_database();
	IF worker.state IN ('ready', 'starting', 'unclaimed') THEN
		RETURN;
	END IF;
	RAISE EXCEPTION USING
		ERRCODE = CASE worker.state WHEN 'not_preloaded' THEN 'TS002' WHEN 'not_home' THEN 'TS003'
			WHEN 'restoring' THEN 'TS006' WHEN 'wrong_version' THEN 'TS004' ELSE '55000' END,
		MESSAGE = format('no sync worker is running for this database (%s)', coalesce(worker.state, 'disabled')),
		HINT = coalesce(nullif(worker.hint, ''), 'SELECT * FROM tasksync.worker_status says more.');
END
$$;
COMMENT ON FUNCTION tasksync.refuse_without_worker() IS 'Internal: says why nobody would answer (TS002, TS003, TS004, TS006 or 55000, with the command that helps).';

-- pg_sleep in a loop and not a condition variable: the answer comes through
-- the table, in a snapshot of its own for every look.
CREATE FUNCTION tasksync.await_containers(account tasksync.accounts) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	give_up timestamptz := clock_timestamp() + interval '10 seconds';
	now_is record;
BEGIN
	LOOP
		SELECT a.state, a.state_reason, s.last_finished_at, s.error_message,
			EXISTS (SELECT FROM tasksync.containers c WHERE c.user_id = a.user_id AND c.account_id = a.id) AS read
		INTO now_is
		FROM tasksync.accounts a
		LEFT JOIN tasksync.schedules s ON s.user_id = a.user_id AND s.account_id = a.id
		WHERE a.user_id = account.user_id AND a.id = account.id;
		EXIT WHEN now_is.read OR (now_is.last_finished_at IS NOT NULL AND now_is.error_message IS NULL);
		IF now_is.state NOT IN ('connecting', 'active') THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('account "%s" has not been read: it is %s', account.id, now_is.state),
				DETAIL = coalesce(now_is.state_reason, ''),
				HINT = 'SELECT * FROM tasksync.account_health says what to do.';
		END IF;
		PERFORM tasksync.refuse_uncommitted(account);
		PERFORM tasksync.refuse_without_worker();
		IF clock_timestamp() > give_up THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('account "%s" has not been read within 10 seconds', account.id),
				DETAIL = coalesce(now_is.error_message, ''),
				HINT = 'SELECT * FROM tasksync.account_health says how far it is; then try again.';
		END IF;
		PERFORM pg_sleep(0.02);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tasksync.await_containers(tasksync.accounts) IS 'Internal: waits up to 10 seconds for the first reading of an account.';

CREATE FUNCTION tasksync.list_containers(account uuid)
	RETURNS TABLE (remote_id text, title text, parent_remote_id text, is_inbox boolean, is_archived boolean,
		project_id uuid, direction text, seen_at timestamptz, error_code text, error_message text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	PERFORM tasksync.await_containers(a);
	RETURN QUERY
	SELECT c.remote_id, c.title, c.parent_remote_id, c.is_inbox, c.is_archived, p.project_id, p.direction, c.seen_at,
		c.error_code, c.error_message
	FROM tasksync.containers c
	LEFT JOIN tasksync.project_links p
		ON p.user_id = c.user_id AND p.account_id = c.account_id AND p.remote_id = c.remote_id
	WHERE c.user_id = a.user_id AND c.account_id = a.id
	ORDER BY NOT c.is_inbox, c.title, c.remote_id;
END
$$;
COMMENT ON FUNCTION tasksync.list_containers(uuid) IS 'What the provider has in this account: its projects (lists, databases), linked or not, as last seen; project_id and direction are null where nothing is linked; error_code and error_message say why one cannot be read, and what to do. Right after connect_account() it waits up to 10 seconds for the first reading. Errors: P0002 no such account, 55000 it could not be read, 25001 the account is not committed yet, TS002 and others if no worker runs.';

-- ---- links ----

CREATE FUNCTION tasksync.create_missing(person uuid, account uuid, project uuid) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, state, dirty)
	SELECT person, o.id, account, o.kind, 'pending_create', true
	FROM tasksync.accounts a
	JOIN tasksync.providers v ON v.provider = a.provider
	CROSS JOIN LATERAL (
		SELECT t.id, 'task' AS kind FROM tasksync.tasks t WHERE t.user_id = person AND t.project_id = project
			AND NOT EXISTS (
				SELECT FROM tasksync.project_links p
				WHERE p.user_id = person AND p.account_id = account AND p.project_id = project AND NOT tasksync.carries(p, t))
		UNION ALL
		SELECT s.id, 'section' FROM tasksync.sections s
		WHERE v.shows_sections AND s.user_id = person AND s.project_id = project
		UNION ALL
		SELECT b.id, 'label' FROM tasksync.labels b
		WHERE v.shows_labels AND b.user_id = person) o
	WHERE a.user_id = person AND a.id = account
	ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION tasksync.create_missing(uuid, uuid, uuid) IS 'Internal: what a project holds and an account has no link for is to be created there.';

CREATE FUNCTION tasksync.attach_project(person uuid, account uuid, project uuid, sends boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tasksync.links l SET state = 'live', dirty = sends
	WHERE l.user_id = person AND l.account_id = account AND l.state = 'detached' AND l.remote_id IS NOT NULL
		AND (l.hub_id IN (SELECT t.id FROM tasksync.tasks t WHERE t.user_id = person AND t.project_id = project)
			OR l.hub_id IN (SELECT s.id FROM tasksync.sections s WHERE s.user_id = person AND s.project_id = project));
	IF sends THEN
		PERFORM tasksync.create_missing(person, account, project);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.attach_project(uuid, uuid, uuid, boolean) IS 'Internal: what a project holds is linked again under its old remote id if it was linked before, and is to be created in the account if it was not and the link sends.';

CREATE FUNCTION tasksync.check_policy(policy jsonb) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF policy ? 'hold_deletes' AND NOT coalesce(policy ->> 'hold_deletes' IN ('off', 'in', 'both'), false) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'invalid policy: "hold_deletes" must be one of "off", "in", "both"',
			HINT = 'off: mass deletions are believed; in: those that come from the provider wait for approve_held(); both (the default): those that go there, too.';
	END IF;
	IF policy IS NOT NULL THEN
		PERFORM tasksync.merge_task('{}', '{}', '{}', CASE WHEN jsonb_typeof(policy) = 'object' THEN policy - 'hold_deletes' ELSE policy END);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.check_policy(jsonb) IS 'Internal: 22023 for a conflict policy that merge_task() does not understand, but for the key hold_deletes, which only runs know.';

CREATE FUNCTION tasksync.set_policy(account uuid, policy jsonb, link uuid DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	PERFORM tasksync.check_policy(policy);
	IF link IS NULL THEN
		UPDATE tasksync.accounts x SET policy = coalesce(set_policy.policy, '{}'), updated_at = now()
		WHERE x.user_id = a.user_id AND x.id = a.id;
	ELSE
		UPDATE tasksync.project_links p SET policy = set_policy.policy, updated_at = now()
		WHERE p.user_id = a.user_id AND p.account_id = a.id AND p.id = link;
		IF NOT FOUND THEN
			RAISE EXCEPTION USING ERRCODE = 'no_data_found',
				MESSAGE = format('link "%s" does not exist', link),
				HINT = 'SELECT id, project_id, remote_id FROM tasksync.project_links lists them.';
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.set_policy(uuid, jsonb, uuid) IS 'Sets the conflict policy of an account, or of one of its links: {"rule": "newest", "fields": {"title": "manual"}} as in merge_task(); null goes back to the person''s, or the account''s. An account''s policy may also hold "hold_deletes": "both" (the default: mass deletions in either direction wait for approve_held()), "in" or "off". Counts from the next run on. Errors: 22023 a policy that is not understood, P0002 no such account or link.';

CREATE FUNCTION tasksync.container_named(a tasksync.accounts, word text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- of a pasted address the id at the end of its path; the query names a view, or who knows what
	id text := CASE WHEN word ~ '^https?://' THEN substring(split_part(split_part(word, '?', 1), '#', 1)
		FROM '([0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12})/?$') ELSE word END;
	found text[];
BEGIN
	IF EXISTS (
		SELECT FROM tasksync.containers c
		WHERE c.user_id = a.user_id AND c.account_id = a.id AND c.remote_id = word) THEN
		RETURN word;
	END IF;
	IF replace(id, '-', '') ~ '^[0-9a-fA-F]{32}$' THEN
		id := id::uuid::text;
	END IF;
	SELECT array_agg(c.remote_id ORDER BY c.title, c.remote_id) INTO found FROM tasksync.containers c
	WHERE c.user_id = a.user_id AND c.account_id = a.id AND id IN (c.remote_id, c.parent_remote_id);
	IF found IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('the account has no container "%s"', word),
			HINT = format('SELECT * FROM tasksync.list_containers(''%s'') lists them.', a.id);
	END IF;
	IF cardinality(found) > 1 THEN
		RAISE EXCEPTION USING ERRCODE = 'ambiguous_parameter',
			MESSAGE = format('"%s" holds several containers', word),
			HINT = format('Name one of them: %s.', array_to_string(found, ', '));
	END IF;
	RETURN found[1];
END
$$;
COMMENT ON FUNCTION tasksync.container_named(tasksync.accounts, text) IS 'Internal: the id of a container by its id, by the id of what holds just it (a database), or by the address of either. P0002 if there is none, 42P08 if there are several.';

CREATE FUNCTION tasksync.link_container(
	a tasksync.accounts, remote_id text, project uuid, direction text, policy jsonb) RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	container tasksync.containers;
	target uuid := project;
	former uuid;
	link uuid;
BEGIN
	SELECT c.* INTO container FROM tasksync.containers c
	WHERE c.user_id = a.user_id AND c.account_id = a.id AND c.remote_id = link_container.remote_id;
	IF container.remote_id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('the account has no container "%s"', remote_id),
			HINT = format('SELECT * FROM tasksync.list_containers(''%s'') lists them.', a.id);
	END IF;
	-- unlinked before: the same project again, or a clean start with another one
	SELECT l.hub_id INTO former FROM tasksync.links l
	WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.kind = 'project' AND l.remote_id = container.remote_id;
	IF target IS NULL THEN
		SELECT p.id INTO target FROM tasksync.projects p WHERE p.user_id = a.user_id AND p.id = former;
	END IF;
	IF former <> target THEN
		DELETE FROM tasksync.links l
		WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.state = 'detached' AND (l.hub_id = former
			OR l.hub_id IN (SELECT t.id FROM tasksync.tasks t WHERE t.user_id = a.user_id AND t.project_id = former)
			OR l.hub_id IN (SELECT s.id FROM tasksync.sections s WHERE s.user_id = a.user_id AND s.project_id = former));
	END IF;
	-- the inbox there is the inbox here, unless somebody decided otherwise
	IF target IS NULL AND container.is_inbox THEN
		SELECT p.id INTO target FROM tasksync.projects p
		WHERE p.user_id = a.user_id AND p.is_inbox AND NOT EXISTS (
			SELECT FROM tasksync.project_links x
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.project_id = p.id);
	END IF;
	IF target IS NULL THEN
		-- as if the account had brought it: it must not be created there again
		PERFORM tasksync.origin_set(a.id, NULL);
		INSERT INTO tasksync.projects AS p (user_id, name, is_archived, parent_id)
		VALUES (a.user_id, container.title, container.is_archived, (
			SELECT x.project_id FROM tasksync.project_links x
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.remote_id = container.parent_remote_id))
		RETURNING p.id INTO target;
		PERFORM tasksync.origin_set(NULL, NULL);
	END IF;
	INSERT INTO tasksync.project_links AS x (user_id, account_id, project_id, remote_id, direction, policy)
	VALUES (a.user_id, a.id, target, container.remote_id, link_container.direction, link_container.policy)
	RETURNING x.id INTO link;
	INSERT INTO tasksync.links AS l (user_id, hub_id, account_id, kind, remote_id, state)
	VALUES (a.user_id, target, a.id, 'project', container.remote_id, 'live')
	ON CONFLICT (user_id, hub_id, account_id) DO UPDATE
		SET remote_id = excluded.remote_id, state = 'live',
			base = CASE WHEN l.remote_id = excluded.remote_id THEN l.base ELSE '{}' END;
	PERFORM tasksync.attach_project(a.user_id, a.id, target, link_container.direction <> 'pull');
	RETURN link;
END
$$;
COMMENT ON FUNCTION tasksync.link_container(tasksync.accounts, text, uuid, text, jsonb) IS 'Internal: the rows of one link; a project is made when none is given.';

CREATE FUNCTION tasksync.read_again(a tasksync.accounts) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE tasksync.accounts x SET needs_full_read = true, updated_at = now()
	WHERE x.user_id = a.user_id AND x.id = a.id;
	PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
END
$$;
COMMENT ON FUNCTION tasksync.read_again(tasksync.accounts) IS 'Internal: the next run reads the whole account, and soon.';

CREATE FUNCTION tasksync.read_new_links(a tasksync.accounts) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- where containers are read one by one, a new one is read whole by itself
	IF EXISTS (SELECT FROM tasksync.providers v WHERE v.provider = a.provider AND v.reads_containers) THEN
		PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
	ELSE
		PERFORM tasksync.read_again(a);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.read_new_links(tasksync.accounts) IS 'Internal: the next run reads the containers that were just linked, and soon.';

CREATE FUNCTION tasksync.link_project(
	account uuid, remote_id text, project uuid DEFAULT NULL, direction text DEFAULT 'both', policy jsonb DEFAULT NULL)
	RETURNS uuid
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
	taken uuid;
	link uuid;
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	IF direction IS NULL OR direction NOT IN ('both', 'pull', 'push') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('direction "%s" is not known', direction),
			HINT = 'Use both, pull (the provider''s changes come in) or push (the hub''s changes go out).';
	END IF;
	PERFORM tasksync.check_policy(policy);
	IF project IS NOT NULL AND NOT EXISTS (
		SELECT FROM tasksync.projects p WHERE p.user_id = a.user_id AND p.id = project) THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('project "%s" does not exist', project),
			HINT = 'Leave project out to have one made.';
	END IF;
	PERFORM tasksync.await_containers(a);
	remote_id := tasksync.container_named(a, remote_id);
	SELECT p.id INTO taken FROM tasksync.project_links p
	WHERE p.user_id = a.user_id AND p.account_id = a.id
		AND (p.remote_id = link_project.remote_id OR p.project_id = project);
	IF taken IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'unique_violation',
			MESSAGE = 'the container or the project is linked already in this account',
			HINT = format('SELECT tasksync.unlink_project(''%s'') ends that link.', taken);
	END IF;
	link := tasksync.link_container(a, remote_id, project, direction, policy);
	PERFORM tasksync.read_new_links(a);
	RETURN link;
END
$$;
COMMENT ON FUNCTION tasksync.link_project(uuid, text, uuid, text, jsonb) IS 'Keeps a container of an account and a project of the hub the same; returns the link. remote_id: from list_containers(), or what a person pastes: the address of the container, or the id or address of a database that holds just one. project: default a new one with the container''s name (the inbox for the inbox). direction: both, pull or push. policy: as in merge_task(), default the account''s. What either side has already goes to the other one. Errors: P0002 unknown account, container or project, 42P08 several containers, 22023 bad direction or policy, 23505 linked already, 55000 disconnected.';

CREATE FUNCTION tasksync.link_all(account uuid) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
	c record;
	p record;
	made integer := 0;
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	-- in the transaction of connect_account() nothing can have been read: the
	-- first reading links what it finds, and a second one is saved
	IF NOT EXISTS (
			SELECT FROM tasksync.accounts x
			WHERE x.user_id = a.user_id AND x.id = a.id AND x.external_id IS NULL
				AND x.xmin = pg_current_xact_id_if_assigned()::xid) THEN
		PERFORM tasksync.await_containers(a);
	END IF;
	UPDATE tasksync.accounts x SET link_all = true, updated_at = now()
	WHERE x.user_id = a.user_id AND x.id = a.id;
	FOR c IN
		-- parents first, so that a new project finds its parent linked
		WITH RECURSIVE ranked AS (
			SELECT o.remote_id, o.title, o.is_inbox, 0 AS depth FROM tasksync.containers o
			WHERE o.user_id = a.user_id AND o.account_id = a.id AND NOT EXISTS (
				SELECT FROM tasksync.containers u
				WHERE u.user_id = a.user_id AND u.account_id = a.id AND u.remote_id = o.parent_remote_id)
			UNION ALL
			SELECT o.remote_id, o.title, o.is_inbox, r.depth + 1 FROM ranked r
			JOIN tasksync.containers o
				ON o.user_id = a.user_id AND o.account_id = a.id AND o.parent_remote_id = r.remote_id
			WHERE r.depth < 100)
		SELECT r.* FROM ranked r
		WHERE NOT EXISTS (
			SELECT FROM tasksync.project_links x
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.remote_id = r.remote_id)
		ORDER BY r.depth, r.title, r.remote_id
	LOOP
		-- a project of the same name is the same project if there is no doubt
		SELECT min(h.id::text)::uuid AS id, count(*) AS candidates INTO p FROM tasksync.projects h
		WHERE h.user_id = a.user_id AND h.name = c.title AND NOT h.is_inbox AND NOT c.is_inbox
			AND NOT EXISTS (
				SELECT FROM tasksync.project_links x
				WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.project_id = h.id)
			AND NOT EXISTS (
				SELECT FROM tasksync.links l
				WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.hub_id = h.id AND l.remote_id IS NOT NULL);
		PERFORM tasksync.link_container(a, c.remote_id, CASE WHEN p.candidates = 1 THEN p.id END, 'both', NULL);
		made := made + 1;
	END LOOP;
	FOR p IN
		SELECT h.id FROM tasksync.projects h
		WHERE h.user_id = a.user_id AND NOT h.is_inbox
			AND EXISTS (SELECT FROM tasksync.providers v WHERE v.provider = a.provider AND v.creates_containers)
			AND NOT EXISTS (
			SELECT FROM tasksync.project_links x
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.project_id = h.id)
		ORDER BY h.position, h.id
	LOOP
		INSERT INTO tasksync.project_links (user_id, account_id, project_id) VALUES (a.user_id, a.id, p.id);
		INSERT INTO tasksync.links AS l (user_id, hub_id, account_id, kind, state, dirty)
		VALUES (a.user_id, p.id, a.id, 'project', 'pending_create', true)
		ON CONFLICT (user_id, hub_id, account_id) DO UPDATE
			SET state = CASE WHEN l.remote_id IS NULL THEN 'pending_create' ELSE 'live' END, dirty = true;
		PERFORM tasksync.attach_project(a.user_id, a.id, p.id, true);
		made := made + 1;
	END LOOP;
	PERFORM tasksync.read_new_links(a);
	RETURN made;
END
$$;
COMMENT ON FUNCTION tasksync.link_all(uuid) IS 'Links every container of the account and every project of the person, in both directions, now and in future; returns how many links were made. In the transaction of connect_account() the first reading does it, which saves reading everything twice. Containers and projects of one name are taken for the same when there is just one of each. Errors: P0002 no such account, 55000 it is disconnected or could not be read.';

CREATE FUNCTION tasksync.unlink_project(link uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tasksync.project_links;
	me uuid := tasksync.current_user_id();
BEGIN
	DELETE FROM tasksync.project_links x
	WHERE x.id = link AND x.user_id = coalesce(me, x.user_id)
	RETURNING x.* INTO p;
	IF p.id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('link "%s" does not exist', link),
			HINT = 'SELECT id, project_id, remote_id FROM tasksync.project_links lists them.';
	END IF;
	WITH parts (id) AS (
		SELECT p.project_id
		UNION ALL SELECT t.id FROM tasksync.tasks t WHERE t.user_id = p.user_id AND t.project_id = p.project_id
		UNION ALL SELECT s.id FROM tasksync.sections s WHERE s.user_id = p.user_id AND s.project_id = p.project_id),
	forgotten AS (
		DELETE FROM tasksync.links l USING parts
		WHERE l.user_id = p.user_id AND l.hub_id = parts.id AND l.account_id = p.account_id AND l.remote_id IS NULL)
	UPDATE tasksync.links l SET state = 'detached', dirty = false
	FROM parts
	WHERE l.user_id = p.user_id AND l.hub_id = parts.id AND l.account_id = p.account_id AND l.remote_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION tasksync.unlink_project(uuid) IS 'Ends a link: both sides keep what they have and go their own ways. Nothing is deleted. Errors: P0002 no such link.';
