-- The trigger functions and where they are attached.
--
-- Names decide the order of triggers on one event: place before row. Every
-- trigger asks hub_is_active() in its WHEN clause: a restore loads rows into
-- tables whose triggers exist already, and must load exactly what was dumped.

-- ---- placing tasks: rare, hence the WHEN clauses below ----

CREATE FUNCTION tasksync.place_new_task() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.parent_id IS NOT NULL THEN
		SELECT t.project_id, t.section_id INTO NEW.project_id, NEW.section_id FROM tasksync.tasks t
		WHERE t.user_id = NEW.user_id AND t.id = NEW.parent_id;
	ELSE
		SELECT p.id INTO NEW.project_id FROM tasksync.projects p
		WHERE p.user_id = NEW.user_id AND p.is_inbox;
	END IF;
	IF NEW.project_id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'foreign_key_violation',
			MESSAGE = CASE WHEN NEW.parent_id IS NULL THEN format('person "%s" has no inbox', NEW.user_id)
				ELSE format('parent task "%s" does not exist', NEW.parent_id) END,
			HINT = CASE WHEN NEW.parent_id IS NULL THEN 'Set project_id.'
				ELSE 'Insert the parent first, or set parent_id to null.' END;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION tasksync.place_new_task() IS 'A task without a project goes to its parent''s project and section, or to the person''s inbox (23503 if there is neither).';

-- In place of a default, so in a copy as well: rows that are restored have one.
-- After all of the project and not only of its siblings: that is one look into
-- an index, and rows of one statement follow each other in either case.
CREATE FUNCTION tasksync.place_last() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT least(floor(t.position) + 1, 1e15) INTO NEW.position FROM tasksync.tasks t
	WHERE t.user_id = NEW.user_id AND t.project_id = NEW.project_id
	ORDER BY t.position DESC LIMIT 1;
	NEW.position := coalesce(NEW.position, 1);
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION tasksync.place_last() IS 'A new task without a position comes after all others of its project.';

-- The parent's key contains the project (see 40_tasks.sql), so a move of the
-- parent arrives here as a move of the child with the parent in place already.
-- A child that is moved alone keeps its parent_id and is refused by the foreign
-- key: taking it off here would flatten a tree whose rows are moved by one
-- statement, child first.
CREATE FUNCTION tasksync.place_moved_task() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	parents_project uuid;
BEGIN
	IF NEW.project_id = OLD.project_id AND NEW.parent_id IS NOT NULL THEN
		SELECT t.project_id INTO parents_project FROM tasksync.tasks t
		WHERE t.user_id = NEW.user_id AND t.id = NEW.parent_id;
		NEW.project_id := coalesce(parents_project, NEW.project_id);
	END IF;
	-- a subtask is where its parent is; a provider says so itself
	IF NEW.parent_id IS DISTINCT FROM OLD.parent_id AND NEW.parent_id IS NOT NULL
		AND NEW.section_id IS NOT DISTINCT FROM OLD.section_id AND tasksync.origin_account() IS NULL THEN
		SELECT t.section_id INTO NEW.section_id FROM tasksync.tasks t
		WHERE t.user_id = NEW.user_id AND t.id = NEW.parent_id;
	END IF;
	IF NEW.project_id <> OLD.project_id AND NEW.section_id = OLD.section_id
		AND NOT EXISTS (
			SELECT FROM tasksync.sections s
			WHERE s.user_id = NEW.user_id AND s.id = NEW.section_id AND s.project_id = NEW.project_id) THEN
		NEW.section_id := NULL;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION tasksync.place_moved_task() IS 'A task under a new parent follows it into its project and section; a task in another project leaves its section unless the section moved along.';

-- ---- inserts ----

-- A row may come back under the id of a deleted one (undo, or an application
-- that chooses its ids). Its versions must go on where the old ones ended,
-- because the journal keeps both.
CREATE FUNCTION tasksync.set_versions(kind text, person uuid, rows jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reborn record;
BEGIN
	FOR reborn IN SELECT r.id, r.version FROM jsonb_to_recordset(rows) r (id uuid, version bigint) LOOP
		CASE kind
			WHEN 'task' THEN
				UPDATE tasksync.tasks t SET version = reborn.version WHERE t.user_id = person AND t.id = reborn.id;
			WHEN 'project' THEN
				UPDATE tasksync.projects t SET version = reborn.version WHERE t.user_id = person AND t.id = reborn.id;
			WHEN 'section' THEN
				UPDATE tasksync.sections t SET version = reborn.version WHERE t.user_id = person AND t.id = reborn.id;
			ELSE
				UPDATE tasksync.labels t SET version = reborn.version WHERE t.user_id = person AND t.id = reborn.id;
		END CASE;
	END LOOP;
END
$$;
COMMENT ON FUNCTION tasksync.set_versions(text, uuid, jsonb) IS 'Internal: rows inserted under ids that were deleted before continue the version numbers of those: [{"id": …, "version": …}].';

CREATE FUNCTION tasksync.link_sections(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	touched uuid[];
BEGIN
	WITH linked AS (
		INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, state, dirty)
		SELECT person, s.id, p.account_id, 'section', 'pending_create', true
		FROM unnest(ids) i (id)
		JOIN tasksync.sections s ON s.user_id = person AND s.id = i.id
		JOIN tasksync.project_links p ON p.user_id = person AND p.project_id = s.project_id
		JOIN tasksync.accounts a ON a.user_id = person AND a.id = p.account_id
		JOIN tasksync.providers v ON v.provider = a.provider AND v.shows_sections
		WHERE p.direction <> 'pull' AND p.account_id IS DISTINCT FROM tasksync.origin_account()
		ON CONFLICT DO NOTHING
		RETURNING account_id)
	SELECT array_agg(DISTINCT account_id) INTO touched FROM linked;
	PERFORM tasksync.request_sync(person, touched);
END
$$;
COMMENT ON FUNCTION tasksync.link_sections(uuid, uuid[]) IS 'Internal: new sections are to be created in every account that shows the project and knows sections.';

CREATE FUNCTION tasksync.link_labels(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	touched uuid[];
BEGIN
	WITH linked AS (
		INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, state, dirty)
		SELECT person, b.id, a.id, 'label', 'pending_create', true
		FROM unnest(ids) i (id)
		JOIN tasksync.labels b ON b.user_id = person AND b.id = i.id
		JOIN tasksync.accounts a ON a.user_id = person
		JOIN tasksync.providers v ON v.provider = a.provider AND v.shows_labels
		WHERE a.id IS DISTINCT FROM tasksync.origin_account()
			AND EXISTS (
				SELECT FROM tasksync.project_links p
				WHERE p.user_id = person AND p.account_id = a.id AND p.direction <> 'pull')
		ON CONFLICT DO NOTHING
		RETURNING account_id)
	SELECT array_agg(DISTINCT account_id) INTO touched FROM linked;
	PERFORM tasksync.request_sync(person, touched);
END
$$;
COMMENT ON FUNCTION tasksync.link_labels(uuid, uuid[]) IS 'Internal: new labels are to be created in every account that knows labels and is written to.';

CREATE FUNCTION tasksync.link_projects(person uuid, ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	touched uuid[];
BEGIN
	WITH routed AS (
		INSERT INTO tasksync.project_links (user_id, account_id, project_id)
		SELECT person, a.id, p.id
		FROM unnest(ids) i (id)
		JOIN tasksync.projects p ON p.user_id = person AND p.id = i.id
		JOIN tasksync.accounts a ON a.user_id = person
		JOIN tasksync.providers v ON v.provider = a.provider AND v.creates_containers
		WHERE NOT p.is_inbox
			AND a.link_all AND a.state <> 'disconnected' AND a.id IS DISTINCT FROM tasksync.origin_account()
		ON CONFLICT DO NOTHING
		RETURNING account_id, project_id),
	linked AS (
		INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, state, dirty)
		SELECT person, r.project_id, r.account_id, 'project', 'pending_create', true FROM routed r
		ON CONFLICT DO NOTHING
		RETURNING account_id)
	SELECT array_agg(DISTINCT account_id) INTO touched FROM linked;
	PERFORM tasksync.request_sync(person, touched);
END
$$;
COMMENT ON FUNCTION tasksync.link_projects(uuid, uuid[]) IS 'Internal: new projects are to be created in every account that was connected with link_all().';

-- One function for all kinds although only tasks have labels and a parent:
-- PL/pgSQL plans a statement when it is reached, and separately for each trigger.
CREATE FUNCTION tasksync.hub_inserted() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	origin uuid := tasksync.origin_account();
	part record;
	inside uuid[];
	astray uuid[];
	names text[];
	touched uuid[];
BEGIN
	FOR part IN
		-- the LIMIT makes it one index probe per row whatever the planner believes
		WITH written AS (
			INSERT INTO tasksync.journal (user_id, hub_id, version, kind, op, origin_account_id, run_id, after)
			SELECT n.user_id, n.id, coalesce(greatest(j.version + 1, n.version), n.version), TG_ARGV[0], 'insert',
				origin, tasksync.origin_run(), tasksync.row_record(TG_ARGV[0], n)
			FROM new_rows n
			LEFT JOIN LATERAL (
				SELECT j.version FROM tasksync.journal j
				WHERE j.user_id = n.user_id AND j.hub_id = n.id
				ORDER BY j.user_id DESC, j.hub_id DESC, j.version DESC LIMIT 1) j ON true
			RETURNING user_id, hub_id, version)
		SELECT w.user_id, array_agg(w.hub_id) AS ids,
			jsonb_agg(jsonb_build_object('id', w.hub_id, 'version', w.version)) FILTER (WHERE w.version > 1) AS reborn
		FROM written w GROUP BY w.user_id
	LOOP
		IF part.reborn IS NOT NULL THEN
			PERFORM tasksync.set_versions(TG_ARGV[0], part.user_id, part.reborn);
			-- before new links are made: what locks a link first decides whether there is one
			PERFORM tasksync.links_reborn(part.user_id, array_agg((r ->> 'id')::uuid))
			FROM jsonb_array_elements(part.reborn) r;
		END IF;
		CASE TG_ARGV[0]
			WHEN 'task' THEN
				-- rows that exist cannot point to new ones, so a ring lies within one statement;
				-- INTERSECT and not IN, which may become a nested loop over both
				SELECT array_agg(p.id) INTO inside FROM (
					SELECT n.parent_id AS id FROM new_rows n
					WHERE n.user_id = part.user_id AND n.parent_id IS NOT NULL
					INTERSECT SELECT m.id FROM new_rows m) p;
				IF inside IS NOT NULL THEN
					PERFORM tasksync.refuse_cycles('task', part.user_id, inside, false);
				END IF;
				SELECT array_agg(n.id) INTO astray FROM new_rows n
				JOIN tasksync.tasks p ON p.user_id = n.user_id AND p.id = n.parent_id
				WHERE n.user_id = part.user_id AND n.section_id IS DISTINCT FROM p.section_id;
				IF astray IS NOT NULL THEN
					PERFORM tasksync.follow_sections(part.user_id, astray);
				END IF;
				SELECT array_agg(DISTINCT l.name) INTO names
				FROM new_rows n, unnest(n.labels) l (name) WHERE n.user_id = part.user_id;
				PERFORM tasksync.new_labels(part.user_id, names);
				IF EXISTS (
					SELECT FROM tasksync.project_links p
					WHERE p.user_id = part.user_id AND p.direction <> 'pull' AND p.account_id IS DISTINCT FROM origin) THEN
					WITH linked AS (
						INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, state, dirty)
						SELECT n.user_id, n.id, p.account_id, 'task', 'pending_create', true
						FROM new_rows n
						JOIN tasksync.project_links p ON p.user_id = n.user_id AND p.project_id = n.project_id
						WHERE n.user_id = part.user_id AND p.direction <> 'pull' AND p.account_id IS DISTINCT FROM origin
							AND (p.filter IS NULL OR tasksync.filter_matches(p.filter, tasksync.row_record('task', n)))
						ON CONFLICT DO NOTHING
						RETURNING account_id)
					SELECT array_agg(DISTINCT account_id) INTO touched FROM linked;
					PERFORM tasksync.request_sync(part.user_id, touched);
				END IF;
			WHEN 'project' THEN
				PERFORM tasksync.refuse_cycles('project', part.user_id, part.ids, false);
				PERFORM tasksync.link_projects(part.user_id, part.ids);
			WHEN 'section' THEN
				PERFORM tasksync.link_sections(part.user_id, part.ids);
			ELSE
				PERFORM tasksync.link_labels(part.user_id, part.ids);
		END CASE;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tasksync.hub_inserted() IS 'Statement trigger after INSERT: journal, labels, links. Argument: the kind.';

-- ---- updates ----

CREATE FUNCTION tasksync.hub_updated() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part record;
	names text[];
	crossed uuid[];
BEGIN
	FOR part IN
		-- IS DISTINCT FROM and not <>, which would turn the full join into an inner one
		WITH changed AS MATERIALIZED (
			SELECT n.user_id, n.id, n.version, tasksync.row_changes(TG_ARGV[0], o, n) AS fields
			FROM new_rows n FULL JOIN old_rows o ON o.user_id = n.user_id AND o.id = n.id
			WHERE n.version IS DISTINCT FROM o.version),
		edits AS MATERIALIZED (
			SELECT c.user_id, c.id, c.version, (c.fields).before, (c.fields).after FROM changed c
			WHERE (c.fields).after <> '{}'
				-- while a person is deleted, what is updated on the way needs no memory
				AND EXISTS (SELECT FROM tasksync.users u WHERE u.user_id = c.user_id)),
		written AS (
			INSERT INTO tasksync.journal (user_id, hub_id, version, kind, op, origin_account_id, run_id, before, after)
			SELECT e.user_id, e.id, e.version, TG_ARGV[0], 'update',
				tasksync.origin_account(), tasksync.origin_run(), e.before, e.after
			FROM edits e),
		-- somebody typed here what the provider has: that is an answer too
		answered AS (
			UPDATE tasksync.conflicts c SET status = 'resolved', choice = 'remote', result = c.remote, resolved_at = now()
			FROM edits e
			WHERE c.user_id = e.user_id AND c.hub_id = e.id AND c.status = 'open' AND c.remote = e.after -> c.field)
		SELECT e.user_id, array_agg(e.id) AS ids,
			array_agg(e.id) FILTER (WHERE e.after -> 'parent_id' <> 'null') AS reparented,
			array_agg(e.id) FILTER (WHERE e.after ? 'project_id') AS moved,
			array_agg(e.id) FILTER (WHERE e.after ? 'section_id' OR e.after ? 'parent_id') AS replaced,
			array_agg(e.id) FILTER (WHERE e.after ->> 'status' = 'done') AS closed,
			array_agg(e.id) FILTER (WHERE e.after ->> 'status' = 'open') AS reopened,
			bool_or(e.after ? 'labels') AS relabelled,
			bool_or(e.after ?| ARRAY['labels', 'priority', 'due_date']) AS regarded,
			jsonb_agg(jsonb_build_array(e.before -> 'name', e.after -> 'name')) FILTER (WHERE e.after ? 'name') AS renamed
		FROM edits e GROUP BY e.user_id
	LOOP
		IF part.reparented IS NOT NULL THEN
			PERFORM tasksync.refuse_cycles(TG_ARGV[0], part.user_id, part.reparented, true);
		END IF;
		PERFORM tasksync.mark_dirty(part.user_id, part.ids);
		IF TG_ARGV[0] = 'task' THEN
			IF part.moved IS NOT NULL THEN
				PERFORM tasksync.route_tasks(part.user_id, part.moved);
			END IF;
			IF part.regarded AND EXISTS (
				SELECT FROM tasksync.project_links p WHERE p.user_id = part.user_id AND p.filter IS NOT NULL) THEN
				-- those alone that a filter judges differently now
				SELECT array_agg(DISTINCT c.id) INTO crossed
				FROM (
					SELECT n.user_id, n.id, n.project_id,
						tasksync.row_record('task', o) AS before, tasksync.row_record('task', n) AS after
					FROM new_rows n FULL JOIN old_rows o ON o.user_id = n.user_id AND o.id = n.id
					WHERE n.version IS DISTINCT FROM o.version OFFSET 0) c
				JOIN tasksync.project_links p
					ON p.user_id = c.user_id AND p.project_id = c.project_id AND p.filter IS NOT NULL
				WHERE c.user_id = part.user_id
					AND tasksync.filter_matches(p.filter, c.before) <> tasksync.filter_matches(p.filter, c.after);
				PERFORM tasksync.route_tasks(part.user_id, crossed);
			END IF;
			IF part.replaced IS NOT NULL THEN
				PERFORM tasksync.follow_sections(part.user_id, part.replaced);
			END IF;
			IF part.closed IS NOT NULL OR part.reopened IS NOT NULL THEN
				PERFORM tasksync.carry_status(part.user_id, part.closed, part.reopened);
			END IF;
			IF part.relabelled THEN
				SELECT array_agg(DISTINCT l.name) INTO names
				FROM new_rows n, unnest(n.labels) l (name) WHERE n.user_id = part.user_id;
				PERFORM tasksync.new_labels(part.user_id, names);
			END IF;
		ELSIF TG_ARGV[0] = 'label' AND part.renamed IS NOT NULL THEN
			PERFORM tasksync.label_renamed(part.user_id, r.pair ->> 0, r.pair ->> 1)
			FROM jsonb_array_elements(part.renamed) r (pair);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tasksync.hub_updated() IS 'Statement trigger after UPDATE: journal, dirty links, and what follows from moves, completions and renames. Argument: the kind.';

-- ---- deletes ----

-- Deleting a project takes its tasks and its links to accounts along, in an
-- order that leaves nobody to ask about the direction. So accounts that only
-- read are let go before.
CREATE FUNCTION tasksync.project_leaves() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF OLD.is_inbox AND EXISTS (SELECT FROM tasksync.users u WHERE u.user_id = OLD.user_id) THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = 'the inbox cannot be deleted',
			HINT = 'Delete its tasks instead.';
	END IF;
	UPDATE tasksync.links l SET state = 'detached', dirty = false
	FROM tasksync.project_links p
	WHERE p.user_id = OLD.user_id AND p.project_id = OLD.id AND p.direction = 'pull'
		AND l.user_id = OLD.user_id AND l.account_id = p.account_id
		AND (l.hub_id = OLD.id
			OR l.hub_id IN (SELECT t.id FROM tasksync.tasks t WHERE t.user_id = OLD.user_id AND t.project_id = OLD.id)
			OR l.hub_id IN (SELECT s.id FROM tasksync.sections s WHERE s.user_id = OLD.user_id AND s.project_id = OLD.id));
	RETURN OLD;
END
$$;
COMMENT ON FUNCTION tasksync.project_leaves() IS 'Before a project is deleted: the inbox stays (23514), and accounts that only read the project keep what they have.';

CREATE FUNCTION tasksync.hub_deleted() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	origin uuid := tasksync.origin_account();
	part record;
	touched uuid[];
BEGIN
	FOR part IN
		-- the whole row is kept: an undo brings it back from here
		WITH gone AS MATERIALIZED (
			SELECT o.user_id, o.id, o.version, to_jsonb(o) AS was FROM old_rows o
			WHERE EXISTS (SELECT FROM tasksync.users u WHERE u.user_id = o.user_id)),
		written AS (
			INSERT INTO tasksync.journal (user_id, hub_id, version, kind, op, origin_account_id, run_id, before)
			SELECT g.user_id, g.id, g.version + 1, TG_ARGV[0], 'delete', origin, tasksync.origin_run(), g.was
			FROM gone g)
		SELECT g.user_id, array_agg(g.id) AS ids, array_agg(g.was ->> 'name') AS names,
			array_agg(DISTINCT (g.was ->> 'project_id')::uuid) AS projects
		FROM gone g GROUP BY g.user_id
	LOOP
		-- accounts that only read keep their copy
		IF EXISTS (SELECT FROM tasksync.project_links p WHERE p.user_id = part.user_id AND p.direction = 'pull') THEN
			UPDATE tasksync.links l SET state = 'detached', dirty = false
			FROM old_rows o
			WHERE l.user_id = part.user_id AND o.user_id = part.user_id AND o.id = l.hub_id
				AND l.account_id IS DISTINCT FROM origin
				AND tasksync.is_pull_only(part.user_id, l.account_id, (to_jsonb(o) ->> 'project_id')::uuid);
		END IF;
		-- what was only proposed as its counterpart is none: it comes in by itself when it is read
		WITH proposed AS (
			DELETE FROM tasksync.links l
			USING unnest(part.ids) i (id)
			WHERE l.user_id = part.user_id AND l.hub_id = i.id AND l.state = 'held' AND l.base = '{}'
			RETURNING l.account_id)
		UPDATE tasksync.accounts a SET needs_full_read = true FROM proposed
		WHERE a.user_id = part.user_id AND a.id = proposed.account_id;
		-- what the provider never got, and is not just being sent, needs no delete
		DELETE FROM tasksync.links l
		USING unnest(part.ids) i (id)
		WHERE l.user_id = part.user_id AND l.hub_id = i.id AND l.remote_id IS NULL
			AND l.account_id IS DISTINCT FROM origin
			AND NOT EXISTS (
				SELECT FROM tasksync.intents i
				WHERE i.user_id = l.user_id AND i.account_id = l.account_id AND i.hub_id = l.hub_id);
		WITH marked AS (
			UPDATE tasksync.links l
			SET state = 'pending_delete', dirty = true, retry_at = NULL, failures = 0,
				refused_version = NULL, error_code = NULL, error_message = NULL
			FROM unnest(part.ids) i (id)
			WHERE l.user_id = part.user_id AND l.hub_id = i.id AND l.state <> 'detached'
				AND l.account_id IS DISTINCT FROM origin
			RETURNING l.account_id)
		SELECT array_agg(DISTINCT account_id) INTO touched FROM marked;
		UPDATE tasksync.held_changes h SET status = 'obsolete', decided_at = now()
		FROM unnest(part.ids) i (id)
		WHERE h.user_id = part.user_id AND h.hub_id = i.id AND h.status = 'held' AND h.direction = 'in';
		IF TG_ARGV[0] = 'label' THEN
			PERFORM tasksync.label_renamed(part.user_id, n.name, NULL) FROM unnest(part.names) n (name);
		END IF;
		PERFORM tasksync.request_sync(part.user_id, touched);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tasksync.hub_deleted() IS 'Statement trigger after DELETE: journal with the whole row, pending deletes at the accounts. Argument: the kind. Deleting a person leaves nothing.';

-- journal has no foreign key to users: checking it would cost a first sync a
-- sixth of its time. This is the cascade that the key would have done.
CREATE FUNCTION tasksync.forget_person() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM tasksync.journal j WHERE j.user_id = OLD.user_id;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION tasksync.forget_person() IS 'After a person is deleted: the journal goes too.';

-- ---- where they are attached ----

CREATE TRIGGER forget AFTER DELETE ON tasksync.users
	FOR EACH ROW EXECUTE FUNCTION tasksync.forget_person();

CREATE TRIGGER a_place BEFORE INSERT ON tasksync.tasks
	FOR EACH ROW WHEN (NEW.project_id IS NULL AND tasksync.hub_is_active())
	EXECUTE FUNCTION tasksync.place_new_task();
CREATE TRIGGER a_place_last BEFORE INSERT ON tasksync.tasks
	FOR EACH ROW WHEN (NEW.position IS NULL)
	EXECUTE FUNCTION tasksync.place_last();
CREATE TRIGGER a_place_moved BEFORE UPDATE ON tasksync.tasks
	FOR EACH ROW WHEN ((NEW.project_id <> OLD.project_id OR NEW.parent_id IS DISTINCT FROM OLD.parent_id) AND tasksync.hub_is_active())
	EXECUTE FUNCTION tasksync.place_moved_task();
CREATE TRIGGER b_row BEFORE INSERT OR UPDATE ON tasksync.tasks
	FOR EACH ROW WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_row('task');
CREATE TRIGGER inserted AFTER INSERT ON tasksync.tasks REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_inserted('task');
CREATE TRIGGER updated AFTER UPDATE ON tasksync.tasks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_updated('task');
CREATE TRIGGER deleted AFTER DELETE ON tasksync.tasks REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_deleted('task');

CREATE TRIGGER b_row BEFORE INSERT OR UPDATE ON tasksync.projects
	FOR EACH ROW WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_row('project');
CREATE TRIGGER leaves BEFORE DELETE ON tasksync.projects
	FOR EACH ROW WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.project_leaves();
CREATE TRIGGER inserted AFTER INSERT ON tasksync.projects REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_inserted('project');
CREATE TRIGGER updated AFTER UPDATE ON tasksync.projects REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_updated('project');
CREATE TRIGGER deleted AFTER DELETE ON tasksync.projects REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_deleted('project');

CREATE TRIGGER b_row BEFORE INSERT OR UPDATE ON tasksync.sections
	FOR EACH ROW WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_row('section');
CREATE TRIGGER inserted AFTER INSERT ON tasksync.sections REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_inserted('section');
CREATE TRIGGER updated AFTER UPDATE ON tasksync.sections REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_updated('section');
CREATE TRIGGER deleted AFTER DELETE ON tasksync.sections REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_deleted('section');

CREATE TRIGGER b_row BEFORE INSERT OR UPDATE ON tasksync.labels
	FOR EACH ROW WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_row('label');
CREATE TRIGGER inserted AFTER INSERT ON tasksync.labels REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_inserted('label');
CREATE TRIGGER updated AFTER UPDATE ON tasksync.labels REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_updated('label');
CREATE TRIGGER deleted AFTER DELETE ON tasksync.labels REFERENCING OLD TABLE AS old_rows
	FOR EACH STATEMENT WHEN (tasksync.hub_is_active()) EXECUTE FUNCTION tasksync.hub_deleted('label');
