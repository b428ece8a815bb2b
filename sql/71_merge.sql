-- The merge, the text merge and the lenses, callable by themselves: for tests,
-- previews and applications that want to know beforehand what a sync would do.

CREATE FUNCTION tasksync.merge_task(base jsonb, hub jsonb, remote jsonb, policy jsonb DEFAULT '{}',
	OUT merged jsonb, OUT conflicts jsonb)
	AS 'MODULE_PATHNAME', 'tasksync_sql_merge_task' LANGUAGE c IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION tasksync.merge_task(jsonb, jsonb, jsonb, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION tasksync.merge_task(jsonb, jsonb, jsonb, jsonb) IS
	'Three-way merge of a task: base is what both sides last shared (null = nothing yet), hub and remote what they hold now. merged is hub with the accepted changes of remote; conflicts lists every value that lost, with the rule that decided. The policy may name a rule (newest, prefer_hub, prefer_remote, manual), rules per field, a provider, a side for ties, and edit times.';

CREATE FUNCTION tasksync.merge_text(base text, ours text, theirs text,
	OUT merged text, OUT clean boolean)
	AS 'MODULE_PATHNAME', 'tasksync_sql_merge_text' LANGUAGE c IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION tasksync.merge_text(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION tasksync.merge_text(text, text, text) IS
	'Three-way merge of a text by lines and, where both sides changed the same lines, by words. Where both changed the same words ours is taken and clean is false; no markers are written. A null text counts as empty.';

CREATE FUNCTION tasksync.project_task(provider text, task jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'tasksync_sql_project_task' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
REVOKE ALL ON FUNCTION tasksync.project_task(text, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION tasksync.project_task(text, jsonb) IS
	'What a provider (google_tasks, notion, todoist) can show of a task: only the fields it knows, in normal form, cut to its limits.';
