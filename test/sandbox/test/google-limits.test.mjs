// Quotas, storage limits, every reason of refusal, and the wire: gzip, HTTP/2, bodies.

import assert from 'node:assert/strict';
import http from 'node:http';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';

import { reasonOf, sandbox } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

const LISTS = '/tasks/v1/users/@me/lists';

test('50,000 queries a day and project, until midnight in California', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	await box.stopClock('2026-12-01T07:00:00Z');
	await box.control('POST', 'quota', { used: 49999 });
	assert.equal((await ann.call('GET', LISTS)).status, 200);
	for (const person of [ann, ben])
		assert.deepEqual(reasonOf(await person.call('GET', LISTS)), [403, 'dailyLimitExceeded']);
	const app = await box.control('POST', 'oauth/apps', { project: 'other' });
	const { access_token: token } = await box.control('POST', 'oauth/tokens',
		{ client_id: app.client_id, user_id: ann.user_id });
	assert.equal((await box.call(token, 'GET', LISTS)).status, 200, 'another project has its own');
	await box.withSwitches({ daily_error: 'quotaExceeded' }, async () =>
		assert.deepEqual(reasonOf(await ann.call('GET', LISTS)), [403, 'quotaExceeded']));
	await box.withSwitches({ queries_per_day: null }, async () =>
		assert.equal((await ann.call('GET', LISTS)).status, 200));
	await box.control('POST', 'clock', { advance_s: 3599 });
	assert.equal((await ann.call('GET', LISTS)).status, 403);
	await box.control('POST', 'clock', { advance_s: 2 });
	assert.equal((await ann.call('GET', LISTS)).status, 200);
	assert.equal((await box.control('GET', 'quota')).sandbox.used, 1);
	await box.stopClock();
});

test('a user\'s burst: 429 with or without Retry-After, or 403', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	await box.withSwitches({ user_queries: 3, user_window_s: 60 }, async () => {
		for (let i = 0; i < 3; i++)
			assert.equal((await ann.call('GET', LISTS)).status, 200);
		const refused = await ann.call('GET', LISTS);
		assert.deepEqual(reasonOf(refused), [429, 'rateLimitExceeded']);
		assert.deepEqual([refused.json.error.status, refused.headers.get('retry-after')],
			['RESOURCE_EXHAUSTED', null]);
		assert.equal((await ben.call('GET', LISTS)).status, 200);
		await box.control('POST', 'config', { retry_after: true });
		const wait = Number((await ann.call('GET', LISTS)).headers.get('retry-after'));
		assert.ok(wait > 50 && wait <= 60);
		await box.control('POST', 'config', { retry_after: false, user_error: 'userRateLimitExceeded' });
		assert.deepEqual(reasonOf(await ann.call('GET', LISTS)), [403, 'userRateLimitExceeded']);
		await box.control('POST', 'config', { user_error: 'rateLimitExceeded' });
		await box.control('POST', 'clock', { advance_s: wait });
		assert.equal((await ann.call('GET', LISTS)).status, 200);
	});
});

test('what does not fit any more is 403 or 429, and no rate limit', async () => {
	const ann = await box.user();
	const { id: parent } = await ann.add('parent');
	await box.withSwitches({ tasks_per_list: 3, lists_per_user: 2, subtasks_per_task: 1 }, async () => {
		const insert = (query = '') => ann.call('POST', `${ann.list}/tasks${query}`, {});
		assert.equal((await insert(`?parent=${parent}`)).status, 200);
		assert.deepEqual(reasonOf(await insert(`?parent=${parent}`)), [403, 'quotaExceeded']);
		const { json: third } = await insert();
		assert.deepEqual(reasonOf(await insert()), [403, 'quotaExceeded']);
		await box.control('POST', 'config', { storage_status: 429 });
		assert.deepEqual(reasonOf(await insert()), [429, 'quotaExceeded']);
		await ann.call('DELETE', `${ann.list}/tasks/${third.id}`);
		assert.equal((await insert()).status, 200, 'deleted ones do not count');
		assert.equal((await ann.call('POST', LISTS, {})).status, 200);
		assert.equal((await ann.call('POST', LISTS, {})).status, 429);
		await box.control('POST', 'config', { storage_status: 403, tasks_per_user: 1 });
		assert.equal((await insert()).status, 403);
	});
	await box.control('POST', 'config', { tasks_per_user: 100000 });
});

test('an API that is not enabled; the forms of a 401', async () => {
	const ann = await box.user();
	const app = await box.control('POST', 'oauth/apps', { api_enabled: false });
	const { access_token: token } = await box.control('POST', 'oauth/tokens',
		{ client_id: app.client_id, user_id: ann.user_id });
	const off = await box.call(token, 'GET', LISTS);
	assert.deepEqual(reasonOf(off), [403, 'accessNotConfigured']);
	assert.equal(off.json.error.errors[0].domain, 'usageLimits');
	assert.deepEqual(reasonOf(await box.call(null, 'GET', LISTS)), [401, 'required']);
	const bad = await box.call('nobody', 'GET', LISTS);
	assert.deepEqual(reasonOf(bad), [401, 'authError']);
	assert.match(bad.headers.get('www-authenticate'), /^Bearer/);
	assert.equal(bad.json.error.status, 'UNAUTHENTICATED');
	await box.withSwitches({ error_status_member: false }, async () =>
		assert.equal('status' in (await box.call('nobody', 'GET', LISTS)).json.error, false));
});

// The raw answer, for headers that fetch hides.
const raw = (path, headers) => new Promise((resolve, reject) => {
	http.get(box.url + path, { headers, agent: false }, (answer) => {
		const parts = [];
		answer.on('data', (part) => parts.push(part));
		answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers,
			body: Buffer.concat(parts) }));
	}).on('error', reject);
});

test('gzip needs both headers; errors are compressed, too', async () => {
	const ann = await box.user();
	const ask = (headers, path = LISTS) => raw(path, { authorization: `Bearer ${ann.token}`, ...headers });
	const both = { 'accept-encoding': 'gzip', 'user-agent': 'pgsync/1.0 (gzip)' };
	const zipped = await ask(both);
	assert.equal(zipped.headers['content-encoding'], 'gzip');
	assert.equal(JSON.parse(zlib.gunzipSync(zipped.body)).kind, 'tasks#taskLists');
	assert.equal((await ask({ 'accept-encoding': 'gzip' })).headers['content-encoding'], undefined);
	assert.equal((await ask({ 'user-agent': 'gzip' })).headers['content-encoding'], undefined);
	const error = await ask(both, `${LISTS}/nope`);
	assert.deepEqual([error.status, error.headers['content-encoding']], [400, 'gzip']);
	await box.withSwitches({ gzip_errors: false, gzip_needs_user_agent: false }, async () => {
		assert.equal((await ask(both, `${LISTS}/nope`)).headers['content-encoding'], undefined);
		assert.equal((await ask({ 'accept-encoding': 'gzip' })).headers['content-encoding'], 'gzip');
	});
	await box.withSwitches({ gzip: false }, async () =>
		assert.equal((await ask(both)).headers['content-encoding'], undefined));
});

test('HTTP/2 with prior knowledge on the same port', async () => {
	const ann = await box.user();
	const session = http2.connect(box.url);
	const stream = session.request({ ':path': LISTS, authorization: `Bearer ${ann.token}` });
	let text = '';
	stream.setEncoding('utf8');
	for await (const part of stream)
		text += part;
	session.close();
	assert.equal(JSON.parse(text).items.length, 1);
	assert.equal((await ann.log()).requests.at(-1).http, '2.0');
});

test('prettyPrint, alt, bodies too large', async () => {
	const ann = await box.user();
	assert.match((await ann.call('GET', LISTS)).text, /^\{\n {2}"kind"/);
	assert.match((await ann.call('GET', `${LISTS}?prettyPrint=false`)).text, /^\{"kind"/);
	assert.equal((await ann.call('GET', `${LISTS}?alt=json`)).status, 200);
	assert.equal((await ann.call('GET', `${LISTS}?alt=proto`)).status, 400);
	await box.withSwitches({ body_bytes: 100 }, async () =>
		assert.equal((await ann.call('POST', LISTS, { title: 'x'.repeat(200) })).status, 413));
});

test('20,000 tasks in a list: every one once, and no more', async () => {
	const ann = await box.user();
	const { lists: [id] } = await box.control('POST', 'seed', { token: ann.token, tasks: 20000, lists: 1 });
	const seen = new Set();
	let pageToken = '';
	do {
		const page = await ann.ok('GET', `/tasks/v1/lists/${id}/tasks?maxResults=100${
			pageToken && `&pageToken=${pageToken}`}`);
		page.items.forEach((task) => seen.add(task.id));
		pageToken = page.nextPageToken;
	} while (pageToken);
	assert.equal(seen.size, 20000);
	assert.deepEqual(reasonOf(await ann.call('POST', `/tasks/v1/lists/${id}/tasks`, {})),
		[403, 'quotaExceeded'], 'the published limit');
});
