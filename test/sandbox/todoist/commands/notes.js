// Comments on tasks and projects, reminders, filters, and the user's own settings.

import { invalidArgument } from '../errors.js';
import { normaliseDue } from '../due.js';
import { newNote } from '../objects.js';
import { knownZone } from '../zones.js';
import { lastOrder } from './context.js';

const CONTENT = 15000;

function addNote(cx, args) {
	const { account } = cx;
	const content = cx.text('content', CONTENT, { required: !args.file_attachment });
	if (cx.has('item_id') === cx.has('project_id'))
		throw invalidArgument('item_id', 'exactly one of item_id and project_id');
	const onTask = cx.has('item_id');
	const owner = onTask ? cx.record('item', args.item_id, 'item_id')
		: cx.record('project', args.project_id, 'project_id');
	const record = account.create(onTask ? 'note' : 'project_note', newNote(account, {
		[onTask ? 'item_id' : 'project_id']: owner.data.id, content,
		file_attachment: args.file_attachment ?? null,
		uids_to_notify: args.uids_to_notify ?? null,
	}));
	cx.emit('note:added', record);
	return record.data.id;
}

const findNote = (cx, id) => (cx.account.find('project_note', cx.temp.get(id) ?? id)
	?? cx.record('note', id));

function updateNote(cx, args) {
	const record = findNote(cx, args.id);
	const content = cx.text('content', CONTENT, { required: true });
	cx.account.change(record, { content });
	cx.emit('note:updated', record);
}

function removeNote(cx, args) {
	const record = findNote(cx, args.id);
	cx.account.change(record, { is_deleted: true });
	cx.emit('note:deleted', record);
}

function addReminder(cx, args) {
	const { account } = cx;
	const item = cx.record('item', args.item_id, 'item_id');
	if (!['absolute', 'relative'].includes(args.type))
		throw invalidArgument('type', 'absolute or relative');
	return account.create('reminder', {
		id: account.ids.object(), notify_uid: account.id, item_id: item.data.id, type: args.type,
		due: normaliseDue(args.due ?? null, account, account.now()),
		minute_offset: args.type === 'relative' ? cx.integer('minute_offset', 0, 43200) : 0,
		is_deleted: false, is_urgent: false,
	}).data.id;
}

function updateReminder(cx, args) {
	const { account } = cx;
	const values = {};
	if (cx.has('due'))
		values.due = normaliseDue(args.due, account, account.now());
	if (cx.has('minute_offset'))
		values.minute_offset = cx.integer('minute_offset', 0, 43200);
	account.change(cx.record('reminder', args.id), values);
}

function removeReminder(cx, args) {
	cx.account.change(cx.record('reminder', args.id), { is_deleted: true });
}

function addFilter(cx, args) {
	const { account } = cx;
	const record = account.create('filter', {
		id: account.ids.numeric(), name: cx.text('name', 120, { required: true }),
		query: cx.text('query', 1024, { required: true }), color: args.color ?? 'charcoal',
		item_order: lastOrder(account.living('filter'), 'item_order'),
		is_favorite: Boolean(args.is_favorite), is_deleted: false, is_frozen: false,
	});
	cx.emit('filter:added', record);
	return record.data.id;
}

function updateFilter(cx, args) {
	const { id, ...values } = args;
	const record = cx.record('filter', id);
	cx.account.change(record, values);
	cx.emit('filter:updated', record);
}

function removeFilter(cx, args) {
	const record = cx.record('filter', args.id);
	cx.account.change(record, { is_deleted: true });
	cx.emit('filter:deleted', record);
}

function updateUser(cx, args) {
	const { account } = cx;
	if (cx.has('timezone')) {
		if (!knownZone(args.timezone))
			throw invalidArgument('timezone', 'Unknown timezone');
		account.timezone = args.timezone;
	}
	if (cx.has('lang'))
		account.lang = args.lang;
	if (cx.has('full_name'))
		account.full_name = cx.text('full_name', 255, { required: true });
	account.change(account.objects.user.get(account.id),
		{ lang: account.lang, full_name: account.full_name });
}

export const noteCommands = {
	note_add: { run: addNote },
	note_update: { run: updateNote },
	note_delete: { run: removeNote, scope: 'data:delete' },
	reminder_add: { run: addReminder },
	reminder_update: { run: updateReminder },
	reminder_delete: { run: removeReminder, scope: 'data:delete' },
	filter_add: { run: addFilter },
	filter_update: { run: updateFilter },
	filter_delete: { run: removeFilter, scope: 'data:delete' },
	user_update: { run: updateUser },
};
