-- What triggers ask the library about itself and about the writer. Granted to
-- application roles by grant_user(), because a trigger's condition runs as the
-- role that writes.

CREATE FUNCTION tasksync.api_version() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT 1';
COMMENT ON FUNCTION tasksync.api_version() IS 'Number of the interface between these SQL objects and the library. When the library has another one, the worker stands still and functions say which command brings them together.';
REVOKE ALL ON FUNCTION tasksync.api_version() FROM PUBLIC;

CREATE FUNCTION tasksync.hub_is_active() RETURNS boolean
	AS 'MODULE_PATHNAME', 'tasksync_hub_is_active_sql'
	LANGUAGE c VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.hub_is_active() IS 'Whether the hub''s triggers act: false while rows are being restored and in a copy of the database that is not the home.';
REVOKE ALL ON FUNCTION tasksync.hub_is_active() FROM PUBLIC;

CREATE FUNCTION tasksync.origin_account() RETURNS uuid
	AS 'MODULE_PATHNAME', 'tasksync_origin_account'
	LANGUAGE c VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.origin_account() IS 'The account whose changes the sync worker is writing just now; null for everybody else''s writes.';
REVOKE ALL ON FUNCTION tasksync.origin_account() FROM PUBLIC;

CREATE FUNCTION tasksync.origin_run() RETURNS uuid
	AS 'MODULE_PATHNAME', 'tasksync_origin_run'
	LANGUAGE c VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tasksync.origin_run() IS 'The sync run whose changes the sync worker is writing just now; null for everybody else''s writes.';
REVOKE ALL ON FUNCTION tasksync.origin_run() FROM PUBLIC;
