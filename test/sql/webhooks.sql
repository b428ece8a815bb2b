-- Webhooks through SQL: signatures, handshakes, what comes twice, whom it wakes. All of it is
-- rolled back. The signature of the first delivery is Todoist's published example.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\set ON_ERROR_ROLLBACK on
BEGIN;
-- a request as PostgREST makes it; answers with the status and the body
CREATE FUNCTION pg_temp.deliver(provider text, body text, headers json) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer json;
BEGIN
	PERFORM set_config('request.headers', headers::text, true), set_config('response.status', '', true);
	IF provider = 'todoist' THEN
		answer := tasksync_api.webhook_todoist(body::json);
	ELSE
		answer := tasksync_api.webhook_notion(body::json);
	END IF;
	RETURN coalesce(nullif(current_setting('response.status'), ''), '200') || ' ' || coalesce(answer ->> 'status', answer ->> 'message');
END $$;
-- an independent HMAC-SHA256 (RFC 2104) of keys up to 64 bytes
CREATE FUNCTION pg_temp.hmac(key text, message text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	padded bytea := key::bytea || decode(repeat('00', 64 - length(key::bytea)), 'hex');
	inner_key bytea := padded;
	outer_key bytea := padded;
BEGIN
	FOR i IN 0..63 LOOP
		inner_key := set_byte(inner_key, i, get_byte(padded, i) # 54);
		outer_key := set_byte(outer_key, i, get_byte(padded, i) # 92);
	END LOOP;
	RETURN sha256(outer_key || sha256(inner_key || convert_to(message, 'UTF8')));
END $$;
CREATE FUNCTION pg_temp.todoist(body text, key text, id text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.deliver('todoist', body, json_build_object('x-todoist-hmac-sha256', encode(pg_temp.hmac(key, body), 'base64'), 'x-todoist-delivery-id', id)) $$;
CREATE FUNCTION pg_temp.notion(body text, key text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.deliver('notion', body, json_build_object('x-notion-signature', 'sha256=' || encode(pg_temp.hmac(key, body), 'hex'))) $$;
CREATE FUNCTION pg_temp.hints() RETURNS text LANGUAGE sql AS $$
	WITH taken AS (DELETE FROM tasksync.hints WHERE is_webhook RETURNING account_id)
	SELECT coalesce(string_agg(right(account_id::text, 1), ' ' ORDER BY account_id), 'none') FROM taken $$;

SELECT tasksync.create_user('webhook-ann@example.com') AS ann \gset
SELECT tasksync.create_user('webhook-bob@example.com') AS bob \gset
INSERT INTO tasksync.accounts (user_id, id, provider, external_id, state) VALUES
	(:'ann', '00000000-0000-4000-8000-0000000000a1', 'todoist', '2671355', 'active'),
	(:'bob', '00000000-0000-4000-8000-0000000000a2', 'todoist', '2671355', 'active'),
	(:'bob', '00000000-0000-4000-8000-0000000000a3', 'todoist', '999', 'active');

-- nothing is registered
SELECT pg_temp.deliver('todoist', '{"event_name":"item:added","user_id":"2671355"}', '{"x-todoist-hmac-sha256":"RnfiPEjBjuTsjjy76ZYhZpKICv9HEJ5u5SLjw8Vir/8="}');
SELECT tasksync.set_provider_credentials('todoist', 'client', 'test-client-secret');

-- Todoist's example: every account of that user, whoever's it is here, and no other
SELECT pg_temp.deliver('todoist', '{"event_name":"item:added","user_id":"2671355"}',
	'{"x-todoist-hmac-sha256":"RnfiPEjBjuTsjjy76ZYhZpKICv9HEJ5u5SLjw8Vir/8=","x-todoist-delivery-id":"d1"}') AS published, pg_temp.hints() AS woken;
SELECT encode(pg_temp.hmac('test-client-secret', '{"event_name":"item:added","user_id":"2671355"}'), 'base64') AS the_same;

-- the same again, under its id, under another one, and another body under its id
SELECT pg_temp.todoist('{"event_name":"item:added","user_id":"2671355"}', 'test-client-secret', 'd1') AS again,
	pg_temp.todoist('{"event_name":"item:added","user_id":"2671355"}', 'test-client-secret', 'd2') AS other_id,
	pg_temp.todoist('{"event_name":"item:deleted","user_id":"2671355"}', 'test-client-secret', 'd1') AS other_body, pg_temp.hints() AS woken;
SELECT pg_temp.todoist('{"event_name":"item:deleted","user_id":"2671355"}', 'test-client-secret', NULL) AS without_an_id, pg_temp.hints() AS woken;

-- no signature, wrong ones, the right one over other bytes: always the same answer
SELECT DISTINCT pg_temp.deliver('todoist', '{"event_name":"item:added","user_id":"2671355","n":1}', json_build_object('x-todoist-hmac-sha256', s))
FROM (SELECT encode(pg_temp.hmac('test-client-secret', '{"event_name":"item:added","user_id":"2671355","n":1}'), 'base64') AS good) g,
	LATERAL unnest(ARRAY['', 'x', left(good, 43), good || 'A', lower(good), upper(good), rtrim(good, '='), ' ' || good,
		encode(pg_temp.hmac('other', '{"event_name":"item:added","user_id":"2671355","n":1}'), 'base64'),
		'sha256=' || encode(pg_temp.hmac('other', '{"event_name":"item:added","user_id":"2671355","n":1}'), 'hex'),
		encode(pg_temp.hmac('no secret', '{"event_name":"item:added","user_id":"2671355","n":1}'), 'base64'),
		encode(pg_temp.hmac('test-client-secret', '{"event_name":"item:added","user_id":"2671355","n": 1}'), 'base64')]) s;
SELECT pg_temp.deliver('todoist', '{"event_name":"item:added","user_id":"2671355","n":1}', '{}') AS no_header, pg_temp.hints() AS woken;
SELECT count(*) AS stored FROM tasksync.webhook_deliveries;

-- signed, and nothing one could use
SELECT b AS body, pg_temp.todoist(b, 'test-client-secret', 'x' || n) AS answer
FROM unnest(ARRAY['[]', '1', '"x"', 'null', '{}', '{"user_id":"2671355"}', '{"event_name":"item:added","user_id":[1]}', '{"event_name":"item:added","user_id":""}',
	'{"event_name":"item:added","user_id":"nobody here"}', '{"event_name":"item:added","user_id":999}', '{"event_name":"\u0000","user_id":"2671355"}', '{"a":"\ud800"}']) WITH ORDINALITY t (b, n);
SELECT pg_temp.hints() AS woken;

-- white space, order and doubled keys count: the bytes are what is signed
SELECT pg_temp.todoist(E'{ "event_name" : "item:added",\n\t"user_id":"1", "user_id":"999" }', 'test-client-secret', 'ws') AS answer, pg_temp.hints() AS woken;

-- too long, and just not
SELECT pg_temp.todoist('{"event_name":"e","user_id":"999","pad":"' || repeat('x', 262144 - 43) || '"}', 'test-client-secret', 'long') AS at_the_limit,
	pg_temp.todoist('{"event_name":"e","user_id":"999","pad":"' || repeat('x', 262144 - 42) || '"}', 'test-client-secret', 'longer') AS beyond;

-- a paused account is not woken, and one hint at a time is enough
SELECT pg_temp.hints() AS woken;
UPDATE tasksync.accounts SET state = 'paused' WHERE id = '00000000-0000-4000-8000-0000000000a2';
SELECT count(DISTINCT pg_temp.todoist(format('{"event_name":"item:added","user_id":"2671355","n":%s}', n), 'test-client-secret', 's' || n)) AS answers FROM generate_series(1, 50) n;
SELECT pg_temp.hints() AS woken;

-- two secrets during a change
SELECT tasksync.set_webhook_secret('todoist', 'old-one', '1 hour');
SELECT tasksync.set_webhook_secret('todoist', 'new-one', '1 hour');
SELECT pg_temp.todoist('{"event_name":"e","user_id":"1","k":1}', 'old-one', 'k1') AS former, pg_temp.todoist('{"event_name":"e","user_id":"1","k":2}', 'new-one', 'k2') AS present,
	pg_temp.todoist('{"event_name":"e","user_id":"1","k":3}', 'test-client-secret', 'k3') AS of_the_app;
UPDATE tasksync.webhook_secrets SET valid_until = clock_timestamp() WHERE position = 'previous';
SELECT pg_temp.todoist('{"event_name":"e","user_id":"1","k":4}', 'old-one', 'k4') AS former_is_over;
SELECT tasksync.set_webhook_secret('todoist', 'third', '0');
SELECT pg_temp.todoist('{"event_name":"e","user_id":"1","k":5}', 'new-one', 'k5') AS at_once_over;
SELECT tasksync.set_webhook_secret('google_tasks', 'x');
SELECT tasksync.set_webhook_secret('todoist', E'a\nb');
SELECT tasksync.set_webhook_secret('todoist', 'x', '31 days');
SELECT tasksync.expect_webhook('todoist');
ROLLBACK;
\set ON_ERROR_ROLLBACK off
