// The sync endpoint's reading side: change log, tokens, full and incremental answers.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { add, command, sandbox } from './helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

test('a full sync holds only what is active', async () => {
	const ann = await box.user();
	const ids = await ann.run(
		command('project_add', { name: 'Open' }, 'p'), command('project_add', { name: 'Old' }, 'q'),
		add('stays', { project_id: 'p' }, 'a'), add('done', {}, 'b'), add('gone', {}, 'c'),
		add('archived', { project_id: 'q' }, 'd'),
		command('item_close', { id: 'b' }), command('item_delete', { id: 'c' }),
		command('project_archive', { id: 'q' }));
	const all = await ann.read(['all']);
	assert.equal(all.full_sync, true);
	assert.match(all.full_sync_date_utc, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
	assert.deepEqual(all.items.map((item) => item.id), [ids.a]);
	assert.deepEqual(all.projects.map((project) => project.name), ['Inbox', 'Open']);
	assert.equal(all.projects[0].inbox_project, true);
	assert.equal('inbox_project' in all.projects[1], false, 'absent elsewhere, not false');
	assert.ok(all.user.token, 'the user resource carries a live token');
	assert.equal(all.user.tz_info.timezone, 'UTC');
	assert.equal(all.user_plan_limits.current.max_tasks, 300);
});

test('a delta holds the latest whole object per changed id, tombstones and own changes', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('one', {}, 'a'), add('two', {}, 'b'), add('three', {}, 'c'));
	const first = await ann.read();
	const own = await ann.sync({
		sync_token: first.sync_token, resource_types: ['items'],
		commands: [command('item_update', { id: ids.a, content: 'one!' }),
			command('item_update', { id: ids.a, priority: 4 }),
			command('item_close', { id: ids.b }), command('item_delete', { id: ids.c })],
	});
	assert.equal(own.full_sync, false);
	const byId = Object.fromEntries(own.items.map((item) => [item.id, item]));
	assert.equal(own.items.length, 3, 'each object once');
	assert.deepEqual([byId[ids.a].content, byId[ids.a].priority], ['one!', 4]);
	assert.equal(byId[ids.a].description, '', 'a whole object, not a patch');
	assert.equal(byId[ids.b].checked, true);
	assert.ok(byId[ids.b].completed_at);
	assert.equal(byId[ids.b].completed_by_uid, ann.user_id);
	assert.equal(byId[ids.c].is_deleted, true);
	const quiet = await ann.read(['items'], own.sync_token);
	assert.deepEqual(quiet.items, []);
	const again = await ann.read(['items'], first.sync_token);
	assert.equal(again.items.length, 3, 'an older token still works after a lost answer');
});

test('every answer has another token; a token of another user or a broken one is refused', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const [a, b] = [await ann.read(), await ann.read()];
	assert.notEqual(a.sync_token, b.sync_token);
	assert.match(a.sync_token, /^[A-Za-z0-9_-]{60}$/);
	for (const token of [(await ben.read()).sync_token, 'nonsense', `${a.sync_token.slice(0, -1)}!`]) {
		const answer = await ann.post({ sync_token: token, resource_types: ['items'] });
		assert.equal(answer.status, 400);
		assert.equal(answer.json.error_extra.argument, 'sync_token');
	}
	await box.control('POST', 'config', { bad_sync_token: 'full' });
	assert.equal((await ann.read(['items'], 'nonsense')).full_sync, true);
	await box.control('POST', 'config', { bad_sync_token: 'reject' });
});

test('the log is swept without losing anything', async () => {
	const ann = await box.user();
	const { t: id } = await ann.run(add('busy'));
	const start = await ann.read();
	for (let i = 0; i < 20; i++)
		await ann.run(...Array.from({ length: 100 }, (_, n) =>
			command('item_update', { id, content: `busy ${i} ${n}` })));
	const delta = await ann.read(['items'], start.sync_token);
	assert.deepEqual(delta.items.map((item) => item.content), ['busy 19 99']);
});

test('a call with commands only says full_sync:true and brings no data', async () => {
	const ann = await box.user();
	const answer = await ann.sync({ commands: [add('x')] });
	assert.deepEqual(Object.keys(answer).sort(), ['full_sync', 'full_sync_date_utc', 'sync_status',
		'sync_token', 'temp_id_mapping']);
	assert.equal(answer.full_sync, true);
	assert.deepEqual((await ann.read(['items'], answer.sync_token)).items, [],
		'its token stands after the commands');
});

test('form and JSON bodies are the same request', async () => {
	const ann = await box.user();
	const form = new URLSearchParams({
		sync_token: '*', resource_types: '["items"]',
		commands: JSON.stringify([add('1 + 1 = 2 & so on')]),
	});
	const answer = await ann.post(form.toString(),
		{ 'content-type': 'application/x-www-form-urlencoded' });
	assert.equal(answer.json.items[0].content, '1 + 1 = 2 & so on');
	for (const [body, argument] of [['{', 'body'], ['[]', 'body'], ['{"commands":"["}', 'commands'],
		['{"commands":{}}', 'commands'], ['{"commands":[{"type":"item_add"}]}', 'commands'],
		['{"resource_types":7}', 'resource_types']]) {
		const bad = await ann.post(body, { 'content-type': 'application/json' });
		assert.equal(bad.status, 400, body);
		assert.equal(bad.json.error_extra.argument, argument);
	}
});

test('resource types can be excluded, unknown ones are ignored', async () => {
	const ann = await box.user();
	const answer = await ann.read(['all', '-user', '-items']);
	assert.equal('user' in answer || 'items' in answer, false);
	assert.ok('projects' in answer && 'labels' in answer);
	assert.equal('frobs' in await ann.read(['frobs']), false);
});

test('an empty delta may also leave the key out', async () => {
	const ann = await box.user();
	const { sync_token: token } = await ann.read();
	await box.control('POST', 'config', { empty_delta: 'omit' });
	assert.equal('items' in await ann.read(['items'], token), false);
	await box.control('POST', 'config', { empty_delta: 'list' });
});

test('a stale full sync shows the past and its token leads to the present', async () => {
	const ann = await box.user();
	await ann.run(add('old'));
	await ann.fault({ kind: 'stale_full_sync', lag_s: 600 });
	await ann.run(add('new'));
	const stale = await ann.read();
	assert.deepEqual(stale.items.map((item) => item.content), ['old']);
	assert.ok(Date.now() - Date.parse(stale.full_sync_date_utc) > 590000);
	const fresh = await ann.read(['items'], stale.sync_token);
	assert.deepEqual(fresh.items.map((item) => item.content), ['new']);
});

test('timestamps differ in precision within one object; unknown fields are there', async () => {
	const ann = await box.user();
	await ann.run(add('x'));
	const [item] = (await ann.read()).items;
	assert.match(item.added_at, /\.\d{6}Z$/);
	assert.match(item.updated_at, /:\d\dZ$/);
	assert.equal(item.note_count, 0);
	assert.ok('sandbox_unknown' in item, 'a field no client knows');
	assert.equal(item.section_id, null);
	await box.control('POST', 'config', { sparse: true, updated_at_micros: true });
	await ann.run(command('item_update', { id: item.id, priority: 2 }));
	const [sparse] = (await ann.read()).items;
	assert.equal('section_id' in sparse || 'deadline' in sparse, false, 'absent instead of null');
	assert.match(sparse.updated_at, /\.\d{6}Z$/);
	await box.control('POST', 'config', { sparse: false, updated_at_micros: false });
});

test('ids are 16 letters and digits of both cases, some differ only by case', async () => {
	const ann = await box.user();
	await box.control('POST', 'seed', { token: ann.token, tasks: 400 });
	const { items, labels } = await ann.state();
	const ids = items.map((item) => item.id);
	assert.ok(ids.every((id) => /^[A-Za-z0-9]{16}$/.test(id)));
	assert.equal(new Set(ids).size, ids.length);
	assert.ok(new Set(ids.map((id) => id.toLowerCase())).size < ids.length, 'case is significant');
	assert.ok(labels.every((label) => /^\d+$/.test(label.id) && typeof label.id === 'string'));
	assert.equal(typeof ann.user_id, 'string');
});
