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
COMMENT ON TABLE tasksync.projects IS 'A person''s projects: lists of tasks. Each person has one inbox, where tasks without a project go.';
COMMENT ON COLUMN tasksync.projects.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.projects.id IS 'Key within the owner; may be chosen by the application.';
COMMENT ON COLUMN tasksync.projects.name IS 'Name, 1 to 2048 characters.';
COMMENT ON COLUMN tasksync.projects.color IS 'Colour as the provider names it, or the application.';
COMMENT ON COLUMN tasksync.projects.parent_id IS 'Project above it, null at the top. A ring is refused (23514).';
COMMENT ON COLUMN tasksync.projects.position IS 'Order among siblings, ascending; fractions allowed, between -1e15 and 1e15.';
COMMENT ON COLUMN tasksync.projects.is_inbox IS 'The one inbox; it cannot be deleted.';
COMMENT ON COLUMN tasksync.projects.is_archived IS 'Put away, with its tasks.';
COMMENT ON COLUMN tasksync.projects.version IS 'Counts the changes of the synced fields; kept by a trigger.';
COMMENT ON COLUMN tasksync.projects.edited IS 'Time of the last edit of each field, {"title": "2026-05-12T14:30:00Z"}; a field without an entry is as old as the row. Kept by a trigger.';
COMMENT ON COLUMN tasksync.projects.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.projects.updated_at IS 'Last change.';
COMMENT ON COLUMN tasksync.projects.metadata IS 'The application''s own data, a JSON object of at most 64 KiB; never sent to a provider.';

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
COMMENT ON TABLE tasksync.sections IS 'Headings inside a project.';
COMMENT ON COLUMN tasksync.sections.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.sections.id IS 'Key within the owner; may be chosen by the application.';
COMMENT ON COLUMN tasksync.sections.project_id IS 'Project. Moving a section moves its tasks.';
COMMENT ON COLUMN tasksync.sections.name IS 'Name, 1 to 2048 characters.';
COMMENT ON COLUMN tasksync.sections.position IS 'Order among siblings, ascending; fractions allowed, between -1e15 and 1e15.';
COMMENT ON COLUMN tasksync.sections.version IS 'Counts the changes of the synced fields; kept by a trigger.';
COMMENT ON COLUMN tasksync.sections.edited IS 'Time of the last edit of each field, {"title": "2026-05-12T14:30:00Z"}; a field without an entry is as old as the row. Kept by a trigger.';
COMMENT ON COLUMN tasksync.sections.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.sections.updated_at IS 'Last change.';
COMMENT ON COLUMN tasksync.sections.metadata IS 'The application''s own data, a JSON object of at most 64 KiB; never sent to a provider.';

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
COMMENT ON TABLE tasksync.labels IS 'Labels (tags) of a person. Tasks hold names; a name that is used becomes a row here by itself, and renaming or deleting a row changes the tasks.';
COMMENT ON COLUMN tasksync.labels.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.labels.id IS 'Key within the owner; may be chosen by the application.';
COMMENT ON COLUMN tasksync.labels.name IS 'Name, 1 to 256 characters, one row per name.';
COMMENT ON COLUMN tasksync.labels.color IS 'Colour as the provider names it, or the application.';
COMMENT ON COLUMN tasksync.labels.position IS 'Order among siblings, ascending; fractions allowed, between -1e15 and 1e15.';
COMMENT ON COLUMN tasksync.labels.version IS 'Counts the changes of the synced fields; kept by a trigger.';
COMMENT ON COLUMN tasksync.labels.edited IS 'Time of the last edit of each field, {"title": "2026-05-12T14:30:00Z"}; a field without an entry is as old as the row. Kept by a trigger.';
COMMENT ON COLUMN tasksync.labels.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.labels.updated_at IS 'Last change.';
COMMENT ON COLUMN tasksync.labels.metadata IS 'The application''s own data, a JSON object of at most 64 KiB; never sent to a provider.';

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
	due_time time(0) CONSTRAINT due_time_needs_due_date CHECK (due_time IS NULL OR due_date IS NOT NULL),
	due_timezone text CONSTRAINT due_timezone_needs_due_time CHECK (due_timezone IS NULL OR (length(due_timezone) <= 64 AND due_time IS NOT NULL)),
	recurrence text CHECK (length(recurrence) <= 500),
	labels text[] NOT NULL DEFAULT '{}' CHECK (cardinality(labels) <= 500),
	position numeric NOT NULL CHECK (position BETWEEN -1e15 AND 1e15),
	version bigint NOT NULL DEFAULT 1,
	edited jsonb NOT NULL DEFAULT '{}',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536),
	PRIMARY KEY (user_id, id),
	-- Target of the parent key below: with the project in it, a subtask can
	-- never sit in another project than its parent, and moving a parent moves
	-- its whole subtree in the same statement.
	-- The project stands last so that looking a task up by its id never reads
	-- a whole project.
	UNIQUE (user_id, id, project_id),
	FOREIGN KEY (user_id, project_id) REFERENCES tasksync.projects (user_id, id) ON DELETE CASCADE,
	CONSTRAINT subtask_in_project_of_parent FOREIGN KEY (user_id, project_id, parent_id) REFERENCES tasksync.tasks (user_id, project_id, id)
		ON UPDATE CASCADE ON DELETE CASCADE,
	-- Moving a section to another project moves its tasks.
	CONSTRAINT section_in_project_of_task FOREIGN KEY (user_id, project_id, section_id) REFERENCES tasksync.sections (user_id, project_id, id)
		ON UPDATE CASCADE ON DELETE SET NULL (section_id),
	CHECK (parent_id <> id)
);
CREATE INDEX tasks_project ON tasksync.tasks (user_id, project_id, position);
CREATE INDEX tasks_parent ON tasksync.tasks (user_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tasks_section ON tasksync.tasks (user_id, section_id) WHERE section_id IS NOT NULL;
CREATE INDEX tasks_due ON tasksync.tasks (user_id, due_date) WHERE status = 'open' AND due_date IS NOT NULL;
COMMENT ON TABLE tasksync.tasks IS 'The tasks, and the only place where they are complete: a provider may show less of them. Writing here is all it takes to change them everywhere.';
COMMENT ON COLUMN tasksync.tasks.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.tasks.id IS 'Key within the owner; may be chosen by the application.';
COMMENT ON COLUMN tasksync.tasks.project_id IS 'Project; left out, the parent''s or the inbox. A subtask is always in its parent''s project.';
COMMENT ON COLUMN tasksync.tasks.section_id IS 'Section of the project, or null; cleared when the task goes to another project. A subtask is in the section of its parent, whatever is written here.';
COMMENT ON COLUMN tasksync.tasks.parent_id IS 'Task above it, or null. Moving it moves the subtree; deleting it deletes the subtree; a ring is refused (23514).';
COMMENT ON COLUMN tasksync.tasks.title IS 'Title, 1 to 2000 characters.';
COMMENT ON COLUMN tasksync.tasks.description IS 'Notes, at most 65536 characters; empty, never null.';
COMMENT ON COLUMN tasksync.tasks.status IS 'open or done. Completing a task completes the tasks below it, reopening one reopens those above it.';
COMMENT ON COLUMN tasksync.tasks.completed_at IS 'When it was completed; follows status.';
COMMENT ON COLUMN tasksync.tasks.priority IS '0 none, 1 low, 2 medium, 3 high, 4 urgent.';
COMMENT ON COLUMN tasksync.tasks.due_date IS 'Day on which it is due, in the local calendar; alone: an all-day task. Never turned into an instant.';
COMMENT ON COLUMN tasksync.tasks.due_time IS 'Local time on that day, to the second; needs due_date.';
COMMENT ON COLUMN tasksync.tasks.due_timezone IS 'IANA zone of due_time; null: floating, the same local time wherever one is. Needs due_time.';
COMMENT ON COLUMN tasksync.tasks.recurrence IS 'Rule of repetition in the words of the provider, for example every monday; null: it does not repeat.';
COMMENT ON COLUMN tasksync.tasks.labels IS 'Set of label names: trimmed, sorted, without doubles; at most 500.';
COMMENT ON COLUMN tasksync.tasks.position IS 'Order among siblings (same project, section and parent), ascending; fractions allowed, between -1e15 and 1e15, so that there is always room between two. Left out, the task comes after all others of its project. Equal positions ask for no order.';
COMMENT ON COLUMN tasksync.tasks.version IS 'Counts the changes of the synced fields; kept by a trigger.';
COMMENT ON COLUMN tasksync.tasks.edited IS 'Time of the last edit of each field, {"title": "2026-05-12T14:30:00Z"}; a field without an entry is as old as the row. Kept by a trigger.';
COMMENT ON COLUMN tasksync.tasks.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.tasks.updated_at IS 'Last change.';
COMMENT ON COLUMN tasksync.tasks.metadata IS 'The application''s own data, a JSON object of at most 64 KiB; never sent to a provider.';

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
COMMENT ON TABLE tasksync.task_dependencies IS 'Which task waits for which. Kept here only: no provider shows it.';
COMMENT ON COLUMN tasksync.task_dependencies.user_id IS 'Owner.';
COMMENT ON COLUMN tasksync.task_dependencies.task_id IS 'The task that waits.';
COMMENT ON COLUMN tasksync.task_dependencies.depends_on_id IS 'The task it waits for.';
COMMENT ON COLUMN tasksync.task_dependencies.created_at IS 'Creation time.';
