// The official client drives the Notion stand-in: OAuth, discovery, rows, errors.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import notion from '@notionhq/client';

import { plain, sandbox, titled } from './notion-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());

const URI = 'https://app.example/callback';

test('OAuth: authorize, token, refresh, introspect, revoke', async () => {
	const person = await box.workspace({ tasks: 3 });
	const app = await box.control('POST', 'oauth/apps', { name: 'Hub', redirect_uris: [URI] });
	const client = box.client(undefined);
	const basic = { client_id: app.client_id, client_secret: app.client_secret };
	const url = new URL(`${box.url}/v1/oauth/authorize`);
	url.search = new URLSearchParams({ client_id: app.client_id, response_type: 'code',
		owner: 'user', redirect_uri: URI, state: 'xyz' });
	const page = await (await fetch(url)).text();
	assert.match(page, /Authorize Hub/);
	assert.match(page, new RegExp(`value="${person.database_id}"`), 'the page picker');
	const posted = await fetch(url.origin + url.pathname, { method: 'POST', redirect: 'manual',
		headers: { 'content-type': 'application/x-www-form-urlencoded' },
		body: new URLSearchParams({ ...Object.fromEntries(url.searchParams), decision: 'allow',
			person: `${person.workspace_id}/${person.user_id}`, page: person.database_id }) });
	const back = new URL(posted.headers.get('location'));
	assert.deepEqual([posted.status, back.searchParams.get('state')], [302, 'xyz']);
	const code = back.searchParams.get('code');
	const first = await client.oauth.token({ ...basic, grant_type: 'authorization_code', code,
		redirect_uri: URI });
	assert.deepEqual([first.token_type, first.workspace_id, first.owner.user.id, first.expires_in],
		['bearer', person.workspace_id, person.user_id, undefined]);
	await assert.rejects(client.oauth.token({ ...basic, grant_type: 'authorization_code', code,
		redirect_uri: URI }), { status: 400 });
	const sdk = box.client(first.access_token);
	assert.equal((await sdk.users.me({})).id, first.bot_id);
	assert.equal((await sdk.databases.retrieve({ database_id: person.database_id })).id,
		person.database_id);
	const second = await client.oauth.token({ ...basic, grant_type: 'refresh_token',
		refresh_token: first.refresh_token });
	assert.notEqual(second.refresh_token, first.refresh_token);
	await assert.rejects(sdk.users.me({}), { code: 'unauthorized' });
	assert.equal((await client.oauth.introspect({ ...basic, token: second.access_token })).active,
		true);
	await client.oauth.revoke({ ...basic, token: second.access_token });
	assert.equal((await client.oauth.introspect({ ...basic, token: second.access_token })).active,
		false);
	await assert.rejects(box.client(second.access_token).users.me({}), { code: 'unauthorized' });
});

test('discovery: search, database, data source, a pasted address', async () => {
	const { sdk, database_id: database, data_source_id: source } =
		await box.workspace({ title: 'Chores', tasks: 2 });
	const found = await sdk.search({ query: 'chore',
		filter: { property: 'object', value: 'data_source' } });
	assert.deepEqual(found.results.map((one) => one.id), [source]);
	const container = await sdk.databases.retrieve({ database_id: notion.extractDatabaseId(
		`https://www.notion.so/Chores-${database.replaceAll('-', '')}?v=${'0'.repeat(32)}`) });
	assert.deepEqual(container.data_sources, [{ id: source, name: 'Chores' }]);
	assert.equal('properties' in container, false);
	const schema = await sdk.dataSources.retrieve({ data_source_id: source });
	assert.ok(notion.isFullDataSource(schema));
	assert.deepEqual(schema.properties.Status.status.groups.map((group) => group.name),
		['To-do', 'In progress', 'Complete']);
	const { relation } = schema.properties['Parent item'];
	assert.deepEqual([relation.data_source_id, relation.type,
		relation.dual_property.synced_property_name], [source, 'dual_property', 'Sub-item']);
});

test('rows: query in pages, create, read, update, move, trash and restore', async () => {
	const { sdk, data_source_id: source, ...person } = await box.workspace({ tasks: 230 });
	const rows = await notion.collectPaginatedAPI(sdk.dataSources.query,
		{ data_source_id: source, sorts: [{ timestamp: 'created_time', direction: 'ascending' }] });
	assert.equal(new Set(rows.map((row) => row.id)).size, 230);
	assert.ok(rows.every(notion.isFullPage));
	const { requests } = await person.log();
	assert.equal(requests.filter((entry) => entry.kind === 'query').length, 3);
	const made = await sdk.pages.create({ parent: { data_source_id: source },
		properties: { ...titled('Buy milk'), Status: { status: { name: 'Done' } },
			Due: { date: { start: '2026-12-24' } }, Labels: { multi_select: [{ name: 'new one' }] } },
		markdown: 'About it.\n- [ ] step' });
	assert.equal(plain(made.properties.Name.title), 'Buy milk');
	assert.deepEqual(made.properties.Due.date, { start: '2026-12-24', end: null, time_zone: null });
	assert.equal((await sdk.pages.retrieveMarkdown({ page_id: made.id })).markdown,
		'About it.\n- [ ] step');
	const updated = await sdk.pages.update({ page_id: made.id, properties: {
		[made.properties.Due.id]: { date: null }, Priority: { select: { name: 'High' } } } });
	assert.deepEqual([updated.properties.Due.date, updated.properties.Priority.select.name],
		[null, 'High']);
	const item = await sdk.pages.properties.retrieve({ page_id: made.id,
		property_id: made.properties.Labels.id });
	assert.equal(item.multi_select[0].name, 'new one');
	const other = await box.control('POST', 'seed', { token: person.token, tasks: 0, title: 'Later' });
	const moved = await sdk.pages.move({ page_id: made.id,
		parent: { data_source_id: other.data_source_id } });
	assert.equal(moved.parent.data_source_id, other.data_source_id);
	assert.equal((await sdk.pages.update({ page_id: made.id, in_trash: true })).in_trash, true);
	await assert.rejects(sdk.pages.update({ page_id: made.id, properties: titled('no') }),
		{ code: 'validation_error', message: /archived/ });
	assert.equal((await sdk.pages.update({ page_id: made.id, in_trash: false })).in_trash, false);
});

test('blocks and comments', async () => {
	const { sdk, row } = await box.workspace();
	const id = await row({ Name: 'x' });
	const { results: [block] } = await sdk.blocks.children.append({ block_id: id, children: [
		{ to_do: { rich_text: [{ text: { content: 'step' } }],
			children: [{ paragraph: { rich_text: [{ text: { content: 'inner' } }] } }] } }] });
	assert.deepEqual([block.type, block.has_children], ['to_do', true]);
	const done = await sdk.blocks.update({ block_id: block.id, to_do: { checked: true } });
	assert.equal(done.to_do.checked, true);
	assert.equal((await sdk.blocks.retrieve({ block_id: id })).type, 'child_page');
	assert.equal((await sdk.blocks.children.list({ block_id: block.id })).results.length, 1);
	assert.equal((await sdk.blocks.delete({ block_id: block.id })).in_trash, true);
	assert.deepEqual((await sdk.blocks.children.list({ block_id: id })).results, []);
	const comment = await sdk.comments.create({ parent: { page_id: id },
		rich_text: [{ text: { content: 'well' } }] });
	const answer = await sdk.comments.create({ discussion_id: comment.discussion_id,
		rich_text: [{ text: { content: 'yes' } }] });
	const list = await sdk.comments.list({ block_id: id });
	assert.deepEqual(list.results.map((one) => one.id), [comment.id, answer.id]);
	assert.ok(list.results.every(notion.isFullComment));
});

test('errors as the client knows them', async () => {
	const { sdk, old, row, data_source_id: source } = await box.workspace();
	const id = await row({ Name: 'x' });
	await assert.rejects(sdk.pages.retrieve({ page_id: '00000000-0000-4000-8000-000000000000' }),
		(error) => notion.isNotionClientError(error) && error.code === notion.APIErrorCode.ObjectNotFound
			&& /^[0-9a-f-]{36}$/.test(error.request_id));
	await assert.rejects(sdk.pages.update({ page_id: id, properties: { Nope: { checkbox: true } } }),
		{ code: notion.APIErrorCode.ValidationError });
	await assert.rejects(sdk.dataSources.query({ data_source_id: source, start_cursor: 'nonsense' }),
		{ code: notion.APIErrorCode.ValidationError });
	await assert.rejects(box.client('ntn_wrong').users.me({}),
		{ code: notion.APIErrorCode.Unauthorized });
	await assert.rejects(box.client(undefined).oauth.token({ client_id: 'a', client_secret: 'b',
		grant_type: 'refresh_token', refresh_token: 'x' }), (error) => error.status === 401
		&& JSON.parse(error.body).error === 'invalid_client');
	assert.equal((await old.pages.retrieve({ page_id: id })).archived, false);
});

test('a client that sees no rows for a capped query is told so', async () => {
	const { sdk, data_source_id: source } = await box.workspace({ tasks: 12 });
	await box.control('POST', 'config', { query_cap: 5 });
	const capped = await sdk.dataSources.query({ data_source_id: source });
	assert.deepEqual([capped.results.length, capped.has_more, capped.request_status.type],
		[5, false, 'incomplete']);
	// The client's own way around it: windows of created_time.
	const all = await notion.collectAllDataSourceRows(sdk, { data_source_id: source });
	assert.equal(new Set(all.map((one) => one.id)).size, 12);
	await box.control('POST', 'config', { query_cap: 10000 });
});
