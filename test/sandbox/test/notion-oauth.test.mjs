// OAuth of a Notion connection: what is shared, single use, rotation, the errors' own form, switches.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { sandbox } from './notion-helpers.mjs';

let box;
let defaults;
before(async () => {
	box = await sandbox();
	defaults = await box.control('GET', 'config');
});
after(() => box.close());

const URI = 'https://app.example/callback';
const OTHER = 'https://app.example/other';

beforeEach(() => box.control('POST', 'config', { ...defaults, rate_limit: null }));

const config = (values) => box.control('POST', 'config', values);

async function setUp(app = {}) {
	const ann = await box.workspace({ tasks: 2 });
	const made = await box.control('POST', 'oauth/apps', { redirect_uris: [URI], ...app });
	const basic = `Basic ${Buffer.from(`${made.client_id}:${made.client_secret}`).toString('base64')}`;
	const post = (path, body, headers = { authorization: basic }) =>
		box.raw(undefined, 'POST', `oauth/${path}`, body, headers);
	const request = { client_id: made.client_id, response_type: 'code', owner: 'user',
		redirect_uri: URI, state: 's1' };
	const approve = (more = {}) => box.control('POST', 'oauth/approve',
		{ token: ann.token, request, ...more });
	const exchange = async (code, more = { redirect_uri: URI }) =>
		post('token', { grant_type: 'authorization_code', code, ...more });
	return { ann, app: made, post, request, approve, exchange, basic };
}

test('only what was picked is shared; consent again adds to it, for the same bot', async () => {
	const { ann, approve, exchange } = await setUp();
	const second = await box.control('POST', 'seed', { token: ann.token, tasks: 1, title: 'Second' });
	const first = (await exchange((await approve({ pages: [ann.database_id] })).code)).json;
	const see = async (token, id) => (await box.raw(token, 'GET', `databases/${id}`)).status;
	assert.deepEqual([await see(first.access_token, ann.database_id),
		await see(first.access_token, second.database_id)], [200, 404]);
	const again = (await exchange((await approve({ pages: [second.database_id] })).code)).json;
	assert.deepEqual([again.bot_id, again.access_token === first.access_token],
		[first.bot_id, false]);
	assert.deepEqual([await see(first.access_token, ann.database_id),
		await see(again.access_token, second.database_id)], [200, 200]);
	await config({ reauthorize: 'new_bot' });
	assert.notEqual((await exchange((await approve()).code)).json.bot_id, first.bot_id);
});

test('refusal and bad requests', async () => {
	const { approve, request } = await setUp();
	const denied = new URL((await approve({ decision: 'deny' })).location);
	assert.deepEqual([denied.searchParams.get('error'), denied.searchParams.get('state')],
		['access_denied', 's1']);
	assert.equal((await approve({ request: { ...request, response_type: 'token' } })).error,
		'unsupported_response_type');
	const get = (query) => box.call(undefined, 'GET',
		`/v1/oauth/authorize?${new URLSearchParams({ ...request, ...query })}`);
	assert.equal((await get({ client_id: 'x' })).status, 400);
	assert.equal((await get({ redirect_uri: 'https://evil.example/' })).status, 400, 'never sent there');
	assert.match((await get({})).text, /Select pages to share/);
});

test('a code: once, in time, by its client, with its redirect_uri', async () => {
	const { ann, approve, exchange, post } = await setUp();
	const grant = async () => (await approve()).code;
	const bad = async (answer, error = 'invalid_grant') => {
		assert.deepEqual([answer.status, answer.json.error, 'object' in answer.json],
			[error === 'invalid_client' ? 401 : 400, error, false]);
		assert.ok(answer.json.request_id);
	};
	const code = await grant();
	await bad(await exchange(code, {}));
	await bad(await exchange(code, { redirect_uri: OTHER }));
	assert.equal((await exchange(code)).status, 200);
	await bad(await exchange(code));
	const late = await grant();
	await box.control('POST', 'clock', { advance_s: 601 });
	await bad(await exchange(late));
	const stranger = await setUp();
	await bad(await stranger.exchange(await grant()));
	await bad(await post('token', {}, {}), 'invalid_client');
	await bad(await post('token', { grant_type: 'password' }), 'unsupported_grant_type');
	assert.equal((await post('token', 'grant_type=authorization_code')).json.code, 'invalid_json',
		'the body is JSON, not a form');
	assert.ok(ann.token);
});

test('redirect_uri must not be sent when only one is registered and none was asked for', async () => {
	const { approve, exchange, request } = await setUp();
	const { redirect_uri, ...bare } = request;
	const code = (await approve({ request: bare })).code;
	assert.equal((await exchange(code)).json.error, 'invalid_request');
	assert.equal((await exchange(code, {})).status, 200);
});

test('refresh: a new pair, the old one is dead; grace and no rotation on switches', async () => {
	const { approve, exchange, post } = await setUp();
	const first = (await exchange((await approve()).code)).json;
	const refresh = (token) => post('token', { grant_type: 'refresh_token', refresh_token: token });
	const me = async (token) => (await box.raw(token, 'GET', 'users/me')).status;
	const second = (await refresh(first.refresh_token)).json;
	assert.deepEqual([await me(first.access_token), await me(second.access_token)], [401, 200]);
	assert.equal((await refresh(first.refresh_token)).json.error, 'invalid_grant');
	await config({ refresh_grace_s: 30 });
	assert.equal((await refresh(first.refresh_token)).status, 200);
	await config({ refresh_grace_s: 0, refresh_rotation: false });
	const third = (await refresh(second.refresh_token)).json;
	assert.equal(third.refresh_token, second.refresh_token);
	await config({ refresh_tokens: false, access_lifetime_s: 60 });
	const short = (await exchange((await approve()).code)).json;
	assert.equal(short.refresh_token, null);
	assert.equal(await me(short.access_token), 200);
	await box.control('POST', 'clock', { advance_s: 61 });
	assert.equal(await me(short.access_token), 401);
});

test('introspect and revoke; expire and revoke by the control interface', async () => {
	const { ann, app, approve, exchange, post } = await setUp();
	const pair = (await exchange((await approve()).code)).json;
	const active = async (token) => (await post('introspect', { token })).json.active;
	assert.deepEqual([await active(pair.access_token), await active('nonsense')], [true, false]);
	const other = await setUp();
	assert.equal((await other.post('introspect', { token: pair.access_token })).json.active, false);
	await other.post('revoke', { token: pair.access_token });
	assert.equal(await active(pair.access_token), true, "another client's revocation");
	await box.control('POST', 'oauth/expire', { access_token: pair.access_token });
	assert.equal(await active(pair.access_token), false);
	const bare = await box.control('POST', 'oauth/tokens', { client_id: app.client_id,
		token: ann.token });
	assert.equal((await box.raw(bare.access_token, 'GET', `databases/${ann.database_id}`)).status, 200);
	await box.control('POST', 'oauth/revoke', { token: bare.access_token });
	assert.equal((await box.raw(bare.access_token, 'GET', 'users/me')).status, 401);
	assert.equal((await post('token', { grant_type: 'refresh_token',
		refresh_token: bare.refresh_token })).json.error, 'invalid_grant');
});

test('owner and author in their other forms', async () => {
	const { ann, approve, exchange } = await setUp();
	const owner = async () => (await exchange((await approve()).code)).json.owner;
	assert.equal((await owner()).user.person.email, ann.email);
	await config({ owner: 'partial' });
	assert.deepEqual((await owner()).user, { object: 'user', id: ann.user_id });
	await config({ owner: 'workspace' });
	assert.deepEqual(await owner(), { type: 'workspace', workspace: true });
	await config({ author_id: 'other' });
	const me = (await ann.call('GET', 'users/me')).json;
	const page = (await ann.add({})).json;
	assert.equal(page.created_by.id, me.id);
	assert.notEqual(me.id, ann.bot_id);
});
