-- Taking back: what the journal brings back, one row or the changes of a whole run.
--
-- An undo is an ordinary edit of the hub. It goes to every account like any
-- other, meets the same guards, and is itself in the journal under an id of its
-- own, so that it can be taken back, too. The alternative, writing the old
-- values to the accounts and the hub apart from the rules, would have to
-- repeat all of them.

CREATE FUNCTION tasksync.bring_back(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lost jsonb;
	inbox uuid;
BEGIN
	SELECT p.id INTO inbox FROM tasksync.projects p WHERE p.user_id = person AND p.is_inbox;
	SELECT jsonb_agg(j.before || jsonb_build_object('kind', j.kind)) INTO lost
	FROM unnest(ids) i (id)
	CROSS JOIN LATERAL (
		SELECT x.kind, x.op, x.before FROM tasksync.journal x
		WHERE x.user_id = person AND x.hub_id = i.id ORDER BY x.version DESC LIMIT 1) j
	WHERE j.op = 'delete';
	-- containers first; a row whose container is gone for good goes where such rows go
	INSERT INTO tasksync.projects
	SELECT r.* FROM jsonb_array_elements(lost) o (was), jsonb_populate_record(NULL::tasksync.projects,
		o.was || jsonb_build_object('parent_id', (
			SELECT x.id FROM (
				SELECT p.id FROM tasksync.projects p WHERE p.user_id = person
				UNION ALL SELECT (q.was ->> 'id')::uuid FROM jsonb_array_elements(lost) q (was) WHERE q.was ->> 'kind' = 'project') x
			WHERE x.id = (o.was ->> 'parent_id')::uuid LIMIT 1))) r
	WHERE o.was ->> 'kind' = 'project' ON CONFLICT DO NOTHING;
	INSERT INTO tasksync.sections
	SELECT r.* FROM jsonb_array_elements(lost) o (was), jsonb_populate_record(NULL::tasksync.sections, o.was) r
	WHERE o.was ->> 'kind' = 'section'
		AND EXISTS (SELECT FROM tasksync.projects p WHERE p.user_id = person AND p.id = r.project_id) ON CONFLICT DO NOTHING;
	INSERT INTO tasksync.labels
	SELECT r.* FROM jsonb_array_elements(lost) o (was), jsonb_populate_record(NULL::tasksync.labels, o.was) r
	WHERE o.was ->> 'kind' = 'label' ON CONFLICT DO NOTHING;
	INSERT INTO tasksync.tasks
	SELECT r.* FROM jsonb_array_elements(lost) o (was)
	LEFT JOIN tasksync.projects p ON p.user_id = person AND p.id = (o.was ->> 'project_id')::uuid
	LEFT JOIN tasksync.sections s ON s.user_id = person AND s.id = (o.was ->> 'section_id')::uuid AND s.project_id = p.id
	LEFT JOIN LATERAL (
		SELECT t.id FROM tasksync.tasks t
		WHERE t.user_id = person AND t.id = (o.was ->> 'parent_id')::uuid AND t.project_id = coalesce(p.id, inbox)
		UNION ALL
		SELECT (q.was ->> 'id')::uuid FROM jsonb_array_elements(lost) q (was)
		WHERE q.was ->> 'kind' = 'task' AND q.was ->> 'id' = o.was ->> 'parent_id'
		LIMIT 1) u ON true
	CROSS JOIN LATERAL jsonb_populate_record(NULL::tasksync.tasks, o.was
		|| jsonb_build_object('project_id', coalesce(p.id, inbox), 'section_id', s.id, 'parent_id', u.id)) r
	WHERE o.was ->> 'kind' = 'task' ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION tasksync.bring_back(uuid, uuid[]) IS 'Internal: hub rows that were deleted, as the journal keeps them, under their ids.';

CREATE FUNCTION tasksync.hub_record(kind text, person uuid, hub_id uuid) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE kind
		WHEN 'task' THEN (SELECT tasksync.task_record(t) FROM tasksync.tasks t WHERE t.user_id = person AND t.id = hub_id)
		WHEN 'project' THEN (SELECT tasksync.project_record(p) FROM tasksync.projects p WHERE p.user_id = person AND p.id = hub_id)
		WHEN 'section' THEN (SELECT tasksync.section_record(s) FROM tasksync.sections s WHERE s.user_id = person AND s.id = hub_id)
		ELSE (SELECT tasksync.label_record(b) FROM tasksync.labels b WHERE b.user_id = person AND b.id = hub_id)
		END;
END;
COMMENT ON FUNCTION tasksync.hub_record(text, uuid, uuid) IS 'Internal: an object of the hub as record JSON; null if it is not there.';

-- Fields that mean nothing alone are taken back together or not at all.
CREATE FUNCTION tasksync.undo_unit(field text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT CASE WHEN field IN ('due_date', 'due_time', 'due_timezone', 'recurrence') THEN 'due'
		WHEN field IN ('project_id', 'section_id', 'parent_id') THEN 'place'
		WHEN field IN ('status', 'completed_at') THEN 'status'
		ELSE field END;
END;
COMMENT ON FUNCTION tasksync.undo_unit(text) IS 'Internal: the value that a field is a part of: due, place, status, or the field itself.';

CREATE FUNCTION tasksync.undo_fields(person uuid, run uuid)
	RETURNS TABLE (kind text, hub_id uuid, field text, was jsonb, run_set jsonb, now jsonb, edited_since boolean)
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH touched AS MATERIALIZED (
		SELECT j.hub_id, j.version, j.kind, k.field, j.before -> k.field AS before, j.after -> k.field AS after,
			j.run_id IS NOT DISTINCT FROM run AS ours
		FROM tasksync.journal j
		CROSS JOIN LATERAL jsonb_object_keys(j.after) k (field)
		WHERE j.user_id = person AND j.op = 'update'
			AND j.hub_id IN (SELECT m.hub_id FROM tasksync.journal m WHERE m.user_id = person AND m.run_id = run)),
	last AS (
		SELECT DISTINCT ON (t.hub_id, t.field) t.* FROM touched t WHERE t.ours
		ORDER BY t.hub_id, t.field, t.version DESC),
	-- somebody else's edit in the middle of the run is where an undo of the rest goes back to
	changed AS (
		SELECT l.kind, l.hub_id, l.field, l.after AS run_set, (
			SELECT f.before FROM touched f
			WHERE f.hub_id = l.hub_id AND f.field = l.field AND f.ours AND f.version > coalesce((
				SELECT max(x.version) FROM touched x
				WHERE x.hub_id = l.hub_id AND x.field = l.field AND NOT x.ours AND x.version < l.version), 0)
			ORDER BY f.version LIMIT 1) AS was,
			tasksync.hub_record(l.kind, person, l.hub_id) -> l.field AS now,
			EXISTS (
				SELECT FROM touched x
				WHERE x.hub_id = l.hub_id AND x.field <> l.field AND NOT x.ours AND x.version > l.version
					AND tasksync.undo_unit(x.field) = tasksync.undo_unit(l.field)) AS part_edited
		FROM last l)
	SELECT c.kind, c.hub_id, c.field, c.was, c.run_set, c.now,
		bool_or(c.part_edited OR (c.now <> c.run_set AND c.now <> c.was))
			OVER (PARTITION BY c.hub_id, tasksync.undo_unit(c.field))
	FROM changed c
	WHERE c.now IS NOT NULL AND c.was IS NOT NULL;
END;
COMMENT ON FUNCTION tasksync.undo_fields(uuid, uuid) IS 'Internal: the fields that a run changed of objects that are still here: before the run, by the run, now. edited_since: somebody has changed the field, or another part of the same value, since.';

CREATE FUNCTION tasksync.undo_plan(person uuid, run uuid)
	RETURNS TABLE (kind text, hub_id uuid, field text, action text, reason text, was jsonb, now jsonb)
	LANGUAGE sql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH mine AS (
		SELECT j.hub_id, j.kind, max(j.version) AS newest,
			(array_agg(j.op ORDER BY j.version))[1] AS first_op,
			(array_agg(j.op ORDER BY j.version DESC))[1] AS last_op
		FROM tasksync.journal j
		WHERE j.user_id = person AND j.run_id = run
		GROUP BY j.hub_id, j.kind),
	objects AS (
		SELECT m.*, tasksync.hub_record(m.kind, person, m.hub_id) AS record,
			EXISTS (
				SELECT FROM tasksync.journal x
				WHERE x.user_id = person AND x.hub_id = m.hub_id AND x.version > m.newest
					-- what follows from the undo under way is nobody's edit
					AND (tasksync.origin_run() IS NULL OR x.run_id IS DISTINCT FROM tasksync.origin_run())) AS changed_since
		FROM mine m)
	SELECT o.kind, o.hub_id, NULL, CASE WHEN o.changed_since THEN 'skip' ELSE 'delete' END,
		CASE WHEN o.changed_since THEN 'edited since' END, NULL::jsonb, o.record
	FROM objects o WHERE o.first_op = 'insert' AND o.record IS NOT NULL
	UNION ALL
	SELECT o.kind, o.hub_id, NULL,
		CASE WHEN o.last_op = 'delete' AND NOT o.changed_since THEN 'bring_back' ELSE 'skip' END,
		CASE WHEN o.last_op = 'delete' AND NOT o.changed_since THEN NULL ELSE 'deleted since' END, NULL::jsonb, NULL::jsonb
	FROM objects o WHERE o.first_op <> 'insert' AND o.record IS NULL
	UNION ALL
	SELECT f.kind, f.hub_id, f.field, CASE WHEN f.edited_since THEN 'skip' ELSE 'restore' END,
		CASE WHEN f.edited_since THEN 'edited since' END, f.was, f.now
	FROM tasksync.undo_fields(person, run) f
	JOIN objects o ON o.hub_id = f.hub_id AND o.first_op <> 'insert'
	WHERE f.now <> f.was;
END;
COMMENT ON FUNCTION tasksync.undo_plan(uuid, uuid) IS 'Internal: what preview_undo() shows, of one person.';

CREATE FUNCTION tasksync.undo_owner(run uuid) RETURNS uuid
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	me uuid := tasksync.current_user_id();
	r tasksync.sync_runs;
	person uuid;
BEGIN
	SELECT x.* INTO r FROM tasksync.sync_runs x WHERE x.id = run AND x.user_id = coalesce(me, x.user_id);
	IF r.id IS NOT NULL AND r.finished_at IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('run "%s" is still under way', run),
			HINT = 'Wait until sync_runs.finished_at is set: SELECT tasksync.wait_for_sync(account) does.';
	END IF;
	-- an undo has no row in sync_runs: its id is in the journal only
	SELECT j.user_id INTO person FROM tasksync.journal j
	WHERE j.run_id = run AND j.user_id = coalesce(r.user_id, me, j.user_id) LIMIT 1;
	IF coalesce(person, r.user_id) IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'no_data_found',
			MESSAGE = format('run "%s" does not exist', run),
			HINT = 'SELECT id, account_id, started_at, items_updated FROM tasksync.sync_runs ORDER BY started_at DESC lists them.';
	END IF;
	IF person IS NULL AND r.items_created + r.items_updated + r.items_deleted > 0 THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the journal no longer holds what run "%s" changed', run),
			HINT = 'It can be taken back only while the journal keeps it.';
	END IF;
	RETURN coalesce(person, r.user_id);
END
$$;
COMMENT ON FUNCTION tasksync.undo_owner(uuid) IS 'Internal: the person whose run (or undo) this is; raises what undo_run() raises.';

CREATE FUNCTION tasksync.preview_undo(run uuid)
	RETURNS TABLE (kind text, hub_id uuid, field text, action text, reason text, was jsonb, now jsonb)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY SELECT p.* FROM tasksync.undo_plan(tasksync.undo_owner(run), run) p
	ORDER BY p.action, p.kind, p.hub_id, p.field;
END
$$;
COMMENT ON FUNCTION tasksync.preview_undo(uuid) IS 'What undo_run() would do now: one row per field or object. action: restore (the field gets the value was), delete (the run created it), bring_back (the run deleted it) or skip, with the reason (edited since, deleted since). Changes nothing. Errors: as undo_run().';

-- In the order in which the worker locks (src/sync/link.c), so that nobody edits
-- between looking at a value and putting the old one in its place.
CREATE FUNCTION tasksync.undo_lock(person uuid, run uuid) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	ids uuid[];
BEGIN
	SELECT array_agg(DISTINCT j.hub_id) INTO ids FROM tasksync.journal j WHERE j.user_id = person AND j.run_id = run;
	PERFORM FROM unnest(ids) i (id) JOIN tasksync.projects t ON t.user_id = person AND t.id = i.id ORDER BY t.id FOR NO KEY UPDATE OF t;
	PERFORM FROM unnest(ids) i (id) JOIN tasksync.sections t ON t.user_id = person AND t.id = i.id ORDER BY t.id FOR NO KEY UPDATE OF t;
	PERFORM FROM unnest(ids) i (id) JOIN tasksync.labels t ON t.user_id = person AND t.id = i.id ORDER BY t.id FOR NO KEY UPDATE OF t;
	PERFORM FROM unnest(ids) i (id) JOIN tasksync.tasks t ON t.user_id = person AND t.id = i.id ORDER BY t.id FOR NO KEY UPDATE OF t;
END
$$;
COMMENT ON FUNCTION tasksync.undo_lock(uuid, uuid) IS 'Internal: locks the rows that a run changed.';

-- All at once, because only the end has to obey the rules: a tree that was
-- turned round has no order in which its rows can be put back one by one. If
-- the hub refuses that, each row for itself, as long as one of them succeeds;
-- what is left then stays where it is, and gets its other fields.
CREATE FUNCTION tasksync.undo_write(kind text, person uuid, patches jsonb) RETURNS jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	place CONSTANT text[] := ARRAY['project_id', 'section_id', 'parent_id'];
	waiting jsonb := patches;
	refused jsonb := '[]';
	left_over jsonb;
	one jsonb;
	trimmed boolean := false;
BEGIN
	BEGIN
		PERFORM tasksync.set_fields(kind, person, patches);
		RETURN refused;
	EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
		NULL;
	END;
	WHILE jsonb_array_length(waiting) > 0 LOOP
		left_over := '[]';
		FOR one IN SELECT * FROM jsonb_array_elements(waiting) LOOP
			BEGIN
				PERFORM tasksync.set_fields(kind, person, jsonb_build_array(one));
			EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN
				left_over := left_over || one;
			END;
		END LOOP;
		IF jsonb_array_length(left_over) = jsonb_array_length(waiting) THEN
			EXIT WHEN trimmed;
			trimmed := true;
			SELECT coalesce(jsonb_agg(jsonb_set(x.one, '{patch}', (x.one -> 'patch') - place))
				FILTER (WHERE (x.one -> 'patch') - place <> '{}'), '[]'), refused || coalesce(jsonb_agg(jsonb_build_object(
				'id', x.one -> 'id', 'patch', (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(x.one -> 'patch') e
					WHERE e.key = ANY (place)))) FILTER (WHERE x.one -> 'patch' ?| place), '[]')
			INTO left_over, refused
			FROM jsonb_array_elements(left_over) x (one);
		END IF;
		waiting := left_over;
	END LOOP;
	RETURN refused || waiting;
END
$$;
COMMENT ON FUNCTION tasksync.undo_write(text, uuid, jsonb) IS 'Internal: set_fields() for an undo; returns the parts of the patches that the hub refuses.';

CREATE FUNCTION tasksync.undo_creations(person uuid, run uuid) RETURNS uuid[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	doomed uuid[];
	needed uuid[];
BEGIN
	SELECT array_agg(p.hub_id) INTO doomed FROM tasksync.undo_plan(person, run) p WHERE p.action = 'delete';
	-- nothing goes that holds something which stays
	LOOP
		SELECT array_agg(DISTINCT n.id) INTO needed FROM (
			SELECT t.parent_id FROM tasksync.tasks t
			WHERE t.user_id = person AND t.parent_id = ANY (doomed) AND t.id <> ALL (doomed)
			UNION ALL SELECT t.section_id FROM tasksync.tasks t
			WHERE t.user_id = person AND t.section_id = ANY (doomed) AND t.id <> ALL (doomed)
			UNION ALL SELECT t.project_id FROM tasksync.tasks t
			WHERE t.user_id = person AND t.project_id = ANY (doomed) AND t.id <> ALL (doomed)
			UNION ALL SELECT s.project_id FROM tasksync.sections s
			WHERE s.user_id = person AND s.project_id = ANY (doomed) AND s.id <> ALL (doomed)
			UNION ALL SELECT p.parent_id FROM tasksync.projects p
			WHERE p.user_id = person AND p.parent_id = ANY (doomed) AND p.id <> ALL (doomed)
			UNION ALL SELECT p.id FROM tasksync.projects p WHERE p.user_id = person AND p.id = ANY (doomed) AND p.is_inbox
			UNION ALL SELECT b.id FROM tasksync.labels b
			JOIN tasksync.tasks t ON t.user_id = person AND t.labels @> ARRAY[b.name] AND t.id <> ALL (doomed)
			WHERE b.user_id = person AND b.id = ANY (doomed)) n (id);
		EXIT WHEN needed IS NULL;
		SELECT array_agg(d.id) INTO doomed FROM unnest(doomed) d (id) WHERE d.id <> ALL (needed);
	END LOOP;
	DELETE FROM tasksync.tasks t WHERE t.user_id = person AND t.id = ANY (doomed);
	DELETE FROM tasksync.sections s WHERE s.user_id = person AND s.id = ANY (doomed);
	DELETE FROM tasksync.labels b WHERE b.user_id = person AND b.id = ANY (doomed);
	DELETE FROM tasksync.projects p WHERE p.user_id = person AND p.id = ANY (doomed);
	RETURN doomed;
END
$$;
COMMENT ON FUNCTION tasksync.undo_creations(uuid, uuid) IS 'Internal: deletes what a run created and nobody has touched since, unless it holds something that stays; returns the ids.';

CREATE FUNCTION tasksync.undo_updates(
	kind text, person uuid, run uuid, OUT fields integer, OUT rows integer, OUT refused jsonb)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	patches jsonb;
	missed jsonb;
BEGIN
	SELECT jsonb_agg(jsonb_build_object('id', x.hub_id, 'patch', x.patch)) INTO patches
	FROM (
		SELECT p.hub_id, jsonb_object_agg(p.field, p.was) AS patch
		FROM tasksync.undo_plan(person, run) p
		WHERE p.action = 'restore' AND p.kind = undo_updates.kind GROUP BY p.hub_id) x;
	missed := tasksync.undo_write(kind, person, coalesce(patches, '[]'));
	SELECT coalesce(sum(d.n), 0), count(*) FILTER (WHERE d.n > 0) INTO fields, rows
	FROM (
		SELECT count(*) FILTER (WHERE NOT EXISTS (
			SELECT FROM jsonb_array_elements(missed) r (one)
			WHERE r.one -> 'id' = a.one -> 'id' AND r.one -> 'patch' ? f.key)) AS n
		FROM jsonb_array_elements(patches) a (one), jsonb_each(a.one -> 'patch') f
		GROUP BY a.one -> 'id') d;
	SELECT coalesce(jsonb_agg(jsonb_build_object(
		'kind', undo_updates.kind, 'hub_id', r.one -> 'id', 'field', f.key, 'reason', 'the old place or name is not free')), '[]')
	INTO refused
	FROM jsonb_array_elements(missed) r (one), jsonb_each(r.one -> 'patch') f;
END
$$;
COMMENT ON FUNCTION tasksync.undo_updates(text, uuid, uuid) IS 'Internal: gives the fields of one kind of objects their values from before a run; how many fields and rows, and what the hub refused.';

CREATE FUNCTION tasksync.undo_run(
	run uuid, OUT undo_id uuid, OUT restored_fields integer, OUT restored_rows integer, OUT deleted integer,
	OUT brought_back integer, OUT skipped integer, OUT skipped_changes jsonb)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	person uuid := tasksync.undo_owner(run);
	lost uuid[];
	kind text;
	part record;
	refused jsonb := '[]';
BEGIN
	undo_id := gen_random_uuid();
	restored_fields := 0;
	restored_rows := 0;
	PERFORM tasksync.undo_lock(person, run);
	PERFORM tasksync.origin_set(NULL, undo_id);
	SELECT array_agg(p.hub_id) INTO lost FROM tasksync.undo_plan(person, run) p WHERE p.action = 'bring_back';
	PERFORM tasksync.bring_back(person, lost);
	brought_back := coalesce(cardinality(lost), 0);
	-- planned anew for each kind: a label's old name goes to its tasks, a project takes its sections along
	FOREACH kind IN ARRAY ARRAY['project', 'section', 'label', 'task'] LOOP
		part := tasksync.undo_updates(kind, person, run);
		restored_fields := restored_fields + part.fields;
		restored_rows := restored_rows + part.rows;
		refused := refused || part.refused;
	END LOOP;
	deleted := coalesce(cardinality(tasksync.undo_creations(person, run)), 0);
	SELECT coalesce(jsonb_agg(jsonb_build_object('kind', p.kind, 'hub_id', p.hub_id, 'field', p.field,
		'reason', CASE p.action WHEN 'delete' THEN 'holds something that stays' ELSE p.reason END)
		ORDER BY p.kind, p.hub_id, p.field), '[]') || refused
	INTO skipped_changes
	FROM tasksync.undo_plan(person, run) p WHERE p.action IN ('delete', 'skip');
	skipped := jsonb_array_length(skipped_changes);
	PERFORM tasksync.origin_set(NULL, NULL);
END
$$;
COMMENT ON FUNCTION tasksync.undo_run(uuid) IS 'Takes back what a run changed here, as ordinary edits of now: every field that still has the run''s value gets the one from before the run; what the run created is deleted, if nobody has touched it since and it holds nothing that stays; what it deleted is back under its id. A date with its time and rule, a place, and a status with its time are one value each. The accounts follow with their next runs like after any edit, the guard against mass deletions included. The run comes from sync_runs; undo_id is the undo''s own id: undo_run(undo_id) takes the undo back. skipped_changes lists what was left alone: [{"kind", "hub_id", "field", "reason"}], field null for a whole object. Errors: P0002 no such run, 55000 it is still under way, or the journal no longer holds it.';
