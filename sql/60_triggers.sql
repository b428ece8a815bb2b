-- What happens when a row of the hub changes: the row is put in order, the
-- change is written to the journal, and every account that shows the row hears
-- of it.
--
-- Rules that need the row alone are in C (hub_row(), no query per row); rules
-- that need other rows run once per statement over transition tables, as the
-- owner of the extension, because an application's role may not write to the
-- journal or to links. Two rare cases of placing a task are row triggers in
-- PL/pgSQL: their WHEN clauses keep them away from ordinary rows.
--
-- Plans are cached per session, and a nested loop over two transition tables
-- that was planned for one row must not meet ten thousand; so those are joined
-- with FULL JOIN, which cannot be a nested loop. (Switching enable_nestloop off
-- was the alternative; it would have spoilt the look-ups in links.) Ids go on
-- to other tables as arrays and are joined through unnest(): "= ANY (ids)" may
-- become a filter that walks through the whole array for every row.

CREATE FUNCTION tasksync.hub_row() RETURNS trigger
	AS 'MODULE_PATHNAME', 'tasksync_hub_row'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.hub_row() IS 'Row trigger of tasks, projects, sections and labels: normal labels, completed_at, version, edited, updated_at; refuses a change of id or user_id (23514). Argument: the kind.';

CREATE FUNCTION tasksync.wake_worker(look_again boolean DEFAULT false) RETURNS void
	AS 'MODULE_PATHNAME', 'tasksync_sql_wake'
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.wake_worker(boolean) IS 'Internal: wakes the sync worker of this database when the transaction commits, and with look_again the launcher too; does nothing in a server that does not preload the library, where wake() raises an error.';

CREATE FUNCTION tasksync.origin_set(account_id uuid, run_id uuid) RETURNS void
	AS 'MODULE_PATHNAME', 'tasksync_sql_origin_set'
	LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION tasksync.origin_set(uuid, uuid) IS 'Internal: until the end of the transaction, writes count as made by this account and run: its own links are left alone. A run without an account: local edits that belong together, as those of an undo. Null, null ends it. For approve_held(), undo_run() and the tests.';

CREATE FUNCTION tasksync.row_record(kind text, hub_row record) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_row_record'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.row_record(text, record) IS 'Internal: task_record() and its sisters for a row of a transition table, whose type has no name.';

CREATE FUNCTION tasksync.row_changes(kind text, old record, new record, OUT before jsonb, OUT after jsonb)
	AS 'MODULE_PATHNAME', 'tasksync_row_changes'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.row_changes(text, record, record) IS 'Internal: the synced fields in which two versions of a row differ, before and after; both are empty objects if none does.';

-- ---- telling the accounts ----

CREATE FUNCTION tasksync.request_sync(person uuid, accounts uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF coalesce(cardinality(accounts), 0) = 0 THEN
		RETURN;
	END IF;
	-- without a worker nobody takes hints away: a thousand of them say enough
	INSERT INTO tasksync.hints (user_id, account_id)
	SELECT person, a.id FROM tasksync.accounts a
	WHERE a.user_id = person AND a.id = ANY (accounts)
		AND NOT EXISTS (
			SELECT FROM tasksync.hints h WHERE h.user_id = person AND h.account_id = a.id OFFSET 999);
	PERFORM tasksync.wake_worker();
END
$$;
COMMENT ON FUNCTION tasksync.request_sync(uuid, uuid[]) IS 'Internal: leaves a hint for each of a person''s accounts and wakes the worker at commit.';

CREATE FUNCTION tasksync.project_of(kind text, person uuid, hub_id uuid) RETURNS uuid
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE kind
		WHEN 'project' THEN hub_id
		WHEN 'task' THEN (SELECT t.project_id FROM tasksync.tasks t WHERE t.user_id = person AND t.id = hub_id)
		WHEN 'section' THEN (SELECT s.project_id FROM tasksync.sections s WHERE s.user_id = person AND s.id = hub_id)
		END;
END;
COMMENT ON FUNCTION tasksync.project_of(text, uuid, uuid) IS 'Internal: the project that a hub object belongs to; null for a label.';

CREATE FUNCTION tasksync.is_pull_only(person uuid, account uuid, project uuid) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN project IS NULL THEN NOT EXISTS (
			SELECT FROM tasksync.project_links p
			WHERE p.user_id = person AND p.account_id = account AND p.direction <> 'pull')
		ELSE EXISTS (
			SELECT FROM tasksync.project_links p
			WHERE p.user_id = person AND p.account_id = account AND p.project_id = project AND p.direction = 'pull')
		END;
END;
COMMENT ON FUNCTION tasksync.is_pull_only(uuid, uuid, uuid) IS 'Internal: whether an account only reads a project, so that nothing of it may be sent; without a project, whether it only reads all of its projects.';

-- The update is unconditional on purpose: skipping links that are dirty already
-- would miss the lock that orders this edit against the run that is just
-- recording its answer and setting dirty to false.
CREATE FUNCTION tasksync.mark_dirty(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	origin uuid := tasksync.origin_account();
	pulls boolean := EXISTS (SELECT FROM tasksync.project_links p WHERE p.user_id = person AND p.direction = 'pull');
	touched uuid[];
	freed uuid[];
BEGIN
	WITH marked AS (
		UPDATE tasksync.links l
		SET dirty = true, retry_at = NULL, failures = 0,
			refused_version = NULL, error_code = NULL, error_message = NULL
		FROM unnest(ids) i (id)
		WHERE l.user_id = person AND l.hub_id = i.id
			AND l.state IN ('live', 'pending_create', 'held')
			AND l.account_id IS DISTINCT FROM origin
			AND NOT (pulls AND tasksync.is_pull_only(person, l.account_id, tasksync.project_of(l.kind, person, l.hub_id)))
		RETURNING l.account_id)
	SELECT array_agg(DISTINCT account_id) INTO touched FROM marked;

	-- what waited for one of these objects to be accepted may try again
	UPDATE tasksync.links l
	SET dirty = true, error_code = NULL, error_message = NULL
	WHERE l.user_id = person AND l.account_id = ANY (touched) AND l.error_code = 'blocked';
	PERFORM tasksync.request_sync(person, touched);
END
$$;
COMMENT ON FUNCTION tasksync.mark_dirty(uuid, uuid[]) IS 'Internal: an edit of hub objects: every account that shows them, except the one the edit came from and those that only read, has something to compare again; refusals of older versions are forgotten.';

-- ---- rules about several rows ----

CREATE FUNCTION tasksync.refuse_cycles(kind text, person uuid, ids uuid[], others_may_move boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- One tree of a person at a time: two moves that make a ring together would
	-- each be fine alone. Waiting for the lock before reading gives the second
	-- one a snapshot that shows the first.
	fixed_snapshot boolean := current_setting('transaction_isolation') <> 'read committed';
	ring uuid;
BEGIN
	IF others_may_move THEN
		PERFORM pg_advisory_xact_lock(hashtextextended('tasksync tree ' || kind || person::text, 0));
	END IF;
	IF kind = 'task' THEN
		WITH RECURSIVE above (start, id) AS (
			SELECT t.id, t.parent_id FROM unnest(ids) i (id)
			JOIN tasksync.tasks t ON t.user_id = person AND t.id = i.id
			WHERE t.parent_id IS NOT NULL
			UNION
			SELECT a.start, t.parent_id FROM above a
			JOIN tasksync.tasks t ON t.user_id = person AND t.id = a.id
			WHERE t.parent_id IS NOT NULL AND a.id <> a.start)
		SELECT start INTO ring FROM above WHERE id = start LIMIT 1;
		-- A snapshot of the transaction's start cannot show the other move, but
		-- locking what was read finds that it is out of date (40001).
		IF ring IS NULL AND fixed_snapshot AND others_may_move THEN
			PERFORM FROM tasksync.tasks t
			WHERE t.user_id = person AND t.id IN (
				WITH RECURSIVE above (id) AS (
					SELECT s.parent_id FROM unnest(ids) i (id)
					JOIN tasksync.tasks s ON s.user_id = person AND s.id = i.id
					UNION
					SELECT s.parent_id FROM above a
					JOIN tasksync.tasks s ON s.user_id = person AND s.id = a.id)
				SELECT a.id FROM above a)
			FOR SHARE;
		END IF;
	ELSE
		WITH RECURSIVE above (start, id) AS (
			SELECT t.id, t.parent_id FROM unnest(ids) i (id)
			JOIN tasksync.projects t ON t.user_id = person AND t.id = i.id
			WHERE t.parent_id IS NOT NULL
			UNION
			SELECT a.start, t.parent_id FROM above a
			JOIN tasksync.projects t ON t.user_id = person AND t.id = a.id
			WHERE t.parent_id IS NOT NULL AND a.id <> a.start)
		SELECT start INTO ring FROM above WHERE id = start LIMIT 1;
		IF ring IS NULL AND fixed_snapshot AND others_may_move THEN
			PERFORM FROM tasksync.projects t
			WHERE t.user_id = person AND t.id IN (
				WITH RECURSIVE above (id) AS (
					SELECT s.parent_id FROM unnest(ids) i (id)
					JOIN tasksync.projects s ON s.user_id = person AND s.id = i.id
					UNION
					SELECT s.parent_id FROM above a
					JOIN tasksync.projects s ON s.user_id = person AND s.id = a.id)
				SELECT a.id FROM above a)
			FOR SHARE;
		END IF;
	END IF;
	IF ring IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = format('%s "%s" would be its own ancestor', kind, ring),
			HINT = format('Choose a parent that is not below this %s.', kind);
	END IF;
END
$$;
COMMENT ON FUNCTION tasksync.refuse_cycles(text, uuid, uuid[], boolean) IS 'Internal: raises 23514 if one of these tasks or projects is now below itself. With others_may_move it first waits for other moves within the person''s tree.';

CREATE FUNCTION tasksync.new_labels(person uuid, names text[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO tasksync.labels (user_id, name)
	SELECT person, n.name FROM unnest(names) n (name)
	WHERE NOT EXISTS (SELECT FROM tasksync.labels b WHERE b.user_id = person AND b.name = n.name)
	ON CONFLICT (user_id, name) DO NOTHING;
END;
COMMENT ON FUNCTION tasksync.new_labels(uuid, text[]) IS 'Internal: labels used on tasks exist as rows: inserts those that are missing.';

-- A service that closes the tasks below a closed one must not disagree with the
-- hub, so the hub does the same; reopening goes the other way, up the tree.
-- Other rows change here than the writer touched, so even the account that the
-- change came from has to look at them.
CREATE FUNCTION tasksync.carry_status(person uuid, closed uuid[], reopened uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	carried uuid[];
BEGIN
	WITH RECURSIVE below (id) AS (
		SELECT t.id FROM unnest(closed) i (id)
		JOIN tasksync.tasks t ON t.user_id = person AND t.parent_id = i.id
		UNION
		SELECT t.id FROM below b JOIN tasksync.tasks t ON t.user_id = person AND t.parent_id = b.id),
	done AS (
		UPDATE tasksync.tasks t SET status = 'done'
		FROM below b
		WHERE t.user_id = person AND t.id = b.id AND t.status = 'open'
		RETURNING t.id)
	SELECT array_agg(id) INTO carried FROM done;

	WITH RECURSIVE above (id) AS (
		SELECT t.parent_id FROM unnest(reopened) i (id)
		JOIN tasksync.tasks t ON t.user_id = person AND t.id = i.id
		WHERE t.status = 'open' AND t.parent_id IS NOT NULL
		UNION
		SELECT t.parent_id FROM above a
		JOIN tasksync.tasks t ON t.user_id = person AND t.id = a.id
		WHERE t.parent_id IS NOT NULL),
	opened AS (
		UPDATE tasksync.tasks t SET status = 'open'
		FROM above a
		WHERE t.user_id = person AND t.id = a.id AND t.status = 'done'
		RETURNING t.id)
	SELECT carried || array_agg(id) INTO carried FROM opened;

	UPDATE tasksync.links l SET dirty = true
	FROM unnest(carried) i (id)
	WHERE l.user_id = person AND l.hub_id = i.id AND l.state = 'live'
		AND l.account_id = tasksync.origin_account()
		AND NOT tasksync.is_pull_only(person, l.account_id, tasksync.project_of('task', person, l.hub_id));
END
$$;
COMMENT ON FUNCTION tasksync.carry_status(uuid, uuid[], uuid[]) IS 'Internal: closing a task closes the open tasks below it; reopening one reopens the done tasks above it.';

-- A subtask is in the section of its parent: services that have sections put it
-- there whatever they are told, so the hub does the same instead of disagreeing
-- for ever. Refusing a section that differs was the alternative; it would have
-- made a tree depend on the order in which its rows are written.
CREATE FUNCTION tasksync.follow_sections(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	carried uuid[];
BEGIN
	WITH RECURSIVE above (id, parent_id) AS (
		SELECT t.id, t.parent_id FROM unnest(ids) i (id)
		JOIN tasksync.tasks t ON t.user_id = person AND t.id = i.id
		UNION
		SELECT t.id, t.parent_id FROM above a
		JOIN tasksync.tasks t ON t.user_id = person AND t.id = a.parent_id),
	tree (id, section_id) AS (
		SELECT t.id, t.section_id FROM above a
		JOIN tasksync.tasks t ON t.user_id = person AND t.id = a.id
		WHERE a.parent_id IS NULL
		UNION
		SELECT t.id, b.section_id FROM tree b
		JOIN tasksync.tasks t ON t.user_id = person AND t.parent_id = b.id),
	placed AS (
		UPDATE tasksync.tasks t SET section_id = b.section_id
		FROM tree b
		WHERE t.user_id = person AND t.id = b.id AND t.section_id IS DISTINCT FROM b.section_id
		RETURNING t.id)
	SELECT array_agg(id) INTO carried FROM placed;

	UPDATE tasksync.links l SET dirty = true
	FROM unnest(carried) i (id)
	WHERE l.user_id = person AND l.hub_id = i.id AND l.state = 'live'
		AND l.account_id = tasksync.origin_account()
		AND NOT tasksync.is_pull_only(person, l.account_id, tasksync.project_of('task', person, l.hub_id));
END
$$;
COMMENT ON FUNCTION tasksync.follow_sections(uuid, uuid[]) IS 'Internal: the trees that these tasks are in: every subtask goes into the section of the task at the top.';

-- Never a delete: leaving the scope of an account is no reason to destroy
-- anything there.
CREATE FUNCTION tasksync.route_tasks(person uuid, ids uuid[], only_account uuid DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	origin uuid := tasksync.origin_account();
	touched uuid[];
BEGIN
	DELETE FROM tasksync.links l
	USING unnest(ids) i (id), tasksync.tasks t
	WHERE l.user_id = person AND l.hub_id = i.id AND l.remote_id IS NULL AND l.state = 'pending_create'
		AND l.account_id IS DISTINCT FROM origin AND l.account_id = coalesce(only_account, l.account_id)
		AND t.user_id = person AND t.id = l.hub_id
		AND NOT EXISTS (
			SELECT FROM tasksync.project_links p
			WHERE p.user_id = person AND p.account_id = l.account_id AND p.project_id = t.project_id AND tasksync.carries(p, t))
		AND NOT EXISTS (
			SELECT FROM tasksync.intents i
			WHERE i.user_id = person AND i.account_id = l.account_id AND i.hub_id = l.hub_id);

	UPDATE tasksync.links l SET state = 'detached', dirty = false, missing_since = NULL
	FROM unnest(ids) i (id), tasksync.tasks t
	WHERE l.user_id = person AND l.hub_id = i.id AND l.state IN ('live', 'pending_create')
		AND l.account_id IS DISTINCT FROM origin AND l.account_id = coalesce(only_account, l.account_id)
		AND t.user_id = person AND t.id = l.hub_id
		AND NOT EXISTS (
			SELECT FROM tasksync.project_links p
			WHERE p.user_id = person AND p.account_id = l.account_id AND p.project_id = t.project_id AND tasksync.carries(p, t));

	UPDATE tasksync.links l SET state = 'live'
	FROM unnest(ids) i (id), tasksync.tasks t, tasksync.project_links p
	WHERE l.user_id = person AND l.hub_id = i.id AND l.state = 'detached' AND l.remote_id IS NOT NULL
		AND l.account_id = coalesce(only_account, l.account_id)
		AND t.user_id = person AND t.id = l.hub_id
		AND p.user_id = person AND p.account_id = l.account_id AND p.project_id = t.project_id AND p.direction = 'pull'
		AND tasksync.carries(p, t);

	WITH joined AS (
		INSERT INTO tasksync.links AS l (user_id, hub_id, account_id, kind, state, dirty)
		SELECT person, t.id, p.account_id, 'task', 'pending_create', true
		FROM unnest(ids) i (id)
		JOIN tasksync.tasks t ON t.user_id = person AND t.id = i.id
		JOIN tasksync.project_links p ON p.user_id = person AND p.project_id = t.project_id
		WHERE p.direction <> 'pull' AND p.account_id IS DISTINCT FROM origin
			AND p.account_id = coalesce(only_account, p.account_id) AND tasksync.carries(p, t)
		-- moved back to where it was: the same remote object, not a second one
		ON CONFLICT (user_id, hub_id, account_id) DO UPDATE
			SET state = CASE WHEN l.remote_id IS NULL THEN 'pending_create' ELSE 'live' END, dirty = true
			WHERE l.state = 'detached'
		RETURNING l.account_id)
	SELECT array_agg(DISTINCT account_id) INTO touched FROM joined;
	PERFORM tasksync.request_sync(person, touched);
END
$$;
COMMENT ON FUNCTION tasksync.route_tasks(uuid, uuid[], uuid) IS 'Internal: tasks changed their project, or what filters look at, or a filter changed: accounts whose links carry them now get them, or take their old link up again; accounts whose links do not any more let go of them without deleting. only_account: no others.';

CREATE FUNCTION tasksync.label_renamed(person uuid, was text, becomes text) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	UPDATE tasksync.tasks t
	SET labels = CASE WHEN becomes IS NULL THEN array_remove(t.labels, was) ELSE array_replace(t.labels, was, becomes) END
	WHERE t.user_id = person AND t.labels @> ARRAY[was];
END;
COMMENT ON FUNCTION tasksync.label_renamed(uuid, text, text) IS 'Internal: puts the new name of a label on a person''s tasks; null takes the label off.';

-- An edit at one account brings back what was deleted here, and so does an
-- undo. The accounts that have not been told of the deletion must not be told
-- any more: they still have the object, and get what is different. A project's
-- route went with it and comes back with it.
CREATE FUNCTION tasksync.links_reborn(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	touched uuid[];
BEGIN
	-- what is in the container is linked already: nothing there has to be found out
	INSERT INTO tasksync.project_links (user_id, account_id, project_id, remote_id, matched_at)
	SELECT person, l.account_id, l.hub_id, l.remote_id, now()
	FROM unnest(ids) i (id)
	JOIN tasksync.links l ON l.user_id = person AND l.hub_id = i.id
	JOIN tasksync.projects p ON p.user_id = person AND p.id = l.hub_id
	WHERE l.kind = 'project' AND l.state = 'pending_delete'
	ON CONFLICT DO NOTHING;

	WITH known AS (
		SELECT l.account_id, l.hub_id, p.id IS NOT NULL OR l.kind = 'label' AS in_scope,
			tasksync.is_pull_only(person, l.account_id, o.project_id) AS pull_only
		FROM unnest(ids) i (id)
		JOIN tasksync.links l ON l.user_id = person AND l.hub_id = i.id
			AND l.account_id IS DISTINCT FROM tasksync.origin_account()
		CROSS JOIN LATERAL (SELECT tasksync.project_of(l.kind, person, i.id)) o (project_id)
		LEFT JOIN tasksync.project_links p
			ON p.user_id = person AND p.account_id = l.account_id AND p.project_id = o.project_id
			AND (p.filter IS NULL OR l.kind <> 'task'
				OR tasksync.filter_matches(p.filter, tasksync.hub_record('task', person, i.id)))),
	reborn AS (
		UPDATE tasksync.links l
		SET state = CASE WHEN NOT k.in_scope THEN 'detached' WHEN l.remote_id IS NULL THEN 'pending_create' ELSE 'live' END,
			dirty = k.in_scope AND NOT k.pull_only
		FROM known k
		WHERE l.user_id = person AND l.hub_id = k.hub_id AND l.account_id = k.account_id
			AND l.state IN ('pending_delete', 'detached')
		RETURNING l.account_id, l.hub_id),
	-- an approval was for the deletion that is off now, not for the next one
	settled AS (
		UPDATE tasksync.held_changes h SET status = 'obsolete', decided_at = now()
		FROM reborn r
		WHERE h.user_id = person AND h.account_id = r.account_id AND h.hub_id = r.hub_id
			AND h.direction = 'out' AND h.status IN ('held', 'approved'))
	SELECT array_agg(DISTINCT account_id) INTO touched FROM reborn;
	PERFORM tasksync.request_sync(person, touched);
END
$$;
COMMENT ON FUNCTION tasksync.links_reborn(uuid, uuid[]) IS 'Internal: objects are here again under the ids of deleted ones: accounts that still have them keep them, or let go of them if they do not show the project.';
