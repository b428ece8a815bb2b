-- Settings: ranges, addresses, who may set and see them; time zones against the server's own data.
\set VERBOSITY default
\set SHOW_CONTEXT never

SELECT name, unit, context, boot_val, min_val, max_val FROM pg_settings
WHERE name LIKE 'tasksync.%' AND name NOT LIKE 'tasksync.test%' AND name <> 'tasksync.mutant' ORDER BY name COLLATE "C";

-- out of range: refused with the range
ALTER SYSTEM SET tasksync.max_concurrent_accounts = 0;
ALTER SYSTEM SET tasksync.max_concurrent_accounts = 1025;
ALTER SYSTEM SET tasksync.max_response_size = '1GB';
ALTER SYSTEM SET tasksync.request_timeout = '99ms';
ALTER SYSTEM SET tasksync.request_timeout = '11min';
ALTER SYSTEM SET tasksync.read_before_write = -1;
ALTER SYSTEM SET tasksync.poll_interval = '2h';
ALTER SYSTEM SET tasksync.lease_duration = '500ms';
ALTER SYSTEM SET tasksync.enabled = 'perhaps';
ALTER SYSTEM SET tasksync.no_such_setting = 1;

-- addresses
ALTER SYSTEM SET tasksync.todoist_url = '';
ALTER SYSTEM SET tasksync.todoist_url = 'api.todoist.com';
ALTER SYSTEM SET tasksync.todoist_url = 'file:///etc/passwd';
ALTER SYSTEM SET tasksync.todoist_url = 'gopher://example.com';
ALTER SYSTEM SET tasksync.todoist_url = 'https://';
ALTER SYSTEM SET tasksync.todoist_url = 'https://:443/x';
ALTER SYSTEM SET tasksync.todoist_url = 'https://user:password@example.com';
ALTER SYSTEM SET tasksync.todoist_url = 'https://example.com/?key=1';
ALTER SYSTEM SET tasksync.todoist_url = 'https://example.com/#x';
ALTER SYSTEM SET tasksync.todoist_url = 'https://example.com/';
ALTER SYSTEM SET tasksync.todoist_url = E'https://example.com/\r\nX: y';
ALTER SYSTEM SET tasksync.todoist_oauth_url = 'https://example.com/a b';
ALTER SYSTEM SET tasksync.public_url = 'ftp://example.com';
ALTER SYSTEM SET tasksync.google_oauth_url = '';
ALTER SYSTEM SET tasksync.redirect_origins = 'https://example.com/path';
ALTER SYSTEM SET tasksync.redirect_origins = 'http://example.com';
ALTER SYSTEM SET tasksync.redirect_origins = 'https://example.com, ,https://b.example';
ALTER SYSTEM SET tasksync.redirect_origins = 'https://example.com,';
ALTER SYSTEM SET tasksync.redirect_origins = 'https://user@example.com';

-- files
ALTER SYSTEM SET tasksync.key_file = 'keyfile';
ALTER SYSTEM SET tasksync.ca_file = E'/etc/ssl/\ncerts.pem';

-- whatever was refused above has left nothing behind
SELECT count(*) FROM pg_file_settings WHERE name LIKE 'tasksync.%' AND sourcefile LIKE '%postgresql.auto.conf';

-- an ordinary role neither sets nor sees what points to files and hosts
CREATE ROLE settings_test_nobody;
SET ROLE settings_test_nobody;
SHOW tasksync.key_file;
SET tasksync.enabled = off;
SET tasksync.restoring = on;
SET tasksync.todoist_url = 'https://example.com';
RESET ROLE;
DROP ROLE settings_test_nobody;

-- the session's zone has no part in any of this
CREATE SCHEMA settings_test;
CREATE FUNCTION settings_test.to_instant(day text, clock text, zone text) RETURNS timestamptz
	AS '$libdir/tasksync', 'tasksync_test_to_instant' LANGUAGE c STRICT;
CREATE FUNCTION settings_test.to_local(instant timestamptz, zone text) RETURNS text
	AS '$libdir/tasksync', 'tasksync_test_to_local' LANGUAGE c STRICT;
SET timezone = 'Pacific/Apia';
SELECT zone, day, clock, settings_test.to_instant(day, clock, zone) AT TIME ZONE 'UTC' AS utc FROM (VALUES
	('Europe/Berlin', '2026-01-15', '12:00:00'),
	('Europe/Berlin', '2026-07-15', '12:00:00'),
	('Europe/Berlin', '2026-03-29', '01:59:59'),
	('Europe/Berlin', '2026-03-29', '02:30:00'),	-- a gap: forward by its length
	('Europe/Berlin', '2026-03-29', '03:00:00'),
	('Europe/Berlin', '2026-10-25', '01:59:59'),
	('Europe/Berlin', '2026-10-25', '02:30:00'),	-- twice: the first
	('Europe/Berlin', '2026-10-25', '03:00:00'),
	('America/New_York', '2026-03-08', '02:30:00'),
	('America/New_York', '2026-11-01', '01:30:00'),
	('Australia/Lord_Howe', '2026-04-05', '01:45:00'),	-- half an hour
	('Australia/Lord_Howe', '2026-10-04', '02:15:00'),
	('America/Santiago', '2026-09-06', '00:00:00'),	-- a day without a midnight
	('Pacific/Apia', '2011-12-30', '12:00:00'),	-- a day that was left out
	('Asia/Kathmandu', '2026-05-12', '00:00:00'),
	('UTC', '2024-02-29', '23:59:59'),
	('GMT +3', '2026-05-12', '12:00:00'),
	('GMT -3:30', '2026-05-12', '12:00:00'),
	('UTC+03:00', '2026-05-12', '12:00:00'),
	('Etc/GMT+3', '2026-05-12', '12:00:00'),
	('UTC+3', '2026-05-12', '12:00:00')) AS v (zone, day, clock);
-- no zones, no dates, no times
SELECT settings_test.to_instant(day, clock, zone) IS NULL AS refused, left(zone, 30) AS zone, day, clock FROM (VALUES
	('2026-05-12', '12:00:00', 'Europe/Nowhere'), ('2026-05-12', '12:00:00', ''), ('2026-05-12', '12:00:00', 'FOO+3'),
	('2026-05-12', '12:00:00', 'Foo/Bar+3'), ('2026-05-12', '12:00:00', 'Etc/GMT+99'), ('2026-05-12', '12:00:00', 'EST5EDT,M3.2.0,M11.1.0'),
	('2026-05-12', '12:00:00', '../../etc/passwd'), ('2026-05-12', '12:00:00', '/etc/localtime'), ('2026-05-12', '12:00:00', 'GMT +99'),
	('2026-05-12', '12:00:00', 'UTC+3x'), ('2026-05-12', '12:00:00', 'UTC+'), ('2026-05-12', '12:00:00', repeat('x', 1000)),
	('2026-02-30', '12:00:00', 'UTC'), ('2026-05-12', '24:00:00', 'UTC'), ('12.5.2026', '12:00:00', 'UTC')) AS v (day, clock, zone);
-- against the server's own conversion: every zone it knows, both directions (but those whose names
-- AT TIME ZONE takes for an abbreviation, which has no summer time)
SELECT count(DISTINCT name) > 400 AS zones, count(*) FILTER (WHERE settings_test.to_local(t, name) IS DISTINCT FROM to_char(t AT TIME ZONE name, 'YYYY-MM-DD HH24:MI:SS')) AS differ
FROM (SELECT name FROM pg_timezone_names WHERE name !~ '^posix/|^(Factory|localtime|[CEMW]ET)$') z,
	generate_series(timestamptz '2025-12-31 23:30:00+00', timestamptz '2026-12-31 23:30:00+00', interval '1811 hours') t;
SELECT count(*) > 3000 AS pairs, count(*) FILTER (WHERE (settings_test.to_instant(to_char(l, 'YYYY-MM-DD'), to_char(l, 'HH24:MI:SS'), name) AT TIME ZONE name) IS DISTINCT FROM l) AS differ
FROM (SELECT name FROM pg_timezone_names WHERE name !~ '^posix/|^(Factory|localtime|[CEMW]ET)$') z,
	generate_series(timestamp '2026-01-01 12:00:00', timestamp '2026-12-31 12:00:00', interval '45 days') l;
SELECT settings_test.to_local('2026-05-12 10:00:00.999999+00', 'Europe/Berlin') AS no_rounding,
	settings_test.to_local('1969-12-31 23:59:59.5+00', 'UTC') AS before_1970,
	settings_test.to_local('infinity', 'UTC') IS NULL AS no_end, settings_test.to_local('4713-01-01 BC', 'UTC') IS NULL AS no_beginning;
RESET timezone;
DROP SCHEMA settings_test CASCADE;
