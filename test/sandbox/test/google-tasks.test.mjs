// Rules of single tasks and lists: fields, dates, completion, deletion, positions, moves, etags.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { edit, reasonOf, sandbox } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

const place = (n) => String(n).padStart(20, '0');
const advance = (seconds) => box.control('POST', 'clock', { advance_s: seconds });

const withSwitches = (switches, act) => box.withSwitches(switches, act);

test('ids and etags have the real forms', async () => {
	await box.stopClock('2026-09-30T08:15:30.412Z');
	const ann = await box.user();
	assert.match(Buffer.from(ann.default_list_id, 'base64url').toString(), /^\d{20}:0:0$/);
	const task = await ann.add('x');
	assert.match(Buffer.from(task.id, 'base64url').toString(), /^[A-Za-z0-9_-]{16}$/);
	assert.equal(task.etag, '"LTI0NTIzMjAyMA"');
	assert.equal(task.updated, '2026-09-30T08:15:30.412Z');
	assert.equal(task.selfLink, `https://www.googleapis.com/tasks/v1/lists/${
		ann.default_list_id}/tasks/${task.id}`);
	await ann.edit(edit('task_complete', { id: task.id }));
	assert.equal((await ann.get(task.id)).position, '09999998209243869587');
	await box.stopClock();
});

test('a task shows what it has and leaves the rest out', async () => {
	const ann = await box.user();
	assert.deepEqual(Object.keys(await ann.add('x')).sort(), ['etag', 'id', 'kind', 'links', 'position',
		'selfLink', 'status', 'title', 'updated', 'webViewLink']);
	const untitled = await ann.ok('POST', `${ann.list}/tasks`);
	assert.equal(untitled.title, '', 'an insert without a body makes an untitled task');
	await box.withSwitches({ empty_links: 'omit', client_id_in_insert: 'reject' }, async () => {
		assert.equal('links' in await ann.add('y'), false);
		assert.equal((await ann.call('POST', `${ann.list}/tasks`, { id: 'mine' })).status, 400);
	});
	assert.notEqual((await ann.add('z', { id: 'mine' })).id, 'mine');
});

test('due: a date in UTC, strictly RFC 3339 with a zone', async () => {
	const ann = await box.user();
	const due = async (text) => (await ann.add('x', { due: text })).due;
	assert.equal(await due('2026-10-02T00:00:00.000Z'), '2026-10-02T00:00:00.000Z');
	assert.equal(await due('2026-10-02T23:59:59Z'), '2026-10-02T00:00:00.000Z');
	assert.equal(await due('2026-10-02T00:00:00+02:00'), '2026-10-01T00:00:00.000Z',
		'local midnight east of UTC is the day before');
	assert.equal(await due('2026-10-01T22:00:00-03:00'), '2026-10-02T00:00:00.000Z');
	assert.equal(await due('2028-02-29t12:00:00.123456z'), '2028-02-29T00:00:00.000Z');
	for (const bad of ['2026-10-02', '2026-10-02T00:00:00', '2026-10-02 00:00:00Z', '2026-02-30T00:00:00Z',
		'2026-10-02T24:00:00Z', '2026-10-02T00:00:00+0200', 'tomorrow', ''])
		for (const field of ['due', 'completed'])
			assert.deepEqual(reasonOf(await ann.call('POST', `${ann.list}/tasks`,
				{ title: 'x', [field]: bad })), [400, 'badRequest'], `${field} ${bad}`);
	assert.equal((await ann.rows()).length, 5, 'nothing was made of the bad ones');
});

test('PATCH keeps what is absent and clears what is null; PUT clears what is absent', async () => {
	const ann = await box.user();
	const { id } = await ann.add('x', { notes: 'n', due: '2026-10-02T00:00:00Z' });
	const patch = (body) => ann.ok('PATCH', `${ann.list}/tasks/${id}`, body);
	const renamed = await patch({ title: 'y' });
	assert.deepEqual([renamed.title, renamed.notes, renamed.due], ['y', 'n', '2026-10-02T00:00:00.000Z']);
	const cleared = await patch({ due: null, notes: '' });
	assert.deepEqual(['due' in cleared, 'notes' in cleared], [false, false]);
	await patch({ notes: 'again', due: '2026-10-03T00:00:00Z' });
	const put = await ann.ok('PUT', `${ann.list}/tasks/${id}`, { id, title: 'z' });
	assert.deepEqual([put.title, 'notes' in put, 'due' in put], ['z', false, false]);
	assert.equal((await ann.call('PUT', `${ann.list}/tasks/${id}`, { id: 'other', title: 'z' })).status, 400);
	const ignored = await patch({ position: place(9), parent: 'p', etag: 'e', updated: 'u', links: [] });
	assert.deepEqual([ignored.position, ignored.parent], [place(0), undefined]);
	assert.equal((await ann.call('PATCH', `${ann.list}/tasks/${id}`, { status: 'done' })).status, 400);
	assert.equal((await ann.call('PATCH', `${ann.list}/tasks/${id}`, { title: 7 })).status, 400);
	assert.equal((await ann.call('PATCH', `${ann.list}/tasks/${id}`, '{"title":')).status, 400);
	assert.equal((await ann.call('PATCH', `${ann.list}/tasks/${id}`, [1])).status, 400);
});

test('completing: the server fills in the time, in whole seconds, and hides nothing', async () => {
	const ann = await box.user();
	const { id: parent } = await ann.add('parent');
	const { id: child } = await ann.add('child', {}, { parent });
	const patch = (body) => ann.ok('PATCH', `${ann.list}/tasks/${parent}`, body);
	const done = await patch({ status: 'completed' });
	assert.match(done.completed, /\.000Z$/);
	assert.equal(done.completed.slice(0, 19), done.updated.slice(0, 19));
	assert.deepEqual([done.hidden, done.position], [undefined, place(0)]);
	assert.equal((await ann.get(child)).status, 'needsAction', 'no cascade through the API');
	const open = await patch({ status: 'needsAction' });
	assert.equal('completed' in open, false);
	const own = await patch({ status: 'completed', completed: '2026-01-02T03:04:05.678Z' });
	assert.equal(own.completed, '2026-01-02T03:04:05.000Z');
	const inserted = await ann.add('old', { status: 'completed', completed: '2025-01-01T00:00:00Z' });
	assert.deepEqual([inserted.status, inserted.hidden], ['completed', undefined]);
	const hidden = await ann.add('older', { status: 'completed', hidden: true });
	assert.equal(hidden.hidden, true);
	await withSwitches({ api_complete_cascades: true }, async () => {
		await patch({ status: 'needsAction' });
		await patch({ status: 'completed' });
		assert.equal((await ann.get(child)).status, 'completed');
	});
});

test('the apps hide and cascade; reopening gives a normal position again', async () => {
	const ann = await box.user();
	const { id: parent } = await ann.add('parent');
	const { id: child } = await ann.add('child', {}, { parent });
	await ann.edit(edit('task_complete', { id: parent }));
	const [above, below] = [await ann.get(parent), await ann.get(child)];
	assert.deepEqual([above.hidden, below.hidden, below.status], [true, true, 'completed']);
	assert.equal(above.position, below.position, 'completed in one moment');
	assert.match(above.position, /^0999/);
	assert.deepEqual(await ann.titles(), []);
	const open = await ann.ok('PATCH', `${ann.list}/tasks/${parent}`,
		{ status: 'needsAction', completed: null });
	assert.deepEqual([open.hidden, open.position, open.completed], [undefined, place(0), undefined]);
});

test('delete leaves a tombstone for the task and none for its subtasks; both ends are 404', async () => {
	const ann = await box.user();
	await ann.add('sibling');
	const { id: parent } = await ann.add('parent');
	const { id: child } = await ann.add('child', {}, { parent });
	assert.equal((await ann.call('DELETE', `${ann.list}/tasks/${parent}`)).status, 204);
	const rows = await ann.rows({ showDeleted: true });
	assert.deepEqual(rows.map((row) => [row.title, row.deleted]), [['parent', true], ['sibling', undefined]]);
	assert.equal(rows[0].position, place(0));
	assert.deepEqual(reasonOf(await ann.call('DELETE', `${ann.list}/tasks/${parent}`)), [404, 'notFound']);
	assert.deepEqual(reasonOf(await ann.call('GET', `${ann.list}/tasks/${child}`)), [404, 'notFound']);
	const { id } = await ann.add('by patch');
	assert.equal((await ann.ok('PATCH', `${ann.list}/tasks/${id}`, { deleted: true })).deleted, true);
	await withSwitches({ child_tombstones: true }, async () => {
		const { id: p } = await ann.add('p');
		await ann.add('c', {}, { parent: p });
		await ann.call('DELETE', `${ann.list}/tasks/${p}`);
		assert.equal((await ann.rows({ showDeleted: true })).filter((row) =>
			row.deleted && ['p', 'c'].includes(row.title)).length, 2);
	});
});

test('tombstones expire', async () => {
	const ann = await box.user();
	const { id } = await ann.add('x');
	await ann.call('DELETE', `${ann.list}/tasks/${id}`);
	await advance(89 * 86400);
	assert.equal((await ann.rows({ showDeleted: true })).length, 1);
	await box.withSwitches({ tombstone_days: 95 }, async () => {
		await advance(2 * 86400);
		assert.equal((await ann.rows({ showDeleted: true })).length, 1);
	});
	await advance(60);
	assert.equal((await ann.rows({ showDeleted: true })).length, 0);
	await box.stopClock();
});

test('tombstones: read as 200 or 404, written never or with a way back', async () => {
	const ann = await box.user();
	const { id } = await ann.add('x');
	const path = `${ann.list}/tasks/${id}`;
	await ann.call('DELETE', path);
	assert.equal((await ann.get(id)).deleted, true);
	assert.deepEqual(reasonOf(await ann.call('PATCH', path, { title: 'y' })), [404, 'notFound']);
	await withSwitches({ get_deleted: 404, write_deleted: 'apply' }, async () => {
		assert.equal((await ann.call('GET', path)).status, 404);
		assert.equal((await ann.ok('PATCH', path, { title: 'y' })).deleted, true);
		const back = await ann.ok('PATCH', path, { deleted: false });
		assert.deepEqual([back.deleted, back.title, back.position], [undefined, 'y', place(0)]);
	});
});

test('positions: first unless told, dense per parent, renumbered silently', async () => {
	const ann = await box.user();
	const a = await ann.add('a');
	await advance(5);
	const b = await ann.add('b');
	const c = await ann.add('c', {}, { previous: b.id });
	const d = await ann.add('d', {}, { parent: b.id });
	const rows = Object.fromEntries((await ann.rows()).map((row) => [row.title, row]));
	assert.deepEqual(['b', 'c', 'a'].map((title) => rows[title].position), [0, 1, 2].map(place));
	assert.equal(rows.d.position, place(0));
	assert.deepEqual([rows.a.updated, rows.a.etag], [a.updated, a.etag], 'the others are not touched');
	assert.equal((await ann.rows({ updatedMin: b.updated })).some((row) => row.title === 'a'), false);
	assert.equal(c.position, place(1));
	assert.equal(d.parent, b.id);
});

test('insert: stale neighbours are 404; neighbours of another group are 400', async () => {
	const ann = await box.user();
	const a = await ann.add('a');
	const gone = await ann.add('gone');
	await ann.call('DELETE', `${ann.list}/tasks/${gone.id}`);
	const insert = async (query) => reasonOf(await ann.call('POST',
		`${ann.list}/tasks?${new URLSearchParams(query)}`, { title: 'x' }));
	for (const id of [gone.id, 'AAAAAAAAAAAAAAAAAAAAAA'])
		for (const name of ['parent', 'previous'])
			assert.deepEqual(await insert({ [name]: id }), [404, 'notFound']);
	assert.deepEqual(await insert({ parent: a.id, previous: a.id }), [400, 'badRequest']);
});

test('move: without parent to the top, without previous to the front; constraints are 400', async () => {
	const ann = await box.user();
	const [c, b, a] = [await ann.add('c'), await ann.add('b'), await ann.add('a')];
	const move = (task, query = {}) => ann.call('POST',
		`${ann.list}/tasks/${task.id}/move?${new URLSearchParams(query)}`);
	const moved = await move(a, { parent: c.id });
	assert.deepEqual([moved.json.parent, moved.json.position], [c.id, place(0)]);
	assert.equal((await move(b, { parent: c.id, previous: a.id })).json.position, place(1));
	assert.equal('parent' in (await move(a)).json, false, 'promoted');
	const order = (await ann.rows()).filter((row) => !row.parent)
		.sort((x, y) => (x.position < y.position ? -1 : 1)).map((row) => row.title);
	assert.deepEqual(order, ['a', 'c']);
	for (const [task, query] of [[c, { parent: 'AAAAAAAAAAAAAAAAAAAAAA' }], [c, { parent: b.id }],
		[c, { parent: c.id }], [c, { previous: c.id }], [c, { previous: b.id }],
		[c, { previous: 'AAAAAAAAAAAAAAAAAAAAAA' }]])
		assert.deepEqual(reasonOf(await move(task, query)), [400, 'badRequest'], JSON.stringify(query));
	assert.deepEqual(reasonOf(await move({ id: 'AAAAAAAAAAAAAAAAAAAAAA' })), [404, 'notFound']);
	await ann.edit(edit('task_complete', { id: a.id }));
	assert.equal((await move(c, { parent: a.id })).status, 400, 'hidden ones are no parents');
	assert.equal((await move(a, { previous: c.id })).status, 400, 'nor do they go behind something');
	assert.equal((await move(a)).status, 200);
	assert.equal((await ann.call('POST', `${ann.list}/tasks/${b.id}/move`, '',
		{ 'content-length': '0' })).status, 200);
});

test('deeper nesting is tolerated, or refused', async () => {
	const ann = await box.user();
	const a = await ann.add('a');
	const b = await ann.add('b', {}, { parent: a.id });
	const c = await ann.add('c', {}, { parent: b.id });
	assert.equal(c.parent, b.id);
	await withSwitches({ max_depth: 1 }, async () => {
		assert.equal((await ann.call('POST', `${ann.list}/tasks?parent=${b.id}`, {})).status, 400);
		const top = await ann.add('top');
		assert.equal((await ann.call('POST', `${ann.list}/tasks/${a.id}/move?parent=${top.id}`)).status, 400);
	});
});

async function twoLists() {
	const ann = await box.user();
	const { id } = await ann.ok('POST', '/tasks/v1/users/@me/lists', { title: 'Other' });
	const other = `/tasks/v1/lists/${id}`;
	const parent = await ann.add('parent');
	const child = await ann.add('child', {}, { parent: parent.id });
	const go = () => ann.ok('POST', `${ann.list}/tasks/${parent.id}/move?destinationTasklist=${id}`);
	const rows = async (list) => ((await ann.ok('GET', `${list}/tasks?showDeleted=true`)).items)
		.map((row) => [row.title, row.deleted, row.parent]).sort();
	return { ann, other, parent, child, go, here: () => rows(ann.list), there: () => rows(other) };
}

test('move across lists: subtasks travel, are promoted or stay behind; with or without a tombstone',
	async () => {
		const plain = await twoLists();
		await advance(1);
		const moved = await plain.go();
		assert.equal(moved.id, plain.parent.id);
		assert.notEqual(moved.updated, plain.parent.updated);
		assert.deepEqual([await plain.here(), await plain.there()], [[],
			[['child', undefined, moved.id], ['parent', undefined, undefined]]]);
		await withSwitches({ move_bumps_children: false }, async () => {
			const { ann, go, there, child } = await twoLists();
			await advance(1);
			const { updated } = await go();
			assert.equal((await there()).length, 2);
			const rows = await ann.ok('GET', `${(await ann.state()).items.map((item) =>
				`/tasks/v1/lists/${item.list_id}/tasks`)[0]}?updatedMin=${updated}`);
			assert.equal(rows.items.some(({ id }) => id === child.id), false, 'not seen incrementally');
		});
		await withSwitches({ move_takes_children: 'promote', move_leaves_tombstone: true }, async () => {
			const { go, here, there } = await twoLists();
			await go();
			assert.deepEqual([await here(), await there()],
				[[['child', undefined, undefined], ['parent', true, undefined]],
					[['parent', undefined, undefined]]]);
		});
		await withSwitches({ move_takes_children: 'orphan', move_bumps_updated: false }, async () => {
			const { go, here, parent } = await twoLists();
			await advance(1);
			assert.equal((await go()).updated, parent.updated);
			assert.deepEqual(await here(), [['child', undefined, parent.id]]);
		});
	});

test('repeating and assigned tasks: no nesting, no other list, no notes from Docs', async () => {
	const ann = await box.user();
	const plain = await ann.add('plain');
	const { r, d } = await ann.edit(edit('task_add', { title: 'water' }, 'r'),
		edit('task_repeat', { id: 'r', every_days: 7 }), edit('task_assign', { title: 'review' }, 'd'));
	const move = (id, query) => ann.call('POST', `${ann.list}/tasks/${id}/move?${new URLSearchParams(query)}`);
	for (const id of [r, d]) {
		assert.equal((await move(id, { parent: plain.id })).status, 400);
		assert.equal((await move(plain.id, { parent: id })).status, 400);
	}
	const { id: other } = await ann.ok('POST', '/tasks/v1/users/@me/lists', { title: 'Other' });
	assert.equal((await move(r, { destinationTasklist: other })).status, 400);
	assert.equal((await ann.call('PATCH', `${ann.list}/tasks/${d}`, { notes: 'n' })).status, 400);
	await withSwitches({ assigned_notes_status: 403 }, async () =>
		assert.deepEqual(reasonOf(await ann.call('PATCH', `${ann.list}/tasks/${d}`, { notes: 'n' })),
			[403, 'forbidden']));
	assert.deepEqual((await ann.titles()).sort(), ['plain', 'water']);
	const [row] = (await ann.rows({ showAssigned: true })).filter((one) => one.assignmentInfo);
	assert.equal(row.assignmentInfo.surfaceType, 'DOCUMENT');
	assert.equal((await ann.ok('PATCH', `${ann.list}/tasks/${d}`, { deleted: true })).deleted, undefined);
	await ann.call('DELETE', `${ann.list}/tasks/${d}`);
	assert.equal((await ann.state()).originals[0].deleted, true, 'the original goes with it');
});

test('clear hides what is completed and deletes nothing', async () => {
	const ann = await box.user();
	const { id } = await ann.add('done', { status: 'completed' });
	await ann.add('open');
	const before = await ann.get(id);
	await advance(1);
	assert.equal((await ann.call('POST', `${ann.list}/clear`)).status, 204);
	assert.deepEqual(await ann.titles(), ['open']);
	const hidden = await ann.get(id);
	assert.equal(hidden.hidden, true);
	assert.notEqual(hidden.updated, before.updated);
	await withSwitches({ clear_bumps_updated: false }, async () => {
		const task = await ann.add('more', { status: 'completed' });
		await advance(1);
		await ann.call('POST', `${ann.list}/clear`);
		assert.equal((await ann.get(task.id)).updated, task.updated);
	});
});

test('etags: If-Match on PATCH, PUT and DELETE; If-None-Match; each way of the switches', async () => {
	const ann = await box.user();
	const task = await ann.add('x');
	const path = `${ann.list}/tasks/${task.id}`;
	const stale = { 'if-match': '"stale"' };
	for (const [method, body] of [['PATCH', { title: 'y' }], ['PUT', { title: 'y' }], ['DELETE']]) {
		const answer = await ann.call(method, path, body, stale);
		assert.deepEqual(reasonOf(answer), [412, 'conditionNotMet']);
		assert.equal(answer.json.error.errors[0].location, 'If-Match');
	}
	assert.equal((await ann.call('POST', `${path}/move`, '', stale)).status, 200);
	assert.equal((await ann.call('GET', path, undefined, { 'if-none-match': task.etag })).status, 200);
	await withSwitches({ if_match: 'conflict', if_match_on_move: true, if_none_match: '304' }, async () => {
		assert.deepEqual(reasonOf(await ann.call('PATCH', path, {}, stale)), [409, 'conflict']);
		assert.equal((await ann.call('POST', `${path}/move`, '', stale)).status, 409);
		await box.control('POST', 'config', { if_match_on_clear: true });
		assert.equal((await ann.call('POST', `${ann.list}/clear`, '', stale)).status, 409);
		await box.control('POST', 'config', { if_match_on_clear: false });
		const { etag } = await ann.get(task.id);
		assert.equal((await ann.call('GET', path, undefined, { 'if-none-match': etag })).status, 304);
	});
	assert.equal((await ann.call('POST', `${ann.list}/clear`, '', stale)).status, 204);
	assert.equal((await ann.call('PATCH', path, { title: 'b', etag: '"stale"' })).status, 200);
	await withSwitches({ body_etag: 'enforce' }, async () =>
		assert.equal((await ann.call('PATCH', path, { title: 'c', etag: '"stale"' })).status, 412));
	await withSwitches({ if_match: 'ignore' }, async () =>
		assert.equal((await ann.call('PATCH', path, { title: 'z' }, stale)).status, 200));
	assert.equal((await ann.call('PATCH', path, { title: 'a' }, { 'if-match': '*' })).status, 200);
});

test('what bumps a list: structure, not notes or due', async () => {
	const ann = await box.user();
	const list = async () => (await ann.ok('GET', `/tasks/v1/users/@me/lists/@default`)).updated;
	const { id } = await ann.add('x');
	const path = `${ann.list}/tasks/${id}`;
	const bumps = async (act) => {
		const before = await list();
		await advance(1);
		await act();
		return (await list()) !== before;
	};
	const quiet = [() => ann.ok('PATCH', path, { notes: 'n' }),
		() => ann.ok('PATCH', path, { due: '2026-10-02T00:00:00Z' }),
		() => ann.edit(edit('task_update', { id, notes: 'm' }))];
	for (const act of quiet)
		assert.equal(await bumps(act), false);
	const loud = [() => ann.ok('PATCH', path, { title: 'y' }), () => ann.ok('POST', `${path}/move`),
		() => ann.ok('PATCH', path, { status: 'completed' }), () => ann.add('z'),
		() => ann.call('DELETE', path)];
	for (const act of loud)
		assert.equal(await bumps(act), true);
	await withSwitches({ list_bumps: 'all' }, async () => {
		const { id: other } = await ann.add('w');
		assert.equal(await bumps(() => ann.edit(edit('task_update', { id: other, notes: 'm' }))), true);
	});
});

test('lengths, white space and unknown members', async () => {
	const ann = await box.user();
	const insert = (body) => ann.call('POST', `${ann.list}/tasks`, body);
	assert.equal((await insert({ title: 'x'.repeat(1024), notes: 'n'.repeat(8192) })).status, 200);
	assert.equal((await insert({ title: 'x'.repeat(1025) })).status, 400);
	assert.equal((await insert({ notes: 'n'.repeat(8193) })).status, 400);
	assert.equal((await insert({ title: '🍝'.repeat(513) })).status, 400, 'UTF-16 units');
	assert.equal((await insert({ titel: 'x' })).status, 400);
	assert.equal((await insert({ title: ' a\nb ' })).json.title, ' a\nb ');
	await withSwitches({ over_length: 'truncate', unknown_members: 'ignore', title_whitespace: 'spaces' },
		async () => {
			assert.equal((await insert({ title: 'x'.repeat(2000) })).json.title.length, 1024);
			assert.equal((await insert({ title: `${'x'.repeat(1023)}🍝` })).json.title.length, 1023);
			assert.equal((await insert({ titel: 'x' })).status, 200);
			assert.equal((await insert({ title: ' a\nb ' })).json.title, 'a b');
		});
	assert.equal((await insert({ title: 'a\u0007\tb' })).json.title, 'a\u0007\tb');
	await withSwitches({ control_chars: 'drop' }, async () =>
		assert.equal((await insert({ title: 'a\u0007\tb' })).json.title, 'a\tb'));
	await withSwitches({ control_chars: 'reject' }, async () =>
		assert.equal((await insert({ notes: 'a\u0007' })).status, 400));
	await withSwitches({ length_unit: 'codepoints', title_whitespace: 'trim' }, async () => {
		assert.equal((await insert({ title: '🍝'.repeat(1024) })).status, 200);
		assert.equal((await insert({ title: ' a\nb ' })).json.title, 'a\nb');
	});
	await withSwitches({ empty_due: 'clear', hidden_writable: 'never', reopen_needs_null: true },
		async () => {
			assert.equal((await insert({ due: '' })).status, 200);
			const { json: task } = await insert({ status: 'completed', hidden: true });
			assert.equal(task.hidden, undefined);
			const path = `${ann.list}/tasks/${task.id}`;
			assert.equal((await ann.ok('PATCH', path, { status: 'needsAction' })).status, 'completed');
			assert.equal((await ann.ok('PATCH', path, { status: 'needsAction', completed: null })).status,
				'needsAction');
		});
	await withSwitches({ hidden_writable: 'always' }, async () => {
		const { id } = await ann.add('x', { status: 'completed' });
		assert.equal((await ann.ok('PATCH', `${ann.list}/tasks/${id}`, { hidden: true })).hidden, true);
	});
});

test('`updated`: milliseconds or whole seconds; the etag on a clock of its own; idle patches', async () => {
	const ann = await box.user();
	await box.stopClock('2026-12-01T10:00:00.789Z');
	const task = await ann.add('x');
	assert.equal(task.updated, '2026-12-01T10:00:00.789Z');
	await withSwitches({ updated: 'seconds', etag_skew: true, noop_bumps_updated: false }, async () => {
		const other = await ann.add('y');
		assert.equal(other.updated, '2026-12-01T10:00:00.000Z');
		assert.notEqual(other.etag, task.etag);
		await advance(1);
		assert.equal((await ann.ok('PATCH', `${ann.list}/tasks/${other.id}`, { title: 'y' })).etag,
			other.etag);
	});
	await box.stopClock();
});

test('unknown ids: 404, or 400 as was seen; what is no id is 400', async () => {
	const ann = await box.user();
	const ask = async (path) => {
		const answer = await ann.call('GET', path);
		return [answer.status, answer.json.error.message];
	};
	const [list, task] = ['/tasks/v1/lists/AAAAAAAAAAAAAAAAAAAAAA/tasks',
		`${ann.list}/tasks/AAAAAAAAAAAAAAAAAAAAAA`];
	assert.deepEqual([await ask(list), await ask(task)], [[404, 'Not Found'], [404, 'Not Found']]);
	assert.deepEqual(await ask('/tasks/v1/lists/x/tasks'), [400, 'Invalid task list ID']);
	assert.deepEqual(await ask(`${ann.list}/tasks/x`), [400, 'Invalid task ID']);
	await withSwitches({ unknown_list: 400, unknown_task: 400 }, async () =>
		assert.deepEqual([await ask(list), await ask(task)],
			[[400, 'Invalid task list ID'], [400, 'Invalid task ID']]));
	assert.equal((await ann.call('GET', '/tasks/v1/nothing')).status, 404);
});

test('lists: deleted with their tasks; the default list not, or with a successor', async () => {
	const ann = await box.user();
	const { id } = await ann.ok('POST', '/tasks/v1/users/@me/lists', { title: 'x' });
	await ann.ok('POST', `/tasks/v1/lists/${id}/tasks`, { title: 't' });
	const { a } = await ann.edit(edit('task_assign', { title: 'a', list_id: id, surface: 'SPACE' }, 'a'));
	assert.equal((await ann.call('DELETE', `/tasks/v1/users/@me/lists/${id}`)).status, 204);
	assert.equal((await ann.call('GET', `/tasks/v1/lists/${id}/tasks`)).status, 404);
	assert.deepEqual((await ann.state()).originals.map((one) => [one.id, one.deleted]), [[a, true]]);
	assert.deepEqual(reasonOf(await ann.call('DELETE', '/tasks/v1/users/@me/lists/@default')), [400, 'invalid']);
	await withSwitches({ default_list_delete: 'allow', empty_status: 200 }, async () => {
		assert.equal((await ann.call('DELETE', '/tasks/v1/users/@me/lists/@default')).status, 200);
		assert.equal((await ann.ok('GET', '/tasks/v1/users/@me/lists')).items.length, 1);
	});
});
