-- Rows as records: the JSON form that merges, bases and the journal use.

CREATE FUNCTION tasksync.task_record(task tasksync.tasks) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_task_record'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.task_record(tasksync.tasks) IS 'A task''s synced fields: title, description, status, completed_at (RFC 3339, UTC), priority, due_date, due_time (HH24:MI:SS), due_timezone, recurrence, labels, project_id, section_id, parent_id, position. All keys are there, unset ones null. The input of merge_task() and project_task().';

CREATE FUNCTION tasksync.filter_matches(filter jsonb, task jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'tasksync_sql_filter_matches'
	LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.filter_matches(jsonb, jsonb) IS 'Internal: whether a link with this filter, in normal form, carries a task, as JSON of task_record(). True without a filter, false without a task.';

CREATE FUNCTION tasksync.normal_filter(filter jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_sql_normal_filter'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.normal_filter(jsonb) IS 'Internal: a filter in normal form, null if it lets everything through; 22023 if it is none.';

-- without a search_path of its own, so that it can be inlined
CREATE FUNCTION tasksync.carries(link tasksync.project_links, task tasksync.tasks) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT (link).filter IS NULL OR tasksync.filter_matches((link).filter, tasksync.task_record(task));
END;
COMMENT ON FUNCTION tasksync.carries(tasksync.project_links, tasksync.tasks) IS 'Internal: whether the filter of a link lets a task of its project through.';

CREATE FUNCTION tasksync.project_record(project tasksync.projects) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_project_record'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.project_record(tasksync.projects) IS 'A project''s synced fields: name, color, is_archived, parent_id, position.';

CREATE FUNCTION tasksync.section_record(section tasksync.sections) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_section_record'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.section_record(tasksync.sections) IS 'A section''s synced fields: name, project_id, position.';

CREATE FUNCTION tasksync.label_record(label tasksync.labels) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_label_record'
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tasksync.label_record(tasksync.labels) IS 'A label''s synced fields: name, color, position.';
