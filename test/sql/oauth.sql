-- Consent without a network: links, who may complete them, for how long, how often. Needs
-- tasksync.public_url and redirect_origins as scripts/test sets them; all of it is rolled back.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT tasksync.create_user('oauth-ann@example.com') AS ann \gset
SELECT tasksync.create_user('oauth-bob@example.com') AS bob \gset
CREATE FUNCTION pg_temp.state_of(url text) RETURNS text LANGUAGE sql AS $$ SELECT substring(url FROM '[?&]state=([^&]+)') $$;
CREATE FUNCTION pg_temp.shown(url text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(url, '(state|code_challenge)=[A-Za-z0-9_-]{43}(&|$)', '\1=…\2', 'g') $$;

-- without an app
SELECT tasksync.act_as(:'ann');
SELECT * FROM tasksync.connect_account('todoist');
SELECT count(*) FROM tasksync.accounts WHERE user_id = :'ann';
SELECT tasksync.set_provider_credentials('todoist', 'client', 'canary-secret');

-- pages to go on to: an open redirect is none
SELECT * FROM tasksync.connect_account('todoist', redirect_to => 'https://evil.example/');
SELECT count(*) AS allowed FROM unnest(ARRAY['https://hub.example/done', 'https://app.example:8443/x?y=1', 'http://127.0.0.1:49152/cb']) u,
	LATERAL tasksync.connect_account('todoist', redirect_to => u);
DO $$
DECLARE
	page text;
BEGIN
	FOREACH page IN ARRAY ARRAY['https://app.example/x', 'http://hub.example/', 'https://hub.example.evil.example/', 'https://hub.example@evil.example/',
		'//evil.example/', 'javascript:alert(1)', 'https://hub.example\.evil.example/', '/relative', '', 'https://hub.example/' || repeat('x', 2048)]
	LOOP
		BEGIN
			PERFORM tasksync.connect_account('todoist', redirect_to => page);
			RAISE WARNING 'sent to %', left(page, 60);
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		END;
	END LOOP;
END $$;

-- whoever asks again has the same account and one link
SELECT account_id AS account, authorize_url AS url1 FROM tasksync.connect_account('todoist', redirect_to => 'https://hub.example/done') \gset
SELECT account_id = :'account' AS same_account, authorize_url AS url2 FROM tasksync.connect_account('todoist', redirect_to => 'https://hub.example/done') \gset
SELECT pg_temp.shown(:'url2') AS link, :'url1' <> :'url2' AS another_state;
SELECT count(*) AS links, bool_and(redirect_uri = 'https://hub.example/api/rpc/oauth_callback') AS uri, bool_and(length(state_hash) = 32) AS hash FROM tasksync.oauth_states WHERE user_id = :'ann';
SELECT position(pg_temp.state_of(:'url2') IN s::text) = 0 AS hidden FROM tasksync.oauth_states s WHERE user_id = :'ann';
SELECT state, reason FROM tasksync.account_health WHERE account_id = :'account';

-- the older one ended
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url1'), 'a-code');
-- somebody else, or nobody's state
SELECT tasksync.act_as(:'bob');
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url2'), 'a-code');
SELECT tasksync.complete_oauth('made-up', 'a-code');
SELECT tasksync.complete_oauth(NULL, 'a-code');
SELECT tasksync.act_as(:'ann');
-- no code
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url2'), E'two\nlines');
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url2'), repeat('x', 2049));
-- outdated
SAVEPOINT late;
UPDATE tasksync.oauth_states SET created_at = clock_timestamp() - interval '10 minutes 1 second' WHERE user_id = :'ann';
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url2'), 'a-code');
ROLLBACK TO late;
UPDATE tasksync.oauth_states SET created_at = clock_timestamp() - interval '9 minutes 30 seconds' WHERE user_id = :'ann';
SELECT account_id = :'account' AS account, status, redirect_to FROM tasksync.complete_oauth(pg_temp.state_of(:'url2'), 'canary-code', iss => 'https://todoist.com', scope => 'anything');
SELECT prior_state, position('canary-code'::bytea IN code_sealed) = 0 AS sealed, verifier_sealed IS NOT NULL AS verifier, redirect_uri FROM tasksync.oauth_grants WHERE user_id = :'ann';
SELECT state FROM tasksync.accounts WHERE id = :'account';
-- once
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url2'), 'canary-code');

-- the session that asked has to be the one that completes
SELECT set_config('request.jwt.claims', '{"sid": "00000000-0000-4000-8000-000000000001"}', true) <> '' AS in_a_session;
SELECT authorize_url AS url FROM tasksync.reconnect_account(:'account') \gset
SELECT set_config('request.jwt.claims', '{"sid": "00000000-0000-4000-8000-000000000002"}', true) <> '' AS in_another;
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url'), 'a-code');
SELECT set_config('request.jwt.claims', '', true) = '' AS in_none;
SELECT tasksync.complete_oauth(pg_temp.state_of(:'url'), 'a-code');
SELECT set_config('request.jwt.claims', '{"sid": "00000000-0000-4000-8000-000000000001"}', true) <> '' AS in_the_same;
SELECT status FROM tasksync.complete_oauth(pg_temp.state_of(:'url'), 'a-code');
SELECT set_config('request.jwt.claims', '', true) = '' AS in_none;

-- the answers that are none: the account that waits says why, the one that works goes on
DELETE FROM tasksync.oauth_grants WHERE user_id = :'ann';
SELECT account_id AS fresh, authorize_url AS url FROM tasksync.connect_account('todoist') \gset
SELECT status FROM tasksync.complete_oauth(pg_temp.state_of(:'url'), error => 'access_denied');
SELECT state, reason FROM tasksync.account_health WHERE account_id = :'fresh';
SELECT authorize_url AS url FROM tasksync.reconnect_account(:'fresh') \gset
SELECT status FROM tasksync.complete_oauth(pg_temp.state_of(:'url'), error => '<script>alert(1)</script>');
SELECT state, reason FROM tasksync.account_health WHERE account_id = :'fresh';
SELECT authorize_url AS url FROM tasksync.reconnect_account(:'fresh') \gset
SELECT status FROM tasksync.complete_oauth(pg_temp.state_of(:'url'), 'a-code', iss => 'https://accounts.google.com');
SELECT state, reason FROM tasksync.account_health WHERE account_id = :'fresh';
UPDATE tasksync.accounts SET state = 'active' WHERE id = :'account';
SELECT authorize_url AS url FROM tasksync.reconnect_account(:'account') \gset
SELECT status FROM tasksync.complete_oauth(pg_temp.state_of(:'url'), error => 'access_denied');
SELECT state, state_reason FROM tasksync.accounts WHERE id = :'account';
SELECT count(*) AS codes FROM tasksync.oauth_grants WHERE user_id = :'ann';

-- five at a time
INSERT INTO tasksync.accounts (user_id, id, provider, state)
SELECT :'ann', ('00000000-0000-4000-8000-00000000000' || i)::uuid, 'todoist', 'reauth_required' FROM generate_series(1, 6) i;
SELECT count(authorize_url) AS links FROM generate_series(1, 5) i, LATERAL tasksync.reconnect_account(('00000000-0000-4000-8000-00000000000' || i)::uuid);
SELECT count(authorize_url) FROM tasksync.reconnect_account('00000000-0000-4000-8000-000000000006');
SELECT count(authorize_url) AS the_same_account_again FROM tasksync.reconnect_account('00000000-0000-4000-8000-000000000005');
UPDATE tasksync.oauth_states SET created_at = clock_timestamp() - interval '11 minutes' WHERE account_id = '00000000-0000-4000-8000-000000000001';
SELECT count(authorize_url) AS after_one_ended FROM tasksync.reconnect_account('00000000-0000-4000-8000-000000000006');

-- accounts of others
SELECT tasksync.act_as(:'bob');
SELECT * FROM tasksync.reconnect_account('00000000-0000-4000-8000-000000000006');
SELECT tasksync.act_as(NULL);

-- disconnected: what was on its way is looked for when the account comes back
INSERT INTO tasksync.account_tokens (user_id, account_id, access_sealed, is_grant) VALUES (:'ann', :'account', '\x00', true);
INSERT INTO tasksync.intents (user_id, account_id, id, seq, kind, hub_id, op, state, run_id, lease_token, first_sent_at, sent_at)
VALUES (:'ann', :'account', gen_random_uuid(), 1, 'task', gen_random_uuid(), 'create', 'sent', gen_random_uuid(), 1, now(), now());
SELECT tasksync.disconnect_account(:'account');
SELECT (SELECT count(*) FROM tasksync.account_tokens WHERE account_id = :'account') AS tokens,
	(SELECT count(*) FROM tasksync.revocations WHERE account_id = :'account') AS to_revoke,
	(SELECT count(*) FROM tasksync.oauth_states WHERE account_id = :'account') AS links,
	(SELECT count(*) FROM tasksync.hints WHERE account_id = :'account') AS hints,
	(SELECT string_agg(state, ' ') FROM tasksync.intents WHERE account_id = :'account') AS intents;
SELECT state, reason FROM tasksync.account_health WHERE account_id = :'account';
SELECT authorize_url IS NULL AS at_once FROM tasksync.reconnect_account(:'account', 'a-token');
SELECT (SELECT count(*) FROM tasksync.revocations WHERE account_id = :'account') AS to_revoke, state FROM tasksync.accounts WHERE id = :'account';

-- without keeping the tasks: what another account shows too stays, and nothing is sent anywhere
SELECT tasksync.create_user('oauth-cas@example.com') AS cas \gset
INSERT INTO tasksync.accounts (user_id, id, provider, state) SELECT :'cas', ('00000000-0000-4000-8000-0000000000c' || i)::uuid, 'todoist', 'paused' FROM generate_series(1, 2) i;
INSERT INTO tasksync.schedules (user_id, account_id) SELECT user_id, id FROM tasksync.accounts WHERE user_id = :'cas';
INSERT INTO tasksync.projects (user_id, id, name) SELECT :'cas', ('00000000-0000-4000-8000-0000000000d' || i)::uuid, name
	FROM unnest(ARRAY['only there', 'shared', 'with a task of its own']) WITH ORDINALITY p (name, i);
INSERT INTO tasksync.project_links (user_id, account_id, project_id, remote_id) SELECT :'cas', '00000000-0000-4000-8000-0000000000c1', id, name FROM tasksync.projects WHERE user_id = :'cas' AND NOT is_inbox;
INSERT INTO tasksync.project_links (user_id, account_id, project_id, remote_id) VALUES (:'cas', '00000000-0000-4000-8000-0000000000c2', '00000000-0000-4000-8000-0000000000d2', 'x');
INSERT INTO tasksync.tasks (user_id, project_id, title) SELECT :'cas', id, 'in ' || name FROM tasksync.projects WHERE user_id = :'cas' AND NOT is_inbox;
INSERT INTO tasksync.tasks (user_id, project_id, title) VALUES (:'cas', '00000000-0000-4000-8000-0000000000d3', 'never there');
DELETE FROM tasksync.links l USING tasksync.tasks t WHERE l.user_id = :'cas' AND t.user_id = l.user_id AND t.id = l.hub_id AND t.title = 'never there';
UPDATE tasksync.links SET state = 'live', remote_id = hub_id::text WHERE user_id = :'cas';
SELECT tasksync.disconnect_account('00000000-0000-4000-8000-0000000000c1', keep_tasks => false);
SELECT p.name, string_agg(t.title, ', ' ORDER BY t.title) AS tasks FROM tasksync.projects p LEFT JOIN tasksync.tasks t ON t.user_id = p.user_id AND t.project_id = p.id
	WHERE p.user_id = :'cas' GROUP BY p.name ORDER BY p.name;
SELECT right(account_id::text, 2) AS account, kind, state, count(*) FROM tasksync.links WHERE user_id = :'cas' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
ROLLBACK;
\set ON_ERROR_ROLLBACK off
