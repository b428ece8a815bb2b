-- The vault: the cipher and the format against published and independently
-- computed values, bad seals, contexts, arguments, rotation. Needs a server with
-- a key file and a test build.

CREATE SCHEMA vault_test;
CREATE FUNCTION vault_test.cipher(key bytea, nonce bytea, ad bytea, plaintext bytea) RETURNS bytea
	AS '$libdir/tasksync', 'tasksync_test_cipher' LANGUAGE c STRICT;
CREATE FUNCTION vault_test.seal_with(key bytea, id bigint, nonce bytea, plaintext bytea, context text) RETURNS bytea
	AS '$libdir/tasksync', 'tasksync_test_seal_with' LANGUAGE c STRICT;
CREATE FUNCTION vault_test.seal(plaintext bytea, context text) RETURNS bytea
	AS '$libdir/tasksync', 'tasksync_test_seal' LANGUAGE c STRICT;
CREATE FUNCTION vault_test.unseal(sealed bytea, context text) RETURNS text
	AS '$libdir/tasksync', 'tasksync_test_unseal' LANGUAGE c STRICT;
CREATE FUNCTION vault_test.open_token(user_id text, account text, provider text, col text, sealed bytea) RETURNS text
	AS '$libdir/tasksync', 'tasksync_test_open_token' LANGUAGE c STRICT;

-- draft-irtf-cfrg-xchacha-03, appendix A.3.1
SELECT encode(vault_test.cipher(
	'\x808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
	'\x404142434445464748494a4b4c4d4e4f5051525354555657',
	'\x50515253c0c1c2c3c4c5c6c7',
	'Ladies and Gentlemen of the class of ''99: If I could offer you only one tip for the future, sunscreen would be it.'), 'hex')
	= 'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb'
	|| '731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452'
	|| '2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9'
	|| '21f9664c97637da9768812f615c68b13b52e'
	|| 'c0875924c1c7987947deafd8780acf49' AS draft_vector;

-- the whole format: version, algorithm, key id, nonce, ciphertext, tag; the values come from
-- another implementation of the cipher, with the header and the context as associated data
SELECT vault_test.seal_with(
	'\x808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f', x'fe147dc4'::bigint,
	'\x404142434445464748494a4b4c4d4e4f5051525354555657', p.plaintext, p.context) = p.sealed AS format,
	p.context, length(p.plaintext) AS bytes
FROM (VALUES
	('canary'::bytea, E'application\nnotes/7', '\x0101fe147dc4404142434445464748494a4b4c4d4e4f5051525354555657926d1d952989280f419a9caa2de62467b91cd0c3998f'::bytea),
	('\x000100', 'x', '\x0101fe147dc4404142434445464748494a4b4c4d4e4f5051525354555657f10d73c8ceb9be3bf8d8fa9da81b7bf965c154'),
	('', 'x', '\x0101fe147dc4404142434445464748494a4b4c4d4e4f50515253545556572b3f8fdafa7a30b66421fb7334181bad')
) p (plaintext, context, sealed);

-- plaintexts at the edges: empty, with NUL bytes, no text at all, a megabyte
SELECT vault_test.unseal(vault_test.seal('', 'c'), 'c') AS empty,
	vault_test.unseal(vault_test.seal('\x00610000', 'c'), 'c') AS nul_bytes,
	vault_test.unseal(vault_test.seal('\xfffec080', 'c'), 'c') AS no_text;
SELECT tasksync.decrypt_token(tasksync.encrypt_token(repeat('0123456789abcdef', 65536), 'big/1'), 'big/1')
	= repeat('0123456789abcdef', 65536) AS megabyte;
SELECT tasksync.decrypt_token(tasksync.encrypt_token('', 'c'), 'c') = '' AS empty_text,
	tasksync.decrypt_token(tasksync.encrypt_token('Grüße, 世界 🌍', 'Übung/1'), 'Übung/1') AS unicode;

-- what is sealed twice is not the same twice, and grows by the documented 46 bytes
SELECT count(DISTINCT s) AS different, min(length(s)) AS bytes
FROM (SELECT tasksync.encrypt_token('secret', 'row/' || (i * 0)) AS s FROM generate_series(1, 1000) i) t;

-- each single bit of a seal matters, and each byte of its length
SELECT count(*) AS bits, count(*) FILTER (WHERE result LIKE 'status _') AS refused
FROM (SELECT vault_test.unseal(set_bit(s, i, 1 - get_bit(s, i)), 'c') AS result
	FROM vault_test.seal('secret', 'c') s, generate_series(0, length(s) * 8 - 1) i) t;
SELECT count(*) AS cuts, count(*) FILTER (WHERE result LIKE 'status _') AS refused
FROM (SELECT vault_test.unseal(substr(s, 1, i), 'c') AS result
	FROM vault_test.seal('secret', 'c') s, generate_series(0, length(s) - 1) i) t;
SELECT vault_test.unseal(vault_test.seal('secret', 'c') || '\x00', 'c') AS longer;

-- moved to another row, cut off, made up, sealed with a key that is not there
\set VERBOSITY terse
DO $$
DECLARE
	good bytea := tasksync.encrypt_token('secret', 'notes/body/1');
	bad bytea;
	context text;
	hint text;
BEGIN
	FOR bad, context IN VALUES
		(good, 'notes/body/2'),
		(good, 'notes/body/1 '),
		(good, E'notes/body/1\n'),
		(substr(good, 1, 45), 'notes/body/1'),
		(''::bytea, 'notes/body/1'),
		('\xdeadbeef', 'notes/body/1'),
		(set_byte(good, 0, 2), 'notes/body/1'),
		(set_byte(good, 1, 9), 'notes/body/1'),
		(vault_test.seal_with(decode(repeat('01', 32), 'hex'), 19088743, decode(repeat('00', 24), 'hex'), 'secret', E'application\nnotes/body/1'), 'notes/body/1')
	LOOP
		BEGIN
			PERFORM tasksync.decrypt_token(bad, context);
			RAISE NOTICE 'opened';
		EXCEPTION WHEN SQLSTATE 'TS005' THEN
			GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
			RAISE NOTICE '% %: %', SQLSTATE, SQLERRM, hint;
		END;
	END LOOP;
END $$;

-- contexts that are no contexts
SELECT tasksync.encrypt_token('secret', '');
SELECT tasksync.encrypt_token('secret', repeat('x', 1025));
SELECT tasksync.encrypt_token(NULL, 'c') IS NULL AS null_plaintext, tasksync.encrypt_token('x', NULL) IS NULL AS null_context;

-- nothing is opened for a web request
BEGIN;
SELECT set_config('request.jwt.claims', '{"role":"tasksync_user"}', true) <> '' AS web_request;
SELECT tasksync.decrypt_token(tasksync.encrypt_token('secret', 'c'), 'c');
ROLLBACK;

-- nobody but the owner may call any of it
SELECT p.proname, coalesce(array_to_string(p.proacl, ' '), 'default') LIKE '%=X/%' AND array_to_string(p.proacl, ' ') ~ '(^| )=' AS public
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'tasksync' AND p.proname IN ('encrypt_token', 'decrypt_token', 'rotate_key', 'key_ring', 'store_account_token', 'set_provider_credentials')
ORDER BY 1;
CREATE ROLE vault_test_nobody;
GRANT USAGE ON SCHEMA tasksync TO vault_test_nobody;
SET ROLE vault_test_nobody;
SELECT tasksync.decrypt_token('\x00', 'c');
SELECT tasksync.rotate_key();
SELECT * FROM tasksync.key_status;
RESET ROLE;
-- also with EXECUTE by mistake
GRANT EXECUTE ON FUNCTION tasksync.rotate_key(integer) TO vault_test_nobody;
SET ROLE vault_test_nobody;
SELECT tasksync.rotate_key();
RESET ROLE;
REVOKE ALL ON FUNCTION tasksync.rotate_key(integer) FROM vault_test_nobody;
REVOKE ALL ON SCHEMA tasksync FROM vault_test_nobody;
DROP ROLE vault_test_nobody;

-- provider secrets: bound to their row, closed to decrypt_token()
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO tasksync.users (user_id, email, email_canonical)
VALUES ('a0000000-0000-4000-8000-000000000001', 'vault@example.com', 'vault@example.com');
INSERT INTO tasksync.accounts (user_id, id, provider)
SELECT 'a0000000-0000-4000-8000-000000000001', ('b0000000-0000-4000-8000-00000000000' || i)::uuid, 'todoist'
FROM generate_series(1, 3) i;
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001', 'canary-one');
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002', 'canary-two');
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002', 'canary-new');
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000009', 'canary');
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000003', E'two\nlines');
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000003', '');
SELECT tasksync.store_account_token('a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000003', repeat('x', 8193));
SELECT tasksync.set_provider_credentials('todoist', 'client', 'canary-secret');
SELECT tasksync.set_provider_credentials('icq', 'client', 'canary-secret');
SELECT tasksync.set_provider_credentials('todoist', '');
SELECT tasksync.set_provider_credentials('todoist', NULL, 'canary-secret');
SELECT tasksync.set_provider_credentials(NULL, 'client');

CREATE VIEW vault_test.opened AS
SELECT right(account_id::text, 1) AS account,
	vault_test.open_token(user_id::text, account_id::text, 'todoist', 'access', access_sealed) AS access,
	vault_test.open_token(user_id::text, account_id::text, 'todoist', 'refresh', refresh_sealed) AS refresh
FROM tasksync.account_tokens WHERE user_id = 'a0000000-0000-4000-8000-000000000001'
UNION ALL
SELECT provider, vault_test.open_token('', '', provider, 'client_secret', client_secret_sealed), NULL
FROM tasksync.provider_credentials;
SELECT * FROM vault_test.opened ORDER BY 1;
-- the same bytes in another row, another column, for another person
SELECT vault_test.open_token(user_id::text, 'b0000000-0000-4000-8000-000000000002', 'todoist', 'access', access_sealed) AS other_row,
	vault_test.open_token(user_id::text, account_id::text, 'todoist', 'refresh', access_sealed) AS other_column,
	vault_test.open_token('a0000000-0000-4000-8000-000000000002', account_id::text, 'todoist', 'access', access_sealed) AS other_person,
	vault_test.open_token(user_id::text, account_id::text, 'notion', 'access', access_sealed) AS other_provider
FROM tasksync.account_tokens WHERE account_id = 'b0000000-0000-4000-8000-000000000001';
SELECT tasksync.decrypt_token(access_sealed, E'provider token\n' || user_id || E'\n' || account_id || E'\ntodoist\naccess')
FROM tasksync.account_tokens WHERE account_id = 'b0000000-0000-4000-8000-000000000001';

-- rotation: a new key, everything sealed with it, the old one still opens
CREATE TEMP TABLE kept AS SELECT tasksync.encrypt_token('application secret', 'kept/1') AS sealed;
CREATE TEMP TABLE before AS SELECT * FROM tasksync.account_tokens;
SELECT key_added, resealed, remaining, unreadable FROM tasksync.rotate_key();
SELECT count(*) FILTER (WHERE is_primary AND is_usable AND secrets = 3 AND message = 'seals and opens' AND hint IS NULL) AS primary_with_all,
	coalesce(sum(secrets) FILTER (WHERE NOT is_primary), 0) AS with_others
FROM tasksync.key_status;
SELECT * FROM vault_test.opened ORDER BY 1;
SELECT count(*) AS changed FROM before b JOIN tasksync.account_tokens t USING (user_id, account_id) WHERE b.access_sealed <> t.access_sealed;
SELECT tasksync.decrypt_token(sealed, 'kept/1') FROM kept;

-- interrupted: two rows still have the old key, so the next call makes no new one but finishes
UPDATE tasksync.account_tokens t SET access_sealed = b.access_sealed FROM before b WHERE b.user_id = t.user_id AND b.account_id = t.account_id;
SELECT secrets, message, hint FROM tasksync.key_status WHERE NOT is_primary AND secrets > 0;
SELECT key_added, resealed, remaining, unreadable FROM tasksync.rotate_key(batch => 1);
SELECT key_added, resealed, remaining, unreadable FROM tasksync.rotate_key(batch => 1);
SELECT * FROM vault_test.opened ORDER BY 1;

-- a row that does not open hinders nothing and is not touched; a lost key is named
UPDATE tasksync.account_tokens SET access_sealed = vault_test.seal_with(decode(repeat('01', 32), 'hex'), 19088743, decode(repeat('00', 24), 'hex'), 'x', 'y')
WHERE account_id = 'b0000000-0000-4000-8000-000000000001';
SELECT * FROM tasksync.key_status WHERE NOT is_usable;
SELECT key_added, resealed, remaining, unreadable FROM tasksync.rotate_key(batch => 1);
UPDATE tasksync.account_tokens SET access_sealed = set_byte(b.access_sealed, 40, 255 - get_byte(b.access_sealed, 40))
FROM before b WHERE b.account_id = account_tokens.account_id AND b.account_id = 'b0000000-0000-4000-8000-000000000001';
SELECT key_added, resealed, remaining, unreadable FROM tasksync.rotate_key();
SELECT * FROM vault_test.opened ORDER BY 1;
SELECT tasksync.rotate_key(0);
SELECT tasksync.rotate_key(-5);
ROLLBACK;
\set ON_ERROR_ROLLBACK off

-- what was rolled back above is sealed with a key that is still in the file
SELECT bool_and(is_usable) AS all_usable, count(*) FILTER (WHERE is_primary) AS primaries FROM tasksync.key_status;

DROP SCHEMA vault_test CASCADE;
