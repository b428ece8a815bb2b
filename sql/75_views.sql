-- What a person may read about their accounts, and an operator about all:
-- states, ids, counts, codes. No view here shows a task's text or a token.
-- security_invoker: row-level security of the reader decides about the rows.

CREATE VIEW tasksync.account_health WITH (security_invoker = true) AS
	WITH facts AS (
		SELECT a.user_id, a.id AS account_id, a.provider, a.state AS account_state, a.state_reason,
			s.next_due, s.leased_until, s.requested_at, s.failures, s.attempts, s.error_code, s.error_message,
			s.last_started_at, s.last_finished_at, s.last_success_at, a.sync_interval,
			tasksync.hub_is_active() AS is_home, l.*, h.*, i.*, c.*, t.*
		FROM tasksync.accounts a
		LEFT JOIN tasksync.schedules s ON s.user_id = a.user_id AND s.account_id = a.id
		CROSS JOIN LATERAL (
			SELECT count(*) AS to_send, min(l.retry_at) AS next_retry FROM tasksync.links l
			WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.dirty AND l.state <> 'held') l
		CROSS JOIN LATERAL (
			SELECT count(*) AS dead_letters FROM tasksync.links l
			WHERE l.user_id = a.user_id AND l.account_id = a.id AND l.error_code IS NOT NULL) i
		CROSS JOIN LATERAL (
			SELECT count(*) AS held FROM tasksync.held_changes x
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.status = 'held') h
		CROSS JOIN LATERAL (
			SELECT count(*) AS open_conflicts FROM tasksync.conflicts x
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.status = 'open') c
		CROSS JOIN LATERAL (
			SELECT count(*) AS troubled, min(x.error_message) AS trouble FROM tasksync.containers x
			JOIN tasksync.project_links p
				ON p.user_id = x.user_id AND p.account_id = x.account_id AND p.remote_id = x.remote_id
			WHERE x.user_id = a.user_id AND x.account_id = a.id AND x.error_code IS NOT NULL) t),
	judged AS (
		SELECT f.*, CASE
			WHEN NOT is_home THEN 'copy: adopt first'
			WHEN account_state = 'reauth_required' THEN 'reauth required'
			WHEN account_state = 'awaiting_consent' THEN 'awaiting consent'
			WHEN account_state IN ('disconnected', 'paused', 'locked') THEN account_state
			WHEN error_code = 'suspicious_enumeration' THEN 'suspicious enumeration'
			WHEN failures > 0 THEN 'backing off'
			WHEN attempts > 1 AND leased_until IS NULL THEN 'backing off'
			WHEN account_state = 'connecting' THEN 'connecting'
			WHEN troubled > 0 THEN 'container trouble'
			WHEN held > 0 THEN 'held changes'
			WHEN dead_letters > 0 THEN 'dead letters'
			WHEN open_conflicts > 0 THEN 'open conflicts'
			WHEN leased_until IS NOT NULL THEN 'syncing'
			WHEN next_due < now() - greatest(sync_interval, interval '5 minutes') THEN 'overdue'
			ELSE 'active' END AS state
		FROM facts f)
	SELECT j.user_id, j.account_id, j.provider, j.state,
		CASE j.state
			WHEN 'copy: adopt first' THEN 'This database is a copy; its original may still be syncing.'
			WHEN 'reauth required' THEN coalesce(j.state_reason, 'The provider refuses the token.')
			WHEN 'awaiting consent' THEN coalesce(j.state_reason, 'Nobody has agreed on the provider''s page yet.')
			WHEN 'locked' THEN coalesce(j.state_reason, 'The key for its tokens is missing.')
			WHEN 'paused' THEN coalesce(j.state_reason, 'Paused.')
			WHEN 'disconnected' THEN coalesce(j.state_reason, 'Disconnected.')
			WHEN 'suspicious enumeration' THEN coalesce(j.error_message, 'The provider listed far less than it has: nothing was deleted.')
			WHEN 'backing off' THEN coalesce(j.error_message, 'The last runs did not end.')
			WHEN 'connecting' THEN 'Its first run has not finished.'
			WHEN 'container trouble' THEN j.trouble
			WHEN 'held changes' THEN format('%s changes wait for a decision.', j.held)
			WHEN 'dead letters' THEN format('The provider refused %s objects; all others sync.', j.dead_letters)
			WHEN 'open conflicts' THEN format('%s conflicts wait for an answer.', j.open_conflicts)
			WHEN 'syncing' THEN 'A run is under way.'
			WHEN 'overdue' THEN 'It is due and no run starts.'
			ELSE 'In step with the provider.' END AS reason,
		CASE j.state
			WHEN 'copy: adopt first' THEN 'SELECT tasksync.adopt();'
			WHEN 'reauth required' THEN format('SELECT * FROM tasksync.reconnect_account(%L);  -- or with token => ''…''', j.account_id)
			WHEN 'awaiting consent' THEN format('SELECT * FROM tasksync.reconnect_account(%L);  -- or with token => ''…''', j.account_id)
			WHEN 'locked' THEN 'SELECT * FROM tasksync.key_status;'
			WHEN 'paused' THEN format('SELECT tasksync.resume_account(%L);', j.account_id)
			WHEN 'disconnected' THEN format('SELECT * FROM tasksync.reconnect_account(%L);  -- or with token => ''…''', j.account_id)
			WHEN 'suspicious enumeration' THEN format('SELECT tasksync.sync_now(%L);', j.account_id)
			WHEN 'backing off' THEN format('SELECT tasksync.resume_account(%L);', j.account_id)
			WHEN 'connecting' THEN 'SELECT * FROM tasksync.worker_status;'
			WHEN 'container trouble' THEN format('SELECT * FROM tasksync.list_containers(%L) WHERE error_code IS NOT NULL;', j.account_id)
			WHEN 'held changes' THEN format('SELECT * FROM tasksync.held_changes WHERE account_id = %L AND status = ''held'';', j.account_id)
			WHEN 'dead letters' THEN format('SELECT * FROM tasksync.dead_letters WHERE account_id = %L;', j.account_id)
			WHEN 'open conflicts' THEN format('SELECT * FROM tasksync.conflicts WHERE account_id = %L AND status = ''open'';', j.account_id)
			WHEN 'overdue' THEN 'SELECT * FROM tasksync.worker_status;'
			END AS next_step,
		j.last_success_at,
		CASE WHEN j.last_success_at IS NOT NULL THEN now() - j.last_success_at END AS lag,
		j.next_due, j.to_send, j.held, j.dead_letters, j.open_conflicts, coalesce(j.failures, 0) AS failures,
		j.error_code
	FROM judged j;
COMMENT ON VIEW tasksync.account_health IS 'One row per account: how it is, why, and the command to type next. Ids, counts and codes only.';
COMMENT ON COLUMN tasksync.account_health.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.account_health.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.account_health.provider IS 'Which service.';
COMMENT ON COLUMN tasksync.account_health.state IS 'The most urgent of: copy: adopt first, reauth required, locked, paused, disconnected, suspicious enumeration, backing off, connecting, container trouble (one of its linked containers cannot be read), held changes, dead letters, open conflicts, syncing, overdue, active (all is well).';
COMMENT ON COLUMN tasksync.account_health.reason IS 'One sentence about the state.';
COMMENT ON COLUMN tasksync.account_health.next_step IS 'SQL that helps or shows more; null when there is nothing to do.';
COMMENT ON COLUMN tasksync.account_health.last_success_at IS 'End of the last run without an error.';
COMMENT ON COLUMN tasksync.account_health.lag IS 'Time since then.';
COMMENT ON COLUMN tasksync.account_health.next_due IS 'Earliest start of the next run.';
COMMENT ON COLUMN tasksync.account_health.to_send IS 'Objects that have something to send.';
COMMENT ON COLUMN tasksync.account_health.held IS 'Changes that wait for approve_held() or reject_held().';
COMMENT ON COLUMN tasksync.account_health.dead_letters IS 'Objects that the provider refused.';
COMMENT ON COLUMN tasksync.account_health.open_conflicts IS 'Conflicts that wait for resolve_conflict().';
COMMENT ON COLUMN tasksync.account_health.failures IS 'Failed runs in a row.';
COMMENT ON COLUMN tasksync.account_health.error_code IS 'Code of the last error.';

CREATE VIEW tasksync.sync_progress WITH (security_invoker = true) AS
	SELECT r.user_id, r.account_id, r.id AS run_id, r.phase, r.done, r.total,
		CASE WHEN r.total > 0 THEN round(100.0 * least(r.done, r.total) / r.total, 1) END AS percent,
		r.started_at, now() - r.started_at AS elapsed,
		CASE WHEN r.total > 0 AND r.done > 0
			THEN (now() - r.started_at) * (greatest(r.total - r.done, 0)::double precision / r.done) END AS eta
	FROM tasksync.sync_runs r
	WHERE r.finished_at IS NULL;
COMMENT ON VIEW tasksync.sync_progress IS 'The runs that are under way and have something to do. Committed in portions, so a first sync can be watched.';
COMMENT ON COLUMN tasksync.sync_progress.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.sync_progress.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.sync_progress.run_id IS 'The run.';
COMMENT ON COLUMN tasksync.sync_progress.phase IS 'What it is doing.';
COMMENT ON COLUMN tasksync.sync_progress.done IS 'Objects done in this phase.';
COMMENT ON COLUMN tasksync.sync_progress.total IS 'Objects in this phase, null while unknown.';
COMMENT ON COLUMN tasksync.sync_progress.percent IS 'Share that is done.';
COMMENT ON COLUMN tasksync.sync_progress.started_at IS 'Start of the run.';
COMMENT ON COLUMN tasksync.sync_progress.elapsed IS 'Time since then.';
COMMENT ON COLUMN tasksync.sync_progress.eta IS 'Estimated time left, if it goes on as so far; null while unknown.';

CREATE VIEW tasksync.task_links WITH (security_invoker = true) AS
	SELECT l.user_id, l.hub_id AS task_id, l.account_id, a.provider, l.remote_id, l.state, l.dirty,
		l.observed_at, l.remote_edited_at, l.missing_since, l.failures, l.retry_at, l.error_code, l.error_message
	FROM tasksync.links l
	JOIN tasksync.accounts a ON a.user_id = l.user_id AND a.id = l.account_id
	WHERE l.kind = 'task';
COMMENT ON VIEW tasksync.task_links IS 'Where each task is: one row per task and account.';
COMMENT ON COLUMN tasksync.task_links.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.task_links.task_id IS 'The task; it may be deleted here and not there yet.';
COMMENT ON COLUMN tasksync.task_links.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.task_links.provider IS 'Which service.';
COMMENT ON COLUMN tasksync.task_links.remote_id IS 'The provider''s id, null until created there.';
COMMENT ON COLUMN tasksync.task_links.state IS 'pending_create, live, pending_delete, detached or held, as in links.';
COMMENT ON COLUMN tasksync.task_links.dirty IS 'Something is to be compared and perhaps sent.';
COMMENT ON COLUMN tasksync.task_links.observed_at IS 'When it was last seen there.';
COMMENT ON COLUMN tasksync.task_links.remote_edited_at IS 'The provider''s stamp of its last change.';
COMMENT ON COLUMN tasksync.task_links.missing_since IS 'Since when a full read lacks it; no deletion is inferred from that alone.';
COMMENT ON COLUMN tasksync.task_links.failures IS 'Refusals in a row.';
COMMENT ON COLUMN tasksync.task_links.retry_at IS 'Not sent again before.';
COMMENT ON COLUMN tasksync.task_links.error_code IS 'Why the provider refused it.';
COMMENT ON COLUMN tasksync.task_links.error_message IS 'The same for people.';

CREATE VIEW tasksync.dead_letters WITH (security_invoker = true) AS
	SELECT l.user_id, l.account_id, l.kind, l.hub_id, l.remote_id, l.state, l.refused_version, l.failures,
		l.error_code, l.error_message, format('SELECT tasksync.retry(%L, %L);', l.account_id, l.hub_id) AS next_step
	FROM tasksync.links l
	WHERE l.error_code IS NOT NULL;
COMMENT ON VIEW tasksync.dead_letters IS 'Objects that a provider refused, or that wait for one that was refused. All others go on syncing; editing the object, or retry(), sends it again.';
COMMENT ON COLUMN tasksync.dead_letters.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.dead_letters.account_id IS 'Account that refused.';
COMMENT ON COLUMN tasksync.dead_letters.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.dead_letters.hub_id IS 'Key of the object in its table.';
COMMENT ON COLUMN tasksync.dead_letters.remote_id IS 'The provider''s id, null for a refused creation.';
COMMENT ON COLUMN tasksync.dead_letters.state IS 'State of the link.';
COMMENT ON COLUMN tasksync.dead_letters.refused_version IS 'Version of the object that was refused.';
COMMENT ON COLUMN tasksync.dead_letters.failures IS 'Refusals in a row.';
COMMENT ON COLUMN tasksync.dead_letters.error_code IS 'The provider''s code, or blocked for what waits for another object.';
COMMENT ON COLUMN tasksync.dead_letters.error_message IS 'The same for people.';
COMMENT ON COLUMN tasksync.dead_letters.next_step IS 'SQL that sends it again as it is.';

-- ---- what is left of a provider's day ----

CREATE VIEW tasksync.provider_budgets WITH (security_invoker = true) AS
	SELECT d.provider, d.day, d.queries, d.budget, greatest(d.budget - d.queries, 0) AS remaining, d.ends_at,
		CASE
			WHEN d.budget = 0 THEN 'unlimited'
			WHEN d.queries >= d.budget THEN 'used up'
			WHEN d.queries >= d.budget - d.budget / 10 THEN 'changes only'
			ELSE 'open' END AS state,
		d.updated_at
	FROM tasksync.provider_days d
	WHERE d.ends_at > now();
COMMENT ON VIEW tasksync.provider_budgets IS 'What is left of the present day of each provider that allows all accounts of an app a number of queries a day. Polls are spread so that it lasts; its last tenth is kept for changes that people make.';
COMMENT ON COLUMN tasksync.provider_budgets.provider IS 'The provider.';
COMMENT ON COLUMN tasksync.provider_budgets.day IS 'The day where the provider counts.';
COMMENT ON COLUMN tasksync.provider_budgets.queries IS 'Queries so far; each part of a batch is one.';
COMMENT ON COLUMN tasksync.provider_budgets.budget IS 'How many there may be: tasksync.google_daily_queries; 0 is no limit.';
COMMENT ON COLUMN tasksync.provider_budgets.remaining IS 'How many are left.';
COMMENT ON COLUMN tasksync.provider_budgets.ends_at IS 'When the next day begins there.';
COMMENT ON COLUMN tasksync.provider_budgets.state IS 'open, changes only (polls wait for the next day), used up, unlimited.';
COMMENT ON COLUMN tasksync.provider_budgets.updated_at IS 'When the worker last added to it.';
