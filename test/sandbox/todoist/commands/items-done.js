// Completion in its forms. A recurring task is not completed by item_close: its date advances. With
// item_complete its recurrence ends.

import { forbidden, invalidArgument } from '../errors.js';
import { nextDue, normaliseDue } from '../due.js';
import { lastOrder, orderKey } from './context.js';

function refuseUncompletable(cx, record) {
	if (record.data.content.startsWith('* ') && cx.switches.uncompletable_close === 'error')
		throw forbidden('Task is uncompletable');
}

function when(cx) {
	const { account, args, switches } = cx;
	const names = switches.completed_at_arg === 'both'
		? ['date_completed', 'completed_at'] : [switches.completed_at_arg];
	const given = names.map((name) => args[name]).find((value) => value !== undefined && value !== null);
	if (given === undefined)
		return account.clock.micros();
	const ms = Date.parse(given);
	if (Number.isNaN(ms))
		throw invalidArgument('date_completed', 'not a date');
	return new Date(ms).toISOString().replace('Z', '000Z');
}

// Task and subtasks go to the archive.
export function completeTree(cx, record, at) {
	const { account, switches } = cx;
	const done = { checked: true, completed_at: at, completed_by_uid: account.id };
	for (const child of account.descendants(record))
		if (!child.data.checked) {
			account.change(child, done, { silent: !switches.completed_subtask_rows });
			cx.emit('item:completed', child);
		}
	const old = { ...record.data };
	account.change(record, { ...done, completed_count: record.data.completed_count + 1 });
	cx.emit('item:completed', record, { old, intent: 'item_completed' });
}

function complete(cx, args) {
	const record = cx.record('item', args.id);
	refuseUncompletable(cx, record);
	if (!record.data.checked)
		completeTree(cx, record, when(cx));
}

function resetSubtasks(cx, record) {
	for (const child of cx.account.descendants(record))
		if (child.data.checked)
			cx.account.change(child,
				{ checked: false, completed_at: null, completed_by_uid: null });
}

function advance(cx, record, due, step) {
	const { account } = cx;
	const old = { ...record.data };
	account.change(record, { due, completed_count: Math.max(0, record.data.completed_count + step) });
	cx.emit('item:updated', record, { old, intent: step > 0 ? 'item_completed' : 'item_uncompleted' });
	if (step > 0 && cx.switches.recurring_completed_webhook)
		cx.emit('item:completed', record);
}

function close(cx, args) {
	const { account } = cx;
	const record = cx.record('item', args.id);
	refuseUncompletable(cx, record);
	if (record.data.checked)
		return;
	if (!record.data.due?.is_recurring) {
		completeTree(cx, record, account.clock.micros());
		return;
	}
	if (cx.switches.close_resets_subtasks)
		resetSubtasks(cx, record);
	advance(cx, record, nextDue(record.data.due, account, account.now()), 1);
}

function updateDateComplete(cx, args) {
	const { account } = cx;
	const record = cx.record('item', args.id);
	if (!record.data.due?.is_recurring)
		throw invalidArgument('id', 'Task is not recurring');
	const forward = args.is_forward === undefined || Number(args.is_forward) === 1;
	// The rule stays when only the new date is named: this command is about one occurrence.
	const given = args.due === undefined ? nextDue(record.data.due, account, account.now())
		: normaliseDue({ string: record.data.due.string, lang: record.data.due.lang,
			timezone: record.data.due.timezone, is_recurring: true, ...args.due }, account, account.now());
	if (Number(args.reset_subtasks ?? 0) === 1)
		resetSubtasks(cx, record);
	advance(cx, record, given, forward ? 1 : -1);
}

// Restores the task and, above it, everything that was completed or archived.
function uncomplete(cx, args) {
	const { account } = cx;
	const record = cx.record('item', args.id);
	const section = account.objects.section.get(record.data.section_id);
	if (section?.data.is_archived)
		account.change(section, { is_archived: false, archived_at: null });
	for (let up = record; up; up = account.find('item', up.data.parent_id)) {
		if (!up.data.checked)
			continue;
		cx.checkRoom(up.data.project_id);
		const siblings = account.siblings(up.data);
		const order = lastOrder(siblings);
		const old = { ...up.data };
		account.change(up, { checked: false, completed_at: null, completed_by_uid: null,
			child_order: order, order_key: orderKey(siblings, order) });
		cx.emit('item:uncompleted', up, { old, intent: 'item_uncompleted' });
	}
}

function completeUndo(cx, args) {
	uncomplete(cx, args);
	for (const entry of args.descendants ?? []) {
		const child = cx.record('item', entry.id);
		if (!entry.checked)
			cx.account.change(child, { checked: false, completed_at: null, completed_by_uid: null });
	}
}

export const itemDoneCommands = {
	item_complete: { run: complete },
	item_close: { run: close },
	item_update_date_complete: { run: updateDateComplete },
	item_uncomplete: { run: uncomplete },
	item_complete_undo: { run: completeUndo },
};
