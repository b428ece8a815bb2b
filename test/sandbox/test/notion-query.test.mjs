// Queries and search: filters, sorts, cursors, the cap, short pages, lag.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { plain, sandbox, text } from './notion-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(() => box.control('POST', 'config', { rate_limit: null }));

const config = (values) => box.control('POST', 'config', values);
const names = (answer) => answer.results.map((one) => plain(one.properties.Name.title)).sort();

async function filled() {
	const ann = await box.workspace({ extra: true });
	const make = (properties) => ann.row(properties);
	const ids = {
		a: await make({ Name: 'alpha', Status: 'Done', Due: '2026-12-24', Labels: ['food'], Effort: 3 }),
		b: await make({ Name: 'beta', Status: 'In progress', Priority: 'High', Description: 'some text',
			Due: { start: '2026-12-25T10:00:00+02:00' }, Assignee: [ann.user_id] }),
		c: await make({ Name: 'gamma', Labels: ['food', 'phone'] }),
	};
	await ann.edit({ type: 'page_update', args: { id: ids.c, properties: { 'Parent item': [ids.a] } } });
	return { ann, ids, by: async (filter) => names(await ann.query({ filter })) };
}

test('filters on properties', async () => {
	const { ids, by, ann } = await filled();
	const cases = [
		[{ property: 'Name', title: { equals: 'alpha' } }, ['alpha']],
		[{ property: 'title', title: { contains: 'ETA' } }, ['beta']],
		[{ property: 'Description', rich_text: { is_not_empty: true } }, ['beta']],
		[{ property: 'Description', rich_text: { equals: 'some text' } }, ['beta']],
		[{ property: 'Status', status: { equals: 'done' } }, ['alpha']],
		[{ property: 'Status', status: { does_not_equal: ['Done', 'In progress'] } }, ['gamma']],
		[{ property: 'Priority', select: { is_empty: true } }, ['alpha', 'gamma']],
		[{ property: 'Priority', select: { equals: 'High' } }, ['beta']],
		[{ property: 'Labels', multi_select: { contains: 'food' } }, ['alpha', 'gamma']],
		[{ property: 'Labels', multi_select: { does_not_contain: ['phone'] } }, ['alpha', 'beta']],
		[{ property: 'Due', date: { equals: '2026-12-24' } }, ['alpha']],
		[{ property: 'Due', date: { on_or_after: '2026-12-25T08:00:00.000Z' } }, ['beta']],
		[{ property: 'Due', date: { after: '2026-12-25T08:00:00.000Z' } }, []],
		[{ property: 'Due', date: { is_empty: true } }, ['gamma']],
		[{ property: 'Effort', number: { greater_than_or_equal_to: 3 } }, ['alpha']],
		[{ property: 'Assignee', people: { contains: ann.user_id } }, ['beta']],
		[{ property: 'Author', created_by: { contains: 'me' } }, []],
		[{ property: 'Parent item', relation: { contains: ids.a } }, ['gamma']],
		[{ property: 'Sub-item', relation: { is_not_empty: true } }, ['alpha']],
		[{ timestamp: 'created_time', created_time: { past_week: {} } }, ['alpha', 'beta', 'gamma']],
		[{ timestamp: 'last_edited_time', last_edited_time: { before: 'yesterday' } }, []],
		[{ and: [{ property: 'Labels', multi_select: { contains: 'food' } },
			{ or: [{ property: 'Status', status: { equals: 'Done' } },
				{ property: 'Name', title: { equals: 'beta' } }] }] }, ['alpha']],
	];
	for (const [filter, wanted] of cases)
		assert.deepEqual(await by(filter), wanted, JSON.stringify(filter));
});

test('checkbox and select as the mark of being done', async () => {
	const one = await box.workspace({ done: 'checkbox', priority: false });
	await one.row({ Name: 'x', Done: true });
	await one.row({ Name: 'y' });
	assert.deepEqual(names(await one.query({ filter:
		{ property: 'Done', checkbox: { does_not_equal: true } } })), ['y']);
	const two = await box.workspace({ done: 'select' });
	await two.row({ Name: 'x', Stage: 'Done' });
	assert.deepEqual(names(await two.query({ filter:
		{ property: 'Stage', select: { equals: 'Done' } } })), ['x']);
});

test('filters that are refused', async () => {
	const { ann } = await filled();
	const deep = { property: 'Name', title: { is_empty: true } };
	for (const filter of [{ property: 'Nope', title: { equals: 'x' } },
		{ property: 'Status', select: { equals: 'Done' } }, { property: 'Name', title: { like: 'x' } },
		{ property: 'Status', status: { equals: 'Nope' } },
		{ property: 'Due', date: { is_empty: false } },
		{ property: 'Due', date: { on_or_after: 'last tuesday' } },
		{ timestamp: 'last_edited_time', property: 'Due', last_edited_time: { after: '2026-01-01' } },
		{ and: [{ or: [{ and: [deep] }] }] }])
		assert.equal((await ann.query({ filter })).code, 'validation_error', JSON.stringify(filter));
	assert.equal((await ann.query({ page_size: 101 })).code, 'validation_error');
	assert.equal((await ann.query({ in_trash: true })).code, 'validation_error');
	await config({ trash_parameters: 'ignore' });
	assert.equal((await ann.query({ in_trash: true })).results.length, 3);
	await config({ trash_parameters: 'reject' });
});

test('the minute: on_or_after finds an edit of the same minute, after does not', async () => {
	await box.control('POST', 'clock', { now: '2027-03-01T10:13:30Z', freeze: true });
	const ann = await box.workspace();
	await ann.row({ Name: 'x' });
	const by = async (how, when) => (await ann.query({ filter: { timestamp: 'last_edited_time',
		last_edited_time: { [how]: when } } })).results.length;
	assert.equal(await by('on_or_after', '2027-03-01T10:13:00.000Z'), 1);
	assert.equal(await by('after', '2027-03-01T10:13:00.000Z'), 0);
	assert.equal(await by('on_or_after', '2027-03-01T10:13:30.000Z'), 0);
	await box.control('POST', 'clock', { now: Date.now() });
});

test('sorts; cursors belong to their filter and sorts', async () => {
	const ann = await box.workspace({ tasks: 25 });
	const sorts = [{ property: 'Due', direction: 'descending' },
		{ timestamp: 'created_time', direction: 'ascending' }];
	const first = await ann.query({ page_size: 10, sorts });
	assert.deepEqual([first.results.length, first.has_more], [10, true]);
	const second = await ann.query({ page_size: 100, sorts, start_cursor: first.next_cursor });
	assert.deepEqual([second.results.length, second.has_more, second.next_cursor], [15, false, null]);
	const dues = [...first.results, ...second.results].map((one) => one.properties.Due.date?.start)
		.filter(Boolean).map((one) => Date.parse(one));
	assert.deepEqual(dues, [...dues].sort((a, b) => b - a));
	for (const body of [{ start_cursor: first.next_cursor },
		{ start_cursor: first.next_cursor, sorts, filter: { property: 'Due', date: { is_empty: true } } },
		{ start_cursor: '', sorts }])
		assert.equal((await ann.query(body)).code, 'validation_error');
});

test('the cap, short pages, request_status', async () => {
	const ann = await box.workspace({ tasks: 30 });
	assert.equal('request_status' in await ann.query(), false);
	await config({ query_cap: 20 });
	const first = await ann.query({ page_size: 15 });
	const second = await ann.query({ page_size: 15, start_cursor: first.next_cursor });
	for (const page of [first, second])
		assert.deepEqual(page.request_status,
			{ type: 'incomplete', incomplete_reason: 'query_result_limit_reached' });
	assert.deepEqual([first.has_more, second.results.length, second.has_more], [true, 5, false]);
	await config({ query_cap: 10000, short_pages: true, request_status_complete: true });
	const seen = new Set();
	let page = await ann.query({ page_size: 10 });
	const sizes = [page.results.length];
	assert.equal(page.request_status.type, 'complete');
	for (;;) {
		page.results.forEach((row) => seen.add(row.id));
		if (!page.has_more)
			break;
		page = await ann.query({ page_size: 10, start_cursor: page.next_cursor });
		sizes.push(page.results.length);
	}
	assert.equal(seen.size, 30);
	assert.ok(sizes.slice(0, -1).some((size) => size < 10));
	await config({ short_pages: false, request_status_complete: false });
});

test('lag: a query shows rows as they were, a page by its id is up to date', async () => {
	await config({ query_lag_s: 60 });
	const ann = await box.workspace();
	const id = await ann.row({ Name: 'old' });
	const wait = (s) => box.control('POST', 'clock', { advance_s: s });
	assert.deepEqual((await ann.query()).results, []);
	await wait(61);
	assert.deepEqual(names(await ann.query()), ['old']);
	await ann.call('PATCH', `pages/${id}`, { properties: { Name: { title: text('new') } } });
	assert.deepEqual(names(await ann.query()), ['old']);
	assert.equal(plain((await ann.call('GET', `pages/${id}`)).json.properties.Name.title), 'new');
	await wait(61);
	assert.deepEqual(names(await ann.query()), ['new']);
	await ann.call('PATCH', `pages/${id}`, { in_trash: true });
	assert.deepEqual(names(await ann.query()), ['new'], 'still listed');
	await wait(61);
	assert.deepEqual(names(await ann.query()), []);
	await config({ query_lag_s: 0 });
});

test('search: titles only, an index that lags, trash on request', async () => {
	await config({ search_lag_s: 30 });
	const ann = await box.workspace({ title: 'Groceries' });
	const id = await ann.row({ Name: 'apples' });
	const find = async (body) => (await ann.call('POST', 'search', body)).json.results.length;
	assert.equal(await find({ query: 'grocer' }), 0);
	await box.control('POST', 'clock', { advance_s: 31 });
	assert.equal(await find({ query: 'grocer' }), 1);
	assert.equal(await find({ query: 'apple', filter: { property: 'object', value: 'page' } }), 1);
	assert.equal(await find({ query: 'apple',
		filter: { property: 'object', value: 'data_source' } }), 0);
	await ann.call('PATCH', `pages/${id}`, { in_trash: true });
	assert.deepEqual([await find({ query: 'apple' }), await find({ query: 'apple',
		filter: { in_trash: true } })], [0, 1]);
	assert.equal((await ann.call('POST', 'search', { filter: { value: 'database' } })).status, 400);
	await config({ search_lag_s: 0 });
});

test('ten thousand rows are read in a hundred requests and in reasonable time', async () => {
	const ann = await box.workspace({ tasks: 10000 });
	let body = { sorts: [{ timestamp: 'last_edited_time', direction: 'ascending' }] };
	const seen = new Set();
	for (;;) {
		const page = await ann.query(body);
		page.results.forEach((row) => seen.add(row.id));
		if (!page.has_more)
			break;
		body = { ...body, start_cursor: page.next_cursor };
	}
	assert.equal(seen.size, 10000);
	assert.equal((await ann.log()).requests.length, 100);
});
