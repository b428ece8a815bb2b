-- The worker: what it does, waking it, and switching it on for this database.

CREATE FUNCTION tasksync.wake() RETURNS void
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'tasksync_wake_sql';
COMMENT ON FUNCTION tasksync.wake() IS 'When this transaction commits, the sync worker of this database looks into its queue at once. Triggers and sync_now() do it by themselves. Error TS002 in a server that does not preload tasksync.';
REVOKE ALL ON FUNCTION tasksync.wake() FROM PUBLIC;

CREATE FUNCTION tasksync.worker_status_rows(
		OUT database text, OUT pid integer, OUT state text, OUT since timestamptz,
		OUT accounts_in_flight integer, OUT runs bigint, OUT failed_runs bigint, OUT requests bigint,
		OUT bytes_sent bigint, OUT bytes_received bigint, OUT restarts integer,
		OUT started_at timestamptz, OUT last_loop timestamptz, OUT next_due timestamptz,
		OUT error_code text, OUT error_message text, OUT error_at timestamptz, OUT hint text)
	RETURNS SETOF record
	LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'tasksync_worker_status';
COMMENT ON FUNCTION tasksync.worker_status_rows() IS 'The rows of the view worker_status.';
REVOKE ALL ON FUNCTION tasksync.worker_status_rows() FROM PUBLIC;

CREATE VIEW tasksync.worker_status AS SELECT * FROM tasksync.worker_status_rows();
COMMENT ON VIEW tasksync.worker_status IS 'The sync worker of this database; for superusers and members of pg_read_all_stats those of all databases. Counters start with the server and hold neither texts of tasks nor tokens.';
COMMENT ON COLUMN tasksync.worker_status.database IS 'Name of the database.';
COMMENT ON COLUMN tasksync.worker_status.pid IS 'Process of the worker, null if there is none.';
COMMENT ON COLUMN tasksync.worker_status.state IS 'ready, starting, stopped, failing (the database is in trouble), unclaimed (no user yet), not_home (a copy), restoring, wrong_version, absent (extension not installed), no_worker or no_launcher (max_worker_processes), disabled, standby, not_preloaded.';
COMMENT ON COLUMN tasksync.worker_status.since IS 'When it came into this state.';
COMMENT ON COLUMN tasksync.worker_status.accounts_in_flight IS 'Accounts that are being synchronized at this moment.';
COMMENT ON COLUMN tasksync.worker_status.runs IS 'Runs that have ended.';
COMMENT ON COLUMN tasksync.worker_status.failed_runs IS 'Of these, ended by an error inside the worker; what a provider refused is in account_health.';
COMMENT ON COLUMN tasksync.worker_status.requests IS 'HTTP requests sent.';
COMMENT ON COLUMN tasksync.worker_status.bytes_sent IS 'Bytes of requests.';
COMMENT ON COLUMN tasksync.worker_status.bytes_received IS 'Bytes of answers, as they came over the network.';
COMMENT ON COLUMN tasksync.worker_status.restarts IS 'How often the worker was started again.';
COMMENT ON COLUMN tasksync.worker_status.started_at IS 'When the worker was last started.';
COMMENT ON COLUMN tasksync.worker_status.last_loop IS 'When the worker last went through its loop.';
COMMENT ON COLUMN tasksync.worker_status.next_due IS 'When it looks into its queue at the latest, or is started again.';
COMMENT ON COLUMN tasksync.worker_status.error_code IS 'SQLSTATE of the last error that belongs to no single account.';
COMMENT ON COLUMN tasksync.worker_status.error_message IS 'Its message.';
COMMENT ON COLUMN tasksync.worker_status.error_at IS 'Its time.';
COMMENT ON COLUMN tasksync.worker_status.hint IS 'What to do, where something is to be done.';

-- The launcher looks for this setting. It belongs to the database, not to the
-- extension: a copy made with TEMPLATE does not have it, and so has no worker.
DO $$
BEGIN
	EXECUTE pg_catalog.format('ALTER DATABASE %I SET tasksync.enabled = on', pg_catalog.current_database());
END
$$;
