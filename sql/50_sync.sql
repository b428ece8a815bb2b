-- What the sync engine remembers. Written by the worker and by triggers only.

CREATE TABLE tasksync.project_links (
	user_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL,
	project_id uuid NOT NULL,
	remote_id text CHECK (length(remote_id) <= 200),
	direction text NOT NULL DEFAULT 'both' CHECK (direction IN ('both', 'pull', 'push')),
	policy jsonb CHECK (jsonb_typeof(policy) = 'object'),
	filter jsonb CHECK (jsonb_typeof(filter) = 'object'),
	mapping jsonb CHECK (jsonb_typeof(mapping) = 'object'),
	on_remote_delete text NOT NULL DEFAULT 'propagate' CHECK (on_remote_delete IN ('propagate', 'unlink', 'complete')),
	scope_version integer NOT NULL DEFAULT 1,
	matched_at timestamptz,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, account_id, project_id),
	UNIQUE (user_id, account_id, remote_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE,
	FOREIGN KEY (user_id, project_id) REFERENCES tasksync.projects (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.project_links IS 'Routing: which project goes to which container of which account. The sync state of the project itself is a row of links.';
COMMENT ON COLUMN tasksync.project_links.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.project_links.id IS 'Key within the owner; argument of unlink_project().';
COMMENT ON COLUMN tasksync.project_links.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.project_links.project_id IS 'Project.';
COMMENT ON COLUMN tasksync.project_links.remote_id IS 'Container at the provider; null until a project created here exists there.';
COMMENT ON COLUMN tasksync.project_links.direction IS 'both, pull (the provider''s changes come in) or push (the hub''s changes go out).';
COMMENT ON COLUMN tasksync.project_links.policy IS 'Conflict policy of this link, as in merge_task(); null: the account''s.';
COMMENT ON COLUMN tasksync.project_links.filter IS 'Which tasks of the project the link carries, in either direction, as set_filter() takes it; null: all.';
COMMENT ON COLUMN tasksync.project_links.mapping IS 'Which property of the container holds which field, where the provider has such a choice; null: as proposed in containers.config.';
COMMENT ON COLUMN tasksync.project_links.on_remote_delete IS 'What a deletion at the provider does here: propagate, unlink or complete.';
COMMENT ON COLUMN tasksync.project_links.scope_version IS 'Raised when the scope of the link changes: absence in an older full read proves nothing.';
COMMENT ON COLUMN tasksync.project_links.matched_at IS 'When the container was first read whole and its tasks paired with those of the project; nothing is created there before. Null: not yet.';
COMMENT ON COLUMN tasksync.project_links.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.project_links.updated_at IS 'Last change.';

CREATE TABLE tasksync.links (
	user_id uuid NOT NULL,
	hub_id uuid NOT NULL,
	account_id uuid NOT NULL,
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	remote_id text CHECK (length(remote_id) <= 200),
	state text NOT NULL CHECK (state IN ('pending_create', 'live', 'pending_delete', 'detached', 'held')),
	dirty boolean NOT NULL DEFAULT false,
	base jsonb NOT NULL DEFAULT '{}',
	memo jsonb,
	raw jsonb,
	remote_edited_at timestamptz,
	observed_at timestamptz,
	missing_since timestamptz,
	failures integer NOT NULL DEFAULT 0,
	retry_at timestamptz,
	refused_version bigint,
	error_code text CHECK (length(error_code) <= 64),
	error_message text CHECK (length(error_message) <= 1024),
	PRIMARY KEY (user_id, hub_id, account_id),
	-- In this order, so that no index begins with user and account: with few
	-- statistics the planner takes such a prefix for as selective as the key.
	UNIQUE (user_id, remote_id, account_id, kind),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);
CREATE INDEX links_dirty ON tasksync.links (user_id, account_id) WHERE dirty;
CREATE INDEX links_ranks ON tasksync.links (user_id, account_id) WHERE kind = 'task' AND memo -> 'sent' ? 'position';
CREATE INDEX links_missing ON tasksync.links (user_id, account_id) WHERE missing_since IS NOT NULL;
CREATE INDEX links_refused ON tasksync.links (user_id, account_id) WHERE error_code IS NOT NULL;
COMMENT ON TABLE tasksync.links IS 'One hub object at one account: what both are known to share. It outlives the object until the provider has been told of its deletion, so hub_id has no foreign key.';
COMMENT ON COLUMN tasksync.links.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.links.hub_id IS 'Key of the project, section, label or task in its table.';
COMMENT ON COLUMN tasksync.links.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.links.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.links.remote_id IS 'The provider''s id, null until created there.';
COMMENT ON COLUMN tasksync.links.state IS 'pending_create (to be created there), live, pending_delete (to be deleted there), detached (each side goes its own way), held (a change waits for a decision).';
COMMENT ON COLUMN tasksync.links.dirty IS 'Something may have to be sent; a reason to compare, not a promise to write.';
COMMENT ON COLUMN tasksync.links.base IS 'The fields as both sides last shared them, in the form the provider can show.';
COMMENT ON COLUMN tasksync.links.memo IS 'What was sent and what the provider made of it, where the two differ: {"sent": …, "echo": …}. Keeps a provider that trims or sorts from being written to for ever.';
COMMENT ON COLUMN tasksync.links.raw IS 'Parts of the provider''s answer that are kept to be sent back unchanged.';
COMMENT ON COLUMN tasksync.links.remote_edited_at IS 'The provider''s stamp of its last change.';
COMMENT ON COLUMN tasksync.links.observed_at IS 'When it was last seen there.';
COMMENT ON COLUMN tasksync.links.missing_since IS 'Since when full reads lack it; no deletion is inferred from that alone.';
COMMENT ON COLUMN tasksync.links.failures IS 'Refusals in a row.';
COMMENT ON COLUMN tasksync.links.retry_at IS 'Not sent again before.';
COMMENT ON COLUMN tasksync.links.refused_version IS 'Version of the hub object that the provider refused; a newer one is tried.';
COMMENT ON COLUMN tasksync.links.error_code IS 'The provider''s code for the refusal, or blocked for what waits for another object.';
COMMENT ON COLUMN tasksync.links.error_message IS 'The same for people.';

CREATE TABLE tasksync.intents (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	id uuid NOT NULL,
	seq integer NOT NULL,
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	hub_id uuid NOT NULL,
	op text NOT NULL CHECK (op IN ('create', 'update', 'move', 'close', 'reopen', 'order', 'delete')),
	temp_id uuid,
	remote_id text CHECK (length(remote_id) <= 200),
	patch jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL CHECK (state IN ('sent', 'unknown', 'unmapped', 'late')),
	run_id uuid NOT NULL,
	lease_token bigint NOT NULL,
	attempts integer NOT NULL DEFAULT 1,
	first_sent_at timestamptz NOT NULL,
	sent_at timestamptz NOT NULL,
	PRIMARY KEY (user_id, account_id, id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
CREATE INDEX intents_hub ON tasksync.intents (user_id, account_id, hub_id);
COMMENT ON TABLE tasksync.intents IS 'Commands on their way: a row exists, committed, from before its command leaves until its outcome is recorded. After a crash the same command is sent again under the same id.';
COMMENT ON COLUMN tasksync.intents.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.intents.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.intents.id IS 'Idempotency key of the command.';
COMMENT ON COLUMN tasksync.intents.seq IS 'Order within the request.';
COMMENT ON COLUMN tasksync.intents.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.intents.hub_id IS 'Key of the project, section, label or task in its table.';
COMMENT ON COLUMN tasksync.intents.op IS 'create, update, move, close, reopen, order or delete.';
COMMENT ON COLUMN tasksync.intents.temp_id IS 'Name of a new object within the request, where the provider has such names.';
COMMENT ON COLUMN tasksync.intents.remote_id IS 'The provider''s id, null for a creation.';
COMMENT ON COLUMN tasksync.intents.patch IS 'The fields that are sent.';
COMMENT ON COLUMN tasksync.intents.state IS 'sent, unknown (no answer came), unmapped (accepted, but only a read tells the rest) or late (no answer came and a read did not show it: the same, if it is still wanted, goes out under the same id).';
COMMENT ON COLUMN tasksync.intents.run_id IS 'The run that sent it.';
COMMENT ON COLUMN tasksync.intents.lease_token IS 'Fencing token under which it was sent.';
COMMENT ON COLUMN tasksync.intents.attempts IS 'How often it was sent.';
COMMENT ON COLUMN tasksync.intents.first_sent_at IS 'First attempt.';
COMMENT ON COLUMN tasksync.intents.sent_at IS 'Last attempt.';

CREATE TABLE tasksync.sync_runs (
	user_id uuid NOT NULL,
	id uuid NOT NULL,
	account_id uuid NOT NULL,
	started_at timestamptz NOT NULL,
	finished_at timestamptz,
	outcome text CHECK (outcome IN ('success', 'partial', 'failed', 'interrupted')),
	phase text NOT NULL DEFAULT 'connect',
	done integer NOT NULL DEFAULT 0,
	total integer,
	requests integer NOT NULL DEFAULT 0,
	bytes_sent bigint NOT NULL DEFAULT 0,
	bytes_received bigint NOT NULL DEFAULT 0,
	network_ms bigint NOT NULL DEFAULT 0,
	items_read integer NOT NULL DEFAULT 0,
	items_created integer NOT NULL DEFAULT 0,
	items_updated integer NOT NULL DEFAULT 0,
	items_deleted integer NOT NULL DEFAULT 0,
	items_pushed integer NOT NULL DEFAULT 0,
	items_refused integer NOT NULL DEFAULT 0,
	items_held integer NOT NULL DEFAULT 0,
	conflicts integer NOT NULL DEFAULT 0,
	error_code text CHECK (length(error_code) <= 64),
	error_message text CHECK (length(error_message) <= 1024),
	PRIMARY KEY (user_id, id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
CREATE INDEX sync_runs_account ON tasksync.sync_runs (user_id, account_id, started_at);
CREATE INDEX sync_runs_open ON tasksync.sync_runs (user_id, account_id) WHERE finished_at IS NULL;
COMMENT ON TABLE tasksync.sync_runs IS 'Runs that had something to do: counts and timings. A run that found nothing writes no row; schedules counts it.';
COMMENT ON COLUMN tasksync.sync_runs.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.sync_runs.id IS 'Key of the run.';
COMMENT ON COLUMN tasksync.sync_runs.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.sync_runs.started_at IS 'Start.';
COMMENT ON COLUMN tasksync.sync_runs.finished_at IS 'End, null while it is under way.';
COMMENT ON COLUMN tasksync.sync_runs.outcome IS 'success, partial (some objects were refused), failed or interrupted.';
COMMENT ON COLUMN tasksync.sync_runs.phase IS 'What it is doing; done at the end.';
COMMENT ON COLUMN tasksync.sync_runs.done IS 'Objects done in this phase.';
COMMENT ON COLUMN tasksync.sync_runs.total IS 'Objects in this phase, null while unknown.';
COMMENT ON COLUMN tasksync.sync_runs.requests IS 'HTTP requests.';
COMMENT ON COLUMN tasksync.sync_runs.bytes_sent IS 'Bytes of requests.';
COMMENT ON COLUMN tasksync.sync_runs.bytes_received IS 'Bytes of answers.';
COMMENT ON COLUMN tasksync.sync_runs.network_ms IS 'Milliseconds spent waiting for the provider.';
COMMENT ON COLUMN tasksync.sync_runs.items_read IS 'Objects in the answers.';
COMMENT ON COLUMN tasksync.sync_runs.items_created IS 'Created here.';
COMMENT ON COLUMN tasksync.sync_runs.items_updated IS 'Changed here.';
COMMENT ON COLUMN tasksync.sync_runs.items_deleted IS 'Deleted here.';
COMMENT ON COLUMN tasksync.sync_runs.items_pushed IS 'Written there.';
COMMENT ON COLUMN tasksync.sync_runs.items_refused IS 'Refused there.';
COMMENT ON COLUMN tasksync.sync_runs.items_held IS 'Held back for a decision.';
COMMENT ON COLUMN tasksync.sync_runs.conflicts IS 'Conflict rows written.';
COMMENT ON COLUMN tasksync.sync_runs.error_code IS 'Code of the error that ended it.';
COMMENT ON COLUMN tasksync.sync_runs.error_message IS 'The same for people.';

CREATE TABLE tasksync.observations (
	user_id uuid NOT NULL,
	run_id uuid NOT NULL,
	seq integer NOT NULL,
	account_id uuid NOT NULL,
	requested_at timestamptz NOT NULL,
	coverage text NOT NULL CHECK (coverage IN ('delta', 'complete', 'point')),
	is_stale boolean NOT NULL DEFAULT false,
	items integer NOT NULL,
	absent integer NOT NULL DEFAULT 0,
	PRIMARY KEY (user_id, run_id, seq),
	FOREIGN KEY (user_id, run_id) REFERENCES tasksync.sync_runs (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.observations IS 'Answers that told something: the ground on which deletions are accepted.';
COMMENT ON COLUMN tasksync.observations.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.observations.run_id IS 'The run.';
COMMENT ON COLUMN tasksync.observations.seq IS 'Order within the run.';
COMMENT ON COLUMN tasksync.observations.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.observations.requested_at IS 'When the request left: what was changed later is not in the answer.';
COMMENT ON COLUMN tasksync.observations.coverage IS 'delta (changes since a cursor), complete (everything there is) or point (one object). Only a complete one can show that something is missing.';
COMMENT ON COLUMN tasksync.observations.is_stale IS 'The provider said that the answer may lag behind.';
COMMENT ON COLUMN tasksync.observations.items IS 'Objects in it.';
COMMENT ON COLUMN tasksync.observations.absent IS 'Known objects that it lacked.';

-- No foreign key to users: see forget_person() in 62_triggers_tables.sql.
CREATE TABLE tasksync.journal (
	user_id uuid NOT NULL,
	hub_id uuid NOT NULL,
	version bigint NOT NULL,
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	op text NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
	changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	origin_account_id uuid,
	run_id uuid,
	before jsonb,
	after jsonb,
	PRIMARY KEY (user_id, hub_id, version)
);
CREATE INDEX journal_time ON tasksync.journal (user_id, changed_at);
COMMENT ON TABLE tasksync.journal IS 'Every change of the hub, before and after, with where it came from. What undo and proofs of deletion read.';
COMMENT ON COLUMN tasksync.journal.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.journal.hub_id IS 'Key of the project, section, label or task in its table.';
COMMENT ON COLUMN tasksync.journal.version IS 'Version of the object after the change.';
COMMENT ON COLUMN tasksync.journal.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.journal.op IS 'insert, update or delete.';
COMMENT ON COLUMN tasksync.journal.changed_at IS 'Time of the change.';
COMMENT ON COLUMN tasksync.journal.origin_account_id IS 'Account that the change came from, null: an edit here.';
COMMENT ON COLUMN tasksync.journal.run_id IS 'The run that brought it, null: an edit here.';
COMMENT ON COLUMN tasksync.journal.before IS 'The changed fields as they were; for a deletion the whole row; null for an insert.';
COMMENT ON COLUMN tasksync.journal.after IS 'The changed fields as they are; all of them for an insert; null for a deletion.';

CREATE TABLE tasksync.conflicts (
	user_id uuid NOT NULL REFERENCES tasksync.users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	account_id uuid,
	run_id uuid,
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	hub_id uuid NOT NULL,
	field text NOT NULL CHECK (length(field) <= 64),
	base jsonb,
	hub jsonb,
	remote jsonb,
	result jsonb,
	rule text NOT NULL CHECK (length(rule) <= 64),
	status text NOT NULL CHECK (status IN ('open', 'settled', 'resolved')),
	choice text CHECK (choice IN ('hub', 'remote', 'value')),
	created_at timestamptz NOT NULL DEFAULT now(),
	resolved_at timestamptz,
	PRIMARY KEY (user_id, id)
);
CREATE INDEX conflicts_open ON tasksync.conflicts (user_id, hub_id) WHERE status = 'open';
CREATE INDEX conflicts_time ON tasksync.conflicts (user_id, created_at);
COMMENT ON TABLE tasksync.conflicts IS 'Two different edits of one field, with every value: nothing that lost is gone. Answered with resolve_conflict().';
COMMENT ON COLUMN tasksync.conflicts.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.conflicts.id IS 'Key of the conflict.';
COMMENT ON COLUMN tasksync.conflicts.account_id IS 'Account whose value met the hubs.';
COMMENT ON COLUMN tasksync.conflicts.run_id IS 'The run that found it.';
COMMENT ON COLUMN tasksync.conflicts.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.conflicts.hub_id IS 'Key of the project, section, label or task in its table.';
COMMENT ON COLUMN tasksync.conflicts.field IS 'Field, as in task_record().';
COMMENT ON COLUMN tasksync.conflicts.base IS 'Value both had before.';
COMMENT ON COLUMN tasksync.conflicts.hub IS 'The hub''s value.';
COMMENT ON COLUMN tasksync.conflicts.remote IS 'The account''s value.';
COMMENT ON COLUMN tasksync.conflicts.result IS 'What was taken.';
COMMENT ON COLUMN tasksync.conflicts.rule IS 'Why: newest, tie, prefer_hub, prefer_remote, manual, text, edit_wins, loop and others.';
COMMENT ON COLUMN tasksync.conflicts.status IS 'open (the rule manual or loop waits for an answer, the field is frozen), settled (a rule decided), resolved (a person chose).';
COMMENT ON COLUMN tasksync.conflicts.choice IS 'What the person chose: hub, remote or value.';
COMMENT ON COLUMN tasksync.conflicts.created_at IS 'When it was found.';
COMMENT ON COLUMN tasksync.conflicts.resolved_at IS 'When it was answered.';

CREATE TABLE tasksync.graves (
	user_id uuid NOT NULL,
	account_id uuid NOT NULL,
	remote_id text NOT NULL CHECK (length(remote_id) <= 200),
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	hub_id uuid NOT NULL,
	proof text NOT NULL CHECK (proof IN ('remote_tombstone', 'point_read', 'hub_delete', 'container_deleted', 'approved', 'recreated')),
	run_id uuid,
	buried_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, account_id, kind, remote_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tasksync.graves IS 'Remote ids that are dead: an id found here never comes back as a new task.';
COMMENT ON COLUMN tasksync.graves.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.graves.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.graves.remote_id IS 'The provider''s id that was.';
COMMENT ON COLUMN tasksync.graves.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.graves.hub_id IS 'Key of the project, section, label or task in its table.';
COMMENT ON COLUMN tasksync.graves.proof IS 'How it is known: remote_tombstone, point_read, hub_delete (deleted by us), container_deleted, approved, or recreated (lives on under another id).';
COMMENT ON COLUMN tasksync.graves.run_id IS 'The run that wrote it.';
COMMENT ON COLUMN tasksync.graves.buried_at IS 'When.';

CREATE TABLE tasksync.held_changes (
	user_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL,
	run_id uuid,
	direction text NOT NULL CHECK (direction IN ('in', 'out')),
	change text NOT NULL CHECK (change IN ('delete', 'complete', 'match')),
	kind text NOT NULL CHECK (kind IN ('project', 'section', 'label', 'task')),
	hub_id uuid NOT NULL,
	remote_id text CHECK (length(remote_id) <= 200),
	proof text,
	reason text NOT NULL CHECK (length(reason) <= 1024),
	status text NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'approved', 'rejected', 'obsolete')),
	held_at timestamptz NOT NULL DEFAULT now(),
	decided_at timestamptz,
	PRIMARY KEY (user_id, id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX held_changes_once ON tasksync.held_changes (user_id, account_id, hub_id, direction, change) WHERE status = 'held';
COMMENT ON TABLE tasksync.held_changes IS 'Changes that were too much to believe, such as a mass deletion: they wait for approve_held() or reject_held() while all others flow.';
COMMENT ON COLUMN tasksync.held_changes.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.held_changes.id IS 'Argument of approve_held() and reject_held().';
COMMENT ON COLUMN tasksync.held_changes.account_id IS 'Account.';
COMMENT ON COLUMN tasksync.held_changes.run_id IS 'The run that held it.';
COMMENT ON COLUMN tasksync.held_changes.direction IS 'in (from the provider to the hub) or out.';
COMMENT ON COLUMN tasksync.held_changes.change IS 'delete, complete, or match (whether the task here and the one there are the same).';
COMMENT ON COLUMN tasksync.held_changes.kind IS 'project, section, label or task.';
COMMENT ON COLUMN tasksync.held_changes.hub_id IS 'Key of the project, section, label or task in its table.';
COMMENT ON COLUMN tasksync.held_changes.remote_id IS 'The provider''s id.';
COMMENT ON COLUMN tasksync.held_changes.proof IS 'How the deletion is known.';
COMMENT ON COLUMN tasksync.held_changes.reason IS 'Why it is held.';
COMMENT ON COLUMN tasksync.held_changes.status IS 'held, approved, rejected or obsolete.';
COMMENT ON COLUMN tasksync.held_changes.held_at IS 'Since when.';
COMMENT ON COLUMN tasksync.held_changes.decided_at IS 'When it was decided.';
