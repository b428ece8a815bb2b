// Outgoing webhooks: signature, headers, repeats, and the ways they go wrong.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { TodoistApi, WebhookPayloadSchema } from '@doist/todoist-sdk';

import { sign } from '../todoist/webhooks.js';
import { add, command, sandbox, sleep, until } from './helpers.mjs';

let box;
let receiver;
let received = [];
let answerWith = 200;
let app;

before(async () => {
	box = await sandbox();
	receiver = http.createServer((req, res) => {
		const parts = [];
		req.on('data', (part) => parts.push(part)).on('end', () => {
			const raw = Buffer.concat(parts);
			received.push({ headers: req.headers, raw, body: JSON.parse(raw) });
			res.writeHead(answerWith).end();
		});
	});
	await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
	app = await box.control('POST', 'oauth/apps', { client_id: 'hooked' });
	await box.control('POST', 'webhooks', { client_id: 'hooked',
		callback_url: `http://127.0.0.1:${receiver.address().port}/hook`,
		events: ['item:added', 'item:updated', 'item:completed', 'item:deleted', 'note:added',
			'label:added', 'project:added', 'section:added'] });
});
after(async () => {
	receiver.closeAllConnections();
	await new Promise((resolve) => receiver.close(resolve));
	await box.close();
});
beforeEach(async () => {
	received = [];
	answerWith = 200;
	await box.control('POST', 'webhooks/behaviour',
		{ lose: 0, duplicate: 0, delay_ms: 0, reorder: false });
	await box.control('DELETE', 'webhooks/deliveries');
});

async function authorised() {
	const ann = await box.user();
	await box.control('POST', 'oauth/tokens', { client_id: 'hooked', user_id: ann.user_id });
	return ann;
}

const arrived = (n) => until(`${n} deliveries`, () => received.length >= n && received);

test('the signature of the published vector', () => {
	assert.equal(sign('test-client-secret', '{"event_name":"item:added","user_id":"2671355"}'),
		'RnfiPEjBjuTsjjy76ZYhZpKICv9HEJ5u5SLjw8Vir/8=');
});

test('deliveries are signed over the raw body and pass the official client\'s schema', async () => {
	const ann = await authorised();
	await ann.run(command('label_add', { name: 'l' }, 'l'), command('project_add', { name: 'P' }, 'p'),
		command('section_add', { name: 'S', project_id: 'p' }, 's'),
		add('milk', { section_id: 's' }), command('note_add', { item_id: 't', content: 'n' }, 'n'),
		command('item_close', { id: 't' }));
	for (const { headers, raw, body } of await arrived(6)) {
		assert.equal(headers['x-todoist-hmac-sha256'], sign(app.client_secret, raw));
		assert.equal(headers['user-agent'], 'Todoist-Webhooks');
		assert.match(headers['x-todoist-delivery-id'], /^\w+$/);
		assert.equal(body.user_id, ann.user_id);
	}
	// The client parses with camel-case keys, as its own transport would hand them over.
	const camel = (value) => (Array.isArray(value) ? value.map(camel)
		: value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) =>
			[k.replace(/_(\w)/g, (whole, ch) => ch.toUpperCase()), camel(v)])) : value);
	for (const { body } of received)
		WebhookPayloadSchema.parse(camel(body));
});

test('nothing fires before the user went through the app\'s consent, also for its owner', async () => {
	const owner = await box.user();
	await box.control('POST', 'oauth/apps', { client_id: 'owned', owner_id: owner.user_id });
	await owner.run(add('quiet'));
	await sleep(50);
	assert.equal(received.length, 0);
	await box.control('POST', 'oauth/tokens', { client_id: 'hooked', user_id: owner.user_id });
	await owner.run(add('loud'));
	assert.equal((await arrived(1))[0].body.event_data.content, 'loud');
});

test('event_data_extra comes with item:updated only; a recurring close is an update', async () => {
	const ann = await authorised();
	const { t } = await ann.run(add('x', { due: { string: 'every day' } }));
	await ann.run(command('item_close', { id: t }));
	const [added, updated] = (await arrived(2)).map(({ body }) => body);
	assert.deepEqual([added.event_name, 'event_data_extra' in added], ['item:added', false]);
	assert.deepEqual([updated.event_name, updated.event_data_extra.update_intent],
		['item:updated', 'item_completed']);
	assert.notEqual(updated.event_data_extra.old_item.due.date, updated.event_data.due.date);
	assert.match(updated.event_data.url, /\/app\/task\//);
});

test('anything but 200 is repeated three times, 15 minutes apart, under the same id', async () => {
	const ann = await authorised();
	answerWith = 204;
	await ann.run(add('x'));
	for (let n = 1; n <= 4; n++) {
		await arrived(n);
		const [delivery] = await until('the outcome is recorded', async () => {
			const list = await box.control('GET', 'webhooks/deliveries');
			return list[0].statuses.length === n && list;
		});
		assert.equal(delivery.done, false);
		await box.control('POST', 'clock', { advance_s: 901 });
	}
	await sleep(50);
	assert.equal(received.length, 4);
	assert.equal(new Set(received.map(({ headers }) => headers['x-todoist-delivery-id'])).size, 1);
});

test('loss, duplication, delay and disorder on request', async () => {
	const ann = await authorised();
	await box.control('POST', 'webhooks/behaviour', { lose: 1 });
	await ann.run(add('lost'), add('kept', {}, 'k'));
	assert.equal((await arrived(1))[0].body.event_data.content, 'kept');
	await box.control('POST', 'webhooks/behaviour', { duplicate: 1, delay_ms: 30 });
	await ann.run(add('twice'));
	assert.equal((await arrived(3)).filter(({ body }) => body.event_data.content === 'twice').length, 2);
	await box.control('POST', 'webhooks/behaviour', { duplicate: 0, delay_ms: 0, reorder: true });
	await ann.run(add('first'), add('second', {}, 'k'));
	await sleep(30);
	assert.equal(received.length, 3, 'held back');
	await box.control('POST', 'webhooks/behaviour', { reorder: false });
	await arrived(5);
});

test('the app console: HTTPS without a port, known events, scope and owner', async () => {
	const [ann, ben] = [await box.user(), await box.user()];
	const mine = await box.control('POST', 'oauth/apps', { owner_id: ann.user_id });
	const tokenOf = async (person, scope) => (await box.control('POST', 'oauth/tokens',
		{ client_id: mine.client_id, user_id: person.user_id, scope })).access_token;
	const token = await tokenOf(ann, 'dev:app_console');
	const path = `/apps/${mine.client_id}/webhook`;
	const sdk = new TodoistApi(token, { baseUrl: box.url, customFetch: fetch });
	assert.equal(await sdk.getAppWebhook(mine.client_id), null);
	const hook = await sdk.updateAppWebhook({ appId: mine.client_id, version: '1',
		callbackUrl: 'https://example.com/hook', events: ['item:added'] });
	assert.deepEqual([hook.status, hook.events], ['active', ['item:added']]);
	const post = (who, fields) => box.call(who, 'POST', path,
		{ callback_url: 'https://example.com/hook', events: ['e_item_added'], version: '1', ...fields });
	for (const fields of [{ callback_url: 'http://example.com/' },
		{ callback_url: 'https://example.com:8443/' }, { events: ['item:added'] }])
		assert.equal((await post(token, fields)).status, 400, JSON.stringify(fields));
	assert.equal((await post(await tokenOf(ann, 'data:read'), {})).status, 403);
	assert.equal((await post(await tokenOf(ben, 'dev:app_console'), {})).status, 403);
	assert.equal(await sdk.deleteAppWebhook(mine.client_id), true);
});
