// OAuth: consent, exchange, expiry, rotation, replay, scopes, revocation.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { getAuthorizationUrl, getAuthToken, refreshAuthToken, registerClient, revokeToken }
	from '@doist/todoist-sdk';

import { add, command, sandbox } from './helpers.mjs';

let box;
let app;
const CALLBACK = 'https://app.example.com/callback';
const ALL = 'data:read_write,data:delete';

before(async () => {
	box = await sandbox();
	app = await box.control('POST', 'oauth/apps',
		{ client_id: 'tasks-app', client_secret: 'not-a-real-secret', redirect_uris: [CALLBACK] });
});
after(() => box.close());

const client = () => ({ client_id: app.client_id, client_secret: app.client_secret });

const form = (fields) => box.call(null, 'POST', '/oauth/access_token',
	new URLSearchParams(fields).toString(), { 'content-type': 'application/x-www-form-urlencoded' });

const refresh = (token, more = {}) =>
	form({ ...client(), grant_type: 'refresh_token', refresh_token: token, ...more });

const tokens = (person, more = {}) => box.control('POST', 'oauth/tokens',
	{ client_id: app.client_id, user_id: person.user_id, scope: ALL, ...more });

const probe = (token) => box.call(token, 'GET', '/api/v1/user');

async function consent(person, query, decision = 'allow') {
	const page = await box.call(null, 'GET', `/oauth/authorize?${new URLSearchParams(query)}`);
	if (page.status !== 200)
		return page;
	assert.match(page.text, /<button[^>]*>Agree<\/button>/);
	return box.call(null, 'POST', '/oauth/authorize',
		new URLSearchParams({ ...query, user_id: person.user_id, decision }).toString(),
		{ 'content-type': 'application/x-www-form-urlencoded' });
}

test('the official client goes through consent, exchange, refresh and revocation', async () => {
	const ann = await box.user();
	const options = { baseUrl: box.url, customFetch: fetch };
	const url = new URL(getAuthorizationUrl({ clientId: app.client_id, baseUrl: box.url,
		permissions: ['data:read_write', 'data:delete'], state: 'xyz' }));
	const back = await consent(ann, Object.fromEntries(url.searchParams));
	assert.equal(back.status, 302);
	const location = new URL(back.headers.get('location'));
	assert.equal(location.origin + location.pathname, CALLBACK);
	assert.equal(location.searchParams.get('state'), 'xyz');
	const code = location.searchParams.get('code');
	const pair = await getAuthToken({ clientId: app.client_id, clientSecret: app.client_secret, code },
		options);
	assert.deepEqual([pair.tokenType, pair.expiresIn, pair.scope],
		['Bearer', 3600, 'data:read_write data:delete']);
	assert.equal((await probe(pair.accessToken)).json.id, ann.user_id);
	const next = await refreshAuthToken({ clientId: app.client_id, clientSecret: app.client_secret,
		refreshToken: pair.refreshToken }, options);
	assert.notEqual(next.refreshToken, pair.refreshToken);
	await revokeToken({ clientId: app.client_id, clientSecret: app.client_secret,
		token: next.accessToken }, options);
	assert.equal((await probe(next.accessToken)).status, 401);
	await assert.rejects(getAuthToken({ clientId: app.client_id,
		clientSecret: app.client_secret, code }, options), 'a code works once');
});

test('form and JSON, secret in the body or as Basic', async () => {
	const ann = await box.user();
	const { refresh_token: one } = await tokens(ann);
	const asForm = await refresh(one);
	assert.equal(asForm.status, 200);
	const asJson = await box.call(null, 'POST', '/oauth/access_token', { ...client(),
		grant_type: 'refresh_token', refresh_token: asForm.json.refresh_token });
	assert.equal(asJson.status, 200);
	const basic = Buffer.from(`${app.client_id}:${app.client_secret}`).toString('base64');
	const asBasic = await box.call(null, 'POST', '/oauth/access_token',
		new URLSearchParams({ grant_type: 'refresh_token',
			refresh_token: asJson.json.refresh_token }).toString(),
		{ 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${basic}` });
	assert.equal(asBasic.status, 200);
});

test('an access token lives an hour, then 401 with the documented body', async () => {
	const ann = await box.user();
	const pair = await tokens(ann);
	assert.equal(pair.expires_in, 3600);
	await box.control('POST', 'clock', { advance_s: 3599 });
	assert.equal((await probe(pair.access_token)).status, 200);
	await box.control('POST', 'clock', { advance_s: 2 });
	const late = await probe(pair.access_token);
	assert.deepEqual([late.status, late.json.error_code], [401, 477]);
	assert.match(late.headers.get('www-authenticate'), /resource_metadata/);
	const short = await tokens(ann, { lifetime_s: 5 });
	assert.equal(short.expires_in, 5);
	assert.equal((await probe(ann.token)).status, 200, 'personal tokens do not expire');
});

test('refresh rotates; within 60 s the same answer without refresh_token', async () => {
	const ann = await box.user();
	const first = await tokens(ann);
	const { json: second } = await refresh(first.refresh_token);
	assert.ok(second.refresh_token && second.refresh_token !== first.refresh_token);
	await box.control('POST', 'clock', { advance_s: 59 });
	const { json: again } = await refresh(first.refresh_token);
	assert.equal(again.access_token, second.access_token);
	assert.equal('refresh_token' in again, false);
	assert.equal((await refresh(second.refresh_token)).status, 200, 'the family lives');
});

test('replay after 60 s kills every token of that user and app', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const first = await tokens(ann);
	const other = await tokens(ann);
	const bens = await tokens(ben);
	const { json: second } = await refresh(first.refresh_token);
	await box.control('POST', 'clock', { advance_s: 61 });
	const replay = await refresh(first.refresh_token);
	assert.deepEqual([replay.status, replay.json], [400, { error: 'invalid_grant' }]);
	for (const token of [second.access_token, other.access_token])
		assert.equal((await probe(token)).status, 401);
	assert.equal((await refresh(second.refresh_token)).json.error, 'invalid_grant');
	assert.equal((await probe(bens.access_token)).status, 200);
});

test('errors of the token endpoint', async () => {
	const ann = await box.user();
	const { refresh_token: token } = await tokens(ann, { scope: 'data:read' });
	const cases = [
		[{ ...client(), code: 'nope' }, 'bad_authorization_code'],
		[{ ...client(), client_secret: 'wrong', code: 'nope' }, 'incorrect_application_credentials'],
		[{ client_id: 'nobody', code: 'nope' }, 'invalid_client'],
		[{ ...client(), grant_type: 'password' }, 'unsupported_grant_type'],
		[{ ...client(), grant_type: 'refresh_token', refresh_token: 'nope' }, 'invalid_grant'],
		[{ ...client(), grant_type: 'refresh_token', refresh_token: token, scope: ALL },
			'invalid_scope'],
	];
	for (const [fields, error] of cases) {
		const answer = await form(fields);
		assert.deepEqual([answer.status, answer.json], [400, { error }]);
	}
	await box.control('POST', 'config', { oauth_error_status: 401 });
	assert.equal((await form(cases[0][0])).status, 401);
	await box.control('POST', 'config', { oauth_error_status: 400 });
});

test('legacy apps have no refresh token and a ten-year placeholder', async () => {
	const ann = await box.user();
	const old = await box.control('POST', 'oauth/apps', { legacy: true });
	const pair = await box.control('POST', 'oauth/tokens',
		{ client_id: old.client_id, user_id: ann.user_id });
	assert.equal(pair.expires_in, 315360000);
	assert.equal('refresh_token' in pair, false);
});

test('PKCE: the verifier must fit the challenge; public clients need one', async () => {
	const ann = await box.user();
	const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
	const made = await registerClient({ redirectUris: [CALLBACK], clientName: 'CLI',
		scope: ['data:read_write'], tokenEndpointAuthMethod: 'none' },
	{ baseUrl: box.url, customFetch: fetch });
	assert.match(made.clientId, /^tdd_/);
	assert.equal(made.clientSecret, undefined);
	const request = { client_id: made.clientId, scope: 'data:read_write', state: 's',
		redirect_uri: CALLBACK, response_type: 'code',
		code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
	const codeFor = async (query) => (await box.control('POST', 'oauth/approve',
		{ user_id: ann.user_id, request: query })).code;
	const fields = { client_id: made.clientId, grant_type: 'authorization_code',
		redirect_uri: CALLBACK };
	const good = await form({ ...fields, code: await codeFor(request), code_verifier: verifier });
	assert.equal(good.status, 200);
	const wrong = await form({ ...fields, code: await codeFor(request), code_verifier: 'x' });
	assert.equal(wrong.json.error, 'invalid_grant');
	const { code_challenge: c, code_challenge_method: m, ...bare } = request;
	assert.equal((await form({ ...fields, code: await codeFor(bare) })).json.error, 'invalid_grant');
});

test('the consent page refuses, redirects errors, and needs a registered address', async () => {
	const ann = await box.user();
	const query = { client_id: app.client_id, scope: ALL, state: 's' };
	const errorOf = async (more, decision) => new URL(
		(await consent(ann, { ...query, ...more }, decision)).headers.get('location'))
		.searchParams.get('error');
	assert.equal(await errorOf({}, 'deny'), 'access_denied');
	assert.equal(await errorOf({ scope: 'data:everything' }), 'invalid_scope');
	assert.equal(await errorOf({ response_type: 'token' }), 'unsupported_response_type');
	const foreign = await consent(ann, { ...query, redirect_uri: 'https://evil.example' });
	assert.deepEqual([foreign.status, foreign.json], [400, { error: 'invalid_request' }]);
	const page = await box.call(null, 'GET', `/oauth/authorize?${new URLSearchParams({ ...query,
		state: '"><script>alert(1)</script>' })}`);
	assert.equal(page.text.includes('<script>'), false);
});

test('scopes: reading, adding, deleting', async () => {
	const ann = await box.user();
	const { t: id } = await ann.run(add('x'));
	const sync = async (scope, body) => {
		const { access_token: token } = await tokens(ann, { scope });
		return box.call(token, 'POST', '/api/v1/sync', body);
	};
	const statusOf = async (scope, one) =>
		(await sync(scope, { commands: [one] })).json.sync_status[one.uuid];
	const read = await sync('task:add', { sync_token: '*', resource_types: ['items'] });
	assert.deepEqual([read.status, read.json.error_tag], [403, 'AUTH_INSUFFICIENT_TOKEN_SCOPE']);
	assert.equal(await statusOf('task:add', add('y')), 'ok');
	const refused = await statusOf('data:read_write', command('item_delete', { id }));
	assert.deepEqual([refused.http_code, refused.error_extra.access_type], [403, 'data:delete']);
	assert.equal((await statusOf('data:read', command('item_close', { id }))).http_code, 403);
	assert.equal(await statusOf('data:read_write', command('item_close', { id })), 'ok');
	assert.equal(await statusOf(ALL, command('item_delete', { id })), 'ok');
	const { access_token: reader } = await tokens(ann, { scope: 'data:read' });
	assert.equal((await box.call(reader, 'POST', '/api/v1/tasks', { content: 'x' })).status, 403);
});

test('older ways: revocation by DELETE, migration of a personal token, discovery', async () => {
	const ann = await box.user();
	const moved = await box.call(null, 'POST', '/api/v1/access_tokens/migrate_personal_token',
		{ ...client(), personal_token: ann.token, scope: 'data:read' });
	const { access_token: token } = moved.json;
	assert.equal((await probe(token)).status, 200);
	await box.call(null, 'DELETE', `/api/v1/access_tokens?${new URLSearchParams(
		{ ...client(), access_token: token })}`);
	assert.equal((await probe(token)).status, 401);
	const found = await box.call(null, 'GET', '/.well-known/oauth-authorization-server');
	assert.equal(found.json.token_endpoint, `${box.url}/oauth/access_token`);
});
