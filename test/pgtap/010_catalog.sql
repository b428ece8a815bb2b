-- The catalog's view of the extension: what must hold for every object, also
-- for those that are added later.
BEGIN;
SELECT no_plan();

CREATE TEMP VIEW members AS
	SELECT d.classid, d.objid FROM pg_depend d
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	WHERE e.extname = 'tasksync' AND d.deptype = 'e';
CREATE TEMP VIEW own_tables AS
	SELECT c.oid, c.relname, c.relacl, c.relrowsecurity FROM pg_class c
	WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind = 'r';

SELECT cmp_ok(count(*)::integer, '>=', 23, 'the tables are there') FROM own_tables;
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind IN ('r', 'v')
		AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
	$$, 'everything in the schema belongs to the extension');

-- ---- keys ----
SELECT is_empty($$
	SELECT t.relname FROM own_tables t
	WHERE t.relname NOT IN ('home', 'providers', 'provider_credentials', 'webhook_secrets', 'webhook_deliveries', 'provider_days')
		AND NOT EXISTS (
			SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
			WHERE i.indrelid = t.oid AND i.indisprimary AND a.attname = 'user_id')
	$$, 'every primary key of a person''s table begins with user_id');
-- a queue is asked for the rows of all people at once, and so is what a webhook names
SELECT set_eq($$
	SELECT i.indexrelid::regclass::text FROM pg_index i
	JOIN own_tables t ON t.oid = i.indrelid
	JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
	WHERE t.relname NOT IN ('home', 'providers', 'provider_credentials', 'webhook_secrets', 'webhook_deliveries', 'provider_days') AND a.attname <> 'user_id'
	$$, ARRAY['tasksync.schedules_next_due', 'tasksync.users_email_canonical_key', 'tasksync.accounts_external',
		'tasksync.accounts_workspace', 'tasksync.containers_remote'],
	'every other index begins with user_id, but for the queue, the login name and what a webhook names');
SELECT is_empty($$
	SELECT k.conrelid::regclass, k.conname FROM pg_constraint k JOIN own_tables t ON t.oid = k.conrelid
	JOIN own_tables r ON r.oid = k.confrelid
	WHERE k.contype = 'f' AND r.relname NOT IN ('providers')
		AND NOT ((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) = 'user_id'
			AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1]) = 'user_id')
	$$, 'every foreign key carries user_id: no row can point into another person''s rows');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind = 'S'$$,
	'there is no sequence');

-- ---- security ----
SELECT is_empty('SELECT relname FROM own_tables WHERE NOT relrowsecurity', 'row-level security is on everywhere');
SELECT is_empty($$
	SELECT t.relname FROM own_tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'user_id'
	WHERE NOT EXISTS (
		SELECT FROM pg_policies p WHERE p.schemaname = 'tasksync' AND p.tablename = t.relname AND p.cmd = 'ALL'
			AND p.qual LIKE '%SELECT tasksync.current_user_id()%' AND p.with_check LIKE '%SELECT tasksync.current_user_id()%')
	$$, 'every person''s table compares its owner with the current user, once per query');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
	WHERE c.relnamespace = 'tasksync'::regnamespace AND x.grantee = 0
	$$, 'no table or view is granted to PUBLIC');
SELECT is_empty($$
	SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
	WHERE c.relnamespace = 'tasksync'::regnamespace AND x.grantee = 0
	$$, 'no column is');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
	WHERE p.pronamespace = 'tasksync'::regnamespace AND x.grantee = 0
	$$, 'no function is');
SELECT is_empty($$
	SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = 'tasksync' AND x.grantee = 0
	$$, 'the schema is not');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	WHERE p.pronamespace = 'tasksync'::regnamespace AND p.prosecdef
		AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
	$$, 'every SECURITY DEFINER function has a fixed search_path');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'tasksync'::regnamespace AND l.lanname = 'plpgsql' AND p.proconfig IS NULL
	$$, 'and so has every function in PL/pgSQL');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c
	WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind = 'v'
		AND c.relname NOT IN ('worker_status', 'key_status')
		AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
	$$, 'views over rows of people show what the reader may see, not what their owner may');
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relforcerowsecurity
	$$, 'security is not forced on the owner, who dumps');

-- ---- comments ----
SELECT is_empty($$
	SELECT c.oid::regclass FROM pg_class c
	WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') IS NULL
	$$, 'every table and view has a comment');
SELECT is_empty($$
	SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	WHERE c.relnamespace = 'tasksync'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
		AND col_description(c.oid, a.attnum) IS NULL
	$$, 'every column has');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	WHERE p.pronamespace = 'tasksync'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
	$$, 'every function has');
SELECT is_empty($$
	SELECT p.polname, p.polrelid::regclass FROM pg_policy p JOIN own_tables t ON t.oid = p.polrelid
	WHERE obj_description(p.oid, 'pg_policy') IS NULL
	$$, 'every policy has');

-- ---- accounts that take over from one another ----
-- A new table about accounts has to be put on one side or the other: what an
-- account knows moves with take_over(), history and secrets stay.
SELECT set_eq($$
	SELECT t.relname::text FROM own_tables t
	JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'account_id' AND NOT a.attisdropped
	WHERE pg_get_functiondef('tasksync.take_over(uuid, uuid, uuid)'::regprocedure) NOT LIKE format('%%UPDATE tasksync.%s o%%', t.relname)
	$$, ARRAY['account_tokens', 'oauth_states', 'oauth_grants', 'revocations', 'schedules', 'hints', 'sync_runs', 'observations', 'previews'],
	'what an account knows moves to the one that takes over');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tasksync_api'::regnamespace
		AND (p.proacl IS NULL OR array_to_string(p.proacl, ' ') ~ '(^| )=')
	$$, 'nothing of tasksync_api is granted to everybody');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'tasksync_api'::regnamespace
		AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
	$$, 'and each of its functions has its own search_path');

-- ---- triggers and dump ----
SELECT is_empty($$
	SELECT t.tgrelid::regclass, t.tgname FROM pg_trigger t JOIN own_tables c ON c.oid = t.tgrelid
	WHERE NOT t.tgisinternal AND t.tgname NOT IN ('forget', 'a_place_last') AND pg_get_triggerdef(t.oid) NOT LIKE '%WHEN (%hub_is_active()%'
	$$, 'every trigger that acts on rows coming in asks first whether the hub is active; what fills an untold position has nothing to do in a restore, and must in a copy');
SELECT set_eq($$
	SELECT t.relname::text FROM own_tables t
	WHERE NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'tasksync' AND t.oid = ANY (e.extconfig))
	$$, ARRAY['providers', 'provider_days', 'hints', 'oauth_states', 'previews', 'preview_rows'], 'every table is dumped but those that must not be');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'tasksync'::regnamespace AND p.provolatile = 'i' AND p.proparallel <> 's'
	$$, 'what is immutable is parallel safe');

SELECT * FROM finish();
ROLLBACK;
