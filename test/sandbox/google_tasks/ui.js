// What a person does in Google's own apps: edits that hide and cascade, drag, recur and assign. They
// are no API calls: no quota, no preconditions, other side effects.

import { randomUUID } from 'node:crypto';

import { titleOf } from './body.js';
import { ApiError, badRequest, notFound } from './errors.js';
import { move } from './placing.js';
import { place, reorder } from './siblings.js';
import { dateOf, parseTimestamp } from './time.js';
import { changeTask, clearList, deleteList } from './tasks.js';

function dayOf(due) {
	if (due === undefined || due === null)
		return null;
	if (/^\d{4}-\d\d-\d\d$/.test(due))
		return due;
	const ms = parseTimestamp(due);
	if (ms === null)
		throw badRequest();
	return dateOf(ms);
}

function listOf(account, id) {
	const list = account.lists.get(id === undefined || id === '@default' ? account.defaultListId : id);
	if (!list)
		throw notFound();
	return list;
}

function taskOf(account, id) {
	const task = account.tasks.get(id);
	if (!task || task.deleted)
		throw notFound();
	return task;
}

const homeOf = (account, task) => account.lists.get(task.listId);

function addTask(account, args, more = {}) {
	const parent = args.parent_id === undefined ? null : taskOf(account, args.parent_id);
	const list = parent ? homeOf(account, parent) : listOf(account, args.list_id);
	const stamp = account.stamp();
	const task = account.newTask(list, { title: titleOf(account.config, args.title ?? ''),
		notes: args.notes ?? '', due: dayOf(args.due), parent: parent?.id ?? null, ...more }, stamp);
	place(list, task, args.previous_id ?? null);
	account.touchList(list, stamp);
	return task.id;
}

function assign(account, args) {
	const document = (args.surface ?? 'DOCUMENT') === 'DOCUMENT';
	const name = account.ids.text(12);
	const assignment = { surfaceType: document ? 'DOCUMENT' : 'SPACE',
		linkToTask: `https://${document ? 'docs' : 'chat'}.example.com/${name}`,
		...(document ? { driveResourceInfo: { driveFileId: name, resourceKey: '0-sandbox' } }
			: { spaceInfo: { space: `spaces/${name}` } }) };
	const id = addTask(account, document ? { ...args, notes: '' } : args, { assignment });
	account.originals.set(id, { id, title: args.title ?? '', deleted: false });
	return id;
}

function update(account, args) {
	const task = taskOf(account, args.id);
	const list = homeOf(account, task);
	const stamp = account.stamp();
	const titled = args.title !== undefined && args.title !== task.title;
	Object.assign(task, {
		title: args.title ?? task.title,
		notes: args.notes === undefined ? task.notes : args.notes ?? '',
		due: args.due === undefined ? task.due : dayOf(args.due),
	});
	account.touch(task, stamp);
	// Notes and due alone leave the list's own stamp as it is.
	if (titled || account.config.values.list_bumps === 'all')
		account.touchList(list, stamp);
}

function setStatus(account, id, status) {
	const task = taskOf(account, id);
	changeTask(account, homeOf(account, task), id, { status }, { replace: false, app: true });
}

const COMMANDS = {
	list_add: (account, args) => account.addList(titleOf(account.config, args.title ?? ''),
		account.stamp()).id,
	list_update(account, args) {
		const list = listOf(account, args.id);
		list.title = args.title;
		account.touchList(list, account.stamp());
	},
	list_delete: (account, args) => deleteList(account, listOf(account, args.id)),
	task_add: (account, args) => addTask(account, args),
	task_update: update,
	task_complete: (account, args) => setStatus(account, args.id, 'completed'),
	task_reopen: (account, args) => setStatus(account, args.id, 'needsAction'),
	task_move(account, args) {
		const task = taskOf(account, args.id);
		const from = homeOf(account, task);
		move(account, from, task, { parent: args.parent_id ?? null, previous: args.previous_id ?? null,
			to: args.list_id === undefined ? from : listOf(account, args.list_id) });
	},
	// The ids of one parent in their new order. Nobody's `updated` changes.
	task_reorder(account, args) {
		const first = taskOf(account, args.ids[0]);
		reorder(homeOf(account, first), first.parent, args.ids);
	},
	task_delete(account, args) {
		const task = taskOf(account, args.id);
		const list = homeOf(account, task);
		const stamp = account.stamp();
		account.remove(task, stamp);
		account.touchList(list, stamp);
	},
	clear_completed: (account, args) => clearList(account, listOf(account, args.list_id)),
	// Makes a task repeat: when it is completed, the next one comes on its day.
	task_repeat(account, args) {
		taskOf(account, args.id).repeat = { every_days: args.every_days ?? 7, done: false };
	},
	// The next one now, whatever the day.
	task_next_instance(account, args) {
		const task = account.tasks.get(args.id);
		if (!task)
			throw notFound();
		return account.nextInstance(task, args.due === undefined ? task.due : dayOf(args.due)).id;
	},
	task_assign: assign,
	// A task made from a mail.
	task_from_email: (account, args) => addTask(account, args, { links: [{ type: 'email',
		description: args.subject ?? args.title ?? '', link: 'https://mail.example.com/#all/sandbox' }] }),
};

// Ids in arguments may be temporary ones of earlier commands.
function resolve(value, mapping) {
	if (typeof value === 'string')
		return mapping[value] ?? value;
	return Array.isArray(value) ? value.map((entry) => resolve(entry, mapping)) : value;
}

const ID_ARGS = ['id', 'list_id', 'parent_id', 'previous_id', 'ids'];

// Commands {type, args, temp_id?, uuid?} one after the other: {sync_status, temp_id_mapping}.
export function runEdits(account, commands) {
	const answer = { sync_status: {}, temp_id_mapping: {} };
	account.catchUp();
	for (const command of commands) {
		const uuid = command.uuid ?? randomUUID();
		if (!Object.hasOwn(COMMANDS, command.type))
			throw new Error(`unknown command "${command.type}"; known: ${Object.keys(COMMANDS).join(', ')}`);
		const args = { ...command.args };
		for (const name of ID_ARGS)
			if (args[name] !== undefined)
				args[name] = resolve(args[name], answer.temp_id_mapping);
		try {
			const id = COMMANDS[command.type](account, args);
			answer.sync_status[uuid] = 'ok';
			if (command.temp_id !== undefined && id !== undefined)
				answer.temp_id_mapping[command.temp_id] = id;
		} catch (error) {
			if (!(error instanceof ApiError))
				throw error;
			answer.sync_status[uuid] = { http_code: error.http, reason: error.reason, error: error.message };
		}
	}
	return answer;
}
