// Outgoing webhooks: handshake, signature (checked by the official client's helper), gathering,
// repetition, loss, duplicates, disorder.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import notion from '@notionhq/client';

import { sandbox, sleep, text, titled, until } from './notion-helpers.mjs';

let box;
let receiver;
let received = [];
let answerWith = () => 200;

before(async () => {
	box = await sandbox();
	receiver = http.createServer((req, res) => {
		const parts = [];
		req.on('data', (part) => parts.push(part));
		req.on('end', () => {
			const raw = Buffer.concat(parts);
			received.push({ raw, signature: req.headers['x-notion-signature'] ?? null,
				body: JSON.parse(raw.toString()) });
			res.writeHead(answerWith()).end();
		});
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => receiver.once('listening', resolve));
});
after(() => {
	receiver.close();
	return box.close();
});
beforeEach(async () => {
	await box.control('POST', 'config', { rate_limit: null, webhook_aggregation_s: 5 });
	received = [];
	answerWith = () => 200;
});
afterEach(async () => {
	for (const { subscription_id: id } of await box.control('GET', 'webhooks'))
		await box.control('DELETE', `webhooks?subscription_id=${id}`);
});

const events = () => received.filter(({ body }) => body.type).map(({ body }) => body);
const pass = (s) => box.control('POST', 'clock', { advance_s: s });
const arrived = (n) => until(`${n} events`, () => events().length >= n && events());
const address = () => `http://127.0.0.1:${receiver.address().port}/hook`;

async function setUp(fields = {}) {
	const ann = await box.workspace();
	const hook = await box.control('POST', 'webhooks', { token: ann.token, callback_url: address(),
		...fields });
	return { ann, hook };
}

test('the handshake: a token, signed with itself or not; pending until it is brought back', async () => {
	const { ann, hook } = await setUp({ activate: false });
	assert.deepEqual([hook.status, hook.handshake_status], ['pending', 200]);
	const [{ raw, signature, body }] = received;
	assert.deepEqual(body, { verification_token: hook.verification_token });
	assert.ok(await notion.verifyWebhookSignature({ body: raw, signature,
		verificationToken: hook.verification_token }));
	await ann.add(titled('unheard'));
	await pass(10);
	await assert.rejects(box.control('POST', 'webhooks/activate',
		{ subscription_id: hook.subscription_id, verification_token: 'x' }));
	await box.control('POST', 'webhooks/activate', hook);
	await ann.add(titled('heard'));
	await pass(10);
	assert.equal((await arrived(2)).filter((one) => one.type === 'page.created').length, 1);
	await box.control('POST', 'config', { webhook_handshake_signed: false });
	received = [];
	await setUp({ activate: false });
	assert.equal(received[0].signature, null);
	await box.control('POST', 'config', { webhook_handshake_signed: true });
});

test('events are signed over the raw body and carry ids, not values', async () => {
	const { ann, hook } = await setUp();
	const { json: page } = await ann.add(titled('secret title'));
	await pass(10);
	const made = (await arrived(2)).find((one) => one.type === 'page.created');
	assert.deepEqual([made.entity, made.workspace_id, made.attempt_number, made.api_version],
		[{ id: page.id, type: 'page' }, ann.workspace_id, 1, '2026-03-11']);
	assert.deepEqual(made.data.parent, { id: ann.database_id, type: 'database',
		data_source_id: ann.data_source_id });
	assert.deepEqual([made.authors, made.accessible_by],
		[[{ id: ann.bot_id, type: 'bot' }], [{ id: ann.bot_id, type: 'bot' }]]);
	for (const { raw, signature } of received) {
		assert.ok(await notion.verifyWebhookSignature({ body: raw, signature,
			verificationToken: hook.verification_token }));
		assert.equal(await notion.verifyWebhookSignature({ body: `${raw} `, signature,
			verificationToken: hook.verification_token }), false);
		assert.doesNotMatch(raw.toString(), /secret title/);
	}
});

test('what happens within the window is one event per type, with all authors', async () => {
	const { ann } = await setUp({ events: ['page.properties_updated', 'page.content_updated'] });
	const id = await ann.row({ Name: 'x' });
	await pass(10);
	received = [];
	const { Due } = (await ann.call('GET', `pages/${id}`)).json.properties;
	await ann.call('PATCH', `pages/${id}`, { properties: { Due: { date: { start: '2026-12-24' } } } });
	await ann.edit({ type: 'page_update', args: { id, properties: { Name: 'y' } } });
	await ann.call('PATCH', `blocks/${id}/children`,
		{ children: [{ paragraph: { rich_text: text('x') } }] });
	await sleep(30);
	assert.deepEqual(events(), [], 'gathered');
	await pass(6);
	const [updated, content] = (await arrived(2)).sort((a, b) => (a.type < b.type ? 1 : -1));
	assert.deepEqual([updated.type, updated.data.updated_properties.sort(),
		updated.authors.map((one) => one.type)],
	['page.properties_updated', [Due.id, 'title'].sort(), ['bot', 'person']]);
	assert.deepEqual([content.type, content.data.updated_blocks.length], ['page.content_updated', 1]);
});

test('made and trashed in one window: nothing, or the last event alone', async () => {
	const { ann } = await setUp({ events: ['page.created', 'page.deleted', 'page.undeleted',
		'page.moved'] });
	const brief = async () => {
		const { json } = await ann.add(titled('brief'));
		await ann.call('PATCH', `pages/${json.id}`, { in_trash: true });
		await pass(6);
	};
	await brief();
	await sleep(50);
	assert.deepEqual(events(), []);
	await box.control('POST', 'config', { webhook_create_delete: 'final' });
	await brief();
	assert.deepEqual((await arrived(1)).map((one) => one.type), ['page.deleted']);
	await box.control('POST', 'config', { webhook_create_delete: 'none' });
	const other = await box.control('POST', 'seed', { token: ann.token, tasks: 0 });
	const id = await ann.row();
	await pass(6);
	await ann.call('POST', `pages/${id}/move`, { parent: { data_source_id: other.data_source_id } });
	await pass(6);
	assert.equal((await arrived(3)).at(-1).type, 'page.moved');
});

test('schema, comments, locks; nothing for archive unless switched on', async () => {
	const { ann } = await setUp();
	const id = await ann.row();
	await pass(6);
	await arrived(2);
	received = [];
	await ann.edit({ type: 'property_rename', args: { data_source_id: ann.data_source_id,
		property: 'Due', name: 'Deadline' } });
	await ann.call('PATCH', `pages/${id}`, { is_archived: true });
	await ann.call('POST', 'comments', { parent: { page_id: id }, rich_text: text('hi') });
	const [comment] = await arrived(1);
	assert.deepEqual([comment.type, comment.data.page_id], ['comment.created', id]);
	await pass(6);
	const schema = (await arrived(2)).at(-1);
	assert.deepEqual([schema.type, schema.data.updated_properties[0].action],
		['data_source.schema_updated', 'updated']);
	await box.control('POST', 'config', { webhook_archive_event: 'page.archived',
		webhook_title_event: 'content' });
	await ann.call('PATCH', `pages/${id}`, { is_archived: false, properties: titled('new') });
	await pass(6);
	assert.deepEqual((await arrived(4)).slice(2).map((one) => one.type).sort(),
		['page.archived', 'page.content_updated']);
	await box.control('POST', 'config', { webhook_archive_event: null,
		webhook_title_event: 'properties' });
});

test('nothing about pages that are not shared with any bot of the connection', async () => {
	const { ann } = await setUp({ events: ['page.created'] });
	await box.control('POST', 'unshare', { token: ann.token, id: ann.database_id });
	await ann.row();
	await pass(6);
	await sleep(50);
	assert.deepEqual(events(), []);
});

test('repeated with attempt_number until taken, eight times at most', async () => {
	await box.control('POST', 'config', { webhook_aggregation_s: 0 });
	const { ann } = await setUp({ events: ['page.created'] });
	answerWith = () => (events().length < 3 ? 500 : 204);
	await ann.row();
	for (let i = 1; i <= 3; i++) {
		await arrived(i);
		await sleep(20);
		await pass(60 * 2 ** (i - 1) + 1);
	}
	assert.deepEqual(events().map((one) => one.attempt_number), [1, 2, 3]);
	assert.equal(new Set(events().map((one) => one.id)).size, 1);
	received = [];
	answerWith = () => 500;
	await ann.row();
	for (let i = 1; i <= 9; i++) {
		await sleep(20);
		await pass(60 * 2 ** i);
	}
	await sleep(50);
	assert.equal(events().at(-1).attempt_number, 8);
	await box.control('POST', 'config', { webhook_pause_after: 1, webhook_attempts: 1 });
	await ann.row();
	await until('the subscription is paused', async () =>
		(await box.control('GET', 'webhooks')).some((one) => one.status === 'paused'));
	await box.control('POST', 'config', { webhook_pause_after: null, webhook_attempts: 8 });
});

test('lost, doubled, out of order', async () => {
	await box.control('POST', 'config', { webhook_aggregation_s: 0 });
	const { ann } = await setUp({ events: ['page.created'] });
	await box.control('POST', 'webhooks/behaviour', { lose: 1 });
	await ann.row();
	const kept = await ann.row();
	assert.deepEqual((await arrived(1)).map((one) => one.entity.id), [kept]);
	await box.control('POST', 'webhooks/behaviour', { duplicate: 1 });
	const twice = await ann.row();
	assert.equal((await arrived(3)).filter((one) => one.entity.id === twice).length, 2);
	await box.control('POST', 'webhooks/behaviour', { duplicate: 0, reorder: true });
	await ann.row();
	await ann.row();
	await sleep(30);
	assert.equal(events().length, 3, 'held back');
	await box.control('POST', 'webhooks/behaviour', { reorder: false });
	await arrived(5);
	const deliveries = await box.control('GET', 'webhooks/deliveries');
	assert.equal(deliveries.filter((one) => one.lost).length, 1);
});
