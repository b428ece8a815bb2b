// Lists of tasks and of lists: filters, order, pages, what an incremental reading sees and misses.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { edit, reasonOf, sandbox } from './google-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

const advance = (seconds) => box.control('POST', 'clock', { advance_s: seconds });

// Tasks named one after the other, a second apart.
async function several(ann, ...names) {
	const out = {};
	for (const name of names) {
		out[name] = await ann.add(name);
		await advance(1);
	}
	return out;
}

async function scan(ann, query) {
	const pages = [];
	let pageToken;
	do {
		const page = await ann.ok('GET', `${ann.list}/tasks?${new URLSearchParams(
			{ ...query, ...(pageToken ? { pageToken } : {}) })}`);
		pages.push((page.items ?? []).map((row) => row.title));
		pageToken = page.nextPageToken;
	} while (pageToken);
	return pages;
}

test('newest first, by id where equal; shuffled or by hierarchy on request', async () => {
	const ann = await box.user();
	const made = await several(ann, 'a', 'b', 'c');
	assert.deepEqual(await ann.titles(), ['c', 'b', 'a']);
	await ann.ok('PATCH', `${ann.list}/tasks/${made.a.id}`, { notes: 'n' });
	assert.deepEqual(await ann.titles(), ['a', 'c', 'b']);
	await ann.add('child', {}, { parent: made.b.id });
	await box.withSwitches({ order: 'hierarchy' }, async () => {
		assert.deepEqual(await ann.titles(), ['c', 'b', 'child', 'a']);
		assert.deepEqual(await scan(ann, { maxResults: 3 }), [['c', 'b', 'child'], ['a']]);
	});
	await box.withSwitches({ order: 'shuffled' }, async () => {
		const pages = await scan(ann, { maxResults: 1 });
		assert.deepEqual(pages.flat().sort(), ['a', 'b', 'c', 'child']);
		assert.deepEqual(await ann.titles(), pages.flat(), 'the same order for all pages');
	});
	await box.stopClock('2026-12-01T00:00:00Z');
	const ben = await box.user();
	for (const title of ['x', 'y', 'z'])
		await ben.add(title);
	const ids = (await ben.rows()).map((row) => row.id);
	assert.deepEqual(ids, [...ids].sort());
	assert.equal((await scan(ben, { maxResults: 1 })).length, 3, 'a keyset of time and id');
	await box.stopClock();
});

test('filters: completed, hidden, deleted, assigned', async () => {
	const ann = await box.user();
	const made = await several(ann, 'open', 'done', 'cleared', 'gone');
	await ann.edit(edit('task_complete', { id: made.cleared.id }), edit('task_assign', { title: 'assigned' }));
	await ann.ok('PATCH', `${ann.list}/tasks/${made.done.id}`, { status: 'completed' });
	await ann.call('DELETE', `${ann.list}/tasks/${made.gone.id}`);
	const shown = async (query) => (await ann.titles(query)).sort();
	assert.deepEqual(await shown(), ['done', 'open']);
	assert.deepEqual(await shown({ showCompleted: 'false' }), ['open']);
	assert.deepEqual(await shown({ showHidden: 'true' }), ['cleared', 'done', 'open']);
	assert.deepEqual(await shown({ showHidden: 'true', showCompleted: 'false' }), ['open']);
	assert.deepEqual(await shown({ showDeleted: 'true' }), ['done', 'gone', 'open']);
	assert.deepEqual(await shown({ showAssigned: 'true' }), ['assigned', 'done', 'open']);
	assert.equal((await ann.call('GET', `${ann.list}/tasks?showHidden=yes`)).status, 400);
});

test('updatedMin: from this moment on, or after it; strict about its form', async () => {
	const ann = await box.user();
	const { b } = await several(ann, 'a', 'b', 'c');
	assert.deepEqual(await ann.titles({ updatedMin: b.updated }), ['c', 'b']);
	await box.withSwitches({ updated_min: 'exclusive' }, async () =>
		assert.deepEqual(await ann.titles({ updatedMin: b.updated }), ['c']));
	await box.control('POST', 'patch', { token: ann.token, id: b.id,
		fields: { updated: Date.parse('2026-11-11T11:11:11.400Z') } });
	const within = { updatedMin: '2026-11-11T11:11:11.900Z' };
	assert.equal((await ann.titles(within)).includes('b'), false);
	await box.withSwitches({ updated_min_precision: 'seconds' }, async () =>
		assert.ok((await ann.titles(within)).includes('b')));
	const ask = (text) => ann.call('GET', `${ann.list}/tasks?updatedMin=${text}`);
	for (const bad of ['2026-10-02', '2026-10-02T00:00:00', '2026-10-02T00:00:00+02:00', 'now'])
		assert.deepEqual(reasonOf(await ask(bad)), [400, 'invalidParameter'],
			`${bad} (a bare plus is a space)`);
	assert.equal((await ask('2026-10-02T00:00:00%2B02:00')).status, 200);
});

test('due and completed filters', async () => {
	const ann = await box.user();
	for (const day of ['01', '02', '03'])
		await ann.add(day, { due: `2026-10-${day}T00:00:00Z` });
	await ann.add('none');
	const shown = async (query) => (await ann.titles(query)).sort();
	assert.deepEqual(await shown({ dueMin: '2026-10-02T00:00:00Z' }), ['02', '03']);
	assert.deepEqual(await shown({ dueMax: '2026-10-02T00:00:00Z' }), ['01'], 'exclusive');
	await box.withSwitches({ due_min: 'exclusive' }, async () =>
		assert.deepEqual(await shown({ dueMin: '2026-10-02T00:00:00Z' }), ['03']));
	await ann.add('done', { status: 'completed', completed: '2026-05-05T05:05:05Z' });
	assert.deepEqual(await shown({ completedMin: '2026-05-01T00:00:00Z' }), ['done']);
	assert.deepEqual(await shown({ completedMin: '2026-06-01T00:00:00Z' }), []);
	assert.deepEqual(await shown({ completedMax: '2026-05-01T00:00:00Z' }), []);
	const { id } = await ann.add('far', { due: '2031-01-01T00:00:00Z' });
	assert.ok((await shown()).includes('far'));
	await box.withSwitches({ filter_defaults: '1970-2031' }, async () => {
		assert.equal((await shown()).includes('far'), false);
		assert.ok((await shown()).includes('none'));
		assert.deepEqual(await shown({ dueMin: '2030-01-01T00:00:00Z' }), ['far']);
	});
	await ann.call('DELETE', `${ann.list}/tasks/${id}`);
	await box.withSwitches({ completed_filter: 'keeps_open' }, async () =>
		assert.deepEqual(await shown({ completedMin: '2026-06-01T00:00:00Z' }), ['01', '02', '03', 'none']));
});

test('pages: 20 by default, at most 100, refused at zero; tokens of ours only', async () => {
	const ann = await box.user();
	const { lists: [id] } = await box.control('POST', 'seed', { token: ann.token, tasks: 130, lists: 1 });
	const list = `/tasks/v1/lists/${id}/tasks`;
	const length = async (query) => (await ann.ok('GET', `${list}?${query}`)).items.length;
	assert.deepEqual([await length(''), await length('maxResults=7'), await length('maxResults=5000')],
		[20, 7, 100]);
	for (const bad of ['maxResults=0', 'maxResults=-1', 'maxResults=x', 'pageToken=x', 'pageToken=CIA'])
		assert.equal((await ann.call('GET', `${list}?${bad}`)).status, 400, bad);
	await box.withSwitches({ bad_max_results: 'default' }, async () => {
		assert.deepEqual([await length('maxResults=0'), await length('maxResults=-1')], [20, 20]);
		assert.equal((await ann.call('GET', `${list}?maxResults=x`)).status, 400);
	});
	const first = await ann.ok('GET', `${list}?maxResults=100`);
	assert.match(first.nextPageToken, /^[A-Za-z0-9_-]+$/);
	const last = await ann.ok('GET', `${list}?maxResults=100&pageToken=${first.nextPageToken}`);
	assert.deepEqual([last.items.length, 'nextPageToken' in last], [30, false]);
	await box.withSwitches({ last_page_token: 'empty' }, async () =>
		assert.equal((await ann.ok('GET', `${list}?maxResults=100&pageToken=${first.nextPageToken}`))
			.nextPageToken, ''));
	assert.deepEqual((await ann.ok('GET', `${ann.list}/tasks`)).items, []);
	await box.withSwitches({ empty_items: 'omit' }, async () =>
		assert.equal('items' in await ann.ok('GET', `${ann.list}/tasks`), false));
});

test('a task edited between two pages is missed by this scan and shown by the next', async () => {
	const ann = await box.user();
	const made = await several(ann, 'a', 'b', 'c', 'd');
	await ann.fault({ kind: 'ui_edit', when: 'after', match: { command: 'tasks.list' },
		commands: [edit('task_update', { id: made.a.id, notes: 'edited' })] });
	assert.deepEqual(await scan(ann, { maxResults: 2 }), [['d', 'c'], ['b']]);
	assert.deepEqual(await scan(ann, { maxResults: 2 }), [['a', 'd'], ['c', 'b']]);
});

test('a task deleted between two pages does not shift the others', async () => {
	const ann = await box.user();
	const made = await several(ann, 'a', 'b', 'c', 'd');
	await ann.fault({ kind: 'ui_edit', when: 'after', match: { command: 'tasks.list' },
		commands: [edit('task_delete', { id: made.c.id })] });
	assert.deepEqual(await scan(ann, { maxResults: 2 }), [['d', 'c'], ['b', 'a']]);
});

test('an incremental reading misses reordering, subtasks of deleted tasks and lists that are gone',
	async () => {
		const ann = await box.user();
		const made = await several(ann, 'a', 'b', 'parent');
		await ann.add('child', {}, { parent: made.parent.id });
		await advance(10);
		const since = (await ann.call('GET', `${ann.list}/tasks`)).headers.get('date');
		const updatedMin = new Date(since).toISOString();
		await ann.edit(edit('task_reorder', { ids: [made.a.id, made.b.id] }),
			edit('task_delete', { id: made.parent.id }));
		const rows = await ann.rows({ updatedMin, showDeleted: true, showHidden: true });
		assert.deepEqual(rows.map((row) => [row.title, row.deleted]), [['parent', true]]);
		assert.equal((await ann.get(made.a.id)).position, '0'.repeat(20));
	});

test('the Date header is the stand-in\'s clock', async () => {
	const ann = await box.user();
	await box.stopClock('2027-03-04T05:06:07.800Z');
	const { headers } = await ann.call('GET', `${ann.list}/tasks`);
	assert.equal(headers.get('date'), 'Thu, 04 Mar 2027 05:06:07 GMT');
	await box.stopClock();
});

test('task lists: pages, order, etags of the collection', async () => {
	const ann = await box.user();
	const path = '/tasks/v1/users/@me/lists';
	for (const title of ['b', 'a', 'c']) {
		await advance(1);
		await ann.ok('POST', path, { title });
	}
	const titles = async (query = '') => (await ann.ok('GET', path + query)).items.map((list) => list.title);
	assert.deepEqual(await titles(), ['My Tasks', 'b', 'a', 'c']);
	const first = await ann.ok('GET', `${path}?maxResults=3`);
	assert.deepEqual(await titles(`?pageToken=${first.nextPageToken}`), ['c']);
	await box.withSwitches({ list_order: 'updated' }, async () =>
		assert.deepEqual(await titles(), ['c', 'a', 'b', 'My Tasks']));
	await box.withSwitches({ list_order: 'shuffled' }, async () =>
		assert.deepEqual((await titles()).sort(), ['My Tasks', 'a', 'b', 'c']));
	const list = await ann.ok('GET', `${path}/@default`);
	assert.equal((await ann.ok('GET', `${ann.list}/tasks`)).etag, list.etag,
		'a list of tasks has the etag of its list');
	await box.withSwitches({ tasks_etag: 'per_filter' }, async () => {
		const [one, two, three] = [await ann.ok('GET', `${ann.list}/tasks`),
			await ann.ok('GET', `${ann.list}/tasks?showHidden=true`), await ann.ok('GET', `${ann.list}/tasks`)];
		assert.notEqual(one.etag, two.etag);
		assert.equal(one.etag, three.etag);
	});
});

test('fields: selections of every form; what does not exist is 400', async () => {
	const ann = await box.user();
	await ann.edit(edit('task_assign', { title: 'x' }));
	const ask = (fields) => ann.call('GET',
		`${ann.list}/tasks?showAssigned=true&fields=${encodeURIComponent(fields)}`);
	const keys = async (fields) => Object.keys((await ask(fields)).json.items[0]);
	assert.deepEqual(await keys('items(id,title)'), ['id', 'title']);
	assert.deepEqual(await keys('items/title'), ['title']);
	assert.deepEqual(await keys('items/id,items/status'), ['id', 'status']);
	assert.deepEqual((await ask('items(assignmentInfo/surfaceType)')).json.items,
		[{ assignmentInfo: { surfaceType: 'DOCUMENT' } }]);
	assert.deepEqual(Object.keys((await ask('*')).json).sort(), ['etag', 'items', 'kind']);
	assert.deepEqual((await ask('nextPageToken')).json, {});
	for (const bad of ['items(', 'items(id', 'nonsense', 'items(id)x', 'items/title/x', ','])
		assert.deepEqual(reasonOf(await ask(bad)), [400, 'invalidParameter'], bad);
	const made = await ann.ok('POST', `${ann.list}/tasks?fields=id,etag`, { title: 'y' });
	assert.deepEqual(Object.keys(made), ['id', 'etag']);
	assert.equal((await ann.call('POST', `${ann.list}/tasks?fields=nonsense`, { title: 'never' })).status, 400);
	assert.deepEqual(await ann.titles(), ['y'], 'refused before it was carried out');
});
