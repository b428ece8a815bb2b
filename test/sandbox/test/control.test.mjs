// The control interface, the process itself, determinism, and speed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { add, command, sandbox } from './helpers.mjs';

const MAIN = fileURLToPath(new URL('../todoist/main.js', import.meta.url));

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

async function launch(t, ...args) {
	const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
	t.after(() => child.kill('SIGKILL'));
	const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
	return { child, line, url: /listening on (\S+)/.exec(line)[1] };
}

test('the process prints one line, serves, and ends on SIGTERM', async (t) => {
	const { child, line, url } = await launch(t, '--port', '0', '--seed', '5');
	assert.match(line, /^todoist sandbox listening on http:\/\/127\.0\.0\.1:\d+\n$/);
	assert.equal((await (await fetch(`${url}/_control/health`)).json()).ok, true);
	child.kill('SIGTERM');
	assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('with --exit-with-parent it ends when its standard input closes', async (t) => {
	const { child } = await launch(t, '--exit-with-parent');
	child.stdin.end();
	assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('the same seed gives the same ids, tokens and accounts, whatever others do', async (t) => {
	const [one, two] = [await sandbox({ seed: 42 }), await sandbox({ seed: 42 })];
	t.after(() => Promise.all([one.close(), two.close()]));
	const now = '2026-11-20T08:00:00Z';
	const states = [];
	for (const [world, disturb] of [[one, false], [two, true]]) {
		await world.control('POST', 'clock', { now, freeze: true });
		const [ann, ben] = [await world.user(), await world.user()];
		if (disturb)
			await ben.edit({ type: 'item_add', args: { content: 'x' } });
		await world.control('POST', 'seed', { token: ann.token, tasks: 60 });
		states.push({ token: ann.token, ...(await ann.state()) });
	}
	assert.deepEqual(states[0], states[1]);
});

test('a seeded account has sections, subtasks, labels and due dates of every kind', async () => {
	const ann = await box.user({ timezone: 'Europe/Berlin' });
	await box.control('POST', 'seed', { token: ann.token, tasks: 600, completed: 20, comments: 5 });
	const { items, notes, projects, sections, labels } = await ann.state();
	const has = (what, test_) => assert.ok(items.some(test_), what);
	assert.deepEqual([items.length, notes.length, projects.length, labels.length], [600, 5, 4, 8]);
	assert.equal(items.filter((item) => item.checked).length, 20);
	assert.ok(sections.length > 0);
	has('all-day', ({ due }) => due && !due.is_recurring && due.date.length === 10);
	has('floating', ({ due }) => due && due.timezone === null && due.date.length > 10);
	has('fixed', ({ due }) => due?.date.endsWith('Z') && due.timezone === 'Asia/Jakarta');
	has('recurring', ({ due }) => due?.is_recurring && due.string === 'every day');
	has('recurring at a time', ({ due }) => due?.is_recurring && due.date.includes('T'));
	has('subtask', ({ parent_id: parent }) => parent !== null);
	has('in a section', ({ section_id: section }) => section !== null);
	has('labels', ({ labels: names }) => names.length > 1);
	has('deadline', ({ deadline }) => deadline !== null);
	has('duration', ({ duration }) => duration !== null);
	const byId = Object.fromEntries(items.map((item) => [item.id, item]));
	for (const item of items.filter(({ parent_id: parent }) => parent))
		assert.equal(byId[item.parent_id].project_id, item.project_id);
});

test('the log has one entry per request, totals, and no token', async () => {
	const ann = await box.user();
	await box.control('DELETE', 'log');
	const commands = [add('a', {}, 'a'), command('item_close', { id: 'a' })];
	await ann.sync({ sync_token: '*', resource_types: ['items'], commands });
	const { sync_token: token } = await ann.read(['items']);
	const { next } = await ann.log();
	await ann.read(['items'], token);
	await ann.call('GET', '/api/v1/tasks');
	const { requests, counters } = await ann.log();
	assert.deepEqual(requests.map(({ kind }) => kind), ['full', 'full', 'delta', 'rest']);
	assert.deepEqual(requests.map((entry) => entry.sync_token), ['*', '*', 'delta', undefined]);
	assert.deepEqual([requests[0].commands, requests[0].types, requests[0].uuids],
		[2, ['item_add', 'item_close'], commands.map(({ uuid }) => uuid)]);
	assert.ok(requests[0].bytes_in > 100 && requests[0].bytes_out > 100);
	assert.deepEqual([counters.requests, counters.commands, counters['kind:full']], [4, 2, 2]);
	assert.equal((await ann.log(next)).requests.length, 2);
	assert.equal(JSON.stringify(requests).includes(ann.token), false);
	await box.control('DELETE', 'log');
	assert.equal((await ann.log()).requests.length, 0);
});

test('wrong control requests are answered with what is wrong', async () => {
	await assert.rejects(box.control('GET', 'frob'), /no control action/);
	await assert.rejects(box.control('POST', 'config', { frob: 1 }), /unknown switch/);
	await assert.rejects(box.control('GET', 'state?token=nobody'), /no user/);
	const ann = await box.user();
	await assert.rejects(box.control('POST', 'users', { token: ann.token }), /another user/);
	await assert.rejects(box.control('POST', 'clock', { now: 'soon' }), /ISO date/);
	assert.equal((await box.control('POST', 'clock', { now: '2030-01-01T00:00:00Z' })).now.slice(0, 16),
		'2030-01-01T00:00');
	await box.control('POST', 'reset');
	await assert.rejects(box.control('GET', `state?token=${ann.token}`), /no user/);
	await box.control('POST', 'clock', { now: Date.now() });
});

// Bounds far above what an idle machine shows: they catch a cost of another order, such as answering
// one after the other (100 s) or rendering ten thousand tasks for one change, not a busy neighbour.
test('10,000 tasks: a full sync is fast, a delta does not depend on the size', async () => {
	const ann = await box.user();
	await box.control('POST', 'seed', { token: ann.token, tasks: 10000 });
	const ask = async (token) => {
		const start = performance.now();
		const answer = await ann.post({ sync_token: token, resource_types: ['items'] },
			{ 'accept-encoding': 'identity' });
		return { ms: performance.now() - start, ...answer.json };
	};
	const first = await ask('*');
	assert.equal(first.items.length, 10000);
	assert.ok((await ask('*')).ms < 4000);
	const { requests } = await ann.log();
	assert.ok(requests.at(-1).ms < 500, `${requests.at(-1).ms} ms in the server when cached`);
	let token = first.sync_token;
	for (let i = 0; i < 50; i++) {
		const answer = await ann.sync({ sync_token: token, resource_types: ['items'],
			commands: [command('item_update', { id: first.items[i].id, priority: 2 })] });
		token = answer.sync_token;
		assert.equal(answer.items.length, 1);
	}
	const times = (await ann.log()).requests.slice(-50).map(({ ms }) => ms).sort((a, b) => a - b);
	assert.ok(times[25] < 50, `median of a delta with one command: ${times[25]} ms`);
});

test('1,000 accounts at once with 100 ms latency take little more than one', async () => {
	const people = await Promise.all(Array.from({ length: 1000 }, () => box.control('POST', 'users', {})));
	await box.control('POST', 'latency', { ms: 100 });
	const sessions = Array.from({ length: 8 }, () => http2.connect(box.url));
	const body = JSON.stringify({ sync_token: '*', resource_types: ['items'] });
	const start = performance.now();
	const statuses = await Promise.all(people.map(({ token }, i) => new Promise((resolve, reject) => {
		const stream = sessions[i % 8].request({ ':method': 'POST', ':path': '/api/v1/sync',
			'content-type': 'application/json', authorization: `Bearer ${token}` });
		stream.on('response', (headers) => resolve(headers[':status'])).on('error', reject);
		stream.resume();
		stream.end(body);
	})));
	const ms = performance.now() - start;
	sessions.forEach((session) => session.close());
	await box.control('POST', 'latency', { ms: 0 });
	assert.ok(statuses.every((status) => status === 200));
	assert.ok(ms < 10000, `${Math.round(ms)} ms`);
});
