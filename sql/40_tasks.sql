-- The hub's own objects: what applications read and write.
--
-- `version` counts the changes of a row, `edited` holds the time of the last
-- edit of each field; both are kept by triggers (60_triggers.sql).

CREATE TABLE tasksync.projects (
	user_id uuid NOT NULL REFERENCES tasksync.users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 2048),
	color text CHECK (length(color) <= 64),
	parent_id uuid,
	position numeric NOT NULL DEFAULT 0 CHECK (position BETWEEN -1e15 AND 1e15),
	is_inbox boolean NOT NULL DEFAULT false,
	is_archived boolean NOT NULL DEFAULT false,
	version bigint NOT NULL DEFAULT 1,
	edited jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536),
	PRIMARY KEY (user_id, id),
	FOREIGN KEY (user_id, parent_id) REFERENCES tasksync.projects (user_id, id) ON DELETE SET NULL (parent_id),
	CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX projects_inbox ON tasksync.projects (user_id) WHERE is_inbox;
CREATE INDEX projects_parent ON tasksync.projects (user_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE tasksync.sections (
	user_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL,
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 2048),
	position numeric NOT NULL DEFAULT 0 CHECK (position BETWEEN -1e15 AND 1e15),
	version bigint NOT NULL DEFAULT 1,
	edited jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536),
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, project_id, id),
	FOREIGN KEY (user_id, project_id) REFERENCES tasksync.projects (user_id, id) ON DELETE CASCADE
);

CREATE TABLE tasksync.labels (
	user_id uuid NOT NULL REFERENCES tasksync.users ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
	color text CHECK (length(color) <= 64),
	position numeric NOT NULL DEFAULT 0 CHECK (position BETWEEN -1e15 AND 1e15),
	version bigint NOT NULL DEFAULT 1,
	edited jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536),
	PRIMARY KEY (user_id, id),
	UNIQUE (user_id, name)
);

CREATE TABLE tasksync.tasks (
	user_id uuid NOT NULL,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL,
	section_id uuid,
	parent_id uuid,
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 2000),
	description text NOT NULL DEFAULT '' CHECK (length(description) <= 65536),
	status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done')),
	completed_at timestamptz,
	priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 4),
	due_date date,
	due_time time(0) CHECK (due_time IS NULL OR due_date IS NOT NULL),
	due_timezone text CHECK (due_timezone IS NULL OR (length(due_timezone) <= 64 AND due_time IS NOT NULL)),
	recurrence text CHECK (length(recurrence) <= 500),
	labels text[] NOT NULL DEFAULT '{}' CHECK (cardinality(labels) <= 500),
	position numeric NOT NULL DEFAULT 0 CHECK (position BETWEEN -1e15 AND 1e15),
	version bigint NOT NULL DEFAULT 1,
	edited jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536),
	PRIMARY KEY (user_id, id),
	-- Target of the parent key below: with the project in it, a subtask can
	-- never sit in another project than its parent, and moving a parent moves
	-- its whole subtree in the same statement.
	UNIQUE (user_id, project_id, id),
	FOREIGN KEY (user_id, project_id) REFERENCES tasksync.projects (user_id, id) ON DELETE CASCADE,
	FOREIGN KEY (user_id, project_id, parent_id) REFERENCES tasksync.tasks (user_id, project_id, id)
		ON UPDATE CASCADE ON DELETE CASCADE,
	-- Moving a section to another project moves its tasks.
	FOREIGN KEY (user_id, project_id, section_id) REFERENCES tasksync.sections (user_id, project_id, id)
		ON UPDATE CASCADE ON DELETE SET NULL (section_id),
	CHECK (parent_id <> id)
);
CREATE INDEX tasks_parent ON tasksync.tasks (user_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_section ON tasksync.tasks (user_id, section_id) WHERE section_id IS NOT NULL;
CREATE INDEX tasks_due ON tasksync.tasks (user_id, due_date) WHERE status = 'open' AND due_date IS NOT NULL;

CREATE TABLE tasksync.task_dependencies (
	user_id uuid NOT NULL,
	task_id uuid NOT NULL,
	depends_on_id uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (user_id, task_id, depends_on_id),
	FOREIGN KEY (user_id, task_id) REFERENCES tasksync.tasks (user_id, id) ON DELETE CASCADE,
	FOREIGN KEY (user_id, depends_on_id) REFERENCES tasksync.tasks (user_id, id) ON DELETE CASCADE,
	CHECK (task_id <> depends_on_id)
);
CREATE INDEX task_dependencies_reverse ON tasksync.task_dependencies (user_id, depends_on_id);
