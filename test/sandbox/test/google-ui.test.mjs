// The person in Google's own apps, and the control interface as far as it is Google's.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { DEFAULTS } from '../google_tasks/config.js';
import { edit, sandbox } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

test('edits with temporary ids; the ones refused say why', async () => {
	const ann = await box.user();
	const ids = await ann.edit(edit('list_add', { title: 'Work' }, 'l'),
		edit('task_add', { title: 'parent', list_id: 'l', due: '2026-10-02', notes: 'n' }, 'p'),
		edit('task_add', { title: 'one', parent_id: 'p' }, 'a'),
		edit('task_add', { title: 'two', parent_id: 'p', previous_id: 'a' }, 'b'),
		edit('list_update', { id: 'l', title: 'Job' }), edit('task_move', { id: 'b', parent_id: 'p' }));
	const state = await ann.state();
	const task = (id) => state.items.find((one) => one.id === id);
	assert.equal(state.lists.find((list) => list.id === ids.l).title, 'Job');
	assert.deepEqual([task(ids.p).due, task(ids.p).list_id], ['2026-10-02T00:00:00.000Z', ids.l]);
	assert.deepEqual([task(ids.b).position, task(ids.a).position], ['0'.repeat(20), `${'0'.repeat(19)}1`]);
	await assert.rejects(ann.edit(edit('task_delete', { id: 'nope' })), /notFound/);
	await assert.rejects(ann.edit(edit('frob', {})), /unknown command/);
	await ann.edit(edit('list_delete', { id: ids.l }));
	assert.equal((await ann.state()).lists.length, 1);
});

test('a repeating task: completed, the next comes on its day, as a task of its own', async () => {
	const ann = await box.user();
	await box.stopClock('2026-12-01T10:00:00Z');
	const { t } = await ann.edit(edit('task_add', { title: 'water', due: '2026-12-01' }, 't'),
		edit('task_repeat', { id: 't', every_days: 7 }));
	await ann.ok('PATCH', `${ann.list}/tasks/${t}`, { status: 'completed' });
	assert.equal((await ann.rows()).length, 1);
	await box.control('POST', 'clock', { advance_s: 7 * 86400 });
	const rows = await ann.rows({ showCompleted: false });
	assert.deepEqual(rows.map((row) => [row.title, row.due]), [['water', '2026-12-08T00:00:00.000Z']]);
	assert.notEqual(rows[0].id, t);
	const { n } = await ann.edit(edit('task_next_instance', { id: rows[0].id, due: '2026-12-15' }, 'n'));
	assert.equal((await ann.get(n)).due, '2026-12-15T00:00:00.000Z');
	await box.stopClock();
});

test('mail and chat: links, assignment', async () => {
	const ann = await box.user();
	const ids = await ann.edit(edit('task_from_email', { title: 'answer', subject: 'Hello' }, 'm'),
		edit('task_assign', { title: 'agree', surface: 'SPACE', notes: 'by Friday' }, 's'));
	assert.deepEqual((await ann.get(ids.m)).links.map((link) => [link.type, link.description]),
		[['email', 'Hello']]);
	const assigned = await ann.get(ids.s);
	assert.deepEqual([assigned.assignmentInfo.surfaceType, assigned.notes], ['SPACE', 'by Friday']);
	assert.match(assigned.assignmentInfo.spaceInfo.space, /^spaces\//);
});

test('reopening and clearing in the apps', async () => {
	const ann = await box.user();
	const { id } = await ann.add('x');
	await ann.edit(edit('task_complete', { id }), edit('task_reopen', { id }));
	assert.equal((await ann.get(id)).status, 'needsAction');
	await ann.ok('PATCH', `${ann.list}/tasks/${id}`, { status: 'completed' });
	await ann.edit(edit('clear_completed', {}));
	assert.equal((await ann.get(id)).hidden, true);
});

test('seed: lists, subtasks, notes, dates, completed and hidden ones; the same seed, the same state',
	async () => {
		const once = async () => {
			const other = await sandbox({ seed: 7 });
			await other.stopClock('2026-12-01T00:00:00Z');
			const ann = await other.user();
			const made = await other.control('POST', 'seed', { token: ann.token, tasks: 400, lists: 4,
				completed: 20, hidden: 30 });
			const api = await ann.ok('GET', `/tasks/v1/lists/${made.lists[0]}/tasks?maxResults=100`);
			await ann.add('one more');
			await ann.ok('GET', '/tasks/v1/users/@me/lists');
			const state = await ann.state();
			await other.close();
			return { made, api, state, token: ann.token };
		};
		const [one, two] = [await once(), await once()];
		assert.deepEqual(one, two);
		const { items } = one.state;
		assert.equal(items.length, 401);
		assert.ok(items.filter((task) => task.parent).length > 40);
		assert.ok(items.filter((task) => task.notes).length > 40);
		assert.ok(items.filter((task) => task.due).length > 150);
		assert.deepEqual([items.filter((task) => task.status === 'completed').length,
			items.filter((task) => task.hidden).length], [50, 30]);
		const other = await sandbox({ seed: 8 });
		assert.notEqual((await other.user()).user_id, one.state.user_id);
		await other.close();
	});

test('the log tells kinds, methods and parts; a user\'s requests alone on request', async () => {
	const ann = await box.user();
	const ben = await box.user();
	await ben.ok('GET', '/tasks/v1/users/@me/lists');
	await ann.ok('GET', '/tasks/v1/users/@me/lists');
	const { id } = await ann.add('x');
	await ann.rows({ updatedMin: '2026-01-01T00:00:00Z' });
	await ann.rows();
	await ann.get(id);
	const { requests, next } = await ann.log();
	assert.deepEqual(requests.map((entry) => [entry.kind, entry.call, entry.commands]), [
		['lists', 'tasklists.list', 0], ['write', 'tasks.insert', 1], ['delta', 'tasks.list', 0],
		['full', 'tasks.list', 0], ['get', 'tasks.get', 0]]);
	assert.equal(JSON.stringify(requests).includes(ann.token), false);
	assert.equal((await ann.log(next)).requests.length, 0);
});

test('switches: unknown ones are refused; patch sets what nothing else can; quotas; health', async () => {
	await assert.rejects(box.control('POST', 'config', { frob: 1 }), /unknown switch/);
	assert.deepEqual(await box.control('GET', 'config'), { ...DEFAULTS });
	const ann = await box.user();
	const { id } = await ann.add('x');
	const old = await box.control('POST', 'patch', { token: ann.token, id,
		fields: { updated: Date.parse('2020-01-01T00:00:00Z'), title: 'old' } });
	assert.deepEqual([old.updated, old.title], ['2020-01-01T00:00:00.000Z', 'old']);
	assert.deepEqual(await ann.titles({ updatedMin: '2020-01-01T00:00:00.001Z' }), []);
	await assert.rejects(box.control('POST', 'patch', { token: ann.token, id, fields: { frob: 1 } }), /frob/);
	await assert.rejects(box.control('POST', 'patch', { token: ann.token, id: 'nope', fields: {} }), /no task/);
	await assert.rejects(box.control('POST', 'users', { token: ann.token }), /another user/);
	await assert.rejects(box.control('GET', 'state?token=nobody'), /no user/);
	await assert.rejects(box.control('GET', 'frob'), /no control action/);
	assert.equal((await box.control('GET', 'health')).ok, true);
	assert.ok((await box.control('GET', 'quota')).sandbox.used > 0);
	assert.ok((await box.control('GET', 'users')).some((one) => one.token === ann.token));
});

test('every switch is tried by a test', () => {
	const folder = new URL('.', import.meta.url);
	const texts = readdirSync(folder).filter((name) => name.startsWith('google-'))
		.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('');
	assert.deepEqual(Object.keys(DEFAULTS).filter((name) => !texts.includes(`${name}:`)), []);
});

test('reset forgets people, tokens, switches and quotas', async () => {
	const other = await sandbox();
	const ann = await other.user();
	await other.control('POST', 'config', { order: 'shuffled' });
	await other.control('POST', 'reset', {});
	assert.deepEqual([await other.control('GET', 'users'), await other.control('GET', 'quota')], [[], {}]);
	assert.equal((await other.control('GET', 'config')).order, 'updated');
	assert.equal((await ann.call('GET', `${ann.list}/tasks`)).status, 401);
	assert.equal((await other.user()).user_id, ann.user_id, 'the same seed begins again');
	await other.close();
});

test('the program prints its address and ends with its parent', async () => {
	const child = spawn(process.execPath, ['google_tasks/main.js', '--exit-with-parent'],
		{ cwd: new URL('..', import.meta.url), stdio: ['pipe', 'pipe', 'inherit'] });
	const [line] = await once(child.stdout, 'data');
	const url = /^google_tasks sandbox listening on (http:\S+)$/m.exec(String(line))[1];
	assert.equal((await (await fetch(`${url}/_control/health`)).json()).ok, true);
	child.stdin.end();
	const [code] = await once(child, 'exit');
	assert.equal(code, 0);
});
