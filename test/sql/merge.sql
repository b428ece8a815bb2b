-- merge_task(): three-way merge of a task, field by field.
\set base '{"title": "Milk", "description": "one\\ntwo", "status": "open", "priority": 1, "due_date": "2026-05-12", "due_time": "14:30:00", "due_timezone": "Europe/Lisbon", "recurrence": null, "labels": ["a", "b"], "project_id": "p", "section_id": null, "parent_id": null, "position": 1}'

-- the laws: an unchanged side gives way, equal sides agree
SELECT (m).merged = :'base'::jsonb || '{"title": "Bread"}' AS hub_stays, (m).conflicts
FROM (SELECT tasksync.merge_task(:'base', :'base'::jsonb || '{"title": "Bread"}', :'base') AS m) AS t;
SELECT (m).merged = :'base'::jsonb || '{"title": "Bread", "labels": [], "due_date": null, "due_time": null, "due_timezone": null}' AS remote_taken, (m).conflicts
FROM (SELECT tasksync.merge_task(:'base', :'base', :'base'::jsonb ||
	'{"title": "Bread", "labels": [], "due_date": null, "due_time": null, "due_timezone": null}') AS m) AS t;
SELECT * FROM tasksync.merge_task('{"title": "a"}', '{"title": "b"}', '{"title": "b"}');

-- different fields: both survive, no conflict
SELECT merged ->> 'title' AS title, merged ->> 'due_date' AS due_date, conflicts
FROM tasksync.merge_task(:'base', :'base'::jsonb || '{"title": "Bread"}', :'base'::jsonb || '{"due_date": "2026-05-13"}');

-- one field, two values: the rules
\set two '\'{"title": "a"}\', \'{"title": "b"}\', \'{"title": "c"}\''
SELECT * FROM tasksync.merge_task(:two);
SELECT * FROM tasksync.merge_task(:two, '{"tie": "remote"}');
SELECT * FROM tasksync.merge_task(:two, '{"rule": "prefer_hub"}');
SELECT * FROM tasksync.merge_task(:two, '{"rule": "prefer_remote"}');
SELECT * FROM tasksync.merge_task(:two, '{"rule": "manual"}');
SELECT * FROM tasksync.merge_task(:two, '{"rule": "prefer_remote", "fields": {"title": "prefer_hub"}}');

-- newest: only where the times cannot overlap
SELECT edited, merged ->> 'title' AS title, conflicts -> 0 ->> 'rule' AS rule
FROM (VALUES
	('{"hub_edited_at": {"title": "2026-05-12T10:00:00Z"}, "remote_edited_at": {"title": ["2026-05-12T11:00:00Z", "2026-05-12T12:00:00Z"]}}'::jsonb),
	('{"hub_edited_at": {"title": "2026-05-12T13:00:00Z"}, "remote_edited_at": {"title": ["2026-05-12T11:00:00Z", "2026-05-12T12:00:00Z"]}}'),
	('{"hub_edited_at": {"title": "2026-05-12T11:30:00Z"}, "remote_edited_at": {"title": ["2026-05-12T11:00:00Z", "2026-05-12T12:00:00Z"]}}'),
	('{"hub_edited_at": {"title": "2026-05-12T10:00:00Z"}, "remote_edited_at": {"title": "2026-05-12T12:00:00+02:00"}}'),
	('{"remote_edited_at": {"title": "2026-05-12T11:00:00Z"}}')) AS v(edited),
	tasksync.merge_task(:two, edited);

-- due: one unit; one row for each part that differs
SELECT merged, jsonb_path_query_array(conflicts, '$[*].field') AS fields, conflicts -> 0 ->> 'rule' AS rule
FROM tasksync.merge_task('{"due_date": "2026-05-12", "due_time": "14:30"}',
	'{"due_date": "2026-05-13", "due_time": "14:30:00"}', '{"due_date": "2026-05-12", "due_time": "15:00"}',
	'{"rule": "prefer_remote"}');
SELECT merged, conflicts -> 0 ->> 'rule' AS rule
FROM tasksync.merge_task('{"due_date": "2026-05-12"}', '{"due_date": "2026-05-13"}', '{"due_date": "2026-05-14"}',
	'{"fields": {"due": "manual"}}');
-- Google moves the day: time, zone and recurrence stay
SELECT * FROM tasksync.merge_task('{"due_date": "2026-05-12"}',
	'{"due_date": "2026-05-12", "due_time": "14:30:00", "due_timezone": "Europe/Lisbon", "recurrence": "every day"}',
	'{"due_date": "2026-05-13"}', '{"provider": "google_tasks"}');
-- and clears it
SELECT * FROM tasksync.merge_task('{"due_date": "2026-05-12"}',
	'{"due_date": "2026-05-12", "due_time": "14:30:00", "due_timezone": "Europe/Lisbon", "recurrence": "every day"}',
	'{"due_date": null}', '{"provider": "google_tasks"}');

-- a field outside the lens is never taken
SELECT * FROM tasksync.merge_task('{"title": "a"}', '{"title": "a", "priority": 4, "labels": ["x"]}',
	'{"title": "b", "priority": 1, "labels": []}', '{"provider": "google_tasks"}');
-- hub priority 3 while Todoist says 4; another value is taken
SELECT m.merged FROM (VALUES (4), (2)) AS v(p),
	tasksync.merge_task('{"priority": 4}', '{"priority": 3}', jsonb_build_object('priority', p), '{"provider": "todoist"}') AS m;
-- a cut text: what was cut off stays
SELECT left(merged ->> 'title', 5) AS head, right(merged ->> 'title', 4) AS tail,
	length(merged ->> 'title') AS length, conflicts
FROM tasksync.merge_task(jsonb_build_object('title', 'milk ' || repeat('x', 495)),
	jsonb_build_object('title', 'milk ' || repeat('x', 495) || ' end'),
	jsonb_build_object('title', 'Milk ' || repeat('x', 495)), '{"provider": "todoist"}');
-- edited at the cut: taken, and the whole text is kept in a row
SELECT merged ->> 'title' AS title, conflicts -> 0 ->> 'rule' AS rule, length(conflicts -> 0 ->> 'hub') AS kept
FROM tasksync.merge_task(jsonb_build_object('title', 'milk ' || repeat('x', 495)),
	jsonb_build_object('title', 'milk ' || repeat('x', 495) || ' end'),
	'{"title": "Bread"}', '{"provider": "todoist"}');

-- labels: both sides' additions and removals
SELECT * FROM tasksync.merge_task('{"labels": ["a", "b"]}', '{"labels": ["b", "c"]}', '{"labels": ["a", "d"]}');

-- description: different lines; the same words
SELECT * FROM tasksync.merge_task('{"description": "one\ntwo"}', '{"description": "ONE\ntwo"}', '{"description": "one\ntwo\nthree"}');
SELECT * FROM tasksync.merge_task('{"description": "one"}', '{"description": "two"}', '{"description": "three"}');
SELECT merged FROM tasksync.merge_task('{"description": "one"}', '{"description": "two"}', '{"description": "three"}', '{"rule": "prefer_remote"}');

-- completed here, title changed there: both
SELECT * FROM tasksync.merge_task('{"title": "a", "status": "open"}', '{"title": "a", "status": "done"}', '{"title": "b", "status": "open"}');
-- completed there, moved to another day here: both, and a note
SELECT * FROM tasksync.merge_task('{"status": "open", "due_date": "2026-05-12"}',
	'{"status": "open", "due_date": "2026-05-13"}', '{"status": "done", "due_date": "2026-05-12"}');
-- an older completion does not undo a reopening
SELECT * FROM tasksync.merge_task('{"status": "open"}', '{"status": "open"}', '{"status": "done"}',
	'{"hub_edited_at": {"status": "2026-05-12T12:00:00Z"}, "remote_edited_at": {"status": ["2026-05-12T09:00:00Z", "2026-05-12T10:00:00Z"]}}');
-- reopened: no time of completion is left
SELECT * FROM tasksync.merge_task('{"status": "done"}', '{"status": "done", "completed_at": "2026-05-12T10:00:00Z"}', '{"status": "open"}');

-- two different moves: the last one, and a row; one move takes the section along
SELECT * FROM tasksync.merge_task('{"project_id": "p"}', '{"project_id": "q"}', '{"project_id": "r"}');
SELECT * FROM tasksync.merge_task('{"project_id": "p"}', '{"project_id": "p", "section_id": "s"}', '{"project_id": "q"}');
-- the order is never a conflict
SELECT * FROM tasksync.merge_task('{"position": 1}', '{"position": 2}', '{"position": 3}');

-- first link (no base): an empty side is filled, labels are united
SELECT * FROM tasksync.merge_task(NULL, '{"title": "a", "description": "", "labels": ["x"], "priority": 0}',
	'{"title": "b", "description": "notes", "labels": ["y"], "priority": 2}');

-- spellings are no changes
SELECT * FROM tasksync.merge_task(jsonb_build_object('title', E'\u00e9', 'description', E'a\nb'),
	jsonb_build_object('title', E'e\u0301', 'description', E'a\r\nb\r\n'), jsonb_build_object('title', E'\u00e9', 'description', E'a\nb'));
-- keys that are no field pass through from the hub
SELECT * FROM tasksync.merge_task('{"title": "a"}', '{"title": "a", "id": 7, "metadata": {"x": [1, {"y": null}]}}',
	'{"title": "b", "id": 8, "etag": "z"}');
-- null and partial records
SELECT * FROM tasksync.merge_task(NULL, NULL, NULL, NULL);
SELECT * FROM tasksync.merge_task('{}', 'null', '{"title": "a"}');
SELECT * FROM tasksync.merge_task('{"title": "a"}', '{}', '{"title": "b"}');

-- nonsense: an SQLSTATE, a message and a hint
SELECT tasksync.merge_task('{}', '[]', '{}');
SELECT tasksync.merge_task('{}', '{"priority": "high"}', '{}');
SELECT tasksync.merge_task('{}', '{}', '{"status": "started"}');
SELECT tasksync.merge_task('{}', '{}', '{"due_time": "25:00"}');
SELECT tasksync.merge_task('{}', '{}', '{"title": null}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"rule": "oldest"}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"fields": {"name_of_pet": "newest"}}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"fields": {"title": 3}}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"rules": "newest"}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"provider": "asana"}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"hub_edited_at": {"title": "yesterday"}}');
SELECT tasksync.merge_task('{}', '{}', '{}', '{"remote_edited_at": {"title": ["2026-05-12T10:00:00Z", "2026-05-12T09:00:00Z"]}}');
\set VERBOSITY sqlstate
SELECT tasksync.merge_task('{}', '{}', '{}', '3');
