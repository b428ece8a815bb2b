-- One person never sees or changes a row of another one: every table, every
-- verb. The statements are generated from the catalog, so that a new table is
-- in the test before anybody thinks of it.
BEGIN;
SELECT no_plan();

CREATE ROLE tasksync_test_app;
CREATE ROLE tasksync_test_operator;
SELECT tasksync.grant_user('tasksync_test_app');
SELECT tasksync.grant_operator('tasksync_test_operator');
GRANT USAGE ON SCHEMA public TO tasksync_test_app, tasksync_test_operator;

SELECT tasksync.create_user('ann@example.com') AS ann \gset
SELECT tasksync.create_user('bob@example.com') AS bob \gset

-- a row of Bob's in every table; defaults and made-up values by type
CREATE FUNCTION pg_temp.fill(person uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	account uuid := gen_random_uuid();
	project uuid;
	section uuid := gen_random_uuid();
	task uuid := gen_random_uuid();
	other uuid := gen_random_uuid();
	run uuid := gen_random_uuid();
BEGIN
	SELECT id INTO project FROM tasksync.projects WHERE user_id = person AND is_inbox;
	INSERT INTO tasksync.accounts (user_id, id, provider, state) VALUES (person, account, 'todoist', 'active');
	INSERT INTO tasksync.account_tokens (user_id, account_id, access_sealed) VALUES (person, account, '\x00');
	INSERT INTO tasksync.oauth_states (user_id, account_id, state_hash, provider, verifier_sealed, redirect_uri)
		VALUES (person, account, sha256(person::text::bytea), 'todoist', '\x00', 'https://hub.example/rpc/oauth_callback');
	INSERT INTO tasksync.oauth_grants (user_id, account_id, prior_state, code_sealed, redirect_uri)
		VALUES (person, account, 'active', '\x00', 'https://hub.example/rpc/oauth_callback');
	INSERT INTO tasksync.revocations (user_id, account_id, access_sealed) VALUES (person, account, '\x00');
	INSERT INTO tasksync.schedules (user_id, account_id) VALUES (person, account);
	INSERT INTO tasksync.containers (user_id, account_id, remote_id, title) VALUES (person, account, 'r', 'secret-container');
	INSERT INTO tasksync.project_links (user_id, account_id, project_id, remote_id) VALUES (person, account, project, 'r');
	INSERT INTO tasksync.sections (user_id, id, project_id, name) VALUES (person, section, project, 'secret-section');
	INSERT INTO tasksync.tasks (user_id, id, title, labels) VALUES (person, task, 'secret-task', '{secret-label}'), (person, other, 'x', '{}');
	INSERT INTO tasksync.task_dependencies (user_id, task_id, depends_on_id) VALUES (person, task, other);
	INSERT INTO tasksync.hints (user_id, account_id) VALUES (person, account);
	INSERT INTO tasksync.intents (user_id, account_id, id, seq, kind, hub_id, op, state, run_id, lease_token, first_sent_at, sent_at)
		VALUES (person, account, run, 1, 'task', task, 'create', 'sent', run, 1, now(), now());
	INSERT INTO tasksync.sync_runs (user_id, id, account_id, started_at) VALUES (person, run, account, now());
	INSERT INTO tasksync.observations (user_id, run_id, seq, account_id, requested_at, coverage, items)
		VALUES (person, run, 1, account, now(), 'delta', 1);
	INSERT INTO tasksync.conflicts (user_id, account_id, kind, hub_id, field, hub, remote, rule, status)
		VALUES (person, account, 'task', task, 'title', '"secret-a"', '"secret-b"', 'manual', 'open');
	INSERT INTO tasksync.graves (user_id, account_id, remote_id, kind, hub_id, proof) VALUES (person, account, 'g', 'task', task, 'hub_delete');
	INSERT INTO tasksync.previews (user_id, id, account_id, requests) VALUES (person, run, account, 1);
	INSERT INTO tasksync.preview_rows (user_id, preview_id, n, direction, op, kind, hub_id, title)
		VALUES (person, run, 1, 'in', 'create', 'task', task, 'secret-preview');
	INSERT INTO tasksync.held_changes (user_id, account_id, direction, change, kind, hub_id, reason)
		VALUES (person, account, 'in', 'delete', 'task', task, 'many');
END
$$;
SELECT pg_temp.fill(:'bob');
SELECT pg_temp.fill(:'ann');
UPDATE tasksync.links SET error_code = 'refused';

CREATE TEMP TABLE people AS SELECT :'ann'::uuid AS ann, :'bob'::uuid AS bob;
CREATE TEMP TABLE counts AS
	SELECT c.relname, (xpath('/row/n/text()', query_to_xml(format(
		'SELECT count(*) AS n FROM tasksync.%I WHERE user_id = %L', c.relname, :'bob'), false, true, '')))[1]::text::integer AS rows
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
	WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind = 'r';
GRANT SELECT ON people, counts TO tasksync_test_app, tasksync_test_operator;
SELECT is_empty('SELECT relname FROM counts WHERE rows = 0', 'Bob has rows in every table');

-- What a statement does to Bob's rows: the number it saw or changed, or the
-- refusal. Runs as whoever calls.
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n::text;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'denied';
END
$$;

SET ROLE tasksync_test_app;
SELECT tasksync.act_as(ann) FROM people;

SELECT ok(pg_temp.attempt(format('SELECT user_id FROM tasksync.%I WHERE user_id = %L', relname, bob)) IN ('0', 'denied'),
	format('SELECT from %s', relname)) FROM counts, people ORDER BY relname;
SELECT ok(pg_temp.attempt(format('DELETE FROM tasksync.%I WHERE user_id = %L', relname, bob)) IN ('0', 'denied'),
	format('DELETE from %s', relname)) FROM counts, people ORDER BY relname;
SELECT ok(pg_temp.attempt(format('UPDATE tasksync.%I SET %I = %2$I WHERE user_id = %L', c.relname, a.attname, bob)) IN ('0', 'denied'),
	format('UPDATE of %s.%s', c.relname, a.attname))
FROM counts c JOIN pg_attribute a ON a.attrelid = format('tasksync.%I', c.relname)::regclass AND a.attnum > 0, people
ORDER BY c.relname, a.attnum;
SELECT is(pg_temp.attempt(format('INSERT INTO tasksync.%I (user_id) VALUES (%L)', relname, bob)), 'denied',
	format('INSERT into %s', relname)) FROM counts, people ORDER BY relname;
-- without naming the owner, aimed through keys
SELECT is(pg_temp.attempt('DELETE FROM tasksync.tasks WHERE title = ''secret-task'''), '1', 'only the own task of that title goes');
SELECT throws_ok(format('INSERT INTO tasksync.tasks (title, project_id) SELECT ''x'', %L', p.id), '23503', NULL,
	'a task cannot be put into another person''s project')
FROM (SELECT '00000000-0000-0000-0000-000000000001'::uuid AS id) p;
SELECT throws_ok(format('SELECT tasksync.%s', f), 'P0002', NULL, format('%s: silence', f)) FROM (VALUES
	('pause_account'), ('resume_account'), ('link_all'), ('list_containers'), ('sync_now'), ('wait_for_sync'), ('preview_sync'), ('disconnect_account'), ('retry')) v (name),
	LATERAL (SELECT format('%s(%L)', name, '00000000-0000-0000-0000-000000000002') AS f) x;

-- the ids of Bob's rows do not open them either
RESET ROLE;
CREATE TEMP TABLE targets AS
	SELECT (SELECT id FROM tasksync.accounts WHERE user_id = bob) AS account,
		(SELECT id FROM tasksync.projects WHERE user_id = bob) AS project,
		(SELECT id FROM tasksync.tasks WHERE user_id = bob AND title = 'x') AS task,
		(SELECT id FROM tasksync.project_links WHERE user_id = bob) AS link,
		(SELECT id FROM tasksync.conflicts WHERE user_id = bob) AS conflict,
		(SELECT id FROM tasksync.sync_runs WHERE user_id = bob) AS run,
		(SELECT id FROM tasksync.held_changes WHERE user_id = bob) AS held FROM people;
GRANT SELECT ON targets TO tasksync_test_app, tasksync_test_operator;
SET ROLE tasksync_test_app;
SELECT throws_ok(format('INSERT INTO tasksync.tasks (title, project_id) VALUES (''x'', %L)', project), '23503', NULL, 'project of another person') FROM targets;
SELECT throws_ok(format('INSERT INTO tasksync.tasks (title, parent_id) VALUES (''x'', %L)', task), '23503', NULL, 'parent of another person') FROM targets;
SELECT throws_ok(format('SELECT tasksync.%s(%L)', name, account), 'P0002', NULL, format('%s() of a foreign account', name))
FROM targets, (VALUES ('pause_account'), ('resume_account'), ('link_all'), ('list_containers'), ('sync_now'), ('wait_for_sync'),
	('disconnect_account'), ('retry')) v (name);
SELECT throws_ok(format('SELECT tasksync.set_sync_interval(%L, ''1 hour'')', account), 'P0002', NULL, 'set_sync_interval() of a foreign account') FROM targets;
SELECT throws_ok(format('SELECT tasksync.reconnect_account(%L, ''x'')', account), 'P0002', NULL, 'reconnect_account() of a foreign account') FROM targets;
SELECT throws_ok(format('SELECT tasksync.link_project(%L, ''r'')', account), 'P0002', NULL, 'link_project() of a foreign account') FROM targets;
SELECT throws_ok(format('SELECT tasksync.unlink_project(%L)', link), 'P0002', NULL, 'unlink_project() of a foreign link') FROM targets;
SELECT throws_ok(format('SELECT tasksync.%s', f), 'P0002', NULL, format('%s: a foreign link', f))
FROM targets, LATERAL (VALUES (format('set_filter(%L, NULL)', link)), (format('preview_filter(%L, NULL)', link)), (format('set_route(%L, ''pull'')', link))) v (f);
SELECT throws_ok(format('SELECT tasksync.%s(%L)', name, run), 'P0002', NULL, format('%s() of a foreign run', name))
FROM targets, (VALUES ('undo_run'), ('preview_undo')) v (name);
SELECT throws_ok(format('SELECT tasksync.resolve_conflict(%L, ''hub'')', conflict), 'P0002', NULL, 'resolve_conflict() of a foreign conflict') FROM targets;
SELECT is(tasksync.approve_held(ARRAY[held]), 0, 'approve_held() passes foreign changes over') FROM targets;
SELECT is(tasksync.reject_held(ARRAY[held]), 0, 'so does reject_held()') FROM targets;
SELECT throws_ok(format('SELECT tasksync.connect_account(''todoist'', %L, ''x'')', bob), 'P0002', NULL, 'connect_account() for another person') FROM people;
SELECT is((SELECT count(*) FROM tasksync.account_health h WHERE h.user_id = bob), 0::bigint, 'account_health shows nothing of Bob') FROM people;
SELECT is((SELECT count(*) FROM tasksync.account_health h), 1::bigint, 'but the own account');
SELECT is((SELECT count(*) FROM tasksync.task_links h WHERE h.user_id = bob), 0::bigint, 'task_links shows nothing of Bob') FROM people;
SELECT is((SELECT count(*) FROM tasksync.dead_letters h WHERE h.user_id = bob), 0::bigint, 'dead_letters shows nothing of Bob') FROM people;
SELECT is((SELECT count(*) FROM tasksync.sync_progress h WHERE h.user_id = bob), 0::bigint, 'sync_progress shows nothing of Bob') FROM people;

-- forging the bookkeeping
SELECT throws_ok($$UPDATE tasksync.tasks SET version = 99$$, '42501', NULL, 'version is not for applications');
SELECT throws_ok($$UPDATE tasksync.tasks SET edited = '{}'$$, '42501', NULL, 'nor is edited');
SELECT throws_ok($$INSERT INTO tasksync.tasks (title, edited) VALUES ('x', '{"title": "2999-01-01T00:00:00Z"}')$$, '42501', NULL, 'not even in an INSERT');
SELECT throws_ok($$SELECT access_sealed FROM tasksync.account_tokens$$, '42501', NULL, 'sealed tokens are not shown');
SELECT throws_ok($$SELECT password_hash FROM tasksync.users$$, '42501', NULL, 'nor are password hashes');
SELECT throws_ok($$SELECT tasksync.origin_set(NULL, NULL)$$, '42501', NULL, 'the origin cannot be forged');
SELECT throws_ok($$SELECT tasksync.become_user(NULL)$$, '42501', NULL, 'become_user() is internal');

-- nobody: no rows at all
SELECT tasksync.act_as(NULL);
SELECT is((SELECT count(*) FROM tasksync.tasks), 0::bigint, 'acting for nobody shows no task');
SELECT throws_ok($$INSERT INTO tasksync.tasks (title) VALUES ('x')$$, NULL, NULL, 'and writes none');

-- the operator: everybody's states, nobody's words
SET ROLE tasksync_test_operator;
SELECT is((SELECT count(*) FROM tasksync.account_health), 2::bigint, 'the operator sees every account');
SELECT isnt_empty('SELECT * FROM tasksync.task_links', 'and where tasks are');
SELECT isnt_empty('SELECT * FROM tasksync.dead_letters', 'and what was refused');
SELECT isnt_empty('SELECT * FROM tasksync.sync_progress', 'and what is under way');
SELECT isnt_empty('SELECT * FROM tasksync.held_changes', 'and what is held');
SELECT throws_ok(format('SELECT %I FROM tasksync.%I', a.attname, c.relname), '42501', NULL, format('not %s.%s', c.relname, a.attname))
FROM (VALUES ('tasks', 'title'), ('tasks', 'description'), ('projects', 'name'), ('labels', 'name'), ('sections', 'name'),
	('links', 'base'), ('links', 'memo'), ('links', 'raw'), ('conflicts', 'hub'), ('conflicts', 'remote'), ('conflicts', 'base'),
	('conflicts', 'result'), ('journal', 'before'), ('journal', 'after'), ('intents', 'patch'), ('containers', 'title'),
	('account_tokens', 'access_sealed'), ('users', 'email'), ('accounts', 'display_name')) a (relname, attname), LATERAL (SELECT a.relname) c;
SELECT lives_ok(format('SELECT tasksync.pause_account(%L)', account), 'the operator may pause any account') FROM targets;
SELECT is((SELECT state FROM tasksync.account_health, targets WHERE account_id = account), 'paused', 'which shows');

RESET ROLE;
SELECT results_eq(
	$$SELECT relname::text, (xpath('/row/n/text()', query_to_xml(format(
		'SELECT count(*) AS n FROM tasksync.%I WHERE user_id = %L', relname, bob), false, true, '')))[1]::text::integer
	FROM counts, people ORDER BY 1$$,
	'SELECT relname::text, rows FROM counts ORDER BY 1', 'all rows of Bob are as they were');

SELECT * FROM finish();
ROLLBACK;
