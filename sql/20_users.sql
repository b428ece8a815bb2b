-- People.

CREATE TABLE tasksync.users (
	user_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	email text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
	email_canonical text NOT NULL UNIQUE CHECK (length(email_canonical) BETWEEN 3 AND 320),
	display_name text CHECK (length(display_name) <= 200),
	timezone text NOT NULL DEFAULT 'UTC' CHECK (length(timezone) <= 64),
	password_hash text CHECK (length(password_hash) <= 256),
	default_sync_interval interval NOT NULL DEFAULT '5 minutes'
		CHECK (default_sync_interval BETWEEN interval '5 minutes' AND interval '24 hours'),
	conflict_policy text NOT NULL DEFAULT 'newest'
		CHECK (conflict_policy IN ('newest', 'prefer_hub', 'prefer_remote', 'manual')),
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object' AND pg_column_size(metadata) <= 65536)
);
COMMENT ON TABLE tasksync.users IS 'One row per person. Rows are created by create_user() only, which also makes this database the home of its rows.';
COMMENT ON COLUMN tasksync.users.user_id IS 'Key of the person; first column of every other key.';
COMMENT ON COLUMN tasksync.users.email IS 'Address as it was given.';
COMMENT ON COLUMN tasksync.users.email_canonical IS 'Address trimmed and lower-cased: what is compared and limited.';
COMMENT ON COLUMN tasksync.users.display_name IS 'Name for people.';
COMMENT ON COLUMN tasksync.users.timezone IS 'IANA time zone of the person, for floating due times and quiet hours.';
COMMENT ON COLUMN tasksync.users.password_hash IS 'argon2id string, null for a person without a password.';
COMMENT ON COLUMN tasksync.users.default_sync_interval IS 'Sync interval of accounts that do not set their own: 5 minutes to 24 hours.';
COMMENT ON COLUMN tasksync.users.conflict_policy IS 'Rule for two different edits of one field: newest, prefer_hub, prefer_remote or manual.';
COMMENT ON COLUMN tasksync.users.created_at IS 'Creation time.';
COMMENT ON COLUMN tasksync.users.updated_at IS 'Last change.';
COMMENT ON COLUMN tasksync.users.metadata IS 'The application''s own data, a JSON object of at most 64 KiB.';
