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
	on_remote_delete text NOT NULL DEFAULT 'propagate' CHECK (on_remote_delete IN ('propagate', 'unlink', 'complete')),
	scope_version integer NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, account_id, project_id),
	UNIQUE (user_id, account_id, remote_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE,
	FOREIGN KEY (user_id, project_id) REFERENCES tasksync.projects (user_id, id) ON DELETE CASCADE
);
-- Routing: which project goes to which container of which account. The sync state of the project itself is a row in links.
-- remote_id is null until a project created at the hub exists there.

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
	UNIQUE (user_id, account_id, kind, remote_id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);
CREATE INDEX links_dirty ON tasksync.links (user_id, account_id) WHERE dirty;
CREATE INDEX links_missing ON tasksync.links (user_id, account_id) WHERE missing_since IS NOT NULL;
CREATE INDEX links_refused ON tasksync.links (user_id, account_id) WHERE error_code IS NOT NULL;
-- hub_id has no foreign key: a link outlives its task until the provider has been told of the deletion.

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
	state text NOT NULL CHECK (state IN ('sent', 'unknown', 'unmapped')),
	run_id uuid NOT NULL,
	lease_token bigint NOT NULL,
	attempts integer NOT NULL DEFAULT 1,
	first_sent_at timestamptz NOT NULL,
	sent_at timestamptz NOT NULL,
	PRIMARY KEY (user_id, account_id, id),
	FOREIGN KEY (user_id, account_id) REFERENCES tasksync.accounts (user_id, id) ON DELETE CASCADE
);
CREATE INDEX intents_hub ON tasksync.intents (user_id, account_id, hub_id);
-- A row exists from before its command leaves until its outcome is recorded: nothing is sent that is not written here and committed first.

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
-- A run that found nothing to do writes no row here; schedules counts it.

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
-- One row per answer that told something: the ground on which deletions are accepted.

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
-- Every change of the hub, before and after, with where it came from (null = a local edit). For a deletion `before` is the whole row: the tombstone that undo and deletion proofs need.

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
-- status: open = the manual rule waits for an answer and the field is frozen; settled = a rule decided and the loser is kept here; resolved = a person chose.

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
-- Remote ids that are dead: an id found here never comes back as a new task.

CREATE TABLE tasksync.held_changes (
	user_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	account_id uuid NOT NULL,
	run_id uuid,
	direction text NOT NULL CHECK (direction IN ('in', 'out')),
	change text NOT NULL CHECK (change IN ('delete', 'complete')),
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
