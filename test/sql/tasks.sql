-- What the triggers of the hub do, seen through SQL alone. The accounts are
-- paused, so that the worker of this server leaves them alone.
\set VERBOSITY terse
SELECT tasksync.create_user('tasks@example.com') AS person \gset
SET client_min_messages = warning;
CREATE TEMP VIEW t AS SELECT * FROM tasksync.tasks WHERE user_id = :'person';
CREATE TEMP VIEW story AS
	SELECT j.kind, j.op, j.version, j.before, j.after, a.display_name AS origin
	FROM tasksync.journal j
	LEFT JOIN tasksync.accounts a ON a.user_id = j.user_id AND a.id = j.origin_account_id
	WHERE j.user_id = :'person';
INSERT INTO tasksync.accounts (user_id, provider, state, display_name, external_id) VALUES
	(:'person', 'todoist', 'paused', 'one', '1'), (:'person', 'todoist', 'paused', 'two', '2');
SELECT id AS one FROM tasksync.accounts WHERE user_id = :'person' AND display_name = 'one' \gset
SELECT id AS two FROM tasksync.accounts WHERE user_id = :'person' AND display_name = 'two' \gset
SELECT id AS inbox FROM tasksync.projects WHERE user_id = :'person' AND is_inbox \gset
INSERT INTO tasksync.projects (user_id, name) VALUES (:'person', 'Work') RETURNING id AS work \gset
CREATE TEMP VIEW links AS
	SELECT l.kind, coalesce(t.title, p.name, s.name, b.name, 'gone') AS what, a.display_name AS account, l.state, l.dirty, l.remote_id
	FROM tasksync.links l
	JOIN tasksync.accounts a ON a.user_id = l.user_id AND a.id = l.account_id
	LEFT JOIN tasksync.tasks t ON l.kind = 'task' AND t.user_id = l.user_id AND t.id = l.hub_id
	LEFT JOIN tasksync.projects p ON l.kind = 'project' AND p.user_id = l.user_id AND p.id = l.hub_id
	LEFT JOIN tasksync.sections s ON l.kind = 'section' AND s.user_id = l.user_id AND s.id = l.hub_id
	LEFT JOIN tasksync.labels b ON l.kind = 'label' AND b.user_id = l.user_id AND b.id = l.hub_id
	WHERE l.user_id = :'person'
	ORDER BY 1, 2, 3;

-- ---- a task without a project, labels in disorder ----
INSERT INTO tasksync.tasks (user_id, title, labels) VALUES (:'person', 'milk', ARRAY[' shop ', 'b', '', NULL, 'b', 'Zoo']);
SELECT title, project_id = :'inbox' AS in_inbox, labels, version, edited FROM t;
SELECT name FROM tasksync.labels WHERE user_id = :'person' ORDER BY name COLLATE "C";
SELECT kind, op, version, before, after - 'project_id' AS after FROM story WHERE kind = 'task';
INSERT INTO tasksync.tasks (user_id, title, labels) VALUES (:'person', 'x', ARRAY[repeat('l', 257)]);

-- ---- an edit counts, a non-edit does not ----
UPDATE tasksync.tasks SET title = 'oat milk', priority = 3 WHERE user_id = :'person';
UPDATE tasksync.tasks SET title = 'oat milk' WHERE user_id = :'person';
UPDATE tasksync.tasks SET position = 1.00, metadata = '{"mine": 1}' WHERE user_id = :'person';
SELECT title, version, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(edited) k) AS edited, updated_at > created_at AS touched FROM t;
SELECT op, version, before, after FROM story WHERE kind = 'task' AND op = 'update';
UPDATE tasksync.tasks SET id = gen_random_uuid() WHERE user_id = :'person';
UPDATE tasksync.tasks SET edited = '{"title": "2999-01-01T00:00:00Z"}', version = 1 WHERE user_id = :'person';
SELECT version, edited ->> 'title' < '2900' AS not_forged FROM t;

-- ---- due date, time and zone belong together ----
UPDATE tasksync.tasks SET due_date = '2026-05-12', due_time = '14:30', due_timezone = 'Europe/Lisbon' WHERE user_id = :'person';
SELECT tasksync.task_record(x.*) - 'project_id' AS record FROM tasksync.tasks x WHERE user_id = :'person';
UPDATE tasksync.tasks SET due_date = NULL WHERE user_id = :'person';
SELECT due_date, due_time, due_timezone FROM t;
UPDATE tasksync.tasks SET due_time = '10:00' WHERE user_id = :'person';

-- ---- completed_at follows status ----
UPDATE tasksync.tasks SET status = 'done' WHERE user_id = :'person';
SELECT status, completed_at IS NOT NULL AS stamped FROM t;
UPDATE tasksync.tasks SET status = 'open' WHERE user_id = :'person';
SELECT status, completed_at FROM t;
DELETE FROM tasksync.tasks WHERE user_id = :'person';
SELECT op, version, before ->> 'title' AS title, after FROM story WHERE kind = 'task' AND op = 'delete';

-- ---- a tree ----
INSERT INTO tasksync.tasks (user_id, project_id, id, title) VALUES (:'person', :'work', '00000000-0000-4000-8000-000000000001', 'trip') RETURNING id AS trip \gset
INSERT INTO tasksync.tasks (user_id, parent_id, title) VALUES (:'person', :'trip', 'tickets') RETURNING id AS tickets \gset
INSERT INTO tasksync.tasks (user_id, parent_id, title) VALUES (:'person', :'tickets', 'train') RETURNING id AS train \gset
SELECT title, project_id = :'work' AS at_work FROM t ORDER BY title;
INSERT INTO tasksync.tasks (user_id, parent_id, title) VALUES (:'person', '00000000-0000-4000-8000-00000000000f', 'orphan');
\set VERBOSITY default
\set SHOW_CONTEXT never
UPDATE tasksync.tasks SET parent_id = :'train' WHERE id = :'trip' AND user_id = :'person';
\set VERBOSITY terse
\echo :SQLSTATE
INSERT INTO tasksync.tasks (user_id, project_id, id, title, parent_id) VALUES
	(:'person', :'work', '00000000-0000-4000-8000-00000000000a', 'ring a', '00000000-0000-4000-8000-00000000000b'),
	(:'person', :'work', '00000000-0000-4000-8000-00000000000b', 'ring b', '00000000-0000-4000-8000-00000000000a');
-- done goes down, open goes up
UPDATE tasksync.tasks SET status = 'done' WHERE id = :'trip' AND user_id = :'person';
SELECT title, status FROM t ORDER BY title;
UPDATE tasksync.tasks SET status = 'open' WHERE id = :'tickets' AND user_id = :'person';
SELECT title, status FROM t ORDER BY title;
-- a subtask cannot leave alone, a parent takes it along, either order of rows will do
UPDATE tasksync.tasks SET project_id = :'inbox' WHERE id = :'tickets' AND user_id = :'person';
UPDATE tasksync.tasks SET project_id = :'inbox' WHERE id = :'trip' AND user_id = :'person';
SELECT title, project_id = :'inbox' AS in_inbox FROM t ORDER BY title;
UPDATE tasksync.tasks SET project_id = :'work' WHERE user_id = :'person';
SELECT title, project_id = :'work' AS at_work, parent_id IS NOT NULL AS below FROM t ORDER BY title;
-- under another parent: into its project
INSERT INTO tasksync.tasks (user_id, title) VALUES (:'person', 'elsewhere') RETURNING id AS elsewhere \gset
UPDATE tasksync.tasks SET parent_id = :'elsewhere' WHERE id = :'train' AND user_id = :'person';
SELECT title, project_id = :'inbox' AS in_inbox FROM t WHERE title = 'train';
DELETE FROM tasksync.tasks WHERE id = :'trip' AND user_id = :'person';
SELECT title FROM t ORDER BY title;

-- ---- sections ----
INSERT INTO tasksync.sections (user_id, project_id, name) VALUES (:'person', :'work', 'Soon') RETURNING id AS soon \gset
INSERT INTO tasksync.tasks (user_id, project_id, section_id, title) VALUES (:'person', :'work', :'soon', 'in section');
UPDATE tasksync.tasks SET project_id = :'inbox' WHERE title = 'in section' AND user_id = :'person';
SELECT section_id FROM t WHERE title = 'in section';
UPDATE tasksync.tasks SET project_id = :'work', section_id = :'soon' WHERE title = 'in section' AND user_id = :'person';
UPDATE tasksync.sections SET project_id = :'inbox' WHERE id = :'soon' AND user_id = :'person';
SELECT project_id = :'inbox' AS moved_along, section_id = :'soon' AS still_in FROM t WHERE title = 'in section';
DELETE FROM tasksync.sections WHERE id = :'soon' AND user_id = :'person';
SELECT title, section_id FROM t WHERE title = 'in section';
DELETE FROM tasksync.projects WHERE id = :'inbox' AND user_id = :'person';
DELETE FROM tasksync.tasks WHERE user_id = :'person';

-- ---- labels ----
INSERT INTO tasksync.tasks (user_id, title, labels) VALUES (:'person', 'labelled', '{shop,Zoo}');
UPDATE tasksync.labels SET name = 'alpha' WHERE name = 'shop' AND user_id = :'person';
SELECT labels FROM t;
DELETE FROM tasksync.labels WHERE name = 'Zoo' AND user_id = :'person';
SELECT labels FROM t;
DELETE FROM tasksync.tasks WHERE user_id = :'person';
DELETE FROM tasksync.labels WHERE user_id = :'person';

-- ---- links: who hears of what ----
INSERT INTO tasksync.project_links (user_id, account_id, project_id, remote_id) VALUES
	(:'person', :'one', :'work', 'w1'), (:'person', :'two', :'work', 'w2');
INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, remote_id, state) VALUES
	(:'person', :'work', :'one', 'project', 'w1', 'live'), (:'person', :'work', :'two', 'project', 'w2', 'live');
INSERT INTO tasksync.tasks (user_id, project_id, title, labels) VALUES (:'person', :'work', 'shared', '{new}');
SELECT * FROM links;
BEGIN;
UPDATE tasksync.tasks SET priority = 2 WHERE user_id = :'person';
SELECT count(DISTINCT account_id) AS hinted FROM tasksync.hints h
WHERE user_id = :'person' AND h.xmin = pg_current_xact_id()::xid;
COMMIT;
-- as the worker sees it: sent and clean, then an edit that came from one account
UPDATE tasksync.links SET state = 'live', dirty = false, remote_id = kind || '-' || left(account_id::text, 8) WHERE user_id = :'person' AND remote_id IS NULL;
BEGIN;
SELECT tasksync.origin_set(:'one', :'one');
UPDATE tasksync.tasks SET title = 'shared by one', edited = edited || '{"title": "2026-01-01T00:00:00Z"}' WHERE user_id = :'person';
COMMIT;
SELECT kind, what, account, dirty FROM links WHERE kind = 'task';
SELECT version, edited ->> 'title' AS stamp FROM t;
SELECT op, origin, after FROM story WHERE kind = 'task' AND op = 'update' AND origin IS NOT NULL;
-- a refusal is forgotten with the next edit, and with it what waited for it
UPDATE tasksync.links SET dirty = false, error_code = 'bad', refused_version = 2, failures = 3 WHERE user_id = :'person' AND kind = 'task' AND account_id = :'two';
UPDATE tasksync.links SET dirty = false, error_code = 'blocked' WHERE user_id = :'person' AND kind = 'label' AND account_id = :'two';
UPDATE tasksync.tasks SET title = 'shared by all' WHERE user_id = :'person';
SELECT l.kind, a.display_name, l.dirty, l.error_code, l.refused_version, l.failures
FROM tasksync.links l JOIN tasksync.accounts a ON a.user_id = l.user_id AND a.id = l.account_id
WHERE l.user_id = :'person' AND l.kind <> 'project' ORDER BY 1, 2;
-- an account that only reads
UPDATE tasksync.links SET dirty = false WHERE user_id = :'person';
UPDATE tasksync.project_links SET direction = 'pull' WHERE user_id = :'person' AND account_id = :'two';
UPDATE tasksync.tasks SET title = 'quiet for two' WHERE user_id = :'person';
INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (:'person', :'work', 'not for two');
SELECT kind, what, account, state, dirty FROM links WHERE kind = 'task';
-- out of the scope of both, and back: the same remote object
UPDATE tasksync.tasks SET project_id = :'inbox' WHERE title = 'quiet for two' AND user_id = :'person';
SELECT what, account, state, dirty FROM links WHERE kind = 'task';
UPDATE tasksync.tasks SET project_id = :'work' WHERE title = 'quiet for two' AND user_id = :'person';
SELECT what, account, state, dirty, remote_id IS NOT NULL AS known FROM links WHERE kind = 'task';
-- deletions: told to those who have it, but not to readers, and not to the one that said it
DELETE FROM tasksync.tasks WHERE user_id = :'person';
SELECT what, account, state, dirty FROM links WHERE kind = 'task';
DELETE FROM tasksync.links WHERE user_id = :'person' AND kind = 'task';
INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (:'person', :'work', 'never sent') RETURNING id AS sent \gset
INSERT INTO tasksync.intents (user_id, account_id, id, seq, kind, hub_id, op, state, run_id, lease_token, first_sent_at, sent_at)
	VALUES (:'person', :'one', gen_random_uuid(), 1, 'task', :'sent', 'create', 'sent', gen_random_uuid(), 1, now(), now());
DELETE FROM tasksync.tasks WHERE user_id = :'person';
SELECT what, account, state, dirty, remote_id FROM links WHERE kind = 'task';
-- a whole project
DELETE FROM tasksync.intents WHERE user_id = :'person';
DELETE FROM tasksync.links WHERE user_id = :'person' AND kind = 'task';
INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (:'person', :'work', 'goes with it');
UPDATE tasksync.links SET state = 'live', remote_id = 'r' WHERE user_id = :'person' AND kind = 'task';
INSERT INTO tasksync.links (user_id, hub_id, account_id, kind, remote_id, state)
	SELECT user_id, id, :'two', 'task', 'r', 'live' FROM t;
DELETE FROM tasksync.projects WHERE id = :'work' AND user_id = :'person';
SELECT kind, account, state, dirty FROM links WHERE kind IN ('task', 'project');

-- ---- back under the id of a deleted one ----
INSERT INTO tasksync.tasks (user_id, id, title) VALUES (:'person', '00000000-0000-4000-8000-00000000000c', 'first life');
UPDATE tasksync.tasks SET title = 'first life, later' WHERE user_id = :'person';
DELETE FROM tasksync.tasks WHERE user_id = :'person';
INSERT INTO tasksync.tasks (user_id, id, title) VALUES (:'person', '00000000-0000-4000-8000-00000000000c', 'second life');
SELECT title, version FROM t;
SELECT op, version FROM tasksync.journal WHERE hub_id = '00000000-0000-4000-8000-00000000000c' ORDER BY version;

-- ---- many rows at once, few statements ----
INSERT INTO tasksync.tasks (user_id, title, labels) SELECT :'person', 'bulk ' || i, ARRAY['l' || i % 3] FROM generate_series(1, 2000) i;
UPDATE tasksync.tasks SET priority = 1 WHERE user_id = :'person' AND title LIKE 'bulk%';
SELECT count(*), min(version), max(version) FROM t WHERE title LIKE 'bulk%';
SELECT op, count(*) FROM story WHERE kind = 'task' AND (after ->> 'title' LIKE 'bulk%' OR after = '{"priority": 1}') GROUP BY op ORDER BY op;

-- ---- the person goes, and everything with them ----
SELECT tasksync.delete_user(:'person');
SELECT count(*) FROM tasksync.tasks WHERE user_id = :'person'
UNION ALL SELECT count(*) FROM tasksync.journal WHERE user_id = :'person'
UNION ALL SELECT count(*) FROM tasksync.links WHERE user_id = :'person';

