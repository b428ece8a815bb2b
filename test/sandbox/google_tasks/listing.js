// tasks.list and tasklists.list: filters, order and pages.

import { invalidParameter } from './errors.js';
import { etagOf, pageToken, readPageToken } from './ids.js';
import { indexGroups, siblingsOf } from './siblings.js';
import { parseTimestamp, wholeSeconds } from './time.js';

function booleanOf(query, name, fallback) {
	const text = query[name];
	if (text === undefined || text === '')
		return fallback;
	if (text !== 'true' && text !== 'false')
		throw invalidParameter(name, `Invalid value at '${name}' (TYPE_BOOL), "${text}"`);
	return text === 'true';
}

function momentOf(query, name) {
	if (query[name] === undefined)
		return null;
	const ms = parseTimestamp(query[name]);
	if (ms === null)
		throw invalidParameter(name, `Invalid value for: ${query[name]} is not a valid value`);
	return ms;
}

// Above the most it is clamped. Zero and below are UNCONFIRMED; refusing them is the stricter.
function maxResultsOf(switches, query, fallback, most) {
	if (query.maxResults === undefined)
		return fallback;
	const number = /^[+-]?\d+$/.test(query.maxResults) ? Number(query.maxResults) : NaN;
	if (number < 1 && switches.bad_max_results === 'default')
		return fallback;
	if (!(number >= 1))
		throw invalidParameter('maxResults', `Invalid value at 'max_results': ${query.maxResults}`);
	return Math.min(most, number);
}

function tokenOf(query) {
	if (query.pageToken === undefined || query.pageToken === '')
		return null;
	const cursor = readPageToken(query.pageToken);
	if (!cursor)
		throw invalidParameter('pageToken', 'Invalid page token');
	return cursor;
}

// Everything that is asked for, checked before anything is looked at.
export function readFilter(account, query) {
	const filter = {
		most: maxResultsOf(account.config.values, query, 20, 100),
		cursor: tokenOf(query),
		completed: booleanOf(query, 'showCompleted', true),
		hidden: booleanOf(query, 'showHidden', false),
		deleted: booleanOf(query, 'showDeleted', false),
		assigned: booleanOf(query, 'showAssigned', false),
		updatedMin: momentOf(query, 'updatedMin'),
		completedMin: momentOf(query, 'completedMin'),
		completedMax: momentOf(query, 'completedMax'),
		dueMin: momentOf(query, 'dueMin'),
		dueMax: momentOf(query, 'dueMax'),
		switches: account.config.values,
	};
	if (filter.updatedMin !== null && filter.switches.updated_min_precision === 'seconds')
		filter.updatedMin = wholeSeconds(filter.updatedMin);
	return filter;
}

function inDates(filter, task) {
	const { dueMin, dueMax, completedMin, completedMax, switches } = filter;
	if (switches.filter_defaults === '1970-2031' && task.due !== null
			&& (task.due < '1970-01-01' || task.due >= '2031-01-01') && dueMin === null && dueMax === null)
		return false;
	if (dueMin !== null || dueMax !== null) {
		if (task.due === null)
			return false;
		const due = Date.parse(task.due);
		if (dueMin !== null && (due < dueMin || (due === dueMin && switches.due_min === 'exclusive')))
			return false;
		if (dueMax !== null && due >= dueMax)
			return false;
	}
	if (completedMin === null && completedMax === null)
		return true;
	if (task.completed === null)
		return switches.completed_filter === 'keeps_open';
	return (completedMin === null || task.completed >= completedMin)
		&& (completedMax === null || task.completed <= completedMax);
}

function passes(filter, task, updated) {
	const { updatedMin, switches } = filter;
	if (updatedMin !== null && (updated < updatedMin
			|| (updated === updatedMin && switches.updated_min === 'exclusive')))
		return false;
	return (filter.completed || task.status !== 'completed') && (filter.hidden || !task.hidden)
		&& (filter.deleted || !task.deleted) && (filter.assigned || !task.assignment)
		&& inDates(filter, task);
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function hierarchy(account, list) {
	const out = [];
	function walk(parent) {
		for (const id of siblingsOf(list, parent)) {
			out.push(account.tasks.get(id));
			walk(id);
		}
	}
	walk(null);
	const seen = new Set(out);
	return [...out, ...[...list.members].map((id) => account.tasks.get(id))
		.filter((task) => !seen.has(task))];
}

// Scatters without randomness, so that the pages of one scan fit together.
const scatter = (id) => [...id].reduce((sum, ch) => (sum * 31 + ch.charCodeAt(0)) % 1000003, 7);

// Rows {task, id, updated, row()} of a list in the order of the answer. Tombstones of tasks that left
// the list are rows without a task.
export function rowsOf(account, list) {
	const { order, updated: precision } = account.config.values;
	const epoch = account.config.epoch();
	if (list.sorted?.epoch === epoch && order !== 'hierarchy')
		return list.sorted.rows;
	const tasks = order === 'hierarchy' ? hierarchy(account, list)
		: [...list.members].map((id) => account.tasks.get(id));
	const rows = tasks.map((task) => ({ task, id: task.id, updated: account.updatedOf(task),
		json: () => account.taskJson(task, list) }));
	for (const ghost of list.ghosts.values())
		rows.push({ task: { status: ghost.status, hidden: false, deleted: true, assignment: null,
			due: null, completed: null }, id: ghost.id, updated: Date.parse(ghost.updated),
		json: () => ghost });
	if (order === 'shuffled')
		rows.sort((a, b) => scatter(a.id) - scatter(b.id) || byText(a.id, b.id));
	else if (order === 'updated')
		rows.sort((a, b) => b.updated - a.updated || byText(a.id, b.id));
	list.sorted = { epoch, rows, precision };
	return rows;
}

// Where the page after the cursor starts. By time it is a place in the order, whether or not the row
// is still there: a row edited meanwhile has jumped before it and is missed.
function startOf(rows, cursor, order) {
	if (!cursor)
		return 0;
	if (order !== 'updated') {
		const at = rows.findIndex(({ id }) => id === cursor.id);
		return at < 0 ? rows.length : at + 1;
	}
	let [low, high] = [0, rows.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		const { updated, id } = rows[middle];
		if (updated > cursor.ms || (updated === cursor.ms && byText(id, cursor.id) <= 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

function pageOf(rows, filter) {
	const { most, cursor, switches } = filter;
	const page = [];
	let more = false;
	for (let i = startOf(rows, cursor, switches.order); i < rows.length; i++) {
		if (!passes(filter, rows[i].task, rows[i].updated))
			continue;
		more = page.length === most;
		if (more)
			break;
		page.push(rows[i]);
	}
	return { page, more };
}

function withToken(answer, { more, last, switches }) {
	if (more)
		answer.nextPageToken = pageToken(last);
	else if (switches.last_page_token === 'empty')
		answer.nextPageToken = '';
	return answer;
}

function withItems(answer, items, switches) {
	if (items.length > 0 || switches.empty_items === 'list')
		answer.items = items;
	return answer;
}

// The etag of a collection: its list's, or one that differs with what was asked for.
function collectionEtag(list, { switches, completed, hidden, deleted, assigned, updatedMin }) {
	if (switches.tasks_etag === 'list')
		return etagOf(list.etagAt);
	const flags = [completed, hidden, deleted, assigned].reduce((sum, flag) => 2 * sum + flag, 1);
	return etagOf(list.etagAt + flags * 1000003 + (updatedMin ?? 0));
}

// `past` is {rows, etag} of an earlier moment, when a fault asks for it.
export function listTasks(account, list, filter, past) {
	const { page, more } = pageOf(past?.rows ?? rowsOf(account, list), filter);
	indexGroups(list);
	const { switches } = filter;
	const last = page.at(-1);
	const answer = withToken({ kind: 'tasks#tasks', etag: past?.etag ?? collectionEtag(list, filter) },
		{ more, last: more && { ms: last.updated, id: last.id }, switches });
	return withItems(answer, page.map((row) => row.json()), switches);
}

function orderedLists(account) {
	const lists = [...account.lists.values()];
	switch (account.config.values.list_order) {
		case 'updated': return lists.sort((a, b) => b.updated - a.updated || byText(a.id, b.id));
		case 'shuffled': return lists.sort((a, b) => scatter(a.id) - scatter(b.id));
		default: return lists;
	}
}

export function listLists(account, query) {
	const switches = account.config.values;
	const most = maxResultsOf(switches, query, 1000, 1000);
	const cursor = tokenOf(query);
	const lists = orderedLists(account);
	const start = cursor ? lists.findIndex(({ id }) => id === cursor.id) + 1 : 0;
	const page = lists.slice(start, start + most);
	const more = start + most < lists.length;
	const answer = withToken({ kind: 'tasks#taskLists', etag: etagOf(account.listsAt) },
		{ more, last: more && { ms: page.at(-1).updated, id: page.at(-1).id }, switches });
	return withItems(answer, page.map((list) => account.listJson(list)), switches);
}

// Freezes what the lists show now.
export function takeSnapshot(account) {
	const lists = new Map();
	for (const list of account.lists.values()) {
		indexGroups(list);
		lists.set(list.id, { etag: etagOf(list.etagAt), rows: rowsOf(account, list).map((row) => {
			const json = row.json();
			return { ...row, task: { ...row.task }, json: () => json };
		}) });
	}
	return lists;
}
