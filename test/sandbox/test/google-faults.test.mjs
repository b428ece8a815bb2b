// Faults on order: each kind does what it says, once, to whom it says.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { KINDS } from '../google_tasks/faulty.js';
import { edit, reasonOf, sandbox } from './google-helpers.mjs';
import { checkMatching } from './matching.mjs';

let box;
before(async () => { box = await sandbox(); });
after(() => box.close());
beforeEach(() => box.control('DELETE', 'faults'));

// What another test file tries: batches have theirs.
const tried = new Set(['partial_batch']);

function arm(person, spec) {
	tried.add(spec.kind);
	return person.fault(spec);
}

async function person(...titles) {
	const ann = await box.user();
	for (const title of titles)
		await ann.add(title);
	return ann;
}

test('cut before: nothing was applied; cut after commit: everything was', async () => {
	const ann = await person();
	await arm(ann, { kind: 'cut_before' });
	await assert.rejects(ann.add('never'));
	assert.equal((await ann.state()).items.length, 0);
	for (const reset of [false, true]) {
		await arm(ann, { kind: 'cut_after_commit', reset });
		await assert.rejects(ann.add('x'));
	}
	await ann.add('x');
	assert.equal((await ann.state()).items.length, 3, 'no idempotency: the repetition is another task');
	const { requests } = await ann.log();
	assert.deepEqual(requests.map((entry) => entry.status), [0, 0, 0, 200]);
	assert.deepEqual(requests.map((entry) => entry.faults?.[0]),
		['cut_before', 'cut_after_commit', 'cut_after_commit', undefined]);
	await arm(ann, { kind: 'cut_mid_body' });
	await assert.rejects(ann.rows());
});

test('statuses with every reason; JSON, HTML, with and without Retry-After; applied or not', async () => {
	const ann = await person();
	const ask = async (fault) => {
		await arm(ann, { kind: 'status', ...fault });
		return ann.call('POST', `${ann.list}/tasks`, { title: 'x' });
	};
	const pairs = [[400, 'badRequest'], [400, 'invalid'], [400, 'required'], [401, 'authError'],
		[401, 'required'], [403, 'rateLimitExceeded'], [403, 'userRateLimitExceeded'],
		[403, 'quotaExceeded'], [403, 'dailyLimitExceeded'], [403, 'variableTermLimitExceeded'],
		[403, 'insufficientPermissions'], [403, 'accessNotConfigured'], [403, 'forbidden'],
		[404, 'notFound'], [409, 'conflict'], [410, 'deleted'], [412, 'conditionNotMet'],
		[429, 'rateLimitExceeded'], [500, 'internalError'], [503, 'backendError'], [403, 'unheardOf']];
	for (const [status, reason] of pairs)
		assert.deepEqual(reasonOf(await ask({ status, reason })), [status, reason]);
	const plain = { 400: 'badRequest', 401: 'authError', 403: 'forbidden', 404: 'notFound', 409: 'conflict',
		410: 'deleted', 412: 'conditionNotMet', 429: 'rateLimitExceeded', 500: 'internalError',
		503: 'backendError' };
	for (const [status, reason] of Object.entries(plain))
		assert.deepEqual(reasonOf(await ask({ status: Number(status) })), [Number(status), reason]);
	for (const fault of [{ status: 502 }, { status: 504 }, { status: 500, html: true }, { status: 503, html: true }]) {
		const edge = await ask(fault);
		assert.equal(edge.status, fault.status);
		assert.match(edge.headers.get('content-type'), /^text\/html/);
		assert.match(edge.text, /^<html>/);
	}
	assert.equal((await ask({ status: 429, retry_after: 7 })).headers.get('retry-after'), '7');
	assert.equal((await ask({ status: 429, retry_after: 7, retry_after_in: 'none' })).headers
		.get('retry-after'), null);
	assert.equal((await ask({ status: 429 })).headers.get('retry-after'), null);
	assert.equal((await ask({ status: 503, body: 'no healthy upstream' })).text, 'no healthy upstream');
	assert.equal((await ann.state()).items.length, 0, 'none was carried out');
	assert.equal((await ask({ status: 500, applied: true })).status, 500);
	assert.equal((await ann.state()).items.length, 1);
});

test('slow before and after', async () => {
	const ann = await person();
	for (const when of ['before', 'after']) {
		await arm(ann, { kind: 'slow_ms', ms: 120, when });
		const start = performance.now();
		await ann.rows();
		assert.ok(performance.now() - start >= 118);
	}
	await arm(ann, { kind: 'slow', ms: 1 });
	await ann.rows();
});

test('bodies that are not what they should be', async () => {
	const ann = await person('x');
	const ask = async (fault) => {
		await arm(ann, fault);
		return ann.call('GET', `${ann.list}/tasks?maxResults=1`);
	};
	assert.equal((await ask({ kind: 'truncate_json' })).json, undefined);
	assert.match((await ask({ kind: 'garbage' })).text, /doctype/);
	assert.match((await ask({ kind: 'invalid_utf8' })).text, /"title": "\ufffd/);
	assert.ok((await ask({ kind: 'deep_nesting', depth: 5000 })).text.includes('['.repeat(5000)));
	const huge = await ask({ kind: 'huge_body', mb: 3 });
	assert.ok(huge.text.length > 3 * 1024 * 1024 && huge.json.items.length === 1);
	assert.equal((await ask({ kind: 'nul_text' })).json.items[0].title.charCodeAt(6), 0);
	assert.equal((await ask({ kind: 'unknown_enum' })).json.items[0].status, 'snoozed');
	const sparse = (await ask({ kind: 'missing_keys', fields: ['updated', 'etag'] })).json.items[0];
	assert.deepEqual(['updated' in sparse, 'etag' in sparse, 'title' in sparse], [false, false, true]);
	assert.equal((await ask({ kind: 'duplicate_items' })).json.items.length, 2);
	assert.equal((await ask({ kind: 'set_field', field: 'position', value: 7 })).json.items[0].position, 7);
	assert.deepEqual((await ask({ kind: 'empty_list' })).json.items, []);
	const [{ id }] = await ann.rows();
	assert.deepEqual((await ask({ kind: 'drop_rows', ids: [id] })).json.items, []);
	await ann.add('y');
	assert.equal('nextPageToken' in (await ask({ kind: 'drop_key' })).json, false);
	assert.equal('nextPageToken' in (await ann.ok('GET', `${ann.list}/tasks?maxResults=1`)), true);
	await ann.call('DELETE', `${ann.list}/tasks/${id}`);
	await arm(ann, { kind: 'bare_tombstones' });
	const rows = await ann.rows({ showDeleted: true });
	assert.deepEqual(rows.find((row) => row.deleted), { kind: 'tasks#task', id, deleted: true });
});

test('pages and incremental readings: refused, ignored, in circles, from the past', async () => {
	const ann = await person('a', 'b', 'c');
	const page = (query) => ann.call('GET', `${ann.list}/tasks?maxResults=1&${query}`);
	const { json: first } = await page('');
	const next = `pageToken=${first.nextPageToken}`;
	await arm(ann, { kind: 'reject_token_400' });
	assert.equal((await page('')).status, 200, 'a first page has no token to refuse');
	assert.equal((await page(next)).status, 400);
	await arm(ann, { kind: 'repeat_page_token' });
	assert.equal((await page(next)).json.nextPageToken, first.nextPageToken);
	await arm(ann, { kind: 'reject_updated_min_400' });
	const far = { updatedMin: '2999-01-01T00:00:00Z' };
	await assert.rejects(ann.rows(far), /400/);
	assert.equal((await ann.rows(far)).length, 0);
	await arm(ann, { kind: 'downgrade_to_full' });
	assert.equal((await ann.rows(far)).length, 3);
	await arm(ann, { kind: 'stale_full_sync' });
	await ann.add('d');
	await ann.edit(edit('task_update', { id: first.items[0].id, title: 'edited' }));
	assert.deepEqual((await ann.titles()).sort(), ['a', 'b', 'c']);
	assert.equal((await ann.titles()).length, 4);
});

test('writes refused by content, altered by the server, edits of the person in between', async () => {
	const ann = await person();
	await arm(ann, { kind: 'command_error', reason: 'quotaExceeded', match: { content: 'poison' }, times: 0 });
	for (let i = 0; i < 2; i++) {
		assert.equal((await ann.call('POST', `${ann.list}/tasks`, { title: 'fine' })).status, 200);
		assert.deepEqual(reasonOf(await ann.call('POST', `${ann.list}/tasks`, { title: 'poison' })),
			[403, 'quotaExceeded']);
	}
	await box.control('DELETE', `faults?token=${ann.token}`);
	await arm(ann, { kind: 'command_error', status: 418, reason: 'teapot' });
	await ann.rows();
	assert.deepEqual(reasonOf(await ann.call('POST', `${ann.list}/tasks`, {})), [418, 'teapot']);
	await arm(ann, { kind: 'command_error' });
	assert.equal((await ann.call('POST', `${ann.list}/tasks`, {})).status, 400);
	const cases = [[{ mode: 'append', text: '!' }, 'Tea!'], [{ mode: 'upper' }, 'TEA'],
		[{ mode: 'replace', from: 'T', to: 'S' }, 'Sea'], [{ mode: 'truncate', length: 2 }, 'Te']];
	for (const [how, wanted] of cases) {
		await arm(ann, { kind: 'alter_content', ...how });
		assert.equal((await ann.add('Tea')).title, wanted);
	}
	const { id, etag } = await ann.add('theirs');
	await box.control('POST', 'clock', { advance_s: 1 });
	await arm(ann, { kind: 'ui_edit', match: { command: 'tasks.patch' },
		commands: [edit('task_update', { id, title: 'edited just before' })] });
	assert.equal((await ann.call('PATCH', `${ann.list}/tasks/${id}`, { notes: 'n' }, { 'if-match': etag }))
		.status, 412, 'the race that If-Match is for');
});

test('matching: user, method, the nth, after n, probability, times; method of the API and query',
	async () => {
		const [ann, ben] = [await person(), await person()];
		await checkMatching(box, { ann, ben, path: '/tasks/v1/users/@me/lists', arm });
		await arm(ann, { kind: 'status', status: 503,
			match: { command: 'tasks.list', query: 'showHidden=true' } });
		const status = async (path) => (await ann.call('GET', path)).status;
		assert.equal(await status('/tasks/v1/users/@me/lists?showHidden=true'), 200);
		assert.equal(await status(`${ann.list}/tasks`), 200);
		assert.equal(await status(`${ann.list}/tasks?showHidden=true`), 503);
	});

test('every kind there is was tried', () => {
	assert.deepEqual(KINDS.filter((kind) => !tried.has(kind)), []);
});
