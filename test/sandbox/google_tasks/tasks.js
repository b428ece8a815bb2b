// What the API's methods do to an account once the request is understood.

import { conditionNotMet, conflict, invalid, notFound } from './errors.js';
import { listFields, taskFields } from './body.js';
import { etagOf, looksLikeId } from './ids.js';
import { checkInsert, checkRoomForList, move as movePlace } from './placing.js';
import { place } from './siblings.js';

export function findList(account, id) {
	const list = account.lists.get(id === '@default' ? account.defaultListId : id);
	if (list)
		return list;
	if (!looksLikeId(id) || account.config.values.unknown_list === 400)
		throw invalid('Invalid task list ID');
	throw notFound();
}

export function findTask(account, list, id) {
	const task = account.tasks.get(id);
	if (task && task.listId === list.id)
		return task;
	if (!looksLikeId(id) || account.config.values.unknown_task === 400)
		throw invalid('Invalid task ID');
	throw notFound();
}

// A task that a write may touch: a tombstone only if the switch has it.
function writable(account, list, id) {
	const task = findTask(account, list, id);
	if (task.deleted && account.config.values.write_deleted === 'not_found')
		throw notFound();
	return task;
}

function checkMatch(account, headers, etag, body = {}) {
	const { body_etag: inBody } = account.config.values;
	const wanted = headers['if-match'] ?? (inBody === 'enforce' ? body.etag ?? undefined : undefined);
	const how = account.config.values.if_match;
	if (wanted === undefined || wanted === '*' || how === 'ignore')
		return;
	if (wanted.split(/,\s*/).includes(etag))
		return;
	throw how === 'conflict' ? conflict() : conditionNotMet();
}

export const listEtag = (list) => etagOf(list.etagAt);
export const taskEtag = (task) => etagOf(task.etagAt);

export function insertList(account, body) {
	checkRoomForList(account);
	const { title } = listFields(account.config, body, { replace: true });
	return account.addList(title, account.stamp());
}

export function changeList(account, list, body, { replace, headers = {} }) {
	checkMatch(account, headers, listEtag(list), body);
	checkId(body, list.id);
	Object.assign(list, listFields(account.config, body, { replace }));
	account.touchList(list, account.stamp());
	return list;
}

export function deleteList(account, list, { headers = {} } = {}) {
	checkMatch(account, headers, listEtag(list));
	if (list.id === account.defaultListId && account.config.values.default_list_delete === 'reject')
		throw invalid();
	account.removeList(list);
}

export function insertTask(account, list, body, { parent = null, previous = null } = {}) {
	const empty = { title: '', notes: '', due: null, status: 'needsAction', completed: null,
		deleted: false };
	const fields = taskFields(account.config, body, empty, { inserting: true });
	checkInsert(account, list, { parent, previous });
	const stamp = account.stamp();
	const { completedAt, hidden, deleted, ...plain } = fields;
	const task = account.newTask(list, { ...plain, parent,
		completed: plain.status === 'completed' ? completedAt ?? stamp.at : null, hidden }, stamp);
	if (!hidden)
		place(list, task, previous);
	account.touchList(list, stamp);
	return task;
}

// Some clients put the id into the body; it must be the one of the address.
function checkId(body, id) {
	if (typeof body.id === 'string' && body.id !== '' && body.id !== id)
		throw invalid();
}

export function changeTask(account, list, id, body, { replace, headers = {}, app = false }) {
	const task = writable(account, list, id);
	checkMatch(account, headers, taskEtag(task), body);
	checkId(body, id);
	const fields = taskFields(account.config, body, task, { replace });
	const switches = account.config.values;
	const stamp = account.stamp();
	if (fields.deleted && !task.deleted) {
		account.remove(task, stamp);
		account.touchList(list, stamp);
		return task;
	}
	if (!fields.deleted && task.deleted) {
		Object.assign(task, { deleted: false, deletedAt: null, parent: null });
		place(list, task, null);
	}
	const structure = fields.title !== task.title || fields.status !== task.status
		|| (fields.hidden && !task.hidden);
	const same = !structure && fields.notes === task.notes && fields.due === task.due
		&& fields.completedAt === task.completed;
	if (same && !switches.noop_bumps_updated)
		return task;
	Object.assign(task, { title: fields.title, notes: fields.notes, due: fields.due });
	applyStatus(account, task, fields, { stamp, app });
	account.touch(task, stamp);
	if (structure || switches.list_bumps === 'all')
		account.touchList(list, stamp);
	return task;
}

// The apps hide what is completed and complete its subtasks; the API does neither.
function applyStatus(account, task, fields, { stamp, app }) {
	if (fields.status === 'completed' && task.status !== 'completed')
		account.complete(task, stamp, { at: fields.completedAt ?? stamp.at, hide: app || fields.hidden,
			cascade: app || account.config.values.api_complete_cascades });
	else if (fields.status === 'needsAction' && task.status === 'completed')
		account.reopen(task, stamp);
	else if (fields.status === 'completed') {
		task.completed = fields.completedAt ?? stamp.at;
		if (fields.hidden && !task.hidden)
			account.hide(task, null);
	}
}

export function deleteTask(account, list, id, { headers = {} } = {}) {
	const task = findTask(account, list, id);
	if (task.deleted)
		throw notFound();
	checkMatch(account, headers, taskEtag(task));
	const stamp = account.stamp();
	account.remove(task, stamp);
	account.touchList(list, stamp);
}

export function moveTask(account, list, id, { parent, previous, destination, headers = {} }) {
	const task = findTask(account, list, id);
	if (task.deleted)
		throw notFound();
	if (account.config.values.if_match_on_move)
		checkMatch(account, headers, taskEtag(task));
	const to = destination === undefined ? list : findList(account, destination);
	movePlace(account, list, task, { parent, previous, to });
	return task;
}

// Completed tasks become hidden; nothing is deleted.
export function clearList(account, list, { headers = {} } = {}) {
	if (account.config.values.if_match_on_clear)
		checkMatch(account, headers, listEtag(list));
	const stamp = account.stamp();
	for (const id of list.members) {
		const task = account.tasks.get(id);
		if (task.status === 'completed' && !task.hidden && !task.deleted)
			account.hide(task, account.config.values.clear_bumps_updated ? stamp : null);
	}
	account.touchList(list, stamp);
}

