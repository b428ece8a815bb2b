// Limits: commands, bytes, requests per window, tasks per project, page size; errors of HTTP.

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';

import { add, command, sandbox } from './helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

test('100 commands pass, 101 do not', async () => {
	const ann = await box.user();
	const many = (n) => ({ commands: Array.from({ length: n }, (_, i) => add(`t${i}`, {}, `t${i}`)) });
	assert.equal((await ann.post(many(100))).status, 200);
	const more = await ann.post(many(101));
	assert.equal(more.status, 400);
	assert.equal(more.json.error_extra.max_count, 100);
	assert.equal((await ann.state()).items.length, 100, 'none of the 101 was applied');
});

test('a body over 1 MiB is refused whole, with the status of the switch', async () => {
	const ann = await box.user();
	const big = { commands: Array.from({ length: 80 }, (_, i) =>
		add(`t${i}`, { description: 'x'.repeat(16000) })) };
	assert.equal((await ann.post(big)).status, 413);
	await box.control('POST', 'config', { oversize_status: 400 });
	assert.equal((await ann.post(big)).status, 400);
	await box.control('POST', 'config', { oversize_status: 413 });
	assert.equal((await ann.state()).items.length, 0);
});

test('100 full and 1000 partial syncs per user and 15 minutes, then 429 with Retry-After', async () => {
	const ann = await box.user();
	await box.control('POST', 'config', { full_syncs: 5, partial_syncs: 7, rate_limit_headers: true });
	const { sync_token: token } = await ann.read();
	for (let i = 1; i < 5; i++)
		await ann.read();
	const refused = await ann.post({ sync_token: '*', resource_types: ['items'] });
	assert.equal(refused.status, 429);
	assert.equal(refused.json.error_code, 35);
	assert.equal(refused.json.error_tag, 'LIMITS_REACHED');
	const wait = Number(refused.headers.get('retry-after'));
	assert.equal(refused.json.error_extra.retry_after, wait);
	assert.ok(wait > 890 && wait <= 900);
	for (let i = 0; i < 6; i++)
		await ann.read(['items'], token);
	const rest = await ann.call('GET', '/api/v1/tasks');
	assert.equal(rest.headers.get('x-ratelimit-remaining'), '0', 'REST shares the bucket');
	assert.equal((await ann.call('GET', '/api/v1/tasks')).status, 429);
	const ben = await box.user();
	assert.equal((await ben.call('GET', '/api/v1/tasks')).status, 200, 'per user');
	await box.control('POST', 'clock', { advance_s: wait });
	await ann.read();
	await box.control('POST', 'config', { full_syncs: 100, partial_syncs: 1000,
		rate_limit_headers: false });
});

test('the published limits are the defaults', async () => {
	const config = await box.control('GET', 'config');
	assert.deepEqual([config.full_syncs, config.partial_syncs, config.window_s,
		config.commands_per_request, config.body_bytes, config.tasks_per_project],
	[100, 1000, 900, 100, 1048576, 300]);
});

test('the 301st active task of a project: code 49 in sync_status, 403 on REST', async () => {
	const ann = await box.user();
	await ann.edit(...Array.from({ length: 299 }, (_, i) =>
		({ type: 'item_add', args: { content: `t${i}` } })));
	const commands = [add('300th', {}, 'a'), add('301st', {}, 'b')];
	const answer = await ann.post({ commands });
	assert.equal(answer.status, 200);
	const status = answer.json.sync_status[commands[1].uuid];
	assert.deepEqual([status.error_code, status.http_code, status.error_tag],
		[49, 403, 'MAX_ITEMS_LIMIT_REACHED']);
	const rest = await ann.call('POST', '/api/v1/tasks', { content: 'one more' });
	assert.deepEqual([rest.status, rest.json.error_code], [403, 49]);
	const id = answer.json.temp_id_mapping.a;
	await ann.run(command('item_close', { id }), add('in its place'));
	assert.equal((await ann.status(command('item_uncomplete', { id }))).error_code, 49);
	const ids = await ann.run(command('project_add', { name: 'P' }, 'p'),
		add('elsewhere', { project_id: 'p' }, 'x'));
	assert.equal((await ann.status(command('item_move',
		{ id: ids.x, project_id: ann.inbox_project_id }))).error_code, 49);
});

test('sections per project and labels per task are limited as well', async () => {
	const ann = await box.user();
	const sections = Array.from({ length: 21 }, (_, i) =>
		command('section_add', { name: `s${i}`, project_id: ann.inbox_project_id }, `s${i}`));
	const answer = await ann.sync({ commands: sections });
	const failed = Object.values(answer.sync_status).filter((status) => status !== 'ok');
	assert.deepEqual(failed.map((status) => status.error_code), [49]);
	const labels = Array.from({ length: 101 }, (_, i) => `l${i}`);
	assert.equal((await ann.status(add('x', { labels }))).error_extra.max_count, 100);
});

test('pages: 50 by default, 200 at most, cursors bound to the request', async () => {
	const ann = await box.user();
	await ann.edit(...Array.from({ length: 230 }, (_, i) =>
		({ type: 'item_add', args: { content: `t${i}` } })));
	const get = async (query) => (await ann.call('GET', `/api/v1/tasks${query}`)).json;
	const first = await get('');
	assert.equal(first.results.length, 50);
	const seen = [];
	for (let cursor = ''; cursor !== null;) {
		const page = await get(`?limit=100${cursor && `&cursor=${cursor}`}`);
		seen.push(...page.results.map((item) => item.id));
		cursor = page.next_cursor;
	}
	assert.equal(new Set(seen).size, 230);
	const over = await ann.call('GET', '/api/v1/tasks?limit=201');
	assert.deepEqual([over.status, over.json.error_extra.argument, over.json.error_extra.expected],
		[400, 'limit', 'Input should be less than or equal to 200']);
	for (const query of [`?cursor=junk`, `?limit=7&cursor=${first.next_cursor}`]) {
		const bad = await ann.call('GET', `/api/v1/tasks${query}`);
		assert.deepEqual([bad.status, bad.json.error_extra.argument], [400, 'cursor']);
	}
});

test('errors have one shape; 401 names itself; paths are exact and lower case', async () => {
	const ann = await box.user();
	const anonymous = await box.call('wrong', 'GET', '/api/v1/tasks');
	assert.equal(anonymous.status, 401);
	assert.match(anonymous.headers.get('www-authenticate'), /^Bearer .*resource_metadata=/);
	assert.deepEqual([anonymous.json.error_tag, anonymous.json.error_code, anonymous.json.http_code,
		anonymous.json.error], ['UNAUTHORIZED', 477, 401, 'Unauthorized']);
	assert.equal(anonymous.json.error_extra.retry_after, 3);
	assert.match(anonymous.json.error_extra.event_id, /^[0-9a-f]{32}$/);
	assert.equal((await ann.call('GET', '/api/v1/Tasks')).status, 404);
	const missing = await ann.call('GET', '/api/v1/tasks/6XXXXXXXXXXXXXXX');
	assert.deepEqual([missing.status, missing.json.error], [404, 'Task not found']);
});

test('answers are compressed for who asks', async () => {
	const ann = await box.user();
	await box.control('POST', 'seed', { token: ann.token, tasks: 50 });
	const body = { sync_token: '*', resource_types: ['items'] };
	const zipped = await ann.post(body, { 'accept-encoding': 'gzip' });
	assert.equal(zipped.headers.get('content-encoding'), 'gzip');
	assert.equal(zipped.json.items.length, 50);
	const plain = await ann.post(body, { 'accept-encoding': 'identity' });
	assert.equal(plain.headers.get('content-encoding'), null);
	assert.deepEqual(plain.json.items, zipped.json.items);
});

test('HTTP/2 without TLS on the same port, many requests on one connection', async () => {
	const ann = await box.user();
	const session = http2.connect(box.url);
	const ask = () => new Promise((resolve, reject) => {
		const stream = session.request({ ':method': 'GET', ':path': '/api/v1/user',
			authorization: `Bearer ${ann.token}` });
		let text = '';
		stream.setEncoding('utf8').on('data', (part) => { text += part; });
		stream.on('end', () => resolve(JSON.parse(text))).on('error', reject);
		stream.end();
	});
	const answers = await Promise.all(Array.from({ length: 20 }, ask));
	assert.ok(answers.every((user) => user.id === ann.user_id));
	session.close();
	const { requests } = await ann.log();
	assert.deepEqual(new Set(requests.map((entry) => entry.http)), new Set(['2.0']));
	assert.equal(new Set(requests.map((entry) => entry.connection)).size, 1);
});
