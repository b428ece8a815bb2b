-- Row-level security: on every table, so that a grant alone never shows a row.
--
-- (SELECT …) makes the comparison an init plan: one call per query instead of
-- one per row, and an index on user_id can be used. Not FORCEd: the owner, as
-- which workers and SECURITY DEFINER functions run, and superusers, who dump,
-- see all rows.
--
-- Operators read states and counts of everybody. Their policies are for members
-- of pg_read_all_settings, which grant_operator() makes them: a role that every
-- cluster has, so that the script need not create one, and harmless in itself.
-- A condition "or is an operator" in the one policy was the alternative; it
-- would keep every application's query from using the index on user_id.

DO $$
DECLARE
	of_a_person text[] := ARRAY['users', 'accounts', 'account_tokens', 'oauth_states',
		'oauth_grants', 'revocations', 'schedules', 'hints', 'containers',
		'projects', 'sections', 'labels', 'tasks', 'task_dependencies',
		'project_links', 'links', 'intents', 'sync_runs', 'observations', 'journal', 'conflicts', 'graves', 'held_changes',
		'previews', 'preview_rows'];
	shown_to_operators text[] := ARRAY['accounts', 'schedules', 'hints', 'project_links', 'links', 'sync_runs',
		'observations', 'conflicts', 'held_changes'];
	name text;
BEGIN
	FOREACH name IN ARRAY of_a_person LOOP
		EXECUTE pg_catalog.format('ALTER TABLE tasksync.%I ENABLE ROW LEVEL SECURITY', name);
		EXECUTE pg_catalog.format('CREATE POLICY own_rows ON tasksync.%I'
			' USING (user_id OPERATOR(pg_catalog.=) (SELECT tasksync.current_user_id()))'
			' WITH CHECK (user_id OPERATOR(pg_catalog.=) (SELECT tasksync.current_user_id()))', name);
		EXECUTE pg_catalog.format('COMMENT ON POLICY own_rows ON tasksync.%I IS %L', name,
			'The rows of the person the session acts for, and no others.');
	END LOOP;
	FOREACH name IN ARRAY shown_to_operators LOOP
		EXECUTE pg_catalog.format('CREATE POLICY operators ON tasksync.%I FOR SELECT TO pg_read_all_settings USING (true)', name);
		EXECUTE pg_catalog.format('COMMENT ON POLICY operators ON tasksync.%I IS %L', name,
			'Operators see every row, of the columns that grant_operator() grants.');
	END LOOP;
END
$$;

-- Rows of the installation: nobody's, so no policy lets an application see
-- them, except the list of providers.
ALTER TABLE tasksync.home ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasksync.provider_credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasksync.webhook_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasksync.webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasksync.provider_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY operators ON tasksync.provider_days FOR SELECT TO pg_read_all_settings USING (true);
COMMENT ON POLICY operators ON tasksync.provider_days IS 'Operators see how much of a day is used.';
ALTER TABLE tasksync.providers ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON tasksync.providers FOR SELECT USING (true);
COMMENT ON POLICY everybody ON tasksync.providers IS 'The list of providers is no secret.';

-- Applications need not name the owner, and are not granted to.
ALTER TABLE tasksync.projects ALTER COLUMN user_id SET DEFAULT tasksync.current_user_id();
ALTER TABLE tasksync.sections ALTER COLUMN user_id SET DEFAULT tasksync.current_user_id();
ALTER TABLE tasksync.labels ALTER COLUMN user_id SET DEFAULT tasksync.current_user_id();
ALTER TABLE tasksync.tasks ALTER COLUMN user_id SET DEFAULT tasksync.current_user_id();
ALTER TABLE tasksync.task_dependencies ALTER COLUMN user_id SET DEFAULT tasksync.current_user_id();
