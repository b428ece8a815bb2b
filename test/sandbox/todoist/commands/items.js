// Tasks: add, update, move, reorder, delete. Completion is in items-done.js.

import { invalidArgument } from '../errors.js';
import { normaliseDeadline, normaliseDue, normaliseDuration } from '../due.js';
import { newItem } from '../objects.js';
import { lastOrder, orderKey } from './context.js';

const CONTENT = 500;
const DESCRIPTION = 16383;
const LABEL = 60;

function labelNames(cx) {
	const names = cx.args.labels ?? [];
	const most = cx.switches.labels_per_task;
	if (!Array.isArray(names) || names.some((name) => typeof name !== 'string' || name.trim() === ''
		|| [...name].length > LABEL))
		throw invalidArgument('labels', 'labels must be a list of names');
	if (cx.limited && most !== null && names.length > most)
		throw invalidArgument('labels', `at most ${most} labels`, { max_count: most });
	return [...new Set(names.map((name) => name.trim()))];
}

// The plain fields that were named in the arguments.
function fields(cx) {
	const { account, args } = cx;
	const out = {};
	if (cx.has('content'))
		out.content = cx.text('content', CONTENT, { required: true });
	if (cx.has('description'))
		out.description = cx.text('description', DESCRIPTION);
	if (cx.has('priority'))
		out.priority = cx.integer('priority', 1, 4);
	if (cx.has('labels'))
		out.labels = labelNames(cx);
	if (cx.has('due'))
		out.due = normaliseDue(args.due, account, account.now());
	if (cx.has('deadline'))
		out.deadline = normaliseDeadline(args.deadline, account);
	if (cx.has('duration'))
		out.duration = normaliseDuration(args.duration);
	if (cx.has('is_collapsed'))
		out.is_collapsed = cx.flag('is_collapsed');
	if (cx.has('day_order'))
		out.day_order = cx.integer('day_order', -(2 ** 31), 2 ** 31);
	for (const name of ['assigned_by_uid', 'responsible_uid'])
		if (cx.has(name))
			out[name] = args[name] || null;
	return out;
}

// Where a new task goes: the parent decides the section, the section the project.
function placeOf(cx) {
	const { account, args } = cx;
	if (args.parent_id) {
		const parent = cx.record('item', args.parent_id, 'parent_id');
		return { project_id: parent.data.project_id, section_id: parent.data.section_id,
			parent_id: parent.data.id };
	}
	if (args.section_id) {
		const section = cx.record('section', args.section_id, 'section_id');
		return { project_id: section.data.project_id, section_id: section.data.id, parent_id: null };
	}
	const project = args.project_id
		? cx.record('project', args.project_id, 'project_id')
		: account.objects.project.get(account.inboxId);
	cx.checkWritable(project);
	return { project_id: project.data.id, section_id: null, parent_id: null };
}

function add(cx, args) {
	const { account } = cx;
	cx.text('content', CONTENT, { required: true });
	const values = fields(cx);
	const place = placeOf(cx);
	cx.checkRoom(place.project_id);
	if (args.auto_parse_labels)
		values.labels = [...new Set([...(values.labels ?? []),
			...[...values.content.matchAll(/(?:^|\s)@(\S+)/g)].map((found) => found[1])])];
	const siblings = account.siblings({ ...place, id: null });
	const order = cx.has('child_order') ? cx.integer('child_order', -(2 ** 31), 2 ** 31)
		: lastOrder(siblings);
	const record = account.create('item', newItem(account, {
		...values, ...place, child_order: order,
		order_key: orderKey(siblings, order, args.order_key ?? null),
	}));
	cx.emit('item:added', record);
	return record.data.id;
}

function update(cx, args) {
	const { account } = cx;
	const record = cx.record('item', args.id);
	const moves = ['project_id', 'section_id', 'parent_id'].filter((name) => cx.has(name));
	if (moves.length > 0 && cx.switches.item_update_moves === 'reject')
		throw invalidArgument(moves[0], 'item_update cannot move a task');
	const values = fields(cx);
	if (cx.has('child_order') && cx.source === 'rest')
		values.child_order = cx.integer('child_order', -(2 ** 31), 2 ** 31);
	if (cx.has('order_key'))
		values.order_key = orderKey(account.siblings(record.data), 0, args.order_key);
	const old = { ...record.data };
	account.change(record, values);
	cx.emit('item:updated', record, { old, intent:
		old.responsible_uid === record.data.responsible_uid ? 'item_updated' : 'responsible_uid_changed' });
}

function moveTarget(cx, record) {
	const { args } = cx;
	const named = ['project_id', 'section_id', 'parent_id'].filter((name) => cx.has(name));
	if (named.length !== 1)
		throw invalidArgument('id', 'exactly one of project_id, section_id and parent_id');
	if (named[0] === 'parent_id' && args.parent_id !== null) {
		const parent = cx.record('item', args.parent_id, 'parent_id');
		for (let up = parent; up; up = cx.account.find('item', up.data.parent_id))
			if (up === record)
				throw invalidArgument('parent_id', 'a task cannot be below itself');
	}
	if (args[named[0]] === null)
		return { project_id: record.data.project_id, parent_id: null,
			section_id: named[0] === 'parent_id' ? record.data.section_id : null };
	return placeOf(cx);
}

function move(cx, args) {
	const { account } = cx;
	const record = cx.record('item', args.id);
	const place = moveTarget(cx, record);
	const below = account.descendants(record);
	if (place.project_id !== record.data.project_id)
		cx.checkRoom(place.project_id,
			[record, ...below].filter(({ data }) => !data.checked).length);
	const siblings = account.siblings({ ...place, id: record.data.id });
	const order = lastOrder(siblings);
	const old = { ...record.data };
	account.change(record, { ...place, child_order: order, order_key: orderKey(siblings, order) });
	for (const child of below)
		account.change(child, { project_id: place.project_id, section_id: place.section_id },
			{ silent: !cx.switches.moved_subtask_rows });
	cx.emit('item:updated', record, { old, intent: 'item_updated' });
}

function reorder(cx, args) {
	if (!Array.isArray(args.items))
		throw invalidArgument('items', 'items must be a list');
	const found = args.items.map((entry) => ({ record: cx.record('item', entry?.id), order: entry }));
	for (const { record, order } of found) {
		if (!Number.isInteger(order.child_order))
			throw invalidArgument('items', 'child_order must be an integer');
		cx.account.change(record, { child_order: order.child_order });
	}
}

function dayOrders(cx, args) {
	for (const [id, order] of Object.entries(args.ids_to_orders ?? {}))
		cx.account.change(cx.record('item', id), { day_order: order });
}

// Deletes a task and what hangs below it. The same for the tasks of a deleted section or project,
// where the container's own tombstone may be all that a client sees.
export function buryItem(cx, record, { shown = true } = {}) {
	const { account, switches } = cx;
	const below = account.descendants(record);
	for (const child of below.reverse())
		account.change(child, { is_deleted: true }, { silent: !switches.descendant_tombstones });
	account.change(record, { is_deleted: true }, { silent: !shown });
	for (const note of account.objects.note.values())
		if (!note.data.is_deleted && note.data.item_id === record.data.id)
			account.change(note, { is_deleted: true }, { silent: !switches.descendant_tombstones });
}

function remove(cx, args) {
	const record = cx.record('item', args.id);
	buryItem(cx, record);
	cx.emit('item:deleted', record);
}

export const itemCommands = {
	item_add: { run: add, scope: 'task:add' },
	item_update: { run: update },
	item_move: { run: move },
	item_reorder: { run: reorder },
	item_update_day_orders: { run: dayOrders },
	item_delete: { run: remove, scope: 'data:delete' },
};
