// POST /batch: parts, their order, their own errors, faults and quota.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { sandbox } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

// [method, path, body?, headers?] as parts of one request.
function partsText(calls, boundary = 'B') {
	const parts = calls.map(([method, path, body, headers = {}], i) => {
		const json = body === undefined ? '' : JSON.stringify(body);
		const all = Object.entries({ ...(json ? { 'Content-Type': 'application/json' } : {}), ...headers })
			.map(([name, value]) => `${name}: ${value}\r\n`).join('');
		return `--${boundary}\r\nContent-Type: application/http\r\nContent-ID: <x${i}>\r\n\r\n`
			+ `${method} ${path} HTTP/1.1\r\n${all}\r\n${json}\r\n`;
	});
	return `${parts.join('')}--${boundary}--\r\n`;
}

const send = (token, calls, headers = {}) => box.call(token, 'POST', '/batch', partsText(calls),
	{ 'content-type': 'multipart/mixed; boundary=B', ...headers });

// The parts of an answer: {id, status, json}.
function partsOf(answer) {
	const boundary = /boundary=(\S+)/.exec(answer.headers.get('content-type'))[1];
	return answer.text.split(`--${boundary}`).slice(1, -1).map((text) => {
		const [, id] = /Content-ID: <(.*)>/.exec(text);
		const [, status] = /HTTP\/1\.1 (\d+)/.exec(text);
		const body = text.split('\r\n\r\n').slice(2).join('\r\n\r\n').trim();
		return { id, status: Number(status), json: body ? JSON.parse(body) : undefined };
	});
}

test('insert, patch, delete and get in one request; each part has its own status', async () => {
	const ann = await box.user();
	const [a, b, c] = [await ann.add('a'), await ann.add('b'), await ann.add('c')];
	const tasks = `${ann.list}/tasks`;
	const answer = await send(ann.token, [['POST', tasks, { title: 'größer 🍝' }],
		['PATCH', `${tasks}/${a.id}`, { title: 'A' }], ['DELETE', `${tasks}/${b.id}`],
		['GET', `${tasks}/${c.id}?fields=title`], ['GET', `${tasks}/AAAAAAAAAAAAAAAAAAAAAA`],
		['PATCH', `${tasks}/${c.id}`, { title: 'C' }, { 'If-Match': '"stale"' }]]);
	assert.equal(answer.status, 200);
	const parts = partsOf(answer);
	assert.deepEqual(parts.map((part) => [part.id, part.status]), [['response-x0', 200],
		['response-x1', 200], ['response-x2', 204], ['response-x3', 200], ['response-x4', 404],
		['response-x5', 412]]);
	assert.deepEqual([parts[0].json.title, parts[1].json.title, parts[3].json],
		['größer 🍝', 'A', { title: 'c' }]);
	assert.deepEqual((await ann.titles()).sort(), ['A', 'c', 'größer 🍝'].sort());
	const entry = (await ann.log()).requests.find(({ kind }) => kind === 'batch');
	assert.deepEqual([entry.commands, entry.parts.length], [4, 6]);
	assert.ok(entry.parts.some((part) => part.call === 'tasks.insert' && part.status === 200));
});

test('parts run in any order, or in a known one; so do the answers', async () => {
	const ann = await box.user();
	const calls = Array.from({ length: 12 }, (_, i) => ['POST', `${ann.list}/tasks`, { title: `${i}` }]);
	const order = async () => {
		const rows = await ann.rows();
		return rows.sort((x, y) => (x.position < y.position ? 1 : -1)).map((row) => row.title);
	};
	const given = calls.map(([, , { title }]) => title);
	await send(ann.token, calls);
	assert.notDeepEqual(await order(), given);
	const run = async (switches) => {
		for (const { id } of await ann.rows())
			await ann.call('DELETE', `${ann.list}/tasks/${id}`);
		return box.withSwitches(switches, async () => partsOf(await send(ann.token, calls)));
	};
	await run({ batch_order: 'given' });
	assert.deepEqual(await order(), given);
	const parts = await run({ batch_order: 'reversed', batch_answer_order: 'executed' });
	assert.deepEqual(await order(), [...given].reverse());
	assert.equal(parts[0].id, 'response-x11');
});

test('each part counts against the quotas; a refused part is a refused part', async () => {
	const ann = await box.user();
	const calls = Array.from({ length: 5 }, () => ['GET', '/tasks/v1/users/@me/lists']);
	const before = (await box.control('GET', 'quota')).sandbox?.used ?? 0;
	await send(ann.token, calls);
	assert.equal((await box.control('GET', 'quota')).sandbox.used, before + 5);
	await box.withSwitches({ user_queries: 2 }, async () => {
		await box.control('POST', 'clock', { advance_s: 61 });
		const statuses = partsOf(await send(ann.token, calls)).map((part) => part.status).sort();
		assert.deepEqual(statuses, [200, 200, 429, 429, 429]);
	});
});

test('tokens: the outer one for all, an inner one instead', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const path = '/tasks/v1/users/@me/lists/@default';
	const parts = partsOf(await send(ann.token, [['GET', path],
		['GET', path, undefined, { Authorization: `Bearer ${ben.token}` }]]));
	assert.deepEqual(parts.map((part) => part.json.id), [ann.default_list_id, ben.default_list_id]);
	assert.deepEqual(partsOf(await send(null, [['GET', path]])).map((part) => part.status), [401]);
});

test('what is no batch is 400; a batch in a batch is refused', async () => {
	const ann = await box.user();
	const bad = [[partsText([['GET', '/x']]), 'application/json'], ['nothing', 'multipart/mixed; boundary=B'],
		['--B\r\nContent-Type: application/http\r\n\r\nrubbish\r\n--B--\r\n', 'multipart/mixed; boundary=B'],
		[partsText([['GET', '/x']]).replace('--B--', ''), 'multipart/mixed; boundary=B']];
	for (const [body, type] of bad)
		assert.equal((await ann.call('POST', '/batch', body, { 'content-type': type })).status, 400);
	assert.deepEqual(partsOf(await send(ann.token, [['POST', '/batch', {}]])).map((p) => p.status), [400]);
	const legacy = () => ann.call('POST', '/batch/tasks/v1', partsText([['GET', '/tasks/v1/users/@me/lists']]),
		{ 'content-type': 'multipart/mixed; boundary=B' });
	assert.equal((await legacy()).status, 404);
	await box.withSwitches({ legacy_batch: true }, async () => assert.equal((await legacy()).status, 200));
	await box.withSwitches({ batch_calls: 2 }, async () => {
		const calls = Array.from({ length: 3 }, () => ['POST', `${ann.list}/tasks`, {}]);
		assert.equal((await send(ann.token, calls)).status, 400);
		assert.deepEqual(await ann.titles(), [], 'none was carried out');
	});
	const quoted = partsText([['GET', '/tasks/v1/users/@me/lists']], 'b?+o').replace(/\r\n/g, '\n');
	assert.equal((await ann.call('POST', '/batch', quoted,
		{ 'content-type': 'multipart/mixed; boundary="b?+o"' })).status, 200);
});

test('faults meet the batch or a part of it', async () => {
	const ann = await box.user();
	const insert = (title) => ['POST', `${ann.list}/tasks`, { title }];
	await ann.fault({ kind: 'status', status: 503, match: { path: '/batch$' } });
	assert.equal((await send(ann.token, [insert('a')])).status, 503);
	await ann.fault({ kind: 'command_error', reason: 'backendError', match: { content: 'b' } });
	const mixed = partsOf(await send(ann.token, [insert('a'), insert('b')]));
	assert.deepEqual(mixed.map((part) => part.status), [200, 503]);
	await ann.fault({ kind: 'partial_batch', drop: 1 });
	assert.deepEqual(partsOf(await send(ann.token, [insert('c'), insert('d')])).length, 1);
	assert.deepEqual((await ann.titles()).sort(), ['a', 'c', 'd'], 'all of it was carried out');
	await ann.fault({ kind: 'cut_after_commit', match: { path: '/batch$' } });
	await assert.rejects(send(ann.token, [insert('e'), insert('f')]));
	assert.deepEqual((await ann.titles()).sort(), ['a', 'c', 'd', 'e', 'f']);
	await ann.fault({ kind: 'cut_before', match: { command: 'tasks.insert', nth: 2 } });
	await assert.rejects(send(ann.token, [insert('g'), insert('h')]));
	assert.equal((await ann.titles()).length, 6, 'revoked or cut in the middle: a part of it was done');
	await ann.fault({ kind: 'truncate_json', match: { path: '/batch$' } });
	const whole = await send(ann.token, [insert('i')]);
	assert.equal(whole.text.includes('--\r\n'), false);
});
