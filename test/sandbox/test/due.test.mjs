// Due dates of the three kinds, recurrence, and closing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { add, command, sandbox } from './helpers.mjs';

let box;
before(async () => {
	box = await sandbox();
	await box.control('POST', 'clock', { now: '2026-11-22T10:00:00Z', freeze: true });
});
after(() => box.close());

async function dueOf(person, input) {
	const { t } = await person.run(add('x', { due: input }));
	return (await person.item(t)).due;
}

const due = (date, timezone, string, recurring = false) =>
	({ date, timezone, string, lang: 'en', is_recurring: recurring });

test('all-day, floating and fixed dates are completed by the server', async () => {
	const ann = await box.user({ timezone: 'Europe/Berlin' });
	const cases = [
		[{ date: '2026-10-14' }, due('2026-10-14', null, '2026-10-14')],
		[{ date: '2026-10-14T05:00:00' }, due('2026-10-14T05:00:00', null, '2026-10-14 05:00')],
		[{ date: '2026-10-14T05:00:00Z' },
			due('2026-10-14T05:00:00Z', 'Europe/Berlin', '2026-10-14 07:00')],
		[{ date: '2026-10-14T05:00:00', timezone: 'Asia/Jakarta' },
			due('2026-10-13T22:00:00Z', 'Asia/Jakarta', '2026-10-14 05:00')],
		[{ string: 'tomorrow at 12' }, due('2026-11-23T12:00:00', null, 'tomorrow at 12')],
		[{ string: 'tomorrow at 12', timezone: 'Asia/Jakarta' },
			due('2026-11-23T05:00:00Z', 'Asia/Jakarta', 'tomorrow at 12')],
		[{ date: '2026-10-14T05:00:00.25Z', timezone: 'GMT -7:00' },
			due('2026-10-14T05:00:00.250000Z', 'GMT -7:00', '2026-10-13 22:00')],
		[{ string: 'no date' }, null],
	];
	for (const [input, wanted] of cases)
		assert.deepEqual(await dueOf(ann, input), wanted, JSON.stringify(input));
});

test('a bare date never creates or keeps recurrence; text with date does', async () => {
	const ann = await box.user({ timezone: 'Europe/Berlin' });
	const { t } = await ann.run(add('x', { due: { string: 'every day at 9' } }));
	assert.deepEqual((await ann.item(t)).due, due('2026-11-22T09:00:00', null, 'every day at 9', true));
	await ann.run(command('item_update', { id: t, due: { date: '2026-11-25T09:00:00',
		string: 'every day at 9', is_recurring: true, lang: 'en', timezone: null } }));
	assert.deepEqual((await ann.item(t)).due, due('2026-11-25T09:00:00', null, 'every day at 9', true));
	await ann.run(command('item_update', { id: t, due: { date: '2026-11-26' } }));
	assert.equal((await ann.item(t)).due.is_recurring, false);
	assert.equal((await dueOf(ann, { date: '2026-12-01', is_recurring: true })).is_recurring, false);
	const other = await dueOf(ann, { date: '2026-12-01', string: '每天', lang: 'zh', is_recurring: true });
	assert.deepEqual([other.is_recurring, other.string, other.lang], [true, '每天', 'zh']);
});

test('nonsense is refused with the argument\'s name', async () => {
	const ann = await box.user();
	for (const input of [{ date: '2026-02-30' }, { date: 'soon' }, { string: 'gibberish' }, {},
		{ date: '2026-02-03', timezone: 'Moon/Sea' }, { date: '2026-02-03', lang: 'xx' },
		'tomorrow', { string: 'x'.repeat(151) }]) {
		const status = await ann.status(add('x', { due: input }));
		assert.equal(status.error_extra?.argument, 'due', JSON.stringify(input));
	}
	const wrong = await ann.status(add('x', { duration: { amount: 0, unit: 'minute' } }));
	assert.equal(wrong.error_extra.argument, 'duration');
});

test('closing a recurring task advances it and completes nothing', async () => {
	const ann = await box.user({ timezone: 'Europe/Berlin' });
	const steps = [
		[{ string: 'every day' }, '2026-11-22', '2026-11-23'],
		[{ string: 'every week' }, '2026-11-22', '2026-11-29'],
		[{ string: 'every monday' }, '2026-11-23', '2026-11-30'],
		[{ string: 'every month', date: '2026-11-30' }, '2026-11-30', '2026-12-30'],
		[{ string: 'every 31st' }, '2026-11-30', '2026-12-31'],
		[{ string: 'every year' }, '2026-11-22', '2027-11-22'],
		[{ string: 'every 3 days', date: '2026-11-01' }, '2026-11-01', '2026-11-25'],
		[{ string: 'every! 3 days', date: '2026-11-01' }, '2026-11-01', '2026-11-25'],
	];
	for (const [input, first, second] of steps) {
		const { t } = await ann.run(add('x', { due: input }));
		assert.equal((await ann.item(t)).due.date, first, input.string);
		const start = await ann.read();
		await ann.run(command('item_close', { id: t }));
		const [item] = (await ann.read(['items'], start.sync_token)).items;
		assert.equal(item.due.date, second, input.string);
		assert.deepEqual([item.checked, item.completed_at, item.completed_count], [false, null, 1]);
		assert.equal(item.due.string, input.string);
	}
});

test('a fixed recurring time keeps its wall clock across the change to winter time', async () => {
	const ann = await box.user({ timezone: 'Europe/Berlin' });
	await box.control('POST', 'clock', { now: '2026-10-24T06:00:00Z', freeze: true });
	const { t } = await ann.run(add('x', { due: { string: 'every day at 8', is_recurring: true,
		date: '2026-10-24T06:00:00Z', timezone: 'Europe/Berlin' } }));
	await ann.run(command('item_close', { id: t }));
	assert.equal((await ann.item(t)).due.date, '2026-10-25T07:00:00Z');
	await box.control('POST', 'clock', { now: '2026-11-22T10:00:00Z', freeze: true });
});

test('item_complete on a recurring task ends it; closing twice advances twice', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('a', { due: { string: 'every day' } }, 'a'),
		add('b', { due: { string: 'every day' } }, 'b'));
	await ann.run(command('item_complete', { id: ids.a }), command('item_close', { id: ids.b }),
		command('item_close', { id: ids.b }));
	assert.equal((await ann.item(ids.a)).checked, true);
	const b = await ann.item(ids.b);
	assert.deepEqual([b.due.date, b.completed_count], ['2026-11-24', 2]);
	const replayed = command('item_close', { id: ids.b });
	await ann.run(replayed);
	await ann.run(replayed);
	assert.equal((await ann.item(ids.b)).due.date, '2026-11-25', 'the same uuid advances once');
});

test('item_update_date_complete: one occurrence, undo, reset_subtasks', async () => {
	const ann = await box.user();
	const ids = await ann.run(add('a', { due: { string: 'every day' } }, 'a'),
		add('sub', { parent_id: 'a' }, 's'), command('item_close', { id: 's' }));
	await ann.run(command('item_update_date_complete',
		{ id: ids.a, due: { date: '2026-11-30' }, is_forward: 1, reset_subtasks: 1 }));
	let item = await ann.item(ids.a);
	assert.deepEqual([item.due.date, item.due.is_recurring, item.completed_count],
		['2026-11-30', true, 1]);
	assert.equal((await ann.item(ids.s)).checked, false);
	await ann.run(command('item_update_date_complete',
		{ id: ids.a, due: { date: '2026-11-22' }, is_forward: 0 }));
	item = await ann.item(ids.a);
	assert.deepEqual([item.due.date, item.completed_count], ['2026-11-22', 0]);
});
