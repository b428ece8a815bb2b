-- A run that only says what it would do.

CREATE TABLE tasksync.previews (
	user_id uuid NOT NULL,
	id uuid NOT NULL,
	account_id uuid NOT NULL,
	finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	requests integer NOT NULL,
	error_code text CHECK (length(error_code) <= 64),
	error_message text CHECK (length(error_message) <= 1024),
	PRIMARY KEY (user_id, id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.previews IS 'Answers of preview_sync() of the last hour; written by the worker.';
COMMENT ON COLUMN tasksync.previews.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.previews.id IS 'Key of the preview.';
COMMENT ON COLUMN tasksync.previews.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.previews.finished_at IS 'When it was ready.';
COMMENT ON COLUMN tasksync.previews.requests IS 'Requests that reading the account took; nothing was written there.';
COMMENT ON COLUMN tasksync.previews.error_code IS 'Why there is none; null otherwise.';
COMMENT ON COLUMN tasksync.previews.error_message IS 'The same for people.';

CREATE TABLE tasksync.preview_rows (
	user_id uuid NOT NULL,
	preview_id uuid NOT NULL,
	n integer NOT NULL,
	direction text NOT NULL CHECK (direction IN ('in', 'out')),
	op text NOT NULL CHECK (length(op) <= 32),
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	hub_id uuid NOT NULL,
	remote_id text CHECK (length(remote_id) <= 200),
	title text,
	before jsonb,
	after jsonb,
	note text,
	PRIMARY KEY (user_id, preview_id, n),
	FOREIGN KEY (user_id, preview_id) REFERENCES tasksync.previews (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.preview_rows IS 'What the next run of an account would do, one row per change, in its order; the columns are those of preview_sync().';
COMMENT ON COLUMN tasksync.preview_rows.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.preview_rows.preview_id IS 'The preview.';
COMMENT ON COLUMN tasksync.preview_rows.n IS 'Order.';
COMMENT ON COLUMN tasksync.preview_rows.direction IS 'in (changes the hub) or out (is sent).';
COMMENT ON COLUMN tasksync.preview_rows.op IS 'in: create, update, delete, match (a task there is this one), conflict, hold delete, hold match, look for (missing there, would be asked about). out: create, update, move, close, reopen, order, delete, hold delete.';
COMMENT ON COLUMN tasksync.preview_rows.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.preview_rows.hub_id IS 'Key of the object; of one that would be created a key that is never used.';
COMMENT ON COLUMN tasksync.preview_rows.remote_id IS 'The provider''s id, for what is sent to an existing object.';
COMMENT ON COLUMN tasksync.preview_rows.title IS 'Its title or name.';
COMMENT ON COLUMN tasksync.preview_rows.before IS 'The fields as they are.';
COMMENT ON COLUMN tasksync.preview_rows.after IS 'The fields as they would be.';
COMMENT ON COLUMN tasksync.preview_rows.note IS 'A sentence, where one is needed.';

CREATE FUNCTION tasksync.ask_preview(preview_id uuid, user_id uuid, account_id uuid) RETURNS boolean
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tasksync_ask_preview_sql';
COMMENT ON FUNCTION tasksync.ask_preview(uuid, uuid, uuid) IS 'Internal: asks the worker of this database, without waiting for a commit; false when too many previews wait.';
REVOKE ALL ON FUNCTION tasksync.ask_preview(uuid, uuid, uuid) FROM PUBLIC;

CREATE FUNCTION tasksync.preview_sync(account uuid)
	RETURNS TABLE (direction text, op text, kind text, hub_id uuid, remote_id text, title text,
		before jsonb, after jsonb, note text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	a tasksync.accounts := tasksync.account_of(account);
	preview uuid := gen_random_uuid();
	give_up timestamptz := clock_timestamp() + interval '60 seconds';
	answer tasksync.previews;
BEGIN
	PERFORM tasksync.refuse_disconnected(a);
	PERFORM tasksync.refuse_uncommitted(a);
	PERFORM tasksync.refuse_without_worker();
	IF a.external_id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('account "%s" has not been read yet', a.id),
			HINT = format('SELECT tasksync.wait_for_sync(''%s''); then ask again.', a.id);
	END IF;
	IF NOT tasksync.ask_preview(preview, a.user_id, a.id) THEN
		RAISE EXCEPTION USING ERRCODE = 'configuration_limit_exceeded',
			MESSAGE = 'too many previews are being made in this database',
			HINT = 'Try again in a moment.';
	END IF;
	LOOP
		SELECT p.* INTO answer FROM tasksync.previews p WHERE p.user_id = a.user_id AND p.id = preview;
		EXIT WHEN answer.id IS NOT NULL;
		IF clock_timestamp() > give_up THEN
			RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
				MESSAGE = format('the preview of account "%s" was not ready within 60 seconds', a.id),
				HINT = 'SELECT * FROM tasksync.account_health says whether a run is under way; then ask again.';
		END IF;
		PERFORM pg_sleep(0.02);
	END LOOP;
	IF answer.error_code IS NOT NULL AND NOT EXISTS (
			SELECT FROM tasksync.preview_rows r WHERE r.user_id = a.user_id AND r.preview_id = preview) THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = format('the account could not be read: %s', answer.error_message),
			DETAIL = answer.error_code,
			HINT = 'SELECT * FROM tasksync.account_health says what to do.';
	END IF;
	RETURN QUERY
	SELECT r.direction, r.op, r.kind, r.hub_id, r.remote_id, r.title, r.before, r.after, r.note
	FROM tasksync.preview_rows r WHERE r.user_id = a.user_id AND r.preview_id = preview ORDER BY r.n;
END
$$;
COMMENT ON FUNCTION tasksync.preview_sync(uuid) IS 'What the next run of an account would do: the worker reads the account, plans as a run does, and writes nothing, here or there. Also for a paused account: pause it, link, look, resume. One row per change; the columns are described at the table preview_rows. Waits up to 60 seconds. Errors: P0002 no such account, 55000 disconnected, not read yet or not readable now, 53400 too many at once, 25001 inside a transaction that changed the account, TS002 and others if no worker runs.';
