// The writing side: order, independence, uuids, temporary ids, and what each command does.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { add, command, sandbox } from './helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

test('commands run in order and fail alone; the answer is 200', async () => {
	const ann = await box.user();
	const commands = [add('a', {}, 'x'), command('item_move', { id: 'x', project_id: 'nope' }),
		command('frob', {}), command('item_update', { id: 'x', priority: 5 }),
		command('item_update', { id: 'x', content: 'b' })];
	const answer = await ann.post({ commands, sync_token: '*', resource_types: ['items'] });
	assert.equal(answer.status, 200);
	const statuses = commands.map(({ uuid }) => answer.json.sync_status[uuid]);
	assert.deepEqual(statuses.map((status) => status.error_tag ?? status),
		['ok', 'NOT_FOUND', 'INVALID_ARGUMENT_VALUE', 'INVALID_ARGUMENT_VALUE', 'ok']);
	assert.deepEqual([statuses[1].error_code, statuses[1].http_code], [478, 404]);
	assert.equal(answer.json.items[0].content, 'b', 'the read comes after the commands');
});

test('a single failing command is 200, too', async () => {
	const ann = await box.user();
	const one = command('item_update', { id: '6XXXXXXXXXXXXXXX', content: 'x' });
	const answer = await ann.post({ commands: [one] });
	assert.equal(answer.status, 200);
	assert.equal(answer.json.sync_status[one.uuid].error_tag, 'NOT_FOUND');
});

test('a replayed uuid gives the recorded status and mapping and does nothing', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const commands = [add('once', {}, 'x'), command('item_move', { id: 'x', project_id: 'nope' })];
	const first = await ann.sync({ commands });
	const again = await ann.sync({ commands });
	assert.deepEqual(again.sync_status, first.sync_status);
	assert.deepEqual(again.temp_id_mapping, first.temp_id_mapping);
	assert.equal((await ann.state()).items.length, 1);
	const other = await ben.sync({ commands });
	assert.notDeepEqual(other.temp_id_mapping, first.temp_id_mapping, 'uuids are per user');
});

test('a replayed creation lets a new command of the same request use its temp id', async () => {
	const ann = await box.user();
	const parent = add('parent', {}, 'p');
	await ann.sync({ commands: [parent] });
	const ids = await ann.run(parent, add('child', { parent_id: 'p' }, 'c'));
	assert.equal((await ann.item(ids.c)).parent_id, ids.p);
});

test('retention of uuids and the fate of failed ones are switches', async () => {
	const ann = await box.user();
	const commands = [add('x', { project_id: 'nope' })];
	assert.equal((await ann.sync({ commands })).sync_status[commands[0].uuid].error_tag, 'NOT_FOUND');
	await box.control('POST', 'config', { errored_uuid: 'reexecuted', uuid_retention_s: 60 });
	const fixed = add('y');
	await ann.run(fixed);
	await box.control('POST', 'clock', { advance_s: 61 });
	await ann.run(fixed);
	assert.equal((await ann.state()).items.length, 2, 'forgotten after its time');
	await box.control('POST', 'config', { errored_uuid: 'recorded', uuid_retention_s: null });
});

test('temp ids live in one request; unknown ones are code 15', async () => {
	const ann = await box.user();
	const ids = await ann.run(command('project_add', { name: 'P' }, 'p-1'),
		command('section_add', { name: 'S', project_id: 'p-1' }, 's-1'),
		add('parent', { section_id: 's-1' }, 'a-1'), add('child', { parent_id: 'a-1' }, 'b-1'),
		command('note_add', { item_id: 'b-1', content: 'note' }, 'n-1'),
		command('item_update', { id: 'b-1', labels: ['Food'] }));
	const child = await ann.item(ids['b-1']);
	assert.deepEqual([child.project_id, child.section_id, child.parent_id, child.labels],
		[ids['p-1'], ids['s-1'], ids['a-1'], ['Food']]);
	const late = await ann.status(command('item_close', { id: 'a-1' }));
	assert.deepEqual([late.error_code, late.error], [15, 'Invalid temporary id']);
	const broken = [add('', {}, 'bad'), add('child', { parent_id: 'bad' }, 'c')];
	const answer = await ann.sync({ commands: broken });
	assert.equal(answer.sync_status[broken[1].uuid].error_code, 15, 'dependent of a failed creation');
	assert.deepEqual(answer.temp_id_mapping, {});
});

test('item_update changes named fields only and cannot move', async () => {
	const ann = await box.user();
	const { p, t } = await ann.run(command('project_add', { name: 'P' }, 'p'), add('x', {
		description: 'd', priority: 3, labels: ['a'], due: { date: '2026-12-01' },
		duration: { amount: 15, unit: 'minute' }, deadline: { date: '2026-12-24' } }));
	await ann.run(command('item_update', { id: t, content: ' y ', project_id: p }));
	const item = await ann.item(t);
	assert.deepEqual([item.content, item.description, item.priority, item.labels, item.due.date],
		['y', 'd', 3, ['a'], '2026-12-01']);
	assert.equal(item.project_id, ann.inbox_project_id);
	assert.deepEqual(item.deadline, { date: '2026-12-24', lang: 'en' });
	await ann.run(command('item_update', { id: t, due: null, duration: null, deadline: null }));
	const bare = await ann.item(t);
	assert.deepEqual([bare.due, bare.duration, bare.deadline], [null, null, null]);
	await box.control('POST', 'config', { item_update_moves: 'reject' });
	assert.equal((await ann.status(command('item_update', { id: t, project_id: p }))).error_tag,
		'INVALID_ARGUMENT_VALUE');
	await box.control('POST', 'config', { item_update_moves: 'ignore' });
});

test('a move appends last, takes subtasks along and refuses two targets and cycles', async () => {
	const ann = await box.user();
	const ids = await ann.run(command('project_add', { name: 'P' }, 'p'),
		command('section_add', { name: 'S', project_id: 'p' }, 's'),
		add('there', { section_id: 's', child_order: 7 }, 'z'),
		add('top', {}, 'a'), add('mid', { parent_id: 'a' }, 'b'), add('low', { parent_id: 'b' }, 'c'));
	await ann.run(command('item_move', { id: ids.a, section_id: ids.s }));
	const [a, c] = [await ann.item(ids.a), await ann.item(ids.c)];
	assert.deepEqual([a.project_id, a.section_id, a.child_order], [ids.p, ids.s, 8]);
	assert.deepEqual([c.project_id, c.section_id, c.parent_id], [ids.p, ids.s, ids.b]);
	await ann.run(command('item_move', { id: ids.b, project_id: ids.p }));
	const b = await ann.item(ids.b);
	assert.deepEqual([b.parent_id, b.section_id], [null, null], 'to the root of the project');
	for (const args of [{ id: ids.a }, { id: ids.a, project_id: ids.p, section_id: ids.s },
		{ id: ids.b, parent_id: ids.c }])
		assert.equal((await ann.status(command('item_move', args))).error_tag,
			'INVALID_ARGUMENT_VALUE');
});

test('completing takes the subtree, uncompleting the ancestors, appended last', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('a', {}, 'a'), add('b', { parent_id: 'a' }, 'b'),
		add('c', { parent_id: 'b' }, 'c'), add('other', { child_order: 9 }, 'o'));
	const start = await ann.read();
	await ann.run(command('item_complete',
		{ id: ids.a, date_completed: '2026-11-01T10:00:00Z' }));
	const done = await ann.read(['items'], start.sync_token);
	assert.deepEqual(done.items.map((item) => item.checked), [true, true, true]);
	assert.match(done.items[0].completed_at, /^2026-11-01T10:00:00/);
	await ann.run(command('item_uncomplete', { id: ids.c }));
	const state = await Promise.all([ids.a, ids.b, ids.c].map((id) => ann.item(id)));
	assert.deepEqual(state.map((item) => item.checked), [false, false, false]);
	assert.equal(state[0].child_order, 10);
	await box.control('POST', 'config', { completed_subtask_rows: false });
	const before = await ann.read();
	await ann.run(command('item_close', { id: ids.a }));
	assert.equal((await ann.read(['items'], before.sync_token)).items.length, 1);
	await box.control('POST', 'config', { completed_subtask_rows: true });
});

test('deleting takes the subtree, with or without tombstones below', async () => {
	const ann = await box.user();
	for (const [switched, rows] of [[true, 4], [false, 0]]) {
		await box.control('POST', 'config', { descendant_tombstones: switched });
		const ids = await ann.run(command('project_add', { name: 'P' }, 'p'),
			command('section_add', { name: 'S', project_id: 'p' }, 's'),
			add('1', { section_id: 's' }, 'a'), add('2', { parent_id: 'a' }, 'b'),
			add('3', { project_id: 'p' }, 'c'), add('4', { project_id: 'p' }, 'd'));
		const start = await ann.read(['items', 'projects', 'sections']);
		await ann.run(command('project_delete', { id: ids.p }));
		const delta = await ann.read(['items', 'projects', 'sections'], start.sync_token);
		assert.equal(delta.items.length, rows);
		assert.equal(delta.sections.length, switched ? 1 : 0);
		assert.deepEqual(delta.projects.map((project) => project.is_deleted), [true]);
		assert.equal((await ann.item(ids.b)).is_deleted, true);
		assert.equal((await ann.status(command('item_close', { id: ids.a }))).error_tag, 'NOT_FOUND');
	}
	await box.control('POST', 'config', { descendant_tombstones: true, tombstones: 'bare' });
	const { t } = await ann.run(add('x'));
	const start = await ann.read();
	await ann.run(command('item_delete', { id: t }));
	assert.deepEqual((await ann.read(['items'], start.sync_token)).items,
		[{ id: t, is_deleted: true }]);
	await box.control('POST', 'config', { tombstones: 'full' });
});

test('labels: rename rewrites tasks, delete strips or leaves, duplicates are refused', async () => {
	const ann = await box.user();
	const ids = await ann.run(command('label_add', { name: 'Food' }, 'l'),
		add('x', { labels: ['Food', 'shared'] }, 'x'), add('y', { labels: ['other'] }, 'y'));
	const start = await ann.read();
	await ann.run(command('label_rename', { name_old: 'shared', name_new: 'common' }));
	const delta = await ann.read(['items'], start.sync_token);
	assert.deepEqual(delta.items.map((item) => item.labels), [['Food', 'common']]);
	await ann.run(command('label_update', { id: ids.l, name: 'Meals' }));
	assert.deepEqual((await ann.item(ids.x)).labels, ['Meals', 'common']);
	assert.equal((await ann.status(command('label_add', { name: 'Meals' }))).error_tag,
		'INVALID_ARGUMENT_VALUE');
	await ann.run(command('label_delete', { id: ids.l, cascade: 'none' }));
	assert.deepEqual((await ann.item(ids.x)).labels, ['Meals', 'common']);
	await ann.run(command('label_delete_occurrences', { name: 'common' }));
	const { l } = await ann.run(command('label_add', { name: 'Meals' }, 'l'));
	await ann.run(command('label_delete', { id: l }));
	assert.deepEqual((await ann.item(ids.x)).labels, []);
	await box.control('POST', 'config', { label_update_propagates: false });
	const { m } = await ann.run(command('label_add', { name: 'other' }, 'm'));
	await ann.run(command('label_update', { id: m, name: 'new' }));
	assert.deepEqual((await ann.item(ids.y)).labels, ['other']);
	await box.control('POST', 'config', { label_update_propagates: true });
});

test('sections and projects: archive, unarchive, reorder, move', async () => {
	const ann = await box.user();
	const ids = await ann.run(command('project_add', { name: 'P' }, 'p'),
		command('project_add', { name: 'Q', parent_id: 'p' }, 'q'),
		command('section_add', { name: 'S', project_id: 'p' }, 's'), add('x', { section_id: 's' }, 'x'));
	await ann.run(command('section_archive', { id: ids.s }));
	assert.equal((await ann.item(ids.x)).checked, true);
	await ann.run(command('item_uncomplete', { id: ids.x }));
	assert.equal((await ann.state()).sections[0].is_archived, false, 'its section comes back');
	await ann.run(command('section_move', { id: ids.s, project_id: ids.q }));
	assert.equal((await ann.item(ids.x)).project_id, ids.q);
	const start = await ann.read(['projects']);
	await ann.run(command('project_archive', { id: ids.p }));
	const delta = await ann.read(['projects', 'items'], start.sync_token);
	assert.deepEqual(delta.projects.map((project) => project.is_archived), [true, true]);
	assert.deepEqual((await ann.read()).items, []);
	await ann.run(command('project_unarchive', { id: ids.q }),
		command('project_reorder', { projects: [{ id: ids.q, child_order: 5 }] }),
		command('section_reorder', { sections: [{ id: ids.s, section_order: 3 }] }),
		command('item_reorder', { items: [{ id: ids.x, child_order: 4 }] }));
	const state = await ann.state();
	assert.equal(state.projects.find((project) => project.id === ids.q).child_order, 5);
	assert.equal((await ann.item(ids.x)).child_order, 4);
	assert.equal((await ann.status(command('project_delete', { id: ann.inbox_project_id }))).http_code,
		403);
});

test('order_key: given when absent, corrected when taken, bytewise in list order', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('1', {}, 'a'), add('2', {}, 'b'), add('3', {}, 'c'));
	const keys = await Promise.all([ids.a, ids.b, ids.c].map(async (id) => (await ann.item(id)).order_key));
	assert.deepEqual([...keys].sort(), keys);
	await ann.run(command('item_update', { id: ids.c, order_key: keys[0] }));
	assert.equal((await ann.item(ids.c)).order_key, `${keys[0]}V`);
});

test('a header ("* " in front) cannot be completed; texts over the limit are refused', async () => {
	const ann = await box.user();
	const { t } = await ann.run(add('* header'));
	assert.equal((await ann.status(command('item_close', { id: t }))).error_tag, 'FORBIDDEN');
	const most = '😀'.repeat(500);
	await ann.run(add(most));
	const longer = add(`${most}x`);
	assert.equal((await ann.status(longer)).error_tag, 'INVALID_ARGUMENT_VALUE');
	await box.control('POST', 'config', { over_length: 'truncate' });
	const { t: cut } = await ann.run(add(`${most}x`));
	assert.equal((await ann.item(cut)).content, most);
	await box.control('POST', 'config', { over_length: 'reject' });
});

test('auto_parse_labels creates labels from @words, and only then', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('mail @bob', { auto_parse_labels: false }, 'a'),
		add('mail @bob', { auto_parse_labels: true }, 'b'));
	assert.deepEqual((await ann.item(ids.a)).labels, []);
	assert.deepEqual((await ann.item(ids.b)).labels, ['bob']);
});

test('a person\'s edit has no limits and shows in the next delta', async () => {
	const ann = await box.user();
	const start = await ann.read();
	const made = await ann.edit(...Array.from({ length: 150 }, (_, i) =>
		({ type: 'item_add', temp_id: `t${i}`, args: { content: `task ${i}` } })));
	assert.equal(Object.keys(made.temp_id_mapping).length, 150);
	assert.equal((await ann.read(['items'], start.sync_token)).items.length, 150);
});

test('edits with the same uuid are two edits; uuids are the clients\' affair', async () => {
	const ann = await box.user();
	const edit = { type: 'item_add', uuid: 'same', args: { content: 'x' } };
	await ann.edit(edit);
	await ann.edit(edit);
	assert.equal((await ann.state()).items.length, 2);
});

test('an error that passes does not stick to its uuid', async () => {
	const ann = await box.user();
	const one = add('later');
	await ann.fault({ kind: 'command_error', error: 'LIMITS' });
	assert.equal((await ann.status(one)).http_code, 429);
	assert.equal(await ann.status(one), 'ok');
});

test('a frozen project takes no new tasks', async () => {
	const ann = await box.user();
	const { p } = await ann.run(command('project_add', { name: 'P' }, 'p'));
	await box.control('POST', 'patch', { token: ann.token, id: p, fields: { is_frozen: true } });
	assert.equal((await ann.status(add('x', { project_id: p }))).error_tag, 'FORBIDDEN');
});
