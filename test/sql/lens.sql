-- project_task(): what a provider can show of a task.

-- all fields of a task, through each lens
CREATE TEMPORARY TABLE sample AS SELECT
	'{"id": "1", "title": " Buy milk ", "description": "line one\r\nline two\n", "status": "done",
	  "completed_at": "2026-05-12T10:00:00+02:00", "priority": 3, "due_date": "2026-05-12",
	  "due_time": "14:30:29", "due_timezone": "Europe/Lisbon", "recurrence": "every day",
	  "labels": ["b", "a,c", "b"], "project_id": "p", "section_id": "s", "parent_id": "q",
	  "position": 1.50, "metadata": {"own": true}}'::jsonb AS task;
SELECT p AS provider, jsonb_pretty(tasksync.project_task(p, task))
FROM sample, unnest(ARRAY['google_tasks', 'notion', 'todoist']) AS p ORDER BY p;

-- the view of the view is the view
SELECT p AS provider, tasksync.project_task(p, v) = v AS idempotent
FROM sample, unnest(ARRAY['google_tasks', 'notion', 'todoist']) AS p,
	LATERAL (SELECT tasksync.project_task(p, task)) AS t(v) ORDER BY p;

-- priorities as Todoist shows them
SELECT n AS hub, tasksync.project_task('todoist', jsonb_build_object('priority', n)) AS todoist
FROM generate_series(0, 4) AS n;

-- one spelling: composed characters, line ends, blanks, labels
SELECT tasksync.project_task('todoist', jsonb_build_object('title', E'e\u0301te\u0301')) =
	jsonb_build_object('title', E'\u00e9t\u00e9') AS composed;
SELECT tasksync.project_task('todoist', jsonb_build_object('title', E'\u1112\u1161\u11ab')) =
	jsonb_build_object('title', E'\ud55c') AS hangul;
SELECT tasksync.project_task('todoist', '{"title": "a\nb", "labels": [" y", "x", "y", ""]}');

-- limits: Todoist counts code points, Google UTF-16 units; no character is split
SELECT length(tasksync.project_task('todoist', jsonb_build_object('title', repeat('x', n))) ->> 'title')
FROM unnest(ARRAY[499, 500, 501]) AS n;
SELECT length(tasksync.project_task('google_tasks', jsonb_build_object('title', repeat('👍', n))) ->> 'title')
FROM unnest(ARRAY[511, 512, 513]) AS n;
SELECT length(tasksync.project_task('google_tasks', jsonb_build_object('description', repeat('é', 9000))) ->> 'description');
-- a family of five code points and a letter with its accents go as a whole
SELECT length(tasksync.project_task('todoist', jsonb_build_object('title', repeat('x', 497) || '👩‍👩‍👧')) ->> 'title');
SELECT length(tasksync.project_task('todoist', jsonb_build_object('title', repeat('x', 499) || E'q\u0301\u0302')) ->> 'title');
SELECT length(tasksync.project_task('todoist', jsonb_build_object('labels', jsonb_build_array(repeat('l', 70)))) -> 'labels' ->> 0);

-- what makes no sense together is not shown
SELECT tasksync.project_task('todoist',
	'{"due_date": null, "due_time": "14:30", "due_timezone": "UTC", "status": "open", "completed_at": "2026-05-12T10:00:00Z"}');

-- nonsense
SELECT tasksync.project_task('asana', '{}');
SELECT tasksync.project_task('todoist', '[]');
SELECT tasksync.project_task('todoist', '"text"');
SELECT tasksync.project_task('todoist', '{"priority": 5}');
SELECT tasksync.project_task('todoist', '{"due_date": "2026-02-30"}');
SELECT tasksync.project_task('todoist', '{"labels": [1]}');
SELECT tasksync.project_task('todoist', '{"position": 1e400}');
SELECT tasksync.project_task('todoist', 'null'), tasksync.project_task(NULL, '{}') IS NULL AS null;
