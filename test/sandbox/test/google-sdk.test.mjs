// The official clients drive the stand-in: OAuth with PKCE, refresh, revocation, every method of the
// API, pages, errors.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { tasks } from '@googleapis/tasks';
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';

import { CALLBACK, sandbox, SCOPE } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

// The official OAuth client, pointed at the stand-in.
const oauthClient = (app) => new OAuth2Client({
	clientId: app.client_id, clientSecret: app.client_secret ?? undefined, redirectUri: CALLBACK,
	endpoints: {
		oauth2AuthBaseUrl: `${box.url}/o/oauth2/v2/auth`, oauth2TokenUrl: `${box.url}/oauth2/token`,
		oauth2RevokeUrl: `${box.url}/oauth2/revoke`, tokenInfoUrl: `${box.url}/oauth2/tokeninfo`,
		oauth2FederatedSignonPemCertsUrl: `${box.url}/oauth2/v1/certs`,
		oauth2FederatedSignonJwkCertsUrl: `${box.url}/oauth2/v3/certs`,
	},
});

// The official client of the API; retries would hide errors.
const apiClient = (auth) => tasks({ version: 'v1', auth, rootUrl: `${box.url}/`, retry: false,
	retryConfig: { retry: 0 } });

async function userWithApi(fields) {
	const person = await box.user(fields);
	const auth = new OAuth2Client();
	auth.setCredentials({ access_token: person.token });
	return { ...person, api: apiClient(auth) };
}

const refused = (code, reason) => (error) => {
	assert.deepEqual([error.code ?? error.status, error.response?.data?.error?.errors?.[0]?.reason],
		[code, reason]);
	return true;
};

test('OAuth: consent with PKCE, exchange, identity, refresh, revocation', async () => {
	const ann = await box.user({ email: 'ann@example.com' });
	const app = await box.control('POST', 'oauth/apps', { redirect_uris: [CALLBACK] });
	const client = oauthClient(app);
	const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync();
	const url = new URL(client.generateAuthUrl({ access_type: 'offline', prompt: 'consent',
		scope: [SCOPE, 'openid', 'email'], state: 'xyz', code_challenge: codeChallenge,
		code_challenge_method: CodeChallengeMethod.S256 }));
	assert.equal(url.origin + url.pathname, `${box.url}/o/oauth2/v2/auth`);
	const page = await box.call(null, 'GET', url.pathname + url.search);
	assert.equal(page.status, 200);
	assert.match(page.text, /type="checkbox" name="granted" value="[^"]*auth\/tasks" checked/);
	const form = new URLSearchParams(url.searchParams);
	form.append('user_id', ann.user_id);
	form.append('granted', SCOPE);
	form.append('decision', 'allow');
	const back = await box.call(null, 'POST', url.pathname, form.toString(),
		{ 'content-type': 'application/x-www-form-urlencoded' });
	assert.equal(back.status, 302);
	const location = new URL(back.headers.get('location'));
	assert.equal(location.origin + location.pathname, CALLBACK);
	assert.equal(location.searchParams.get('state'), 'xyz');

	const { tokens } = await client.getToken({ code: location.searchParams.get('code'), codeVerifier });
	assert.ok(tokens.refresh_token && tokens.access_token && tokens.id_token);
	assert.match(tokens.scope, /userinfo\.email/);
	const ticket = await client.verifyIdToken({ idToken: tokens.id_token, audience: app.client_id });
	assert.deepEqual([ticket.getPayload().sub, ticket.getPayload().email],
		[ann.user_id, 'ann@example.com']);
	const info = await client.getTokenInfo(tokens.access_token);
	assert.deepEqual([info.sub, info.email, info.scopes.includes(SCOPE)],
		[ann.user_id, 'ann@example.com', true]);

	client.setCredentials({ refresh_token: tokens.refresh_token });
	const api = apiClient(client);
	const { data } = await api.tasklists.list();
	assert.equal(data.items[0].title, 'My Tasks', 'the client refreshed by itself');
	const { credentials } = await client.refreshAccessToken();
	assert.equal(credentials.refresh_token, tokens.refresh_token, 'no rotation');
	await client.revokeToken(credentials.access_token);
	await assert.rejects(client.refreshAccessToken(), (error) =>
		error.response.status === 400 && error.response.data.error === 'invalid_grant');
	await assert.rejects(apiClient(client).tasklists.list());
});

test('a code with the wrong verifier is no grant', async () => {
	const ann = await box.user();
	const app = await box.control('POST', 'oauth/apps', { redirect_uris: [CALLBACK] });
	const client = oauthClient(app);
	const { codeChallenge } = await client.generateCodeVerifierAsync();
	const other = await client.generateCodeVerifierAsync();
	const url = new URL(client.generateAuthUrl({ scope: SCOPE, code_challenge: codeChallenge,
		code_challenge_method: CodeChallengeMethod.S256 }));
	const { code } = await box.control('POST', 'oauth/approve', { user_id: ann.user_id,
		request: Object.fromEntries(url.searchParams) });
	await assert.rejects(client.getToken({ code, codeVerifier: other.codeVerifier }), (error) =>
		error.response.data.error === 'invalid_grant');
});

test('task lists: list, get, insert, update, patch, delete', async () => {
	const { api, default_list_id: home } = await userWithApi();
	const { data: made } = await api.tasklists.insert({ requestBody: { title: 'Work' } });
	assert.deepEqual([made.kind, made.title], ['tasks#taskList', 'Work']);
	assert.equal(made.id.length, 22);
	assert.equal(home.length, 32);
	const { data: patched } = await api.tasklists.patch({ tasklist: made.id, requestBody: { title: 'Job' } });
	assert.equal(patched.title, 'Job');
	const { data: put } = await api.tasklists.update({ tasklist: made.id,
		requestBody: { id: made.id, title: 'Office' } });
	assert.equal(put.title, 'Office');
	assert.equal((await api.tasklists.get({ tasklist: '@default' })).data.id, home);
	assert.deepEqual((await api.tasklists.list()).data.items.map((list) => list.title),
		['My Tasks', 'Office']);
	assert.equal((await api.tasklists.delete({ tasklist: made.id })).status, 204);
	await assert.rejects(api.tasklists.get({ tasklist: made.id }), refused(404, 'notFound'));
	await assert.rejects(api.tasklists.delete({ tasklist: home }), refused(400, 'invalid'));
});

test('tasks: insert, get, patch, update, move, clear, delete', async () => {
	const { api } = await userWithApi();
	const tasklist = '@default';
	const insert = async (title, more = {}) =>
		(await api.tasks.insert({ tasklist, requestBody: { title }, ...more })).data;
	const a = await insert('a');
	const b = await insert('b', { previous: a.id });
	const c = await insert('c', { parent: a.id });
	assert.deepEqual([a.position, b.position, c.position, c.parent],
		['00000000000000000000', '00000000000000000001', '00000000000000000000', a.id]);
	const { data: dated } = await api.tasks.patch({ tasklist, task: a.id,
		requestBody: { due: '2026-10-02T21:30:00.000Z', notes: 'x' } });
	assert.deepEqual([dated.due, dated.notes, dated.title], ['2026-10-02T00:00:00.000Z', 'x', 'a']);
	const { data: put } = await api.tasks.update({ tasklist, task: a.id,
		requestBody: { id: a.id, title: 'A' } });
	assert.deepEqual([put.title, put.due, put.notes], ['A', undefined, undefined]);
	const { data: moved } = await api.tasks.move({ tasklist, task: c.id, previous: b.id });
	assert.deepEqual([moved.parent, moved.position], [undefined, '00000000000000000002']);
	const { data: done } = await api.tasks.patch({ tasklist, task: b.id,
		requestBody: { status: 'completed' } });
	assert.match(done.completed, /:\d\d\.000Z$/);
	assert.equal((await api.tasks.clear({ tasklist })).status, 204);
	assert.equal((await api.tasks.get({ tasklist, task: b.id })).data.hidden, true);
	assert.equal((await api.tasks.delete({ tasklist, task: c.id })).status, 204);
	await assert.rejects(api.tasks.delete({ tasklist, task: c.id }), refused(404, 'notFound'));
	await assert.rejects(api.tasks.patch({ tasklist, task: a.id, requestBody: { due: '2026-10-02' } }),
		refused(400, 'badRequest'));
	assert.deepEqual((await api.tasks.list({ tasklist })).data.items.map((task) => task.title), ['A']);
	const all = (await api.tasks.list({ tasklist, showHidden: true, showDeleted: true })).data.items;
	assert.deepEqual(all.map((task) => task.title).sort(), ['A', 'b', 'c']);
	assert.equal(all.find((task) => task.title === 'c').deleted, true);
});

test('tasks move to another list and keep their id', async () => {
	const { api } = await userWithApi();
	const { data: list } = await api.tasklists.insert({ requestBody: { title: 'Other' } });
	const { data: task } = await api.tasks.insert({ tasklist: '@default', requestBody: { title: 'x' } });
	const { data: moved } = await api.tasks.move({ tasklist: '@default', task: task.id,
		destinationTasklist: list.id });
	assert.equal(moved.id, task.id);
	assert.equal((await api.tasks.get({ tasklist: list.id, task: task.id })).data.title, 'x');
	await assert.rejects(api.tasks.get({ tasklist: '@default', task: task.id }), refused(404, 'notFound'));
});

test('pages: every task once, 20 unless asked, 100 at most', async () => {
	const ann = await userWithApi();
	const { lists: [tasklist] } = await box.control('POST', 'seed', { token: ann.token, tasks: 250, lists: 1 });
	assert.equal((await ann.api.tasks.list({ tasklist })).data.items.length, 20);
	const seen = new Set();
	let pageToken;
	let pages = 0;
	do {
		const { data } = await ann.api.tasks.list({ tasklist, maxResults: 1000, pageToken });
		assert.ok(data.items.length <= 100);
		data.items.forEach((task) => seen.add(task.id));
		pageToken = data.nextPageToken;
		pages++;
	} while (pageToken);
	assert.deepEqual([seen.size, pages], [250, 3]);
});

test('preconditions and partial answers', async () => {
	const { api } = await userWithApi();
	const { data: task } = await api.tasks.insert({ tasklist: '@default', requestBody: { title: 'x' } });
	const patch = (title, etag) => api.tasks.patch({ tasklist: '@default', task: task.id,
		requestBody: { title } }, { headers: { 'If-Match': etag } });
	await box.control('POST', 'clock', { advance_s: 1 });
	const { data: next } = await patch('y', task.etag);
	assert.notEqual(next.etag, task.etag);
	await assert.rejects(patch('z', task.etag), refused(412, 'conditionNotMet'));
	await patch('z', '*');
	const { data } = await api.tasks.list({ tasklist: '@default', fields: 'items(id,title)' });
	assert.deepEqual(data, { items: [{ id: task.id, title: 'z' }] });
});

test('errors: no token, a dead token, a scope too small', async () => {
	const ann = await box.user();
	const app = await box.control('POST', 'oauth/apps', {});
	const client = oauthClient(app);
	client.setCredentials({ access_token: 'nobody' });
	await assert.rejects(apiClient(client).tasklists.list(), refused(401, 'authError'));
	const reader = await box.control('POST', 'oauth/tokens', { client_id: app.client_id,
		user_id: ann.user_id, scope: 'https://www.googleapis.com/auth/tasks.readonly' });
	client.setCredentials({ access_token: reader.access_token });
	const api = apiClient(client);
	assert.equal((await api.tasks.list({ tasklist: '@default' })).status, 200);
	await assert.rejects(api.tasks.insert({ tasklist: '@default', requestBody: { title: 'x' } }),
		refused(403, 'insufficientPermissions'));
	assert.deepEqual((await box.call(null, 'GET', '/tasks/v1/users/@me/lists')).json.error.errors[0].reason,
		'required');
});
