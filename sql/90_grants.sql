-- Who may do what. Nothing is left to PUBLIC, and the script creates no role:
-- the database owner names the roles with grant_user() and grant_operator().

CREATE FUNCTION tasksync.grant_user(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- user_id, version and edited are not among them: nobody writes into another
	-- person's name or forges the bookkeeping that decides conflicts
	rights text[] := ARRAY[
		'USAGE ON SCHEMA tasksync',
		'SELECT ON tasksync.projects, tasksync.sections, tasksync.labels, tasksync.tasks, tasksync.task_dependencies,'
			' tasksync.providers, tasksync.accounts, tasksync.schedules, tasksync.containers, tasksync.project_links,'
			' tasksync.links, tasksync.sync_runs, tasksync.observations, tasksync.journal, tasksync.conflicts,'
			' tasksync.graves, tasksync.held_changes, tasksync.previews, tasksync.preview_rows, tasksync.account_health, tasksync.sync_progress,'
			' tasksync.task_links, tasksync.dead_letters',
		'SELECT (user_id, email, display_name, timezone, default_sync_interval, conflict_policy, created_at,'
			' updated_at, metadata) ON tasksync.users',
		'UPDATE (display_name, timezone, default_sync_interval, conflict_policy, metadata) ON tasksync.users',
		'UPDATE (metadata) ON tasksync.accounts',
		'UPDATE (on_remote_delete) ON tasksync.project_links',
		'INSERT (id, name, color, parent_id, position, is_archived, metadata),'
			' UPDATE (name, color, parent_id, position, is_archived, metadata), DELETE ON tasksync.projects',
		'INSERT (id, project_id, name, position, metadata),'
			' UPDATE (project_id, name, position, metadata), DELETE ON tasksync.sections',
		'INSERT (id, name, color, position, metadata),'
			' UPDATE (name, color, position, metadata), DELETE ON tasksync.labels',
		'INSERT (id, project_id, section_id, parent_id, title, description, status, completed_at, priority, due_date,'
			' due_time, due_timezone, recurrence, labels, position, metadata),'
			' UPDATE (project_id, section_id, parent_id, title, description, status, completed_at, priority, due_date,'
			' due_time, due_timezone, recurrence, labels, position, metadata), DELETE ON tasksync.tasks',
		'INSERT (task_id, depends_on_id), DELETE ON tasksync.task_dependencies',
		'EXECUTE ON FUNCTION tasksync.api_version(), tasksync.hub_is_active(), tasksync.current_user_id(),'
			' tasksync.act_as(uuid), tasksync.create_user(text, text, text, text, jsonb),'
			' tasksync.connect_account(text, uuid, text, text), tasksync.reconnect_account(uuid, text, text),'
			' tasksync.complete_oauth(text, text, text, text, text),'
			' tasksync.list_containers(uuid), tasksync.link_project(uuid, text, uuid, text, jsonb),'
			' tasksync.link_all(uuid), tasksync.unlink_project(uuid), tasksync.disconnect_account(uuid, boolean),'
			' tasksync.pause_account(uuid), tasksync.resume_account(uuid), tasksync.set_sync_interval(uuid, interval),'
			' tasksync.set_filter(uuid, jsonb), tasksync.preview_filter(uuid, jsonb), tasksync.set_route(uuid, text, text),'
			' tasksync.set_policy(uuid, jsonb, uuid), tasksync.mapping(uuid), tasksync.set_mapping(uuid, jsonb),'
			' tasksync.sync_now(uuid), tasksync.wait_for_sync(uuid, interval), tasksync.preview_sync(uuid),'
			' tasksync.resolve_conflict(uuid, text, jsonb), tasksync.approve_held(uuid[]), tasksync.reject_held(uuid[]),'
			' tasksync.retry(uuid, uuid), tasksync.preview_undo(uuid), tasksync.undo_run(uuid),'
			' tasksync.merge_task(jsonb, jsonb, jsonb, jsonb),'
			' tasksync.merge_text(text, text, text), tasksync.project_task(text, jsonb),'
			' tasksync.task_record(tasksync.tasks), tasksync.project_record(tasksync.projects),'
			' tasksync.section_record(tasksync.sections), tasksync.label_record(tasksync.labels)'];
	item text;
BEGIN
	FOREACH item IN ARRAY rights LOOP
		EXECUTE format('GRANT %s TO %I', item, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tasksync.grant_user(name) IS 'Grants an application''s role what it needs to work for the persons it has authenticated: act_as(), their tables under row-level security, accounts, conflicts. The role must exist. For the owner of the extension.';

CREATE FUNCTION tasksync.grant_operator(role name) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rights text[] := ARRAY[
		'USAGE ON SCHEMA tasksync',
		'SELECT ON tasksync.providers, tasksync.sync_runs, tasksync.observations, tasksync.held_changes, tasksync.hints,'
			' tasksync.account_health, tasksync.sync_progress, tasksync.task_links, tasksync.dead_letters,'
			' tasksync.worker_status, tasksync.key_status, tasksync.provider_days, tasksync.provider_budgets',
		'SELECT (user_id, id, provider, state, state_reason, sync_interval, link_all, needs_full_read, created_at,'
			' updated_at) ON tasksync.accounts',
		'SELECT (user_id, account_id, next_due, requested_at, lease_token, leased_until, attempts, failures, last_read_at,'
			' last_started_at, last_finished_at, last_success_at, runs, quiet_runs, error_code, error_message)'
			' ON tasksync.schedules',
		'SELECT (user_id, id, account_id, project_id, remote_id, direction, on_remote_delete, scope_version, created_at,'
			' updated_at) ON tasksync.project_links',
		'SELECT (user_id, account_id, remote_id, is_inbox, is_archived, error_code, error_message, seen_at)'
			' ON tasksync.containers',
		'SELECT (user_id, hub_id, account_id, kind, remote_id, state, dirty, remote_edited_at, observed_at, missing_since,'
			' failures, retry_at, refused_version, error_code, error_message) ON tasksync.links',
		'SELECT (user_id, id, account_id, run_id, kind, hub_id, field, rule, status, choice, created_at, resolved_at)'
			' ON tasksync.conflicts',
		'EXECUTE ON FUNCTION tasksync.api_version(), tasksync.hub_is_active(), tasksync.current_user_id(),'
			' tasksync.wake(), tasksync.worker_status_rows(), tasksync.key_ring(),'
			' tasksync.pause_account(uuid), tasksync.resume_account(uuid), tasksync.set_sync_interval(uuid, interval),'
			' tasksync.sync_now(uuid), tasksync.wait_for_sync(uuid, interval), tasksync.approve_held(uuid[]),'
			' tasksync.reject_held(uuid[]), tasksync.retry(uuid, uuid)',
		'pg_read_all_settings'];
	item text;
BEGIN
	FOREACH item IN ARRAY rights LOOP
		EXECUTE format('GRANT %s TO %I', item, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION tasksync.grant_operator(name) IS 'Grants a role what it needs to watch and steer the accounts of everybody without seeing a task''s text or a token: the views of the operator, pause, resume, sync, approve and retry. Also makes it a member of pg_read_all_settings, to which the policies for operators belong. The role must exist. For superusers.';

-- Functions are executable by PUBLIC unless somebody says otherwise; so that
-- none is forgotten, not even one that comes from another part of this script.
REVOKE ALL ON SCHEMA tasksync FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA tasksync FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tasksync FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA tasksync_api FROM PUBLIC;
