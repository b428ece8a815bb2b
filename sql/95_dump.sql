-- Rows that pg_dump takes along. Without this, a dump holds CREATE EXTENSION
-- and nothing that anybody wrote. Not among them: providers, which the script
-- fills itself, provider_days, which count what this server asked, hints, which
-- mean nothing to another worker, and oauth_states: nobody comes back to a copy.
--
-- home travels too: its identity is the original's, and that is how a restored
-- copy knows that it is one.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['home', 'provider_credentials', 'webhook_secrets', 'webhook_deliveries', 'users', 'accounts', 'account_tokens', 'oauth_grants', 'revocations', 'schedules',
		'containers', 'projects', 'sections', 'labels', 'tasks', 'task_dependencies', 'project_links', 'links', 'intents',
		'sync_runs', 'observations', 'journal', 'conflicts', 'graves', 'held_changes']
	LOOP
		PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('tasksync.%I', name)::pg_catalog.regclass, '');
	END LOOP;
END
$$;
