-- Steering: pause, ask, wait, decide, and moving the database.

CREATE FUNCTION tasksync.pause_account(account uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	UPDATE tasksync.accounts x SET state = 'paused', state_reason = 'paused with pause_account()', updated_at = now()
	WHERE x.user_id = a.user_id AND x.id = a.id AND x.state <> 'paused';
END
$$;
COMMENT ON FUNCTION tasksync.pause_account(uuid) IS 'No further run starts until resume_account(); one that is under way ends normally. Changes on both sides wait. Errors: P0002 no such account, 55000 disconnected.';

CREATE FUNCTION tasksync.resume_account(account uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	UPDATE tasksync.accounts x
	SET state = CASE WHEN x.external_id IS NULL THEN 'connecting' ELSE 'active' END, state_reason = NULL, updated_at = now()
	WHERE x.user_id = a.user_id AND x.id = a.id AND x.state IN ('paused', 'locked', 'reauth_required');
	UPDATE tasksync.schedules s SET failures = 0, attempts = 0, next_due = now()
	WHERE s.user_id = a.user_id AND s.account_id = a.id;
	PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
END
$$;
COMMENT ON FUNCTION tasksync.resume_account(uuid) IS 'Ends a pause, and tries again at once after an account was locked, refused by the provider or backing off. Errors: P0002 no such account, 55000 disconnected.';

CREATE FUNCTION tasksync.set_sync_interval(account uuid, sync_interval interval) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	IF sync_interval IS NULL OR sync_interval NOT BETWEEN interval '5 minutes' AND interval '24 hours' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('sync interval %s is out of range', coalesce(sync_interval::text, 'null')),
			HINT = 'Use 5 minutes to 24 hours; local edits and sync_now() do not wait for it.';
	END IF;
	UPDATE tasksync.accounts x SET sync_interval = set_sync_interval.sync_interval, updated_at = now()
	WHERE x.user_id = a.user_id AND x.id = a.id;
	-- a shorter interval counts from now; a longer one from the next run on
	UPDATE tasksync.schedules s SET next_due = now() + set_sync_interval.sync_interval
	WHERE s.user_id = a.user_id AND s.account_id = a.id AND s.failures = 0
		AND s.next_due > now() + set_sync_interval.sync_interval;
	PERFORM tasksync.wake_worker();
END
$$;
COMMENT ON FUNCTION tasksync.set_sync_interval(uuid, interval) IS 'Time between two polls of an account, 5 minutes to 24 hours. Errors: 22023 out of range, P0002 no such account.';

CREATE FUNCTION tasksync.sync_now(account uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	IF a.state IN ('paused', 'reauth_required', 'awaiting_consent') THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('account "%s" %s', a.id, CASE a.state WHEN 'paused' THEN 'is paused'
				WHEN 'awaiting_consent' THEN 'waits for the person''s consent' ELSE 'is refused by the provider' END),
			DETAIL = coalesce(a.state_reason, ''),
			HINT = CASE a.state WHEN 'paused' THEN format('SELECT tasksync.resume_account(''%s'') ends the pause.', a.id)
				ELSE format('SELECT * FROM tasksync.reconnect_account(''%s'') gives a link to agree again, and token => ''…'' takes a new token.', a.id) END;
	END IF;
	PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
END
$$;
COMMENT ON FUNCTION tasksync.sync_now(uuid) IS 'Asks for a run of the account as soon as this transaction commits; a backoff that the provider asked for is kept. Returns at once: see wait_for_sync(). Errors: P0002 no such account, 55000 paused, disconnected or refused by the provider.';

CREATE FUNCTION tasksync.wait_for_sync(account uuid, timeout interval DEFAULT '30 seconds') RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
	give_up timestamptz := clock_timestamp() + timeout;
	quiet boolean;
BEGIN
	IF timeout IS NULL OR timeout NOT BETWEEN interval '0' AND interval '24 hours' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('timeout %s is out of range', coalesce(timeout::text, 'null')),
			HINT = 'Use 0 seconds (look once) to 24 hours.';
	END IF;
	PERFORM tasksync.refuse_uncommitted(a);
	LOOP
		SELECT s.leased_until IS NULL AND s.requested_at IS NULL AND s.failures = 0
			AND s.last_success_at IS NOT NULL AND s.next_due > clock_timestamp() AND x.state = 'active'
			AND NOT x.needs_full_read
			AND NOT EXISTS (SELECT FROM tasksync.hints h WHERE h.user_id = a.user_id AND h.account_id = a.id)
			AND NOT EXISTS (SELECT FROM tasksync.intents i WHERE i.user_id = a.user_id AND i.account_id = a.id AND i.state <> 'late')
			AND NOT EXISTS (
				SELECT FROM tasksync.links l
				WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.dirty AND l.state <> 'held'
					AND l.error_code IS NULL AND coalesce(l.retry_at <= clock_timestamp(), true)),
			x.state
		INTO quiet, a.state
		FROM tasksync.schedules s
		JOIN tasksync.accounts x ON x.user_id = s.user_id AND x.id = s.account_id
		WHERE s.user_id = a.user_id AND s.account_id = a.id;
		IF quiet THEN
			RETURN true;
		END IF;
		EXIT WHEN quiet IS NULL OR clock_timestamp() >= give_up
			OR a.state IN ('awaiting_consent', 'paused', 'locked', 'reauth_required', 'disconnected');
		PERFORM pg_sleep(0.01);
	END LOOP;
	RETURN false;
END
$$;
COMMENT ON FUNCTION tasksync.wait_for_sync(uuid, interval) IS 'Waits until an account is quiet: read at least once, nothing due, nothing in flight, nothing to send. True then; false when the timeout (0 to 24 hours) is over, or at once when the account stands still (paused, locked, refused by the provider, waiting for consent, disconnected): account_health says why. Errors: P0002 no such account, 22023 bad timeout, 25001 what it waits for is not committed.';

-- ---- decisions ----

CREATE FUNCTION tasksync.set_fields(kind text, person uuid, patches jsonb) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed integer;
BEGIN
	CASE kind
		WHEN 'task' THEN
			UPDATE tasksync.tasks t
			SET title = r.title, description = r.description, status = r.status, completed_at = r.completed_at,
				priority = r.priority, due_date = r.due_date, due_time = r.due_time, due_timezone = r.due_timezone,
				recurrence = r.recurrence, labels = r.labels, project_id = r.project_id, section_id = r.section_id,
				parent_id = r.parent_id, position = r.position
			FROM jsonb_to_recordset(patches) p (id uuid, patch jsonb), tasksync.tasks o, jsonb_populate_record(o, p.patch) r
			WHERE o.user_id = person AND o.id = p.id AND t.user_id = o.user_id AND t.id = o.id;
		WHEN 'project' THEN
			UPDATE tasksync.projects t
			SET name = r.name, color = r.color, is_archived = r.is_archived, parent_id = r.parent_id, position = r.position
			FROM jsonb_to_recordset(patches) p (id uuid, patch jsonb), tasksync.projects o, jsonb_populate_record(o, p.patch) r
			WHERE o.user_id = person AND o.id = p.id AND t.user_id = o.user_id AND t.id = o.id;
		WHEN 'section' THEN
			UPDATE tasksync.sections t SET name = r.name, project_id = r.project_id, position = r.position
			FROM jsonb_to_recordset(patches) p (id uuid, patch jsonb), tasksync.sections o, jsonb_populate_record(o, p.patch) r
			WHERE o.user_id = person AND o.id = p.id AND t.user_id = o.user_id AND t.id = o.id;
		ELSE
			UPDATE tasksync.labels t SET name = r.name, color = r.color, position = r.position
			FROM jsonb_to_recordset(patches) p (id uuid, patch jsonb), tasksync.labels o, jsonb_populate_record(o, p.patch) r
			WHERE o.user_id = person AND o.id = p.id AND t.user_id = o.user_id AND t.id = o.id;
	END CASE;
	GET DIAGNOSTICS changed = ROW_COUNT;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION tasksync.set_fields(text, uuid, jsonb) IS 'Internal: writes record JSON to hub rows of one kind as ordinary edits: [{"id": …, "patch": {…}}]; how many rows are there.';

CREATE FUNCTION tasksync.set_field(kind text, person uuid, hub_id uuid, patch jsonb) RETURNS boolean
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT tasksync.set_fields(kind, person, jsonb_build_array(jsonb_build_object('id', hub_id, 'patch', patch))) > 0;
END;
COMMENT ON FUNCTION tasksync.set_field(text, uuid, uuid, jsonb) IS 'Internal: set_fields() for one row; false if the row is gone.';

CREATE FUNCTION tasksync.resolve_conflict(conflict uuid, choice text, value jsonb DEFAULT NULL) RETURNS tasksync.conflicts
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	c tasksync.conflicts;
	me uuid := tasksync.current_user_id();
	chosen jsonb;
BEGIN
	SELECT x.* INTO c FROM tasksync.conflicts x
	WHERE x.id = conflict AND x.user_id = coalesce(me, x.user_id) FOR UPDATE;
	IF c.id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('conflict "%s" does not exist', conflict),
			HINT = 'SELECT id, field, hub, remote FROM tasksync.conflicts WHERE status = ''open'' lists those that wait.';
	END IF;
	IF choice IS NULL OR choice NOT IN ('hub', 'remote', 'value') OR (choice = 'value') <> (value IS NOT NULL) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'choice must be hub, remote or value, and a value goes with the last one only',
			HINT = format('For example SELECT tasksync.resolve_conflict(''%s'', ''remote'').', conflict);
	END IF;
	IF c.status = 'resolved' THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('conflict "%s" is resolved already', conflict),
			HINT = 'Edit the row itself to change the value again.';
	END IF;
	chosen := CASE choice WHEN 'hub' THEN c.hub WHEN 'remote' THEN c.remote ELSE value END;
	BEGIN
		IF NOT tasksync.set_field(c.kind, c.user_id, c.hub_id, jsonb_build_object(c.field, chosen)) THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('the %s of conflict "%s" has been deleted', c.kind, conflict),
				HINT = 'There is nothing left to decide.';
		END IF;
	EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('this is no value for %s of a %s', c.field, c.kind),
			HINT = 'Give it as in task_record(): a JSON string, number, array or null.';
	END;
	UPDATE tasksync.conflicts x
	SET status = 'resolved', choice = resolve_conflict.choice, result = chosen, resolved_at = now()
	WHERE x.user_id = c.user_id AND x.id = c.id
	RETURNING x.* INTO c;
	-- the answer is about the field, whichever accounts asked
	UPDATE tasksync.conflicts x
	SET status = 'resolved', choice = 'value', result = chosen, resolved_at = now()
	WHERE x.user_id = c.user_id AND x.hub_id = c.hub_id AND x.field = c.field AND x.status = 'open';
	-- even if the hub had this value already, the frozen sides have to hear of it
	PERFORM tasksync.mark_dirty(c.user_id, ARRAY[c.hub_id]);
	RETURN c;
END
$$;
COMMENT ON FUNCTION tasksync.resolve_conflict(uuid, text, jsonb) IS 'Decides a conflict: choice hub or remote takes that side''s value, choice value the third argument (JSON as in task_record()). It is written as an ordinary edit and so goes to every account; a field that waited under the rule manual is free again. Also turns round what a rule settled. Returns the conflict. Errors: P0002 no such conflict, 22023 bad choice or value, 55000 resolved already or the object is gone.';

CREATE FUNCTION tasksync.approve_held(ids uuid[]) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	h tasksync.held_changes;
	me uuid := tasksync.current_user_id();
	approved integer := 0;
BEGIN
	FOR h IN
		UPDATE tasksync.held_changes x SET status = 'approved', decided_at = now()
		WHERE x.id = ANY (ids) AND x.status = 'held' AND x.user_id = coalesce(me, x.user_id)
		RETURNING x.*
	LOOP
		approved := approved + 1;
		IF h.direction = 'out' THEN
			UPDATE tasksync.links l SET dirty = true, retry_at = NULL
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id;
			PERFORM tasksync.request_sync(h.user_id, ARRAY[h.account_id]);
			CONTINUE;
		END IF;
		IF h.change = 'complete' THEN
			-- done as the account's own change: it is not told of what it said itself
			PERFORM tasksync.origin_set(h.account_id, h.run_id);
			PERFORM tasksync.set_field(h.kind, h.user_id, h.hub_id, '{"status": "done"}');
			UPDATE tasksync.links l SET state = 'live', dirty = true
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id AND l.state = 'held';
			PERFORM tasksync.origin_set(NULL, NULL);
		END IF;
		IF h.change = 'match' THEN
			-- looked at once more by its id, and merged as two sides that never shared a value
			UPDATE tasksync.links l SET state = 'live', dirty = true, missing_since = now()
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id
				AND l.remote_id = h.remote_id AND l.state = 'held';
		END IF;
		-- a deletion is left to the worker: it alone can tell what was edited since
		PERFORM tasksync.request_sync(h.user_id, ARRAY[h.account_id]);
	END LOOP;
	RETURN approved;
END
$$;
COMMENT ON FUNCTION tasksync.approve_held(uuid[]) IS 'Lets held changes happen: the ids come from the table held_changes, and each approval counts for exactly that change once. The worker carries deletions out with its next run; what was edited while they waited is kept. A proposed pair becomes one task. Returns how many; ids that are unknown or decided already are passed over.';

CREATE FUNCTION tasksync.reject_held(ids uuid[]) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	h tasksync.held_changes;
	me uuid := tasksync.current_user_id();
	rejected integer := 0;
	back record;
BEGIN
	-- what was deleted here comes back as it was, once and under its id, whichever accounts kept it
	FOR back IN
		WITH turned_down AS (
			UPDATE tasksync.held_changes x SET status = 'rejected', decided_at = now()
			WHERE x.id = ANY (ids) AND x.status = 'held' AND x.user_id = coalesce(me, x.user_id) AND x.direction = 'out'
			RETURNING x.user_id, x.hub_id)
		SELECT t.user_id, array_agg(DISTINCT t.hub_id) AS hub_ids, count(*)::integer AS n FROM turned_down t
		GROUP BY t.user_id
	LOOP
		rejected := rejected + back.n;
		PERFORM tasksync.bring_back(back.user_id, back.hub_ids);
	END LOOP;
	FOR h IN
		UPDATE tasksync.held_changes x SET status = 'rejected', decided_at = now()
		WHERE x.id = ANY (ids) AND x.status = 'held' AND x.user_id = coalesce(me, x.user_id)
		RETURNING x.*
	LOOP
		rejected := rejected + 1;
		IF h.change = 'delete' THEN
			-- the hub keeps it: it is created there once more
			INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id, proof, run_id)
			SELECT h.user_id, h.account_id, l.remote_id, h.kind, h.hub_id, 'recreated', h.run_id
			FROM tasksync.links l
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id AND l.remote_id IS NOT NULL
			ON CONFLICT DO NOTHING;
			UPDATE tasksync.links l
			SET state = 'pending_create', dirty = true, remote_id = NULL, base = '{}', memo = NULL, raw = NULL, missing_since = NULL
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id;
		ELSIF h.change = 'match' THEN
			-- two tasks: each is new on the other side
			DELETE FROM tasksync.links l
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id AND l.state = 'held';
			PERFORM tasksync.create_missing(p.user_id, p.account_id, p.project_id)
			FROM tasksync.tasks t
			JOIN tasksync.project_links p
				ON p.user_id = t.user_id AND p.account_id = h.account_id AND p.project_id = t.project_id
			WHERE t.user_id = h.user_id AND t.id = h.hub_id AND p.direction <> 'pull';
			UPDATE tasksync.accounts a SET needs_full_read = true WHERE a.user_id = h.user_id AND a.id = h.account_id;
		ELSE
			UPDATE tasksync.links l SET state = 'live', dirty = true
			WHERE l.user_id = h.user_id AND l.hub_id = h.hub_id AND l.account_id = h.account_id AND l.state = 'held';
		END IF;
		PERFORM tasksync.request_sync(h.user_id, ARRAY[h.account_id]);
	END LOOP;
	RETURN rejected;
END
$$;
COMMENT ON FUNCTION tasksync.reject_held(uuid[]) IS 'Turns held changes down: a deletion at the provider is undone by creating the task there again, a deletion here by bringing the row back from the journal, and a proposed pair stays two tasks, each of which is made on the other side. Returns how many; ids that are unknown or decided already are passed over.';

CREATE FUNCTION tasksync.retry(account uuid, hub_id uuid DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
	tried integer;
	unread integer;
BEGIN
	UPDATE tasksync.links l
	SET dirty = true, failures = 0, retry_at = NULL, refused_version = NULL, error_code = NULL, error_message = NULL
	WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.error_code IS NOT NULL
		AND l.hub_id = coalesce(retry.hub_id, l.hub_id)
		AND NOT (l.error_code = 'hub_refused' AND l.state = 'detached');
	GET DIAGNOSTICS tried = ROW_COUNT;
	-- what the hub refused to take in is at the provider only: it has to be read again
	SELECT count(*) INTO unread FROM tasksync.links l
	WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.error_code = 'hub_refused'
		AND l.state = 'detached' AND l.hub_id = coalesce(retry.hub_id, l.hub_id);
	IF unread > 0 THEN
		PERFORM tasksync.read_again(a);
		RETURN tried + unread;
	END IF;
	IF tried > 0 THEN
		PERFORM tasksync.request_sync(a.user_id, ARRAY[a.id]);
	END IF;
	RETURN tried;
END
$$;
COMMENT ON FUNCTION tasksync.retry(uuid, uuid) IS 'Sends again what the provider refused, and reads again what the hub refused, of an account or of one hub object; see the view dead_letters. Returns how many. Editing the object does the same for it. Errors: P0002 no such account.';

-- ---- moving the database ----

CREATE FUNCTION tasksync.pre_restore() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET tasksync.restoring = on', current_database());
	-- Foreign keys of an extension exist before its rows, and a parallel
	-- pg_restore does not know which of its tables has to come first.
	EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database());
	PERFORM set_config('tasksync.restoring', 'on', false);
	PERFORM tasksync.wake_worker(true);
END
$$;
COMMENT ON FUNCTION tasksync.pre_restore() IS 'Before rows are loaded into this database by pg_restore --jobs, pg_restore --data-only or other means: triggers, foreign keys and worker stand still in every new session, until post_restore(). Restoring a whole dump in one go needs no preparation. For superusers.';

CREATE FUNCTION tasksync.post_restore() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('ALTER DATABASE %I RESET tasksync.restoring', current_database());
	EXECUTE format('ALTER DATABASE %I RESET session_replication_role', current_database());
	PERFORM set_config('tasksync.restoring', 'off', false);
	PERFORM tasksync.wake_worker(true);
END
$$;
COMMENT ON FUNCTION tasksync.post_restore() IS 'Ends pre_restore(). If the rows came from another server or database, adopt() comes next. For superusers.';

CREATE FUNCTION tasksync.adopt() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM tasksync.home;
	INSERT INTO tasksync.home (system_identifier, database_oid, extension_oid)
	SELECT c.system_identifier, d.oid, e.oid
	FROM pg_control_system() c, pg_database d, pg_extension e
	WHERE d.datname = current_database() AND e.extname = 'tasksync';
	-- what the original had under way is unknown here, and what it read may be old
	UPDATE tasksync.intents SET state = 'unknown' WHERE state = 'sent';
	-- the original took these up or gave them back; once more could end what it has now
	DELETE FROM tasksync.oauth_grants;
	DELETE FROM tasksync.revocations;
	UPDATE tasksync.schedules
	SET leased_until = NULL, lease_token = lease_token + 1, attempts = 0, failures = 0,
		cursor = NULL, last_read_at = NULL, next_due = now();
	UPDATE tasksync.sync_runs
	SET finished_at = now(), outcome = 'interrupted', error_code = 'interrupted',
		error_message = 'the database was copied during this run'
	WHERE finished_at IS NULL;
	-- The triggers stood still in the copy. Edits made there are found by
	-- comparing everything, new rows by their missing links; of a row that has
	-- gone the link goes too, so that it is read back: a copy that lost rows on
	-- the way must not delete them at the provider.
	UPDATE tasksync.links SET dirty = true WHERE state = 'live'
		AND NOT tasksync.is_pull_only(user_id, account_id, tasksync.project_of(kind, user_id, hub_id));
	PERFORM tasksync.create_missing(p.user_id, p.account_id, p.project_id)
	FROM tasksync.project_links p WHERE p.direction <> 'pull';
	-- what the original created since the copy was made is there without a link: it is paired again
	UPDATE tasksync.project_links SET matched_at = NULL WHERE remote_id IS NOT NULL;
	DELETE FROM tasksync.links l
	WHERE l.state <> 'pending_delete'
		AND NOT EXISTS (SELECT FROM tasksync.tasks t WHERE t.user_id = l.user_id AND t.id = l.hub_id)
		AND NOT EXISTS (SELECT FROM tasksync.projects t WHERE t.user_id = l.user_id AND t.id = l.hub_id)
		AND NOT EXISTS (SELECT FROM tasksync.sections t WHERE t.user_id = l.user_id AND t.id = l.hub_id)
		AND NOT EXISTS (SELECT FROM tasksync.labels t WHERE t.user_id = l.user_id AND t.id = l.hub_id);
	-- a copy made with TEMPLATE has no settings of its own
	EXECUTE format('ALTER DATABASE %I SET tasksync.enabled = on', current_database());
	PERFORM tasksync.wake_worker(true);
END
$$;
COMMENT ON FUNCTION tasksync.adopt() IS 'Makes this database the one that syncs its rows: after a restore, a copy with TEMPLATE or pg_upgrade. Make sure first that the original does not sync any more, or both will write to the same accounts. Every account is read as a whole once; what was edited in the copy is sent. For superusers.';
