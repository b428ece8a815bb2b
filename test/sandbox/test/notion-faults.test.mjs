// Faults, limits and the control interface of the Notion stand-in.

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { after, before, beforeEach, test } from 'node:test';

import { KINDS } from '../notion/faulty.js';
import { startServer } from '../notion/server.js';
import { plain, sandbox, text, titled } from './notion-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(async () => {
	await box.control('DELETE', 'faults');
	await box.control('POST', 'config', { rate_limit: null });
});

const tried = new Set();

async function setUp(tasks = 3) {
	const ann = await box.workspace({ tasks, extra: true });
	return { ann, arm(spec) {
		tried.add(spec.kind);
		return ann.fault(spec);
	} };
}

const rows = async (ann) => (await ann.state()).pages.length;

test('cut before, after the commit, in the middle', async () => {
	const { ann, arm } = await setUp(0);
	await arm({ kind: 'cut_before' });
	await assert.rejects(ann.add(titled('never')));
	assert.equal(await rows(ann), 0);
	await arm({ kind: 'cut_after_commit' });
	await assert.rejects(ann.add(titled('once')));
	assert.equal(await rows(ann), 1);
	await arm({ kind: 'cut_mid_body' });
	await assert.rejects(ann.query());
	const { requests } = await ann.log();
	assert.deepEqual(requests.map((one) => [one.kind, one.status]),
		[['page_create', 0], ['page_create', 0], ['query', 200]]);
});

test('statuses with Notion\'s codes and additional_data', async () => {
	const { ann, arm } = await setUp(0);
	const ask = async (fault) => {
		await arm({ kind: 'status', ...fault });
		return ann.add(titled('x'));
	};
	const codes = { 400: 'validation_error', 401: 'unauthorized', 403: 'restricted_resource',
		404: 'object_not_found', 409: 'conflict_error', 500: 'internal_server_error',
		503: 'service_unavailable', 504: 'gateway_timeout', 529: 'service_overload' };
	for (const [status, code] of Object.entries(codes)) {
		const { json } = await ask({ status: Number(status) });
		assert.deepEqual([json.status, json.code], [Number(status), code]);
		assert.ok(json.request_id);
	}
	assert.match((await ask({ status: 400, archived: true })).json.message, /archived/);
	assert.equal((await ask({ status: 403, block_limit: true })).json.additional_data.block_limit,
		'block_creation');
	for (const fault of [{ status: 502 }, { status: 403, html: true }, { status: 522, html: true }]) {
		const answer = await ask(fault);
		assert.deepEqual([answer.status, answer.headers.get('content-type')],
			[fault.status, 'text/html']);
		assert.ok(answer.headers.get('cf-ray'));
		assert.equal(answer.headers.get('x-notion-request-id'), null);
	}
	assert.equal((await ask({ status: 503, code: 'database_connection_unavailable' })).json.code,
		'database_connection_unavailable');
	assert.equal((await ask({ status: 409, code: 'row_limit_exceeded' })).json.code,
		'row_limit_exceeded');
	assert.equal((await ask({ status: 529, retry_after: 9 })).headers.get('retry-after'), '9');
	assert.equal((await ask({ status: 503, body: 'upstream' })).text, 'upstream');
	assert.equal(await rows(ann), 0);
});

test('429 with each reason; Retry-After in header, body, nowhere', async () => {
	const { ann, arm } = await setUp(0);
	const ask = async (fault) => {
		await arm({ kind: 'status', status: 429, ...fault });
		return ann.add(titled('x'));
	};
	for (const reason of ['public_api_request_rate_limit', 'public_api_space_request_rate_limit',
		'public_api_endpoint_rate_limit', 'public_api_request_blocked']) {
		const { headers, json } = await ask({ reason, retry_after: 90 });
		assert.deepEqual([headers.get('retry-after'), json.additional_data],
			['90', { rate_limit_reason: reason, retry_after: '90' }]);
	}
	const body = await ask({ retry_after_in: 'body' });
	assert.deepEqual([body.headers.get('retry-after'), body.json.additional_data.retry_after],
		[null, '12']);
	assert.equal('retry_after' in (await ask({ retry_after_in: 'none' })).json.additional_data, false);
});

test('503 after the commit names what was saved; before it, or bare, it does not', async () => {
	const { ann, arm } = await setUp(0);
	await arm({ kind: 'status', status: 503, applied: true });
	const saved = (await ann.add(titled('saved'))).json;
	const { pages: [page] } = await ann.state();
	assert.deepEqual([saved.additional_data.committed_resource_id, saved.code],
		[page.id, 'service_unavailable']);
	assert.match(saved.additional_data.retry_guidance[1], /not repeat/);
	await arm({ kind: 'status', status: 503, applied: true });
	const appended = (await ann.call('PATCH', `blocks/${page.id}/children`,
		{ children: [{ paragraph: { rich_text: text('x') } }] })).json.additional_data;
	assert.deepEqual([appended.committed_resource_id, appended.committed_child_ids.length], [page.id, 1]);
	await arm({ kind: 'status', status: 503, applied: true, committed: false });
	const silent = (await ann.add(titled('unsaid'))).json;
	assert.equal('committed_resource_id' in silent.additional_data, false);
	assert.equal(await rows(ann), 2);
	await arm({ kind: 'status', status: 503, guidance: true });
	assert.match((await ann.query()).additional_data.retry_guidance[1], /page_size/);
	assert.equal(await rows(ann), 2);
});

test('answers whose rows or bytes are spoiled, once', async () => {
	const { ann, arm } = await setUp();
	const ask = async (fault) => {
		await arm(fault);
		return ann.call('POST', `data_sources/${ann.data_source_id}/query`, {});
	};
	const first = async (fault) => (await ask(fault)).json.results[0];
	assert.equal((await ask({ kind: 'truncate_json' })).json, undefined);
	assert.match((await ask({ kind: 'garbage' })).text, /doctype/);
	assert.ok((await ask({ kind: 'invalid_utf8' })).text.includes('\ufffd'));
	assert.ok((await ask({ kind: 'deep_nesting', depth: 5000 })).text.includes('['.repeat(5000)));
	assert.ok((await ask({ kind: 'huge_body', mb: 3 })).text.length > 3 * 1024 * 1024);
	assert.match(plain((await first({ kind: 'nul_text' })).properties.Name.title), /\u0000/);
	assert.match((await ask({ kind: 'lone_surrogate' })).text, /\\ud83d/);
	assert.equal((await first({ kind: 'unknown_enum' })).parent.type, 'orbit_id');
	assert.equal('properties' in await first({ kind: 'missing_keys' }), false);
	assert.deepEqual(Object.keys(await first({ kind: 'partial_pages' })), ['object', 'id']);
	assert.equal('Due' in (await first({ kind: 'drop_property', property: 'Due' })).properties, false);
	assert.equal((await first({ kind: 'set_field', field: 'in_trash', value: 'x' })).in_trash, 'x');
	assert.equal((await ask({ kind: 'duplicate_items' })).json.results.length, 6);
	assert.equal('has_more' in (await ask({ kind: 'drop_key' })).json, false);
	assert.deepEqual((await ask({ kind: 'empty_list' })).json.results, []);
	assert.deepEqual((await ask({ kind: 'cut_list' })).json.results.length, 1);
	assert.equal((await ask({ kind: 'incomplete' })).json.request_status.type, 'incomplete');
	const { results: [row] } = await ann.query();
	assert.equal((await ask({ kind: 'drop_rows', ids: [row.id] })).json.results.length, 2);
	assert.equal((await ann.query()).results.length, 3);
});

test('slow; writes that are altered or ignored; aiming', async () => {
	const { ann, arm } = await setUp(0);
	await arm({ kind: 'slow_ms', ms: 80 });
	await arm({ kind: 'slow', ms: 1 });
	const start = performance.now();
	await ann.query();
	assert.ok(performance.now() - start >= 78);
	await arm({ kind: 'alter_content', mode: 'append', text: '!', match: { content: 'aim' } });
	assert.equal(plain((await ann.add(titled('other'))).json.properties.Name.title), 'other');
	assert.equal(plain((await ann.add(titled('aim here'))).json.properties.Name.title), 'aim here!');
	await arm({ kind: 'ignore_write', properties: ['Due'] });
	assert.equal((await ann.add({ ...titled('x'), Due: { date: { start: '2026-12-24' } } }))
		.json.properties.Due.date, null);
	await arm({ kind: 'status', status: 500, match: { command: 'page_update', nth: 2 } });
	const id = await ann.row();
	const statuses = [];
	for (let i = 0; i < 3; i++)
		statuses.push((await ann.call('PATCH', `pages/${id}`, { properties: {} })).status);
	assert.deepEqual(statuses, [200, 500, 200]);
	const ben = await box.workspace();
	await arm({ kind: 'status', status: 500 });
	assert.equal((await ben.call('GET', 'users/me')).status, 200, 'aimed at another bot');
	await assert.rejects(box.control('POST', 'faults', { kind: 'frob' }), /unknown kind of fault/);
});

test('every kind there is was tried above', () => {
	assert.deepEqual(KINDS.filter((kind) => !tried.has(kind)), []);
});

test('the budget: 180 a minute and connection, 600 with a larger plan, one for the workspace', async () => {
	const ann = await box.workspace();
	await box.control('POST', 'clock', { now: '2027-05-01T00:00:00Z', freeze: true });
	await box.control('POST', 'config', { rate_limit: 'plan' });
	const burst = async (n, who = ann) => {
		const out = [];
		for (let i = 0; i < n; i++)
			out.push(await who.call('GET', 'users/me'));
		return out;
	};
	assert.ok((await burst(180)).every((one) => one.status === 200));
	await box.control('POST', 'clock', { advance_s: 20 });
	const [refused] = await burst(1);
	assert.deepEqual([refused.status, refused.headers.get('retry-after'), refused.json.additional_data],
		[429, '40', { rate_limit_reason: 'public_api_request_rate_limit', retry_after: '40' }]);
	await box.control('POST', 'clock', { advance_s: 40 });
	assert.equal((await burst(1))[0].status, 200);
	await box.control('POST', 'workspaces/patch', { workspace_id: ann.workspace_id, plan: 'business' });
	assert.ok((await burst(300)).every((one) => one.status === 200));
	await box.control('POST', 'config', { rate_limit: null, workspace_rate_limit: 2 });
	const shared = (await burst(3)).at(-1);
	assert.equal(shared.json.additional_data.rate_limit_reason, 'public_api_space_request_rate_limit');
	await box.control('POST', 'config', { workspace_rate_limit: null });
	await box.control('POST', 'clock', { now: Date.now() });
});

test('bodies over 500 KB are refused', async () => {
	const { ann } = await setUp(0);
	const answer = await ann.call('POST', 'search', { query: 'x'.repeat(600 * 1024) });
	assert.equal(answer.status, 413);
	await box.control('POST', 'config', { oversize_status: 400 });
	assert.equal((await ann.call('POST', 'search', { query: 'x'.repeat(600 * 1024) })).json.code,
		'validation_error');
	await box.control('POST', 'config', { oversize_status: 413 });
});

test('the same seed gives the same workspace', async () => {
	const make = async () => {
		const other = await startServer({ seed: 7 });
		const call = async (method, path, body) => (await fetch(`${other.url}/_control/${path}`,
			{ method, body: body && JSON.stringify(body) })).json();
		await call('POST', 'clock', { now: '2027-01-01T00:00:00Z', freeze: true });
		const { token } = await call('POST', 'users', {});
		await call('POST', 'seed', { token, databases: [{ tasks: 60, extra: true, body: 0.3, trashed: 3 },
			{ title: 'Two', done: 'checkbox', priority: false, tasks: 20, sources: 2, archived: 2 }] });
		const state = await call('GET', `state?token=${token}`);
		await other.close();
		return state;
	};
	const [one, two] = [await make(), await make()];
	assert.deepEqual(one, two);
	assert.deepEqual([one.databases.length, one.data_sources.length, one.pages.length], [2, 3, 100]);
	assert.deepEqual([one.pages.filter((page) => page.in_trash).length,
		one.pages.filter((page) => page.is_archived).length], [3, 4]);
	assert.ok(one.pages.some((page) => page.plain['Parent item']?.length > 0));
	assert.ok(one.pages.some((page) => page.markdown.includes('- [ ] step one')));
});

test('a person renames, removes and adds: options, properties, sources', async () => {
	const { ann } = await setUp(0);
	const id = await ann.row({ Name: 'x', Status: 'In progress', Labels: ['food'] });
	const source = { data_source_id: ann.data_source_id };
	const { temp_id_mapping: map } = await ann.edit(
		{ type: 'option_rename', args: { ...source, property: 'Status', option: 'In progress',
			name: 'Doing' } },
		{ type: 'option_group', args: { ...source, property: 'Status', option: 'Doing',
			group: 'Complete' } },
		{ type: 'option_delete', args: { ...source, property: 'Labels', option: 'food' } },
		{ type: 'property_rename', args: { ...source, property: 'Due', name: 'Deadline' } },
		{ type: 'property_delete', args: { ...source, property: 'Priority' } },
		{ type: 'property_create', temp_id: 'p', args: { ...source, name: 'Size', type: 'select',
			options: ['S', 'L'] } },
		{ type: 'option_create', args: { ...source, property: 'Size', name: 'M' } });
	const { properties } = (await ann.call('GET', `data_sources/${ann.data_source_id}`)).json;
	assert.equal(properties.Deadline.id, ann.properties.due.id);
	assert.equal(properties.Size.id, map.p);
	assert.equal(properties.Size.select.options.length, 3);
	assert.equal('Priority' in properties, false);
	const { groups, options } = properties.Status.status;
	const doing = options.find((one) => one.name === 'Doing').id;
	assert.ok(groups.find((one) => one.name === 'Complete').option_ids.includes(doing));
	const { Status, Labels } = (await ann.call('GET', `pages/${id}`)).json.properties;
	assert.deepEqual([Status.status.name, Labels.multi_select], ['Doing', []]);
	await assert.rejects(ann.edit({ type: 'page_update', args: { id, properties: { Nope: 1 } } }),
		/no property/);
	await assert.rejects(ann.edit({ type: 'frob' }), /unknown command/);
});

test('HTTP/2 with prior knowledge; the Date header is the stand-in\'s clock; gzip', async () => {
	const { ann } = await setUp(60);
	await box.control('POST', 'clock', { now: '2027-06-01T00:00:00Z', freeze: true });
	const client = http2.connect(box.url);
	const stream = client.request({ ':path': '/v1/users/me', authorization: `Bearer ${ann.token}`,
		'notion-version': '2026-03-11' });
	const headers = await new Promise((resolve) => stream.on('response', resolve));
	assert.deepEqual([headers[':status'], headers.date], [200, 'Tue, 01 Jun 2027 00:00:00 GMT']);
	stream.close();
	client.close();
	const zipped = await ann.call('POST', `data_sources/${ann.data_source_id}/query`, {});
	assert.equal(zipped.headers.get('content-encoding'), 'gzip');
	await box.control('POST', 'clock', { now: Date.now() });
	assert.deepEqual((await ann.log()).requests[0].http, '2.0');
	await box.control('POST', 'reset');
	assert.equal((await box.control('GET', 'health')).users, 0);
});
