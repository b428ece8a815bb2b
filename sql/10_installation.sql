-- What this installation is: whose database it is at home in, which providers
-- the library knows.

CREATE TABLE tasksync.home (
	singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
	system_identifier bigint NOT NULL,
	database_oid oid NOT NULL,
	extension_oid oid NOT NULL,
	claimed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tasksync.home IS 'The one database whose worker may sync these rows. Claimed by the first create_user(); a restored, templated or upgraded copy finds another identity here and stands still until tasksync.adopt().';
COMMENT ON COLUMN tasksync.home.singleton IS 'Always true: at most one row.';
COMMENT ON COLUMN tasksync.home.system_identifier IS 'pg_control_system().system_identifier of the server that syncs.';
COMMENT ON COLUMN tasksync.home.database_oid IS 'pg_database.oid of the database that syncs.';
COMMENT ON COLUMN tasksync.home.extension_oid IS 'pg_extension.oid of this installation: a dump restored into its own database, after DROP EXTENSION, is a copy too, and its triggers must stand still until every row is back.';
COMMENT ON COLUMN tasksync.home.claimed_at IS 'When this database became the home.';

CREATE TABLE tasksync.providers (
	provider text PRIMARY KEY CHECK (provider ~ '^[a-z][a-z0-9_]{0,31}$'),
	title text NOT NULL,
	shows_labels boolean NOT NULL,
	shows_sections boolean NOT NULL,
	creates_containers boolean NOT NULL,
	reads_containers boolean NOT NULL
);
COMMENT ON TABLE tasksync.providers IS 'The task services this version can talk to; one row each, written by the install script.';
COMMENT ON COLUMN tasksync.providers.provider IS 'Name used in every function: google_tasks, notion, todoist.';
COMMENT ON COLUMN tasksync.providers.title IS 'Name for people.';
COMMENT ON COLUMN tasksync.providers.shows_labels IS 'Whether labels are objects of their own there; only then are labels linked one by one.';
COMMENT ON COLUMN tasksync.providers.shows_sections IS 'Whether projects have sections there.';
COMMENT ON COLUMN tasksync.providers.creates_containers IS 'Whether a project made here can be created there (a Todoist project, a task list); where not, existing containers are linked.';
COMMENT ON COLUMN tasksync.providers.reads_containers IS 'Whether every linked container is read on its own; otherwise one read covers the whole account.';
INSERT INTO tasksync.providers VALUES
	('google_tasks', 'Google Tasks', false, false, true, true),
	('notion', 'Notion', false, false, false, true),
	('todoist', 'Todoist', true, true, true, false);

CREATE TABLE tasksync.provider_days (
	provider text REFERENCES tasksync.providers,
	day date,
	queries bigint NOT NULL DEFAULT 0,
	budget integer NOT NULL,
	ends_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (provider, day)
);
COMMENT ON TABLE tasksync.provider_days IS 'What all accounts together asked of a provider that counts by the day, for each of its days; kept for a month by the worker, which adds to it when it has nothing better to do.';
COMMENT ON COLUMN tasksync.provider_days.provider IS 'The provider.';
COMMENT ON COLUMN tasksync.provider_days.day IS 'The day where the provider counts.';
COMMENT ON COLUMN tasksync.provider_days.queries IS 'Queries so far; each part of a batch is one.';
COMMENT ON COLUMN tasksync.provider_days.budget IS 'How many there may be, as the setting said last.';
COMMENT ON COLUMN tasksync.provider_days.ends_at IS 'When the next day begins there.';
COMMENT ON COLUMN tasksync.provider_days.updated_at IS 'When the worker last added to it.';

CREATE TABLE tasksync.provider_credentials (
	provider text PRIMARY KEY REFERENCES tasksync.providers,
	client_id text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 512),
	client_secret_sealed bytea,
	updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE tasksync.provider_credentials IS 'The OAuth app registered at each provider; written by set_provider_credentials(). The secret is sealed with the key file and cannot be read through SQL.';
COMMENT ON COLUMN tasksync.provider_credentials.provider IS 'The provider.';
COMMENT ON COLUMN tasksync.provider_credentials.client_id IS 'Public identifier of the app.';
COMMENT ON COLUMN tasksync.provider_credentials.client_secret_sealed IS 'Client secret, sealed; null for a public client (PKCE only).';
COMMENT ON COLUMN tasksync.provider_credentials.updated_at IS 'Last change.';
