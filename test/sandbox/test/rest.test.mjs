// What the official client does not reach on REST: history, activity, filters, old ids.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { add, command, sandbox } from './helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

test('a task that was just closed is still found by its id, but not listed', async () => {
	const ann = await box.user();
	const { t } = await ann.run(add('x'));
	assert.equal((await ann.call('POST', `/api/v1/tasks/${t}/close`)).text, 'null');
	const one = await ann.call('GET', `/api/v1/tasks/${t}`);
	assert.deepEqual([one.status, one.json.checked], [200, true]);
	assert.deepEqual((await ann.call('GET', '/api/v1/tasks')).json.results, []);
	await ann.call('POST', `/api/v1/tasks/${t}/reopen`);
	assert.equal((await ann.item(t)).checked, false);
	await ann.call('DELETE', `/api/v1/tasks/${t}`);
	assert.equal((await ann.call('GET', `/api/v1/tasks/${t}`)).status, 404);
});

test('a repeated POST makes a second task, X-Request-Id or not; a repeated close advances twice', async () => {
	const ann = await box.user();
	const headers = { 'x-request-id': 'same' };
	const body = { content: 'twice', due_string: 'every day' };
	const [a, b] = [await ann.call('POST', '/api/v1/tasks', body, headers),
		await ann.call('POST', '/api/v1/tasks', body, headers)];
	assert.notEqual(a.json.id, b.json.id);
	const first = Date.parse(a.json.due.date);
	for (let i = 0; i < 2; i++)
		await ann.call('POST', `/api/v1/tasks/${a.json.id}/close`);
	assert.equal(Date.parse((await ann.item(a.json.id)).due.date) - first, 2 * 86400000);
});

test('completed lists omit recurring completions, the activity log has them', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('plain', {}, 'a'), add('again', { due: { string: 'every day' } }, 'b'),
		command('item_close', { id: 'a' }), command('item_close', { id: 'b' }));
	const window = `since=${new Date(Date.now() - 864e5).toISOString()}`
		+ `&until=${new Date(Date.now() + 864e5).toISOString()}`;
	const list = await ann.call('GET', `/api/v1/tasks/completed/by_completion_date?${window}`);
	assert.deepEqual(list.json.items.map((item) => item.id), [ids.a]);
	assert.equal('results' in list.json, false);
	const types = encodeURIComponent('["item:completed"]');
	const log = await ann.call('GET', `/api/v1/activities?object_event_types=${types}`);
	assert.deepEqual(log.json.results.map((event) => event.object_id).sort(), [ids.a, ids.b].sort());
	const long = 'since=2026-01-01T00:00:00Z&until=2026-06-01T00:00:00Z';
	assert.equal((await ann.call('GET',
		`/api/v1/tasks/completed/by_completion_date?${long}`)).status, 400);
	assert.equal((await ann.call('GET', '/api/v1/tasks/completed/by_due_date')).status, 400);
});

test('due_string with due_date keeps a recurrence, "no date" clears', async () => {
	const ann = await box.user();
	const { t } = await ann.run(add('x', { due: { string: 'every week' } }));
	const post = async (body) => (await ann.call('POST', `/api/v1/tasks/${t}`, body)).json.due;
	const kept = await post({ due_string: 'every week', due_date: '2027-01-04' });
	assert.deepEqual([kept.is_recurring, kept.date], [true, '2027-01-04']);
	assert.equal((await post({ due_date: '2027-01-05' })).is_recurring, false);
	assert.equal(await post({ due_string: 'no date' }), null);
	const both = await ann.call('POST', `/api/v1/tasks/${t}`,
		{ due_date: '2027-01-05', due_datetime: '2027-01-05T10:00:00Z' });
	assert.equal(both.status, 400);
});

test('filters, ids and quick add', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('urgent', { priority: 4, labels: ['home'] }, 'a'),
		add('late', { due: { string: 'yesterday' } }, 'b'), add('now', { due: { string: 'today' } }, 'c'));
	const names = async (path) =>
		(await ann.call('GET', path)).json.results.map((item) => item.content).sort();
	const filter = (query) => names(`/api/v1/tasks/filter?query=${encodeURIComponent(query)}`);
	assert.deepEqual(await filter('p1 & @home'), ['urgent']);
	assert.deepEqual(await filter('today | overdue'), ['late', 'now']);
	assert.deepEqual(await filter('!(today | overdue)'), ['urgent']);
	assert.equal((await ann.call('GET', '/api/v1/tasks/filter?query=frob')).status, 400);
	assert.deepEqual(await names(`/api/v1/tasks?ids=${ids.a},${ids.c}`), ['now', 'urgent']);
	const quick = (await ann.call('POST', '/api/v1/tasks/quick',
		{ text: 'Call Bob tomorrow at 9 p2 @phone' })).json;
	assert.deepEqual([quick.content, quick.priority, quick.labels, quick.due.date.slice(10)],
		['Call Bob', 3, ['phone'], 'T09:00:00']);
});

test('labels on REST have order and no tombstone; on sync item_order', async () => {
	const ann = await box.user();
	const made = (await ann.call('POST', '/api/v1/labels', { name: 'Food', order: 3 })).json;
	assert.deepEqual([made.order, 'item_order' in made, 'is_deleted' in made], [3, false, false]);
	const [label] = (await ann.read(['labels'])).labels;
	assert.deepEqual([label.item_order, 'order' in label, label.is_deleted], [3, false, false]);
	await ann.run(add('x', { labels: ['Food', 'shared'] }));
	const shared = await ann.call('GET', '/api/v1/labels/shared?omit_personal=true');
	assert.deepEqual(shared.json.results, ['shared']);
	await ann.call('POST', '/api/v1/labels/shared/rename', { name: 'shared', new_name: 'ours' });
	await ann.call('POST', '/api/v1/labels/shared/remove', { name: 'Food' });
	assert.deepEqual((await ann.read()).items[0].labels, ['ours']);
});

test('old numeric ids translate both ways', async () => {
	const ann = await box.user();
	const { t } = await ann.run(add('x'));
	const [pair] = (await ann.call('GET', `/api/v1/id_mappings/tasks/${t}`)).json;
	assert.equal(pair.new_id, t);
	assert.match(pair.old_id, /^\d+$/);
	assert.deepEqual((await ann.call('GET', `/api/v1/id_mappings/tasks/${pair.old_id}`)).json, [pair]);
	assert.deepEqual((await ann.call('GET', '/api/v1/id_mappings/tasks/123')).json, []);
});

test('an object can get another id; moved_ids tells', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('parent', {}, 'a'), add('child', { parent_id: 'a' }, 'b'));
	const start = await ann.read();
	const { new_id: id } = await box.control('POST', 'reidentify', { token: ann.token, id: ids.a });
	const delta = await ann.read(['items'], start.sync_token);
	const rows = Object.fromEntries(delta.items.map((item) => [item.id, item]));
	assert.equal(rows[ids.a].is_deleted, true);
	assert.equal(rows[id].content, 'parent');
	assert.equal(rows[ids.b].parent_id, id);
	assert.deepEqual((await ann.call('GET', `/api/v1/moved_ids/tasks?old_ids=${ids.a},x`)).json,
		[{ old_id: ids.a, new_id: id }]);
});
