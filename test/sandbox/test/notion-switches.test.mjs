// Switches for what Notion's documentation leaves open that no other file tries, and the check that
// every switch there is was tried somewhere.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';

import { DEFAULTS } from '../notion/config.js';
import { sandbox, sleep, text, until } from './notion-helpers.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(() => box.control('POST', 'config', { ...DEFAULTS, rate_limit: null }));

const config = (values) => box.control('POST', 'config', values);

test('limits on switches: units, elements, references, relations per request', async () => {
	const ann = await box.workspace({ extra: true });
	const id = await ann.row();
	const patch = (properties) => ann.call('PATCH', `pages/${id}`, { properties });
	await config({ rich_text_units: 5, array_elements: 2 });
	const write = (...list) => patch({ Description: { rich_text: list.flatMap(text) } });
	assert.deepEqual([(await write('12345')).status, (await write('123456')).status,
		(await write('a', 'b', 'c')).status], [200, 400, 400]);
	await config({ rich_text_units: null, array_elements: null });
	assert.equal((await write('x'.repeat(5000))).status, 200);
	const others = [await ann.row(), await ann.row()].map((one) => ({ id: one }));
	await config({ inline_references: 1 });
	const { 'Sub-item': shown } = (await patch({ 'Sub-item': { relation: others } })).json.properties;
	assert.deepEqual([shown.relation.length, shown.has_more], [1, true]);
	await config({ relations_per_request: 1 });
	assert.equal((await patch({ 'Sub-item': { relation: others } })).status, 400);
	const people = [ann.user_id, ann.bot_id].map((one) => ({ id: one }));
	assert.equal((await patch({ Assignee: { people } })).json.properties.Assignee.people.length, 1);
	await config({ body_bytes: 1024 });
	assert.equal((await write('x'.repeat(2000))).status, 413);
	await box.control('POST', 'clock', { now: '2027-02-01T10:00:00Z', freeze: true });
	await config({ rate_limit: 1, rate_window_s: 10 });
	await ann.call('GET', 'users/me');
	assert.equal((await ann.call('GET', 'users/me')).headers.get('retry-after'), '10');
	await box.control('POST', 'clock', { now: Date.now() });
});

test('reading: order of labels, precision, unknown fields, compression', async () => {
	const ann = await box.workspace({ extra: true });
	const id = await ann.row({ Labels: ['waiting', 'food'], Effort: 0.1 });
	const read = async () => (await ann.call('GET', `pages/${id}`)).json;
	const labels = (page) => page.properties.Labels.multi_select.map((one) => one.name);
	assert.deepEqual(labels(await read()), ['waiting', 'food']);
	await config({ multi_select_order: 'schema', extra_fields: false });
	const page = await read();
	assert.deepEqual([labels(page), 'x_unheard_of' in page], [['food', 'waiting'], false]);
	await config({ number_precision: 'single' });
	const rounded = await ann.call('PATCH', `pages/${id}`,
		{ properties: { Effort: { number: 0.1 } } });
	assert.equal(rounded.json.properties.Effort.number, Math.fround(0.1));
	const encoding = async () => (await ann.call('POST', 'search')).headers.get('content-encoding');
	assert.equal(await encoding(), 'gzip');
	await config({ gzip: false });
	assert.equal(await encoding(), null);
});

test('writing: a color that differs, the other page of a relation', async () => {
	const ann = await box.workspace();
	const patch = (id, properties) => ann.call('PATCH', `pages/${id}`, { properties });
	const [top, child] = [await ann.row(), await ann.row()];
	await config({ option_color_mismatch: 'ignore' });
	assert.equal((await patch(top, { Priority: { select: { name: 'Low', color: 'pink' } } }))
		.json.properties.Priority.select.color, 'gray');
	const relate = async (bump, minute) => {
		await box.control('POST', 'clock', { now: `2027-02-01T10:0${minute}:00Z`, freeze: true });
		await config({ mirrored_edits_bump_time: bump });
		await patch(child, { 'Parent item': { relation: bump ? [{ id: top }] : [] } });
		return (await ann.call('GET', `pages/${top}`)).json.last_edited_time.slice(11, 16);
	};
	assert.deepEqual([await relate(true, 1), await relate(false, 2)], ['10:01', '10:01']);
	await box.control('POST', 'clock', { now: Date.now() });
});

test('OAuth: consent that ends older tokens, redirect_uri unchecked, old access kept, iat', async () => {
	const ann = await box.workspace();
	const app = await box.control('POST', 'oauth/apps', { redirect_uris: ['https://app.example/'] });
	const basic = { client_id: app.client_id, client_secret: app.client_secret };
	const sdk = box.client(undefined);
	const consent = () => box.control('POST', 'oauth/approve', { token: ann.token,
		request: { client_id: app.client_id, response_type: 'code' } });
	const exchange = async (more = {}) => sdk.oauth.token({ ...basic,
		grant_type: 'authorization_code', code: (await consent()).code, ...more });
	const me = async (token) => (await box.raw(token, 'GET', 'users/me')).status;
	const first = await exchange();
	await config({ refresh_kills_old_access: false });
	await sdk.oauth.token({ ...basic, grant_type: 'refresh_token',
		refresh_token: first.refresh_token });
	assert.equal(await me(first.access_token), 200);
	await config({ redirect_uri_check: false, reauthorize_kills_old: true });
	const second = await exchange({ redirect_uri: 'https://anything.example/' });
	assert.deepEqual([await me(first.access_token), await me(second.access_token)], [401, 200]);
	const iat = async () => (await sdk.oauth.introspect({ ...basic, token: second.access_token })).iat;
	const seconds = await iat();
	await config({ iat_unit: 'ms' });
	assert.equal(Math.floor(await iat() / 1000), seconds);
	await config({ code_lifetime_s: -1 });
	await assert.rejects(exchange(), { status: 400 });
});

test('webhooks: decoded ids, own writes left out, no answer in time', async () => {
	await config({ webhook_aggregation_s: 0, webhook_timeout_ms: 30, webhook_ids: 'decoded' });
	const ann = await box.workspace();
	// A door that takes connections and never answers.
	const { createServer } = await import('node:net');
	const sockets = [];
	const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
	await new Promise((resolve) => silent.once('listening', resolve));
	const hook = await box.control('POST', 'webhooks', { token: ann.token,
		callback_url: `http://127.0.0.1:${silent.address().port}/`,
		events: ['page.properties_updated'] });
	assert.equal(hook.handshake_status, 0);
	const id = await ann.row();
	const { Due } = (await ann.call('GET', `pages/${id}`)).json.properties;
	const write = () => ann.call('PATCH', `pages/${id}`,
		{ properties: { Due: { date: { start: '2026-12-24' } } } });
	const list = () => box.control('GET', 'webhooks/deliveries');
	await write();
	const [delivery] = await until('an attempt', async () => {
		const all = await list();
		return all[0]?.statuses.length > 0 && all;
	});
	assert.deepEqual([delivery.statuses[0], delivery.body.data.updated_properties],
		[0, [decodeURIComponent(Due.id)]]);
	await config({ webhook_retry_s: 5 });
	await box.control('POST', 'clock', { advance_s: 61 });
	await until('the second attempt', async () => (await list())[0].statuses.length === 2);
	await box.control('POST', 'clock', { advance_s: 11 });
	await until('the third attempt', async () => (await list())[0].statuses.length === 3);
	await config({ webhook_own_writes: false });
	await write();
	await sleep(20);
	assert.equal((await list()).length, 1);
	sockets.forEach((socket) => socket.destroy());
	silent.close();
});

test('every switch there is was tried in some test', () => {
	const folder = new URL('.', import.meta.url);
	const texts = fs.readdirSync(folder).filter((name) => /^notion-.*\.test\.mjs$/.test(name))
		.map((name) => fs.readFileSync(new URL(name, folder), 'utf8')).join('\n');
	assert.deepEqual(Object.keys(DEFAULTS).filter((name) => !texts.includes(`${name}:`)), []);
});
