-- undo_run() as the hub alone shows it: a run is what the journal says of it.
-- The accounts are paused, so that the worker of this server leaves them alone.
\set VERBOSITY terse
SELECT tasksync.create_user('undo@example.com') AS person \gset
SET client_min_messages = warning;
INSERT INTO tasksync.accounts (user_id, provider, state, display_name, external_id) VALUES
	(:'person', 'todoist', 'paused', 'one', 'undo1');
SELECT id AS one FROM tasksync.accounts WHERE user_id = :'person' \gset
CREATE TEMP VIEW t AS SELECT * FROM tasksync.tasks WHERE user_id = :'person';
CREATE FUNCTION pg_temp.run(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN (lpad(n::text, 8, '0') || '-0000-4000-8000-000000000000')::uuid;
-- a run of the account: its row, and what it did
CREATE FUNCTION pg_temp.by_run(person uuid, account uuid, n integer, VARIADIC what text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	one text;
BEGIN
	INSERT INTO tasksync.sync_runs (user_id, id, account_id, started_at, finished_at, outcome, items_updated)
	VALUES (person, pg_temp.run(n), account, now(), now(), 'success', 1);
	PERFORM tasksync.origin_set(account, pg_temp.run(n));
	FOREACH one IN ARRAY what LOOP
		EXECUTE replace(one, ':p', quote_literal(person));
	END LOOP;
	PERFORM tasksync.origin_set(NULL, NULL);
END $$;
-- the result without ids: skipped objects by title
CREATE FUNCTION pg_temp.undo(n integer, OUT counts text, OUT left_alone text) LANGUAGE plpgsql AS $$
DECLARE
	u record;
BEGIN
	SELECT * INTO u FROM tasksync.undo_run(pg_temp.run(n));
	PERFORM set_config('undo.last', u.undo_id::text, false);
	counts := format('%s fields of %s rows, %s deleted, %s back, %s skipped', u.restored_fields, u.restored_rows, u.deleted, u.brought_back, u.skipped);
	SELECT string_agg(concat_ws(' ', s ->> 'kind', coalesce(t.title, p.name, b.name, 'gone'), s ->> 'field') || ': ' || (s ->> 'reason'), ', ' ORDER BY coalesce(t.title, p.name, b.name), s ->> 'field')
	INTO left_alone
	FROM jsonb_array_elements(u.skipped_changes) s
	LEFT JOIN tasksync.tasks t ON t.id::text = s ->> 'hub_id'
	LEFT JOIN tasksync.projects p ON p.id::text = s ->> 'hub_id'
	LEFT JOIN tasksync.labels b ON b.id::text = s ->> 'hub_id';
END $$;

-- ---- updates: what still has the run's value ----
INSERT INTO tasksync.tasks (user_id, title, priority, due_date) VALUES
	(:'person', 'milk', 1, NULL), (:'person', 'bread', 0, '2026-05-12'), (:'person', 'eggs', 0, NULL);
SELECT pg_temp.by_run(:'person', :'one', 1,
	'UPDATE tasksync.tasks SET title = title || '' (wrong)'' WHERE user_id = :p',
	'UPDATE tasksync.tasks SET priority = 4, due_date = ''2026-12-24'' WHERE user_id = :p');
UPDATE t SET title = 'rye bread' WHERE title LIKE 'bread%';
UPDATE t SET due_time = '10:00' WHERE title LIKE 'milk%';
DELETE FROM t WHERE title LIKE 'eggs%';
SELECT kind, field, action, reason, was, now FROM tasksync.preview_undo(pg_temp.run(1)) ORDER BY 3, 2, 5;
SELECT * FROM pg_temp.undo(1);
SELECT title, priority, due_date, due_time FROM t ORDER BY title;
-- a second time there is nothing left to do but to say what was skipped
SELECT * FROM pg_temp.undo(1);

-- ---- the undo is one group, which can be taken back ----
SELECT op, before, after FROM tasksync.journal WHERE user_id = :'person' AND op = 'update' AND origin_account_id IS NULL AND run_id IS NOT NULL ORDER BY before ->> 'title' DESC;
SELECT pg_temp.by_run(:'person', :'one', 2, 'UPDATE tasksync.tasks SET title = upper(title) WHERE user_id = :p');
SELECT * FROM pg_temp.undo(2);
SELECT string_agg(title, ', ' ORDER BY title) FROM t;
SELECT restored_fields, restored_rows, skipped FROM tasksync.undo_run(current_setting('undo.last')::uuid);
SELECT string_agg(title, ', ' ORDER BY title) FROM t;
DELETE FROM t;

-- ---- an edit of somebody else in the middle of a run is kept ----
INSERT INTO tasksync.tasks (user_id, title) VALUES (:'person', 'a');
SELECT pg_temp.by_run(:'person', :'one', 3, 'UPDATE tasksync.tasks SET title = ''b'' WHERE user_id = :p');
UPDATE t SET title = 'mine';
SELECT tasksync.origin_set(:'one', pg_temp.run(3)) \; UPDATE t SET title = 'c';
SELECT * FROM pg_temp.undo(3);
SELECT title FROM t;
DELETE FROM t;

-- ---- what the run created goes, what it deleted comes back ----
INSERT INTO tasksync.projects (user_id, name) VALUES (:'person', 'Old') RETURNING id AS old \gset
INSERT INTO tasksync.sections (user_id, project_id, name) VALUES (:'person', :'old', 'S') RETURNING id AS section \gset
INSERT INTO tasksync.tasks (user_id, project_id, section_id, title, labels) VALUES (:'person', :'old', :'section', 'parent', '{x}') RETURNING id AS parent \gset
INSERT INTO tasksync.tasks (user_id, parent_id, section_id, title) VALUES (:'person', :'parent', :'section', 'child') RETURNING id AS child \gset
SELECT pg_temp.by_run(:'person', :'one', 4,
	'UPDATE tasksync.tasks SET title = ''renamed before it died'' WHERE user_id = :p AND title = ''parent''',
	'DELETE FROM tasksync.projects WHERE user_id = :p AND name = ''Old''',
	'DELETE FROM tasksync.labels WHERE user_id = :p AND name = ''x''',
	'INSERT INTO tasksync.projects (user_id, name) VALUES (:p, ''New'')',
	'INSERT INTO tasksync.tasks (user_id, project_id, title, labels) SELECT user_id, id, v.title, v.labels FROM tasksync.projects p, (VALUES (''n1'', ''{y}''::text[]), (''n2'', ''{}'')) v (title, labels) WHERE p.user_id = :p AND name = ''New''');
SELECT * FROM pg_temp.undo(4);
SELECT t.title, t.id IN (:'parent', :'child') AS under_its_id, p.name AS project, s.name AS section, u.title AS parent, t.labels
FROM t JOIN tasksync.projects p ON p.id = t.project_id LEFT JOIN tasksync.sections s ON s.id = t.section_id LEFT JOIN tasksync.tasks u ON u.id = t.parent_id ORDER BY 1;
SELECT string_agg(name, ', ' ORDER BY name COLLATE "C") AS projects FROM tasksync.projects WHERE user_id = :'person';
SELECT string_agg(name, ', ' ORDER BY name COLLATE "C") AS labels FROM tasksync.labels WHERE user_id = :'person';
-- and the undo of the undo
SELECT restored_fields, restored_rows, deleted, brought_back, skipped FROM tasksync.undo_run(current_setting('undo.last')::uuid);
SELECT t.title, p.name AS project, t.labels FROM t JOIN tasksync.projects p ON p.id = t.project_id ORDER BY 1;
DELETE FROM t;
DELETE FROM tasksync.projects WHERE user_id = :'person' AND NOT is_inbox;

-- ---- what was created stays when somebody has touched it or put something into it ----
SELECT pg_temp.by_run(:'person', :'one', 5,
	'INSERT INTO tasksync.projects (user_id, name) VALUES (:p, ''Busy''), (:p, ''Idle'')',
	'INSERT INTO tasksync.tasks (user_id, title) VALUES (:p, ''touched''), (:p, ''holder''), (:p, ''alone'')');
UPDATE t SET priority = 2 WHERE title = 'touched';
INSERT INTO tasksync.tasks (user_id, title, parent_id) SELECT user_id, 'mine', id FROM t WHERE title = 'holder';
INSERT INTO tasksync.tasks (user_id, title, project_id) SELECT user_id, 'mine too', id FROM tasksync.projects WHERE user_id = :'person' AND name = 'Busy';
SELECT * FROM pg_temp.undo(5);
SELECT string_agg(title, ', ' ORDER BY title) FROM t;
DELETE FROM t;

-- ---- places: a tree that was turned round comes back, one that cannot is left ----
INSERT INTO tasksync.tasks (user_id, title) VALUES (:'person', 'top') RETURNING id AS top \gset
INSERT INTO tasksync.tasks (user_id, title, parent_id) VALUES (:'person', 'mid', :'top') RETURNING id AS mid \gset
INSERT INTO tasksync.tasks (user_id, title, parent_id) VALUES (:'person', 'low', :'mid') RETURNING id AS low \gset
SELECT pg_temp.by_run(:'person', :'one', 6,
	'UPDATE tasksync.tasks SET parent_id = NULL WHERE user_id = :p',
	format('UPDATE tasksync.tasks SET parent_id = %L WHERE id = %L', :'low', :'mid'),
	format('UPDATE tasksync.tasks SET parent_id = %L WHERE id = %L', :'mid', :'top'));
SELECT * FROM pg_temp.undo(6);
SELECT t.title, u.title AS parent FROM t LEFT JOIN tasksync.tasks u ON u.id = t.parent_id ORDER BY 1;
SELECT pg_temp.by_run(:'person', :'one', 7,
	format('UPDATE tasksync.tasks SET parent_id = NULL, title = ''moved'' WHERE id = %L', :'mid'));
UPDATE t SET parent_id = :'mid' WHERE id = :'top';
SELECT * FROM pg_temp.undo(7);
SELECT t.title, u.title AS parent FROM t LEFT JOIN tasksync.tasks u ON u.id = t.parent_id ORDER BY 1;
DELETE FROM t;

-- ---- to another project and back, with what hangs below ----
INSERT INTO tasksync.projects (user_id, name) VALUES (:'person', 'Away') RETURNING id AS away \gset
INSERT INTO tasksync.tasks (user_id, title) VALUES (:'person', 'root') RETURNING id AS root \gset
INSERT INTO tasksync.tasks (user_id, title, parent_id) VALUES (:'person', 'leaf', :'root');
SELECT pg_temp.by_run(:'person', :'one', 8, format('UPDATE tasksync.tasks SET project_id = %L WHERE id = %L', :'away', :'root'));
SELECT title, project_id = :'away' AS away FROM t ORDER BY 1;
SELECT * FROM pg_temp.undo(8);
SELECT title, project_id = :'away' AS away FROM t ORDER BY 1;

-- ---- a label's name ----
UPDATE t SET labels = '{home}';
SELECT pg_temp.by_run(:'person', :'one', 9, 'UPDATE tasksync.labels SET name = ''house'' WHERE user_id = :p AND name = ''home''');
SELECT * FROM pg_temp.undo(9);
SELECT title, labels FROM t ORDER BY 1;

-- ---- errors ----
SELECT tasksync.undo_run(pg_temp.run(99));
INSERT INTO tasksync.sync_runs (user_id, id, account_id, started_at) VALUES (:'person', pg_temp.run(10), :'one', now());
SELECT tasksync.undo_run(pg_temp.run(10));
SELECT * FROM tasksync.preview_undo(pg_temp.run(10));
UPDATE tasksync.sync_runs SET finished_at = now(), items_updated = 0 WHERE id = pg_temp.run(10);
SELECT * FROM pg_temp.undo(10);
UPDATE tasksync.sync_runs SET items_updated = 3 WHERE id = pg_temp.run(10);
SELECT * FROM pg_temp.undo(10);
-- somebody else's run is none
SELECT tasksync.create_user('stranger@example.com') AS stranger \gset
SELECT tasksync.act_as(:'stranger');
SELECT tasksync.undo_run(pg_temp.run(9));
