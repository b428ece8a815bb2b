-- Connecting, linking, steering and deciding through SQL alone. Accounts that
-- the worker of this server could touch are paused at once or exist only inside
-- a transaction.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- ---- people ----
SELECT tasksync.create_user('no address');
SELECT tasksync.create_user('a@b', timezone => 'Mars/Olympus');
SELECT tasksync.create_user('a@b', password => 'short');
SELECT tasksync.create_user(' Accounts@Example.com ', password => 'four words are better', timezone => 'Europe/Lisbon') AS person \gset
SELECT email, email_canonical, timezone, password_hash LIKE '$argon2id$%' AS hashed FROM tasksync.users WHERE user_id = :'person';
SELECT name, is_inbox FROM tasksync.projects WHERE user_id = :'person';
SELECT tasksync.create_user('ACCOUNTS@example.com');
SELECT tasksync.act_as('00000000-0000-4000-8000-000000000000');
SELECT tasksync.current_user_id();
SELECT tasksync.connect_account('todoist', token => 'x');
SELECT tasksync.act_as(:'person');
SELECT tasksync.current_user_id() = :'person' AS acting;

-- ---- connecting ----
SELECT tasksync.connect_account('wunderlist', token => 'x');
SELECT tasksync.connect_account('todoist');
SELECT tasksync.connect_account('todoist', token => E'two\nlines');
SELECT tasksync.connect_account('todoist', user_id => '00000000-0000-4000-8000-000000000000', token => 'x');
BEGIN;
SELECT account_id AS account, authorize_url FROM tasksync.connect_account('todoist', token => ' token-of-a-test ') \gset
SELECT state, provider, to_send, failures, next_step FROM tasksync.account_health WHERE account_id = :'account';
SELECT access_sealed IS NOT NULL AND position('token-of-a-test'::bytea IN access_sealed) = 0 AS sealed FROM tasksync.account_tokens WHERE account_id = :'account';
-- nobody can wait for what is not committed
SAVEPOINT a;
SELECT * FROM tasksync.list_containers(:'account');
ROLLBACK TO a;
SELECT tasksync.wait_for_sync(:'account', '1 hour');
ROLLBACK TO a;
SELECT tasksync.pause_account(:'account');
COMMIT;
SELECT * FROM tasksync.list_containers('00000000-0000-4000-8000-000000000000');

-- ---- steering ----
\set VERBOSITY terse
DO $$
DECLARE
	account uuid := (SELECT id FROM tasksync.accounts WHERE user_id = tasksync.current_user_id());
	call text;
	message text;
	hint text;
BEGIN
	FOREACH call IN ARRAY ARRAY[
		'sync_now(%L)', 'list_containers(%L)', 'set_sync_interval(%L, ''4 minutes 59 seconds'')', 'set_sync_interval(%L, ''25 hours'')',
		'set_sync_interval(%L, NULL)', 'wait_for_sync(%L, ''-1 second'')', 'wait_for_sync(%L, NULL)', 'reconnect_account(%L, '''')',
		'link_project(%L, ''r1'', direction => ''sideways'')', 'link_project(%L, ''r1'', policy => ''{"rule": "oldest"}'')',
		'link_project(%L, ''r1'', project => ''00000000-0000-4000-8000-000000000000'')', 'link_project(%L, ''r1'')',
		'unlink_project(%L)', 'resolve_conflict(%L, ''hub'')']
	LOOP
		BEGIN
			EXECUTE 'SELECT tasksync.' || format(call, account);
			RAISE EXCEPTION '% was accepted', call;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
			RAISE WARNING '%: % % / %', split_part(call, '(', 1), SQLSTATE, replace(message, account::text, 'ID'), replace(hint, account::text, 'ID');
		END;
	END LOOP;
END
$$;
SELECT id AS account FROM tasksync.accounts WHERE user_id = :'person' \gset
SELECT tasksync.wait_for_sync(:'account', '10 minutes') AS quiet;
SELECT tasksync.set_sync_interval(:'account', '5 minutes');
SELECT tasksync.set_sync_interval(:'account', '24 hours');
SELECT sync_interval FROM tasksync.accounts WHERE id = :'account';
SELECT state, reason, replace(next_step, :'account', 'ID') AS next_step FROM tasksync.account_health WHERE account_id = :'account';

-- ---- linking ----
INSERT INTO tasksync.containers (user_id, account_id, remote_id, title, parent_remote_id, is_inbox) VALUES
	(:'person', :'account', 'r0', 'Inbox', NULL, true), (:'person', :'account', 'r1', 'Work', NULL, false),
	(:'person', :'account', 'r2', 'Berlin', 'r1', false), (:'person', :'account', 'r3', 'Twice', NULL, false);
INSERT INTO tasksync.projects (user_id, name) VALUES (:'person', 'Work'), (:'person', 'Garden'), (:'person', 'Twice'), (:'person', 'Twice');
INSERT INTO tasksync.tasks (user_id, title, labels) VALUES (:'person', 'in inbox', '{x}');
SELECT remote_id, title, is_inbox, project_id, direction FROM tasksync.list_containers(:'account');
SELECT tasksync.link_project(:'account', 'r0') AS link \gset
CREATE TEMP VIEW shown AS
	SELECT p.name, above.name AS below, x.remote_id, l.state, l.dirty
	FROM tasksync.projects p
	LEFT JOIN tasksync.projects above ON above.user_id = p.user_id AND above.id = p.parent_id
	LEFT JOIN tasksync.project_links x ON x.user_id = p.user_id AND x.project_id = p.id
	LEFT JOIN tasksync.links l ON l.user_id = p.user_id AND l.hub_id = p.id
	WHERE p.user_id = :'person';
SELECT * FROM shown ORDER BY name, remote_id;
SELECT kind, state, dirty, remote_id FROM tasksync.links WHERE user_id = :'person' ORDER BY kind;
SELECT needs_full_read FROM tasksync.accounts WHERE id = :'account';
-- apart and together again: nothing is deleted, and no second project is made
UPDATE tasksync.links SET state = 'live', remote_id = 't1', dirty = false WHERE user_id = :'person' AND kind = 'task';
SELECT tasksync.unlink_project(:'link');
SELECT kind, state, dirty, remote_id FROM tasksync.links WHERE user_id = :'person' AND kind <> 'label' ORDER BY kind;
SELECT tasksync.link_project(:'account', 'r0', direction => 'pull') IS NOT NULL AS linked;
SELECT kind, state, dirty, remote_id FROM tasksync.links WHERE user_id = :'person' AND kind <> 'label' ORDER BY kind;
SELECT tasksync.link_all(:'account');
SELECT * FROM shown ORDER BY name, below, remote_id;
SELECT tasksync.link_all(:'account');
-- a project made here from now on goes there
INSERT INTO tasksync.projects (user_id, name) VALUES (:'person', 'Later');
SELECT * FROM shown WHERE name = 'Later';

-- ---- policies ----
SELECT tasksync.set_policy(:'account', '{"rule": "prefer_hub", "fields": {"title": "manual"}, "delete": "ask", "hold_deletes": "both"}');
SELECT policy FROM tasksync.accounts WHERE id = :'account';
SELECT tasksync.set_policy(:'account', '{"rule": "sometimes"}');
SELECT tasksync.set_policy(:'account', '{"hold_deletes": true}');
SELECT tasksync.set_policy(:'account', '[]');
SELECT tasksync.set_policy(:'account', '{}', '00000000-0000-4000-8000-000000000000');
SELECT tasksync.set_policy(:'account', '{"rule": "prefer_remote"}', id) FROM tasksync.project_links WHERE account_id = :'account' AND remote_id = 'r1';
SELECT remote_id, policy FROM tasksync.project_links WHERE account_id = :'account' AND policy IS NOT NULL;

-- ---- conflicts ----
INSERT INTO tasksync.tasks (user_id, id, title) VALUES (:'person', '00000000-0000-4000-8000-0000000000a1', 'conflicted');
INSERT INTO tasksync.conflicts (user_id, id, account_id, kind, hub_id, field, base, hub, remote, rule, status) VALUES
	(:'person', '00000000-0000-4000-8000-0000000000c1', :'account', 'task', '00000000-0000-4000-8000-0000000000a1', 'title', '"a"', '"conflicted"', '"theirs"', 'manual', 'open'),
	(:'person', '00000000-0000-4000-8000-0000000000c2', :'account', 'task', '00000000-0000-4000-8000-0000000000a1', 'due_date', NULL, 'null', '"2026-05-12"', 'newest', 'settled'),
	(:'person', '00000000-0000-4000-8000-0000000000c3', :'account', 'task', '00000000-0000-4000-8000-0000000000a1', 'labels', NULL, '[]', '["b", "a"]', 'newest', 'settled');
SELECT tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c1', 'mine');
SELECT tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c1', 'value');
SELECT tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c1', 'hub', '"x"');
SELECT tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c2', 'value', '"soon"');
SELECT tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c1', 'value', 'null');
SELECT status, choice, result FROM tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c1', 'value', '"both"');
SELECT tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c1', 'remote');
SELECT status, choice, result FROM tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c2', 'remote');
SELECT status, choice, result FROM tasksync.resolve_conflict('00000000-0000-4000-8000-0000000000c3', 'remote');
SELECT title, due_date, labels, version FROM tasksync.tasks WHERE id = '00000000-0000-4000-8000-0000000000a1';

-- ---- held changes ----
INSERT INTO tasksync.tasks (user_id, id, title) SELECT :'person', ('00000000-0000-4000-8000-0000000000b' || i)::uuid, 'held ' || i FROM generate_series(1, 4) i;
INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, remote_id, state)
	SELECT user_id, id, :'account', 'task', 'h' || right(title, 1), 'held' FROM tasksync.tasks WHERE user_id = :'person' AND title LIKE 'held%';
INSERT INTO tasksync.held_changes (user_id, id, account_id, direction, change, kind, hub_id, remote_id, reason) SELECT
	:'person', ('00000000-0000-4000-8000-0000000000d' || i)::uuid, :'account', 'in', CASE WHEN i = 3 THEN 'complete' ELSE 'delete' END, 'task',
	('00000000-0000-4000-8000-0000000000b' || i)::uuid, 'h' || i, 'too many' FROM generate_series(1, 4) i;
SELECT state, reason, held FROM tasksync.account_health WHERE account_id = :'account';
SELECT tasksync.approve_held(ARRAY['00000000-0000-4000-8000-0000000000d1', '00000000-0000-4000-8000-0000000000d3', '00000000-0000-4000-8000-0000000000ff']::uuid[]);
SELECT tasksync.approve_held(ARRAY['00000000-0000-4000-8000-0000000000d1']::uuid[]);
SELECT tasksync.reject_held(ARRAY['00000000-0000-4000-8000-0000000000d2']::uuid[]);
DELETE FROM tasksync.tasks WHERE user_id = :'person' AND title = 'held 4';
SELECT right(hub_id::text, 2) AS task, status FROM tasksync.held_changes WHERE user_id = :'person' ORDER BY 1;
SELECT title, status FROM tasksync.tasks WHERE user_id = :'person' AND title LIKE 'held%' ORDER BY 1;
SELECT right(hub_id::text, 2) AS task, remote_id, proof FROM tasksync.graves WHERE user_id = :'person' ORDER BY 1;
SELECT right(hub_id::text, 2) AS task, state, dirty, remote_id FROM tasksync.links WHERE user_id = :'person' AND hub_id::text LIKE '%0000000b_' ORDER BY 1;

-- ---- dead letters ----
UPDATE tasksync.links SET dirty = false, error_code = 'bad', error_message = 'refused', refused_version = 1, failures = 2
WHERE user_id = :'person' AND hub_id = '00000000-0000-4000-8000-0000000000b2';
SELECT kind, state, error_code, failures FROM tasksync.dead_letters WHERE account_id = :'account';
SELECT tasksync.retry(:'account', '00000000-0000-4000-8000-0000000000b1') AS not_this, tasksync.retry(:'account') AS all_of_them;
SELECT count(*) FROM tasksync.dead_letters WHERE account_id = :'account';

-- ---- the end of an account ----
SELECT tasksync.disconnect_account(:'account');
SELECT tasksync.disconnect_account(:'account');
SELECT state, reason, replace(next_step, :'account', '…') AS next_step FROM tasksync.account_health WHERE account_id = :'account';
SELECT (SELECT count(*) FROM tasksync.links WHERE user_id = :'person') AS links, (SELECT count(*) FROM tasksync.account_tokens WHERE user_id = :'person') AS tokens,
	(SELECT count(*) > 0 FROM tasksync.tasks WHERE user_id = :'person') AS tasks_stay;
SELECT tasksync.act_as(NULL);
SELECT tasksync.delete_user(:'person');
SELECT count(*) FROM tasksync.journal WHERE user_id = :'person';
