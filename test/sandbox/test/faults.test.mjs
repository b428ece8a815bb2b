// Faults on order: each kind does what it says, once, to whom it says.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { KINDS } from '../todoist/faulty.js';
import { add, command, sandbox } from './helpers.mjs';
import { checkMatching } from './matching.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(() => box.control('DELETE', 'faults'));

const READ = { sync_token: '*', resource_types: ['items', 'projects'] };
const tried = new Set();

function arm(person, spec) {
	tried.add(spec.kind);
	return person.fault(spec);
}

async function person(...contents) {
	const ann = await box.user();
	if (contents.length > 0)
		await ann.edit(...contents.map((content, i) =>
			({ type: 'item_add', temp_id: `t${i}`, args: { content } })));
	return ann;
}

test('cut before: nothing was applied; cut after commit: everything was', async () => {
	const ann = await person();
	await arm(ann, { kind: 'cut_before' });
	await assert.rejects(ann.post({ commands: [add('never')] }));
	assert.equal((await ann.state()).items.length, 0);
	const commands = [add('once', {}, 'x')];
	await arm(ann, { kind: 'cut_after_commit' });
	await assert.rejects(ann.post({ commands }));
	assert.equal((await ann.state()).items.length, 1);
	const again = await ann.sync({ commands });
	assert.ok(again.temp_id_mapping.x, 'the replay tells the id');
	assert.equal((await ann.state()).items.length, 1);
	const { requests } = await ann.log();
	assert.deepEqual(requests.map((entry) => entry.status), [0, 0, 200]);
	assert.deepEqual(requests.map((entry) => entry.faults?.[0]),
		['cut_before', 'cut_after_commit', undefined]);
});

test('cut in the middle of the body', async () => {
	const ann = await person('x');
	await arm(ann, { kind: 'cut_mid_body' });
	await assert.rejects(ann.post(READ));
});

test('statuses: JSON, HTML, Retry-After in header, body or nowhere, applied or not', async () => {
	const ann = await person();
	const ask = async (fault) => {
		await arm(ann, { kind: 'status', ...fault });
		return ann.post({ commands: [add('x')] });
	};
	assert.equal((await ask({ status: 500 })).json.http_code, 500);
	const edge = await ask({ status: 502 });
	assert.deepEqual([edge.status, edge.headers.get('content-type')], [502, 'text/html']);
	assert.match(edge.text, /^<html>/);
	assert.equal((await ask({ status: 503, body: 'no healthy upstream' })).text, 'no healthy upstream');
	assert.match((await ask({ status: 504 })).text, /<html>/);
	const busy = await ask({ status: 429, retry_after: 7 });
	assert.deepEqual([busy.headers.get('retry-after'), busy.json.error_extra.retry_after], ['7', 7]);
	const inBody = await ask({ status: 429, retry_after: 7, retry_after_in: 'body' });
	assert.deepEqual([inBody.headers.get('retry-after'), inBody.json.error_extra.retry_after], [null, 7]);
	const nowhere = await ask({ status: 429, retry_after_in: 'none' });
	assert.equal('retry_after' in nowhere.json.error_extra, false);
	const date = 'Wed, 25 Nov 2026 10:00:00 GMT';
	assert.equal((await ask({ status: 503, retry_after: date })).headers.get('retry-after'), date);
	for (const status of [400, 401, 403])
		assert.equal((await ask({ status })).json.http_code, status);
	assert.equal((await ann.state()).items.length, 0, 'none was carried out');
	assert.equal((await ask({ status: 500, applied: true })).status, 500);
	assert.equal((await ann.state()).items.length, 1);
});

test('slow before and after', async () => {
	const ann = await person();
	for (const when of ['before', 'after']) {
		await arm(ann, { kind: 'slow_ms', ms: 120, when });
		const start = performance.now();
		await ann.read();
		assert.ok(performance.now() - start >= 118);
	}
	await arm(ann, { kind: 'slow', ms: 1 });
	await ann.read();
});

test('bodies that are not what they should be', async () => {
	const ann = await person('x');
	const ask = async (fault) => {
		await arm(ann, fault);
		return ann.post(READ);
	};
	assert.equal((await ask({ kind: 'truncate_json' })).json, undefined);
	assert.match((await ask({ kind: 'garbage' })).text, /doctype/);
	assert.ok((await ask({ kind: 'invalid_utf8' })).text.includes('\ufffd'));
	assert.ok((await ask({ kind: 'deep_nesting', depth: 5000 })).text.includes('['.repeat(5000)));
	assert.ok((await ask({ kind: 'huge_body', mb: 3 })).text.length > 3 * 1024 * 1024);
	assert.equal((await ask({ kind: 'nul_text' })).json.items[0].content.charCodeAt(6), 0);
	assert.equal((await ask({ kind: 'unknown_enum' })).json.items[0].priority, 9);
	const sparse = (await ask({ kind: 'missing_keys', fields: ['due', 'labels'] })).json.items[0];
	assert.equal('due' in sparse || 'labels' in sparse, false);
	assert.equal((await ask({ kind: 'duplicate_items' })).json.items.length, 2);
	assert.equal((await ask({ kind: 'set_field', field: 'child_order', value: 'x' }))
		.json.items[0].child_order, 'x');
	assert.equal('sync_token' in (await ask({ kind: 'drop_key' })).json, false);
	const empty = (await ask({ kind: 'empty_list' })).json;
	assert.deepEqual([empty.items, empty.projects, empty.full_sync], [[], [], true]);
	const { items: [{ id }] } = await ann.state();
	assert.deepEqual((await ask({ kind: 'drop_rows', ids: [id] })).json.items, []);
	assert.equal((await ann.read()).items.length, 1, 'nothing of it lasts');
});

test('sync tokens: rejected with 400, answered in full, answered from the past', async () => {
	const ann = await person('x');
	const { sync_token: token } = await ann.read();
	await arm(ann, { kind: 'reject_token_400' });
	assert.equal((await ann.read()).full_sync, true, 'a full sync has no token to reject');
	const rejected = await ann.post({ sync_token: token, resource_types: ['items'] });
	assert.deepEqual([rejected.status, rejected.json.error_extra.argument], [400, 'sync_token']);
	await arm(ann, { kind: 'downgrade_to_full' });
	const full = await ann.read(['items'], token);
	assert.deepEqual([full.full_sync, full.items.length], [true, 1]);
	await arm(ann, { kind: 'stale_full_sync' });
	await ann.run(add('y'));
	assert.equal((await ann.read()).items.length, 1);
	await arm(ann, { kind: 'commands_only' });
	const bare = await ann.sync({ sync_token: token, resource_types: ['items'], commands: [add('z')] });
	assert.deepEqual([bare.full_sync, 'items' in bare], [true, false]);
	assert.equal((await ann.state()).items.length, 3);
});

test('uuids forgotten, mappings missing, statuses missing', async () => {
	const ann = await person();
	const commands = [add('a', {}, 'a'), add('b', {}, 'b')];
	await arm(ann, { kind: 'ok_without_mapping' });
	const first = await ann.sync({ commands });
	assert.deepEqual(first.temp_id_mapping, {});
	assert.deepEqual(Object.values(first.sync_status), ['ok', 'ok']);
	await arm(ann, { kind: 'partial_batch', drop: 1 });
	const second = await ann.sync({ commands });
	assert.deepEqual(Object.keys(second.sync_status), [commands[0].uuid]);
	assert.equal((await ann.state()).items.length, 2);
	await arm(ann, { kind: 'forget_uuids' });
	await ann.sync({ commands });
	assert.equal((await ann.state()).items.length, 4, 'the service forgot, so it did it again');
});

test('errors of single commands by content, for as long as wanted', async () => {
	const ann = await person();
	await arm(ann, { kind: 'command_error', error: 'MAX_ITEMS', match: { content: 'poison' }, times: 0 });
	for (let i = 0; i < 2; i++) {
		const commands = [add('fine', {}, 'a'), add('poison', {}, 'b')];
		const { sync_status: status } = await ann.sync({ commands });
		assert.equal(status[commands[0].uuid], 'ok');
		assert.equal(status[commands[1].uuid].error_code, 49);
	}
	await box.control('DELETE', 'faults');
	const tags = { INVALID_ARGUMENT: 400, NOT_FOUND: 404, FORBIDDEN: 403, LIMITS: 429, TEMP_ID: 400,
		INTERNAL: 500 };
	for (const [error, http] of Object.entries(tags)) {
		await arm(ann, { kind: 'command_error', error });
		assert.equal((await ann.status(add('x'))).http_code, http);
	}
	await arm(ann, { kind: 'command_error', error: { error_tag: 'NEW', error_code: 1, http_code: 418,
		error: 'never seen' } });
	assert.equal((await ann.status(add('x'))).error_tag, 'NEW');
});

test('the server alters what was written', async () => {
	const ann = await person();
	const cases = [[{ mode: 'append', text: '!' }, 'Tea!'], [{ mode: 'upper' }, 'TEA'],
		[{ mode: 'replace', from: 'T', to: 'S' }, 'Sea'], [{ mode: 'truncate', length: 2 }, 'Te']];
	for (const [how, wanted] of cases) {
		await arm(ann, { kind: 'alter_content', ...how });
		const { t } = await ann.run(add('Tea'));
		assert.equal((await ann.item(t)).content, wanted);
	}
});

test('tombstones without content', async () => {
	const ann = await person('x');
	const { sync_token: token, items: [{ id }] } = await ann.read();
	await ann.run(command('item_delete', { id }));
	await arm(ann, { kind: 'bare_tombstones' });
	assert.deepEqual((await ann.read(['items'], token)).items, [{ id, is_deleted: true }]);
});

test('matching: user, path, command, the nth, after n, probability, times', async () => {
	const [ann, ben] = [await person(), await person()];
	await checkMatching(box, { ann, ben, path: '/api/v1/user', arm });
	await arm(ann, { kind: 'status', status: 503, match: { path: '/tasks$' } });
	const status = async (path) => (await ann.call('GET', path)).status;
	assert.deepEqual([await status('/api/v1/user'), await status('/api/v1/tasks')], [200, 503]);
	await arm(ann, { kind: 'status', status: 503, match: { command: 'item_delete' } });
	await ann.run(add('x'));
	assert.equal((await ann.post({ commands: [command('item_delete', { id: 'x' })] })).status, 503);
});

test('every kind there is was tried above', () => {
	assert.deepEqual(KINDS.filter((kind) => !tried.has(kind)), []);
});
