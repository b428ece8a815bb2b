// Pages: relations, trash and archive, moving, sharing, bodies, blocks.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { plain, sandbox, text, titled } from './notion-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(() => box.control('POST', 'config', { rate_limit: null }));

const config = (values) => box.control('POST', 'config', values);
const ids = (list) => list.map((one) => ({ id: one }));
const properties = async (ann, id) => (await ann.call('GET', `pages/${id}`)).json.properties;
const related = async (ann, id, name) =>
	(await properties(ann, id))[name].relation.map((one) => one.id);

test('a two-way relation: one side written, the other follows; a list is replaced', async () => {
	const ann = await box.workspace();
	const [top, one, two] = [await ann.row({ Name: 'top' }), await ann.row(), await ann.row()];
	const write = (id, name, list) =>
		ann.call('PATCH', `pages/${id}`, { properties: { [name]: { relation: ids(list) } } });
	await write(one, 'Parent item', [top]);
	await write(two, 'Parent item', [top]);
	assert.deepEqual(await related(ann, top, 'Sub-item'), [one, two]);
	await write(top, 'Sub-item', [two]);
	assert.deepEqual(await related(ann, one, 'Parent item'), []);
	// A page in the trash is not seen in the list and comes back with it.
	await ann.call('PATCH', `pages/${two}`, { in_trash: true });
	assert.deepEqual(await related(ann, top, 'Sub-item'), []);
	await write(top, 'Sub-item', [one]);
	await ann.call('PATCH', `pages/${two}`, { in_trash: false });
	assert.deepEqual(await related(ann, top, 'Sub-item'), [one, two]);
	assert.equal((await write(one, 'Parent item', ['00000000-0000-4000-8000-000000000000'])).status, 400);
	assert.equal((await write(one, 'Parent item', ['nonsense'])).status, 400);
});

test('more than 25 references: cut with has_more, whole at the property endpoint', async () => {
	const ann = await box.workspace();
	const top = await ann.row({ Name: 'top' });
	const { temp_id_mapping: map } = await ann.edit(...Array.from({ length: 60 }, (_, i) => ({
		type: 'page_create', temp_id: `t${i}`, args: { data_source_id: ann.data_source_id,
			properties: { Name: `${i}`, 'Parent item': [top] } } })));
	const { 'Sub-item': shown } = await properties(ann, top);
	assert.deepEqual([shown.relation.length, shown.has_more], [25, true]);
	const seen = [];
	let path = `pages/${top}/properties/${shown.id}?page_size=25`;
	for (;;) {
		const { json } = await ann.call('GET', path);
		assert.equal(json.property_item.type, 'relation');
		seen.push(...json.results.map((one) => one.relation.id));
		if (!json.has_more)
			break;
		path = json.property_item.next_url.replace(`${box.url}/v1/`, '');
	}
	assert.deepEqual(seen.sort(), Object.values(map).sort());
	// Writing back what was cut loses the rest: nothing protects from it.
	await ann.call('PATCH', `pages/${top}`, { properties: {
		'Sub-item': { relation: shown.relation } } });
	assert.equal((await properties(ann, top))['Sub-item'].has_more, false);
	const many = ids(Array.from({ length: 101 }, () => Object.values(map)[0]));
	assert.equal((await ann.call('PATCH', `pages/${top}`, { properties: {
		'Sub-item': { relation: many } } })).status, 400);
	const title = await ann.call('GET', `pages/${top}/properties/title`);
	assert.equal(plain(title.json.results.map((one) => one.title)), 'top');
});

test('trash: gone from queries, not editable, restored; purged after 30 days', async () => {
	const ann = await box.workspace();
	const id = await ann.row({ Name: 'x' });
	const patch = (body) => ann.call('PATCH', `pages/${id}`, body);
	assert.equal((await patch({ in_trash: true, properties: titled('last words') })).json.in_trash, true);
	assert.deepEqual((await ann.query()).results, []);
	const refused = await patch({ properties: titled('no') });
	assert.deepEqual([refused.status, refused.json.code], [400, 'validation_error']);
	assert.match(refused.json.message, /Can't edit block that is archived/);
	await config({ trashed_edit: 404 });
	assert.equal((await patch({ properties: titled('no') })).status, 404);
	await config({ trashed_edit: 400 });
	const back = await patch({ in_trash: false, properties: titled('back') });
	assert.deepEqual([back.json.in_trash, plain(back.json.properties.Name.title)], [false, 'back']);
	assert.equal((await ann.call('DELETE', `blocks/${id}`)).json.in_trash, true);
	assert.equal((await ann.call('GET', `pages/${id}`)).json.in_trash, true);
	await box.control('POST', 'clock', { advance_s: 31 * 86400 });
	assert.equal((await ann.call('GET', `pages/${id}`)).json.code, 'object_not_found');
});

test('trash and sub-items: the person takes them along, the API on a switch', async () => {
	const ann = await box.workspace();
	const top = await ann.row();
	const child = await ann.row({ 'Parent item': [top] });
	const grandchild = await ann.row({ 'Parent item': [child] });
	const gone = async () => Promise.all([top, child, grandchild].map(async (id) =>
		(await ann.call('GET', `pages/${id}`)).json.in_trash));
	await ann.call('PATCH', `pages/${top}`, { in_trash: true });
	assert.deepEqual(await gone(), [true, false, false]);
	await ann.call('PATCH', `pages/${top}`, { in_trash: false });
	await ann.edit({ type: 'page_trash', args: { id: top } });
	assert.deepEqual(await gone(), [true, true, true]);
	await ann.edit({ type: 'page_restore', args: { id: top } });
	assert.deepEqual(await gone(), [false, false, false]);
	await config({ trash_cascades_to_subitems: true });
	await ann.call('PATCH', `pages/${top}`, { in_trash: true });
	assert.deepEqual(await gone(), [true, true, true]);
	await config({ trash_cascades_to_subitems: false });
});

test('a trashed database: rows read as in the trash and cannot be edited', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	await ann.edit({ type: 'object_trash', args: { id: ann.database_id } });
	assert.equal((await ann.call('GET', `pages/${id}`)).json.in_trash, true);
	assert.equal((await ann.call('PATCH', `pages/${id}`, { properties: {} })).status, 400);
	assert.equal((await ann.query()).code, 'validation_error');
	assert.equal((await ann.add(titled('x'))).status, 400);
	await ann.edit({ type: 'object_restore', args: { id: ann.database_id } });
	assert.equal((await ann.call('GET', `pages/${id}`)).json.in_trash, false);
});

test('archive is not trash: hidden from queries, found on request, still editable', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	const page = await ann.call('PATCH', `pages/${id}`, { is_archived: true });
	assert.deepEqual([page.json.is_archived, page.json.in_trash], [true, false]);
	assert.deepEqual((await ann.query()).results, []);
	assert.equal((await ann.query({ is_archived: true })).results.length, 1);
	assert.equal((await ann.call('PATCH', `pages/${id}`, { properties: titled('y') })).status, 200);
});

test('moving: values go by name and type, the parent changes, PATCH cannot do it', async () => {
	const ann = await box.workspace();
	const other = await box.control('POST', 'seed', { token: ann.token, tasks: 0, title: 'Other',
		priority: false });
	const id = await ann.row({ Name: 'x', Due: '2026-12-24', Status: 'Done', Labels: ['food'] });
	assert.equal((await ann.call('PATCH', `pages/${id}`,
		{ parent: { data_source_id: other.data_source_id } })).status, 400);
	const moved = (await ann.call('POST', `pages/${id}/move`,
		{ parent: { data_source_id: other.data_source_id } })).json;
	assert.deepEqual([moved.parent.data_source_id, moved.parent.database_id],
		[other.data_source_id, other.database_id]);
	assert.deepEqual([moved.properties.Due.date.start, moved.properties.Status.status.name,
		moved.properties.Labels.multi_select[0].name], ['2026-12-24', 'Done', 'food']);
	assert.notEqual(moved.properties.Due.id, ann.properties.due.id);
	assert.deepEqual((await ann.query()).results, []);
	const page = await ann.call('POST', 'pages', { parent: { page_id: id }, properties: {
		title: { title: text('below') } } });
	assert.equal(page.json.parent.page_id, id);
	assert.equal((await ann.call('POST', `pages/${id}/move`,
		{ parent: { page_id: page.json.id } })).status, 400);
});

test('a database stands for its only data source, and not for two', async () => {
	const one = await box.workspace();
	assert.equal((await one.call('POST', 'pages', { parent: { database_id: one.database_id },
		properties: titled('x') })).json.parent.data_source_id, one.data_source_id);
	const two = await box.workspace({ sources: 2, names: ['Tasks', 'Tasks'] });
	const refused = await two.call('POST', 'pages', { parent: { database_id: two.database_id },
		properties: titled('x') });
	assert.deepEqual([refused.status, refused.json.additional_data.error_type,
		refused.json.additional_data.child_data_source_ids.length],
	[400, 'multiple_data_sources_for_database', 2]);
	const { data_sources: sources } =
		(await two.call('GET', `databases/${two.database_id}`)).json;
	assert.deepEqual(sources.map((one_) => one_.name), ['Tasks', 'Tasks']);
	assert.equal((await two.call('GET', `data_sources/${two.database_id}`)).status, 404);
});

test('what is not shared does not exist: 404, never 403', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	const dashless = id.replaceAll('-', '').toUpperCase();
	assert.equal((await ann.call('GET', `pages/${dashless}`)).json.id, id);
	await box.control('POST', 'unshare', { token: ann.token, id });
	const hidden = await ann.call('GET', `pages/${id}`);
	assert.deepEqual([hidden.status, hidden.json.code], [404, 'object_not_found']);
	assert.match(hidden.json.message, /^Could not find page with ID: .* shared with your integration/);
	assert.deepEqual((await ann.query()).results, []);
	await box.control('POST', 'share', { token: ann.token, id });
	assert.equal((await ann.call('GET', `pages/${id}`)).status, 200);
	await box.control('POST', 'unshare', { token: ann.token, id: ann.database_id });
	assert.equal((await ann.query()).code, 'object_not_found');
	assert.equal((await ann.call('GET', `databases/${ann.database_id}`)).status, 404);
	assert.equal((await ann.call('GET', `pages/${id}`)).status, 200, 'shared by itself');
	const ben = await box.workspace(null);
	assert.equal((await ben.call('GET', `pages/${id}`)).status, 404, 'another workspace');
	await box.control('POST', 'share', { token: ann.token, id: ann.database_id });
	assert.equal((await ann.query()).results.length, 1);
});

test('a second bot of the workspace sees its own pages; edits carry its id', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	const bot = await box.control('POST', 'bots', { workspace_id: ann.workspace_id, name: 'Other' });
	const call = (method, path, body) => box.raw(bot.token, method, path, body);
	assert.equal((await call('GET', `pages/${id}`)).status, 404);
	await box.control('POST', 'share', { token: bot.token, id: ann.database_id });
	const page = (await call('PATCH', `pages/${id}`, { properties: titled('by the other') })).json;
	assert.equal(page.last_edited_by.id, bot.bot_id);
	await ann.edit({ type: 'disconnect', args: { bot_id: bot.bot_id } });
	assert.equal((await call('GET', 'users/me')).status, 401);
	const { json } = await ann.call('GET', 'users');
	assert.deepEqual(json.results.map((one) => one.type), ['person', 'bot', 'bot']);
});

test('capabilities: read, update, insert, user information', async () => {
	const ann = await box.workspace({ extra: true });
	const id = await ann.row({ Assignee: [ann.user_id] });
	const can = (capabilities) => box.control('POST', 'capabilities', { token: ann.token, capabilities });
	await can({ insert_content: false, update_content: false });
	for (const answer of [await ann.add(titled('x')),
		await ann.call('PATCH', `pages/${id}`, { properties: {} })])
		assert.deepEqual([answer.status, answer.json.code], [403, 'restricted_resource']);
	await can({ read_content: false });
	assert.equal((await ann.query()).status, 403);
	await can({ read_content: true, user_info: 'id' });
	const person = async () => (await properties(ann, id)).Assignee.people[0];
	assert.deepEqual((await person()).person, {});
	await can({ user_info: 'none' });
	assert.deepEqual(await person(), { object: 'user', id: ann.user_id });
	assert.equal((await ann.call('GET', 'users')).status, 403);
	await can({ user_info: 'email' });
	assert.equal((await person()).person.email, ann.email);
});

test('the plan is full: creates fail with 403 block_limit, edits work', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	await box.control('POST', 'workspaces/patch', { workspace_id: ann.workspace_id,
		creation_blocked: true });
	const refused = await ann.add(titled('x'));
	assert.deepEqual([refused.status, refused.json.additional_data.block_limit],
		[403, 'block_creation']);
	assert.equal((await ann.call('PATCH', `pages/${id}`, { properties: titled('y') })).status, 200);
	await config({ rows_per_data_source: 1 });
	await box.control('POST', 'workspaces/patch', { workspace_id: ann.workspace_id,
		creation_blocked: false });
	assert.equal((await ann.add(titled('x'))).json.code, 'row_limit_exceeded');
	await config({ rows_per_data_source: 250000 });
});

test('bodies as Markdown: replaced, updated in place, refused when ambiguous', async () => {
	const ann = await box.workspace();
	const made = await ann.add({}, { markdown: '# From the body\n- [x] a\n\t- b\n1. c\n```js\nx < 1\n```' });
	assert.equal(plain(made.json.properties.Name.title), 'From the body');
	const path = `pages/${made.json.id}/markdown`;
	assert.equal((await ann.call('GET', path)).json.markdown,
		'- [x] a\n\t- b\n1. c\n```js\nx < 1\n```');
	const patch = (type, order, rest) => ann.call('PATCH', path, { type, [type]: order, ...rest });
	const replaced = await patch('replace_content', { new_str: '**bold** and *it* [l](https://a.example/)\n\n'
		+ 'one\none\n<br>5 \\* 3' });
	assert.equal(replaced.json.markdown,
		'**bold** and *it* [l](https://a.example/)\none\none\n<br>5 \\* 3');
	const update = (...list) => patch('update_content', { content_updates: list });
	assert.equal((await update({ old_str: 'nowhere', new_str: '' })).status, 400);
	assert.equal((await update({ old_str: 'one', new_str: 'two' })).status, 400);
	assert.match((await update({ old_str: 'one', new_str: 'two', replace_all_matches: true }))
		.json.markdown, /two\ntwo/);
	await config({ update_old_str_repeated: 'first' });
	assert.match((await update({ old_str: 'two', new_str: 'one' })).json.markdown, /one\ntwo/);
	await config({ update_old_str_repeated: 'reject' });
	assert.equal((await patch('insert_content', {})).status, 400);
	const below = await ann.call('POST', 'pages', { parent: { page_id: made.json.id },
		properties: { title: { title: text('child') } } });
	assert.equal((await patch('replace_content', { new_str: 'x' })).status, 400);
	await patch('replace_content', { new_str: 'x', allow_deleting_content: true });
	assert.equal((await ann.call('GET', `pages/${below.json.id}`)).json.in_trash, true);
	await ann.call('PATCH', `blocks/${made.json.id}/children`, { children: [
		{ bookmark: { url: 'https://example.com' } }] });
	const { json } = await ann.call('GET', path);
	assert.equal(json.unknown_block_ids.length, 1);
	assert.match(json.markdown, /<unknown url=/);
	assert.deepEqual((await ann.call('PATCH', `pages/${made.json.id}`, { erase_content: true })).status,
		200);
	assert.equal((await ann.call('GET', path)).json.markdown, '');
});

test('asynchronous: 202 and a task that passes through its states', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	const answer = await ann.call('PATCH', `pages/${id}/markdown`, { type: 'replace_content',
		replace_content: { new_str: 'later' }, allow_async: true });
	assert.deepEqual([answer.status, answer.json.status], [202, 'queued']);
	const states = [];
	for (let i = 0; i < 3; i++) {
		states.push((await ann.call('GET', `async_tasks/${answer.json.id}`)).json);
		await box.control('POST', 'clock', { advance_s: 1 });
	}
	assert.deepEqual(states.map((one) => one.status), ['queued', 'running', 'succeeded']);
	assert.equal(states[2].result.markdown, 'later');
});

test('blocks: limits, types, children one level at a time', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	const block = (content, children) => ({ bulleted_list_item: { rich_text: text(content), children } });
	const append = (children) => ann.call('PATCH', `blocks/${id}/children`, { children });
	assert.equal((await append(Array.from({ length: 101 }, () => block('x')))).status, 400);
	assert.equal((await append([block('a', [block('b', [block('c', [block('d')])])])])).status, 400);
	assert.equal((await append([{ hologram: {} }])).status, 400);
	const { json: { results: [top] } } = await append([block('a', [block('b')])]);
	assert.equal((await ann.call('PATCH', `blocks/${top.id}`, { to_do: { checked: true } })).status, 400);
	const level = async (of) => (await ann.call('GET', `blocks/${of}/children`)).json.results;
	assert.deepEqual([(await level(id)).length, (await level(top.id))[0].has_children], [1, false]);
	await append(Array.from({ length: 30 }, (_, i) => block(`${i}`)));
	const page = (await ann.call('GET', `blocks/${id}/children?page_size=20`)).json;
	const rest = (await ann.call('GET',
		`blocks/${id}/children?page_size=20&start_cursor=${page.next_cursor}`)).json;
	assert.deepEqual([page.results.length, rest.results.length, rest.has_more], [20, 11, false]);
});

test('a related database that is not shared: the relation is empty and not in the schema', async () => {
	const ann = await box.workspace();
	const id = await ann.row();
	const far = await box.control('POST', 'seed', { token: ann.token, tasks: 1, title: 'Far' });
	const made = await ann.call('PATCH', `data_sources/${ann.data_source_id}`, { properties: {
		Project: { relation: { data_source_id: far.data_source_id, type: 'dual_property',
			dual_property: {} } } } });
	assert.equal(made.json.properties.Project.relation.data_source_id, far.data_source_id);
	const { results: [target] } =
		(await ann.call('POST', `data_sources/${far.data_source_id}/query`)).json;
	await ann.call('PATCH', `pages/${id}`, { properties: { Project: { relation: ids([target.id]) } } });
	assert.deepEqual(await related(ann, id, 'Project'), [target.id]);
	await box.control('POST', 'unshare', { token: ann.token, id: far.database_id });
	assert.deepEqual(await related(ann, id, 'Project'), []);
	const schema = await ann.call('GET', `data_sources/${ann.data_source_id}`);
	assert.equal('Project' in schema.json.properties, false);
});
