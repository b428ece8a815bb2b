// Values and versions: what may be written, how it reads back, and what differs between versions.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { OLDER, plain, sandbox, text, titled } from './notion-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(() => box.control('POST', 'config', { rate_limit: null }));

const config = (values) => box.control('POST', 'config', values);

async function setUp(seeded = {}) {
	const ann = await box.workspace(seeded);
	const id = await ann.row({ Name: 'one' });
	return { ann, id, patch: (properties) =>
		ann.call('PATCH', `pages/${id}`, { properties }) };
}

test('authorization and version are demanded; every answer carries its request id', async () => {
	const { ann, id } = await setUp();
	assert.equal((await box.raw(undefined, 'GET', 'users/me')).status, 401);
	const bare = await box.call(ann.token, 'GET', '/v1/users/me');
	assert.deepEqual([bare.status, bare.json.code], [400, 'missing_version']);
	assert.equal((await ann.call('GET', 'users/me', undefined, { 'notion-version': '2022-06-28' }))
		.status, 400);
	for (const answer of [await ann.call('GET', `pages/${id}`), await ann.call('GET', 'pages/x'), bare,
		await ann.call('GET', 'nowhere')])
		assert.equal(answer.json.request_id, answer.headers.get('x-notion-request-id'));
	assert.equal((await ann.call('GET', 'nowhere')).json.code, 'invalid_request_url');
	assert.equal((await ann.call('POST', 'pages', '{', { 'content-type': 'application/json' })).json.code,
		'invalid_json');
});

test('versions: archived and in_trash, after and position, markdown', async () => {
	const { ann, id } = await setUp();
	const old = { 'notion-version': OLDER };
	assert.deepEqual([(await ann.call('GET', `pages/${id}`)).json.archived,
		(await ann.call('GET', `pages/${id}`, undefined, old)).json.archived], [undefined, false]);
	assert.equal((await ann.call('PATCH', `pages/${id}`, { archived: true })).status, 400);
	assert.equal((await ann.call('PATCH', `pages/${id}`, { archived: true }, old)).json.in_trash, true);
	await ann.call('PATCH', `pages/${id}`, { in_trash: false });
	const block = (content) => ({ paragraph: { rich_text: text(content) } });
	const append = (body, headers) => ann.call('PATCH', `blocks/${id}/children`, body, headers);
	const { json: { results: [first] } } = await append({ children: [block('a'), block('c')] });
	assert.equal((await append({ children: [block('b')], after: first.id })).status, 400);
	assert.equal((await append({ children: [block('b')], after: first.id }, old)).status, 200);
	assert.equal((await append({ children: [block('0')], position: { type: 'start' } }, old)).status, 400);
	await append({ children: [block('0')], position: { type: 'start' } });
	await append({ children: [block('A')], position: { type: 'after_block',
		after_block: { id: first.id } } });
	const { json: { markdown } } = await ann.call('GET', `pages/${id}/markdown`);
	assert.equal(markdown, '0\na\nA\nb\nc');
	assert.equal((await ann.call('GET', `pages/${id}/markdown`, undefined, old)).status, 400);
});

test('rich text: 2000 UTF-16 units, 100 elements, neighbours merge on reading', async () => {
	const { patch } = await setUp();
	const write = (elements) => patch({ Description: { rich_text: elements } });
	assert.equal((await write(text('x'.repeat(2000)))).status, 200);
	assert.equal((await write(text('😀'.repeat(1000)))).status, 200);
	const long = await write(text('😀'.repeat(1000) + 'x'));
	assert.equal(long.json.code, 'validation_error');
	assert.match(long.json.message, /text\.content\.length should be ≤ `2000`, instead was `2001`/);
	const hundred = Array.from({ length: 100 }, () => text('ab')[0]);
	const read = (await write(hundred)).json.properties.Description.rich_text;
	assert.deepEqual([read.length, plain(read)], [1, 'ab'.repeat(100)]);
	assert.equal((await write([...hundred, ...text('c')])).status, 400);
	const mixed = (await write([{ text: { content: 'a' }, annotations: { bold: true } },
		{ text: { content: '' } }, { text: { content: 'b', link: { url: 'https://example.com' } } },
		{ text: { content: 'c' } }])).json.properties.Description.rich_text;
	assert.deepEqual(mixed.map((one) => [one.plain_text, one.annotations.bold, one.href]),
		[['a', true, null], ['b', false, 'https://example.com/'], ['c', false, null]]);
	assert.deepEqual((await write([])).json.properties.Description.rich_text, []);
});

test('property ids: encoded in answers, every form in bodies, encoded once in paths', async () => {
	const { ann, id, patch } = await setUp();
	const { Due: { id: due } } = (await ann.call('GET', `pages/${id}`)).json.properties;
	const { Name } = (await ann.call('GET', `pages/${id}`)).json.properties;
	assert.equal(Name.id, 'title');
	assert.notEqual(decodeURIComponent(due), due);
	for (const key of ['Due', due, decodeURIComponent(due)])
		assert.equal((await patch({ [key]: { date: null } })).status, 200, key);
	assert.equal((await patch({ title: { title: text('by id') } })).status, 200);
	await config({ body_property_ids: 'decoded' });
	assert.equal((await patch({ [due]: { date: null } })).status, 400);
	await config({ body_property_ids: 'encoded' });
	assert.equal((await patch({ [decodeURIComponent(due)]: { date: null } })).status, 400);
	assert.equal((await patch({ [due]: { date: null } })).status, 200);
	await config({ body_property_ids: 'both' });
	assert.equal((await ann.call('GET', `pages/${id}/properties/${due}`)).json.type, 'date');
	const twice = await ann.call('GET', `pages/${id}/properties/${encodeURIComponent(due)}`);
	assert.match(twice.json.message, /is not a property that exists/);
	for (const name of ['filter_properties', 'filter_properties[]']) {
		const { properties } = (await ann.call('GET', `pages/${id}?${name}=${due}&${name}=title`)).json;
		assert.deepEqual(Object.keys(properties).sort(), ['Due', 'Name']);
		assert.equal((await ann.call('GET', `pages/${id}?${name}=${encodeURIComponent(due)}`)).status, 400);
	}
});

test('unknown and read-only properties, wrong types, null as a whole', async () => {
	const { patch } = await setUp({ extra: true });
	assert.equal((await patch({ Nope: { checkbox: true } })).status, 400);
	await config({ unknown_property: 'ignore' });
	assert.equal((await patch({ Nope: { checkbox: true } })).status, 200);
	await config({ unknown_property: 'reject' });
	for (const [name, type] of [['Created', 'created_time'], ['Edited', 'last_edited_time'],
		['Author', 'created_by'], ['Editor', 'last_edited_by'], ['Number', 'unique_id'],
		['Length', 'formula'], ['Count', 'rollup']])
		assert.match((await patch({ [name]: { [type]: null } })).json.message, /read-only/, name);
	assert.match((await patch({ Effort: { checkbox: true } })).json.message, /expected to be number/);
	assert.equal((await patch({ Effort: null })).status, 400);
	const fine = await patch({ Effort: { number: 2.5 }, Link: { url: 'https://example.com' },
		Contact: { email: 'a@example.com' }, Phone: { phone_number: '+1' } });
	assert.deepEqual([fine.json.properties.Effort.number, fine.json.properties.Phone.phone_number],
		[2.5, '+1']);
	assert.equal((await patch({ Phone: { phone_number: '1'.repeat(201) } })).status, 400);
	// All or nothing.
	await patch({ Effort: { number: 9 }, Nope: { checkbox: true } });
	assert.equal((await patch({})).json.properties.Effort.number, 2.5);
});

test('options: ids and names without case, new select options, none for a status', async () => {
	const { ann, patch } = await setUp();
	const schema = async () =>
		(await ann.call('GET', `data_sources/${ann.data_source_id}`)).json.properties;
	const before_ = await schema();
	const [low] = before_.Priority.select.options;
	const read = async (value) => (await patch({ Priority: { select: value } })).json;
	assert.equal((await read({ id: low.id })).properties.Priority.select.name, 'Low');
	assert.equal((await read({ name: 'lOW' })).properties.Priority.select.id, low.id);
	assert.equal('description' in (await read({ name: 'low' })).properties.Priority.select, false);
	assert.equal((await read({ name: 'Some day' })).properties.Priority.select.name, 'Some day');
	assert.equal((await schema()).Priority.select.options.length, 5);
	assert.match((await read({ name: 'a, b' })).message, /commas/);
	assert.match((await read({ id: low.id, color: 'pink' })).message, /color/);
	assert.match((await read({})).message, /\.id should be defined, instead was `undefined`/);
	await config({ select_options: 'reject' });
	assert.equal((await read({ name: 'Never' })).status, 400);
	await config({ select_options: 'create' });
	// A refused request leaves no option behind.
	await patch({ Priority: { select: { name: 'Ghost' } }, Status: { status: { name: 'Ghost' } } });
	assert.equal((await schema()).Priority.select.options.length, 5);
	const status = async (value) => (await patch({ Status: { status: value } })).json;
	assert.equal((await status({ name: 'DONE' })).properties.Status.status.name, 'Done');
	assert.equal((await status({ name: 'Nope' })).code, 'validation_error');
	assert.equal((await status(null)).properties.Status.status.name, 'Not started');
	await config({ status_null: 'null' });
	assert.equal((await status(null)).properties.Status.status, null);
	await config({ status_null: 'default' });
	const labels = async (list) => (await patch({ Labels: { multi_select: list } })).json;
	await labels([{ name: 'waiting' }, { name: 'food' }]);
	const order = (await patch({})).json.properties.Labels.multi_select.map((one) => one.name);
	assert.deepEqual(order, ['waiting', 'food'], 'replaced, in the order written');
	assert.deepEqual((await labels([])).properties.Labels.multi_select, []);
	const many = Array.from({ length: 101 }, (_, i) => ({ name: `n${i}` }));
	assert.equal((await labels(many)).status, 400);
});

test('dates: days, offsets, zones, ranges, and what is refused', async () => {
	const { patch } = await setUp();
	const due = async (date) => {
		const { json } = await patch({ Due: { date } });
		return json.properties?.Due.date ?? json.status ?? null;
	};
	assert.deepEqual(await due({ start: '2026-09-15' }),
		{ start: '2026-09-15', end: null, time_zone: null });
	assert.equal((await due({ start: '2026-09-15T09:00:00-07:00' })).start,
		'2026-09-15T09:00:00.000-07:00');
	assert.equal((await due({ start: '2026-09-15T09:00:00Z' })).start, '2026-09-15T09:00:00.000+00:00');
	assert.deepEqual(await due({ start: '2026-07-01T09:00:00', time_zone: 'America/Los_Angeles' }),
		{ start: '2026-07-01T09:00:00.000-07:00', end: null, time_zone: 'America/Los_Angeles' });
	assert.equal((await due({ start: '2026-09-15', end: '2026-09-17' })).end, '2026-09-17');
	for (const bad of [{ end: '2026-09-15' }, { start: '2026-02-30' }, { start: 'tomorrow' },
		{ start: '2026-09-15', time_zone: 'Europe/Berlin' },
		{ start: '2026-09-15T09:00:00Z', time_zone: 'Europe/Berlin' },
		{ start: '2026-09-15T09:00:00', time_zone: 'Mars/Base' },
		{ start: '2026-09-15', end: '2026-09-14' }])
		assert.equal(await due(bad), 400, JSON.stringify(bad));
	await config({ date_form: 'utc', date_seconds: 'drop', echo_time_zone: false });
	assert.deepEqual(await due({ start: '2026-07-01T09:00:42', time_zone: 'Europe/Berlin' }),
		{ start: '2026-07-01T07:00:00.000Z', end: null, time_zone: null });
	await config({ date_form: 'offset', date_seconds: 'keep', echo_time_zone: true });
	assert.equal(await due(null), null);
});

test('minutes: floor or nearest; who edited; what moves the time', async () => {
	const { ann, id, patch } = await setUp();
	const at = async (now) => {
		await box.control('POST', 'clock', { now, freeze: true });
		await patch({ Name: { title: text(now) } });
		return (await ann.call('GET', `pages/${id}`)).json;
	};
	const page = await at('2027-01-01T10:00:40Z');
	assert.deepEqual([page.last_edited_time, page.last_edited_by.id, page.created_by.id],
		['2027-01-01T10:00:00.000Z', ann.bot_id, ann.user_id]);
	await config({ rounding: 'nearest' });
	assert.equal((await at('2027-01-01T10:00:40Z')).last_edited_time, '2027-01-01T10:01:00.000Z');
	await config({ rounding: 'floor' });
	assert.equal((await at('2027-01-01T10:00:40Z')).last_edited_time, '2027-01-01T10:00:00.000Z');
	const time = async () => (await ann.call('GET', `pages/${id}`)).json.last_edited_time;
	await box.control('POST', 'clock', { now: '2027-01-01T11:00:00Z', freeze: true });
	const block = { children: [{ paragraph: { rich_text: text('x') } }] };
	await ann.call('PATCH', `blocks/${id}/children`, block);
	assert.equal(await time(), '2027-01-01T10:00:00.000Z', 'a body edit through the API');
	await config({ api_body_edits_bump_time: true });
	await ann.call('PATCH', `blocks/${id}/children`, block);
	assert.equal(await time(), '2027-01-01T11:00:00.000Z');
	await config({ api_body_edits_bump_time: false });
	await box.control('POST', 'clock', { now: '2027-01-01T12:00:00Z', freeze: true });
	await ann.call('POST', 'comments', { parent: { page_id: id }, rich_text: text('hm') });
	assert.equal(await time(), '2027-01-01T11:00:00.000Z', 'a comment');
	await ann.edit({ type: 'body_write', args: { id, markdown: 'by hand' } });
	assert.equal(await time(), '2027-01-01T12:00:00.000Z', "a person's body edit");
	// The switches for what the documentation leaves open.
	await box.control('POST', 'clock', { now: '2027-01-01T13:00:00Z', freeze: true });
	await config({ comments_bump_time: true, archive_bumps_time: true });
	await ann.call('POST', 'comments', { parent: { page_id: id }, rich_text: text('hm') });
	assert.equal(await time(), '2027-01-01T13:00:00.000Z');
	const rename = (property, name) => ann.edit({ type: 'property_rename',
		args: { data_source_id: ann.data_source_id, property, name } });
	await box.control('POST', 'clock', { now: '2027-01-01T14:00:00Z', freeze: true });
	await rename('Due', 'Deadline');
	assert.equal(await time(), '2027-01-01T13:00:00.000Z', 'the schema');
	await ann.call('PATCH', `pages/${id}`, { is_archived: true });
	assert.equal(await time(), '2027-01-01T14:00:00.000Z');
	await config({ schema_edits_bump_time: true });
	await box.control('POST', 'clock', { now: '2027-01-01T15:00:00Z', freeze: true });
	await rename('Deadline', 'Due');
	assert.equal(await time(), '2027-01-01T15:00:00.000Z');
	await config({ comments_bump_time: false, archive_bumps_time: false,
		schema_edits_bump_time: false });
	await box.control('POST', 'clock', { now: Date.now() });
});

test('schema: rename, delete with null, options replaced, rename of an option not done', async () => {
	const { ann, id } = await setUp();
	const path = `data_sources/${ann.data_source_id}`;
	const patch = async (properties) => (await ann.call('PATCH', path, { properties })).json;
	const { Priority, Labels } = (await ann.call('GET', path)).json.properties;
	assert.equal((await patch({ [Priority.id]: { name: 'Weight' } })).properties.Weight.id, Priority.id);
	const [first, second] = Labels.multi_select.options;
	const after_ = (await patch({ Labels: { multi_select: { options: [
		{ id: first.id, name: 'renamed' }, { name: 'fresh' }] } } })).properties.Labels.multi_select;
	assert.deepEqual(after_.options.map((one) => one.name), [first.name, 'fresh']);
	assert.ok(!after_.options.some((one) => one.id === second.id));
	assert.equal('Labels' in (await patch({ Labels: null })).properties, false);
	assert.equal('Labels' in (await ann.call('GET', `pages/${id}`)).json.properties, false);
	const made = await patch({ State: { status: {} }, Key: { rich_text: {} } });
	assert.deepEqual(made.properties.State.status.options.map((one) => one.name),
		['Not started', 'In progress', 'Done']);
	assert.equal(made.properties.Key.type, 'rich_text');
	assert.equal((await patch({ Name: null })).status, 400);
});

test('a new page has defaults; its id is found by the sync id at once', async () => {
	const ann = await box.workspace({ sync_id: true });
	const { json } = await ann.add({ ...titled('x'), 'Sync ID': { rich_text: text('key-1') } });
	assert.deepEqual([json.properties.Status.status.name, json.properties.Due.date,
		json.properties.Labels.multi_select], ['Not started', null, []]);
	const found = await ann.query({ filter: { property: 'Sync ID', rich_text: { equals: 'key-1' } } });
	assert.deepEqual(found.results.map((one) => one.id), [json.id]);
});
