// The methods of the API: addresses, parameters, what they answer.

import { json } from '../lib/wire.js';
import { selection } from './fields.js';
import { listLists, listTasks, readFilter } from './listing.js';
import { changeList, changeTask, clearList, deleteList, deleteTask, findList, findTask, insertList,
	insertTask, listEtag, moveTask, taskEtag } from './tasks.js';
import { notFound } from './errors.js';

const LISTS = '/tasks/v1/users/@me/lists';
const ONE_LIST = `${LISTS}/:tasklist`;
const TASKS = '/tasks/v1/lists/:tasklist/tasks';
const ONE_TASK = `${TASKS}/:task`;

// prettyPrint is on unless it is switched off.
const asJson = (x, value) => ({ ...json(200, null),
	headers: { 'content-type': 'application/json; charset=UTF-8' },
	body: x.query.prettyPrint === 'false' ? JSON.stringify(value) : JSON.stringify(value, null, 2) });

const nothing = (x) => {
	const status = x.world.config.values.empty_status;
	return { status, headers: {}, body: '' };
};

function notModified(x, etag) {
	const { if_none_match: how } = x.world.config.values;
	return how === '304' && x.headers['if-none-match'] === etag
		? { status: 304, headers: { etag }, body: '' } : null;
}

const listOf = (x) => findList(x.account, x.params.tasklist);

// Answers of single resources and collections carry their etag as a header, too.
function resource(x, value) {
	const answer = asJson(x, x.select(value));
	if (value.etag)
		answer.headers.etag = value.etag;
	return answer;
}

const taskAnswer = (x, task) => resource(x, x.account.taskJson(task));
const listAnswer = (x, list) => resource(x, x.account.listJson(list));
const placeOf = ({ query }) => ({ parent: query.parent || null, previous: query.previous || null });

function listMethods(method) {
	method('tasklists.list', 'GET', LISTS, 'lists', (x) => {
		const answer = listLists(x.account, x.query);
		return notModified(x, answer.etag) ?? resource(x, answer);
	});
	method('tasklists.get', 'GET', ONE_LIST, 'list', (x) => {
		const list = listOf(x);
		return notModified(x, listEtag(list)) ?? listAnswer(x, list);
	});
	method('tasklists.insert', 'POST', LISTS, 'list', (x) => listAnswer(x, insertList(x.account, x.body)));
	for (const [name, http] of [['update', 'PUT'], ['patch', 'PATCH']])
		method(`tasklists.${name}`, http, ONE_LIST, 'list', (x) => listAnswer(x,
			changeList(x.account, listOf(x), x.body, { replace: http === 'PUT', headers: x.headers })));
	method('tasklists.delete', 'DELETE', ONE_LIST, null, (x) => {
		deleteList(x.account, listOf(x), { headers: x.headers });
		return nothing(x);
	});
}

function taskMethods(method) {
	method('tasks.list', 'GET', TASKS, 'tasks', (x) => {
		const list = listOf(x);
		const { orders } = x;
		const query = orders.downgrade ? { ...x.query, updatedMin: undefined } : x.query;
		const past = orders.past?.get(x.account.id)?.get(list.id);
		const answer = listTasks(x.account, list, readFilter(x.account, query), past);
		return notModified(x, answer.etag) ?? resource(x, answer);
	});
	method('tasks.get', 'GET', ONE_TASK, 'task', (x) => {
		const task = findTask(x.account, listOf(x), x.params.task);
		if (task.deleted && x.world.config.values.get_deleted === 404)
			throw notFound();
		return notModified(x, taskEtag(task)) ?? taskAnswer(x, task);
	});
	method('tasks.insert', 'POST', TASKS, 'task', (x) =>
		taskAnswer(x, insertTask(x.account, listOf(x), x.body, placeOf(x))));
	for (const [name, http] of [['update', 'PUT'], ['patch', 'PATCH']])
		method(`tasks.${name}`, http, ONE_TASK, 'task', (x) => taskAnswer(x,
			changeTask(x.account, listOf(x), x.params.task, x.body,
				{ replace: http === 'PUT', headers: x.headers })));
	method('tasks.delete', 'DELETE', ONE_TASK, null, (x) => {
		deleteTask(x.account, listOf(x), x.params.task, { headers: x.headers });
		return nothing(x);
	});
	method('tasks.move', 'POST', `${ONE_TASK}/move`, 'task', (x) => taskAnswer(x,
		moveTask(x.account, listOf(x), x.params.task, { ...placeOf(x), headers: x.headers,
			destination: x.query.destinationTasklist || undefined })));
	method('tasks.clear', 'POST', '/tasks/v1/lists/:tasklist/clear', null, (x) => {
		clearList(x.account, listOf(x), { headers: x.headers });
		return nothing(x);
	});
}

// `add` gets a route; its options tell the method's name, the shape of the answer and if it writes.
export function restRoutes(add) {
	const method = (id, http, path, shape, handler) => add(http, path, (x) => {
		x.select = shape === null ? null : selection(x.query.fields, shape);
		return handler(x);
	}, { id, reads: http === 'GET' });

	listMethods(method);
	taskMethods(method);
}
